//! What functions say they take, and what is converted into it.

use firesteel_base::{SparkSchema, SparkType};

use super::spelling::{quoted, quoted_type};
use super::{decimal, is_atomic, same_type};
use crate::cast::{can_store_assign, cast_may_add_null};

/// What a function takes as an argument: a type, or a family of types.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    Exactly(SparkType),
    AnyType,
    Numeric,
    Integral,
    /// A decimal of any precision.
    AnyDecimal,
    /// Text of any collation.
    AnyString,
    Binary,
    /// Text or else bytes.
    StringOrBinary,
    /// Either timestamp.
    AnyTimestamp,
    /// Time of day of any precision.
    AnyTime,
    /// Year-month or day-time interval.
    AnsiInterval,
    DayTimeInterval,
    YearMonthInterval,
    AnyArray,
    AnyMap,
    AnyStruct,
    ArrayOf(Box<Expected>),
    MapOf(Box<Expected>, Box<Expected>),
    /// The first that takes the argument as it is, else the first that it converts to.
    OneOf(Vec<Expected>),
}

impl Expected {
    pub const BOOLEAN: Self = Self::Exactly(SparkType::Boolean);
    pub const INT: Self = Self::Exactly(SparkType::Integer);
    pub const LONG: Self = Self::Exactly(SparkType::Long);
    pub const DOUBLE: Self = Self::Exactly(SparkType::Double);
    pub const STRING: Self = Self::AnyString;
    pub const DATE: Self = Self::Exactly(SparkType::Date);
    pub const TIMESTAMP: Self = Self::Exactly(SparkType::Timestamp);

    pub fn array_of(element: Self) -> Self {
        Self::ArrayOf(Box::new(element))
    }

    pub fn one_of(choices: impl Into<Vec<Self>>) -> Self {
        Self::OneOf(choices.into())
    }

    /// Numbers and all intervals, as `+` and `-` take them.
    pub fn numeric_or_interval() -> Self {
        Self::one_of([
            Self::Numeric,
            Self::DayTimeInterval,
            Self::YearMonthInterval,
            Self::Exactly(SparkType::CalendarInterval),
        ])
    }

    /// Numbers and ANSI intervals.
    pub fn numeric_or_ansi_interval() -> Self {
        Self::one_of([Self::Numeric, Self::DayTimeInterval, Self::YearMonthInterval])
    }

    /// Whether a value of the type is taken as it is.
    pub fn accepts(&self, data_type: &SparkType) -> bool {
        use SparkType as T;
        match self {
            Self::Exactly(expected) => same_type(expected, data_type),
            Self::AnyType => true,
            Self::Numeric => data_type.is_numeric(),
            Self::Integral => data_type.is_integral(),
            Self::AnyDecimal => matches!(data_type, T::Decimal { .. }),
            Self::AnyString => data_type.is_string(),
            Self::Binary => *data_type == T::Binary,
            Self::StringOrBinary => data_type.is_string() || *data_type == T::Binary,
            Self::AnyTimestamp => matches!(data_type, T::Timestamp | T::TimestampNtz),
            Self::AnyTime => matches!(data_type, T::Time { .. }),
            Self::AnsiInterval => matches!(data_type, T::DayTimeInterval { .. } | T::YearMonthInterval { .. }),
            Self::DayTimeInterval => matches!(data_type, T::DayTimeInterval { .. }),
            Self::YearMonthInterval => matches!(data_type, T::YearMonthInterval { .. }),
            Self::AnyArray => matches!(data_type, T::Array { .. }),
            Self::AnyMap => matches!(data_type, T::Map { .. }),
            Self::AnyStruct => matches!(data_type, T::Struct(_)),
            Self::ArrayOf(expected) => match data_type {
                T::Array { element, .. } => expected.accepts(element),
                _ => false,
            },
            Self::MapOf(expected_key, expected_value) => match data_type {
                T::Map { key, value, .. } => expected_key.accepts(key) && expected_value.accepts(value),
                _ => false,
            },
            Self::OneOf(choices) => choices.iter().any(|choice| choice.accepts(data_type)),
        }
    }

