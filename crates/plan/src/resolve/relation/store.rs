//! Rows on their way into a table: columns found, cast as assignments are, checked for length.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use firesteel_base::error::to_sql_type;
use firesteel_base::identifier::quote_identifier;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::cast::{CastMode, can_cast, cast_is_nullable};
use firesteel_functions::string;
use firesteel_syntax::ir::relation::{StoreAssignment, StorePolicy, StoredColumn};

use crate::attribute::Attribute;
use crate::char_varchar::plain_type;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Alias, Cast, Typed, TypedKind};

impl Resolver<'_> {
    /// The rows in the columns of the table that they go into.
    pub fn store_assignment(
        &self,
        assignment: &StoreAssignment,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.exact(self.resolve_relation(&assignment.input, environment)?)?;
        let input = Resolved { block: None, ..input };
        let sources = if assignment.by_name {
            self.sources_by_name(assignment, &input.output)?
        } else {
            sources_by_position(assignment, &input.output)?
        };
        let mut selected = Vec::with_capacity(assignment.columns.len());
        for (column, source) in assignment.columns.iter().zip(sources) {
            let value = match (source, &column.value) {
                (Some(attribute), _) => Typed::column(&attribute),
                (None, Some(value)) => self.resolve_expression(value, &Scope::empty(environment))?.into_unaliased(),
                (None, None) => Typed::literal(ScalarValue::Null, SparkType::Null),
            };
            selected.push(self.stored_value(assignment, column, value)?);
        }
        self.project_typed(input, selected)
    }

    fn sources_by_name(
        &self,
        assignment: &StoreAssignment,
        output: &[Attribute],
    ) -> SparkResult<Vec<Option<Attribute>>> {
        let mut used = vec![false; output.len()];
        let mut sources = Vec::with_capacity(assignment.columns.len());
        for column in &assignment.columns {
            let found: Vec<usize> = output
                .iter()
                .enumerate()
                .filter(|(_, attribute)| !column.is_static && self.same_name(&attribute.name, &column.field.name))
                .map(|(place, _)| place)
                .collect();
            let place = match found.as_slice() {
                [] => None,
                [place] => Some(*place),
                _ => {
                    return Err(SparkError::new("INCOMPATIBLE_DATA_FOR_TABLE.AMBIGUOUS_COLUMN_NAME")
                        .param("tableName", &assignment.table)
                        .param("colName", quote_identifier(&column.field.name)));
                }
            };
            if let Some(used) = place.and_then(|place| used.get_mut(place)) {
                *used = true;
            }
            sources.push(place.and_then(|place| output.get(place).cloned()));
        }
        let extra: Vec<String> = output
            .iter()
            .zip(&used)
            .filter(|(_, used)| !**used)
            .map(|(attribute, _)| quote_identifier(&attribute.name))
            .collect();
        if extra.is_empty() {
            return Ok(sources);
        }
        let given = assignment.columns.iter().filter(|column| !column.is_static).count();
        if output.len() > given {
            return Err(arity_error(assignment, output, "TOO_MANY_DATA_COLUMNS"));
        }
        Err(SparkError::new("INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS")
            .param("tableName", &assignment.table)
            .param("extraColumns", extra.join(", ")))
    }

    /// A value as the column keeps it, under the column's name.
    fn stored_value(&self, assignment: &StoreAssignment, column: &StoredColumn, value: Typed) -> SparkResult<Typed> {
        let declared = &column.field.data_type;
        let plain = plain_type(declared);
        let value = self.assigned(assignment, column, value, &plain)?;
        let value = match declared {
            SparkType::Char(length) => self.within_length(string::CHAR_WRITE, value, *length)?,
            SparkType::Varchar(length) => self.within_length(string::VARCHAR_WRITE, value, *length)?,
            _ => value,
        };
        let (data_type, nullable) = (value.data_type.clone(), value.nullable);
        let names = vec![Arc::from(column.field.name.as_str())];
        let alias = Alias { child: value.into_unaliased(), names, metadata: None };
        Ok(Typed::new(TypedKind::Alias(Box::new(alias)), data_type, nullable, Origin::Unknown))
    }

    fn within_length(&self, function: &str, value: Typed, length: u32) -> SparkResult<Typed> {
        let length = Typed::literal(ScalarValue::Int32(i32::try_from(length).ok()), SparkType::Integer);
        let origin = value.origin.clone();
        self.call(function, vec![value, length], &origin)
    }

    fn assigned(
        &self,
        assignment: &StoreAssignment,
        column: &StoredColumn,
        value: Typed,
        to: &SparkType,
    ) -> SparkResult<Typed> {
        if value.data_type == *to {
            return Ok(value);
        }
        let from = value.data_type.clone();
        let (mode, is_allowed) = match assignment.policy {
            StorePolicy::Ansi => (CastMode::Ansi, can_assign(&from, to) && can_cast(&from, to, CastMode::Ansi)),
            StorePolicy::Legacy => (self.session_cast(), can_cast(&from, to, self.session_cast())),
            StorePolicy::Strict => (CastMode::Ansi, is_up_cast(&from, to)),
        };
        if !is_allowed {
            return Err(SparkError::new("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST")
                .param("tableName", &assignment.table)
                .param("colName", quote_identifier(&column.field.name))
                .param("srcType", to_sql_type(&from))
                .param("targetType", to_sql_type(to)));
        }
        let nullable = value.nullable || cast_is_nullable(&from, to, mode);
        let child = value.into_unaliased();
        let cast = Cast { child, mode, is_implicit: true };
        Ok(Typed::new(TypedKind::Cast(Box::new(cast)), to.clone(), nullable, Origin::Unknown))
    }
}

