//! `collect_frequent_items`: values that make up at least a share of a column, with some that do not. Behind
//! `df.stat.freqItems`; not a function of SQL.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::{Result, ScalarValue};
use firesteel_base::{SparkResult, SparkType};
use indexmap::IndexMap;

use super::gathered::{GatheredRows, Gathering, boxed_gathering};
use super::groups::Groups;
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column};
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Aggregate, Function};

pub(super) const COLLECT_FREQUENT_ITEMS: Function =
    Function::aggregate("collect_frequent_items", bind).since("4.0.0").arity(2..=2);

fn bind(call: &Call<'_>) -> SparkResult<Aggregate> {
    let types = call.implicit_cast(&[Expected::AnyType, Expected::Integral])?;
    let argument = call.argument(0)?;
    let result = SparkType::array(argument.data_type.clone(), argument.nullable);
    Ok(Aggregate::new(call, result, false, aggregate_udf(FrequentItems))
        .casting(vec![types.first().cloned().unwrap_or(SparkType::Null), SparkType::Long]))
}

#[derive(Debug, Default, Clone, Copy)]
struct FrequentItems;

impl AggregateKernel for FrequentItems {
    const NAME: &'static str = "spark_collect_frequent_items";

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let element = arguments.first().cloned().unwrap_or(DataType::Null);
        Ok(DataType::List(Arc::new(Field::new("element", element, true))))
    }

    fn state(&self, arguments: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        GatheredRows::state_types(arguments, 1)
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        boxed_gathering(*self, call, 1, |_| Ok(None))
    }
}

impl Gathering for FrequentItems {
    fn finish(&self, call: &AggregateCall, columns: &[ArrayRef]) -> Result<Option<ArrayRef>> {
        let size = match call.constant(1) {
            Some(ScalarValue::Int64(Some(size))) => usize::try_from(*size).unwrap_or(0),
            _ => 0,
        };
        let values = column(columns, 0)?;
        let converter = RowConverter::new(vec![SortField::new(values.data_type().clone())])?;
        let rows = converter.convert_columns(std::slice::from_ref(values))?;
        // For each value kept: where it stands, and how often it came beyond those that drove others out.
        let mut counters: IndexMap<OwnedRow, (u32, u64)> = IndexMap::with_capacity(size);
        for (index, row) in rows.iter().enumerate() {
            let row = row.owned();
            if let Some((_, count)) = counters.get_mut(&row) {
                *count += 1;
                continue;
            }
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            if counters.len() >= size {
                let least = counters.values().map(|(_, count)| *count).min().unwrap_or(0);
                if least > 1 {
                    counters.values_mut().for_each(|(_, count)| *count -= 1);
                    continue;
                }
                counters.insert(row, (index, 1));
                counters.retain(|_, (_, count)| *count > least);
                counters.values_mut().for_each(|(_, count)| *count -= least);
            } else {
                counters.insert(row, (index, 1));
            }
        }
        let kept: UInt32Array = counters.values().map(|(index, _)| *index).collect();
        Ok(Some(take(values.as_ref(), &kept, None)?))
    }
}
