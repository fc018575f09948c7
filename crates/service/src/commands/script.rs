//! Runs scripts: statements in order, as loops, branches and handlers of errors say.
//!
//! Each statement is analyzed when it is reached, with the values that variables have then. The answer is that of the
//! query that was run last. Between two statements the task gives its thread back, so that an operation that is
//! interrupted ends in any loop. Rows that a loop goes through are computed while it does.

use arrow::array::RecordBatch;
use firesteel_base::{Origin, SparkError, SparkResult, SparkSchema, SparkType};
use firesteel_plan::Variable;
use firesteel_syntax::ir::script::{
    Block, Branches, Condition, For, Handler, Script, ScriptStatement, ScriptStatementKind, Trigger,
};
use firesteel_syntax::ir::{Expression, Literal, Relation, RelationKind, Statement};
use futures::{StreamExt, TryStreamExt};
use uuid::Uuid;

use super::routine::collected;
use super::variable::value_at;
use crate::answer::{Answer, CommandResult, Rows};
use crate::locals::Locals;
use crate::session::{Session, SessionVariable};

/// A result may have so many bytes: it is kept until the script ends.
const RESULT_BYTES_MAX: usize = 256 << 20;

pub(super) async fn run(session: &Session, script: Script) -> SparkResult<CommandResult> {
    let locals = Locals::default();
    let mut run = Run { session, locals: locals.clone(), guards: Vec::new(), result: None };
    // What ends the script from inside was handled by the block that it meant.
    locals.around(run.block(&script.body)).await?;
    match run.result {
        Some((schema, batches)) => collected(schema, &batches),
        None => Ok(CommandResult::empty()),
    }
}

/// What comes behind a statement.
enum Flow {
    Next,
    Leave(String),
    Iterate(String),
    /// Leaves the block whose handler was run, by its place among [`Run::guards`].
    Exit(usize),
}

/// A block that is being run.
#[derive(Clone, Copy)]
struct Guard<'s> {
    handlers: &'s [Handler],
    /// How many scopes are around what the block declares, that included.
    depth: usize,
}

struct Run<'s> {
    session: &'s Session,
    locals: Locals,
    guards: Vec<Guard<'s>>,
    result: Option<(SparkSchema, Vec<RecordBatch>)>,
}

impl<'s> Run<'s> {
    async fn block(&mut self, block: &'s Block) -> SparkResult<Flow> {
        let outside = self.locals.depth();
        self.locals.enter(block.label.clone().unwrap_or_else(|| Uuid::new_v4().to_string()));
        let place = self.guards.len();
        self.guards.push(Guard { handlers: &block.handlers, depth: self.locals.depth() });
        let flow = self.statements(&block.statements).await;
        self.guards.truncate(place);
        self.locals.leave(outside);
        Ok(match flow? {
            Flow::Exit(left) if left == place => Flow::Next,
            Flow::Leave(label) if block.label.as_ref() == Some(&label) => Flow::Next,
            other => other,
        })
    }

