//! Running analyzed plans on this machine.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::config::{ConfigNonZeroUsize, SpillCompression};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::{SessionConfig, SessionState};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use firesteel_base::config::SessionConf;
use firesteel_base::{SparkResult, SparkSchema};
use firesteel_functions::kernel::KernelOptions;
use firesteel_functions::kernel::budget::limit_calls;
use firesteel_plan::AnalyzedPlan;
use firesteel_syntax::ir::command::ExplainMode;

use crate::errors::spark_error;
use crate::held::{Held, HeldStore, HoldingPlace};
use crate::join_order::JoinOrder;
use crate::null_safe::NullSafeEquality;
use crate::operator::{Observer, Planner, in_order, start_observers};
use crate::output::conform;
use crate::planning::Interruptible;
use crate::progress::QueryProgress;
use crate::resources;

/// How much the engine may use, and where it may spill.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Bytes of the one memory pool that all queries share.
    pub memory_bytes: usize,
    /// `None`: the system's directory for temporary files.
    pub spill_directory: Option<PathBuf>,
    /// Parallelism of a query.
    pub target_partitions: usize,
    /// Rows a batch.
    pub batch_size: usize,
    /// Off only in tests that compare answers with and without the optimiser: then only those rules run without which
    /// a plan cannot be executed.
    pub optimize: bool,
}

/// A running query: batches whose Arrow schema is exactly `schema` (user's names, session's time zone).
pub struct QueryOutput {
    pub schema: SparkSchema,
    pub stream: SendableRecordBatchStream,
    /// What watches the rows on their way.
    pub observers: Vec<Observer>,
    /// How far it is, for as long as anyone asks.
    pub progress: QueryProgress,
}

/// Runs analyzed plans.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Starts the plan. Work is done as the stream is polled; dropping the stream stops it.
    /// Errors in the stream are `DataFusionError::External` of a `SparkError`; see [`crate::spark_error`].
    async fn execute(&self, plan: &AnalyzedPlan, conf: &SessionConf) -> SparkResult<QueryOutput>;

    /// Keeps the plan's rows from when they are first read.
    fn hold(&self, plan: AnalyzedPlan, conf: &SessionConf, place: HoldingPlace) -> Arc<Held>;

    /// The plan in the form of `EXPLAIN`.
    async fn explain(&self, plan: &AnalyzedPlan, conf: &SessionConf, mode: ExplainMode) -> SparkResult<String>;
}

/// The local executor: one process, DataFusion's operators.
pub struct Engine {
    config: EngineConfig,
    runtime: Arc<RuntimeEnv>,
    held: Arc<HeldStore>,
    /// What every query's state starts from: planners and rules, made once.
    base: SessionState,
}

/// Rules that plans cannot do without: the others only make them faster.
const NEEDED_RULES: &[&str] = &[
    "rewrite_set_comparison",
    "simplify_expressions",
    "replace_distinct_aggregate",
    "eliminate_join",
    "extract_equijoin_predicate",
    "eliminate_cross_join",
    "single_distinct_aggregation_to_group_by",
    "push_down_filter",
];

impl Engine {
    pub fn new(config: EngineConfig) -> SparkResult<Self> {
        let runtime = resources::runtime(config.memory_bytes, config.spill_directory.as_ref())
            .map_err(|error| spark_error(error, &[]))?;
        let session = session_config(&config).map_err(|error| spark_error(error, &[]))?;
        let mut builder = SessionStateBuilder::new().with_config(session).with_runtime_env(Arc::clone(&runtime));
        let is_run =
            |rule: &Arc<dyn OptimizerRule + Send + Sync>| config.optimize || NEEDED_RULES.contains(&rule.name());
        let mut rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = vec![Arc::new(NullSafeEquality)];
        rules.extend(Optimizer::new().rules.into_iter().filter(is_run));
        if config.optimize {
            // Conditions lie at the tables they speak of then, and projections do not yet lie between joins.
            let conditions_pushed = rules.iter().position(|rule| rule.name() == "push_down_filter");
            rules.insert(conditions_pushed.map_or(rules.len(), |place| place + 1), Arc::new(JoinOrder));
        }
        let rules = rules.into_iter().map(|rule| Arc::new(Interruptible(rule)) as _).collect();
        let physical_rules = PhysicalOptimizer::new().rules.into_iter();
        let physical_rules = physical_rules.map(|rule| Arc::new(Interruptible(rule)) as _).collect();
        builder = builder.with_optimizer_rules(rules).with_physical_optimizer_rules(physical_rules);
        crate::cancellation::inherit();
        limit_calls(config.memory_bytes);
        let held = HeldStore::new(&runtime, config.memory_bytes);
        Ok(Self { base: builder.build(), config, runtime, held })
    }

    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// The memory pool, disk manager and caches that all queries share.
    pub fn runtime(&self) -> &Arc<RuntimeEnv> {
        &self.runtime
    }

