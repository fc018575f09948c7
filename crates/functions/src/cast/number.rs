//! Numbers as text, both ways, and decimals as integers of a scale.

use std::fmt::Write;

use super::java_float::{self, Digits};

/// The powers of ten that fit.
const POWERS_OF_TEN: [i128; 39] = {
    let mut powers = [1_i128; 39];
    let mut exponent = 1;
    while exponent < 39 {
        #[expect(clippy::indexing_slicing, reason = "both indices are below the length")]
        {
            powers[exponent] = powers[exponent - 1] * 10;
        }
        exponent += 1;
    }
    powers
};

/// 10 to the `exponent`, for 0..=38.
pub fn power_of_ten(exponent: u32) -> Option<i128> {
    POWERS_OF_TEN.get(usize::try_from(exponent).ok()?).copied()
}

/// Whether a decimal's digits fit into a precision.
pub fn fits_precision(unscaled: i128, precision: u8) -> bool {
    power_of_ten(u32::from(precision)).is_none_or(|limit| unscaled.unsigned_abs() < limit.unsigned_abs())
}

/// A decimal's digits at another scale, rounded half up (away from zero); `None` if 128 bits do not hold it.
pub fn rescale(unscaled: i128, from: i8, to: i8) -> Option<i128> {
    let shift = i32::from(to) - i32::from(from);
    if shift >= 0 {
        match power_of_ten(shift.unsigned_abs()) {
            Some(power) => unscaled.checked_mul(power),
            None => (unscaled == 0).then_some(0),
        }
    } else {
        match power_of_ten(shift.unsigned_abs()) {
            Some(power) => Some(divide_half_up(unscaled, power)),
            None => Some(0),
        }
    }
}

/// The quotient rounded half up, away from zero. `divisor` is positive.
pub fn divide_half_up(dividend: i128, divisor: i128) -> i128 {
    let quotient = dividend / divisor;
    let remainder = (dividend % divisor).unsigned_abs();
    if remainder >= divisor.unsigned_abs() - remainder { quotient + dividend.signum() } else { quotient }
}

/// The text without what Java calls white space or control characters at its ends.
pub fn trim_all(text: &str) -> &str {
    text.trim_matches(|letter| letter <= ' ' || letter == '\u{7f}')
}

/// The text without characters up to the blank at its ends.
fn trim_blanks(text: &str) -> &str {
    text.trim_matches(|letter| letter <= ' ')
}

/// A whole number. With `allow_fraction` digits behind a point are checked and dropped.
pub fn parse_long(text: &str, allow_fraction: bool) -> Option<i64> {
    let text = trim_all(text);
    let (is_negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_i64;
    let mut digits = digits.iter();
    for byte in digits.by_ref() {
        if allow_fraction && *byte == b'.' {
            break;
        }
        if !byte.is_ascii_digit() {
            return None;
        }
        // Built up negatively, since the least number has no positive counterpart.
        value = value.checked_mul(10)?.checked_sub(i64::from(byte - b'0'))?;
    }
    if !digits.all(u8::is_ascii_digit) {
        return None;
    }
    if is_negative { Some(value) } else { value.checked_neg() }
}

/// A floating-point number as Java and Spark spell them.
pub fn parse_double(text: &str) -> Option<f64> {
    parse_float_text(trim_blanks(text)).and_then(|text| match text {
        FloatText::Special(value) => Some(value),
        FloatText::Digits(digits) => digits.parse().ok(),
    })
}

/// As [`parse_double`], rounded once to single precision.
pub fn parse_float(text: &str) -> Option<f32> {
    parse_float_text(trim_blanks(text)).and_then(|text| match text {
        FloatText::Special(value) if value.is_nan() => Some(f32::NAN),
        FloatText::Special(value) => Some(if value > 0.0 { f32::INFINITY } else { f32::NEG_INFINITY }),
        FloatText::Digits(digits) => digits.parse().ok(),
    })
}

enum FloatText<'a> {
    Special(f64),
    Digits(&'a str),
}

fn parse_float_text(text: &str) -> Option<FloatText<'_>> {
    let first = text.bytes().find(|byte| !matches!(byte, b'+' | b'-'))?;
    if first.is_ascii_digit() || first == b'.' {
        // Java takes a type suffix.
        let digits = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
        return Some(FloatText::Digits(digits));
    }
    Some(FloatText::Special(match text.to_ascii_lowercase().as_str() {
        "inf" | "+inf" | "infinity" | "+infinity" => f64::INFINITY,
        "-inf" | "-infinity" => f64::NEG_INFINITY,
        "nan" => f64::NAN,
        _ => return None,
    }))
}

