//! `date_add`, `date_sub` and `date_diff`: days counted from dates.

use arrow::datatypes::{Date32Type, Int32Type};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, kernels};

pub(super) const DATE_ADD: Function =
    Function::scalar("date_add", bind_shift::<DateAdd>).aliases(&["dateadd"]).arity(2..=2).since("1.5.0");
pub(super) const DATE_SUB: Function = Function::scalar("date_sub", bind_shift::<DateSub>).arity(2..=2).since("1.5.0");
pub(super) const DATE_DIFF: Function = Function::scalar("datediff", |call| {
    Scalar::coercing(call, &[Expected::DATE, Expected::DATE], SparkType::Integer, DateDiff)
})
.aliases(&["date_diff"])
.prints_alias()
.arity(2..=2)
.since("1.5.0");

kernels! {
    DateAdd = "spark_date_add" => |call| {
        call.map_2::<Date32Type, Int32Type, Date32Type>(|date, days| Ok(Some(date.wrapping_add(days))))
    };
    DateSub = "spark_date_sub" => |call| {
        call.map_2::<Date32Type, Int32Type, Date32Type>(|date, days| Ok(Some(date.wrapping_sub(days))))
    };
    DateDiff = "spark_date_diff" => |call| {
        call.map_2::<Date32Type, Date32Type, Int32Type>(|end, start| Ok(Some(end.wrapping_sub(start))))
    };
}

fn bind_shift<K: Kernel>(call: &Call<'_>) -> SparkResult<Scalar> {
    let days =
        Expected::one_of([Expected::INT, Expected::Exactly(SparkType::Short), Expected::Exactly(SparkType::Byte)]);
    if !days.accepts(call.data_type(1)?) && !matches!(call.data_type(1)?, SparkType::Null | SparkType::String { .. }) {
        call.implicit_cast(&[Expected::DATE])?;
        return Err(call.unexpected_input_type(1, &days));
    }
    if !call.ansi() && call.data_type(1)?.is_string() {
        check_text(call, &days)?;
    }
    let mut types = call.implicit_cast(&[Expected::DATE, days])?;
    let nullable = call.any_nullable_as(&types);
    if let Some(days) = types.get_mut(1) {
        *days = SparkType::Integer;
    }
    Ok(Scalar::kernel(call, SparkType::Date, K::default()).casting(types).nullable(nullable))
}

/// Without ANSI mode days are no text, save a constant one of a whole number.
fn check_text(call: &Call<'_>, days: &Expected) -> SparkResult<()> {
    let argument = call.argument(1)?;
    if !argument.is_foldable {
        return Err(call.unexpected_input_type(1, days));
    }
    match argument.constant.as_ref().and_then(|text| text.try_as_str().flatten()) {
        Some(text) if text.trim().parse::<i32>().is_err() => {
            Err(SparkError::new("SECOND_FUNCTION_ARGUMENT_NOT_INTEGER").param("functionName", call.called_as))
        }
        _ => Ok(()),
    }
}
