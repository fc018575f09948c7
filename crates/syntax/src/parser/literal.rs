//! Literals: numbers, strings, and a type's name with a string behind it.

use std::str::FromStr;
use std::sync::Arc;

use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::BigInt;
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult};

use super::cursor::Parser;
use super::keywords::Keyword;
use super::string_literal::unquote_string;
use super::token::TokenKind;
use crate::ir::literal::DatetimeKind;
use crate::ir::{Expression, Literal};

/// The most digits a decimal may have.
const MAX_PRECISION: u64 = 38;

/// The range that an error names for a numeric type.
struct Range {
    minimum: &'static str,
    maximum: &'static str,
    type_name: &'static str,
}

const TINYINT: Range = Range { minimum: "-128", maximum: "127", type_name: "tinyint" };
const SMALLINT: Range = Range { minimum: "-32768", maximum: "32767", type_name: "smallint" };
const BIGINT: Range = Range { minimum: "-9223372036854775808", maximum: "9223372036854775807", type_name: "bigint" };
const FLOAT: Range =
    Range { minimum: "-3.4028234663852886E+38", maximum: "3.4028234663852886E+38", type_name: "float" };
const DOUBLE: Range =
    Range { minimum: "-1.7976931348623157E+308", maximum: "1.7976931348623157E+308", type_name: "double" };

impl Parser<'_> {
    pub(super) fn is_number_at(&self, index: usize) -> bool {
        matches!(
            self.kind_at(index),
            TokenKind::Integer
                | TokenKind::BigInt
                | TokenKind::SmallInt
                | TokenKind::TinyInt
                | TokenKind::Exponent
                | TokenKind::Decimal
                | TokenKind::Float
                | TokenKind::Double
                | TokenKind::BigDecimal
        )
    }

    /// A number with an optional minus in front of it.
    pub(super) fn number(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        let sign = if self.accept(TokenKind::Minus) { "-" } else { "" };
        if !self.is_number_at(self.position()) {
            return Err(self.syntax_error());
        }
        let index = self.take();
        let kind = self.kind_at(index);
        let digits = self.token_text(index);
        let suffix = match kind {
            TokenKind::BigInt | TokenKind::SmallInt | TokenKind::TinyInt | TokenKind::Float | TokenKind::Double => 1,
            TokenKind::BigDecimal => 2,
            _ => 0,
        };
        let text = format!("{sign}{}", digits.get(..digits.len().saturating_sub(suffix)).unwrap_or(""));
        let literal = self.number_value(kind, &text).map_err(|error| error.at_if_unknown(&self.origin_since(start)))?;
        Ok(Expression::literal(literal, self.origin_since(start)))
    }

    fn number_value(&self, kind: TokenKind, text: &str) -> SparkResult<Literal> {
        match kind {
            TokenKind::TinyInt => parsed(text, &TINYINT).map(Literal::Byte),
            TokenKind::SmallInt => parsed(text, &SMALLINT).map(Literal::Short),
            TokenKind::BigInt => parsed(text, &BIGINT).map(Literal::Long),
            TokenKind::Integer => integer(text),
            TokenKind::Float => {
                let value: f32 = parsed(text, &FLOAT)?;
                if value.is_finite() { Ok(Literal::Float(value)) } else { Err(out_of_range(text, &FLOAT)) }
            }
            TokenKind::Exponent if self.options.legacy_exponent_literal_as_decimal => decimal(text),
            TokenKind::Double | TokenKind::Exponent => {
                let value: f64 = parsed(text, &DOUBLE)?;
                if value.is_finite() { Ok(Literal::Double(value)) } else { Err(out_of_range(text, &DOUBLE)) }
            }
            _ => decimal(text),
        }
    }

    /// One string, or several in a row that are read as one.
    pub(super) fn string_literal(&mut self) -> SparkResult<String> {
        if !self.is_string_at(self.position()) {
            return Err(self.syntax_error());
        }
        let mut text = String::new();
        while self.is_string_at(self.position()) {
            let index = self.take();
            text.push_str(&self.string_value(index));
        }
        Ok(text)
    }

    /// The value of one string token.
    pub(super) fn string_value(&self, index: usize) -> String {
        unquote_string(self.token_text(index), self.options.escaped_string_literals)
    }

    /// `DATE '…'`, `X'…'` and so on: the current word and the one string behind it.
    pub(super) fn typed_literal(&mut self) -> SparkResult<Expression> {
        let start = self.take();
        let string = self.take();
        let text = self.string_value(string);
        let datetime = |kind| Ok(Literal::Datetime { kind, text: Arc::from(text.as_str()) });
        let literal = match self.kind_at(start) {
            TokenKind::Keyword(Keyword::Date) => datetime(DatetimeKind::Date),
            TokenKind::Keyword(Keyword::Timestamp) => datetime(DatetimeKind::Timestamp),
            TokenKind::Keyword(Keyword::TimestampLtz) => datetime(DatetimeKind::TimestampLtz),
            TokenKind::Keyword(Keyword::TimestampNtz) => datetime(DatetimeKind::TimestampNtz),
            TokenKind::Keyword(Keyword::Time) => datetime(DatetimeKind::Time),
            TokenKind::Keyword(Keyword::Interval) => self.interval_of_text(&text, start),
            TokenKind::Keyword(Keyword::HexPrefix) => {
                hexadecimal(&text).ok_or_else(|| self.invalid_typed("X", &text, start))
            }
            _ => Err(self.unsupported_typed(start)),
        }?;
        Ok(Expression::literal(literal, self.origin_since(start)))
    }

    pub(super) fn invalid_typed(&self, type_name: &str, text: &str, start: usize) -> SparkError {
        self.error_since("INVALID_TYPED_LITERAL", start)
            .param("valueType", format!("\"{type_name}\""))
            .param("value", format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")))
    }

    fn unsupported_typed(&self, start: usize) -> SparkError {
        const SUPPORTED: &str =
            "\"DATE\", \"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\", \"X\", \"TIME\"";
        self.error_since("UNSUPPORTED_TYPED_LITERAL", start)
            .param("unsupportedType", format!("\"{}\"", self.token_text(start).to_uppercase()))
            .param("supportedTypes", SUPPORTED)
    }

    /// An integer that has to be written out, in the range of a 32-bit one.
    pub(super) fn small_integer(&mut self) -> SparkResult<i32> {
        let index = self.expect(TokenKind::Integer)?;
        let text = self.token_text(index);
        text.parse().map_err(|_| {
            out_of_range(text, &Range { minimum: "-2147483648", maximum: "2147483647", type_name: "int" })
                .at(&self.origin_of_token(index))
        })
    }
}

