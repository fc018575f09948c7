//! JSON output: an object a line, NULL fields left out unless asked for.

use std::path::Path;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalYearMonthType, TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use base64::Engine as _;
use firesteel_base::number::{java_double, java_float};
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};

use super::{RecordWriter, WriterFactory};
use crate::options::Options;
use crate::output::{Codec, TextFile};
use crate::settings::FileSettings;
use crate::value_text::{self, TextForms};

pub(super) struct Factory {
    schema: SparkSchema,
    codec: Codec,
    style: Style,
}

#[derive(Clone)]
struct Style {
    forms: TextForms,
    ignore_null_fields: bool,
    line_separator: String,
}

impl Factory {
    pub(super) fn new(schema: &SparkSchema, options: &Options, settings: &FileSettings) -> SparkResult<Self> {
        options.refuse_unless("JSON", "encoding", &["UTF-8", "UTF8"])?;
        options.refuse_unless("JSON", "charset", &["UTF-8", "UTF8"])?;
        options.refuse_unless("JSON", "pretty", &["false"])?;
        options.refuse_unless("JSON", "writeNonAsciiCharacterAsCodePoint", &["false"])?;
        let style = Style {
            forms: TextForms::of_file(options, settings)?,
            ignore_null_fields: options.boolean("ignorenullfields", settings.json_ignore_null_fields)?,
            line_separator: options.string("linesep", "\n"),
        };
        Ok(Self { schema: schema.clone(), codec: Codec::of(options)?, style })
    }
}

impl WriterFactory for Factory {
    fn extension(&self) -> String {
        format!(".json{}", self.codec.extension())
    }

    fn create(&self, path: &Path) -> SparkResult<Box<dyn RecordWriter>> {
        let file = TextFile::create(path, self.codec)?;
        Ok(Box::new(Writer { file, schema: self.schema.clone(), style: self.style.clone(), buffer: String::new() }))
    }
}

struct Writer {
    file: TextFile,
    schema: SparkSchema,
    style: Style,
    buffer: String,
}

impl RecordWriter for Writer {
    fn write(&mut self, batch: &RecordBatch) -> SparkResult<()> {
        let object = Object::of(&self.schema, batch.columns(), &self.style)?;
        self.buffer.clear();
        for row in 0..batch.num_rows() {
            object.write(row, &mut self.buffer);
            self.buffer.push_str(&self.style.line_separator);
        }
        self.file.write(self.buffer.as_bytes())
    }

    fn finish(self: Box<Self>) -> SparkResult<u64> {
        self.file.finish()
    }
}

/// Writes the value of one row; called for values that are not NULL.
type Encoder<'a> = Box<dyn Fn(usize, &mut String) + 'a>;

/// The fields of objects: a row's, or a struct's.
struct Object<'a> {
    fields: Vec<(String, &'a ArrayRef, Encoder<'a>)>,
    ignore_null_fields: bool,
}

impl<'a> Object<'a> {
    fn of(schema: &SparkSchema, columns: &'a [ArrayRef], style: &'a Style) -> SparkResult<Self> {
        let fields = schema
            .iter()
            .zip(columns)
            .map(|(field, column)| {
                let mut name = String::new();
                string(&field.name, &mut name);
                name.push(':');
                Ok((name, column, encoder(column, &field.data_type, style)?))
            })
            .collect::<SparkResult<Vec<_>>>()?;
        Ok(Self { fields, ignore_null_fields: style.ignore_null_fields })
    }

    fn write(&self, row: usize, output: &mut String) {
        output.push('{');
        let mut first = true;
        for (name, column, encode) in &self.fields {
            let null = is_null(column, row);
            if null && self.ignore_null_fields {
                continue;
            }
            if !first {
                output.push(',');
            }
            first = false;
            output.push_str(name);
            if null { output.push_str("null") } else { encode(row, output) }
        }
        output.push('}');
    }
}

fn is_null(column: &ArrayRef, row: usize) -> bool {
    column.is_null(row) || column.data_type() == &arrow::datatypes::DataType::Null
}

