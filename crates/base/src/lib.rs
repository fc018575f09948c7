//! The vocabulary that every other crate speaks: Spark's types and their spellings, literals' values, identifiers,
//! errors with their conditions, and configuration keys.
//!
//! It must not know DataFusion, input/output or async. Arrow appears only as schema types, since the mapping
//! between Spark's types and Arrow's is part of the vocabulary.

pub mod collation;
pub mod config;
pub mod error;
pub mod identifier;
pub mod number;
pub mod origin;
pub mod spatial_reference;
pub mod suggestion;
pub mod types;

pub use error::{Condition, QueryContext, SparkError, SparkResult};
pub use origin::Origin;
pub use suggestion::suggest;
pub use types::{SparkField, SparkSchema, SparkType};
