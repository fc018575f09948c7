//! `lag`, `lead`, `nth_value`: the value of another row.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::functions::core::expr_fn::{get_field, named_struct};
use datafusion::functions_window::lead_lag::{lag_udwf, lead_udwf};
use datafusion::functions_window::nth_value::nth_value_udwf;
use datafusion::logical_expr::{Expr, WindowUDF, lit, when};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::cast::cast_may_add_null;
use crate::coercion::{Expected, quoted};
use crate::function::{Function, WindowFinish, WindowFunction};
use crate::kernel::from_engine;

pub(super) const LAG: Function = Function::window("lag", |call| shifted(call, lag_udwf(), "(- "))
    .since("2.0.0")
    .arity(1..=3)
    .prints(|arguments| print("lag", arguments));
pub(super) const LEAD: Function = Function::window("lead", |call| shifted(call, lead_udwf(), ""))
    .since("2.0.0")
    .arity(1..=3)
    .prints(|arguments| print("lead", arguments));
pub(super) const NTH_VALUE: Function = Function::window("nth_value", nth_value)
    .since("3.1.0")
    // The third, whether NULLs are passed over, is taken off before.
    .arity(2..=3);

fn print(name: &str, arguments: &[String]) -> String {
    let value = arguments.first().map_or("", String::as_str);
    let offset = arguments.get(1).map_or("1", String::as_str);
    let default = arguments.get(2).map_or("NULL", String::as_str);
    format!("{name}({value}, {offset}, {default})")
}

/// A number of rows, or of buckets, must be known before there are rows.
pub(super) fn not_foldable(call: &Call<'_>, index: usize, name: &str, sql: &str) -> SparkError {
    debug_assert!(index < call.len(), "the argument exists");
    call.mismatch("NON_FOLDABLE_INPUT")
        .param("inputName", format!("`{name}`"))
        .param("inputType", "\"INT\"")
        .param("inputExpr", quoted(sql))
}

fn shifted(call: &Call<'_>, udwf: Arc<WindowUDF>, negation: &str) -> SparkResult<WindowFunction> {
    let value = call.argument(0)?;
    let mut types = vec![value.data_type.clone()];
    if let Some(offset) = call.arguments.get(1) {
        if !offset.is_foldable {
            let closing = if negation.is_empty() { "" } else { ")" };
            return Err(not_foldable(call, 1, "offset", &format!("{negation}{}{closing}", offset.sql())));
        }
        if offset.data_type != SparkType::Integer {
            return Err(SparkError::new("_LEGACY_ERROR_TEMP_1035").param("prettyName", call.function.name));
        }
        types.push(SparkType::Integer);
    }
    let mut nullable = true;
    let mut is_of_current_row = false;
    if let Some(default) = call.arguments.get(2) {
        let expected =
            Expected::one_of([Expected::Exactly(value.data_type.clone()), Expected::Exactly(SparkType::Null)]);
        let coerced = call.implicit_cast(&[Expected::AnyType, Expected::INT, expected])?;
        types.extend(coerced.into_iter().nth(2));
        nullable = value.nullable
            || default.nullable
            || cast_may_add_null(&default.data_type, &value.data_type)
            || call.ignore_nulls == Some(true);
        is_of_current_row = !default.is_foldable;
    }
    // The engine's default is one value for all rows.
    let before: fn(Vec<Expr>) -> SparkResult<Vec<Expr>> =
        if call.ignore_nulls == Some(true) { wrapped_unless_null } else { wrapped };
    Ok(WindowFunction {
        arguments: types,
        data_type: value.data_type.clone(),
        nullable,
        udwf,
        before: is_of_current_row.then_some(before),
        after: is_of_current_row.then(|| Arc::new(or_default) as WindowFinish),
        needs_order: true,
    })
}

const VALUE: &str = "value";

/// The value in a struct, which is NULL only where there is no such row; without the default.
fn wrapped(arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    let mut arguments = arguments.into_iter();
    let value = arguments.next().unwrap_or_default();
    Ok([named_struct(vec![lit(VALUE), value])].into_iter().chain(arguments.next()).collect())
}

/// The same for calls that pass over NULLs.
fn wrapped_unless_null(arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    let is_value = arguments.first().cloned().unwrap_or_default().is_not_null();
    let mut arguments = wrapped(arguments)?;
    if let Some(value) = arguments.first_mut() {
        *value = when(is_value, std::mem::take(value)).end().map_err(from_engine)?;
    }
    Ok(arguments)
}

fn or_default(found: Expr, arguments: Vec<Expr>) -> SparkResult<Expr> {
    let default = arguments.into_iter().nth(2).unwrap_or_default();
    when(found.clone().is_null(), default).otherwise(get_field(found, VALUE)).map_err(from_engine)
}

fn nth_value(call: &Call<'_>) -> SparkResult<WindowFunction> {
    let types = call.implicit_cast(&[Expected::AnyType, Expected::Integral])?;
    let offset = call.argument(1)?;
    if !offset.is_foldable {
        return Err(not_foldable(call, 1, "offset", &offset.sql()));
    }
    let constant = offset.constant.as_ref().and_then(|offset| offset.cast_to(&DataType::Int64).ok());
    let number = match constant {
        Some(ScalarValue::Int64(number)) => number.unwrap_or(0),
        _ => 0,
    };
    if number < 1 {
        return Err(call
            .mismatch("VALUE_OUT_OF_RANGE")
            .param("exprName", "offset")
            .param("valueRange", "(0, 9223372036854775807]")
            .param("currentValue", format!("{number}L")));
    }
    Ok(WindowFunction {
        data_type: call.data_type(0)?.clone(),
        arguments: vec![types.first().cloned().unwrap_or(SparkType::Null), SparkType::Long],
        nullable: true,
        udwf: nth_value_udwf(),
        before: None,
        after: None,
        needs_order: false,
    })
}
