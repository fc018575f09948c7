//! Metrics that queries observe on their way: gathered for the operation that runs them, whatever runs inside it.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use firesteel_base::SparkSchema;
use firesteel_engine::Observer;
use futures::StreamExt;
use parking_lot::Mutex;

/// One observation's metrics: a row.
#[derive(Clone, Debug)]
pub struct ObservedMetrics {
    pub name: String,
    pub plan_id: Option<i64>,
    pub schema: SparkSchema,
    pub row: RecordBatch,
}

/// The metrics of the queries of one operation.
pub(crate) type Gathered = Arc<Mutex<Vec<ObservedMetrics>>>;

tokio::task_local! {
    /// Where queries of the running operation leave their metrics.
    pub(crate) static GATHERED: Gathered;
}

/// The rows; at their end the observers' metrics are gathered.
pub(crate) fn observed(rows: SendableRecordBatchStream, observers: Vec<Observer>) -> SendableRecordBatchStream {
    let Ok(gathered) = GATHERED.try_with(Arc::clone) else { return rows };
    if observers.is_empty() {
        return rows;
    }
    let schema = rows.schema();
    let state = Some((rows, observers));
    let rows = futures::stream::unfold(state, move |state| {
        let gathered = Arc::clone(&gathered);
        async move {
            let (mut rows, observers) = state?;
            if let Some(batch) = rows.next().await {
                return Some((batch, Some((rows, observers))));
            }
            // Observers end when nothing writes to them any more.
            drop(rows);
            match gather(observers, &gathered).await {
                Ok(()) => None,
                Err(error) => Some((Err(error), None)),
            }
        }
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

async fn gather(observers: Vec<Observer>, gathered: &Gathered) -> Result<(), DataFusionError> {
    for observer in observers {
        let (name, plan_id, schema) = (observer.name.clone(), observer.plan_id, observer.schema.clone());
        let row = observer.finish().await.map_err(|error| DataFusionError::External(Box::new(error)))?;
        let mut gathered = gathered.lock();
        // The same observation read twice by a query counts once.
        if !gathered.iter().any(|known| known.name == name) {
            gathered.push(ObservedMetrics { name, plan_id, schema, row });
        }
    }
    Ok(())
}