    async fn statements(&mut self, statements: &'s [ScriptStatement]) -> SparkResult<Flow> {
        for statement in statements {
            match self.statement(statement).await? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    async fn statement(&mut self, statement: &'s ScriptStatement) -> SparkResult<Flow> {
        tokio::task::yield_now().await;
        match &statement.kind {
            ScriptStatementKind::Sql(statement) => match self.sql(statement).await {
                Ok(()) => Ok(Flow::Next),
                Err(error) => self.handle(error).await,
            },
            ScriptStatementKind::Block(block) => Box::pin(self.block(block)).await,
            ScriptStatementKind::If(branches) => {
                let chosen = self.choose(None, branches).await;
                self.run_chosen(chosen).await
            }
            ScriptStatementKind::Case { value, branches } => {
                let chosen = self.choose(Some(value), branches).await;
                self.run_chosen(chosen).await
            }
            ScriptStatementKind::While { label, condition, body } => {
                self.repeat(label.as_ref(), Some(condition), body, None).await
            }
            ScriptStatementKind::Repeat { label, body, until } => {
                self.repeat(label.as_ref(), None, body, Some(until)).await
            }
            ScriptStatementKind::Loop { label, body } => self.repeat(label.as_ref(), None, body, None).await,
            ScriptStatementKind::For(repeated) => Box::pin(self.for_each(repeated)).await,
            ScriptStatementKind::Leave(label) => Ok(Flow::Leave(label.clone())),
            ScriptStatementKind::Iterate(label) => Ok(Flow::Iterate(label.clone())),
        }
    }

    /// Runs a statement; the rows of a query become the result.
    async fn sql(&mut self, statement: &Statement) -> SparkResult<()> {
        match Box::pin(self.session.run(statement.clone())).await? {
            Answer::Rows(rows) => {
                self.result = Some(kept(rows).await?);
                Ok(())
            }
            Answer::Done(_) => Ok(()),
        }
    }

    // --- choosing and repeating ---

    async fn run_chosen(&mut self, chosen: SparkResult<&'s [ScriptStatement]>) -> SparkResult<Flow> {
        match chosen {
            Ok(body) => Box::pin(self.statements(body)).await,
            Err(error) => self.handle(error).await,
        }
    }

    /// The statements behind the first condition that holds, or that equals the value.
    async fn choose(
        &mut self,
        value: Option<&'s Condition>,
        branches: &'s Branches,
    ) -> SparkResult<&'s [ScriptStatement]> {
        let value = match value {
            Some(value) => Some(self.constant(value).await?),
            None => None,
        };
        for (condition, body) in &branches.branches {
            let holds = match &value {
                Some(value) => {
                    let pair = vec![value.clone(), condition.expression.clone()];
                    self.truth(Expression::call("=", pair, Origin::Unknown), condition).await?
                }
                None => self.truth(condition.expression.clone(), condition).await?,
            };
            if holds {
                return Ok(body);
            }
        }
        Ok(&branches.otherwise)
    }

    /// A loop: while a condition holds, until another does, or until it is left.
    async fn repeat(
        &mut self,
        label: Option<&'s String>,
        while_holds: Option<&'s Condition>,
        body: &'s [ScriptStatement],
        until: Option<&'s Condition>,
    ) -> SparkResult<Flow> {
        loop {
            tokio::task::yield_now().await;
            if let Some(condition) = while_holds {
                match self.truth(condition.expression.clone(), condition).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(Flow::Next),
                    Err(error) => return self.handle(error).await,
                }
            }
            match Box::pin(self.statements(body)).await? {
                Flow::Next => {}
                Flow::Iterate(iterated) if label == Some(&iterated) => {}
                Flow::Leave(left) if label == Some(&left) => return Ok(Flow::Next),
                other => return Ok(other),
            }
            if let Some(condition) = until {
                match self.truth(condition.expression.clone(), condition).await {
                    Ok(true) => return Ok(Flow::Next),
                    Ok(false) => {}
                    Err(error) => return self.handle(error).await,
                }
            }
        }
    }

    /// Runs the body for each row, whose columns are variables. Holds one batch of rows.
    async fn for_each(&mut self, repeated: &'s For) -> SparkResult<Flow> {
        let mut rows = match Box::pin(self.session.run_query(repeated.query.clone())).await {
            Ok(Answer::Rows(rows)) => rows,
            Ok(Answer::Done(_)) => return Err(SparkError::internal("a loop over what is no query")),
            Err(error) => return self.handle(error).await,
        };
        loop {
            let batch = match rows.stream.next().await {
                None => return Ok(Flow::Next),
                Some(Ok(batch)) => batch,
                Some(Err(error)) => return self.handle(crate::engine_error(error)).await,
            };
            for row in 0..batch.num_rows() {
                tokio::task::yield_now().await;
                let outside = self.locals.depth();
                if let Err(error) = self.enter_row(repeated.variable.as_ref(), &rows.schema, &batch, row) {
                    self.locals.leave(outside);
                    return self.handle(error).await;
                }
                let flow = Box::pin(self.statements(&repeated.body)).await;
                self.locals.leave(outside);
                match flow? {
                    Flow::Next => {}
                    Flow::Iterate(label) if repeated.label.as_ref() == Some(&label) => {}
                    Flow::Leave(label) if repeated.label.as_ref() == Some(&label) => return Ok(Flow::Next),
                    other => return Ok(other),
                }
            }
        }
    }

    fn enter_row(
        &self,
        variable: Option<&String>,
        schema: &SparkSchema,
        batch: &RecordBatch,
        row: usize,
    ) -> SparkResult<()> {
        self.locals.enter(variable.cloned().unwrap_or_else(|| Uuid::new_v4().to_string()));
        for (field, column) in schema.iter().zip(batch.columns()) {
            let value = value_at(field, column, row)?;
            let default = Expression::literal(Literal::Null(SparkType::Null), Origin::Unknown);
            let variable = Variable { name: field.name.clone(), data_type: field.data_type.clone(), value };
            self.locals.declare(SessionVariable { variable, default })?;
        }
        Ok(())
    }

    // --- values ---

