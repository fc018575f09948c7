//! `EXPLAIN`.

use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::Statement;
use firesteel_syntax::ir::command::ExplainMode;

use crate::answer::CommandResult;
use crate::session::Session;

pub(super) async fn explain(session: &Session, statement: Statement, mode: ExplainMode) -> SparkResult<CommandResult> {
    let Statement::Query(query) = statement else {
        return Err(SparkError::unsupported("EXPLAIN of a command"));
    };
    let columns = [("plan", true)];
    match session.explain(query, mode).await {
        Ok(plan) => CommandResult::of_strings(&columns, vec![vec![Some(plan)]]),
        Err(error) if error.condition() == "NOT_IMPLEMENTED" => Err(error),
        // A plan that cannot be made is an answer, not an error: its message, a row a line.
        Err(error) => {
            let message = error.message();
            let lines = std::iter::once("Error occurred during query planning: ").chain(message.lines());
            let rows = lines.map(|line| vec![Some(line.to_owned())]).collect();
            CommandResult::of_strings(&columns, rows)
        }
    }
}
