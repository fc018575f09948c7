//! `sort_array`: NULL first when ascending, last when descending.

use arrow::array::{Array, AsArray};
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkResult, SparkType};

use super::typing::{element_type, not_orderable};
use crate::call::Call;
use crate::coercion::{Expected, is_orderable};
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Nulls, Picker, RowBuilder, comparable, element_field, lists, range};
use crate::kernel::rows::at;
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const FUNCTION: Function = Function::scalar("sort_array", bind)
    .arity(1..=2)
    .prints(|arguments| match arguments {
        [array] => format!("sort_array({array}, true)"),
        arguments => format!("sort_array({})", arguments.join(", ")),
    })
    .since("1.5.0");

kernels! {
    SortArray = "spark_sort_array" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let (element, _) = element_type(call, 0)?;
    if !is_orderable(&element) {
        return Err(not_orderable(call, call.data_type(0)?));
    }
    let types = call.implicit_cast(&[Expected::AnyArray, Expected::BOOLEAN])?;
    let array: SparkType = call.data_type(0)?.clone();
    let result = array.clone();
    let build = move |mut arguments: Vec<Expr>| {
        if arguments.len() == 1 {
            arguments.push(lit(true));
        }
        kernel_call(kernel_udf(SortArray), arguments, &result, -1)
    };
    let nullable = call.argument(0)?.nullable;
    Ok(Scalar::expr(call, array, build).casting(types).nullable(nullable))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let array = lists(arrays, 0)?;
        let ascending = at(arrays, 1)?.as_boolean();
        let keys = comparable(&[array.values()])?;
        let mut values = Picker::new(&[array.values()], element_field(call.return_type)?.data_type())?;
        let mut rows = RowBuilder::new(array.len());
        for row in 0..array.len() {
            if array.is_null(row) {
                rows.end_null(values.len())?;
                continue;
            }
            let mut order: Vec<usize> = range(array.offsets(), row).collect();
            if let Some(keys) = keys.first() {
                let is_ascending = ascending.is_null(row) || ascending.value(row);
                order.sort_by(|left, right| {
                    let order = keys.row(*left).cmp(&keys.row(*right));
                    if is_ascending { order } else { order.reverse() }
                });
            }
            for index in order {
                values.pick(0, index);
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}

/// The places of all elements, each row's sorted with NULL last, as `array_sort` does.
pub(crate) fn sorted_picks(array: &arrow::array::ListArray) -> SparkResult<Vec<Vec<usize>>> {
    let keys = comparable(&[array.values()])?;
    let nulls = Nulls::of(array.values());
    let mut sorted = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        let mut order: Vec<usize> = if array.is_null(row) { Vec::new() } else { range(array.offsets(), row).collect() };
        if let Some(keys) = keys.first() {
            order.sort_by(|left, right| {
                let nulls = nulls.is_null(*left).cmp(&nulls.is_null(*right));
                nulls.then_with(|| keys.row(*left).cmp(&keys.row(*right)))
            });
        }
        sorted.push(order);
    }
    Ok(sorted)
}
