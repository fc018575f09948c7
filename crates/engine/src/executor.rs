//! Running analyzed plans on this machine.

use std::path::PathBuf;

use async_trait::async_trait;
use datafusion::execution::SendableRecordBatchStream;
use firesteel_base::config::SessionConf;
use firesteel_base::{SparkResult, SparkSchema};
use firesteel_plan::AnalyzedPlan;
use firesteel_syntax::ir::command::ExplainMode;

/// How much the engine may use, and where it may spill.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Bytes of the one memory pool that all queries share.
    pub memory_bytes: usize,
    pub spill_directory: Option<PathBuf>,
    /// Parallelism of a query.
    pub target_partitions: usize,
    /// Rows a batch.
    pub batch_size: usize,
    /// Off only in tests that compare answers with and without the optimiser.
    pub optimize: bool,
}

/// A running query: batches whose Arrow schema is exactly `schema` (user's names, session's time zone).
pub struct QueryOutput {
    pub schema: SparkSchema,
    pub stream: SendableRecordBatchStream,
}

/// Runs analyzed plans.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Starts the plan. Work is done as the stream is polled; dropping the stream stops it.
    /// Errors in the stream are `DataFusionError::External` of a `SparkError`; see [`crate::spark_error`].
    async fn execute(&self, plan: &AnalyzedPlan, conf: &SessionConf) -> SparkResult<QueryOutput>;

    /// The plan in the form of `EXPLAIN`.
    async fn explain(&self, plan: &AnalyzedPlan, conf: &SessionConf, mode: ExplainMode) -> SparkResult<String>;
}

/// The local executor: one process, DataFusion's operators.
pub struct Engine {
    config: EngineConfig,
}

impl Engine {
    pub fn new(config: EngineConfig) -> SparkResult<Self> {
        Ok(Self { config })
    }

    pub fn config(&self) -> &EngineConfig {
        &self.config
    }
}