/// What a text says as a decimal of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParsedDecimal {
    Value(i128),
    /// A number too large for the type, without exponent.
    TooLarge(String),
    /// A number with more digits before the point than any decimal has.
    BeyondDecimals,
    NotANumber,
}

/// A decimal, rounded half up to `scale`.
pub fn parse_decimal(text: &str, precision: u8, scale: i8) -> ParsedDecimal {
    match DecimalText::read(trim_blanks(text)) {
        Some(text) => text.round(precision, scale),
        None => ParsedDecimal::NotANumber,
    }
}

/// A double as the decimal that Spark sees in it: the one it prints as. `None` for NaN and infinities.
pub fn double_to_decimal(value: f64, precision: u8, scale: i8) -> Option<ParsedDecimal> {
    if !value.is_finite() {
        return None;
    }
    Some(parse_decimal(&format!("{value:e}"), precision, scale))
}

/// A sign, digits, and how many of them (or how many zeros more) are behind the point.
struct DecimalText {
    is_negative: bool,
    /// Without leading zeros.
    digits: Vec<u8>,
    scale: i64,
}

impl DecimalText {
    fn read(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.as_bytes() {
            [b'-', ..] => (true, text.get(1..)?),
            [b'+', ..] => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)?),
            None => (text, "0"),
        };
        let exponent_digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if exponent_digits.is_empty() || !exponent_digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // Java's exponents have 32 bits.
        let exponent = i64::from(exponent.parse::<i32>().ok()?);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.len() + fraction.len() == 0 {
            return None;
        }
        let mut digits = Vec::with_capacity(whole.len() + fraction.len());
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return None;
            }
            if byte != b'0' || !digits.is_empty() {
                digits.push(byte - b'0');
            }
        }
        let scale = i64::try_from(fraction.len()).ok()? - exponent;
        Some(Self { is_negative, digits, scale })
    }

    fn round(&self, precision: u8, scale: i8) -> ParsedDecimal {
        let length = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        if self.digits.is_empty() {
            return ParsedDecimal::Value(0);
        }
        if length - self.scale > 38 {
            return ParsedDecimal::BeyondDecimals;
        }
        // As many digits as stay in front of the rounding place; with fewer than none everything rounds away.
        let kept = length - self.scale + i64::from(scale);
        if kept < 0 {
            return ParsedDecimal::Value(0);
        }
        let kept = usize::try_from(kept).unwrap_or(usize::MAX);
        if kept > 38 + 1 {
            return ParsedDecimal::TooLarge(self.plain());
        }
        let mut value = 0_i128;
        for place in 0..kept {
            let digit = self.digits.get(place).copied().unwrap_or(0);
            match value.checked_mul(10).and_then(|value| value.checked_add(i128::from(digit))) {
                Some(more) => value = more,
                None => return ParsedDecimal::TooLarge(self.plain()),
            }
        }
        if self.digits.get(kept).is_some_and(|digit| *digit >= 5) {
            value += 1;
        }
        if !fits_precision(value, precision) {
            return ParsedDecimal::TooLarge(self.plain());
        }
        ParsedDecimal::Value(if self.is_negative { -value } else { value })
    }

    /// The number without exponent.
    fn plain(&self) -> String {
        let mut text = String::new();
        if self.is_negative {
            text.push('-');
        }
        let length = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        let point = length - self.scale;
        if point <= 0 {
            text.push_str("0.");
            (0..-point).for_each(|_| text.push('0'));
        }
        for (place, digit) in (0_i64..).zip(&self.digits) {
            if place == point && place > 0 {
                text.push('.');
            }
            text.push(char::from(b'0' + digit));
        }
        (length..point).for_each(|_| text.push('0'));
        text
    }
}

