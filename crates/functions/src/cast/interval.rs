//! Intervals as text, both ways.

use std::fmt::Write;

use firesteel_base::error::ErrorKind;
use firesteel_base::types::{DayTimeField, YearMonthField};
use firesteel_base::{SparkError, SparkResult};

use super::datetime::{MICROS_PER_DAY, MICROS_PER_SECOND, write_fraction};
use super::number::trim_all;

pub const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;
pub const MICROS_PER_HOUR: i64 = 60 * MICROS_PER_MINUTE;
pub const MONTHS_PER_YEAR: i32 = 12;

/// A calendar interval's parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CalendarParts {
    pub months: i32,
    pub days: i32,
    pub micros: i64,
}

/// Microseconds in a field of a day-time interval.
pub fn micros_of(field: DayTimeField) -> i64 {
    match field {
        DayTimeField::Day => MICROS_PER_DAY,
        DayTimeField::Hour => MICROS_PER_HOUR,
        DayTimeField::Minute => MICROS_PER_MINUTE,
        DayTimeField::Second => MICROS_PER_SECOND,
    }
}

/// Months in a field of a year-month interval.
pub fn months_of(field: YearMonthField) -> i32 {
    match field {
        YearMonthField::Year => MONTHS_PER_YEAR,
        YearMonthField::Month => 1,
    }
}

fn day_time_name(field: DayTimeField) -> &'static str {
    match field {
        DayTimeField::Day => "DAY",
        DayTimeField::Hour => "HOUR",
        DayTimeField::Minute => "MINUTE",
        DayTimeField::Second => "SECOND",
    }
}

fn year_month_name(field: YearMonthField) -> &'static str {
    match field {
        YearMonthField::Year => "YEAR",
        YearMonthField::Month => "MONTH",
    }
}

fn range_name(start: &str, end: &str) -> String {
    if start == end { start.to_owned() } else { format!("{start} TO {end}") }
}

/// Appends `INTERVAL '1-2' YEAR TO MONTH`.
pub fn write_year_month(months: i32, start: YearMonthField, end: YearMonthField, out: &mut String) {
    let magnitude = months.unsigned_abs();
    let sign = if months < 0 { "-" } else { "" };
    // Writing to a String cannot fail.
    let _ = match (start, end) {
        (YearMonthField::Year, YearMonthField::Year) => write!(out, "INTERVAL '{sign}{}' YEAR", magnitude / 12),
        (YearMonthField::Month, _) => write!(out, "INTERVAL '{sign}{magnitude}' MONTH"),
        (YearMonthField::Year, YearMonthField::Month) => {
            write!(out, "INTERVAL '{sign}{}-{}' YEAR TO MONTH", magnitude / 12, magnitude % 12)
        }
    };
}

/// Appends `INTERVAL '1 02:03:04.5' DAY TO SECOND`.
pub fn write_day_time(micros: i64, start: DayTimeField, end: DayTimeField, out: &mut String) {
    out.push_str("INTERVAL '");
    if micros < 0 {
        out.push('-');
    }
    let mut rest = i128::from(micros).abs();
    for field in [DayTimeField::Day, DayTimeField::Hour, DayTimeField::Minute, DayTimeField::Second] {
        if field < start || field > end {
            continue;
        }
        let unit = i128::from(micros_of(field));
        let count = rest / unit;
        rest %= unit;
        if field != start {
            out.push(if field == DayTimeField::Hour { ' ' } else { ':' });
        }
        let _ = match field {
            DayTimeField::Day => write!(out, "{count}"),
            DayTimeField::Hour | DayTimeField::Minute | DayTimeField::Second => write!(out, "{count:02}"),
        };
        if field == DayTimeField::Second {
            write_fraction(i64::try_from(rest).unwrap_or(0), out);
        }
    }
    let _ = write!(out, "' {}", range_name(day_time_name(start), day_time_name(end)));
}

/// Appends `1 years 2 months 3 days 4 hours 5 minutes 6.7 seconds`, only with parts that are not 0.
pub fn write_calendar(interval: CalendarParts, out: &mut String) {
    let CalendarParts { months, days, micros } = interval;
    let begin = out.len();
    let mut part = |count: i64, unit: &str| {
        if count != 0 {
            if out.len() > begin {
                out.push(' ');
            }
            let _ = write!(out, "{count} {unit}");
        }
    };
    part(i64::from(months / 12), "years");
    part(i64::from(months % 12), "months");
    part(i64::from(days), "days");
    part(micros / MICROS_PER_HOUR, "hours");
    part(micros % MICROS_PER_HOUR / MICROS_PER_MINUTE, "minutes");
    let seconds = micros % MICROS_PER_MINUTE;
    if seconds != 0 {
        if out.len() > begin {
            out.push(' ');
        }
        let sign = if seconds < 0 { "-" } else { "" };
        let _ = write!(out, "{sign}{}", (seconds / MICROS_PER_SECOND).abs());
        write_fraction((seconds % MICROS_PER_SECOND).abs(), out);
        out.push_str(" seconds");
    }
    if out.len() == begin {
        out.push_str("0 seconds");
    }
}

