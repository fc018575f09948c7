//! `next_day`: the first date behind a date that falls on a given day of the week.

use arrow::array::Array;
use arrow::datatypes::Date32Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::{primitive, text};
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("next_day", |call| {
    let scalar = Scalar::coercing(call, &[Expected::DATE, Expected::STRING], SparkType::Date, NextDay)?;
    Ok(scalar.nullable(true))
})
.arity(2..=2)
.since("1.5.0");

kernels! {
    NextDay = "spark_next_day" => next_day;
}

fn next_day(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let ansi = call.ansi();
    call.with_arrays(|arrays| {
        let (dates, names) = (primitive::<Date32Type>(arrays, 0)?, text(arrays, 1)?);
        call.build::<Date32Type>(dates.len(), |row| {
            if dates.is_null(row) || names.is_null(row) {
                return Ok(None);
            }
            let name = names.value(row);
            match days_behind_thursday(name) {
                Some(day) => {
                    let date = dates.value(row);
                    Ok(Some(date + 1 + (day - 1 - date).rem_euclid(7)))
                }
                None if ansi => Err(SparkError::new("ILLEGAL_DAY_OF_WEEK").param("string", name)),
                None => Ok(None),
            }
        })
    })
}

/// The epoch was a Thursday.
fn days_behind_thursday(name: &str) -> Option<i32> {
    Some(match name.to_uppercase().as_str() {
        "TH" | "THU" | "THURSDAY" => 0,
        "FR" | "FRI" | "FRIDAY" => 1,
        "SA" | "SAT" | "SATURDAY" => 2,
        "SU" | "SUN" | "SUNDAY" => 3,
        "MO" | "MON" | "MONDAY" => 4,
        "TU" | "TUE" | "TUESDAY" => 5,
        "WE" | "WED" | "WEDNESDAY" => 6,
        _ => return None,
    })
}
