//! `map_keys`, `map_values`, `map_entries` and `map_contains_key`: what is in a map.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanBuilder, ListArray, StructArray};
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use super::typing::{Meeting, map_types, wider};
use crate::call::Call;
use crate::coercion::quoted_type;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Nulls, comparable, conform, element_field, maps, range};
use crate::kernel::rows::at;
use crate::kernel::{Kernel, KernelCall, from_arrow, kernels};

pub(super) const MAP_KEYS: Function =
    Function::scalar("map_keys", |call| bind(call, MapKeys, |key, _, _| SparkType::array(key, true)))
        .arity(1..=1)
        .since("2.0.0");
pub(super) const MAP_VALUES: Function =
    Function::scalar("map_values", |call| bind(call, MapValues, |_, value, _| SparkType::array(value, true)))
        .arity(1..=1)
        .since("2.0.0");
pub(super) const MAP_ENTRIES: Function =
    Function::scalar("map_entries", |call| bind(call, MapEntries, entries_type)).arity(1..=1).since("3.0.0");
pub(super) const MAP_CONTAINS_KEY: Function =
    Function::scalar("map_contains_key", bind_contains).arity(2..=2).since("3.3.0");

kernels! {
    MapKeys = "spark_map_keys" => |call| parts(call, Part::Keys);
    MapValues = "spark_map_values" => |call| parts(call, Part::Values);
    MapEntries = "spark_map_entries" => |call| parts(call, Part::Entries);
    MapContainsKey = "spark_map_contains_key" => contains;
}

#[derive(Clone, Copy)]
enum Part {
    Keys,
    Values,
    Entries,
}

fn bind<K: Kernel>(
    call: &Call<'_>,
    kernel: K,
    result: fn(SparkType, SparkType, bool) -> SparkType,
) -> SparkResult<Scalar> {
    let (key, value, nullable) = map_types(call, 0)?;
    let types = vec![SparkType::map(key.clone(), value.clone(), nullable)];
    Ok(Scalar::kernel(call, result(key, value, nullable), kernel).casting(types))
}

fn entries_type(key: SparkType, value: SparkType, nullable: bool) -> SparkType {
    let fields = vec![SparkField::new("key", key, false), SparkField::new("value", value, nullable)];
    SparkType::array(SparkType::Struct(SparkSchema::new(fields)), false)
}

/// The common type of a map's keys and the second argument.
pub(super) fn key_type(call: &Call<'_>, meet: Meeting) -> SparkResult<SparkType> {
    let (key, ..) = map_types(call, 0)?;
    let wanted = call.data_type(1)?;
    meet(&key, wanted).ok_or_else(|| {
        call.mismatch("MAP_FUNCTION_DIFF_TYPES")
            .param("functionName", format!("`{}`", call.function.name))
            .param("dataType", "\"MAP\"")
            .param("leftType", call.data_type(0).map(quoted_type).unwrap_or_default())
            .param("rightType", quoted_type(wanted))
    })
}

fn bind_contains(call: &Call<'_>) -> SparkResult<Scalar> {
    if *call.data_type(0)? == SparkType::Null || *call.data_type(1)? == SparkType::Null {
        return Err(call.mismatch("NULL_TYPE").param("functionName", "`map_contains_key`"));
    }
    let (_, value, nullable) = map_types(call, 0)?;
    let key = key_type(call, wider)?;
    let types = vec![SparkType::map(key.clone(), value, nullable), key];
    Ok(Scalar::kernel(call, SparkType::Boolean, MapContainsKey).casting(types).nullable(true))
}

fn parts(call: &KernelCall<'_>, part: Part) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let map = maps(arrays, 0)?;
        let field = element_field(call.return_type)?;
        let values: ArrayRef = match (part, field.data_type()) {
            (Part::Keys, data_type) => conform(map.keys(), data_type)?,
            (Part::Values, data_type) => conform(map.values(), data_type)?,
            (Part::Entries, DataType::Struct(fields)) => {
                let mut columns = Vec::with_capacity(2);
                for (column, field) in [map.keys(), map.values()].into_iter().zip(fields) {
                    columns.push(conform(column, field.data_type())?);
                }
                Arc::new(StructArray::try_new(fields.clone(), columns, None).map_err(from_arrow)?)
            }
            (Part::Entries, other) => return Err(SparkError::internal(format!("map entries as {other}"))),
        };
        let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
        Ok(Arc::new(ListArray::try_new(Arc::clone(field), offsets, values, nulls).map_err(from_arrow)?))
    })
}

fn contains(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (map, wanted) = (maps(arrays, 0)?, at(arrays, 1)?);
        let keys = comparable(&[map.keys(), wanted])?;
        let nulls = Nulls::of(wanted);
        let mut result = BooleanBuilder::with_capacity(map.len());
        for row in 0..map.len() {
            let [keys, wanted] = keys.as_slice() else { continue };
            if map.is_null(row) || nulls.is_null(row) {
                result.append_null();
            } else {
                result.append_value(range(map.offsets(), row).any(|index| keys.row(index) == wanted.row(row)));
            }
        }
        Ok(Arc::new(result.finish()))
    })
}
