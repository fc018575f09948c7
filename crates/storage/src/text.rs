//! Text files: each line a row of one string column, or each file.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use crate::encoding::Encoding;
use crate::request::FileFormat;
use crate::storage::{OpenContext, OpenedFormat, scan_file};
use crate::text_scan::{BlockDecoder, Blocks, FilePart, TextFormat, TextScan, lines};

/// Opens text files.
pub(crate) fn open(context: &OpenContext<'_>) -> SparkResult<OpenedFormat> {
    let options = context.options;
    let schema = match &context.given {
        Some(given) => crate::parquet::nullable(given),
        None => SparkSchema::new(vec![SparkField::new("value", SparkType::STRING, true)]),
    };
    if schema.len() > 1 {
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_1290").param("schemaSize", schema.len().to_string()));
    }
    schema.iter().try_for_each(|field| crate::write::check_type(FileFormat::Text, field))?;
    let separator = options.get("linesep").map(|text| text.as_bytes().to_vec());
    let encoding = Encoding::find(options.get("encoding").unwrap_or("UTF-8"), "TextOptions")?;
    let format = PlainText { whole: options.boolean("wholetext", false)?, separator, encoding };
    let arrow = crate::csv::text_carriers(&schema);
    let files = context.listing.files.iter().map(scan_file).collect::<SparkResult<Vec<_>>>()?;
    Ok(OpenedFormat { scan: Arc::new(TextScan { format: Arc::new(format) }), schema, arrow, files })
}

#[derive(Clone, Debug)]
struct PlainText {
    whole: bool,
    separator: Option<Vec<u8>>,
    encoding: Encoding,
}

impl TextFormat for PlainText {
    fn name(&self) -> &'static str {
        "text"
    }

    fn blocks(&self) -> Blocks {
        if self.whole || self.separator.is_some() || self.encoding != Encoding::Utf8 {
            Blocks::WholeFile(self.encoding)
        } else {
            Blocks::Lines
        }
    }

    fn decoder(&self, schema: &SchemaRef, _part: FilePart, batch_rows: usize) -> SparkResult<Box<dyn BlockDecoder>> {
        Ok(Box::new(Decoder { format: self.clone(), schema: Arc::clone(schema), batch_rows: batch_rows.max(1) }))
    }
}

struct Decoder {
    format: PlainText,
    schema: SchemaRef,
    batch_rows: usize,
}

impl Decoder {
    fn batch(&self, mut texts: StringBuilder, rows: usize) -> SparkResult<RecordBatch> {
        let columns: Vec<ArrayRef> =
            self.schema.fields().iter().map(|_| Arc::new(texts.finish()) as ArrayRef).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|error| SparkError::internal(error.to_string()))
    }
}

impl BlockDecoder for Decoder {
    fn decode(&mut self, block: &[u8]) -> SparkResult<Vec<RecordBatch>> {
        let keeps_text = !self.schema.fields().is_empty();
        if self.format.whole {
            let mut texts = StringBuilder::new();
            texts.append_value(String::from_utf8_lossy(block));
            return Ok(vec![self.batch(texts, 1)?]);
        }
        let mut batches = Vec::new();
        let mut texts = StringBuilder::new();
        let mut rows = 0;
        for line in lines(block, self.format.separator.as_deref()) {
            if keeps_text {
                texts.append_value(String::from_utf8_lossy(line));
            }
            rows += 1;
            if rows == self.batch_rows {
                batches.push(self.batch(std::mem::take(&mut texts), rows)?);
                rows = 0;
            }
        }
        if rows > 0 {
            batches.push(self.batch(texts, rows)?);
        }
        Ok(batches)
    }
}
