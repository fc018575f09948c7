//! `to_date` and `try_to_date`: dates from text by a pattern, or by a cast where there is no pattern.

use arrow::datatypes::Date32Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::to_timestamp::{bind_cast, bind_parse, parse};
use crate::call::Call;
use crate::cast::datetime::MICROS_PER_DAY;
use crate::function::{Function, Scalar};
use crate::kernel::{KernelCall, kernels};

pub(super) const TO_DATE: Function = Function::scalar("to_date", |call| bind(call, false)).arity(1..=2).since("1.5.0");
pub(super) const TRY_TO_DATE: Function =
    Function::scalar("try_to_date", |call| bind(call, true)).arity(1..=2).since("4.0.0");

kernels! {
    /// Of a text, a pattern and whether a text that does not fit yields NULL in any case.
    ParseDate = "spark_parse_date" => parse_dates;
}

fn bind(call: &Call<'_>, is_try: bool) -> SparkResult<Scalar> {
    if call.len() == 1 {
        bind_cast(call, &SparkType::Date, is_try)
    } else {
        bind_parse(call, &SparkType::Date, is_try, ParseDate)
    }
}

fn parse_dates(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    parse::<Date32Type>(call, "`try_to_date`", |parsed, zone| {
        let local = parsed.local_micros()?;
        // A text that names its zone is a moment, which has its date in the session's zone.
        let local = match parsed.zone().and_then(|named| named.to_instant(local)) {
            Some(instant) => zone.to_local(instant),
            None => local,
        };
        Ok(local.div_euclid(MICROS_PER_DAY) as i32)
    })
}
