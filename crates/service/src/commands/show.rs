//! `SHOW TABLES`, `SHOW VIEWS`, `SHOW COLUMNS`.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray};
use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{Origin, SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_plan::ViewLookup;
use firesteel_syntax::ir::Relation;

use crate::answer::CommandResult;
use crate::session::Session;
use crate::views::{GLOBAL_TEMP_DATABASE, matches_pattern};

/// The databases there are.
pub(super) const DEFAULT_DATABASE: &str = "default";
pub(super) const CATALOG: &str = "spark_catalog";

/// A temporary view in a listing.
pub(super) struct Listed {
    /// Empty for a session's view.
    pub(super) namespace: Option<&'static str>,
    pub(super) name: String,
}

/// The temporary views seen in a database: those of the database, and the session's own in any.
pub(super) fn listed(
    session: &Session,
    namespace: Option<&[String]>,
    pattern: Option<&str>,
) -> SparkResult<Vec<Listed>> {
    let database = check_namespace(namespace)?;
    let global =
        if database.eq_ignore_ascii_case(GLOBAL_TEMP_DATABASE) { session.global_views.names() } else { vec![] };
    let global = global.into_iter().map(|name| Listed { namespace: Some(GLOBAL_TEMP_DATABASE), name });
    let own = session.views.names().into_iter().map(|name| Listed { namespace: None, name });
    let shown = |listed: &Listed| pattern.is_none_or(|pattern| matches_pattern(&listed.name, pattern));
    Ok(global.chain(own).filter(shown).collect())
}

/// The database of a namespace, or `SCHEMA_NOT_FOUND`.
pub(super) fn check_namespace(namespace: Option<&[String]>) -> SparkResult<String> {
    let parts = namespace.unwrap_or_default();
    let parts = match parts {
        [catalog, rest @ ..] if !rest.is_empty() && catalog.eq_ignore_ascii_case(CATALOG) => rest,
        other => other,
    };
    match parts {
        [] => Ok(DEFAULT_DATABASE.to_owned()),
        [database] if database.eq_ignore_ascii_case(DEFAULT_DATABASE) => Ok(database.clone()),
        [database] if database.eq_ignore_ascii_case(GLOBAL_TEMP_DATABASE) => Ok(database.clone()),
        unknown => Err(schema_not_found(unknown)),
    }
}

pub(super) fn schema_not_found(namespace: &[String]) -> SparkError {
    let name = std::iter::once(CATALOG).chain(namespace.iter().map(String::as_str)).collect::<Vec<_>>();
    SparkError::new("SCHEMA_NOT_FOUND").param("schemaName", quote_name_parts(&name))
}

pub(super) fn tables(
    session: &Session,
    namespace: Option<&[String]>,
    pattern: Option<&str>,
) -> SparkResult<CommandResult> {
    listing("tableName", &listed(session, namespace, pattern)?)
}

pub(super) fn views(
    session: &Session,
    namespace: Option<&[String]>,
    pattern: Option<&str>,
) -> SparkResult<CommandResult> {
    listing("viewName", &listed(session, namespace, pattern)?)
}

fn listing(name: &str, views: &[Listed]) -> SparkResult<CommandResult> {
    let schema = SparkSchema::new([
        SparkField::new("namespace", SparkType::STRING, false),
        SparkField::new(name, SparkType::STRING, false),
        SparkField::new("isTemporary", SparkType::Boolean, false),
    ]);
    let namespaces: StringArray = views.iter().map(|view| Some(view.namespace.unwrap_or_default())).collect();
    let names: StringArray = views.iter().map(|view| Some(view.name.as_str())).collect();
    let temporary: BooleanArray = views.iter().map(|_| Some(true)).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(namespaces), Arc::new(names), Arc::new(temporary)];
    CommandResult::new(schema, columns, views.len())
}

pub(super) async fn columns(
    session: &Session,
    table: Vec<String>,
    namespace: Option<Vec<String>>,
) -> SparkResult<CommandResult> {
    let name: Vec<String> = namespace.unwrap_or_default().into_iter().chain(table).collect();
    if session.visible_views().view(&name).is_none() {
        return Err(table_not_found(&name));
    }
    let schema = session.schema(Relation::table(name, Origin::Unknown)).await?;
    let rows = schema.iter().map(|field| vec![Some(field.name.clone())]).collect();
    CommandResult::of_strings(&[("col_name", false)], rows)
}

/// As commands on tables say it, which do not look among built-in objects.
pub(super) fn table_not_found(name: &[String]) -> SparkError {
    SparkError::new("TABLE_OR_VIEW_NOT_FOUND")
        .param("relationName", quote_name_parts(name))
        .param("searchPath", "[`system`.`session`, `spark_catalog`.`default`]")
}
