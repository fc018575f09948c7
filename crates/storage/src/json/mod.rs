//! JSON files: an object a line, or values that go over lines.

mod builder;
mod infer;
mod options;
mod parser;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, StringBuilder};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};

use crate::csv::Sample;
use crate::parse::{ParseMode, keep_rows, malformed};
use crate::request::FileFormat;
use crate::storage::{OpenContext, OpenedFormat, scan_file, unable_to_infer};
use crate::text_scan::{BlockDecoder, Blocks, FilePart, TextFormat, TextScan, lines, visit_blocks};
use builder::Fields;
use infer::{Shape, merge_into, schema_of};
use options::JsonOptions;
use parser::{Malformed, Node, Value, parse};

/// Opens JSON files.
pub(crate) async fn open(context: &OpenContext<'_>) -> SparkResult<OpenedFormat> {
    let options = Arc::new(JsonOptions::of(context.options, context.settings)?);
    let schema = match &context.given {
        Some(given) => crate::parquet::nullable(given),
        None => infer_schema(context, &options).await?,
    };
    crate::parse::check_corrupt_column(&schema, &options.corrupt_column)?;
    schema.iter().try_for_each(|field| crate::write::check_type(FileFormat::Json, field))?;
    let arrow = crate::csv::text_carriers(&schema);
    let format = JsonFormat { options, schema: schema.clone() };
    let files = context.listing.files.iter().map(scan_file).collect::<SparkResult<Vec<_>>>()?;
    Ok(OpenedFormat { scan: Arc::new(TextScan { format: Arc::new(format) }), schema, arrow, files })
}

async fn infer_schema(context: &OpenContext<'_>, options: &JsonOptions) -> SparkResult<SparkSchema> {
    if context.listing.files.is_empty() {
        return Err(unable_to_infer(FileFormat::Json));
    }
    let store = crate::csv::local_store(context)?;
    let mut fields: BTreeMap<String, Shape> = BTreeMap::new();
    let mut sample = Sample::new(options.sampling_ratio);
    for file in &context.listing.files {
        visit_blocks(&store, file, options.blocks(), |block| {
            let text = String::from_utf8_lossy(block);
            for record in records(&text, options) {
                if sample.takes() {
                    add_record(record, &mut fields, options)?;
                }
            }
            Ok(true)
        })
        .await?;
    }
    Ok(schema_of(fields, options.drop_all_null))
}

fn add_record(record: &str, fields: &mut BTreeMap<String, Shape>, options: &JsonOptions) -> SparkResult<()> {
    let parsed = parse(record, &options.leniency);
    let shape = match &parsed {
        Ok(None) => return Ok(()),
        Ok(Some(node)) => root_shape(node, options)?,
        Err(Malformed) => None,
    };
    match (shape, options.mode) {
        (Some(Shape::Object(found)), _) => {
            found.into_iter().for_each(|(name, shape)| merge_into(fields, name, shape));
        }
        (Some(_), _) | (None, ParseMode::DropMalformed) => {}
        (None, ParseMode::Permissive) => {
            let shape = Shape::Scalar(SparkType::STRING);
            merge_into(fields, options.corrupt_column.clone(), shape);
        }
        (None, ParseMode::FailFast) => {
            return Err(SparkError::new("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION")
                .param("badRecord", record)
                .param("failFastMode", "FAILFAST"));
        }
    }
    Ok(())
}

/// The shape of a record's columns; `None` where the record is no object and no list of objects.
fn root_shape(node: &Node<'_>, options: &JsonOptions) -> SparkResult<Option<Shape>> {
    Ok(match Shape::of(node, options)? {
        Shape::Array(element) => match *element {
            shape @ (Shape::Object(_) | Shape::Null) => Some(shape),
            _ => None,
        },
        shape @ (Shape::Object(_) | Shape::Null) => Some(shape),
        Shape::Scalar(_) => None,
    })
}

/// The records of a block: its lines, or all of it.
fn records<'a>(text: &'a str, options: &'a JsonOptions) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if options.multi_line {
        return Box::new(std::iter::once(text));
    }
    // Lines are cut at ASCII bytes or at a separator, both whole characters.
    let lines = lines(text.as_bytes(), options.line_separator.as_deref());
    Box::new(lines.filter_map(|line| std::str::from_utf8(line).ok()))
}

#[derive(Debug)]
struct JsonFormat {
    options: Arc<JsonOptions>,
    schema: SparkSchema,
}

