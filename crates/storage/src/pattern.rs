//! Patterns of dates and timestamps (`yyyy-MM-dd HH:mm:ss`), as the options of readers and writers give them.
//!
//! A pattern letter that is not built is refused by name when the pattern is read, never when a value is.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use firesteel_base::{SparkError, SparkResult};

use crate::temporal::Zone;

/// A pattern, ready for use in both directions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern {
    items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Literal(String),
    Field(Field, usize),
    Optional(Vec<Item>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Year,
    Month,
    Day,
    DayOfYear,
    DayOfWeek,
    Hour24,
    Hour12,
    HalfDay,
    Minute,
    Second,
    Fraction,
    /// `X`: `Z` stands for no offset.
    Offset,
    /// `x` and `Z`: never `Z`.
    PlainOffset,
    ZoneName,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The moment that a pattern writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub wall: NaiveDateTime,
    pub offset_seconds: i32,
    pub zone: Option<Zone>,
}

/// What a text said under a pattern.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parsed {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: Option<u32>,
    hour12: Option<u32>,
    afternoon: Option<bool>,
    minute: Option<u32>,
    second: Option<u32>,
    nanos: Option<u32>,
    pub zone: Option<Zone>,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> SparkResult<Self> {
        let mut characters = text.chars().peekable();
        let mut stack: Vec<Vec<Item>> = vec![Vec::new()];
        let push = |stack: &mut Vec<Vec<Item>>, item: Item| {
            if let Some(items) = stack.last_mut() {
                items.push(item);
            }
        };
        while let Some(character) = characters.next() {
            match character {
                '[' => stack.push(Vec::new()),
                ']' => match stack.pop() {
                    Some(items) if !stack.is_empty() => push(&mut stack, Item::Optional(items)),
                    _ => return Err(unrecognized(text)),
                },
                '\'' => push(&mut stack, Item::Literal(quoted(&mut characters))),
                letter if letter.is_ascii_alphabetic() => {
                    let mut count = 1;
                    while characters.next_if_eq(&letter).is_some() {
                        count += 1;
                    }
                    push(&mut stack, Item::Field(field_of(letter, count, text)?, count));
                }
                other => push(&mut stack, Item::Literal(other.to_string())),
            }
        }
        match (stack.pop(), stack.is_empty()) {
            (Some(items), true) => Ok(Self { items }),
            _ => Err(unrecognized(text)),
        }
    }

    pub(crate) fn format(&self, moment: &Moment, output: &mut String) {
        format_items(&self.items, moment, output);
    }

    /// Reads a text that the pattern matches as a whole.
    pub(crate) fn read(&self, text: &str) -> Option<Parsed> {
        let mut parsed = Parsed::default();
        let rest = read_items(&self.items, text, &mut parsed)?;
        rest.is_empty().then_some(parsed)
    }
}

fn unrecognized(pattern: &str) -> SparkError {
    SparkError::new("INVALID_DATETIME_PATTERN.WITH_SUGGESTION")
        .param("pattern", format!("'{pattern}'"))
        .param("docroot", "https://spark.apache.org/docs/latest")
}

fn quoted(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut literal = String::new();
    while let Some(character) = characters.next() {
        if character != '\'' {
            literal.push(character);
        } else if characters.next_if_eq(&'\'').is_some() {
            literal.push('\'');
        } else {
            break;
        }
    }
    if literal.is_empty() { "'".to_owned() } else { literal }
}

fn field_of(letter: char, count: usize, pattern: &str) -> SparkResult<Field> {
    let field = match letter {
        'y' | 'u' => Field::Year,
        'M' | 'L' if count <= 4 => Field::Month,
        'd' if count <= 2 => Field::Day,
        'D' if count <= 3 => Field::DayOfYear,
        'E' if count <= 4 => Field::DayOfWeek,
        'H' if count <= 2 => Field::Hour24,
        'h' if count <= 2 => Field::Hour12,
        'a' if count == 1 => Field::HalfDay,
        'm' if count <= 2 => Field::Minute,
        's' if count <= 2 => Field::Second,
        'S' if count <= 9 => Field::Fraction,
        'X' if count <= 5 => Field::Offset,
        'x' if count <= 5 => Field::PlainOffset,
        'Z' if count <= 3 => Field::PlainOffset,
        'V' if count == 2 => Field::ZoneName,
        _ => {
            let letters: String = std::iter::repeat_n(letter, count).collect();
            return Err(SparkError::unsupported(format!("letters {letters} in the date pattern {pattern}")));
        }
    };
    Ok(field)
}

