//! `concat` of arrays: one behind the other.

use arrow::array::{Array, ArrayRef, ListArray};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::SparkResult;

use crate::call::Call;
use crate::function::Scalar;
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists, range};
use crate::kernel::{KernelCall, kernels};

kernels! {
    ArrayConcat = "spark_array_concat" => evaluate;
}

/// Binds `concat` of arrays.
pub fn bind_concat(call: &Call<'_>) -> SparkResult<Scalar> {
    let common = call.same_type()?;
    let types = vec![common.clone(); call.len()];
    let nullable = call.any_nullable_as(&types);
    Ok(Scalar::kernel(call, common, ArrayConcat).casting(types).nullable(nullable))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let mut parts: Vec<ListArray> = Vec::with_capacity(arrays.len());
        for index in 0..arrays.len() {
            parts.push(lists(arrays, index)?);
        }
        let sources: Vec<&ArrayRef> = parts.iter().map(ListArray::values).collect();
        let mut values = Picker::new(&sources, element_field(call.return_type)?.data_type())?;
        let count = arrays.first().map_or(0, Array::len);
        let mut rows = RowBuilder::new(count);
        for row in 0..count {
            if parts.iter().any(|part| part.is_null(row)) {
                rows.end_null(values.len())?;
                continue;
            }
            for (source, part) in parts.iter().enumerate() {
                for index in range(part.offsets(), row) {
                    values.pick(source, index);
                }
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}
