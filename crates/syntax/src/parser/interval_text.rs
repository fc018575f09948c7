//! The text of intervals: `1 day -2 hours` and `1-2`, `1 02:03:04` between two units.

use firesteel_base::error::ErrorKind;
use firesteel_base::types::{DayTimeField, YearMonthField};
use firesteel_base::{SparkError, SparkResult};

const MICROSECONDS_PER_SECOND: i64 = 1_000_000;
const MICROSECONDS_PER_MINUTE: i64 = 60 * MICROSECONDS_PER_SECOND;
const MICROSECONDS_PER_HOUR: i64 = 60 * MICROSECONDS_PER_MINUTE;
const MICROSECONDS_PER_DAY: i64 = 24 * MICROSECONDS_PER_HOUR;

/// Months, days and microseconds, not yet of one of the interval types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct IntervalValue {
    pub(super) months: i32,
    pub(super) days: i32,
    pub(super) microseconds: i64,
}

impl IntervalValue {
    /// Days and microseconds together, in microseconds.
    pub(super) fn duration(self) -> Option<i64> {
        i64::from(self.days).checked_mul(MICROSECONDS_PER_DAY)?.checked_add(self.microseconds)
    }

    fn add(&mut self, unit: &str, value: i64, microseconds: i64) -> Option<()> {
        let small = |value: i64| i32::try_from(value).ok();
        let scale = match unit {
            "year" => return self.add_months(small(value.checked_mul(12)?)?),
            "month" => return self.add_months(small(value)?),
            "week" => return self.add_days(small(value.checked_mul(7)?)?),
            "day" => return self.add_days(small(value)?),
            "hour" => MICROSECONDS_PER_HOUR,
            "minute" => MICROSECONDS_PER_MINUTE,
            "second" => MICROSECONDS_PER_SECOND,
            "millisecond" => 1_000,
            _ => 1,
        };
        let whole = self.microseconds.checked_add(value.checked_mul(scale)?)?;
        self.microseconds = whole.checked_add(microseconds)?;
        Some(())
    }

    fn add_months(&mut self, months: i32) -> Option<()> {
        self.months = self.months.checked_add(months)?;
        Some(())
    }

    fn add_days(&mut self, days: i32) -> Option<()> {
        self.days = self.days.checked_add(days)?;
        Some(())
    }
}

/// The units of an interval between two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fields {
    YearMonth(YearMonthField, YearMonthField),
    DayTime(DayTimeField, DayTimeField),
}

fn format_error(condition: &str, input: &str) -> SparkError {
    SparkError::new(&format!("INVALID_INTERVAL_FORMAT.{condition}"))
        .with_kind(ErrorKind::IllegalArgument)
        .param("input", input)
}

/// A cursor over the text of an interval with several units.
struct Units<'a> {
    input: &'a str,
    rest: &'a str,
    value: IntervalValue,
}

/// `[interval] [+|-] number unit …`
pub(super) fn parse_units(input: &str) -> SparkResult<IntervalValue> {
    let lowered = input.trim_matches(is_trimmed).to_lowercase();
    if lowered.is_empty() {
        return Err(format_error("INPUT_IS_EMPTY", input));
    }
    let rest = match lowered.strip_prefix("interval") {
        Some("") => return Err(format_error("INPUT_IS_EMPTY", input)),
        Some(rest) if rest.starts_with(char::is_whitespace) => rest,
        Some(_) => {
            let prefix = lowered.split_whitespace().next().unwrap_or("");
            return Err(format_error("INVALID_PREFIX", input).param("prefix", prefix));
        }
        None => lowered.as_str(),
    };
    let mut units = Units { input, rest: rest.trim_start(), value: IntervalValue::default() };
    if units.rest.is_empty() {
        return Err(format_error("INPUT_IS_EMPTY", input));
    }
    while !units.rest.is_empty() {
        units.one()?;
        units.rest = units.rest.trim_start();
    }
    Ok(units.value)
}

/// What Java's `trimAll` takes away: blanks and control characters.
fn is_trimmed(character: char) -> bool {
    character <= ' ' || character == '\u{7f}'
}

impl<'a> Units<'a> {
    fn error(&self, condition: &str, parameter: &str, word: &str) -> SparkError {
        format_error(condition, self.input).param(parameter, word)
    }

    /// The word that begins at `text`.
    fn word(text: &str) -> &str {
        text.split_whitespace().next().unwrap_or("")
    }

