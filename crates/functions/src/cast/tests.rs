//! Casts against what Apache Spark 4.2.1 answers.

use arrow::array::{Array, ArrayRef, AsArray, StringArray, new_null_array};
use firesteel_base::{SparkResult, SparkType};

use super::*;

const ZONE: &str = "America/Los_Angeles";

fn text(value: &str) -> ArrayRef {
    std::sync::Arc::new(StringArray::from(vec![value]))
}

fn cast_one(array: &ArrayRef, from: &SparkType, to: &SparkType, mode: CastMode) -> SparkResult<ArrayRef> {
    cast_array(array, from, to, mode, ZONE)
}

/// Reads text as one type, casts it to another, and writes the result as text; errors as their conditions.
fn through(value: &str, by: &SparkType, to: &SparkType, mode: CastMode) -> String {
    let cast = cast_one(&text(value), &SparkType::STRING, by, CastMode::Ansi)
        .and_then(|array| cast_one(&array, by, to, mode))
        .and_then(|array| cast_one(&array, to, &SparkType::STRING, mode));
    match cast {
        Ok(array) if array.is_null(0) => "NULL".to_owned(),
        Ok(array) => array.as_string::<i32>().value(0).to_owned(),
        Err(error) => error.condition().to_owned(),
    }
}

#[test]
fn ansi_casts() {
    use SparkType as T;
    let decimal = |precision, scale| T::decimal(precision, scale);
    for (value, by, to, result) in [
        ("2147483648", T::Long, T::Integer, "CAST_OVERFLOW"),
        ("1e20", T::Double, T::Integer, "CAST_OVERFLOW"),
        ("NaN", T::Double, T::Integer, "CAST_OVERFLOW"),
        ("-1.9", T::Double, T::Integer, "-1"),
        ("2147483647.9", T::Double, T::Integer, "2147483647"),
        ("127.9", T::Double, T::Byte, "127"),
        ("12345.678", decimal(8, 3), decimal(5, 2), "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"),
        ("1.005", T::Double, decimal(10, 2), "1.01"),
        ("0.1", T::Float, decimal(38, 18), "0.100000001490116120"),
        ("NaN", T::Double, decimal(5, 2), "NULL"),
        ("a", T::STRING, T::Boolean, "CAST_INVALID_INPUT"),
        (" y ", T::STRING, T::Boolean, "true"),
        ("1e400", T::STRING, decimal(10, 2), "NUMERIC_OUT_OF_SUPPORTED_RANGE"),
        ("2500-07-01 00:00:00", T::Timestamp, T::Long, "16740889200"),
        ("1883-11-18 00:00:00", T::Timestamp, T::Long, "-2717683622"),
        ("2050-01-01 00:00:00", T::Timestamp, T::Integer, "CAST_OVERFLOW"),
        ("2020-01-01 00:00:00.123456", T::Timestamp, decimal(20, 6), "1577865600.123456"),
        ("2020-01-01 00:00:00.123456", T::Timestamp, T::Double, "1.577865600123456E9"),
        ("1969-12-31 15:59:59.5", T::Timestamp, T::Long, "-1"),
        ("-1.5", T::Double, T::Timestamp, "1969-12-31 15:59:58.5"),
        ("1.123456789", decimal(10, 9), T::Timestamp, "1969-12-31 16:00:01.123456"),
        ("9223372036854775807", T::Long, T::Timestamp, "+294247-01-09 20:00:54.775807"),
        ("Infinity", T::Double, T::Timestamp, "CAST_INVALID_INPUT"),
        ("2020-01-31", T::Date, T::Timestamp, "2020-01-31 00:00:00"),
        ("2020-01-31 23:00:00", T::Timestamp, T::Date, "2020-01-31"),
        ("2020-01-31 23:00:00", T::Timestamp, T::TimestampNtz, "2020-01-31 23:00:00"),
        ("2020-03-08 02:30:00", T::TimestampNtz, T::Timestamp, "2020-03-08 03:30:00"),
        ("12345678901234567890.123", decimal(23, 3), T::Double, "1.2345678901234567E19"),
        ("123456789.123456789", decimal(18, 9), T::Float, "1.23456792E8"),
        ("1-2", T::YEAR_MONTH, T::Integer, "14"),
        ("1 12:30:00", T::DAY_TIME, decimal(10, 3), "131400.000"),
        ("1.5", decimal(2, 1), T::DAY_TIME, "INTERVAL '0 00:00:01.5' DAY TO SECOND"),
        ("1.0000015", decimal(8, 7), T::DAY_TIME, "INTERVAL '0 00:00:01.000002' DAY TO SECOND"),
        ("9223372036854775807", T::Long, T::DAY_TIME, "CAST_OVERFLOW"),
        ("bad", T::STRING, T::CalendarInterval, "NULL"),
    ] {
        assert_eq!(through(value, &by, &to, CastMode::Ansi), result, "{value} as {} as {}", by.sql(), to.sql());
    }
}

