//! `transform_keys` and `transform_values`: maps with what a lambda makes of each entry as keys or values.

use arrow::array::{Array, ArrayRef};
use datafusion::common::Result;
use firesteel_base::{SparkResult, SparkType};

use super::flat::{Flat, lifted, result};
use super::kernel::{LambdaCall, higher_order_kernels, higher_order_udf};
use super::{Parameters, entry};
use crate::call::Call;
use crate::coercion::{has_map, quoted_type};
use crate::collection::MapBuilder;
use crate::function::{Function, HigherOrder, HigherOrderCall};
use crate::kernel::nested::{RowBuilder, entry_fields, maps};

pub(super) const TRANSFORM_KEYS: Function =
    Function::higher_order("transform_keys", HigherOrder { parameters, bind: bind_keys }).arity(2..=2).since("3.0.0");
pub(super) const TRANSFORM_VALUES: Function =
    Function::higher_order("transform_values", HigherOrder { parameters, bind: bind_values })
        .arity(2..=2)
        .since("3.0.0");

higher_order_kernels! {
    TransformKeys = "spark_transform_keys" => keys;
    TransformValues = "spark_transform_values" => values;
}

fn parameters(call: &Call<'_>) -> SparkResult<Vec<Option<Parameters>>> {
    let (key, value, nullable) = entry(call, 0)?;
    Ok(vec![None, Some(vec![(key, false), (value, nullable)])])
}

fn bind_keys(call: &Call<'_>) -> SparkResult<HigherOrderCall> {
    let key = call.data_type(1)?;
    if has_map(key) {
        return Err(call.mismatch("INVALID_MAP_KEY_TYPE").param("keyType", quoted_type(key)));
    }
    let (_, value, nullable) = entry(call, 0)?;
    Ok(HigherOrderCall {
        arguments: call.data_types(),
        data_type: SparkType::map(call.data_type(1)?.clone(), value, nullable),
        nullable: call.argument(0)?.nullable,
        udf: higher_order_udf(TransformKeys),
        parameters: parameters(call)?.into_iter().flatten().collect(),
    })
}

fn bind_values(call: &Call<'_>) -> SparkResult<HigherOrderCall> {
    let (key, ..) = entry(call, 0)?;
    let body = call.argument(1)?;
    Ok(HigherOrderCall {
        arguments: call.data_types(),
        data_type: SparkType::map(key, body.data_type.clone(), body.nullable),
        nullable: call.argument(0)?.nullable,
        udf: higher_order_udf(TransformValues),
        parameters: parameters(call)?.into_iter().flatten().collect(),
    })
}

fn keys(call: &LambdaCall<'_>) -> Result<ArrayRef> {
    let map = lifted(maps(&call.values, 0))?;
    let flat = Flat::new(map.offsets(), &map);
    let values = flat.elements(map.values())?;
    let parameters = [call.parameter(0, 0, &flat.elements(map.keys())?)?, call.parameter(0, 1, &values)?];
    let lambda = call.lambda(0)?;
    let (_, key, _) = lifted(entry_fields(call.return_type()))?;
    let keys = result(|| flat.evaluate(lambda, &parameters), flat.len(), key.data_type())?;
    let mut maps = lifted(MapBuilder::new(&call.plain, map.len(), &[&keys], &[&values]))?;
    let mut next = 0;
    for length in &flat.lengths {
        let Some(length) = length else {
            lifted(maps.end_null())?;
            continue;
        };
        for index in next..next + length {
            lifted(maps.add((0, index), Some((0, index))))?;
        }
        next += length;
        lifted(maps.end())?;
    }
    lifted(maps.finish())
}

fn values(call: &LambdaCall<'_>) -> Result<ArrayRef> {
    let map = lifted(maps(&call.values, 0))?;
    let flat = Flat::new(map.offsets(), &map);
    let keys = flat.elements(map.keys())?;
    let parameters = [call.parameter(0, 0, &keys)?, call.parameter(0, 1, &flat.elements(map.values())?)?];
    let lambda = call.lambda(0)?;
    let (_, _, value) = lifted(entry_fields(call.return_type()))?;
    let values = result(|| flat.evaluate(lambda, &parameters), flat.len(), value.data_type())?;
    let mut rows = RowBuilder::new(map.len());
    let mut end = 0;
    for length in &flat.lengths {
        end += length.unwrap_or(0);
        lifted(if length.is_some() { rows.end(end) } else { rows.end_null(end) })?;
    }
    lifted(rows.into_maps(&keys, &values, call.return_type()))
}
