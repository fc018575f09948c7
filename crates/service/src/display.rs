//! Values as Spark's `show` prints them.
//!
//! The same words for the same value whatever made it: `NULL` for nulls at any depth, binary as `[01 FF]`, timestamps
//! in the session's zone, floating-point numbers as the JVM spells them.

use std::fmt::Write;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StructArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalMonthDayNanoType, IntervalYearMonthType, Time64NanosecondType,
    TimestampMicrosecondType,
};
use firesteel_base::number::{java_double, java_float};
use firesteel_base::types::{DayTimeField, YearMonthField};
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};
use firesteel_functions::geospatial::write_text;
use firesteel_functions::variant::write_json_text;

use crate::time_zone::TimeZone;

/// Prints values of result batches.
#[derive(Clone, Copy, Debug)]
pub struct Display {
    zone: TimeZone,
}

fn mismatch() -> SparkError {
    SparkError::internal("a column's values are not of its type")
}

impl Display {
    /// For a session's zone; UTC if it has none that is known.
    pub fn new(zone: &str) -> Self {
        Self { zone: TimeZone::parse(zone).unwrap_or(TimeZone::Fixed(0)) }
    }

    /// All rows of a batch, a text for each cell.
    pub fn rows(&self, batch: &RecordBatch, schema: &SparkSchema) -> SparkResult<Vec<Vec<String>>> {
        let cell = |row: usize, column: &ArrayRef, data_type: &SparkType| {
            let mut text = String::new();
            self.value(column.as_ref(), row, data_type, &mut text)?;
            Ok(text)
        };
        (0..batch.num_rows())
            .map(|row| {
                let columns = batch.columns().iter().zip(schema.iter());
                columns.map(|(column, field)| cell(row, column, &field.data_type)).collect()
            })
            .collect()
    }

    /// One value.
    pub fn value(&self, array: &dyn Array, row: usize, data_type: &SparkType, out: &mut String) -> SparkResult<()> {
        if array.is_null(row) {
            out.push_str("NULL");
            return Ok(());
        }
        match data_type {
            SparkType::Null => out.push_str("NULL"),
            SparkType::Array { element, .. } => {
                let values = array.as_list_opt::<i32>().ok_or_else(mismatch)?.value(row);
                self.sequence(values.as_ref(), element, out)?;
            }
            SparkType::Map { key, value, .. } => {
                let entries = array.as_map_opt().ok_or_else(mismatch)?.value(row);
                self.map(&entries, key, value, out)?;
            }
            SparkType::Struct(schema) => self.structure(array, row, schema, out)?,
            SparkType::UserDefined(udt) => self.value(array, row, &udt.sql_type, out)?,
            SparkType::Variant => write_json_text(array, row, &self.zone.name(), out)?,
            SparkType::Geometry { .. } | SparkType::Geography { .. } => write_text(array, row, out)?,
            atomic => self.atomic(array, row, atomic, out)?,
        }
        Ok(())
    }

    fn sequence(&self, values: &dyn Array, element: &SparkType, out: &mut String) -> SparkResult<()> {
        out.push('[');
        for index in 0..values.len() {
            if index > 0 {
                out.push_str(", ");
            }
            self.value(values, index, element, out)?;
        }
        out.push(']');
        Ok(())
    }

    fn map(&self, entries: &StructArray, key: &SparkType, value: &SparkType, out: &mut String) -> SparkResult<()> {
        let [keys, values] = entries.columns() else { return Err(mismatch()) };
        out.push('{');
        for index in 0..entries.len() {
            if index > 0 {
                out.push_str(", ");
            }
            self.value(keys.as_ref(), index, key, out)?;
            out.push_str(" -> ");
            self.value(values.as_ref(), index, value, out)?;
        }
        out.push('}');
        Ok(())
    }

