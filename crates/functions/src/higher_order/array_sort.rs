//! `array_sort`: by the natural order with NULL last, or by a lambda that compares two elements.
//!
//! The lambda is evaluated on many comparisons at once: all arrays are merge-sorted together, and each step takes one
//! comparison from every pair of runs that is being merged.

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::Result;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::flat::{evaluate as evaluate_lambda, lifted, result};
use super::kernel::{LambdaCall, higher_order_kernels, higher_order_udf, raise};
use super::{Parameters, element};
use crate::call::Call;
use crate::coercion::{is_orderable, quoted, quoted_type};
use crate::collection::sorted_picks;
use crate::function::{Function, HigherOrder, HigherOrderCall};
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists, range};

pub(super) const FUNCTION: Function =
    Function::higher_order("array_sort", HigherOrder { parameters, bind }).arity(1..=2).prints(sql).since("2.4.0");

higher_order_kernels! {
    ArraySort = "spark_array_sort" => evaluate;
}

/// The natural order prints as the lambda that Spark has for it.
fn sql(arguments: &[String]) -> String {
    const VARIABLE: &str = "namedlambdavariable()";
    match arguments {
        [array] => format!(
            "array_sort({array}, lambdafunction((IF((({VARIABLE} IS NULL) AND ({VARIABLE} IS NULL)), 0, \
             (IF(({VARIABLE} IS NULL), 1, (IF(({VARIABLE} IS NULL), -1, (IF(({VARIABLE} < {VARIABLE}), -1, \
             (IF(({VARIABLE} > {VARIABLE}), 1, 0)))))))))), {VARIABLE}, {VARIABLE}))"
        ),
        arguments => format!("array_sort({})", arguments.join(", ")),
    }
}

fn parameters(call: &Call<'_>) -> SparkResult<Vec<Option<Parameters>>> {
    let element = element(call, 0)?;
    let mut parameters = vec![None];
    if call.len() == 2 {
        parameters.push(Some(vec![element.clone(), element]));
    }
    Ok(parameters)
}

fn bind(call: &Call<'_>) -> SparkResult<HigherOrderCall> {
    let (element, _) = element(call, 0)?;
    match call.arguments.get(1) {
        None if !is_orderable(&element) => {
            return Err(SparkError::new("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
                .param("functionName", "`<`")
                .param("dataType", quoted_type(&element))
                .param("sqlExpr", quoted("(namedlambdavariable() < namedlambdavariable())")));
        }
        Some(body) if body.data_type != SparkType::Integer => {
            return Err(call
                .mismatch("UNEXPECTED_RETURN_TYPE")
                .param("functionName", "`lambdafunction`")
                .param("expectedType", "\"INT\"")
                .param("actualType", quoted_type(&body.data_type)));
        }
        Some(_) | None => {}
    }
    let array = call.argument(0)?;
    Ok(HigherOrderCall {
        arguments: call.data_types(),
        data_type: array.data_type.clone(),
        nullable: array.nullable,
        udf: higher_order_udf(ArraySort),
        parameters: parameters(call)?.into_iter().flatten().collect(),
    })
}

fn evaluate(call: &LambdaCall<'_>) -> Result<ArrayRef> {
    let array = lifted(lists(&call.values, 0))?;
    let sorted = if call.lambdas.is_empty() { lifted(sorted_picks(&array))? } else { sorted_by_lambda(call, &array)? };
    let mut values = lifted(Picker::new(&[array.values()], lifted(element_field(call.return_type()))?.data_type()))?;
    let mut rows = RowBuilder::new(array.len());
    for (row, order) in sorted.into_iter().enumerate() {
        for index in order {
            values.pick(0, index);
        }
        lifted(if array.is_null(row) { rows.end_null(values.len()) } else { rows.end(values.len()) })?;
    }
    lifted(rows.into_lists(&lifted(values.finish())?, call.return_type()))
}

/// Two neighbouring sorted runs of a row that are being merged.
struct Merge {
    row: usize,
    left: Vec<usize>,
    right: Vec<usize>,
    next_left: usize,
    next_right: usize,
    merged: Vec<usize>,
}

impl Merge {
    /// The elements to compare next; `None` when a run is used up.
    fn pair(&self) -> Option<(usize, usize)> {
        Some((*self.left.get(self.next_left)?, *self.right.get(self.next_right)?))
    }

    fn take(&mut self, left_first: bool) {
        let (run, next) =
            if left_first { (&self.left, &mut self.next_left) } else { (&self.right, &mut self.next_right) };
        self.merged.extend(run.get(*next));
        *next += 1;
    }

    fn finish(mut self) -> Vec<usize> {
        self.merged.extend(self.left.iter().skip(self.next_left));
        self.merged.extend(self.right.iter().skip(self.next_right));
        self.merged
    }
}

fn sorted_by_lambda(call: &LambdaCall<'_>, array: &ListArray) -> Result<Vec<Vec<usize>>> {
    let elements = call.parameter(0, 0, array.values())?;
    // Each row's runs, sorted in themselves.
    let mut runs: Vec<Vec<Vec<usize>>> = (0..array.len())
        .map(|row| match array.is_null(row) {
            true => Vec::new(),
            false => range(array.offsets(), row).map(|index| vec![index]).collect(),
        })
        .collect();
    while runs.iter().any(|runs| runs.len() > 1) {
        let mut merges: Vec<Merge> = Vec::new();
        for (row, runs) in runs.iter_mut().enumerate() {
            let mut pairs = std::mem::take(runs).into_iter();
            while let Some(left) = pairs.next() {
                let right = pairs.next().unwrap_or_default();
                merges.push(Merge { row, left, right, next_left: 0, next_right: 0, merged: Vec::new() });
            }
        }
        merge_all(call, &elements, &mut merges)?;
        for merge in merges {
            if let Some(runs) = runs.get_mut(merge.row) {
                runs.push(merge.finish());
            }
        }
    }
    Ok(runs.into_iter().map(|runs| runs.into_iter().next().unwrap_or_default()).collect())
}

fn merge_all(call: &LambdaCall<'_>, elements: &ArrayRef, merges: &mut [Merge]) -> Result<()> {
    loop {
        let (mut rows, mut lefts, mut rights) = (Vec::new(), Vec::new(), Vec::new());
        for merge in merges.iter() {
            if let Some((left, right)) = merge.pair() {
                rows.push(merge.row as u32);
                lefts.push(left as u32);
                rights.push(right as u32);
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let rows = UInt32Array::from(rows);
        let parameters =
            [take(elements, &UInt32Array::from(rights), None)?, take(elements, &UInt32Array::from(lefts), None)?];
        let lambda = call.lambda(0)?;
        let order = result(|| evaluate_lambda(lambda, &parameters, &rows), rows.len(), &DataType::Int32)?;
        let order = order.as_primitive::<Int32Type>();
        for (index, merge) in merges.iter_mut().filter(|merge| merge.pair().is_some()).enumerate() {
            if order.is_null(index) {
                return Err(raise(SparkError::new("COMPARATOR_RETURNS_NULL")));
            }
            // The right one goes first only if it is less: whatever the lambda says, what is in order stays.
            merge.take(order.value(index) >= 0);
        }
    }
}
