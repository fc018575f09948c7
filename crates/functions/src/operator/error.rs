//! Errors of operators.

use firesteel_base::SparkError;
use firesteel_base::error::ErrorKind;

const ANSI: &str = "\"spark.sql.ansi.enabled\"";

pub(crate) fn divide_by_zero() -> SparkError {
    SparkError::new("DIVIDE_BY_ZERO").param("config", ANSI).with_kind(ErrorKind::Arithmetic)
}

pub(crate) fn remainder_by_zero() -> SparkError {
    SparkError::new("REMAINDER_BY_ZERO").param("config", ANSI).with_kind(ErrorKind::Arithmetic)
}

/// `ARITHMETIC_OVERFLOW`; `instead` is the function that gives NULL, or empty.
pub(crate) fn arithmetic_overflow(message: &str, instead: &str) -> SparkError {
    let alternative = match instead {
        "" => String::new(),
        instead => format!(" Use '{instead}' to tolerate overflow and return NULL instead."),
    };
    SparkError::new("ARITHMETIC_OVERFLOW")
        .param("message", message)
        .param("alternative", alternative)
        .param("config", ANSI)
        .with_kind(ErrorKind::Arithmetic)
}

/// Overflow of bytes and shorts.
pub(super) fn binary_overflow(left: i64, symbol: &str, right: i64, instead: &str) -> SparkError {
    SparkError::new("BINARY_ARITHMETIC_OVERFLOW")
        .param("value1", format!("{left}S"))
        .param("symbol", symbol)
        .param("value2", format!("{right}S"))
        .param("functionName", format!("`{instead}`"))
        .with_kind(ErrorKind::Arithmetic)
}

/// `instead` is the function that gives NULL, or empty.
pub(crate) fn interval_overflow(instead: &str) -> SparkError {
    let error = match instead {
        "" => SparkError::new("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION"),
        instead => SparkError::new("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION")
            .param("functionName", format!("`{instead}`")),
    };
    error.with_kind(ErrorKind::Arithmetic)
}

/// An overflow that Java's own arithmetic finds.
pub(crate) fn java_overflow(message: impl Into<String>) -> SparkError {
    SparkError::unnamed(ErrorKind::JavaArithmetic, message)
}

pub(super) fn interval_divided_by_zero() -> SparkError {
    SparkError::new("INTERVAL_DIVIDED_BY_ZERO").with_kind(ErrorKind::Arithmetic)
}
