//! Spark's implicit type conversions: which common type operands are brought to, and which arguments a function takes.
//!
//! There are two sets of rules, those of ANSI mode and the older ones; every function here takes the mode. Nothing is
//! cast here: the answers are types, and the resolver inserts the casts.

mod decimal;
mod expected;
mod spelling;

#[cfg(test)]
mod tests;

use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use crate::call::Call;
use crate::cast::cast_may_add_null;

pub use decimal::{adjusted_decimal, bounded_decimal, decimal_for, is_wider_decimal, wider_decimal};
pub use expected::{Expected, implicit_cast};
pub use spelling::{listed_types, ordinal, quoted, quoted_type};

/// The type that both are read as without loss, as comparisons and arithmetic want it; decimals have rules of their own.
pub fn tightest_common_type(left: &SparkType, right: &SparkType, ansi: bool) -> Option<SparkType> {
    use SparkType::{Date, DayTimeInterval, Decimal, Null, Timestamp, TimestampNtz, YearMonthInterval};
    match (left, right) {
        (left, right) if left == right => Some(left.clone()),
        // The default collation may be named or not.
        (SparkType::String { .. }, SparkType::String { .. }) if left.collation() == right.collation() => {
            Some(left.clone())
        }
        (Null, other) | (other, Null) => Some(other.clone()),
        (SparkType::Geometry { .. }, SparkType::Geometry { .. }) => Some(SparkType::Geometry { srid: None }),
        (SparkType::Geography { .. }, SparkType::Geography { .. }) => Some(SparkType::Geography { srid: None }),
        (integral, Decimal { .. }) if integral.is_integral() => is_wider_decimal(right, left).then(|| right.clone()),
        (Decimal { .. }, integral) if integral.is_integral() => is_wider_decimal(left, right).then(|| left.clone()),
        (left, right) if is_plain_number(left) && is_plain_number(right) => Some(wider_number(left, right, ansi)),
        (Date, Timestamp) | (Timestamp, Date | TimestampNtz) | (TimestampNtz, Timestamp) => Some(Timestamp),
        (Date, TimestampNtz) | (TimestampNtz, Date) => Some(TimestampNtz),
        (DayTimeInterval { start, end }, DayTimeInterval { start: other_start, end: other_end }) => {
            Some(DayTimeInterval { start: *start.min(other_start), end: *end.max(other_end) })
        }
        (YearMonthInterval { start, end }, YearMonthInterval { start: other_start, end: other_end }) => {
            Some(YearMonthInterval { start: *start.min(other_start), end: *end.max(other_end) })
        }
        (left, right) => complex_type(left, right, &|left, right| tightest_common_type(left, right, ansi)),
    }
}

/// The type that values of both are brought to, some loss of precision allowed: `CASE`, `coalesce`, `array(…)`, `UNION`.
pub fn wider_type(left: &SparkType, right: &SparkType, ansi: bool) -> Option<SparkType> {
    tightest_common_type(left, right, ansi)
        .or_else(|| wider_type_with_decimal(left, right))
        .or_else(|| if ansi { ansi_string_promotion(left, right) } else { string_promotion(left, right) })
        .or_else(|| complex_type(left, right, &|left, right| wider_type(left, right, ansi)))
}

/// As [`wider_type`], but never makes text of, or a value from, the other side: `greatest`, `least`.
pub fn wider_type_without_string_promotion(left: &SparkType, right: &SparkType, ansi: bool) -> Option<SparkType> {
    tightest_common_type(left, right, ansi)
        .or_else(|| wider_type_with_decimal(left, right))
        .or_else(|| complex_type(left, right, &|left, right| wider_type_without_string_promotion(left, right, ansi)))
}

/// [`wider_type`] of any number of types; `Null` of none.
pub fn common_type(types: &[SparkType], ansi: bool) -> Option<SparkType> {
    // Without ANSI the rule is not associative where text is involved, so text goes first.
    let (first, then): (Vec<_>, Vec<_>) = types.iter().partition(|data_type| !ansi && has_string(data_type));
    first.into_iter().chain(then).try_fold(SparkType::Null, |common, next| wider_type(&common, next, ansi))
}

