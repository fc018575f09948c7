//! `make_date`: a date from year, month and day.

use arrow::datatypes::{Date32Type, Int32Type};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::add_months::overflow;
use super::pattern::date;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::{all_valid, primitive};
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("make_date", bind).arity(3..=3).since("3.0.0");

kernels! {
    MakeDate = "spark_make_date" => make_date;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let scalar = Scalar::coercing(call, &[Expected::INT, Expected::INT, Expected::INT], SparkType::Date, MakeDate)?;
    let nullable = scalar.nullable || !call.ansi();
    Ok(scalar.nullable(nullable))
}

fn make_date(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let ansi = call.ansi();
    call.with_arrays(|arrays| {
        let years = primitive::<Int32Type>(arrays, 0)?;
        let (months, days) = (primitive::<Int32Type>(arrays, 1)?, primitive::<Int32Type>(arrays, 2)?);
        call.build::<Date32Type>(years.len(), |row| {
            if !all_valid(arrays, row) {
                return Ok(None);
            }
            let (year, month, day) = (years.value(row), months.value(row), days.value(row));
            match checked_date(year, month, day) {
                Ok(days) => match i32::try_from(days) {
                    Ok(days) => Ok(Some(days)),
                    Err(_) if ansi => Err(overflow()),
                    Err(_) => Ok(None),
                },
                Err(message) if ansi => Err(out_of_bounds(message)),
                Err(_) => Ok(None),
            }
        })
    })
}

/// The days since the epoch of a date, or Java's words for what is wrong with it.
pub(super) fn checked_date(year: i32, month: i32, day: i32) -> Result<i64, String> {
    checked(year, -999_999_999, 999_999_999, "Year (valid values -999999999 - 999999999)")?;
    checked(month, 1, 12, "MonthOfYear (valid values 1 - 12)")?;
    checked(day, 1, 31, "DayOfMonth (valid values 1 - 28/31)")?;
    date(i64::from(year), i64::from(month), i64::from(day))
}

/// The value if it is in range, or Java's words.
pub(super) fn checked(value: i32, least: i32, most: i32, field: &str) -> Result<i64, String> {
    if (least..=most).contains(&value) {
        Ok(i64::from(value))
    } else {
        Err(format!("Invalid value for {field}: {value}"))
    }
}

pub(super) fn out_of_bounds(message: String) -> SparkError {
    SparkError::new("DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION")
        .param("rangeMessage", message)
        .param("ansiConfig", "\"spark.sql.ansi.enabled\"")
}