    fn structure(&self, array: &dyn Array, row: usize, schema: &SparkSchema, out: &mut String) -> SparkResult<()> {
        let structure = array.as_struct_opt().ok_or_else(mismatch)?;
        out.push('{');
        for (index, (column, field)) in structure.columns().iter().zip(schema.iter()).enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            self.value(column.as_ref(), row, &field.data_type, out)?;
        }
        out.push('}');
        Ok(())
    }

    /// A value without parts, known not to be null.
    fn atomic(&self, array: &dyn Array, row: usize, data_type: &SparkType, out: &mut String) -> SparkResult<()> {
        macro_rules! primitive {
            ($type:ty) => {
                array.as_primitive_opt::<$type>().ok_or_else(mismatch)?.value(row)
            };
        }
        // Writing to a String cannot fail.
        let _ = match data_type {
            SparkType::Boolean => write!(out, "{}", array.as_boolean_opt().ok_or_else(mismatch)?.value(row)),
            SparkType::Byte => write!(out, "{}", primitive!(Int8Type)),
            SparkType::Short => write!(out, "{}", primitive!(Int16Type)),
            SparkType::Integer => write!(out, "{}", primitive!(Int32Type)),
            SparkType::Long => write!(out, "{}", primitive!(Int64Type)),
            SparkType::Float => out.write_str(&java_float(primitive!(Float32Type))),
            SparkType::Double => out.write_str(&java_double(primitive!(Float64Type))),
            SparkType::Decimal { scale, .. } => out.write_str(&decimal(primitive!(Decimal128Type), *scale)),
            SparkType::String { .. } | SparkType::Char(_) | SparkType::Varchar(_) => out.write_str(text(array, row)?),
            SparkType::Binary => out.write_str(&hexadecimal(bytes(array, row)?)),
            SparkType::Date => out.write_str(&date(i64::from(primitive!(Date32Type)))),
            SparkType::Timestamp => out.write_str(&self.timestamp(primitive!(TimestampMicrosecondType))),
            SparkType::TimestampNtz => out.write_str(&wall_clock(primitive!(TimestampMicrosecondType))),
            SparkType::Time { .. } => out.write_str(&time_of_day(primitive!(Time64NanosecondType))),
            SparkType::YearMonthInterval { start, end } => {
                out.write_str(&year_month(primitive!(IntervalYearMonthType), *start, *end))
            }
            SparkType::DayTimeInterval { start, end } => {
                out.write_str(&day_time(primitive!(DurationMicrosecondType), *start, *end))
            }
            SparkType::CalendarInterval => {
                let value = primitive!(IntervalMonthDayNanoType);
                out.write_str(&calendar(value.months, value.days, value.nanoseconds / 1000))
            }
            SparkType::Null
            | SparkType::Array { .. }
            | SparkType::Map { .. }
            | SparkType::Struct(_)
            | SparkType::Variant
            | SparkType::Geometry { .. }
            | SparkType::Geography { .. }
            | SparkType::UserDefined(_) => return Err(mismatch()),
        };
        Ok(())
    }

    /// A timestamp on the clocks of the zone.
    fn timestamp(&self, micros: i64) -> String {
        let offset = i64::from(self.zone.offset_seconds(micros.div_euclid(1_000_000)));
        wall_clock(micros.saturating_add(offset * 1_000_000))
    }
}

