//! `map_concat`: the union of maps, whose keys must differ.

use arrow::array::{Array, ArrayRef, MapArray};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::map::MapBuilder;
use crate::call::Call;
use crate::coercion::{common_type, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::nested::{maps, range};
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("map_concat", bind).since("2.4.0");

kernels! {
    MapConcat = "spark_map_concat" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    if call.is_empty() {
        let empty = SparkType::map(SparkType::STRING, SparkType::STRING, false);
        return Ok(Scalar::kernel(call, empty, MapConcat).nullable(false));
    }
    let types = call.data_types();
    let listed: Vec<_> = types.iter().map(quoted_type).collect();
    if types.iter().any(|data_type| !matches!(data_type, SparkType::Map { .. } | SparkType::Null)) {
        return Err(call
            .mismatch("MAP_CONCAT_DIFF_TYPES")
            .param("functionName", "`map_concat`")
            .param("dataType", format!("[{}]", listed.join(", "))));
    }
    let common = common_type(&types, call.ansi())
        .ok_or_else(|| call.data_diff_types("map_concat", format!("({})", listed.join(" or "))))?;
    Ok(Scalar::kernel(call, common.clone(), MapConcat).casting(vec![common; call.len()]))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let rows = if call.arguments.is_empty() { call.rows } else { 0 };
    call.with_arrays(|arrays| {
        let rows = arrays.first().map_or(rows, Array::len);
        let mut parts: Vec<MapArray> = Vec::with_capacity(arrays.len());
        for index in 0..arrays.len() {
            parts.push(maps(arrays, index)?);
        }
        let keys: Vec<&ArrayRef> = parts.iter().map(MapArray::keys).collect();
        let values: Vec<&ArrayRef> = parts.iter().map(MapArray::values).collect();
        let mut result = MapBuilder::new(call, rows, &keys, &values)?;
        for row in 0..rows {
            if parts.iter().any(|part| part.is_null(row)) {
                result.end_null()?;
                continue;
            }
            for (source, part) in parts.iter().enumerate() {
                for index in range(part.offsets(), row) {
                    result.add((source, index), Some((source, index)))?;
                }
            }
            result.end()?;
        }
        result.finish()
    })
}
