//! `stddev`, `variance`, `skewness`, `kurtosis`: central moments, updated and merged as Spark does it, so that
//! rounding errors are the same.

use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result;
use datafusion::logical_expr::AggregateUDF;
use firesteel_base::{SparkResult, SparkType};

use super::groups::{Groups, for_each_value, primitive, taking_part};
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column};
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Aggregate, Function};

pub(super) const STDDEV_SAMP: Function =
    Function::aggregate("stddev_samp", |call| bind(call, aggregate_udf(Moment::<STDDEV_SAMP_OF>)))
        .aliases(&["stddev", "std"])
        .since("1.6.0")
        .arity(1..=1)
        .prints_alias();
pub(super) const STDDEV_POP: Function =
    Function::aggregate("stddev_pop", |call| bind(call, aggregate_udf(Moment::<STDDEV_POP_OF>)))
        .since("1.6.0")
        .arity(1..=1);
pub(super) const VAR_SAMP: Function =
    Function::aggregate("var_samp", |call| bind(call, aggregate_udf(Moment::<VAR_SAMP_OF>)))
        .aliases(&["variance"])
        .since("1.6.0")
        .arity(1..=1)
        .prints_alias();
pub(super) const VAR_POP: Function =
    Function::aggregate("var_pop", |call| bind(call, aggregate_udf(Moment::<VAR_POP_OF>))).since("1.6.0").arity(1..=1);
pub(super) const SKEWNESS: Function =
    Function::aggregate("skewness", |call| bind(call, aggregate_udf(Moment::<SKEWNESS_OF>)))
        .since("1.6.0")
        .arity(1..=1);
pub(super) const KURTOSIS: Function =
    Function::aggregate("kurtosis", |call| bind(call, aggregate_udf(Moment::<KURTOSIS_OF>)))
        .since("1.6.0")
        .arity(1..=1);

const STDDEV_SAMP_OF: u8 = 0;
const STDDEV_POP_OF: u8 = 1;
const VAR_SAMP_OF: u8 = 2;
const VAR_POP_OF: u8 = 3;
const SKEWNESS_OF: u8 = 4;
const KURTOSIS_OF: u8 = 5;
const SQUARE_SUM_OF: u8 = 6;

/// The sum of the squares of the distances from the mean.
pub(super) fn square_sum_udf() -> Arc<AggregateUDF> {
    aggregate_udf(Moment::<SQUARE_SUM_OF>)
}

fn bind(call: &Call<'_>, udaf: Arc<AggregateUDF>) -> SparkResult<Aggregate> {
    let arguments = call.implicit_cast(&[Expected::DOUBLE])?;
    Ok(Aggregate::new(call, SparkType::Double, true, udaf).casting(arguments))
}

#[derive(Debug, Default, Clone, Copy)]
struct Moment<const OF: u8>;

impl<const OF: u8> AggregateKernel for Moment<OF> {
    const NAME: &'static str = match OF {
        STDDEV_SAMP_OF => "spark_stddev_samp",
        STDDEV_POP_OF => "spark_stddev_pop",
        VAR_SAMP_OF => "spark_var_samp",
        VAR_POP_OF => "spark_var_pop",
        SKEWNESS_OF => "spark_skewness",
        SQUARE_SUM_OF => "spark_square_sum",
        _ => "spark_kurtosis",
    };

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state(&self, _arguments: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        vec![DataType::Float64; order(OF) + 1]
    }

    fn groups(&self, _call: &AggregateCall) -> Result<Box<dyn Groups>> {
        Ok(Box::new(MomentGroups { of: OF, moments: Vec::new() }))
    }
}

/// The highest moment that is needed.
const fn order(of: u8) -> usize {
    match of {
        SKEWNESS_OF => 3,
        KURTOSIS_OF => 4,
        _ => 2,
    }
}

/// Number of values, their mean, and the sums of the powers of their distances from it.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
}

impl Moments {
    fn add(&mut self, value: f64, order: usize) {
        let count = self.count + 1.0;
        let delta = value - self.mean;
        let delta_n = delta / count;
        let m2 = self.m2 + delta * (delta - delta_n);
        if order >= 3 {
            let delta_squared = delta * delta;
            let delta_n_squared = delta_n * delta_n;
            let m3 = self.m3 - 3.0 * delta_n * m2 + delta * (delta_squared - delta_n_squared);
            if order >= 4 {
                self.m4 = self.m4 - 4.0 * delta_n * m3 - 6.0 * delta_n_squared * m2
                    + delta * (delta * delta_squared - delta_n * delta_n_squared);
            }
            self.m3 = m3;
        }
        self.count = count;
        self.mean += delta_n;
        self.m2 = m2;
    }

