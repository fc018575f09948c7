//! Patterns as Spark before 3.0 took them: those of Java's `SimpleDateFormat` in the US locale, not lenient. They are used
//! where `spark.sql.legacy.timeParserPolicy` is `LEGACY`. What stands behind that which a pattern reads does not matter.

use std::fmt::Write;
use std::iter::Peekable;
use std::str::Chars;

use chrono::Datelike;
use firesteel_base::{SparkError, SparkResult};

use super::Problem;
use super::name::{DAYS, MONTHS, zone_by_name, zone_name};
use super::parse::{ParseFailure, Parsed, date};
use super::write::Moment;
use crate::cast::Zone;
use crate::cast::datetime::days_from_civil;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Legacy {
    items: Vec<Item>,
}

#[derive(Debug)]
enum Item {
    Literal(String),
    /// A letter, and how often it stands there.
    Field(char, usize),
}

/// The first day of the Gregorian calendar, 1582-10-15; dates before are those of the Julian one.
const GREGORIAN_START: i64 = -141_427;

impl Legacy {
    pub fn compile(pattern: &str) -> Result<Self, Problem> {
        let mut items = Vec::new();
        let mut letters = pattern.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\'' => literal(&mut items, &quoted(&mut letters)?),
                letter if letter.is_ascii_alphabetic() => {
                    let mut count = 1;
                    while letters.next_if_eq(&letter).is_some() {
                        count += 1;
                    }
                    let is_known = "GyYMLwWDdFEuaHkKhmsSzZX".contains(letter) && (letter != 'X' || count <= 3);
                    if !is_known {
                        return Err(Problem::Malformed);
                    }
                    items.push(Item::Field(letter, count));
                }
                other => literal(&mut items, other.encode_utf8(&mut [0; 4])),
            }
        }
        Ok(Self { items })
    }

    /// Whether the pattern tells of weeks, from which dates are not computed.
    pub fn has_weeks(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Field('Y' | 'w' | 'W' | 'F', _)))
    }

    pub fn write(&self, moment: &Moment<'_>, out: &mut String) -> SparkResult<()> {
        for item in &self.items {
            match item {
                Item::Literal(text) => out.push_str(text),
                Item::Field(letter, count) => write_field(*letter, *count, moment, out)?,
            }
        }
        Ok(())
    }

    pub fn parse(&self, text: &str) -> Result<Parsed, ParseFailure> {
        self.read(text).ok_or_else(|| ParseFailure(format!("Unparseable date: \"{text}\"")))
    }

    fn read(&self, text: &str) -> Option<Parsed> {
        let mut reader = Reader { rest: text, parsed: Parsed::default(), weekday: None };
        let mut items = self.items.iter().peekable();
        while let Some(item) = items.next() {
            match item {
                Item::Literal(literal) => reader.rest = reader.rest.strip_prefix(literal.as_str())?,
                Item::Field(letter, count) => {
                    // Numbers that follow each other directly have as many digits as letters.
                    let abuts = matches!(items.peek(), Some(Item::Field(next, count)) if is_number(*next, *count));
                    reader.field(*letter, *count, abuts)?;
                }
            }
        }
        reader.finish()
    }
}

fn literal(items: &mut Vec<Item>, text: &str) {
    match items.last_mut() {
        Some(Item::Literal(known)) => known.push_str(text),
        _ => items.push(Item::Literal(text.to_owned())),
    }
}

/// What stands behind a quote up to the next one; nothing between two of them is a quote.
fn quoted(letters: &mut Peekable<Chars<'_>>) -> Result<String, Problem> {
    if letters.next_if_eq(&'\'').is_some() {
        return Ok("'".to_owned());
    }
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        if letter != '\'' {
            text.push(letter);
        } else if letters.next_if_eq(&'\'').is_some() {
            text.push('\'');
        } else {
            return Ok(text);
        }
    }
    Err(Problem::Malformed)
}

fn is_number(letter: char, count: usize) -> bool {
    match letter {
        'M' | 'L' => count < 3,
        'G' | 'E' | 'a' | 'z' | 'Z' | 'X' => false,
        _ => true,
    }
}

