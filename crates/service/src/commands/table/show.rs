//! `SHOW CREATE TABLE`, `SHOW TBLPROPERTIES`, `SHOW TABLE EXTENDED`.

use firesteel_base::config::redacted;
use firesteel_base::error::quoting::single_quoted;
use firesteel_base::identifier::quote_if_needed;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_catalog::{Kind, Table};
use firesteel_syntax::ir::table::PartitionSpecification;
use indexmap::IndexMap;

use super::super::names::{self, Named, Searched};
use super::columns::CURRENT_DEFAULT;
use super::describe;
use crate::answer::CommandResult;
use crate::session::Session;
use crate::views::matches_pattern;

pub(super) async fn create(session: &Session, name: &[String], as_serde: bool) -> SparkResult<CommandResult> {
    let table = match names::need(session, name, Searched::Objects).await? {
        Named::Object(table) => table,
        Named::View(_) => {
            return Err(SparkError::new("EXPECT_PERMANENT_VIEW_NOT_TEMP")
                .param("viewName", firesteel_base::identifier::quote_name_parts(name))
                .param("operation", "SHOW CREATE TABLE"));
        }
    };
    if as_serde && !table.is_view() {
        return Err(SparkError::new("UNSUPPORTED_SHOW_CREATE_TABLE.ON_DATA_SOURCE_TABLE_WITH_AS_SERDE")
            .param("tableName", table.name.quoted()));
    }
    let text = if table.is_view() { create_view(&table) } else { create_table(&table) };
    CommandResult::of_text("createtab_stmt", false, text)
}

/// A type with the collation of texts, as the statement that makes the same table writes it.
fn type_sql(data_type: &SparkType) -> String {
    match data_type {
        SparkType::String { collation: None } => "STRING COLLATE UTF8_BINARY".to_owned(),
        SparkType::Char(_) | SparkType::Varchar(_) => format!("{} COLLATE UTF8_BINARY", data_type.sql()),
        SparkType::Array { element, .. } => format!("ARRAY<{}>", type_sql(element)),
        SparkType::Map { key, value, .. } => format!("MAP<{}, {}>", type_sql(key), type_sql(value)),
        SparkType::Struct(schema) => {
            let fields: Vec<String> = schema
                .iter()
                .map(|field| {
                    let not_null = if field.nullable { "" } else { " NOT NULL" };
                    let comment = field
                        .comment()
                        .map(|comment| format!(" COMMENT {}", single_quoted(&comment)))
                        .unwrap_or_default();
                    format!("{}: {}{not_null}{comment}", quote_if_needed(&field.name), type_sql(&field.data_type))
                })
                .collect();
            format!("STRUCT<{}>", fields.join(", "))
        }
        other => other.sql(),
    }
}

