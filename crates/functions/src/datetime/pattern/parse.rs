//! Reading a moment by a pattern.

use super::name::{MONTHS, zone_by_name};
use super::{Field, Item, Number, OffsetStyle, Pattern, Sign};
use crate::cast::Zone;
use crate::cast::datetime::{MICROS_PER_DAY, civil_from_days, days_from_civil, days_in_month, is_leap_year};

/// What was read.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::datetime) struct Parsed {
    pub(super) era: Option<i64>,
    pub(super) year: Option<i64>,
    pub(super) year_of_era: Option<i64>,
    pub(super) month: Option<i64>,
    pub(super) day: Option<i64>,
    pub(super) day_of_year: Option<i64>,
    pub(super) julian_day: Option<i64>,
    pub(super) half_day: Option<i64>,
    pub(super) hour: Option<i64>,
    pub(super) clock_hour: Option<i64>,
    pub(super) hour_of_half: Option<i64>,
    pub(super) clock_hour_of_half: Option<i64>,
    pub(super) minute: Option<i64>,
    pub(super) second: Option<i64>,
    pub(super) nanos: Option<i64>,
    pub(super) zone: Option<Zone>,
}

/// Why a text does not fit, in Java's words.
#[derive(Debug)]
pub(in crate::datetime) struct ParseFailure(pub String);

/// The place where reading failed.
struct At(usize);

impl Pattern {
    /// Reads the whole text.
    pub(in crate::datetime) fn parse(&self, text: &str) -> Result<Parsed, ParseFailure> {
        if let Some(legacy) = &self.legacy {
            return legacy.parse(text);
        }
        let mut reader = Reader { text, parsed: Parsed::default() };
        let shown = || {
            let cut: String = text.chars().take(64).collect();
            if cut.len() < text.len() { format!("{cut}...") } else { cut }
        };
        let index = |position: usize| text.get(..position).map_or(position, |start| start.encode_utf16().count());
        match reader.items(&self.items, 0) {
            Err(At(position)) => {
                Err(ParseFailure(format!("Text '{}' could not be parsed at index {}", shown(), index(position))))
            }
            Ok(end) if end < text.len() => Err(ParseFailure(format!(
                "Text '{}' could not be parsed, unparsed text found at index {}",
                shown(),
                index(end)
            ))),
            Ok(_) => reader
                .parsed
                .check()
                .map(|()| reader.parsed)
                .map_err(|reason| ParseFailure(format!("Text '{}' could not be parsed: {reason}", shown()))),
        }
    }
}

impl Parsed {
    /// The zone that the text names.
    pub(in crate::datetime) fn zone(&self) -> Option<Zone> {
        self.zone
    }

    /// Microseconds of a wall clock; what is missing is that of 1970-01-01 00:00.
    pub(in crate::datetime) fn local_micros(&self) -> Result<i64, ParseFailure> {
        let days = self.days().map_err(ParseFailure)?;
        Ok(days.saturating_mul(MICROS_PER_DAY).saturating_add(self.micros_of_day()))
    }

    fn proleptic_year(&self) -> Option<i64> {
        self.year.or_else(|| {
            let year = self.year_of_era?;
            Some(if self.era == Some(0) { 1 - year } else { year })
        })
    }

    pub(super) fn days(&self) -> Result<i64, String> {
        if let Some(julian_day) = self.julian_day {
            return Ok(julian_day - 40_587);
        }
        let known_year = self.proleptic_year();
        let year = known_year.unwrap_or(1970);
        let Some(day_of_year) = self.day_of_year else {
            return date(year, self.month.unwrap_or(1), self.day.unwrap_or(1));
        };
        if let (Some(_), Some(month), Some(day)) = (known_year, self.month, self.day) {
            let days = date(year, month, day)?;
            let own = days - days_from_civil(year, 1, 1).unwrap_or(days) + 1;
            return if own == day_of_year { Ok(days) } else { Err(conflict("DayOfYear", own, day_of_year, days)) };
        }
        if day_of_year == 366 && !is_leap_year(year) {
            return Err(format!("Invalid date 'DayOfYear 366' as '{year}' is not a leap year"));
        }
        let days = days_from_civil(year, 1, 1).unwrap_or(0) + day_of_year - 1;
        let (_, month, day) = civil_from_days(days);
        for (name, given, derived) in [("MonthOfYear", self.month, month), ("DayOfMonth", self.day, day)] {
            match given {
                Some(given) if given != i64::from(derived) => {
                    return Err(match known_year {
                        Some(_) => conflict(name, i64::from(derived), given, days),
                        // Spark itself puts the parts together then.
                        None => format!("{}.", conflict(name, given, i64::from(derived), days)),
                    });
                }
                _ => {}
            }
        }
        Ok(days)
    }

