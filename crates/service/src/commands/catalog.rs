//! `spark.catalog`: the client's requests about databases, tables, functions and catalogs.
//!
//! There is one catalog.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, ListBuilder, StringArray, StringBuilder};
use firesteel_base::{Origin, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_catalog::{CATALOG, Database, OnExisting, Table};
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::command::{CatalogRequest, StorageLevel};
use firesteel_syntax::ir::relation::SchemaText;
use firesteel_syntax::{parse_multipart_identifier, parse_table_identifier};
use indexmap::IndexMap;

use super::names::{self, Named, Searched};
use super::namespace;
use super::show::{self, Listed};
use super::table::NewTable;
use crate::answer::CommandResult;
use crate::session::Session;
use crate::views::{GLOBAL_TEMP_DATABASE, matches_pattern};

pub(super) async fn run(session: &Session, request: CatalogRequest) -> SparkResult<CommandResult> {
    use CatalogRequest as Request;
    match request {
        Request::CurrentDatabase => CommandResult::of_text("value", true, session.current_database()),
        Request::SetCurrentDatabase(name) => {
            let name = name_parts(session, &name)?;
            namespace::set_current(session, &name).await?;
            nothing()
        }
        Request::ListDatabases { pattern } => {
            let shown =
                |database: &Database| pattern.as_deref().is_none_or(|pattern| matches_pattern(&database.name, pattern));
            databases(&session.catalog().databases().await?.into_iter().filter(shown).collect::<Vec<_>>())
        }
        Request::GetDatabase(name) => {
            let name = name_parts(session, &name)?;
            databases(&[namespace::need(session, &name).await?])
        }
        Request::DatabaseExists(name) => {
            let name = name_parts(session, &name)?;
            flag(namespace::need(session, &name).await.is_ok())
        }
        Request::ListTables { database, pattern } => list_tables(session, database, pattern, false).await,
        Request::ListViews { database, pattern } => list_tables(session, database, pattern, true).await,
        Request::Statement(statement) => super::catalog_statement::run(session, statement).await,
        Request::GetTable { table, database } => get_table(session, &table, database).await,
        Request::TableExists { table, database } => {
            let name = table_name(session, &table, database)?;
            flag(names::find(session, &name).await?.is_some())
        }
        Request::ListColumns { table, database } => list_columns(session, &table, database).await,
        Request::ListFunctions { database, pattern } => {
            let namespace = database.map(|database| name_parts(session, &database)).transpose()?;
            super::functions::listed(session, namespace.as_deref(), pattern.as_deref()).await
        }
        Request::GetFunction { function, database } => {
            let name = table_name(session, &function, database)?;
            super::functions::get(session, &name).await
        }
        Request::FunctionExists { function, database } => function_exists(session, &function, database).await,
        Request::DropTempView(name) => {
            let visible = session.visible_views();
            session.uncache_view(std::slice::from_ref(&name));
            flag(visible.session.drop(&visible.key(&name)))
        }
        Request::DropGlobalTempView(name) => {
            let visible = session.visible_views();
            session.uncache_view(&[GLOBAL_TEMP_DATABASE.to_owned(), name.clone()]);
            flag(visible.global.drop(&visible.key(&name)))
        }
        Request::CurrentCatalog => CommandResult::of_text("value", true, CATALOG.to_owned()),
        Request::SetCurrentCatalog(name) => {
            namespace::set_catalog(&name)?;
            nothing()
        }
        Request::ListCatalogs { pattern } => list_catalogs(pattern.as_deref()),
        Request::CreateTable { table, path, source, schema, options, description } => {
            create_table(session, &table, path, source, schema, options, description).await
        }
        Request::RefreshTable(name) => refresh_table(session, &name).await,
        // Files are listed anew by every query; only kept rows are older.
        Request::RefreshByPath(path) => {
            session.cached_path_changed(&path).await;
            nothing()
        }
        Request::RecoverPartitions(name) => {
            super::table::recover_partitions(session, &name_parts(session, &name)?).await?;
            nothing()
        }
        Request::IsCached(table) => is_cached(session, &table).await,
        Request::CacheTable { table, level } => cache_table(session, &table, level).await,
        Request::UncacheTable(table) => {
            super::cache::uncache(session, name_parts(session, &table)?, false).await?;
            nothing()
        }
        Request::ClearCache => {
            super::cache::clear(session);
            nothing()
        }
    }
}

async fn list_tables(
    session: &Session,
    database: Option<String>,
    pattern: Option<String>,
    views_only: bool,
) -> SparkResult<CommandResult> {
    let namespace = database.map(|database| name_parts(session, &database)).transpose()?;
    tables(&show::listed(session, namespace.as_deref(), pattern.as_deref(), views_only).await?)
}

async fn function_exists(session: &Session, name: &str, database: Option<String>) -> SparkResult<CommandResult> {
    let name = table_name(session, name, database)?;
    flag(super::functions::exists(&name) || firesteel_plan::find_function(&name, &session.context()).await?.is_some())
}

async fn refresh_table(session: &Session, name: &str) -> SparkResult<CommandResult> {
    names::need(session, &name_parts(session, name)?, Searched::Objects).await?;
    session.cached_tables_changed().await;
    nothing()
}

async fn is_cached(session: &Session, table: &str) -> SparkResult<CommandResult> {
    let table = Relation::table(name_parts(session, table)?, Origin::Unknown);
    flag(session.storage_level(table).await? != StorageLevel::NONE)
}

async fn cache_table(session: &Session, table: &str, level: Option<StorageLevel>) -> SparkResult<CommandResult> {
    let table = Relation::table(name_parts(session, table)?, Origin::Unknown);
    session.persist(table, level.unwrap_or(StorageLevel::MEMORY_AND_DISK)).await?;
    nothing()
}

/// `spark.catalog.createTable`; the answer is the table itself.
async fn create_table(
    session: &Session,
    table: &str,
    path: Option<String>,
    source: Option<String>,
    schema: Option<SchemaText>,
    options: IndexMap<String, String>,
    description: Option<String>,
) -> SparkResult<CommandResult> {
    let parts = name_parts(session, table)?;
    let schema = match &schema {
        Some(schema) => firesteel_plan::given_schema(schema)?,
        None => SparkSchema::default(),
    };
    let fields: Vec<SparkField> = schema.iter().map(|field| SparkField { nullable: true, ..field.clone() }).collect();
    let new = NewTable {
        name: names::object_name(session, &parts)?,
        provider: source.filter(|source| !source.is_empty()),
        schema: SparkSchema::new(fields),
        partition_columns: Vec::new(),
        bucketing: None,
        cluster_columns: Vec::new(),
        location: path.filter(|path| !path.is_empty()),
        options,
        properties: IndexMap::new(),
        comment: description.filter(|description| !description.is_empty()),
        collation: None,
        existing: OnExisting::Fail,
    };
    super::table::create_table(session, new).await?;
    let relation = Relation::table(parts, Origin::Unknown);
    let (schema, batches) = session.run_query(relation).await?.collect().await?;
    let arrow = Arc::new(arrow::datatypes::Schema::new(schema.to_arrow_fields(&session.time_zone())));
    let batch = batches.into_iter().next().unwrap_or_else(|| arrow::array::RecordBatch::new_empty(arrow));
    Ok(CommandResult { schema, batch })
}

fn databases(databases: &[Database]) -> SparkResult<CommandResult> {
    let columns = [("name", true), ("catalog", true), ("description", true), ("locationUri", true)];
    let row = |database: &Database| {
        vec![
            Some(database.name.clone()),
            Some(CATALOG.to_owned()),
            Some(database.comment.clone()),
            Some(database.location.clone()),
        ]
    };
    CommandResult::of_strings(&columns, databases.iter().map(row).collect())
}

pub(super) fn name_parts(session: &Session, text: &str) -> SparkResult<Vec<String>> {
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
pub(super) fn nothing() -> SparkResult<CommandResult> {
    CommandResult::of_strings(&[("value", false)], Vec::new())
}

fn list_catalogs(pattern: Option<&str>) -> SparkResult<CommandResult> {
    let shown = pattern.is_none_or(|pattern| matches_pattern(CATALOG, pattern));
    let rows = if shown { vec![vec![Some(CATALOG.to_owned()), None]] } else { Vec::new() };
    CommandResult::of_strings(&[("name", true), ("description", true)], rows)
}

fn tables(listed: &[Listed]) -> SparkResult<CommandResult> {
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
    for one in listed {
        // A session's view has an empty namespace.
        namespaces.append_value(one.namespace.as_deref().map(Some));
    }
    let kept = || listed.iter().map(|one| one.table.as_ref());
    let columns: Vec<ArrayRef> = vec![
        Arc::new(listed.iter().map(|one| Some(one.name.as_str())).collect::<StringArray>()),
        Arc::new(kept().map(|table| table.map(|_| CATALOG)).collect::<StringArray>()),
        Arc::new(namespaces.finish()),
        Arc::new(kept().map(|table| table.and_then(|table| table.comment.as_deref())).collect::<StringArray>()),
        Arc::new(
            kept().map(|table| Some(table.map_or("TEMPORARY", |table| table.kind.name()))).collect::<StringArray>(),
        ),
        Arc::new(kept().map(|table| Some(table.is_none())).collect::<BooleanArray>()),
    ];
    CommandResult::new(schema, columns, listed.len())
}

async fn get_table(session: &Session, table: &str, database: Option<String>) -> SparkResult<CommandResult> {
    let name = match database {
        Some(database) => vec![database, table.to_owned()],
        None => parse_table_identifier(table, &session.parser_options()).or_else(|_| name_parts(session, table))?,
    };
    match names::need(session, &name, Searched::Objects).await? {
        Named::View(view) => {
            let namespace = (view.name.len() > 1).then_some(GLOBAL_TEMP_DATABASE);
            tables(&[Listed::view(namespace, view.name.last().cloned().unwrap_or_default())])
        }
        Named::Object(table) => tables(&[Listed {
            namespace: Some(table.name.database.clone()),
            name: table.name.name.clone(),
            table: Some(*table),
        }]),
    }
}

async fn list_columns(session: &Session, table: &str, database: Option<String>) -> SparkResult<CommandResult> {
    let name = table_name(session, table, database)?;
    let (listed, kept) = match names::need(session, &name, Searched::Objects).await? {
        Named::Object(table) => (table.schema.clone(), Some(table)),
        Named::View(_) => (session.schema(Relation::table(name, Origin::Unknown)).await?, None),
    };
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
    let whether = |test: &dyn Fn(&Table, &str) -> bool| {
        let flags = listed.iter().map(|field| Some(kept.as_ref().is_some_and(|table| test(table, &field.name))));
        Arc::new(flags.collect::<BooleanArray>()) as ArrayRef
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(listed.iter().map(|field| Some(field.name.as_str())).collect::<StringArray>()),
        Arc::new(listed.iter().map(SparkField::comment).collect::<StringArray>()),
        Arc::new(listed.iter().map(|field| Some(field.data_type.catalog_string())).collect::<StringArray>()),
        Arc::new(listed.iter().map(|field| Some(field.nullable)).collect::<BooleanArray>()),
        whether(&|table, name| table.is_partition_column(name)),
        whether(&|table, name| {
            table.bucketing.as_ref().is_some_and(|bucketing| bucketing.columns.iter().any(|column| column == name))
        }),
        whether(&|table, name| table.cluster_columns.iter().any(|column| column == name)),
    ];
    CommandResult::new(schema, columns, listed.len())
}
