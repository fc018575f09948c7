//! Commands: what changes a session or answers about it. One file for each group.

mod catalog;
mod describe;
mod explain;
mod functions;
mod set;
mod show;
mod time_zone;
mod view;
mod write;

use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::{Command, Relation, RelationKind, Statement};

use crate::answer::CommandResult;
use crate::session::Session;

/// Carries a command out.
pub(crate) async fn run(session: &Session, command: Command) -> SparkResult<CommandResult> {
    match command {
        Command::CreateView(create) => view::create(session, create).await,
        Command::DropView { name, if_exists } => view::drop(session, &name, if_exists),
        Command::Write(write) => write::run(session, *write).await,
        Command::Set(set) => set::set(session, set),
        Command::Reset { key } => set::reset(session, key.as_deref()),
        Command::SetTimeZone(zone) => time_zone::set(session, zone),
        Command::Explain { statement, mode } => explain::explain(session, *statement, mode).await,
        Command::DescribeQuery(query) => describe::query(session, *query).await,
        Command::DescribeTable { name, extended } => describe::table(session, &name, extended).await,
        Command::DescribeFunction { name, extended } => functions::describe(&name, extended),
        Command::ShowFunctions { pattern, scope } => functions::show(pattern.as_deref(), scope),
        Command::ShowTables { namespace, pattern } => show::tables(session, namespace.as_deref(), pattern.as_deref()),
        Command::ShowViews { namespace, pattern } => show::views(session, namespace.as_deref(), pattern.as_deref()),
        Command::ShowColumns { table, namespace } => show::columns(session, table, namespace).await,
        Command::Catalog(request) => catalog::run(session, request).await,
        Command::Unsupported { statement } => Err(SparkError::unsupported(statement)),
    }
}

/// Moves parameters and shared tables that stand around a command into the query of the command.
pub(crate) fn lift(mut relation: Relation) -> SparkResult<Relation> {
    match relation.kind {
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
        Command::DescribeQuery(query) => replace(query, wrap),
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
        | Command::DescribeTable { .. }
        | Command::Catalog(_)
        | Command::Unsupported { .. } => {}
    }
}

fn replace(place: &mut Relation, change: impl FnOnce(Relation) -> Relation) {
    let taken = std::mem::replace(place, Relation::new(RelationKind::OneRow, firesteel_base::Origin::Unknown));
    *place = change(taken);
}
