//! `spark.catalog`: the client's requests about databases, tables, functions and catalogs.
//!
//! There is one catalog with one database, which hold temporary views and built-in functions.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, ListBuilder, StringArray, StringBuilder};
use firesteel_base::identifier::quote_identifier;
use firesteel_base::{Origin, SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_plan::ViewLookup;
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::command::CatalogRequest;
use firesteel_syntax::{parse_multipart_identifier, parse_table_identifier};

use super::show::{self, CATALOG, DEFAULT_DATABASE, Listed};
use crate::answer::CommandResult;
use crate::session::Session;
use crate::views::{GLOBAL_TEMP_DATABASE, matches_pattern};

pub(super) async fn run(session: &Session, request: CatalogRequest) -> SparkResult<CommandResult> {
    use CatalogRequest as Request;
    match request {
        Request::CurrentDatabase => CommandResult::of_text("value", true, DEFAULT_DATABASE.to_owned()),
        Request::SetCurrentDatabase(name) => set_current_database(session, &name),
        Request::ListDatabases { .. } => Err(SparkError::unsupported("spark.catalog.listDatabases")),
        Request::GetDatabase(name) => {
            check_database(session, &name)?;
            Err(SparkError::unsupported("spark.catalog.getDatabase"))
        }
        Request::DatabaseExists(name) => flag(is_default(&name_parts(session, &name)?)),
        Request::ListTables { database, pattern } => {
            let namespace = database.map(|database| name_parts(session, &database)).transpose()?;
            tables(&show::listed(session, namespace.as_deref(), pattern.as_deref())?)
        }
        Request::GetTable { table, database } => get_table(session, &table, database),
        Request::TableExists { table, database } => {
            let name = table_name(session, &table, database)?;
            flag(session.visible_views().view(&name).is_some())
        }
        Request::ListColumns { table, database } => list_columns(session, &table, database).await,
        Request::ListFunctions { database, pattern } => {
            let namespace = database.map(|database| name_parts(session, &database)).transpose()?;
            show::check_namespace(namespace.as_deref())?;
            let _ = pattern;
            Err(SparkError::unsupported("spark.catalog.listFunctions"))
        }
        Request::GetFunction { function, database } => {
            let name = table_name(session, &function, database)?;
            if super::functions::exists(&name) {
                return Err(SparkError::unsupported("spark.catalog.getFunction"));
            }
            Err(super::functions::not_found(&name))
        }
        Request::FunctionExists { function, database } => {
            let name = table_name(session, &function, database)?;
            flag(super::functions::exists(&name))
        }
        Request::DropTempView(name) => {
            let visible = session.visible_views();
            flag(visible.session.drop(&visible.key(&name)))
        }
        Request::DropGlobalTempView(name) => {
            let visible = session.visible_views();
            flag(visible.global.drop(&visible.key(&name)))
        }
        Request::CurrentCatalog => CommandResult::of_text("value", true, CATALOG.to_owned()),
        Request::SetCurrentCatalog(name) => set_current_catalog(&name),
        Request::ListCatalogs { pattern } => list_catalogs(pattern.as_deref()),
        Request::CreateTable { .. } => Err(SparkError::unsupported("spark.catalog.createTable")),
        Request::RecoverPartitions(_) => Err(SparkError::unsupported("spark.catalog.recoverPartitions")),
        Request::IsCached(_) => Err(SparkError::unsupported("spark.catalog.isCached")),
        Request::CacheTable(_) => Err(SparkError::unsupported("spark.catalog.cacheTable")),
        Request::UncacheTable(_) => Err(SparkError::unsupported("spark.catalog.uncacheTable")),
        Request::ClearCache => Err(SparkError::unsupported("spark.catalog.clearCache")),
        Request::RefreshTable(_) => Err(SparkError::unsupported("spark.catalog.refreshTable")),
        Request::RefreshByPath(_) => Err(SparkError::unsupported("spark.catalog.refreshByPath")),
    }
}

fn name_parts(session: &Session, text: &str) -> SparkResult<Vec<String>> {
    parse_multipart_identifier(text, &session.parser_options())
}

/// A table's or function's name: in its database, if one is given apart.
fn table_name(session: &Session, table: &str, database: Option<String>) -> SparkResult<Vec<String>> {
    match database {
        Some(database) => Ok(vec![database, table.to_owned()]),
        None => name_parts(session, table),
    }
}

fn flag(value: bool) -> SparkResult<CommandResult> {
    let schema = SparkSchema::new([SparkField::new("value", SparkType::Boolean, false)]);
    CommandResult::new(schema, vec![Arc::new(BooleanArray::from(vec![value])) as ArrayRef], 1)
}

/// What requests without an answer give.
fn nothing() -> SparkResult<CommandResult> {
    CommandResult::of_strings(&[("value", false)], Vec::new())
}

fn is_default(name: &[String]) -> bool {
    match name {
        [database] => database.eq_ignore_ascii_case(DEFAULT_DATABASE),
        [catalog, database] => catalog.eq_ignore_ascii_case(CATALOG) && database.eq_ignore_ascii_case(DEFAULT_DATABASE),
        _ => false,
    }
}

fn check_database(session: &Session, text: &str) -> SparkResult<()> {
    let name = name_parts(session, text)?;
    if is_default(&name) { Ok(()) } else { Err(show::schema_not_found(&name)) }
}

fn set_current_database(session: &Session, text: &str) -> SparkResult<CommandResult> {
    check_database(session, text)?;
    nothing()
}

fn set_current_catalog(name: &str) -> SparkResult<CommandResult> {
    if name.eq_ignore_ascii_case(CATALOG) {
        return nothing();
    }
    Err(SparkError::new("CATALOG_NOT_FOUND")
        .param("catalogName", quote_identifier(name))
        .param("config", firesteel_base::error::to_sql_conf(&format!("spark.sql.catalog.{name}"))))
}

fn list_catalogs(pattern: Option<&str>) -> SparkResult<CommandResult> {
    let shown = pattern.is_none_or(|pattern| matches_pattern(CATALOG, pattern));
    let rows = if shown { vec![vec![Some(CATALOG.to_owned()), None]] } else { Vec::new() };
    CommandResult::of_strings(&[("name", true), ("description", true)], rows)
}

fn tables(views: &[Listed]) -> SparkResult<CommandResult> {
    let text = |name: &str| SparkField::new(name, SparkType::STRING, true);
    let schema = SparkSchema::new([
        text("name"),
        text("catalog"),
        SparkField::new("namespace", SparkType::array(SparkType::STRING, true), true),
        text("description"),
        text("tableType"),
        SparkField::new("isTemporary", SparkType::Boolean, false),
    ]);
    let mut namespaces = ListBuilder::new(StringBuilder::new()).with_field(Arc::new(arrow::datatypes::Field::new(
        "element",
        arrow::datatypes::DataType::Utf8,
        true,
    )));
    for view in views {
        namespaces.append_value(view.namespace.map(Some));
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(views.iter().map(|view| Some(view.name.as_str())).collect::<StringArray>()),
        Arc::new(views.iter().map(|_| None::<&str>).collect::<StringArray>()),
        Arc::new(namespaces.finish()),
        Arc::new(views.iter().map(|_| None::<&str>).collect::<StringArray>()),
        Arc::new(views.iter().map(|_| Some("TEMPORARY")).collect::<StringArray>()),
        Arc::new(views.iter().map(|_| Some(true)).collect::<BooleanArray>()),
    ];
    CommandResult::new(schema, columns, views.len())
}

fn get_table(session: &Session, table: &str, database: Option<String>) -> SparkResult<CommandResult> {
    let name = match database {
        Some(database) => vec![database, table.to_owned()],
        None => parse_table_identifier(table, &session.parser_options()).or_else(|_| name_parts(session, table))?,
    };
    match session.visible_views().view(&name) {
        Some(view) => {
            let namespace = (view.name.len() > 1).then_some(GLOBAL_TEMP_DATABASE);
            tables(&[Listed { namespace, name: view.name.last().cloned().unwrap_or_default() }])
        }
        None => Err(show::table_not_found(&name)),
    }
}

async fn list_columns(session: &Session, table: &str, database: Option<String>) -> SparkResult<CommandResult> {
    let name = table_name(session, table, database)?;
    if session.visible_views().view(&name).is_none() {
        return Err(show::table_not_found(&name));
    }
    let listed = session.schema(Relation::table(name, Origin::Unknown)).await?;
    let text = |name: &str| SparkField::new(name, SparkType::STRING, true);
    let is = |name: &str| SparkField::new(name, SparkType::Boolean, false);
    let schema = SparkSchema::new([
        text("name"),
        text("description"),
        text("dataType"),
        is("nullable"),
        is("isPartition"),
        is("isBucket"),
        is("isCluster"),
    ]);
    let no = || Arc::new(listed.iter().map(|_| Some(false)).collect::<BooleanArray>()) as ArrayRef;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(listed.iter().map(|field| Some(field.name.as_str())).collect::<StringArray>()),
        Arc::new(listed.iter().map(SparkField::comment).collect::<StringArray>()),
        Arc::new(listed.iter().map(|field| Some(field.data_type.catalog_string())).collect::<StringArray>()),
        Arc::new(listed.iter().map(|field| Some(field.nullable)).collect::<BooleanArray>()),
        no(),
        no(),
        no(),
    ];
    CommandResult::new(schema, columns, listed.len())
}
