//! `filter`: the elements for which a predicate holds.

use arrow::array::{Array, ArrayRef};
use datafusion::common::Result;
use firesteel_base::{SparkResult, SparkType};

use super::flat::{Flat, lifted, truths};
use super::kernel::{LambdaCall, higher_order_kernels, higher_order_udf};
use super::{Parameters, check_predicate, element};
use crate::call::Call;
use crate::function::{Function, HigherOrder, HigherOrderCall};
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists};

pub(super) const FUNCTION: Function =
    Function::higher_order("filter", HigherOrder { parameters, bind }).arity(2..=2).since("2.4.0");

higher_order_kernels! {
    Filter = "spark_filter" => evaluate;
}

fn parameters(call: &Call<'_>) -> SparkResult<Vec<Option<Parameters>>> {
    Ok(vec![None, Some(vec![element(call, 0)?, (SparkType::Integer, false)])])
}

fn bind(call: &Call<'_>) -> SparkResult<HigherOrderCall> {
    check_predicate(call, 1)?;
    let array = call.argument(0)?;
    Ok(HigherOrderCall {
        arguments: vec![array.data_type.clone(), SparkType::Boolean],
        data_type: array.data_type.clone(),
        nullable: array.nullable,
        udf: higher_order_udf(Filter),
        parameters: parameters(call)?.into_iter().flatten().collect(),
    })
}

fn evaluate(call: &LambdaCall<'_>) -> Result<ArrayRef> {
    let array = lifted(lists(&call.values, 0))?;
    let flat = Flat::new(array.offsets(), &array);
    let elements = call.parameter(0, 0, &flat.elements(array.values())?)?;
    let kept = truths(|| flat.evaluate(call.lambda(0)?, &[elements.clone(), flat.places()]), flat.len())?;
    let mut values = lifted(Picker::new(&[&elements], lifted(element_field(call.return_type()))?.data_type()))?;
    let mut rows = RowBuilder::new(array.len());
    let mut next = 0;
    for length in &flat.lengths {
        for index in next..next + length.unwrap_or(0) {
            if kept.is_valid(index) && kept.value(index) {
                values.pick(0, index);
            }
        }
        next += length.unwrap_or(0);
        lifted(if length.is_some() { rows.end(values.len()) } else { rows.end_null(values.len()) })?;
    }
    lifted(rows.into_lists(&lifted(values.finish())?, call.return_type()))
}