/// Appends a decimal as Java's `BigDecimal` prints itself: with an exponent where the value is small for its scale.
pub fn write_decimal(unscaled: i128, scale: i8, out: &mut String) {
    const SMALLEST_PLAIN_EXPONENT: i32 = -6;
    let digits = unscaled.unsigned_abs().to_string();
    let exponent = i32::try_from(digits.len()).unwrap_or(i32::MAX) - 1 - i32::from(scale);
    if scale >= 0 && exponent >= SMALLEST_PLAIN_EXPONENT {
        return write_plain_decimal(unscaled, scale, out);
    }
    if unscaled < 0 {
        out.push('-');
    }
    let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
    out.push_str(first);
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    // Writing to a String cannot fail.
    let _ = write!(out, "E{exponent:+}");
}

/// Appends a decimal without exponent: `-1.50`.
pub fn write_plain_decimal(unscaled: i128, scale: i8, out: &mut String) {
    let digits = unscaled.unsigned_abs().to_string();
    if unscaled < 0 {
        out.push('-');
    }
    let Ok(scale) = usize::try_from(scale) else {
        out.push_str(&digits);
        (0..scale.unsigned_abs()).for_each(|_| out.push('0'));
        return;
    };
    if scale == 0 {
        out.push_str(&digits);
        return;
    }
    match digits.len().checked_sub(scale).filter(|whole| *whole > 0) {
        Some(whole) => {
            let (whole, fraction) = digits.split_at_checked(whole).unwrap_or((&digits, ""));
            out.push_str(whole);
            out.push('.');
            out.push_str(fraction);
        }
        None => {
            out.push_str("0.");
            (digits.len()..scale).for_each(|_| out.push('0'));
            out.push_str(&digits);
        }
    }
}

/// A decimal without exponent.
pub fn decimal_text(unscaled: i128, scale: i8) -> String {
    let mut text = String::new();
    write_plain_decimal(unscaled, scale, &mut text);
    text
}

/// The double nearest to a decimal.
pub fn decimal_to_double(unscaled: i128, scale: i8) -> f64 {
    const EXACT: u128 = 1 << 53;
    if unscaled.unsigned_abs() < EXACT && (0..=22).contains(&scale) {
        // Both are exact, so the quotient is rounded once.
        return unscaled as f64 / 10_f64.powi(i32::from(scale));
    }
    format!("{unscaled}e{}", -i32::from(scale)).parse().unwrap_or(f64::NAN)
}

/// The float nearest to a decimal.
pub fn decimal_to_float(unscaled: i128, scale: i8) -> f32 {
    format!("{unscaled}e{}", -i32::from(scale)).parse().unwrap_or(f32::NAN)
}

/// Appends a double as Java prints it: `1.0`, `1.0E10`, `NaN`, `Infinity`.
pub fn write_double(value: f64, out: &mut String) {
    match special_text(value) {
        Some(special) => out.push_str(special),
        None => write_java(value < 0.0, &java_float::of_double(value.abs()), out),
    }
}

/// As [`write_double`] in single precision.
pub fn write_float(value: f32, out: &mut String) {
    match special_text(f64::from(value)) {
        Some(special) => out.push_str(special),
        None => write_java(value < 0.0, &java_float::of_float(value.abs()), out),
    }
}

/// A double as Java prints it.
pub fn double_text(value: f64) -> String {
    let mut text = String::new();
    write_double(value, &mut text);
    text
}

/// A float as Java prints it.
pub fn float_text(value: f32) -> String {
    let mut text = String::new();
    write_float(value, &mut text);
    text
}

fn special_text(value: f64) -> Option<&'static str> {
    match value {
        value if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        value if value == 0.0 => Some(if value.is_sign_negative() { "-0.0" } else { "0.0" }),
        _ => None,
    }
}

