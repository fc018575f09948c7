//! `inline`: a row for each struct of an array.

use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Generator, Parameter};

pub(super) const INLINE: Function = Function::generator("inline", |call| bind(call, false))
    .named(&[Parameter::required("input")])
    .arity(1..=1)
    .since("2.0.0");
pub(super) const INLINE_OUTER: Function = Function::generator("inline_outer", |call| bind(call, true))
    .named(&[Parameter::required("input")])
    .arity(1..=1)
    .since("2.0.0");

fn bind(call: &Call<'_>, is_outer: bool) -> SparkResult<Generator> {
    let SparkType::Array { element, contains_null } = call.data_type(0)? else {
        return Err(call.unexpected_input_type(0, &Expected::array_of(Expected::AnyStruct)));
    };
    let SparkType::Struct(fields) = element.as_ref() else {
        return Err(call.unexpected_input_type(0, &Expected::array_of(Expected::AnyStruct)));
    };
    let output = fields
        .iter()
        .map(|field| (field.name.clone(), field.data_type.clone(), field.nullable || *contains_null || is_outer))
        .collect();
    let is_single = fields.len() == 1;
    let data_type = call.data_type(0)?.clone();
    let rows = move |mut arguments: Vec<datafusion::logical_expr::Expr>| {
        let array = arguments.pop().ok_or_else(|| SparkError::internal("inline without an argument"))?;
        match (&data_type, is_single) {
            (SparkType::Array { element, contains_null }, true) => match element.as_ref() {
                SparkType::Struct(fields) => crate::collection::array_field_expr(array, fields, *contains_null),
                _ => Ok(array),
            },
            _ => Ok(array),
        }
    };
    Ok(Generator { arguments: call.data_types(), output, rows: Arc::new(rows), is_outer })
}
