//! `+ - * / % div` and their `try_` forms: which types meet, and what computes them.

use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use firesteel_base::{SparkResult, SparkType};

use super::decimal::{self, DecimalArithmetic};
use super::integral::Arithmetic;
use super::{datetime, infix};
use crate::call::{Argument, Call};
use crate::cast::{CastMode, cast_expr};
use crate::coercion::{Expected, ansi_string_promotion, decimal_for, quoted_type, same_type, tightest_common_type};
use crate::function::{Build, Function, Scalar};
use crate::kernel::kernel_call;

/// An arithmetic operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    IntegralDivide,
}

impl Operation {
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::IntegralDivide => "div",
        }
    }

    /// The function that gives NULL instead of an error.
    pub(super) const fn try_name(self) -> &'static str {
        match self {
            Self::Add => "try_add",
            Self::Subtract => "try_subtract",
            Self::Multiply => "try_multiply",
            Self::Divide | Self::IntegralDivide => "try_divide",
            Self::Remainder => "try_mod",
        }
    }

    /// What both operands are, once they are alike.
    fn operand(self) -> Expected {
        match self {
            Self::Add | Self::Subtract => Expected::numeric_or_interval(),
            Self::Multiply | Self::Remainder => Expected::Numeric,
            Self::Divide => Expected::one_of([Expected::DOUBLE, Expected::AnyDecimal]),
            Self::IntegralDivide => Expected::one_of([
                Expected::LONG,
                Expected::AnyDecimal,
                Expected::YearMonthInterval,
                Expected::DayTimeInterval,
            ]),
        }
    }

    /// Whether NULL may come of operands that are not.
    const fn divides(self) -> bool {
        matches!(self, Self::Divide | Self::Remainder | Self::IntegralDivide)
    }

    const fn engine_operator(self) -> Operator {
        match self {
            Self::Add => Operator::Plus,
            Self::Subtract => Operator::Minus,
            Self::Multiply => Operator::Multiply,
            Self::Divide | Self::IntegralDivide => Operator::Divide,
            Self::Remainder => Operator::Modulo,
        }
    }
}

/// With one operand the sign: `-a` is `-(a)`.
pub(super) const ADD: Function = Function::scalar("+", |call| match call.len() {
    1 => super::unary::bind_positive(call),
    _ => bind(call, Operation::Add, false),
})
.arity(1..=2)
.prints(|arguments| infix("+", arguments));
/// With one operand the sign: `-a` is `-(a)`.
pub(super) const SUBTRACT: Function = Function::scalar("-", |call| match call.len() {
    1 => super::unary::bind_negative(call),
    _ => bind(call, Operation::Subtract, false),
})
.arity(1..=2)
.prints(|arguments| infix("-", arguments));
pub(super) const MULTIPLY: Function =
    Function::scalar("*", |call| bind(call, Operation::Multiply, false)).arity(2..=2).prints(|a| infix("*", a));
pub(super) const DIVIDE: Function =
    Function::scalar("/", |call| bind(call, Operation::Divide, false)).arity(2..=2).prints(|a| infix("/", a));
pub(super) const REMAINDER: Function =
    Function::scalar("%", |call| bind(call, Operation::Remainder, false)).arity(2..=2).prints(|a| infix("%", a));
pub(super) const MOD: Function =
    Function::scalar("mod", |call| bind(call, Operation::Remainder, false)).since("2.3.0").arity(2..=2);
pub(super) const INTEGRAL_DIVIDE: Function =
    Function::scalar("div", |call| bind(call, Operation::IntegralDivide, false))
        .since("3.0.0")
        .arity(2..=2)
        .prints(|arguments| infix("div", arguments));
pub(super) const TRY_ADD: Function =
    Function::scalar("try_add", |call| bind(call, Operation::Add, true)).since("3.2.0").arity(2..=2);
pub(super) const TRY_SUBTRACT: Function =
    Function::scalar("try_subtract", |call| bind(call, Operation::Subtract, true)).since("3.3.0").arity(2..=2);
pub(super) const TRY_MULTIPLY: Function =
    Function::scalar("try_multiply", |call| bind(call, Operation::Multiply, true)).since("3.3.0").arity(2..=2);
pub(super) const TRY_DIVIDE: Function =
    Function::scalar("try_divide", |call| bind(call, Operation::Divide, true)).since("3.2.0").arity(2..=2);
pub(super) const TRY_MOD: Function =
    Function::scalar("try_mod", |call| bind(call, Operation::Remainder, true)).since("4.0.0").arity(2..=2);

