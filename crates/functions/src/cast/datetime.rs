//! Dates, timestamps and times of day as text, both ways, and the calendar they are counted in.

use std::fmt::Write;

use super::Zone;

pub const MICROS_PER_SECOND: i64 = 1_000_000;
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Days since 1970-01-01 of a day of the proleptic Gregorian calendar, if there is such a day.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> Option<i64> {
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    // Years begin in March, so that the leap day is a year's last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_of_year = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_of_year + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Year, month and day.
pub fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_of_year = (5 * day_of_year + 2) / 153;
    let day = u32::try_from(day_of_year - (153 * month_of_year + 2) / 5 + 1).unwrap_or(1);
    let month = u32::try_from((month_of_year + 2) % 12 + 1).unwrap_or(1);
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

pub fn is_leap_year(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap_year(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The date `months` later; the last day of the month where the day does not exist.
pub fn add_months(days: i32, months: i32) -> Option<i32> {
    let (year, month, day) = civil_from_days(i64::from(days));
    let month_count = year * 12 + i64::from(month) - 1 + i64::from(months);
    let year = month_count.div_euclid(12);
    let month = u32::try_from(month_count.rem_euclid(12)).ok()? + 1;
    let day = day.min(days_in_month(year, month));
    i32::try_from(days_from_civil(year, month, day)?).ok()
}

/// `yyyy`, `yyyy-[m]m` or `yyyy-[m]m-[d]d`, the last with anything behind a blank or `T`.
pub fn parse_date(text: &str) -> Option<i32> {
    let bytes = trimmed(text);
    let (sign, bytes) = match bytes {
        [] => return None,
        [b'-', bytes @ ..] => (-1, bytes),
        [b'+', bytes @ ..] => (1, bytes),
        bytes => (1, bytes),
    };
    let end = bytes.iter().position(|byte| matches!(byte, b' ' | b'T')).unwrap_or(bytes.len());
    let (date, rest) = bytes.split_at_checked(end)?;
    let mut parts = date.split(|byte| *byte == b'-');
    let year = digits(parts.next()?, 4, 7)?;
    let month = parts.next();
    let day = parts.next();
    if parts.next().is_some() || (day.is_none() && !rest.is_empty()) {
        return None;
    }
    let month = month.map_or(Some(1), |month| digits(month, 1, 2))?;
    let day = day.map_or(Some(1), |day| digits(day, 1, 2))?;
    let days = days_from_civil(sign * i64::from(year), month, day)?;
    i32::try_from(days).ok()
}

/// The fields of a timestamp's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampText<'a> {
    /// Year, month and day; `None` where there is a time only.
    pub date: Option<(i64, u32, u32)>,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    pub micros: u32,
    /// As it is written.
    pub zone: Option<&'a str>,
}

impl<'a> TimestampText<'a> {
    /// Reads Spark's formats: `[date][ |T][h]h[:[m]m[:[s]s[.fraction]]][zone]`, or a time alone.
    pub fn read(text: &'a str) -> Option<Self> {
        let text = trimmed_text(text);
        let (sign, rest) = match text.as_bytes() {
            [] => return None,
            [b'-', ..] => (Some(-1), text.get(1..)?),
            [b'+', ..] => (Some(1), text.get(1..)?),
            _ => (None, text),
        };
        let time_only = sign.is_none()
            && (rest.starts_with('T')
                || rest
                    .find(|letter: char| !letter.is_ascii_digit())
                    .is_some_and(|at| rest.as_bytes().get(at) == Some(&b':')));
        let none = Self { date: None, hour: 0, minute: 0, second: 0, micros: 0, zone: None };
        if time_only {
            return none.with_time(rest.strip_prefix('T').unwrap_or(rest));
        }
        let end = rest.find([' ', 'T']).unwrap_or(rest.len());
        let (date, time) = rest.split_at_checked(end)?;
        let mut parts = date.split('-');
        let year = digits(parts.next()?.as_bytes(), 4, 6)?;
        let month = parts.next();
        let day = parts.next();
        if parts.next().is_some() || (day.is_none() && !time.is_empty()) {
            return None;
        }
        let month = month.map_or(Some(1), |month| digits(month.as_bytes(), 1, 2))?;
        let day = day.map_or(Some(1), |day| digits(day.as_bytes(), 1, 2))?;
        let read = Self { date: Some((sign.unwrap_or(1) * i64::from(year), month, day)), ..none };
        match time.get(1..) {
            Some(time) => read.with_time(time),
            None => Some(read),
        }
    }

    fn with_time(mut self, time: &'a str) -> Option<Self> {
        let (hour, rest) = leading_digits(time);
        self.hour = digits(hour.as_bytes(), 1, 2)?;
        let Some(rest) = rest.strip_prefix(':') else {
            return rest.is_empty().then_some(self);
        };
        let (minute, rest) = leading_digits(rest);
        self.minute = digits(minute.as_bytes(), 1, 2)?;
        let Some(rest) = rest.strip_prefix(':') else {
            return rest.is_empty().then_some(self);
        };
        let (second, mut rest) = leading_digits(rest);
        self.second = digits(second.as_bytes(), 1, 2)?;
        if let Some(fraction) = rest.strip_prefix('.') {
            let (fraction, after) = leading_digits(fraction);
            self.micros = fraction
                .bytes()
                .chain(std::iter::repeat(b'0'))
                .take(6)
                .fold(0, |micros, digit| micros * 10 + u32::from(digit - b'0'));
            rest = after;
        }
        self.zone = (!rest.is_empty()).then(|| rest.trim_matches(|letter: char| letter <= ' '));
        Some(self)
    }

    /// Microseconds since midnight, if there is such a time.
    pub fn time_of_day(&self) -> Option<i64> {
        if self.hour > 23 || self.minute > 59 || self.second > 59 {
            return None;
        }
        let seconds = i64::from(self.hour * 3600 + self.minute * 60 + self.second);
        Some(seconds * MICROS_PER_SECOND + i64::from(self.micros))
    }

    fn local_micros(&self, (year, month, day): (i64, u32, u32)) -> Option<i64> {
        let days = days_from_civil(year, month, day)?;
        days.checked_mul(MICROS_PER_DAY)?.checked_add(self.time_of_day()?)
    }
}

/// A timestamp; `zone` holds where the text names none. A time alone is of `today`, given in days since the epoch.
pub fn parse_timestamp(text: &str, zone: &Zone, today: impl FnOnce(&Zone) -> i32) -> Option<i64> {
    let read = TimestampText::read(text)?;
    let zone = match read.zone {
        Some(name) => Zone::find(name)?,
        None => *zone,
    };
    let date = read.date.unwrap_or_else(|| civil_from_days(i64::from(today(&zone))));
    zone.to_instant(read.local_micros(date)?)
}

/// A timestamp without zone. A zone in the text is checked and dropped if `allow_zone`.
pub fn parse_timestamp_ntz(text: &str, allow_zone: bool) -> Option<i64> {
    let read = TimestampText::read(text)?;
    if let Some(name) = read.zone {
        Zone::find(name).filter(|_| allow_zone)?;
    }
    read.local_micros(read.date?)
}

/// Microseconds since midnight of a time of day.
pub fn parse_time(text: &str) -> Option<i64> {
    let trimmed = trimmed_text(text);
    let (time, half) = match trimmed.get(trimmed.len().saturating_sub(2)..) {
        Some(suffix) if suffix.eq_ignore_ascii_case("am") => (trimmed.get(..trimmed.len() - 2)?, Some(0)),
        Some(suffix) if suffix.eq_ignore_ascii_case("pm") => (trimmed.get(..trimmed.len() - 2)?, Some(12)),
        Some(_) | None => (trimmed, None),
    };
    let mut read = TimestampText::read(time).filter(|read| read.date.is_none() && read.zone.is_none())?;
    if let Some(half) = half {
        if !(1..=12).contains(&read.hour) {
            return None;
        }
        read.hour = read.hour % 12 + half;
    }
    read.time_of_day()
}

/// Today in a zone, in days since the epoch.
pub fn today(zone: &Zone) -> i32 {
    let now = chrono::Utc::now().timestamp_micros();
    i32::try_from(zone.to_local(now).div_euclid(MICROS_PER_DAY)).unwrap_or(0)
}

/// Appends `yyyy-MM-dd`.
pub fn write_date(days: i64, out: &mut String) {
    let (year, month, day) = civil_from_days(days);
    let sign = match year {
        year if year < 0 => "-",
        year if year > 9999 => "+",
        _ => "",
    };
    // Writing to a String cannot fail.
    let _ = write!(out, "{sign}{:04}-{month:02}-{day:02}", year.unsigned_abs());
}

/// Appends `yyyy-MM-dd HH:mm:ss` and the fraction without trailing zeros, of microseconds of a wall clock.
pub fn write_timestamp(local: i64, out: &mut String) {
    write_date(local.div_euclid(MICROS_PER_DAY), out);
    out.push(' ');
    write_time(local.rem_euclid(MICROS_PER_DAY), out);
}

/// Appends `HH:mm:ss` and the fraction without trailing zeros, of microseconds since midnight.
pub fn write_time(micros: i64, out: &mut String) {
    let seconds = micros / MICROS_PER_SECOND;
    let _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    write_fraction(micros % MICROS_PER_SECOND, out);
}

/// Appends a point and the digits of `micros` without trailing zeros, nothing for 0.
pub(super) fn write_fraction(micros: i64, out: &mut String) {
    if micros != 0 {
        let digits = format!("{micros:06}");
        out.push('.');
        out.push_str(digits.trim_end_matches('0'));
    }
}

/// A date's text.
pub fn date_text(days: i32) -> String {
    let mut text = String::new();
    write_date(i64::from(days), &mut text);
    text
}

/// The text of a timestamp without zone, or of one that was brought to a zone's wall clock.
pub fn timestamp_text(local: i64) -> String {
    let mut text = String::new();
    write_timestamp(local, &mut text);
    text
}

fn trimmed_text(text: &str) -> &str {
    super::number::trim_all(text)
}

fn trimmed(text: &str) -> &[u8] {
    trimmed_text(text).as_bytes()
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// A number of `least` to `most` digits.
fn digits(bytes: &[u8], least: usize, most: usize) -> Option<u32> {
    if bytes.len() < least || bytes.len() > most {
        return None;
    }
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_round_trips() {
        for days in [-719_528, -1, 0, 59, 11_016, 18_262, 2_932_896, -100_000_000, 100_000_000] {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), Some(days));
        }
        assert_eq!(civil_from_days(0), (1970, 1, 1));
        assert_eq!(days_from_civil(2023, 2, 29), None);
    }

    #[test]
    fn dates() {
        let read = |text: &str| parse_date(text).map(date_text);
        assert_eq!(read("2020-1-2").as_deref(), Some("2020-01-02"));
        assert_eq!(read(" 2020 ").as_deref(), Some("2020-01-01"));
        assert_eq!(read("2020-01-02Tabc").as_deref(), Some("2020-01-02"));
        assert_eq!(read("-0044-03-15").as_deref(), Some("-0044-03-15"));
        assert_eq!(read("12345-3-5").as_deref(), Some("+12345-03-05"));
        for wrong in ["2020-01-32", "202-01-01", "2020-01x", "", "2020-", "2020 1", "2020-1-2-3"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn timestamps() {
        let read = |text: &str| parse_timestamp(text, &Zone::UTC, |_| 0).map(timestamp_text);
        assert_eq!(read("2020-01-02 03:04:05.123456789").as_deref(), Some("2020-01-02 03:04:05.123456"));
        assert_eq!(read("2020-01-02T3:4").as_deref(), Some("2020-01-02 03:04:00"));
        assert_eq!(read("2020-01-02 03").as_deref(), Some("2020-01-02 03:00:00"));
        assert_eq!(read("2020-01-02 03:04:05+01:30").as_deref(), Some("2020-01-02 01:34:05"));
        assert_eq!(read("2020-01-02 03:04:05 Europe/Berlin").as_deref(), Some("2020-01-02 02:04:05"));
        assert_eq!(read("2020-01-02 03:04:05.").as_deref(), Some("2020-01-02 03:04:05"));
        assert_eq!(read("3:4:5").as_deref(), Some("1970-01-01 03:04:05"));
        for wrong in ["2020-01-02 25:04", "2020-01-02 03:04:60", "2020-01-02T", "2020-01-02 03:04+1", "x"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
