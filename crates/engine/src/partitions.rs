//! A plan's partitions as one stream, in their order.
//!
//! Spark gives a result partition by partition: the rows of a union's first branch before those of its second, a file's
//! rows before the next file's. All partitions run at once; one whose turn has not come stops when it has a few
//! batches ready.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::{RecordBatchReceiverStreamBuilder, RecordBatchStreamAdapter};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::StreamExt;

/// Batches that a partition computes before its turn.
const BATCHES_AHEAD: usize = 2;

pub fn execute_in_order(plan: &Arc<dyn ExecutionPlan>, context: &Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
    let count = plan.output_partitioning().partition_count();
    if count == 1 {
        return plan.execute(0, Arc::clone(context));
    }
    let streams: Vec<_> = (0..count)
        .map(|partition| {
            let mut builder = RecordBatchReceiverStreamBuilder::new(plan.schema(), BATCHES_AHEAD);
            let (plan, context, ready) = (Arc::clone(plan), Arc::clone(context), builder.tx());
            builder.spawn(async move {
                let mut batches = plan.execute(partition, context)?;
                while let Some(batch) = batches.next().await {
                    if ready.send(batch).await.is_err() {
                        break;
                    }
                }
                Ok(())
            });
            builder.build()
        })
        .collect();
    let rows = futures::stream::iter(streams).flatten();
    Ok(Box::pin(RecordBatchStreamAdapter::new(plan.schema(), rows)))
}
