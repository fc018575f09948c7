//! `DESCRIBE TABLE` in its forms.

use chrono::{DateTime, Utc};
use firesteel_base::config::redacted;
use firesteel_base::identifier::{quote_identifier, quote_name_parts};
use firesteel_base::{Origin, SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_catalog::{CATALOG, Kind, Table};
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::table::PartitionSpecification;
use indexmap::IndexMap;

use super::super::names::{self, Named};
use super::columns::CURRENT_DEFAULT;
use super::describe_json::{self, DescribedPartition};
use super::partition;
use crate::answer::CommandResult;
use crate::session::Session;

/// Three texts: name, type or value, comment.
type Row = Vec<Option<String>>;

fn row(name: &str, value: &str) -> Row {
    vec![Some(name.to_owned()), Some(value.to_owned()), Some(String::new())]
}

pub(super) fn schema() -> SparkSchema {
    SparkSchema::new([
        SparkField::new("col_name", SparkType::STRING, false).with_comment("name of the column"),
        SparkField::new("data_type", SparkType::STRING, false).with_comment("data type of the column"),
        SparkField::new("comment", SparkType::STRING, true).with_comment("comment of the column"),
    ])
}

fn column_row(field: &SparkField) -> Row {
    vec![Some(field.name.clone()), Some(field.data_type.simple_string()), field.comment()]
}

pub(super) async fn table(
    session: &Session,
    name: &[String],
    extended: bool,
    partition: Option<PartitionSpecification>,
    as_json: bool,
) -> SparkResult<CommandResult> {
    let table = match names::find(session, name).await {
        Ok(Some(Named::Object(table))) => table,
        // Temporary views, and files by their paths.
        found => {
            if partition.is_some() {
                return Err(SparkError::unsupported("DESCRIBE of a temporary view by partition"));
            }
            let described = session.schema(Relation::table(name.to_vec(), Origin::Unknown)).await?;
            if as_json {
                let Ok(Some(Named::View(view))) = found else {
                    return Err(SparkError::unsupported("DESCRIBE of files AS JSON"));
                };
                let now = session.clock().unix_micros() / 1000;
                return describe_json::temporary_view(&view, &described, &session.current_database(), now);
            }
            return CommandResult::of_texts(schema(), described.iter().map(column_row).collect());
        }
    };
    if as_json {
        let partition = match partition {
            Some(specification) => Some(described_partition(session, &table, &specification).await?),
            None => None,
        };
        return describe_json::table(&table, partition.as_ref());
    }
    let mut rows: Vec<Row> = table.schema.iter().map(column_row).collect();
    if !table.partition_columns.is_empty() {
        rows.push(row("# Partition Information", ""));
        rows.push(vec![Some("# col_name".into()), Some("data_type".into()), Some("comment".into())]);
        rows.extend(table.schema.iter().filter(|field| table.is_partition_column(&field.name)).map(column_row));
    }
    if let Some(partition) = partition {
        rows.extend(partition_rows(session, &table, &partition, extended).await?);
        return CommandResult::of_texts(schema(), rows);
    }
    if extended {
        rows.push(row("", ""));
        rows.push(row("# Detailed Table Information", ""));
        rows.extend(details(&table).into_iter().map(|(name, value)| row(name, &value)));
    }
    rows.extend(default_rows(&table));
    CommandResult::of_texts(schema(), rows)
}

fn default_rows(table: &Table) -> Vec<Row> {
    let mut rows = Vec::new();
    for field in table.schema.iter() {
        if let Some(default) = field.metadata_string(CURRENT_DEFAULT) {
            if rows.is_empty() {
                rows.push(row("", ""));
                rows.push(row("# Column Default Values", ""));
            }
            rows.push(vec![Some(field.name.clone()), Some(field.data_type.simple_string()), Some(default)]);
        }
    }
    rows
}

async fn described_partition(
    session: &Session,
    table: &Table,
    specification: &PartitionSpecification,
) -> SparkResult<DescribedPartition> {
    let values = partition::full_values(session, table, specification).await?;
    partition::need(session, table, &values).await?;
    let location = format!("{}/{}", table.location, firesteel_storage::partition_directory(&values));
    Ok(DescribedPartition { values, location })
}

async fn partition_rows(
    session: &Session,
    table: &Table,
    specification: &PartitionSpecification,
    extended: bool,
) -> SparkResult<Vec<Row>> {
    let values = partition::full_values(session, table, specification).await?;
    partition::need(session, table, &values).await?;
    if !extended {
        return Ok(Vec::new());
    }
    let shown: Vec<String> =
        values.iter().map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("null"))).collect();
    let directory = firesteel_storage::partition_directory(&values);
    let created = java_time(table.created_at);
    let mut rows = vec![
        row("", ""),
        row("# Detailed Partition Information", ""),
        row("Database", &table.name.database),
        row("Table", &table.name.name),
        row("Partition Values", &format!("[{}]", shown.join(", "))),
        row("Location", &format!("{}/{directory}", table.location)),
        row("Created Time", &created),
        row("Last Access", "UNKNOWN"),
    ];
    rows.push(row("", ""));
    rows.push(row("# Storage Information", ""));
    rows.extend(bucket_details(table).into_iter().map(|(name, value)| row(name, &value)));
    rows.push(row("Location", &table.location));
    rows.extend(storage_properties(table).into_iter().map(|(name, value)| row(name, &value)));
    Ok(rows)
}

/// `Sun Nov 22 14:51:10 UTC 2026`, as Java prints a date.
pub(super) fn java_time(milliseconds: i64) -> String {
    let time = DateTime::<Utc>::from_timestamp_millis(milliseconds).unwrap_or_default();
    time.format("%a %b %d %H:%M:%S UTC %Y").to_string()
}

