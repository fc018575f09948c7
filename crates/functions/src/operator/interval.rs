//! Kernels of dates, timestamps and intervals.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float64Type, Int32Type, Int64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, Time64NanosecondType,
    TimeUnit, TimestampMicrosecondType,
};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult};
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::arithmetic::Operation;
use super::error::{arithmetic_overflow, interval_divided_by_zero, interval_overflow, java_overflow};
use super::integral::{Mode, Operands};
use crate::cast::Zone;
use crate::cast::datetime::{MICROS_PER_DAY, add_months};
use crate::cast::number::{divide_half_up, double_text, power_of_ten};
use crate::kernel::{Kernel, KernelCall};

/// A date or timestamp plus days or an interval, in either order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shift<const TRY: bool>;

/// A date or timestamp minus days or an interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ShiftBack<const TRY: bool>;

impl<const TRY: bool> Kernel for Shift<TRY> {
    const NAME: &'static str = if TRY { "spark_try_shift_time" } else { "spark_shift_time" };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let mut operands = Operands::of(call)?;
        if !is_time(operands.left.data_type()) {
            operands.swap();
        }
        shift(call, &operands, Mode { operation: Operation::Add, fails: !TRY, ansi: call.ansi() })
    }
}

impl<const TRY: bool> Kernel for ShiftBack<TRY> {
    const NAME: &'static str = if TRY { "spark_try_shift_time_back" } else { "spark_shift_time_back" };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let operands = Operands::of(call)?;
        shift(call, &operands, Mode { operation: Operation::Subtract, fails: !TRY, ansi: call.ansi() })
    }
}

fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Timestamp(..))
}

/// What a date or timestamp is moved by.
#[derive(Clone, Copy)]
struct Step {
    months: i32,
    days: i64,
    micros: i64,
}

impl Step {
    fn of_micros(micros: i64) -> Self {
        Self { months: 0, days: micros / MICROS_PER_DAY, micros: micros % MICROS_PER_DAY }
    }

    fn of_calendar(interval: IntervalMonthDayNano) -> Self {
        Self { months: interval.months, days: i64::from(interval.days), micros: interval.nanoseconds / 1000 }
    }

    fn directed(self, back: bool) -> Option<Self> {
        if !back {
            return Some(self);
        }
        Some(Self {
            months: self.months.checked_neg()?,
            days: self.days.checked_neg()?,
            micros: self.micros.checked_neg()?,
        })
    }
}

fn shift(call: &KernelCall<'_>, operands: &Operands, mode: Mode) -> SparkResult<ColumnarValue> {
    let back = mode.operation == Operation::Subtract;
    let interval = operands.right.data_type().clone();
    let result: ArrayRef = match operands.left.data_type() {
        DataType::Date32 => match interval {
            DataType::Int32 => Arc::new(operands.pairs::<Date32Type, Int32Type, Date32Type>(|date, days| {
                Ok(Some(if back { date.wrapping_sub(days) } else { date.wrapping_add(days) }))
            })?),
            DataType::Duration(TimeUnit::Microsecond) => {
                shift_date::<DurationMicrosecondType>(operands, mode, |micros| Step {
                    micros: 0,
                    ..Step::of_micros(micros)
                })?
            }
            DataType::Interval(IntervalUnit::YearMonth) => {
                shift_date::<IntervalYearMonthType>(operands, mode, |months| Step { months, days: 0, micros: 0 })?
            }
            DataType::Interval(IntervalUnit::MonthDayNano) => {
                shift_date::<IntervalMonthDayNanoType>(operands, mode, Step::of_calendar)?
            }
            other => return Err(SparkError::internal(format!("a date moved by {other}"))),
        },
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let zone = if zone.is_some() { Zone::parse(call.time_zone())? } else { Zone::UTC };
            match interval {
                DataType::Duration(TimeUnit::Microsecond) => {
                    shift_timestamp::<DurationMicrosecondType>(call, operands, mode, &zone, Step::of_micros)?
                }
                DataType::Interval(IntervalUnit::YearMonth) => {
                    shift_timestamp::<IntervalYearMonthType>(call, operands, mode, &zone, |months| Step {
                        months,
                        days: 0,
                        micros: 0,
                    })?
                }
                DataType::Interval(IntervalUnit::MonthDayNano) => {
                    shift_timestamp::<IntervalMonthDayNanoType>(call, operands, mode, &zone, Step::of_calendar)?
                }
                other => return Err(SparkError::internal(format!("a timestamp moved by {other}"))),
            }
        }
        other => return Err(SparkError::internal(format!("{other} moved by an interval"))),
    };
    operands.finish(result)
}

