//! Sessions, operations, commands: the product without a transport.
//!
//! A transport finds a [`Session`] in [`Sessions`] by user and session id, and either runs a statement in it and
//! streams the answer ([`Session::run`], [`Session::sql`]), or starts an operation that outlives its connection
//! ([`Session::operations`]). Tests and the shell use the same calls.
//!
//! The crate knows no protobuf and no HTTP. Queries run on the runtime it is given, so that a busy query does not
//! delay whoever waits on the network.

mod analysis;
mod answer;
mod artifacts;
mod cache;
mod clock;
mod commands;
mod display;
mod errors;
mod limits;
mod locals;
mod observed;
mod operation;
mod parsing;
mod plan_cache;
mod precomputed;
mod session;
mod sessions;
mod show;
mod time_zone;
mod views;

use firesteel_base::SparkError;

pub use answer::{Answer, CommandResult, Rows};
pub use artifacts::{Artifacts, Incoming, UploadedFiles};
pub use clock::{Clock, ManualClock};
pub use display::Display;
pub use errors::Errors;
pub use firesteel_engine::{OperatorMetric, OperatorMetrics, StageProgress};
pub use limits::Limits;
pub use observed::ObservedMetrics;
pub use operation::{
    Attached, Chunking, Cursor, Frame, Interrupt, Operation, OperationRequest, OperationState, Operations, Response,
    ResponseBody, Work, write_stream,
};
pub use session::{Session, SessionKey};
pub use sessions::{Environment, Sessions, check_uuid};
pub use time_zone::TimeZone;
pub use views::GLOBAL_TEMP_DATABASE;

/// Names of all built-in functions in order: what a shell completes.
pub fn function_names() -> Vec<&'static str> {
    firesteel_functions::registry::all().map(|(name, _)| name).collect()
}

/// An error of the engine as Spark's.
pub(crate) fn engine_error(error: datafusion::error::DataFusionError) -> SparkError {
    firesteel_engine::spark_error(error, &[])
}

/// Refuses what would exceed one of the [`Limits`].
pub(crate) fn limit_reached(what: &str, limit: usize) -> SparkError {
    SparkError::new("LIMIT_REACHED").param("what", what).param("limit", limit.to_string())
}
