//! The engine in this process: sessions to run SQL in, with a time limit and without letting a panic through.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use firesteel_base::config::SessionConf;
use firesteel_base::{SparkError, SparkResult, SparkSchema};
use firesteel_catalog::SqliteCatalog;
use firesteel_engine::{Engine, EngineConfig};
use firesteel_service::{Clock, Environment, Limits, Session, Sessions};
use firesteel_storage::Storage;
use tokio::runtime::{Builder, Runtime};

use crate::mode::Mode;

/// The zone in which both corpora are recorded.
pub const TIME_ZONE: &str = "America/Los_Angeles";

/// The analyser recurses over what the test wrote.
const STACK_BYTES: usize = 32 << 20;

/// An engine with its threads.
pub struct Process {
    runtime: Runtime,
    sessions: Arc<Sessions>,
    /// Where tables lie; removed with the process.
    _warehouse: tempfile::TempDir,
}

/// What came of it.
pub enum Outcome {
    Result {
        schema: SparkSchema,
        batches: Vec<RecordBatch>,
    },
    Error(SparkError),
    /// It panicked: always a fault of ours.
    Panic,
    /// It was still running at the time limit.
    TimeOut,
}

impl Process {
    pub fn new(mode: Mode) -> SparkResult<Self> {
        Self::with(mode.engine_config())
    }

    pub fn with(config: EngineConfig) -> SparkResult<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|error| SparkError::internal("no threads").caused_by(error))?;
        let engine = Arc::new(Engine::new(config)?);
        let storage = Arc::new(Storage::new(Arc::clone(engine.runtime())));
        let directory = tempfile::tempdir().map_err(|error| SparkError::internal("no directory").caused_by(error))?;
        let warehouse = format!("file:{}", directory.path().display());
        let sessions = Sessions::new(Environment {
            executor: engine,
            storage,
            catalog: Arc::new(SqliteCatalog::in_memory(warehouse.as_str())),
            warehouse,
            runtime: runtime.handle().clone(),
            clock: Clock::system(),
            limits: Limits::default(),
            conf: SessionConf::default().with_server_setting("firesteel.transform.enabled", "true")?,
        });
        Ok(Self { runtime, sessions, _warehouse: directory })
    }

    /// A fresh session in the corpora's time zone.
    pub fn session(&self) -> SparkResult<Arc<Session>> {
        let session = self.sessions.create("test")?;
        match self.run(&session, &format!("SET TIME ZONE '{TIME_ZONE}'"), Duration::from_secs(10)) {
            Outcome::Result { .. } => Ok(session),
            Outcome::Error(error) => Err(error),
            Outcome::Panic | Outcome::TimeOut => Err(SparkError::internal("SET TIME ZONE does not end")),
        }
    }

    /// Runs one statement to its end, or to the time limit.
    pub fn run(&self, session: &Arc<Session>, sql: &str, limit: Duration) -> Outcome {
        let session = Arc::clone(session);
        let sql = sql.to_owned();
        // A task of its own: what panics or does not end there, does so there alone.
        let task = self.runtime.spawn(async move { session.sql(&sql).await?.collect().await });
        let abort = task.abort_handle();
        match self.runtime.block_on(async { tokio::time::timeout(limit, task).await }) {
            Ok(Ok(Ok((schema, batches)))) => Outcome::Result { schema, batches },
            Ok(Ok(Err(error))) => Outcome::Error(error),
            Ok(Err(_)) => Outcome::Panic,
            Err(_) => {
                abort.abort();
                Outcome::TimeOut
            }
        }
    }

    /// Ends without waiting for what still runs.
    pub fn end(self) {
        self.runtime.shutdown_background();
    }
}