fn overflow() -> SparkError {
    arithmetic_overflow("overflow", "")
}

fn shift_date<I: ArrowPrimitiveType>(
    operands: &Operands,
    mode: Mode,
    step: impl Fn(I::Native) -> Step,
) -> SparkResult<ArrayRef> {
    let back = mode.operation == Operation::Subtract;
    let moved = operands.pairs::<Date32Type, I, Date32Type>(|date, interval| {
        let step = step(interval);
        // A part of a day has no place in a date.
        if step.micros != 0 && mode.ansi {
            return mode.always_fault(|| {
                SparkError::new("INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION").with_kind(ErrorKind::IllegalArgument)
            });
        }
        let moved = step.directed(back).and_then(|step| {
            let days = i64::from(add_months(date, step.months)?).checked_add(step.days)?;
            let days = days.checked_add(step.micros.div_euclid(MICROS_PER_DAY))?;
            i32::try_from(days).ok()
        });
        match moved {
            Some(moved) => Ok(Some(moved)),
            None => mode.always_fault(overflow),
        }
    })?;
    Ok(Arc::new(moved))
}

fn shift_timestamp<I: ArrowPrimitiveType>(
    call: &KernelCall<'_>,
    operands: &Operands,
    mode: Mode,
    zone: &Zone,
    step: impl Fn(I::Native) -> Step,
) -> SparkResult<ArrayRef> {
    let back = mode.operation == Operation::Subtract;
    let moved =
        operands.pairs::<TimestampMicrosecondType, I, TimestampMicrosecondType>(|micros, interval| {
            match step(interval).directed(back).and_then(|step| shift_instant(micros, step, zone)) {
                Some(moved) => Ok(Some(moved)),
                None => mode.always_fault(overflow),
            }
        })?;
    Ok(Arc::new(moved.with_data_type(call.return_type.clone())))
}

/// Months and days move what the zone's clock shows, the rest moves the instant.
fn shift_instant(micros: i64, step: Step, zone: &Zone) -> Option<i64> {
    let mut instant = micros;
    if step.months != 0 || step.days != 0 {
        let offset = i64::from(zone.offset_at(micros)) * 1_000_000;
        let local = micros.checked_add(offset)?;
        let date = i32::try_from(local.div_euclid(MICROS_PER_DAY)).ok()?;
        let date = i64::from(add_months(date, step.months)?).checked_add(step.days)?;
        let local = date.checked_mul(MICROS_PER_DAY)?.checked_add(local.rem_euclid(MICROS_PER_DAY))?;
        // Where the clock shows a time twice, the same offset is kept.
        let kept = local.checked_sub(offset)?;
        let keeps = i64::from(zone.offset_at(kept)) * 1_000_000 == offset;
        instant = if keeps { kept } else { zone.to_instant(local)? };
    }
    instant.checked_add(step.micros)
}

/// The time between two dates or two timestamps, as clocks show it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Difference<const TRY: bool>;

