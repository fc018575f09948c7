//! Values of configuration keys: reading them and refusing what a key does not take.

use super::time_zone;
use crate::error::{SparkError, SparkResult};

/// What values a key takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ValueType {
    Text,
    Boolean,
    /// Whole numbers within bounds: 32 bits, 64 bits, sizes, durations.
    Whole {
        form: WholeForm,
        least: i64,
        greatest: i64,
    },
    Double {
        bounds: DoubleBounds,
    },
    /// One of these words.
    Word {
        words: &'static str,
        matching: Matching,
    },
    TimeZone,
}

/// How a whole number is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum WholeForm {
    Int,
    Long,
    /// A size; without a unit it counts units of this many bytes.
    Bytes(i64),
    /// A duration; without a unit it counts units of this many microseconds.
    Duration(i64),
}

/// Bounds of a fraction, as in the table: `0<..<1`, `0<=..<=1`, with either side left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DoubleBounds(&'static str);

/// How words are compared with a value, and how refusals show the value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Matching {
    Exact,
    AnyCase,
    /// In any case; refusals show the value in capitals.
    AnyCaseInCapitals,
    /// In any case, with the requirement spelled out.
    Required,
}

const SECOND: i64 = 1_000_000;
const DURATION_UNITS: [(&str, i64); 8] = [
    ("us", 1),
    ("ms", 1_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("min", 60 * SECOND),
    ("h", 3_600 * SECOND),
    ("d", 86_400 * SECOND),
    ("", 0),
];
const BYTE_UNITS: [(&str, i64); 12] = [
    ("b", 1),
    ("k", 1 << 10),
    ("kb", 1 << 10),
    ("m", 1 << 20),
    ("mb", 1 << 20),
    ("g", 1 << 30),
    ("gb", 1 << 30),
    ("t", 1 << 40),
    ("tb", 1 << 40),
    ("p", 1 << 50),
    ("pb", 1 << 50),
    ("", 0),
];

impl ValueType {
    /// From the table's type and constraint; `None` for an unknown type.
    pub(super) fn from_cells(name: &str, constraint: &'static str) -> Option<Self> {
        let word = |matching| Some(Self::Word { words: constraint, matching });
        let whole = |form| {
            let (least, greatest) = constraint.split_once("..").unwrap_or_default();
            let (low, high) = match form {
                WholeForm::Int => (i64::from(i32::MIN), i64::from(i32::MAX)),
                WholeForm::Long | WholeForm::Bytes(_) | WholeForm::Duration(_) => (i64::MIN, i64::MAX),
            };
            let (least, greatest) = (least.parse().unwrap_or(low), greatest.parse().unwrap_or(high));
            Some(Self::Whole { form, least, greatest })
        };
        match name {
            "string" => Some(Self::Text),
            "boolean" => Some(Self::Boolean),
            "int" => whole(WholeForm::Int),
            "long" => whole(WholeForm::Long),
            "bytes" => whole(WholeForm::Bytes(1)),
            "mebibytes" => whole(WholeForm::Bytes(1 << 20)),
            "milliseconds" => whole(WholeForm::Duration(1_000)),
            "seconds" => whole(WholeForm::Duration(SECOND)),
            "minutes" => whole(WholeForm::Duration(60 * SECOND)),
            "double" => Some(Self::Double { bounds: DoubleBounds(constraint) }),
            "enum" => word(Matching::AnyCase),
            "enum-exact" => word(Matching::Exact),
            "enum-upper" => word(Matching::AnyCaseInCapitals),
            "choice" => word(Matching::Required),
            "zone" => Some(Self::TimeZone),
            _ => None,
        }
    }

    /// Refuses a value that is not of this type, in Spark's words.
    pub(super) fn check(&self, key: &str, value: &str) -> SparkResult<()> {
        match self {
            Self::Text => Ok(()),
            Self::Boolean => bool::from_conf(value).map(|_| ()).ok_or_else(|| mismatch(key, value, "boolean")),
            Self::Whole { form, least, greatest } => {
                let number = form.read(value).ok_or_else(|| mismatch(key, value, form.name()))?;
                if (*least..=*greatest).contains(&number) {
                    return Ok(());
                }
                Err(outside(key, &form.spell(number), &bounds_in_words(key, form, *least, *greatest)))
            }
            Self::Double { bounds } => {
                let number = f64::from_conf(value).ok_or_else(|| mismatch(key, value, "double"))?;
                if bounds.contain(number) {
                    return Ok(());
                }
                let requirement = format!("The value of {key} must be within {}", bounds.0);
                Err(outside(key, &crate::number::java_double(number), &requirement))
            }
            Self::Word { words, matching } => check_word(key, value, words, *matching),
            Self::TimeZone => {
                if time_zone::canonical(value).is_some() {
                    return Ok(());
                }
                Err(SparkError::new("INVALID_CONF_VALUE.TIME_ZONE").param("confName", key).param("confValue", value))
            }
        }
    }
}

fn check_word(key: &str, value: &str, words: &str, matching: Matching) -> SparkResult<()> {
    let same = |word: &str| match matching {
        Matching::Exact => word == value,
        Matching::AnyCase | Matching::AnyCaseInCapitals | Matching::Required => word.eq_ignore_ascii_case(value),
    };
    if words.split(", ").any(same) {
        return Ok(());
    }
    let shown = match matching {
        Matching::AnyCaseInCapitals => value.to_uppercase(),
        Matching::Exact | Matching::AnyCase | Matching::Required => value.to_owned(),
    };
    if matching == Matching::Required {
        return Err(outside(key, &shown, &format!("Valid values are {words}")));
    }
    Err(SparkError::new("INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS")
        .param("confName", key)
        .param("confValue", shown)
        .param("confOptions", words))
}

fn mismatch(key: &str, value: &str, type_name: &str) -> SparkError {
    SparkError::new("INVALID_CONF_VALUE.TYPE_MISMATCH")
        .param("confName", key)
        .param("confValue", value)
        .param("confType", type_name)
}

fn outside(key: &str, value: &str, requirement: &str) -> SparkError {
    SparkError::new("INVALID_CONF_VALUE.REQUIREMENT")
        .param("confName", key)
        .param("confValue", value)
        .param("confRequirement", requirement)
}

fn bounds_in_words(key: &str, form: &WholeForm, least: i64, greatest: i64) -> String {
    let bounded_above = match form {
        WholeForm::Int => greatest < i64::from(i32::MAX),
        WholeForm::Long | WholeForm::Bytes(_) | WholeForm::Duration(_) => greatest < i64::MAX,
    };
    match least {
        _ if bounded_above => format!("The value of {key} must be within {least} and {greatest}"),
        1 => format!("The value of {key} must be positive"),
        0 => format!("The value of {key} must not be negative"),
        _ => format!("The value of {key} must be at least {least}"),
    }
}

impl WholeForm {
    /// The type's name in refusals.
    fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Long => "long",
            Self::Bytes(1) => "bytes in BYTE",
            Self::Bytes(_) => "bytes in MiB",
            Self::Duration(1_000) => "time in MILLISECONDS",
            Self::Duration(SECOND) => "time in SECONDS",
            Self::Duration(_) => "time in MINUTES",
        }
    }

    /// The number as refusals show it: sizes in bytes, durations in milliseconds.
    fn spell(self, number: i64) -> String {
        match self {
            Self::Int | Self::Long => number.to_string(),
            Self::Bytes(unit) => format!("{}b", number.saturating_mul(unit)),
            Self::Duration(unit) => format!("{}ms", number.saturating_mul(unit / 1_000)),
        }
    }

    /// The number in this form's unit.
    fn read(self, text: &str) -> Option<i64> {
        let text = text.trim();
        match self {
            Self::Int => text.parse::<i32>().ok().map(i64::from),
            Self::Long => text.parse().ok(),
            Self::Bytes(unit) => read_with_unit(text, &BYTE_UNITS, unit),
            Self::Duration(unit) => read_with_unit(text, &DURATION_UNITS, unit),
        }
    }
}

