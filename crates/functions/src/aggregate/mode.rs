//! `mode`: the most frequent value, of equally frequent ones the least, or the greatest with
//! `WITHIN GROUP (ORDER BY x DESC)`, which reaches the function as the arguments `x`, `true`, descending.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef};
use arrow::compute::SortOptions;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::collect::normalized;
use super::gathered::{GatheredRows, Gathering, boxed_gathering};
use super::groups::Groups;
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column};
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Aggregate, Function};

pub(super) const MODE: Function =
    Function::aggregate("mode", mode).since("3.4.0").arity(0..=2).prints(|arguments| match arguments {
        [value, flag, ..] if flag == "true" => format!("mode() WITHIN GROUP (ORDER BY {value} DESC)"),
        [value, ..] => format!("mode({value})"),
        [] => "mode()".to_owned(),
    });

fn mode(call: &Call<'_>) -> SparkResult<Aggregate> {
    if call.is_empty() {
        return Err(SparkError::new("INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING").param("funcName", "`mode`"));
    }
    let types = call.implicit_cast(&[Expected::AnyType, Expected::BOOLEAN, Expected::BOOLEAN])?;
    if call.arguments.get(1).is_some_and(|flag| !flag.is_foldable) {
        return Err(SparkError::new("NON_FOLDABLE_ARGUMENT")
            .param("funcName", "`mode`")
            .param("paramName", "`deterministic`")
            .param("paramType", "\"BOOLEAN\""));
    }
    let descending =
        matches!(call.arguments.get(2).and_then(|flag| flag.constant.as_ref()), Some(ScalarValue::Boolean(Some(true))));
    let value = types.first().cloned().unwrap_or(SparkType::Null);
    let udaf = if descending { aggregate_udf(Mode::<true>) } else { aggregate_udf(Mode::<false>) };
    Ok(Aggregate::new(call, value, true, udaf).casting(types).before(|mut arguments| {
        arguments.truncate(1);
        Ok(arguments)
    }))
}

#[derive(Debug, Default, Clone, Copy)]
struct Mode<const GREATEST: bool>;

impl<const GREATEST: bool> AggregateKernel for Mode<GREATEST> {
    const NAME: &'static str = if GREATEST { "spark_greatest_mode" } else { "spark_mode" };

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments.first().cloned().unwrap_or(DataType::Null))
    }

    fn state(&self, arguments: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        GatheredRows::state_types(arguments, 1)
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        boxed_gathering(*self, call, 1, |columns| Ok(column(columns, 0)?.logical_nulls()))
    }
}

impl<const GREATEST: bool> Gathering for Mode<GREATEST> {
    fn finish(&self, _call: &AggregateCall, columns: &[ArrayRef]) -> Result<Option<ArrayRef>> {
        let values = normalized(column(columns, 0)?);
        if matches!(values.data_type(), DataType::Null | DataType::Map(..)) {
            return Ok(if values.is_empty() { None } else { Some(values.slice(0, 1)) });
        }
        let options = SortOptions { descending: GREATEST, nulls_first: true };
        let converter = RowConverter::new(vec![SortField::new_with_options(values.data_type().clone(), options)])?;
        let rows = converter.convert_columns(std::slice::from_ref(&values))?;
        let mut counts: HashMap<_, (usize, usize)> = HashMap::new();
        for (index, row) in rows.iter().enumerate() {
            counts.entry(row).or_insert((0, index)).0 += 1;
        }
        // The greatest count, and among equal ones the first value in order.
        let best = counts.into_iter().min_by(|(left, (left_count, _)), (right, (right_count, _))| {
            right_count.cmp(left_count).then_with(|| left.cmp(right))
        });
        Ok(best.map(|(_, (_, index))| values.slice(index, 1)))
    }
}
