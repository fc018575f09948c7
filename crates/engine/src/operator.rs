//! The operators that plans have beyond the engine's own: samples, the last rows, observers, recursion, the order of a
//! result's partitions, what makes cancelled queries stop, conditions in stages, projections of few rows at a time,
//! and windows over whole partitions.

mod ordered;
mod planner;
mod recursion;
mod row;
mod sliced;
mod staged;
mod tap;
mod window;
mod yielding;

use std::sync::Arc;

use datafusion::common::{Result, internal_err};
use datafusion::physical_plan::ExecutionPlan;

pub(crate) use ordered::{in_order, keeping_partitions};
pub use planner::Planner;
pub use tap::Observer;
pub(crate) use tap::start_observers;

/// The input of an operator that has one.
fn only_input(inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    match <[Arc<dyn ExecutionPlan>; 1]>::try_from(inputs) {
        Ok([input]) => Ok(input),
        Err(inputs) => internal_err!("{} inputs of an operator that has one", inputs.len()),
    }
}
