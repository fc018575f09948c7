//! Observers: plans that read the rows which pass a point of another plan while that one runs.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::provider_as_source;
use datafusion::execution::context::SessionState;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use firesteel_base::{SparkError, SparkResult, SparkSchema};
use firesteel_plan::AnalyzedPlan;
use firesteel_plan::operator::Observation;
use futures::{StreamExt, TryStreamExt};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::errors::spark_error;
use crate::output::conform;

/// Batches on their way from the query to an observer.
const BATCHES_MAX: usize = 4;

/// The taps of a query, by the tables that its observers read.
#[derive(Debug, Default)]
pub(crate) struct Taps {
    by_table: Mutex<HashMap<String, Arc<Tap>>>,
}

impl Taps {
    pub(crate) fn find(&self, table: &str) -> Option<Arc<Tap>> {
        self.by_table.lock().get(table).cloned()
    }
}

/// Where rows go from the observed plan to its observer. It serves one run.
pub(crate) struct Tap {
    schema: SchemaRef,
    sender: Mutex<Option<mpsc::Sender<RecordBatch>>>,
    receiver: Mutex<Option<mpsc::Receiver<RecordBatch>>>,
}

impl Tap {
    fn new(schema: SchemaRef) -> Arc<Self> {
        let (sender, receiver) = mpsc::channel(BATCHES_MAX);
        Arc::new(Self { schema, sender: Mutex::new(Some(sender)), receiver: Mutex::new(Some(receiver)) })
    }

    /// The rows, each shown before it is passed on. An observer that failed does not stop the query.
    pub(crate) fn observed(&self, input: SendableRecordBatchStream) -> SendableRecordBatchStream {
        let Some(sender) = self.sender.lock().clone() else { return input };
        let schema = input.schema();
        let shown = Arc::clone(&self.schema);
        let rows = input.then(move |batch| {
            let (sender, shown) = (sender.clone(), Arc::clone(&shown));
            async move {
                let batch = batch?;
                let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                let copy = RecordBatch::try_new_with_options(shown, batch.columns().to_vec(), &options)?;
                let _ = sender.send(copy).await;
                Ok(batch)
            }
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, rows))
    }
}

impl PartitionStream for Tap {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let receiver = self.receiver.lock().take();
        let rows = futures::stream::unfold(receiver, |receiver| async move {
            let mut receiver = receiver?;
            let batch = receiver.recv().await?;
            Some((Ok(batch), Some(receiver)))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows))
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Tap({} columns)", self.schema.fields().len())
    }
}

/// An observer at work.
pub struct Observer {
    pub name: String,
    pub plan_id: Option<i64>,
    pub schema: SparkSchema,
    tap: Arc<Tap>,
    task: SpawnedTask<Result<RecordBatch>>,
}

impl Observer {
    /// The metrics, one row, once the query has ended and its stream is gone.
    pub async fn finish(self) -> SparkResult<RecordBatch> {
        self.tap.sender.lock().take();
        match self.task.join().await {
            Ok(metrics) => metrics.map_err(|error| spark_error(error, &[])),
            Err(_) => Err(SparkError::internal("an observer ended unexpectedly")),
        }
    }
}

/// Starts the observers of a plan; `taps` then knows where the plan's rows are to be shown.
pub(crate) async fn start_observers(
    plan: &AnalyzedPlan,
    state: &SessionState,
    zone: &str,
    taps: &Taps,
) -> SparkResult<Vec<Observer>> {
    let mut observers = Vec::with_capacity(plan.observations.len());
    for observation in plan.observations.iter() {
        let failed = |error| spark_error(error, &plan.origins);
        let (reading, tap) = with_tap(observation).map_err(failed)?;
        let Some(tap) = tap else { return Err(SparkError::internal("an observer reads nothing")) };
        taps.by_table.lock().insert(observation.table.clone(), Arc::clone(&tap));
        let physical = state.create_physical_plan(&reading).await.map_err(failed)?;
        let stream = execute_stream(physical, state.task_ctx()).map_err(failed)?;
        let stream = conform(stream, &observation.schema, zone, Arc::clone(&plan.origins));
        let arrow = Arc::new(Schema::new(observation.schema.to_arrow_fields(zone)));
        let task = SpawnedTask::spawn(async move {
            let batches: Vec<RecordBatch> = stream.try_collect().await?;
            concat_batches(&arrow, &batches).map_err(DataFusionError::from)
        });
        observers.push(Observer {
            name: observation.name.clone(),
            plan_id: observation.plan_id,
            schema: observation.schema.clone(),
            tap,
            task,
        });
    }
    Ok(observers)
}

/// The observer's plan with a tap in place of its empty table.
fn with_tap(observation: &Observation) -> Result<(LogicalPlan, Option<Arc<Tap>>)> {
    let mut tap = None;
    let plan = observation.plan.clone().transform_up(|node| match node {
        LogicalPlan::TableScan(mut scan) if scan.table_name.table() == observation.table => {
            let schema = scan.source.schema();
            let rows = Tap::new(Arc::clone(&schema));
            let partitions: Vec<Arc<dyn PartitionStream>> = vec![Arc::clone(&rows) as _];
            scan.source = provider_as_source(Arc::new(StreamingTable::try_new(schema, partitions)?));
            tap = Some(rows);
            Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok((plan.data, tap))
}
