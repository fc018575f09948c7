//! `map_from_arrays` and `map_from_entries`: maps from arrays of keys and values, or of pairs.

use arrow::array::{Array, AsArray};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::map::{MapBuilder, check_key};
use super::typing::element_type_or_null;
use crate::call::Call;
use crate::coercion::{quoted, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::nested::{lists, range};
use crate::kernel::{KernelCall, kernels};

pub(super) const MAP_FROM_ARRAYS: Function =
    Function::scalar("map_from_arrays", bind_arrays).arity(2..=2).since("2.4.0");
pub(super) const MAP_FROM_ENTRIES: Function =
    Function::scalar("map_from_entries", bind_entries).arity(1..=1).since("2.4.0");

kernels! {
    MapFromArrays = "spark_map_from_arrays" => from_arrays;
    MapFromEntries = "spark_map_from_entries" => from_entries;
}

fn bind_arrays(call: &Call<'_>) -> SparkResult<Scalar> {
    let (key, key_null) = element_type_or_null(call, 0)?;
    let (value, value_null) = element_type_or_null(call, 1)?;
    check_key(call, &key)?;
    let types = vec![SparkType::array(key.clone(), key_null), SparkType::array(value.clone(), value_null)];
    Ok(Scalar::kernel(call, SparkType::map(key, value, value_null), MapFromArrays).casting(types))
}

fn bind_entries(call: &Call<'_>) -> SparkResult<Scalar> {
    let argument = call.argument(0)?;
    if let SparkType::Array { element, contains_null } = &argument.data_type
        && let SparkType::Struct(fields) = element.as_ref()
        && let [key, value] = fields.fields.as_ref()
    {
        check_key(call, &key.data_type)?;
        let data_type = SparkType::map(key.data_type.clone(), value.data_type.clone(), value.nullable);
        let nullable = argument.nullable || *contains_null;
        return Ok(Scalar::kernel(call, data_type, MapFromEntries).nullable(nullable));
    }
    Err(call
        .mismatch("UNEXPECTED_INPUT_TYPE")
        .param("paramIndex", "first")
        .param("requiredType", "\"ARRAY\" of pair \"STRUCT\"")
        .param("inputSql", quoted(&argument.sql()))
        .param("inputType", quoted_type(&argument.data_type)))
}

fn from_arrays(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (keys, values) = (lists(arrays, 0)?, lists(arrays, 1)?);
        let mut maps = MapBuilder::new(call, keys.len(), &[keys.values()], &[values.values()])?;
        for row in 0..keys.len() {
            if keys.is_null(row) || values.is_null(row) {
                maps.end_null()?;
                continue;
            }
            let (key_range, value_range) = (range(keys.offsets(), row), range(values.offsets(), row));
            if key_range.len() != value_range.len() {
                return Err(SparkError::new("_LEGACY_ERROR_TEMP_2128"));
            }
            for (key, value) in key_range.zip(value_range) {
                maps.add((0, key), Some((0, value)))?;
            }
            maps.end()?;
        }
        maps.finish()
    })
}

fn from_entries(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let array = lists(arrays, 0)?;
        let entries = array.values().as_struct();
        let [keys, values] = entries.columns() else {
            return Err(SparkError::internal("map_from_entries met no pairs"));
        };
        let mut maps = MapBuilder::new(call, array.len(), &[keys], &[values])?;
        for row in 0..array.len() {
            let all = range(array.offsets(), row);
            if array.is_null(row) || all.clone().any(|index| entries.is_null(index)) {
                maps.end_null()?;
                continue;
            }
            for index in all {
                maps.add((0, index), Some((0, index)))?;
            }
            maps.end()?;
        }
        maps.finish()
    })
}
