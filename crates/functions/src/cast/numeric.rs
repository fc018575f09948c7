//! Casts from numbers.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, BooleanArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, IntervalYearMonthType, TimestampMicrosecondType,
};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::CastMode;
use super::convert::{Conversion, checked_decimal, invalid_input, no_such_cast, out_of_range, overflow, primitive};
use super::datetime::{MICROS_PER_SECOND, timestamp_text};
use super::interval::{micros_of, months_of};
use super::number::{
    ParsedDecimal, decimal_text, decimal_to_double, decimal_to_float, divide_half_up, double_text, double_to_decimal,
    float_text, power_of_ten, rescale,
};
use crate::kernel::from_arrow;

/// Digits of a second that timestamps keep.
const MICROS_DIGITS: i8 = 6;

impl Conversion<'_> {
    fn is_legacy(&self) -> bool {
        self.mode == CastMode::Legacy
    }

    /// From whole numbers, brought to 64 bits.
    pub(super) fn whole(&self, array: &ArrayRef, to: &SparkType) -> SparkResult<ArrayRef> {
        use SparkType as T;
        match to {
            T::Byte => self.whole_to::<Int8Type>(array, |value| value as i8),
            T::Short => self.whole_to::<Int16Type>(array, |value| value as i16),
            T::Integer => self.whole_to::<Int32Type>(array, |value| value as i32),
            T::Long => Ok(Arc::clone(array)),
            T::Float => self.all::<Int64Type, Float32Type>(array, |value| value as f32),
            T::Double => self.all::<Int64Type, Float64Type>(array, |value| value as f64),
            T::Boolean => cast(array, &DataType::Boolean).map_err(from_arrow),
            T::Decimal { precision, scale } => self.each::<Int64Type, Decimal128Type>(
                array,
                |value| checked_decimal(rescale(i128::from(value), 0, *scale), *precision),
                |value| out_of_range(value.to_string(), *precision, *scale),
            ),
            T::Timestamp => {
                self.all::<Int64Type, TimestampMicrosecondType>(array, |value| value.saturating_mul(MICROS_PER_SECOND))
            }
            T::DayTimeInterval { end, .. } => self.must::<Int64Type, DurationMicrosecondType>(
                array,
                |value| value.checked_mul(micros_of(*end)),
                |value| self.overflow(self.whole_literal(value)),
            ),
            T::YearMonthInterval { end, .. } => self.must::<Int64Type, IntervalYearMonthType>(
                array,
                |value| i32::try_from(value).ok()?.checked_mul(months_of(*end)),
                |value| self.overflow(self.whole_literal(value)),
            ),
            T::Binary => {
                let width = match self.from {
                    T::Byte => 1,
                    T::Short => 2,
                    T::Integer => 4,
                    _ => 8,
                };
                let values = primitive::<Int64Type>(array)?;
                let bytes: Vec<_> = values.iter().map(|value| value.map(i64::to_be_bytes)).collect();
                let bytes: BinaryArray =
                    bytes.iter().map(|bytes| bytes.as_ref().and_then(|bytes| bytes.get(8 - width..))).collect();
                Ok(Arc::new(bytes))
            }
            to => Err(no_such_cast(self.from, to)),
        }
    }

    fn whole_literal(&self, value: i64) -> String {
        let suffix = match self.from {
            SparkType::Long => "L",
            SparkType::Short => "S",
            SparkType::Byte => "Y",
            _ => "",
        };
        format!("{value}{suffix}")
    }

    fn whole_to<O: ArrowPrimitiveType>(
        &self,
        array: &ArrayRef,
        wrap: impl Fn(i64) -> O::Native,
    ) -> SparkResult<ArrayRef>
    where
        O::Native: TryFrom<i64>,
    {
        if self.is_legacy() {
            return self.all::<Int64Type, O>(array, wrap);
        }
        self.each::<Int64Type, O>(
            array,
            |value| O::Native::try_from(value).ok(),
            |value| self.overflow(self.whole_literal(value)),
        )
    }

    /// As [`Self::each`], but an error without ANSI mode too.
    fn must<I: ArrowPrimitiveType, O: ArrowPrimitiveType>(
        &self,
        array: &ArrayRef,
        convert: impl Fn(I::Native) -> Option<O::Native>,
        error: impl Fn(I::Native) -> SparkError,
    ) -> SparkResult<ArrayRef> {
        let mode = if self.is_legacy() { CastMode::Ansi } else { self.mode };
        Conversion { mode, ..*self }.each::<I, O>(array, convert, error)
    }

    /// From floats and doubles.
    pub(super) fn floating(&self, array: &ArrayRef, to: &SparkType) -> SparkResult<ArrayRef> {
        use SparkType as T;
        let array = &cast(array, &DataType::Float64).map_err(from_arrow)?;
        match to {
            T::Byte => self.floating_to::<Int8Type>(array, f64::from(i32::MAX), |value| value as i32 as i8),
            T::Short => self.floating_to::<Int16Type>(array, f64::from(i32::MAX), |value| value as i32 as i16),
            T::Integer => self.floating_to::<Int32Type>(array, f64::from(i32::MAX), |value| value as i32),
            T::Long => self.floating_to::<Int64Type>(array, i64::MAX as f64, |value| value as i64),
            T::Float => self.all::<Float64Type, Float32Type>(array, |value| value as f32),
            T::Double => Ok(Arc::clone(array)),
            T::Boolean => {
                let values = primitive::<Float64Type>(array)?;
                Ok(Arc::new(BooleanArray::from_unary(values, |value| value != 0.0)))
            }
            T::Decimal { precision, scale } => {
                // NaN and infinities are NULL in every mode.
                let finite: PrimitiveArray<Float64Type> =
                    primitive::<Float64Type>(array)?.unary_opt(|value| value.is_finite().then_some(value));
                let finite: ArrayRef = Arc::new(finite);
                self.each::<Float64Type, Decimal128Type>(
                    &finite,
                    |value| match double_to_decimal(value, *precision, *scale) {
                        Some(ParsedDecimal::Value(value)) => Some(value),
                        Some(_) | None => None,
                    },
                    |value| out_of_range(plain_double(value), *precision, *scale),
                )
            }
            T::Timestamp => self.floating_to_timestamp(array),
            to => Err(no_such_cast(self.from, to)),
        }
    }

    fn floating_literal(&self, value: f64) -> String {
        match self.from {
            SparkType::Float => float_text(value as f32),
            _ if value.is_finite() => format!("{}D", double_text(value)),
            _ => double_text(value),
        }
    }

    /// `limit` is the bound of the intermediate type that Java casts by: 32 bits for everything but longs.
    fn floating_to<O: ArrowPrimitiveType>(
        &self,
        array: &ArrayRef,
        limit: f64,
        wrap: impl Fn(f64) -> O::Native,
    ) -> SparkResult<ArrayRef>
    where
        O::Native: TryFrom<i64>,
    {
        if self.is_legacy() {
            return self.all::<Float64Type, O>(array, wrap);
        }
        self.each::<Float64Type, O>(
            array,
            |value| {
                let in_range = value.floor() <= limit && value.ceil() >= -limit - 1.0;
                if in_range { O::Native::try_from(value as i64).ok() } else { None }
            },
            |value| self.overflow(self.floating_literal(value)),
        )
    }

    fn floating_to_timestamp(&self, array: &ArrayRef) -> SparkResult<ArrayRef> {
        let limit = i64::MAX as f64;
        let legacy = self.is_legacy();
        self.each::<Float64Type, TimestampMicrosecondType>(
            array,
            |value| {
                let micros = value * MICROS_PER_SECOND as f64;
                let in_range = micros.floor() <= limit && micros.ceil() >= -limit;
                (value.is_finite() && (legacy || in_range)).then_some(micros as i64)
            },
            |value| {
                if value.is_finite() {
                    let micros = value * MICROS_PER_SECOND as f64;
                    return overflow(format!("{}D", double_text(micros)), &SparkType::Double, &SparkType::Long);
                }
                invalid_input(&double_text(value), &SparkType::Double, self.to)
            },
        )
    }

    /// From decimals.
    pub(super) fn decimal(&self, array: &ArrayRef, scale: i8, to: &SparkType) -> SparkResult<ArrayRef> {
        use SparkType as T;
        let array = &decimal128(array)?;
        match to {
            T::Byte => self.decimal_to::<Int8Type>(array, scale, |value| value as i8),
            T::Short => self.decimal_to::<Int16Type>(array, scale, |value| value as i16),
            T::Integer => self.decimal_to::<Int32Type>(array, scale, |value| value as i32),
            T::Long => self.decimal_to::<Int64Type>(array, scale, |value| value as i64),
            T::Float => self.all::<Decimal128Type, Float32Type>(array, |value| decimal_to_float(value, scale)),
            T::Double => self.all::<Decimal128Type, Float64Type>(array, |value| decimal_to_double(value, scale)),
            T::Boolean => {
                let values = primitive::<Decimal128Type>(array)?;
                Ok(Arc::new(BooleanArray::from_unary(values, |value| value != 0)))
            }
            T::Decimal { precision, scale: target } => self.each::<Decimal128Type, Decimal128Type>(
                array,
                |value| checked_decimal(rescale(value, scale, *target), *precision),
                |value| out_of_range(decimal_text(value, scale), *precision, *target),
            ),
            T::Timestamp => self.all::<Decimal128Type, TimestampMicrosecondType>(array, |value| {
                // Java keeps the low 64 bits.
                scaled_down(value, scale, 6) as i64
            }),
            T::DayTimeInterval { end, .. } => {
                let unit = i128::from(micros_of(*end));
                let rounds = unit == i128::from(MICROS_PER_SECOND);
                self.must::<Decimal128Type, DurationMicrosecondType>(
                    array,
                    |value| {
                        let micros = if rounds {
                            rescale(value, scale, 6)?
                        } else {
                            truncate(value, scale).checked_mul(unit)?
                        };
                        i64::try_from(micros).ok()
                    },
                    |value| self.overflow(format!("{}BD", decimal_text(value, scale))),
                )
            }
            T::YearMonthInterval { end, .. } => self.must::<Decimal128Type, IntervalYearMonthType>(
                array,
                |value| i32::try_from(truncate(value, scale)).ok()?.checked_mul(months_of(*end)),
                |value| self.overflow(format!("{}BD", decimal_text(value, scale))),
            ),
            to => Err(no_such_cast(self.from, to)),
        }
    }

    fn decimal_to<O: ArrowPrimitiveType>(
        &self,
        array: &ArrayRef,
        scale: i8,
        wrap: impl Fn(i128) -> O::Native,
    ) -> SparkResult<ArrayRef>
    where
        O::Native: TryFrom<i128>,
    {
        if self.is_legacy() {
            return self.all::<Decimal128Type, O>(array, |value| wrap(truncate(value, scale)));
        }
        self.each::<Decimal128Type, O>(
            array,
            |value| O::Native::try_from(truncate(value, scale)).ok(),
            |value| self.overflow(format!("{}BD", decimal_text(value, scale))),
        )
    }

    /// From timestamps in microseconds.
    pub(super) fn timestamp_to_number(&self, array: &ArrayRef, to: &SparkType) -> SparkResult<ArrayRef> {
        use SparkType as T;
        match to {
            T::Byte => self.timestamp_to::<Int8Type>(array),
            T::Short => self.timestamp_to::<Int16Type>(array),
            T::Integer => self.timestamp_to::<Int32Type>(array),
            T::Long => {
                self.all::<TimestampMicrosecondType, Int64Type>(array, |micros| micros.div_euclid(MICROS_PER_SECOND))
            }
            T::Float => self.all::<TimestampMicrosecondType, Float32Type>(array, |micros| seconds(micros) as f32),
            T::Double => self.all::<TimestampMicrosecondType, Float64Type>(array, seconds),
            T::Decimal { precision, scale } => self.each::<TimestampMicrosecondType, Decimal128Type>(
                array,
                |micros| checked_decimal(rescale(i128::from(micros), MICROS_DIGITS, *scale), *precision),
                |micros| out_of_range(decimal_text(i128::from(micros), MICROS_DIGITS), *precision, *scale),
            ),
            T::Boolean => {
                let values = primitive::<TimestampMicrosecondType>(array)?;
                Ok(Arc::new(BooleanArray::from_unary(values, |micros| micros != 0)))
            }
            to => Err(no_such_cast(self.from, to)),
        }
    }

    fn timestamp_to<O: ArrowPrimitiveType>(&self, array: &ArrayRef) -> SparkResult<ArrayRef>
    where
        O::Native: TryFrom<i64>,
    {
        self.each::<TimestampMicrosecondType, O>(
            array,
            |micros| O::Native::try_from(micros.div_euclid(MICROS_PER_SECOND)).ok(),
            |micros| self.overflow(format!("TIMESTAMP '{}'", timestamp_text(self.zone.to_local(micros)))),
        )
    }
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / MICROS_PER_SECOND as f64
}

