//! From a logical plan to a running stream: rules, operators, the memory pool, spilling, caches.
//!
//! It knows neither sessions nor transports. The trait [`Executor`] is the seam where a distributed engine fits.

mod cancellation;
mod errors;
mod executor;
mod explain;
mod held;
mod join_order;
pub mod memory;
mod null_safe;
mod operator;
mod output;
mod planning;
mod progress;
mod resources;

pub use cancellation::{Cancellation, is_cancelled};
pub use errors::spark_error;
pub use executor::{Engine, EngineConfig, Executor, QueryOutput};
pub use held::{Held, HeldTable, HoldingPlace, held_column};
pub use operator::Observer;
pub use progress::{OperatorMetric, OperatorMetrics, QueryProgress, StageProgress};
