//! `exists` and `forall`: whether a predicate holds for some or for all elements, in three-valued logic.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanBuilder};
use datafusion::common::Result;
use firesteel_base::{SparkResult, SparkType};

use super::flat::{Flat, lifted, truths};
use super::kernel::{HigherOrderKernel, LambdaCall, higher_order_kernels, higher_order_udf};
use super::{Parameters, check_predicate, element};
use crate::call::Call;
use crate::function::{Function, HigherOrder, HigherOrderCall};
use crate::kernel::nested::lists;

pub(super) const EXISTS: Function =
    Function::higher_order("exists", HigherOrder { parameters, bind: |call| bind(call, Exists) })
        .arity(2..=2)
        .since("2.4.0");
pub(super) const FORALL: Function =
    Function::higher_order("forall", HigherOrder { parameters, bind: |call| bind(call, ForAll) })
        .arity(2..=2)
        .since("3.0.0");

higher_order_kernels! {
    Exists = "spark_exists" => |call| quantify(call, true);
    ForAll = "spark_forall" => |call| quantify(call, false);
}

fn parameters(call: &Call<'_>) -> SparkResult<Vec<Option<Parameters>>> {
    Ok(vec![None, Some(vec![element(call, 0)?])])
}

fn bind<K: HigherOrderKernel>(call: &Call<'_>, kernel: K) -> SparkResult<HigherOrderCall> {
    check_predicate(call, 1)?;
    Ok(HigherOrderCall {
        arguments: vec![call.data_type(0)?.clone(), SparkType::Boolean],
        data_type: SparkType::Boolean,
        nullable: call.any_nullable(),
        udf: higher_order_udf(kernel),
        parameters: parameters(call)?.into_iter().flatten().collect(),
    })
}

/// `decisive` is the truth value that settles a row: one element that has it is enough.
fn quantify(call: &LambdaCall<'_>, decisive: bool) -> Result<ArrayRef> {
    let array = lifted(lists(&call.values, 0))?;
    let flat = Flat::new(array.offsets(), &array);
    let elements = call.parameter(0, 0, &flat.elements(array.values())?)?;
    let truths = truths(|| flat.evaluate(call.lambda(0)?, &[elements]), flat.len())?;
    let mut result = BooleanBuilder::with_capacity(array.len());
    let mut next = 0;
    for length in &flat.lengths {
        let Some(length) = length else {
            result.append_null();
            continue;
        };
        let mut row = next..next + length;
        next += length;
        if row.clone().any(|index| truths.is_valid(index) && truths.value(index) == decisive) {
            result.append_value(decisive);
        } else if row.any(|index| truths.is_null(index)) {
            result.append_null();
        } else {
            result.append_value(!decisive);
        }
    }
    Ok(Arc::new(result.finish()))
}
