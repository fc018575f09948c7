//! `map_filter`: the entries for which a predicate holds.

use arrow::array::{Array, ArrayRef};
use datafusion::common::Result;
use firesteel_base::{SparkResult, SparkType};

use super::flat::{Flat, lifted, truths};
use super::kernel::{LambdaCall, higher_order_kernels, higher_order_udf};
use super::{Parameters, check_predicate, entry};
use crate::call::Call;
use crate::function::{Function, HigherOrder, HigherOrderCall};
use crate::kernel::nested::{Picker, RowBuilder, entry_fields, maps};

pub(super) const FUNCTION: Function =
    Function::higher_order("map_filter", HigherOrder { parameters, bind }).arity(2..=2).since("3.0.0");

higher_order_kernels! {
    MapFilter = "spark_map_filter" => evaluate;
}

fn parameters(call: &Call<'_>) -> SparkResult<Vec<Option<Parameters>>> {
    let (key, value, nullable) = entry(call, 0)?;
    Ok(vec![None, Some(vec![(key, false), (value, nullable)])])
}

fn bind(call: &Call<'_>) -> SparkResult<HigherOrderCall> {
    check_predicate(call, 1)?;
    let map = call.argument(0)?;
    Ok(HigherOrderCall {
        arguments: vec![map.data_type.clone(), SparkType::Boolean],
        data_type: map.data_type.clone(),
        nullable: map.nullable,
        udf: higher_order_udf(MapFilter),
        parameters: parameters(call)?.into_iter().flatten().collect(),
    })
}

fn evaluate(call: &LambdaCall<'_>) -> Result<ArrayRef> {
    let map = lifted(maps(&call.values, 0))?;
    let flat = Flat::new(map.offsets(), &map);
    let keys = call.parameter(0, 0, &flat.elements(map.keys())?)?;
    let values = call.parameter(0, 1, &flat.elements(map.values())?)?;
    let kept = truths(|| flat.evaluate(call.lambda(0)?, &[keys.clone(), values.clone()]), flat.len())?;
    let (_, key, value) = lifted(entry_fields(call.return_type()))?;
    let mut kept_keys = lifted(Picker::new(&[&keys], key.data_type()))?;
    let mut kept_values = lifted(Picker::new(&[&values], value.data_type()))?;
    let mut rows = RowBuilder::new(map.len());
    let mut next = 0;
    for length in &flat.lengths {
        for index in next..next + length.unwrap_or(0) {
            if kept.is_valid(index) && kept.value(index) {
                kept_keys.pick(0, index);
                kept_values.pick(0, index);
            }
        }
        next += length.unwrap_or(0);
        lifted(if length.is_some() { rows.end(kept_keys.len()) } else { rows.end_null(kept_keys.len()) })?;
    }
    lifted(rows.into_maps(&lifted(kept_keys.finish())?, &lifted(kept_values.finish())?, call.return_type()))
}
