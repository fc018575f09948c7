//! Spark's datetime patterns, `yyyy-MM-dd HH:mm:ss`: what `date_format` writes and `to_timestamp` reads.
//!
//! They are those of Java's `DateTimeFormatter` in the US locale, strict, less some letters that Spark forbids because
//! they changed their meaning once. A pattern that would have been taken then gives another error than one that never was.

mod compile;
mod legacy;
mod name;
mod parse;
mod write;

use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult};
use legacy::Legacy;

pub(in crate::datetime) use parse::{ParseFailure, Parsed, date};
pub(in crate::datetime) use write::Moment;

/// A compiled pattern.
#[derive(Debug)]
pub(in crate::datetime) struct Pattern {
    items: Vec<Item>,
    /// Takes the place of the items where patterns mean what they meant before Spark 3.0.
    legacy: Option<Legacy>,
}

/// What a pattern is for: some letters can be written but not read, and fractions may be shorter when read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::datetime) enum Use {
    Write,
    Read,
}

#[derive(Debug)]
enum Item {
    Literal(String),
    Number(Number),
    /// The last two digits of a year of 2000..=2099.
    ReducedYear {
        field: Field,
        subsequent: usize,
    },
    /// Digits behind the second's point.
    Fraction {
        least: usize,
        most: usize,
    },
    Text {
        field: Field,
        full: bool,
    },
    /// `PST`, `Pacific Standard Time`.
    ZoneName {
        full: bool,
    },
    /// `America/Los_Angeles`
    ZoneId,
    /// `GMT-8`, `GMT-08:00`
    LocalizedOffset {
        full: bool,
    },
    Offset(OffsetStyle),
    Optional(Vec<Item>),
}

/// A number of a field.
#[derive(Debug)]
struct Number {
    field: Field,
    least: usize,
    most: usize,
    sign: Sign,
    /// Digits that are left to the numbers directly behind.
    subsequent: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Normal,
    NotNegative,
    /// A plus sign where the number is wider than its least width.
    ExceedsPad,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Era,
    Year,
    YearOfEra,
    Quarter,
    Month,
    Day,
    DayOfYear,
    DayOfWeek,
    AlignedDay,
    AmPm,
    Hour,
    ClockHour,
    HourOfAmPm,
    ClockHourOfAmPm,
    Minute,
    Second,
    ModifiedJulianDay,
}

/// How an offset from Greenwich is spelled.
#[derive(Clone, Copy, Debug)]
struct OffsetStyle {
    colon: bool,
    /// Whether minutes may be left out when they are 0.
    minutes_optional: bool,
    /// Whether seconds are written where they are not 0.
    seconds: bool,
    zero: &'static str,
}

/// The last pattern that was compiled: most calls use one throughout.
pub(in crate::datetime) struct PatternCache {
    purpose: Use,
    is_legacy: bool,
    last: Option<(String, Arc<Pattern>)>,
}

impl PatternCache {
    pub(in crate::datetime) fn new(purpose: Use) -> Self {
        Self { purpose, is_legacy: false, last: None }
    }

    /// Patterns mean what they meant before Spark 3.0.
    #[must_use]
    pub(in crate::datetime) fn with_legacy(self, is_legacy: bool) -> Self {
        Self { is_legacy, ..self }
    }

    pub(in crate::datetime) fn get(&mut self, pattern: &str) -> SparkResult<Arc<Pattern>> {
        match &self.last {
            Some((known, compiled)) if known == pattern => Ok(Arc::clone(compiled)),
            Some(_) | None => {
                let compiled = if self.is_legacy {
                    let legacy = Legacy::compile(pattern).map_err(|_| malformed(pattern))?;
                    if self.purpose == Use::Read && legacy.has_weeks() {
                        return Err(SparkError::unsupported(format!("reading weeks by the legacy pattern {pattern}")));
                    }
                    Arc::new(Pattern { items: Vec::new(), legacy: Some(legacy) })
                } else {
                    Arc::new(compile::compile(pattern, self.purpose).map_err(|problem| problem.into_error(pattern))?)
                };
                self.last = Some((pattern.to_owned(), Arc::clone(&compiled)));
                Ok(compiled)
            }
        }
    }
}

/// Why a pattern is refused.
enum Problem {
    WeekBased(char),
    Illegal(char),
    TooLong,
    Malformed,
}

const DOCROOT: &str = "https://spark.apache.org/docs/latest";

fn quoted(pattern: &str) -> String {
    format!("'{}'", pattern.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn malformed(pattern: &str) -> SparkError {
    SparkError::new("INVALID_DATETIME_PATTERN.WITH_SUGGESTION")
        .param("pattern", quoted(pattern))
        .param("docroot", DOCROOT)
}

impl Problem {
    fn into_error(self, pattern: &str) -> SparkError {
        if compile::was_valid_once(pattern) {
            return SparkError::new("INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION")
                .param("pattern", quoted(pattern))
                .param("config", "\"spark.sql.legacy.timeParserPolicy\"")
                .param("docroot", DOCROOT);
        }
        match self {
            Self::WeekBased(letter) => {
                SparkError::new("INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN").param("c", letter)
            }
            Self::Illegal(letter) => SparkError::new("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER")
                .param("c", letter)
                .param("pattern", pattern),
            Self::TooLong => SparkError::new("INVALID_DATETIME_PATTERN.LENGTH").param("pattern", pattern),
            Self::Malformed => malformed(pattern),
        }
    }
}
