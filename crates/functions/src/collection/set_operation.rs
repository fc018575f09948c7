//! `array_union`, `array_intersect`, `array_except` and `arrays_overlap`: two arrays as sets.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, BooleanBuilder};
use arrow::row::Rows;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::typing::{check_orderable, tightest};
use crate::call::Call;
use crate::coercion::quoted_type;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Nulls, Picker, RowBuilder, comparable, element_field, lists, range};
use crate::kernel::{Kernel, KernelCall, kernels};

pub(super) const ARRAY_UNION: Function =
    Function::scalar("array_union", |call| bind_set(call, ArrayUnion, |left, right| left || right))
        .arity(2..=2)
        .since("2.4.0");
pub(super) const ARRAY_INTERSECT: Function =
    Function::scalar("array_intersect", |call| bind_set(call, ArrayIntersect, |left, right| left && right))
        .arity(2..=2)
        .since("2.4.0");
pub(super) const ARRAY_EXCEPT: Function =
    Function::scalar("array_except", |call| bind_set(call, ArrayExcept, |left, _| left)).arity(2..=2).since("2.4.0");
pub(super) const ARRAYS_OVERLAP: Function =
    Function::scalar("arrays_overlap", bind_overlap).arity(2..=2).since("2.4.0");

kernels! {
    ArrayUnion = "spark_array_union" => |call| combine(call, true, |_| true);
    ArrayIntersect = "spark_array_intersect" => |call| combine(call, false, |is_in_right| is_in_right);
    ArrayExcept = "spark_array_except" => |call| combine(call, false, |is_in_right| !is_in_right);
    ArraysOverlap = "spark_arrays_overlap" => overlap;
}

/// The common element type, and whether each array may hold NULLs.
fn element_types(call: &Call<'_>) -> SparkResult<(SparkType, bool, bool)> {
    let (left, right) = (call.data_type(0)?, call.data_type(1)?);
    if let (SparkType::Array { element, contains_null }, SparkType::Array { element: other, contains_null: other_null }) =
        (left, right)
        && let Some(common) = tightest(element, other)
    {
        check_orderable(call, &common)?;
        return Ok((common, *contains_null, *other_null));
    }
    Err(call
        .mismatch("BINARY_ARRAY_DIFF_TYPES")
        .param("functionName", format!("`{}`", call.function.name))
        .param("arrayType", "\"ARRAY\"")
        .param("leftType", quoted_type(left))
        .param("rightType", quoted_type(right)))
}

fn bind_set<K: Kernel>(call: &Call<'_>, kernel: K, contains_null: fn(bool, bool) -> bool) -> SparkResult<Scalar> {
    let (element, left, right) = element_types(call)?;
    let result = SparkType::array(element.clone(), contains_null(left, right));
    let types = vec![SparkType::array(element.clone(), left), SparkType::array(element, right)];
    Ok(Scalar::kernel(call, result, kernel).casting(types))
}

fn bind_overlap(call: &Call<'_>) -> SparkResult<Scalar> {
    let (element, left, right) = element_types(call)?;
    let nullable = left || right || call.any_nullable();
    let types = vec![SparkType::array(element.clone(), left), SparkType::array(element, right)];
    Ok(Scalar::kernel(call, SparkType::Boolean, ArraysOverlap).casting(types).nullable(nullable))
}

/// The distinct elements of the left array that `keep` wants, given whether they are in the right one; then, for a
/// union, those of the right one.
fn combine(call: &KernelCall<'_>, with_right: bool, keep: fn(bool) -> bool) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (left, right) = (lists(arrays, 0)?, lists(arrays, 1)?);
        let keys = comparable(&[left.values(), right.values()])?;
        let element = element_field(call.return_type)?.data_type();
        let mut values = Picker::new(&[left.values(), right.values()], element)?;
        let mut rows = RowBuilder::new(left.len());
        let [left_keys, right_keys] = keys.as_slice() else {
            return rows.into_lists(&values.finish()?, call.return_type);
        };
        for row in 0..left.len() {
            if left.is_null(row) || right.is_null(row) {
                rows.end_null(values.len())?;
                continue;
            }
            let (left_range, right_range) = (range(left.offsets(), row), range(right.offsets(), row));
            let in_right: HashSet<_> = right_range.clone().map(|index| right_keys.row(index)).collect();
            let mut seen = HashSet::new();
            for index in left_range {
                let key = left_keys.row(index);
                if keep(in_right.contains(&key)) && seen.insert(key) {
                    values.pick(0, index);
                }
            }
            for index in right_range.filter(|_| with_right) {
                if seen.insert(right_keys.row(index)) {
                    values.pick(1, index);
                }
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}

fn overlap(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (left, right) = (lists(arrays, 0)?, lists(arrays, 1)?);
        let keys = comparable(&[left.values(), right.values()])?;
        let mut result = BooleanBuilder::with_capacity(left.len());
        let [left_keys, right_keys] = keys.as_slice() else { return Ok(Arc::new(result.finish())) };
        let (left_nulls, right_nulls) = (Nulls::of(left.values()), Nulls::of(right.values()));
        for row in 0..left.len() {
            if left.is_null(row) || right.is_null(row) {
                result.append_null();
                continue;
            }
            let (left_range, right_range) = (range(left.offsets(), row), range(right.offsets(), row));
            let has_null = left_range.clone().any(|index| left_nulls.is_null(index))
                || right_range.clone().any(|index| right_nulls.is_null(index));
            let is_empty = left_range.is_empty() || right_range.is_empty();
            if share(left_keys, left_range, &left_nulls, right_keys, right_range) {
                result.append_value(true);
            } else if has_null && !is_empty {
                result.append_null();
            } else {
                result.append_value(false);
            }
        }
        Ok(Arc::new(result.finish()))
    })
}

/// Whether both have an element in common that is not NULL.
fn share(left: &Rows, left_range: Range<usize>, left_nulls: &Nulls, right: &Rows, right_range: Range<usize>) -> bool {
    let in_right: HashSet<_> = right_range.map(|index| right.row(index)).collect();
    left_range.filter(|index| !left_nulls.is_null(*index)).any(|index| in_right.contains(&left.row(index)))
}
