//! The entrance: opens files for reading and runs streams into files.

use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef, Schema};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::runtime_env::RuntimeEnv;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema};
use object_store::ObjectMeta;

use crate::error::{cannot_read, from_datafusion};
use crate::listing::{DataFile, Listing, list};
use crate::options::Options;
use crate::partition::{Partitions, discover};
use crate::request::{FileFormat, OpenedSource, ReadRequest, WriteRequest, WriteSummary};
use crate::settings::FileSettings;
use crate::table::{FileTable, ScanFormat};
use crate::{binary, csv, json, metadata, parquet, text, write};

/// Process-wide: the stores of files and the caches of file metadata and statistics, which live in the runtime.
#[derive(Clone, Debug)]
pub struct Storage {
    runtime: Arc<RuntimeEnv>,
}

/// What a format makes of a listing: its scan, its columns, and its files ready for scanning.
pub(crate) struct OpenedFormat {
    pub scan: Arc<dyn ScanFormat>,
    /// The columns that files hold.
    pub schema: SparkSchema,
    /// The carriers of those columns.
    pub arrow: Vec<FieldRef>,
    /// In the order of the listing, without partition values.
    pub files: Vec<PartitionedFile>,
}

/// All that a format looks at when a source is opened.
pub(crate) struct OpenContext<'a> {
    pub runtime: &'a Arc<RuntimeEnv>,
    pub listing: &'a Listing,
    /// The user's schema without partition columns.
    pub given: Option<SparkSchema>,
    pub options: &'a Options,
    pub settings: &'a FileSettings,
}

impl Storage {
    pub fn new(runtime: Arc<RuntimeEnv>) -> Self {
        Self { runtime }
    }

    pub fn runtime(&self) -> &Arc<RuntimeEnv> {
        &self.runtime
    }

    /// Opens files: lists them, infers or applies the schema, finds partition columns.
    pub async fn open(&self, request: &ReadRequest, settings: &FileSettings) -> SparkResult<OpenedSource> {
        let format = FileFormat::find(&request.format)?;
        let options = Options::new(&request.options);
        options.refuse_unless(format.title(), "ignoreCorruptFiles", &["false"])?;
        options.refuse_unless(format.title(), "ignoreMissingFiles", &["false"])?;
        let mut paths = request.paths.clone();
        if let Some(path) = options.get("path") {
            if !paths.is_empty() {
                return Err(SparkError::new("_LEGACY_ERROR_TEMP_1306")
                    .param("config", "spark.sql.legacy.pathOptionBehavior.enabled"));
            }
            paths.push(path.to_owned());
        }
        let listing = blocking({
            let (options, settings) = (options.clone(), settings.clone());
            move || list(&paths, &options, &settings)
        })
        .await?;
        let partitions = discover(&listing, request.schema.as_ref(), settings)?;
        let context = OpenContext {
            runtime: &self.runtime,
            listing: &listing,
            given: request.schema.as_ref().map(|schema| without(schema, &partitions.fields, settings)),
            options: &options,
            settings,
        };
        let opened = match format {
            FileFormat::Parquet => parquet::open(&context).await?,
            FileFormat::Csv => csv::open(&context).await?,
            FileFormat::Json => json::open(&context).await?,
            FileFormat::Text => text::open(&context)?,
            FileFormat::Binary => binary::open(&context)?,
        };
        assemble(opened, &listing, partitions, settings, request.file_metadata)
    }

    /// Runs `input`, one stream for each partition, into files; all or nothing.
    pub async fn write(
        &self,
        request: &WriteRequest,
        schema: &SparkSchema,
        input: Vec<SendableRecordBatchStream>,
        settings: &FileSettings,
    ) -> SparkResult<WriteSummary> {
        write::run(request, schema, input, settings).await
    }
}

