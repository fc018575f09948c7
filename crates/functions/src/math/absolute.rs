//! `abs`, `pmod`: without a sign.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, DecimalType, DurationMicrosecondType,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalYearMonthType,
};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult};

use crate::call::Call;
use crate::cast::out_of_range;
use crate::coercion::Expected;
use crate::function::{Build, Function, Scalar};
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf};
use crate::operator::arithmetic::{self, Operation};
use crate::operator::error::{arithmetic_overflow, interval_overflow};

pub(super) const ABS: Function = Function::scalar("abs", abs).since("1.2.0").arity(1..=1);
pub(super) const PMOD: Function = Function::scalar("pmod", pmod).since("1.5.0").arity(2..=2);

fn abs(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::one_of([Expected::Numeric, Expected::AnsiInterval])])?;
    let result = types.first().cloned().unwrap_or(firesteel_base::SparkType::Double);
    Ok(Scalar::kernel(call, result, Abs).casting(types))
}

#[derive(Debug, Default, Clone, Copy)]
struct Abs;

impl Kernel for Abs {
    const NAME: &'static str = "spark_abs";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let overflow = || arithmetic_overflow("overflow", "");
        macro_rules! integers {
            ($arrow:ty) => {
                call.map::<$arrow, $arrow>(|value| match value.checked_abs() {
                    Some(absolute) => Ok(Some(absolute)),
                    None if call.ansi() => Err(overflow()),
                    None => Ok(Some(value)),
                })
            };
        }
        match call.return_type {
            DataType::Int8 => integers!(Int8Type),
            DataType::Int16 => integers!(Int16Type),
            DataType::Int32 => integers!(Int32Type),
            DataType::Int64 => integers!(Int64Type),
            DataType::Float32 => call.unary::<Float32Type, Float32Type>(f32::abs),
            DataType::Float64 => call.unary::<Float64Type, Float64Type>(f64::abs),
            DataType::Decimal128(..) => call.unary::<Decimal128Type, Decimal128Type>(i128::abs),
            DataType::Duration(_) => call.map::<DurationMicrosecondType, DurationMicrosecondType>(|value| {
                value.checked_abs().map(Some).ok_or_else(|| interval_overflow(""))
            }),
            DataType::Interval(_) => call.map::<IntervalYearMonthType, IntervalYearMonthType>(|value| {
                value.checked_abs().map(Some).ok_or_else(|| interval_overflow(""))
            }),
            other => Err(SparkError::internal(format!("abs of {other}"))),
        }
    }
}

/// The remainder, made positive by adding the divisor once.
fn pmod(call: &Call<'_>) -> SparkResult<Scalar> {
    let remainder = arithmetic::bind(call, Operation::Remainder, false)?;
    let (data_type, inner) = (remainder.data_type.clone(), remainder.data_type.clone());
    let (types, nullable, build) = (remainder.arguments, remainder.nullable, remainder.build);
    let bound = Scalar::expr(call, data_type, move |arguments| {
        let divisor =
            arguments.get(1).cloned().ok_or_else(|| SparkError::internal("pmod was bound without a divisor"))?;
        let remainder = match &build {
            Build::Udf(udf) => udf.call(arguments),
            Build::Kernel(udf) => kernel_call(Arc::clone(udf), arguments, &inner, -1)?,
            Build::Expr(build) => build(arguments)?,
        };
        kernel_call(kernel_udf(MakePositive), vec![remainder, divisor], &inner, -1)
    });
    Ok(bound.casting(types).nullable(nullable))
}

/// Arguments: a remainder and its divisor.
#[derive(Debug, Default, Clone, Copy)]
struct MakePositive;

impl Kernel for MakePositive {
    const NAME: &'static str = "spark_make_remainder_positive";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        call.with_arrays(|arrays| {
            let [remainders, divisors] = arrays else {
                return Err(SparkError::internal("pmod was called without a divisor"));
            };
            macro_rules! integers {
                ($arrow:ty) => {
                    pairs::<$arrow>(remainders, divisors, call.return_type, |remainder, divisor| {
                        remainder.wrapping_add(divisor).wrapping_rem(divisor)
                    })
                };
            }
            match (call.return_type, divisors.data_type()) {
                (DataType::Int8, _) => integers!(Int8Type),
                (DataType::Int16, _) => integers!(Int16Type),
                (DataType::Int32, _) => integers!(Int32Type),
                (DataType::Int64, _) => integers!(Int64Type),
                (DataType::Float32, _) => {
                    pairs::<Float32Type>(remainders, divisors, call.return_type, |left, right| (left + right) % right)
                }
                (DataType::Float64, _) => {
                    pairs::<Float64Type>(remainders, divisors, call.return_type, |left, right| (left + right) % right)
                }
                (DataType::Decimal128(precision, scale), DataType::Decimal128(_, divisor_scale)) => {
                    let exponent = u32::try_from(i32::from(*scale) - i32::from(*divisor_scale)).unwrap_or(0);
                    let power = 10_i128.checked_pow(exponent).unwrap_or(i128::MAX);
                    let ansi = call.ansi();
                    fallible_pairs::<Decimal128Type>(remainders, divisors, call.return_type, |remainder, divisor| {
                        let Some(divisor) = divisor.checked_mul(power) else { return Ok(Some(remainder)) };
                        let positive = remainder.wrapping_add(divisor).wrapping_rem(divisor);
                        if Decimal128Type::is_valid_decimal_precision(positive, *precision) {
                            return Ok(Some(positive));
                        }
                        let value = Decimal128Type::format_decimal(positive, DECIMAL128_MAX_PRECISION, *scale);
                        if ansi { Err(out_of_range(value, *precision, *scale)) } else { Ok(None) }
                    })
                }
                (other, _) => Err(SparkError::internal(format!("pmod of {other}"))),
            }
        })
    }
}

/// Computes where the remainder is negative.
fn pairs<T: ArrowPrimitiveType>(
    remainders: &ArrayRef,
    divisors: &ArrayRef,
    data_type: &DataType,
    compute: impl Fn(T::Native, T::Native) -> T::Native,
) -> SparkResult<ArrayRef> {
    fallible_pairs::<T>(remainders, divisors, data_type, |remainder, divisor| Ok(Some(compute(remainder, divisor))))
}

/// As [`pairs`], with what may be NULL or fail.
fn fallible_pairs<T: ArrowPrimitiveType>(
    remainders: &ArrayRef,
    divisors: &ArrayRef,
    data_type: &DataType,
    compute: impl Fn(T::Native, T::Native) -> SparkResult<Option<T::Native>>,
) -> SparkResult<ArrayRef> {
    let zero = T::Native::default();
    let all = remainders.as_primitive::<T>().iter().zip(divisors.as_primitive::<T>());
    let positive = all.map(|pair| match pair {
        (Some(remainder), Some(divisor)) if remainder < zero => compute(remainder, divisor),
        (remainder, divisor) => Ok(divisor.and(remainder)),
    });
    let positive: PrimitiveArray<T> = positive.collect::<SparkResult<_>>()?;
    Ok(Arc::new(positive.with_data_type(data_type.clone())))
}