    fn micros_of_day(&self) -> i64 {
        let half = self.half_day.unwrap_or(0) * 12;
        let hour = self
            .hour
            .or_else(|| self.clock_hour.map(|hour| hour % 24))
            .or_else(|| self.hour_of_half.map(|hour| hour + half))
            .or_else(|| self.clock_hour_of_half.map(|hour| hour % 12 + half))
            .unwrap_or(half);
        let seconds = hour * 3600 + self.minute.unwrap_or(0) * 60 + self.second.unwrap_or(0);
        seconds * 1_000_000 + self.nanos.unwrap_or(0) / 1000
    }

    /// Whether each value is one of its field, and the date exists if the year is known.
    pub(super) fn check(&self) -> Result<(), String> {
        let ranges = [
            (self.month, "MonthOfYear", 1, 12, "1 - 12"),
            (self.day, "DayOfMonth", 1, 31, "1 - 28/31"),
            (self.day_of_year, "DayOfYear", 1, 366, "1 - 365/366"),
            (self.hour, "HourOfDay", 0, 23, "0 - 23"),
            (self.clock_hour, "ClockHourOfDay", 1, 24, "1 - 24"),
            (self.hour_of_half, "HourOfAmPm", 0, 11, "0 - 11"),
            (self.clock_hour_of_half, "ClockHourOfAmPm", 1, 12, "1 - 12"),
            (self.minute, "MinuteOfHour", 0, 59, "0 - 59"),
            (self.second, "SecondOfMinute", 0, 59, "0 - 59"),
        ];
        for (value, name, least, most, range) in ranges {
            if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
                return Err(format!("Invalid value for {name} (valid values {range}): {value}"));
            }
        }
        if self.proleptic_year().is_some() { self.days().map(|_| ()) } else { Ok(()) }
    }
}

/// Two values of a field that should be one, as Java tells them.
fn conflict(name: &str, first: i64, second: i64, days: i64) -> String {
    let (year, month, day) = civil_from_days(days);
    format!(
        "Conflict found: Field {name} {first} differs from {name} {second} derived from {year:04}-{month:02}-{day:02}"
    )
}

/// The days since the epoch of a date, or Java's words for why there is no such date.
pub(in crate::datetime) fn date(year: i64, month: i64, day: i64) -> Result<i64, String> {
    let name = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    let (Some(name), Ok(month), Ok(day)) = (name, u32::try_from(month), u32::try_from(day)) else {
        return Err(format!("Invalid value for MonthOfYear (valid values 1 - 12): {month}"));
    };
    if day > days_in_month(year, month) {
        return Err(match day {
            29 => format!("Invalid date 'February 29' as '{year}' is not a leap year"),
            day => format!("Invalid date '{} {day}'", name.to_uppercase()),
        });
    }
    Ok(days_from_civil(year, month, day).unwrap_or(0))
}

struct Reader<'a> {
    text: &'a str,
    parsed: Parsed,
}