#[test]
fn casts_without_ansi() {
    use SparkType as T;
    for (value, by, to, result) in [
        ("1.9", T::STRING, T::Integer, "1"),
        (".", T::STRING, T::Integer, "0"),
        ("1.x", T::STRING, T::Integer, "NULL"),
        ("300", T::STRING, T::Byte, "NULL"),
        ("300", T::Integer, T::Byte, "44"),
        ("3e9", T::Double, T::Integer, "2147483647"),
        ("1e20", T::Double, T::Byte, "-1"),
        ("99999999999999999999", T::decimal(20, 0), T::Long, "7766279631452241919"),
        ("99999999999999999999", T::decimal(20, 0), T::Integer, "1661992959"),
        ("NaN", T::Double, T::Integer, "0"),
        ("true", T::Boolean, T::Timestamp, "1969-12-31 16:00:00.000001"),
        ("2020-01-01", T::Date, T::Integer, "NULL"),
        ("2050-01-01 00:00:00", T::Timestamp, T::Integer, "NULL"),
        ("1e30", T::Double, T::Timestamp, "+294247-01-09 20:00:54.775807"),
        ("x", T::STRING, T::DAY_TIME, "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE"),
    ] {
        assert_eq!(through(value, &by, &to, CastMode::Legacy), result, "{value} as {} as {}", by.sql(), to.sql());
    }
    assert_eq!(through("x", &T::STRING, &T::DAY_TIME, CastMode::Try), "NULL");
}

#[test]
fn nested_values_print_as_spark_s() {
    use arrow::array::{Int32Array, ListArray, StructArray};
    use arrow::datatypes::{DataType, Field, Int32Type};
    let list: ArrayRef = std::sync::Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([
        Some(vec![Some(1), None, Some(3)]),
        Some(vec![]),
        None,
    ]));
    let type_of_list = SparkType::array(SparkType::Integer, true);
    let printed = cast_one(&list, &type_of_list, &SparkType::STRING, CastMode::Ansi).unwrap();
    let printed: Vec<_> = printed.as_string::<i32>().iter().map(|text| text.map(ToOwned::to_owned)).collect();
    assert_eq!(printed, [Some("[1, null, 3]".to_owned()), Some("[]".to_owned()), None]);

    let longs = SparkType::array(SparkType::Long, true);
    let cast = cast_one(&list.slice(1, 2), &type_of_list, &longs, CastMode::Ansi).unwrap();
    assert_eq!(cast.data_type(), &longs.to_arrow());
    assert_eq!(cast.len(), 2);

    let fields = vec![
        (
            std::sync::Arc::new(Field::new("a", DataType::Int32, true)),
            std::sync::Arc::new(Int32Array::from(vec![1])) as ArrayRef,
        ),
        (std::sync::Arc::new(Field::new("b", DataType::Utf8, true)), new_null_array(&DataType::Utf8, 1)),
    ];
    let record: ArrayRef = std::sync::Arc::new(StructArray::from(fields));
    let data_type = SparkType::from_arrow(record.data_type()).unwrap();
    let printed = cast_one(&record, &data_type, &SparkType::STRING, CastMode::Ansi).unwrap();
    assert_eq!(printed.as_string::<i32>().value(0), "{1, null}");
}

#[test]
fn the_code_of_a_cast_round_trips() {
    use firesteel_base::{SparkField, SparkSchema};
    let from = SparkType::Struct(SparkSchema::new(vec![
        SparkField::new("a;b", SparkType::map(SparkType::STRING, SparkType::decimal(38, 18), true), false),
        SparkField::new("ü", SparkType::array(SparkType::DAY_TIME, false), true),
    ]));
    let to = SparkType::Time { precision: 3 };
    let encoded = code::encode(&from, &to, CastMode::Try);
    assert_eq!(code::decode(&encoded).unwrap(), (from, to, CastMode::Try));
}
