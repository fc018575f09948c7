//! Casts with Spark's semantics: which exist, what they yield, and how values are read from and written as text.
//!
//! A cast that loses nothing is DataFusion's own, so that the optimiser sees through it; every other one is the kernel
//! [`kernel::SparkCast`]. [`cast_array`] does the same outside of plans.

mod code;
mod convert;
pub mod datetime;
mod functions;
pub mod interval;
mod java_float;
mod kernel;
mod nested;
pub mod number;
mod numeric;
mod parse;
mod rules;
mod temporal;
pub mod text;
pub mod zone;

#[cfg(test)]
mod tests;

use arrow::array::ArrayRef;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Cast as EngineCast, Expr};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::coercion::{is_wider_decimal, quoted, quoted_type};
use crate::kernel::{from_engine, kernel_call, kernel_udf};

pub(crate) use convert::out_of_range;
pub use functions::FUNCTIONS;
pub use parse::parse_boolean;
pub use rules::{can_cast, can_store_assign, can_up_cast, cast_is_nullable, cast_may_add_null};
pub use zone::Zone;

/// What a cast does with a value that has no place in the target type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CastMode {
    /// `CAST` in ANSI mode: an error.
    Ansi,
    /// `CAST` without ANSI mode: numbers wrap around, anything else becomes NULL.
    Legacy,
    /// `TRY_CAST`: NULL.
    Try,
}

impl CastMode {
    /// The mode of a plain `CAST`.
    pub fn of(ansi: bool) -> Self {
        if ansi { Self::Ansi } else { Self::Legacy }
    }
}

/// The expression of a cast that [`can_cast`] allows. `origin` is the number of its place, for errors at run time.
pub fn cast_expr(expr: Expr, from: &SparkType, to: &SparkType, mode: CastMode, origin: i32) -> SparkResult<Expr> {
    let target = to.to_arrow();
    if is_same_carrier(from, to) && from.to_arrow() == target {
        return Ok(expr);
    }
    if involves_variant(from, to) {
        return match from {
            SparkType::Variant => crate::variant::cast_from(expr, to, mode, origin),
            _ => crate::variant::cast_to(expr, from, origin),
        };
    }
    if matches!(
        (from, to),
        (SparkType::Geometry { .. }, SparkType::Geography { .. })
            | (SparkType::Geography { .. }, SparkType::Geometry { .. })
    ) {
        return crate::geospatial::cast(expr, from, to, origin);
    }
    if let Expr::Literal(value, metadata) = &expr
        && value.is_null()
    {
        let null = ScalarValue::try_from(&target).map_err(from_engine)?;
        return Ok(Expr::Literal(null, metadata.clone()));
    }
    if is_native(from, to) {
        if let Expr::Literal(value, metadata) = &expr {
            let value = value.cast_to(&target).map_err(from_engine)?;
            return Ok(Expr::Literal(value, metadata.clone()));
        }
        return Ok(Expr::Cast(EngineCast::new(Box::new(expr), target)));
    }
    let specification = Expr::Literal(ScalarValue::Utf8(Some(code::encode(from, to, mode))), None);
    kernel_call(kernel_udf(kernel::SparkCast), vec![expr, specification], to, origin)
}

/// Casts an array; `zone` is the session's time zone.
pub fn cast_array(
    array: &ArrayRef,
    from: &SparkType,
    to: &SparkType,
    mode: CastMode,
    zone: &str,
) -> SparkResult<ArrayRef> {
    let zone = Zone::parse(zone)?;
    convert::Conversion { from, to, mode, zone: &zone }.apply(array)
}

/// The error for a cast that [`can_cast`] forbids; `sql` is the printed cast.
pub fn cast_mismatch(from: &SparkType, to: &SparkType, mode: CastMode, sql: &str) -> SparkError {
    let error = |kind: &str| {
        SparkError::new(&format!("DATATYPE_MISMATCH.{kind}"))
            .param("sqlExpr", quoted(sql))
            .param("srcType", quoted_type(from))
            .param("targetType", quoted_type(to))
    };
    if mode == CastMode::Legacy {
        return error("CAST_WITHOUT_SUGGESTION");
    }
    match suggested_functions(from, to) {
        Some(functions) => error("CAST_WITH_FUNC_SUGGESTION").param("functionNames", functions),
        None if mode == CastMode::Ansi && can_cast(from, to, CastMode::Legacy) => error("CAST_WITH_CONF_SUGGESTION")
            .param("config", "\"spark.sql.ansi.enabled\"")
            .param("configVal", "'false'"),
        None => error("CAST_WITHOUT_SUGGESTION"),
    }
}

/// Functions that do what a forbidden cast was meant to do.
fn suggested_functions(from: &SparkType, to: &SparkType) -> Option<&'static str> {
    match (from, to) {
        (SparkType::Date, to) if to.is_numeric() => Some("`UNIX_DATE`"),
        (SparkType::TimestampNtz, to) if to.is_numeric() => None,
        (from, SparkType::Date) if from.is_numeric() => Some("`DATE_FROM_UNIX_DATE`"),
        _ => None,
    }
}

/// Whether a value of one type is one of the other as it is.
fn is_same_carrier(from: &SparkType, to: &SparkType) -> bool {
    use SparkType as T;
    match (from, to) {
        (from, to) if from == to => true,
        (from, to) if from.is_string() && to.is_string() => true,
        (T::Geometry { .. }, T::Geometry { .. }) | (T::Geography { .. }, T::Geography { .. }) => true,
        (T::UserDefined(udt), to) | (to, T::UserDefined(udt)) => udt.sql_type == *to,
        (T::Array { element, .. }, T::Array { element: target, .. }) => is_same_carrier(element, target),
        (T::Map { key, value, .. }, T::Map { key: target_key, value: target_value, .. }) => {
            is_same_carrier(key, target_key) && is_same_carrier(value, target_value)
        }
        (T::Struct(fields), T::Struct(targets)) => {
            fields.len() == targets.len()
                && fields
                    .iter()
                    .zip(targets.iter())
                    .all(|(field, target)| is_same_carrier(&field.data_type, &target.data_type))
        }
        _ => false,
    }
}

fn involves_variant(from: &SparkType, to: &SparkType) -> bool {
    (matches!(from, SparkType::Variant) || matches!(to, SparkType::Variant)) && *from != SparkType::Null && from != to
}

/// Whether DataFusion's cast gives Spark's result for every value.
fn is_native(from: &SparkType, to: &SparkType) -> bool {
    use SparkType as T;
    match (from, to) {
        // Nested types are left to the kernel, which knows them all.
        (T::Null, to) => !to.is_nested() && !matches!(to, T::UserDefined(_)),
        (T::Boolean, to) => to.is_integral() || matches!(to, T::Float | T::Double),
        (from, T::Boolean) => from.is_integral(),
        (from, to) if from.is_integral() && to.is_integral() => can_up_cast(from, to),
        (from, T::Float | T::Double) if from.is_integral() => true,
        (T::Float, T::Double) | (T::Double, T::Float) => true,
        // Both numerator and power of ten are exact in a double, so their quotient is rounded once.
        (T::Decimal { precision, .. }, T::Double) => *precision <= 15,
        (from, T::Decimal { .. }) if from.is_integral() || matches!(from, T::Decimal { .. }) => {
            is_wider_decimal(to, from)
        }
        (from, T::String { .. }) => from.is_integral(),
        (T::Date, T::TimestampNtz) => true,
        _ => false,
    }
}
