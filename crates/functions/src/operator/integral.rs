//! The kernel of arithmetic on whole numbers, floating-point division, and intervals of one kind.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Datum, PrimitiveArray, Scalar};
use arrow::buffer::NullBuffer;
use arrow::compute::kernels::numeric;
use arrow::datatypes::{
    ArrowNativeTypeOp, DataType, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, TimeUnit,
};
use arrow::error::ArrowError;
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkError, SparkResult};

use super::arithmetic::Operation;
use super::error::{
    arithmetic_overflow, binary_overflow, divide_by_zero, interval_divided_by_zero, interval_overflow,
    remainder_by_zero,
};
use crate::kernel::{Kernel, KernelCall, from_arrow, from_engine};

const ADD: u8 = Operation::Add as u8;
const SUBTRACT: u8 = Operation::Subtract as u8;
const MULTIPLY: u8 = Operation::Multiply as u8;
const DIVIDE: u8 = Operation::Divide as u8;
const REMAINDER: u8 = Operation::Remainder as u8;

/// An [`Operation`] on operands of one type; with `TRY` errors become NULL.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arithmetic<const OPERATION: u8, const TRY: bool>;

/// The operation of a number, as the kernels' types carry it.
pub(super) const fn operation(number: u8) -> Operation {
    match number {
        ADD => Operation::Add,
        SUBTRACT => Operation::Subtract,
        MULTIPLY => Operation::Multiply,
        DIVIDE => Operation::Divide,
        REMAINDER => Operation::Remainder,
        _ => Operation::IntegralDivide,
    }
}

impl<const OPERATION: u8, const TRY: bool> Kernel for Arithmetic<OPERATION, TRY> {
    const NAME: &'static str = match (operation(OPERATION), TRY) {
        (Operation::Add, false) => "spark_add",
        (Operation::Subtract, false) => "spark_subtract",
        (Operation::Multiply, false) => "spark_multiply",
        (Operation::Divide, false) => "spark_divide",
        (Operation::Remainder, false) => "spark_remainder",
        (Operation::IntegralDivide, false) => "spark_integral_divide",
        (Operation::Add, true) => "spark_try_add",
        (Operation::Subtract, true) => "spark_try_subtract",
        (Operation::Multiply, true) => "spark_try_multiply",
        (Operation::Divide, true) => "spark_try_divide",
        (Operation::Remainder, true) => "spark_try_remainder",
        (Operation::IntegralDivide, true) => "spark_try_integral_divide",
    };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let operands = Operands::of(call)?;
        let mode = Mode { operation: operation(OPERATION), fails: !TRY, ansi: call.ansi() };
        let result = match operands.data_type() {
            DataType::Int8 => whole::<Int8Type>(&operands, mode),
            DataType::Int16 => whole::<Int16Type>(&operands, mode),
            DataType::Int32 => whole::<Int32Type>(&operands, mode),
            DataType::Int64 => whole::<Int64Type>(&operands, mode),
            DataType::Float32 => floating::<Float32Type>(&operands, mode),
            DataType::Float64 => floating::<Float64Type>(&operands, mode),
            DataType::Interval(IntervalUnit::YearMonth) => ansi_interval::<IntervalYearMonthType>(&operands, mode),
            DataType::Duration(TimeUnit::Microsecond) => ansi_interval::<DurationMicrosecondType>(&operands, mode),
            DataType::Interval(IntervalUnit::MonthDayNano) => calendar_interval(&operands, mode),
            other => Err(SparkError::internal(format!("arithmetic on {other}"))),
        }?;
        operands.finish(result)
    }
}

/// How an operation is meant.
#[derive(Clone, Copy)]
pub(super) struct Mode {
    pub operation: Operation,
    /// An overflow is an error in ANSI mode; else NULL.
    pub fails: bool,
    pub ansi: bool,
}

impl Mode {
    /// An error, or NULL where the call tries or ANSI mode is off.
    pub(super) fn fault<T>(self, error: impl FnOnce() -> SparkError) -> SparkResult<Option<T>> {
        if self.fails && self.ansi { Err(error()) } else { Ok(None) }
    }

    /// An error, or NULL where the call tries.
    pub(super) fn always_fault<T>(self, error: impl FnOnce() -> SparkError) -> SparkResult<Option<T>> {
        if self.fails { Err(error()) } else { Ok(None) }
    }
}

/// Two operands, of which one or both may be constant.
pub(super) struct Operands {
    pub left: ArrayRef,
    pub right: ArrayRef,
    left_is_constant: bool,
    right_is_constant: bool,
    rows: usize,
}

impl Operands {
    pub(super) fn of(call: &KernelCall<'_>) -> SparkResult<Self> {
        let array = |index: usize| -> SparkResult<(ArrayRef, bool)> {
            match call.argument(index)? {
                ColumnarValue::Array(array) => Ok((Arc::clone(array), false)),
                ColumnarValue::Scalar(value) => Ok((value.to_array().map_err(from_engine)?, true)),
            }
        };
        let (left, left_is_constant) = array(0)?;
        let (right, right_is_constant) = array(1)?;
        let rows = if left_is_constant && right_is_constant { 1 } else { call.rows };
        Ok(Self { left, right, left_is_constant, right_is_constant, rows })
    }