fn primitive<'a, T: ArrowPrimitiveType>(
    column: &'a ArrayRef,
    write: impl Fn(T::Native, &mut String) + 'a,
) -> Encoder<'a> {
    let values = column.as_primitive::<T>();
    Box::new(move |row, output| write(values.value(row), output))
}

fn number<T: ArrowPrimitiveType>(column: &ArrayRef) -> Encoder<'_>
where
    T::Native: std::fmt::Display,
{
    primitive::<T>(column, |value, output| output.push_str(&value.to_string()))
}

/// A value between quotes that needs no escapes.
fn quoted<'a, T: ArrowPrimitiveType>(column: &'a ArrayRef, write: impl Fn(T::Native, &mut String) + 'a) -> Encoder<'a> {
    primitive::<T>(column, move |value, output| {
        output.push('"');
        write(value, output);
        output.push('"');
    })
}

fn floating(text: &str, finite: bool, output: &mut String) {
    if finite {
        output.push_str(text);
    } else {
        output.push('"');
        output.push_str(text);
        output.push('"');
    }
}

fn encoder<'a>(column: &'a ArrayRef, data_type: &SparkType, style: &'a Style) -> SparkResult<Encoder<'a>> {
    let forms = &style.forms;
    Ok(match data_type {
        SparkType::Null => Box::new(|_, output| output.push_str("null")),
        SparkType::Boolean => {
            let values = column.as_boolean();
            Box::new(|row, output| output.push_str(if values.value(row) { "true" } else { "false" }))
        }
        SparkType::Byte => number::<Int8Type>(column),
        SparkType::Short => number::<Int16Type>(column),
        SparkType::Integer => number::<Int32Type>(column),
        SparkType::Long => number::<Int64Type>(column),
        SparkType::Float => primitive::<Float32Type>(column, |value, output| {
            floating(&java_float(value), value.is_finite(), output);
        }),
        SparkType::Double => primitive::<Float64Type>(column, |value, output| {
            floating(&java_double(value), value.is_finite(), output);
        }),
        SparkType::Decimal { scale, .. } => {
            let scale = *scale;
            primitive::<Decimal128Type>(column, move |value, output| value_text::java_decimal(value, scale, output))
        }
        SparkType::String { .. } | SparkType::Char(_) | SparkType::Varchar(_) => {
            let values = column.as_string::<i32>();
            Box::new(|row, output| string(values.value(row), output))
        }
        SparkType::Binary => {
            let values = column.as_binary::<i32>();
            Box::new(|row, output| {
                output.push('"');
                base64::engine::general_purpose::STANDARD.encode_string(values.value(row), output);
                output.push('"');
            })
        }
        SparkType::Date => quoted::<Date32Type>(column, |value, output| value_text::date(value, forms, output)),
        SparkType::Timestamp => {
            quoted::<TimestampMicrosecondType>(column, |value, output| value_text::timestamp(value, forms, output))
        }
        SparkType::TimestampNtz => {
            quoted::<TimestampMicrosecondType>(column, |value, output| value_text::timestamp_ntz(value, forms, output))
        }
        SparkType::DayTimeInterval { start, end } => {
            let (start, end) = (*start, *end);
            quoted::<DurationMicrosecondType>(column, move |value, output| {
                value_text::day_time(value, start, end, output);
            })
        }
        SparkType::YearMonthInterval { start, end } => {
            let (start, end) = (*start, *end);
            quoted::<IntervalYearMonthType>(column, move |value, output| {
                value_text::year_month(value, start, end, output);
            })
        }
        SparkType::Array { element, .. } => list(column, element, style)?,
        SparkType::Map { key, value, .. } => map(column, key, value, style)?,
        SparkType::Struct(schema) => {
            let object = Object::of(schema, column.as_struct().columns(), style)?;
            Box::new(move |row, output| object.write(row, output))
        }
        SparkType::UserDefined(udt) => encoder(column, &udt.sql_type, style)?,
        other @ (SparkType::Time { .. }
        | SparkType::CalendarInterval
        | SparkType::Variant
        | SparkType::Geometry { .. }
        | SparkType::Geography { .. }) => {
            return Err(SparkError::unsupported(format!("{} in JSON files", other.sql())));
        }
    })
}

