//! `add_months`: the same day months later, or the month's last day where there is no such day.

use arrow::datatypes::{Date32Type, Int32Type};
use firesteel_base::{SparkError, SparkType};

use crate::cast::datetime::add_months;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::kernels;

pub(super) const FUNCTION: Function = Function::scalar("add_months", |call| {
    Scalar::coercing(call, &[Expected::DATE, Expected::INT], SparkType::Date, AddMonths)
})
.arity(2..=2)
.since("1.5.0");

kernels! {
    AddMonths = "spark_add_months" => |call| {
        call.map_2::<Date32Type, Int32Type, Date32Type>(|date, months| {
            add_months(date, months).map(Some).ok_or_else(overflow)
        })
    };
}

/// Beyond the range of dates.
pub(super) fn overflow() -> SparkError {
    SparkError::new("ARITHMETIC_OVERFLOW")
        .param("message", "overflow")
        .param("alternative", "")
        .param("config", "\"spark.sql.ansi.enabled\"")
}
