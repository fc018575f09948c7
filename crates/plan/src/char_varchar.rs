//! `CHAR(n)` and `VARCHAR(n)` columns of tables: texts to everybody who reads them, with the declared type in the
//! column's metadata; lengths are checked where they are written.

use firesteel_base::{SparkField, SparkSchema, SparkType};

/// Where the metadata of a column keeps its declared type.
const DECLARED: &str = "__CHAR_VARCHAR_TYPE_STRING";

/// The schema with texts of limited length as plain texts. The declared types stay in the metadata.
pub fn as_strings(schema: &SparkSchema) -> SparkSchema {
    SparkSchema::new(schema.iter().map(string_field).collect::<Vec<_>>())
}

fn string_field(field: &SparkField) -> SparkField {
    let plain = plain_type(&field.data_type);
    if plain == field.data_type {
        return field.clone();
    }
    let mut metadata = field.metadata_object();
    metadata.insert(DECLARED.to_owned(), field.data_type.catalog_string().into());
    SparkField { data_type: plain, ..field.clone() }.with_metadata(&metadata)
}

/// The type with every text of limited length in it a plain one.
pub fn plain_type(data_type: &SparkType) -> SparkType {
    match data_type {
        SparkType::Char(_) | SparkType::Varchar(_) => SparkType::STRING,
        SparkType::Array { element, contains_null } => SparkType::array(plain_type(element), *contains_null),
        SparkType::Map { key, value, value_contains_null } => {
            SparkType::map(plain_type(key), plain_type(value), *value_contains_null)
        }
        SparkType::Struct(schema) => SparkType::Struct(SparkSchema::new(
            schema
                .iter()
                .map(|field| SparkField { data_type: plain_type(&field.data_type), ..field.clone() })
                .collect::<Vec<_>>(),
        )),
        other => other.clone(),
    }
}
