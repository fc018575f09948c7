//! How work that never waits learns that nobody wants it any more.
//!
//! Dropping a query's stream stops what gives its thread back. Some operators do not for long: a join may try millions
//! of pairs of rows before one matches. Such work asks [`check`] between its steps. What it asks belongs to the task it
//! runs in, and follows into every task and thread that the engine starts from there.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::common::DataFusionError;
use datafusion::common::runtime::{JoinSetTracer, set_join_set_tracer};
use firesteel_base::SparkError;
use futures::FutureExt;
use futures::future::BoxFuture;

/// Says to work that it is to stop. Clones say the same.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<AtomicBool>);

tokio::task_local! {
    static CURRENT: Cancellation;
}

impl Cancellation {
    /// Lets the work fail where it next asks.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The future, all of whose work this stops.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }
}

/// Whether the work of this task is to stop.
pub fn is_cancelled() -> bool {
    CURRENT.try_with(|cancellation| cancellation.0.load(Ordering::Relaxed)).unwrap_or(false)
}

/// An error if the work of this task is to stop.
pub(crate) fn check() -> Result<(), DataFusionError> {
    if is_cancelled() {
        return Err(DataFusionError::External(Box::new(SparkError::new("OPERATION_CANCELED"))));
    }
    Ok(())
}

/// Hands on what stops a task to the tasks that it starts.
struct Inherited;

type Boxed = Box<dyn Any + Send>;

impl JoinSetTracer for Inherited {
    fn trace_future(&self, future: BoxFuture<'static, Boxed>) -> BoxFuture<'static, Boxed> {
        match CURRENT.try_with(Cancellation::clone) {
            Ok(current) => CURRENT.scope(current, future).boxed(),
            Err(_) => future,
        }
    }

    fn trace_block(&self, work: Box<dyn FnOnce() -> Boxed + Send>) -> Box<dyn FnOnce() -> Boxed + Send> {
        match CURRENT.try_with(Cancellation::clone) {
            Ok(current) => Box::new(move || CURRENT.sync_scope(current, work)),
            Err(_) => work,
        }
    }
}

/// Makes tasks inherit; once for the process.
pub(crate) fn inherit() {
    // An error says that it is done already.
    let _ = set_join_set_tracer(&Inherited);
}

#[cfg(test)]
mod tests {
    use datafusion::common::runtime::SpawnedTask;

    use super::*;

    #[tokio::test]
    async fn tasks_inherit_what_stops_them() {
        inherit();
        let cancellation = Cancellation::default();
        let stopped = cancellation.clone();
        let work = async move {
            assert!(check().is_ok());
            stopped.cancel();
            assert!(check().is_err());
            let task = SpawnedTask::spawn(async { check().is_err() }).join().await.unwrap();
            let block = SpawnedTask::spawn_blocking(|| check().is_err()).join().await.unwrap();
            (task, block)
        };
        assert_eq!(cancellation.scope(work).await, (true, true));
        assert!(check().is_ok());
    }
}
