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

/// Digits at the head of the text, at least one, at most `limit`.
fn some_digits(bytes: &[u8], limit: usize) -> Option<(u32, usize, &[u8])> {
    let length = bytes.iter().take(limit + 1).take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 || length > limit {
        return None;
    }
    let (value, rest) = fixed_digits(bytes, length)?;
    Some((value, length, rest))
}

/// `[+-]yyyy[-[m]m[-[d]d]]` at the head of the text, with what follows: the forms that Spark casts to dates.
fn lenient_leading_date(bytes: &[u8]) -> Option<(NaiveDate, &[u8], usize)> {
    let (sign, rest) = match bytes.split_first()? {
        (b'-', rest) => (-1, rest),
        (b'+', rest) => (1, rest),
        _ => (1, bytes),
    };
    let (year, digits, rest) = some_digits(rest, 7)?;
    if digits < 4 {
        return None;
    }
    let year = sign * i32::try_from(year).ok()?;
    let Some(rest) = rest.strip_prefix(b"-") else { return Some((NaiveDate::from_ymd_opt(year, 1, 1)?, rest, 1)) };
    let (month, _, rest) = some_digits(rest, 2)?;
    let Some(rest) = rest.strip_prefix(b"-") else { return Some((NaiveDate::from_ymd_opt(year, month, 1)?, rest, 2)) };
    let (day, _, rest) = some_digits(rest, 2)?;
    Some((NaiveDate::from_ymd_opt(year, month, day)?, rest, 3))
}

/// Text as a date, as Spark casts it: blanks around it, parts may be missing, a time behind `T` or a blank is passed
/// over.
pub(crate) fn lenient_date(text: &str) -> Option<NaiveDate> {
    let trimmed = trim(text);
    let (date, rest, parts) = lenient_leading_date(trimmed.as_bytes())?;
    (rest.is_empty() || (parts == 3 && matches!(rest.first(), Some(b' ' | b'T')))).then_some(date)
}

fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character <= ' ' || character == '\u{7f}')
}

/// What a timestamp's text says.
pub(crate) struct LenientTimestamp {
    /// `None`: a time of day alone.
    pub date: Option<NaiveDate>,
    pub time: NaiveTime,
    pub zone: Option<Zone>,
}

/// Text as a timestamp, as Spark casts it: `date`, `date[T ]time[zone]`, `[T]time[zone]`.
pub(crate) fn lenient_timestamp(text: &str) -> Option<LenientTimestamp> {
    let bytes = trim(text).as_bytes();
    let (date, rest) = match lenient_leading_date(bytes) {
        Some((date, [], _)) => return Some(LenientTimestamp { date: Some(date), time: NaiveTime::MIN, zone: None }),
        Some((date, [b' ' | b'T', rest @ ..], 3)) => (Some(date), rest),
        _ => (None, bytes.strip_prefix(b"T").unwrap_or(bytes)),
    };
    let (hour, _, rest) = some_digits(rest, 2)?;
    let (minute, rest) = match rest.strip_prefix(b":") {
        Some(rest) => some_digits(rest, 2).map(|(minute, _, rest)| (minute, rest))?,
        // An hour alone is a time only behind a date.
        None if date.is_some() => (0, rest),
        None => return None,
    };
    let (second, rest) = match rest.strip_prefix(b":") {
        Some(rest) => some_digits(rest, 2).map(|(second, _, rest)| (second, rest))?,
        None => (0, rest),
    };
    let (micros, rest) = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let digits = fraction.get(..length.min(6))?;
            let value = if digits.is_empty() { 0 } else { fixed_digits(digits, digits.len())?.0 };
            let scale = 10_u32.pow(u32::try_from(6 - digits.len()).ok()?);
            (value * scale, fraction.get(length..)?)
        }
        None => (0, rest),
    };
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?;
    let zone_text = trim(std::str::from_utf8(rest).ok()?);
    let zone = if zone_text.is_empty() { None } else { Some(Zone::find(zone_text)?) };
    Some(LenientTimestamp { date, time, zone })
}

impl LenientTimestamp {
    /// Microseconds since the epoch, with the session's zone where the text names none. A time alone is today's.
    pub(crate) fn instant(&self, session: Zone) -> Option<i64> {
        let zone = self.zone.unwrap_or(session);
        let date = match self.date {
            Some(date) => date,
            None => zone.wall(Utc::now().timestamp_micros())?.0.date(),
        };
        zone.instant(date.and_time(self.time))
    }

    /// Microseconds of the wall clock; a time alone is none.
    pub(crate) fn wall_clock(&self) -> Option<i64> {
        Some(self.date?.and_time(self.time).and_utc().timestamp_micros())
    }
}
