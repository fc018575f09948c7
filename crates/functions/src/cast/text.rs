//! Any value as text, as `CAST(x AS STRING)` shows it.

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalMonthDayNanoType, IntervalYearMonthType, Time64NanosecondType,
    TimestampMicrosecondType,
};
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};

use super::Zone;
use super::datetime::{write_date, write_time, write_timestamp};
use super::interval::{CalendarParts, write_calendar, write_day_time, write_year_month};
use super::number::{write_decimal, write_double, write_float, write_plain_decimal};
use crate::kernel::{downcast, from_arrow};

/// How values print.
#[derive(Clone, Copy)]
pub struct TextStyle<'a> {
    /// Whose clock timestamps show.
    pub zone: &'a Zone,
    /// Whether decimals never have an exponent: in ANSI mode's casts, and nowhere else.
    pub plain_decimals: bool,
}

/// Writes an array's values, one at a time. A row that is NULL must not be asked for.
pub struct TextWriter<'a> {
    write: Box<dyn Fn(usize, &mut String) + 'a>,
}

impl<'a> TextWriter<'a> {
    /// A writer of values of `data_type`; timestamps show the clock of `zone`.
    pub fn new(array: &ArrayRef, data_type: &SparkType, zone: &'a Zone) -> SparkResult<Self> {
        Ok(Self { write: writer(array, data_type, TextStyle { zone, plain_decimals: false })? })
    }

    /// Appends the value at `row`.
    pub fn write(&self, row: usize, out: &mut String) {
        (self.write)(row, out);
    }
}

/// All values as text.
pub fn array_to_text(array: &ArrayRef, data_type: &SparkType, style: TextStyle<'_>) -> SparkResult<StringArray> {
    let writer = TextWriter { write: writer(array, data_type, style)? };
    let mut builder = StringBuilder::with_capacity(array.len(), array.len() * 8);
    let mut text = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            builder.append_null();
        } else {
            text.clear();
            writer.write(row, &mut text);
            builder.append_value(&text);
        }
    }
    Ok(builder.finish())
}

/// Strings of any layout as `Utf8`.
pub fn utf8(array: &ArrayRef) -> SparkResult<StringArray> {
    let array = cast(array, &DataType::Utf8).map_err(from_arrow)?;
    Ok(downcast::<StringArray>(&array)?.clone())
}

/// Binaries (or strings) of any layout as `Binary`.
pub fn binary(array: &ArrayRef) -> SparkResult<BinaryArray> {
    let array = match array.data_type() {
        DataType::Utf8View => cast(array, &DataType::Utf8).map_err(from_arrow)?,
        _ => ArrayRef::clone(array),
    };
    let array = cast(&array, &DataType::Binary).map_err(from_arrow)?;
    Ok(downcast::<BinaryArray>(&array)?.clone())
}

type Write<'a> = Box<dyn Fn(usize, &mut String) + 'a>;

macro_rules! primitive_writer {
    ($array:expr, $type:ty, |$value:ident, $out:ident| $write:expr) => {{
        let values = $array
            .as_primitive_opt::<$type>()
            .ok_or_else(|| SparkError::internal(format!("text of an array of type {}", $array.data_type())))?
            .values()
            .clone();
        Box::new(move |row: usize, $out: &mut String| {
            if let Some($value) = values.get(row).copied() {
                $write
            }
        })
    }};
}