/// A year-month interval: `[+-]y-m`, `[+-]y` or `[+-]m`, alone or as a literal with the fields of the type.
pub fn parse_year_month(text: &str, start: YearMonthField, end: YearMonthField) -> SparkResult<i32> {
    let fields = range_name(year_month_name(start), year_month_name(end));
    let format = match (start, end) {
        (YearMonthField::Year, YearMonthField::Year) => "y",
        (YearMonthField::Month, _) => "m",
        (YearMonthField::Year, YearMonthField::Month) => "y-m",
    };
    let unmatched = || unmatched("UNMATCHED_FORMAT_STRING", "year-month", format, &fields, text);
    let out_of_range = || {
        SparkError::new("INVALID_INTERVAL_FORMAT.INTERVAL_PARSING")
            .param("input", text)
            .param("interval", "year-month")
            .with_kind(ErrorKind::IllegalArgument)
    };
    let (sign, body) = signed_body(text, &fields).ok_or_else(unmatched)?;
    let number = |digits: &str| -> SparkResult<i64> {
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unmatched());
        }
        digits.parse().map_err(|_| out_of_range())
    };
    let months = match (start, end) {
        (YearMonthField::Year, YearMonthField::Month) => {
            let (years, months) = body.split_once('-').ok_or_else(unmatched)?;
            let months = number(months)?;
            if months > 11 {
                return Err(out_of_range());
            }
            number(years)?.checked_mul(12).and_then(|years| years.checked_add(months))
        }
        (start, _) => number(body)?.checked_mul(i64::from(months_of(start))),
    };
    months.and_then(|months| i32::try_from(sign * months).ok()).ok_or_else(out_of_range)
}

/// A day-time interval: `[+-]d h:m:s.n` or the part of it that the fields of the type are, alone or as a literal.
pub fn parse_day_time(text: &str, start: DayTimeField, end: DayTimeField) -> SparkResult<i64> {
    let fields = range_name(day_time_name(start), day_time_name(end));
    let format = day_time_format(start, end);
    let unmatched = || unmatched("UNMATCHED_FORMAT_STRING_WITH_NOTICE", "day-time", &format, &fields, text);
    let (sign, body) = signed_body(text, &fields).ok_or_else(unmatched)?;
    let mut rest = body;
    let mut micros = 0_i64;
    for field in [DayTimeField::Day, DayTimeField::Hour, DayTimeField::Minute, DayTimeField::Second] {
        if field < start || field > end {
            continue;
        }
        if field != start {
            let separator = if field == DayTimeField::Hour { ' ' } else { ':' };
            rest = rest.strip_prefix(separator).ok_or_else(unmatched)?;
        }
        let length = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, after) = rest.split_at_checked(length).ok_or_else(unmatched)?;
        let count: i64 = digits.parse().map_err(|_| unmatched())?;
        if field != start && (digits.len() > 2 || count > if field == DayTimeField::Hour { 23 } else { 59 }) {
            return Err(unmatched());
        }
        rest = after;
        micros = count.checked_mul(micros_of(field)).and_then(|part| part.checked_add(micros)).ok_or_else(unmatched)?;
    }
    if end == DayTimeField::Second
        && let Some(fraction) = rest.strip_prefix('.')
    {
        if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unmatched());
        }
        micros = micros.checked_add(micros_of_fraction(fraction)).ok_or_else(unmatched)?;
        rest = "";
    }
    if rest.is_empty() { Ok(sign * micros) } else { Err(unmatched()) }
}

fn day_time_format(start: DayTimeField, end: DayTimeField) -> String {
    let mut format = String::new();
    for (field, letter) in [
        (DayTimeField::Day, "d"),
        (DayTimeField::Hour, "h"),
        (DayTimeField::Minute, "m"),
        (DayTimeField::Second, "s.n"),
    ] {
        if field < start || field > end {
            continue;
        }
        if field != start {
            format.push(if field == DayTimeField::Hour { ' ' } else { ':' });
        }
        format.push_str(letter);
    }
    format
}

fn micros_of_fraction(digits: &str) -> i64 {
    digits.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |micros, digit| micros * 10 + i64::from(digit - b'0'))
}

/// The sign and what is behind it, of a plain text or of a literal with these fields.
fn signed_body<'a>(text: &'a str, fields: &str) -> Option<(i64, &'a str)> {
    let text = trim_all(text);
    let sign_of = |text: &'a str| match text.as_bytes().first() {
        Some(b'-') => (-1, text.get(1..).unwrap_or("")),
        Some(b'+') => (1, text.get(1..).unwrap_or("")),
        Some(_) | None => (1, text),
    };
    let is_literal = text.get(..8).is_some_and(|word| word.eq_ignore_ascii_case("interval"));
    if !is_literal {
        return Some(sign_of(text));
    }
    let rest = text.get(8..)?;
    let literal = rest.trim_start();
    if literal.len() == rest.len() {
        return None;
    }
    let (outer, literal) = sign_of(literal);
    let (body, unit) = literal.strip_prefix('\'')?.split_once('\'')?;
    let words: Vec<_> = unit.split_whitespace().collect();
    if !unit.starts_with(char::is_whitespace) || !words.join(" ").eq_ignore_ascii_case(fields) {
        return None;
    }
    let (inner, body) = sign_of(body);
    Some((outer * inner, body))
}

