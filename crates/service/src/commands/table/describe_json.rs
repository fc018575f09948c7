//! `DESCRIBE EXTENDED … AS JSON`: all that is known of a table in one text.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use firesteel_base::config::redacted;
use firesteel_base::{SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_catalog::{CATALOG, Kind, Table};
use firesteel_plan::View;
use serde_json::{Map, Value, json};

use super::columns::CURRENT_DEFAULT;
use crate::answer::CommandResult;

/// The collation of texts that name none.
const DEFAULT_COLLATION: &str = "UTF8_BINARY";

type Object = Map<String, Value>;

/// The values of a partition's columns, and its directory.
pub(super) struct DescribedPartition {
    pub(super) values: Vec<(String, Option<String>)>,
    pub(super) location: String,
}

/// A table or persistent view, or one partition of a table.
pub(super) fn table(table: &Table, partition: Option<&DescribedPartition>) -> SparkResult<CommandResult> {
    let mut object = head(&table.name.name, CATALOG, &table.name.database, &table.schema);
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    if let Some(bucketing) = &table.bucketing {
        put("num_buckets", json!(bucketing.buckets));
        put("bucket_columns", json!(bucketing.columns));
        put("sort_columns", json!(bucketing.sort_columns));
    }
    if !table.cluster_columns.is_empty() {
        put("clustering_columns", json!(table.cluster_columns));
    }
    if let Some(partition) = partition {
        let values: Object = partition.values.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        put("partition_values", Value::Object(values));
    }
    if table.kind != Kind::View {
        put("location", json!(partition.map_or(&table.location, |partition| &partition.location)));
        if !table.options.is_empty() {
            put("storage_properties", sorted(&table.options));
        }
    }
    put("created_time", json!(iso_time(table.created_at)));
    put("last_access", json!("UNKNOWN"));
    put("created_by", json!("Spark 4.2.1"));
    put("type", json!(table.kind.name()));
    if table.kind != Kind::View {
        put("provider", json!(table.provider));
    }
    if let Some(comment) = &table.comment {
        put("comment", json!(comment));
    }
    if let Some(view) = &table.view {
        put("view_text", json!(view.text));
        put("view_original_text", json!(view.text));
        put("view_schema_mode", json!(view.schema_mode));
        put("view_catalog_and_namespace", json!(format!("{CATALOG}.{}", view.database)));
        put("view_query_output_columns", json!(view.query_columns));
    }
    if !table.properties.is_empty() {
        put("table_properties", sorted(&table.properties));
    }
    if let Some(statistics) = &table.statistics {
        let mut known = Object::new();
        known.insert("size_in_bytes".to_owned(), json!(statistics.size_bytes));
        if let Some(rows) = statistics.rows {
            known.insert("num_rows".to_owned(), json!(rows));
        }
        put("statistics", Value::Object(known));
    }
    if !table.partition_columns.is_empty() {
        put("partition_provider", json!("Catalog"));
        put("partition_columns", json!(table.partition_columns));
    }
    put("collation", json!(table.collation.as_deref().unwrap_or(DEFAULT_COLLATION)));
    answer(object)
}

/// A view of the session.
pub(super) fn temporary_view(
    view: &View,
    columns: &SparkSchema,
    database: &str,
    now: i64,
) -> SparkResult<CommandResult> {
    let name = view.name.last().map_or("", String::as_str);
    let mut object = head(name, "system", "session", columns);
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("created_time", json!(iso_time(now)));
    put("last_access", json!("UNKNOWN"));
    put("created_by", json!(if view.text.is_some() { "Spark 4.2.1" } else { "Spark " }));
    put("type", json!("VIEW"));
    if let Some(comment) = &view.comment {
        put("comment", json!(comment));
    }
    if let Some(text) = &view.text {
        put("view_text", json!(text.as_ref()));
    }
    put("view_schema_mode", json!("BINDING"));
    if view.text.is_some() {
        put("view_catalog_and_namespace", json!(format!("{CATALOG}.{database}")));
        let names: Vec<&str> = columns.iter().map(|field| field.name.as_str()).collect();
        put("view_query_output_columns", json!(names));
    }
    put("collation", json!(DEFAULT_COLLATION));
    answer(object)
}

fn answer(object: Object) -> SparkResult<CommandResult> {
    let schema = SparkSchema::new([
        SparkField::new("json_metadata", SparkType::STRING, false).with_comment("JSON metadata of the table")
    ]);
    CommandResult::of_texts(schema, vec![vec![Some(Value::Object(object).to_string())]])
}

fn head(name: &str, catalog: &str, database: &str, columns: &SparkSchema) -> Object {
    let mut object = Object::new();
    object.insert("table_name".to_owned(), json!(name));
    object.insert("catalog_name".to_owned(), json!(catalog));
    object.insert("namespace".to_owned(), json!([database]));
    object.insert("schema_name".to_owned(), json!(database));
    object.insert("columns".to_owned(), columns.iter().map(column).collect());
    object
}

fn column(field: &SparkField) -> Value {
    let mut object = Object::new();
    object.insert("name".to_owned(), json!(field.name));
    object.insert("type".to_owned(), data_type(&field.data_type));
    object.insert("nullable".to_owned(), json!(field.nullable));
    if let Some(comment) = field.comment() {
        object.insert("comment".to_owned(), json!(comment));
    }
    if let Some(default) = field.metadata_string(CURRENT_DEFAULT) {
        object.insert("default".to_owned(), json!(default));
    }
    Value::Object(object)
}

fn data_type(data_type: &SparkType) -> Value {
    match data_type {
        SparkType::String { collation } => {
            json!({"name": "string", "collation": collation.as_deref().unwrap_or(DEFAULT_COLLATION)})
        }
        // Texts of a limited length are kept as texts.
        SparkType::Char(_) | SparkType::Varchar(_) => json!({"name": "string", "collation": DEFAULT_COLLATION}),
        SparkType::Decimal { precision, scale } => json!({"name": "decimal", "precision": precision, "scale": scale}),
        SparkType::Timestamp => json!({"name": "timestamp_ltz"}),
        SparkType::Array { element, contains_null } => {
            json!({"name": "array", "element_type": self::data_type(element), "element_nullable": contains_null})
        }
        SparkType::Map { key, value, value_contains_null } => json!({
            "name": "map",
            "key_type": self::data_type(key),
            "value_type": self::data_type(value),
            "value_nullable": value_contains_null,
        }),
        SparkType::Struct(schema) => {
            json!({"name": "struct", "fields": schema.iter().map(column).collect::<Vec<_>>()})
        }
        other => interval(&other.simple_string()).unwrap_or_else(|| json!({"name": other.simple_string()})),
    }
}

/// `interval day to second` in its units.
fn interval(text: &str) -> Option<Value> {
    let units = text.strip_prefix("interval ")?;
    let (start, end) = units.split_once(" to ").unwrap_or((units, units));
    Some(json!({"name": "interval", "start_unit": start, "end_unit": end}))
}

fn sorted(pairs: &indexmap::IndexMap<String, String>) -> Value {
    let shown: BTreeMap<&String, String> =
        pairs.iter().map(|(key, value)| (key, redacted(key, value).to_string())).collect();
    json!(shown)
}

fn iso_time(milliseconds: i64) -> String {
    let time = DateTime::<Utc>::from_timestamp_millis(milliseconds).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