    #[cfg(test)]
    pub(super) fn new(
        left: ArrayRef,
        right: ArrayRef,
        (left_is_constant, right_is_constant): (bool, bool),
        rows: usize,
    ) -> Self {
        Self { left, right, left_is_constant, right_is_constant, rows }
    }

    /// Whether the left and the right operand are constant.
    pub(super) const fn are_constant(&self) -> (bool, bool) {
        (self.left_is_constant, self.right_is_constant)
    }

    /// The operands in the other order.
    pub(super) fn swap(&mut self) {
        std::mem::swap(&mut self.left, &mut self.right);
        std::mem::swap(&mut self.left_is_constant, &mut self.right_is_constant);
    }

    pub(super) fn data_type(&self) -> &DataType {
        self.left.data_type()
    }

    /// A constant if both operands are.
    pub(super) fn finish(&self, result: ArrayRef) -> SparkResult<ColumnarValue> {
        if self.left_is_constant && self.right_is_constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0).map_err(from_engine)?));
        }
        Ok(ColumnarValue::Array(result))
    }

    /// By one of arrow's kernels, which take constants as they are.
    fn by_arrow(
        &self,
        compute: fn(&dyn Datum, &dyn Datum) -> Result<ArrayRef, ArrowError>,
    ) -> Result<ArrayRef, ArrowError> {
        match (self.left_is_constant, self.right_is_constant) {
            (false, false) => compute(&self.left, &self.right),
            (true, false) => compute(&Scalar::new(Arc::clone(&self.left)), &self.right),
            (false, true) => compute(&self.left, &Scalar::new(Arc::clone(&self.right))),
            (true, true) => compute(&self.left, &self.right),
        }
    }

    /// Pair by pair; a pair with NULL gives NULL.
    pub(super) fn pairs<L: ArrowPrimitiveType, R: ArrowPrimitiveType, O: ArrowPrimitiveType>(
        &self,
        compute: impl Fn(L::Native, R::Native) -> SparkResult<Option<O::Native>>,
    ) -> SparkResult<PrimitiveArray<O>> {
        let left = Side::<L>::of(&self.left, self.left_is_constant)?;
        let right = Side::<R>::of(&self.right, self.right_is_constant)?;
        let mut builder = PrimitiveArray::<O>::builder(self.rows);
        for row in 0..self.rows {
            match (left.at(row), right.at(row)) {
                (Some(left), Some(right)) => match compute(left, right)? {
                    Some(value) => builder.append_value(value),
                    None => builder.append_null(),
                },
                _ => builder.append_null(),
            }
        }
        Ok(builder.finish())
    }
}

struct Side<'a, T: ArrowPrimitiveType> {
    values: &'a [T::Native],
    nulls: Option<&'a NullBuffer>,
    is_constant: bool,
}

impl<'a, T: ArrowPrimitiveType> Side<'a, T> {
    fn of(array: &'a ArrayRef, is_constant: bool) -> SparkResult<Self> {
        let array = array
            .as_primitive_opt::<T>()
            .ok_or_else(|| SparkError::internal(format!("arithmetic on {}", array.data_type())))?;
        Ok(Self { values: array.values(), nulls: array.nulls().filter(|nulls| nulls.null_count() > 0), is_constant })
    }

    fn at(&self, row: usize) -> Option<T::Native> {
        let row = if self.is_constant { 0 } else { row };
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) { None } else { self.values.get(row).copied() }
    }
}

fn whole<T: ArrowPrimitiveType>(operands: &Operands, mode: Mode) -> SparkResult<ArrayRef>
where
    T::Native: ArrowNativeTypeOp + Into<i64>,
{
    let checked: fn(T::Native, T::Native) -> Result<T::Native, ArrowError> = match mode.operation {
        Operation::Add => T::Native::add_checked,
        Operation::Subtract => T::Native::sub_checked,
        Operation::Multiply => T::Native::mul_checked,
        Operation::Divide | Operation::IntegralDivide => return whole_quotient::<T>(operands, mode),
        Operation::Remainder => return whole_remainder::<T>(operands, mode),
    };
    if mode.fails {
        let by_arrow = match mode.operation {
            Operation::Add => operands.by_arrow(numeric::add),
            Operation::Subtract => operands.by_arrow(numeric::sub),
            _ => operands.by_arrow(numeric::mul),
        };
        if let Ok(result) = by_arrow {
            return Ok(result);
        }
    }
    // Something overflows: find it.
    let (symbol, instead) = (mode.operation.symbol(), mode.operation.try_name());
    let result = operands.pairs::<T, T, T>(|left, right| match checked(left, right) {
        Ok(value) => Ok(Some(value)),
        Err(_) => mode.always_fault(|| {
            if size_of::<T::Native>() < 4 {
                binary_overflow(left.into(), symbol, right.into(), instead)
            } else {
                arithmetic_overflow("overflow", instead)
            }
        }),
    })?;
    Ok(Arc::new(result))
}

