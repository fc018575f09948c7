//! Schemas of several files as one.

use firesteel_base::identifier::quote_identifier;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

/// Merges two schemas as Spark does with `mergeSchema`: columns by name, those of the left first.
pub(crate) fn merge(left: &SparkSchema, right: &SparkSchema, case_sensitive: bool) -> SparkResult<SparkSchema> {
    let same = |one: &str, other: &str| if case_sensitive { one == other } else { one.eq_ignore_ascii_case(other) };
    let conflict = |cause: SparkError| {
        SparkError::new("CANNOT_MERGE_SCHEMAS")
            .param("left", format!("\"{}\"", SparkType::Struct(left.clone()).sql()))
            .param("right", format!("\"{}\"", SparkType::Struct(right.clone()).sql()))
            .caused_by(cause)
    };
    let mut fields: Vec<SparkField> = Vec::with_capacity(left.len());
    for field in left.iter() {
        let merged = match right.iter().find(|other| same(&field.name, &other.name)) {
            None => field.clone(),
            Some(other) => SparkField {
                data_type: merge_types(&field.data_type, &other.data_type, case_sensitive).map_err(conflict)?,
                nullable: field.nullable || other.nullable,
                ..field.clone()
            },
        };
        fields.push(merged);
    }
    let added = right.iter().filter(|other| !left.iter().any(|field| same(&field.name, &other.name)));
    fields.extend(added.cloned());
    Ok(SparkSchema::new(fields))
}

fn merge_types(left: &SparkType, right: &SparkType, case_sensitive: bool) -> SparkResult<SparkType> {
    if left == right {
        return Ok(left.clone());
    }
    match (left, right) {
        (SparkType::Null, other) | (other, SparkType::Null) => Ok(other.clone()),
        (
            SparkType::Array { element: left, contains_null: left_null },
            SparkType::Array { element: right, contains_null: right_null },
        ) => Ok(SparkType::array(merge_types(left, right, case_sensitive)?, *left_null || *right_null)),
        (
            SparkType::Map { key: left_key, value: left_value, value_contains_null: left_null },
            SparkType::Map { key: right_key, value: right_value, value_contains_null: right_null },
        ) => Ok(SparkType::map(
            merge_types(left_key, right_key, case_sensitive)?,
            merge_types(left_value, right_value, case_sensitive)?,
            *left_null || *right_null,
        )),
        (SparkType::Struct(left), SparkType::Struct(right)) => {
            Ok(SparkType::Struct(merge(left, right, case_sensitive)?))
        }
        (
            SparkType::Decimal { precision: left_precision, scale: left_scale },
            SparkType::Decimal { precision: right_precision, scale: right_scale },
        ) if left_scale == right_scale => Ok(SparkType::decimal((*left_precision).max(*right_precision), *left_scale)),
        _ => Err(SparkError::new("CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE")
            .param("left", format!("\"{}\"", left.sql()))
            .param("right", format!("\"{}\"", right.sql()))),
    }
}

/// Refuses a schema in which a name occurs twice.
pub(crate) fn check_names(schema: &SparkSchema, case_sensitive: bool) -> SparkResult<()> {
    let mut seen = std::collections::HashSet::new();
    for field in schema.iter() {
        let key = if case_sensitive { field.name.clone() } else { field.name.to_lowercase() };
        if !seen.insert(key.clone()) {
            return Err(SparkError::new("COLUMN_ALREADY_EXISTS").param("columnName", quote_identifier(&key)));
        }
    }
    Ok(())
}
