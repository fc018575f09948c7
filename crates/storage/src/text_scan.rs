//! Scans of text files: one source for all line formats, which reads blocks of whole lines and leaves the lines to a
//! decoder. Files are cut at line ends only, so that several workers may read one file.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpenFuture, FileOpener, FileScanConfig, FileSource};
use datafusion::datasource::projection::{ProjectionOpener, SplitProjection};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use firesteel_base::{SparkError, SparkResult};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};

use crate::encoding::Encoding;
use crate::error::to_datafusion;
use crate::listing::DataFile;
use crate::location::file_url;

/// Bytes that are read at a time.
const READ_BYTES: u64 = 4 * 1024 * 1024;

/// A format of text files.
pub(crate) trait TextFormat: fmt::Debug + Send + Sync {
    /// The name in plans.
    fn name(&self) -> &'static str;

    /// How a file's bytes are cut into blocks.
    fn blocks(&self) -> Blocks;

    /// A decoder of one file, or of a part of it, for the columns of `schema`.
    fn decoder(&self, schema: &SchemaRef, part: FilePart, batch_rows: usize) -> SparkResult<Box<dyn BlockDecoder>>;
}

/// Which part of which file a decoder gets.
#[derive(Clone, Debug)]
pub(crate) struct FilePart {
    /// `file:///…`.
    pub url: String,
    /// The part begins where the file begins, so a header is in it.
    pub at_start: bool,
    /// When the file was modified, in microseconds since the epoch.
    pub modified: i64,
}

/// How files are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blocks {
    /// After a line feed; a file may be read in parts.
    Lines,
    /// Not at all: records may go over lines, or the encoding or separator needs the whole.
    WholeFile(Encoding),
    /// Not at all, and the bytes are taken as they are, whatever the file's name says of compression.
    Raw,
}

/// Turns blocks into batches.
pub(crate) trait BlockDecoder: Send {
    fn decode(&mut self, block: &[u8]) -> SparkResult<Vec<RecordBatch>>;
}

/// The scan of a text format.
#[derive(Clone, Debug)]
pub(crate) struct TextScan {
    pub(crate) format: Arc<dyn TextFormat>,
}

