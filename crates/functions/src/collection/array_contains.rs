//! `array_contains`: whether an array holds a value; NULL if it might, since it holds NULL.

use std::sync::Arc;

use arrow::array::{Array, BooleanBuilder};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::typing::{array_and_comparable, untyped_null, wider};
use crate::call::Call;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Nulls, comparable, lists, range};
use crate::kernel::rows::at;
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("array_contains", bind).arity(2..=2).since("1.5.0");

kernels! {
    ArrayContains = "spark_array_contains" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    if *call.data_type(1)? == SparkType::Null {
        return Err(untyped_null(call));
    }
    let (element, contains_null) = array_and_comparable(call, wider)?;
    let types = vec![SparkType::array(element.clone(), contains_null), element];
    let nullable = contains_null || call.any_nullable_as(&types);
    Ok(Scalar::kernel(call, SparkType::Boolean, ArrayContains).casting(types).nullable(nullable))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (array, wanted) = (lists(arrays, 0)?, at(arrays, 1)?);
        let keys = comparable(&[array.values(), wanted])?;
        let [elements, values] = keys.as_slice() else { return Ok(Arc::clone(wanted)) };
        let (element_nulls, value_nulls) = (Nulls::of(array.values()), Nulls::of(wanted));
        let mut result = BooleanBuilder::with_capacity(array.len());
        for row in 0..array.len() {
            if array.is_null(row) || value_nulls.is_null(row) {
                result.append_null();
                continue;
            }
            let value = values.row(row);
            let mut all = range(array.offsets(), row);
            if all.clone().any(|index| elements.row(index) == value) {
                result.append_value(true);
            } else if all.any(|index| element_nulls.is_null(index)) {
                result.append_null();
            } else {
                result.append_value(false);
            }
        }
        Ok(Arc::new(result.finish()))
    })
}
