//! `timestampdiff(unit, start, end)`: the whole units from one timestamp to another.

use arrow::array::Array;
use arrow::datatypes::Int64Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::clock::timestamps;
use super::timestamp_add::Unit;
use crate::call::Call;
use crate::cast::datetime::{MICROS_PER_DAY, civil_from_days};
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::text;
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("timestampdiff", bind).arity(3..=3).since("3.3.0");

kernels! {
    TimestampDiff = "spark_timestampdiff" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    Unit::of_call(call, "TIMESTAMPDIFF")?;
    let expected = [Expected::AnyType, Expected::TIMESTAMP, Expected::TIMESTAMP];
    Scalar::coercing(call, &expected, SparkType::Long, TimestampDiff)
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let names = text(arrays, 0)?;
        let (starts, zone) = timestamps(arrays, 1, call)?;
        let (ends, _) = timestamps(arrays, 2, call)?;
        let unit = Unit::find(if names.is_empty() { "" } else { names.value(0) }).unwrap_or(Unit::Micros(1));
        call.build::<Int64Type>(starts.len(), |row| {
            if starts.is_null(row) || ends.is_null(row) {
                return Ok(None);
            }
            let (start, end) = (zone.to_local(starts.value(row)), zone.to_local(ends.value(row)));
            Ok(Some(match unit {
                Unit::Micros(size) => end.wrapping_sub(start) / size,
                Unit::Days(size) => end.wrapping_sub(start) / MICROS_PER_DAY / size,
                Unit::Months(size) => whole_months(start, end) / size,
            }))
        })
    })
}

/// Months from start to end; one that is not complete does not count. As Java counts them: first whole days, then months
/// between days.
fn whole_months(start: i64, end: i64) -> i64 {
    let [(start_day, start_time), (end_day, end_time)] =
        [start, end].map(|local| (local.div_euclid(MICROS_PER_DAY), local.rem_euclid(MICROS_PER_DAY)));
    let end_day = if end_day > start_day && end_time < start_time {
        end_day - 1
    } else if end_day < start_day && end_time > start_time {
        end_day + 1
    } else {
        end_day
    };
    let place = |days: i64| {
        let (year, month, day) = civil_from_days(days);
        (year * 12 + i64::from(month)) * DAYS_OF_ANY_MONTH + i64::from(day)
    };
    (place(end_day) - place(start_day)) / DAYS_OF_ANY_MONTH
}

/// More than any month has.
const DAYS_OF_ANY_MONTH: i64 = 32;
