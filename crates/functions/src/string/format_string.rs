//! `format_string`, `printf`: values in the places of a format, as Java's `Formatter` writes them.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::format_number::grouped;
use crate::call::Call;
use crate::cast::number::{double_text, float_text, write_decimal};
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, from_engine};

pub(super) const FORMAT_STRING: Function =
    Function::scalar("format_string", bind).aliases(&["printf"]).since("1.5.0").at_least(1).prints_alias();

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING])?;
    if let Some(ScalarValue::Utf8(Some(format))) = &call.argument(0)?.constant
        && format.contains("%0$")
    {
        return Err(zero_index());
    }
    let nullable = call.argument(0)?.nullable;
    Ok(Scalar::kernel(call, SparkType::STRING, FormatString).casting(types).nullable(nullable))
}

fn zero_index() -> SparkError {
    SparkError::new("INVALID_PARAMETER_VALUE.ZERO_INDEX")
        .param("parameter", "`strfmt`")
        .param("functionName", "`format_string`")
}

#[derive(Debug, Default, Clone, Copy)]
struct FormatString;

impl Kernel for FormatString {
    const NAME: &'static str = "spark_format_string";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let formats = call.texts(0)?;
        let rows = call.rows_to_compute();
        let columns = call.arguments.iter().skip(1).map(|argument| argument.to_array(rows).map_err(from_engine));
        let columns = columns.collect::<SparkResult<Vec<_>>>()?;
        let mut last: Option<(String, Vec<Piece>)> = None;
        call.make_texts(|row| {
            let Some(format) = formats.get(row) else { return Ok(None) };
            if last.as_ref().is_none_or(|(known, _)| known != format) {
                last = Some((format.to_owned(), parse(format)?));
            }
            let values =
                columns.iter().map(|column| Value::of(&ScalarValue::try_from_array(column, row).map_err(from_engine)?));
            let values = values.collect::<SparkResult<Vec<_>>>()?;
            last.as_ref().map(|(_, pieces)| write(pieces, &values)).transpose()
        })
    }
}

/// A value as the formatter sees it: dates and times are numbers, as Spark keeps them.
enum Value {
    Null,
    Boolean(bool),
    /// With its number of bits.
    Integer(i64, u32),
    Double(f64),
    Float(f32),
    Text(String),
    /// Only good for `%s`.
    Other(String),
}

impl Value {
    fn of(value: &ScalarValue) -> SparkResult<Self> {
        if value.is_null() {
            return Ok(Self::Null);
        }
        Ok(match value {
            ScalarValue::Boolean(Some(value)) => Self::Boolean(*value),
            ScalarValue::Int8(Some(value)) => Self::Integer(i64::from(*value), 8),
            ScalarValue::Int16(Some(value)) => Self::Integer(i64::from(*value), 16),
            ScalarValue::Int32(Some(value)) | ScalarValue::Date32(Some(value)) => Self::Integer(i64::from(*value), 32),
            ScalarValue::IntervalYearMonth(Some(value)) => Self::Integer(i64::from(*value), 32),
            ScalarValue::Int64(Some(value))
            | ScalarValue::TimestampMicrosecond(Some(value), _)
            | ScalarValue::DurationMicrosecond(Some(value))
            | ScalarValue::Time64Nanosecond(Some(value)) => Self::Integer(*value, 64),
            ScalarValue::Float32(Some(value)) => Self::Float(*value),
            ScalarValue::Float64(Some(value)) => Self::Double(*value),
            ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => {
                Self::Text(text.clone())
            }
            ScalarValue::Decimal128(Some(value), _, scale) => {
                let mut text = String::new();
                write_decimal(*value, *scale, &mut text);
                Self::Other(text)
            }
            other => return Err(SparkError::unsupported(format!("format_string of {}", other.data_type()))),
        })
    }

