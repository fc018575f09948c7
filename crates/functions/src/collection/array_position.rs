//! `array_position`: the place of a value in an array, counted from 1; 0 if it is not there.

use arrow::array::Array;
use arrow::datatypes::Int64Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::typing::{array_and_comparable, tightest};
use crate::call::Call;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Nulls, comparable, lists, range};
use crate::kernel::rows::at;
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("array_position", bind).arity(2..=2).since("2.4.0");

kernels! {
    ArrayPosition = "spark_array_position" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let (element, contains_null) = array_and_comparable(call, tightest)?;
    let types = vec![SparkType::array(element.clone(), contains_null), element];
    let nullable = call.any_nullable_as(&types);
    Ok(Scalar::kernel(call, SparkType::Long, ArrayPosition).casting(types).nullable(nullable))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (array, wanted) = (lists(arrays, 0)?, at(arrays, 1)?);
        let keys = comparable(&[array.values(), wanted])?;
        let nulls = Nulls::of(wanted);
        call.build::<Int64Type>(array.len(), |row| {
            let [elements, values] = keys.as_slice() else { return Ok(None) };
            if array.is_null(row) || nulls.is_null(row) {
                return Ok(None);
            }
            let place = range(array.offsets(), row).position(|index| elements.row(index) == values.row(row));
            Ok(Some(place.map_or(0, |place| place as i64 + 1)))
        })
    })
}
