//! Every SQL function of Spark that the server knows: one file each, stateless, in one registry.
//!
//! A [`Function`] row says how a call is *bound*: which types its arguments are cast to, the type and nullability of the
//! result, and what computes it. Binding follows Spark's rules and errors; computing is a DataFusion expression, a
//! function of DataFusion or `datafusion-spark` where it is exact, or a [`Kernel`] of our own. The crate knows neither
//! sessions nor storage.

pub mod call;
pub mod cast;
pub mod coercion;
pub mod description;
pub mod function;
pub mod guard;
pub mod kernel;
pub mod registry;
pub mod sampler;

pub mod aggregate;
pub mod collation;
pub mod collection;
pub mod conditional;
pub mod datetime;
pub mod generator;
pub mod geospatial;
pub mod hash;
pub mod higher_order;
pub mod math;
pub mod misc;
pub mod operator;
pub mod predicate;
pub mod sketch;
pub mod string;
pub mod variant;
pub mod window;
pub mod xml;

pub use call::{Argument, BindContext, Call};
pub use function::{Aggregate, Bind, Function, Generator, Scalar, WindowFunction};
pub use kernel::{Kernel, KernelCall, RaisedAt};