/// Binds an arithmetic call; with `tries` errors of its own become NULL.
pub(crate) fn bind(call: &Call<'_>, operation: Operation, tries: bool) -> SparkResult<Scalar> {
    let bound = match datetime::bind(call, operation, tries)? {
        Some(scalar) => scalar,
        None => bind_numeric(call, operation, tries)?,
    };
    if !tries {
        return Ok(bound);
    }
    let of_numbers = call.arguments.iter().all(|argument| argument.data_type.is_numeric());
    let bound = if of_numbers { bound } else { casting_inside(call, bound) };
    // Tried calls print as functions, whatever their types.
    Ok(Scalar { sql: None, ..bound }.nullable(true))
}

/// Moves casts of the arguments into the call, where they give NULL instead of an error.
fn casting_inside(call: &Call<'_>, bound: Scalar) -> Scalar {
    let from = call.data_types();
    let to = bound.arguments;
    let (build, data_type) = (bound.build, bound.data_type.clone());
    Scalar::expr(call, bound.data_type, move |arguments| {
        let cast: SparkResult<Vec<_>> = arguments
            .into_iter()
            .zip(from.iter().zip(&to))
            .map(|(argument, (from, to))| cast_expr(argument, from, to, CastMode::Try, -1))
            .collect();
        match &build {
            Build::Udf(udf) => Ok(udf.call(cast?)),
            Build::Kernel(udf) => kernel_call(udf.clone(), cast?, &data_type, -1),
            Build::Expr(build) => build(cast?),
        }
    })
}

fn bind_numeric(call: &Call<'_>, operation: Operation, tries: bool) -> SparkResult<Scalar> {
    let (left, right) = operand_types(call, operation)?;
    if let (SparkType::Decimal { .. }, SparkType::Decimal { .. }) = (&left, &right) {
        return decimal::bind(call, operation, tries, (left, right));
    }
    let result = match (operation, &left) {
        (Operation::IntegralDivide, _) => SparkType::Long,
        (_, left) => left.clone(),
    };
    let types = vec![left.clone(), right];
    let nullable = call.any_nullable_as(&types) || operation.divides();
    let scalar = match operation {
        Operation::Add | Operation::Subtract | Operation::Multiply if left.is_integral() && !call.ansi() && !tries => {
            engine(call, operation, result)
        }
        operation => arithmetic(call, operation, tries, result),
    };
    Ok(scalar.casting(types).nullable(nullable))
}

/// DataFusion's own operator.
pub(super) fn engine(call: &Call<'_>, operation: Operation, result: SparkType) -> Scalar {
    let operator = operation.engine_operator();
    Scalar::expr(call, result, move |arguments| binary(arguments, operator))
}

/// An expression of DataFusion's operator on two arguments.
pub(super) fn binary(arguments: Vec<Expr>, operator: Operator) -> SparkResult<Expr> {
    let mut arguments = arguments.into_iter();
    match (arguments.next(), arguments.next()) {
        (Some(left), Some(right)) => Ok(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))),
        _ => Err(firesteel_base::SparkError::internal("an operator was called with too few arguments")),
    }
}

fn arithmetic(call: &Call<'_>, operation: Operation, tries: bool, result: SparkType) -> Scalar {
    macro_rules! kernel {
        ($operation:ident) => {
            if tries {
                Scalar::kernel(call, result, Arithmetic::<{ Operation::$operation as u8 }, true>)
            } else {
                Scalar::kernel(call, result, Arithmetic::<{ Operation::$operation as u8 }, false>)
            }
        };
    }
    match operation {
        Operation::Add => kernel!(Add),
        Operation::Subtract => kernel!(Subtract),
        Operation::Multiply => kernel!(Multiply),
        Operation::Divide => kernel!(Divide),
        Operation::Remainder => kernel!(Remainder),
        Operation::IntegralDivide => kernel!(IntegralDivide),
    }
}

/// An operation on decimals.
pub(super) fn decimal_arithmetic(call: &Call<'_>, operation: Operation, tries: bool, result: SparkType) -> Scalar {
    macro_rules! kernel {
        ($operation:ident) => {
            if tries {
                Scalar::kernel(call, result, DecimalArithmetic::<{ Operation::$operation as u8 }, true>)
            } else {
                Scalar::kernel(call, result, DecimalArithmetic::<{ Operation::$operation as u8 }, false>)
            }
        };
    }
    match operation {
        Operation::Add => kernel!(Add),
        Operation::Subtract => kernel!(Subtract),
        Operation::Multiply => kernel!(Multiply),
        Operation::Divide => kernel!(Divide),
        Operation::Remainder => kernel!(Remainder),
        Operation::IntegralDivide => kernel!(IntegralDivide),
    }
}

