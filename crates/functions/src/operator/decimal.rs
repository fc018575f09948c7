//! Arithmetic on decimals: the type of the result, and the kernel where it is not arrow's own.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

use super::arithmetic::{Operation, decimal_arithmetic};
use super::error::{divide_by_zero, remainder_by_zero};
use super::integral::{Mode, Operands, operation};
use super::unchecked_decimal;
use crate::call::Call;
use crate::cast::number::{fits_precision, power_of_ten, rescale};
use crate::cast::out_of_range;
use crate::coercion::{adjusted_decimal, bounded_decimal};
use crate::function::Scalar;
use crate::kernel::{Kernel, KernelCall};

/// Digits behind the point to which Spark divides before it rounds to the result's scale.
const QUOTIENT_SCALE: i32 = 39;

/// Binds an operation on two decimals.
pub(super) fn bind(
    call: &Call<'_>,
    operation: Operation,
    tries: bool,
    (left, right): (SparkType, SparkType),
) -> SparkResult<Scalar> {
    let (SparkType::Decimal { precision, scale }, SparkType::Decimal { precision: other, scale: other_scale }) =
        (&left, &right)
    else {
        return Err(SparkError::internal("decimal arithmetic on other types"));
    };
    let result = match operation {
        Operation::IntegralDivide => SparkType::Long,
        operation => {
            result_type(operation, (*precision, *scale), (*other, *other_scale), call.context.decimal_precision_loss)
        }
    };
    let types = vec![left.clone(), right.clone()];
    let divides = matches!(operation, Operation::Divide | Operation::Remainder | Operation::IntegralDivide);
    let nullable = call.any_nullable_as(&types) || divides || tries || !call.ansi();
    Ok(decimal_arithmetic(call, operation, tries, result).casting(types).nullable(nullable))
}

/// Precision and scale that hold every result, where there are such.
fn exact_type(operation: Operation, (p1, s1): (u8, i8), (p2, s2): (u8, i8)) -> Option<(i32, i32)> {
    let [p1, s1, p2, s2] = [i32::from(p1), i32::from(s1), i32::from(p2), i32::from(s2)];
    match operation {
        Operation::Add | Operation::Subtract => {
            let scale = s1.max(s2);
            Some(((p1 - s1).max(p2 - s2) + scale + 1, scale))
        }
        Operation::Multiply => Some((p1 + p2 + 1, s1 + s2)),
        Operation::Divide | Operation::Remainder | Operation::IntegralDivide => None,
    }
}

/// The type of a result.
pub(crate) fn result_type(operation: Operation, left: (u8, i8), right: (u8, i8), loses: bool) -> SparkType {
    let [p1, s1, p2, s2] = [i32::from(left.0), i32::from(left.1), i32::from(right.0), i32::from(right.1)];
    let fit = if loses { adjusted_decimal } else { bounded_decimal };
    match operation {
        Operation::Divide if loses => {
            let scale = (s1 + p2 + 1).max(6);
            adjusted_decimal(p1 - s1 + s2 + scale, scale)
        }
        Operation::Divide => {
            let mut digits = (p1 - s1 + s2).min(38);
            let mut fraction = (s1 + p2 + 1).clamp(6, 38);
            let excess = digits + fraction - 38;
            if excess > 0 {
                fraction -= excess / 2 + 1;
                digits = 38 - fraction;
            }
            bounded_decimal(digits + fraction, fraction)
        }
        Operation::Remainder => fit((p1 - s1).min(p2 - s2) + s1.max(s2), s1.max(s2)),
        Operation::IntegralDivide => bounded_decimal((p1 - s1 + s2).max(1), 0),
        operation => match exact_type(operation, left, right) {
            Some((precision, scale)) => fit(precision, scale),
            None => SparkType::DECIMAL_DEFAULT,
        },
    }
}

/// An operation on decimals; the scales are those of the arrays and of the result's type.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DecimalArithmetic<const OPERATION: u8, const TRY: bool>;

