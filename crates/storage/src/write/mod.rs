//! Writing: streams of batches into files of a format, all or nothing.
//!
//! Each stream is written by one worker into a staging directory beside the target; the files move into place when all
//! of them are complete. A write that fails, or that nobody waits for any more, leaves the target as it was.

mod commit;
mod csv;
mod json;
mod parquet;
mod sink;
mod text;

use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::common::runtime::JoinSet;
use datafusion::execution::SendableRecordBatchStream;
use firesteel_base::identifier::quote_identifier;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use futures::StreamExt;

use crate::error::from_datafusion;
use crate::location::Location;
use crate::options::Options;
use crate::request::{FileFormat, WriteRequest, WriteSummary};
use crate::settings::FileSettings;
use crate::temporal::Zone;
use crate::value_text::TextForms;
use commit::{Commit, LocalCommit, Plan};
use sink::Sink;

/// Batches that wait for a worker's disk.
const QUEUED_BATCHES: usize = 2;

/// Makes the writers of one format.
pub(crate) trait WriterFactory: Send + Sync {
    /// What file names end in: `.snappy.parquet`.
    fn extension(&self) -> String;

    fn create(&self, path: &Path) -> SparkResult<Box<dyn RecordWriter>>;
}

/// Writes one file. Dropped without `finish`, the file is incomplete.
pub(crate) trait RecordWriter: Send {
    fn write(&mut self, batch: &RecordBatch) -> SparkResult<()>;

    /// Completes the file; gives its size in bytes.
    fn finish(self: Box<Self>) -> SparkResult<u64>;
}

/// What every worker of a write needs.
pub(crate) struct Job {
    pub factory: Box<dyn WriterFactory>,
    /// The columns of the input, in carriers of their types.
    pub schema: SchemaRef,
    pub types: Vec<SparkType>,
    /// Places of the partition columns.
    pub partition_columns: Vec<usize>,
    pub partition_names: Vec<String>,
    pub partition_forms: TextForms,
    pub rows_per_file: Option<u64>,
    /// One name for all files of the write.
    pub id: uuid::Uuid,
}

/// Runs a write.
pub(crate) async fn run(
    request: &WriteRequest,
    schema: &SparkSchema,
    input: Vec<SendableRecordBatchStream>,
    settings: &FileSettings,
) -> SparkResult<WriteSummary> {
    let format = FileFormat::find(&request.format)?;
    let options = Options::new(&request.options);
    let target = Location::parse(&request.path)?;
    let job = Arc::new(job(format, request, schema, &options, settings)?);
    let dynamic = match options.get("partitionoverwritemode") {
        None => false,
        Some(mode) if mode.eq_ignore_ascii_case("static") => false,
        Some(mode) if mode.eq_ignore_ascii_case("dynamic") => !job.partition_columns.is_empty(),
        Some(mode) => return Err(crate::options::invalid_value("partitionOverwriteMode", mode, "STATIC or DYNAMIC")),
    };
    let mode = request.mode;
    let replaced = request.replaced_partition.clone();
    let begun = crate::storage::blocking(move || match Plan::of(&target, mode, dynamic, replaced)? {
        Some(plan) => LocalCommit::begin(target, plan).map(Some),
        None => Ok(None),
    });
    let Some(commit) = begun.await? else {
        return Ok(WriteSummary::default());
    };
    let summary = write_all(&job, &commit, input).await?;
    crate::storage::blocking(move || commit.finish()).await?;
    Ok(summary)
}

async fn write_all(
    job: &Arc<Job>,
    commit: &LocalCommit,
    input: Vec<SendableRecordBatchStream>,
) -> SparkResult<WriteSummary> {
    // Nothing is ever sent: the channel ends when the last worker has.
    let (working, mut ended) = tokio::sync::mpsc::channel::<std::convert::Infallible>(1);
    let mut workers = JoinSet::new();
    let streams = if input.is_empty() { vec![empty(&job.schema)] } else { input };
    for (task, stream) in streams.into_iter().enumerate() {
        let sink = Sink::new(Arc::clone(job), commit.staging(), task);
        workers.spawn(write_one(sink, stream, working.clone()));
    }
    drop(working);
    let summary = join_all(&mut workers).await;
    if summary.is_err() {
        // The first failure stops the other workers; the caller hears of it when their files can be removed.
        workers.shutdown().await;
        ended.recv().await;
    }
    summary
}