    /// One number with its unit.
    fn one(&mut self) -> SparkResult<()> {
        let word = Self::word(self.rest);
        let (negative, rest) = match self.rest.chars().next() {
            Some('-') => (true, self.rest.get(1..).unwrap_or("").trim_start()),
            Some('+') => (false, self.rest.get(1..).unwrap_or("").trim_start()),
            Some('.' | '0'..='9') => (false, self.rest),
            _ => return Err(self.error("UNRECOGNIZED_NUMBER", "number", word)),
        };
        if rest.is_empty() {
            return Err(self.error("MISSING_NUMBER", "word", word));
        }
        let number = Self::word(rest);
        let behind = rest.get(number.len()..).unwrap_or("").trim_start();
        let (whole, fraction, has_fraction) = self.number(number, word)?;
        if behind.is_empty() {
            return Err(self.error("MISSING_UNIT", "word", word));
        }
        let unit = Self::word(behind);
        if has_fraction && !unit.starts_with('s') {
            return Err(self.error("INVALID_FRACTION", "unit", unit));
        }
        let name = unit_of(unit).ok_or_else(|| self.error("INVALID_UNIT", "unit", unit))?;
        let sign = if negative { -1 } else { 1 };
        let added = self.value.add(name, sign * whole, sign * fraction);
        added.ok_or_else(|| format_error("ARITHMETIC_EXCEPTION", self.input))?;
        self.rest = behind.get(unit.len()..).unwrap_or("");
        Ok(())
    }

    /// Whole part, microseconds of the fraction, and whether there is a point.
    fn number(&self, number: &'a str, word: &str) -> SparkResult<(i64, i64, bool)> {
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (number, None),
        };
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let has_digits = !whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty());
        if !is_number(whole) || !fraction.is_none_or(is_number) || !has_digits {
            return Err(self.error("INVALID_VALUE", "value", word));
        }
        let whole = if whole.is_empty() { Ok(0) } else { whole.parse() };
        let whole = whole.map_err(|_| format_error("ARITHMETIC_EXCEPTION", self.input))?;
        match fraction {
            Some(fraction) if fraction.len() > 9 => Err(self.error("INVALID_PRECISION", "value", word)),
            Some(fraction) => Ok((whole, microseconds_of(fraction), true)),
            None => Ok((whole, 0, false)),
        }
    }
}

/// The digits behind a point in microseconds; what is finer is cut off.
fn microseconds_of(fraction: &str) -> i64 {
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    digits.parse().unwrap_or(0)
}

/// The singular of a unit, with or without an `s`.
fn unit_of(word: &str) -> Option<&'static str> {
    const UNITS: [&str; 9] = ["year", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond"];
    UNITS.into_iter().find(|unit| word.strip_prefix(unit).is_some_and(|suffix| suffix.is_empty() || suffix == "s"))
}

/// The text of an interval `FROM from TO to`.
pub(super) fn parse_from_to(input: &str, from: &str, to: &str) -> SparkResult<(IntervalValue, Fields)> {
    let fields = match (from, to) {
        ("year", "month") => return year_to_month(input),
        ("day", "hour") => (DayTimeField::Day, DayTimeField::Hour),
        ("day", "minute") => (DayTimeField::Day, DayTimeField::Minute),
        ("day", "second") => (DayTimeField::Day, DayTimeField::Second),
        ("hour", "minute") => (DayTimeField::Hour, DayTimeField::Minute),
        ("hour", "second") => (DayTimeField::Hour, DayTimeField::Second),
        ("minute", "second") => (DayTimeField::Minute, DayTimeField::Second),
        _ => {
            return Err(format_error("UNSUPPORTED_FROM_TO_EXPRESSION", input)
                .with_kind(ErrorKind::Parse)
                .param("from", from)
                .param("to", to));
        }
    };
    let value = day_to_second(input, fields.0, fields.1)?;
    Ok((value, Fields::DayTime(fields.0, fields.1)))
}

/// The sign in front of the text, and what is behind it.
fn signed(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix(['+', '|']).unwrap_or(text)),
    }
}

