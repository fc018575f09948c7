//! `zip_with`: an array of what a lambda makes of the elements of two arrays at the same place.

use arrow::array::{Array, ArrayRef, UInt32Array};
use datafusion::common::Result;
use firesteel_base::{SparkResult, SparkType};

use super::flat::{evaluate as evaluate_lambda, lifted, result};
use super::kernel::{LambdaCall, higher_order_kernels, higher_order_udf};
use super::{Parameters, element};
use crate::call::Call;
use crate::function::{Function, HigherOrder, HigherOrderCall};
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists, range};

pub(super) const FUNCTION: Function =
    Function::higher_order("zip_with", HigherOrder { parameters, bind }).arity(3..=3).since("2.4.0");

higher_order_kernels! {
    ZipWith = "spark_zip_with" => evaluate;
}

fn parameters(call: &Call<'_>) -> SparkResult<Vec<Option<Parameters>>> {
    // The shorter array is filled up with NULLs.
    let (left, right) = (element(call, 0)?.0, element(call, 1)?.0);
    Ok(vec![None, None, Some(vec![(left, true), (right, true)])])
}

fn bind(call: &Call<'_>) -> SparkResult<HigherOrderCall> {
    let body = call.argument(2)?;
    Ok(HigherOrderCall {
        arguments: call.data_types(),
        data_type: SparkType::array(body.data_type.clone(), body.nullable),
        nullable: call.argument(0)?.nullable || call.argument(1)?.nullable,
        udf: higher_order_udf(ZipWith),
        parameters: parameters(call)?.into_iter().flatten().collect(),
    })
}

fn evaluate(call: &LambdaCall<'_>) -> Result<ArrayRef> {
    let (left, right) = (lifted(lists(&call.values, 0))?, lifted(lists(&call.values, 1))?);
    let left_values = call.parameter(0, 0, left.values())?;
    let right_values = call.parameter(0, 1, right.values())?;
    let mut lefts = lifted(Picker::new(&[&left_values], left_values.data_type()))?;
    let mut rights = lifted(Picker::new(&[&right_values], right_values.data_type()))?;
    let mut lists = RowBuilder::new(left.len());
    let mut rows = Vec::new();
    for row in 0..left.len() {
        if left.is_null(row) || right.is_null(row) {
            lifted(lists.end_null(rows.len()))?;
            continue;
        }
        let (left_range, right_range) = (range(left.offsets(), row), range(right.offsets(), row));
        for place in 0..left_range.len().max(right_range.len()) {
            for (picker, elements) in [(&mut lefts, &left_range), (&mut rights, &right_range)] {
                if place < elements.len() { picker.pick(0, elements.start + place) } else { picker.pick_null() }
            }
            rows.push(row as u32);
        }
        lifted(lists.end(rows.len()))?;
    }
    let rows = UInt32Array::from(rows);
    let parameters = [lifted(lefts.finish())?, lifted(rights.finish())?];
    let lambda = call.lambda(0)?;
    let element = lifted(element_field(call.return_type()))?.data_type();
    let values = result(|| evaluate_lambda(lambda, &parameters, &rows), rows.len(), element)?;
    lifted(lists.into_lists(&values, call.return_type()))
}
