//! The operators that plans have beyond the engine's own: samples, the last rows, observers, recursion, the order of a
//! result's partitions, what makes cancelled queries stop, conditions in stages, and projections of few rows at a time.

mod ordered;
mod planner;
mod recursion;
mod row;
mod sliced;
mod staged;
mod tap;
mod yielding;

pub(crate) use ordered::{in_order, keeping_partitions};
pub use planner::Planner;
pub use tap::Observer;
pub(crate) use tap::start_observers;
