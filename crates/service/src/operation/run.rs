//! Running an operation: the task that turns a statement into responses.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::Schema;
use bytes::Bytes;
use firesteel_base::{SparkError, SparkResult, SparkSchema};
use firesteel_engine::QueryProgress;
use firesteel_syntax::ir::command::StorageLevel;
use firesteel_syntax::ir::{Command, Relation, Statement};
use futures::{FutureExt, StreamExt};
use tracing::Instrument;

use super::frames::Framer;
use super::{Operation, ResponseBody};
use crate::answer::{Answer, CommandResult, Rows};
use crate::observed::{GATHERED, Gathered};
use crate::session::Session;

/// Whether frames may be cut into chunks that the client joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunking {
    Never,
    /// Into chunks of at most so many bytes.
    Bytes(usize),
}

/// What an operation is to do, and so which responses it gives.
pub enum Work {
    /// A schema and batches.
    Rows(Box<Relation>),
    /// Nothing but the end: commands whose result no client reads.
    Command(Box<Command>),
    /// Rows kept under an id that is told.
    Checkpoint { relation: Box<Relation>, is_eager: bool, level: Option<StorageLevel> },
    /// The end of a checkpoint.
    ForgetCheckpoint(String),
    /// A SQL statement. A command is run and its result given; a query is checked, not run, and the message that the
    /// transport wrote is given.
    Sql { relation: Box<Relation>, answer: Bytes },
}

/// How long a frame that is not full waits for more rows.
const FRAME_WAIT: Duration = Duration::from_millis(5);

pub(super) fn spawn(session: Arc<Session>, operation: Arc<Operation>, work: Work, chunking: Chunking) {
    let span = tracing::info_span!("operation", session = %session.key().session_id, operation = %operation.id());
    let runtime = session.runtime().clone();
    let task = async move {
        let started = session.clock().elapsed();
        let supervised = supervise(&session, &operation, work, chunking);
        let stoppable = operation.cancellation.clone().scope(supervised);
        let outcome = super::PROGRESS.scope(Arc::clone(&operation.progress), stoppable).await;
        let millis = session.clock().elapsed().saturating_sub(started).as_millis();
        match &outcome {
            Ok(()) => tracing::debug!(millis, "done"),
            Err(error) => tracing::info!(millis, condition = error.condition(), "failed"),
        }
        session.touch();
        operation.finish(outcome);
    };
    runtime.spawn(task.instrument(span));
}

/// Runs the work until it is done or cancelled. A panic ends this operation and nothing else.
async fn supervise(
    session: &Arc<Session>,
    operation: &Arc<Operation>,
    work: Work,
    chunking: Chunking,
) -> SparkResult<()> {
    let mut cancelled = operation.cancel.subscribe();
    let work =
        AssertUnwindSafe(respond(Arc::clone(session), Arc::clone(operation), work, chunking).boxed()).catch_unwind();
    tokio::select! {
        biased;
        _ = cancelled.wait_for(|cancelled| *cancelled) => Err(SparkError::new("OPERATION_CANCELED")),
        outcome = work => outcome.unwrap_or_else(|_| {
            tracing::error!("an operation panicked");
            Err(SparkError::internal("The operation ended unexpectedly; the server's log says more."))
        }),
    }
}

async fn respond(session: Arc<Session>, operation: Arc<Operation>, work: Work, chunking: Chunking) -> SparkResult<()> {
    let gathered = Gathered::default();
    let answered = answer(&session, &operation, work, chunking);
    GATHERED.scope(Arc::clone(&gathered), answered).await?;
    let observed = std::mem::take(&mut *gathered.lock());
    let watched = operation.progress.lock().clone();
    if let Some(query) = &watched
        && operation.has_reported_progress()
    {
        operation.buffer.push(ResponseBody::Progress(query.stages())).await;
    }
    let operators = watched.as_ref().map(QueryProgress::operators).unwrap_or_default();
    operation.buffer.push(ResponseBody::Complete { operators, observed }).await;
    Ok(())
}

async fn answer(session: &Arc<Session>, operation: &Arc<Operation>, work: Work, chunking: Chunking) -> SparkResult<()> {
    match work {
        Work::Rows(relation) => match session.run(Statement::Query(*relation)).boxed().await? {
            Answer::Rows(rows) => send_rows(session, operation, rows, chunking).await?,
            Answer::Done(result) => send_result(session, operation, result, chunking).await?,
        },
        Work::Command(command) => {
            session.run(Statement::Command(*command)).boxed().await?;
        }
        Work::Checkpoint { relation, is_eager, level } => {
            let id = session.checkpoint(*relation, is_eager, level).boxed().await?;
            operation.buffer.push(ResponseBody::Checkpoint(id)).await;
        }
        Work::ForgetCheckpoint(id) => session.forget_checkpoint(&id),
        Work::Sql { relation, answer } => {
            let body = match session.run_sql(*relation).boxed().await? {
                Some(result) => ResponseBody::Command(result),
                None => ResponseBody::Encoded(answer),
            };
            operation.buffer.push(body).await;
        }
    }
    Ok(())
}

async fn send_rows(
    session: &Arc<Session>,
    operation: &Arc<Operation>,
    rows: Rows,
    chunking: Chunking,
) -> SparkResult<()> {
    let Rows { schema, mut stream } = rows;
    let mut framer = Framer::new(stream.schema(), session.frame_size(), chunking);
    let mut sender = FrameSender { operation, schema: Some(schema) };
    loop {
        let next = if framer.holds() {
            // Joins what comes quickly; what comes slowly is sent without delay.
            match tokio::time::timeout(FRAME_WAIT, stream.next()).await {
                Ok(next) => next,
                Err(_) => {
                    sender.send(framer.flush()?).await;
                    stream.next().await
                }
            }
        } else {
            stream.next().await
        };
        match next {
            Some(batch) => sender.send(framer.push(batch.map_err(crate::engine_error)?)?).await,
            None => break,
        }
    }
    finish_rows(framer, sender).await
}

async fn finish_rows(mut framer: Framer, mut sender: FrameSender<'_>) -> SparkResult<()> {
    sender.send(framer.flush()?).await;
    if framer.rows() == 0 {
        sender.send(framer.empty()?).await;
    }
    Ok(())
}

/// A command's result where a client asked for rows, as `spark.catalog` does.
async fn send_result(
    session: &Arc<Session>,
    operation: &Arc<Operation>,
    result: CommandResult,
    chunking: Chunking,
) -> SparkResult<()> {
    let arrow = Arc::new(Schema::new(result.schema.to_arrow_fields(&session.time_zone())));
    let mut framer = Framer::new(arrow, session.frame_size(), chunking);
    let mut sender = FrameSender { operation, schema: Some(result.schema) };
    sender.send(framer.push(result.batch)?).await;
    finish_rows(framer, sender).await
}

/// Sends frames. The schema goes with the first: each response costs clients a call of their own, to release it.
struct FrameSender<'a> {
    operation: &'a Operation,
    schema: Option<SparkSchema>,
}

impl FrameSender<'_> {
    async fn send(&mut self, frames: Vec<super::Frame>) {
        for frame in frames {
            let schema = self.schema.take();
            self.operation.buffer.push(ResponseBody::Batch { schema, frame }).await;
        }
    }
}
