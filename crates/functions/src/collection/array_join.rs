//! `array_join`: the elements as one text.

use arrow::array::Array;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{lists, range};
use crate::kernel::rows::text;
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("array_join", bind).arity(2..=3).since("2.4.0");

kernels! {
    ArrayJoin = "spark_array_join" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let expected = [Expected::array_of(Expected::STRING), Expected::STRING, Expected::STRING];
    Scalar::coercing(call, &expected, SparkType::STRING, ArrayJoin)
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (array, delimiters) = (lists(arrays, 0)?, text(arrays, 1)?);
        let elements = text(&[array.values().clone()], 0)?;
        let replacements = if arrays.len() > 2 { Some(text(arrays, 2)?) } else { None };
        call.build_text(array.len(), |row, out| {
            if array.is_null(row)
                || delimiters.is_null(row)
                || replacements.as_ref().is_some_and(|replacements| replacements.is_null(row))
            {
                return Ok(false);
            }
            let mut is_first = true;
            for index in range(array.offsets(), row) {
                let element = match (elements.is_valid(index), &replacements) {
                    (true, _) => elements.value(index),
                    (false, Some(replacements)) => replacements.value(row),
                    (false, None) => continue,
                };
                if !is_first {
                    out.push_str(delimiters.value(row));
                }
                is_first = false;
                out.push_str(element);
            }
            Ok(true)
        })
    })
}
