//! The engine's memory and spill files, which tell cancelled work to stop.
//!
//! A sort that runs out of memory merges all it holds in one go, without giving its thread back. What it does ask for
//! is memory for each batch it merges, and a place on disk once it gets none: here neither is given to who is cancelled.

use std::fmt;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::Result;
use datafusion::execution::disk_manager::{DiskManager, DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, TrackConsumersPool,
};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SpillFile, SpillWriter, TempFileFactory};
use futures::Stream;

use crate::cancellation;

/// How many consumers a report of exhausted memory names.
const REPORTED_CONSUMERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4);

/// What queries share: `memory_bytes` between them, and a directory for what has no room there (`None`: one of the
/// system's choice).
pub(crate) fn runtime(memory_bytes: usize, spill_directory: Option<&PathBuf>) -> Result<Arc<RuntimeEnv>> {
    let mut disk = DiskManagerBuilder::default();
    if let Some(directory) = spill_directory {
        disk.set_mode(DiskManagerMode::Directories(vec![directory.clone()]));
    }
    let files = InterruptibleFiles(Arc::new(disk.build()?));
    let pool = TrackConsumersPool::new(FairSpillPool::new(memory_bytes), REPORTED_CONSUMERS);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(InterruptiblePool(pool)))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_temp_file_factory(Arc::new(files)))
        .build_arc()
}

#[derive(Debug)]
struct InterruptiblePool(TrackConsumersPool<FairSpillPool>);

impl fmt::Display for InterruptiblePool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl MemoryPool for InterruptiblePool {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.0.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.0.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.0.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.0.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        cancellation::check()?;
        self.0.try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.0.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.0.memory_limit()
    }
}

struct InterruptibleFiles(Arc<DiskManager>);

impl TempFileFactory for InterruptibleFiles {
    fn create_temp_file(&self, description: &str) -> Result<Arc<dyn SpillFile>> {
        cancellation::check()?;
        Ok(Arc::new(InterruptibleFile(self.0.create_tmp_file(description)?)))
    }
}

struct InterruptibleFile(Arc<dyn SpillFile>);

impl SpillFile for InterruptibleFile {
    fn path(&self) -> Option<&Path> {
        self.0.path()
    }

    fn size(&self) -> Option<u64> {
        self.0.size()
    }

    fn read_stream(&self) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>> {
        self.0.read_stream()
    }

    fn open_writer(&self) -> Result<Box<dyn SpillWriter>> {
        Ok(Box::new(InterruptibleWriter(self.0.open_writer()?)))
    }
}

struct InterruptibleWriter(Box<dyn SpillWriter>);

impl Write for InterruptibleWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        cancellation::check().map_err(io::Error::other)?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl SpillWriter for InterruptibleWriter {
    fn finish(&mut self) -> Result<()> {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::DataFusionError;

    use super::*;
    use crate::cancellation::Cancellation;

    #[tokio::test]
    async fn cancelled_work_gets_neither_memory_nor_files() {
        let runtime = runtime(1 << 20, None).unwrap();
        let reservation = MemoryConsumer::new("test").register(&runtime.memory_pool);
        let file = runtime.disk_manager.create_tmp_file("test").unwrap();
        let cancellation = Cancellation::default();
        let work = async {
            let mut writer = file.open_writer()?;
            writer.write_all(b"spilled").map_err(DataFusionError::IoError)?;
            reservation.try_grow(1)?;
            cancellation.cancel();
            assert!(writer.write_all(b"more").is_err());
            assert!(reservation.try_grow(1).is_err());
            assert!(runtime.disk_manager.create_tmp_file("test").is_err());
            Ok::<(), DataFusionError>(())
        };
        cancellation.clone().scope(work).await.unwrap();
        reservation.try_grow(1).unwrap();
        assert_eq!(file.size(), Some(7));
    }
}
