//! `arrays_zip`: an array of structs of the arrays' elements at the same place.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, StructArray};
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkField, SparkResult, SparkSchema, SparkType};

use super::typing::element_type_or_null;
use crate::call::Call;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists, range};
use crate::kernel::{KernelCall, from_arrow, kernels};

pub(super) const FUNCTION: Function = Function::scalar("arrays_zip", bind).since("2.4.0");

kernels! {
    ArraysZip = "spark_arrays_zip" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let mut fields = Vec::with_capacity(call.len());
    let mut types = Vec::with_capacity(call.len());
    for (index, argument) in call.arguments.iter().enumerate() {
        let (element, contains_null) = element_type_or_null(call, index)?;
        fields.push(SparkField::new(field_name(&argument.sql(), index), element.clone(), true));
        types.push(SparkType::array(element, contains_null));
    }
    let data_type = SparkType::array(SparkType::Struct(SparkSchema::new(fields)), false);
    Ok(Scalar::kernel(call, data_type, ArraysZip).casting(types))
}

/// A column's or field's name, else the place of the argument.
fn field_name(sql: &str, index: usize) -> String {
    let is_name = sql.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
        && sql.chars().all(|letter| letter.is_alphanumeric() || "_.".contains(letter))
        && sql != "NULL";
    match sql.rsplit('.').next() {
        Some(name) if is_name => name.to_owned(),
        Some(_) | None => index.to_string(),
    }
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let least = if call.arguments.is_empty() { call.rows } else { 0 };
    call.with_arrays(|arrays| {
        let mut zipped: Vec<ListArray> = Vec::with_capacity(arrays.len());
        for index in 0..arrays.len() {
            zipped.push(lists(arrays, index)?);
        }
        let DataType::Struct(fields) = element_field(call.return_type)?.data_type() else {
            return Err(firesteel_base::SparkError::internal("arrays_zip yields structs"));
        };
        let mut columns = Vec::with_capacity(zipped.len());
        for (array, field) in zipped.iter().zip(fields) {
            columns.push(Picker::new(&[array.values()], field.data_type())?);
        }
        let count = arrays.first().map_or(least, Array::len);
        let mut rows = RowBuilder::new(count);
        let mut total = 0;
        for row in 0..count {
            if zipped.iter().any(|array| array.is_null(row)) {
                rows.end_null(total)?;
                continue;
            }
            let longest = zipped.iter().map(|array| range(array.offsets(), row).len()).max().unwrap_or(0);
            for (array, column) in zipped.iter().zip(&mut columns) {
                let elements = range(array.offsets(), row);
                for offset in 0..longest {
                    if offset < elements.len() { column.pick(0, elements.start + offset) } else { column.pick_null() }
                }
            }
            total += longest;
            rows.end(total)?;
        }
        let columns: SparkResult<Vec<_>> = columns.into_iter().map(Picker::finish).collect();
        let structs = StructArray::try_new_with_length(fields.clone(), columns?, None, total).map_err(from_arrow)?;
        let structs: ArrayRef = Arc::new(structs);
        rows.into_lists(&structs, call.return_type)
    })
}
