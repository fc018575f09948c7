//! How types and expressions are spelled in the parameters of errors.

use firesteel_base::SparkType;
use firesteel_base::types::{DayTimeField, YearMonthField};

/// Text in double quotes, as expressions appear in errors.
pub fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// A type's SQL spelling in double quotes.
pub fn quoted_type(data_type: &SparkType) -> String {
    quoted(&type_sql(data_type))
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

/// The SQL spelling of a type: `INT`, `ARRAY<STRING>`, `STRUCT<a: INT NOT NULL>`.
pub(super) fn type_sql(data_type: &SparkType) -> String {
    match data_type {
        SparkType::Null => "VOID".to_owned(),
        SparkType::Boolean => "BOOLEAN".to_owned(),
        SparkType::Byte => "TINYINT".to_owned(),
        SparkType::Short => "SMALLINT".to_owned(),
        SparkType::Integer => "INT".to_owned(),
        SparkType::Long => "BIGINT".to_owned(),
        SparkType::Float => "FLOAT".to_owned(),
        SparkType::Double => "DOUBLE".to_owned(),
        SparkType::Decimal { precision, scale } => format!("DECIMAL({precision},{scale})"),
        SparkType::String { collation: None } => "STRING".to_owned(),
        SparkType::String { collation: Some(name) } => format!("STRING COLLATE {name}"),
        SparkType::Char(length) => format!("CHAR({length})"),
        SparkType::Varchar(length) => format!("VARCHAR({length})"),
        SparkType::Binary => "BINARY".to_owned(),
        SparkType::Date => "DATE".to_owned(),
        SparkType::Timestamp => "TIMESTAMP".to_owned(),
        SparkType::TimestampNtz => "TIMESTAMP_NTZ".to_owned(),
        SparkType::Time { precision } => format!("TIME({precision})"),
        SparkType::YearMonthInterval { start, end } => interval(year_month(*start), year_month(*end)),
        SparkType::DayTimeInterval { start, end } => interval(day_time(*start), day_time(*end)),
        SparkType::CalendarInterval => "INTERVAL".to_owned(),
        SparkType::Array { element, .. } => format!("ARRAY<{}>", type_sql(element)),
        SparkType::Map { key, value, .. } => format!("MAP<{}, {}>", type_sql(key), type_sql(value)),
        SparkType::Struct(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| {
                    let not_null = if field.nullable { "" } else { " NOT NULL" };
                    format!("{}: {}{not_null}", identifier(&field.name), type_sql(&field.data_type))
                })
                .collect();
            format!("STRUCT<{}>", fields.join(", "))
        }
        SparkType::Variant => "VARIANT".to_owned(),
        SparkType::UserDefined(udt) => type_sql(&udt.sql_type),
    }
}

/// A field's name, in backticks unless it is a plain word.
fn identifier(name: &str) -> String {
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && name.chars().any(|letter| !letter.is_ascii_digit());
    if plain { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) }
}

fn interval(start: &str, end: &str) -> String {
    if start == end { format!("INTERVAL {start}") } else { format!("INTERVAL {start} TO {end}") }
}

fn year_month(field: YearMonthField) -> &'static str {
    match field {
        YearMonthField::Year => "YEAR",
        YearMonthField::Month => "MONTH",
    }
}

fn day_time(field: DayTimeField) -> &'static str {
    match field {
        DayTimeField::Day => "DAY",
        DayTimeField::Hour => "HOUR",
        DayTimeField::Minute => "MINUTE",
        DayTimeField::Second => "SECOND",
    }
}
