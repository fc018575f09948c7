//! `current_user`, `current_database` and others that tell of the session; `version`.

use datafusion::logical_expr::lit;
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::function::{Function, Scalar};

pub(super) const CURRENT_CATALOG: Function =
    Function::scalar("current_catalog", |call| text(call, call.context.current_catalog.clone()))
        .arity(0..=0)
        .since("3.1.0");
pub(super) const CURRENT_DATABASE: Function =
    Function::scalar("current_schema", |call| text(call, call.context.current_database.clone()))
        .aliases(&["current_database"])
        .arity(0..=0)
        .since("1.6.0");
pub(super) const CURRENT_PATH: Function = Function::scalar("current_path", |call| {
    let context = call.context;
    let path = format!("system.builtin,system.session,{}.{}", context.current_catalog, context.current_database);
    text(call, path)
})
.arity(0..=0)
.since("4.2.0");
pub(super) const CURRENT_USER: Function =
    Function::scalar("current_user", |call| text(call, call.context.user.clone())).arity(0..=0).since("3.2.0");
pub(super) const SESSION_USER: Function =
    Function::scalar("session_user", |call| text(call, call.context.user.clone())).arity(0..=0).since("4.0.0");
pub(super) const USER: Function =
    Function::scalar("user", |call| text(call, call.context.user.clone())).arity(0..=0).since("3.4.0");
pub(super) const VERSION: Function =
    Function::scalar("version", |call| text(call, format!("{SPARK_VERSION} firesteel"))).arity(0..=0).since("3.0.0");

/// The version of Spark whose answers are given.
const SPARK_VERSION: &str = "4.2.1";

fn text(call: &Call<'_>, value: String) -> SparkResult<Scalar> {
    Ok(Scalar::expr(call, SparkType::STRING, move |_| Ok(lit(value.as_str()))).nullable(false))
}