/// A decimal's digits before the point.
pub(super) fn truncate(unscaled: i128, scale: i8) -> i128 {
    match power_of_ten(u32::try_from(scale).unwrap_or(0)) {
        Some(power) => unscaled / power,
        None => 0,
    }
}

/// A decimal at another scale, digits beyond it dropped.
fn scaled_down(unscaled: i128, scale: i8, to: i8) -> i128 {
    if scale <= to {
        return rescale(unscaled, scale, to).unwrap_or(0);
    }
    match power_of_ten(u32::from((scale - to).unsigned_abs())) {
        Some(power) => unscaled / power,
        None => 0,
    }
}

/// A double as errors show it as a decimal: without exponent.
fn plain_double(value: f64) -> String {
    let text = format!("{value:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let places = i64::try_from(fraction).unwrap_or(0) - exponent;
    let digits: i128 = mantissa.replace('.', "").parse().unwrap_or(0);
    match i8::try_from(places) {
        // Java's decimals of doubles keep one digit behind the point unless there is an exponent.
        Ok(0) if value.abs() < 1e7 => decimal_text(digits * 10, 1),
        Ok(places) if places < 0 && value.abs() < 1e7 => {
            let whole = rescale(digits, places, 0).unwrap_or(digits);
            decimal_text(whole * 10, 1)
        }
        Ok(places) => decimal_text(digits, places),
        Err(_) => text,
    }
}

/// Decimals of any width with 128 bits.
pub(super) fn decimal128(array: &ArrayRef) -> SparkResult<ArrayRef> {
    match array.data_type() {
        DataType::Decimal128(..) => Ok(Arc::clone(array)),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            cast(array, &DataType::Decimal128((*precision).min(38), *scale)).map_err(from_arrow)
        }
        other => Err(SparkError::internal(format!("a cast met {other} instead of decimals"))),
    }
}

/// The quotient of microseconds as a decimal of a scale, rounded half up.
pub(super) fn rounded_quotient(dividend: i128, divisor: i128, scale: i8) -> Option<i128> {
    let power = power_of_ten(u32::try_from(scale).ok()?)?;
    Some(divide_half_up(dividend.checked_mul(power)?, divisor))
}
