//! `isnull`, `isnotnull`, `isnan`, `equal_null`.

use datafusion::logical_expr::{Expr, Operator};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::operator::comparison;

pub(super) const ISNULL: Function = Function::scalar("isnull", |call| {
    Ok(Scalar::expr(call, SparkType::Boolean, |arguments| Ok(operand(arguments)?.is_null())).nullable(false))
})
.arity(1..=1)
.prints(|arguments| format!("({} IS NULL)", arguments.join(", ")));

pub(super) const ISNOTNULL: Function = Function::scalar("isnotnull", |call| {
    Ok(Scalar::expr(call, SparkType::Boolean, |arguments| Ok(operand(arguments)?.is_not_null())).nullable(false))
})
.arity(1..=1)
.prints(|arguments| format!("({} IS NOT NULL)", arguments.join(", ")));

pub(super) const ISNAN: Function = Function::scalar("isnan", bind_isnan).since("1.5.0").arity(1..=1);

/// `a <=> b` as a function.
pub(super) const EQUAL_NULL: Function =
    Function::scalar("equal_null", |call| comparison::bind(call, "<=>", Operator::IsNotDistinctFrom))
        .since("3.4.0")
        .arity(2..=2);

fn operand(arguments: Vec<Expr>) -> SparkResult<Expr> {
    arguments.into_iter().next().ok_or_else(|| SparkError::internal("a predicate without an operand"))
}

fn bind_isnan(call: &Call<'_>) -> SparkResult<Scalar> {
    let number = Expected::one_of([Expected::DOUBLE, Expected::Exactly(SparkType::Float)]);
    let types = call.implicit_cast(&[number])?;
    let isnan = Scalar::expr(call, SparkType::Boolean, |arguments| {
        let isnan = datafusion::functions::math::isnan().call(vec![operand(arguments)?]);
        // NULL is not NaN.
        Ok(Expr::IsTrue(Box::new(isnan)))
    });
    Ok(isnan.casting(types).nullable(false))
}
