//! Requests of `spark.catalog` that do what a statement does.

use firesteel_base::SparkResult;
use firesteel_syntax::ir::Command;
use firesteel_syntax::ir::command::CatalogStatement;
use firesteel_syntax::ir::table::{AnalyzedColumns, NamespaceCommand, TableCommand};
use indexmap::IndexMap;

use super::catalog::{name_parts, nothing};
use crate::answer::CommandResult;
use crate::session::Session;

pub(super) async fn run(session: &Session, statement: CatalogStatement) -> SparkResult<CommandResult> {
    let answers = matches!(
        statement,
        CatalogStatement::ListPartitions(_)
            | CatalogStatement::GetTableProperties(_)
            | CatalogStatement::GetCreateTableString { .. }
    );
    let result = Box::pin(super::run(session, command(session, statement)?)).await?;
    if answers { Ok(result) } else { nothing() }
}

fn command(session: &Session, statement: CatalogStatement) -> SparkResult<Command> {
    use CatalogStatement as Statement;
    let name = |text: &str| name_parts(session, text);
    Ok(match statement {
        Statement::DropTable { table, if_exists } => {
            Command::Table(TableCommand::Drop { name: name(&table)?, if_exists })
        }
        Statement::DropView { view, if_exists } => Command::DropView { name: name(&view)?, if_exists },
        Statement::CreateDatabase { database, if_not_exists, properties } => {
            Command::Namespace(create_database(name(&database)?, if_not_exists, properties))
        }
        Statement::DropDatabase { database, if_exists, cascade } => {
            Command::Namespace(NamespaceCommand::Drop { name: name(&database)?, if_exists, cascade })
        }
        Statement::ListPartitions(table) => {
            Command::Table(TableCommand::ShowPartitions { name: name(&table)?, partition: None })
        }
        Statement::GetTableProperties(table) => {
            Command::Table(TableCommand::ShowProperties { name: name(&table)?, key: None })
        }
        Statement::GetCreateTableString { table, as_serde } => {
            Command::Table(TableCommand::ShowCreate { name: name(&table)?, as_serde })
        }
        Statement::TruncateTable(table) => {
            Command::Table(TableCommand::Truncate { name: name(&table)?, partition: None })
        }
        Statement::AnalyzeTable { table, no_scan } => Command::Table(TableCommand::Analyze {
            name: name(&table)?,
            partition: None,
            no_scan,
            columns: AnalyzedColumns::None,
        }),
    })
}

/// What statements say by clauses of their own stands among the properties.
fn create_database(
    name: Vec<String>,
    if_not_exists: bool,
    mut properties: IndexMap<String, String>,
) -> NamespaceCommand {
    let mut take = |key: &str| properties.shift_remove(key);
    let (comment, location, collation) = (take("comment"), take("location"), take("collation"));
    NamespaceCommand::Create { name, if_not_exists, comment, location, collation, properties }
}
