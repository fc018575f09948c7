//! `format_number`: a number with grouped digits, as Java's `DecimalFormat` writes it.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};
use num_bigint::BigUint;

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, from_engine};

pub(super) const FORMAT_NUMBER: Function = Function::scalar("format_number", format_number).since("1.5.0").arity(2..=2);

fn format_number(call: &Call<'_>) -> SparkResult<Scalar> {
    let format = Expected::one_of([Expected::INT, Expected::STRING]);
    let number = call.data_type(0)?;
    if !number.is_numeric() && *number != SparkType::Null {
        return Err(call.unexpected_input_type(0, &Expected::Numeric));
    }
    let types = call.implicit_cast(&[Expected::Numeric, format])?;
    Ok(Scalar::kernel(call, SparkType::STRING, FormatNumber).casting(types).nullable(true))
}

#[derive(Debug, Default, Clone, Copy)]
struct FormatNumber;

impl Kernel for FormatNumber {
    const NAME: &'static str = "spark_format_number";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let numbers = call.argument(0)?.to_array(call.rows_to_compute()).map_err(from_engine)?;
        let by_places = call.argument(1)?.data_type().is_integer();
        let places = if by_places { Some(call.integers(1)?) } else { None };
        let patterns = if by_places { None } else { Some(call.texts(1)?) };
        let mut last: Option<(String, Pattern)> = None;
        call.make_texts(|row| {
            let number = ScalarValue::try_from_array(&numbers, row).map_err(from_engine)?;
            let Some(number) = Number::of(&number) else { return Ok(None) };
            if let Some(places) = &places {
                // A negative number of digits is no format.
                let places = places.get(row).and_then(|places| usize::try_from(places).ok());
                return Ok(places.map(|places| Pattern::of_places(places).format(&number)));
            }
            let Some(text) = patterns.as_ref().and_then(|patterns| patterns.get(row)) else { return Ok(None) };
            if last.as_ref().is_none_or(|(known, _)| known != text) {
                last = Some((text.to_owned(), Pattern::parse(text)?));
            }
            Ok(last.as_ref().map(|(_, pattern)| pattern.format(&number)))
        })
    }
}

/// A number to be written.
enum Number {
    Double(f64),
    /// Digits, how many of them are behind the point, and the sign.
    Exact {
        unscaled: BigUint,
        scale: i32,
        is_negative: bool,
    },
}

impl Number {
    /// `None` if the value is NULL.
    fn of(value: &ScalarValue) -> Option<Self> {
        let exact = |unscaled: i128, scale: i32| Self::Exact {
            unscaled: BigUint::from(unscaled.unsigned_abs()),
            scale,
            is_negative: unscaled < 0,
        };
        match value {
            ScalarValue::Float64(value) => value.map(Self::Double),
            ScalarValue::Float32(value) => value.map(|value| Self::Double(f64::from(value))),
            ScalarValue::Decimal128(value, _, scale) => value.map(|value| exact(value, i32::from(*scale))),
            ScalarValue::Int8(value) => value.map(|value| exact(i128::from(value), 0)),
            ScalarValue::Int16(value) => value.map(|value| exact(i128::from(value), 0)),
            ScalarValue::Int32(value) => value.map(|value| exact(i128::from(value), 0)),
            ScalarValue::Int64(value) => value.map(|value| exact(i128::from(value), 0)),
            _ => None,
        }
    }

    /// Digits before and behind the point, at most `places` behind it, half to even.
    fn digits(&self, places: usize) -> (String, String) {
        let text = match self {
            Self::Double(value) if value.abs() < 9_007_199_254_740_992.0 => format!("{:.places$}", value.abs()),
            // Java knows no more digits of a double than those that tell it from its neighbours.
            Self::Double(value) => format!("{}.{}", value.abs(), "0".repeat(places)),
            Self::Exact { unscaled, scale, .. } => exact_digits(unscaled, *scale, places),
        };
        match text.split_once('.') {
            Some((whole, fraction)) => (whole.to_owned(), fraction.to_owned()),
            None => (text, String::new()),
        }
    }

    fn is_negative(&self) -> bool {
        match self {
            Self::Double(value) => value.is_sign_negative(),
            Self::Exact { is_negative, .. } => *is_negative,
        }
    }
}

