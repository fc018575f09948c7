//! Sums, differences and products of decimals that cannot overflow, because no value of the arrays is large enough:
//! whole arrays without a check for each row.

use arrow::array::{Array, AsArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::Decimal128Type;

use super::arithmetic::Operation;
use super::integral::Operands;
use crate::cast::number::power_of_ten;

/// One operand: its digits, and the bits that the largest of them takes once it is multiplied by its factor.
struct Operand<'a> {
    values: &'a [i128],
    nulls: Option<&'a NullBuffer>,
    /// A constant stands for every row.
    is_constant: bool,
    bits: u32,
}

impl<'a> Operand<'a> {
    /// `None` for other types and for a constant NULL.
    fn of(array: &'a dyn Array, is_constant: bool, factor: i128) -> Option<Self> {
        let array = array.as_primitive_opt::<Decimal128Type>()?;
        if is_constant && array.null_count() > 0 {
            return None;
        }
        let values: &[i128] = array.values();
        // The sign's bits folded away: an upper bound of all magnitudes, at a fraction of the cost of their maximum.
        let all = values.iter().fold(0_u128, |all, value| all | (value ^ (value >> 127)).cast_unsigned());
        let bits = (u128::BITS - all.leading_zeros()) + (u128::BITS - factor.unsigned_abs().leading_zeros());
        let nulls = if is_constant { None } else { array.nulls() };
        Some(Self { values, nulls, is_constant, bits })
    }

    /// Whether the digits are 64-bit numbers.
    fn is_narrow(&self) -> bool {
        self.bits < i64::BITS
    }
}

/// The operation's result with scale and precision of `scales` and `result`, if the arrays' values rule out an overflow
/// and no digit is rounded away.
pub(super) fn compute(
    operation: Operation,
    operands: &Operands,
    (left_scale, right_scale): (i8, i8),
    (precision, scale): (u8, i8),
) -> Option<PrimitiveArray<Decimal128Type>> {
    let (left_factor, right_factor) = match operation {
        Operation::Add | Operation::Subtract => (factor(left_scale, scale)?, factor(right_scale, scale)?),
        Operation::Multiply if left_scale.checked_add(right_scale) == Some(scale) => (1, 1),
        _ => return None,
    };
    let (left_is_constant, right_is_constant) = operands.are_constant();
    let left = Operand::of(&operands.left, left_is_constant, left_factor)?;
    let right = Operand::of(&operands.right, right_is_constant, right_factor)?;
    let bits = match operation {
        Operation::Multiply => left.bits + right.bits,
        _ => left.bits.max(right.bits) + 1,
    };
    let limit = power_of_ten(u32::from(precision))?;
    if bits >= u128::BITS - 1 || (1_i128 << bits) > limit {
        return None;
    }
    let narrow = left.is_narrow() && right.is_narrow();
    let (l, r) = (left_factor, right_factor);
    let values = match operation {
        Operation::Add => combine(&left, &right, |a, b| a.wrapping_mul(l).wrapping_add(b.wrapping_mul(r))),
        Operation::Subtract => combine(&left, &right, |a, b| a.wrapping_mul(l).wrapping_sub(b.wrapping_mul(r))),
        // One machine instruction multiplies two 64-bit numbers into 128 bits.
        _ if narrow => combine(&left, &right, |a, b| i128::from(low(a)) * i128::from(low(b))),
        _ => combine(&left, &right, i128::wrapping_mul),
    };
    let nulls = NullBuffer::union(left.nulls, right.nulls);
    Some(PrimitiveArray::new(values.into(), nulls))
}

/// What digits are multiplied by to have more of them behind the point; `None` if they would lose some.
fn factor(from: i8, to: i8) -> Option<i128> {
    power_of_ten(u32::try_from(i32::from(to) - i32::from(from)).ok()?)
}

#[expect(clippy::cast_possible_truncation, reason = "called for numbers of 64 bits only")]
const fn low(value: i128) -> i64 {
    value as i64
}

fn combine(left: &Operand<'_>, right: &Operand<'_>, compute: impl Fn(i128, i128) -> i128) -> Vec<i128> {
    match (left.is_constant, right.is_constant) {
        (true, false) => {
            let constant = left.values.first().copied().unwrap_or_default();
            right.values.iter().map(|value| compute(constant, *value)).collect()
        }
        (false, true) => {
            let constant = right.values.first().copied().unwrap_or_default();
            left.values.iter().map(|value| compute(*value, constant)).collect()
        }
        _ => left.values.iter().zip(right.values).map(|(left, right)| compute(*left, *right)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Decimal128Array};

    use super::*;

    fn decimals(values: &[Option<i128>], precision: u8, scale: i8) -> ArrayRef {
        let array: Decimal128Array = values.iter().copied().collect();
        Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
    }

    #[test]
    fn small_values_are_computed_and_large_ones_left() {
        let prices = decimals(&[Some(1_000), None, Some(-250)], 15, 2);
        let one = decimals(&[Some(1)], 1, 0);
        let operands = Operands::new(one, prices.clone(), (true, false), 3);
        let rest = compute(Operation::Subtract, &operands, (0, 2), (16, 2)).unwrap();
        assert_eq!(rest.iter().collect::<Vec<_>>(), [Some(-900), None, Some(350)]);

        let operands = Operands::new(prices.clone(), prices, (false, false), 3);
        let product = compute(Operation::Multiply, &operands, (2, 2), (31, 4)).unwrap();
        assert_eq!(product.iter().collect::<Vec<_>>(), [Some(1_000_000), None, Some(62_500)]);
        assert!(compute(Operation::Multiply, &operands, (2, 2), (31, 3)).is_none(), "a digit is rounded away");
        assert!(compute(Operation::Multiply, &operands, (2, 2), (5, 4)).is_none(), "may have more than five digits");

        let large = decimals(&[Some(i128::MAX / 2), Some(-i128::MAX)], 38, 0);
        let operands = Operands::new(large.clone(), large, (false, false), 2);
        for operation in [Operation::Add, Operation::Subtract, Operation::Multiply] {
            assert!(compute(operation, &operands, (0, 0), (38, 0)).is_none(), "{operation:?}");
        }
    }
}
