//! `from_xml`: a struct of a given type from XML text.
//!
//! Attributes go to the fields of their names behind the attribute prefix, the text beside other content to the value
//! tag's field. What comes behind a value that is not of its field's type is not read.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr};
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};

use super::tree::{Document, Kind};
use crate::call::Call;
use crate::cast::{CastMode, Zone, cast_array, datetime};
use crate::coercion::{Expected, quoted, quoted_type};
use crate::collection::{Options, nullable};
use crate::datetime::PatternReader;
use crate::function::{Function, Scalar};
use crate::kernel::cells::{Cell, build};
use crate::kernel::rows::text;
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const FUNCTION: Function = Function::scalar("from_xml", bind)
    .arity(2..=3)
    .prints(|arguments| format!("from_xml({})", arguments.first().map_or("", String::as_str)))
    .since("4.0.0");

kernels! {
    /// Of a text and the options.
    FromXml = "spark_from_xml" => evaluate;
}

/// Options that are known and not built.
const REFUSED: &[&str] = &["rowvalidationxsdpath", "ignorenamespace"];

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let argument = call.argument(0)?;
    if !argument.data_type.is_string() && argument.data_type != SparkType::Null {
        return Err(call.unexpected_input_type(0, &Expected::STRING));
    }
    let input = call.argument(1)?;
    let schema = match &input.constant {
        Some(
            ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
        ) => (call.context.parse_schema)(text)?,
        Some(_) | None => {
            return Err(SparkError::new("INVALID_SCHEMA.NON_STRING_LITERAL").param("inputSchema", quoted(&input.sql())));
        }
    };
    if !matches!(schema, SparkType::Struct(_)) {
        return Err(SparkError::new("INVALID_SCHEMA.NON_STRUCT_TYPE")
            .param("inputSchema", quoted(&input.sql()))
            .param("dataType", quoted_type(&schema)));
    }
    let options = Options::of_call(call, 2)?;
    if let Some(refused) = REFUSED.iter().find(|name| options.get(name).is_some()) {
        return Err(SparkError::unsupported(format!("the XML option {refused}")));
    }
    let mode = options.get("mode").unwrap_or("PERMISSIVE").to_uppercase();
    if mode != "PERMISSIVE" && mode != "FAILFAST" {
        return Err(SparkError::new("PARSE_MODE_UNSUPPORTED").param("funcName", "`from_xml`").param("mode", mode));
    }
    let data_type = nullable(&schema);
    let result = data_type.clone();
    let mut types = call.data_types();
    if let Some(xml) = types.first_mut() {
        *xml = SparkType::STRING;
    }
    let build = move |mut arguments: Vec<Expr>| {
        arguments.truncate(1);
        arguments.push(options.to_expr());
        kernel_call(kernel_udf(FromXml), arguments, &result, -1)
    };
    Ok(Scalar::expr(call, data_type, build).casting(types).nullable(true))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (texts, options) = (text(arrays, 0)?, text(arrays, 1)?);
        let options = Options::from_text(if options.is_empty() { "{}" } else { options.value(0) });
        let Some(SparkType::Struct(schema)) = SparkType::from_arrow(call.return_type) else {
            return Err(SparkError::internal("from_xml yields structs"));
        };
        let fails = options.get("mode").is_some_and(|mode| mode.eq_ignore_ascii_case("FAILFAST"));
        let corrupt = options.get("columnnameofcorruptrecord").unwrap_or("_corrupt_record");
        let corrupt = schema.iter().position(|field| field.name == corrupt && field.data_type.is_string());
        let reader = Reader::new(&options, call.time_zone())?;
        let mut cells = Vec::with_capacity(texts.len());
        for row in 0..texts.len() {
            if texts.is_null(row) {
                cells.push(Cell::Null);
                continue;
            }
            let mut fields = vec![Cell::Null; schema.len()];
            let xml = texts.value(row);
            let document = Document::parse(xml);
            let read = document
                .as_ref()
                .and_then(|document| reader.object(document, document.root()?, &schema, &mut fields).then_some(()));
            if read.is_none() {
                if fails {
                    return Err(SparkError::new("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION")
                        .param("badRecord", "[null]")
                        .param("failFastMode", "FAILFAST"));
                }
                if let Some(corrupt) = corrupt.and_then(|corrupt| fields.get_mut(corrupt)) {
                    *corrupt = Cell::Leaf(ScalarValue::Utf8(Some(xml.to_owned())));
                }
            }
            cells.push(Cell::Struct(fields));
        }
        build(&cells.iter().collect::<Vec<_>>(), call.return_type)
    })
}

