//! Projections whose functions make much of little, such as `sequence(1, 1000000)` for each row, take a few rows at a time.
//!
//! The engine computes a projection for a whole batch. Here a batch is cut where its result would outgrow
//! [`SLICE_BYTES`], so that what comes above (most often `explode`) gets the rows piece by piece.

use std::fmt;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_expr::projection::Projector;
use datafusion::physical_expr::{Partitioning, PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use firesteel_functions::kernel::budget::{in_slices, multiplies, rows_done};
use futures::{Stream, StreamExt};

/// Bytes that a function's result for several rows may take.
const SLICE_BYTES: usize = 16 << 20;

/// Constants below this size are repeated for whole batches.
const LARGE_CONSTANT_BYTES: usize = 4 << 10;

/// The plan with such projections made to take few rows at a time.
pub(crate) fn sliced(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let slice = |node: Arc<dyn ExecutionPlan>| {
        if let Some(projection) = below_exchange(&node)? {
            return Ok(Transformed::yes(projection));
        }
        let Some(projection) = node.downcast_ref::<ProjectionExec>() else { return Ok(Transformed::no(node)) };
        let constants = projection.expr().iter().map(|column| large_constant(&column.expr)).sum();
        if constants == 0 && !projection.expr().iter().any(|column| contains_multiplier(&column.expr)) {
            return Ok(Transformed::no(node));
        }
        Ok(Transformed::yes(Arc::new(SlicedExec::new(Arc::new(projection.clone()), constants)) as _))
    };
    plan.transform_up(slice).data()
}

/// An exchange between such a projection and what is above it would gather its few rows again, to whole batches: the
/// projection goes above the exchange, which takes rows as they come.
fn below_exchange(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(exchange) = node.downcast_ref::<RepartitionExec>() else { return Ok(None) };
    let (Partitioning::RoundRobinBatch(_), Some(sliced), false) =
        (exchange.partitioning(), exchange.input().downcast_ref::<SlicedExec>(), exchange.preserve_order())
    else {
        return Ok(None);
    };
    let below = Arc::clone(sliced.projection.input());
    let below = Arc::new(RepartitionExec::try_new(below, exchange.partitioning().clone())?);
    let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    Arc::clone(exchange.input()).replace_children(vec![below], options).map(Some)
}

fn contains_multiplier(expression: &Arc<dyn PhysicalExpr>) -> bool {
    let is_multiplier = |part: &Arc<dyn PhysicalExpr>| {
        Ok(part.downcast_ref::<ScalarFunctionExpr>().is_some_and(|call| multiplies(call.fun().name())))
    };
    expression.exists(is_multiplier).unwrap_or(true)
}

/// Bytes of a constant that is repeated for each row, if they are many.
fn large_constant(expression: &Arc<dyn PhysicalExpr>) -> usize {
    let bytes = expression.downcast_ref::<Literal>().map_or(0, |literal| literal.value().size());
    if bytes < LARGE_CONSTANT_BYTES { 0 } else { bytes }
}

/// A projection that cuts its input.
#[derive(Debug)]
struct SlicedExec {
    projection: Arc<ProjectionExec>,
    /// Bytes that a row takes at least.
    row_bytes: usize,
    metrics: ExecutionPlanMetricsSet,
}

impl SlicedExec {
    fn new(projection: Arc<ProjectionExec>, row_bytes: usize) -> Self {
        Self { projection, row_bytes, metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl DisplayAs for SlicedExec {
    fn fmt_as(&self, format: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.projection.fmt_as(format, formatter)
    }
}

impl ExecutionPlan for SlicedExec {
    fn name(&self) -> &'static str {
        "ProjectionExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.projection.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.projection.children()
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.projection.apply_expressions(visit)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        let projection = Arc::clone(&self.projection).replace_children(children, options)?;
        match projection.downcast_ref::<ProjectionExec>() {
            Some(projection) => Ok(Arc::new(Self::new(Arc::new(projection.clone()), self.row_bytes))),
            None => internal_err!("a projection became another operator"),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.projection.input();
        let slices = Slices {
            schema: self.projection.schema(),
            projector: self.projection.projection_expr().make_projector(&input.schema())?,
            metrics: BaselineMetrics::new(&self.metrics, partition),
            rows_max: SLICE_BYTES.checked_div(self.row_bytes).map_or(usize::MAX, |rows| rows.max(1)),
            rows: usize::MAX,
            rest: None,
        };
        let schema = self.projection.schema();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, slices.of(input.execute(partition, context)?))))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// A batch on its way through the projection.
struct Slices {
    /// The projection's own: the projector's lacks what the plan says of columns.
    schema: SchemaRef,
    projector: Projector,
    metrics: BaselineMetrics,
    rows_max: usize,
    /// How many rows are taken next.
    rows: usize,
    /// What is left of the last batch.
    rest: Option<RecordBatch>,
}

impl Slices {
    fn of(self, input: SendableRecordBatchStream) -> impl Stream<Item = Result<RecordBatch>> {
        futures::stream::try_unfold((self, input), |(mut slices, mut input)| async move {
            loop {
                if let Some(rest) = slices.rest.take() {
                    let result = slices.next(&rest)?;
                    return Ok(Some((result, (slices, input))));
                }
                match input.next().await.transpose()? {
                    Some(batch) if batch.num_rows() > 0 => slices.rest = Some(batch),
                    Some(_) => {}
                    None => return Ok(None),
                }
            }
        })
    }

    /// The result for the first rows of a batch that is not empty; the others are kept.
    fn next(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let elapsed = self.metrics.elapsed_compute().clone();
        let _timer = elapsed.timer();
        loop {
            let rows = self.rows.min(self.rows_max).min(batch.num_rows());
            let slice = batch.slice(0, rows);
            match in_slices(SLICE_BYTES, || self.projector.project_batch(&slice)) {
                Ok(result) => {
                    self.rows = rows.saturating_mul(2);
                    self.rest = (rows < batch.num_rows()).then(|| batch.slice(rows, batch.num_rows() - rows));
                    self.metrics.record_output(rows);
                    let options = RecordBatchOptions::new().with_row_count(Some(rows));
                    let columns = result.columns().to_vec();
                    return Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?);
                }
                Err(error) => match rows_done(&error) {
                    // Fewer rows than failed, so this ends.
                    Some(done) if rows > 1 => self.rows = done.clamp(1, rows - 1),
                    _ => return Err(error),
                },
            }
        }
    }
}