    /// The type that an untyped NULL becomes; `None` where any type will do.
    pub fn default_type(&self) -> Option<SparkType> {
        Some(match self {
            Self::Exactly(expected) => expected.clone(),
            Self::AnyType => return None,
            Self::Numeric => SparkType::Double,
            Self::Integral => SparkType::Integer,
            Self::AnyDecimal => SparkType::decimal(38, 18),
            Self::AnyString | Self::StringOrBinary => SparkType::STRING,
            Self::Binary => SparkType::Binary,
            Self::AnyTimestamp => SparkType::Timestamp,
            Self::AnyTime => SparkType::Time { precision: 6 },
            Self::AnsiInterval | Self::DayTimeInterval => SparkType::DAY_TIME,
            Self::YearMonthInterval => SparkType::YEAR_MONTH,
            Self::AnyArray => SparkType::array(SparkType::Null, true),
            Self::AnyMap => SparkType::map(SparkType::Null, SparkType::Null, true),
            Self::AnyStruct => SparkType::Struct(SparkSchema::default()),
            Self::ArrayOf(element) => SparkType::array(element.default_type()?, true),
            Self::MapOf(key, value) => SparkType::map(key.default_type()?, value.default_type()?, true),
            Self::OneOf(choices) => return choices.first().and_then(Self::default_type),
        })
    }

    /// How errors name it, with its quotes.
    pub fn sql(&self) -> String {
        match self {
            Self::Exactly(expected) => quoted_type(expected),
            Self::StringOrBinary => "(\"STRING\" or \"BINARY\")".to_owned(),
            Self::OneOf(choices) => {
                let choices: Vec<_> = choices.iter().map(Self::sql).collect();
                format!("({})", choices.join(" or "))
            }
            other => quoted(&other.name()),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Exactly(expected) => expected.sql(),
            Self::AnyType => "ANY".to_owned(),
            Self::Numeric => "NUMERIC".to_owned(),
            Self::Integral => "INTEGRAL".to_owned(),
            Self::AnyDecimal => "DECIMAL".to_owned(),
            Self::AnyString => "STRING".to_owned(),
            Self::Binary => "BINARY".to_owned(),
            Self::StringOrBinary => "(STRING OR BINARY)".to_owned(),
            Self::AnyTimestamp => "(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)".to_owned(),
            Self::AnyTime => "TIME".to_owned(),
            Self::AnsiInterval => "ANSI INTERVAL".to_owned(),
            Self::DayTimeInterval => "INTERVAL DAY TO SECOND".to_owned(),
            Self::YearMonthInterval => "INTERVAL YEAR TO MONTH".to_owned(),
            Self::AnyArray => "ARRAY".to_owned(),
            Self::AnyMap => "MAP".to_owned(),
            Self::AnyStruct => "STRUCT".to_owned(),
            Self::ArrayOf(element) => format!("ARRAY<{}>", element.name()),
            Self::MapOf(key, value) => format!("MAP<{}, {}>", key.name(), value.name()),
            Self::OneOf(choices) => {
                let choices: Vec<_> = choices.iter().map(Self::name).collect();
                format!("({})", choices.join(" OR "))
            }
        }
    }
}

/// The type that an argument of type `from` is cast to where `to` is expected; `None` where that is not done silently.
pub fn implicit_cast(from: &SparkType, to: &Expected, ansi: bool) -> Option<SparkType> {
    if to.accepts(from) {
        return Some(from.clone());
    }
    match to {
        Expected::OneOf(choices) => choices.iter().find_map(|choice| implicit_cast(from, choice, ansi)),
        Expected::StringOrBinary => {
            implicit_cast(from, &Expected::AnyString, ansi).or_else(|| implicit_cast(from, &Expected::Binary, ansi))
        }
        Expected::AnyDecimal if from.is_numeric() => {
            decimal::decimal_for(from).map(|(precision, scale)| SparkType::decimal(precision, scale))
        }
        to if ansi => ansi_cast(from, to),
        to => legacy_cast(from, to),
    }
}