impl Reader<'_> {
    fn rest(&self, position: usize) -> &str {
        self.text.get(position..).unwrap_or("")
    }

    fn items(&mut self, items: &[Item], mut position: usize) -> Result<usize, At> {
        for item in items {
            position = self.item(item, position)?;
        }
        Ok(position)
    }

    fn item(&mut self, item: &Item, position: usize) -> Result<usize, At> {
        match item {
            Item::Literal(literal) => {
                let start = self.rest(position).get(..literal.len());
                let fits = start.is_some_and(|start| start.eq_ignore_ascii_case(literal));
                if fits { Ok(position + literal.len()) } else { Err(At(position)) }
            }
            Item::Number(number) => {
                let (value, end) = read_number(self.text.as_bytes(), position, number)?;
                self.set(number.field, value, position)?;
                Ok(end)
            }
            Item::ReducedYear { field, subsequent } => {
                let number =
                    Number { field: *field, least: 2, most: 2, sign: Sign::NotNegative, subsequent: *subsequent };
                let (value, end) = read_number(self.text.as_bytes(), position, &number)?;
                self.set(*field, 2000 + value % 100, position)?;
                Ok(end)
            }
            Item::Fraction { least, most } => self.fraction(position, *least, *most),
            Item::Text { field, full } => self.name(position, *field, *full),
            Item::ZoneName { .. } => self.zone(position, true),
            Item::ZoneId => self.zone(position, false),
            Item::LocalizedOffset { full } => self.localized_offset(position, *full),
            Item::Offset(style) => {
                let (seconds, end) = read_offset(self.text.as_bytes(), position, *style)?;
                self.parsed.zone = Some(Zone::Fixed(seconds));
                Ok(end)
            }
            Item::Optional(inner) => {
                let before = self.parsed;
                match self.items(inner, position) {
                    Ok(end) => Ok(end),
                    Err(At(_)) => {
                        self.parsed = before;
                        Ok(position)
                    }
                }
            }
        }
    }

    /// A field that is read twice has one value.
    fn set(&mut self, field: Field, value: i64, position: usize) -> Result<(), At> {
        let parsed = &mut self.parsed;
        let slot = match field {
            Field::Era => &mut parsed.era,
            Field::Year => &mut parsed.year,
            Field::YearOfEra => &mut parsed.year_of_era,
            Field::Month => &mut parsed.month,
            Field::Day => &mut parsed.day,
            Field::DayOfYear => &mut parsed.day_of_year,
            Field::AmPm => &mut parsed.half_day,
            Field::Hour => &mut parsed.hour,
            Field::ClockHour => &mut parsed.clock_hour,
            Field::HourOfAmPm => &mut parsed.hour_of_half,
            Field::ClockHourOfAmPm => &mut parsed.clock_hour_of_half,
            Field::Minute => &mut parsed.minute,
            Field::Second => &mut parsed.second,
            Field::ModifiedJulianDay => &mut parsed.julian_day,
            // Not read: the compiler refuses them.
            Field::Quarter | Field::DayOfWeek | Field::AlignedDay => return Ok(()),
        };
        if slot.replace(value).is_some_and(|known| known != value) { Err(At(position)) } else { Ok(()) }
    }

    fn fraction(&mut self, position: usize, least: usize, most: usize) -> Result<usize, At> {
        let rest = self.rest(position);
        let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if digits < least {
            return Err(At(position));
        }
        let read = rest.get(..digits).unwrap_or("");
        let nanos = read
            .bytes()
            .chain(std::iter::repeat(b'0'))
            .take(9)
            .fold(0, |nanos, digit| nanos * 10 + i64::from(digit - b'0'));
        if self.parsed.nanos.replace(nanos).is_some_and(|known| known != nanos) {
            return Err(At(position));
        }
        Ok(position + digits)
    }

    fn name(&mut self, position: usize, field: Field, full: bool) -> Result<usize, At> {
        let rest = self.rest(position);
        let starts = |name: &str| rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        let found = match field {
            Field::Month => MONTHS
                .iter()
                .enumerate()
                .map(|(index, name)| (index + 1, if full { name } else { name.get(..3).unwrap_or(name) }))
                .find(|(_, name)| starts(name)),
            Field::Era if full => [(0, "Before Christ"), (1, "Anno Domini")].into_iter().find(|(_, name)| starts(name)),
            Field::Era => [(0, "BC"), (1, "AD")].into_iter().find(|(_, name)| starts(name)),
            _ => [(0, "AM"), (1, "PM")].into_iter().find(|(_, name)| starts(name)),
        };
        let (value, length) = found.map(|(value, name)| (value, name.len())).ok_or(At(position))?;
        self.set(field, value as i64, position)?;
        Ok(position + length)
    }

    /// A zone's id or offset, or one of its names.
    fn zone(&mut self, position: usize, names: bool) -> Result<usize, At> {
        let rest = self.rest(position);
        let longest = rest
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || "/_+-:".contains(letter)))
            .unwrap_or(rest.len());
        let by_id = (1..=longest).rev().find_map(|end| {
            let id = rest.get(..end)?;
            Some((Zone::find(id).filter(|_| id.len() > 3 || matches!(id, "Z" | "UTC" | "GMT" | "UT"))?, end))
        });
        let by_name = if names { zone_by_name(rest) } else { None };
        let found = [by_id, by_name].into_iter().flatten().max_by_key(|(_, length)| *length);
        let (zone, length) = found.ok_or(At(position))?;
        self.parsed.zone = Some(zone);
        Ok(position + length)
    }

    fn localized_offset(&mut self, position: usize, full: bool) -> Result<usize, At> {
        let rest = self.rest(position);
        if !rest.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("GMT")) {
            return Err(At(position));
        }
        let after = rest.get(3..).unwrap_or("");
        if !after.starts_with(['+', '-']) {
            self.parsed.zone = Some(Zone::UTC);
            return Ok(position + 3);
        }
        let longest = after
            .char_indices()
            .skip(1)
            .find(|(_, letter)| !(letter.is_ascii_digit() || *letter == ':'))
            .map_or(after.len(), |(index, _)| index);
        let text = after.get(..longest).unwrap_or("");
        match Zone::find(text).filter(|_| !full || text.len() >= 6) {
            Some(zone) => {
                self.parsed.zone = Some(zone);
                Ok(position + 3 + longest)
            }
            None => Err(At(position)),
        }
    }
}

