//! The operators that plans have beyond the engine's own: samples, the last rows, observers.

mod planner;
mod row;
mod tap;

pub use planner::Planner;
pub use tap::Observer;
pub(crate) use tap::start_observers;
