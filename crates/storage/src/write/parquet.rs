//! Parquet output: Spark's types, with Spark's own schema noted in the footer, so that every reader finds both.
//!
//! Timestamps are written as `TIMESTAMP(MICROS, true)`. Spark's default, INT96, is deprecated by the format itself and
//! carries no statistics; Spark reads either as the same TIMESTAMP.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, Int32Type, IntervalYearMonthType, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_writer::ArrowWriterOptions;
use datafusion::parquet::basic::{Compression, GzipLevel, ZstdLevel};
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::WriterProperties;
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use super::{RecordWriter, WriterFactory, cannot_write};
use crate::options::Options;
use crate::parquet::ROW_METADATA_KEY;
use crate::settings::FileSettings;

/// The Spark whose files these are like; readers decide by it that dates follow the modern calendar.
const SPARK_VERSION: &str = "4.2.1";

pub(super) struct Factory {
    schema: SchemaRef,
    properties: WriterProperties,
    extension: &'static str,
}

impl Factory {
    pub(super) fn new(schema: &SparkSchema, options: &Options, settings: &FileSettings) -> SparkResult<Self> {
        options.refuse_prefixed("Parquet", "parquet.", &["parquet.compression"])?;
        let codec = options
            .get_any(&["compression", "parquet.compression"])
            .unwrap_or(settings.parquet_compression.as_str())
            .to_ascii_lowercase();
        let (compression, extension) = codec_of(&codec)?;
        let noted = SparkSchema::new(schema.iter().map(without_length).collect::<Vec<_>>());
        let notes = vec![
            KeyValue::new("org.apache.spark.version".to_owned(), SPARK_VERSION.to_owned()),
            KeyValue::new(ROW_METADATA_KEY.to_owned(), noted.json()),
        ];
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_key_value_metadata(Some(notes))
            // Names of list and map levels as the format's own rules have them.
            .set_coerce_types(true)
            .build();
        let unit = match settings.parquet_timestamp_type.as_str() {
            "TIMESTAMP_MILLIS" => TimeUnit::Millisecond,
            _ => TimeUnit::Microsecond,
        };
        let fields: Vec<Field> = schema
            .iter()
            .map(|field| Field::new(&field.name, stored(&field.data_type.to_arrow(), unit), field.nullable))
            .collect();
        Ok(Self { schema: Arc::new(Schema::new(fields)), properties, extension })
    }
}

/// Spark's names of codecs, and what they make of file names.
fn codec_of(name: &str) -> SparkResult<(Compression, &'static str)> {
    match name {
        "none" | "uncompressed" => Ok((Compression::UNCOMPRESSED, ".parquet")),
        "snappy" => Ok((Compression::SNAPPY, ".snappy.parquet")),
        "gzip" => Ok((Compression::GZIP(GzipLevel::default()), ".gz.parquet")),
        "zstd" => {
            let level = ZstdLevel::try_new(3).map_err(|error| SparkError::internal(error.to_string()))?;
            Ok((Compression::ZSTD(level), ".zstd.parquet"))
        }
        "lz4" => Ok((Compression::LZ4, ".lz4hadoop.parquet")),
        "lz4_raw" => Ok((Compression::LZ4_RAW, ".lz4raw.parquet")),
        "brotli" | "lzo" => Err(SparkError::unsupported(format!("compression {name} of Parquet files"))),
        _ => Err(SparkError::new("CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION")
            .param("codecName", name)
            .param("availableCodecs", "uncompressed, snappy, lz4_raw, none, zstd, lz4, gzip")
            .with_kind(ErrorKind::IllegalArgument)),
    }
}

/// Char and varchar columns are noted as strings, as Spark notes them.
fn without_length(field: &SparkField) -> SparkField {
    match field.data_type {
        SparkType::Char(_) | SparkType::Varchar(_) => SparkField { data_type: SparkType::STRING, ..field.clone() },
        _ => field.clone(),
    }
}

/// The Arrow type whose Parquet form is Spark's.
fn stored(data_type: &DataType, unit: TimeUnit) -> DataType {
    let field = |field: &Arc<Field>| Arc::new(Field::clone(field).with_data_type(stored(field.data_type(), unit)));
    match data_type {
        DataType::Timestamp(_, Some(zone)) => DataType::Timestamp(unit, Some(Arc::clone(zone))),
        // Spark keeps intervals as plain numbers of months and microseconds.
        DataType::Interval(_) => DataType::Int32,
        DataType::Duration(_) => DataType::Int64,
        DataType::List(element) => DataType::List(field(element)),
        DataType::Map(entries, ordered) => DataType::Map(field(entries), *ordered),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        other => other.clone(),
    }
}

impl WriterFactory for Factory {
    fn extension(&self) -> String {
        self.extension.to_owned()
    }

    fn create(&self, path: &Path) -> SparkResult<Box<dyn RecordWriter>> {
        let file = File::create(path).map_err(|error| cannot_write(path, error))?;
        let options = ArrowWriterOptions::new()
            .with_properties(self.properties.clone())
            .with_skip_arrow_metadata(true)
            .with_schema_root("spark_schema".to_owned());
        let writer = ArrowWriter::try_new_with_options(BufWriter::new(file), Arc::clone(&self.schema), options)
            .map_err(|error| cannot_write(path, error))?;
        Ok(Box::new(Writer { writer, schema: Arc::clone(&self.schema), path: path.to_owned() }))
    }
}

struct Writer {
    writer: ArrowWriter<BufWriter<File>>,
    schema: SchemaRef,
    path: PathBuf,
}

impl RecordWriter for Writer {
    fn write(&mut self, batch: &RecordBatch) -> SparkResult<()> {
        let columns = batch
            .columns()
            .iter()
            .zip(self.schema.fields())
            .map(|(column, field)| as_stored(column, field.data_type()))
            .collect::<SparkResult<Vec<ArrayRef>>>()?;
        let batch =
            RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|error| cannot_write(&self.path, error))?;
        self.writer.write(&batch).map_err(|error| cannot_write(&self.path, error))
    }

    fn finish(self: Box<Self>) -> SparkResult<u64> {
        let Self { writer, path, .. } = *self;
        // Writes the footer.
        let buffer = writer.into_inner().map_err(|error| cannot_write(&path, error))?;
        let file = buffer.into_inner().map_err(|error| cannot_write(&path, error.into_error()))?;
        let metadata = file.metadata().map_err(|error| cannot_write(&path, error))?;
        Ok(metadata.len())
    }
}

fn as_stored(column: &ArrayRef, data_type: &DataType) -> SparkResult<ArrayRef> {
    if column.data_type() == data_type {
        return Ok(Arc::clone(column));
    }
    match column.data_type() {
        DataType::Interval(arrow::datatypes::IntervalUnit::YearMonth) => {
            Ok(Arc::new(column.as_primitive::<IntervalYearMonthType>().reinterpret_cast::<Int32Type>()))
        }
        _ => arrow::compute::cast(column, data_type).map_err(|error| SparkError::internal(error.to_string())),
    }
}