fn out_of_range(text: &str, range: &Range) -> SparkError {
    SparkError::new("INVALID_NUMERIC_LITERAL_RANGE")
        .with_kind(ErrorKind::Parse)
        .param("rawStrippedQualifier", text)
        .param("minValue", range.minimum)
        .param("maxValue", range.maximum)
        .param("typeName", range.type_name)
}

fn parsed<T: FromStr>(text: &str, range: &Range) -> SparkResult<T> {
    text.parse().map_err(|_| out_of_range(text, range))
}

/// The narrowest of int, bigint and decimal that holds the number.
fn integer(text: &str) -> SparkResult<Literal> {
    if let Ok(value) = text.parse() {
        return Ok(Literal::Integer(value));
    }
    match text.parse() {
        Ok(value) => Ok(Literal::Long(value)),
        Err(_) => decimal(text),
    }
}

/// A decimal with as many digits as it is spelled with.
fn decimal(text: &str) -> SparkResult<Literal> {
    // Far more digits than a decimal may have are refused before they cost anything.
    const LONGEST_EXPONENT: i64 = 1_000;
    let malformed = || SparkError::new("PARSE_SYNTAX_ERROR").with_kind(ErrorKind::Parse);
    let trimmed = text.strip_suffix('.').unwrap_or(text);
    let number = BigDecimal::from_str(trimmed).map_err(|_| malformed())?;
    let (unscaled, scale) = number.as_bigint_and_exponent();
    let digits = if unscaled == BigInt::from(0) { 1 } else { number.digits() };
    if scale.abs() > LONGEST_EXPONENT {
        return Err(too_precise(scale.unsigned_abs().max(digits)));
    }
    let (unscaled, digits, scale) = if scale < 0 {
        let zeros = scale.unsigned_abs();
        (unscaled * BigInt::from(10).pow(u32::try_from(zeros).unwrap_or(0)), digits + zeros, 0)
    } else {
        (unscaled, digits, scale)
    };
    let precision = digits.max(scale.unsigned_abs());
    if precision > MAX_PRECISION {
        return Err(too_precise(precision));
    }
    let unscaled = i128::try_from(unscaled).map_err(|_| too_precise(precision))?;
    let precision = u8::try_from(precision).map_err(|_| malformed())?;
    let scale = i8::try_from(scale).map_err(|_| malformed())?;
    Ok(Literal::Decimal { unscaled, precision, scale })
}

/// Spark raises this one as an arithmetic error without a place.
fn too_precise(precision: u64) -> SparkError {
    SparkError::new("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION")
        .with_kind(ErrorKind::Arithmetic)
        .param("precision", precision.to_string())
        .param("maxPrecision", MAX_PRECISION.to_string())
}

/// The bytes that hexadecimal digits spell; an odd first digit is a byte of its own.
fn hexadecimal(text: &str) -> Option<Literal> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok())).collect();
    let digits = digits?;
    let (first, pairs) = digits.split_at(digits.len() % 2);
    let bytes = first
        .iter()
        .copied()
        .chain(pairs.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit)));
    Some(Literal::Binary(bytes.collect::<Vec<u8>>().into()))
}