/// [`wider_type_without_string_promotion`] of any number of types.
pub fn common_type_without_string_promotion(types: &[SparkType], ansi: bool) -> Option<SparkType> {
    types.iter().try_fold(SparkType::Null, |common, next| wider_type_without_string_promotion(&common, next, ansi))
}

/// What a text and another operand of a binary operator are compared or computed as in ANSI mode.
pub fn ansi_string_promotion(left: &SparkType, right: &SparkType) -> Option<SparkType> {
    use SparkType::{Byte, DayTimeInterval, Decimal, Double, Float, Integer, Long, Null, Short, YearMonthInterval};
    let (text, other) = match (left.is_string(), right.is_string()) {
        (true, false) => (left, right),
        (false, true) => (right, left),
        (true, true) | (false, false) => return None,
    };
    match other {
        Byte | Short | Integer | Long => Some(Long),
        Float | Double | Decimal { .. } => Some(Double),
        Null => Some(text.clone()),
        DayTimeInterval { .. } | YearMonthInterval { .. } => None,
        other if is_atomic(other) => Some(other.clone()),
        _ => None,
    }
}

/// What a text and another operand of a comparison are compared as without ANSI mode.
pub fn comparison_type(left: &SparkType, right: &SparkType) -> Option<SparkType> {
    use SparkType::{Date, DayTimeInterval, Decimal, Double, Null, Timestamp, YearMonthInterval};
    let (text, other) = match (left, right) {
        (Timestamp, Date) | (Date, Timestamp) => return Some(Timestamp),
        (left, right) if left.is_string() && !right.is_string() => (left, right),
        (left, right) if right.is_string() && !left.is_string() => (right, left),
        _ => return None,
    };
    match other {
        Null => Some(text.clone()),
        Decimal { scale, .. } if *scale > 0 => Some(Double),
        DayTimeInterval { .. } | YearMonthInterval { .. } => None,
        other if is_atomic(other) => Some(other.clone()),
        _ => None,
    }
}

/// The common type of types that differ at most in what may be NULL inside; `None` where they differ otherwise.
pub fn merge_nullability(left: &SparkType, right: &SparkType) -> Option<SparkType> {
    use SparkType::{Array, Map, Struct};
    match (left, right) {
        (left, right) if left == right => Some(left.clone()),
        (Array { element, contains_null }, Array { element: other, contains_null: other_null }) => {
            Some(SparkType::array(merge_nullability(element, other)?, *contains_null || *other_null))
        }
        (
            Map { key, value, value_contains_null },
            Map { key: other_key, value: other_value, value_contains_null: other_null },
        ) => Some(SparkType::map(
            merge_nullability(key, other_key)?,
            merge_nullability(value, other_value)?,
            *value_contains_null || *other_null,
        )),
        (Struct(fields), Struct(others)) if fields.len() == others.len() => {
            let merged: Option<Vec<_>> = fields
                .iter()
                .zip(others.iter())
                .map(|(field, other)| {
                    if field.name != other.name {
                        return None;
                    }
                    let data_type = merge_nullability(&field.data_type, &other.data_type)?;
                    Some(SparkField::new(&field.name, data_type, field.nullable || other.nullable))
                })
                .collect();
            Some(SparkType::Struct(SparkSchema::new(merged?)))
        }
        _ => None,
    }
}

/// Whether the types are equal but for what may be NULL inside.
pub fn same_type(left: &SparkType, right: &SparkType) -> bool {
    merge_nullability(left, right).is_some()
}

/// [`merge_nullability`] of any number of types, if they are the same otherwise.
pub fn merge_all(types: &[SparkType]) -> Option<SparkType> {
    let (first, rest) = types.split_first()?;
    rest.iter().try_fold(first.clone(), |merged, next| merge_nullability(&merged, next))
}

/// What Spark calls atomic: neither NULL, nor nested, nor the calendar interval, nor a shape, nor user-defined.
pub fn is_atomic(data_type: &SparkType) -> bool {
    use SparkType::{Array, CalendarInterval, Geography, Geometry, Map, Null, Struct, UserDefined};
    !matches!(
        data_type,
        Null | Array { .. }
            | Map { .. }
            | Struct(_)
            | CalendarInterval
            | Geometry { .. }
            | Geography { .. }
            | UserDefined(_)
    )
}