fn bucket_details(table: &Table) -> Vec<(&'static str, String)> {
    let listed = |names: &[String]| {
        let quoted: Vec<String> = names.iter().map(|name| quote_identifier(name)).collect();
        format!("[{}]", quoted.join(", "))
    };
    match &table.bucketing {
        Some(bucketing) => vec![
            ("Num Buckets", bucketing.buckets.to_string()),
            ("Bucket Columns", listed(&bucketing.columns)),
            ("Sort Columns", listed(&bucketing.sort_columns)),
        ],
        None => Vec::new(),
    }
}

fn pairs(map: &IndexMap<String, String>) -> String {
    let mut pairs: Vec<_> = map.iter().collect();
    pairs.sort();
    let shown: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={}", redacted(key, value))).collect();
    format!("[{}]", shown.join(", "))
}

fn storage_properties(table: &Table) -> Vec<(&'static str, String)> {
    if table.options.is_empty() { Vec::new() } else { vec![("Storage Properties", pairs(&table.options))] }
}

/// What `EXTENDED` adds: names and values in order.
pub(super) fn details(table: &Table) -> Vec<(&'static str, String)> {
    let mut details = vec![
        ("Catalog", CATALOG.to_owned()),
        ("Database", table.name.database.clone()),
        ("Table", table.name.name.clone()),
    ];
    if !table.owner.is_empty() {
        details.push(("Owner", table.owner.clone()));
    }
    details.push(("Created Time", java_time(table.created_at)));
    details.push(("Last Access", "UNKNOWN".to_owned()));
    details.push(("Created By", "Spark 4.2.1".to_owned()));
    details.push(("Type", table.kind.name().to_owned()));
    if table.kind != Kind::View {
        details.push(("Provider", table.provider.clone()));
    }
    details.extend(bucket_details(table));
    if let Some(comment) = &table.comment {
        details.push(("Comment", comment.clone()));
    }
    if let Some(view) = &table.view {
        details.push(("View Text", view.text.clone()));
        details.push(("View Original Text", view.text.clone()));
        details.push(("View Schema Mode", view.schema_mode.clone()));
        details.push(("View Catalog and Namespace", format!("{CATALOG}.{}", view.database)));
        let columns: Vec<String> = view.query_columns.iter().map(|name| quote_identifier(name)).collect();
        details.push(("View Query Output Columns", format!("[{}]", columns.join(", "))));
    }
    if !table.properties.is_empty() {
        details.push(("Table Properties", pairs(&table.properties)));
    }
    if let Some(statistics) = &table.statistics {
        let rows = statistics.rows.map(|rows| format!(", {rows} rows")).unwrap_or_default();
        details.push(("Statistics", format!("{} bytes{rows}", statistics.size_bytes)));
    }
    if table.kind != Kind::View {
        details.push(("Location", table.location.clone()));
        details.extend(storage_properties(table));
    }
    if !table.partition_columns.is_empty() {
        details.push(("Partition Provider", "Catalog".to_owned()));
    }
    details
}

/// `DESCRIBE name column`.
pub(super) async fn column(
    session: &Session,
    name: &[String],
    column: &[String],
    extended: bool,
) -> SparkResult<CommandResult> {
    let (described, table) = match names::find(session, name).await? {
        Some(Named::Object(table)) => (table.schema.clone(), Some(table)),
        _ => (session.schema(Relation::table(name.to_vec(), Origin::Unknown)).await?, None),
    };
    let found = column.last().and_then(|last| described.iter().find(|field| session.same_name(&field.name, last)));
    let Some(field) = found else {
        let first = column.first().cloned().unwrap_or_default();
        if column.len() > 1 && described.iter().any(|field| session.same_name(&field.name, &first)) {
            return Err(SparkError::new("_LEGACY_ERROR_TEMP_1060")
                .param("command", "DESC TABLE COLUMN")
                .param("column", column.join(".")));
        }
        let known: Vec<Vec<String>> = described.iter().map(|field| vec![field.name.clone()]).collect();
        return Err(SparkError::new("UNRESOLVED_COLUMN.WITH_SUGGESTION")
            .param("objectName", quote_name_parts(column))
            .param("proposal", firesteel_base::suggestion::suggest(&column.join("."), &known).join(", ")));
    };
    let text = |value: Option<String>| value.unwrap_or_else(|| "NULL".to_owned());
    let mut rows = vec![
        ("col_name", field.name.clone()),
        ("data_type", field.data_type.catalog_string()),
        ("comment", text(field.comment())),
    ];
    if extended && let Some(table) = &table {
        let statistics = table.statistics.as_ref().and_then(|statistics| statistics.columns.get(&field.name));
        rows.push(("min", text(statistics.and_then(|known| known.min.clone()))));
        rows.push(("max", text(statistics.and_then(|known| known.max.clone()))));
        rows.push(("num_nulls", text(statistics.map(|known| known.nulls.to_string()))));
        rows.push(("distinct_count", text(statistics.map(|known| known.distinct.to_string()))));
        rows.push(("avg_col_len", text(statistics.map(|known| known.average_length.to_string()))));
        rows.push(("max_col_len", text(statistics.map(|known| known.max_length.to_string()))));
        rows.push(("histogram", "NULL".to_owned()));
        if let Some(default) = field.metadata_string(CURRENT_DEFAULT) {
            rows.push(("default", default));
        }
    }
    let schema = SparkSchema::new([
        SparkField::new("info_name", SparkType::STRING, false).with_comment("name of the column info"),
        SparkField::new("info_value", SparkType::STRING, false).with_comment("value of the column info"),
    ]);
    let rows = rows.into_iter().map(|(name, value)| vec![Some(name.to_owned()), Some(value)]).collect();
    CommandResult::of_texts(schema, rows)
}
