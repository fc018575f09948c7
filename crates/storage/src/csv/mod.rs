//! CSV files: records into typed columns, with Spark's options and its three ways with malformed records.

mod decoder;
mod infer;
mod options;
mod tokenizer;

use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef, SchemaRef};
use datafusion::execution::object_store::ObjectStoreUrl;
use firesteel_base::{SparkError, SparkResult, SparkSchema};
use object_store::ObjectStore;

use crate::error::from_datafusion;
use crate::request::FileFormat;
use crate::storage::{OpenContext, OpenedFormat, scan_file, unable_to_infer};
use crate::text_scan::{BlockDecoder, Blocks, FilePart, TextFormat, TextScan, large_first, visit_blocks};
use decoder::{Decoder, Records};
use infer::Inference;
use options::CsvOptions;

pub(crate) use options::delimiter;

/// Opens CSV files.
pub(crate) async fn open(context: &OpenContext<'_>) -> SparkResult<OpenedFormat> {
    let options = Arc::new(CsvOptions::of(context.options, context.settings)?);
    let schema = match &context.given {
        Some(given) => crate::parquet::nullable(given),
        None => infer_schema(context, &options).await?,
    };
    crate::parse::check_corrupt_column(&schema, &options.corrupt_column)?;
    schema.iter().try_for_each(|field| crate::write::check_type(FileFormat::Csv, field))?;
    let arrow: Vec<FieldRef> = text_carriers(&schema);
    let format = CsvFormat { options, schema: schema.clone() };
    let files = context.listing.files.iter().map(scan_file).collect::<SparkResult<Vec<_>>>()?;
    Ok(OpenedFormat { scan: Arc::new(TextScan { format: Arc::new(format) }), schema, arrow, files })
}

/// The Arrow fields that carry the columns of text formats.
pub(crate) fn text_carriers(schema: &SparkSchema) -> Vec<FieldRef> {
    let carrier = |field: &firesteel_base::SparkField| -> FieldRef {
        Arc::new(Field::new(&field.name, field.data_type.to_arrow(), true))
    };
    schema.iter().map(carrier).collect()
}

async fn infer_schema(context: &OpenContext<'_>, options: &CsvOptions) -> SparkResult<SparkSchema> {
    if context.listing.files.is_empty() {
        return Err(unable_to_infer(FileFormat::Csv));
    }
    let store = context.runtime.object_store(ObjectStoreUrl::local_filesystem()).map_err(from_datafusion)?;
    let mut names: Option<Vec<String>> = None;
    let mut first_record: Option<Vec<u8>> = None;
    let mut inference: Option<Inference<'_>> = None;
    let mut sample = Sample::new(options.sampling_ratio);
    let mut failure: Option<SparkError> = None;
    for file in large_first(&context.listing.files) {
        let url = file.location.url();
        let mut at_start = true;
        visit_blocks(&store, file, options.blocks(), |block| {
            let mut records = Records::new(options, block, at_start);
            at_start = false;
            while let Some((record, tokens)) = records.next_record(&url).transpose()? {
                if names.is_none() {
                    names = Some(infer::names(tokens, options));
                    inference = Some(Inference::new(options, tokens.len()));
                    first_record = Some(record.to_vec());
                    if options.header {
                        continue;
                    }
                }
                if !options.infer_schema {
                    return Ok(false);
                }
                // The header of every file is passed over.
                let is_header = options.header && first_record.as_deref() == Some(record);
                if !is_header
                    && sample.takes()
                    && let Some(inference) = &mut inference
                {
                    inference.add(tokens);
                }
            }
            Ok(true)
        })
        .await
        .unwrap_or_else(|error| failure = Some(error));
        if let Some(failure) = failure.take() {
            return Err(failure);
        }
        if names.is_some() && !options.infer_schema {
            break;
        }
    }
    Ok(match (inference, names) {
        (Some(inference), Some(names)) => inference.schema(names),
        _ => SparkSchema::default(),
    })
}

/// Which records inference looks at: a fixed pattern of the given density.
pub(crate) struct Sample {
    ratio: f64,
    due: f64,
}

impl Sample {
    pub(crate) fn new(ratio: f64) -> Self {
        Self { ratio, due: 1.0 - ratio.min(1.0) }
    }

    pub(crate) fn takes(&mut self) -> bool {
        self.due += self.ratio;
        if self.due >= 1.0 {
            self.due = (self.due - 1.0).min(1.0);
            return true;
        }
        false
    }
}

#[derive(Debug)]
struct CsvFormat {
    options: Arc<CsvOptions>,
    /// All columns in files, the one for corrupt records included.
    schema: SparkSchema,
}

impl TextFormat for CsvFormat {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn blocks(&self) -> Blocks {
        self.options.blocks()
    }

    fn decoder(&self, schema: &SchemaRef, part: FilePart, batch_rows: usize) -> SparkResult<Box<dyn BlockDecoder>> {
        Ok(Box::new(Decoder::new(&self.options, &self.schema, schema, part, batch_rows)?))
    }
}

/// The store that holds local files.
pub(crate) fn local_store(context: &OpenContext<'_>) -> SparkResult<Arc<dyn ObjectStore>> {
    context.runtime.object_store(ObjectStoreUrl::local_filesystem()).map_err(from_datafusion)
}
