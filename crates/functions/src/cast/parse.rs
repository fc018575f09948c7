//! Casts from text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, PrimitiveArray, StringArray};
use arrow::datatypes::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalYearMonthType,
    Time64NanosecondType, TimestampMicrosecondType,
};
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::CastMode;
use super::convert::{Conversion, no_such_cast, out_of_range};
use super::datetime::{parse_date, parse_time, parse_timestamp, parse_timestamp_ntz, today};
use super::interval::{parse_calendar, parse_day_time, parse_year_month};
use super::number::{ParsedDecimal, parse_decimal, parse_double, parse_float, parse_long, trim_all};

impl Conversion<'_> {
    pub(super) fn text(&self, array: &StringArray) -> SparkResult<ArrayRef> {
        use SparkType as T;
        match self.to {
            T::Boolean => self.text_to_boolean(array),
            T::Byte => self.text_to_whole::<Int8Type>(array),
            T::Short => self.text_to_whole::<Int16Type>(array),
            T::Integer => self.text_to_whole::<Int32Type>(array),
            T::Long => self.text_to_whole::<Int64Type>(array),
            T::Float => self.parse::<Float32Type>(array, parse_float),
            T::Double => self.parse::<Float64Type>(array, parse_double),
            T::Decimal { precision, scale } => self.text_to_decimal(array, *precision, *scale),
            T::Date => self.parse::<Date32Type>(array, parse_date),
            T::Timestamp => {
                self.parse::<TimestampMicrosecondType>(array, |text| parse_timestamp(text, self.zone, today))
            }
            T::TimestampNtz => self.parse::<TimestampMicrosecondType>(array, |text| parse_timestamp_ntz(text, true)),
            T::Time { precision } => {
                let unit = 10_i64.pow(9 - u32::from(*precision).min(9));
                self.parse::<Time64NanosecondType>(array, |text| Some(parse_time(text)? * 1000 / unit * unit))
            }
            T::YearMonthInterval { start, end } => {
                self.parse_or_fail::<IntervalYearMonthType>(array, |text| parse_year_month(text, *start, *end))
            }
            T::DayTimeInterval { start, end } => {
                self.parse_or_fail::<DurationMicrosecondType>(array, |text| parse_day_time(text, *start, *end))
            }
            // NULL in every mode where the text is no interval.
            T::CalendarInterval => {
                Conversion { mode: CastMode::Try, ..*self }.parse::<IntervalMonthDayNanoType>(array, |text| {
                    let interval = parse_calendar(text)?;
                    let nanoseconds = interval.micros.checked_mul(1000)?;
                    Some(IntervalMonthDayNano { months: interval.months, days: interval.days, nanoseconds })
                })
            }
            to => Err(no_such_cast(self.from, to)),
        }
    }

    fn parse<O: ArrowPrimitiveType>(
        &self,
        array: &StringArray,
        parse: impl Fn(&str) -> Option<O::Native>,
    ) -> SparkResult<ArrayRef> {
        self.parse_with::<O>(array, self.mode == CastMode::Ansi, |text| {
            parse(text).ok_or_else(|| self.invalid_text(text))
        })
    }

    /// As [`Self::parse`], but an error without ANSI mode too.
    fn parse_or_fail<O: ArrowPrimitiveType>(
        &self,
        array: &StringArray,
        parse: impl Fn(&str) -> SparkResult<O::Native>,
    ) -> SparkResult<ArrayRef> {
        self.parse_with::<O>(array, self.mode != CastMode::Try, parse)
    }

    fn parse_with<O: ArrowPrimitiveType>(
        &self,
        array: &StringArray,
        fails: bool,
        parse: impl Fn(&str) -> SparkResult<O::Native>,
    ) -> SparkResult<ArrayRef> {
        let mut builder = PrimitiveArray::<O>::builder(array.len());
        for text in array {
            match text.map(&parse) {
                Some(Ok(value)) => builder.append_value(value),
                Some(Err(error)) if fails => return Err(error),
                Some(Err(_)) | None => builder.append_null(),
            }
        }
        Ok(Arc::new(builder.finish().with_data_type(self.to.to_arrow())))
    }

    fn text_to_whole<O: ArrowPrimitiveType>(&self, array: &StringArray) -> SparkResult<ArrayRef>
    where
        O::Native: TryFrom<i64>,
    {
        let allow_fraction = self.mode == CastMode::Legacy;
        self.parse::<O>(array, |text| O::Native::try_from(parse_long(text, allow_fraction)?).ok())
    }

    fn text_to_decimal(&self, array: &StringArray, precision: u8, scale: i8) -> SparkResult<ArrayRef> {
        let fails = self.mode == CastMode::Ansi;
        self.parse_with::<Decimal128Type>(array, fails, |text| match parse_decimal(text, precision, scale) {
            ParsedDecimal::Value(value) => Ok(value),
            ParsedDecimal::TooLarge(value) => Err(out_of_range(value, precision, scale)),
            ParsedDecimal::BeyondDecimals => Err(SparkError::new("NUMERIC_OUT_OF_SUPPORTED_RANGE")
                .param("value", text)
                .with_kind(ErrorKind::Arithmetic)),
            ParsedDecimal::NotANumber => Err(self.invalid_text(text)),
        })
    }

    fn text_to_boolean(&self, array: &StringArray) -> SparkResult<ArrayRef> {
        let values: SparkResult<BooleanArray> = array
            .iter()
            .map(|text| match text.map(|text| (text, parse_boolean(text))) {
                Some((_, Some(value))) => Ok(Some(value)),
                Some((text, None)) if self.mode == CastMode::Ansi => Err(self.invalid_text(text)),
                Some((_, None)) | None => Ok(None),
            })
            .collect();
        Ok(Arc::new(values?))
    }
}

/// `t`, `true`, `y`, `yes`, `1` and their opposites, in any case.
pub fn parse_boolean(text: &str) -> Option<bool> {
    match trim_all(text).to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "0" => Some(false),
        _ => None,
    }
}