    /// Whether the expression is true; NULL and no value are not.
    async fn truth(&self, expression: Expression, condition: &Condition) -> SparkResult<bool> {
        let rows = self.value(expression).await?;
        let is_boolean = rows.schema.iter().next().is_some_and(|field| field.data_type == SparkType::Boolean);
        if !is_boolean {
            return Err(SparkError::new("INVALID_BOOLEAN_STATEMENT")
                .param("invalidStatement", condition.text.to_uppercase())
                .at(&condition.origin));
        }
        let batches: Vec<RecordBatch> = rows.stream.try_collect().await.map_err(crate::engine_error)?;
        let batch = batches.iter().find(|batch| batch.num_rows() > 0);
        let holds = batch.and_then(|batch| batch.columns().first()).map(|column| {
            use arrow::array::{Array, AsArray};
            let values = column.as_boolean();
            values.is_valid(0) && values.value(0)
        });
        Ok(holds.unwrap_or(false))
    }

    /// The value of an expression as one that needs not be computed again, where one can be written.
    async fn constant(&self, condition: &Condition) -> SparkResult<Expression> {
        let rows = self.value(condition.expression.clone()).await?;
        let field = rows.schema.iter().next().cloned();
        let batches: Vec<RecordBatch> = rows.stream.try_collect().await.map_err(crate::engine_error)?;
        let batch = batches.iter().find(|batch| batch.num_rows() > 0);
        let (Some(field), Some(column)) = (field, batch.and_then(|batch| batch.columns().first())) else {
            return Ok(Expression::literal(Literal::Null(SparkType::Null), Origin::Unknown));
        };
        let value = value_at(&field, column, 0)?;
        let literal = crate::precomputed::literal(&value, &field.data_type);
        Ok(literal
            .map_or_else(|_| condition.expression.clone(), |literal| Expression::literal(literal, Origin::Unknown)))
    }

    async fn value(&self, expression: Expression) -> SparkResult<Rows> {
        let input = Relation::new(RelationKind::OneRow, Origin::Unknown).boxed();
        let query = Relation::new(RelationKind::Project { input, expressions: vec![expression] }, Origin::Unknown);
        match Box::pin(self.session.run_query(query)).await? {
            Answer::Rows(rows) => Ok(rows),
            Answer::Done(_) => Err(SparkError::internal("an expression became a command")),
        }
    }

    // --- errors ---

    /// Runs the innermost handler for the error, and says what comes behind the statement that failed.
    ///
    /// Errors in a handler are for the blocks around its own. However its body ends, the handler is done then.
    async fn handle(&mut self, error: SparkError) -> SparkResult<Flow> {
        if error.condition() == "OPERATION_CANCELED" || firesteel_engine::is_cancelled() {
            return Err(error);
        }
        let found = self.guards.iter().enumerate().rev().find_map(|(place, guard)| {
            let handler = best(guard.handlers, &error)?;
            Some((place, guard.depth, handler))
        });
        let Some((place, depth, handler)) = found else { return Err(error) };
        let guards = self.guards.split_off(place);
        let scopes = self.locals.leave(depth);
        Box::pin(self.block(&handler.body)).await?;
        self.guards.extend(guards);
        self.locals.enter_again(scopes);
        Ok(if handler.continues { Flow::Next } else { Flow::Exit(place) })
    }
}

/// The handler that is meant most: by the condition, by its class, by the state, by what is left.
fn best<'h>(handlers: &'h [Handler], error: &SparkError) -> Option<&'h Handler> {
    let state = error.sql_state();
    let class = error.condition().split('.').next().unwrap_or_default();
    let rank = |trigger: &Trigger| match trigger {
        Trigger::Condition(name) if name == error.condition() => Some(0),
        Trigger::Condition(name) if name == class => Some(1),
        Trigger::SqlState(wanted) if wanted == state => Some(2),
        Trigger::NotFound if state.starts_with("02") => Some(3),
        Trigger::Exception if !state.starts_with("02") => Some(4),
        _ => None,
    };
    let ranked = handlers.iter().filter_map(|handler| Some((handler.triggers.iter().filter_map(rank).min()?, handler)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, handler)| handler)
}

/// All rows of a query, unless they are too many to keep.
async fn kept(mut rows: Rows) -> SparkResult<(SparkSchema, Vec<RecordBatch>)> {
    let (mut batches, mut bytes) = (Vec::new(), 0_usize);
    while let Some(batch) = rows.stream.next().await {
        let batch = batch.map_err(crate::engine_error)?;
        bytes = bytes.saturating_add(batch.get_array_memory_size());
        if bytes > RESULT_BYTES_MAX {
            return Err(crate::limit_reached("bytes of a script's result", RESULT_BYTES_MAX));
        }
        batches.push(batch);
    }
    Ok((rows.schema, batches))
}
