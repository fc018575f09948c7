//! Values as text, in the forms that files and partition directories use.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, IntervalYearMonthType, TimestampMicrosecondType,
};
use chrono::{NaiveDateTime, Timelike};
use firesteel_base::number::{java_double, java_float};
use firesteel_base::types::{DayTimeField, YearMonthField};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::options::Options;
use crate::pattern::{Moment, Pattern};
use crate::settings::FileSettings;
use crate::temporal::{Zone, date_of};

/// How dates, timestamps and binary values are written.
#[derive(Clone, Debug)]
pub(crate) struct TextForms {
    pub zone: Zone,
    /// `None`: as a cast to STRING writes them.
    pub date: Option<Pattern>,
    pub timestamp: Option<Pattern>,
    pub timestamp_ntz: Option<Pattern>,
    pub binary: BinaryForm,
    /// Small decimals get an exponent.
    pub java_decimals: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryForm {
    /// The bytes as UTF-8.
    Text,
    /// `[61 62]`.
    Bracketed,
}

impl TextForms {
    /// The forms of CSV and JSON files, unless options say otherwise.
    pub(crate) fn of_file(options: &Options, settings: &FileSettings) -> SparkResult<Self> {
        let pattern = |name: &str, default: &str| Pattern::parse(options.get(name).unwrap_or(default)).map(Some);
        Ok(Self {
            zone: Zone::parse(options.get("timezone").unwrap_or(&settings.time_zone))?,
            date: pattern("dateformat", "yyyy-MM-dd")?,
            timestamp: pattern("timestampformat", "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]")?,
            timestamp_ntz: pattern("timestampntzformat", "yyyy-MM-dd'T'HH:mm:ss[.SSS]")?,
            binary: BinaryForm::Bracketed,
            java_decimals: true,
        })
    }

