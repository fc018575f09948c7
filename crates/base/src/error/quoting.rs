//! How values, names and SQL pieces are written into the parameters of errors.
//!
//! Spark's messages show identifiers in back-ticks, and configuration keys, types and expressions in double quotes.

use crate::identifier::{parse_attribute_name, quote_identifier, quote_name_parts};
use crate::number::{java_double, java_float};
use crate::types::SparkType;

/// An identifier given as one text: its dotted parts, each in back-ticks.
pub fn to_sql_id(name: &str) -> String {
    match parse_attribute_name(name) {
        Some(parts) => quote_name_parts(&parts),
        None => quote_identifier(name),
    }
}

/// An identifier given as parts, each in back-ticks.
pub fn to_sql_id_parts<S: AsRef<str>>(parts: &[S]) -> String {
    quote_name_parts(parts)
}

/// A statement's name in capitals.
pub fn to_sql_statement(text: &str) -> String {
    text.to_uppercase()
}

/// A type: `"ARRAY<INT>"` with the double quotes.
pub fn to_sql_type(data_type: &SparkType) -> String {
    double_quoted(&data_type.sql())
}

/// A configuration key in double quotes.
pub fn to_sql_conf(key: &str) -> String {
    double_quoted(key)
}

/// The value of a configuration key in double quotes.
pub fn to_sql_conf_value(value: &str) -> String {
    double_quoted(value)
}

/// An option of a data source in double quotes.
pub fn to_data_source_option(option: &str) -> String {
    double_quoted(option)
}

/// An expression, given as its SQL, in double quotes.
pub fn to_sql_expr(sql: &str) -> String {
    double_quoted(sql)
}

/// A schema, given as its text, in double quotes.
pub fn to_sql_schema(schema: &str) -> String {
    double_quoted(schema)
}

fn double_quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Text in single quotes, with single quotes inside escaped by a backslash and nothing else changed.
pub fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "\\'"))
}

/// A value as errors show it: the literal's SQL.
pub fn to_sql_value<V: SqlValue + ?Sized>(value: &V) -> String {
    value.to_sql()
}

/// A value that errors can show.
pub trait SqlValue {
    /// The literal's SQL.
    fn to_sql(&self) -> String;
}

impl SqlValue for str {
    fn to_sql(&self) -> String {
        format!("'{}'", self.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

impl SqlValue for String {
    fn to_sql(&self) -> String {
        self.as_str().to_sql()
    }
}

impl SqlValue for bool {
    fn to_sql(&self) -> String {
        self.to_string()
    }
}

impl SqlValue for i8 {
    fn to_sql(&self) -> String {
        format!("{self}Y")
    }
}

impl SqlValue for i16 {
    fn to_sql(&self) -> String {
        format!("{self}S")
    }
}

impl SqlValue for i32 {
    fn to_sql(&self) -> String {
        self.to_string()
    }
}

impl SqlValue for i64 {
    fn to_sql(&self) -> String {
        format!("{self}L")
    }
}

impl SqlValue for f32 {
    fn to_sql(&self) -> String {
        if self.is_finite() { format!("CAST({} AS FLOAT)", java_float(*self)) } else { java_float(*self) }
    }
}

impl SqlValue for f64 {
    fn to_sql(&self) -> String {
        if self.is_finite() { format!("{}D", java_double(*self)) } else { java_double(*self) }
    }
}

impl<V: SqlValue> SqlValue for Option<V> {
    fn to_sql(&self) -> String {
        self.as_ref().map_or_else(|| "NULL".to_owned(), SqlValue::to_sql)
    }
}

#[cfg(test)]
mod tests {
    use super::{to_sql_conf, to_sql_id, to_sql_type, to_sql_value};
    use crate::types::SparkType;

    #[test]
    fn pieces_are_quoted_as_sparks() {
        assert_eq!(to_sql_id("a.b"), "`a`.`b`");
        assert_eq!(to_sql_id("a b"), "`a b`");
        assert_eq!(to_sql_conf("a.b"), "\"a.b\"");
        assert_eq!(to_sql_type(&SparkType::array(SparkType::Integer, true)), "\"ARRAY<INT>\"");
        assert_eq!(to_sql_value("a'b\\c\n"), "'a\\'b\\\\c\n'");
        assert_eq!(to_sql_value(&1.5), "1.5D");
        assert_eq!(to_sql_value(&f64::NAN), "NaN");
        assert_eq!(to_sql_value(&1i16), "1S");
        assert_eq!(to_sql_value(&None::<i32>), "NULL");
    }
}
