//! How types and expressions are spelled in the parameters of errors.

use firesteel_base::SparkType;
use firesteel_base::error::quoting::{to_sql_expr, to_sql_type};

/// Text in double quotes, as expressions appear in errors.
pub fn quoted(text: &str) -> String {
    to_sql_expr(text)
}

/// A type's SQL spelling in double quotes.
pub fn quoted_type(data_type: &SparkType) -> String {
    to_sql_type(data_type)
}

/// Types as `["INT", "STRING"]`.
pub fn listed_types(types: &[SparkType]) -> String {
    let types: Vec<_> = types.iter().map(quoted_type).collect();
    format!("[{}]", types.join(", "))
}

/// `first`, `second`, `third`, then `4th`: the place of an argument, counted from 0.
pub fn ordinal(index: usize) -> String {
    match index {
        0 => "first".to_owned(),
        1 => "second".to_owned(),
        2 => "third".to_owned(),
        more => format!("{}th", more + 1),
    }
}
