//! Answers of functions of arrays, maps, structs, JSON and CSV, recorded from Apache Spark 4.2.1.

use datafusion::common::ScalarValue;
use firesteel_base::SparkType;

use crate::kernel::evaluate::{answer, int, text, value};

type Constant = (SparkType, ScalarValue);

fn null() -> Constant {
    (SparkType::Integer, ScalarValue::Int32(None))
}

fn array(elements: &[Constant]) -> Constant {
    value("array", elements)
}

#[test]
fn searching() {
    let numbers = array(&[int(3), int(2), int(1)]);
    let with_null = array(&[int(1), null()]);
    assert_eq!(answer("array_contains", &[numbers.clone(), int(2)]), "true");
    assert_eq!(answer("array_contains", &[with_null.clone(), int(2)]), "NULL");
    assert_eq!(answer("array_position", &[numbers.clone(), int(1)]), "3");
    assert_eq!(answer("array_max", std::slice::from_ref(&with_null)), "1");
    assert_eq!(answer("arrays_overlap", &[with_null, array(&[int(3)])]), "NULL");
    assert_eq!(answer("element_at", &[numbers.clone(), int(-1)]), "1");
    assert_eq!(answer("element_at", &[numbers.clone(), int(0)]), "INVALID_INDEX_OF_ZERO");
    assert_eq!(answer("element_at", &[numbers.clone(), int(5)]), "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
    assert_eq!(answer("[]", &[numbers.clone(), int(5)]), "INVALID_ARRAY_INDEX");
    assert_eq!(answer("get", &[numbers, int(5)]), "NULL");
}

#[test]
fn sets() {
    let left = array(&[int(1), int(2), null(), int(2)]);
    let right = array(&[int(2), null()]);
    assert_eq!(answer("array_distinct", std::slice::from_ref(&left)), "[1, 2, null]");
    assert_eq!(answer("array_union", &[left.clone(), right.clone()]), "[1, 2, null]");
    assert_eq!(answer("array_intersect", &[left.clone(), right.clone()]), "[2, null]");
    assert_eq!(answer("array_except", &[left, right]), "[1]");
}

#[test]
fn changing() {
    let numbers = array(&[int(1), int(2), int(3)]);
    for (place, expected) in
        [(2, "[1, 9, 2, 3]"), (-1, "[1, 2, 3, 9]"), (-5, "[9, null, 1, 2, 3]"), (6, "[1, 2, 3, null, null, 9]")]
    {
        assert_eq!(answer("array_insert", &[numbers.clone(), int(place), int(9)]), expected, "{place}");
    }
    assert_eq!(answer("slice", &[numbers.clone(), int(-2), int(2)]), "[2, 3]");
    assert_eq!(answer("slice", &[numbers.clone(), int(0), int(1)]), "INVALID_PARAMETER_VALUE.START");
    assert_eq!(answer("array_remove", &[numbers.clone(), int(2)]), "[1, 3]");
    assert_eq!(answer("array_append", &[numbers.clone(), null()]), "[1, 2, 3, null]");
    assert_eq!(answer("sort_array", &[array(&[int(3), null(), int(1)])]), "[null, 1, 3]");
    assert_eq!(answer("arrays_zip", &[numbers.clone(), array(&[text("a")])]), "[{1, a}, {2, null}, {3, null}]");
    assert_eq!(answer("flatten", &[array(&[numbers.clone(), numbers])]), "[1, 2, 3, 1, 2, 3]");
    assert_eq!(answer("sequence", &[int(5), int(1)]), "[5, 4, 3, 2, 1]");
}

#[test]
fn maps() {
    let map = value("map", &[int(1), text("a"), int(2), text("b")]);
    assert_eq!(answer("map", &[int(1), text("a"), int(1), text("b")]), "DUPLICATED_MAP_KEY");
    assert_eq!(answer("map", &[null(), text("a")]), "NULL_MAP_KEY");
    assert_eq!(answer("map_keys", std::slice::from_ref(&map)), "[1, 2]");
    assert_eq!(answer("map_entries", std::slice::from_ref(&map)), "[{1, a}, {2, b}]");
    assert_eq!(answer("[]", &[map.clone(), int(2)]), "b");
    assert_eq!(answer("map_contains_key", &[map.clone(), int(3)]), "false");
    assert_eq!(answer("map_concat", &[map.clone(), map]), "DUPLICATED_MAP_KEY");
    assert_eq!(answer("str_to_map", &[text("a:1,b:2,c")]), "{a -> 1, b -> 2, c -> null}");
}

#[test]
fn json_paths() {
    for (json, path, expected) in [
        (r#"{"a":{"b":[1,2,{"c":"x"}]}}"#, "$.a.b[2].c", "x"),
        (r#"{"a":[{"b":1},{"b":2}]}"#, "$.a[*].b", "[1,2]"),
        (r#"{"a":[1]}"#, "$.a[*]", "1"),
        (r#"{"a":[[1],[2]]}"#, "$.a[*][*]", "[1,2]"),
        (r#"{"a":1.50}"#, "$.a", "1.5"),
        (r#"{"a":1e5}"#, "$.a", "100000.0"),
        (r#"{"a":null}"#, "$.a", "NULL"),
        (r#"{"a":{"x":1,"y":2}}"#, "$.a.*", "NULL"),
        (r#"{"a b":1}"#, "$['a b']", "1"),
        ("x", "$.a", "NULL"),
        (r#"{"a":1}"#, "a", "NULL"),
    ] {
        assert_eq!(answer("get_json_object", &[text(json), text(path)]), expected, "{json} {path}");
    }
    assert_eq!(answer("json_array_length", &[text("[1,2,3]")]), "3");
    assert_eq!(answer("json_object_keys", &[text(r#"{"a":1,"b":2}"#)]), "[a, b]");
}

#[test]
fn json_records() {
    let schema = r#"{"type":"struct","fields":[
        {"name":"a","type":"integer","nullable":true,"metadata":{}},
        {"name":"b","type":"string","nullable":true,"metadata":{}}]}"#;
    for (json, expected) in [
        (r#"{"a":1,"b":"x"}"#, "{1, x}"),
        (r#"{"a":"1","b":{"c":1.50}}"#, r#"{null, {"c":1.50}}"#),
        ("x", "{null, null}"),
        ("", "NULL"),
    ] {
        assert_eq!(answer("from_json", &[text(json), text(schema)]), expected, "{json}");
    }
    let fields = [text("a"), int(1), text("b"), null()];
    let record = value("named_struct", &fields);
    assert_eq!(answer("to_json", std::slice::from_ref(&record)), r#"{"a":1}"#);
    assert_eq!(answer("to_csv", &[record]), "1,");
    assert_eq!(answer("schema_of_json", &[text(r#"{"b":"x","a":[1,2.5]}"#)]), "STRUCT<a: ARRAY<DOUBLE>, b: STRING>");
    assert_eq!(answer("schema_of_csv", &[text("1,abc")]), "STRUCT<_c0: INT, _c1: STRING>");
}

#[test]
fn csv_records() {
    let schema = r#"{"type":"struct","fields":[
        {"name":"a","type":"integer","nullable":true,"metadata":{}},
        {"name":"b","type":"string","nullable":true,"metadata":{}}]}"#;
    for (line, expected) in [
        ("1,abc", "{1, abc}"),
        ("x,1", "{null, 1}"),
        (r#"1,"a,b""#, "{1, a,b}"),
        (r#"1,"a""b""#, r#"{1, "a""b"}"#),
        ("1", "{1, null}"),
        ("1,,2", "{1, null}"),
    ] {
        assert_eq!(answer("from_csv", &[text(line), text(schema)]), expected, "{line}");
    }
}