    /// The state of one query: the session's values that functions read at run time.
    pub(crate) fn state(&self, conf: &SessionConf, planner: Planner) -> SessionState {
        let mut config = self.base.config().clone();
        let options = config.options_mut();
        options.execution.enable_ansi_mode = conf.ansi();
        options.execution.time_zone = Some(conf.time_zone().to_owned());
        options.extensions.insert(KernelOptions::of(conf.map_key_dedup_policy(), conf.time_parser_policy()));
        let state = SessionStateBuilder::new_from_existing(self.base.clone()).with_config(config);
        let mut state = state.with_query_planner(Arc::new(planner)).build();
        // Folding constants reads the options from here, running a plan from the configuration.
        state.mark_start_execution();
        state
    }

    async fn physical(&self, plan: &AnalyzedPlan, state: &SessionState) -> SparkResult<Arc<dyn ExecutionPlan>> {
        state.create_physical_plan(&plan.plan).await.map_err(|error| spark_error(error, &plan.origins))
    }
}

fn session_config(config: &EngineConfig) -> datafusion::common::Result<SessionConfig> {
    let mut session = SessionConfig::new()
        .with_target_partitions(config.target_partitions)
        .with_batch_size(config.batch_size)
        .with_collect_statistics(true);
    let options = session.options_mut();
    options.execution.spill_compression = SpillCompression::Lz4Frame;
    // What a sort keeps back for merging must be a small part of what there is.
    let reservation = options.execution.sort_spill_reservation_bytes;
    options.execution.sort_spill_reservation_bytes = reservation.min(config.memory_bytes / 64);
    // Exchanges that spill put each batch into a file of its own. With several batches in a file, several files are open
    // while several tasks spill, and the reader waits for the oldest while what it needs is in another: no query would
    // ever end (apache/datafusion#24883, which this release has).
    options.execution.max_spill_file_size_bytes = ConfigNonZeroUsize::try_new(1)?;
    // The engine thinks some expressions nullable when it computes them and not nullable when it plans them (`IS TRUE`
    // above all), and takes that for an error below aggregates alone.
    options.execution.skip_physical_aggregate_schema_check = true;
    options.catalog.create_default_catalog_and_schema = false;
    options.catalog.information_schema = false;
    Ok(session)
}

#[async_trait]
impl Executor for Engine {
    async fn execute(&self, plan: &AnalyzedPlan, conf: &SessionConf) -> SparkResult<QueryOutput> {
        let planner = Planner::default();
        let taps = Arc::clone(&planner.taps);
        let state = self.state(conf, planner);
        let observers = start_observers(plan, &state, conf.time_zone(), &taps).await?;
        let physical = self.physical(plan, &state).await?;
        let physical = in_order(physical).map_err(|error| spark_error(error, &plan.origins))?;
        let progress = QueryProgress::new(Arc::clone(&physical));
        let stream = execute_stream(physical, state.task_ctx()).map_err(|error| spark_error(error, &plan.origins))?;
        let stream = conform(stream, &plan.schema, conf.time_zone(), Arc::clone(&plan.origins));
        Ok(QueryOutput { schema: plan.schema.clone(), stream, observers, progress })
    }

    fn hold(&self, plan: AnalyzedPlan, conf: &SessionConf, place: HoldingPlace) -> Arc<Held> {
        Held::new(plan, self.state(conf, Planner::default()), place, &self.held)
    }

    async fn explain(&self, plan: &AnalyzedPlan, conf: &SessionConf, mode: ExplainMode) -> SparkResult<String> {
        crate::explain::explain(self, plan, conf, mode).await
    }
}