struct Reader {
    attribute_prefix: String,
    value_tag: String,
    null_value: Option<String>,
    trims: bool,
    excludes_attributes: bool,
    zone: Zone,
    zone_name: String,
    dates: Option<PatternReader>,
    timestamps: Option<PatternReader>,
    ntz_timestamps: Option<PatternReader>,
    times: Option<PatternReader>,
}

impl Reader {
    fn new(options: &Options, zone: &str) -> SparkResult<Self> {
        let pattern = |name: &str| options.get(name).map(PatternReader::new).transpose();
        Ok(Self {
            attribute_prefix: options.get("attributeprefix").unwrap_or("_").to_owned(),
            value_tag: options.get("valuetag").unwrap_or("_VALUE").to_owned(),
            null_value: options.get("nullvalue").map(str::to_owned),
            trims: options.flag("ignoresurroundingspaces", true),
            excludes_attributes: options.flag("excludeattribute", false),
            zone: Zone::parse(zone)?,
            zone_name: zone.to_owned(),
            dates: pattern("dateformat")?,
            timestamps: pattern("timestampformat")?,
            ntz_timestamps: pattern("timestampntzformat")?,
            times: pattern("timeformat")?,
        })
    }

    /// Reads an element's attributes and content into fields; false if a value is not of its field's type.
    fn object(&self, document: &Document, element: usize, schema: &SparkSchema, fields: &mut [Cell]) -> bool {
        let place = |name: &str| schema.iter().position(|field| field.name.eq_ignore_ascii_case(name));
        if !self.excludes_attributes {
            for (name, value) in document.attributes(element) {
                let found = place(&format!("{}{name}", self.attribute_prefix));
                let Some((index, field)) = found.and_then(|index| Some((index, schema.iter().nth(index)?))) else {
                    continue;
                };
                let Some(cell) = self.leaf(value, &field.data_type) else { return false };
                set(fields, index, cell);
            }
        }
        let children = document.node(element).map(|node| node.children.clone()).unwrap_or_default();
        for child in children {
            let name = match document.node(child).map(|node| &node.kind) {
                Some(Kind::Element(name)) => name.clone(),
                Some(Kind::Text(text)) if !text.trim().is_empty() => self.value_tag.clone(),
                _ => continue,
            };
            let found = place(&name);
            let Some((index, field)) = found.and_then(|index| Some((index, schema.iter().nth(index)?))) else {
                continue;
            };
            if let SparkType::Array { element, .. } = &field.data_type {
                let Some(cell) = self.field(document, child, element) else { return false };
                match fields.get_mut(index) {
                    Some(Cell::List(items)) => items.push(cell),
                    Some(other) => *other = Cell::List(vec![cell]),
                    None => {}
                }
            } else {
                let Some(cell) = self.field(document, child, &field.data_type) else { return false };
                set(fields, index, cell);
            }
        }
        true
    }

