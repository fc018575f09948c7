//! `if`, `coalesce` and what Spark makes of them.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Case, Expr, Operator};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::{Argument, Call};
use crate::cast::{CastMode, cast_expr};
use crate::coercion::{Expected, common_type, listed_types, merge_all, quoted_type};
use crate::function::{Function, Scalar};
use crate::guard;
use crate::operator::comparison::{self, compare};

pub(super) const IF: Function =
    Function::scalar("if", bind_if).arity(3..=3).prints(|arguments| format!("(IF({}))", arguments.join(", ")));
pub(super) const COALESCE: Function = Function::scalar("coalesce", bind_coalesce).at_least(1);
pub(super) const NVL: Function = Function::scalar("nvl", bind_coalesce).since("2.0.0").arity(2..=2);
pub(super) const IFNULL: Function = Function::scalar("ifnull", bind_coalesce).since("2.0.0").arity(2..=2);
pub(super) const NVL2: Function = Function::scalar("nvl2", bind_nvl2).since("2.0.0").arity(3..=3);
pub(super) const NULLIF: Function = Function::scalar("nullif", bind_nullif).since("2.0.0").arity(2..=2);
pub(super) const NULLIFZERO: Function = Function::scalar("nullifzero", bind_nullifzero).since("4.0.0").arity(1..=1);
pub(super) const ZEROIFNULL: Function = Function::scalar("zeroifnull", bind_zeroifnull).since("4.0.0").arity(1..=1);
pub(super) const NANVL: Function = Function::scalar("nanvl", bind_nanvl).since("1.5.0").arity(2..=2);

/// The one type of some values, as `CASE` and `if` bring their branches to it: none if they do not go together.
pub fn branch_type(types: &[SparkType], ansi: bool) -> Option<SparkType> {
    merge_all(types).or_else(|| common_type(types, ansi))
}

fn case(condition: Expr, value: Expr, otherwise: Expr) -> Expr {
    Expr::Case(Case::new(None, vec![(Box::new(condition), Box::new(value))], Some(Box::new(otherwise))))
}

fn three(arguments: Vec<Expr>) -> SparkResult<[Expr; 3]> {
    <[Expr; 3]>::try_from(arguments).map_err(|_| SparkError::internal("a choice without its branches"))
}

fn two(arguments: Vec<Expr>) -> SparkResult<[Expr; 2]> {
    <[Expr; 2]>::try_from(arguments).map_err(|_| SparkError::internal("a choice without its branches"))
}

fn bind_if(call: &Call<'_>) -> SparkResult<Scalar> {
    let condition = call.expect(&[Expected::BOOLEAN])?.into_iter().next().unwrap_or(SparkType::Boolean);
    let branches = [call.data_type(1)?.clone(), call.data_type(2)?.clone()];
    let Some(data_type) = branch_type(&branches, call.ansi()) else {
        return Err(call.data_diff_types("if", listed_types(&branches)));
    };
    let types = vec![condition, data_type.clone(), data_type.clone()];
    let nullable = any_branch_nullable(call, &types, 1);
    let choice = Scalar::expr(call, data_type.clone(), move |arguments| {
        let [condition, value, otherwise] = three(arguments)?;
        Ok(guard::case(&data_type, vec![(condition, value)], Some(otherwise)))
    });
    Ok(choice.casting(types).nullable(nullable))
}

/// Whether a value from the argument at `first` on may be NULL, cast as it is.
fn any_branch_nullable(call: &Call<'_>, types: &[SparkType], first: usize) -> bool {
    call.arguments.iter().zip(types).skip(first).any(|(argument, data_type)| is_nullable_as(argument, data_type))
}

fn is_nullable_as(argument: &Argument<'_>, data_type: &SparkType) -> bool {
    argument.nullable || crate::cast::cast_may_add_null(&argument.data_type, data_type)
}

fn bind_coalesce(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.data_types();
    let Some(data_type) = branch_type(&types, call.ansi()) else {
        let listed: Vec<_> = types.iter().map(quoted_type).collect();
        return Err(call.data_diff_types("coalesce", format!("({})", listed.join(" or "))));
    };
    let types = vec![data_type.clone(); call.len()];
    let nullable = call.arguments.iter().zip(&types).all(|(argument, data_type)| is_nullable_as(argument, data_type));
    let first = Scalar::expr(call, data_type, |mut arguments| {
        if arguments.len() == 1 {
            return arguments.pop().ok_or_else(|| SparkError::internal("coalesce of nothing"));
        }
        Ok(datafusion::functions::core::coalesce().call(arguments))
    });
    Ok(first.casting(types).nullable(nullable))
}

fn bind_nvl2(call: &Call<'_>) -> SparkResult<Scalar> {
    let branches = [call.data_type(1)?.clone(), call.data_type(2)?.clone()];
    let Some(data_type) = branch_type(&branches, call.ansi()) else {
        return Err(call.data_diff_types("if", listed_types(&branches)));
    };
    let types = vec![call.data_type(0)?.clone(), data_type.clone(), data_type.clone()];
    let nullable = any_branch_nullable(call, &types, 1);
    let choice = Scalar::expr(call, data_type.clone(), move |arguments| {
        let [tested, value, otherwise] = three(arguments)?;
        Ok(guard::case(&data_type, vec![(tested.is_not_null(), value)], Some(otherwise)))
    });
    Ok(choice.casting(types).nullable(nullable))
}

