//! `map_zip_with`: a map of what a lambda makes of the values that two maps have for a key.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, UInt32Array};
use datafusion::common::Result;
use firesteel_base::{SparkResult, SparkType};

use super::flat::{evaluate as evaluate_lambda, lifted, result};
use super::kernel::{LambdaCall, higher_order_kernels, higher_order_udf};
use super::{Parameters, entry};
use crate::call::Call;
use crate::coercion::{quoted_type, wider_type_without_string_promotion};
use crate::function::{Function, HigherOrder, HigherOrderCall};
use crate::kernel::nested::{Picker, RowBuilder, comparable, entry_fields, maps, range};

pub(super) const FUNCTION: Function =
    Function::higher_order("map_zip_with", HigherOrder { parameters, bind }).arity(3..=3).since("3.0.0");

higher_order_kernels! {
    MapZipWith = "spark_map_zip_with" => evaluate;
}

fn key_type(call: &Call<'_>) -> SparkResult<SparkType> {
    let ((left, ..), (right, ..)) = (entry(call, 0)?, entry(call, 1)?);
    wider_type_without_string_promotion(&left, &right, call.ansi()).ok_or_else(|| {
        call.mismatch("MAP_ZIP_WITH_DIFF_TYPES")
            .param("functionName", "`map_zip_with`")
            .param("leftType", quoted_type(&left))
            .param("rightType", quoted_type(&right))
    })
}

fn parameters(call: &Call<'_>) -> SparkResult<Vec<Option<Parameters>>> {
    let key = key_type(call)?;
    let ((_, left, _), (_, right, _)) = (entry(call, 0)?, entry(call, 1)?);
    Ok(vec![None, None, Some(vec![(key, false), (left, true), (right, true)])])
}

fn bind(call: &Call<'_>) -> SparkResult<HigherOrderCall> {
    let key = key_type(call)?;
    let ((_, left, left_null), (_, right, right_null)) = (entry(call, 0)?, entry(call, 1)?);
    let body = call.argument(2)?;
    Ok(HigherOrderCall {
        arguments: vec![
            SparkType::map(key.clone(), left, left_null),
            SparkType::map(key.clone(), right, right_null),
            body.data_type.clone(),
        ],
        data_type: SparkType::map(key, body.data_type.clone(), body.nullable),
        nullable: call.argument(0)?.nullable || call.argument(1)?.nullable,
        udf: higher_order_udf(MapZipWith),
        parameters: parameters(call)?.into_iter().flatten().collect(),
    })
}

fn evaluate(call: &LambdaCall<'_>) -> Result<ArrayRef> {
    let (left, right) = (lifted(maps(&call.values, 0))?, lifted(maps(&call.values, 1))?);
    let (_, key_field, value_field) = lifted(entry_fields(call.return_type()))?;
    let rows_of_keys = lifted(comparable(&[left.keys(), right.keys()]))?;
    let left_values = call.parameter(0, 1, left.values())?;
    let right_values = call.parameter(0, 2, right.values())?;
    let mut keys = lifted(Picker::new(&[left.keys(), right.keys()], key_field.data_type()))?;
    let mut lefts = lifted(Picker::new(&[&left_values], left_values.data_type()))?;
    let mut rights = lifted(Picker::new(&[&right_values], right_values.data_type()))?;
    let mut result_rows = RowBuilder::new(left.len());
    let mut rows = Vec::new();
    for row in 0..left.len() {
        let [left_keys, right_keys] = rows_of_keys.as_slice() else { break };
        if left.is_null(row) || right.is_null(row) {
            lifted(result_rows.end_null(rows.len()))?;
            continue;
        }
        let mut in_right: HashMap<_, _> =
            range(right.offsets(), row).map(|index| (right_keys.row(index), index)).collect();
        for index in range(left.offsets(), row) {
            keys.pick(0, index);
            lefts.pick(0, index);
            match in_right.remove(&left_keys.row(index)) {
                Some(index) => rights.pick(0, index),
                None => rights.pick_null(),
            }
            rows.push(row as u32);
        }
        for index in range(right.offsets(), row).filter(|index| in_right.contains_key(&right_keys.row(*index))) {
            keys.pick(1, index);
            lefts.pick_null();
            rights.pick(0, index);
            rows.push(row as u32);
        }
        lifted(result_rows.end(rows.len()))?;
    }
    let keys = lifted(keys.finish())?;
    let rows = UInt32Array::from(rows);
    let parameters = [call.parameter(0, 0, &keys)?, lifted(lefts.finish())?, lifted(rights.finish())?];
    let lambda = call.lambda(0)?;
    let values = result(|| evaluate_lambda(lambda, &parameters, &rows), rows.len(), value_field.data_type())?;
    lifted(result_rows.into_maps(&keys, &values, call.return_type()))
}
