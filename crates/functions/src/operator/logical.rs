//! `and`, `or`, `not`: three-valued logic is DataFusion's own.

use datafusion::logical_expr::{Expr, Operator, not};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::arithmetic::{alike, sides_of_decimal};
use super::infix;
use crate::call::Call;
use crate::coercion::{Expected, ansi_string_promotion};
use crate::function::{Function, Scalar};
use crate::guard;

pub(super) const AND: Function =
    Function::scalar("and", |call| bind(call, Operator::And)).arity(2..=2).prints(|a| infix("AND", a));
pub(super) const OR: Function =
    Function::scalar("or", |call| bind(call, Operator::Or)).arity(2..=2).prints(|a| infix("OR", a));
pub(super) const NOT: Function =
    Function::scalar("not", bind_not).aliases(&["!"]).arity(1..=1).prints(|a| infix("NOT", a));

fn bind(call: &Call<'_>, operator: Operator) -> SparkResult<Scalar> {
    let (left, right) = (call.data_type(0)?.clone(), call.data_type(1)?.clone());
    let (left, right) = match ansi_string_promotion(&left, &right).filter(|_| call.ansi()) {
        Some(common) => (common.clone(), common),
        None => (left, right),
    };
    let (left, right) = sides_of_decimal((call.argument(0)?, left), (call.argument(1)?, right));
    let (left, right) = alike(call, left, right, &Expected::BOOLEAN)?;
    let combined = Scalar::expr(call, SparkType::Boolean, move |arguments| match <[Expr; 2]>::try_from(arguments) {
        Ok([left, right]) => Ok(guard::lazy(left, operator, right)),
        Err(_) => Err(SparkError::internal("an operator without its operands")),
    });
    Ok(combined.casting(vec![left, right]))
}

fn bind_not(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::BOOLEAN])?;
    Ok(Scalar::expr(call, SparkType::Boolean, negated).casting(types))
}

fn negated(arguments: Vec<Expr>) -> SparkResult<Expr> {
    let operand = arguments.into_iter().next();
    operand.map(not).ok_or_else(|| SparkError::internal("NOT without an operand"))
}
