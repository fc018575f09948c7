//! Computed rows: blocks in memory or on disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::compute::BatchCoalescer;
use arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::common::runtime::JoinSet;
use datafusion::config::SpillCompression;
use datafusion::execution::{SendableRecordBatchStream, SpillFile};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, SpillManager};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use parking_lot::Mutex;

use super::{Held, HeldStore, HoldingPlace};
use crate::output::conform_batch;

/// A block is closed once it holds so many bytes.
const BLOCK_BYTES: usize = 16 << 20;

/// Rows of a batch: small batches are joined, so that nothing large is kept alive by a few rows.
const BATCH_ROWS: usize = 8192;

/// All rows of a query by partition.
pub(super) struct Rows {
    partitions: Vec<Vec<Block>>,
    count: usize,
    bytes: usize,
    keeper: Keeper,
}

struct Block(Mutex<Content>);

#[derive(Clone)]
enum Content {
    Memory { batches: Arc<[RecordBatch]>, bytes: usize },
    Disk(Arc<dyn SpillFile>),
}

/// Writes blocks, counts their memory, and gives it back at the end.
#[derive(Clone)]
struct Keeper(Arc<KeeperState>);

struct KeeperState {
    id: u64,
    place: HoldingPlace,
    store: Arc<HeldStore>,
    schema: SchemaRef,
    memory_bytes: AtomicUsize,
}

impl Drop for KeeperState {
    fn drop(&mut self) {
        self.store.give_back(self.memory_bytes.load(Ordering::Relaxed));
    }
}

/// What became of a partition.
struct Partition {
    blocks: Vec<Block>,
    count: usize,
    bytes: usize,
}

impl Rows {
    /// Runs the plan to its end. `None`: the rows may only be in memory, which is not enough.
    pub(super) async fn compute(
        held: &Held,
        plan: Arc<dyn ExecutionPlan>,
    ) -> Result<Option<Arc<Self>>, DataFusionError> {
        let keeper = Keeper(Arc::new(KeeperState {
            id: held.id,
            place: held.place,
            store: Arc::clone(&held.store),
            schema: Arc::clone(&held.schema),
            memory_bytes: AtomicUsize::new(0),
        }));
        let count = plan.output_partitioning().partition_count();
        // Dropped with this future: a query that is cancelled stops its partitions.
        let mut tasks = JoinSet::new();
        for index in 0..count {
            let stream = plan.execute(index, held.state.task_ctx())?;
            let keeper = keeper.clone();
            tasks.spawn(async move { (index, keeper.keep(stream).await) });
        }
        let mut partitions: Vec<Option<Partition>> = (0..count).map(|_| None).collect();
        while let Some(joined) = tasks.join_next().await {
            let (index, partition) = joined.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?;
            let Some(partition) = partition? else { return Ok(None) };
            if let Some(place) = partitions.get_mut(index) {
                *place = Some(partition);
            }
        }
        let partitions: Vec<_> = partitions.into_iter().flatten().collect();
        Ok(Some(Arc::new(Self {
            count: partitions.iter().map(|partition| partition.count).sum(),
            bytes: partitions.iter().map(|partition| partition.bytes).sum(),
            partitions: partitions.into_iter().map(|partition| partition.blocks).collect(),
            keeper,
        })))
    }

    pub(super) fn partitions(&self) -> usize {
        self.partitions.len()
    }

