//! The operator that reads kept rows, and computes them first if they are not there.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Statistics};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions, StatisticsArgs,
};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::OnceCell;

use super::Held;

pub(super) struct HeldExec {
    held: Arc<Held>,
    projection: Option<Vec<usize>>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    /// The query itself, run by this operator where its rows cannot be kept.
    direct: Arc<OnceCell<Arc<dyn ExecutionPlan>>>,
}

impl HeldExec {
    pub(super) fn new(
        held: Arc<Held>,
        projection: Option<Vec<usize>>,
        partitions: usize,
    ) -> Result<Self, DataFusionError> {
        let schema = match &projection {
            Some(projection) => Arc::new(held.schema.project(projection)?),
            None => Arc::clone(&held.schema),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        let (metrics, direct) = (ExecutionPlanMetricsSet::new(), Arc::default());
        Ok(Self { held, projection, schema, properties: Arc::new(properties), metrics, direct })
    }

    fn partitions(&self) -> usize {
        self.properties.partitioning.partition_count()
    }
}

impl fmt::Debug for HeldExec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HeldExec").field("held", &self.held).finish_non_exhaustive()
    }
}

impl DisplayAs for HeldExec {
    fn fmt_as(&self, _kind: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "InMemoryTableScan: cached={}, filled={}", self.held.id, self.held.is_filled())
    }
}

impl ExecutionPlan for HeldExec {
    fn name(&self) -> &'static str {
        "InMemoryTableScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion, DataFusionError>,
    ) -> Result<TreeNodeRecursion, DataFusionError> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        Ok(self)
    }

    /// Where the query itself was run, it runs anew: its operators remember what they have handed out.
    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let fresh = Self::new(Arc::clone(&self.held), self.projection.clone(), self.partitions())?;
        Ok(Arc::new(Self { metrics: self.metrics.clone(), ..fresh }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let (held, direct) = (Arc::clone(&self.held), Arc::clone(&self.direct));
        let readers = self.partitions();
        let read = async move {
            if let Some(rows) = held.rows().await? {
                return Ok(rows.read(partition, readers).boxed());
            }
            let plan = direct.get_or_try_init(|| held.physical()).await?;
            let is_there = partition < plan.properties().partitioning.partition_count();
            if !is_there {
                return Ok(stream::empty().boxed());
            }
            let told = Arc::clone(&held);
            let rows = plan.execute(partition, context).map_err(|error| held.told(error))?;
            Ok::<_, DataFusionError>(rows.map_err(move |error| told.told(error)).boxed())
        };
        let (schema, projection) = (Arc::clone(&self.schema), self.projection.clone());
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let held_schema = Arc::clone(&self.held.schema);
        let batches = stream::once(read).try_flatten().map(move |batch| {
            let batch = crate::output::conform_batch(&batch?, &held_schema)?;
            let batch = match &projection {
                Some(projection) => batch.project(projection)?,
                None => batch,
            };
            Ok(batch.record_output(&metrics))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    /// Known once the rows are there.
    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>, DataFusionError> {
        let mut statistics = Statistics::new_unknown(&self.schema);
        let rows = self.held.rows.lock().clone();
        if let (Some(rows), None) = (rows, args.partition()) {
            statistics.num_rows = Precision::Exact(rows.count());
            let share = rows.bytes() * self.schema.fields().len() / self.held.schema.fields().len().max(1);
            statistics.total_byte_size = Precision::Inexact(share);
        }
        Ok(Arc::new(statistics))
    }
}
