//! Data types and column lists.

use std::sync::Arc;

use firesteel_base::types::{DayTimeField, YearMonthField};
use firesteel_base::{SparkField, SparkSchema, SparkType};
use firesteel_syntax::{ParserOptions, parse_data_type, parse_multipart_identifier, parse_table_schema};

fn data_type(text: &str) -> SparkType {
    parse_data_type(text, &ParserOptions::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn simple_types() {
    let cases = [
        ("boolean", SparkType::Boolean),
        ("TINYINT", SparkType::Byte),
        ("byte", SparkType::Byte),
        ("short", SparkType::Short),
        ("integer", SparkType::Integer),
        ("long", SparkType::Long),
        ("real", SparkType::Float),
        ("double", SparkType::Double),
        ("numeric", SparkType::DECIMAL_DEFAULT),
        ("dec(5)", SparkType::decimal(5, 0)),
        ("decimal(10, 2)", SparkType::decimal(10, 2)),
        ("string", SparkType::STRING),
        ("string collate unicode_ci", SparkType::String { collation: Some(Arc::from("UNICODE_CI")) }),
        ("string collate utf8_binary", SparkType::collated("UTF8_BINARY")),
        ("character(3)", SparkType::Char(3)),
        ("varchar(4)", SparkType::Varchar(4)),
        ("binary", SparkType::Binary),
        ("date", SparkType::Date),
        ("timestamp", SparkType::Timestamp),
        ("timestamp without time zone", SparkType::TimestampNtz),
        ("timestamp_ltz", SparkType::Timestamp),
        ("time", SparkType::Time { precision: 6 }),
        ("time(3)", SparkType::Time { precision: 3 }),
        ("interval", SparkType::CalendarInterval),
        ("interval year to month", SparkType::YEAR_MONTH),
        ("interval month", SparkType::YearMonthInterval { start: YearMonthField::Month, end: YearMonthField::Month }),
        (
            "interval hour to second",
            SparkType::DayTimeInterval { start: DayTimeField::Hour, end: DayTimeField::Second },
        ),
        ("void", SparkType::Null),
        ("variant", SparkType::Variant),
    ];
    for (text, expected) in cases {
        assert_eq!(data_type(text), expected, "{text}");
    }
    let ntz = ParserOptions { timestamp_is_ntz: true, ..ParserOptions::default() };
    assert_eq!(parse_data_type("timestamp", &ntz).unwrap(), SparkType::TimestampNtz);
}

#[test]
fn nested_types() {
    let mut commented = SparkField::new("b", SparkType::STRING, true);
    commented.metadata = Some(Arc::from("{\"comment\":\"a \\\"b\\\"\"}"));
    let fields = vec![
        SparkField::new("a", SparkType::array(SparkType::array(SparkType::Integer, true), true), false),
        commented,
    ];
    assert_eq!(
        data_type("struct<a: array<array<int>> NOT NULL, b string COMMENT 'a \"b\"'>"),
        SparkType::Struct(SparkSchema::new(fields.clone()))
    );
    assert_eq!(data_type("struct<>"), SparkType::Struct(SparkSchema::default()));
    assert_eq!(data_type("map<string,map<int,long>>"), {
        SparkType::map(SparkType::STRING, SparkType::map(SparkType::Integer, SparkType::Long, true), true)
    });
    let schema =
        parse_table_schema("a array<array<int>> NOT NULL, b STRING COMMENT 'a \"b\"'", &ParserOptions::default());
    assert_eq!(schema.unwrap(), SparkSchema::new(fields));
}

#[test]
fn types_that_are_refused() {
    let cases = [
        ("foo", "UNSUPPORTED_DATATYPE"),
        ("int(3)", "UNSUPPORTED_DATATYPE"),
        ("array", "INCOMPLETE_TYPE_DEFINITION.ARRAY"),
        ("map", "INCOMPLETE_TYPE_DEFINITION.MAP"),
        ("varchar", "DATATYPE_MISSING_SIZE"),
        ("decimal(40, 2)", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION"),
        ("array<int", "PARSE_SYNTAX_ERROR"),
        ("a InvalidType", "PARSE_SYNTAX_ERROR"),
        ("", "PARSE_EMPTY_STATEMENT"),
    ];
    for (text, condition) in cases {
        let error = parse_data_type(text, &ParserOptions::default()).unwrap_err();
        assert_eq!(error.condition(), condition, "{text}");
    }
}

#[test]
fn names() {
    let name = |text| parse_multipart_identifier(text, &ParserOptions::default());
    assert_eq!(name("a.`b.c`.`d``e`.select").unwrap(), ["a", "b.c", "d`e", "select"]);
    assert_eq!(name("a-b").unwrap_err().condition(), "INVALID_IDENTIFIER");
    assert_eq!(name("a.").unwrap_err().condition(), "PARSE_SYNTAX_ERROR");
}
