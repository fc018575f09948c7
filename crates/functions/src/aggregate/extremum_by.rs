//! `max_by`, `min_by`: the value of the row whose ordering is the greatest or least, or of the `k` such rows.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::AggregateUDF;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::chosen::ChosenRows;
use super::extremum::check_orderable;
use super::gathered::{GatheredRows, Gathering, boxed_gathering};
use super::groups::{Groups, for_each_row, taking_part};
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column};
use crate::call::Call;
use crate::coercion::quoted;
use crate::function::{Aggregate, Function};

pub(super) const MAX_BY: Function = Function::aggregate("max_by", max_by).since("3.0.0").arity(2..=3);
pub(super) const MIN_BY: Function = Function::aggregate("min_by", min_by).since("3.0.0").arity(2..=3);

/// The most rows that can be asked for.
const ROWS_MAX: i64 = 100_000;

fn max_by(call: &Call<'_>) -> SparkResult<Aggregate> {
    bind(call, aggregate_udf(ExtremumBy::<true, false>), aggregate_udf(ExtremaBy::<true>))
}

fn min_by(call: &Call<'_>) -> SparkResult<Aggregate> {
    bind(call, aggregate_udf(ExtremumBy::<false, false>), aggregate_udf(ExtremaBy::<false>))
}

/// The value whose key is the greatest or the least, the first of several: `max` and `min` of what is compared by keys.
pub(crate) fn extremum_by_key(greatest: bool) -> Arc<AggregateUDF> {
    if greatest { aggregate_udf(ExtremumBy::<true, true>) } else { aggregate_udf(ExtremumBy::<false, true>) }
}

fn bind(call: &Call<'_>, one: Arc<AggregateUDF>, many: Arc<AggregateUDF>) -> SparkResult<Aggregate> {
    check_orderable(call, 1)?;
    let value = call.data_type(0)?.clone();
    if call.len() == 2 {
        return Ok(Aggregate::new(call, value, true, one));
    }
    check_rows(call)?;
    let types = vec![value.clone(), call.data_type(1)?.clone(), SparkType::Integer];
    Ok(Aggregate::new(call, SparkType::array(value, true), true, many).casting(types))
}

fn check_rows(call: &Call<'_>) -> SparkResult<()> {
    let rows = call.argument(2)?;
    if !rows.is_foldable {
        return Err(call
            .mismatch("NON_FOLDABLE_INPUT")
            .param("inputName", "k")
            .param("inputType", firesteel_base::error::quoting::to_sql_type(&rows.data_type))
            .param("inputExpr", rows.sql()));
    }
    let asked = rows.constant.as_ref().and_then(|rows| rows.cast_to(&DataType::Int64).ok());
    match asked {
        Some(ScalarValue::Int64(Some(1..=ROWS_MAX))) => Ok(()),
        Some(ScalarValue::Int64(Some(asked))) => Err(call
            .mismatch("VALUE_OUT_OF_RANGE")
            .param("exprName", "`k`")
            .param("valueRange", format!("[1, {ROWS_MAX}]"))
            .param("currentValue", asked.to_string())),
        _ => Err(call.mismatch("UNEXPECTED_NULL").param("exprName", quoted("k"))),
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct ExtremumBy<const GREATEST: bool, const FIRST: bool>;

impl<const GREATEST: bool, const FIRST: bool> AggregateKernel for ExtremumBy<GREATEST, FIRST> {
    const NAME: &'static str = match (GREATEST, FIRST) {
        (true, false) => "spark_max_by",
        (false, false) => "spark_min_by",
        (true, true) => "spark_max_by_key",
        (false, true) => "spark_min_by_key",
    };

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments.first().cloned().unwrap_or(DataType::Null))
    }

    fn state(&self, arguments: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        arguments.to_vec()
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        let options = SortOptions { descending: GREATEST, nulls_first: false };
        let ordering = SortField::new_with_options(call.argument(1)?.clone(), options);
        Ok(Box::new(ExtremumByGroups {
            rows: ChosenRows::new(call.arguments.clone()),
            orderings: Vec::new(),
            keeps_first: FIRST,
            converter: RowConverter::new(vec![ordering])?,
        }))
    }
}