#[async_trait]
impl crate::table::ScanFormat for TextScan {
    fn file_source(&self, schema: TableSchema) -> Arc<dyn FileSource> {
        Arc::new(TextSource {
            format: Arc::clone(&self.format),
            projection: SplitProjection::unprojected(&schema),
            table_schema: schema,
            batch_rows: 8192,
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    async fn create_plan(&self, _state: &dyn Session, config: FileScanConfig) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[derive(Clone)]
struct TextSource {
    format: Arc<dyn TextFormat>,
    table_schema: TableSchema,
    projection: SplitProjection,
    batch_rows: usize,
    metrics: ExecutionPlanMetricsSet,
}

impl FileSource for TextSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        _config: &FileScanConfig,
        _partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        let schema = Arc::new(self.table_schema.file_schema().project(&self.projection.file_indices)?);
        let opener = TextOpener { format: Arc::clone(&self.format), schema, batch_rows: self.batch_rows, store };
        ProjectionOpener::try_new(self.projection.clone(), Arc::new(opener), self.table_schema.file_schema())
    }

    fn table_schema(&self) -> &TableSchema {
        &self.table_schema
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        Arc::new(Self { batch_rows: batch_size, ..self.clone() })
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn FileSource>>> {
        let merged = self.projection.source.try_merge(projection)?;
        let projection = SplitProjection::new(self.table_schema.file_schema(), &merged);
        Ok(Some(Arc::new(Self { projection, ..self.clone() })))
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        Some(&self.projection.source)
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        &self.metrics
    }

    fn file_type(&self) -> &str {
        self.format.name()
    }

    fn supports_repartitioning(&self) -> bool {
        self.format.blocks() == Blocks::Lines
    }

    fn repartitioned(
        &self,
        target_partitions: usize,
        repartition_file_min_size: usize,
        output_ordering: Option<datafusion::physical_expr::LexOrdering>,
        config: &FileScanConfig,
    ) -> Result<Option<FileScanConfig>> {
        let compressed = |file: &PartitionedFile| !matches!(compression(file.path().as_ref()), Ok(None));
        if !self.supports_repartitioning() || config.file_groups.iter().flat_map(|group| group.iter()).any(compressed) {
            return Ok(None);
        }
        let groups = datafusion::datasource::physical_plan::FileGroupPartitioner::new()
            .with_target_partitions(target_partitions)
            .with_repartition_file_min_size(repartition_file_min_size)
            .with_preserve_order_within_groups(output_ordering.is_some())
            .repartition_file_groups(&config.file_groups);
        Ok(groups.map(|file_groups| {
            let mut config = config.clone();
            config.file_groups = file_groups;
            config
        }))
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let mut recursion = TreeNodeRecursion::Continue;
        for expression in self.projection.source.iter() {
            recursion = visit(&expression.expr)?;
            if recursion == TreeNodeRecursion::Stop {
                break;
            }
        }
        Ok(recursion)
    }
}

struct TextOpener {
    format: Arc<dyn TextFormat>,
    schema: SchemaRef,
    batch_rows: usize,
    store: Arc<dyn ObjectStore>,
}

impl FileOpener for TextOpener {
    fn open(&self, file: PartitionedFile) -> Result<FileOpenFuture> {
        let range = match &file.range {
            None => 0..file.object_meta.size,
            Some(range) => u64::try_from(range.start).unwrap_or(0)..u64::try_from(range.end).unwrap_or(0),
        };
        let url = file_url(std::path::Path::new(&format!("/{}", file.path())));
        let part = FilePart {
            url: url.clone(),
            at_start: range.start == 0,
            modified: file.object_meta.last_modified.timestamp_micros(),
        };
        let mut decoder = self.format.decoder(&self.schema, part, self.batch_rows).map_err(to_datafusion)?;
        let blocks = self.format.blocks();
        let store = Arc::clone(&self.store);
        Ok(Box::pin(async move {
            let stream = block_stream(store, &file, range, blocks)?;
            let batches = stream.map(move |block| {
                let block = block.map_err(|error| cannot_read_block(&url, error))?;
                let batches = decoder.decode(&block).map_err(to_datafusion)?;
                Ok::<_, DataFusionError>(futures::stream::iter(batches.into_iter().map(Ok)))
            });
            Ok(batches.try_flatten().boxed())
        }))
    }
}

fn cannot_read_block(url: &str, error: DataFusionError) -> DataFusionError {
    match &error {
        DataFusionError::External(inner) if inner.is::<SparkError>() => error,
        _ => to_datafusion(crate::error::cannot_read(url, error)),
    }
}

/// The blocks of a part of a file.
fn block_stream(
    store: Arc<dyn ObjectStore>,
    file: &PartitionedFile,
    range: Range<u64>,
    blocks: Blocks,
) -> Result<BoxStream<'static, Result<Bytes>>> {
    let size = file.object_meta.size;
    let compression = match blocks {
        Blocks::Raw => None,
        Blocks::Lines | Blocks::WholeFile(_) => compression(file.path().as_ref()).map_err(to_datafusion)?,
    };
    let raw = |start: u64| raw_chunks(Arc::clone(&store), file.path().clone(), start, size);
    let chunks = match compression {
        None => raw(range.start.saturating_sub(1)),
        Some(compression) => compression.convert_stream(raw(0))?,
    };
    match blocks {
        Blocks::WholeFile(encoding) => Ok(futures::stream::once(async move {
            let parts: Vec<Bytes> = chunks.try_collect().await?;
            Ok(Bytes::from(encoding.decode(parts.concat())))
        })
        .boxed()),
        Blocks::Raw => Ok(futures::stream::once(async move {
            let parts: Vec<Bytes> = chunks.try_collect().await?;
            Ok(Bytes::from(parts.concat()))
        })
        .boxed()),
        Blocks::Lines => {
            let end = if compression.is_some() { u64::MAX } else { range.end };
            Ok(LineBlocks::new(chunks, range.start, end).stream())
        }
    }
}

/// The compression that a file's name says; refused by name where it is not built.
pub(crate) fn compression(path: &str) -> SparkResult<Option<FileCompressionType>> {
    let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    match extension {
        Some("gz") => Ok(Some(FileCompressionType::GZIP)),
        Some("bz2") => Ok(Some(FileCompressionType::BZIP2)),
        Some("zst") => Ok(Some(FileCompressionType::ZSTD)),
        Some(extension @ ("snappy" | "lz4" | "deflate")) => {
            Err(SparkError::unsupported(format!("reading .{extension} text files")))
        }
        _ => Ok(None),
    }
}

/// A file's bytes from `start` on, in large pieces.
fn raw_chunks(
    store: Arc<dyn ObjectStore>,
    path: object_store::path::Path,
    start: u64,
    size: u64,
) -> BoxStream<'static, Result<Bytes>> {
    futures::stream::try_unfold(start, move |position| {
        let store = Arc::clone(&store);
        let path = path.clone();
        async move {
            if position >= size {
                return Ok(None);
            }
            let end = (position + READ_BYTES).min(size);
            let bytes = store.get_range(&path, position..end).await?;
            Ok(Some((bytes, end)))
        }
    })
    .boxed()
}

/// Cuts chunks after line feeds. A part owns the lines that begin in it.
struct LineBlocks {
    chunks: BoxStream<'static, Result<Bytes>>,
    /// Where the next chunk begins in the file.
    position: u64,
    end: u64,
    /// The part begins within a line of the part before.
    skipping: bool,
    carried: Vec<u8>,
    done: bool,
}

impl LineBlocks {
    /// `chunks` begin one byte before `start`, so that a line which begins right there is seen to.
    fn new(chunks: BoxStream<'static, Result<Bytes>>, start: u64, end: u64) -> Self {
        let position = start.saturating_sub(1);
        Self { chunks, position, end, skipping: start > 0, carried: Vec::new(), done: false }
    }

