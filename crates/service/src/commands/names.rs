//! What names in commands mean: temporary views, and objects of the catalog.

use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{SparkError, SparkResult};
use firesteel_catalog::{CATALOG, ObjectName, Table};
use firesteel_plan::{View, ViewLookup};

use crate::session::Session;
use crate::views::GLOBAL_TEMP_DATABASE;

/// What a name was found to be.
pub(super) enum Named {
    /// A temporary view.
    View(View),
    Object(Box<Table>),
}

/// How much of the search path an error names.
#[derive(Clone, Copy)]
pub(super) enum Searched {
    /// As queries search.
    All,
    /// As commands on tables search, which look for no built-in objects.
    Objects,
}

/// The place of a name in the catalog.
pub(super) fn object_name(session: &Session, name: &[String]) -> SparkResult<ObjectName> {
    let folded = |part: &str| session.folded(part);
    match name {
        [only] => Ok(ObjectName::new(session.current_database(), folded(only))),
        [database, only] => Ok(ObjectName::new(folded(database), folded(only))),
        [catalog, database, only] if catalog.eq_ignore_ascii_case(CATALOG) => {
            Ok(ObjectName::new(folded(database), folded(only)))
        }
        _ => Err(SparkError::new("REQUIRES_SINGLE_PART_NAMESPACE")
            .param("sessionCatalog", CATALOG)
            .param("identifier", quote_name_parts(name))),
    }
}

/// The name of a database: of one part, or of two behind the catalog's.
pub(super) fn database_name(session: &Session, name: &[String]) -> SparkResult<String> {
    match name {
        [database] => Ok(session.folded(database)),
        [catalog, database] if catalog.eq_ignore_ascii_case(CATALOG) => Ok(session.folded(database)),
        _ => Err(SparkError::new("REQUIRES_SINGLE_PART_NAMESPACE")
            .param("sessionCatalog", CATALOG)
            .param("identifier", quote_name_parts(name))),
    }
}

/// Looks a name up among temporary views, then in the catalog.
pub(super) async fn find(session: &Session, name: &[String]) -> SparkResult<Option<Named>> {
    if let Some(view) = session.visible_views().view(name) {
        return Ok(Some(Named::View(view)));
    }
    let name = object_name(session, name)?;
    if name.database == GLOBAL_TEMP_DATABASE {
        return Ok(None);
    }
    Ok(session.catalog().table(&name).await?.map(|table| Named::Object(Box::new(table))))
}

/// As [`find`]; `TABLE_OR_VIEW_NOT_FOUND` if there is none.
pub(super) async fn need(session: &Session, name: &[String], searched: Searched) -> SparkResult<Named> {
    find(session, name).await?.ok_or_else(|| not_found(session, name, searched))
}

/// A table of the catalog; views are refused in the words of `operation`.
pub(super) async fn need_table(
    session: &Session,
    name: &[String],
    operation: &str,
    searched: Searched,
) -> SparkResult<Table> {
    match need(session, name, searched).await? {
        Named::Object(table) if !table.is_view() => Ok(*table),
        Named::Object(view) => Err(table_expected(&view.name.quoted(), operation)),
        Named::View(_) => Err(table_expected(&quote_name_parts(name), operation)),
    }
}

pub(super) fn table_expected(view: &str, operation: &str) -> SparkError {
    SparkError::new("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE").param("viewName", view).param("operation", operation)
}

pub(super) fn not_found(session: &Session, name: &[String], searched: Searched) -> SparkError {
    let current = quote_name_parts(&[CATALOG, &session.current_database()]);
    let path = match searched {
        Searched::All => format!("[`system`.`builtin`, `system`.`session`, {current}]"),
        Searched::Objects => format!("[`system`.`session`, {current}]"),
    };
    SparkError::new("TABLE_OR_VIEW_NOT_FOUND").param("relationName", quote_name_parts(name)).param("searchPath", path)
}

/// As statements say it that look in one place only.
pub(super) fn not_in_catalog(name: &ObjectName) -> SparkError {
    SparkError::new("TABLE_OR_VIEW_NOT_FOUND")
        .param("relationName", name.quoted())
        .param("searchPath", format!("[{}]", quote_name_parts(&[CATALOG, &name.database])))
}

/// Names of objects consist of letters, digits and underscores.
pub(super) fn check_name(name: &str) -> SparkResult<()> {
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain {
        return Ok(());
    }
    Err(SparkError::new("INVALID_SCHEMA_OR_RELATION_NAME")
        .param("name", firesteel_base::identifier::quote_identifier(name)))
}

/// What tables of the session catalog cannot do.
pub(super) fn unsupported_operation(table: &ObjectName, operation: &str) -> SparkError {
    SparkError::new("UNSUPPORTED_FEATURE.TABLE_OPERATION")
        .param("tableName", table.quoted())
        .param("operation", operation)
}
