//! Casts from times of day and intervals.

use arrow::array::ArrayRef;
use arrow::datatypes::{
    ArrowPrimitiveType, Decimal128Type, DurationMicrosecondType, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalYearMonthType, Time64NanosecondType,
};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::CastMode;
use super::convert::{Conversion, checked_decimal, no_such_cast, out_of_range};
use super::datetime::write_time;
use super::interval::{micros_of, months_of, write_day_time, write_year_month};
use super::number::decimal_text;
use super::numeric::rounded_quotient;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

impl Conversion<'_> {
    /// From times of day.
    pub(super) fn time(&self, array: &ArrayRef, to: &SparkType) -> SparkResult<ArrayRef> {
        use SparkType as T;
        match to {
            T::Byte => self.time_to::<Int8Type>(array),
            T::Short => self.time_to::<Int16Type>(array),
            T::Integer => self.time_to::<Int32Type>(array),
            T::Long => self.time_to::<Int64Type>(array),
            T::Time { precision } => {
                let unit = 10_i64.pow(9 - u32::from(*precision).min(9));
                self.all::<Time64NanosecondType, Time64NanosecondType>(array, |nanos| nanos - nanos % unit)
            }
            T::Decimal { precision, scale } => self.each::<Time64NanosecondType, Decimal128Type>(
                array,
                |nanos| {
                    let seconds = rounded_quotient(i128::from(nanos), i128::from(NANOS_PER_SECOND), *scale);
                    checked_decimal(seconds, *precision)
                },
                |nanos| out_of_range(decimal_text(i128::from(nanos), 9), *precision, *scale),
            ),
            to => Err(no_such_cast(self.from, to)),
        }
    }

    fn time_to<O: ArrowPrimitiveType>(&self, array: &ArrayRef) -> SparkResult<ArrayRef>
    where
        O::Native: TryFrom<i64>,
    {
        self.each::<Time64NanosecondType, O>(
            array,
            |nanos| O::Native::try_from(nanos / NANOS_PER_SECOND).ok(),
            |nanos| {
                let mut text = String::new();
                write_time(nanos / 1000, &mut text);
                self.overflow(format!("TIME '{text}'"))
            },
        )
    }

    /// From year-month and day-time intervals.
    pub(super) fn interval(&self, array: &ArrayRef, to: &SparkType) -> SparkResult<ArrayRef> {
        match (self.from, to) {
            (SparkType::YearMonthInterval { .. }, SparkType::YearMonthInterval { end, .. }) => {
                let unit = months_of(*end);
                self.all::<IntervalYearMonthType, IntervalYearMonthType>(array, |months| months - months % unit)
            }
            (SparkType::DayTimeInterval { .. }, SparkType::DayTimeInterval { end, .. }) => {
                let unit = match end {
                    firesteel_base::types::DayTimeField::Second => 1,
                    end => micros_of(*end),
                };
                self.all::<DurationMicrosecondType, DurationMicrosecondType>(array, |micros| micros - micros % unit)
            }
            (SparkType::YearMonthInterval { start, end }, to) => {
                let unit = i128::from(months_of(*end));
                self.count::<IntervalYearMonthType>(array, to, unit, false, |months| {
                    let mut text = String::new();
                    write_year_month(months, *start, *end, &mut text);
                    text
                })
            }
            (SparkType::DayTimeInterval { start, end }, to) => {
                let unit = i128::from(micros_of(*end));
                let has_fraction = *end == firesteel_base::types::DayTimeField::Second;
                self.count::<DurationMicrosecondType>(array, to, unit, has_fraction, |micros| {
                    let mut text = String::new();
                    write_day_time(micros, *start, *end, &mut text);
                    text
                })
            }
            (from, to) => Err(no_such_cast(from, to)),
        }
    }

    /// The number of units of an interval's last field.
    fn count<I: ArrowPrimitiveType>(
        &self,
        array: &ArrayRef,
        to: &SparkType,
        unit: i128,
        has_fraction: bool,
        text: impl Fn(I::Native) -> String,
    ) -> SparkResult<ArrayRef>
    where
        i128: From<I::Native>,
    {
        use SparkType as T;
        // Without ANSI mode too a number that does not fit is an error.
        let mode = if self.mode == CastMode::Legacy { CastMode::Ansi } else { self.mode };
        let strict = Conversion { mode, ..*self };
        match to {
            T::Byte => strict.count_to::<I, Int8Type>(array, unit, text),
            T::Short => strict.count_to::<I, Int16Type>(array, unit, text),
            T::Integer => strict.count_to::<I, Int32Type>(array, unit, text),
            T::Long => strict.count_to::<I, Int64Type>(array, unit, text),
            T::Decimal { precision, scale } => self.each::<I, Decimal128Type>(
                array,
                |value| {
                    let value = i128::from(value);
                    let value = if has_fraction { value } else { value - value % unit };
                    checked_decimal(rounded_quotient(value, unit, *scale), *precision)
                },
                |value| {
                    let value = i128::from(value);
                    let text = if has_fraction { decimal_text(value, 6) } else { (value / unit).to_string() };
                    out_of_range(text, *precision, *scale)
                },
            ),
            to => Err(no_such_cast(self.from, to)),
        }
    }

    fn count_to<I: ArrowPrimitiveType, O: ArrowPrimitiveType>(
        &self,
        array: &ArrayRef,
        unit: i128,
        text: impl Fn(I::Native) -> String,
    ) -> SparkResult<ArrayRef>
    where
        i128: From<I::Native>,
        O::Native: TryFrom<i128>,
    {
        let error = |value| -> SparkError { self.overflow(text(value)) };
        self.each::<I, O>(array, |value| O::Native::try_from(i128::from(value) / unit).ok(), error)
    }
}