fn column_sql(field: &SparkField) -> String {
    let mut text = format!("{} {}", quote_if_needed(&field.name), type_sql(&field.data_type));
    if let Some(default) = field.metadata_string(CURRENT_DEFAULT) {
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if let Some(comment) = field.comment() {
        text.push_str(&format!(" COMMENT {}", single_quoted(&comment)));
    }
    text
}

fn pairs(clause: &str, map: &IndexMap<String, String>) -> String {
    if map.is_empty() {
        return String::new();
    }
    let mut pairs: Vec<_> = map.iter().collect();
    pairs.sort();
    let shown: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{} = {}", single_quoted(key), single_quoted(&redacted(key, value))))
        .collect();
    format!("{clause} (\n  {})\n", shown.join(",\n  "))
}

fn names_of(columns: &[String]) -> String {
    columns.iter().map(|name| quote_if_needed(name)).collect::<Vec<_>>().join(", ")
}

fn create_table(table: &Table) -> String {
    let columns: Vec<String> = table.schema.iter().map(column_sql).collect();
    let mut text = format!("CREATE TABLE {} (\n  {})\n", table.name, columns.join(",\n  "));
    text.push_str(&format!("USING {}\n", table.provider));
    text.push_str(&pairs("OPTIONS", &table.options));
    if !table.partition_columns.is_empty() {
        text.push_str(&format!("PARTITIONED BY ({})\n", names_of(&table.partition_columns)));
    }
    if !table.cluster_columns.is_empty() {
        text.push_str(&format!("CLUSTER BY ({})\n", names_of(&table.cluster_columns)));
    }
    if let Some(bucketing) = &table.bucketing {
        text.push_str(&format!("CLUSTERED BY ({})\n", names_of(&bucketing.columns)));
        if !bucketing.sort_columns.is_empty() {
            text.push_str(&format!("SORTED BY ({})\n", names_of(&bucketing.sort_columns)));
        }
        text.push_str(&format!("INTO {} BUCKETS\n", bucketing.buckets));
    }
    if table.kind == Kind::External {
        text.push_str(&format!("LOCATION {}\n", single_quoted(&table.location)));
    }
    if let Some(comment) = &table.comment {
        text.push_str(&format!("COMMENT {}\n", single_quoted(comment)));
    }
    if let Some(collation) = &table.collation {
        text.push_str(&format!("DEFAULT COLLATION {collation}\n"));
    }
    text.push_str(&pairs("TBLPROPERTIES", &table.properties));
    text
}

fn create_view(view: &Table) -> String {
    let columns: Vec<String> = view
        .schema
        .iter()
        .map(|field| {
            let comment =
                field.comment().map(|comment| format!(" COMMENT {}", single_quoted(&comment))).unwrap_or_default();
            format!("{}{comment}", quote_if_needed(&field.name))
        })
        .collect();
    let mut text = format!("CREATE VIEW {}.{} (\n  {})\n", view.name.database, view.name.name, columns.join(",\n  "));
    if let Some(comment) = &view.comment {
        text.push_str(&format!("COMMENT {}\n", single_quoted(comment)));
    }
    text.push_str(&pairs("TBLPROPERTIES", &view.properties));
    if let Some(details) = &view.view {
        text.push_str(&format!("WITH SCHEMA {}\nAS {}\n", details.schema_mode, details.text));
    }
    text
}

pub(super) async fn properties(session: &Session, name: &[String], key: Option<&str>) -> SparkResult<CommandResult> {
    let columns = [("key", false), ("value", false)];
    let table = match names::need(session, name, Searched::Objects).await? {
        Named::Object(table) => table,
        // Temporary views have none.
        Named::View(_) => return CommandResult::of_strings(&columns, Vec::new()),
    };
    let mut shown: Vec<(String, String)> = match key {
        None => table.properties.iter().map(|(key, value)| (key.clone(), redacted(key, value))).collect(),
        Some(key) => {
            let value = table.properties.get(key).map(|value| redacted(key, value));
            let missing = || format!("Table {} does not have property: {key}", table.name);
            vec![(key.to_owned(), value.unwrap_or_else(missing))]
        }
    };
    shown.sort();
    CommandResult::of_strings(&columns, shown.into_iter().map(|(key, value)| vec![Some(key), Some(value)]).collect())
}

pub(super) async fn extended(
    session: &Session,
    namespace: Option<&[String]>,
    pattern: &str,
    partition: Option<PartitionSpecification>,
) -> SparkResult<CommandResult> {
    if partition.is_some() {
        return Err(SparkError::unsupported("SHOW TABLE EXTENDED PARTITION"));
    }
    let database = super::super::show::check_namespace(session, namespace).await?;
    let schema = SparkSchema::new([
        SparkField::new("namespace", SparkType::STRING, false),
        SparkField::new("tableName", SparkType::STRING, false),
        SparkField::new("isTemporary", SparkType::Boolean, false),
        SparkField::new("information", SparkType::STRING, false),
    ]);
    let mut names = Vec::new();
    let mut information = Vec::new();
    for table in session.catalog().tables(&database).await? {
        if !matches_pattern(&table.name.name, pattern) {
            continue;
        }
        let mut text: String =
            describe::details(&table).iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        if !table.partition_columns.is_empty() {
            let quoted: Vec<String> =
                table.partition_columns.iter().map(|name| firesteel_base::identifier::quote_identifier(name)).collect();
            text.push_str(&format!("Partition Columns: [{}]\n", quoted.join(", ")));
        }
        let plain = firesteel_plan::as_strings(&table.schema);
        text.push_str(&format!("Schema: {}\n\n", plain.tree_string(None)));
        names.push(table.name.name.clone());
        information.push(text);
    }
    let columns: Vec<arrow::array::ArrayRef> = vec![
        std::sync::Arc::new(names.iter().map(|_| Some(database.as_str())).collect::<arrow::array::StringArray>()),
        std::sync::Arc::new(names.iter().map(|name| Some(name.as_str())).collect::<arrow::array::StringArray>()),
        std::sync::Arc::new(names.iter().map(|_| Some(false)).collect::<arrow::array::BooleanArray>()),
        std::sync::Arc::new(information.iter().map(|text| Some(text.as_str())).collect::<arrow::array::StringArray>()),
    ];
    CommandResult::new(schema, columns, names.len())
}
