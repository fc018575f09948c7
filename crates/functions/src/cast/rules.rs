//! Which casts exist, and which may yield NULL for a value.

use firesteel_base::{SparkSchema, SparkType};

use super::CastMode;
use crate::coercion::{is_atomic, is_wider_decimal};

/// Whether `CAST(from AS to)` is allowed.
pub fn can_cast(from: &SparkType, to: &SparkType, mode: CastMode) -> bool {
    use SparkType::{Array, Geography, Geometry, Map, Null, Struct, UserDefined, Variant};
    match (from, to) {
        (from, to) if from == to => true,
        (Null, _) => true,
        (_, Null) => false,
        (Geometry { .. } | Geography { .. }, _) | (_, Geometry { .. } | Geography { .. }) => {
            can_cast_geospatial(from, to)
        }
        (_, to) if to.is_string() => true,
        (Variant, to) => is_variant_content(to, true),
        (from, Variant) => is_variant_content(from, false),
        (Array { element, contains_null }, Array { element: target, contains_null: target_null }) => {
            can_cast(element, target, mode) && keeps_null(element, target, *contains_null, *target_null, mode)
        }
        (
            Map { key, value, value_contains_null },
            Map { key: target_key, value: target_value, value_contains_null: target_null },
        ) => {
            can_cast(key, target_key, mode)
                && keeps_null(key, target_key, false, false, mode)
                && can_cast(value, target_value, mode)
                && keeps_null(value, target_value, *value_contains_null, *target_null, mode)
        }
        (Struct(fields), Struct(targets)) => pairwise(fields, targets, |from, from_null, to, to_null| {
            can_cast(from, to, mode) && keeps_null(from, to, from_null, to_null, mode)
        }),
        (UserDefined(udt), to) | (to, UserDefined(udt)) => udt.sql_type == *to,
        (from, to) => can_cast_atomic(from, to, mode),
    }
}

/// A geometry's reference system may become any; geometries and geographies of one system are each other.
fn can_cast_geospatial(from: &SparkType, to: &SparkType) -> bool {
    use SparkType::{Geography, Geometry};
    match (from, to) {
        (Geometry { .. }, Geometry { srid: None }) | (Geography { .. }, Geography { srid: None }) => true,
        (Geometry { srid: Some(from) }, Geography { srid: Some(to) })
        | (Geography { srid: Some(from) }, Geometry { srid: Some(to) }) => from == to,
        _ => false,
    }
}

fn can_cast_atomic(from: &SparkType, to: &SparkType, mode: CastMode) -> bool {
    use SparkType as T;
    let legacy = mode == CastMode::Legacy;
    let is_exact = |data_type: &T| data_type.is_integral() || matches!(data_type, T::Decimal { .. });
    match (from, to) {
        (from, to) if from.is_string() => is_atomic(to) || *to == T::CalendarInterval,
        (from, T::Boolean) => from.is_numeric() || (legacy && matches!(from, T::Date | T::Timestamp)),
        (from, T::Binary) => legacy && from.is_integral(),
        (from, T::Timestamp) => {
            from.is_numeric() || matches!(from, T::Date | T::TimestampNtz) || (legacy && *from == T::Boolean)
        }
        (from, T::TimestampNtz) => matches!(from, T::Date | T::Timestamp),
        (from, T::Date) => matches!(from, T::Timestamp | T::TimestampNtz),
        (from, T::Time { .. }) => matches!(from, T::Time { .. }),
        (from, T::DayTimeInterval { .. }) => is_exact(from) || matches!(from, T::DayTimeInterval { .. }),
        (from, T::YearMonthInterval { .. }) => is_exact(from) || matches!(from, T::YearMonthInterval { .. }),
        (from, to) if to.is_numeric() => match from {
            T::Boolean | T::Timestamp => true,
            T::Date => legacy,
            T::Time { .. } | T::DayTimeInterval { .. } | T::YearMonthInterval { .. } => is_exact(to),
            from => from.is_numeric(),
        },
        _ => false,
    }
}

/// Whether NULLs that the cast of an inner value keeps or makes have a place in the target.
fn keeps_null(from: &SparkType, to: &SparkType, from_null: bool, to_null: bool, mode: CastMode) -> bool {
    let adds = mode != CastMode::Ansi && cast_may_add_null(from, to);
    to_null || !(from_null || adds)
}

/// Applies a rule to the fields of two structs by position.
fn pairwise(
    fields: &SparkSchema,
    targets: &SparkSchema,
    rule: impl Fn(&SparkType, bool, &SparkType, bool) -> bool,
) -> bool {
    fields.len() == targets.len()
        && fields
            .iter()
            .zip(targets.iter())
            .all(|(field, target)| rule(&field.data_type, field.nullable, &target.data_type, target.nullable))
}

/// What a variant may hold: as a target of a cast also structs and maps of text.
fn is_variant_content(data_type: &SparkType, as_target: bool) -> bool {
    use SparkType as T;
    match data_type {
        T::Array { element, .. } => is_variant_content(element, as_target),
        T::Map { key, value, .. } => as_target && key.is_string() && is_variant_content(value, as_target),
        T::Struct(fields) => as_target && fields.iter().all(|field| is_variant_content(&field.data_type, as_target)),
        T::DayTimeInterval { .. } | T::YearMonthInterval { .. } | T::CalendarInterval | T::UserDefined(_) => false,
        _ => true,
    }
}