    fn text(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value, _) => value.to_string(),
            Self::Double(value) => double_text(*value),
            Self::Float(value) => float_text(*value),
            Self::Text(text) | Self::Other(text) => text.clone(),
        }
    }
}

/// Part of a format.
enum Piece {
    Text(String),
    Place(Place),
}

/// `%[index$][flags][width][.precision]conversion`
#[derive(Default)]
struct Place {
    index: Option<usize>,
    /// `%<s`: the argument before.
    repeats: bool,
    left: bool,
    alternate: bool,
    plus: bool,
    space: bool,
    zero: bool,
    group: bool,
    parentheses: bool,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

fn malformed(message: String) -> SparkError {
    SparkError::internal(message)
}

fn parse(format: &str) -> SparkResult<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some((before, behind)) = rest.split_once('%') {
        pieces.push(Piece::Text(before.to_owned()));
        let (place, behind) = parse_place(behind)?;
        pieces.push(Piece::Place(place));
        rest = behind;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

fn take_digits(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn parse_place(text: &str) -> SparkResult<(Place, &str)> {
    let mut place = Place::default();
    let mut rest = text;
    let (digits, behind) = take_digits(rest);
    if let (Ok(index), Some(behind)) = (digits.parse::<usize>(), behind.strip_prefix('$')) {
        if index == 0 {
            return Err(zero_index());
        }
        place.index = Some(index);
        rest = behind;
    } else if let Some(behind) = rest.strip_prefix('<') {
        place.repeats = true;
        rest = behind;
    }
    while let Some(flag) = rest.chars().next() {
        match flag {
            '-' => place.left = true,
            '#' => place.alternate = true,
            '+' => place.plus = true,
            ' ' => place.space = true,
            '0' => place.zero = true,
            ',' => place.group = true,
            '(' => place.parentheses = true,
            _ => break,
        }
        rest = rest.get(1..).unwrap_or("");
    }
    let (width, behind) = take_digits(rest);
    place.width = width.parse().unwrap_or(0);
    rest = behind;
    if let Some(behind) = rest.strip_prefix('.') {
        let (precision, behind) = take_digits(behind);
        place.precision = precision.parse().ok();
        rest = behind;
    }
    let mut letters = rest.chars();
    match letters.next() {
        Some(conversion) => place.conversion = conversion,
        None => return Err(malformed("Conversion = '%'".to_owned())),
    }
    Ok((place, letters.as_str()))
}

fn write(pieces: &[Piece], values: &[Value]) -> SparkResult<String> {
    let mut result = String::new();
    let (mut next, mut last) = (0, None);
    for piece in pieces {
        match piece {
            Piece::Text(text) => result.push_str(text),
            Piece::Place(place) if place.conversion == 'n' => result.push('\n'),
            Piece::Place(place) if place.conversion == '%' => result.push_str(&padded(place, "%".to_owned())),
            Piece::Place(place) => {
                let index = match (place.index, place.repeats) {
                    (Some(index), _) => index.saturating_sub(1),
                    (None, true) => last.unwrap_or(usize::MAX),
                    (None, false) => {
                        next += 1;
                        next - 1
                    }
                };
                last = Some(index);
                let missing = || malformed(format!("Format specifier '%{}'", place.conversion));
                result.push_str(&place.write(values.get(index).ok_or_else(missing)?)?);
            }
        }
    }
    Ok(result)
}

fn padded(place: &Place, text: String) -> String {
    let width = place.width;
    if place.left { format!("{text:<width$}") } else { format!("{text:>width$}") }
}

impl Place {
    fn write(&self, value: &Value) -> SparkResult<String> {
        let text = match self.conversion.to_ascii_lowercase() {
            's' => self.cut(value.text()),
            'b' => self.cut(match value {
                Value::Null => "false".to_owned(),
                Value::Boolean(value) => value.to_string(),
                _ => "true".to_owned(),
            }),
            _ if matches!(value, Value::Null) => self.cut("null".to_owned()),
            'c' => self.character(value)?,
            'd' => match value {
                Value::Integer(value, _) => self.signed(*value < 0, self.digits(&value.unsigned_abs().to_string()), ""),
                other => return Err(self.mismatch(other)),
            },
            'x' | 'o' => self.bits(value)?,
            'f' | 'e' | 'g' => match value {
                Value::Double(value) => self.floating(*value),
                Value::Float(value) => self.floating(float_text(*value).parse().unwrap_or(f64::from(*value))),
                other => return Err(self.mismatch(other)),
            },
            'h' | 'a' | 't' => {
                return Err(SparkError::unsupported(format!("%{} in format_string", self.conversion)));
            }
            other => return Err(malformed(format!("Conversion = '{other}'"))),
        };
        let text = if self.conversion.is_ascii_uppercase() { text.to_uppercase() } else { text };
        Ok(padded(self, text))
    }

    fn mismatch(&self, value: &Value) -> SparkError {
        let class = match value {
            Value::Null => "null",
            Value::Boolean(_) => "java.lang.Boolean",
            Value::Integer(_, 8) => "java.lang.Byte",
            Value::Integer(_, 16) => "java.lang.Short",
            Value::Integer(_, 32) => "java.lang.Integer",
            Value::Integer(..) => "java.lang.Long",
            Value::Double(_) => "java.lang.Double",
            Value::Float(_) => "java.lang.Float",
            Value::Text(_) => "org.apache.spark.unsafe.types.UTF8String",
            Value::Other(_) => "org.apache.spark.sql.types.Decimal",
        };
        malformed(format!("{} != {class}", self.conversion))
    }

    fn cut(&self, text: String) -> String {
        match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        }
    }

    fn character(&self, value: &Value) -> SparkResult<String> {
        match value {
            Value::Integer(code, ..=32) => u32::try_from(*code)
                .ok()
                .and_then(char::from_u32)
                .map(String::from)
                .ok_or_else(|| malformed(format!("Code point = 0x{code:x}"))),
            other => Err(self.mismatch(other)),
        }
    }

    fn bits(&self, value: &Value) -> SparkResult<String> {
        let Value::Integer(value, bits) = value else { return Err(self.mismatch(value)) };
        // Negative numbers are those of their width.
        let mask = u64::MAX >> (64 - bits);
        let value = value.cast_unsigned() & mask;
        let (digits, prefix) = match self.conversion {
            'o' => (format!("{value:o}"), "0"),
            _ => (format!("{value:x}"), "0x"),
        };
        let prefix = if self.alternate { prefix } else { "" };
        let width = if self.zero { self.width.saturating_sub(prefix.len()) } else { 0 };
        Ok(format!("{prefix}{digits:0>width$}"))
    }

    fn digits(&self, digits: &str) -> String {
        if self.group { grouped(digits, 3) } else { digits.to_owned() }
    }

    /// Puts a sign before digits, and zeros between both up to the width.
    fn signed(&self, is_negative: bool, whole: String, behind: &str) -> String {
        let (sign, closing) = match (is_negative, self.parentheses) {
            (true, true) => ("(", ")"),
            (true, false) => ("-", ""),
            (false, _) if self.plus => ("+", ""),
            (false, _) if self.space => (" ", ""),
            (false, _) => ("", ""),
        };
        let number = format!("{whole}{behind}");
        let width = if self.zero { self.width.saturating_sub(sign.len() + closing.len()) } else { 0 };
        format!("{sign}{number:0>width$}{closing}")
    }

    fn floating(&self, value: f64) -> String {
        if value.is_nan() {
            return "NaN".to_owned();
        }
        if value.is_infinite() {
            let unpadded = Self { zero: false, ..Self { width: 0, ..self.flags() } };
            return unpadded.signed(value < 0.0, "Infinity".to_owned(), "");
        }
        let magnitude = value.abs();
        let negative = value.is_sign_negative();
        let precision = self.precision.unwrap_or(6);
        match self.conversion.to_ascii_lowercase() {
            'e' => self.signed(negative, scientific(magnitude, precision), ""),
            'g' => {
                let precision = precision.max(1);
                if magnitude != 0.0
                    && !(1e-4..10_f64.powi(i32::try_from(precision).unwrap_or(i32::MAX))).contains(&magnitude)
                {
                    return self.signed(negative, scientific(magnitude, precision - 1), "");
                }
                let exponent = if magnitude == 0.0 { 0.0 } else { magnitude.log10().floor() };
                #[expect(clippy::cast_possible_truncation, reason = "an exponent of a double is small")]
                let places = i64::try_from(precision).unwrap_or(0) - 1 - exponent as i64;
                self.fixed(negative, magnitude, usize::try_from(places).unwrap_or(0))
            }
            _ => self.fixed(negative, magnitude, precision),
        }
    }

    fn fixed(&self, negative: bool, magnitude: f64, places: usize) -> String {
        let text = half_up(magnitude, places);
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let behind = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
        self.signed(negative, self.digits(whole), &behind)
    }

    fn flags(&self) -> Self {
        Self {
            plus: self.plus,
            space: self.space,
            parentheses: self.parentheses,
            conversion: self.conversion,
            ..Self::default()
        }
    }
}

/// Rounds the decimal notation of a number half up, as Java does.
fn half_up(magnitude: f64, places: usize) -> String {
    let notation = format!("{magnitude}");
    let (whole, fraction) = notation.split_once('.').unwrap_or((&notation, ""));
    if fraction.len() <= places {
        let zeros = "0".repeat(places - fraction.len());
        return if places == 0 { whole.to_owned() } else { format!("{whole}.{fraction}{zeros}") };
    }
    let (kept, cut) = fraction.split_at(places);
    let mut digits: Vec<u8> = whole.bytes().chain(kept.bytes()).collect();
    if cut.as_bytes().first().is_some_and(|digit| *digit >= b'5') {
        let mut carries = true;
        for digit in digits.iter_mut().rev() {
            if *digit == b'9' {
                *digit = b'0';
            } else {
                *digit += 1;
                carries = false;
                break;
            }
        }
        if carries {
            digits.insert(0, b'1');
        }
    }
    let text: String = digits.into_iter().map(char::from).collect();
    let (whole, fraction) = text.split_at(text.len() - places);
    if places == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// `1.234568e+04`
fn scientific(magnitude: f64, places: usize) -> String {
    let notation = format!("{magnitude:e}");
    let (mantissa, exponent) = notation.split_once('e').unwrap_or((&notation, "0"));
    let mut exponent: i32 = exponent.parse().unwrap_or(0);
    let mut mantissa = half_up(mantissa.parse().unwrap_or(0.0), places);
    if mantissa.starts_with("10") {
        exponent += 1;
        mantissa = half_up(1.0, places);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_s_formats() {
        let format = |format: &str, value: Value| write(&parse(format).unwrap(), &[value]).unwrap();
        assert_eq!(format("%5.2f|", Value::Double(1.5)), " 1.50|");
        assert_eq!(format("%05d", Value::Integer(42, 32)), "00042");
        assert_eq!(format("%,d", Value::Integer(1_234_567, 32)), "1,234,567");
        assert_eq!(format("%(d", Value::Integer(-5, 32)), "(5)");
        assert_eq!(format("%x", Value::Integer(-1, 32)), "ffffffff");
        assert_eq!(format("%e", Value::Double(12345.678)), "1.234568e+04");
        assert_eq!(format("%g", Value::Double(1.5)), "1.50000");
        assert_eq!(format("%.1f", Value::Double(0.25)), "0.3");
        assert_eq!(format("%-5s|", Value::Text("b".to_owned())), "b    |");
        assert_eq!(format("%S", Value::Text("abc".to_owned())), "ABC");
        assert_eq!(format("%1$s %1$s%%", Value::Null), "null null%");
    }
}