/// Reads a number; the digits directly behind it that belong to others are left.
fn read_number(text: &[u8], start: usize, number: &Number) -> Result<(i64, usize), At> {
    let (negative, positive) = match text.get(start) {
        None => return Err(At(start)),
        Some(b'+') if number.sign == Sign::ExceedsPad => (false, true),
        Some(b'-') if number.sign != Sign::NotNegative => (true, false),
        Some(b'+' | b'-') => return Err(At(start)),
        Some(_) => (false, false),
    };
    let position = start + usize::from(negative || positive);
    let digits_from =
        |most: usize| text.iter().skip(position).take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let mut digits = digits_from(number.most + number.subsequent);
    if number.subsequent > 0 {
        digits = digits_from(number.least.max(digits.saturating_sub(number.subsequent)));
    }
    if digits < number.least {
        return Err(At(position));
    }
    let value = text
        .iter()
        .skip(position)
        .take(digits)
        .fold(0_i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    if negative {
        return if value == 0 { Err(At(start)) } else { Ok((-value, position + digits)) };
    }
    if number.sign == Sign::ExceedsPad && positive != (digits > number.least) {
        return Err(At(start));
    }
    Ok((value, position + digits))
}

fn read_offset(text: &[u8], start: usize, style: OffsetStyle) -> Result<(i32, usize), At> {
    let rest = text.get(start..).unwrap_or(&[]);
    let two_digits = |from: usize| -> Option<i32> {
        match rest.get(from..from + 2)? {
            [tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit() => {
                Some(i32::from(tens - b'0') * 10 + i32::from(ones - b'0'))
            }
            _ => None,
        }
    };
    let sign = match rest.first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ if rest.get(..style.zero.len()).is_some_and(|text| text.eq_ignore_ascii_case(style.zero.as_bytes())) => {
            return Ok((0, start + style.zero.len()));
        }
        _ => return Err(At(start)),
    };
    let hours = two_digits(1).ok_or(At(start))?;
    let mut end = 3;
    let mut total = hours * 3600;
    let part = |end: usize| {
        let from = if style.colon { (rest.get(end) == Some(&b':')).then_some(end + 1)? } else { end };
        two_digits(from).map(|value| (value, from + 2))
    };
    match part(end) {
        Some((minutes, after)) => {
            total += minutes * 60;
            end = after;
            if let Some((seconds, after)) = part(end).filter(|_| style.seconds) {
                total += seconds;
                end = after;
            }
        }
        None if style.minutes_optional => {}
        None => return Err(At(start)),
    }
    if total > 18 * 3600 {
        return Err(At(start));
    }
    Ok((sign * total, start + end))
}

#[cfg(test)]
mod tests {
    use super::super::{Moment, PatternCache, Use};
    use crate::cast::Zone;
    use crate::cast::datetime::timestamp_text;

    fn read(text: &str, pattern: &str) -> String {
        match PatternCache::new(Use::Read).get(pattern).unwrap().parse(text) {
            Ok(parsed) => parsed.local_micros().map_or_else(|failure| failure.0, timestamp_text),
            Err(failure) => failure.0,
        }
    }

    fn write(pattern: &str) -> String {
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        let mut out = String::new();
        // 2016-04-08 13:02:03.123456 PDT
        let moment = Moment::new(1_460_145_723_123_456, &zone, "America/Los_Angeles");
        PatternCache::new(Use::Write).get(pattern).unwrap().write(&moment, &mut out).unwrap();
        out
    }

    #[test]
    fn texts_are_read() {
        for (text, pattern, expected) in [
            ("2016-12-31", "yyyy-MM-dd", "2016-12-31 00:00:00"),
            ("20160203", "yyyyMMdd", "2016-02-03 00:00:00"),
            ("2016-100", "yyyy-DDD", "2016-04-09 00:00:00"),
            ("3 february 16 PM 03", "d MMMM yy a hh", "2016-02-03 15:00:00"),
            ("2016-01-01 10:11:12.12", "yyyy-MM-dd HH:mm:ss.SSSSSS", "2016-01-01 10:11:12.12"),
            ("2016-01-01", "yyyy-MM-dd[ HH:mm:ss]", "2016-01-01 00:00:00"),
            ("+12016", "yyyy", "+12016-01-01 00:00:00"),
            ("24", "k", "1970-01-01 00:00:00"),
            ("02-29", "MM-dd", "Invalid date 'February 29' as '1970' is not a leap year"),
            ("x", "yyyy", "Text 'x' could not be parsed at index 0"),
            ("2016-1-1", "yyyy-MM-dd", "Text '2016-1-1' could not be parsed at index 5"),
            ("12016", "yyyy", "Text '12016' could not be parsed at index 0"),
            ("2016-02-30", "yyyy-MM-dd", "Text '2016-02-30' could not be parsed: Invalid date 'FEBRUARY 30'"),
        ] {
            assert_eq!(read(text, pattern), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn moments_are_written() {
        assert_eq!(
            write(
                "G yy yyyy MM MMM MMMM L LLL d dd D E EEEE a h hh H HH k K mm ss S SSS SSSSSS z zzzz VV O OOOO X XXX x xxx Z ZZZZ ZZZZZ Q QQQ q"
            ),
            "AD 16 2016 04 Apr April 4 Apr 8 08 99 Fri Friday PM 1 01 13 13 13 1 02 03 1 123 123456 PDT Pacific Daylight Time America/Los_Angeles GMT-7 GMT-07:00 -07 -07:00 -07 -07:00 -0700 GMT-07:00 -07:00 2 Q2 2"
        );
        assert_eq!(write("'x' yyyy''[a]"), "x 2016'PM");
    }

    #[test]
    fn patterns_are_refused_as_spark_does() {
        for (pattern, condition) in [
            ("YYYY", "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION"),
            ("e", "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN"),
            ("QQQQQ", "INVALID_DATETIME_PATTERN.LENGTH"),
            ("foo", "INVALID_DATETIME_PATTERN.WITH_SUGGESTION"),
            ("n", "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER"),
            ("yyyy 'ab", "INVALID_DATETIME_PATTERN.WITH_SUGGESTION"),
            ("yyyy#", "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION"),
        ] {
            let error = PatternCache::new(Use::Write).get(pattern).unwrap_err();
            assert_eq!(error.condition(), condition, "{pattern}");
        }
    }
}
