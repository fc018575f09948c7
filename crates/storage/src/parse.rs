//! Text as values of Spark's types, as CSV and JSON readers parse it.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryBuilder, BooleanBuilder, PrimitiveBuilder, StringArray, new_null_array,
};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::options::Options;
use crate::partition::java_double;
use crate::pattern::Pattern;
use crate::settings::FileSettings;
use crate::temporal::{Zone, days_of, lenient_date, lenient_timestamp};

/// How readers take dates, timestamps and special numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ParseForms {
    pub zone: Zone,
    /// `None`: whatever a cast takes.
    pub date: Option<Pattern>,
    pub timestamp: Option<Pattern>,
    pub timestamp_ntz: Option<Pattern>,
    pub nan: String,
    pub positive_infinity: String,
    pub negative_infinity: String,
}

impl ParseForms {
    pub(crate) fn of(options: &Options, settings: &FileSettings) -> SparkResult<Self> {
        let pattern = |name: &str| options.get(name).map(Pattern::parse).transpose();
        Ok(Self {
            zone: Zone::parse(options.get("timezone").unwrap_or(&settings.time_zone))?,
            date: pattern("dateformat")?,
            timestamp: pattern("timestampformat")?,
            timestamp_ntz: pattern("timestampntzformat")?,
            nan: options.string("nanvalue", "NaN"),
            positive_infinity: options.string("positiveinf", "Inf"),
            negative_infinity: options.string("negativeinf", "-Inf"),
        })
    }

    /// Days since the epoch.
    pub(crate) fn date(&self, text: &str) -> Option<i32> {
        match &self.date {
            Some(pattern) => pattern.read(text)?.date().map(days_of),
            None => lenient_date(text).map(days_of),
        }
    }

    /// Microseconds since the epoch.
    pub(crate) fn timestamp(&self, text: &str) -> Option<i64> {
        match &self.timestamp {
            Some(pattern) => {
                let parsed = pattern.read(text)?;
                parsed.zone.unwrap_or(self.zone).instant(parsed.wall_clock()?)
            }
            None => lenient_timestamp(text)?.instant(self.zone),
        }
    }

    /// Microseconds of the wall clock.
    pub(crate) fn timestamp_ntz(&self, text: &str) -> Option<i64> {
        match &self.timestamp_ntz {
            Some(pattern) => {
                let parsed = pattern.read(text)?;
                Some(parsed.wall_clock()?.and_utc().timestamp_micros())
            }
            None => lenient_timestamp(text)?.wall_clock(),
        }
    }

    pub(crate) fn double(&self, text: &str) -> Option<f64> {
        if text == self.nan {
            Some(f64::NAN)
        } else if text == self.positive_infinity {
            Some(f64::INFINITY)
        } else if text == self.negative_infinity {
            Some(f64::NEG_INFINITY)
        } else {
            java_double(text)
        }
    }

    fn float(&self, text: &str) -> Option<f32> {
        // Parsed as what it is: rounding twice could miss the nearest number.
        match text.parse::<f32>() {
            Ok(value) if value.is_finite() => Some(value),
            #[expect(clippy::cast_possible_truncation, reason = "only the special values get here")]
            _ => self.double(text).map(|value| value as f32),
        }
    }
}

/// A decimal number's digits at a scale, rounded half up; `None` if it is none or does not fit.
pub(crate) fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let negative = mantissa.starts_with('-');
    let mantissa = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
    let shift = i64::from(scale) - i64::try_from(fraction.len()).ok()? + i64::from(exponent);
    let mut round_up = false;
    if shift >= 0 {
        let leading_zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let significant = digits.len() - leading_zeros;
        if significant == 0 {
            return Some(0);
        }
        if significant as u64 + shift.unsigned_abs() > u64::from(precision) {
            return None;
        }
        digits.extend(std::iter::repeat_n(0, usize::try_from(shift).ok()?));
    } else {
        let dropped = usize::try_from(shift.unsigned_abs()).ok()?;
        let kept = digits.len().checked_sub(dropped);
        round_up = kept.is_some_and(|kept| digits.get(kept).is_some_and(|digit| *digit >= 5));
        digits.truncate(kept.unwrap_or(0));
    }
    let mut value: i128 = 0;
    for digit in digits {
        value = value.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    value = value.checked_add(i128::from(round_up))?;
    let limit = 10_i128.checked_pow(u32::from(precision))?;
    (value < limit).then_some(if negative { -value } else { value })
}

