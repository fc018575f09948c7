//! The elements of many arrays in one, which is what a lambda is evaluated on.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, UInt32Array, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{take, take_arrays};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, LambdaArgument};
use firesteel_base::SparkResult;

use super::kernel::raise;
use crate::kernel::nested::{conform, range};

/// Where each element comes from.
pub(super) struct Flat {
    /// The places of the elements among the values of the arrays.
    pub(super) indices: UInt32Array,
    /// The row that each belongs to.
    pub(super) rows: UInt32Array,
    /// Each element's place in its row, from 0.
    places: Vec<i32>,
    /// How many elements each row has; `None` for NULL.
    pub(super) lengths: Vec<Option<usize>>,
}

impl Flat {
    /// Of the rows of an array or map that are not NULL.
    pub(super) fn new(offsets: &OffsetBuffer<i32>, array: &dyn Array) -> Self {
        let mut indices = Vec::new();
        let mut rows = Vec::new();
        let mut places = Vec::new();
        let mut lengths = Vec::with_capacity(array.len());
        for row in 0..array.len() {
            if array.is_null(row) {
                lengths.push(None);
                continue;
            }
            let elements = range(offsets, row);
            lengths.push(Some(elements.len()));
            for (place, index) in elements.enumerate() {
                indices.push(index as u32);
                rows.push(row as u32);
                places.push(place as i32);
            }
        }
        Self { indices: UInt32Array::from(indices), rows: UInt32Array::from(rows), places, lengths }
    }

    pub(super) fn len(&self) -> usize {
        self.indices.len()
    }

    /// The elements, from the values of the arrays.
    pub(super) fn elements(&self, values: &ArrayRef) -> Result<ArrayRef> {
        Ok(take(values, &self.indices, None)?)
    }

    /// The elements' places.
    pub(super) fn places(&self) -> ArrayRef {
        Arc::new(Int32Array::from(self.places.clone()))
    }

    /// Evaluates a lambda on the elements.
    pub(super) fn evaluate(&self, lambda: &LambdaArgument, parameters: &[ArrayRef]) -> Result<ColumnarValue> {
        evaluate(lambda, parameters, &self.rows)
    }
}

/// Evaluates a lambda; `rows` says the row that each of the parameters' values belongs to.
pub(super) fn evaluate(lambda: &LambdaArgument, parameters: &[ArrayRef], rows: &UInt32Array) -> Result<ColumnarValue> {
    let parameters: Vec<_> = parameters.iter().map(|array| move || Ok(Arc::clone(array))).collect();
    let parameters: Vec<&dyn Fn() -> Result<ArrayRef>> =
        parameters.iter().map(|parameter| parameter as &dyn Fn() -> Result<ArrayRef>).collect();
    lambda.evaluate(&parameters, |captures| Ok(take_arrays(captures, rows, None)?))
}

/// A lambda's result as an array of `length` values of type `data_type`.
pub(super) fn result(
    value: impl FnOnce() -> Result<ColumnarValue>,
    length: usize,
    data_type: &DataType,
) -> Result<ArrayRef> {
    if length == 0 {
        return Ok(new_empty_array(data_type));
    }
    conformed(&value()?.into_array(length)?, data_type)
}

/// A predicate's result.
pub(super) fn truths(value: impl FnOnce() -> Result<ColumnarValue>, length: usize) -> Result<BooleanArray> {
    let result = result(value, length, &DataType::Boolean)?;
    Ok(result.as_boolean().clone())
}

/// [`conform`] with the engine's errors.
pub(super) fn conformed(array: &ArrayRef, data_type: &DataType) -> Result<ArrayRef> {
    conform(array, data_type).map_err(raise)
}

/// Brings a result to the engine's errors.
pub(super) fn lifted<T>(result: SparkResult<T>) -> Result<T> {
    result.map_err(raise)
}