impl<const OPERATION: u8, const TRY: bool> Kernel for DecimalArithmetic<OPERATION, TRY> {
    const NAME: &'static str = match (operation(OPERATION), TRY) {
        (Operation::Add, false) => "spark_decimal_add",
        (Operation::Subtract, false) => "spark_decimal_subtract",
        (Operation::Multiply, false) => "spark_decimal_multiply",
        (Operation::Divide, false) => "spark_decimal_divide",
        (Operation::Remainder, false) => "spark_decimal_remainder",
        (Operation::IntegralDivide, false) => "spark_decimal_integral_divide",
        (Operation::Add, true) => "spark_try_decimal_add",
        (Operation::Subtract, true) => "spark_try_decimal_subtract",
        (Operation::Multiply, true) => "spark_try_decimal_multiply",
        (Operation::Divide, true) => "spark_try_decimal_divide",
        (Operation::Remainder, true) => "spark_try_decimal_remainder",
        (Operation::IntegralDivide, true) => "spark_try_decimal_integral_divide",
    };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let operands = Operands::of(call)?;
        let mode = Mode { operation: operation(OPERATION), fails: !TRY, ansi: call.ansi() };
        let scales = (scale_of(&operands.left)?, scale_of(&operands.right)?);
        match call.return_type {
            DataType::Decimal128(precision, scale) => {
                if let Some(result) =
                    unchecked_decimal::compute(mode.operation, &operands, scales, (*precision, *scale))
                {
                    return operands.finish(Arc::new(result.with_data_type(call.return_type.clone())));
                }
                let step = Step { mode, scales, precision: *precision, scale: *scale };
                let result = operands
                    .pairs::<Decimal128Type, Decimal128Type, Decimal128Type>(|left, right| step.compute(left, right))?;
                operands.finish(Arc::new(result.with_data_type(call.return_type.clone())))
            }
            DataType::Int64 => {
                let result = operands.pairs::<Decimal128Type, Decimal128Type, Int64Type>(|left, right| {
                    integral_quotient(mode, scales, left, right)
                })?;
                operands.finish(Arc::new(result))
            }
            other => Err(SparkError::internal(format!("decimal arithmetic with a result of type {other}"))),
        }
    }
}

fn scale_of(array: &dyn Array) -> SparkResult<i8> {
    array
        .as_primitive_opt::<Decimal128Type>()
        .map(arrow::array::PrimitiveArray::scale)
        .ok_or_else(|| SparkError::internal(format!("decimal arithmetic on {}", array.data_type())))
}

#[derive(Clone, Copy)]
struct Step {
    mode: Mode,
    scales: (i8, i8),
    precision: u8,
    scale: i8,
}

impl Step {
    fn compute(&self, left: i128, right: i128) -> SparkResult<Option<i128>> {
        if right == 0 {
            match self.mode.operation {
                Operation::Divide => return self.mode.fault(divide_by_zero),
                Operation::Remainder => return self.mode.fault(remainder_by_zero),
                _ => {}
            }
        }
        match self.fast(left, right) {
            Some(value) if fits_precision(value, self.precision) => Ok(Some(value)),
            Some(_) | None => self.slow(left, right),
        }
    }

    /// In 128 bits, if they suffice.
    fn fast(&self, left: i128, right: i128) -> Option<i128> {
        let (left_scale, right_scale) = self.scales;
        let common = left_scale.max(right_scale);
        match self.mode.operation {
            Operation::Add => {
                let sum = rescale(left, left_scale, common)?.checked_add(rescale(right, right_scale, common)?)?;
                rescale(sum, common, self.scale)
            }
            Operation::Subtract => {
                let rest = rescale(left, left_scale, common)?.checked_sub(rescale(right, right_scale, common)?)?;
                rescale(rest, common, self.scale)
            }
            Operation::Multiply => rescale(left.checked_mul(right)?, left_scale + right_scale, self.scale),
            Operation::Divide => {
                let shift = i32::from(self.scale) - i32::from(left_scale) + i32::from(right_scale);
                let power = power_of_ten(u32::try_from(shift).ok()?)?;
                Some(divide_half_up_signed(left.checked_mul(power)?, right))
            }
            Operation::Remainder | Operation::IntegralDivide => {
                let rest = rescale(left, left_scale, common)?.checked_rem(rescale(right, right_scale, common)?)?;
                rescale(rest, common, self.scale)
            }
        }
    }

    /// With as many digits as it takes.
    fn slow(&self, left: i128, right: i128) -> SparkResult<Option<i128>> {
        let (left_scale, right_scale) = (i32::from(self.scales.0), i32::from(self.scales.1));
        let common = left_scale.max(right_scale);
        let left_aligned = || BigInt::from(left) * power(common - left_scale);
        let right_aligned = || BigInt::from(right) * power(common - right_scale);
        let (exact, exact_scale) = match self.mode.operation {
            Operation::Add => (left_aligned() + right_aligned(), common),
            Operation::Subtract => (left_aligned() - right_aligned(), common),
            Operation::Multiply => with_digits(BigInt::from(left) * BigInt::from(right), left_scale + right_scale),
            Operation::Divide => {
                let dividend = BigInt::from(left) * power(QUOTIENT_SCALE - left_scale + right_scale);
                (round_half_up(&dividend, &BigInt::from(right)), QUOTIENT_SCALE)
            }
            Operation::Remainder | Operation::IntegralDivide => (left_aligned() % right_aligned(), common),
        };
        let shift = i32::from(self.scale) - exact_scale;
        let rounded = if shift >= 0 { &exact * power(shift) } else { round_half_up(&exact, &power(-shift)) };
        match rounded.to_i128().filter(|value| fits_precision(*value, self.precision)) {
            Some(value) => Ok(Some(value)),
            None => self.mode.fault(|| out_of_range(plain(&exact, exact_scale), self.precision, self.scale)),
        }
    }
}