/// Puts partition columns and file columns together as one table.
fn assemble(
    opened: OpenedFormat,
    listing: &Listing,
    partitions: Partitions,
    settings: &FileSettings,
    file_metadata: bool,
) -> SparkResult<OpenedSource> {
    crate::schema::check_names(&opened.schema, settings.case_sensitive)?;
    let same = |left: &str, right: &str| {
        if settings.case_sensitive { left == right } else { left.eq_ignore_ascii_case(right) }
    };
    let is_partition = |name: &str| partitions.fields.iter().position(|field| same(&field.name, name));
    // A column in both: the directory decides its value and the file its place.
    let kept: Vec<usize> = opened
        .schema
        .iter()
        .enumerate()
        .filter(|(_, field)| is_partition(&field.name).is_none())
        .map(|(index, _)| index)
        .collect();
    let mut order = Vec::new();
    let mut fields = Vec::new();
    let mut next_in_file = 0;
    for field in opened.schema.iter() {
        match is_partition(&field.name) {
            Some(index) => {
                order.push(kept.len() + index);
                fields.extend(partitions.fields.get(index).cloned());
            }
            None => {
                order.push(next_in_file);
                next_in_file += 1;
                fields.push(field.clone());
            }
        }
    }
    for (index, field) in partitions.fields.iter().enumerate() {
        if !order.contains(&(kept.len() + index)) {
            order.push(kept.len() + index);
            fields.push(field.clone());
        }
    }
    let file_fields: Vec<FieldRef> = kept.iter().filter_map(|index| opened.arrow.get(*index).cloned()).collect();
    let partition_fields: Vec<FieldRef> = partitions
        .fields
        .iter()
        .map(|field| Arc::new(Field::new(&field.name, field.data_type.to_arrow(), true)))
        .collect();
    let mut partition_fields = partition_fields;
    let mut values = partitions.values;
    if file_metadata {
        order.push(kept.len() + partition_fields.len());
        partition_fields.push(metadata::field());
        for (values, file) in values.iter_mut().zip(&listing.files) {
            values.push(metadata::value(file)?);
        }
    }
    let files = opened.files.into_iter().zip(values).map(|(file, values)| with_values(file, values, &kept)).collect();
    let table = FileTable::new(opened.scan, Arc::new(Schema::new(file_fields)), partition_fields, order, files)
        .map_err(from_datafusion)?;
    Ok(OpenedSource {
        provider: Arc::new(table),
        metadata: file_metadata.then(metadata::data_type),
        schema: SparkSchema::new(fields),
        partition_columns: partitions.fields.iter().map(|field| field.name.clone()).collect(),
        files: listing.files.iter().map(|file| file.location.url()).collect(),
    })
}

fn with_values(
    mut file: PartitionedFile,
    values: Vec<datafusion::common::ScalarValue>,
    kept: &[usize],
) -> PartitionedFile {
    if let Some(statistics) = file.statistics.take() {
        let mut statistics = Arc::unwrap_or_clone(statistics);
        let columns = kept.iter().filter_map(|index| statistics.column_statistics.get(*index).cloned()).collect();
        statistics.column_statistics = columns;
        file.statistics = Some(Arc::new(crate::table::with_partition_statistics(statistics, &values)));
    }
    file.partition_values = values;
    file
}

/// The user's columns that are not partition columns.
fn without(schema: &SparkSchema, partitions: &[SparkField], settings: &FileSettings) -> SparkSchema {
    let is_partition = |field: &SparkField| {
        partitions.iter().any(|partition| {
            if settings.case_sensitive {
                partition.name == field.name
            } else {
                partition.name.eq_ignore_ascii_case(&field.name)
            }
        })
    };
    SparkSchema::new(schema.iter().filter(|field| !is_partition(field)).cloned().collect::<Vec<_>>())
}

/// A listed file as scans take it.
pub(crate) fn scan_file(file: &DataFile) -> SparkResult<PartitionedFile> {
    Ok(PartitionedFile::new_from_meta(ObjectMeta {
        location: file.location.store_path()?,
        last_modified: file.modified.into(),
        size: file.size,
        e_tag: None,
        version: None,
    }))
}

/// Runs blocking work off the threads that wait.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> SparkResult<T> + Send + 'static,
) -> SparkResult<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(SparkError::internal("reading files was broken off").caused_by(error)),
    }
}

/// The refusal of a source without files to infer a schema from.
pub(crate) fn unable_to_infer(format: FileFormat) -> SparkError {
    SparkError::new("UNABLE_TO_INFER_SCHEMA").param("format", format.title())
}

/// A read that failed at a file of the listing.
pub(crate) fn file_error(file: &DataFile, error: impl std::error::Error + Send + Sync + 'static) -> SparkError {
    cannot_read(&file.location.url(), error)
}