    /// The forms of partition directories: those of a cast to STRING.
    pub(crate) fn of_cast(zone: Zone) -> Self {
        Self { zone, date: None, timestamp: None, timestamp_ntz: None, binary: BinaryForm::Text, java_decimals: false }
    }
}

/// A column of scalar values as text; NULL stays NULL.
pub(crate) fn column_text(array: &ArrayRef, data_type: &SparkType, forms: &TextForms) -> SparkResult<StringArray> {
    let carrier = crate::write::carrier(data_type);
    let array = if array.data_type() == &carrier {
        Arc::clone(array)
    } else {
        arrow::compute::cast(array, &carrier).map_err(|error| SparkError::internal(error.to_string()))?
    };
    match data_type {
        SparkType::String { .. } | SparkType::Char(_) | SparkType::Varchar(_) => Ok(array.as_string::<i32>().clone()),
        SparkType::Boolean => {
            let values = array.as_boolean();
            Ok(values.iter().map(|value| value.map(|value| if value { "true" } else { "false" })).collect())
        }
        SparkType::Byte => Ok(primitive::<Int8Type>(&array, |value, text| put(text, value))),
        SparkType::Short => Ok(primitive::<Int16Type>(&array, |value, text| put(text, value))),
        SparkType::Integer => Ok(primitive::<Int32Type>(&array, |value, text| put(text, value))),
        SparkType::Long => Ok(primitive::<Int64Type>(&array, |value, text| put(text, value))),
        SparkType::Float => Ok(primitive::<Float32Type>(&array, |value, text| text.push_str(&java_float(value)))),
        SparkType::Double => Ok(primitive::<Float64Type>(&array, |value, text| text.push_str(&java_double(value)))),
        SparkType::Decimal { scale, .. } => {
            let spell = if forms.java_decimals { java_decimal } else { decimal };
            Ok(primitive::<Decimal128Type>(&array, |value, text| spell(value, *scale, text)))
        }
        SparkType::Date => Ok(primitive::<Date32Type>(&array, |value, text| date(value, forms, text))),
        SparkType::Timestamp => {
            Ok(primitive::<TimestampMicrosecondType>(&array, |value, text| timestamp(value, forms, text)))
        }
        SparkType::TimestampNtz => {
            Ok(primitive::<TimestampMicrosecondType>(&array, |value, text| timestamp_ntz(value, forms, text)))
        }
        SparkType::DayTimeInterval { start, end } => {
            Ok(primitive::<DurationMicrosecondType>(&array, |value, text| day_time(value, *start, *end, text)))
        }
        SparkType::YearMonthInterval { start, end } => {
            Ok(primitive::<IntervalYearMonthType>(&array, |value, text| year_month(value, *start, *end, text)))
        }
        SparkType::Binary => Ok(binary(&array, forms.binary)),
        SparkType::Null => Ok(StringArray::new_null(array.len())),
        other => Err(SparkError::unsupported(format!("{} as text", other.sql()))),
    }
}

fn put(text: &mut String, value: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(text, "{value}");
}

fn primitive<T: ArrowPrimitiveType>(array: &ArrayRef, write: impl Fn(T::Native, &mut String)) -> StringArray {
    let values = array.as_primitive::<T>();
    let mut builder = StringBuilder::with_capacity(values.len(), values.len() * 8);
    let mut text = String::new();
    for value in values {
        match value {
            Some(value) => {
                text.clear();
                write(value, &mut text);
                builder.append_value(&text);
            }
            None => builder.append_null(),
        }
    }
    builder.finish()
}

/// The decimal as Java's `BigDecimal.toString` has it: with an exponent where many zeros would lead.
pub(crate) fn java_decimal(value: i128, scale: i8, text: &mut String) {
    let digits = value.unsigned_abs().to_string();
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let adjusted = length - 1 - i32::from(scale);
    if scale >= 0 && adjusted >= -6 {
        return decimal(value, scale, text);
    }
    let (first, rest) = digits.split_at(1);
    put(text, if value < 0 { "-" } else { "" });
    text.push_str(first);
    if !rest.is_empty() {
        text.push('.');
        text.push_str(rest);
    }
    put(text, format_args!("E{adjusted:+}"));
}

/// The decimal with all digits of its scale, never with an exponent.
pub(crate) fn decimal(value: i128, scale: i8, text: &mut String) {
    let Ok(digits_behind) = usize::try_from(scale) else {
        put(text, value);
        text.extend(std::iter::repeat_n('0', usize::from(scale.unsigned_abs())));
        return;
    };
    if digits_behind == 0 {
        put(text, value);
        return;
    }
    if value < 0 {
        text.push('-');
    }
    let digits = format!("{:0width$}", value.unsigned_abs(), width = digits_behind + 1);
    let (whole, fraction) = digits.split_at(digits.len() - digits_behind);
    text.push_str(whole);
    text.push('.');
    text.push_str(fraction);
}

pub(crate) fn date(days: i32, forms: &TextForms, text: &mut String) {
    let Some(date) = date_of(days) else { return put(text, days) };
    let wall = date.and_time(chrono::NaiveTime::MIN);
    match &forms.date {
        Some(pattern) => pattern.format(&Moment { wall, offset_seconds: 0, zone: None }, text),
        None => cast_date(wall, text),
    }
}

fn cast_date(wall: NaiveDateTime, text: &mut String) {
    use chrono::Datelike;
    let (sign, year) = match wall.year() {
        year @ 10_000.. => ("+", year),
        year if year < 0 => ("-", -year),
        year => ("", year),
    };
    put(text, format_args!("{sign}{year:04}-{:02}-{:02}", wall.month(), wall.day()));
}

pub(crate) fn timestamp(micros: i64, forms: &TextForms, text: &mut String) {
    let Some((wall, offset_seconds)) = forms.zone.wall(micros) else { return put(text, micros) };
    match &forms.timestamp {
        Some(pattern) => pattern.format(&Moment { wall, offset_seconds, zone: Some(forms.zone) }, text),
        None => cast_timestamp(wall, text),
    }
}

pub(crate) fn timestamp_ntz(micros: i64, forms: &TextForms, text: &mut String) {
    let Some(wall) = chrono::DateTime::from_timestamp_micros(micros) else { return put(text, micros) };
    let wall = wall.naive_utc();
    match &forms.timestamp_ntz {
        Some(pattern) => pattern.format(&Moment { wall, offset_seconds: 0, zone: None }, text),
        None => cast_timestamp(wall, text),
    }
}

/// `2020-01-02 03:04:05.6`, without zeros at the end.
fn cast_timestamp(wall: NaiveDateTime, text: &mut String) {
    cast_date(wall, text);
    put(text, format_args!(" {:02}:{:02}:{:02}", wall.hour(), wall.minute(), wall.second()));
    fraction(i64::from(wall.nanosecond() / 1000), text);
}

fn fraction(micros: i64, text: &mut String) {
    if micros != 0 {
        let digits = format!("{micros:06}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
}

/// `INTERVAL '1 02:03:04.5' DAY TO SECOND`.
pub(crate) fn day_time(micros: i64, start: DayTimeField, end: DayTimeField, text: &mut String) {
    let sign = if micros < 0 { "-" } else { "" };
    let total = i128::from(micros).unsigned_abs();
    let seconds = total / 1_000_000;
    put(text, format_args!("INTERVAL '{sign}"));
    let units = [DayTimeField::Day, DayTimeField::Hour, DayTimeField::Minute, DayTimeField::Second];
    for unit in units.into_iter().filter(|unit| (start..=end).contains(unit)) {
        let leading = unit == start;
        match unit {
            DayTimeField::Day => put(text, seconds / 86_400),
            DayTimeField::Hour => {
                let hours = if leading { seconds / 3600 } else { seconds / 3600 % 24 };
                put(text, format_args!("{}{hours:02}", if leading { "" } else { " " }));
            }
            DayTimeField::Minute => {
                let minutes = if leading { seconds / 60 } else { seconds / 60 % 60 };
                put(text, format_args!("{}{minutes:02}", if leading { "" } else { ":" }));
            }
            DayTimeField::Second => {
                let whole = if leading { seconds } else { seconds % 60 };
                put(text, format_args!("{}{whole:02}", if leading { "" } else { ":" }));
                fraction(i64::try_from(total % 1_000_000).unwrap_or(0), text);
            }
        }
    }
    put(text, format_args!("' {}", start.name().to_uppercase()));
    if end != start {
        put(text, format_args!(" TO {}", end.name().to_uppercase()));
    }
}

/// `INTERVAL '1-2' YEAR TO MONTH`.
pub(crate) fn year_month(months: i32, start: YearMonthField, end: YearMonthField, text: &mut String) {
    let sign = if months < 0 { "-" } else { "" };
    let total = months.unsigned_abs();
    match (start, end) {
        (YearMonthField::Year, YearMonthField::Year) => put(text, format_args!("INTERVAL '{sign}{}' YEAR", total / 12)),
        (YearMonthField::Month, _) => put(text, format_args!("INTERVAL '{sign}{total}' MONTH")),
        (YearMonthField::Year, YearMonthField::Month) => {
            put(text, format_args!("INTERVAL '{sign}{}-{}' YEAR TO MONTH", total / 12, total % 12));
        }
    }
}

fn binary(array: &ArrayRef, form: BinaryForm) -> StringArray {
    let DataType::Binary = array.data_type() else { return StringArray::new_null(array.len()) };
    let spell = |bytes: &[u8]| match form {
        BinaryForm::Text => String::from_utf8_lossy(bytes).into_owned(),
        BinaryForm::Bracketed => {
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("[{}]", digits.join(" "))
        }
    };
    array.as_binary::<i32>().iter().map(|value| value.map(spell)).collect()
}
