//! Dates, times and timestamps as text: the forms that files and partition directories use.

use chrono::{DateTime, Datelike, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use firesteel_base::{SparkError, SparkResult};

/// A zone by name (`Europe/Berlin`) or a fixed offset (`+02:00`, `GMT+2`, `Z`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    Named(chrono_tz::Tz),
    Fixed(chrono::FixedOffset),
}

impl Zone {
    pub(crate) fn parse(text: &str) -> SparkResult<Self> {
        Self::find(text).ok_or_else(|| SparkError::new("INVALID_TIMEZONE").param("timeZone", text))
    }

    pub(crate) fn find(text: &str) -> Option<Self> {
        if let Ok(zone) = text.parse::<chrono_tz::Tz>() {
            return Some(Self::Named(zone));
        }
        let rest = ["UTC", "GMT", "UT"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
        if rest.is_empty() || rest.eq_ignore_ascii_case("z") {
            return Some(Self::Fixed(Utc.fix()));
        }
        let (sign, digits) = match rest.split_at_checked(1)? {
            ("+", digits) => (1, digits),
            ("-", digits) => (-1, digits),
            _ => return None,
        };
        let seconds = offset_seconds(digits)?;
        chrono::FixedOffset::east_opt(sign * seconds).map(Self::Fixed)
    }

    /// Microseconds since the epoch of a wall clock in this zone. A time that a change of clocks skips moves forward
    /// by the length of the gap; of two, the earlier counts.
    pub(crate) fn instant(self, wall: NaiveDateTime) -> Option<i64> {
        let utc = match self {
            Self::Fixed(offset) => wall.checked_sub_offset(offset)?,
            Self::Named(zone) => match zone.from_local_datetime(&wall) {
                LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => moment.naive_utc(),
                LocalResult::None => {
                    let before = zone.offset_from_utc_datetime(&(wall - chrono::TimeDelta::days(1)));
                    wall.checked_sub_offset(before.fix())?
                }
            },
        };
        Some(utc.and_utc().timestamp_micros())
    }

    /// The wall clock and the offset in seconds at an instant.
    pub(crate) fn wall(self, micros: i64) -> Option<(NaiveDateTime, i32)> {
        let utc = DateTime::<Utc>::from_timestamp_micros(micros)?.naive_utc();
        let offset = match self {
            Self::Fixed(offset) => offset,
            Self::Named(zone) => zone.offset_from_utc_datetime(&utc).fix(),
        };
        Some((utc.checked_add_offset(offset)?, offset.local_minus_utc()))
    }
}

/// Seconds of `h`, `hh`, `hh:mm`, `hhmm` or `hh:mm:ss`.
fn offset_seconds(text: &str) -> Option<i32> {
    let mut parts: Vec<&str> = text.split(':').collect();
    if let [digits] = parts.as_slice()
        && digits.len() == 4
    {
        parts = vec![digits.get(..2)?, digits.get(2..)?];
    }
    if parts.len() > 3 || parts.iter().any(|part| part.is_empty() || part.len() > 2) {
        return None;
    }
    let mut numbers = parts.iter().map(|part| part.parse::<i32>());
    let hours = numbers.next()?.ok()?;
    let minutes = numbers.next().transpose().ok()?.unwrap_or(0);
    let seconds = numbers.next().transpose().ok()?.unwrap_or(0);
    (hours <= 18 && minutes < 60 && seconds < 60).then_some(hours * 3600 + minutes * 60 + seconds)
}

/// Days since the epoch.
pub(crate) fn days_of(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - 719_163
}

/// The date of a day since the epoch.
pub(crate) fn date_of(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(days.checked_add(719_163)?)
}

/// Reads digits as they stand: exactly `length` of them.
fn fixed_digits(bytes: &[u8], length: usize) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(length)?;
    let mut value = 0_u32;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u32::from(digit - b'0');
    }
    Some((value, rest))
}

fn literal<'a>(bytes: &'a [u8], expected: &[u8]) -> Option<&'a [u8]> {
    bytes.strip_prefix(expected)
}

/// `yyyy-MM-dd` at the head of the text, with what follows.
pub(crate) fn leading_date(bytes: &[u8]) -> Option<(NaiveDate, &[u8])> {
    let (year, rest) = fixed_digits(bytes, 4)?;
    let (month, rest) = fixed_digits(literal(rest, b"-")?, 2)?;
    let (day, rest) = fixed_digits(literal(rest, b"-")?, 2)?;
    Some((NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?, rest))
}

/// `HH:mm:ss` with an optional fraction at the head of the text, with what follows.
pub(crate) fn leading_time(bytes: &[u8]) -> Option<(NaiveTime, &[u8])> {
    let (hour, rest) = fixed_digits(bytes, 2)?;
    let (minute, rest) = fixed_digits(literal(rest, b":")?, 2)?;
    let (second, rest) = fixed_digits(literal(rest, b":")?, 2)?;
    let Some(fraction) = rest.strip_prefix(b".") else {
        return Some((NaiveTime::from_hms_opt(hour, minute, second)?, rest));
    };
    let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&length) {
        return None;
    }
    let (digits, rest) = fixed_digits(fraction, length)?;
    let nanos = digits * 10_u32.pow(9 - u32::try_from(length).ok()?);
    // Digits behind the microseconds are cut off.
    Some((NaiveTime::from_hms_nano_opt(hour, minute, second, nanos / 1000 * 1000)?, rest))
}

/// `yyyy-MM-dd`, nothing before and nothing behind.
pub(crate) fn strict_date(text: &str) -> Option<NaiveDate> {
    leading_date(text.as_bytes()).filter(|(_, rest)| rest.is_empty()).map(|(date, _)| date)
}

/// `yyyy-MM-dd HH:mm:ss[.SSSSSS]`.
pub(crate) fn strict_wall_clock(text: &str) -> Option<NaiveDateTime> {
    let (date, rest) = leading_date(text.as_bytes())?;
    let (time, rest) = leading_time(literal(rest, b" ")?)?;
    rest.is_empty().then(|| date.and_time(time))
}

/// `HH:mm:ss[.SSSSSS]`.
pub(crate) fn strict_time(text: &str) -> Option<NaiveTime> {
    leading_time(text.as_bytes()).filter(|(_, rest)| rest.is_empty()).map(|(time, _)| time)
}