async fn join_all(workers: &mut JoinSet<SparkResult<WriteSummary>>) -> SparkResult<WriteSummary> {
    let mut summary = WriteSummary::default();
    while let Some(finished) = workers.join_next().await {
        let one = finished.map_err(|error| SparkError::internal("a writer was broken off").caused_by(error))??;
        summary.rows += one.rows;
        summary.bytes += one.bytes;
        summary.files += one.files;
    }
    Ok(summary)
}

/// Feeds one stream to its sink, which works on a thread of its own kind: encoding and writing block.
async fn write_one(
    mut sink: Sink,
    mut stream: SendableRecordBatchStream,
    working: tokio::sync::mpsc::Sender<std::convert::Infallible>,
) -> SparkResult<WriteSummary> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<RecordBatch>(QUEUED_BATCHES);
    let (done, finished) = tokio::sync::oneshot::channel::<()>();
    let worker = tokio::task::spawn_blocking(move || {
        let _working = working;
        while let Some(batch) = receiver.blocking_recv() {
            sink.write(&batch)?;
        }
        // The channel also closes when the feeding side is dropped: only its word makes the files complete.
        match finished.blocking_recv() {
            Ok(()) => sink.finish(),
            Err(_) => Err(SparkError::internal("a write was given up")),
        }
    });
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(from_datafusion)?;
        if sender.send(batch).await.is_err() {
            // The worker failed; its own error says why.
            break;
        }
    }
    let _ = done.send(());
    drop(sender);
    worker.await.map_err(|error| SparkError::internal("a writer was broken off").caused_by(error))?
}

fn empty(schema: &SchemaRef) -> SendableRecordBatchStream {
    Box::pin(datafusion::physical_plan::EmptyRecordBatchStream::new(Arc::clone(schema)))
}

fn job(
    format: FileFormat,
    request: &WriteRequest,
    schema: &SparkSchema,
    options: &Options,
    settings: &FileSettings,
) -> SparkResult<Job> {
    let partition_columns = partition_columns(schema, &request.partition_by, settings)?;
    let data: Vec<SparkField> = schema
        .iter()
        .enumerate()
        .filter(|(place, _)| !partition_columns.contains(place))
        .map(|(_, field)| field.clone())
        .collect();
    let data = SparkSchema::new(data);
    check_columns(format, schema, &data, settings)?;
    let fields: Vec<Field> =
        schema.iter().map(|field| Field::new(&field.name, carrier(&field.data_type), field.nullable)).collect();
    let factory: Box<dyn WriterFactory> = match format {
        FileFormat::Parquet => Box::new(parquet::Factory::new(&data, options, settings)?),
        FileFormat::Csv => Box::new(csv::Factory::new(&data, options, settings)?),
        FileFormat::Json => Box::new(json::Factory::new(&data, options, settings)?),
        FileFormat::Text => Box::new(text::Factory::new(options)?),
        FileFormat::Binary => return Err(SparkError::new("UNSUPPORTED_FEATURE.WRITE_FOR_BINARY_SOURCE")),
    };
    let rows_per_file = options.number::<i64>("maxrecordsperfile", 0)?;
    Ok(Job {
        factory,
        schema: Arc::new(Schema::new(fields)),
        types: schema.iter().map(|field| field.data_type.clone()).collect(),
        partition_names: partition_columns
            .iter()
            .filter_map(|place| schema.fields.get(*place).map(|field| field.name.clone()))
            .collect(),
        partition_columns,
        partition_forms: TextForms::of_cast(Zone::parse(&settings.time_zone)?),
        rows_per_file: u64::try_from(rows_per_file).ok().filter(|rows| *rows > 0),
        id: uuid::Uuid::new_v4(),
    })
}

/// The Arrow type in which values of a type reach writers.
pub(crate) fn carrier(data_type: &SparkType) -> DataType {
    data_type.to_arrow()
}

