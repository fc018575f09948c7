//! `trunc` and `date_trunc`: the start of the unit that a date or timestamp lies in.

use arrow::array::Array;
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::clock::timestamps;
use crate::cast::Zone;
use crate::cast::datetime::{MICROS_PER_DAY, MICROS_PER_SECOND, civil_from_days, days_from_civil};
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::{primitive, text};
use crate::kernel::{KernelCall, kernels};

pub(super) const TRUNC: Function = Function::scalar("trunc", |call| {
    Ok(Scalar::coercing(call, &[Expected::DATE, Expected::STRING], SparkType::Date, Trunc)?.nullable(true))
})
.arity(2..=2)
.since("1.5.0");

pub(super) const DATE_TRUNC: Function = Function::scalar("date_trunc", |call| {
    let expected = [Expected::STRING, Expected::TIMESTAMP];
    Ok(Scalar::coercing(call, &expected, SparkType::Timestamp, DateTrunc)?.nullable(true))
})
.arity(2..=2)
.since("2.3.0");

kernels! {
    Trunc = "spark_trunc" => trunc;
    DateTrunc = "spark_date_trunc" => date_trunc;
}

/// Units by size.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

fn unit(name: &str) -> Option<Unit> {
    Some(match name.to_uppercase().as_str() {
        "MICROSECOND" => Unit::Microsecond,
        "MILLISECOND" => Unit::Millisecond,
        "SECOND" => Unit::Second,
        "MINUTE" => Unit::Minute,
        "HOUR" => Unit::Hour,
        "DAY" | "DD" => Unit::Day,
        "WEEK" => Unit::Week,
        "MON" | "MONTH" | "MM" => Unit::Month,
        "QUARTER" => Unit::Quarter,
        "YEAR" | "YYYY" | "YY" => Unit::Year,
        _ => return None,
    })
}

fn trunc(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (dates, names) = (primitive::<Date32Type>(arrays, 0)?, text(arrays, 1)?);
        call.build::<Date32Type>(dates.len(), |row| {
            if dates.is_null(row) || names.is_null(row) {
                return Ok(None);
            }
            let unit = unit(names.value(row)).filter(|unit| *unit >= Unit::Week);
            Ok(unit.map(|unit| truncated_date(i64::from(dates.value(row)), unit) as i32))
        })
    })
}

fn date_trunc(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let names = text(arrays, 0)?;
        let (values, zone) = timestamps(arrays, 1, call)?;
        call.build::<TimestampMicrosecondType>(values.len(), |row| {
            if values.is_null(row) || names.is_null(row) {
                return Ok(None);
            }
            Ok(unit(names.value(row)).and_then(|unit| truncated(values.value(row), unit, &zone)))
        })
    })
}

fn truncated(micros: i64, unit: Unit, zone: &Zone) -> Option<i64> {
    let size = match unit {
        Unit::Microsecond => return Some(micros),
        // Offsets are whole seconds.
        Unit::Millisecond => return Some(micros - micros.rem_euclid(1000)),
        Unit::Second => return Some(micros - micros.rem_euclid(MICROS_PER_SECOND)),
        Unit::Minute => 60 * MICROS_PER_SECOND,
        Unit::Hour => 3600 * MICROS_PER_SECOND,
        Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => {
            let days = zone.to_local(micros).div_euclid(MICROS_PER_DAY);
            return zone.to_instant(truncated_date(days, unit).checked_mul(MICROS_PER_DAY)?);
        }
    };
    // Where a clock shows the same hour twice, the start of the one that is meant is wanted.
    let offset = zone.offset_at(micros);
    let local = zone.to_local(micros);
    let start = local.checked_sub(local.rem_euclid(size))?;
    let instant = start.checked_sub(i64::from(offset) * MICROS_PER_SECOND)?;
    if zone.offset_at(instant) == offset { Some(instant) } else { zone.to_instant(start) }
}

fn truncated_date(days: i64, unit: Unit) -> i64 {
    let (year, month, _) = civil_from_days(days);
    let first_of = |month| days_from_civil(year, month, 1).unwrap_or(days);
    match unit {
        Unit::Week => days - (days + 3).rem_euclid(7),
        Unit::Month => first_of(month),
        Unit::Quarter => first_of((month - 1) / 3 * 3 + 1),
        Unit::Year => first_of(1),
        Unit::Microsecond | Unit::Millisecond | Unit::Second | Unit::Minute | Unit::Hour | Unit::Day => days,
    }
}
