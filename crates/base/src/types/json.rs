//! Spark's JSON form of types: written compact or indented, and read back.
//!
//! Collations live, as Spark writes them, in the metadata of the field that holds the text; reading puts them back
//! into the types.

mod read;

use serde_json::{Map, Value, json};

use super::{SparkField, SparkSchema, SparkType, UserDefinedType};
use crate::spatial_reference::name;

/// Metadata key under which a field keeps the collations of the strings inside it.
const COLLATIONS: &str = "__COLLATIONS";

impl SparkType {
    /// Compact JSON.
    pub fn json(&self) -> String {
        self.to_json_value().to_string()
    }

    /// JSON over several lines.
    pub fn pretty_json(&self) -> String {
        let mut text = String::new();
        write_pretty(&self.to_json_value(), 0, &mut text);
        text
    }

    fn to_json_value(&self) -> Value {
        self.json_value_with(&|_| None)
    }

    /// The JSON of this type; `spell` may replace the spelling of a string type.
    fn json_value_with(&self, spell: &dyn Fn(&Self) -> Option<&'static str>) -> Value {
        match self {
            Self::Array { element, contains_null } => json!({
                "type": "array",
                "elementType": element.json_value_with(spell),
                "containsNull": contains_null,
            }),
            Self::Map { key, value, value_contains_null } => json!({
                "type": "map",
                "keyType": key.json_value_with(spell),
                "valueType": value.json_value_with(spell),
                "valueContainsNull": value_contains_null,
            }),
            Self::Struct(schema) => schema.to_json_value(),
            Self::UserDefined(udt) => udt.to_json_value(),
            Self::Geometry { srid } => Value::from(format!("geometry({})", name(*srid))),
            Self::Geography { srid } => Value::from(format!("geography({}, SPHERICAL)", name(*srid))),
            _ => match spell(self) {
                Some(spelling) => Value::from(spelling),
                None => Value::from(self.type_name()),
            },
        }
    }

    /// Gathers the collations of the strings inside, by path below a field; structs keep their own.
    fn gather_collations(&self, path: &str, collations: &mut Map<String, Value>) {
        match self {
            Self::String { collation: Some(collation) } => {
                // Collations that ICU knows nothing of are Spark's own.
                let provider = if collation.starts_with("UTF8_") { "spark" } else { "icu" };
                collations.insert(path.to_owned(), Value::from(format!("{provider}.{collation}")));
            }
            Self::Array { element, .. } => element.gather_collations(&format!("{path}.element"), collations),
            Self::Map { key, value, .. } => {
                key.gather_collations(&format!("{path}.key"), collations);
                value.gather_collations(&format!("{path}.value"), collations);
            }
            _ => {}
        }
    }
}

impl SparkSchema {
    /// Compact JSON.
    pub fn json(&self) -> String {
        self.to_json_value().to_string()
    }

    /// JSON over several lines.
    pub fn pretty_json(&self) -> String {
        SparkType::Struct(self.clone()).pretty_json()
    }

    fn to_json_value(&self) -> Value {
        let fields: Vec<_> = self.iter().map(SparkField::to_json_value).collect();
        json!({ "type": "struct", "fields": fields })
    }
}

impl SparkField {
    /// The metadata as a JSON object; empty where there is none.
    pub fn metadata_object(&self) -> Map<String, Value> {
        let parsed = self.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok());
        match parsed {
            Some(Value::Object(object)) => object,
            _ => Map::new(),
        }
    }

    /// The text that the metadata keeps under `key`.
    pub fn metadata_string(&self, key: &str) -> Option<String> {
        self.metadata.as_deref()?;
        Some(self.metadata_object().get(key)?.as_str()?.to_owned())
    }

    /// The column's comment.
    pub fn comment(&self) -> Option<String> {
        self.metadata_string("comment")
    }

    /// The same field with this metadata; an empty object is no metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: &Map<String, Value>) -> Self {
        self.metadata = if metadata.is_empty() { None } else { serde_json::to_string(metadata).ok().map(Into::into) };
        self
    }

    /// The same field with this comment in its metadata.
    #[must_use]
    pub fn with_comment(self, comment: &str) -> Self {
        let mut metadata = self.metadata_object();
        metadata.insert("comment".to_owned(), Value::from(comment));
        self.with_metadata(&metadata)
    }

    fn to_json_value(&self) -> Value {
        let mut metadata = self.metadata_object();
        let mut collations = Map::new();
        self.data_type.gather_collations(&self.name, &mut collations);
        if !collations.is_empty() {
            metadata.insert(COLLATIONS.to_owned(), Value::Object(collations));
        }
        let plain = |data_type: &SparkType| matches!(data_type, SparkType::String { .. }).then_some("string");
        json!({
            "name": self.name,
            "type": self.data_type.json_value_with(&plain),
            "nullable": self.nullable,
            "metadata": metadata,
        })
    }
}

impl UserDefinedType {
    fn to_json_value(&self) -> Value {
        let mut object = Map::new();
        object.insert("type".to_owned(), Value::from("udt"));
        let mut put = |key: &str, value: &Option<String>| {
            if let Some(value) = value {
                object.insert(key.to_owned(), Value::from(value.as_str()));
            }
        };
        put("class", &self.jvm_class);
        put("pyClass", &self.python_class);
        put("serializedClass", &self.serialized_python_class);
        object.insert("sqlType".to_owned(), self.sql_type.to_json_value());
        Value::Object(object)
    }
}

/// Writes JSON in the layout of Spark's `prettyJson`: objects over several lines, arrays on the line they begin.
fn write_pretty(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(object) if object.is_empty() => text.push_str("{ }"),
        Value::Object(object) => {
            text.push('{');
            for (index, (key, inner)) in object.iter().enumerate() {
                text.push_str(if index == 0 { "\n" } else { ",\n" });
                text.push_str(&" ".repeat(indent + 2));
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push_str(" : ");
                write_pretty(inner, indent + 2, text);
            }
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            text.push('}');
        }
        Value::Array(items) if items.is_empty() => text.push_str("[ ]"),
        Value::Array(items) => {
            text.push_str("[ ");
            for (index, inner) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_pretty(inner, indent, text);
            }
            text.push_str(" ]");
        }
        _ => text.push_str(&value.to_string()),
    }
}
