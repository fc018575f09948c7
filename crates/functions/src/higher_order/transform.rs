//! `transform`: an array of what a lambda makes of each element, and of its place if it asks for it.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use firesteel_base::{SparkResult, SparkType};

use super::flat::{Flat, lifted, result};
use super::kernel::{LambdaCall, higher_order_kernels, higher_order_udf};
use super::{Parameters, element};
use crate::call::Call;
use crate::function::{Function, HigherOrder, HigherOrderCall};
use crate::kernel::nested::{RowBuilder, element_field, lists};

pub(super) const FUNCTION: Function =
    Function::higher_order("transform", HigherOrder { parameters, bind }).arity(2..=2).since("2.4.0");

higher_order_kernels! {
    Transform = "spark_transform" => evaluate;
}

fn parameters(call: &Call<'_>) -> SparkResult<Vec<Option<Parameters>>> {
    Ok(vec![None, Some(vec![element(call, 0)?, (SparkType::Integer, false)])])
}

fn bind(call: &Call<'_>) -> SparkResult<HigherOrderCall> {
    let body = call.argument(1)?;
    Ok(HigherOrderCall {
        arguments: call.data_types(),
        data_type: SparkType::array(body.data_type.clone(), body.nullable),
        nullable: call.argument(0)?.nullable,
        udf: higher_order_udf(Transform),
        parameters: parameters(call)?.into_iter().flatten().collect(),
    })
}

fn evaluate(call: &LambdaCall<'_>) -> Result<ArrayRef> {
    let array = lifted(lists(&call.values, 0))?;
    let flat = Flat::new(array.offsets(), &array);
    let lambda = call.lambda(0)?;
    let element = lifted(element_field(call.return_type()))?.data_type();
    let values = flat.elements(array.values())?;
    let values = call.parameter(0, 0, &values)?;
    let values = result(|| flat.evaluate(lambda, &[values, flat.places()]), flat.len(), element)?;
    rows_of(&flat, &values, call)
}

/// Arrays as long as those that the elements come from.
pub(super) fn rows_of(flat: &Flat, values: &ArrayRef, call: &LambdaCall<'_>) -> Result<ArrayRef> {
    let mut rows = RowBuilder::new(flat.lengths.len());
    let mut end = 0;
    for length in &flat.lengths {
        end += length.unwrap_or(0);
        lifted(if length.is_some() { rows.end(end) } else { rows.end_null(end) })?;
    }
    lifted(rows.into_lists(values, call.return_type()))
}
