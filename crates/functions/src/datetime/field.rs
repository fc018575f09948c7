//! The fields of dates and times: `year` to `second`, and the ISO ones that only `extract` knows.

use std::sync::Arc;

use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, Time64NanosecondType};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::clock::{on_clock, timestamps};
use crate::call::Call;
use crate::cast::datetime::{MICROS_PER_DAY, civil_from_days, days_from_civil};
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::at;
use crate::kernel::{Kernel, KernelCall, kernels};

pub(super) const YEAR: Function = of_date::<Year>("year").since("1.5.0");
pub(super) const QUARTER: Function = of_date::<Quarter>("quarter").since("1.5.0");
pub(super) const MONTH: Function = of_date::<Month>("month").since("1.5.0");
pub(super) const DAY: Function = of_date::<Day>("dayofmonth").aliases(&["day"]).prints_alias().since("1.5.0");
pub(super) const DAYOFWEEK: Function = of_date::<DayOfWeek>("dayofweek").since("2.3.0");
pub(super) const WEEKDAY: Function = of_date::<WeekDay>("weekday").since("2.4.0");
pub(super) const DAYOFYEAR: Function = of_date::<DayOfYear>("dayofyear").since("1.5.0");
pub(super) const WEEKOFYEAR: Function = of_date::<WeekOfYear>("weekofyear").since("1.5.0");
pub(super) const HOUR: Function = of_time::<Hour>("hour").since("1.5.0");
pub(super) const MINUTE: Function = of_time::<Minute>("minute").since("1.5.0");
pub(super) const SECOND: Function = of_time::<Second>("second").since("1.5.0");

kernels! {
    Year = "spark_year" => |call| of_days(call, year);
    YearOfWeek = "spark_yearofweek" => |call| of_days(call, |days| iso_week(days).0);
    Quarter = "spark_quarter" => |call| of_days(call, |days| (month(days) + 2) / 3);
    Month = "spark_month" => |call| of_days(call, month);
    Day = "spark_day" => |call| of_days(call, |days| civil_from_days(days).2 as i32);
    DayOfWeek = "spark_dayofweek" => |call| of_days(call, |days| (days + 4).rem_euclid(7) as i32 + 1);
    WeekDay = "spark_weekday" => |call| of_days(call, weekday);
    DayOfWeekIso = "spark_dayofweek_iso" => |call| of_days(call, |days| weekday(days) + 1);
    DayOfYear = "spark_dayofyear" => |call| of_days(call, day_of_year);
    WeekOfYear = "spark_weekofyear" => |call| of_days(call, |days| iso_week(days).1);
    Hour = "spark_hour" => |call| of_clock(call, |micros| (micros / 3_600_000_000) as i32);
    Minute = "spark_minute" => |call| of_clock(call, |micros| (micros / 60_000_000 % 60) as i32);
    Second = "spark_second" => |call| of_clock(call, |micros| (micros / 1_000_000 % 60) as i32);
    /// Seconds with their fraction, `DECIMAL(8,6)`.
    SecondWithFraction = "spark_second_with_fraction" => second_with_fraction;
}

const fn of_date<K: Kernel>(name: &'static str) -> Function {
    Function::scalar(name, |call| Scalar::coercing(call, &[Expected::DATE], SparkType::Integer, K::default()))
        .arity(1..=1)
}

const fn of_time<K: Kernel>(name: &'static str) -> Function {
    Function::scalar(name, bind_time::<K>).arity(1..=1)
}

/// A time of day is taken as it is; anything else as a timestamp.
fn bind_time<K: Kernel>(call: &Call<'_>) -> SparkResult<Scalar> {
    let expected = match call.data_type(0)? {
        SparkType::Time { .. } => Expected::AnyTime,
        _ => Expected::AnyTimestamp,
    };
    let of_time = expected == Expected::AnyTime;
    let scalar = Scalar::coercing(call, &[expected], SparkType::Integer, K::default())?;
    let nullable = of_time || scalar.nullable;
    Ok(scalar.nullable(nullable))
}

fn of_days(call: &KernelCall<'_>, compute: fn(i64) -> i32) -> SparkResult<ColumnarValue> {
    call.unary::<Date32Type, Int32Type>(|days| compute(i64::from(days)))
}

/// Computes from the microseconds since midnight.
fn of_clock(call: &KernelCall<'_>, compute: fn(i64) -> i32) -> SparkResult<ColumnarValue> {
    match call.argument(0)?.data_type() {
        DataType::Time64(_) => call.unary::<Time64NanosecondType, Int32Type>(|nanos| compute(nanos / 1000)),
        _ => on_clock::<Int32Type>(call, |micros| compute(micros.rem_euclid(MICROS_PER_DAY))),
    }
}

fn second_with_fraction(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    const MINUTE: i64 = 60_000_000;
    call.with_arrays(|arrays| {
        let seconds = match at(arrays, 0)?.data_type() {
            DataType::Time64(_) => {
                let nanos = crate::kernel::rows::primitive::<Time64NanosecondType>(arrays, 0)?;
                nanos.unary::<_, Decimal128Type>(|nanos| i128::from(nanos / 1000 % MINUTE))
            }
            _ => {
                let (values, zone) = timestamps(arrays, 0, call)?;
                values.unary::<_, Decimal128Type>(|micros| i128::from(zone.to_local(micros).rem_euclid(MINUTE)))
            }
        };
        Ok(Arc::new(seconds.with_data_type(call.return_type.clone())))
    })
}

fn year(days: i64) -> i32 {
    civil_from_days(days).0 as i32
}

fn month(days: i64) -> i32 {
    civil_from_days(days).1 as i32
}

/// 0 is Monday.
fn weekday(days: i64) -> i32 {
    (days + 3).rem_euclid(7) as i32
}

fn day_of_year(days: i64) -> i32 {
    let (year, ..) = civil_from_days(days);
    (days - days_from_civil(year, 1, 1).unwrap_or(days)) as i32 + 1
}

/// ISO's year and week: those of the week's Thursday.
fn iso_week(days: i64) -> (i32, i32) {
    let thursday = days - i64::from(weekday(days)) + 3;
    (year(thursday), (day_of_year(thursday) - 1) / 7 + 1)
}