/// The chosen row of a group is the one whose encoded ordering is the least; of equal ones the first or the last.
#[derive(Debug)]
struct ExtremumByGroups {
    rows: ChosenRows,
    orderings: Vec<Option<Box<[u8]>>>,
    keeps_first: bool,
    converter: RowConverter,
}

impl Groups for ExtremumByGroups {
    fn resize(&mut self, total: usize) {
        self.rows.resize(total);
        self.orderings.resize(total, None);
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let ordering = column(columns, 1)?;
        let encoded = self.converter.convert_columns(std::slice::from_ref(ordering))?;
        let valid = taking_part(ordering.logical_nulls().as_ref(), filter);
        let mut chosen: indexmap::IndexMap<usize, usize> = indexmap::IndexMap::new();
        let (orderings, keeps_first) = (&mut self.orderings, self.keeps_first);
        for_each_row(groups, valid.as_ref(), |group, row| {
            let Some(best) = orderings.get_mut(group) else { return };
            let encoded = encoded.row(row);
            let is_better = best.as_ref().is_none_or(|best| match encoded.data().cmp(best.as_ref()) {
                Ordering::Less => true,
                Ordering::Equal => !keeps_first,
                Ordering::Greater => false,
            });
            if is_better {
                *best = Some(encoded.data().into());
                chosen.insert(group, row);
            }
        });
        self.rows.replace(columns, &chosen.into_iter().collect::<Vec<_>>())
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.update(state, groups, None)
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        self.rows.column(0, count)
    }

    fn state(&self, count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.rows.column(0, count)?, self.rows.column(1, count)?])
    }

    fn remove(&mut self, count: usize) -> Result<()> {
        self.rows.remove(count);
        self.orderings.drain(..count.min(self.orderings.len()));
        Ok(())
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn size(&self) -> usize {
        let orderings: usize = self.orderings.iter().flatten().map(|ordering| ordering.len()).sum();
        self.rows.size() + orderings + self.orderings.capacity() * size_of::<Option<Box<[u8]>>>()
    }
}

/// With `k`: an array of values.
#[derive(Debug, Default, Clone, Copy)]
struct ExtremaBy<const GREATEST: bool>;

impl<const GREATEST: bool> AggregateKernel for ExtremaBy<GREATEST> {
    const NAME: &'static str = if GREATEST { "spark_max_by_k" } else { "spark_min_by_k" };

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let element = arguments.first().cloned().unwrap_or(DataType::Null);
        Ok(DataType::List(Arc::new(Field::new("element", element, true))))
    }

    fn state(&self, arguments: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        GatheredRows::state_types(arguments, 2)
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        boxed_gathering(*self, call, 2, |columns| Ok(column(columns, 1)?.logical_nulls()))
    }
}

impl<const GREATEST: bool> Gathering for ExtremaBy<GREATEST> {
    fn finish(&self, call: &AggregateCall, columns: &[ArrayRef]) -> Result<Option<ArrayRef>> {
        let rows = match call.constant(2) {
            Some(ScalarValue::Int32(Some(rows))) => usize::try_from(*rows).unwrap_or(0),
            _ => return Err(super::kernel::raise(SparkError::internal("max_by was called without its k"))),
        };
        let ordering = column(columns, 1)?;
        if ordering.is_empty() {
            return Ok(None);
        }
        let options = SortOptions { descending: GREATEST, nulls_first: false };
        let converter = RowConverter::new(vec![SortField::new_with_options(ordering.data_type().clone(), options)])?;
        let encoded = converter.convert_columns(std::slice::from_ref(ordering))?;
        let mut order: Vec<u32> = (0..u32::try_from(ordering.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by(|left, right| encoded.row(*left as usize).cmp(&encoded.row(*right as usize)));
        order.truncate(rows);
        let order = arrow::array::UInt32Array::from(order);
        Ok(Some(arrow::compute::take(column(columns, 0)?.as_ref(), &order, None)?))
    }
}
