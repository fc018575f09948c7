//! Numbers, strings, intervals and typed literals.

use std::sync::Arc;

use firesteel_base::types::{DayTimeField, YearMonthField};
use firesteel_syntax::ir::literal::DatetimeKind;
use firesteel_syntax::ir::{ExpressionKind, Literal};
use firesteel_syntax::{ParserOptions, parse_expression};

fn literal_with(text: &str, options: &ParserOptions) -> Literal {
    match parse_expression(text, options).map(|expression| expression.kind) {
        Ok(ExpressionKind::Literal(literal)) => literal,
        other => panic!("{text}: {other:?}"),
    }
}

fn literal(text: &str) -> Literal {
    literal_with(text, &ParserOptions::default())
}

fn string(text: &str) -> Literal {
    Literal::String(Arc::from(text))
}

fn decimal(unscaled: i128, precision: u8, scale: i8) -> Literal {
    Literal::Decimal { unscaled, precision, scale }
}

#[test]
fn numbers() {
    assert_eq!(literal("1"), Literal::Integer(1));
    assert_eq!(literal("-2147483648"), Literal::Integer(i32::MIN));
    assert_eq!(literal("2147483648"), Literal::Long(2_147_483_648));
    assert_eq!(literal("-9223372036854775808"), Literal::Long(i64::MIN));
    assert_eq!(literal("- 99999999999999999999"), decimal(-99_999_999_999_999_999_999, 20, 0));
    assert_eq!(literal("1Y"), Literal::Byte(1));
    assert_eq!(literal("-128y"), Literal::Byte(-128));
    assert_eq!(literal("2S"), Literal::Short(2));
    assert_eq!(literal("3L"), Literal::Long(3));
    assert_eq!(literal("1.50"), decimal(150, 3, 2));
    assert_eq!(literal("0.001"), decimal(1, 3, 3));
    assert_eq!(literal(".5"), decimal(5, 1, 1));
    assert_eq!(literal("1."), decimal(1, 1, 0));
    assert_eq!(literal("0.0"), decimal(0, 1, 1));
    assert_eq!(literal("1.5BD"), decimal(15, 2, 1));
    assert_eq!(literal("12e2BD"), decimal(1200, 4, 0));
    assert_eq!(literal("1e-2"), Literal::Double(0.01));
    assert_eq!(literal("1.5D"), Literal::Double(1.5));
    assert_eq!(literal("1.5F"), Literal::Float(1.5));
    let legacy = ParserOptions { legacy_exponent_literal_as_decimal: true, ..ParserOptions::default() };
    assert_eq!(literal_with("1e-2", &legacy), decimal(1, 2, 2));
}

#[test]
fn strings() {
    assert_eq!(literal("'a' \"b\" r'\\n'"), string("ab\\n"));
    assert_eq!(literal("'a''b'"), string("a'b"));
    assert_eq!(literal(r"'\n\t\\\'\0\Z\b\q'"), string("\n\t\\'\0\u{1a}\u{8}q"));
    assert_eq!(literal(r"'\u0041\U0001F600\ud83d\ude00\101'"), string("A😀😀A"));
    assert_eq!(literal(r"'\%\_'"), string(r"\%\_"));
    assert_eq!(literal(r"'\377'"), string("377"));
    let escaped = ParserOptions { escaped_string_literals: true, ..ParserOptions::default() };
    assert_eq!(literal_with(r"'\n'", &escaped), string(r"\n"));
    assert_eq!(literal("X'1Fa'"), Literal::Binary(Arc::from([0x01, 0xfa])));
}

#[test]
fn double_quoted_identifiers() {
    let options = ParserOptions { double_quoted_identifiers: true, ..ParserOptions::default() };
    let expression = parse_expression("\"a\"\"b\"", &options).unwrap();
    assert!(matches!(expression.kind, ExpressionKind::Attribute(attribute) if attribute.name == ["a\"b"]));
    let legacy = ParserOptions { ansi: false, ..options };
    assert_eq!(literal_with("\"a\"", &legacy), string("a"));
}

#[test]
fn datetimes_keep_their_text() {
    let datetime = |kind, text: &str| Literal::Datetime { kind, text: Arc::from(text) };
    assert_eq!(literal("date '2020-01-01'"), datetime(DatetimeKind::Date, "2020-01-01"));
    assert_eq!(literal("TIMESTAMP'x'"), datetime(DatetimeKind::Timestamp, "x"));
    assert_eq!(literal("timestamp_ntz 'x'"), datetime(DatetimeKind::TimestampNtz, "x"));
    assert_eq!(literal("timestamp_ltz 'x'"), datetime(DatetimeKind::TimestampLtz, "x"));
    assert_eq!(literal("time '12:00'"), datetime(DatetimeKind::Time, "12:00"));
}

#[test]
fn intervals() {
    let day_time = |microseconds, start, end| Literal::DayTimeInterval { microseconds, start, end };
    let year_month = |months, start, end| Literal::YearMonthInterval { months, start, end };
    let hour = 3_600_000_000_i64;
    use DayTimeField::{Day, Hour, Minute, Second};
    use YearMonthField::{Month, Year};
    assert_eq!(literal("interval 1 day 2 hours"), day_time(26 * hour, Day, Hour));
    assert_eq!(literal("interval '1 day'"), day_time(24 * hour, Day, Day));
    assert_eq!(literal("interval '1' day"), day_time(24 * hour, Day, Day));
    assert_eq!(literal("interval 3 weeks"), day_time(21 * 24 * hour, Day, Day));
    assert_eq!(literal("interval 2 milliseconds"), day_time(2_000, Second, Second));
    assert_eq!(literal("interval -'1.5' second"), day_time(-1_500_000, Second, Second));
    assert_eq!(literal("interval '+1 day - 2 hours'"), day_time(22 * hour, Day, Hour));
    assert_eq!(literal("interval '1-2' year to month"), year_month(14, Year, Month));
    assert_eq!(literal("interval -'-1-2' year to month"), year_month(14, Year, Month));
    assert_eq!(literal("interval 1 year 1 month"), year_month(13, Year, Month));
    assert_eq!(literal("interval -1 month"), year_month(-1, Month, Month));
    assert_eq!(literal("interval '1 02:03:04.123456789' day to second"), day_time(93_784_123_456, Day, Second));
    assert_eq!(literal("interval '25:00' hour to minute"), day_time(25 * hour, Hour, Minute));
    assert_eq!(literal("interval '-106751991 04:00:54.775808' day to second"), day_time(i64::MIN, Day, Second));
}