fn writer<'a>(array: &ArrayRef, data_type: &SparkType, style: TextStyle<'a>) -> SparkResult<Write<'a>> {
    use std::fmt::Write as _;
    Ok(match data_type {
        SparkType::Null => Box::new(|_, out| out.push_str("null")),
        SparkType::Boolean => {
            let values = array
                .as_boolean_opt()
                .ok_or_else(|| SparkError::internal(format!("text of an array of type {}", array.data_type())))?
                .values()
                .clone();
            Box::new(move |row, out| out.push_str(if values.value(row) { "true" } else { "false" }))
        }
        // Writing to a String cannot fail.
        SparkType::Byte => primitive_writer!(array, Int8Type, |value, out| {
            let _ = write!(out, "{value}");
        }),
        SparkType::Short => primitive_writer!(array, Int16Type, |value, out| {
            let _ = write!(out, "{value}");
        }),
        SparkType::Integer => primitive_writer!(array, Int32Type, |value, out| {
            let _ = write!(out, "{value}");
        }),
        SparkType::Long => primitive_writer!(array, Int64Type, |value, out| {
            let _ = write!(out, "{value}");
        }),
        SparkType::Float => primitive_writer!(array, Float32Type, |value, out| write_float(value, out)),
        SparkType::Double => primitive_writer!(array, Float64Type, |value, out| write_double(value, out)),
        SparkType::Decimal { scale, .. } => {
            let scale = *scale;
            match style.plain_decimals {
                true => primitive_writer!(array, Decimal128Type, |value, out| write_plain_decimal(value, scale, out)),
                false => primitive_writer!(array, Decimal128Type, |value, out| write_decimal(value, scale, out)),
            }
        }
        SparkType::String { .. } | SparkType::Char(_) | SparkType::Varchar(_) => {
            let values = utf8(array)?;
            Box::new(move |row, out| out.push_str(values.value(row)))
        }
        SparkType::Binary => {
            let values = binary(array)?;
            Box::new(move |row, out| out.push_str(&String::from_utf8_lossy(values.value(row))))
        }
        SparkType::Date => primitive_writer!(array, Date32Type, |value, out| write_date(i64::from(value), out)),
        SparkType::Timestamp => {
            primitive_writer!(array, TimestampMicrosecondType, |value, out| write_timestamp(
                style.zone.to_local(value),
                out
            ))
        }
        SparkType::TimestampNtz => {
            primitive_writer!(array, TimestampMicrosecondType, |value, out| write_timestamp(value, out))
        }
        SparkType::Time { .. } => {
            primitive_writer!(array, Time64NanosecondType, |value, out| write_time(value / 1000, out))
        }
        SparkType::YearMonthInterval { start, end } => {
            let (start, end) = (*start, *end);
            primitive_writer!(array, IntervalYearMonthType, |value, out| write_year_month(value, start, end, out))
        }
        SparkType::DayTimeInterval { start, end } => {
            let (start, end) = (*start, *end);
            primitive_writer!(array, DurationMicrosecondType, |value, out| write_day_time(value, start, end, out))
        }
        SparkType::CalendarInterval => primitive_writer!(array, IntervalMonthDayNanoType, |value, out| {
            let interval = CalendarParts { months: value.months, days: value.days, micros: value.nanoseconds / 1000 };
            write_calendar(interval, out)
        }),
        SparkType::Array { element, .. } => list_writer(array, element, style)?,
        SparkType::Map { key, value, .. } => map_writer(array, key, value, style)?,
        SparkType::Struct(fields) => struct_writer(array, fields, style)?,
        SparkType::Variant => variant_writer(array, style.zone),
        SparkType::Geometry { .. } | SparkType::Geography { .. } => geospatial_writer(array),
        SparkType::UserDefined(udt) => writer(array, &udt.sql_type, style)?,
    })
}

fn variant_writer<'a>(array: &ArrayRef, zone: &'a Zone) -> Write<'a> {
    let values = std::sync::Arc::clone(array);
    Box::new(move |row, out| {
        // What is no variant shows nothing.
        let _ = crate::variant::json_of(&values, row, zone, out);
    })
}

fn geospatial_writer<'a>(array: &ArrayRef) -> Write<'a> {
    let values = std::sync::Arc::clone(array);
    Box::new(move |row, out| {
        // What is no geometry shows nothing.
        let _ = crate::geospatial::write_text(values.as_ref(), row, out);
    })
}

/// A writer that shows NULL as `null`.
fn nullable_writer<'a>(array: &ArrayRef, data_type: &SparkType, style: TextStyle<'a>) -> SparkResult<Write<'a>> {
    let write = writer(array, data_type, style)?;
    let nulls = array.logical_nulls();
    Ok(Box::new(move |row, out| match &nulls {
        Some(nulls) if nulls.is_null(row) => out.push_str("null"),
        Some(_) | None => write(row, out),
    }))
}

fn struct_writer<'a>(array: &ArrayRef, fields: &SparkSchema, style: TextStyle<'a>) -> SparkResult<Write<'a>> {
    let values = array
        .as_struct_opt()
        .ok_or_else(|| SparkError::internal(format!("text of an array of type {}", array.data_type())))?;
    let fields: SparkResult<Vec<_>> = values
        .columns()
        .iter()
        .zip(fields.iter())
        .map(|(column, field)| nullable_writer(column, &field.data_type, style))
        .collect();
    let fields = fields?;
    Ok(Box::new(move |row, out| {
        out.push('{');
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            field(row, out);
        }
        out.push('}');
    }))
}

fn list_writer<'a>(array: &ArrayRef, element: &SparkType, style: TextStyle<'a>) -> SparkResult<Write<'a>> {
    let array = super::nested::list(array)?;
    let write = nullable_writer(array.values(), element, style)?;
    let offsets = array.offsets().clone();
    Ok(Box::new(move |row, out| {
        out.push('[');
        for (index, place) in places(&offsets, row).enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            write(place, out);
        }
        out.push(']');
    }))
}

fn map_writer<'a>(
    array: &ArrayRef,
    key: &SparkType,
    value: &SparkType,
    style: TextStyle<'a>,
) -> SparkResult<Write<'a>> {
    let array = array
        .as_map_opt()
        .ok_or_else(|| SparkError::internal(format!("text of an array of type {}", array.data_type())))?;
    let write_key = writer(array.keys(), key, style)?;
    let write_value = nullable_writer(array.values(), value, style)?;
    let offsets = array.offsets().clone();
    Ok(Box::new(move |row, out| {
        out.push('{');
        for (index, place) in places(&offsets, row).enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            write_key(place, out);
            out.push_str(" -> ");
            write_value(place, out);
        }
        out.push('}');
    }))
}

/// Where a list's values are.
fn places(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    let at = |row: usize| offsets.get(row).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
    at(row)..at(row + 1)
}
