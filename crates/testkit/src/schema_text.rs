//! The line that tells a result's columns in the `.slt` corpus: names, types and what cannot be null, at every depth.

use firesteel_base::{SparkField, SparkSchema, SparkType};

/// `# a: int not null, b: array<string not null>`
pub fn schema_line(schema: &SparkSchema) -> String {
    format!("# {}", fields(schema))
}

/// One letter a column, as sqllogictest has it: integer, other number, anything else.
pub fn letters(schema: &SparkSchema) -> String {
    schema.iter().map(|field| letter(&field.data_type)).collect()
}

fn letter(data_type: &SparkType) -> char {
    match data_type {
        SparkType::Byte | SparkType::Short | SparkType::Integer | SparkType::Long => 'I',
        SparkType::Float | SparkType::Double | SparkType::Decimal { .. } => 'R',
        _ => 'T',
    }
}

fn fields(schema: &SparkSchema) -> String {
    schema.iter().map(field).collect::<Vec<_>>().join(", ")
}

fn field(field: &SparkField) -> String {
    format!("{}: {}{}", field.name, type_text(&field.data_type), not_null(field.nullable))
}

fn type_text(data_type: &SparkType) -> String {
    match data_type {
        SparkType::Array { element, contains_null } => {
            format!("array<{}{}>", type_text(element), not_null(*contains_null))
        }
        SparkType::Map { key, value, value_contains_null } => {
            format!("map<{}, {}{}>", type_text(key), type_text(value), not_null(*value_contains_null))
        }
        SparkType::Struct(schema) => format!("struct<{}>", fields(schema)),
        atomic => atomic.simple_string(),
    }
}

fn not_null(nullable: bool) -> &'static str {
    if nullable { "" } else { " not null" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nullability_shows_at_every_depth() {
        let inner = SparkSchema::new(vec![SparkField::new("x", SparkType::Integer, false)]);
        let schema = SparkSchema::new(vec![
            SparkField::new("a", SparkType::array(SparkType::Struct(inner), false), true),
            SparkField::new("b", SparkType::map(SparkType::STRING, SparkType::Long, true), false),
        ]);
        assert_eq!(
            schema_line(&schema),
            "# a: array<struct<x: int not null> not null>, b: map<string, bigint> not null"
        );
        assert_eq!(letters(&schema), "TT");
    }
}
