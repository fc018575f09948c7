//! `SHOW TABLES`, `SHOW VIEWS`, `SHOW COLUMNS`.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray};
use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{Origin, SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_catalog::{CATALOG, Table, database_not_found};
use firesteel_syntax::ir::Relation;

use super::names::{self, Named, Searched};
use crate::answer::CommandResult;
use crate::session::Session;
use crate::views::{GLOBAL_TEMP_DATABASE, matches_pattern};

/// A table or view in a listing.
pub(super) struct Listed {
    /// Empty for a session's view.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// The catalog's description; `None` for a temporary view.
    pub(super) table: Option<Table>,
}

impl Listed {
    pub(super) fn view(namespace: Option<&str>, name: String) -> Self {
        Self { namespace: namespace.map(str::to_owned), name, table: None }
    }
}

/// Tables and views of a database, and the session's own views, which are seen in any.
pub(super) async fn listed(
    session: &Session,
    namespace: Option<&[String]>,
    pattern: Option<&str>,
    views_only: bool,
) -> SparkResult<Vec<Listed>> {
    let database = check_namespace(session, namespace).await?;
    let mut all: Vec<Listed> = Vec::new();
    if database == GLOBAL_TEMP_DATABASE {
        all.extend(session.global_views.names().into_iter().map(|name| Listed::view(Some(GLOBAL_TEMP_DATABASE), name)));
    } else {
        let kept = session.catalog().tables(&database).await?;
        all.extend(kept.into_iter().filter(|table| !views_only || table.is_view()).map(|table| Listed {
            namespace: Some(database.clone()),
            name: table.name.name.clone(),
            table: Some(table),
        }));
    }
    all.extend(session.views.names().into_iter().map(|name| Listed::view(None, name)));
    all.retain(|listed| pattern.is_none_or(|pattern| matches_pattern(&listed.name, pattern)));
    Ok(all)
}

/// The database of a namespace, the current one if there is none, or `SCHEMA_NOT_FOUND`.
pub(super) async fn check_namespace(session: &Session, namespace: Option<&[String]>) -> SparkResult<String> {
    let parts = namespace.unwrap_or_default();
    let parts = match parts {
        [catalog, rest @ ..] if !rest.is_empty() && catalog.eq_ignore_ascii_case(CATALOG) => rest,
        other => other,
    };
    let database = match parts {
        [] => session.current_database(),
        [database] => session.folded(database),
        unknown => return Err(SparkError::new("_LEGACY_ERROR_TEMP_1126").param("catalog", unknown.join("."))),
    };
    if database == GLOBAL_TEMP_DATABASE || session.catalog().database(&database).await?.is_some() {
        return Ok(database);
    }
    Err(database_not_found(&database))
}

pub(super) async fn tables(
    session: &Session,
    namespace: Option<&[String]>,
    pattern: Option<&str>,
) -> SparkResult<CommandResult> {
    listing("tableName", &listed(session, namespace, pattern, false).await?)
}

pub(super) async fn views(
    session: &Session,
    namespace: Option<&[String]>,
    pattern: Option<&str>,
) -> SparkResult<CommandResult> {
    listing("viewName", &listed(session, namespace, pattern, true).await?)
}

fn listing(name: &str, views: &[Listed]) -> SparkResult<CommandResult> {
    let schema = SparkSchema::new([
        SparkField::new("namespace", SparkType::STRING, false),
        SparkField::new(name, SparkType::STRING, false),
        SparkField::new("isTemporary", SparkType::Boolean, false),
    ]);
    let namespaces: StringArray =
        views.iter().map(|view| Some(view.namespace.as_deref().unwrap_or_default())).collect();
    let names: StringArray = views.iter().map(|view| Some(view.name.as_str())).collect();
    let temporary: BooleanArray = views.iter().map(|view| Some(view.table.is_none())).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(namespaces), Arc::new(names), Arc::new(temporary)];
    CommandResult::new(schema, columns, views.len())
}

pub(super) async fn columns(
    session: &Session,
    table: Vec<String>,
    namespace: Option<Vec<String>>,
) -> SparkResult<CommandResult> {
    let name = match (namespace, table.as_slice()) {
        (None, _) => table,
        (Some(namespace), [only]) => namespace.into_iter().chain([only.clone()]).collect(),
        (Some(namespace), [qualifier @ .., _]) => {
            let same = namespace.len() == qualifier.len()
                && namespace.iter().zip(qualifier).all(|(left, right)| session.same_name(left, right));
            if !same {
                return Err(SparkError::new("SHOW_COLUMNS_WITH_CONFLICT_NAMESPACE")
                    .param("namespaceA", quote_name_parts(&namespace))
                    .param("namespaceB", quote_name_parts(qualifier)));
            }
            table
        }
        (Some(namespace), []) => namespace,
    };
    let schema = match names::need(session, &name, Searched::Objects).await? {
        Named::Object(table) => table.schema.clone(),
        Named::View(_) => session.schema(Relation::table(name, Origin::Unknown)).await?,
    };
    let rows = schema.iter().map(|field| vec![Some(field.name.clone())]).collect();
    CommandResult::of_strings(&[("col_name", false)], rows)
}
