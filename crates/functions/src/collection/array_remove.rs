//! `array_remove` and `array_compact`: arrays without a value, or without NULLs.

use arrow::array::Array;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::typing::{array_and_comparable, element_type_or_null, tightest};
use crate::call::Call;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Nulls, Picker, RowBuilder, comparable, element_field, lists, range};
use crate::kernel::rows::at;
use crate::kernel::{KernelCall, kernels};

pub(super) const ARRAY_REMOVE: Function = Function::scalar("array_remove", bind_remove).arity(2..=2).since("2.4.0");
pub(super) const ARRAY_COMPACT: Function = Function::scalar("array_compact", bind_compact).arity(1..=1).since("3.4.0");

kernels! {
    ArrayRemove = "spark_array_remove" => remove;
    ArrayCompact = "spark_array_compact" => compact;
}

fn bind_remove(call: &Call<'_>) -> SparkResult<Scalar> {
    let (element, contains_null) = array_and_comparable(call, tightest)?;
    let array = SparkType::array(element.clone(), contains_null);
    let types = vec![array.clone(), element];
    let nullable = call.any_nullable_as(&types);
    Ok(Scalar::kernel(call, array, ArrayRemove).casting(types).nullable(nullable))
}

fn bind_compact(call: &Call<'_>) -> SparkResult<Scalar> {
    let (element, contains_null) = element_type_or_null(call, 0)?;
    let types = vec![SparkType::array(element.clone(), contains_null)];
    Ok(Scalar::kernel(call, SparkType::array(element, false), ArrayCompact).casting(types))
}

fn remove(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (array, unwanted) = (lists(arrays, 0)?, at(arrays, 1)?);
        let keys = comparable(&[array.values(), unwanted])?;
        let nulls = Nulls::of(unwanted);
        let mut values = Picker::new(&[array.values()], element_field(call.return_type)?.data_type())?;
        let mut rows = RowBuilder::new(array.len());
        let [elements, unwanted] = keys.as_slice() else { return rows.into_lists(&values.finish()?, call.return_type) };
        for row in 0..array.len() {
            if array.is_null(row) || nulls.is_null(row) {
                rows.end_null(values.len())?;
                continue;
            }
            for index in range(array.offsets(), row) {
                if elements.row(index) != unwanted.row(row) {
                    values.pick(0, index);
                }
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}

fn compact(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let array = lists(arrays, 0)?;
        let nulls = Nulls::of(array.values());
        let mut values = Picker::new(&[array.values()], element_field(call.return_type)?.data_type())?;
        let mut rows = RowBuilder::new(array.len());
        for row in 0..array.len() {
            if array.is_null(row) {
                rows.end_null(values.len())?;
                continue;
            }
            for index in range(array.offsets(), row).filter(|index| !nulls.is_null(*index)) {
                values.pick(0, index);
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}