fn exact_digits(unscaled: &BigUint, scale: i32, places: usize) -> String {
    let ten = BigUint::from(10_u8);
    let excess = i64::from(scale) - i64::try_from(places).unwrap_or(i64::MAX);
    let rounded = match u32::try_from(excess) {
        Ok(excess) => {
            let divisor = ten.pow(excess);
            let (quotient, remainder) = (unscaled / &divisor, unscaled % &divisor);
            let twice = remainder * 2_u8;
            let goes_up = twice > divisor || (twice == divisor && quotient.bit(0));
            if goes_up { quotient + 1_u8 } else { quotient }
        }
        Err(_) => unscaled * ten.pow(u32::try_from(-excess).unwrap_or(0)),
    };
    let digits = format!("{:0>width$}", rounded.to_string(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{whole}.{fraction}")
}

/// A format: how many digits before and behind the point, and what stands around them.
struct Pattern {
    prefix: String,
    suffix: String,
    least_whole: usize,
    least_fraction: usize,
    most_fraction: usize,
    /// Digits in a group; 0 without groups.
    group: usize,
    is_percent: bool,
}

impl Pattern {
    fn of_places(places: usize) -> Self {
        Self {
            prefix: String::new(),
            suffix: String::new(),
            least_whole: 1,
            least_fraction: places,
            most_fraction: places,
            group: 3,
            is_percent: false,
        }
    }

    /// Reads `#,##0.0#` with text around it; the empty pattern is that of no places.
    fn parse(text: &str) -> SparkResult<Self> {
        if text.is_empty() {
            return Ok(Self::of_places(0));
        }
        if text.contains([';', 'E', '\'', '¤', '‰']) {
            return Err(SparkError::unsupported(format!("the pattern {text} of format_number")));
        }
        let is_place = |letter: char| matches!(letter, '#' | '0' | ',' | '.');
        let start = text.find(is_place).unwrap_or(text.len());
        let end = text.rfind(is_place).map_or(start, |end| end + 1);
        let (prefix, suffix) = (text.get(..start).unwrap_or(""), text.get(end..).unwrap_or(""));
        let places = text.get(start..end).unwrap_or("");
        if !places.chars().all(is_place) {
            return Err(SparkError::unsupported(format!("the pattern {text} of format_number")));
        }
        let (whole, fraction) = places.split_once('.').unwrap_or((places, ""));
        let count = |text: &str, letter: char| text.chars().filter(|found| *found == letter).count();
        Ok(Self {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            least_whole: count(whole, '0').max(1),
            least_fraction: count(fraction, '0'),
            most_fraction: count(fraction, '0') + count(fraction, '#'),
            group: whole.rsplit_once(',').map_or(0, |(_, last)| last.chars().count()),
            is_percent: prefix.contains('%') || suffix.contains('%'),
        })
    }

    fn format(&self, number: &Number) -> String {
        let number = &match number {
            Number::Double(value) if self.is_percent => Number::Double(value * 100.0),
            Number::Double(value) => Number::Double(*value),
            Number::Exact { unscaled, scale, is_negative } => Number::Exact {
                unscaled: unscaled.clone(),
                scale: if self.is_percent { scale - 2 } else { *scale },
                is_negative: *is_negative,
            },
        };
        let sign = if number.is_negative() { "-" } else { "" };
        match number {
            Number::Double(value) if value.is_nan() => return "NaN".to_owned(),
            Number::Double(value) if value.is_infinite() => return format!("{sign}{}∞{}", self.prefix, self.suffix),
            Number::Double(_) | Number::Exact { .. } => {}
        }
        let (whole, fraction) = number.digits(self.most_fraction);
        let whole = format!("{whole:0>least$}", least = self.least_whole);
        let kept = fraction.trim_end_matches('0').len().max(self.least_fraction);
        let fraction = fraction.get(..kept).unwrap_or(&fraction);
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{}{}{point}{fraction}{}", self.prefix, grouped(&whole, self.group), self.suffix)
    }
}

/// Digits with commas between groups of a size.
pub(super) fn grouped(digits: &str, size: usize) -> String {
    if size == 0 {
        return digits.to_owned();
    }
    let mut result = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(size) {
            result.push(',');
        }
        result.push(digit);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let format = |value: f64, pattern: &str| Pattern::parse(pattern).unwrap().format(&Number::Double(value));
        assert_eq!(format(12332.123456, "##################.###"), "12332.123");
        assert_eq!(format(123.456, "#,###.#"), "123.5");
        assert_eq!(format(0.5, "0.0#"), "0.5");
        assert_eq!(format(12332.6, ""), "12,333");
        assert_eq!(format(f64::INFINITY, "#"), "∞");
        assert_eq!(format(0.256, "#.#%"), "25.6%");
    }
}