/// The types that both operands are cast to: alike, or two decimals.
fn operand_types(call: &Call<'_>, operation: Operation) -> SparkResult<(SparkType, SparkType)> {
    let (left, right) = (call.argument(0)?, call.argument(1)?);
    let (mut left_type, mut right_type) = promoted_strings(call)?;
    (left_type, right_type) = sides_of_decimal((left, left_type), (right, right_type));
    let are_decimals = matches!((&left_type, &right_type), (SparkType::Decimal { .. }, SparkType::Decimal { .. }));
    if operation == Operation::Divide && !are_decimals {
        let divides = |data_type: &SparkType| data_type.is_numeric() || *data_type == SparkType::Null;
        let is_decimal = matches!(left_type, SparkType::Decimal { .. });
        if divides(&left_type) && divides(&right_type) && !(is_decimal && right_type == SparkType::Null) {
            return Ok((SparkType::Double, SparkType::Double));
        }
    }
    if operation == Operation::IntegralDivide {
        for side in [&mut left_type, &mut right_type] {
            if matches!(side, SparkType::Byte | SparkType::Short | SparkType::Integer) {
                *side = SparkType::Long;
            }
        }
    }
    let expected = operation.operand();
    alike(call, left_type, right_type, &expected)
}

/// A number beside a decimal becomes a decimal, unless it is a floating-point number: that makes a double of the decimal.
pub(super) fn sides_of_decimal(
    (left, mut left_type): (&Argument<'_>, SparkType),
    (right, mut right_type): (&Argument<'_>, SparkType),
) -> (SparkType, SparkType) {
    match (&left_type, &right_type) {
        (SparkType::Decimal { .. }, other) => right_type = beside_decimal(right, other),
        (other, SparkType::Decimal { .. }) => left_type = beside_decimal(left, other),
        _ => {}
    }
    match (&left_type, &right_type) {
        (SparkType::Float | SparkType::Double, SparkType::Decimal { .. }) => right_type = SparkType::Double,
        (SparkType::Decimal { .. }, SparkType::Float | SparkType::Double) => left_type = SparkType::Double,
        _ => {}
    }
    (left_type, right_type)
}

/// Strings beside other operands become numbers.
pub(super) fn promoted_strings(call: &Call<'_>) -> SparkResult<(SparkType, SparkType)> {
    let (left, right) = (call.data_type(0)?, call.data_type(1)?);
    if call.ansi() {
        return Ok(match ansi_string_promotion(left, right) {
            Some(common) => (common.clone(), common),
            None => (left.clone(), right.clone()),
        });
    }
    let promoted = |operand: &SparkType, other: &SparkType| {
        if operand.is_string() && !other.is_interval() { SparkType::Double } else { operand.clone() }
    };
    Ok((promoted(left, right), promoted(right, left)))
}

/// The type of an operand whose neighbour is a decimal. A literal takes only the digits it has, so that the result
/// loses none that matter.
pub(super) fn beside_decimal(operand: &Argument<'_>, data_type: &SparkType) -> SparkType {
    match data_type {
        SparkType::Decimal { .. } => data_type.clone(),
        integral if integral.is_integral() => {
            let literal = operand.constant.as_ref().filter(|value| operand.is_literal && !value.is_null());
            let digits = literal.and_then(|value| {
                let text = value.to_string();
                u8::try_from(text.trim_start_matches('-').len()).ok()
            });
            match (digits, decimal_for(integral)) {
                (Some(digits), _) => SparkType::decimal(digits.max(1), 0),
                (None, Some((precision, scale))) => SparkType::decimal(precision, scale),
                (None, None) => data_type.clone(),
            }
        }
        other => other.clone(),
    }
}

/// Brings two operands to one type that is expected, or says what is wrong with them.
pub(super) fn alike(
    call: &Call<'_>,
    mut left: SparkType,
    mut right: SparkType,
    expected: &Expected,
) -> SparkResult<(SparkType, SparkType)> {
    let are_decimals = |left: &SparkType, right: &SparkType| {
        matches!((left, right), (SparkType::Decimal { .. }, SparkType::Decimal { .. }))
    };
    if left != right
        && !are_decimals(&left, &right)
        && let Some(common) = tightest_common_type(&left, &right, call.ansi())
        && expected.accepts(&common)
    {
        left = common.clone();
        right = common;
    }
    if let (SparkType::Null, SparkType::Null, Some(default)) = (&left, &right, expected.default_type()) {
        left = default.clone();
        right = default;
    }
    let fitting_decimals = are_decimals(&left, &right) && expected.accepts(&left);
    if !same_type(&left, &right) && !fitting_decimals {
        return Err(call
            .mismatch("BINARY_OP_DIFF_TYPES")
            .param("left", quoted_type(&left))
            .param("right", quoted_type(&right)));
    }
    if !expected.accepts(&left) {
        return Err(call
            .mismatch("BINARY_OP_WRONG_TYPE")
            .param("inputType", expected.sql())
            .param("actualDataType", quoted_type(&left)));
    }
    Ok((left, right))
}