fn format_items(items: &[Item], moment: &Moment, output: &mut String) {
    for item in items {
        match item {
            Item::Literal(literal) => output.push_str(literal),
            Item::Optional(items) => format_items(items, moment, output),
            Item::Field(field, count) => format_field(*field, *count, moment, output),
        }
    }
}

fn format_field(field: Field, count: usize, moment: &Moment, output: &mut String) {
    let wall = moment.wall;
    let mut number = |value: u32| {
        // Writing to a String cannot fail.
        let _ = write!(output, "{value:0count$}");
    };
    match field {
        Field::Year => {
            let year = wall.year();
            let _ = match (count, year) {
                (2, _) => write!(output, "{:02}", year.rem_euclid(100)),
                (4.., 10_000..) => write!(output, "+{year}"),
                _ if year < 0 => write!(output, "-{:0count$}", -year),
                _ => write!(output, "{year:0count$}"),
            };
        }
        Field::Month if count >= 3 => output.push_str(name_of(&MONTHS, wall.month0(), count)),
        Field::Month => number(wall.month()),
        Field::Day => number(wall.day()),
        Field::DayOfYear => number(wall.ordinal()),
        Field::DayOfWeek => output.push_str(name_of(&DAYS, wall.weekday().num_days_from_monday(), count)),
        Field::Hour24 => number(wall.hour()),
        Field::Hour12 => number(wall.hour12().1),
        Field::HalfDay => output.push_str(if wall.hour12().0 { "PM" } else { "AM" }),
        Field::Minute => number(wall.minute()),
        Field::Second => number(wall.second()),
        Field::Fraction => {
            let digits = format!("{:09}", wall.nanosecond());
            output.push_str(digits.get(..count).unwrap_or(&digits));
        }
        Field::Offset if moment.offset_seconds == 0 => output.push('Z'),
        Field::Offset | Field::PlainOffset => format_offset(moment.offset_seconds, count, output),
        Field::ZoneName => {
            if let Some(Zone::Named(zone)) = moment.zone {
                output.push_str(zone.name());
            } else {
                format_offset(moment.offset_seconds, 3, output);
            }
        }
    }
}

fn name_of<'a>(names: &[&'a str], index: u32, count: usize) -> &'a str {
    let name = names.get(index as usize).copied().unwrap_or_default();
    if count >= 4 { name } else { name.get(..3).unwrap_or(name) }
}

fn format_offset(seconds: i32, count: usize, output: &mut String) {
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    // Writing to a String cannot fail.
    let _ = match count {
        1 if minutes == 0 => write!(output, "{sign}{hours:02}"),
        1 | 2 | 4 if rest == 0 || count < 4 => write!(output, "{sign}{hours:02}{minutes:02}"),
        4 => write!(output, "{sign}{hours:02}{minutes:02}{rest:02}"),
        5 if rest != 0 => write!(output, "{sign}{hours:02}:{minutes:02}:{rest:02}"),
        _ => write!(output, "{sign}{hours:02}:{minutes:02}"),
    };
}

fn read_items<'a>(items: &[Item], text: &'a str, parsed: &mut Parsed) -> Option<&'a str> {
    let mut rest = text;
    let mut following = items;
    while let Some((item, later)) = following.split_first() {
        following = later;
        rest = match item {
            Item::Literal(literal) => rest.strip_prefix(literal.as_str())?,
            Item::Optional(items) => {
                let mut attempt = parsed.clone();
                match read_items(items, rest, &mut attempt) {
                    Some(after) => {
                        *parsed = attempt;
                        after
                    }
                    None => rest,
                }
            }
            Item::Field(field, count) => {
                // Where another number follows at once, this one takes exactly its letters.
                let adjacent = matches!(later.first(), Some(Item::Field(field, _)) if is_number(*field));
                read_field(*field, *count, adjacent, rest, parsed)?
            }
        };
    }
    Some(rest)
}

fn is_number(field: Field) -> bool {
    !matches!(field, Field::DayOfWeek | Field::HalfDay | Field::Offset | Field::PlainOffset | Field::ZoneName)
}

