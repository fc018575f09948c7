//! Time zones: offsets and regions, spelled as Java and Spark accept them.

use std::cell::Cell;
use std::thread::LocalKey;

use chrono::{MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use firesteel_base::{SparkError, SparkResult};

use super::datetime::{MICROS_PER_SECOND, civil_from_days, days_from_civil};

/// A time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Seconds east of Greenwich.
    Fixed(i32),
    Region(Tz),
}

/// Java's abbreviations that stand for regions or offsets.
const SHORT_IDS: &[(&str, &str)] = &[
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("EST", "-05:00"),
    ("HST", "-10:00"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("MIT", "Pacific/Apia"),
    ("MST", "-07:00"),
    ("NET", "Asia/Yerevan"),
    ("NST", "Pacific/Auckland"),
    ("PLT", "Asia/Karachi"),
    ("PNT", "America/Phoenix"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
];

/// From here on every zone's offsets and their changes are whole quarters of an hour, so an offset holds for all of one.
const QUARTERS_FROM_SECONDS: i64 = 73_526_400;
const QUARTER_SECONDS: i64 = 900;

/// An offset that was looked up: zone, quarter of an hour, seconds east.
type Known = Option<(Tz, i64, i32)>;

thread_local! {
    // Neighbouring rows mostly lie close together, and a look-up is slow beside the arithmetic on its result.
    static KNOWN_INSTANT: Cell<Known> = const { Cell::new(None) };
    static KNOWN_LOCAL: Cell<Known> = const { Cell::new(None) };
}

fn remembered(known: &'static LocalKey<Cell<Known>>, zone: Tz, seconds: i64, look_up: impl FnOnce() -> i32) -> i32 {
    if seconds < QUARTERS_FROM_SECONDS {
        return look_up();
    }
    let quarter = seconds / QUARTER_SECONDS;
    match known.get() {
        Some((known_zone, known_quarter, offset)) if known_quarter == quarter && known_zone == zone => offset,
        Some(_) | None => {
            let offset = look_up();
            known.set(Some((zone, quarter, offset)));
            offset
        }
    }
}

/// Rules of zones are tabulated up to this year; later years have the offsets of an earlier, equal one.
const LAST_TABULATED_YEAR: i64 = 2099;

impl Zone {
    pub const UTC: Self = Self::Fixed(0);

    /// The zone of this name, or `INVALID_TIMEZONE`.
    pub fn parse(name: &str) -> SparkResult<Self> {
        Self::find(name).ok_or_else(|| SparkError::new("INVALID_TIMEZONE").param("timeZone", name))
    }

    /// The zone of this name.
    pub fn find(name: &str) -> Option<Self> {
        let name = SHORT_IDS.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| long);
        if name == "Z" || name == "UTC" {
            return Some(Self::UTC);
        }
        if name.starts_with(['+', '-']) {
            return parse_offset(name).map(Self::Fixed);
        }
        for prefix in ["UTC", "GMT", "UT"] {
            match name.strip_prefix(prefix) {
                Some("") => return Some(Self::UTC),
                Some(offset) if offset.starts_with(['+', '-']) => return parse_offset(offset).map(Self::Fixed),
                Some(_) | None => {}
            }
        }
        name.parse().ok().map(Self::Region)
    }

    /// Seconds east of Greenwich at an instant given in microseconds since the epoch.
    pub fn offset_at(&self, micros: i64) -> i32 {
        match self {
            Self::Fixed(seconds) => *seconds,
            Self::Region(zone) => {
                let seconds = micros.div_euclid(MICROS_PER_SECOND);
                remembered(&KNOWN_INSTANT, *zone, seconds, || {
                    zone.offset_from_utc_datetime(&tabulated(seconds)).fix().local_minus_utc()
                })
            }
        }
    }

    /// What a clock in the zone shows at an instant, both in microseconds since the epoch.
    pub fn to_local(&self, micros: i64) -> i64 {
        micros.saturating_add(i64::from(self.offset_at(micros)) * MICROS_PER_SECOND)
    }

    /// The instant at which a clock in the zone shows `local`: the earlier one where it does so twice; where it never
    /// does, as far behind the gap as `local` is behind the gap's start. `None` beyond the range of timestamps.
    pub fn to_instant(&self, local: i64) -> Option<i64> {
        local.checked_sub(i64::from(self.offset_of_local(local)) * MICROS_PER_SECOND)
    }

    fn offset_of_local(&self, local: i64) -> i32 {
        match self {
            Self::Fixed(seconds) => *seconds,
            Self::Region(zone) => {
                let seconds = local.div_euclid(MICROS_PER_SECOND);
                remembered(&KNOWN_LOCAL, *zone, seconds, || offset_of_clock(*zone, tabulated(seconds)))
            }
        }
    }
}

/// The offset that holds while a clock shows `local`.
fn offset_of_clock(zone: Tz, local: NaiveDateTime) -> i32 {
    match zone.offset_from_local_datetime(&local) {
        MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => offset.fix().local_minus_utc(),
        MappedLocalTime::None => {
            // In a gap the offset before it holds; no gap is longer than a day and a bit.
            let before = local - chrono::TimeDelta::hours(25);
            match zone.offset_from_local_datetime(&before) {
                MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(_, offset) => {
                    offset.fix().local_minus_utc()
                }
                MappedLocalTime::None => 0,
            }
        }
    }
}

/// The moment, or for years beyond the table one of a year with the same calendar.
fn tabulated(seconds: i64) -> NaiveDateTime {
    let days = seconds.div_euclid(86_400);
    let (year, month, day) = civil_from_days(days);
    let year = if year > LAST_TABULATED_YEAR { same_calendar_year(year) } else { year.max(-200_000) };
    let date = i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day)).unwrap_or_default();
    let of_day = u32::try_from(seconds.rem_euclid(86_400)).unwrap_or(0);
    date.and_time(chrono::NaiveTime::from_num_seconds_from_midnight_opt(of_day, 0).unwrap_or_default())
}