    /// Number of rows.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Bytes of the rows, wherever they are.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.keeper.0.memory_bytes.load(Ordering::Relaxed)
    }

    /// Writes what is in memory to disk.
    pub(super) fn move_to_disk(&self) -> Result<(), DataFusionError> {
        for block in self.partitions.iter().flatten() {
            let content = block.0.lock().clone();
            if let Content::Memory { batches, bytes } = content
                && let Some(file) = self.keeper.write(&batches)?
            {
                *block.0.lock() = Content::Disk(file);
                self.keeper.0.memory_bytes.fetch_sub(bytes, Ordering::Relaxed);
                self.keeper.0.store.give_back(bytes);
            }
        }
        Ok(())
    }

    /// The rows of the partitions that fall to reader `index` of `readers`.
    pub(super) fn read(
        self: Arc<Self>,
        index: usize,
        readers: usize,
    ) -> impl Stream<Item = Result<RecordBatch, DataFusionError>> + Send {
        let own = (index..self.partitions.len()).step_by(readers.max(1));
        let blocks: Vec<(usize, usize)> = own
            .flat_map(|partition| {
                let blocks = self.partitions.get(partition).map_or(0, Vec::len);
                (0..blocks).map(move |block| (partition, block))
            })
            .collect();
        stream::iter(blocks).map(move |(partition, block)| self.block(partition, block)).try_flatten()
    }

    fn block(
        &self,
        partition: usize,
        block: usize,
    ) -> Result<stream::BoxStream<'static, Result<RecordBatch, DataFusionError>>, DataFusionError> {
        let content = self.partitions.get(partition).and_then(|blocks| blocks.get(block));
        match content.map(|block| block.0.lock().clone()) {
            None => Ok(stream::empty().boxed()),
            Some(Content::Memory { batches, .. }) => {
                let count = batches.len();
                let batch = move |index: usize| batches.get(index).cloned().map(Ok);
                Ok(stream::iter((0..count).filter_map(batch)).boxed())
            }
            Some(Content::Disk(file)) => Ok(self.keeper.spill().read_spill_as_stream(file, None)?.boxed()),
        }
    }
}

impl Keeper {
    fn spill(&self) -> SpillManager {
        let metrics = SpillMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
        SpillManager::new(Arc::clone(self.0.store.runtime()), metrics, Arc::clone(&self.0.schema))
            .with_compression_type(SpillCompression::Lz4Frame)
    }

    fn write(&self, batches: &[RecordBatch]) -> Result<Option<Arc<dyn SpillFile>>, DataFusionError> {
        self.spill().spill_record_batch_and_finish(batches, "cached rows")
    }

    /// Keeps a partition; `None` if it does not fit where it may be.
    async fn keep(&self, mut stream: SendableRecordBatchStream) -> Result<Option<Partition>, DataFusionError> {
        let mut partition = Partition { blocks: Vec::new(), count: 0, bytes: 0 };
        let mut coalescer = BatchCoalescer::new(Arc::clone(&self.0.schema), BATCH_ROWS);
        let (mut open, mut open_bytes) = (Vec::new(), 0);
        loop {
            let next = stream.try_next().await?;
            let is_last = next.is_none();
            match next {
                Some(batch) => coalescer.push_batch(conform_batch(&batch, &self.0.schema)?)?,
                None => coalescer.finish_buffered_batch()?,
            }
            while let Some(batch) = coalescer.next_completed_batch() {
                partition.count += batch.num_rows();
                open_bytes += batch.get_array_memory_size();
                open.push(batch);
            }
            if open_bytes >= BLOCK_BYTES || (is_last && !open.is_empty()) {
                partition.bytes += open_bytes;
                let batches = std::mem::take(&mut open);
                match self.place(batches, std::mem::take(&mut open_bytes)).await? {
                    Some(block) => partition.blocks.push(block),
                    None => return Ok(None),
                }
            }
            if is_last {
                return Ok(Some(partition));
            }
        }
    }

    async fn place(&self, batches: Vec<RecordBatch>, bytes: usize) -> Result<Option<Block>, DataFusionError> {
        let place = self.0.place;
        if place.memory && self.0.store.take_free(bytes) {
            return Ok(Some(self.in_memory(batches, bytes)));
        }
        // Files are written where nobody waits.
        let keeper = self.clone();
        let work = move || {
            if place.memory && keeper.0.store.take(bytes, keeper.0.id) {
                return Ok(Some(keeper.in_memory(batches, bytes)));
            }
            if !place.disk {
                return Ok(None);
            }
            Ok(keeper.write(&batches)?.map(|file| Block(Mutex::new(Content::Disk(file)))))
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
    }

    fn in_memory(&self, batches: Vec<RecordBatch>, bytes: usize) -> Block {
        self.0.memory_bytes.fetch_add(bytes, Ordering::Relaxed);
        Block(Mutex::new(Content::Memory { batches: batches.into(), bytes }))
    }
}
