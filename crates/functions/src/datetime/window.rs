//! `window`, `session_window` and `window_time`: time windows of rows, refused by name.

use firesteel_base::{SparkError, SparkResult};

use crate::call::Call;
use crate::function::{Function, Scalar};

pub(super) const WINDOW: Function = Function::scalar("window", refuse).arity(2..=4).since("2.0.0");
pub(super) const SESSION_WINDOW: Function = Function::scalar("session_window", refuse).arity(2..=2).since("3.2.0");
pub(super) const WINDOW_TIME: Function = Function::scalar("window_time", refuse).arity(1..=1).since("3.4.0");

fn refuse(call: &Call<'_>) -> SparkResult<Scalar> {
    Err(SparkError::unsupported(format!("the function {}", call.function.name)))
}
