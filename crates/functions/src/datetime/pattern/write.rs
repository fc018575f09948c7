//! Writing a moment by a pattern.

use std::fmt::Write;

use firesteel_base::{SparkError, SparkResult};

use super::name::{DAYS, MONTHS, QUARTERS, zone_name};
use super::{Field, Item, Number, OffsetStyle, Pattern, Sign};
use crate::cast::Zone;
use crate::cast::datetime::{MICROS_PER_DAY, civil_from_days, days_from_civil};

/// A moment in a zone: what patterns write.
pub(in crate::datetime) struct Moment<'a> {
    pub(super) micros: i64,
    pub(super) zone: &'a Zone,
    pub(super) zone_id: &'a str,
    pub(super) offset: i32,
    pub(super) days: i64,
    pub(super) micros_of_day: i64,
    pub(super) year: i64,
    pub(super) month: u32,
    pub(super) day: u32,
}

impl<'a> Moment<'a> {
    pub(in crate::datetime) fn new(micros: i64, zone: &'a Zone, zone_id: &'a str) -> Self {
        let local = zone.to_local(micros);
        let days = local.div_euclid(MICROS_PER_DAY);
        let (year, month, day) = civil_from_days(days);
        Self {
            micros,
            zone,
            zone_id,
            offset: zone.offset_at(micros),
            days,
            micros_of_day: local.rem_euclid(MICROS_PER_DAY),
            year,
            month,
            day,
        }
    }

    fn value(&self, field: Field) -> i64 {
        let hour = self.micros_of_day / 3_600_000_000;
        match field {
            Field::Era => i64::from(self.year >= 1),
            Field::Year => self.year,
            Field::YearOfEra => {
                if self.year >= 1 {
                    self.year
                } else {
                    1 - self.year
                }
            }
            Field::Quarter => i64::from(self.month.div_ceil(3)),
            Field::Month => i64::from(self.month),
            Field::Day => i64::from(self.day),
            Field::DayOfYear => self.days - days_from_civil(self.year, 1, 1).unwrap_or(self.days) + 1,
            Field::DayOfWeek => (self.days + 3).rem_euclid(7) + 1,
            Field::AlignedDay => i64::from((self.day - 1) % 7 + 1),
            Field::AmPm => hour / 12,
            Field::Hour => hour,
            Field::ClockHour => {
                if hour == 0 {
                    24
                } else {
                    hour
                }
            }
            Field::HourOfAmPm => hour % 12,
            Field::ClockHourOfAmPm => (hour + 11) % 12 + 1,
            Field::Minute => self.micros_of_day / 60_000_000 % 60,
            Field::Second => self.micros_of_day / 1_000_000 % 60,
            Field::ModifiedJulianDay => self.days + 40_587,
        }
    }
}

impl Pattern {
    pub(in crate::datetime) fn write(&self, moment: &Moment<'_>, out: &mut String) -> SparkResult<()> {
        match &self.legacy {
            Some(legacy) => legacy.write(moment, out),
            None => write_items(&self.items, moment, out),
        }
    }
}

// Writing to a String cannot fail, so the results of `write!` are dropped throughout.
fn write_items(items: &[Item], moment: &Moment<'_>, out: &mut String) -> SparkResult<()> {
    for item in items {
        match item {
            Item::Literal(text) => out.push_str(text),
            Item::Number(number) => write_number(number, moment.value(number.field), out),
            Item::ReducedYear { field, .. } => {
                let _ = write!(out, "{:02}", moment.value(*field).unsigned_abs() % 100);
            }
            Item::Fraction { most, .. } => {
                let digits = format!("{:06}000", moment.micros_of_day % 1_000_000);
                out.push_str(digits.get(..*most).unwrap_or(&digits));
            }
            Item::Text { field, full } => write_text(*field, *full, moment.value(*field), out),
            Item::ZoneName { full } => {
                let name = zone_name(moment.zone_id, moment.zone, moment.micros, *full).ok_or_else(|| {
                    SparkError::unsupported(format!("the name of the time zone {} in text", moment.zone_id))
                })?;
                out.push_str(&name);
            }
            Item::ZoneId => out.push_str(moment.zone_id),
            Item::LocalizedOffset { full } => write_localized(*full, moment.offset, out),
            Item::Offset(style) => write_offset(*style, moment.offset, out),
            Item::Optional(inner) => write_items(inner, moment, out)?,
        }
    }
    Ok(())
}

fn write_number(number: &Number, value: i64, out: &mut String) {
    let digits = value.unsigned_abs().to_string();
    if value < 0 {
        out.push('-');
    } else if number.sign == Sign::ExceedsPad && digits.len() > number.least {
        out.push('+');
    }
    let _ = write!(out, "{digits:0>width$}", width = number.least);
}

fn write_text(field: Field, full: bool, value: i64, out: &mut String) {
    let index = usize::try_from(value).unwrap_or(0);
    let listed = |names: &'static [&'static str], index: usize| names.get(index).copied().unwrap_or("");
    let short = |name: &'static str| if full { name } else { name.get(..3).unwrap_or(name) };
    let text = match field {
        Field::Era => match (full, index) {
            (false, 0) => "BC",
            (false, _) => "AD",
            (true, 0) => "Before Christ",
            (true, _) => "Anno Domini",
        },
        Field::Month => short(listed(&MONTHS, index.wrapping_sub(1))),
        Field::DayOfWeek => short(listed(&DAYS, index.wrapping_sub(1))),
        Field::Quarter if full => listed(&QUARTERS, index.wrapping_sub(1)),
        Field::Quarter => listed(&["Q1", "Q2", "Q3", "Q4"], index.wrapping_sub(1)),
        _ => listed(&["AM", "PM"], index),
    };
    out.push_str(text);
}

fn write_localized(full: bool, offset: i32, out: &mut String) {
    out.push_str("GMT");
    if offset == 0 {
        return;
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let seconds = offset.unsigned_abs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let _ = match full {
        true => write!(out, "{sign}{hours:02}:{minutes:02}"),
        false if minutes != 0 || seconds != 0 => write!(out, "{sign}{hours}:{minutes:02}"),
        false => write!(out, "{sign}{hours}"),
    };
    if seconds != 0 {
        let _ = write!(out, ":{seconds:02}");
    }
}

fn write_offset(style: OffsetStyle, offset: i32, out: &mut String) {
    let rounded = if style.seconds { offset } else { offset - offset % 60 };
    if rounded == 0 {
        out.push_str(style.zero);
        return;
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let seconds = offset.unsigned_abs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let colon = if style.colon { ":" } else { "" };
    let _ = write!(out, "{sign}{hours:02}");
    if minutes != 0 || !style.minutes_optional {
        let _ = write!(out, "{colon}{minutes:02}");
    }
    if style.seconds && seconds != 0 {
        let _ = write!(out, "{colon}{seconds:02}");
    }
}
