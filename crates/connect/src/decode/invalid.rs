//! Spark's conditions for plans that make no sense.

use firesteel_base::SparkError;

/// A condition of the family `CONNECT_INVALID_PLAN`.
pub(super) fn plan(condition: &str) -> SparkError {
    SparkError::new(&format!("CONNECT_INVALID_PLAN.{condition}"))
}

/// A `oneof` of a message in which nothing was chosen.
pub(super) fn not_set(message: &str, oneof: &str) -> SparkError {
    plan("INVALID_ONE_OF_FIELD_NOT_SET")
        .param("fullName", format!("spark.connect.{message}"))
        .param("name", format!("{oneof}_NOT_SET"))
}

/// A `oneof` of a message in which something was chosen that has no meaning.
pub(super) fn not_supported(message: &str, name: &str, number: i32) -> SparkError {
    plan("INVALID_ONE_OF_FIELD_NOT_SUPPORTED")
        .param("fullName", format!("spark.connect.{message}"))
        .param("name", name)
        .param("number", number.to_string())
}

/// A value of an enumeration that means nothing.
pub(super) fn enumeration(message: &str, name: &str, number: i32) -> SparkError {
    plan("INVALID_ENUM")
        .param("fullName", format!("spark.connect.{message}"))
        .param("name", name)
        .param("number", number.to_string())
}

/// A required part is missing.
pub(super) fn missing() -> SparkError {
    plan("ASSERTION_FAILURE").param("message", "")
}

/// A field that must hold something is empty.
pub(super) fn empty(message: &str, field: &str) -> SparkError {
    plan("FIELD_CANNOT_BE_EMPTY").param("fullName", format!("spark.connect.{message}")).param("fieldName", field)
}