fn partition_columns(schema: &SparkSchema, names: &[String], settings: &FileSettings) -> SparkResult<Vec<usize>> {
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let found = schema.iter().position(|field| {
            if settings.case_sensitive { field.name == *name } else { field.name.eq_ignore_ascii_case(name) }
        });
        let Some((place, field)) = found.and_then(|place| schema.fields.get(place).map(|field| (place, field))) else {
            return Err(SparkError::new("_LEGACY_ERROR_TEMP_1155")
                .param("col", name)
                .param("schemaCatalog", SparkType::Struct(schema.clone()).catalog_string()));
        };
        if field.data_type.is_nested() || field.data_type == SparkType::CalendarInterval {
            return Err(SparkError::new("INVALID_PARTITION_COLUMN_DATA_TYPE")
                .param("type", format!("\"{}\"", field.data_type.sql())));
        }
        places.push(place);
    }
    if !places.is_empty() && places.len() == schema.len() {
        return Err(SparkError::new("ALL_PARTITION_COLUMNS_NOT_ALLOWED"));
    }
    Ok(places)
}

fn check_columns(
    format: FileFormat,
    schema: &SparkSchema,
    data: &SparkSchema,
    settings: &FileSettings,
) -> SparkResult<()> {
    crate::schema::check_names(schema, settings.case_sensitive)?;
    if data.is_empty() || data.iter().any(|field| has_empty_struct(&field.data_type)) {
        return Err(SparkError::new("EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE").param("format", format.title()));
    }
    if format == FileFormat::Text && data.len() != 1 {
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_1290").param("schemaSize", data.len().to_string()));
    }
    data.iter().try_for_each(|field| check_type(format, field))
}

fn has_empty_struct(data_type: &SparkType) -> bool {
    match data_type {
        SparkType::Struct(schema) => schema.is_empty() || schema.iter().any(|field| has_empty_struct(&field.data_type)),
        SparkType::Array { element, .. } => has_empty_struct(element),
        SparkType::Map { key, value, .. } => has_empty_struct(key) || has_empty_struct(value),
        _ => false,
    }
}

/// Refuses a column of a type that a format does not hold, in Spark's words.
pub(crate) fn check_type(format: FileFormat, field: &SparkField) -> SparkResult<()> {
    if contains(&field.data_type, &|data_type| matches!(data_type, SparkType::Time { .. })) {
        return Err(SparkError::new("UNSUPPORTED_TIME_TYPE"));
    }
    let holds = match format {
        FileFormat::Parquet | FileFormat::Json => {
            !contains(&field.data_type, &|data_type| *data_type == SparkType::CalendarInterval)
        }
        FileFormat::Csv => !matches!(
            field.data_type,
            SparkType::Array { .. }
                | SparkType::Map { .. }
                | SparkType::Struct(_)
                | SparkType::Variant
                | SparkType::CalendarInterval
                | SparkType::Null
        ),
        FileFormat::Text => field.data_type.is_string(),
        FileFormat::Binary => true,
    };
    if !holds {
        return Err(SparkError::new("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE")
            .param("columnName", quote_identifier(&field.name))
            .param("columnType", format!("\"{}\"", field.data_type.sql()))
            .param("format", format.title()));
    }
    let unbuilt: [(&str, fn(&SparkType) -> bool); 3] = [
        ("VARIANT", |data_type| *data_type == SparkType::Variant),
        ("GEOMETRY", |data_type| matches!(data_type, SparkType::Geometry { .. })),
        ("GEOGRAPHY", |data_type| matches!(data_type, SparkType::Geography { .. })),
    ];
    match unbuilt.iter().find(|(_, is_such)| contains(&field.data_type, is_such)) {
        Some((name, _)) => Err(SparkError::unsupported(format!("{name} columns in {} files", format.title()))),
        None => Ok(()),
    }
}

fn contains(data_type: &SparkType, wanted: &dyn Fn(&SparkType) -> bool) -> bool {
    wanted(data_type)
        || match data_type {
            SparkType::Array { element, .. } => contains(element, wanted),
            SparkType::Map { key, value, .. } => contains(key, wanted) || contains(value, wanted),
            SparkType::Struct(schema) => schema.iter().any(|field| contains(&field.data_type, wanted)),
            _ => false,
        }
}

/// A write that failed at a file.
pub(crate) fn cannot_write(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> SparkError {
    SparkError::new("TASK_WRITE_FAILED").param("path", format!("file:{}", path.display())).caused_by(error)
}