/// The first value where it differs from the second; both are compared as `=` would.
fn bind_nullif(call: &Call<'_>) -> SparkResult<Scalar> {
    let (left, right) = (call.argument(0)?, call.argument(1)?);
    // Says what is wrong with operands that cannot be compared.
    comparison::bind(call, "=", Operator::Eq)?;
    let compared = comparison::common_type(left, right, call.ansi(), true).unwrap_or_else(|| left.data_type.clone());
    null_if(call, left.data_type.clone(), right.data_type.clone(), compared)
}

fn null_if(call: &Call<'_>, own: SparkType, other: SparkType, compared: SparkType) -> SparkResult<Scalar> {
    let mode = CastMode::of(call.ansi());
    let choice = Scalar::expr(call, own.clone(), move |arguments| {
        let [value, unwanted] = two(arguments)?;
        let left = cast_expr(value.clone(), &own, &compared, mode, -1)?;
        let right = cast_expr(unwanted, &other, &compared, mode, -1)?;
        let equal = compare(vec![left, right], Operator::Eq, &compared)?;
        let null = ScalarValue::try_from(&own.to_arrow()).map_err(crate::kernel::from_engine)?;
        Ok(case(equal, Expr::Literal(null, None), value))
    });
    Ok(choice.nullable(true))
}

/// An argument list with a constant zero behind it.
fn with_zero<'a>(call: &'a Call<'a>) -> (Argument<'a>, Argument<'a>) {
    let first = call.arguments.first();
    let printer: &dyn Fn() -> String = first.map_or(&zero_text, |first| first.printer);
    let value = Argument {
        data_type: first.map_or(SparkType::Null, |first| first.data_type.clone()),
        nullable: first.is_some_and(|first| first.nullable),
        constant: first.and_then(|first| first.constant.clone()),
        is_literal: first.is_some_and(|first| first.is_literal),
        is_foldable: first.is_some_and(|first| first.is_foldable),
        printer,
    };
    let zero = Argument {
        data_type: SparkType::Integer,
        nullable: false,
        constant: Some(ScalarValue::Int32(Some(0))),
        is_literal: true,
        is_foldable: true,
        printer: &zero_text,
    };
    (value, zero)
}

fn zero_text() -> String {
    "0".to_owned()
}

fn bind_nullifzero(call: &Call<'_>) -> SparkResult<Scalar> {
    let (value, zero) = with_zero(call);
    let own = value.data_type.clone();
    let Some(compared) = comparison::common_type(&value, &zero, call.ansi(), true) else {
        return Err(call
            .mismatch_of("BINARY_OP_DIFF_TYPES", &format!("({} = 0)", value.sql()))
            .param("left", quoted_type(&own))
            .param("right", quoted_type(&SparkType::Integer)));
    };
    let mode = CastMode::of(call.ansi());
    let choice = Scalar::expr(call, own.clone(), move |arguments| {
        let value = arguments.into_iter().next().ok_or_else(|| SparkError::internal("a choice without a value"))?;
        let left = cast_expr(value.clone(), &own, &compared, mode, -1)?;
        let zero = Expr::Literal(ScalarValue::Int32(Some(0)), None);
        let right = cast_expr(zero, &SparkType::Integer, &compared, mode, -1)?;
        let equal = compare(vec![left, right], Operator::Eq, &compared)?;
        let null = ScalarValue::try_from(&own.to_arrow()).map_err(crate::kernel::from_engine)?;
        Ok(case(equal, Expr::Literal(null, None), value))
    });
    Ok(choice.nullable(true))
}

fn bind_zeroifnull(call: &Call<'_>) -> SparkResult<Scalar> {
    let own = call.data_type(0)?.clone();
    let types = [own.clone(), SparkType::Integer];
    let Some(data_type) = branch_type(&types, call.ansi()) else {
        let sql = format!("coalesce({}, 0)", call.argument(0)?.sql());
        return Err(call
            .mismatch_of("DATA_DIFF_TYPES", &sql)
            .param("functionName", "`coalesce`")
            .param("dataType", format!("({} or {})", quoted_type(&own), quoted_type(&SparkType::Integer))));
    };
    let mode = CastMode::of(call.ansi());
    let target = data_type.clone();
    let choice = Scalar::expr(call, data_type.clone(), move |mut arguments| {
        let zero = Expr::Literal(ScalarValue::Int32(Some(0)), None);
        arguments.push(cast_expr(zero, &SparkType::Integer, &target, mode, -1)?);
        Ok(datafusion::functions::core::coalesce().call(arguments))
    });
    Ok(choice.casting(vec![data_type]).nullable(false))
}

/// The second value where the first is NaN.
fn bind_nanvl(call: &Call<'_>) -> SparkResult<Scalar> {
    use SparkType::{Double, Float, Null};
    let floating = Expected::one_of([Expected::DOUBLE, Expected::Exactly(Float)]);
    let types = call.implicit_cast(&[floating.clone(), floating])?;
    let data_type = match (types.first(), types.get(1), call.data_type(1)?) {
        (Some(own), _, Null) => own.clone(),
        (Some(Float), Some(Float), _) => Float,
        _ => Double,
    };
    let result = data_type.clone();
    let nanvl = Scalar::expr(call, data_type.clone(), move |arguments| {
        let [value, otherwise] = two(arguments)?;
        let isnan = datafusion::functions::math::isnan().call(vec![value.clone()]);
        Ok(guard::case(&result, vec![(isnan, otherwise)], Some(value)))
    });
    Ok(nanvl.casting(vec![data_type.clone(), data_type]))
}
