//! The brain: the unresolved plan becomes a typed logical plan of DataFusion.
//!
//! Names, types, coercion, subqueries and output names follow Spark. The crate knows nothing of execution or
//! transports; reading schemas of files is asked of `firesteel-storage` before resolving begins, so resolving itself
//! is a pure function.

pub mod analysis;
mod arrow_stream;
mod attribute;
mod block;
mod char_varchar;
mod held;
mod lower;
pub mod operator;
mod printer;
mod projection;
pub mod recursion;
mod resolve;
mod resolved;
mod resolver;
mod routine;
mod scope;
mod script;
mod sources;
mod typed;
mod unnest;

pub use analysis::{
    AnalysisContext, AnalyzedPlan, LocalScope, PersistentView, Variable, View, ViewLookup, analyze, config_options,
    evaluate,
};
pub use char_varchar::as_strings;
pub use held::{
    HeldColumns, HeldLookup, HeldPlan, HeldRelation, KnownRelation, NothingHeld, analyze_columns, analyze_to_hold,
};
pub use routine::{UserFunction, find as find_function};
pub use sources::{bind_parameters, constant_name, given_schema, read_settings, table_request};
