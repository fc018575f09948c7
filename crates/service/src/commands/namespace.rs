//! Databases: `CREATE DATABASE`, `USE`, `DESCRIBE DATABASE` and their relatives.

use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_catalog::{CATALOG, DEFAULT_DATABASE, Database, OnExisting, database_not_found};
use firesteel_syntax::ir::table::NamespaceCommand;
use indexmap::IndexMap;

use super::names::{self, database_name};
use crate::answer::CommandResult;
use crate::session::Session;
use crate::views::{GLOBAL_TEMP_DATABASE, matches_pattern};

pub(super) async fn run(session: &Session, command: NamespaceCommand) -> SparkResult<CommandResult> {
    match command {
        NamespaceCommand::Create { name, if_not_exists, comment, location, collation, properties } => {
            if collation.is_some() {
                return Err(SparkError::unsupported("DEFAULT COLLATION of a database"));
            }
            create(session, &name, if_not_exists, comment, location, properties).await
        }
        NamespaceCommand::Drop { name, if_exists, cascade } => drop(session, &name, if_exists, cascade).await,
        NamespaceCommand::SetProperties { name, properties } => {
            let mut database = need(session, &name).await?;
            database.properties.extend(properties);
            alter(session, database).await
        }
        NamespaceCommand::UnsetProperties { name, keys } => {
            let mut database = need(session, &name).await?;
            database.properties.retain(|key, _| !keys.contains(key));
            alter(session, database).await
        }
        NamespaceCommand::SetLocation { name, location } => {
            let mut database = need(session, &name).await?;
            database.location = session.environment().storage.qualified(&location)?;
            alter(session, database).await
        }
        NamespaceCommand::Comment { name, comment } => {
            let mut database = need(session, &name).await?;
            database.comment = comment.unwrap_or_default();
            alter(session, database).await
        }
        NamespaceCommand::Describe { name, extended } => describe(&need(session, &name).await?, extended),
        NamespaceCommand::Show { parent, pattern } => show(session, parent.as_deref(), pattern.as_deref()).await,
        NamespaceCommand::ShowCurrent => CommandResult::of_strings(
            &[("catalog", false), ("namespace", false)],
            vec![vec![Some(CATALOG.to_owned()), Some(session.current_database())]],
        ),
        NamespaceCommand::Use { name, is_namespace } => use_database(session, &name, is_namespace).await,
        NamespaceCommand::SetCatalog(name) => set_catalog(&name),
        NamespaceCommand::ShowCatalogs { pattern } => {
            let shown = pattern.is_none_or(|pattern| matches_pattern(CATALOG, &pattern));
            let rows = if shown { vec![vec![Some(CATALOG.to_owned())]] } else { Vec::new() };
            CommandResult::of_strings(&[("catalog", false)], rows)
        }
    }
}

async fn create(
    session: &Session,
    name: &[String],
    if_not_exists: bool,
    comment: Option<String>,
    location: Option<String>,
    properties: IndexMap<String, String>,
) -> SparkResult<CommandResult> {
    let name = database_name(session, name)?;
    names::check_name(&name)?;
    let storage = &session.environment().storage;
    let location = match location {
        Some(location) => storage.qualified(&location)?,
        None => format!("{}/{name}.db", session.warehouse()),
    };
    let owner = session.key().user_id.clone();
    let database =
        Database { name, comment: comment.unwrap_or_default(), location: location.clone(), owner, properties };
    let existing = if if_not_exists { OnExisting::Keep } else { OnExisting::Fail };
    if database.name == GLOBAL_TEMP_DATABASE {
        return Err(SparkError::new("SCHEMA_ALREADY_EXISTS").param("schemaName", quote_name_parts(&[&database.name])));
    }
    if session.catalog().create_database(database, existing).await? {
        storage.create_directory(&location).await?;
    }
    Ok(CommandResult::empty())
}