fn sources_by_position(assignment: &StoreAssignment, output: &[Attribute]) -> SparkResult<Vec<Option<Attribute>>> {
    match output.len().cmp(&assignment.given.len()) {
        std::cmp::Ordering::Less => return Err(arity_error(assignment, output, "NOT_ENOUGH_DATA_COLUMNS")),
        std::cmp::Ordering::Greater => return Err(arity_error(assignment, output, "TOO_MANY_DATA_COLUMNS")),
        std::cmp::Ordering::Equal => {}
    }
    let source = |place: usize| {
        let given = assignment.given.iter().position(|given| *given == place)?;
        output.get(given).cloned()
    };
    Ok((0..assignment.columns.len()).map(source).collect())
}

fn arity_error(assignment: &StoreAssignment, output: &[Attribute], which: &str) -> SparkError {
    let statics = assignment.columns.iter().filter(|column| column.is_static).count();
    let data: Vec<String> = output.iter().map(|attribute| quote_identifier(&attribute.name)).collect();
    if statics > 0 && !assignment.by_name {
        let partitions: Vec<String> = assignment
            .columns
            .iter()
            .filter(|column| column.is_static)
            .map(|column| quote_identifier(&column.field.name))
            .collect();
        let columns: Vec<String> =
            assignment.columns.iter().map(|column| quote_identifier(&column.field.name)).collect();
        return SparkError::new("INSERT_PARTITION_COLUMN_ARITY_MISMATCH")
            .param("tableName", &assignment.table)
            .param("tableColumns", columns.join(", "))
            .param("dataColumns", data.join(", "))
            .param("staticPartCols", partitions.join(", "));
    }
    let columns: Vec<String> = if assignment.by_name {
        assignment.columns.iter().map(|column| quote_identifier(&column.field.name)).collect()
    } else {
        let given = assignment.given.iter().filter_map(|place| assignment.columns.get(*place));
        given.map(|column| quote_identifier(&column.field.name)).collect()
    };
    SparkError::new(&format!("INSERT_COLUMN_ARITY_MISMATCH.{which}"))
        .param("tableName", &assignment.table)
        .param("tableColumns", columns.join(", "))
        .param("dataColumns", data.join(", "))
}

/// Whether a value may be stored in a column of another type by the ANSI policy: nothing that only makes sense to
/// somebody who wrote the cast.
fn can_assign(from: &SparkType, to: &SparkType) -> bool {
    use SparkType as T;
    match (from, to) {
        _ if from == to => true,
        (T::Null, _) => true,
        (T::Array { .. } | T::Map { .. } | T::Struct(_), T::String { .. }) => false,
        (T::Variant | T::Geometry { .. } | T::Geography { .. } | T::UserDefined(_), T::String { .. }) => false,
        (_, T::String { .. }) => true,
        (left, right) if left.is_numeric() && right.is_numeric() => true,
        (left, right) if left.is_datetime() && right.is_datetime() => true,
        (T::Time { .. }, T::Time { .. }) => true,
        (T::YearMonthInterval { .. }, T::YearMonthInterval { .. }) => true,
        (T::DayTimeInterval { .. }, T::DayTimeInterval { .. }) => true,
        (T::Array { element: from, contains_null: from_null }, T::Array { element: to, contains_null: to_null }) => {
            can_assign(from, to) && (*to_null || !*from_null)
        }
        (
            T::Map { key: from_key, value: from_value, value_contains_null: from_null },
            T::Map { key: to_key, value: to_value, value_contains_null: to_null },
        ) => can_assign(from_key, to_key) && can_assign(from_value, to_value) && (*to_null || !*from_null),
        (T::Struct(from), T::Struct(to)) => {
            from.len() == to.len()
                && from
                    .iter()
                    .zip(to.iter())
                    .all(|(from, to)| can_assign(&from.data_type, &to.data_type) && (to.nullable || !from.nullable))
        }
        _ => false,
    }
}

/// Whether no value is lost: the strict policy.
fn is_up_cast(from: &SparkType, to: &SparkType) -> bool {
    use SparkType as T;
    let rank = |data_type: &T| match data_type {
        T::Byte => Some(1),
        T::Short => Some(2),
        T::Integer => Some(3),
        T::Long => Some(4),
        T::Float => Some(5),
        T::Double => Some(6),
        _ => None,
    };
    match (from, to) {
        _ if from == to => true,
        (T::Null, _) => true,
        (from, T::Decimal { precision, scale }) => from.integral_as_decimal().is_some_and(|(digits, fraction)| {
            i16::from(*precision) - i16::from(*scale) >= i16::from(digits) - i16::from(fraction) && *scale >= fraction
        }),
        (T::Date, T::Timestamp | T::TimestampNtz) => true,
        (T::Array { .. } | T::Map { .. } | T::Struct(_) | T::Variant | T::Geometry { .. } | T::Geography { .. }, _) => {
            false
        }
        (_, T::String { .. }) => true,
        (from, to) => matches!((rank(from), rank(to)), (Some(from), Some(to)) if from <= to),
    }
}
