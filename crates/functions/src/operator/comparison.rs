//! `= <=> < <= > >=` and `between`: operands of one type, compared by DataFusion's operators.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::arithmetic::{beside_decimal, binary};
use super::infix;
use crate::call::{Argument, Call};
use crate::cast::{CastMode, cast_expr};
use crate::coercion::{
    ansi_string_promotion, comparison_type, is_orderable, quoted_type, same_type, tightest_common_type, wider_decimal,
};
use crate::function::{Function, Scalar};

pub(super) const EQUAL: Function =
    Function::scalar("=", |call| bind(call, "=", Operator::Eq)).aliases(&["=="]).arity(2..=2).prints(|a| infix("=", a));
pub(super) const EQUAL_NULL_SAFE: Function =
    Function::scalar("<=>", |call| bind(call, "<=>", Operator::IsNotDistinctFrom))
        .arity(2..=2)
        .prints(|arguments| infix("<=>", arguments));
pub(super) const LESS: Function =
    Function::scalar("<", |call| bind(call, "<", Operator::Lt)).arity(2..=2).prints(|a| infix("<", a));
pub(super) const LESS_OR_EQUAL: Function =
    Function::scalar("<=", |call| bind(call, "<=", Operator::LtEq)).arity(2..=2).prints(|a| infix("<=", a));
pub(super) const GREATER: Function =
    Function::scalar(">", |call| bind(call, ">", Operator::Gt)).arity(2..=2).prints(|a| infix(">", a));
pub(super) const GREATER_OR_EQUAL: Function =
    Function::scalar(">=", |call| bind(call, ">=", Operator::GtEq)).arity(2..=2).prints(|a| infix(">=", a));
pub(super) const BETWEEN: Function = Function::scalar("between", bind_between).arity(3..=3);

/// Binds a comparison.
pub(crate) fn bind(call: &Call<'_>, symbol: &str, operator: Operator) -> SparkResult<Scalar> {
    let data_type = operand_type(call, 0, 1, symbol)?;
    let types = vec![data_type.clone(), data_type.clone()];
    let nullable = operator != Operator::IsNotDistinctFrom && call.any_nullable_as(&types);
    let compared = Scalar::expr(call, SparkType::Boolean, move |arguments| compare(arguments, operator, &data_type));
    Ok(compared.casting(types).nullable(nullable))
}

/// The type that two of the arguments are compared as.
fn operand_type(call: &Call<'_>, left: usize, right: usize, symbol: &str) -> SparkResult<SparkType> {
    let (left, right) = (call.argument(left)?, call.argument(right)?);
    let (mut left_type, mut right_type) = (left.data_type.clone(), right.data_type.clone());
    let is_equality = matches!(symbol, "=" | "<=>");
    if let Some(common) = common_type(left, right, call.ansi(), is_equality) {
        left_type = common.clone();
        right_type = common;
    }
    let sql = format!("({} {symbol} {})", left.sql(), right.sql());
    if !same_type(&left_type, &right_type) {
        return Err(call
            .mismatch_of("BINARY_OP_DIFF_TYPES", &sql)
            .param("left", quoted_type(&left_type))
            .param("right", quoted_type(&right_type)));
    }
    if !is_orderable(&left_type) {
        return Err(call
            .mismatch_of("INVALID_ORDERING_TYPE", &sql)
            .param("functionName", format!("`{symbol}`"))
            .param("dataType", quoted_type(&left_type)));
    }
    Ok(left_type)
}

/// The type that two operands are compared as, if there is one.
pub(crate) fn common_type(
    left: &Argument<'_>,
    right: &Argument<'_>,
    ansi: bool,
    is_equality: bool,
) -> Option<SparkType> {
    use SparkType::{Boolean, Decimal, Double, Null};
    let (left_type, right_type) = (&left.data_type, &right.data_type);
    let promoted =
        if ansi { ansi_string_promotion(left_type, right_type) } else { comparison_type(left_type, right_type) };
    if promoted.is_some() {
        return promoted;
    }
    match (left_type, right_type) {
        (Null, Null) => return Some(Boolean),
        (Boolean, number) | (number, Boolean) if !ansi && is_equality && number.is_numeric() => {
            return Some(number.clone());
        }
        _ => {}
    }
    let has_decimal = matches!(left_type, Decimal { .. }) || matches!(right_type, Decimal { .. });
    if !has_decimal || !left_type.is_numeric() || !right_type.is_numeric() {
        return tightest_common_type(left_type, right_type, ansi);
    }
    match (beside_decimal(left, left_type), beside_decimal(right, right_type)) {
        (Decimal { precision, scale }, Decimal { precision: other, scale: other_scale }) => {
            Some(wider_decimal(precision, scale, other, other_scale))
        }
        _ => Some(Double),
    }
}