/// A year of 2060..=2087 that begins on the same weekday and is as long.
fn same_calendar_year(year: i64) -> i64 {
    let shape = |year: i64| {
        let start = days_from_civil(year, 1, 1).unwrap_or(0);
        let length = days_from_civil(year + 1, 1, 1).unwrap_or(0) - start;
        (start.rem_euclid(7), length)
    };
    let wanted = shape(year);
    (2060..=2087).find(|candidate| shape(*candidate) == wanted).unwrap_or(2060)
}

/// `+h`, `+hh`, `+hh:mm`, `+h:mm`, `+hh:m`, `+hhmm`, `+hh:mm:ss`, `+hhmmss`; at most 18 hours.
fn parse_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let parts: Vec<&str> = if digits.contains(':') {
        let parts: Vec<_> = digits.split(':').collect();
        let is_short = |part: &&str| matches!(part.len(), 1 | 2);
        if parts.len() > 3 || !parts.iter().all(is_short) || parts.get(2).is_some_and(|part| part.len() != 2) {
            return None;
        }
        parts
    } else {
        match digits.len() {
            1 | 2 => vec![digits],
            4 => vec![digits.get(..2)?, digits.get(2..)?],
            6 => vec![digits.get(..2)?, digits.get(2..4)?, digits.get(4..)?],
            _ => return None,
        }
    };
    let mut numbers = [0_i32; 3];
    for (number, part) in numbers.iter_mut().zip(parts) {
        if !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    let [hours, minutes, seconds] = numbers;
    let total = hours * 3600 + minutes * 60 + seconds;
    (hours <= 18 && minutes < 60 && seconds < 60 && total <= 18 * 3600).then_some(sign * total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> i64 {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap().and_utc().timestamp_micros()
    }

    #[test]
    fn gaps_and_overlaps_are_java_s() {
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        // 02:30 does not exist on this day and becomes 03:30 PDT.
        assert_eq!(zone.to_instant(instant("2024-03-10 02:30:00")), Some(instant("2024-03-10 10:30:00")));
        // 01:30 exists twice; the first is PDT.
        assert_eq!(zone.to_instant(instant("2024-11-03 01:30:00")), Some(instant("2024-11-03 08:30:00")));
        assert_eq!(zone.to_local(instant("2024-07-01 00:00:00")), instant("2024-06-30 17:00:00"));
    }

    #[test]
    fn rules_hold_on_beyond_the_table() {
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        assert_eq!(zone.offset_at(instant("2500-07-01 00:00:00")), -7 * 3600);
        assert_eq!(zone.offset_at(instant("2500-01-01 00:00:00")), -8 * 3600);
    }

    #[test]
    fn spellings() {
        for (name, seconds) in
            [("+01:00", 3600), ("+1:0", 3600), ("UTC+1", 3600), ("GMT-0130", -5400), ("EST", -18000), ("Z", 0)]
        {
            assert_eq!(Zone::find(name), Some(Zone::Fixed(seconds)), "{name}");
        }
        assert_eq!(Zone::find("+19:00"), None);
        assert_eq!(Zone::find("Mars/Olympus"), None);
    }
}
