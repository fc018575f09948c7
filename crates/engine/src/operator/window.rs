//! Windows over whole partitions: cancelled queries stop, and the rows they hold are counted.
//!
//! The engine computes such a window once it has all rows, one row after the other without a pause, and counts none of
//! them against the memory. Here its aggregates ask whether the query is cancelled, and what goes in is counted.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::expr::AggregateFunctionParams;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, LogicalPlan, ReversedUDAF, SetMonotonicity, Signature, Window,
    WindowFunctionDefinition,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::WindowAggExec;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
};
use futures::StreamExt;

use super::only_input;
use crate::cancellation;

/// The plan with the aggregates of its windows made to fail once the query is cancelled.
pub(crate) fn interruptible_windows(plan: &LogicalPlan) -> Result<LogicalPlan> {
    let wrap = |node: LogicalPlan| match node {
        LogicalPlan::Window(window) => {
            let expressions = window.window_expr.into_iter().map(interruptible).collect();
            let window = Window { window_expr: expressions, input: window.input, schema: window.schema };
            Ok(Transformed::yes(LogicalPlan::Window(window)))
        }
        other => Ok(Transformed::no(other)),
    };
    // Most plans have none, and cloning a node costs more than looking at it.
    if plan.exists(|node| Ok(matches!(node, LogicalPlan::Window(_))))? {
        plan.clone().transform_up(wrap).data()
    } else {
        Ok(plan.clone())
    }
}

fn interruptible(mut expression: Expr) -> Expr {
    let call = match &mut expression {
        Expr::Alias(alias) => alias.expr.as_mut(),
        other => other,
    };
    if let Expr::WindowFunction(call) = call
        && let WindowFunctionDefinition::AggregateUDF(aggregate) = &mut call.fun
    {
        *aggregate = Interruptible::of(aggregate);
    }
    expression
}

/// The plan whose windows over whole inputs count the rows they hold.
pub(crate) fn counted_windows(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let count = |node: Arc<dyn ExecutionPlan>| {
        let Some(window) = node.downcast_ref::<WindowAggExec>() else { return Ok(Transformed::no(node)) };
        let input: Arc<dyn ExecutionPlan> = Arc::new(CountedExec { input: Arc::clone(window.input()) });
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep);
        node.replace_children(vec![input], options).map(Transformed::yes)
    };
    plan.transform_up(count).data()
}

/// An aggregate whose accumulators fail once the query is cancelled.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Interruptible(Arc<AggregateUDF>);

impl Interruptible {
    fn of(aggregate: &Arc<AggregateUDF>) -> Arc<AggregateUDF> {
        Arc::new(AggregateUDF::new_from_impl(Self(Arc::clone(aggregate))))
    }
}

impl AggregateUDFImpl for Interruptible {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn human_display(&self, params: &AggregateFunctionParams) -> Result<String> {
        self.0.inner().human_display(params)
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.0.return_type(types)
    }

    fn return_field(&self, fields: &[FieldRef]) -> Result<FieldRef> {
        self.0.return_field(fields)
    }

    fn is_nullable(&self) -> bool {
        self.0.is_nullable()
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(InterruptibleAccumulator(self.0.accumulator(arguments)?)))
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(InterruptibleAccumulator(self.0.create_sliding_accumulator(arguments)?)))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.0.state_fields(arguments)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        match self.0.reverse_udf() {
            ReversedUDAF::Reversed(reversed) => ReversedUDAF::Reversed(Self::of(&reversed)),
            other => other,
        }
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.0.coerce_types(types)
    }

    fn is_descending(&self) -> Option<bool> {
        self.0.is_descending()
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        self.0.default_value(data_type)
    }

    fn supports_null_handling_clause(&self) -> bool {
        self.0.supports_null_handling_clause()
    }

    fn supports_within_group_clause(&self) -> bool {
        self.0.supports_within_group_clause()
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.0.inner().set_monotonicity(data_type)
    }
}

#[derive(Debug)]
struct InterruptibleAccumulator(Box<dyn Accumulator>);

impl Accumulator for InterruptibleAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        cancellation::check()?;
        self.0.update_batch(values)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        cancellation::check()?;
        self.0.evaluate()
    }

    fn size(&self) -> usize {
        self.0.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.merge_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.retract_batch(values)
    }

    fn supports_retract_batch(&self) -> bool {
        self.0.supports_retract_batch()
    }
}

/// Counts what passes against the memory until all of it is gone, twice: who holds it makes one batch of it.
#[derive(Debug)]
struct CountedExec {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for CountedExec {
    fn fmt_as(&self, _format: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.name())
    }
}

impl ExecutionPlan for CountedExec {
    fn name(&self) -> &'static str {
        "CountedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
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
        Ok(Arc::new(Self { input: only_input(children)? }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let held = MemoryConsumer::new(format!("Window[{partition}]")).register(context.memory_pool());
        let input = self.input.execute(partition, context)?;
        let schema = input.schema();
        // The reservation goes with the stream, which its reader keeps as long as the rows.
        let counted = input.map(move |batch| batch.and_then(|batch| count(&held, batch)));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, counted)))
    }
}

fn count(held: &MemoryReservation, batch: RecordBatch) -> Result<RecordBatch> {
    let bytes: Result<usize, _> = batch.columns().iter().map(|column| column.to_data().get_slice_memory_size()).sum();
    held.try_grow(bytes?.saturating_mul(2))?;
    Ok(batch)
}
