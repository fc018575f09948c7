//! Spark's spellings of types, recorded from Apache Spark: each case is read from its JSON and spelled again.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkSchema, SparkType};
use serde_json::Value;

/// Depths at which the cases hold trees.
const TREE_LEVELS: [Option<usize>; 4] = [None, Some(1), Some(2), Some(3)];

fn cases() -> Vec<Value> {
    let cases: Value = serde_json::from_str(include_str!("data/types.json")).unwrap();
    cases.as_array().unwrap().clone()
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case.get(key).unwrap().as_str().unwrap()
}

#[test]
fn spellings_are_sparks() {
    for case in cases() {
        let json = text(&case, "json");
        let data_type = SparkType::from_json(json).unwrap();
        assert_eq!(data_type.json(), json);
        assert_eq!(data_type.simple_string(), text(&case, "simple"), "{json}");
        assert_eq!(data_type.catalog_string(), text(&case, "catalog"), "{json}");
        assert_eq!(data_type.sql(), text(&case, "sql"), "{json}");
        assert_eq!(data_type.type_name(), text(&case, "name"), "{json}");
        assert_eq!(data_type.default_size(), case.get("size").unwrap().as_u64().unwrap(), "{json}");
    }
}

#[test]
fn schemas_are_written_as_sparks() {
    for case in cases().into_iter().filter(|case| case.get("ddl").is_some()) {
        let schema = SparkSchema::from_json(text(&case, "json")).unwrap();
        assert_eq!(schema.pretty_json(), text(&case, "pretty"));
        assert_eq!(schema.to_ddl(), text(&case, "ddl"));
        assert_eq!(schema.simple_string(), text(&case, "simple"));
        for (level, tree) in TREE_LEVELS.into_iter().zip(case.get("tree").unwrap().as_array().unwrap()) {
            assert_eq!(schema.tree_string(level), tree.as_str().unwrap());
        }
        assert_eq!(schema.tree_string(Some(0)), schema.tree_string(None));
    }
}

#[test]
fn other_names_of_types_are_read() {
    for (json, expected) in [
        ("\"null\"", SparkType::Null),
        ("\"decimal\"", SparkType::DECIMAL_DEFAULT),
        ("\"decimal( 5 , 2 )\"", SparkType::decimal(5, 2)),
        ("\"timestamp_ltz\"", SparkType::Timestamp),
    ] {
        assert_eq!(SparkType::from_json(json).unwrap(), expected);
    }
    let schema = SparkSchema::from_json(r#"{"type":"struct","fields":[{"name":"a","type":"integer"}]}"#).unwrap();
    assert_eq!(schema.to_ddl(), "a INT");
}

#[test]
fn what_spark_refuses_is_refused() {
    for json in [
        "\"int\"",
        "\"bigint\"",
        "\"decimal(5)\"",
        "\"time\"",
        "\"time(9)\"",
        "\"interval year to year\"",
        "\"STRING\"",
        "\"object\"",
        r#"{"type":"array","elementType":"integer"}"#,
        "[1]",
        r#"{"type":"struct","fields":[1]}"#,
        r#"{"type":"struct","fields":[{"name":"a","type":"long","x":1}]}"#,
        r#"{"type":"udt","pyClass":"a.B","sqlType":"long"}"#,
    ] {
        let error = SparkType::from_json(json).unwrap_err();
        assert_eq!((error.condition(), error.kind()), ("INVALID_JSON_DATA_TYPE", ErrorKind::IllegalArgument), "{json}");
    }
    assert_eq!(
        SparkType::from_json("\"foo\"").unwrap_err().message(),
        "[INVALID_JSON_DATA_TYPE] Failed to convert the JSON string 'foo' to a data type. Please enter a valid data \
         type. SQLSTATE: 2203G"
    );
    for (json, expected) in [
        ("\"decimal(40,2)\"", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION"),
        ("\"decimal(5,-2)\"", "NEGATIVE_SCALE_DISALLOWED"),
        ("\"decimal(5,6)\"", "_LEGACY_ERROR_TEMP_1228"),
    ] {
        assert_eq!(SparkType::from_json(json).unwrap_err().condition(), expected);
    }
}
