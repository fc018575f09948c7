//! The brain: the unresolved plan becomes a typed logical plan of DataFusion.
//!
//! Names, types, coercion, subqueries and output names follow Spark. The crate knows nothing of execution or
//! transports; reading schemas of files is asked of `firesteel-storage` before resolving begins, so resolving itself
//! is a pure function.

pub mod analysis;
mod attribute;
mod block;
mod lower;
pub mod operator;
mod printer;
mod resolve;
mod resolved;
mod resolver;
mod scope;
mod sources;
mod typed;
mod unnest;

pub use analysis::{AnalysisContext, AnalyzedPlan, View, ViewLookup, analyze, config_options};
pub use sources::read_settings;