    fn stream(self) -> BoxStream<'static, Result<Bytes>> {
        futures::stream::try_unfold(self, |mut state| async move {
            Ok(state.next_block().await?.map(|block| (block, state)))
        })
        .boxed()
    }

    async fn next_block(&mut self) -> Result<Option<Bytes>> {
        while !self.done {
            let Some(chunk) = self.chunks.next().await.transpose()? else {
                self.done = true;
                break;
            };
            if let Some(block) = self.cut(&chunk) {
                return Ok(Some(block));
            }
        }
        let rest = std::mem::take(&mut self.carried);
        Ok((!rest.is_empty()).then(|| Bytes::from(rest)))
    }

    /// The lines that a chunk completes.
    fn cut(&mut self, chunk: &Bytes) -> Option<Bytes> {
        let chunk_start = self.position;
        self.position += chunk.len() as u64;
        let mut data: &[u8] = chunk;
        let mut data_start = chunk_start;
        if self.skipping {
            let Some(line_feed) = memchr::memchr(b'\n', data) else {
                // The line before goes on past the end: no line begins in this part.
                self.done = self.position >= self.end;
                return None;
            };
            self.skipping = false;
            data_start += line_feed as u64 + 1;
            data = data.get(line_feed + 1..).unwrap_or_default();
            if data_start >= self.end {
                self.done = true;
                return None;
            }
        }
        // The last line of this part ends with the first line feed at or behind the part's last byte.
        let last_byte = self.end.saturating_sub(1).saturating_sub(data_start);
        let beyond = usize::try_from(last_byte).unwrap_or(usize::MAX);
        let stop = data.get(beyond..).and_then(|tail| memchr::memchr(b'\n', tail));
        if let Some(offset) = stop {
            self.done = true;
            self.carried.extend_from_slice(data.get(..=beyond + offset).unwrap_or_default());
            return Some(Bytes::from(std::mem::take(&mut self.carried)));
        }
        let Some(line_feed) = memchr::memrchr(b'\n', data) else {
            self.carried.extend_from_slice(data);
            return None;
        };
        let (complete, rest) = data.split_at(line_feed + 1);
        let block = if self.carried.is_empty() && data_start == chunk_start {
            chunk.slice(..complete.len())
        } else {
            self.carried.extend_from_slice(complete);
            Bytes::from(std::mem::take(&mut self.carried))
        };
        self.carried = rest.to_vec();
        Some(block)
    }
}

