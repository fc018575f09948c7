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
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use firesteel_base::{SparkError, SparkResult, SparkSchema};
use firesteel_engine::{Cancellation, OperatorMetrics, QueryProgress, StageProgress};
use parking_lot::Mutex;
use tokio::sync::watch;
use uuid::Uuid;

pub use buffer::{Cursor, Response};
pub(crate) use frames::FrameSize;
pub use frames::{Frame, write_stream};
pub use registry::{Interrupt, Operations};
pub use run::{Chunking, Work};

use crate::answer::CommandResult;
use crate::clock::Clock;
use crate::limits::Limits;
use crate::observed::ObservedMetrics;
use buffer::ResponseBuffer;

/// What an operation tells its client, in order.
#[derive(Clone, Debug)]
pub enum ResponseBody {
    /// Rows; with the first of them the result's columns.
    Batch { schema: Option<SparkSchema>, frame: Frame },
    /// The result of a SQL command.
    Command(CommandResult),
    /// A message that the transport wrote before the operation began.
    Encoded(bytes::Bytes),
    /// The id of a checkpoint.
    Checkpoint(String),
    /// How far the query is.
    Progress(Vec<StageProgress>),
    /// The last one: everything was sent. What the query's operators did, and what its user observed.
    Complete { operators: Vec<OperatorMetrics>, observed: Vec<ObservedMetrics> },
}

/// Where an operation is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationState {
    Running,
    /// It ended in one of the ways below, and its responses may still be asked for: told, never kept.
    Terminating,
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
    /// Stops work that does not wait for anything.
    cancellation: Cancellation,
    /// The query that is running now.
    progress: ProgressSlot,
    has_reported_progress: AtomicBool,
    /// When the last client left; `None` while one is attached.
    detached_at: Mutex<Option<Duration>>,
}

impl Operation {
    fn new(request: OperationRequest, limits: &Limits, clock: &Clock) -> Self {
        Self {
            id: request.id.unwrap_or_else(|| Uuid::new_v4().to_string()),
            tags: request.tags,
            reattachable: request.reattachable,
            fingerprint: request.fingerprint,
            state: Mutex::new(OperationState::Running),
            buffer: Arc::new(ResponseBuffer::new(limits, clock.clone(), request.reattachable)),
            cancel: watch::channel(false).0,
            cancellation: Cancellation::default(),
            progress: ProgressSlot::default(),
            has_reported_progress: AtomicBool::new(false),
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

    /// Stops the operation if it runs; its client gets `OPERATION_CANCELED` at once, however long the work takes to
    /// notice. Whether it ran.
    pub fn cancel(&self) -> bool {
        // Ended first: the work notices at once, and would end it before us.
        let ran = self.end(OperationState::Cancelled, Some(SparkError::new("OPERATION_CANCELED")));
        self.cancel.send_replace(true);
        self.cancellation.cancel();
        ran
    }

    /// The progress of the query that is running or ran last.
    fn stages(&self) -> Vec<StageProgress> {
        self.progress.lock().as_ref().map(QueryProgress::stages).unwrap_or_default()
    }

    /// Whether the query ran so long that a client was told how far it was.
    fn has_reported_progress(&self) -> bool {
        self.has_reported_progress.load(Ordering::Relaxed)
    }

    /// Tells a client that waits how far the query is.
    fn report_progress(&self) {
        self.has_reported_progress.store(true, Ordering::Relaxed);
        self.buffer.push_if_awaited(ResponseBody::Progress(self.stages()));
    }

    /// Releases the responses up to and including this one, which must be one of this operation's.
    pub fn release_until(&self, response_id: &str) -> SparkResult<()> {
        self.buffer.release_until(response_id)
    }

    /// Bytes of responses held now.
    pub fn buffered_bytes(&self) -> usize {
        self.buffer.bytes()
    }

    /// Ends it by the outcome of its work, unless it ended already.
    fn finish(&self, outcome: Result<(), SparkError>) {
        let ended = match &outcome {
            Ok(()) => OperationState::Succeeded,
            Err(_) if *self.cancel.borrow() => OperationState::Cancelled,
            Err(_) => OperationState::Failed,
        };
        self.end(ended, outcome.err());
    }

    /// Ends it, unless it ended already: the first end counts. Whether it had not.
    fn end(&self, ended: OperationState, error: Option<SparkError>) -> bool {
        {
            let mut state = self.state.lock();
            if *state != OperationState::Running {
                return false;
            }
            *state = ended;
        }
        self.buffer.finish(error);
        true
    }
}

type ProgressSlot = Arc<Mutex<Option<QueryProgress>>>;

tokio::task_local! {
    /// Where the operation that this task works for looks for its query.
    static PROGRESS: ProgressSlot;
}

/// Says that this query is what the operation of this task is running now.
pub(crate) fn watch_progress(query: &QueryProgress) {
    // Tasks that work for no operation, such as the shell's, tell nobody.
    let _ = PROGRESS.try_with(|slot| *slot.lock() = Some(query.clone()));
}

/// A started or rejoined operation, and the responses to read from it.
pub struct Attached {
    pub operation: Arc<Operation>,
    pub cursor: Cursor,
    clock: Clock,
}

/// How long a client waits at most before it is told how far the query is.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(150);

impl Attached {
    /// The next response; `None` when all were read. While there is none, progress is told.
    pub async fn next(&mut self) -> Option<SparkResult<Response>> {
        loop {
            tokio::select! {
                biased;
                next = self.cursor.next() => return next,
                () = self.clock.sleep(PROGRESS_INTERVAL) => self.operation.report_progress(),
            }
        }
    }
}
