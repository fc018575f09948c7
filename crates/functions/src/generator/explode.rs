//! `explode` and `posexplode`: a row for each element of an array or entry of a map, with its place or without.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int32Array, ListArray, StructArray};
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Generator, Parameter};
use crate::kernel::nested::{conform, element_field, lists, maps, range};
use crate::kernel::rows::at;
use crate::kernel::{KernelCall, from_arrow, kernel_call, kernel_udf, kernels};

const COLLECTION: &[Parameter] = &[Parameter::required("collection")];

pub(super) const EXPLODE: Function =
    Function::generator("explode", |call| bind(call, false, false)).named(COLLECTION).arity(1..=1).since("1.0.0");
pub(super) const EXPLODE_OUTER: Function =
    Function::generator("explode_outer", |call| bind(call, false, true)).named(COLLECTION).arity(1..=1).since("1.0.0");
pub(super) const POSEXPLODE: Function =
    Function::generator("posexplode", |call| bind(call, true, false)).named(COLLECTION).arity(1..=1).since("2.0.0");
pub(super) const POSEXPLODE_OUTER: Function = Function::generator("posexplode_outer", |call| bind(call, true, true))
    .named(COLLECTION)
    .arity(1..=1)
    .since("2.0.0");

kernels! {
    /// The elements or entries of an array or map as an array of structs.
    Rows = "spark_explode" => rows;
}

fn bind(call: &Call<'_>, with_position: bool, is_outer: bool) -> SparkResult<Generator> {
    let mut output = Vec::new();
    if with_position {
        output.push(("pos".to_owned(), SparkType::Integer, is_outer));
    }
    match call.data_type(0)? {
        SparkType::Array { element, contains_null } => {
            output.push(("col".to_owned(), element.as_ref().clone(), *contains_null || is_outer));
        }
        SparkType::Map { key, value, value_contains_null } => {
            output.push(("key".to_owned(), key.as_ref().clone(), is_outer));
            output.push(("value".to_owned(), value.as_ref().clone(), *value_contains_null || is_outer));
        }
        _ => return Err(call.unexpected_input_type(0, &Expected::one_of([Expected::AnyArray, Expected::AnyMap]))),
    }
    let of_one_column = output.len() == 1;
    let data_type = rows_type(&output);
    let rows = move |mut arguments: Vec<datafusion::logical_expr::Expr>| {
        if of_one_column {
            return arguments.pop().ok_or_else(|| SparkError::internal("explode without an argument"));
        }
        kernel_call(kernel_udf(Rows), arguments, &data_type, -1)
    };
    Ok(Generator { arguments: call.data_types(), output, rows: Arc::new(rows), is_outer })
}

/// An array of structs of these columns.
pub(crate) fn rows_type(output: &[(String, SparkType, bool)]) -> SparkType {
    let fields: Vec<_> =
        output.iter().map(|(name, data_type, nullable)| SparkField::new(name, data_type.clone(), *nullable)).collect();
    SparkType::array(SparkType::Struct(SparkSchema::new(fields)), false)
}

fn rows(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let input = at(arrays, 0)?;
        let (offsets, nulls, values): (_, _, Vec<ArrayRef>) = match input.data_type() {
            DataType::Map(_, _) => {
                let map = maps(arrays, 0)?;
                (map.offsets().clone(), map.nulls().cloned(), vec![map.keys().clone(), map.values().clone()])
            }
            _ => {
                let list = lists(arrays, 0)?;
                (list.offsets().clone(), list.nulls().cloned(), vec![list.values().clone()])
            }
        };
        let field = element_field(call.return_type)?;
        let DataType::Struct(fields) = field.data_type() else {
            return Err(SparkError::internal("rows are structs"));
        };
        let count = values.first().map_or(0, Array::len);
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(fields.len());
        if fields.len() > values.len() {
            let mut positions = vec![0; count];
            for row in 0..input.len() {
                for (position, index) in range(&offsets, row).enumerate() {
                    if let Some(slot) = positions.get_mut(index) {
                        *slot = position as i32;
                    }
                }
            }
            columns.push(Arc::new(Int32Array::from(positions)));
        }
        columns.extend(values);
        let columns: SparkResult<Vec<_>> =
            columns.iter().zip(fields).map(|(column, field)| conform(column, field.data_type())).collect();
        let structs = StructArray::try_new(fields.clone(), columns?, None).map_err(from_arrow)?;
        let list = ListArray::try_new(Arc::clone(field), offsets, Arc::new(structs), nulls).map_err(from_arrow)?;
        Ok(Arc::new(list))
    })
}