fn list<'a>(column: &'a ArrayRef, element: &SparkType, style: &'a Style) -> SparkResult<Encoder<'a>> {
    let list = column.as_list::<i32>();
    let encode = encoder(list.values(), element, style)?;
    Ok(Box::new(move |row, output| {
        output.push('[');
        for (place, index) in range(list.value_offsets(), row).enumerate() {
            if place > 0 {
                output.push(',');
            }
            if is_null(list.values(), index) { output.push_str("null") } else { encode(index, output) }
        }
        output.push(']');
    }))
}

fn map<'a>(column: &'a ArrayRef, key: &SparkType, value: &SparkType, style: &'a Style) -> SparkResult<Encoder<'a>> {
    let map = column.as_map();
    let encode_key = key_encoder(map.keys(), key)?;
    let encode_value = encoder(map.values(), value, style)?;
    Ok(Box::new(move |row, output| {
        output.push('{');
        let mut first = true;
        for index in range(map.value_offsets(), row) {
            let null = is_null(map.values(), index);
            if !first {
                output.push(',');
            }
            first = false;
            encode_key(index, output);
            output.push(':');
            if null { output.push_str("null") } else { encode_value(index, output) }
        }
        output.push('}');
    }))
}

/// Keys as Spark names them: the value inside, so a date is its number of days.
fn key_encoder<'a>(keys: &'a ArrayRef, data_type: &SparkType) -> SparkResult<Encoder<'a>> {
    Ok(match data_type {
        SparkType::String { .. } | SparkType::Char(_) | SparkType::Varchar(_) => {
            let values = keys.as_string::<i32>();
            Box::new(|row, output| string(values.value(row), output))
        }
        SparkType::Boolean => {
            let values = keys.as_boolean();
            Box::new(|row, output| output.push_str(if values.value(row) { "\"true\"" } else { "\"false\"" }))
        }
        SparkType::Byte => quoted::<Int8Type>(keys, |value, output| output.push_str(&value.to_string())),
        SparkType::Short => quoted::<Int16Type>(keys, |value, output| output.push_str(&value.to_string())),
        SparkType::Integer => quoted::<Int32Type>(keys, |value, output| output.push_str(&value.to_string())),
        SparkType::Long => quoted::<Int64Type>(keys, |value, output| output.push_str(&value.to_string())),
        SparkType::Float => quoted::<Float32Type>(keys, |value, output| output.push_str(&java_float(value))),
        SparkType::Double => quoted::<Float64Type>(keys, |value, output| output.push_str(&java_double(value))),
        SparkType::Decimal { scale, .. } => {
            let scale = *scale;
            quoted::<Decimal128Type>(keys, move |value, output| value_text::java_decimal(value, scale, output))
        }
        SparkType::Date => quoted::<Date32Type>(keys, |value, output| output.push_str(&value.to_string())),
        SparkType::Timestamp | SparkType::TimestampNtz => {
            quoted::<TimestampMicrosecondType>(keys, |value, output| output.push_str(&value.to_string()))
        }
        other => return Err(SparkError::unsupported(format!("keys of type {} in JSON files", other.sql()))),
    })
}

fn range(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    let at = |place: usize| offsets.get(place).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
    at(row)..at(row + 1)
}

/// A JSON string with its quotes.
fn string(value: &str, output: &mut String) {
    output.push('"');
    let mut rest = value;
    while let Some(position) = rest.find(|character: char| character < ' ' || matches!(character, '"' | '\\')) {
        let (plain, tail) = rest.split_at(position);
        output.push_str(plain);
        let mut characters = tail.chars();
        match characters.next() {
            Some('"') => output.push_str("\\\""),
            Some('\\') => output.push_str("\\\\"),
            Some('\n') => output.push_str("\\n"),
            Some('\r') => output.push_str("\\r"),
            Some('\t') => output.push_str("\\t"),
            Some('\u{8}') => output.push_str("\\b"),
            Some('\u{c}') => output.push_str("\\f"),
            Some(control) => output.push_str(&format!("\\u{:04X}", u32::from(control))),
            None => {}
        }
        rest = characters.as_str();
    }
    output.push_str(rest);
    output.push('"');
}