/// Digits with an optional minus sign before and unit behind, in multiples of `unit`, rounded towards zero.
fn read_with_unit(text: &str, units: &[(&str, i64)], unit: i64) -> Option<i64> {
    let text = text.to_lowercase();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.as_str()),
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = text.split_at_checked(digits)?;
    let number: i64 = number.parse().ok()?;
    let scale = units.iter().find(|(name, _)| *name == suffix)?.1;
    let magnitude = if scale == 0 { number } else { number.checked_mul(scale)? / unit };
    Some(if negative { -magnitude } else { magnitude })
}

impl DoubleBounds {
    fn contain(self, number: f64) -> bool {
        let (low, high) = self.0.split_once("..").unwrap_or_default();
        let above = match low {
            "0<" => number > 0.0,
            "0<=" => number >= 0.0,
            _ => true,
        };
        let below = match high {
            "<1" => number < 1.0,
            "<=1" => number <= 1.0,
            _ => true,
        };
        above && below
    }
}

/// A Rust type that a key's value reads as.
pub trait ConfValue: Default {
    /// The value, if the text is one.
    fn from_conf(text: &str) -> Option<Self>;
}

impl ConfValue for bool {
    fn from_conf(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("true") {
            Some(true)
        } else if text.eq_ignore_ascii_case("false") {
            Some(false)
        } else {
            None
        }
    }
}

impl ConfValue for i32 {
    fn from_conf(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl ConfValue for i64 {
    /// Also reads sizes, in bytes.
    fn from_conf(text: &str) -> Option<Self> {
        WholeForm::Bytes(1).read(text).or_else(|| WholeForm::Long.read(text))
    }
}

impl ConfValue for f64 {
    fn from_conf(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl ConfValue for String {
    fn from_conf(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}
