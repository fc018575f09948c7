//! Casts of whole arrays: which conversion applies, and what becomes of values that have no place in the target.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::datetime::MICROS_PER_DAY;
use super::text::{TextStyle, array_to_text, binary, utf8};
use super::{CastMode, Zone, is_same_carrier, number};
use crate::coercion::quoted_type;
use crate::kernel::from_arrow;

/// One cast.
#[derive(Clone, Copy)]
pub(super) struct Conversion<'a> {
    pub from: &'a SparkType,
    pub to: &'a SparkType,
    pub mode: CastMode,
    pub zone: &'a Zone,
}

impl Conversion<'_> {
    /// Casts every value of an array.
    pub(super) fn apply(&self, array: &ArrayRef) -> SparkResult<ArrayRef> {
        use SparkType as T;
        let target = self.to.to_arrow();
        if *array.data_type() == target && is_same_carrier(self.from, self.to) {
            return Ok(Arc::clone(array));
        }
        if array.null_count() == array.len() || *self.from == T::Null {
            return Ok(new_null_array(&target, array.len()));
        }
        match (self.from, self.to) {
            (T::UserDefined(udt), to) => Conversion { from: &udt.sql_type, to, ..*self }.apply(array),
            (from, T::UserDefined(udt)) => Conversion { from, to: &udt.sql_type, ..*self }.apply(array),
            (T::Array { element, .. }, T::Array { element: target, .. }) => self.array(array, element, target),
            (T::Map { key, value, .. }, T::Map { key: to_key, value: to_value, .. }) => {
                self.map(array, (key, value), (to_key, to_value))
            }
            (T::Struct(fields), T::Struct(targets)) => self.structure(array, fields, targets),
            (from, to) if is_same_carrier(from, to) => cast(array, &target).map_err(from_arrow),
            (from, to) if super::involves_variant(from, to) => {
                Err(SparkError::unsupported(format!("cast from {} to {}", quoted_type(from), quoted_type(to))))
            }
            (from, to) if from.is_string() && *to == T::Binary => Ok(Arc::new(binary(array)?)),
            (from, _) if from.is_string() => self.text(&utf8(array)?),
            (from, to) if to.is_string() => {
                let style = TextStyle { zone: self.zone, plain_decimals: self.mode == CastMode::Ansi };
                Ok(Arc::new(array_to_text(array, from, style)?))
            }
            (T::Boolean, T::Timestamp) => {
                let numbers = cast(array, &DataType::Int64).map_err(from_arrow)?;
                cast(&numbers, &target).map_err(from_arrow)
            }
            (T::Boolean, to) => self.whole(&cast(array, &DataType::Int64).map_err(from_arrow)?, to),
            (T::Byte | T::Short | T::Integer | T::Long, to) => {
                self.whole(&cast(array, &DataType::Int64).map_err(from_arrow)?, to)
            }
            (T::Float | T::Double, to) => self.floating(array, to),
            (T::Decimal { scale, .. }, to) => self.decimal(array, *scale, to),
            (T::Date, to) => self.date(array, to),
            (T::Timestamp | T::TimestampNtz, to) => self.timestamp(array, to),
            (T::Time { .. }, to) => self.time(array, to),
            (T::YearMonthInterval { .. } | T::DayTimeInterval { .. }, to) => self.interval(array, to),
            (from, to) => Err(no_such_cast(from, to)),
        }
    }

    /// Converts value by value; `None` is an error or NULL, by the mode.
    pub(super) fn each<I: ArrowPrimitiveType, O: ArrowPrimitiveType>(
        &self,
        array: &ArrayRef,
        convert: impl Fn(I::Native) -> Option<O::Native>,
        error: impl Fn(I::Native) -> SparkError,
    ) -> SparkResult<ArrayRef> {
        let values = primitive::<I>(array)?;
        let converted: PrimitiveArray<O> = match self.mode {
            CastMode::Ansi => values.try_unary(|value| convert(value).ok_or_else(|| error(value)))?,
            CastMode::Legacy | CastMode::Try => values.unary_opt(convert),
        };
        self.typed(converted)
    }

    /// Converts value by value where every value has a place.
    pub(super) fn all<I: ArrowPrimitiveType, O: ArrowPrimitiveType>(
        &self,
        array: &ArrayRef,
        convert: impl Fn(I::Native) -> O::Native,
    ) -> SparkResult<ArrayRef> {
        self.typed(primitive::<I>(array)?.unary::<_, O>(convert))
    }

    /// The array under the target's full type: time zone, precision and scale.
    fn typed<O: ArrowPrimitiveType>(&self, array: PrimitiveArray<O>) -> SparkResult<ArrayRef> {
        Ok(Arc::new(array.with_data_type(self.to.to_arrow())))
    }

    fn date(&self, array: &ArrayRef, to: &SparkType) -> SparkResult<ArrayRef> {
        let beyond = |_| SparkError::new("DATETIME_OVERFLOW").param("operation", "cast a date to a timestamp");
        match to {
            SparkType::Timestamp => self.each::<Date32Type, TimestampMicrosecondType>(
                array,
                |days| self.zone.to_instant(i64::from(days).checked_mul(MICROS_PER_DAY)?),
                beyond,
            ),
            SparkType::TimestampNtz => self.each::<Date32Type, TimestampMicrosecondType>(
                array,
                |days| i64::from(days).checked_mul(MICROS_PER_DAY),
                beyond,
            ),
            // Numbers of a date are NULL, as in Hive.
            to => Ok(new_null_array(&to.to_arrow(), array.len())),
        }
    }

    fn timestamp(&self, array: &ArrayRef, to: &SparkType) -> SparkResult<ArrayRef> {
        use SparkType as T;
        let array = &microseconds(array)?;
        let is_zoned = *self.from == T::Timestamp;
        match to {
            T::Date => self.all::<TimestampMicrosecondType, Date32Type>(array, |micros| {
                let local = if is_zoned { self.zone.to_local(micros) } else { micros };
                // Days of 64-bit microseconds fit into 32 bits.
                i32::try_from(local.div_euclid(MICROS_PER_DAY)).unwrap_or(0)
            }),
            T::TimestampNtz if is_zoned => self
                .all::<TimestampMicrosecondType, TimestampMicrosecondType>(array, |micros| self.zone.to_local(micros)),
            T::Timestamp if !is_zoned => self.each::<TimestampMicrosecondType, TimestampMicrosecondType>(
                array,
                |micros| self.zone.to_instant(micros),
                |_| SparkError::new("DATETIME_OVERFLOW").param("operation", "cast a timestamp"),
            ),
            T::Timestamp | T::TimestampNtz => cast(array, &to.to_arrow()).map_err(from_arrow),
            to => self.timestamp_to_number(array, to),
        }
    }

    /// `CAST_INVALID_INPUT` for a text.
    pub(super) fn invalid_text(&self, text: &str) -> SparkError {
        invalid_input(&text_literal(text), self.from, self.to)
    }

    /// `CAST_OVERFLOW` for a value, given as it is spelled in SQL.
    pub(super) fn overflow(&self, value: String) -> SparkError {
        overflow(value, self.from, self.to)
    }
}

