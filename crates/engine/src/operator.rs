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

pub(crate) use ordered::{in_order, keeping_partitions};
pub use planner::Planner;
pub use tap::Observer;
pub(crate) use tap::start_observers;
