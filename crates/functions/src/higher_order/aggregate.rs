//! `aggregate` and `reduce`: an array's elements merged one by one into a value.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{interleave, take};
use datafusion::common::Result;
use firesteel_base::{SparkResult, SparkType};

use super::flat::{evaluate as evaluate_lambda, lifted, result};
use super::kernel::{LambdaCall, higher_order_kernels, higher_order_udf, raise};
use super::{Parameters, element};
use crate::call::Call;
use crate::coercion::{Expected, same_type};
use crate::function::{Function, HigherOrder, HigherOrderCall};
use crate::kernel::from_arrow;
use crate::kernel::nested::{lists, range};
use crate::kernel::rows::at;

pub(super) const AGGREGATE: Function = Function::higher_order("aggregate", HigherOrder { parameters, bind })
    .arity(3..=4)
    .prints(|arguments| sql("aggregate", arguments))
    .since("2.4.0");
pub(super) const REDUCE: Function = Function::higher_order("reduce", HigherOrder { parameters, bind })
    .arity(3..=4)
    .prints(|arguments| sql("reduce", arguments))
    .since("3.4.0");

higher_order_kernels! {
    Aggregate = "spark_aggregate" => evaluate;
}

/// Without a lambda that finishes, the identity is printed.
fn sql(name: &str, arguments: &[String]) -> String {
    let identity =
        if arguments.len() == 3 { ", lambdafunction(namedlambdavariable(), namedlambdavariable())" } else { "" };
    format!("{name}({}{identity})", arguments.join(", "))
}

fn parameters(call: &Call<'_>) -> SparkResult<Vec<Option<Parameters>>> {
    let merged = (call.data_type(1)?.clone(), true);
    let mut parameters = vec![None, None, Some(vec![merged.clone(), element(call, 0)?])];
    if call.len() == 4 {
        parameters.push(Some(vec![merged]));
    }
    Ok(parameters)
}

fn bind(call: &Call<'_>) -> SparkResult<HigherOrderCall> {
    let zero = call.data_type(1)?;
    let merged = call.data_type(2)?;
    if !same_type(zero, merged) && *merged != SparkType::Null {
        return Err(call.unexpected_input_type(2, &Expected::Exactly(zero.clone())));
    }
    let mut arguments = call.data_types();
    if let Some(merged) = arguments.get_mut(2) {
        *merged = zero.clone();
    }
    let data_type = call.arguments.get(3).map_or(zero, |finish| &finish.data_type).clone();
    Ok(HigherOrderCall {
        arguments,
        data_type,
        nullable: true,
        udf: higher_order_udf(Aggregate),
        parameters: parameters(call)?.into_iter().flatten().collect(),
    })
}

fn evaluate(call: &LambdaCall<'_>) -> Result<ArrayRef> {
    let array = lifted(lists(&call.values, 0))?;
    let mut merged = call.parameter(0, 0, lifted(at(&call.values, 1))?)?;
    let elements = call.parameter(0, 1, array.values())?;
    let lengths: Vec<usize> =
        (0..array.len()).map(|row| if array.is_null(row) { 0 } else { range(array.offsets(), row).len() }).collect();
    for place in 0..lengths.iter().copied().max().unwrap_or(0) {
        // All rows that have an element at this place take a step together.
        let mut rows = Vec::new();
        let mut indices = Vec::new();
        for (row, _) in lengths.iter().enumerate().filter(|(_, length)| **length > place) {
            rows.push(row as u32);
            indices.push((range(array.offsets(), row).start + place) as u32);
        }
        let rows = UInt32Array::from(rows);
        let before = take(&merged, &rows, None)?;
        let added = take(&elements, &UInt32Array::from(indices), None)?;
        let lambda = call.lambda(0)?;
        let after = result(|| evaluate_lambda(lambda, &[before, added], &rows), rows.len(), merged.data_type())?;
        merged = scattered(&merged, &after, &rows)?;
    }
    let finished = if call.lambdas.len() > 1 {
        let all: UInt32Array = (0..array.len() as u32).collect();
        let lambda = call.lambda(1)?;
        let parameter = call.parameter(1, 0, &merged)?;
        result(|| evaluate_lambda(lambda, &[parameter], &all), array.len(), call.return_type())?
    } else {
        merged
    };
    without_null_rows(&finished, &array)
}

/// The old values with the new ones put at `rows`.
fn scattered(old: &ArrayRef, new: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef> {
    if rows.len() == old.len() {
        return Ok(Arc::clone(new));
    }
    let mut picks: Vec<(usize, usize)> = (0..old.len()).map(|row| (0, row)).collect();
    for (index, row) in rows.values().iter().enumerate() {
        if let Some(pick) = picks.get_mut(*row as usize) {
            *pick = (1, index);
        }
    }
    Ok(interleave(&[old.as_ref(), new.as_ref()], &picks)?)
}

/// NULL where the array is.
fn without_null_rows(values: &ArrayRef, array: &dyn Array) -> Result<ArrayRef> {
    match array.nulls() {
        Some(nulls) if nulls.null_count() > 0 => {
            let is_null = arrow::array::BooleanArray::new(!nulls.inner(), None);
            arrow::compute::nullif(values, &is_null).map_err(|error| raise(from_arrow(error)))
        }
        Some(_) | None => Ok(Arc::clone(values)),
    }
}