/// Java's layout: plain from 1e-3 up to below 1e7, else with `E`; always a digit behind the point.
fn write_java(is_negative: bool, number: &Digits, out: &mut String) {
    if is_negative {
        out.push('-');
    }
    let digits: String = number.digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    let exponent = number.exponent;
    let (first, fraction) = digits.split_at_checked(1).unwrap_or((&digits, ""));
    if !(-3..7).contains(&exponent) {
        let fraction = if fraction.is_empty() { "0" } else { fraction };
        // Writing to a String cannot fail.
        let _ = write!(out, "{first}.{fraction}E{exponent}");
        return;
    }
    if exponent < 0 {
        out.push_str("0.");
        (exponent..-1).for_each(|_| out.push('0'));
        out.push_str(&digits);
        return;
    }
    out.push_str(first);
    let whole = usize::try_from(exponent).unwrap_or(0);
    match fraction.split_at_checked(whole) {
        Some((whole, rest)) => {
            out.push_str(whole);
            out.push('.');
            out.push_str(if rest.is_empty() { "0" } else { rest });
        }
        None => {
            out.push_str(fraction);
            (fraction.len()..whole).for_each(|_| out.push('0'));
            out.push_str(".0");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_java_s() {
        for (value, text) in [
            (1.0, "1.0"),
            (1e7, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (1e-3, "0.001"),
            (9e-4, "9.0E-4"),
            (123_456_789.123, "1.23456789123E8"),
            (4.9e-324, "4.9E-324"),
            (2e-323, "2.0E-323"),
            (-0.0, "-0.0"),
            (100.0, "100.0"),
            (120.5, "120.5"),
            (0.015, "0.015"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double_text(value), text);
        }
        assert_eq!(float_text(1.1), "1.1");
        assert_eq!(float_text(16_777_216.0), "1.6777216E7");
        assert_eq!(float_text(1.4e-45), "1.4E-45");
    }

    #[test]
    fn decimals_round_half_up() {
        let parse = |text: &str| parse_decimal(text, 10, 2);
        assert_eq!(parse("0.005"), ParsedDecimal::Value(1));
        assert_eq!(parse("-0.005"), ParsedDecimal::Value(-1));
        assert_eq!(parse("0.0049999"), ParsedDecimal::Value(0));
        assert_eq!(parse("  -1.5e1 "), ParsedDecimal::Value(-1500));
        assert_eq!(parse("5."), ParsedDecimal::Value(500));
        assert_eq!(parse("."), ParsedDecimal::NotANumber);
        assert_eq!(parse("1d"), ParsedDecimal::NotANumber);
        assert_eq!(parse("1e400"), ParsedDecimal::BeyondDecimals);
        assert_eq!(parse("123456789.5"), ParsedDecimal::TooLarge("123456789.5".to_owned()));
        assert_eq!(parse("1e9"), ParsedDecimal::TooLarge("1000000000".to_owned()));
        assert_eq!(double_to_decimal(1.005, 10, 2), Some(ParsedDecimal::Value(101)));
        assert_eq!(rescale(12345, 3, 2), Some(1235));
        assert_eq!(rescale(-12345, 3, 2), Some(-1235));
    }

    #[test]
    fn decimals_print_plainly() {
        assert_eq!(decimal_text(1, 7), "0.0000001");
        assert_eq!(decimal_text(-150, 2), "-1.50");
        assert_eq!(decimal_text(150, 0), "150");
    }

    #[test]
    fn whole_numbers() {
        assert_eq!(parse_long(" -12 ", false), Some(-12));
        assert_eq!(parse_long("-9223372036854775808", false), Some(i64::MIN));
        assert_eq!(parse_long("9223372036854775808", false), None);
        assert_eq!(parse_long("1.9", true), Some(1));
        assert_eq!(parse_long("1.9", false), None);
        assert_eq!(parse_long("1.x", true), None);
        assert_eq!(parse_long("+", false), None);
    }
}
