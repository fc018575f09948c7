//! The session's time zone: regions of the zone database and fixed offsets, in the spellings Spark takes.

use chrono::{Offset, TimeZone as _};

/// A time zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimeZone {
    Region(chrono_tz::Tz),
    /// Seconds east of Greenwich.
    Fixed(i32),
}

impl TimeZone {
    /// Reads a region (`Europe/Berlin`), an offset (`+2`, `-08:30`, `+01:02:03`), `Z`, or an offset behind `UTC`, `GMT`
    /// or `UT`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "Z" {
            return Some(Self::Fixed(0));
        }
        for prefix in ["UTC", "GMT", "UT", ""] {
            if let Some(offset) = text.strip_prefix(prefix).and_then(Self::parse_offset) {
                return Some(Self::Fixed(offset));
            }
        }
        text.parse().ok().map(Self::Region)
    }

    fn parse_offset(text: &str) -> Option<i32> {
        let (sign, rest) = match text.chars().next()? {
            '+' => (1, text.get(1..)?),
            '-' => (-1, text.get(1..)?),
            _ => return None,
        };
        let mut parts = rest.split(':');
        let mut number = |most: i32| -> Option<i32> {
            match parts.next() {
                None => Some(0),
                Some(digits) if !digits.is_empty() && digits.len() <= 2 => {
                    digits.parse().ok().filter(|number| (0..=most).contains(number))
                }
                Some(_) => None,
            }
        };
        let (hours, minutes, seconds) = (number(18)?, number(59)?, number(59)?);
        let total = hours * 3600 + minutes * 60 + seconds;
        (parts.next().is_none() && total <= 18 * 3600).then_some(sign * total)
    }

    /// A spelling that is read as this zone.
    pub fn name(&self) -> String {
        match self {
            Self::Region(region) => region.name().to_owned(),
            Self::Fixed(offset) => {
                let (sign, seconds) = (if *offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
                format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
            }
        }
    }

    /// Seconds east of Greenwich at an instant, given in seconds since the epoch.
    pub fn offset_seconds(&self, epoch_seconds: i64) -> i32 {
        match self {
            Self::Fixed(offset) => *offset,
            Self::Region(region) => chrono::DateTime::from_timestamp(epoch_seconds, 0)
                .map_or(0, |instant| region.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TimeZone;

    #[test]
    fn reads_the_spellings_spark_takes() {
        for (text, offset) in [("Z", 0), ("+2", 7200), ("-08:30", -30600), ("UTC+1", 3600), ("GMT-01:00:30", -3630)] {
            assert_eq!(TimeZone::parse(text), Some(TimeZone::Fixed(offset)), "{text}");
        }
        assert!(matches!(TimeZone::parse("America/Los_Angeles"), Some(TimeZone::Region(_))));
        for text in ["", "nope", "+19", "+1:2:3:4", "+123"] {
            assert_eq!(TimeZone::parse(text), None, "{text}");
        }
    }

    #[test]
    fn follows_the_zone_database() {
        let zone = TimeZone::parse("America/Los_Angeles").unwrap();
        assert_eq!(zone.offset_seconds(1_577_934_245), -8 * 3600);
        assert_eq!(zone.offset_seconds(1_593_600_000), -7 * 3600);
        assert_eq!(zone.offset_seconds(-14_000_000_000), -(7 * 3600 + 52 * 60 + 58));
    }
}
