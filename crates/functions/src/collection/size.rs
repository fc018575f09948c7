//! `size`, `cardinality` and `array_size`: how many elements there are.

use arrow::array::Array;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{lists, maps, range};
use crate::kernel::rows::at;
use crate::kernel::{KernelCall, kernels};

pub(super) const SIZE: Function =
    Function::scalar("size", bind_size).aliases(&["cardinality"]).prints_alias().arity(1..=1).since("1.5.0");
pub(super) const ARRAY_SIZE: Function = Function::scalar("array_size", |call| {
    let types = call.implicit_cast(&[Expected::AnyArray])?;
    Ok(Scalar::kernel(call, SparkType::Integer, Size).casting(types))
})
.arity(1..=1)
.since("3.3.0");

kernels! {
    Size = "spark_size" => |call| size(call, None);
    /// The size of NULL is -1.
    LegacySize = "spark_legacy_size" => |call| size(call, Some(-1));
}

fn bind_size(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::one_of([Expected::AnyArray, Expected::AnyMap])])?;
    if call.ansi() {
        return Ok(Scalar::kernel(call, SparkType::Integer, Size).casting(types));
    }
    Ok(Scalar::kernel(call, SparkType::Integer, LegacySize).casting(types).nullable(false))
}

fn size(call: &KernelCall<'_>, of_null: Option<i32>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let array = at(arrays, 0)?;
        let offsets = match array.data_type() {
            DataType::Map(_, _) => maps(arrays, 0)?.offsets().clone(),
            _ => lists(arrays, 0)?.offsets().clone(),
        };
        call.build::<Int32Type>(array.len(), |row| {
            Ok(if array.is_null(row) { of_null } else { Some(range(&offsets, row).len() as i32) })
        })
    })
}
