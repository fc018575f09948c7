//! `array_append` and `array_prepend`: an array with one element more.

use arrow::array::Array;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::typing::{array_and_value, tightest};
use crate::call::Call;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists, range};
use crate::kernel::rows::at;
use crate::kernel::{Kernel, KernelCall, kernels};

pub(super) const ARRAY_APPEND: Function =
    Function::scalar("array_append", |call| bind(call, ArrayAppend)).arity(2..=2).since("3.4.0");
pub(super) const ARRAY_PREPEND: Function =
    Function::scalar("array_prepend", |call| bind(call, ArrayPrepend)).arity(2..=2).since("3.5.0");

kernels! {
    ArrayAppend = "spark_array_append" => |call| add(call, false);
    ArrayPrepend = "spark_array_prepend" => |call| add(call, true);
}

fn bind<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let (element, contains_null) = array_and_value(call, 1, tightest)?;
    let types = vec![SparkType::array(element.clone(), contains_null), element.clone()];
    let result = SparkType::array(element, true);
    let nullable = call.argument(0)?.nullable;
    Ok(Scalar::kernel(call, result, kernel).casting(types).nullable(nullable))
}

fn add(call: &KernelCall<'_>, in_front: bool) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (array, added) = (lists(arrays, 0)?, at(arrays, 1)?);
        let mut values = Picker::new(&[array.values(), added], element_field(call.return_type)?.data_type())?;
        let mut rows = RowBuilder::new(array.len());
        for row in 0..array.len() {
            if array.is_null(row) {
                rows.end_null(values.len())?;
                continue;
            }
            if in_front {
                values.pick(1, row);
            }
            for index in range(array.offsets(), row) {
                values.pick(0, index);
            }
            if !in_front {
                values.pick(1, row);
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}
