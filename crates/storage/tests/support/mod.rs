//! What the tests share: a storage over a fresh runtime, reads as text, and types by their short spelling.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::execution::context::SessionContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_storage::{FileSettings, OpenedSource, ReadRequest, SaveMode, Storage, WriteRequest};

/// The zone that answers were recorded in.
pub const ZONE: &str = "America/Los_Angeles";

pub fn settings() -> FileSettings {
    FileSettings { time_zone: ZONE.to_owned(), ..FileSettings::default() }
}

pub struct Fixture {
    pub context: SessionContext,
    pub storage: Storage,
}

impl Fixture {
    pub fn new() -> Self {
        let context = SessionContext::new();
        let storage = Storage::new(context.runtime_env());
        Self { context, storage }
    }

    pub async fn open(&self, format: &str, path: &Path, options: &[(&str, &str)]) -> SparkResult<OpenedSource> {
        self.open_with(format, path, options, None).await
    }

    pub async fn open_with(
        &self,
        format: &str,
        path: &Path,
        options: &[(&str, &str)],
        schema: Option<SparkSchema>,
    ) -> SparkResult<OpenedSource> {
        let request = ReadRequest {
            file_metadata: false,
            format: format.to_owned(),
            schema,
            options: owned(options),
            paths: vec![path.display().to_string()],
        };
        self.storage.open(&request, &settings()).await
    }

    pub async fn batches(&self, source: &OpenedSource) -> SparkResult<Vec<RecordBatch>> {
        let frame = self.context.read_table(Arc::clone(&source.provider)).map_err(spark_error)?;
        frame.collect().await.map_err(spark_error)
    }

    /// The rows as JSON objects with all fields.
    pub async fn rows(&self, source: &OpenedSource) -> SparkResult<Vec<String>> {
        let batches = self.batches(source).await?;
        if source.schema.is_empty() {
            return Ok(Vec::new());
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        let options = [
            ("ignoreNullFields", "false"),
            ("timestampFormat", "yyyy-MM-dd HH:mm:ss.SSSSSS"),
            ("timestampNTZFormat", "yyyy-MM-dd HH:mm:ss.SSSSSS"),
        ];
        self.write("json", &path, SaveMode::ErrorIfExists, &options, &[], &source.schema, vec![batches]).await?;
        Ok(data_of(&path).lines().map(str::to_owned).collect())
    }

    #[expect(clippy::too_many_arguments, reason = "a test's shorthand")]
    pub async fn write(
        &self,
        format: &str,
        path: &Path,
        mode: SaveMode,
        options: &[(&str, &str)],
        partition_by: &[&str],
        schema: &SparkSchema,
        partitions: Vec<Vec<RecordBatch>>,
    ) -> SparkResult<()> {
        let request = WriteRequest {
            format: format.to_owned(),
            path: path.display().to_string(),
            mode,
            options: owned(options),
            partition_by: partition_by.iter().map(|name| (*name).to_owned()).collect(),
            replaced_partition: None,
        };
        let input = partitions.into_iter().map(|batches| stream(schema, batches)).collect();
        self.storage.write(&request, schema, input, &settings()).await.map(|_| ())
    }
}

pub fn stream(schema: &SparkSchema, batches: Vec<RecordBatch>) -> SendableRecordBatchStream {
    let arrow = match batches.first() {
        Some(batch) => batch.schema(),
        None => Arc::new(datafusion::arrow::datatypes::Schema::new(schema.to_arrow_fields("UTC"))),
    };
    Box::pin(RecordBatchStreamAdapter::new(arrow, futures::stream::iter(batches.into_iter().map(Ok))))
}

fn owned(options: &[(&str, &str)]) -> Vec<(String, String)> {
    options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub fn spark_error(error: datafusion::error::DataFusionError) -> SparkError {
    let mut current: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = current {
        if let Some(spark) = inner.downcast_ref::<SparkError>() {
            return spark.clone();
        }
        current = inner.source();
    }
    SparkError::internal(error.to_string())
}

/// The text of all data files below a directory, in the order of their names.
pub fn data_of(path: &Path) -> String {
    files_of(path)
        .iter()
        .filter(|file| !file.ends_with("_SUCCESS"))
        .map(|file| std::fs::read_to_string(path.join(file)).unwrap())
        .collect()
}

/// Paths of all files below a directory, relative and sorted.
pub fn files_of(path: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut pending = vec![path.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                pending.push(entry);
            } else {
                files.push(entry.strip_prefix(path).unwrap().display().to_string());
            }
        }
    }
    files.sort();
    files
}

/// The columns of `a int, b struct<x:int>`.
pub fn schema(ddl: &str) -> SparkSchema {
    let fields: Vec<SparkField> = split(ddl)
        .into_iter()
        .map(|field| {
            let (name, data_type) = field.trim().split_once([' ', ':']).unwrap();
            SparkField::new(name, data_type_of(data_type.trim_end_matches(" not null")), true)
        })
        .collect();
    SparkSchema::new(fields)
}

fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (position, character) in text.char_indices() {
        match character {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

pub fn data_type_of(text: &str) -> SparkType {
    let text = text.trim();
    let inner = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(['>', ')']));
    if let Some(element) = inner("array<") {
        return SparkType::array(data_type_of(element), true);
    }
    if let Some(fields) = inner("struct<") {
        return SparkType::Struct(schema(fields));
    }
    if let Some(types) = inner("map<") {
        let parts = split(types);
        return SparkType::map(data_type_of(parts[0]), data_type_of(parts[1]), true);
    }
    if let Some(digits) = inner("decimal(") {
        let parts = split(digits);
        return SparkType::decimal(parts[0].parse().unwrap(), parts[1].parse().unwrap());
    }
    match text {
        "boolean" => SparkType::Boolean,
        "tinyint" => SparkType::Byte,
        "smallint" | "short" => SparkType::Short,
        "int" => SparkType::Integer,
        "bigint" | "long" => SparkType::Long,
        "float" => SparkType::Float,
        "double" => SparkType::Double,
        "string" => SparkType::STRING,
        "binary" => SparkType::Binary,
        "date" => SparkType::Date,
        "timestamp" => SparkType::Timestamp,
        "timestamp_ntz" => SparkType::TimestampNtz,
        "void" => SparkType::Null,
        other => panic!("type {other}"),
    }
}