async fn drop(session: &Session, name: &[String], if_exists: bool, cascade: bool) -> SparkResult<CommandResult> {
    let name = database_name(session, name)?;
    if name == DEFAULT_DATABASE {
        return Err(
            SparkError::new("UNSUPPORTED_FEATURE.DROP_DATABASE").param("database", quote_name_parts(&[CATALOG, &name]))
        );
    }
    let Some(database) = session.catalog().database(&name).await? else {
        return if if_exists { Ok(CommandResult::empty()) } else { Err(database_not_found(&name)) };
    };
    let dropped = session.catalog().drop_database(&name, cascade).await?;
    let storage = &session.environment().storage;
    for table in dropped {
        if table.kind == firesteel_catalog::Kind::Managed {
            storage.remove_directory(&table.location).await?;
        }
    }
    if storage.is_vacant(&database.location).await? {
        storage.remove_directory(&database.location).await?;
    }
    Ok(CommandResult::empty())
}

/// The database of this name, or `SCHEMA_NOT_FOUND`.
pub(super) async fn need(session: &Session, name: &[String]) -> SparkResult<Database> {
    let name = database_name(session, name)?;
    session.catalog().database(&name).await?.ok_or_else(|| database_not_found(&name))
}

async fn alter(session: &Session, database: Database) -> SparkResult<CommandResult> {
    session.catalog().alter_database(database).await?;
    Ok(CommandResult::empty())
}

fn describe(database: &Database, extended: bool) -> SparkResult<CommandResult> {
    let mut rows = vec![
        ("Catalog Name", CATALOG.to_owned()),
        ("Namespace Name", database.name.clone()),
        ("Comment", database.comment.clone()),
        ("Location", database.location.clone()),
    ];
    if !database.owner.is_empty() {
        rows.push(("Owner", database.owner.clone()));
    }
    if extended {
        let mut pairs: Vec<_> = database.properties.iter().collect();
        pairs.sort();
        let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("({key},{value})")).collect();
        let shown = if pairs.is_empty() { String::new() } else { format!("({})", pairs.join(", ")) };
        rows.push(("Properties", shown));
    }
    let schema = SparkSchema::new([
        SparkField::new("info_name", SparkType::STRING, false).with_comment("name of the namespace info"),
        SparkField::new("info_value", SparkType::STRING, true).with_comment("value of the namespace info"),
    ]);
    let rows = rows.into_iter().map(|(name, value)| vec![Some(name.to_owned()), Some(value)]).collect();
    CommandResult::of_texts(schema, rows)
}

async fn show(session: &Session, parent: Option<&[String]>, pattern: Option<&str>) -> SparkResult<CommandResult> {
    if let Some(parent) = parent {
        let is_catalog = matches!(parent, [catalog] if catalog.eq_ignore_ascii_case(CATALOG));
        if !is_catalog {
            database_name(session, parent)?;
            return CommandResult::of_strings(&[("namespace", false)], Vec::new());
        }
    }
    let shown = |name: &String| pattern.is_none_or(|pattern| matches_pattern(name, pattern));
    let databases = session.catalog().databases().await?.into_iter().map(|database| database.name);
    let rows = databases.filter(shown).map(|name| vec![Some(name)]).collect();
    CommandResult::of_strings(&[("namespace", false)], rows)
}

async fn use_database(session: &Session, name: &[String], is_namespace: bool) -> SparkResult<CommandResult> {
    let only_catalog = !is_namespace && matches!(name, [catalog] if catalog.eq_ignore_ascii_case(CATALOG));
    if only_catalog {
        session.set_current_database(DEFAULT_DATABASE);
        return Ok(CommandResult::empty());
    }
    set_current(session, name).await?;
    Ok(CommandResult::empty())
}

/// Makes a database the one that unqualified names mean.
pub(super) async fn set_current(session: &Session, name: &[String]) -> SparkResult<()> {
    let database = need(session, name).await?;
    session.set_current_database(&database.name);
    Ok(())
}

/// There is one catalog.
pub(super) fn set_catalog(name: &str) -> SparkResult<CommandResult> {
    if name.eq_ignore_ascii_case(CATALOG) {
        return Ok(CommandResult::empty());
    }
    Err(SparkError::new("CATALOG_NOT_FOUND")
        .param("catalogName", firesteel_base::identifier::quote_identifier(name))
        .param("config", firesteel_base::error::to_sql_conf(&format!("spark.sql.catalog.{name}"))))
}
