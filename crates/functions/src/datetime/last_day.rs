//! `last_day`: the last day of a date's month.

use arrow::datatypes::Date32Type;
use firesteel_base::SparkType;

use crate::cast::datetime::{civil_from_days, days_in_month};
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::kernels;

pub(super) const FUNCTION: Function =
    Function::scalar("last_day", |call| Scalar::coercing(call, &[Expected::DATE], SparkType::Date, LastDay))
        .arity(1..=1)
        .since("1.5.0");

kernels! {
    LastDay = "spark_last_day" => |call| {
        call.unary::<Date32Type, Date32Type>(|date| {
            let (year, month, day) = civil_from_days(i64::from(date));
            date.wrapping_add((days_in_month(year, month) - day) as i32)
        })
    };
}