/// The day of the week from Monday, 1, in the calendar of its time.
fn weekday(days: i64, year: i64, month: u32, day: u32) -> i64 {
    let days = if days >= GREGORIAN_START { days } else { julian_days(year, month, day) };
    (days + 3).rem_euclid(7) + 1
}

/// The days since the epoch of a date of the Julian calendar.
fn julian_days(year: i64, month: u32, day: u32) -> i64 {
    // From the first of March of the year 0, in which the leap day comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = i64::from((153 * month + 2) / 5 + day - 1);
    year * 365 + year.div_euclid(4) + day_of_year - 719_470
}

fn write_field(letter: char, count: usize, moment: &Moment<'_>, out: &mut String) -> SparkResult<()> {
    let year_of_era = if moment.year >= 1 { moment.year } else { 1 - moment.year };
    let hour = moment.micros_of_day / 3_600_000_000;
    let number = match letter {
        'G' => {
            out.push_str(if moment.year >= 1 { "AD" } else { "BC" });
            return Ok(());
        }
        'y' | 'Y' => {
            let year = if letter == 'y' { year_of_era } else { Week::of(moment).year };
            // Two letters stand for the last two digits.
            if count == 2 { year % 100 } else { year }
        }
        'M' | 'L' if count >= 3 => {
            name(&MONTHS, i64::from(moment.month), count, out);
            return Ok(());
        }
        'M' | 'L' => i64::from(moment.month),
        'w' => Week::of(moment).number,
        'W' => Week::of(moment).of_month,
        'D' => moment.days - days_from_civil(moment.year, 1, 1).unwrap_or(moment.days) + 1,
        'd' => i64::from(moment.day),
        'F' => i64::from((moment.day - 1) / 7 + 1),
        'E' => {
            name(&DAYS, weekday(moment.days, moment.year, moment.month, moment.day), count, out);
            return Ok(());
        }
        'u' => weekday(moment.days, moment.year, moment.month, moment.day),
        'a' => {
            out.push_str(if hour < 12 { "AM" } else { "PM" });
            return Ok(());
        }
        'H' => hour,
        'k' => (hour + 23) % 24 + 1,
        'K' => hour % 12,
        'h' => (hour + 11) % 12 + 1,
        'm' => moment.micros_of_day / 60_000_000 % 60,
        's' => moment.micros_of_day / 1_000_000 % 60,
        'S' => moment.micros_of_day / 1000 % 1000,
        'z' => {
            let name = zone_name(moment.zone_id, moment.zone, moment.micros, count >= 4).ok_or_else(|| {
                SparkError::unsupported(format!("the name of the time zone {} in text", moment.zone_id))
            })?;
            out.push_str(&name);
            return Ok(());
        }
        _ => {
            write_offset(letter, count, legacy_offset(moment), out);
            return Ok(());
        }
    };
    // Writing to a String cannot fail.
    let _ = write!(out, "{number:0count$}");
    Ok(())
}

/// The name in full if there are four letters or more, else its first three.
fn name(names: &[&'static str], number: i64, count: usize, out: &mut String) {
    let name = usize::try_from(number - 1).ok().and_then(|index| names.get(index)).copied().unwrap_or_default();
    out.push_str(if count >= 4 { name } else { name.get(..3).unwrap_or(name) });
}

/// Before there were time zones, that of today counts.
fn legacy_offset(moment: &Moment<'_>) -> i32 {
    const FIRST: i64 = -2_208_988_800_000_000;
    const RECENT: i64 = 1_672_531_200_000_000;
    if moment.micros >= FIRST { moment.offset } else { moment.zone.offset_at(RECENT) }
}

fn write_offset(letter: char, count: usize, offset: i32, out: &mut String) {
    if letter == 'X' && offset == 0 {
        out.push('Z');
        return;
    }
    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs() / 60);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let _ = match (letter, count) {
        ('X', 1) => write!(out, "{sign}{hours:02}"),
        ('X', 3) => write!(out, "{sign}{hours:02}:{minutes:02}"),
        _ => write!(out, "{sign}{hours:02}{minutes:02}"),
    };
}

/// The week of a moment as the United States count: from Sunday, the first one being that of the first of January.
struct Week {
    year: i64,
    number: i64,
    of_month: i64,
}