/// Whether the cast of a value that is not NULL is declared nullable.
pub fn cast_is_nullable(from: &SparkType, to: &SparkType, mode: CastMode) -> bool {
    match mode {
        CastMode::Ansi | CastMode::Legacy => cast_may_add_null(from, to),
        CastMode::Try => {
            let is_encoding = from.is_string() && *to == SparkType::Binary;
            !is_encoding && !can_up_cast(from, to)
        }
    }
}

/// Whether a cast without ANSI mode may make NULL of a value; Spark declares casts nullable by this in every mode but `try_cast`.
pub fn cast_may_add_null(from: &SparkType, to: &SparkType) -> bool {
    use SparkType as T;
    match (from, to) {
        (T::Null, _) => false,
        (from, to) if from == to => false,
        (T::Variant, _) => true,
        (from, to) if from.is_string() => !(to.is_string() || *to == T::Binary),
        (_, to) if to.is_string() => false,
        (T::Timestamp, T::Byte | T::Short | T::Integer) => true,
        (T::Float | T::Double, T::Timestamp) => true,
        (T::Timestamp, T::Date) | (T::Date, T::Timestamp) => false,
        (_, T::Date) | (T::Date, _) | (_, T::CalendarInterval) => true,
        (T::Time { .. }, T::Byte | T::Short) => true,
        (from, T::Decimal { precision, scale }) => match from {
            T::Boolean => i32::from(*precision) - i32::from(*scale) < 1,
            T::Decimal { precision: from_precision, scale: from_scale } => {
                !is_wider_decimal(to, from)
                    && i32::from(*precision) - i32::from(*scale) <= i32::from(*from_precision) - i32::from(*from_scale)
            }
            from => !is_wider_decimal(to, from),
        },
        (T::Float | T::Double | T::Decimal { .. }, to) => to.is_integral(),
        _ => false,
    }
}

/// Whether every value survives the cast: Spark's up-casts.
pub fn can_up_cast(from: &SparkType, to: &SparkType) -> bool {
    use SparkType as T;
    match (from, to) {
        (from, to) if from == to => true,
        (T::Variant, _) => false,
        (T::Null, _) => true,
        (from, T::Decimal { .. }) if from.is_numeric() => is_wider_decimal(to, from),
        (T::Decimal { .. }, to) if to.is_integral() => is_tighter_decimal(from, to),
        (from, to) if from.is_numeric() && to.is_numeric() => {
            !matches!(from, T::Decimal { .. }) && number_rank(from) < number_rank(to)
        }
        (T::Date, T::Timestamp | T::TimestampNtz) => true,
        (T::Timestamp, T::TimestampNtz | T::Long) | (T::TimestampNtz | T::Long, T::Timestamp) => true,
        (from, T::String { .. }) => is_atomic(from) || *from == T::CalendarInterval,
        (T::Array { element, contains_null }, T::Array { element: target, contains_null: target_null }) => {
            (*target_null || !contains_null) && can_up_cast(element, target)
        }
        (
            T::Map { key, value, value_contains_null },
            T::Map { key: target_key, value: target_value, value_contains_null: target_null },
        ) => (*target_null || !value_contains_null) && can_up_cast(key, target_key) && can_up_cast(value, target_value),
        (T::Struct(fields), T::Struct(targets)) => {
            pairwise(fields, targets, |from, from_null, to, to_null| (to_null || !from_null) && can_up_cast(from, to))
        }
        (T::DayTimeInterval { .. }, T::DayTimeInterval { .. }) => true,
        (T::YearMonthInterval { .. }, T::YearMonthInterval { .. }) => true,
        _ => false,
    }
}

fn is_tighter_decimal(decimal: &SparkType, integral: &SparkType) -> bool {
    let (SparkType::Decimal { precision, scale }, Some((digits, _))) = (decimal, integral.integral_as_decimal()) else {
        return false;
    };
    *scale == 0 && *precision < digits
}

fn number_rank(number: &SparkType) -> u8 {
    match number {
        SparkType::Byte => 0,
        SparkType::Short => 1,
        SparkType::Integer => 2,
        SparkType::Long => 3,
        SparkType::Float => 4,
        _ => 5,
    }
}

/// Whether a value of one type may be written into a column of the other in the store-assignment mode `ANSI`.
pub fn can_store_assign(from: &SparkType, to: &SparkType) -> bool {
    use SparkType as T;
    let is_datetime = |data_type: &T| data_type.is_datetime() || matches!(data_type, T::Time { .. });
    match (from, to) {
        (from, to) if from == to => true,
        (T::Null, _) => true,
        (from, to) if from.is_numeric() && to.is_numeric() => true,
        (from, to) if to.is_string() => is_atomic(from) || *from == T::CalendarInterval,
        (from, to) if is_datetime(from) && is_datetime(to) => true,
        (T::Array { element, contains_null }, T::Array { element: target, contains_null: target_null }) => {
            (*target_null || !contains_null) && can_store_assign(element, target)
        }
        (
            T::Map { key, value, value_contains_null },
            T::Map { key: target_key, value: target_value, value_contains_null: target_null },
        ) => {
            (*target_null || !value_contains_null)
                && can_store_assign(key, target_key)
                && can_store_assign(value, target_value)
        }
        (T::Struct(fields), T::Struct(targets)) => pairwise(fields, targets, |from, from_null, to, to_null| {
            (to_null || !from_null) && can_store_assign(from, to)
        }),
        (T::UserDefined(udt), to) | (to, T::UserDefined(udt)) => udt.sql_type == *to,
        _ => false,
    }
}