    /// The value of an element or text; `None` if it is not of the type.
    fn field(&self, document: &Document, node: usize, data_type: &SparkType) -> Option<Cell> {
        let has_elements = document.elements(node).next().is_some();
        match data_type {
            SparkType::Struct(schema) => {
                let mut fields = vec![Cell::Null; schema.len()];
                self.object(document, node, schema, &mut fields).then_some(Cell::Struct(fields))
            }
            SparkType::Map { value, .. } => self.map(document, node, value),
            SparkType::Array { element, .. } => Some(Cell::List(vec![self.field(document, node, element)?])),
            text if text.is_string() && has_elements => {
                let (start, end) = document.node(node)?.content;
                let raw = document.source(start, end)?;
                Some(Cell::Leaf(ScalarValue::Utf8(Some(raw.to_owned()))))
            }
            _ if has_elements => None,
            leaf => self.leaf(&document.text(node), leaf),
        }
    }

    fn map(&self, document: &Document, element: usize, value: &SparkType) -> Option<Cell> {
        let mut entries: Vec<(String, Cell)> = Vec::new();
        let mut put = |key: String, cell: Cell| match entries.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = cell,
            None => entries.push((key, cell)),
        };
        if !self.excludes_attributes {
            for (name, text) in document.attributes(element) {
                put(format!("{}{name}", self.attribute_prefix), self.leaf(text, value)?);
            }
        }
        for child in document.elements(element) {
            put(document.name(child).to_owned(), self.field(document, child, value)?);
        }
        Some(Cell::Map(entries))
    }

    /// A plain value; `None` if the text is not of the type.
    fn leaf(&self, raw: &str, data_type: &SparkType) -> Option<Cell> {
        let text = if self.trims || !data_type.is_string() { raw.trim() } else { raw };
        if self.null_value.as_deref() == Some(text) {
            return Some(Cell::Null);
        }
        if data_type.is_string() {
            return Some(Cell::Leaf(ScalarValue::Utf8(Some(text.to_owned()))));
        }
        if text.is_empty() || *data_type == SparkType::Null {
            return Some(Cell::Null);
        }
        let value = match data_type {
            SparkType::Boolean => match text {
                "true" | "1" => ScalarValue::Boolean(Some(true)),
                "false" | "0" => ScalarValue::Boolean(Some(false)),
                _ => return None,
            },
            SparkType::Date => ScalarValue::Date32(Some(match &self.dates {
                Some(pattern) => pattern.date(text, &self.zone)?,
                None => datetime::parse_date(text)?,
            })),
            SparkType::Timestamp => {
                let micros = match &self.timestamps {
                    Some(pattern) => pattern.timestamp(text, &self.zone)?,
                    None => datetime::parse_timestamp(text, &self.zone, datetime::today)?,
                };
                ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()))
            }
            SparkType::TimestampNtz => ScalarValue::TimestampMicrosecond(
                Some(match &self.ntz_timestamps {
                    Some(pattern) => pattern.timestamp(text, &Zone::UTC)?,
                    None => datetime::parse_timestamp_ntz(text, false)?,
                }),
                None,
            ),
            SparkType::Time { precision } => {
                let micros = match &self.times {
                    Some(pattern) => pattern.timestamp(text, &Zone::UTC)?.rem_euclid(datetime::MICROS_PER_DAY),
                    None => datetime::parse_time(text)?,
                };
                let unit = 10_i64.pow(u32::from(9_u8.saturating_sub(*precision)));
                ScalarValue::Time64Nanosecond(Some(micros * 1000 / unit * unit))
            }
            SparkType::Binary | SparkType::Variant => return None,
            other => {
                let texts: ArrayRef = Arc::new(StringArray::from(vec![text]));
                let cast = cast_array(&texts, &SparkType::STRING, other, CastMode::Try, &self.zone_name).ok()?;
                let value = ScalarValue::try_from_array(&cast, 0).ok()?;
                if value.is_null() {
                    return None;
                }
                value
            }
        };
        Some(Cell::Leaf(value))
    }
}

fn set(fields: &mut [Cell], index: usize, cell: Cell) {
    if let Some(slot) = fields.get_mut(index) {
        *slot = cell;
    }
}