fn unmatched(kind: &str, family: &str, format: &str, fields: &str, text: &str) -> SparkError {
    SparkError::new(&format!("INVALID_INTERVAL_FORMAT.{kind}"))
        .param("intervalStr", family)
        .param("supportedFormat", format!("`[+|-]{format}`, `INTERVAL [+|-]'[+|-]{format}' {fields}`"))
        .param("typeName", format!("interval {}", fields.to_lowercase()))
        .param("input", text)
        .with_kind(ErrorKind::IllegalArgument)
}

/// A calendar interval: `[interval] 1 year 2 days -3.5 seconds …`.
pub fn parse_calendar(text: &str) -> Option<CalendarParts> {
    let lower = trim_all(text).to_ascii_lowercase();
    let body = match lower.strip_prefix("interval") {
        Some(body) if body.starts_with(char::is_whitespace) => body,
        Some(_) => return None,
        None => &lower,
    };
    let mut rest = body.trim_start();
    if rest.is_empty() {
        return None;
    }
    let mut interval = CalendarParts::default();
    while !rest.is_empty() {
        let (sign, after) = match rest.as_bytes().first()? {
            b'-' => (-1, rest.get(1..)?.trim_start()),
            b'+' => (1, rest.get(1..)?.trim_start()),
            _ => (1, rest),
        };
        let end = after.find(char::is_whitespace)?;
        let (number, after) = after.split_at_checked(end)?;
        let after = after.trim_start();
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        add_calendar_part(&mut interval, sign, number, unit)?;
        rest = after.trim_start();
    }
    Some(interval)
}

fn add_calendar_part(interval: &mut CalendarParts, sign: i64, number: &str, unit: &str) -> Option<()> {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || (whole.is_empty() && fraction.is_none_or(str::is_empty)) {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()? };
    let count = sign * whole;
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    let fraction = match fraction {
        Some(fraction) if unit == "second" && fraction.len() <= 9 && all_digits(fraction) => {
            sign * micros_of_fraction(fraction)
        }
        Some(_) => return None,
        None => 0,
    };
    let add_months = |months: i32, more: i64| i32::try_from(i64::from(months).checked_add(more)?).ok();
    match unit {
        "year" => interval.months = add_months(interval.months, count.checked_mul(12)?)?,
        "month" => interval.months = add_months(interval.months, count)?,
        "week" => interval.days = add_months(interval.days, count.checked_mul(7)?)?,
        "day" => interval.days = add_months(interval.days, count)?,
        unit => {
            let micros = match unit {
                "hour" => MICROS_PER_HOUR,
                "minute" => MICROS_PER_MINUTE,
                "second" => MICROS_PER_SECOND,
                "millisecond" => 1000,
                "microsecond" => 1,
                _ => return None,
            };
            let part = count.checked_mul(micros)?.checked_add(fraction)?;
            interval.micros = interval.micros.checked_add(part)?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_time_texts() {
        use DayTimeField::{Day, Hour, Minute, Second};
        for (text, start, end, printed) in [
            ("-1 02:03:04.5", Day, Second, "INTERVAL '-1 02:03:04.5' DAY TO SECOND"),
            ("interval '-1 02:03' day to minute", Day, Minute, "INTERVAL '-1 02:03' DAY TO MINUTE"),
            ("+10:11", Hour, Minute, "INTERVAL '10:11' HOUR TO MINUTE"),
            ("10.123456789", Second, Second, "INTERVAL '10.123456' SECOND"),
            ("5", Minute, Minute, "INTERVAL '05' MINUTE"),
        ] {
            let micros = parse_day_time(text, start, end).unwrap();
            let mut out = String::new();
            write_day_time(micros, start, end, &mut out);
            assert_eq!(out, printed);
        }
        assert!(parse_day_time("10:11", Hour, Second).is_err());
        assert!(parse_day_time("interval 1 day", Day, Day).is_err());
    }

    #[test]
    fn calendar_texts() {
        let round = |text: &str| {
            parse_calendar(text).map(|interval| {
                let mut out = String::new();
                write_calendar(interval, &mut out);
                out
            })
        };
        assert_eq!(
            round("interval 1 day 2 hours -3.5 seconds").as_deref(),
            Some("1 days 1 hours 59 minutes 56.5 seconds")
        );
        assert_eq!(round("- 1 day").as_deref(), Some("-1 days"));
        assert_eq!(round(".5 second").as_deref(), Some("0.5 seconds"));
        for wrong in ["bad", "1year", "1.5 day", "1 nanosecond", "", "interval"] {
            assert_eq!(round(wrong), None, "{wrong}");
        }
    }
}
