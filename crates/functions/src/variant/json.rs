//! Variants from JSON text and as JSON text.

use arrow::array::{Array, ArrayRef, AsArray};
use firesteel_base::SparkResult;

use super::binary::{Value, decode};
use crate::cast::Zone;
use crate::cast::datetime::{write_date, write_timestamp};
use crate::cast::number::{write_double, write_float, write_plain_decimal};
use crate::collection::json::base64;
use crate::collection::json::tree::{Dialect, Node, Value as Json, parse};
use crate::collection::json::write::write_text;

/// The value of a JSON text; `None` if it is none, or names a field twice.
pub(super) fn parse_json(text: &str) -> Option<Value> {
    let json = parse(text, Dialect::STRICT)?;
    let behind = text.trim_start().get(json.raw.len()..)?;
    if !behind.trim().is_empty() {
        return None;
    }
    of_json(&json)
}

fn of_json(json: &Json<'_>) -> Option<Value> {
    Some(match &json.node {
        Node::Null => Value::Null,
        Node::Boolean(value) => Value::Boolean(*value),
        Node::Text(text) => Value::Text(text.clone()),
        Node::Number(spelling) => of_number(spelling)?,
        Node::Array(items) => Value::Array(items.iter().map(of_json).collect::<Option<_>>()?),
        Node::Object(fields) => {
            let mut values: Vec<(String, Value)> = Vec::with_capacity(fields.len());
            for (name, value) in fields {
                if values.iter().any(|(known, _)| known == name) {
                    return None;
                }
                values.push((name.clone(), of_json(value)?));
            }
            Value::Object(values)
        }
    })
}

/// A whole number, else a decimal if it is written without exponent and fits, else a double.
fn of_number(spelling: &str) -> Option<Value> {
    if let Ok(number) = spelling.parse::<i64>() {
        return Some(Value::Long(number));
    }
    if !spelling.contains(['e', 'E']) {
        let (whole, fraction) = spelling.split_once('.').unwrap_or((spelling, ""));
        let digits = format!("{whole}{fraction}");
        let precision = digits.trim_start_matches(['-', '0']).len();
        if let (Ok(unscaled), Ok(scale)) = (digits.parse::<i128>(), u8::try_from(fraction.len()))
            && precision <= 38
            && scale <= 38
        {
            return Some(decimal(unscaled, scale));
        }
    }
    spelling.parse().ok().map(Value::Double)
}

/// A decimal without zeros at its end.
pub(super) fn decimal(mut unscaled: i128, mut scale: u8) -> Value {
    while scale > 0 && unscaled % 10 == 0 {
        unscaled /= 10;
        scale -= 1;
    }
    Value::Decimal(unscaled, scale)
}

/// Writes JSON text; timestamps show the clock of `zone`.
pub(super) fn write_json(value: &Value, zone: &Zone, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Long(number) => out.push_str(&number.to_string()),
        Value::Double(number) if number.is_finite() => write_double(*number, out),
        Value::Float(number) if number.is_finite() => write_float(*number, out),
        Value::Double(_) | Value::Float(_) => {
            let mut text = String::new();
            plain(value, zone, &mut text);
            write_text(&text, out);
        }
        Value::Decimal(unscaled, scale) => {
            if let Value::Decimal(unscaled, scale) = decimal(*unscaled, *scale) {
                write_plain_decimal(unscaled, i8::try_from(scale).unwrap_or(0), out);
            }
        }
        Value::Text(text) => write_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(item, zone, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(name, out);
                out.push(':');
                write_json(value, zone, out);
            }
            out.push('}');
        }
        Value::Date(_) | Value::Timestamp(_) | Value::TimestampNtz(_) | Value::Binary(_) | Value::Uuid(_) => {
            out.push('"');
            plain(value, zone, out);
            out.push('"');
        }
    }
}

/// A value that is neither text nor nested, without quotes.
fn plain(value: &Value, zone: &Zone, out: &mut String) {
    match value {
        Value::Date(days) => write_date(i64::from(*days), out),
        Value::TimestampNtz(micros) => write_timestamp(*micros, out),
        Value::Timestamp(micros) => {
            write_timestamp(zone.to_local(*micros), out);
            let offset = zone.offset_at(*micros);
            let (sign, offset) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
            out.push_str(&format!("{sign}{:02}:{:02}", offset / 3600, offset / 60 % 60));
        }
        Value::Binary(bytes) => base64::encode(bytes, out),
        Value::Double(number) => write_double(*number, out),
        Value::Float(number) => write_float(*number, out),
        Value::Uuid(bytes) => {
            for (index, byte) in bytes.iter().enumerate() {
                if matches!(index, 4 | 6 | 8 | 10) {
                    out.push('-');
                }
                out.push_str(&format!("{byte:02x}"));
            }
        }
        other => write_json(other, zone, out),
    }
}

/// The value at `row` of an array of variants.
pub(super) fn value_at(array: &ArrayRef, row: usize) -> SparkResult<Value> {
    let (values, metadata) = parts(array)?;
    decode(values.value(row), metadata.value(row))
}

/// The values and the metadata of an array of variants.
pub(super) fn parts(array: &ArrayRef) -> SparkResult<(arrow::array::BinaryArray, arrow::array::BinaryArray)> {
    let fault = || firesteel_base::SparkError::internal("a variant without its parts");
    let structs = array.as_struct_opt().ok_or_else(fault)?;
    let part = |name: &str| {
        let column = structs.column_by_name(name).ok_or_else(fault)?;
        crate::cast::text::binary(column)
    };
    Ok((part("value")?, part("metadata")?))
}

/// The JSON text of the variant at `row`; `zone` is the session's time zone.
pub fn write_json_text(array: &dyn Array, row: usize, zone: &str, out: &mut String) -> SparkResult<()> {
    json_of(&array.slice(row, 1), 0, &Zone::parse(zone)?, out)
}

pub(crate) fn json_of(array: &ArrayRef, row: usize, zone: &Zone, out: &mut String) -> SparkResult<()> {
    write_json(&value_at(array, row)?, zone, out);
    Ok(())
}
