//! Signs.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{
    ArrowNativeTypeOp, DataType, DurationMicrosecondType, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, TimeUnit,
};
use datafusion::logical_expr::{ColumnarValue, Expr};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::error::{arithmetic_overflow, interval_overflow};
use super::infix;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, from_arrow};

pub(super) const NEGATIVE: Function = Function::scalar("negative", bind_negative).arity(1..=1);
pub(super) const POSITIVE: Function =
    Function::scalar("positive", bind_positive).since("1.5.0").arity(1..=1).prints(|a| infix("+", a));

/// The type of a sign's operand; text is read as a number.
fn operand(call: &Call<'_>) -> SparkResult<Vec<SparkType>> {
    call.implicit_cast(&[Expected::numeric_or_interval()])
}

pub(super) fn bind_positive(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = operand(call)?;
    let data_type = types.first().cloned().unwrap_or(SparkType::Null);
    let same = Scalar::expr(call, data_type, |arguments| {
        arguments.into_iter().next().ok_or_else(|| SparkError::internal("a sign without an operand"))
    });
    Ok(same.casting(types))
}

pub(super) fn bind_negative(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = operand(call)?;
    let data_type = types.first().cloned().unwrap_or(SparkType::Null);
    let negated = match data_type {
        SparkType::Decimal { .. } => Scalar::expr(call, data_type, |arguments| {
            let operand = arguments.into_iter().next();
            let operand = operand.ok_or_else(|| SparkError::internal("a sign without an operand"))?;
            Ok(Expr::Negative(Box::new(operand)))
        }),
        data_type => Scalar::kernel(call, data_type, Negate),
    };
    Ok(negated.casting(types))
}

/// The negation of numbers and intervals.
#[derive(Clone, Copy, Debug, Default)]
struct Negate;

impl Kernel for Negate {
    const NAME: &'static str = "spark_negate";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let overflow = || arithmetic_overflow("overflow", "");
        let ansi = call.ansi();
        call.with_arrays(|arrays| {
            let array = arrays.first().ok_or_else(|| SparkError::internal("a sign without an operand"))?;
            match array.data_type() {
                DataType::Float32 | DataType::Float64 => numeric::neg(array).map_err(from_arrow),
                DataType::Int8 => negate::<Int8Type>(array, ansi, overflow),
                DataType::Int16 => negate::<Int16Type>(array, ansi, overflow),
                DataType::Int32 => negate::<Int32Type>(array, ansi, overflow),
                DataType::Int64 => negate::<Int64Type>(array, ansi, overflow),
                DataType::Interval(IntervalUnit::YearMonth) => {
                    negate::<IntervalYearMonthType>(array, true, || interval_overflow(""))
                }
                DataType::Duration(TimeUnit::Microsecond) => {
                    negate::<DurationMicrosecondType>(array, true, || interval_overflow(""))
                }
                DataType::Interval(IntervalUnit::MonthDayNano) => negate_calendar(array, ansi),
                other => Err(SparkError::internal(format!("negation of {other}"))),
            }
        })
    }
}

fn negate<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    fails: bool,
    overflow: impl Fn() -> SparkError,
) -> SparkResult<ArrayRef>
where
    T::Native: ArrowNativeTypeOp,
{
    let values = array
        .as_primitive_opt::<T>()
        .ok_or_else(|| SparkError::internal(format!("negation of {}", array.data_type())))?;
    let negated: PrimitiveArray<T> = if fails {
        values.try_unary(|value| value.neg_checked().map_err(|_| overflow()))?
    } else {
        values.unary(ArrowNativeTypeOp::neg_wrapping)
    };
    Ok(Arc::new(negated))
}

fn negate_calendar(array: &ArrayRef, ansi: bool) -> SparkResult<ArrayRef> {
    let values = array
        .as_primitive_opt::<IntervalMonthDayNanoType>()
        .ok_or_else(|| SparkError::internal(format!("negation of {}", array.data_type())))?;
    let checked = |value: IntervalMonthDayNano| {
        Some(IntervalMonthDayNano::new(
            value.months.checked_neg()?,
            value.days.checked_neg()?,
            value.nanoseconds.checked_neg()?,
        ))
    };
    let wrapping = |value: IntervalMonthDayNano| {
        IntervalMonthDayNano::new(
            value.months.wrapping_neg(),
            value.days.wrapping_neg(),
            value.nanoseconds.wrapping_neg(),
        )
    };
    let negated: PrimitiveArray<IntervalMonthDayNanoType> = values.try_unary(|value| match checked(value) {
        Some(value) => Ok(value),
        None if ansi => Err(arithmetic_overflow("overflow", "")),
        None => Ok(wrapping(value)),
    })?;
    Ok(Arc::new(negated))
}
