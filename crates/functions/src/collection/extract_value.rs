//! `array[index]`, `map[key]` and `array.field`: what brackets and points mean on anything but a struct.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::array::{Array, ArrayRef, AsArray, ListArray};
use arrow::compute::kernels::nullif::nullif;
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};

use crate::call::Call;
use crate::coercion::{Expected, quoted};
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Picker, comparable, conform, element_field, lists, maps, range};
use crate::kernel::rows::{at, primitive};
use crate::kernel::{KernelCall, from_arrow, kernel_call, kernel_udf, kernels};

/// The name that the function is bound by; no call in a query can spell it.
pub const EXTRACT_VALUE: &str = "[]";

pub(super) const FUNCTION: Function = Function::scalar(EXTRACT_VALUE, bind)
    .arity(2..=2)
    .prints(|arguments| match arguments {
        [child, key] => format!("{child}[{key}]"),
        arguments => arguments.join(", "),
    })
    .since("1.0.0");

kernels! {
    ArrayItem = "spark_array_item" => array_item;
    MapValue = "spark_map_value" => map_value;
    /// Of an array of structs and the place of a field.
    ArrayField = "spark_array_field" => array_field;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    match call.data_type(0)? {
        SparkType::Array { element, contains_null } => match (element.as_ref(), &call.argument(1)?.constant) {
            (
                SparkType::Struct(schema),
                Some(
                    ScalarValue::Utf8(Some(name))
                    | ScalarValue::Utf8View(Some(name))
                    | ScalarValue::LargeUtf8(Some(name)),
                ),
            ) => bind_field(call, schema, name, *contains_null),
            _ => bind_item(call, element, *contains_null),
        },
        SparkType::Map { key, value, .. } => {
            let types = call.implicit_cast(&[Expected::AnyType, Expected::Exactly(key.as_ref().clone())])?;
            Ok(Scalar::kernel(call, value.as_ref().clone(), MapValue).casting(types).nullable(true))
        }
        _ => Err(SparkError::new("INVALID_EXTRACT_BASE_FIELD_TYPE")
            .param("base", quoted(&call.argument(0)?.sql()))
            .param("other", crate::coercion::quoted_type(call.data_type(0)?))),
    }
}

fn bind_item(call: &Call<'_>, element: &SparkType, contains_null: bool) -> SparkResult<Scalar> {
    let mut types = call.implicit_cast(&[Expected::AnyType, Expected::Integral])?;
    if let Some(index) = types.get_mut(1) {
        *index = SparkType::Long;
    }
    // The length of a written array is known; a constant index may lie outside any other one.
    let (array, index) = (call.argument(0)?, call.argument(1)?);
    let is_outside = index.constant.is_some() && array.constant.is_none();
    let nullable = !call.ansi() || contains_null || is_outside || call.any_nullable();
    Ok(Scalar::kernel(call, element.clone(), ArrayItem).casting(types).nullable(nullable))
}

fn bind_field(call: &Call<'_>, schema: &SparkSchema, name: &str, contains_null: bool) -> SparkResult<Scalar> {
    let matching: Vec<_> =
        schema.iter().enumerate().filter(|(_, field)| field.name.eq_ignore_ascii_case(name)).collect();
    let [(place, field)] = matching.as_slice() else {
        if matching.is_empty() {
            let fields: Vec<_> = schema.iter().map(|field| format!("`{}`", field.name)).collect();
            return Err(SparkError::new("FIELD_NOT_FOUND")
                .param("fieldName", format!("`{name}`"))
                .param("fields", fields.join(", ")));
        }
        return Err(SparkError::new("AMBIGUOUS_REFERENCE_TO_FIELDS")
            .param("field", format!("`{name}`"))
            .param("count", matching.len().to_string()));
    };
    let data_type = SparkType::array(field.data_type.clone(), contains_null || field.nullable);
    let (place, result) = (*place as i64, data_type.clone());
    let build = move |mut arguments: Vec<Expr>| {
        arguments.truncate(1);
        arguments.push(lit(place));
        kernel_call(kernel_udf(ArrayField), arguments, &result, -1)
    };
    let mut scalar = Scalar::expr(call, data_type, build).nullable(call.argument(0)?.nullable);
    scalar.sql = Some(|arguments| arguments.join("."));
    Ok(scalar)
}

/// The arrays of the first field of the structs in an array of structs.
pub(crate) fn array_field_expr(array: Expr, fields: &SparkSchema, contains_null: bool) -> SparkResult<Expr> {
    let field = fields.iter().next().ok_or_else(|| SparkError::internal("a struct without fields"))?;
    let data_type = SparkType::array(field.data_type.clone(), contains_null || field.nullable);
    kernel_call(kernel_udf(ArrayField), vec![array, lit(0_i64)], &data_type, -1)
}

fn array_item(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let ansi = call.ansi();
    call.with_arrays(|arrays| {
        let (array, places) = (lists(arrays, 0)?, primitive::<Int64Type>(arrays, 1)?);
        let mut values = Picker::new(&[array.values()], call.return_type)?;
        for row in 0..array.len() {
            if array.is_null(row) || places.is_null(row) {
                values.pick_null();
                continue;
            }
            let elements = range(array.offsets(), row);
            match usize::try_from(places.value(row)).ok().filter(|place| *place < elements.len()) {
                Some(place) => values.pick(0, elements.start + place),
                None if ansi => {
                    return Err(SparkError::new("INVALID_ARRAY_INDEX")
                        .param("indexValue", places.value(row).to_string())
                        .param("arraySize", elements.len().to_string()));
                }
                None => values.pick_null(),
            }
        }
        values.finish()
    })
}

fn map_value(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (map, wanted) = (maps(arrays, 0)?, at(arrays, 1)?);
        let keys = comparable(&[map.keys(), wanted])?;
        let mut values = Picker::new(&[map.values()], call.return_type)?;
        for row in 0..map.len() {
            let found = match keys.as_slice() {
                [keys, wanted] if map.is_valid(row) => {
                    range(map.offsets(), row).find(|index| keys.row(*index) == wanted.row(row))
                }
                _ => None,
            };
            match found {
                Some(index) => values.pick(0, index),
                None => values.pick_null(),
            }
        }
        values.finish()
    })
}

fn array_field(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (array, places) = (lists(arrays, 0)?, primitive::<Int64Type>(arrays, 1)?);
        let field = element_field(call.return_type)?;
        let structs = array.values().as_struct();
        let place = if places.is_empty() { 0 } else { places.value(0) as usize };
        let column = structs.columns().get(place).ok_or_else(|| SparkError::internal("a struct lacks a field"))?;
        let mut column: ArrayRef = conform(column, field.data_type())?;
        if let Some(nulls) = structs.nulls() {
            let is_null = BooleanArray::new(!nulls.inner(), None);
            column = nullif(&column, &is_null).map_err(from_arrow)?;
        }
        let (offsets, nulls) = (array.offsets().clone(), array.nulls().cloned());
        let result = ListArray::try_new(Arc::clone(field), offsets, column, nulls).map_err(from_arrow)?;
        Ok(Arc::new(result))
    })
}
