//! Recursion at work: one level after the other, each from the rows of the level before.
//!
//! Rows are passed on as they come, so that whoever wants no more of them ends the recursion. Only the rows of one
//! level are kept, with their memory accounted for.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType, reset_plan_states};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use firesteel_base::SparkError;
use firesteel_plan::recursion::Recursion;
use futures::{StreamExt, stream};
use parking_lot::Mutex;

use crate::output::conform_batch;

/// The working tables of the recursions around a plan, by name.
pub(crate) type WorkingTables = HashMap<String, Arc<WorkingTable>>;

/// The rows of the level before.
#[derive(Debug, Default)]
pub(crate) struct WorkingTable {
    level: Mutex<Arc<Level>>,
}

/// The rows of a level, and what accounts for their memory.
#[derive(Debug, Default)]
struct Level {
    batches: Vec<RecordBatch>,
    _memory: Option<MemoryReservation>,
}

/// A recursion whose two sides are planned.
pub(crate) struct RecursionExec {
    table: String,
    working: Arc<WorkingTable>,
    anchor: Arc<dyn ExecutionPlan>,
    term: Arc<dyn ExecutionPlan>,
    level_limit: Option<u64>,
    row_limit: Option<u64>,
    /// The most rows that are wanted.
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl RecursionExec {
    /// Both sides have one partition.
    pub(crate) fn new(
        recursion: &Recursion,
        working: Arc<WorkingTable>,
        anchor: Arc<dyn ExecutionPlan>,
        term: Arc<dyn ExecutionPlan>,
    ) -> Self {
        Self {
            table: recursion.table.clone(),
            working,
            anchor,
            term,
            level_limit: recursion.level_limit,
            row_limit: recursion.row_limit,
            fetch: None,
            properties: one_partition(Arc::clone(recursion.schema.inner())),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

fn one_partition(schema: SchemaRef) -> Arc<PlanProperties> {
    let properties = PlanProperties::new(
        EquivalenceProperties::new(schema),
        Partitioning::UnknownPartitioning(1),
        EmissionType::Incremental,
        Boundedness::Bounded,
    );
    Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative))
}

impl fmt::Debug for RecursionExec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RecursionExec").field("table", &self.table).finish_non_exhaustive()
    }
}

impl DisplayAs for RecursionExec {
    fn fmt_as(&self, _format: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "UnionLoopExec: {}", self.table)
    }
}

