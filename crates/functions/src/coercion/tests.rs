//! The rules against Spark's own answers: `testdata/coercion.tsv`, recorded from Apache Spark 4.2.1.
//!
//! A line has two types; whether a cast exists (without ANSI, in ANSI, `try_cast`), whether it may add NULL, whether it
//! is a store assignment and an up-cast; the tightest common type and the wider type in ANSI mode, then without; and what
//! the first is implicitly cast to where the second is expected, in ANSI mode, then without.

use firesteel_base::types::{DayTimeField, YearMonthField};
use firesteel_base::{SparkField, SparkSchema, SparkType};

use super::*;
use crate::cast::{CastMode, can_cast, can_store_assign, can_up_cast};

const RECORDED: &str = include_str!("../../testdata/coercion.tsv");

fn structure(name: &str, data_type: SparkType) -> SparkType {
    SparkType::Struct(SparkSchema::new(vec![SparkField::new(name, data_type, true)]))
}

fn year_month(start: YearMonthField, end: YearMonthField) -> SparkType {
    SparkType::YearMonthInterval { start, end }
}

fn day_time(start: DayTimeField, end: DayTimeField) -> SparkType {
    SparkType::DayTimeInterval { start, end }
}

fn types() -> Vec<(&'static str, SparkType)> {
    use SparkType as T;
    vec![
        ("void", T::Null),
        ("boolean", T::Boolean),
        ("tinyint", T::Byte),
        ("smallint", T::Short),
        ("int", T::Integer),
        ("bigint", T::Long),
        ("float", T::Float),
        ("double", T::Double),
        ("decimal(5,0)", T::decimal(5, 0)),
        ("decimal(10,2)", T::decimal(10, 2)),
        ("decimal(20,0)", T::decimal(20, 0)),
        ("decimal(38,18)", T::decimal(38, 18)),
        ("decimal(38,0)", T::decimal(38, 0)),
        ("string", T::STRING),
        ("binary", T::Binary),
        ("date", T::Date),
        ("timestamp", T::Timestamp),
        ("timestamp_ntz", T::TimestampNtz),
        ("time(6)", T::Time { precision: 6 }),
        ("time(0)", T::Time { precision: 0 }),
        ("interval year", year_month(YearMonthField::Year, YearMonthField::Year)),
        ("interval month", year_month(YearMonthField::Month, YearMonthField::Month)),
        ("interval year to month", T::YEAR_MONTH),
        ("interval day", day_time(DayTimeField::Day, DayTimeField::Day)),
        ("interval day to second", T::DAY_TIME),
        ("interval day to minute", day_time(DayTimeField::Day, DayTimeField::Minute)),
        ("interval hour to minute", day_time(DayTimeField::Hour, DayTimeField::Minute)),
        ("interval", T::CalendarInterval),
        ("array<int>", T::array(T::Integer, true)),
        ("array<bigint>", T::array(T::Long, true)),
        ("array<string>", T::array(T::STRING, true)),
        ("array<double>", T::array(T::Double, true)),
        ("map<int,string>", T::map(T::Integer, T::STRING, true)),
        ("map<string,int>", T::map(T::STRING, T::Integer, true)),
        ("map<string,string>", T::map(T::STRING, T::STRING, true)),
        ("struct<a:int>", structure("a", T::Integer)),
        ("struct<a:bigint>", structure("a", T::Long)),
        ("struct<a:string>", structure("a", T::STRING)),
        ("struct<b:int>", structure("b", T::Integer)),
        ("variant", T::Variant),
    ]
}

#[test]
fn every_recorded_pair_agrees() {
    let types = types();
    let type_of = |name: &str| types.iter().find(|(known, _)| *known == name).map(|(_, data_type)| data_type.clone());
    let name_of = |data_type: Option<SparkType>| match data_type {
        None => "-".to_owned(),
        Some(data_type) => types
            .iter()
            .find(|(_, known)| *known == data_type)
            .map_or_else(|| quoted_type(&data_type).trim_matches('"').to_lowercase(), |(name, _)| (*name).to_owned()),
    };
    let flag = |value: bool| if value { "1".to_owned() } else { "0".to_owned() };
    let mut wrong = Vec::new();
    for line in RECORDED.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let (from, to) = (type_of(columns[0]).unwrap(), type_of(columns[1]).unwrap());
        let expected = Expected::Exactly(to.clone());
        let answers = [
            ("cast", flag(can_cast(&from, &to, CastMode::Legacy))),
            ("ANSI cast", flag(can_cast(&from, &to, CastMode::Ansi))),
            ("try_cast", flag(can_cast(&from, &to, CastMode::Try))),
            ("adds NULL", flag(cast_may_add_null(&from, &to))),
            ("store assignment", flag(can_store_assign(&from, &to))),
            ("up-cast", flag(can_up_cast(&from, &to))),
            ("ANSI tightest", name_of(tightest_common_type(&from, &to, true))),
            ("ANSI wider", name_of(wider_type(&from, &to, true))),
            ("tightest", name_of(tightest_common_type(&from, &to, false))),
            ("wider", name_of(wider_type(&from, &to, false))),
            ("ANSI implicit", name_of(implicit_cast(&from, &expected, true))),
            ("implicit", name_of(implicit_cast(&from, &expected, false))),
        ];
        for ((what, answer), recorded) in answers.iter().zip(&columns[2..]) {
            if answer != recorded {
                wrong.push(format!("{what} of {} and {}: {answer}, recorded {recorded}", columns[0], columns[1]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn families() {
    let to = |from: SparkType, expected: &Expected| implicit_cast(&from, expected, true);
    assert_eq!(to(SparkType::STRING, &Expected::Numeric), Some(SparkType::Double));
    assert_eq!(to(SparkType::Double, &Expected::Integral), None);
    assert_eq!(to(SparkType::Double, &Expected::INT), Some(SparkType::Integer));
    assert_eq!(to(SparkType::Integer, &Expected::AnyDecimal), Some(SparkType::decimal(10, 0)));
    assert_eq!(to(SparkType::Date, &Expected::AnyTimestamp), Some(SparkType::Timestamp));
    assert_eq!(to(SparkType::Integer, &Expected::StringOrBinary), Some(SparkType::STRING));
    assert_eq!(Expected::StringOrBinary.sql(), "(\"STRING\" or \"BINARY\")");
    assert_eq!(Expected::AnyTimestamp.sql(), "\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\"");
    assert_eq!(Expected::array_of(Expected::STRING).sql(), "\"ARRAY<STRING>\"");
}
