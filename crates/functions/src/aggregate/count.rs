//! `count`, `count_if`: never NULL.

use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::{Expr, lit, when};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Aggregate, Function};
use crate::kernel::from_engine;

pub(super) const COUNT: Function = Function::aggregate("count", count).since("1.0.0").at_least(1);
pub(super) const COUNT_IF: Function = Function::aggregate("count_if", count_if).since("3.0.0").arity(1..=1);

fn count(call: &Call<'_>) -> SparkResult<Aggregate> {
    let bound = Aggregate::new(call, SparkType::Long, false, count_udaf());
    Ok(match (call.len(), call.is_distinct) {
        (1, _) => bound,
        (_, false) => bound.before(one_if_all),
        (_, true) => bound.before(struct_if_all),
    })
}

fn count_if(call: &Call<'_>) -> SparkResult<Aggregate> {
    let arguments = call.implicit_cast(&[Expected::BOOLEAN])?;
    Ok(Aggregate::new(call, SparkType::Long, false, count_udaf()).casting(arguments).before(one_if_true))
}

/// That no argument is NULL.
fn all_there(arguments: &[Expr]) -> SparkResult<Expr> {
    let there = arguments.iter().cloned().map(Expr::is_not_null);
    there.reduce(Expr::and).ok_or_else(|| SparkError::internal("count was bound without arguments"))
}

fn one_if_all(arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    Ok(vec![when(all_there(&arguments)?, lit(1_i32)).end().map_err(from_engine)?])
}

/// Distinct combinations of arguments are counted as distinct structs.
fn struct_if_all(arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    let there = all_there(&arguments)?;
    let combination = datafusion::functions::core::expr_fn::r#struct(arguments);
    Ok(vec![when(there, combination).end().map_err(from_engine)?])
}

fn one_if_true(arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    arguments.into_iter().map(|argument| when(argument, lit(1_i32)).end().map_err(from_engine)).collect()
}
