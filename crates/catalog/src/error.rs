//! The refusals that every catalog gives in Spark's words.

use firesteel_base::SparkError;
use firesteel_base::identifier::{quote_identifier, quote_name_parts};

use crate::name::{CATALOG, ObjectName};

pub fn database_not_found(name: &str) -> SparkError {
    SparkError::new("SCHEMA_NOT_FOUND").param("schemaName", quote_name_parts(&[CATALOG, name]))
}

pub(crate) fn database_exists(name: &str) -> SparkError {
    SparkError::new("SCHEMA_ALREADY_EXISTS").param("schemaName", quote_identifier(name))
}

pub(crate) fn database_not_empty(name: &str) -> SparkError {
    SparkError::new("SCHEMA_NOT_EMPTY").param("schemaName", quote_identifier(name))
}

/// A table or view of this name exists.
pub fn already_exists(name: &ObjectName) -> SparkError {
    SparkError::new("TABLE_OR_VIEW_ALREADY_EXISTS").param("relationName", name.quoted())
}

pub(crate) fn table_not_found(name: &ObjectName) -> SparkError {
    SparkError::new("TABLE_OR_VIEW_NOT_FOUND")
        .param("relationName", name.quoted())
        .param("searchPath", format!("[{}]", quote_name_parts(&[CATALOG, &name.database])))
}

pub(crate) fn function_exists(name: &ObjectName) -> SparkError {
    SparkError::new("ROUTINE_ALREADY_EXISTS")
        .param("routineName", name.quoted())
        .param("newRoutineType", "routine")
        .param("existingRoutineType", "routine")
}

/// Somebody else changed the object between reading and writing it.
pub(crate) fn changed(name: &ObjectName) -> SparkError {
    SparkError::new("CATALOG_CHANGED").param("name", name.quoted())
}

/// The store of the catalog failed.
pub(crate) fn store(error: impl std::error::Error + Send + Sync + 'static) -> SparkError {
    SparkError::new("CATALOG_FAILED").param("message", error.to_string()).caused_by(error)
}
