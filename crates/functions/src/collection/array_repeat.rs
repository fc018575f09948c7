//! `array_repeat`: an array of one value many times.

use arrow::array::Array;
use arrow::datatypes::Int32Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::budget::Budget;
use crate::kernel::nested::{Picker, RowBuilder, element_field};
use crate::kernel::rows::{at, primitive};
use crate::kernel::{KernelCall, from_arrow, kernels};

pub(super) const FUNCTION: Function = Function::scalar("array_repeat", bind).arity(2..=2).since("2.4.0");

kernels! {
    ArrayRepeat = "spark_array_repeat" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::AnyType, Expected::INT])?;
    let (element, count) = (call.argument(0)?, call.argument(1)?);
    let data_type = SparkType::array(element.data_type.clone(), element.nullable);
    let nullable = count.nullable || count.data_type.is_string();
    Ok(Scalar::kernel(call, data_type, ArrayRepeat).casting(types).nullable(nullable))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (elements, counts) = (at(arrays, 0)?, primitive::<Int32Type>(arrays, 1)?);
        let mut values = Picker::new(&[elements], element_field(call.return_type)?.data_type())?;
        let mut rows = RowBuilder::new(counts.len());
        let bytes = elements.to_data().get_slice_memory_size().map_err(from_arrow)?;
        let element_bytes = bytes / elements.len().max(1) + size_of::<u64>();
        let mut budget = Budget::of(counts.len());
        for row in 0..counts.len() {
            if counts.is_null(row) {
                rows.end_null(values.len())?;
                continue;
            }
            let count = usize::try_from(counts.value(row)).unwrap_or(0);
            budget.take(row, count.saturating_mul(element_bytes))?;
            for _ in 0..count {
                values.pick(0, row);
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}