impl TextFormat for JsonFormat {
    fn name(&self) -> &'static str {
        "json"
    }

    fn blocks(&self) -> Blocks {
        self.options.blocks()
    }

    fn decoder(&self, schema: &SchemaRef, part: FilePart, batch_rows: usize) -> SparkResult<Box<dyn BlockDecoder>> {
        let is_corrupt = |name: &str| name == self.options.corrupt_column;
        let corrupt_place = schema.fields().iter().position(|field| is_corrupt(field.name()));
        let mut read = Vec::new();
        for field in schema.fields().iter().filter(|field| !is_corrupt(field.name())) {
            let column = self.schema.iter().find(|column| column.name == *field.name());
            let column = column.ok_or_else(|| SparkError::internal(format!("no column {}", field.name())))?;
            read.push((column.name.as_str(), &column.data_type));
        }
        if read.is_empty() && corrupt_place.is_some() {
            return Err(SparkError::new("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN"));
        }
        let types = read.iter().map(|(_, data_type)| data_type.to_arrow()).collect();
        Ok(Box::new(Decoder {
            options: Arc::clone(&self.options),
            output: Arc::clone(schema),
            fields: Fields::new(read.into_iter())?,
            types,
            corrupt_place,
            url: part.url,
            batch_rows: batch_rows.max(1),
        }))
    }
}

struct Decoder {
    options: Arc<JsonOptions>,
    output: SchemaRef,
    fields: Fields,
    types: Vec<DataType>,
    /// The place of the column for corrupt records in the output.
    corrupt_place: Option<usize>,
    url: String,
    batch_rows: usize,
}

/// The marks of the rows of a batch.
#[derive(Default)]
struct Marks {
    bad: Vec<bool>,
    records: StringBuilder,
}

impl Decoder {
    fn add(&mut self, record: &str, marks: &mut Marks) -> SparkResult<()> {
        let forms = &self.options.forms;
        let one = |fields: &mut Fields, node: &Node<'_>| match &node.value {
            Value::Object(object) => fields.append(object, forms),
            Value::Null => {
                fields.append_null();
                true
            }
            _ => {
                fields.append_null();
                false
            }
        };
        let before = self.fields.len();
        let fits: Vec<bool> = match parse(record, &self.options.leniency) {
            Ok(None) => return Ok(()),
            Ok(Some(Node { value: Value::Array(elements), .. })) => {
                elements.iter().map(|node| one(&mut self.fields, node)).collect()
            }
            Ok(Some(node)) => vec![one(&mut self.fields, &node)],
            Err(Malformed) => {
                self.fields.append_null();
                vec![false]
            }
        };
        debug_assert_eq!(before + fits.len(), self.fields.len());
        for fits in fits {
            if !fits && self.options.mode == ParseMode::FailFast {
                return Err(malformed(&self.url, record));
            }
            marks.bad.push(!fits);
            if self.corrupt_place.is_some() {
                marks.records.append_option((!fits).then_some(record));
            }
        }
        Ok(())
    }

    fn flush(&mut self, marks: &mut Marks) -> SparkResult<Option<RecordBatch>> {
        if marks.bad.is_empty() {
            return Ok(None);
        }
        let bad = std::mem::take(&mut marks.bad);
        let mut columns: Vec<ArrayRef> = self.fields.finish_columns(&self.types)?;
        if let Some(place) = self.corrupt_place {
            let records: StringArray = marks.records.finish();
            columns.insert(place.min(columns.len()), Arc::new(records));
        }
        let mut length = bad.len();
        if self.options.mode == ParseMode::DropMalformed {
            columns = keep_rows(columns, &bad)?;
            length = bad.iter().filter(|bad| !**bad).count();
        }
        let options = RecordBatchOptions::new().with_row_count(Some(length));
        RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &options)
            .map(Some)
            .map_err(|error| SparkError::internal(error.to_string()))
    }
}

impl BlockDecoder for Decoder {
    fn decode(&mut self, block: &[u8]) -> SparkResult<Vec<RecordBatch>> {
        let options = Arc::clone(&self.options);
        let text = String::from_utf8_lossy(block);
        let mut batches = Vec::new();
        let mut marks = Marks::default();
        for record in records(&text, &options) {
            self.add(record, &mut marks)?;
            if marks.bad.len() >= self.batch_rows {
                batches.extend(self.flush(&mut marks)?);
            }
        }
        batches.extend(self.flush(&mut marks)?);
        Ok(batches)
    }
}