/// Whether values of the type have an order, as `<`, `ORDER BY` and `max` need it.
pub fn is_orderable(data_type: &SparkType) -> bool {
    match data_type {
        SparkType::Array { element, .. } => is_orderable(element),
        SparkType::Struct(fields) => fields.iter().all(|field| is_orderable(&field.data_type)),
        SparkType::UserDefined(udt) => is_orderable(&udt.sql_type),
        SparkType::Null => true,
        SparkType::Variant
        | SparkType::Map { .. }
        | SparkType::CalendarInterval
        | SparkType::Geometry { .. }
        | SparkType::Geography { .. } => false,
        other => is_atomic(other),
    }
}

/// Whether values of the type can be compared for equality in joins, sets and keys: no map inside.
pub fn has_map(data_type: &SparkType) -> bool {
    match data_type {
        SparkType::Array { element, .. } => has_map(element),
        SparkType::Struct(fields) => fields.iter().any(|field| has_map(&field.data_type)),
        SparkType::Map { .. } => true,
        _ => false,
    }
}

fn has_string(data_type: &SparkType) -> bool {
    match data_type {
        SparkType::Array { element, .. } => has_string(element),
        other => other.is_string(),
    }
}

/// Numbers whose order of precedence is a line: all but decimals.
fn is_plain_number(data_type: &SparkType) -> bool {
    data_type.is_numeric() && !matches!(data_type, SparkType::Decimal { .. })
}

fn precedence(number: &SparkType) -> u8 {
    match number {
        SparkType::Byte => 0,
        SparkType::Short => 1,
        SparkType::Integer => 2,
        SparkType::Long => 3,
        SparkType::Float => 4,
        _ => 5,
    }
}

fn wider_number(left: &SparkType, right: &SparkType, ansi: bool) -> SparkType {
    let wider = if precedence(left) >= precedence(right) { left } else { right };
    // An integral next to a float would lose digits as a float.
    if ansi && *wider == SparkType::Float { SparkType::Double } else { wider.clone() }
}

/// The common type of a decimal and another number.
fn wider_type_with_decimal(left: &SparkType, right: &SparkType) -> Option<SparkType> {
    use SparkType::{Decimal, Double, Float};
    match (left, right) {
        (Decimal { .. }, Float | Double) | (Float | Double, Decimal { .. }) => Some(Double),
        (Decimal { .. }, _) | (_, Decimal { .. }) => {
            let (precision, scale) = left.integral_as_decimal()?;
            let (other_precision, other_scale) = right.integral_as_decimal()?;
            Some(wider_decimal(precision, scale, other_precision, other_scale))
        }
        _ => None,
    }
}

/// Text swallows every atomic type but binary and boolean without ANSI mode.
fn string_promotion(left: &SparkType, right: &SparkType) -> Option<SparkType> {
    let promotes = |other: &SparkType| {
        is_atomic(other) && !other.is_string() && !matches!(other, SparkType::Binary | SparkType::Boolean)
    };
    match (left, right) {
        (text, other) if text.is_string() && promotes(other) => Some(text.clone()),
        (other, text) if text.is_string() && promotes(other) => Some(text.clone()),
        _ => None,
    }
}

