//! `writeTo(table)`: tables of the session catalog are created by it, and refuse all else that it can ask for.

use firesteel_base::identifier::{quote_identifier, quote_name_parts};
use firesteel_base::{SparkError, SparkResult, SparkSchema};
use firesteel_catalog::{Bucketing, OnExisting};
use firesteel_syntax::ir::command::{WriteTo, WriteToAction};
use firesteel_syntax::ir::{Expression, ExpressionKind, Literal};

use super::names::{self, Named, Searched};
use super::table::NewTable;
use crate::answer::CommandResult;
use crate::session::Session;

pub(super) async fn run(session: &Session, write: WriteTo) -> SparkResult<CommandResult> {
    match write.action {
        WriteToAction::Create => create(session, write).await,
        WriteToAction::Append | WriteToAction::Overwrite | WriteToAction::OverwritePartitions => {
            let named = names::need(session, &write.table, Searched::All).await?;
            Err(refused_write(&named, &write.table))
        }
        WriteToAction::Replace | WriteToAction::CreateOrReplace => {
            let name = names::object_name(session, &write.table)?;
            Err(names::unsupported_operation(&name, "REPLACE TABLE AS SELECT"))
        }
    }
}

/// Rows that are named by more than their place cannot be written into a table of the session catalog.
pub(super) fn refused_write(named: &Named, name: &[String]) -> SparkError {
    match named {
        Named::Object(table) if !table.is_view() => {
            SparkError::new("_LEGACY_ERROR_TEMP_1012").param("identifier", table.name.quoted())
        }
        Named::Object(view) => SparkError::new("VIEW_WRITE_NOT_ALLOWED").param("name", view.name.quoted()),
        // A view of SQL text is named as texts name it.
        Named::View(view) => {
            let name = if view.text.is_some() { quote_name_parts(name) } else { name.join(".") };
            SparkError::new("VIEW_WRITE_NOT_ALLOWED").param("name", name)
        }
    }
}

async fn create(session: &Session, write: WriteTo) -> SparkResult<CommandResult> {
    let name = names::object_name(session, &write.table)?;
    if session.catalog().table(&name).await?.is_some() {
        return Err(firesteel_catalog::already_exists(&name));
    }
    let mut partition_columns = Vec::new();
    let mut bucketing = None;
    for field in &write.partitioning {
        match transform(field) {
            Some(Transform::Column(column)) => partition_columns.push(column),
            Some(Transform::Buckets(buckets, columns)) => {
                bucketing = Some(Bucketing { buckets, columns, sort_columns: Vec::new() });
            }
            None => return Err(unsupported_transform(field)),
        }
    }
    let new = NewTable {
        name,
        provider: write.provider,
        schema: SparkSchema::default(),
        partition_columns,
        bucketing,
        cluster_columns: write.cluster_by,
        location: None,
        options: write.options,
        properties: write.properties,
        comment: None,
        collation: None,
        existing: OnExisting::Fail,
    };
    super::table::create_from_rows(session, new, write.input).await
}

/// How rows are spread over directories and files.
enum Transform {
    Column(String),
    Buckets(i32, Vec<String>),
}

fn transform(field: &Expression) -> Option<Transform> {
    match &field.kind {
        ExpressionKind::Attribute(column) => Some(Transform::Column(column.name.join("."))),
        ExpressionKind::Function(call) if is_named(&call.name, "bucket") => {
            let (buckets, columns) = call.arguments.split_first()?;
            let ExpressionKind::Literal(Literal::Integer(buckets)) = buckets.kind else { return None };
            let columns = columns.iter().map(column_name).collect::<Option<Vec<_>>>()?;
            Some(Transform::Buckets(buckets, columns))
        }
        _ => None,
    }
}

fn is_named(name: &[String], wanted: &str) -> bool {
    matches!(name, [only] if only.eq_ignore_ascii_case(wanted))
}

fn column_name(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Attribute(column) => Some(column.name.join(".")),
        _ => None,
    }
}

fn unsupported_transform(field: &Expression) -> SparkError {
    let shown = match &field.kind {
        ExpressionKind::Function(call) => {
            let arguments: Vec<String> = call.arguments.iter().filter_map(column_name).collect();
            format!("{}({})", call.name.join("."), arguments.join(", "))
        }
        _ => "expression".to_owned(),
    };
    SparkError::new("UNSUPPORTED_PARTITION_TRANSFORM").param("transform", quote_identifier(&shown))
}