fn is_digits(text: &str, at_most: usize) -> bool {
    !text.is_empty() && text.len() <= at_most && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn unmatched(input: &str, notice: bool, kind: &str, pattern: &str, range: &str) -> SparkError {
    let condition = if notice { "UNMATCHED_FORMAT_STRING_WITH_NOTICE" } else { "UNMATCHED_FORMAT_STRING" };
    format_error(condition, input)
        .with_kind(ErrorKind::Parse)
        .param("intervalStr", kind)
        .param(
            "supportedFormat",
            format!("`[+|-]{pattern}`, `INTERVAL [+|-]'[+|-]{pattern}' {}`", range.to_uppercase()),
        )
        .param("typeName", format!("interval {range}"))
}

fn year_to_month(input: &str) -> SparkResult<(IntervalValue, Fields)> {
    let (sign, digits) = signed(input.trim_matches(is_trimmed));
    let parts = digits.split_once('-').filter(|(years, months)| is_digits(years, 32) && is_digits(months, 32));
    let Some((years, months)) = parts else {
        return Err(unmatched(input, false, "year-month", "y-m", "year to month"));
    };
    let total = || {
        let (years, months): (i64, i64) = (years.parse().ok()?, months.parse().ok()?);
        let total = years.checked_mul(12)?.checked_add(months)?.checked_mul(sign)?;
        if months > 11 { None } else { i32::try_from(total).ok() }
    };
    let months = total().ok_or_else(|| {
        format_error("INTERVAL_PARSING", input).with_kind(ErrorKind::Parse).param("interval", "year-month")
    })?;
    let value = IntervalValue { months, ..IntervalValue::default() };
    Ok((value, Fields::YearMonth(YearMonthField::Year, YearMonthField::Month)))
}

/// Name of a unit and how many microseconds it has.
fn unit_size(field: DayTimeField) -> (&'static str, i64) {
    match field {
        DayTimeField::Day => ("day", MICROSECONDS_PER_DAY),
        DayTimeField::Hour => ("hour", MICROSECONDS_PER_HOUR),
        DayTimeField::Minute => ("minute", MICROSECONDS_PER_MINUTE),
        DayTimeField::Second => ("second", MICROSECONDS_PER_SECOND),
    }
}

const FIELDS: [DayTimeField; 4] = [DayTimeField::Day, DayTimeField::Hour, DayTimeField::Minute, DayTimeField::Second];

fn day_to_second(input: &str, from: DayTimeField, to: DayTimeField) -> SparkResult<IntervalValue> {
    let fields: Vec<DayTimeField> = FIELDS.into_iter().filter(|field| *field >= from && *field <= to).collect();
    let (sign, text) = signed(input.trim_matches(is_trimmed));
    let Some((numbers, fraction)) = split_fields(text, &fields) else {
        return Err(unmatched_day_time(input, from, to));
    };
    let mut total = sign * fraction;
    for (position, (field, digits)) in fields.iter().zip(&numbers).enumerate() {
        let (name, size) = unit_size(*field);
        let largest = match field {
            _ if position == 0 => i64::MAX / size,
            DayTimeField::Hour => 23,
            _ => 59,
        };
        let value = digits.parse().ok().filter(|value| *value <= largest);
        let value: i64 = value
            .ok_or_else(|| requirement(&format!("requirement failed: {name} {digits} outside range [0, {largest}]")))?;
        let summed = value.checked_mul(sign * size).and_then(|part| total.checked_add(part));
        total = summed.ok_or_else(|| requirement("long overflow"))?;
    }
    Ok(IntervalValue { microseconds: total, ..IntervalValue::default() })
}

fn requirement(message: &str) -> SparkError {
    SparkError::new("_LEGACY_ERROR_TEMP_0063").with_kind(ErrorKind::Parse).param("msg", message)
}

/// The digits of each field, and the microseconds behind the point.
fn split_fields<'a>(text: &'a str, fields: &[DayTimeField]) -> Option<(Vec<&'a str>, i64)> {
    let mut numbers = Vec::new();
    let mut rest = text;
    let mut fraction = 0;
    for (position, field) in fields.iter().enumerate() {
        let is_last = position + 1 == fields.len();
        let separator = if *field == DayTimeField::Day { ' ' } else { ':' };
        let (mut number, behind) = if is_last { (rest, "") } else { rest.split_once(separator)? };
        if is_last
            && *field == DayTimeField::Second
            && let Some((whole, digits)) = number.split_once('.')
        {
            fraction = is_digits(digits, 9).then(|| microseconds_of(digits))?;
            number = whole;
        }
        if !is_digits(number, if position == 0 { 32 } else { 2 }) {
            return None;
        }
        numbers.push(number);
        rest = behind;
    }
    Some((numbers, fraction))
}

fn unmatched_day_time(input: &str, from: DayTimeField, to: DayTimeField) -> SparkError {
    let pattern = match (from, to) {
        (DayTimeField::Day, DayTimeField::Hour) => "d h",
        (DayTimeField::Day, DayTimeField::Minute) => "d h:m",
        (DayTimeField::Day, _) => "d h:m:s.n",
        (DayTimeField::Hour, DayTimeField::Minute) => "h:m",
        (DayTimeField::Hour, _) => "h:m:s.n",
        _ => "m:s.n",
    };
    let range = format!("{} to {}", unit_size(from).0, unit_size(to).0);
    unmatched(input, true, "day-time", pattern, &range)
}
