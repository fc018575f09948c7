//! `lag`, `lead`, `nth_value`: the value of another row.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::functions_window::lead_lag::{lag_udwf, lead_udwf};
use datafusion::functions_window::nth_value::nth_value_udwf;
use datafusion::logical_expr::WindowUDF;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::{Expected, quoted};
use crate::function::{Function, WindowFunction};

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
    if let Some(default) = call.arguments.get(2) {
        if !default.is_foldable {
            return Err(SparkError::unsupported(format!("a default of {} that is not a constant", call.function.name)));
        }
        let expected =
            Expected::one_of([Expected::Exactly(value.data_type.clone()), Expected::Exactly(SparkType::Null)]);
        let coerced = call.implicit_cast(&[Expected::AnyType, Expected::INT, expected])?;
        types.extend(coerced.into_iter().nth(2));
        nullable = value.nullable || default.nullable || call.ignore_nulls == Some(true);
    }
    Ok(WindowFunction {
        arguments: types,
        data_type: value.data_type.clone(),
        nullable,
        udwf,
        before: None,
        after: None,
        needs_order: true,
    })
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
