//! `slice`: some elements of an array from a place on, counted from 1 or from -1 backwards.

use arrow::array::Array;
use arrow::datatypes::Int32Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult};

use super::typing::element_type;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists, range};
use crate::kernel::rows::{all_valid, primitive};
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("slice", bind).arity(3..=3).since("2.4.0");

kernels! {
    Slice = "spark_slice" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    element_type(call, 0)?;
    let array = call.data_type(0)?.clone();
    Scalar::coercing(call, &[Expected::AnyArray, Expected::INT, Expected::INT], array, Slice)
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let array = lists(arrays, 0)?;
        let (starts, lengths) = (primitive::<Int32Type>(arrays, 1)?, primitive::<Int32Type>(arrays, 2)?);
        let mut values = Picker::new(&[array.values()], element_field(call.return_type)?.data_type())?;
        let mut rows = RowBuilder::new(array.len());
        for row in 0..array.len() {
            if !all_valid(arrays, row) {
                rows.end_null(values.len())?;
                continue;
            }
            let elements = range(array.offsets(), row);
            let (start, length) = (i64::from(starts.value(row)), i64::from(lengths.value(row)));
            let count = elements.len() as i64;
            let first = match start {
                0 => return Err(invalid("START").param("parameter", "`start`")),
                1.. => start - 1,
                _ => count + start,
            };
            if length < 0 {
                return Err(invalid("LENGTH").param("parameter", "`length`").param("length", length.to_string()));
            }
            if (0..count).contains(&first) {
                for offset in first..count.min(first + length) {
                    values.pick(0, elements.start + offset as usize);
                }
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}

fn invalid(kind: &str) -> SparkError {
    SparkError::new(&format!("INVALID_PARAMETER_VALUE.{kind}")).param("functionName", "`slice`")
}
