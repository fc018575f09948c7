//! The result's rows, one partition after the other: the order in which Spark collects them.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use futures::StreamExt;
use tokio::sync::mpsc;

use super::only_input;

/// Batches that a partition may be ahead of its turn.
const BATCHES_AHEAD_MAX: usize = 32;

/// The plan with one partition, whose rows come in the order of the partitions there were.
pub(crate) fn in_order(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let plan = keeping_partitions(plan)?;
    if plan.output_partitioning().partition_count() > 1 {
        return Ok(Arc::new(InOrderExec::new(plan, None)));
    }
    top_in_order(plan)
}

/// The plan in which each partition has the rows that are its own, in their order: batches of one partition are not dealt
/// out to several, and files are not read by whichever partition is idle. Nothing could put the rows in order again.
pub(crate) fn keeping_partitions(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    if let Some(repartition) = plan.downcast_ref::<RepartitionExec>()
        && matches!(repartition.partitioning(), Partitioning::RoundRobinBatch(_))
        && repartition.input().output_partitioning().partition_count() == 1
    {
        return keeping_partitions(Arc::clone(repartition.input()));
    }
    if plan.children().is_empty() {
        return Ok(plan.with_preserve_order(true).unwrap_or(plan));
    }
    let is_union = plan.is::<UnionExec>();
    let children: Vec<_> = match plan.children().as_slice() {
        [child] if plan.maintains_input_order() == [true] || plan.is::<CoalescePartitionsExec>() => {
            vec![Arc::clone(child)]
        }
        children if is_union => children.iter().map(|child| Arc::clone(child)).collect(),
        _ => return Ok(plan),
    };
    let replaced: Vec<_> = children.iter().cloned().map(keeping_partitions).collect::<Result<_>>()?;
    if replaced.iter().zip(&children).all(|(new, old)| Arc::ptr_eq(new, old)) {
        return Ok(plan);
    }
    plan.replace_children(replaced, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
}

/// Where the result's partitions are brought together, that is done in order. Below, order does not show.
fn top_in_order(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    if let Some(coalesce) = plan.downcast_ref::<CoalescePartitionsExec>() {
        return Ok(Arc::new(InOrderExec::new(Arc::clone(coalesce.input()), coalesce.fetch())));
    }
    let child = match plan.children().as_slice() {
        [child] if plan.maintains_input_order() == [true] => Arc::clone(child),
        _ => return Ok(plan),
    };
    let replaced = top_in_order(Arc::clone(&child))?;
    if Arc::ptr_eq(&replaced, &child) {
        return Ok(plan);
    }
    plan.replace_children(vec![replaced], ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
}

/// Brings partitions together in their order. All run at once; those whose turn it is not run some batches ahead.
#[derive(Debug)]
struct InOrderExec {
    input: Arc<dyn ExecutionPlan>,
    /// The most rows that are wanted.
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
}

impl InOrderExec {
    fn new(input: Arc<dyn ExecutionPlan>, fetch: Option<usize>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            Partitioning::UnknownPartitioning(1),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Self { properties: Arc::new(properties), input, fetch }
    }
}

impl DisplayAs for InOrderExec {
    fn fmt_as(&self, _format: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InOrderExec")
    }
}

impl ExecutionPlan for InOrderExec {
    fn name(&self) -> &str {
        "InOrderExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(only_input(children)?, self.fetch)))
    }

    fn execute(&self, _partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let count = self.input.output_partitioning().partition_count();
        let partitions = (0..count).map(|partition| self.input.execute(partition, Arc::clone(&context)).map(ahead));
        let partitions: Vec<_> = partitions.collect::<Result<_>>()?;
        let rows = futures::stream::iter(partitions).flatten();
        let rows = match self.fetch {
            Some(fetch) => first_rows(rows, fetch).boxed(),
            None => rows.boxed(),
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

/// The partition's rows, computed ahead by a task of their own. An end of the task by panic is an error.
fn ahead(mut rows: SendableRecordBatchStream) -> impl futures::Stream<Item = Result<RecordBatch>> + Send {
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD_MAX);
    let task = SpawnedTask::spawn(async move {
        while let Some(batch) = rows.next().await {
            if sender.send(batch).await.is_err() {
                break;
            }
        }
    });
    futures::stream::unfold(Some((receiver, task)), |state| async move {
        let (mut receiver, task) = state?;
        if let Some(batch) = receiver.recv().await {
            return Some((batch, Some((receiver, task))));
        }
        match task.join().await {
            Ok(()) => None,
            Err(error) => Some((Err(DataFusionError::ExecutionJoin(Box::new(error))), None)),
        }
    })
}

fn first_rows(
    rows: impl futures::Stream<Item = Result<RecordBatch>> + Send,
    fetch: usize,
) -> impl futures::Stream<Item = Result<RecordBatch>> + Send {
    let rows = Box::pin(rows);
    futures::stream::unfold((rows, fetch), |(mut rows, left)| async move {
        if left == 0 {
            return None;
        }
        match rows.next().await? {
            Ok(batch) => {
                let taken = batch.num_rows().min(left);
                Some((Ok(batch.slice(0, taken)), (rows, left - taken)))
            }
            Err(error) => Some((Err(error), (rows, 0))),
        }
    })
}
