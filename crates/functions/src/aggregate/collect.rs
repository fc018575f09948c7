//! `collect_list`, `array_agg`, `collect_set`: arrays of a group's values, empty rather than NULL.

use std::collections::HashSet;
use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float32Array, Float64Array};
use arrow::compute::{cast, unary};
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue};
use firesteel_base::{SparkResult, SparkType};

use super::gathered::GatheredRows;
use super::groups::{Groups, taking_part};
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column};
use crate::call::Call;
use crate::coercion::has_map;
use crate::function::{Aggregate, Function};

pub(super) const COLLECT_LIST: Function =
    Function::aggregate("collect_list", collect_list).aliases(&["array_agg"]).since("2.0.0").arity(1..=1);
pub(super) const COLLECT_SET: Function = Function::aggregate("collect_set", collect_set).since("2.0.0").arity(1..=1);

fn collect_list(call: &Call<'_>) -> SparkResult<Aggregate> {
    bind(call, if keeps_nulls(call) { aggregate_udf(Collect::<ALL>) } else { aggregate_udf(Collect::<NOT_NULL>) })
}

fn collect_set(call: &Call<'_>) -> SparkResult<Aggregate> {
    if has_map(call.data_type(0)?) {
        return Err(call
            .mismatch("UNSUPPORTED_INPUT_TYPE")
            .param("functionName", "`collect_set`")
            .param("dataType", "\"MAP\" or \"COLLATED STRING\""));
    }
    bind(call, if keeps_nulls(call) { aggregate_udf(Collect::<SET>) } else { aggregate_udf(Collect::<SET_NOT_NULL>) })
}

/// Gathers the different values of a group that are not NULL.
pub(crate) fn collect_distinct_udaf() -> Arc<datafusion::logical_expr::AggregateUDF> {
    aggregate_udf(Collect::<SET_NOT_NULL>)
}

/// `RESPECT NULLS`
fn keeps_nulls(call: &Call<'_>) -> bool {
    call.ignore_nulls == Some(false)
}

fn bind(call: &Call<'_>, udaf: Arc<datafusion::logical_expr::AggregateUDF>) -> SparkResult<Aggregate> {
    let element = call.data_type(0)?.clone();
    Ok(Aggregate::new(call, SparkType::array(element, keeps_nulls(call)), false, udaf))
}

const NOT_NULL: u8 = 0;
const ALL: u8 = 1;
const SET_NOT_NULL: u8 = 2;
const SET: u8 = 3;

#[derive(Debug, Default, Clone, Copy)]
struct Collect<const WHAT: u8>;

impl<const WHAT: u8> AggregateKernel for Collect<WHAT> {
    const NAME: &'static str = match WHAT {
        NOT_NULL => "spark_collect_list",
        ALL => "spark_collect_list_with_nulls",
        SET_NOT_NULL => "spark_collect_set",
        _ => "spark_collect_set_with_null",
    };

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let element = arguments.first().cloned().unwrap_or(DataType::Null);
        Ok(DataType::List(Arc::new(Field::new("element", element, matches!(WHAT, ALL | SET)))))
    }

    fn state(&self, arguments: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        GatheredRows::state_types(arguments, 1)
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        let distinct = match WHAT {
            SET | SET_NOT_NULL => Some(Distinct {
                converter: RowConverter::new(vec![SortField::new(call.argument(0)?.clone())])?,
                seen: HashSet::new(),
                bytes: 0,
            }),
            _ => None,
        };
        Ok(Box::new(CollectGroups {
            rows: GatheredRows::new(call.arguments.clone()),
            return_type: call.return_type.clone(),
            keeps_nulls: matches!(WHAT, ALL | SET),
            distinct,
        }))
    }

    fn default_value(&self, return_type: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(return_type)
    }
}

#[derive(Debug)]
struct CollectGroups {
    rows: GatheredRows,
    return_type: DataType,
    keeps_nulls: bool,
    distinct: Option<Distinct>,
}

/// The values seen so far.
#[derive(Debug)]
struct Distinct {
    converter: RowConverter,
    /// Group and encoded value.
    seen: HashSet<(usize, Box<[u8]>)>,
    bytes: usize,
}

impl Distinct {
    /// Which rows bring a value that their group has not seen.
    fn first_seen(
        &mut self,
        values: &ArrayRef,
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<BooleanArray> {
        let rows = self.converter.convert_columns(std::slice::from_ref(values))?;
        let valid = taking_part(None, filter);
        let is_first = rows.iter().zip(groups).enumerate().map(|(index, (row, group))| {
            if valid.as_ref().is_some_and(|valid| valid.is_null(index)) {
                return Some(false);
            }
            let is_first = self.seen.insert((*group, row.data().into()));
            self.bytes += if is_first { row.data().len() } else { 0 };
            Some(is_first)
        });
        Ok(is_first.collect())
    }

    fn remove(&mut self, count: usize) {
        let seen = std::mem::take(&mut self.seen);
        self.seen = seen.into_iter().filter_map(|(group, row)| Some((group.checked_sub(count)?, row))).collect();
    }
}

/// One NaN, one zero.
pub(super) fn normalized(values: &ArrayRef) -> ArrayRef {
    match values.data_type() {
        DataType::Float32 => {
            let plain = |value: f32| if value.is_nan() { f32::NAN } else { value + 0.0 };
            Arc::new(unary::<_, _, Float32Type>(values.as_primitive::<Float32Type>(), plain) as Float32Array)
        }
        DataType::Float64 => {
            let plain = |value: f64| if value.is_nan() { f64::NAN } else { value + 0.0 };
            Arc::new(unary::<_, _, Float64Type>(values.as_primitive::<Float64Type>(), plain) as Float64Array)
        }
        _ => Arc::clone(values),
    }
}

impl Groups for CollectGroups {
    fn resize(&mut self, total: usize) {
        self.rows.resize(total);
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let mut values = Arc::clone(column(columns, 0)?);
        let first_seen = match &mut self.distinct {
            Some(distinct) => {
                values = normalized(&values);
                Some(distinct.first_seen(&values, groups, filter)?)
            }
            None => None,
        };
        let nulls = if self.keeps_nulls { None } else { values.logical_nulls() };
        let valid = taking_part(nulls.as_ref(), first_seen.as_ref().or(filter));
        self.rows.add(&[values], groups, valid.as_ref())
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        if self.distinct.is_none() {
            return self.rows.add_lists(state, groups);
        }
        let lists = column(state, 0)?.as_list::<i32>();
        for (row, group) in groups.iter().enumerate() {
            if lists.is_valid(row) {
                let values = lists.value(row);
                let groups = vec![*group; values.len()];
                self.update(&[values], &groups, None)?;
            }
        }
        Ok(())
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        Ok(cast(column(&self.rows.lists(count)?, 0)?, &self.return_type)?)
    }

    fn state(&self, count: usize) -> Result<Vec<ArrayRef>> {
        self.rows.lists(count)
    }

    fn remove(&mut self, count: usize) -> Result<()> {
        if let Some(distinct) = &mut self.distinct {
            distinct.remove(count);
        }
        self.rows.remove(count)
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn size(&self) -> usize {
        let distinct = self
            .distinct
            .as_ref()
            .map_or(0, |distinct| distinct.bytes + distinct.seen.capacity() * size_of::<(usize, Box<[u8]>)>());
        size_of_val(self) + self.rows.size() + distinct
    }
}
