//! `& | ^ ~` and shifts.

use std::ops::BitXor;
use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType};
use arrow::datatypes::{DataType, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, Operator};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::arithmetic::{alike, binary, promoted_strings, sides_of_decimal};
use super::infix;
use super::integral::Operands;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall};

pub(super) const AND: Function =
    Function::scalar("&", |call| bind(call, Operator::BitwiseAnd)).arity(2..=2).prints(|a| infix("&", a));
pub(super) const OR: Function =
    Function::scalar("|", |call| bind(call, Operator::BitwiseOr)).arity(2..=2).prints(|a| infix("|", a));
pub(super) const XOR: Function = Function::scalar("^", bind_xor).arity(2..=2).prints(|a| infix("^", a));
pub(super) const NOT: Function =
    Function::scalar("~", bind_not).arity(1..=1).prints(|arguments| format!("~{}", arguments.join(", ")));
pub(super) const SHIFT_LEFT: Function =
    Function::scalar("<<", bind_shift::<ShiftLeft>).since("4.0.0").arity(2..=2).prints(|a| infix("<<", a));
pub(super) const SHIFT_RIGHT: Function =
    Function::scalar(">>", bind_shift::<ShiftRight>).since("4.0.0").arity(2..=2).prints(|a| infix(">>", a));
pub(super) const SHIFT_RIGHT_UNSIGNED: Function =
    Function::scalar(">>>", bind_shift::<ShiftRightUnsigned>).since("4.0.0").arity(2..=2).prints(|a| infix(">>>", a));
pub(super) const SHIFTLEFT: Function =
    Function::scalar("shiftleft", bind_shift::<ShiftLeft>).since("1.5.0").arity(2..=2);
pub(super) const SHIFTRIGHT: Function =
    Function::scalar("shiftright", bind_shift::<ShiftRight>).since("1.5.0").arity(2..=2);
pub(super) const SHIFTRIGHTUNSIGNED: Function =
    Function::scalar("shiftrightunsigned", bind_shift::<ShiftRightUnsigned>).since("1.5.0").arity(2..=2);

fn bind(call: &Call<'_>, operator: Operator) -> SparkResult<Scalar> {
    let (left, right) = operand_types(call)?;
    let bits = Scalar::expr(call, left.clone(), move |arguments| binary(arguments, operator));
    Ok(bits.casting(vec![left, right]))
}

/// Not the engine's operator, whose optimiser makes zero of `x ^ x` even where x is NULL.
fn bind_xor(call: &Call<'_>) -> SparkResult<Scalar> {
    let (left, right) = operand_types(call)?;
    Ok(Scalar::kernel(call, left.clone(), BitwiseXor).casting(vec![left, right]))
}

fn operand_types(call: &Call<'_>) -> SparkResult<(SparkType, SparkType)> {
    let (left, right) = promoted_strings(call)?;
    let (left, right) = sides_of_decimal((call.argument(0)?, left), (call.argument(1)?, right));
    alike(call, left, right, &Expected::Integral)
}

/// The bits that are in one operand alone.
#[derive(Clone, Copy, Debug, Default)]
struct BitwiseXor;

impl Kernel for BitwiseXor {
    const NAME: &'static str = "spark_bitwise_xor";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        fn xor<T: ArrowPrimitiveType<Native: BitXor<Output = T::Native>>>(
            operands: &Operands,
        ) -> SparkResult<ArrayRef> {
            Ok(Arc::new(operands.pairs::<T, T, T>(|left, right| Ok(Some(left ^ right)))?))
        }
        let operands = Operands::of(call)?;
        let bits = match call.return_type {
            DataType::Int8 => xor::<Int8Type>(&operands),
            DataType::Int16 => xor::<Int16Type>(&operands),
            DataType::Int32 => xor::<Int32Type>(&operands),
            _ => xor::<Int64Type>(&operands),
        };
        operands.finish(bits?)
    }
}

fn bind_not(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.expect(&[Expected::Integral])?;
    let data_type = types.first().cloned().unwrap_or(SparkType::Integer);
    let ones = match data_type {
        SparkType::Byte => ScalarValue::Int8(Some(-1)),
        SparkType::Short => ScalarValue::Int16(Some(-1)),
        SparkType::Integer => ScalarValue::Int32(Some(-1)),
        _ => ScalarValue::Int64(Some(-1)),
    };
    let flipped = Scalar::expr(call, data_type, move |mut arguments| {
        arguments.push(Expr::Literal(ones.clone(), None));
        binary(arguments, Operator::BitwiseXor)
    });
    Ok(flipped.casting(types))
}

fn bind_shift<K: Kernel>(call: &Call<'_>) -> SparkResult<Scalar> {
    let value = Expected::one_of([Expected::INT, Expected::LONG]);
    let types = call.implicit_cast(&[value, Expected::INT])?;
    let data_type = types.first().cloned().unwrap_or(SparkType::Integer);
    Ok(Scalar::kernel(call, data_type, K::default()).casting(types))
}

/// `value << bits`; only the bits that count a place are looked at.
#[derive(Clone, Copy, Debug, Default)]
struct ShiftLeft;

/// `value >> bits`, the sign moving in.
#[derive(Clone, Copy, Debug, Default)]
struct ShiftRight;

/// `value >>> bits`, zeros moving in.
#[derive(Clone, Copy, Debug, Default)]
struct ShiftRightUnsigned;

impl Kernel for ShiftLeft {
    const NAME: &'static str = "spark_shift_left";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        shift(call, i32::wrapping_shl, i64::wrapping_shl)
    }
}

impl Kernel for ShiftRight {
    const NAME: &'static str = "spark_shift_right";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        shift(call, i32::wrapping_shr, i64::wrapping_shr)
    }
}

impl Kernel for ShiftRightUnsigned {
    const NAME: &'static str = "spark_shift_right_unsigned";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        shift(
            call,
            |value, bits| value.cast_unsigned().wrapping_shr(bits).cast_signed(),
            |value, bits| value.cast_unsigned().wrapping_shr(bits).cast_signed(),
        )
    }
}

fn shift(
    call: &KernelCall<'_>,
    of_int: impl Fn(i32, u32) -> i32,
    of_long: impl Fn(i64, u32) -> i64,
) -> SparkResult<ColumnarValue> {
    let operands = Operands::of(call)?;
    match operands.data_type() {
        DataType::Int32 => {
            let shifted = operands.pairs::<Int32Type, Int32Type, Int32Type>(|value, bits| {
                Ok(Some(of_int(value, bits.cast_unsigned())))
            })?;
            operands.finish(Arc::new(shifted))
        }
        DataType::Int64 => {
            let shifted = operands.pairs::<Int64Type, Int32Type, Int64Type>(|value, bits| {
                Ok(Some(of_long(value, bits.cast_unsigned())))
            })?;
            operands.finish(Arc::new(shifted))
        }
        other => Err(SparkError::internal(format!("shift of {other}"))),
    }
}