fn read_field<'a>(field: Field, count: usize, adjacent: bool, text: &'a str, parsed: &mut Parsed) -> Option<&'a str> {
    // One letter takes as many digits as there are; two take two; a year of four letters may have more.
    let number = |most: usize| {
        let (least, most) = if count == 1 && !adjacent { (1, most) } else { (count, count) };
        digits(text, least, most)
    };
    match field {
        Field::Year => {
            let (value, rest) = match (count, adjacent) {
                (2, _) => digits(text, 2, 2).map(|(value, rest)| (value + 2000, rest))?,
                (_, true) => digits(text, count, count)?,
                (_, false) => digits(text, count.min(4), 9)?,
            };
            parsed.year = Some(i32::try_from(value).ok()?);
            Some(rest)
        }
        Field::Month if count >= 3 => {
            let (index, rest) = read_name(&MONTHS, text, count)?;
            parsed.month = Some(index + 1);
            Some(rest)
        }
        Field::DayOfWeek => read_name(&DAYS, text, count).map(|(_, rest)| rest),
        Field::HalfDay => {
            let head = text.get(..2)?;
            parsed.afternoon = match head.to_ascii_uppercase().as_str() {
                "AM" => Some(false),
                "PM" => Some(true),
                _ => return None,
            };
            text.get(2..)
        }
        Field::Fraction => {
            let (value, rest) = digits(text, count, count)?;
            parsed.nanos = Some(value * 10_u32.pow(u32::try_from(9 - count).ok()?));
            Some(rest)
        }
        Field::Offset if text.starts_with('Z') => {
            parsed.zone = Zone::find("Z");
            text.get(1..)
        }
        Field::Offset | Field::PlainOffset | Field::ZoneName => {
            let length = text.find(|c: char| !(c.is_ascii_alphanumeric() || "+-:/_".contains(c))).unwrap_or(text.len());
            parsed.zone = Some(Zone::find(text.get(..length)?)?);
            text.get(length..)
        }
        Field::Month | Field::Day | Field::Hour24 | Field::Hour12 | Field::Minute | Field::Second => {
            let (value, rest) = number(2)?;
            let slot = match field {
                Field::Month => &mut parsed.month,
                Field::Day => &mut parsed.day,
                Field::Hour24 => &mut parsed.hour,
                Field::Hour12 => &mut parsed.hour12,
                Field::Minute => &mut parsed.minute,
                _ => &mut parsed.second,
            };
            *slot = Some(value);
            Some(rest)
        }
        Field::DayOfYear => {
            let (value, rest) = number(3)?;
            parsed.day_of_year = Some(value);
            Some(rest)
        }
    }
}

fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if length < least {
        return None;
    }
    let (head, rest) = text.split_at_checked(length)?;
    Some((head.parse().ok()?, rest))
}

fn read_name<'a>(names: &[&str], text: &'a str, count: usize) -> Option<(u32, &'a str)> {
    for (index, name) in (0_u32..).zip(names) {
        let name = if count >= 4 { name } else { name.get(..3)? };
        if text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)) {
            return Some((index, text.get(name.len()..)?));
        }
    }
    None
}

impl Parsed {
    /// The date; what the pattern did not name is the first of January 1970.
    pub(crate) fn date(&self) -> Option<NaiveDate> {
        let year = self.year.unwrap_or(1970);
        match self.day_of_year {
            Some(day) => NaiveDate::from_yo_opt(year, day),
            None => NaiveDate::from_ymd_opt(year, self.month.unwrap_or(1), self.day.unwrap_or(1)),
        }
    }

    pub(crate) fn wall_clock(&self) -> Option<NaiveDateTime> {
        let hour = match (self.hour, self.hour12) {
            (Some(hour), _) => hour,
            (None, Some(hour)) if (1..=12).contains(&hour) => {
                hour % 12 + if self.afternoon == Some(true) { 12 } else { 0 }
            }
            (None, Some(_)) => return None,
            (None, None) => 0,
        };
        let nanos = self.nanos.unwrap_or(0);
        let time = NaiveTime::from_hms_nano_opt(
            hour,
            self.minute.unwrap_or(0),
            self.second.unwrap_or(0),
            nanos / 1000 * 1000,
        )?;
        Some(self.date()?.and_time(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(pattern: &str, text: &str) -> String {
        let pattern = Pattern::parse(pattern).unwrap();
        let wall = pattern.read(text).unwrap().wall_clock().unwrap();
        let mut output = String::new();
        pattern.format(&Moment { wall, offset_seconds: 3600, zone: None }, &mut output);
        output
    }

    #[test]
    fn reads_and_writes() {
        assert_eq!(round_trip("dd/MM/yyyy HH:mm", "01/02/2020 03:04"), "01/02/2020 03:04");
        assert_eq!(round_trip("yyyyMMdd", "20200102"), "20200102");
        assert_eq!(round_trip("d MMM yy h:mm a", "3 Feb 21 5:06 PM"), "3 Feb 21 5:06 PM");
        assert_eq!(
            round_trip("yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]", "2020-01-02T03:04:05"),
            "2020-01-02T03:04:05.000+01:00"
        );
        assert!(Pattern::parse("yyyy-MM-dd").unwrap().read("2020-1-2").is_none());
        assert_eq!(Pattern::parse("GGG").unwrap_err().condition(), "NOT_IMPLEMENTED");
    }
}
