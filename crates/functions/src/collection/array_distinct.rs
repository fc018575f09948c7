//! `array_distinct`: the elements without repetitions, in their order.

use std::collections::HashSet;

use arrow::array::Array;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::typing::{check_orderable, element_type_or_null};
use crate::call::Call;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Picker, RowBuilder, comparable, element_field, lists, range};
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("array_distinct", bind).arity(1..=1).since("2.4.0");

kernels! {
    ArrayDistinct = "spark_array_distinct" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let (element, contains_null) = element_type_or_null(call, 0)?;
    check_orderable(call, &element)?;
    let array = SparkType::array(element, contains_null);
    Ok(Scalar::kernel(call, array.clone(), ArrayDistinct).casting(vec![array]))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let array = lists(arrays, 0)?;
        let keys = comparable(&[array.values()])?;
        let mut values = Picker::new(&[array.values()], element_field(call.return_type)?.data_type())?;
        let mut rows = RowBuilder::new(array.len());
        let mut seen = HashSet::new();
        for row in 0..array.len() {
            if array.is_null(row) {
                rows.end_null(values.len())?;
                continue;
            }
            seen.clear();
            for index in range(array.offsets(), row) {
                if keys.first().is_some_and(|keys| seen.insert(keys.row(index))) {
                    values.pick(0, index);
                }
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}
