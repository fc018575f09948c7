//! Commands: what changes a session or answers about it. One file for each group.

mod cache;
mod catalog;
mod catalog_statement;
mod describe;
mod explain;
mod functions;
mod names;
mod namespace;
mod routine;
mod routine_body;
mod script;
mod set;
mod show;
mod table;
mod time_zone;
mod variable;
mod view;
mod write;
mod write_to;

use firesteel_base::{SparkError, SparkResult};
use firesteel_catalog::CATALOG;
use firesteel_syntax::ir::command::ProcedureCommand;
use firesteel_syntax::ir::routine::{RoutineCommand, SetValues};
use firesteel_syntax::ir::table::{AlterAction, TableCommand};
use firesteel_syntax::ir::{Command, Relation, RelationKind, Statement};

use crate::answer::CommandResult;
use crate::session::Session;

pub(crate) use routine::{execute_immediate, run_computed};

/// Carries a command out.
pub(crate) async fn run(session: &Session, command: Command) -> SparkResult<CommandResult> {
    match command {
        Command::CreateView(create) => view::create(session, create).await,
        Command::DropView { name, if_exists } => view::drop(session, &name, if_exists).await,
        Command::Write(write) => write::run(session, *write).await,
        Command::Set(set) => set::set(session, set),
        Command::Reset { key } => set::reset(session, key.as_deref()),
        Command::SetTimeZone(zone) => time_zone::set(session, zone),
        Command::Explain { statement, mode } => explain::explain(session, *statement, mode).await,
        Command::DescribeQuery(query) => describe::query(session, *query).await,
        Command::Namespace(command) => namespace::run(session, command).await,
        Command::Table(TableCommand::RefreshPath(path)) => {
            let done = table::run(session, TableCommand::RefreshPath(path.clone())).await?;
            session.cached_path_changed(&path).await;
            Ok(done)
        }
        Command::Table(command) => {
            let is_change = changes_tables(&command);
            let done = table::run(session, command).await?;
            if is_change {
                session.cached_tables_changed().await;
            }
            Ok(done)
        }
        Command::Routine(command) => routine::run(session, command).await,
        Command::Procedure(command) => Err(procedure(session, command)),
        Command::WriteTo(write) => write_to::run(session, *write).await,
        Command::Script(script) => script::run(session, *script).await,
        Command::DescribeFunction { name, extended } => functions::describe(session, &name, extended).await,
        Command::ShowFunctions { pattern, scope, namespace } => {
            functions::show(session, pattern.as_deref(), scope, namespace.as_deref()).await
        }
        Command::ShowTables { namespace, pattern } => {
            show::tables(session, namespace.as_deref(), pattern.as_deref()).await
        }
        Command::ShowViews { namespace, pattern } => {
            show::views(session, namespace.as_deref(), pattern.as_deref()).await
        }
        Command::ShowColumns { table, namespace } => show::columns(session, table, namespace).await,
        Command::CacheTable(cache) => cache::cache(session, cache).await,
        Command::UncacheTable { name, if_exists } => cache::uncache(session, name, if_exists).await,
        Command::ClearCache => Ok(cache::clear(session)),
        Command::Catalog(request) => catalog::run(session, request).await,
        Command::Unsupported { statement } => Err(SparkError::unsupported(statement)),
    }
}

/// There are no procedures.
fn procedure(session: &Session, command: ProcedureCommand) -> SparkError {
    match command {
        ProcedureCommand::Show => SparkError::new("MISSING_CATALOG_ABILITY.PROCEDURES").param("plugin", CATALOG),
        ProcedureCommand::Named { name, origin } => functions::not_found(session, &name).at(&origin),
    }
}

/// Whether rows or columns of a table may be others afterwards.
fn changes_tables(command: &TableCommand) -> bool {
    matches!(
        command,
        TableCommand::Alter(_)
            | TableCommand::Drop { .. }
            | TableCommand::Truncate { .. }
            | TableCommand::Insert(_)
            | TableCommand::RowOperation { .. }
            | TableCommand::Refresh(_)
            | TableCommand::Repair { .. }
    )
}