/// A column of texts as a column of a type. A text that is no value becomes NULL and marks its row.
pub(crate) fn column(
    texts: &StringArray,
    data_type: &SparkType,
    forms: &ParseForms,
    bad: &mut [bool],
) -> SparkResult<ArrayRef> {
    Ok(match data_type {
        SparkType::String { .. } => Arc::new(texts.clone()),
        SparkType::Binary => {
            let mut builder = BinaryBuilder::with_capacity(texts.len(), texts.value_data().len());
            texts.iter().for_each(|text| builder.append_option(text.map(str::as_bytes)));
            Arc::new(builder.finish())
        }
        SparkType::Boolean => {
            let mut builder = BooleanBuilder::with_capacity(texts.len());
            for (text, bad) in texts.iter().zip(bad) {
                let value = text.and_then(boolean);
                *bad |= text.is_some() && value.is_none();
                builder.append_option(value);
            }
            Arc::new(builder.finish())
        }
        SparkType::Byte => primitive::<Int8Type>(texts, bad, |text| text.parse().ok()),
        SparkType::Short => primitive::<Int16Type>(texts, bad, |text| text.parse().ok()),
        SparkType::Integer => primitive::<Int32Type>(texts, bad, |text| text.parse().ok()),
        SparkType::Long => primitive::<Int64Type>(texts, bad, |text| text.parse().ok()),
        SparkType::Float => primitive::<Float32Type>(texts, bad, |text| forms.float(text)),
        SparkType::Double => primitive::<Float64Type>(texts, bad, |text| forms.double(text)),
        SparkType::Decimal { precision, scale } => {
            // Commas group digits.
            let parse = |text: &str| decimal(&text.replace(',', ""), *precision, *scale);
            let values = primitive_array::<Decimal128Type>(texts, bad, parse);
            let values = values.with_precision_and_scale(*precision, *scale);
            Arc::new(values.map_err(|error| SparkError::internal(error.to_string()))?)
        }
        SparkType::Date => primitive::<Date32Type>(texts, bad, |text| forms.date(text)),
        SparkType::Timestamp => {
            let values = primitive_array::<TimestampMicrosecondType>(texts, bad, |text| forms.timestamp(text));
            Arc::new(values.with_timezone("UTC"))
        }
        SparkType::TimestampNtz => primitive::<TimestampMicrosecondType>(texts, bad, |text| forms.timestamp_ntz(text)),
        SparkType::Null => new_null_array(&arrow::datatypes::DataType::Null, texts.len()),
        other => return Err(SparkError::unsupported(format!("reading {} from text", other.sql()))),
    })
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn primitive<T: ArrowPrimitiveType>(
    texts: &StringArray,
    bad: &mut [bool],
    parse: impl Fn(&str) -> Option<T::Native>,
) -> ArrayRef {
    Arc::new(primitive_array::<T>(texts, bad, parse))
}

fn primitive_array<T: ArrowPrimitiveType>(
    texts: &StringArray,
    bad: &mut [bool],
    parse: impl Fn(&str) -> Option<T::Native>,
) -> arrow::array::PrimitiveArray<T> {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(texts.len());
    for (text, bad) in texts.iter().zip(bad) {
        let value = text.and_then(&parse);
        *bad |= text.is_some() && value.is_none();
        builder.append_option(value);
    }
    builder.finish()
}

/// What readers do with records that are not what the schema says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParseMode {
    Permissive,
    DropMalformed,
    FailFast,
}

impl ParseMode {
    /// The mode of the options; a name that is none means the default, as in Spark.
    pub(crate) fn of(options: &Options) -> Self {
        match options.get("mode").unwrap_or_default().to_ascii_uppercase().as_str() {
            "DROPMALFORMED" => Self::DropMalformed,
            "FAILFAST" => Self::FailFast,
            _ => Self::Permissive,
        }
    }
}

/// Refuses a column for corrupt records that is no string.
pub(crate) fn check_corrupt_column(schema: &firesteel_base::SparkSchema, name: &str) -> SparkResult<()> {
    match schema.iter().find(|field| field.name == name) {
        Some(field) if !matches!(field.data_type, SparkType::String { .. }) => {
            Err(SparkError::new("INVALID_CORRUPT_RECORD_TYPE")
                .param("columnName", firesteel_base::identifier::quote_identifier(name))
                .param("actualType", format!("\"{}\"", field.data_type.sql())))
        }
        _ => Ok(()),
    }
}

/// A malformed record where the mode is to fail.
pub(crate) fn malformed(url: &str, record: &str) -> SparkError {
    let cause = SparkError::new("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION")
        .param("badRecord", record)
        .param("failFastMode", "FAILFAST");
    crate::error::cannot_read(url, cause)
}

/// The columns of batches with those rows left out whose mark is set.
pub(crate) fn keep_rows(columns: Vec<ArrayRef>, bad: &[bool]) -> SparkResult<Vec<ArrayRef>> {
    let keep: arrow::array::BooleanArray = bad.iter().map(|bad| Some(!bad)).collect();
    columns
        .iter()
        .map(|column| arrow::compute::filter(column, &keep).map_err(|error| SparkError::internal(error.to_string())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn rounds_decimals_half_up() {
        assert_eq!(decimal("1.255", 10, 2), Some(126));
        assert_eq!(decimal("-1.255", 10, 2), Some(-126));
        assert_eq!(decimal("1e3", 10, 2), Some(100_000));
        assert_eq!(decimal("12345678901", 10, 2), None);
        assert_eq!(decimal("0.004", 3, 2), Some(0));
        assert_eq!(decimal("0.005", 3, 2), Some(1));
        assert_eq!(decimal(".5", 3, 0), Some(1));
        assert_eq!(decimal("0.0005", 3, 0), Some(0));
        assert_eq!(decimal("000000000000000000000000000000000000000000001", 3, 0), Some(1));
        assert_eq!(decimal("x", 3, 0), None);
        assert_eq!(decimal("", 3, 0), None);
    }
}
