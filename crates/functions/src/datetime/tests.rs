//! Answers of date and time functions, recorded from Apache Spark 4.2.1 with the time zone America/Los_Angeles.

use firesteel_base::SparkType;

use crate::kernel::evaluate::{answer, constant, int, text};

fn date(value: &str) -> (SparkType, datafusion::common::ScalarValue) {
    constant(&SparkType::Date, Some(value))
}

fn timestamp(value: &str) -> (SparkType, datafusion::common::ScalarValue) {
    constant(&SparkType::Timestamp, Some(value))
}

#[test]
fn fields() {
    for (name, day, expected) in [
        ("year", "2024-03-05", "2024"),
        ("quarter", "2024-03-05", "1"),
        ("weekofyear", "2021-01-03", "53"),
        ("dayofweek", "2024-03-05", "3"),
        ("weekday", "2024-03-05", "1"),
        ("dayofyear", "2024-12-31", "366"),
        ("last_day", "2024-02-01", "2024-02-29"),
        ("dayname", "2024-01-01", "Mon"),
        ("monthname", "2024-01-01", "Jan"),
    ] {
        assert_eq!(answer(name, &[date(day)]), expected, "{name}({day})");
    }
    let moment = timestamp("2024-01-01 10:11:12.345");
    assert_eq!(answer("hour", std::slice::from_ref(&moment)), "10");
    assert_eq!(answer("extract", &[text("seconds"), moment.clone()]), "12.345000");
    assert_eq!(answer("extract", &[text("yearofweek"), date("2021-01-03")]), "2020");
    assert_eq!(answer("extract", &[text("foo"), moment]), "INVALID_EXTRACT_FIELD");
}

#[test]
fn arithmetic() {
    assert_eq!(answer("date_add", &[date("2024-01-01"), int(5)]), "2024-01-06");
    assert_eq!(answer("date_add", &[date("2024-01-01"), int(i32::MAX)]), "-5877587-06-21");
    assert_eq!(answer("datediff", &[date("2024-01-05"), text("2024-01-01")]), "4");
    assert_eq!(answer("add_months", &[date("2024-01-31"), int(1)]), "2024-02-29");
    assert_eq!(answer("add_months", &[date("2024-01-31"), int(i32::MAX)]), "ARITHMETIC_OVERFLOW");
    assert_eq!(answer("months_between", &[text("1997-02-28 10:30:00"), text("1996-10-30")]), "3.94959677");
    assert_eq!(answer("next_day", &[date("2015-01-14"), text("TU")]), "2015-01-20");
    assert_eq!(answer("next_day", &[date("2015-01-14"), text("xx")]), "ILLEGAL_DAY_OF_WEEK");
    assert_eq!(
        answer("timestampadd", &[text("month"), int(1), timestamp("2024-01-31 00:00:00")]),
        "2024-02-29 00:00:00"
    );
    assert_eq!(answer("timestampdiff", &[text("month"), date("2024-01-31"), date("2024-02-29")]), "0");
}

#[test]
fn truncation() {
    assert_eq!(answer("trunc", &[text("2019-08-04"), text("week")]), "2019-07-29");
    assert_eq!(answer("trunc", &[text("2009-02-12"), text("day")]), "NULL");
    // 09:30 UTC is the second 01:30 of the day on which the clock goes back.
    assert_eq!(answer("date_trunc", &[text("hour"), timestamp("2024-11-03 09:30:00Z")]), "2024-11-03 01:00:00");
    assert_eq!(answer("date_trunc", &[text("foo"), timestamp("2024-11-03 09:30:00Z")]), "NULL");
}

#[test]
fn parsing_and_writing() {
    assert_eq!(answer("to_date", &[text("2016-12-31"), text("yyyy-MM-dd")]), "2016-12-31");
    assert_eq!(answer("to_date", &[text("x"), text("yyyy")]), "CANNOT_PARSE_TIMESTAMP");
    assert_eq!(answer("try_to_date", &[text("x"), text("yyyy")]), "NULL");
    assert_eq!(
        answer("to_timestamp", &[text("2016-01-01 10:11:12 +01:00"), text("yyyy-MM-dd HH:mm:ss XXX")]),
        "2016-01-01 01:11:12"
    );
    assert_eq!(answer("unix_timestamp", &[text("2016-04-08"), text("yyyy-MM-dd")]), "1460098800");
    assert_eq!(answer("from_unixtime", &[int(0)]), "1969-12-31 16:00:00");
    assert_eq!(answer("date_format", &[date("2024-01-05"), text("EEE, d MMM yyyy")]), "Fri, 5 Jan 2024");
}

#[test]
fn making() {
    assert_eq!(answer("make_date", &[int(2013), int(7), int(15)]), "2013-07-15");
    assert_eq!(answer("make_date", &[int(2019), int(13), int(1)]), "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION");
    let fields = [2014, 12, 28, 6, 30].map(int);
    let mut arguments = fields.to_vec();
    arguments.push(constant(&SparkType::decimal(5, 3), Some("45.887")));
    assert_eq!(answer("make_timestamp", &arguments), "2014-12-28 06:30:45.887");
    arguments.push(text("CET"));
    assert_eq!(answer("make_timestamp", &arguments), "2014-12-27 21:30:45.887");
    assert_eq!(answer("make_interval", &[int(1), int(2)]), "1 years 2 months");
    assert_eq!(
        answer("make_ym_interval", &[int(178_956_970), int(8)]),
        "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION"
    );
}

#[test]
fn zones() {
    assert_eq!(answer("from_utc_timestamp", &[text("2016-08-31"), text("Asia/Seoul")]), "2016-08-31 09:00:00");
    assert_eq!(answer("to_utc_timestamp", &[text("2016-08-31"), text("Asia/Seoul")]), "2016-08-30 15:00:00");
    assert_eq!(answer("to_utc_timestamp", &[text("2016-08-31"), text("Foo")]), "INVALID_TIMEZONE");
    let noon = constant(&SparkType::TimestampNtz, Some("2021-12-05 15:00:00"));
    assert_eq!(answer("convert_timezone", &[text("Europe/Brussels"), noon]), "2021-12-06 00:00:00");
}
