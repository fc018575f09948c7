//! `typeof`: the name of its argument's type.

use datafusion::logical_expr::lit;
use firesteel_base::SparkType;

use crate::function::{Function, Scalar};

pub(super) const FUNCTION: Function = Function::scalar("typeof", |call| {
    let name = call.data_type(0)?.catalog_string();
    Ok(Scalar::expr(call, SparkType::STRING, move |_| Ok(lit(name.as_str()))).nullable(false))
})
.arity(1..=1)
.since("3.0.0");