/// Applies a rule inside arrays, maps and structs.
fn complex_type(
    left: &SparkType,
    right: &SparkType,
    rule: &dyn Fn(&SparkType, &SparkType) -> Option<SparkType>,
) -> Option<SparkType> {
    use SparkType::{Array, Map, Struct};
    let forced = cast_may_add_null;
    match (left, right) {
        (Array { element, contains_null }, Array { element: other, contains_null: other_null }) => {
            let common = rule(element, other)?;
            let nullable = *contains_null || *other_null || forced(element, &common) || forced(other, &common);
            Some(SparkType::array(common, nullable))
        }
        (
            Map { key, value, value_contains_null },
            Map { key: other_key, value: other_value, value_contains_null: other_null },
        ) => {
            let common_key = rule(key, other_key)?;
            if forced(key, &common_key) || forced(other_key, &common_key) {
                return None;
            }
            let common = rule(value, other_value)?;
            let nullable =
                *value_contains_null || *other_null || forced(value, &common) || forced(other_value, &common);
            Some(SparkType::map(common_key, common, nullable))
        }
        (Struct(fields), Struct(others)) if fields.len() == others.len() => {
            let common: Option<Vec<_>> = fields
                .iter()
                .zip(others.iter())
                .map(|(field, other)| {
                    if field.name.to_lowercase() != other.name.to_lowercase() {
                        return None;
                    }
                    let common = rule(&field.data_type, &other.data_type)?;
                    let nullable = field.nullable
                        || other.nullable
                        || forced(&field.data_type, &common)
                        || forced(&other.data_type, &common);
                    Some(SparkField::new(&field.name, common, nullable))
                })
                .collect();
            Some(SparkType::Struct(SparkSchema::new(common?)))
        }
        _ => None,
    }
}

impl Call<'_> {
    /// The types that the arguments are cast to where a function states what it takes and converts what it gets.
    /// Arguments beyond `expected` stay as they are.
    pub fn implicit_cast(&self, expected: &[Expected]) -> SparkResult<Vec<SparkType>> {
        self.coerced(expected, |from, to| implicit_cast(from, to, self.ansi()))
    }

    /// As [`Self::implicit_cast`] for functions that convert nothing but an untyped NULL.
    pub fn expect(&self, expected: &[Expected]) -> SparkResult<Vec<SparkType>> {
        self.coerced(expected, |from, to| match from {
            from if to.accepts(from) => Some(from.clone()),
            SparkType::Null => to.default_type(),
            _ => None,
        })
    }

    fn coerced(
        &self,
        expected: &[Expected],
        coerce: impl Fn(&SparkType, &Expected) -> Option<SparkType>,
    ) -> SparkResult<Vec<SparkType>> {
        let mut types = Vec::with_capacity(self.len());
        for (index, argument) in self.arguments.iter().enumerate() {
            let coerced = match expected.get(index) {
                Some(expected) => {
                    coerce(&argument.data_type, expected).ok_or_else(|| self.unexpected_input_type(index, expected))?
                }
                None => argument.data_type.clone(),
            };
            types.push(coerced);
        }
        Ok(types)
    }

    /// The one type of all arguments, converted where they differ.
    pub fn same_type(&self) -> SparkResult<SparkType> {
        let types = self.data_types();
        merge_all(&types).or_else(|| common_type(&types, self.ansi())).ok_or_else(|| {
            let listed: Vec<_> = types.iter().map(quoted_type).collect();
            self.data_diff_types(self.function.name, format!("({})", listed.join(" or ")))
        })
    }

    /// `DATATYPE_MISMATCH.DATA_DIFF_TYPES`
    pub fn data_diff_types(&self, function: &str, types: String) -> SparkError {
        self.mismatch("DATA_DIFF_TYPES").param("functionName", format!("`{function}`")).param("dataType", types)
    }

    /// `DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE` for the argument at `index`.
    pub fn unexpected_input_type(&self, index: usize, expected: &Expected) -> SparkError {
        let error = self.mismatch("UNEXPECTED_INPUT_TYPE");
        let error = error.param("paramIndex", ordinal(index)).param("requiredType", expected.sql());
        match self.arguments.get(index) {
            Some(argument) => {
                error.param("inputSql", quoted(&argument.sql())).param("inputType", quoted_type(&argument.data_type))
            }
            None => error,
        }
    }

    /// `DATATYPE_MISMATCH.<kind>` of this call: `sqlExpr` is given, the rest is for the caller to add.
    pub fn mismatch(&self, kind: &str) -> SparkError {
        self.mismatch_of(kind, &self.sql())
    }

    /// As [`Self::mismatch`], of an expression printed as `sql`.
    pub fn mismatch_of(&self, kind: &str, sql: &str) -> SparkError {
        SparkError::new(&format!("DATATYPE_MISMATCH.{kind}")).param("sqlExpr", quoted(sql))
    }
}