impl Week {
    fn of(moment: &Moment<'_>) -> Self {
        let since_sunday = weekday(moment.days, moment.year, moment.month, moment.day) % 7;
        let first = |year: i64| days_from_civil(year, 1, 1).unwrap_or(moment.days);
        let week_of = |days_before: i64| {
            // The place of the first day in its week, and the whole weeks since.
            let lead = (since_sunday - days_before).rem_euclid(7);
            (days_before + lead) / 7 + 1
        };
        let of_month = week_of(i64::from(moment.day) - 1);
        let to_next = first(moment.year + 1) - moment.days;
        if to_next <= 6 - since_sunday {
            return Self { year: moment.year + 1, number: 1, of_month };
        }
        Self { year: moment.year, number: week_of(moment.days - first(moment.year)), of_month }
    }
}

struct Reader<'a> {
    rest: &'a str,
    parsed: Parsed,
    weekday: Option<i64>,
}

impl Reader<'_> {
    fn field(&mut self, letter: char, count: usize, abuts: bool) -> Option<()> {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        match letter {
            'G' => self.parsed.era = Some(self.choice(&["BC", "AD"])?),
            'M' | 'L' if count >= 3 => self.parsed.month = Some(self.name(&MONTHS)?),
            'E' => self.weekday = Some(self.name(&DAYS)?),
            'a' => self.parsed.half_day = Some(self.choice(&["AM", "PM"])?),
            'z' | 'Z' | 'X' => self.zone(letter, count)?,
            _ => {
                let (value, digits) = self.number(if abuts { count } else { usize::MAX })?;
                self.set(letter, count, value, digits)?;
            }
        }
        Some(())
    }

    fn number(&mut self, most: usize) -> Option<(i64, usize)> {
        let digits = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        number.parse().ok().map(|number| (number, digits))
    }

    fn set(&mut self, letter: char, count: usize, value: i64, digits: usize) -> Option<()> {
        let parsed = &mut self.parsed;
        match letter {
            // Two digits are of the hundred years that began eighty years ago.
            'y' if count <= 2 && digits == 2 => {
                let start = i64::from(chrono::Utc::now().year()) - 80;
                parsed.year = Some(start + (value - start).rem_euclid(100));
            }
            'y' => parsed.year_of_era = Some(value),
            'M' | 'L' => parsed.month = Some(value),
            'D' => parsed.day_of_year = Some(value),
            'd' => parsed.day = Some(value),
            'u' => self.weekday = Some(value),
            'H' => parsed.hour = Some(value),
            'k' => parsed.clock_hour = Some(value),
            'K' => parsed.hour_of_half = Some(value),
            'h' => parsed.clock_hour_of_half = Some(value),
            'm' => parsed.minute = Some(value),
            's' => parsed.second = Some(value),
            // The number of milliseconds, however many digits it has.
            'S' => parsed.nanos = Some((0..1000).contains(&value).then_some(value)? * 1_000_000),
            // Weeks alone say no date.
            _ => return None,
        }
        Some(())
    }

    /// The place of the choice that the text begins with, from 0.
    fn choice(&mut self, choices: &[&str]) -> Option<i64> {
        let starts =
            |choice: &str| self.rest.get(..choice.len()).is_some_and(|start| start.eq_ignore_ascii_case(choice));
        let index = choices.iter().position(|choice| starts(choice))?;
        self.rest = self.rest.get(choices.get(index)?.len()..)?;
        i64::try_from(index).ok()
    }

    /// The place of the name, or of its first three letters, that the text begins with, from 1.
    fn name(&mut self, names: &[&str]) -> Option<i64> {
        let short: Vec<&str> = names.iter().filter_map(|name| name.get(..3)).collect();
        self.choice(names).or_else(|| self.choice(&short)).map(|index| index + 1)
    }

    fn zone(&mut self, letter: char, count: usize) -> Option<()> {
        if letter == 'X' {
            if let Some(rest) = self.rest.strip_prefix('Z') {
                self.rest = rest;
                self.parsed.zone = Zone::find("Z");
                return Some(());
            }
            return self.offset(count == 3, count == 1);
        }
        if let Some(rest) = self.rest.strip_prefix("GMT") {
            self.rest = rest;
            self.parsed.zone = Zone::find("Z");
            return if rest.starts_with(['+', '-']) { self.offset(true, false) } else { Some(()) };
        }
        if self.rest.starts_with(['+', '-']) {
            return self.offset(false, false);
        }
        let (zone, length) = zone_by_name(self.rest)?;
        self.parsed.zone = Some(zone);
        self.rest = self.rest.get(length..)?;
        Some(())
    }

    fn offset(&mut self, has_colon: bool, hours_only: bool) -> Option<()> {
        let digits = |from: usize| -> Option<&str> {
            self.rest.get(from..from + 2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
        };
        let sign = self.rest.get(..1).filter(|sign| matches!(*sign, "+" | "-"))?;
        let hours = digits(1)?;
        let (minutes, end) = match (hours_only, has_colon) {
            (true, _) => ("00", 3),
            (false, true) if self.rest.get(3..4) == Some(":") => (digits(4)?, 6),
            (false, true) => return None,
            (false, false) => (digits(3)?, 5),
        };
        self.parsed.zone = Some(Zone::find(&format!("{sign}{hours}:{minutes}"))?);
        self.rest = self.rest.get(end..)?;
        Some(())
    }

    /// What was read, if there is such a moment.
    fn finish(self) -> Option<Parsed> {
        let parsed = self.parsed;
        if parsed.year_of_era == Some(0) {
            return None;
        }
        parsed.check().ok()?;
        let days = parsed.days().ok()?;
        if let Some(weekday) = self.weekday
            && (days + 3).rem_euclid(7) + 1 != weekday
        {
            return None;
        }
        // A month has its days also in a year that is not given.
        if let (None, Some(month), Some(day)) = (parsed.year, parsed.month, parsed.day) {
            date(parsed.year_of_era.unwrap_or(1970), month, day).ok()?;
        }
        Some(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Moment, PatternCache, Use};
    use crate::cast::Zone;
    use crate::cast::datetime::timestamp_text;

    fn read(text: &str, pattern: &str) -> String {
        match PatternCache::new(Use::Read).with_legacy(true).get(pattern).unwrap().parse(text) {
            Ok(parsed) => parsed.local_micros().map_or_else(|failure| failure.0, timestamp_text),
            Err(_) => "no".to_owned(),
        }
    }

    #[test]
    fn texts_are_read_as_before() {
        for (text, pattern, expected) in [
            ("2020-01-02 03:04:05.678", "yyyy-MM-dd HH:mm:ss", "2020-01-02 03:04:05"),
            ("  2020- 2-3", "yyyy-MM-dd", "2020-02-03 00:00:00"),
            ("20200102", "yyyyMMdd", "2020-01-02 00:00:00"),
            ("01/02/95", "MM/dd/yy", "1995-01-02 00:00:00"),
            ("Mon Feb 03 2020", "EEE MMM dd yyyy", "2020-02-03 00:00:00"),
            ("Tue Feb 03 2020", "EEE MMM dd yyyy", "no"),
            ("2020-02-03 5:06 PM", "yyyy-MM-dd hh:mm a", "2020-02-03 17:06:00"),
            ("2020-02-03 05:06:07.5", "yyyy-MM-dd HH:mm:ss.S", "2020-02-03 05:06:07.005"),
            ("2020-02-30", "yyyy-MM-dd", "no"),
            ("2020/01/02", "yyyy-MM-dd", "no"),
            ("-5", "yyyy", "no"),
        ] {
            assert_eq!(read(text, pattern), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn moments_are_written_as_before() {
        let zone = Zone::parse("UTC").unwrap();
        // 2020-12-31 13:02:03.4
        let moment = Moment::new(1_609_419_723_400_000, &zone, "UTC");
        let mut out = String::new();
        let pattern = "YYYY YY ww w W u F a Z X XX XXX GGGG MMMMM LLLL ddd SSSS k K h";
        let mut cache = PatternCache::new(Use::Write).with_legacy(true);
        cache.get(pattern).unwrap().write(&moment, &mut out).unwrap();
        assert_eq!(out, "2021 21 01 1 5 4 5 PM +0000 Z Z Z AD December December 031 0400 13 1 1");
        for pattern in ["yyyy e", "yyyy'abc", "XXXX", "VV"] {
            let error = cache.get(pattern).unwrap_err();
            assert_eq!(error.condition(), "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "{pattern}");
        }
    }
}