    fn merge(&mut self, other: &Self, order: usize) {
        let (left, right) = (*self, *other);
        let count = left.count + right.count;
        let delta = right.mean - left.mean;
        let delta_n = if count == 0.0 { 0.0 } else { delta / count };
        self.count = count;
        self.mean = left.mean + delta_n * right.count;
        self.m2 = left.m2 + right.m2 + delta * delta_n * left.count * right.count;
        if order >= 3 {
            self.m3 = left.m3
                + right.m3
                + delta_n * delta_n * delta * left.count * right.count * (left.count - right.count)
                + 3.0 * delta_n * (left.count * right.m2 - right.count * left.m2);
        }
        if order >= 4 {
            self.m4 = left.m4
                + right.m4
                + delta_n
                    * delta_n
                    * delta_n
                    * delta
                    * left.count
                    * right.count
                    * (left.count * left.count - left.count * right.count + right.count * right.count)
                + 6.0 * delta_n * delta_n * (left.count * left.count * right.m2 + right.count * right.count * left.m2)
                + 4.0 * delta_n * (left.count * right.m3 - right.count * left.m3);
        }
    }

    fn result(&self, of: u8) -> Option<f64> {
        if self.count == 0.0 {
            return None;
        }
        let sample = |value: f64| (self.count > 1.0).then_some(value);
        match of {
            STDDEV_SAMP_OF => sample((self.m2 / (self.count - 1.0)).sqrt()),
            STDDEV_POP_OF => Some((self.m2 / self.count).sqrt()),
            VAR_SAMP_OF => sample(self.m2 / (self.count - 1.0)),
            VAR_POP_OF => Some(self.m2 / self.count),
            SQUARE_SUM_OF => Some(self.m2),
            _ if self.m2 == 0.0 => None,
            SKEWNESS_OF => Some(self.count.sqrt() * self.m3 / (self.m2 * self.m2 * self.m2).sqrt()),
            _ => Some(self.count * self.m4 / (self.m2 * self.m2) - 3.0),
        }
    }

    fn cells(&self) -> [f64; 5] {
        [self.count, self.mean, self.m2, self.m3, self.m4]
    }

    fn of_cells([count, mean, m2, m3, m4]: [f64; 5]) -> Self {
        Self { count, mean, m2, m3, m4 }
    }
}

#[derive(Debug)]
struct MomentGroups {
    of: u8,
    moments: Vec<Moments>,
}

impl Groups for MomentGroups {
    fn resize(&mut self, total: usize) {
        self.moments.resize(total, Moments::default());
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let values = primitive::<Float64Type>(column(columns, 0)?)?;
        let (order, moments) = (order(self.of), &mut self.moments);
        for_each_value(groups, values, taking_part(values.nulls(), filter).as_ref(), |group, value| {
            if let Some(moments) = moments.get_mut(group) {
                moments.add(value, order);
            }
        });
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let columns = state.iter().map(primitive::<Float64Type>).collect::<Result<Vec<_>>>()?;
        for (row, group) in groups.iter().enumerate() {
            let mut cells = [0.0; 5];
            cells.iter_mut().zip(&columns).for_each(|(cell, column)| *cell = column.value(row));
            if let Some(moments) = self.moments.get_mut(*group) {
                moments.merge(&Moments::of_cells(cells), order(self.of));
            }
        }
        Ok(())
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        let results = self.moments.iter().take(count).map(|moments| moments.result(self.of));
        Ok(Arc::new(results.collect::<Float64Array>()))
    }

    fn state(&self, count: usize) -> Result<Vec<ArrayRef>> {
        let column = |index: usize| {
            let cells = self.moments.iter().take(count).map(|moments| moments.cells().get(index).copied());
            Arc::new(cells.collect::<Float64Array>()) as ArrayRef
        };
        Ok((0..=order(self.of)).map(column).collect())
    }

    fn remove(&mut self, count: usize) -> Result<()> {
        self.moments.drain(..count.min(self.moments.len()));
        Ok(())
    }

    fn len(&self) -> usize {
        self.moments.len()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.moments.capacity() * size_of::<Moments>()
    }
}
