//! Operations: statements that run on while clients come and go.
//!
//! An operation writes responses into a buffer that is bounded in bytes; a client reads them, loses its connection,
//! reads again from where it was, and releases what it has. Nothing that was not released is lost while a client may
//! ask for it; the query waits instead.

mod buffer;
mod frames;
mod registry;
mod run;

use std::sync::Arc;
use std::time::Duration;

use firesteel_base::{SparkError, SparkSchema};
use parking_lot::Mutex;
use tokio::sync::watch;
use uuid::Uuid;

pub use buffer::{Cursor, Response};
pub use frames::{Frame, write_stream};
pub use registry::{Attached, Interrupt, Operations};
pub use run::{Chunking, Work};

use crate::answer::CommandResult;
use crate::limits::Limits;
use crate::observed::ObservedMetrics;
use buffer::ResponseBuffer;

/// What an operation tells its client, in order.
#[derive(Clone, Debug)]
pub enum ResponseBody {
    /// The columns of the rows that follow.
    Schema(SparkSchema),
    Batch(Frame),
    /// The result of a SQL command.
    Command(CommandResult),
    /// Metrics that the operation's queries observed.
    Metrics(Vec<ObservedMetrics>),
    /// A message that the transport wrote before the operation began.
    Encoded(bytes::Bytes),
    /// The last one: everything was sent.
    Complete,
}

/// Where an operation is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationState {
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

/// How a client wants its operation to be run.
#[derive(Clone, Debug)]
pub struct OperationRequest {
    /// A UUID; `None`: made by the server.
    pub id: Option<String>,
    pub tags: Vec<String>,
    /// Whether the client may come back for the responses. If not, they are released as they are sent, and the
    /// operation ends with the client's stream.
    pub reattachable: bool,
    /// Identifies the request's content: a repeated request with the same id and content attaches to the running one.
    pub fingerprint: u64,
    pub chunking: Chunking,
}

/// A statement being run, or one whose responses have not all been released.
pub struct Operation {
    id: String,
    tags: Vec<String>,
    reattachable: bool,
    fingerprint: u64,
    state: Mutex<OperationState>,
    buffer: Arc<ResponseBuffer>,
    cancel: watch::Sender<bool>,
    /// When the last client left; `None` while one is attached.
    detached_at: Mutex<Option<Duration>>,
}

impl Operation {
    fn new(request: OperationRequest, limits: &Limits, clock: &crate::clock::Clock) -> Self {
        Self {
            id: request.id.unwrap_or_else(|| Uuid::new_v4().to_string()),
            tags: request.tags,
            reattachable: request.reattachable,
            fingerprint: request.fingerprint,
            state: Mutex::new(OperationState::Running),
            buffer: Arc::new(ResponseBuffer::new(limits, clock.clone(), request.reattachable)),
            cancel: watch::channel(false).0,
            detached_at: Mutex::new(Some(clock.elapsed())),
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    pub fn is_reattachable(&self) -> bool {
        self.reattachable
    }

    pub fn state(&self) -> OperationState {
        *self.state.lock()
    }

    /// Stops the operation if it runs; its client gets `OPERATION_CANCELED`. Whether it ran.
    pub fn cancel(&self) -> bool {
        let running = self.state() == OperationState::Running;
        self.cancel.send_replace(true);
        running
    }

    /// Releases the responses up to and including this one; unknown ids are passed over.
    pub fn release_until(&self, response_id: &str) {
        self.buffer.release_until(response_id);
    }

    /// Bytes of responses held now.
    pub fn buffered_bytes(&self) -> usize {
        self.buffer.bytes()
    }

    fn finish(&self, outcome: Result<(), SparkError>) {
        let cancelled = *self.cancel.borrow();
        *self.state.lock() = match &outcome {
            Ok(()) => OperationState::Succeeded,
            Err(_) if cancelled => OperationState::Cancelled,
            Err(_) => OperationState::Failed,
        };
        self.buffer.finish(outcome.err());
    }
}
