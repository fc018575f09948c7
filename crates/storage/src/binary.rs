//! Binary files: each file a row of its path, its age, its length and its bytes.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use crate::storage::{OpenContext, OpenedFormat, scan_file};
use crate::text_scan::{BlockDecoder, Blocks, FilePart, TextFormat, TextScan};

/// Opens files as rows. The columns are fixed; another schema is refused.
pub(crate) fn open(context: &OpenContext<'_>) -> SparkResult<OpenedFormat> {
    let column = |name: &str, data_type| SparkField::new(name, data_type, true);
    let schema = SparkSchema::new(vec![
        column("path", SparkType::STRING),
        column("modificationTime", SparkType::Timestamp),
        column("length", SparkType::Long),
        column("content", SparkType::Binary),
    ]);
    if context.given.as_ref().is_some_and(|given| crate::parquet::nullable(given) != schema) {
        return Err(SparkError::new("INVALID_OPTION_VALUE")
            .param("option", "schema")
            .param("value", "another schema")
            .param("expected", "the columns path, modificationTime, length and content of binary files")
            .with_kind(ErrorKind::IllegalArgument));
    }
    let arrow = crate::csv::text_carriers(&schema);
    let files = context.listing.files.iter().map(scan_file).collect::<SparkResult<Vec<_>>>()?;
    Ok(OpenedFormat { scan: Arc::new(TextScan { format: Arc::new(BinaryFiles) }), schema, arrow, files })
}

#[derive(Debug)]
struct BinaryFiles;

impl TextFormat for BinaryFiles {
    fn name(&self) -> &'static str {
        "binaryFile"
    }

    fn blocks(&self) -> Blocks {
        Blocks::Raw
    }

    fn decoder(&self, schema: &SchemaRef, part: FilePart, _batch_rows: usize) -> SparkResult<Box<dyn BlockDecoder>> {
        Ok(Box::new(Decoder { schema: Arc::clone(schema), part }))
    }
}

struct Decoder {
    schema: SchemaRef,
    part: FilePart,
}

impl BlockDecoder for Decoder {
    fn decode(&mut self, block: &[u8]) -> SparkResult<Vec<RecordBatch>> {
        let path = url::Url::parse(&self.part.url).ok().and_then(|url| url.to_file_path().ok());
        let path = path.map_or_else(|| self.part.url.clone(), |path: std::path::PathBuf| qualified(&path));
        let length = i64::try_from(block.len()).unwrap_or(i64::MAX);
        let columns = self.schema.fields().iter().map(|field| -> ArrayRef {
            match field.name().as_str() {
                "path" => Arc::new(StringArray::from(vec![path.as_str()])),
                "modificationTime" => {
                    Arc::new(TimestampMicrosecondArray::from(vec![self.part.modified]).with_timezone("UTC"))
                }
                "length" => Arc::new(Int64Array::from(vec![length])),
                _ => Arc::new(BinaryArray::from(vec![block])),
            }
        });
        let columns: Vec<ArrayRef> = columns.collect();
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map(|batch| vec![batch])
            .map_err(|error| SparkError::internal(error.to_string()))
    }
}

fn qualified(path: &Path) -> String {
    format!("file:{}", path.display())
}
