//! Statements about tables. One file for each family.

mod alter;
mod columns;
mod create;
mod describe;
mod describe_json;
pub(super) mod insert;
mod partition;
mod show;
mod statistics;

use firesteel_base::{SparkError, SparkResult};
use firesteel_catalog::Kind;
use firesteel_syntax::ir::table::TableCommand;

use super::names::{self, Named, Searched};
use crate::answer::CommandResult;
use crate::session::Session;

pub(super) use columns::literal;
pub(super) use create::{NewTable, create_from_rows, create_table, replace_by_rows};

pub(super) async fn run(session: &Session, command: TableCommand) -> SparkResult<CommandResult> {
    match command {
        TableCommand::Create(create) => create::run(session, *create).await,
        TableCommand::CreateLike { name, source, if_not_exists, clauses } => {
            create::like(session, &name, &source, if_not_exists, *clauses).await
        }
        TableCommand::Alter(alter) => alter::run(session, *alter).await,
        TableCommand::Drop { name, if_exists } => drop(session, &name, if_exists).await,
        TableCommand::Truncate { name, partition } => partition::truncate(session, &name, partition).await,
        TableCommand::Insert(inserts) => insert::run(session, inserts).await,
        TableCommand::RowOperation { name, operation } => {
            let table = names::need_table(session, &name, operation, Searched::All).await?;
            Err(names::unsupported_operation(&table.name, operation))
        }
        TableCommand::Load { name, origin } => {
            let table = names::need_table(session, &name, "LOAD DATA", Searched::Objects).await;
            let table = table.map_err(|error| error.at(&origin))?;
            Err(SparkError::new("_LEGACY_ERROR_TEMP_1261").param("tableIdentWithDB", table.name.quoted()))
        }
        TableCommand::Comment { name, comment } => alter::comment(session, &name, comment).await,
        TableCommand::Describe { name, extended, partition, as_json } => {
            describe::table(session, &name, extended, partition, as_json).await
        }
        TableCommand::DescribeColumn { name, column, extended } => {
            describe::column(session, &name, &column, extended).await
        }
        TableCommand::ShowCreate { name, as_serde } => show::create(session, &name, as_serde).await,
        TableCommand::ShowProperties { name, key } => show::properties(session, &name, key.as_deref()).await,
        TableCommand::ShowPartitions { name, partition } => partition::show(session, &name, partition).await,
        TableCommand::ShowExtended { namespace, pattern, partition } => {
            show::extended(session, namespace.as_deref(), &pattern, partition).await
        }
        TableCommand::Analyze { name, partition, no_scan, columns } => {
            statistics::analyze(session, &name, partition, no_scan, &columns).await
        }
        TableCommand::AnalyzeAll { namespace, no_scan } => {
            statistics::analyze_all(session, namespace.as_deref(), no_scan).await
        }
        TableCommand::Refresh(name) => {
            names::need(session, &name, Searched::Objects).await?;
            // Files are listed anew by every query.
            Ok(CommandResult::empty())
        }
        TableCommand::RefreshPath(_) => Ok(CommandResult::empty()),
        TableCommand::Repair { name } => partition::repair(session, &name, "MSCK REPAIR TABLE").await,
    }
}

/// `DROP TABLE` drops views too.
async fn drop(session: &Session, name: &[String], if_exists: bool) -> SparkResult<CommandResult> {
    if session.visible_views().drop(name) {
        return Ok(CommandResult::empty());
    }
    let name = names::object_name(session, name)?;
    match session.catalog().drop_table(&name).await? {
        Some(table) if table.kind == Kind::Managed => {
            session.environment().storage.remove_directory(&table.location).await?;
        }
        Some(_) => {}
        None if if_exists => {}
        None => return Err(names::not_in_catalog(&name)),
    }
    Ok(CommandResult::empty())
}

/// Partitions are what the directories are; only tables without them are refused.
pub(super) async fn recover_partitions(session: &Session, name: &[String]) -> SparkResult<CommandResult> {
    partition::repair(session, name, "recoverPartitions()").await
}

/// A persistent view, for the statements that are about views alone.
pub(super) async fn need_view(
    session: &Session,
    name: &[String],
    operation: &str,
) -> SparkResult<firesteel_catalog::Table> {
    match names::need(session, name, Searched::Objects).await? {
        Named::Object(table) if table.is_view() => Ok(*table),
        Named::Object(table) => Err(SparkError::new("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE")
            .param("tableName", table.name.quoted())
            .param("operation", operation)),
        Named::View(_) => Err(SparkError::new("EXPECT_PERMANENT_VIEW_NOT_TEMP")
            .param("viewName", firesteel_base::identifier::quote_name_parts(name))
            .param("operation", operation)),
    }
}