/// The lines of a block: `\n`, `\r\n` and `\r` end a line, as does the separator that was asked for instead.
pub(crate) fn lines<'a>(block: &'a [u8], separator: Option<&'a [u8]>) -> Lines<'a> {
    Lines { rest: block, separator: separator.filter(|separator| !separator.is_empty()) }
}

pub(crate) struct Lines<'a> {
    rest: &'a [u8],
    separator: Option<&'a [u8]>,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = match self.separator {
            Some(separator) => split_at_separator(self.rest, separator),
            None => split_at_line_end(self.rest),
        };
        self.rest = rest;
        Some(line)
    }
}

fn split_at_separator<'a>(bytes: &'a [u8], separator: &[u8]) -> (&'a [u8], &'a [u8]) {
    match memchr::memmem::find(bytes, separator) {
        Some(position) => {
            let (line, rest) = bytes.split_at(position);
            (line, rest.get(separator.len()..).unwrap_or_default())
        }
        None => (bytes, &[]),
    }
}

fn split_at_line_end(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr2(b'\n', b'\r', bytes) {
        Some(position) => {
            let (line, rest) = bytes.split_at(position);
            let skip = if rest.starts_with(b"\r\n") { 2 } else { 1 };
            (line, rest.get(skip..).unwrap_or_default())
        }
        None => (bytes, &[]),
    }
}

/// Reads a listed file from its beginning and hands block after block to `visit`, which says whether to go on.
pub(crate) async fn visit_blocks(
    store: &Arc<dyn ObjectStore>,
    file: &DataFile,
    blocks: Blocks,
    mut visit: impl FnMut(&[u8]) -> SparkResult<bool>,
) -> SparkResult<()> {
    let scanned = crate::storage::scan_file(file)?;
    let mut stream =
        block_stream(Arc::clone(store), &scanned, 0..file.size, blocks).map_err(crate::error::from_datafusion)?;
    while let Some(block) = stream.next().await {
        let block = block.map_err(|error| crate::storage::file_error(file, error))?;
        if !visit(&block)? {
            break;
        }
    }
    Ok(())
}

/// Files in the order in which Spark looks at their first lines: large ones first.
pub(crate) fn large_first(files: &[DataFile]) -> Vec<&DataFile> {
    let mut sorted: Vec<&DataFile> = files.iter().collect();
    sorted.sort_by_key(|file| std::cmp::Reverse(file.size));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(data: &'static [u8], chunk: usize, cuts: &[u64]) -> Vec<Vec<u8>> {
        let size = data.len() as u64;
        let mut bounds = vec![0];
        bounds.extend_from_slice(cuts);
        bounds.push(size);
        bounds
            .windows(2)
            .map(|bound| {
                let from = usize::try_from(bound[0].saturating_sub(1)).unwrap();
                let chunks: Vec<Result<Bytes>> =
                    data[from..].chunks(chunk).map(|chunk| Ok(Bytes::from_static(chunk))).collect();
                let blocks = LineBlocks::new(futures::stream::iter(chunks).boxed(), bound[0], bound[1]).stream();
                let blocks: Vec<Bytes> = futures::executor::block_on(blocks.try_collect()).unwrap();
                blocks.concat()
            })
            .collect()
    }

    #[test]
    fn parts_of_a_file_cover_each_line_once() {
        let data = b"one\ntwo\n\nthree three three\nfour\nlast";
        for chunk in [1, 2, 3, 5, 7, 100] {
            for first in 1..data.len() as u64 {
                for second in first..data.len() as u64 {
                    let parts = parts(data, chunk, &[first, second]);
                    assert_eq!(parts.concat(), data, "chunk {chunk}, cuts {first} {second}: {parts:?}");
                }
            }
        }
    }

    #[test]
    fn every_line_end_counts() {
        let found: Vec<&[u8]> = lines(b"a\nb\r\nc\rd", None).collect();
        assert_eq!(found, [b"a", b"b", b"c", b"d"]);
        let found: Vec<&[u8]> = lines(b"a||b\n||", Some(b"||")).collect();
        assert_eq!(found, [b"a".as_slice(), b"b\n"]);
    }
}