/// The comparison of two values of one type.
pub(crate) fn compare(mut arguments: Vec<Expr>, operator: Operator, data_type: &SparkType) -> SparkResult<Expr> {
    if matches!(data_type, SparkType::Float | SparkType::Double) {
        arguments = without_negative_zero(arguments, data_type);
    }
    binary(arguments, operator)
}

/// Whether the first argument is equal to one of the others, all of this type.
pub fn in_list(mut arguments: Vec<Expr>, data_type: &SparkType) -> SparkResult<Expr> {
    let is_floating = matches!(data_type, SparkType::Float | SparkType::Double);
    if is_floating && !arguments.iter().skip(1).all(is_other_than_zero) {
        arguments = all_with_one_zero(arguments, data_type);
    }
    let mut arguments = arguments.into_iter();
    let value = arguments.next().ok_or_else(|| SparkError::internal("IN without a value"))?;
    Ok(Expr::InList(InList::new(Box::new(value), arguments.collect(), false)))
}

/// Arrow orders -0.0 before 0.0, where Spark has them equal. Beside a constant that is not zero it makes no difference,
/// and the column stays bare for pruning.
fn without_negative_zero(arguments: Vec<Expr>, data_type: &SparkType) -> Vec<Expr> {
    if arguments.iter().any(is_other_than_zero) { arguments } else { all_with_one_zero(arguments, data_type) }
}

/// A constant that is not zero.
fn is_other_than_zero(argument: &Expr) -> bool {
    match argument {
        Expr::Literal(ScalarValue::Float32(Some(value)), _) => *value != 0.0,
        Expr::Literal(ScalarValue::Float64(Some(value)), _) => *value != 0.0,
        Expr::Literal(value, _) => value.is_null(),
        _ => false,
    }
}

/// A value of this type as one that equal values are the same of: adding zero makes a negative zero positive and leaves
/// every other number as it is.
pub fn with_one_zero(value: Expr, data_type: &DataType) -> Expr {
    let zero = match data_type {
        DataType::Float32 => ScalarValue::Float32(Some(0.0)),
        DataType::Float64 => ScalarValue::Float64(Some(0.0)),
        _ => return value,
    };
    match value {
        other if is_other_than_zero(&other) => other,
        Expr::Literal(..) => Expr::Literal(zero, None),
        value => {
            Expr::BinaryExpr(BinaryExpr::new(Box::new(value), Operator::Plus, Box::new(Expr::Literal(zero, None))))
        }
    }
}

fn all_with_one_zero(arguments: Vec<Expr>, data_type: &SparkType) -> Vec<Expr> {
    let data_type = if *data_type == SparkType::Float { DataType::Float32 } else { DataType::Float64 };
    arguments.into_iter().map(|argument| with_one_zero(argument, &data_type)).collect()
}

/// `value >= least AND value <= most`, where the two comparisons may be of different types.
fn bind_between(call: &Call<'_>) -> SparkResult<Scalar> {
    let lower = operand_type(call, 0, 1, ">=")?;
    let upper = operand_type(call, 0, 2, "<=")?;
    let mode = CastMode::of(call.ansi());
    let own = call.data_type(0)?.clone();
    // The value is cast before the call where both comparisons want the same.
    let value = if lower == upper { lower.clone() } else { own };
    let types = vec![value.clone(), lower.clone(), upper.clone()];
    let nullable = call.any_nullable_as(&types)
        || call.any_nullable_as(&[lower.clone(), lower.clone(), upper.clone()])
        || call.any_nullable_as(&[upper.clone(), lower.clone(), upper.clone()]);
    let between = Scalar::expr(call, SparkType::Boolean, move |arguments| {
        let Ok([operand, least, most]) = <[Expr; 3]>::try_from(arguments) else {
            return Err(SparkError::internal("BETWEEN without bounds"));
        };
        let from_below = cast_expr(operand.clone(), &value, &lower, mode, -1)?;
        let from_above = cast_expr(operand, &value, &upper, mode, -1)?;
        let at_least = compare(vec![from_below, least], Operator::GtEq, &lower)?;
        let at_most = compare(vec![from_above, most], Operator::LtEq, &upper)?;
        binary(vec![at_least, at_most], Operator::And)
    });
    Ok(between.casting(types).nullable(nullable))
}