/// `CAST_OVERFLOW`
pub(super) fn overflow(value: String, from: &SparkType, to: &SparkType) -> SparkError {
    SparkError::new("CAST_OVERFLOW")
        .param("value", value)
        .param("sourceType", quoted_type(from))
        .param("targetType", quoted_type(to))
        .param("ansiConfig", "\"spark.sql.ansi.enabled\"")
        .with_kind(ErrorKind::Arithmetic)
}

/// `CAST_INVALID_INPUT`
pub(crate) fn invalid_input(expression: &str, from: &SparkType, to: &SparkType) -> SparkError {
    let kind = match to {
        to if to.is_datetime() || matches!(to, SparkType::Time { .. }) => ErrorKind::DateTime,
        SparkType::Boolean => ErrorKind::Runtime,
        _ => ErrorKind::NumberFormat,
    };
    SparkError::new("CAST_INVALID_INPUT")
        .param("expression", expression)
        .param("sourceType", quoted_type(from))
        .param("targetType", quoted_type(to))
        .param("ansiConfig", "\"spark.sql.ansi.enabled\"")
        .with_kind(kind)
}

/// `NUMERIC_VALUE_OUT_OF_RANGE` for a number, given without exponent, that a decimal type does not hold.
pub(crate) fn out_of_range(value: String, precision: u8, scale: i8) -> SparkError {
    SparkError::new("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION")
        .param("value", value)
        .param("precision", precision.to_string())
        .param("scale", scale.to_string())
        .param("config", "\"spark.sql.ansi.enabled\"")
        .with_kind(ErrorKind::Arithmetic)
}

/// A text as a SQL literal.
fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

pub(super) fn no_such_cast(from: &SparkType, to: &SparkType) -> SparkError {
    SparkError::internal(format!("a cast from {} to {} was not refused", quoted_type(from), quoted_type(to)))
}

pub(super) fn primitive<T: ArrowPrimitiveType>(array: &ArrayRef) -> SparkResult<&PrimitiveArray<T>> {
    array
        .as_primitive_opt::<T>()
        .ok_or_else(|| SparkError::internal(format!("a cast met an array of type {}", array.data_type())))
}

/// Timestamps of any unit in microseconds.
fn microseconds(array: &ArrayRef) -> SparkResult<ArrayRef> {
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => Ok(Arc::clone(array)),
        DataType::Timestamp(_, zone) => {
            cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone())).map_err(from_arrow)
        }
        other => Err(SparkError::internal(format!("a cast met {other} instead of timestamps"))),
    }
}

/// A decimal value, or the error that it does not fit, given as text without exponent.
pub(super) fn checked_decimal(unscaled: Option<i128>, precision: u8) -> Option<i128> {
    unscaled.filter(|value| number::fits_precision(*value, precision))
}
