//! `array_max` and `array_min`: the greatest and least element that is not NULL.

use std::cmp::Ordering;

use arrow::array::Array;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::typing::{check_orderable, element_type_or_null};
use crate::call::Call;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Nulls, Picker, comparable, lists, range};
use crate::kernel::{Kernel, KernelCall, kernels};

pub(super) const ARRAY_MAX: Function =
    Function::scalar("array_max", |call| bind(call, ArrayMax)).arity(1..=1).since("2.4.0");
pub(super) const ARRAY_MIN: Function =
    Function::scalar("array_min", |call| bind(call, ArrayMin)).arity(1..=1).since("2.4.0");

kernels! {
    ArrayMax = "spark_array_max" => |call| extremum(call, Ordering::Greater);
    ArrayMin = "spark_array_min" => |call| extremum(call, Ordering::Less);
}

fn bind<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let (element, contains_null) = element_type_or_null(call, 0)?;
    check_orderable(call, &element)?;
    let types = vec![SparkType::array(element.clone(), contains_null)];
    Ok(Scalar::kernel(call, element, kernel).casting(types).nullable(true))
}

fn extremum(call: &KernelCall<'_>, wanted: Ordering) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let array = lists(arrays, 0)?;
        let keys = comparable(&[array.values()])?;
        let nulls = Nulls::of(array.values());
        let mut values = Picker::new(&[array.values()], call.return_type)?;
        for row in 0..array.len() {
            let mut best: Option<usize> = None;
            let elements = if array.is_null(row) { 0..0 } else { range(array.offsets(), row) };
            for index in elements.filter(|index| !nulls.is_null(*index)) {
                let Some(keys) = keys.first() else { continue };
                if best.is_none_or(|best| keys.row(index).cmp(&keys.row(best)) == wanted) {
                    best = Some(index);
                }
            }
            match best {
                Some(index) => values.pick(0, index),
                None => values.pick_null(),
            }
        }
        values.finish()
    })
}