impl ExecutionPlan for RecursionExec {
    fn name(&self) -> &'static str {
        "UnionLoopExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() { Ok(self) } else { internal_err!("a recursion has no inputs") }
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self {
            table: self.table.clone(),
            working: Arc::clone(&self.working),
            anchor: Arc::clone(&self.anchor),
            term: Arc::clone(&self.term),
            level_limit: self.level_limit,
            row_limit: self.row_limit,
            fetch: limit,
            properties: Arc::clone(&self.properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("a recursion has one partition");
        }
        let anchor = reset_plan_states(Arc::clone(&self.anchor))?;
        let run = Run {
            working: Arc::clone(&self.working),
            term: Arc::clone(&self.term),
            schema: self.schema(),
            limits: Limits { levels: self.level_limit, rows: self.row_limit, fetch: self.fetch },
            rows: anchor.execute(0, Arc::clone(&context))?,
            level: 1,
            kept: Vec::new(),
            memory: None,
            count: 0,
            metrics: BaselineMetrics::new(&self.metrics, partition),
            context,
        };
        let batches = stream::try_unfold(run, Run::next);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

struct Limits {
    levels: Option<u64>,
    rows: Option<u64>,
    fetch: Option<usize>,
}

/// A recursion on its way.
struct Run {
    working: Arc<WorkingTable>,
    term: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
    limits: Limits,
    /// Those of the level that is being computed.
    rows: SendableRecordBatchStream,
    level: u64,
    kept: Vec<RecordBatch>,
    memory: Option<MemoryReservation>,
    /// The rows of all levels so far.
    count: usize,
    metrics: BaselineMetrics,
    context: Arc<TaskContext>,
}

impl Run {
    async fn next(mut self) -> Result<Option<(RecordBatch, Self)>> {
        loop {
            if self.limits.fetch.is_some_and(|fetch| self.count >= fetch) {
                return Ok(None);
            }
            match self.rows.next().await {
                Some(batch) => {
                    let batch = conform_batch(&batch?, &self.schema)?;
                    if batch.num_rows() > 0 {
                        let batch = self.pass(batch)?;
                        return Ok(Some((batch, self)));
                    }
                }
                None if self.kept.is_empty() => return Ok(None),
                None => self.begin_level()?,
            }
        }
    }

    /// Counts and keeps rows.
    fn pass(&mut self, mut batch: RecordBatch) -> Result<RecordBatch> {
        if let Some(limit) = self.limits.levels
            && self.level > limit
        {
            return Err(exceeded("RECURSION_LEVEL_LIMIT_EXCEEDED", "levelLimit", limit));
        }
        if let Some(fetch) = self.limits.fetch {
            batch = batch.slice(0, batch.num_rows().min(fetch - self.count));
        }
        self.count += batch.num_rows();
        if let (Some(limit), None) = (self.limits.rows, self.limits.fetch)
            && self.count as u64 >= limit
        {
            return Err(exceeded("RECURSION_ROW_LIMIT_EXCEEDED", "rowLimit", limit));
        }
        let pool = self.context.memory_pool();
        let memory = self.memory.get_or_insert_with(|| MemoryConsumer::new("UnionLoopExec").register(pool));
        memory.try_grow(batch.get_array_memory_size())?;
        self.kept.push(batch.clone());
        Ok(batch.record_output(&self.metrics))
    }

    fn begin_level(&mut self) -> Result<()> {
        let level = Level { batches: std::mem::take(&mut self.kept), _memory: self.memory.take() };
        *self.working.level.lock() = Arc::new(level);
        self.level += 1;
        self.rows = reset_plan_states(Arc::clone(&self.term))?.execute(0, Arc::clone(&self.context))?;
        Ok(())
    }
}

/// The rows of the last level are not kept beyond the run.
impl Drop for Run {
    fn drop(&mut self) {
        *self.working.level.lock() = Arc::default();
    }
}

fn exceeded(condition: &'static str, parameter: &'static str, limit: u64) -> DataFusionError {
    DataFusionError::External(Box::new(SparkError::new(condition).param(parameter, limit.to_string())))
}

/// Reads the rows of the level before.
#[derive(Debug)]
pub(crate) struct LevelBeforeExec {
    table: String,
    working: Arc<WorkingTable>,
    properties: Arc<PlanProperties>,
}

impl LevelBeforeExec {
    pub(crate) fn new(table: &str, working: Arc<WorkingTable>, schema: SchemaRef) -> Self {
        Self { table: table.to_owned(), working, properties: one_partition(schema) }
    }
}

impl DisplayAs for LevelBeforeExec {
    fn fmt_as(&self, _format: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "UnionLoopRefExec: {}", self.table)
    }
}

impl ExecutionPlan for LevelBeforeExec {
    fn name(&self) -> &'static str {
        "UnionLoopRefExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() { Ok(self) } else { internal_err!("the level before has no inputs") }
    }

    fn execute(&self, _partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (level, schema) = (Arc::clone(&self.working.level.lock()), self.schema());
        let target = Arc::clone(&schema);
        let batches = stream::unfold((level, 0), move |(level, index)| {
            let batch = level.batches.get(index).map(|batch| conform_batch(batch, &target));
            std::future::ready(batch.map(|batch| (batch, (level, index + 1))))
        });
        Ok(Box::pin(cooperative(RecordBatchStreamAdapter::new(schema, batches))))
    }
}
