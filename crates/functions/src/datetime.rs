//! The group `datetime`: dates, timestamps, times of day and intervals.

mod add_months;
mod clock;
mod convert_timezone;
mod current;
mod date_add;
mod date_format;
mod day_name;
mod epoch;
mod extract;
mod field;
mod last_day;
mod make_date;
mod make_interval;
mod make_timestamp;
mod months_between;
mod next_day;
mod pattern;
mod record_pattern;
mod time;
mod time_bucket;
mod timestamp_add;
mod timestamp_diff;
mod to_date;
mod to_timestamp;
mod truncate;
mod unix_timestamp;
mod utc_timestamp;
pub mod window;

#[cfg(test)]
mod tests;

use crate::function::Function;

pub(crate) use record_pattern::{PatternReader, PatternWriter};

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &add_months::FUNCTION,
    &convert_timezone::FUNCTION,
    &current::CURRENT_DATE,
    &current::CURRENT_TIMESTAMP,
    &current::CURRENT_TIMEZONE,
    &current::LOCALTIMESTAMP,
    &current::NOW,
    &date_add::DATE_ADD,
    &date_add::DATE_DIFF,
    &date_add::DATE_SUB,
    &date_format::DATE_FORMAT,
    &date_format::FROM_UNIXTIME,
    &day_name::DAYNAME,
    &day_name::MONTHNAME,
    &epoch::DATE_FROM_UNIX_DATE,
    &epoch::TIMESTAMP_MICROS,
    &epoch::TIMESTAMP_MILLIS,
    &epoch::TIMESTAMP_SECONDS,
    &epoch::UNIX_DATE,
    &epoch::UNIX_MICROS,
    &epoch::UNIX_MILLIS,
    &epoch::UNIX_SECONDS,
    &extract::DATEPART,
    &extract::DATE_PART,
    &extract::EXTRACT,
    &field::DAY,
    &field::DAYOFWEEK,
    &field::DAYOFYEAR,
    &field::HOUR,
    &field::MINUTE,
    &field::MONTH,
    &field::QUARTER,
    &field::SECOND,
    &field::WEEKDAY,
    &field::WEEKOFYEAR,
    &field::YEAR,
    &last_day::FUNCTION,
    &make_date::FUNCTION,
    &make_interval::MAKE_DT_INTERVAL,
    &make_interval::MAKE_INTERVAL,
    &make_interval::MAKE_YM_INTERVAL,
    &make_interval::TRY_MAKE_INTERVAL,
    &make_timestamp::MAKE_TIMESTAMP,
    &make_timestamp::MAKE_TIMESTAMP_LTZ,
    &make_timestamp::MAKE_TIMESTAMP_NTZ,
    &make_timestamp::TRY_MAKE_TIMESTAMP,
    &make_timestamp::TRY_MAKE_TIMESTAMP_LTZ,
    &make_timestamp::TRY_MAKE_TIMESTAMP_NTZ,
    &months_between::FUNCTION,
    &next_day::FUNCTION,
    &time::CURRENT_TIME,
    &time::MAKE_TIME,
    &time::TIME_DIFF,
    &time::TIME_FROM_MICROS,
    &time::TIME_FROM_MILLIS,
    &time::TIME_FROM_SECONDS,
    &time::TIME_TO_MICROS,
    &time::TIME_TO_MILLIS,
    &time::TIME_TO_SECONDS,
    &time::TIME_TRUNC,
    &time::TO_TIME,
    &time::TRY_TO_TIME,
    &time_bucket::FUNCTION,
    &timestamp_add::FUNCTION,
    &timestamp_diff::FUNCTION,
    &to_date::TO_DATE,
    &to_date::TRY_TO_DATE,
    &to_timestamp::TO_TIMESTAMP,
    &to_timestamp::TO_TIMESTAMP_LTZ,
    &to_timestamp::TO_TIMESTAMP_NTZ,
    &to_timestamp::TRY_TO_TIMESTAMP,
    &truncate::DATE_TRUNC,
    &truncate::TRUNC,
    &unix_timestamp::TO_UNIX_TIMESTAMP,
    &unix_timestamp::UNIX_TIMESTAMP,
    &utc_timestamp::FROM_UTC_TIMESTAMP,
    &utc_timestamp::TO_UTC_TIMESTAMP,
    &window::SESSION_WINDOW,
    &window::WINDOW,
    &window::WINDOW_TIME,
];