fn text(array: &dyn Array, row: usize) -> SparkResult<&str> {
    match array.data_type() {
        DataType::Utf8 => Ok(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Ok(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Ok(array.as_string_view().value(row)),
        _ => Err(mismatch()),
    }
}

fn bytes(array: &dyn Array, row: usize) -> SparkResult<&[u8]> {
    match array.data_type() {
        DataType::Binary => Ok(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Ok(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => Ok(array.as_binary_view().value(row)),
        _ => Err(mismatch()),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("[{}]", pairs.join(" "))
}

/// Without exponent, with all digits of the scale.
fn decimal(unscaled: i128, scale: i8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = unscaled.unsigned_abs().to_string();
    match usize::try_from(scale) {
        Ok(0) => format!("{sign}{digits}"),
        Ok(scale) => {
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            format!("{sign}{whole}.{fraction}")
        }
        Err(_) if unscaled == 0 => "0".to_owned(),
        Err(_) => format!("{sign}{digits}{}", "0".repeat(usize::from(scale.unsigned_abs()))),
    }
}

/// Year, month and day of a day since 1970-01-01 in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that leap days are the last of a year; eras of 400 years repeat.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

fn date(days: i64) -> String {
    let (year, month, day) = civil(days);
    let year = match year {
        0..=9999 => format!("{year:04}"),
        10_000.. => format!("+{year}"),
        _ => format!("-{:04}", year.unsigned_abs()),
    };
    format!("{year}-{month:02}-{day:02}")
}

fn wall_clock(micros: i64) -> String {
    let seconds = micros.div_euclid(1_000_000);
    let second_of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    let fraction = fraction(micros.rem_euclid(1_000_000), 6);
    format!("{} {hour:02}:{minute:02}:{second:02}{fraction}", date(seconds.div_euclid(86_400)))
}

fn time_of_day(nanoseconds: i64) -> String {
    let seconds = nanoseconds / 1_000_000_000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hour:02}:{minute:02}:{second:02}{}", fraction(nanoseconds % 1_000_000_000, 9))
}

/// `.` and the digits without trailing zeros; nothing if there are none.
fn fraction(value: i64, digits: usize) -> String {
    if value == 0 {
        return String::new();
    }
    let text = format!("{value:0digits$}");
    format!(".{}", text.trim_end_matches('0'))
}

fn year_month(months: i32, start: YearMonthField, end: YearMonthField) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let months = months.unsigned_abs();
    match (start, end) {
        (YearMonthField::Year, YearMonthField::Year) => format!("INTERVAL '{sign}{}' YEAR", months / 12),
        (YearMonthField::Month, _) => format!("INTERVAL '{sign}{months}' MONTH"),
        (YearMonthField::Year, YearMonthField::Month) => {
            format!("INTERVAL '{sign}{}-{}' YEAR TO MONTH", months / 12, months % 12)
        }
    }
}

fn day_time(micros: i64, start: DayTimeField, end: DayTimeField) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let seconds = micros / 1_000_000;
    let rest = i64::try_from(micros % 1_000_000).unwrap_or(0);
    let all = [
        (DayTimeField::Day, seconds / 86_400, seconds / 86_400, ""),
        (DayTimeField::Hour, seconds / 3600, seconds / 3600 % 24, " "),
        (DayTimeField::Minute, seconds / 60, seconds / 60 % 60, ":"),
        (DayTimeField::Second, seconds, seconds % 60, ":"),
    ];
    let mut text = String::from(sign);
    for (field, whole, within, separator) in all {
        if field < start || field > end {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = if field == start {
            // The first field holds everything that larger ones would; it is padded unless it counts days.
            if field == DayTimeField::Day { write!(text, "{whole}") } else { write!(text, "{whole:02}") }
        } else {
            write!(text, "{separator}{within:02}")
        };
        if field == DayTimeField::Second {
            text.push_str(&fraction(rest, 6));
        }
    }
    let range = if start == end { start.name().to_owned() } else { format!("{} to {}", start.name(), end.name()) };
    format!("INTERVAL '{text}' {}", range.to_uppercase())
}

fn calendar(months: i32, days: i32, micros: i64) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut add = |value: i64, unit: &str| {
        if value != 0 {
            parts.push(format!("{value} {unit}"));
        }
    };
    add(i64::from(months / 12), "years");
    add(i64::from(months % 12), "months");
    add(i64::from(days), "days");
    add(micros / 3_600_000_000, "hours");
    add(micros / 60_000_000 % 60, "minutes");
    let rest = micros % 60_000_000;
    if rest != 0 {
        let sign = if rest < 0 { "-" } else { "" };
        let rest = rest.abs();
        parts.push(format!("{sign}{}{} seconds", rest / 1_000_000, fraction(rest % 1_000_000, 6)));
    }
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(" ") }
}