impl<const TRY: bool> Kernel for Difference<TRY> {
    const NAME: &'static str = if TRY { "spark_try_time_difference" } else { "spark_time_difference" };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let operands = Operands::of(call)?;
        let mode = Mode { operation: Operation::Subtract, fails: !TRY, ansi: call.ansi() };
        let result = match operands.data_type() {
            DataType::Date32 => operands.pairs::<Date32Type, Date32Type, DurationMicrosecondType>(|end, start| {
                match (i64::from(end) - i64::from(start)).checked_mul(MICROS_PER_DAY) {
                    Some(micros) => Ok(Some(micros)),
                    None => mode.always_fault(overflow),
                }
            }),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let zone = if zone.is_some() { Zone::parse(call.time_zone())? } else { Zone::UTC };
                operands.pairs::<TimestampMicrosecondType, TimestampMicrosecondType, DurationMicrosecondType>(
                    |end, start| match zone.to_local(end).checked_sub(zone.to_local(start)) {
                        Some(micros) => Ok(Some(micros)),
                        None => mode.always_fault(overflow),
                    },
                )
            }
            other => Err(SparkError::internal(format!("difference of {other}"))),
        }?;
        operands.finish(Arc::new(result))
    }
}

/// The time between two times of day.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TimeDifference;

impl Kernel for TimeDifference {
    const NAME: &'static str = "spark_time_of_day_difference";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let operands = Operands::of(call)?;
        let difference =
            operands.pairs::<Time64NanosecondType, Time64NanosecondType, DurationMicrosecondType>(|end, start| {
                Ok(Some((end - start) / 1000))
            })?;
        operands.finish(Arc::new(difference))
    }
}

/// An interval times a number, in either order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MultiplyInterval<const TRY: bool>;

/// An interval divided by a number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DivideInterval<const TRY: bool>;

impl<const TRY: bool> Kernel for MultiplyInterval<TRY> {
    const NAME: &'static str = if TRY { "spark_try_multiply_interval" } else { "spark_multiply_interval" };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let mut operands = Operands::of(call)?;
        if matches!(operands.data_type(), DataType::Int64 | DataType::Float64 | DataType::Decimal128(..)) {
            operands.swap();
        }
        scale(&operands, Mode { operation: Operation::Multiply, fails: !TRY, ansi: call.ansi() })
    }
}

impl<const TRY: bool> Kernel for DivideInterval<TRY> {
    const NAME: &'static str = if TRY { "spark_try_divide_interval" } else { "spark_divide_interval" };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let operands = Operands::of(call)?;
        scale(&operands, Mode { operation: Operation::Divide, fails: !TRY, ansi: call.ansi() })
    }
}

fn scale(operands: &Operands, mode: Mode) -> SparkResult<ColumnarValue> {
    let result: ArrayRef = match operands.data_type() {
        DataType::Interval(IntervalUnit::YearMonth) => scale_by_number::<IntervalYearMonthType>(operands, mode)?,
        DataType::Duration(TimeUnit::Microsecond) => scale_by_number::<DurationMicrosecondType>(operands, mode)?,
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            Arc::new(operands.pairs::<IntervalMonthDayNanoType, Float64Type, IntervalMonthDayNanoType>(
                |interval, number| scale_calendar(interval, number, mode),
            )?)
        }
        other => return Err(SparkError::internal(format!("multiplication of {other}"))),
    };
    operands.finish(result)
}