fn integral_quotient(mode: Mode, scales: (i8, i8), left: i128, right: i128) -> SparkResult<Option<i64>> {
    if right == 0 {
        return mode.fault(divide_by_zero);
    }
    let (left_scale, right_scale) = (i32::from(scales.0), i32::from(scales.1));
    let common = left_scale.max(right_scale);
    let quotient =
        BigInt::from(left) * power(common - left_scale) / (BigInt::from(right) * power(common - right_scale));
    // Java keeps the low 64 bits.
    let low: BigInt = quotient & BigInt::from(u64::MAX);
    Ok(low.to_u64().map(u64::cast_signed))
}

fn divide_half_up_signed(dividend: i128, divisor: i128) -> i128 {
    let quotient = crate::cast::number::divide_half_up(dividend, divisor.saturating_abs());
    if divisor < 0 { -quotient } else { quotient }
}

fn power(exponent: i32) -> BigInt {
    BigInt::from(10).pow(exponent.unsigned_abs())
}

fn round_half_up(dividend: &BigInt, divisor: &BigInt) -> BigInt {
    let magnitude = (dividend.abs() * 2 + divisor.abs()) / (divisor.abs() * 2);
    if dividend.is_negative() == divisor.is_negative() { magnitude } else { -magnitude }
}

/// Digits that a product has at most before it is brought to the result's type.
const PRODUCT_DIGITS: usize = 39;

/// A product with no more digits than that, and its scale.
fn with_digits(product: BigInt, scale: i32) -> (BigInt, i32) {
    let digits = product.abs().to_string().len();
    match i32::try_from(digits.saturating_sub(PRODUCT_DIGITS)) {
        Ok(excess) if excess > 0 => (round_half_up(&product, &power(excess)), scale - excess),
        Ok(_) | Err(_) => (product, scale),
    }
}

/// A number without exponent.
fn plain(unscaled: &BigInt, scale: i32) -> String {
    let Ok(places) = usize::try_from(scale) else {
        return (unscaled * power(scale)).to_string();
    };
    let sign = if unscaled.is_negative() { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.abs().to_string(), width = places + 1);
    match digits.split_at_checked(digits.len() - places) {
        Some((whole, "")) => format!("{sign}{whole}"),
        Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
        None => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_types_are_spark_s() {
        let of = |operation, left, right| result_type(operation, left, right, true);
        assert_eq!(of(Operation::Add, (4, 2), (10, 0)), SparkType::decimal(13, 2));
        assert_eq!(of(Operation::Multiply, (4, 2), (4, 2)), SparkType::decimal(9, 4));
        assert_eq!(of(Operation::Divide, (4, 2), (1, 0)), SparkType::decimal(8, 6));
        assert_eq!(of(Operation::Divide, (4, 2), (4, 2)), SparkType::decimal(11, 7));
        assert_eq!(of(Operation::Remainder, (4, 2), (1, 0)), SparkType::decimal(3, 2));
        assert_eq!(of(Operation::Multiply, (32, 4), (16, 2)), SparkType::decimal(38, 6));
        assert_eq!(of(Operation::Divide, (38, 0), (1, 0)), SparkType::decimal(38, 6));
        assert_eq!(result_type(Operation::Divide, (38, 18), (38, 18), false), SparkType::decimal(38, 18));
    }

    #[test]
    fn slow_and_fast_agree() {
        let step = |operation, scale| Step {
            mode: Mode { operation, fails: true, ansi: true },
            scales: (2, 3),
            precision: 38,
            scale,
        };
        for operation in
            [Operation::Add, Operation::Subtract, Operation::Multiply, Operation::Divide, Operation::Remainder]
        {
            for (left, right) in [(12_345, 678), (-12_345, 678), (1, -3), (99_999, -7)] {
                let step = step(operation, 3);
                assert_eq!(step.fast(left, right), step.slow(left, right).unwrap(), "{operation:?} {left} {right}");
            }
        }
    }
}
