//! From a logical plan to a running stream: rules, operators, the memory pool, spilling, caches.
//!
//! It knows neither sessions nor transports. The trait [`Executor`] is the seam where a distributed engine fits.

pub mod executor;

pub use executor::{Engine, EngineConfig, Executor, QueryOutput};
