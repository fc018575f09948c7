//! Operators that pass rows on: each partition by itself, but for the last rows, which are those of all.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions, UInt64Array};
use arrow::compute::take_arrays;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, OrderingRequirements, Partitioning, PhysicalExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use firesteel_functions::sampler::Sampler;
use firesteel_plan::operator::{RandomSample, RowOperator};
use futures::{StreamExt, TryStreamExt};

use super::only_input;
use super::tap::{Tap, Taps};

/// A row operator at work.
#[derive(Debug)]
pub(crate) struct RowOperatorExec {
    operator: RowOperator,
    input: Arc<dyn ExecutionPlan>,
    /// The order that the rows had where the plan was made: it says which rows are the last, or are drawn.
    order: Option<OrderingRequirements>,
    tap: Option<Arc<Tap>>,
    properties: Arc<PlanProperties>,
}

impl RowOperatorExec {
    pub(crate) fn new(operator: RowOperator, input: Arc<dyn ExecutionPlan>, taps: &Taps) -> Self {
        let order = match operator {
            RowOperator::Sample(_) | RowOperator::Tail(_) => {
                input.output_ordering().cloned().map(OrderingRequirements::from)
            }
            RowOperator::Observe(_) => None,
        };
        let tap = match &operator {
            RowOperator::Observe(table) => taps.find(table),
            RowOperator::Sample(_) | RowOperator::Tail(_) => None,
        };
        Self { properties: properties(&operator, &input), operator, input, order, tap }
    }
}

fn properties(operator: &RowOperator, input: &Arc<dyn ExecutionPlan>) -> Arc<PlanProperties> {
    let partitioning = match operator {
        RowOperator::Tail(_) => Partitioning::UnknownPartitioning(1),
        RowOperator::Sample(_) | RowOperator::Observe(_) => input.output_partitioning().clone(),
    };
    let properties = PlanProperties::new(
        input.equivalence_properties().clone(),
        partitioning,
        input.pipeline_behavior(),
        input.boundedness(),
    );
    Arc::new(properties)
}

impl DisplayAs for RowOperatorExec {
    fn fmt_as(&self, _format: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.operator {
            RowOperator::Sample(sample) => {
                write!(formatter, "SampleExec: from {} to {}", sample.lower(), sample.upper())
            }
            RowOperator::Tail(count) => write!(formatter, "TailExec: {count} rows"),
            RowOperator::Observe(_) => formatter.write_str("CollectMetricsExec"),
        }
    }
}

impl ExecutionPlan for RowOperatorExec {
    fn name(&self) -> &str {
        match self.operator {
            RowOperator::Sample(_) => "SampleExec",
            RowOperator::Tail(_) => "TailExec",
            RowOperator::Observe(_) => "CollectMetricsExec",
        }
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        match self.operator {
            RowOperator::Tail(_) => vec![Distribution::SinglePartition],
            RowOperator::Sample(_) | RowOperator::Observe(_) => vec![Distribution::UnspecifiedDistribution],
        }
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        vec![self.order.clone()]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
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
        let input = only_input(children)?;
        Ok(Arc::new(Self {
            properties: properties(&self.operator, &input),
            operator: self.operator.clone(),
            order: self.order.clone(),
            tap: self.tap.clone(),
            input,
        }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, Arc::clone(&context))?;
        match &self.operator {
            RowOperator::Sample(sample) => Ok(sampled(input, sample, partition)),
            RowOperator::Tail(count) => {
                let memory = MemoryConsumer::new("TailExec").register(context.memory_pool());
                Ok(last_rows(input, *count, memory))
            }
            RowOperator::Observe(_) => Ok(match &self.tap {
                Some(tap) => tap.observed(input),
                None => input,
            }),
        }
    }
}

fn sampled(input: SendableRecordBatchStream, sample: &RandomSample, partition: usize) -> SendableRecordBatchStream {
    let schema = input.schema();
    let mut sampler = Sampler::new(sample.lower(), sample.upper(), sample.with_replacement, sample.seed, partition);
    let rows = input.map(move |batch| {
        let batch = batch?;
        let mut taken = Vec::new();
        for row in 0..batch.num_rows() {
            taken.extend(std::iter::repeat_n(row as u64, sampler.next_count()));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(taken.len()));
        let columns = take_arrays(batch.columns(), &UInt64Array::from(taken), None)?;
        Ok(RecordBatch::try_new_with_options(batch.schema(), columns, &options)?)
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

/// Reads all rows and keeps the last ones, with their memory accounted for.
fn last_rows(input: SendableRecordBatchStream, count: usize, memory: MemoryReservation) -> SendableRecordBatchStream {
    let schema = input.schema();
    let last = async move { keep_last(input, count, memory).await };
    let batches = futures::stream::once(last).map_ok(|kept| futures::stream::iter(kept.into_iter().map(Ok)));
    Box::pin(RecordBatchStreamAdapter::new(schema, batches.try_flatten()))
}

async fn keep_last(
    mut input: SendableRecordBatchStream,
    count: usize,
    memory: MemoryReservation,
) -> Result<VecDeque<RecordBatch>> {
    let mut kept: VecDeque<RecordBatch> = VecDeque::new();
    let mut rows = 0;
    while let Some(batch) = input.next().await {
        let batch = batch?;
        rows += batch.num_rows();
        memory.try_grow(batch.get_array_memory_size())?;
        kept.push_back(batch);
        while let Some(first) = kept.front()
            && rows - first.num_rows() >= count
        {
            rows -= first.num_rows();
            memory.shrink(first.get_array_memory_size());
            kept.pop_front();
        }
    }
    if let Some(first) = kept.front_mut()
        && rows > count
    {
        let surplus = rows - count;
        *first = first.slice(surplus, first.num_rows() - surplus);
    }
    Ok(kept)
}