/// Moves parameters and shared tables that stand around a command into the query of the command.
pub(crate) fn lift(mut relation: Relation) -> SparkResult<Relation> {
    match relation.kind {
        RelationKind::WithParameters { mut input, named, positional } if is_script(&input) => {
            if !positional.is_empty() {
                return Err(SparkError::new("UNSUPPORTED_FEATURE.SQL_SCRIPTING_WITH_POSITIONAL_PARAMETERS"));
            }
            firesteel_plan::bind_parameters(&mut input, &named, &positional)?;
            Ok(*input)
        }
        RelationKind::With(with) if is_script(&with.input) => {
            Err(SparkError::unsupported("DataFrames beside a script"))
        }
        RelationKind::WithParameters { input, named, positional } if is_command(&input) => {
            let wrap = |query: Relation| {
                let origin = query.origin.clone();
                let kind = RelationKind::WithParameters { input: query.boxed(), named, positional };
                Relation::new(kind, origin)
            };
            lift(into_command(*input, wrap))
        }
        RelationKind::With(mut with) if is_command(&with.input) => {
            let input = std::mem::replace(&mut with.input, Relation::new(RelationKind::OneRow, relation.origin));
            let wrap = |query: Relation| {
                let origin = query.origin.clone();
                with.input = query;
                Relation::new(RelationKind::With(with), origin)
            };
            lift(into_command(input, wrap))
        }
        kind => {
            relation.kind = kind;
            Ok(relation)
        }
    }
}

fn is_script(relation: &Relation) -> bool {
    matches!(&relation.kind, RelationKind::Command(command) if matches!(command.as_ref(), Command::Script(_)))
}

fn is_command(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::Command(_) => true,
        RelationKind::WithParameters { input, .. } => is_command(input),
        RelationKind::With(with) => is_command(&with.input),
        _ => false,
    }
}

/// Puts `wrap` around the query of the command that `relation` is.
fn into_command(mut relation: Relation, wrap: impl FnOnce(Relation) -> Relation) -> Relation {
    match &mut relation.kind {
        RelationKind::Command(command) => wrap_query(command, wrap),
        RelationKind::WithParameters { input, .. } => replace(input, |inner| into_command(inner, wrap)),
        RelationKind::With(with) => replace(&mut with.input, |inner| into_command(inner, wrap)),
        _ => {}
    }
    relation
}

fn wrap_query(command: &mut Command, wrap: impl FnOnce(Relation) -> Relation) {
    match command {
        Command::CreateView(create) => replace(&mut create.query, wrap),
        Command::Write(write) => replace(&mut write.input, wrap),
        Command::WriteTo(write) => replace(&mut write.input, wrap),
        Command::DescribeQuery(query) => replace(query, wrap),
        Command::Table(command) => wrap_table_query(command, wrap),
        Command::Routine(RoutineCommand::SetVariables(set)) => {
            if let SetValues::Query(query) = &mut set.values {
                replace(query, wrap);
            }
        }
        // Parameters are put in place of their markers; tables beside a script are refused.
        Command::Routine(_) | Command::Script(_) => {}
        Command::CacheTable(cache) => {
            if let Some((query, _)) = &mut cache.query {
                replace(query, wrap);
            }
        }
        Command::Explain { statement, .. } => match statement.as_mut() {
            Statement::Query(query) => replace(query, wrap),
            // Explaining a command is refused, whatever its query.
            Statement::Command(_) => {}
        },
        Command::DropView { .. }
        | Command::Set(_)
        | Command::Reset { .. }
        | Command::SetTimeZone(_)
        | Command::DescribeFunction { .. }
        | Command::ShowFunctions { .. }
        | Command::ShowTables { .. }
        | Command::ShowViews { .. }
        | Command::ShowColumns { .. }
        | Command::Namespace(_)
        | Command::Procedure(_)
        | Command::UncacheTable { .. }
        | Command::ClearCache
        | Command::Catalog(_)
        | Command::Unsupported { .. } => {}
    }
}

fn wrap_table_query(command: &mut TableCommand, wrap: impl FnOnce(Relation) -> Relation) {
    match command {
        TableCommand::Create(create) => {
            if let Some(query) = &mut create.query {
                replace(query, wrap);
            }
        }
        TableCommand::Insert(inserts) => {
            if let [insert] = inserts.as_mut_slice() {
                replace(&mut insert.query, wrap);
            }
        }
        TableCommand::Alter(alter) => {
            if let AlterAction::ViewQuery { query, .. } = &mut alter.action {
                replace(query, wrap);
            }
        }
        _ => {}
    }
}

fn replace(place: &mut Relation, change: impl FnOnce(Relation) -> Relation) {
    let taken = std::mem::replace(place, Relation::new(RelationKind::OneRow, firesteel_base::Origin::Unknown));
    *place = change(taken);
}
