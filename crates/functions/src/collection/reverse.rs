//! `reverse` of arrays.

use arrow::array::Array;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::SparkResult;

use crate::call::Call;
use crate::function::Scalar;
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists, range};
use crate::kernel::{KernelCall, kernels};

kernels! {
    ArrayReverse = "spark_array_reverse" => evaluate;
}

/// Binds `reverse` of an array.
pub fn bind_reverse(call: &Call<'_>) -> SparkResult<Scalar> {
    Ok(Scalar::kernel(call, call.data_type(0)?.clone(), ArrayReverse))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let array = lists(arrays, 0)?;
        let mut values = Picker::new(&[array.values()], element_field(call.return_type)?.data_type())?;
        let mut rows = RowBuilder::new(array.len());
        for row in 0..array.len() {
            if array.is_null(row) {
                rows.end_null(values.len())?;
                continue;
            }
            for index in range(array.offsets(), row).rev() {
                values.pick(0, index);
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}