fn scale_by_number<I: ArrowPrimitiveType>(operands: &Operands, mode: Mode) -> SparkResult<ArrayRef>
where
    I::Native: Into<i64> + TryFrom<i128>,
{
    let fit = |scaled: i128| I::Native::try_from(scaled).ok();
    let divides = mode.operation == Operation::Divide;
    let result = match operands.right.data_type() {
        DataType::Int64 => operands.pairs::<I, Int64Type, I>(|interval, number| {
            if divides && number == 0 {
                return mode.always_fault(interval_divided_by_zero);
            }
            let (interval, number) = (i128::from(interval.into()), i128::from(number));
            if divides {
                let quotient = fit(quotient(interval, number));
                return quotient.map(Some).map_or_else(|| mode.always_fault(|| interval_overflow("try_divide")), Ok);
            }
            let product = interval * number;
            let size = if i64::try_from(product).is_err() { "long" } else { "integer" };
            fit(product).map(Some).map_or_else(|| mode.always_fault(|| java_overflow(format!("{size} overflow"))), Ok)
        }),
        DataType::Decimal128(_, places) => {
            let power = power_of_ten(u32::try_from(*places).unwrap_or(0)).unwrap_or(1);
            operands.pairs::<I, Decimal128Type, I>(|interval, number| {
                if divides && number == 0 {
                    return mode.always_fault(interval_divided_by_zero);
                }
                let interval = i128::from(interval.into());
                let scaled = if divides {
                    interval.checked_mul(power).map(|dividend| quotient(dividend, number))
                } else {
                    let product = BigInt::from(interval) * BigInt::from(number);
                    product.to_i128().map(|product| divide_half_up(product, power))
                };
                scaled.and_then(fit).map(Some).map_or_else(|| mode.always_fault(|| java_overflow("Overflow")), Ok)
            })
        }
        DataType::Float64 => operands.pairs::<I, Float64Type, I>(|interval, number| {
            if divides && number == 0.0 {
                return mode.always_fault(interval_divided_by_zero);
            }
            let interval: i64 = interval.into();
            let scaled = if divides { interval as f64 / number } else { interval as f64 * number };
            // Rounds half away from zero.
            let rounded = scaled.round();
            let fault = || {
                java_overflow(if scaled.is_finite() {
                    format!("rounded value is out of range for input {} and rounding mode HALF_UP", double_text(scaled))
                } else {
                    "input is infinite or NaN".to_owned()
                })
            };
            let whole = (rounded.abs() < 1e30).then_some(rounded as i128).and_then(fit);
            whole.map(Some).map_or_else(|| mode.always_fault(fault), Ok)
        }),
        other => Err(SparkError::internal(format!("an interval multiplied by {other}"))),
    }?;
    Ok(Arc::new(result))
}

/// The quotient rounded half away from zero.
fn quotient(dividend: i128, divisor: i128) -> i128 {
    let magnitude = divide_half_up(dividend, divisor.saturating_abs());
    if divisor < 0 { -magnitude } else { magnitude }
}

/// Fractions of months are dropped, those of days go into the time.
fn scale_calendar(
    interval: IntervalMonthDayNano,
    number: f64,
    mode: Mode,
) -> SparkResult<Option<IntervalMonthDayNano>> {
    let divides = mode.operation == Operation::Divide;
    if divides && number == 0.0 {
        return mode.fault(interval_divided_by_zero);
    }
    let scaled = |value: f64| if divides { value / number } else { value * number };
    let months = scaled(f64::from(interval.months));
    let days = scaled(f64::from(interval.days));
    let micros = scaled((interval.nanoseconds / 1000) as f64);
    // Days beyond the type's range are those of the range's end; the rest counts as time.
    let (whole_months, whole_days) = (months.trunc(), f64::from(days as i32));
    let micros = (micros + MICROS_PER_DAY as f64 * (days - whole_days)).round();
    let fits = whole_months.abs() <= f64::from(i32::MAX) && days.trunc().abs() <= f64::from(i32::MAX);
    if !fits && mode.ansi {
        return mode.always_fault(overflow);
    }
    let nanoseconds = (micros as i64).checked_mul(1000);
    match nanoseconds {
        Some(nanoseconds) => Ok(Some(IntervalMonthDayNano::new(whole_months as i32, whole_days as i32, nanoseconds))),
        None => mode.always_fault(overflow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::datetime::{parse_timestamp, timestamp_text};

    #[test]
    fn days_follow_the_clock() {
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        let moved = |text: &str, step: Step| {
            let instant = parse_timestamp(text, &zone, |_| 0).unwrap();
            timestamp_text(zone.to_local(shift_instant(instant, step, &zone).unwrap()))
        };
        let day = Step { months: 0, days: 1, micros: 0 };
        assert_eq!(moved("2020-03-07 02:30:00", day), "2020-03-08 03:30:00");
        assert_eq!(moved("2020-10-31 01:30:00", day), "2020-11-01 01:30:00");
        let month = Step { months: 1, days: 0, micros: 0 };
        assert_eq!(moved("2020-01-31 00:00:00", month), "2020-02-29 00:00:00");
        let both = Step { months: 1, days: 1, micros: 0 };
        assert_eq!(moved("2020-01-31 00:00:00", both), "2020-03-01 00:00:00");
    }
}