fn whole_quotient<T: ArrowPrimitiveType>(operands: &Operands, mode: Mode) -> SparkResult<ArrayRef>
where
    T::Native: ArrowNativeTypeOp,
{
    let result = operands.pairs::<T, T, T>(|left, right| {
        if right.is_zero() {
            return mode.fault(divide_by_zero);
        }
        match left.div_checked(right) {
            Ok(value) => Ok(Some(value)),
            // The least number by -1: wraps without ANSI mode.
            Err(_) if mode.ansi || !mode.fails => {
                mode.fault(|| arithmetic_overflow("Overflow in integral divide", mode.operation.try_name()))
            }
            Err(_) => Ok(Some(left)),
        }
    })?;
    Ok(Arc::new(result))
}

fn whole_remainder<T: ArrowPrimitiveType>(operands: &Operands, mode: Mode) -> SparkResult<ArrayRef>
where
    T::Native: ArrowNativeTypeOp,
{
    let result = operands.pairs::<T, T, T>(|left, right| {
        if right.is_zero() {
            return mode.fault(remainder_by_zero);
        }
        Ok(Some(left.mod_wrapping(right)))
    })?;
    Ok(Arc::new(result))
}

fn floating<T: ArrowPrimitiveType>(operands: &Operands, mode: Mode) -> SparkResult<ArrayRef>
where
    T::Native: ArrowNativeTypeOp,
{
    let result = match mode.operation {
        Operation::Add => return operands.by_arrow(numeric::add).map_err(from_arrow),
        Operation::Subtract => return operands.by_arrow(numeric::sub).map_err(from_arrow),
        Operation::Multiply => return operands.by_arrow(numeric::mul).map_err(from_arrow),
        Operation::Divide | Operation::IntegralDivide => operands.pairs::<T, T, T>(|left, right| {
            if right == T::Native::ZERO {
                return mode.fault(divide_by_zero);
            }
            Ok(Some(left.div_wrapping(right)))
        })?,
        Operation::Remainder => operands.pairs::<T, T, T>(|left, right| {
            if right == T::Native::ZERO {
                return mode.fault(remainder_by_zero);
            }
            Ok(Some(left.mod_wrapping(right)))
        })?,
    };
    Ok(Arc::new(result))
}

/// Sums, differences and quotients of year-month or day-time intervals, which overflow in every mode.
fn ansi_interval<T: ArrowPrimitiveType>(operands: &Operands, mode: Mode) -> SparkResult<ArrayRef>
where
    T::Native: ArrowNativeTypeOp + Into<i64>,
{
    let checked: fn(T::Native, T::Native) -> Result<T::Native, ArrowError> = match mode.operation {
        Operation::Add => T::Native::add_checked,
        Operation::Subtract => T::Native::sub_checked,
        _ => {
            let quotient = operands.pairs::<T, T, Int64Type>(|left, right| {
                let (left, right): (i64, i64) = (left.into(), right.into());
                if right == 0 {
                    return mode.always_fault(interval_divided_by_zero);
                }
                match left.checked_div(right) {
                    Some(quotient) => Ok(Some(quotient)),
                    None => mode.always_fault(|| arithmetic_overflow("Overflow in integral divide", "try_divide")),
                }
            })?;
            return Ok(Arc::new(quotient));
        }
    };
    let instead = mode.operation.try_name();
    let result = operands.pairs::<T, T, T>(|left, right| match checked(left, right) {
        Ok(value) => Ok(Some(value)),
        Err(_) => mode.always_fault(|| interval_overflow(instead)),
    })?;
    Ok(Arc::new(result))
}

fn calendar_interval(operands: &Operands, mode: Mode) -> SparkResult<ArrayRef> {
    type Interval = IntervalMonthDayNano;
    let is_sum = mode.operation == Operation::Add;
    let checked = |left: Interval, right: Interval| {
        Some(if is_sum {
            Interval::new(
                left.months.checked_add(right.months)?,
                left.days.checked_add(right.days)?,
                left.nanoseconds.checked_add(right.nanoseconds)?,
            )
        } else {
            Interval::new(
                left.months.checked_sub(right.months)?,
                left.days.checked_sub(right.days)?,
                left.nanoseconds.checked_sub(right.nanoseconds)?,
            )
        })
    };
    let wrapping = |left: Interval, right: Interval| {
        if is_sum {
            Interval::new(
                left.months.wrapping_add(right.months),
                left.days.wrapping_add(right.days),
                left.nanoseconds.wrapping_add(right.nanoseconds),
            )
        } else {
            Interval::new(
                left.months.wrapping_sub(right.months),
                left.days.wrapping_sub(right.days),
                left.nanoseconds.wrapping_sub(right.nanoseconds),
            )
        }
    };
    let result = operands.pairs::<IntervalMonthDayNanoType, IntervalMonthDayNanoType, IntervalMonthDayNanoType>(
        |left, right| match checked(left, right) {
            Some(value) => Ok(Some(value)),
            None if mode.fails && !mode.ansi => Ok(Some(wrapping(left, right))),
            None => mode.always_fault(|| arithmetic_overflow("overflow", "")),
        },
    )?;
    Ok(Arc::new(result))
}