fn ansi_cast(from: &SparkType, to: &Expected) -> Option<SparkType> {
    use Expected as E;
    if from.is_string() {
        match to {
            E::AnyString => return None,
            E::Exactly(target) if target.is_string() => return None,
            E::Exactly(target) if is_atomic(target) => return Some(target.clone()),
            E::Binary => return Some(SparkType::Binary),
            E::Numeric | E::AnyDecimal | E::AnyTimestamp => return to.default_type(),
            _ => {}
        }
    }
    match (from, to) {
        (SparkType::Float | SparkType::Double | SparkType::Decimal { .. }, E::Integral) => None,
        (SparkType::Array { element, .. }, E::ArrayOf(expected)) => {
            Some(SparkType::array(implicit_cast(element, expected, true)?, true))
        }
        (from, to) => to.default_type().filter(|target| can_store_assign(from, target)),
    }
}

fn legacy_cast(from: &SparkType, to: &Expected) -> Option<SparkType> {
    use Expected as E;
    match (from, to) {
        (SparkType::Null, to) => to.default_type(),
        (text, E::Numeric | E::AnyDecimal | E::AnyTimestamp | E::Binary) if text.is_string() => to.default_type(),
        (datetime, E::AnyTimestamp) if is_datetime(datetime) => to.default_type(),
        (from, E::AnyString) if is_atomic(from) => to.default_type(),
        (SparkType::Array { element, .. }, E::ArrayOf(expected)) => {
            Some(SparkType::array(implicit_cast(element, expected, false)?, true))
        }
        (SparkType::Map { key, value, value_contains_null }, E::MapOf(expected_key, expected_value)) => {
            Some(SparkType::map(
                implicit_cast(key, expected_key, false)?,
                implicit_cast(value, expected_value, false)?,
                *value_contains_null,
            ))
        }
        (from, E::Exactly(target)) => legacy_cast_to(from, target),
        _ => None,
    }
}

fn legacy_cast_to(from: &SparkType, to: &SparkType) -> Option<SparkType> {
    use SparkType::{Array, Map};
    let inner = |from: &SparkType, to: &SparkType| implicit_cast(from, &Expected::Exactly(to.clone()), false);
    let forced = cast_may_add_null;
    match (from, to) {
        (from, to) if from.is_numeric() && to.is_numeric() => Some(to.clone()),
        (from, to) if is_datetime(from) && is_datetime(to) => Some(to.clone()),
        (from, to) if from.is_string() && (to.is_numeric() || is_datetime(to) || *to == SparkType::Binary) => {
            Some(to.clone())
        }
        (from, to) if to.is_string() && is_atomic(from) && !from.is_string() => Some(to.clone()),
        (Array { element, contains_null }, Array { element: target, contains_null: target_null }) => {
            if !target_null && (*contains_null || forced(element, target)) {
                return None;
            }
            Some(SparkType::array(inner(element, target)?, *target_null))
        }
        (
            Map { key, value, value_contains_null },
            Map { key: target_key, value: target_value, value_contains_null: target_null },
        ) => {
            if forced(key, target_key) || (!target_null && (*value_contains_null || forced(value, target_value))) {
                return None;
            }
            Some(SparkType::map(inner(key, target_key)?, inner(value, target_value)?, *target_null))
        }
        _ => None,
    }
}

/// Spark's family of dates, timestamps and times of day.
fn is_datetime(data_type: &SparkType) -> bool {
    data_type.is_datetime() || matches!(data_type, SparkType::Time { .. })
}
