//! `corr`, `covar_pop`, `covar_samp` and the `regr_` functions: aggregates of pairs of numbers, updated and merged as
//! Spark does it, so that rounding errors are the same.

use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::{AggregateUDF, Expr, lit, when};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::average::average_udf;
use super::groups::{Groups, for_each_row, primitive, taking_part};
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column, raise};
use super::moments::square_sum_udf;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Aggregate, Function};
use crate::kernel::from_engine;
use crate::operator::error::divide_by_zero;

macro_rules! pair {
    ($constant:ident, $name:literal, $since:literal, $bind:expr) => {
        pub(super) const $constant: Function = Function::aggregate($name, $bind).since($since).arity(2..=2);
    };
}

pair!(CORR, "corr", "1.6.0", |call| {
    bind(call, if call.ansi() { aggregate_udf(Pairs::<ANSI_CORR>) } else { aggregate_udf(Pairs::<LEGACY_CORR>) })
});
pair!(COVAR_POP, "covar_pop", "2.0.0", |call| bind(call, aggregate_udf(Pairs::<COVARIANCE_POP>)));
pair!(COVAR_SAMP, "covar_samp", "2.0.0", |call| bind(call, aggregate_udf(Pairs::<COVARIANCE_SAMP>)));
pair!(REGR_R2, "regr_r2", "3.3.0", |call| bind(call, aggregate_udf(Pairs::<R2>)).map(|bound| bound.before(swap)));
pair!(REGR_SLOPE, "regr_slope", "3.4.0", |call| {
    bind(call, aggregate_udf(Pairs::<SLOPE>)).map(|bound| bound.before(swap))
});
pair!(REGR_INTERCEPT, "regr_intercept", "3.4.0", |call| {
    bind(call, aggregate_udf(Pairs::<INTERCEPT>)).map(|bound| bound.before(swap))
});
pair!(REGR_SXY, "regr_sxy", "3.4.0", |call| bind(call, aggregate_udf(Pairs::<SXY>)).map(|bound| bound.before(swap)));
pair!(REGR_SXX, "regr_sxx", "3.4.0", |call| bind(call, square_sum_udf()).map(|bound| bound.before(only_x)));
pair!(REGR_SYY, "regr_syy", "3.4.0", |call| bind(call, square_sum_udf()).map(|bound| bound.before(only_y)));
pair!(REGR_AVGX, "regr_avgx", "3.3.0", |call| bind(call, average_udf()).map(|bound| bound.before(only_x)));
pair!(REGR_AVGY, "regr_avgy", "3.3.0", |call| bind(call, average_udf()).map(|bound| bound.before(only_y)));
pair!(REGR_COUNT, "regr_count", "3.3.0", regr_count);

const ANSI_CORR: u8 = 0;
const LEGACY_CORR: u8 = 1;
const COVARIANCE_POP: u8 = 2;
const COVARIANCE_SAMP: u8 = 3;
const R2: u8 = 4;
const SLOPE: u8 = 5;
const INTERCEPT: u8 = 6;
const SXY: u8 = 7;

fn bind(call: &Call<'_>, udaf: Arc<AggregateUDF>) -> SparkResult<Aggregate> {
    let arguments = call.implicit_cast(&[Expected::DOUBLE, Expected::DOUBLE])?;
    Ok(Aggregate::new(call, SparkType::Double, true, udaf).casting(arguments))
}

fn regr_count(call: &Call<'_>) -> SparkResult<Aggregate> {
    let arguments = call.implicit_cast(&[Expected::Numeric, Expected::Numeric])?;
    Ok(Aggregate::new(call, SparkType::Long, false, count_udaf()).casting(arguments).before(one_if_both))
}

/// The regression functions take `y, x`.
fn pair(arguments: Vec<Expr>) -> SparkResult<(Expr, Expr)> {
    match <[Expr; 2]>::try_from(arguments) {
        Ok([y, x]) => Ok((y, x)),
        Err(_) => Err(SparkError::internal("a regression was bound without its two arguments")),
    }
}

fn swap(arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    let (y, x) = pair(arguments)?;
    Ok(vec![x, y])
}

fn only_x(arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    let (y, x) = pair(arguments)?;
    Ok(vec![when(y.is_not_null(), x).end().map_err(from_engine)?])
}

fn only_y(arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    let (y, x) = pair(arguments)?;
    Ok(vec![when(x.is_not_null(), y).end().map_err(from_engine)?])
}

fn one_if_both(arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    let (y, x) = pair(arguments)?;
    Ok(vec![when(y.is_not_null().and(x.is_not_null()), lit(1_i32)).end().map_err(from_engine)?])
}

#[derive(Debug, Default, Clone, Copy)]
struct Pairs<const OF: u8>;

impl<const OF: u8> AggregateKernel for Pairs<OF> {
    const NAME: &'static str = match OF {
        ANSI_CORR => "spark_corr",
        LEGACY_CORR => "spark_legacy_corr",
        COVARIANCE_POP => "spark_covar_pop",
        COVARIANCE_SAMP => "spark_covar_samp",
        R2 => "spark_regr_r2",
        SLOPE => "spark_regr_slope",
        INTERCEPT => "spark_regr_intercept",
        _ => "spark_regr_sxy",
    };

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state(&self, _arguments: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        vec![DataType::Float64; 6]
    }

    fn groups(&self, _call: &AggregateCall) -> Result<Box<dyn Groups>> {
        Ok(Box::new(PairGroups { of: OF, moments: Vec::new() }))
    }
}

/// Number of pairs, means, the sum of the products of the distances from the means, and the sums of their squares.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    x_mean: f64,
    y_mean: f64,
    products: f64,
    x_squares: f64,
    y_squares: f64,
}

impl Moments {
    fn add(&mut self, x: f64, y: f64, of: u8) {
        let count = self.count + 1.0;
        let (dx, dy) = (x - self.x_mean, y - self.y_mean);
        let x_mean = self.x_mean + dx / count;
        let y_mean = self.y_mean + dy / count;
        self.products += dx * (y - y_mean);
        // The slope is made of a variance, the correlation of its own moments: equal but for rounding.
        self.x_squares += if matches!(of, SLOPE | INTERCEPT) { dx * (dx - dx / count) } else { dx * (x - x_mean) };
        self.y_squares += dy * (y - y_mean);
        self.count = count;
        self.x_mean = x_mean;
        self.y_mean = y_mean;
    }

    fn merge(&mut self, other: &Self) {
        let (left, right) = (*self, *other);
        let count = left.count + right.count;
        let (dx, dy) = (right.x_mean - left.x_mean, right.y_mean - left.y_mean);
        let part = |delta: f64| if count == 0.0 { 0.0 } else { delta / count };
        let (dx_n, dy_n) = (part(dx), part(dy));
        self.count = count;
        self.x_mean = left.x_mean + dx_n * right.count;
        self.y_mean = left.y_mean + dy_n * right.count;
        self.products = left.products + right.products + dx * dy_n * left.count * right.count;
        self.x_squares = left.x_squares + right.x_squares + dx * dx_n * left.count * right.count;
        self.y_squares = left.y_squares + right.y_squares + dy * dy_n * left.count * right.count;
    }

    fn result(&self, of: u8) -> Result<Option<f64>> {
        let some = self.count > 0.0;
        let several = self.count > 1.0;
        Ok(match of {
            ANSI_CORR | LEGACY_CORR if several => {
                let divisor = (self.x_squares * self.y_squares).sqrt();
                match (divisor == 0.0, of) {
                    (false, _) => Some(self.products / divisor),
                    (true, LEGACY_CORR) => None,
                    (true, _) => return Err(raise(divide_by_zero())),
                }
            }
            ANSI_CORR | LEGACY_CORR => None,
            COVARIANCE_POP => some.then(|| self.products / self.count),
            COVARIANCE_SAMP => several.then(|| self.products / (self.count - 1.0)),
            R2 if self.x_squares == 0.0 => None,
            R2 if self.y_squares == 0.0 => Some(1.0),
            R2 => Some(self.products * self.products / self.x_squares / self.y_squares),
            SLOPE | INTERCEPT if self.x_squares == 0.0 => None,
            SLOPE => Some(self.products / self.x_squares),
            INTERCEPT => Some(self.y_mean - self.products / self.x_squares * self.x_mean),
            _ => some.then_some(self.products),
        })
    }

    fn cells(&self) -> [f64; 6] {
        [self.count, self.x_mean, self.y_mean, self.products, self.x_squares, self.y_squares]
    }

    fn of_cells([count, x_mean, y_mean, products, x_squares, y_squares]: [f64; 6]) -> Self {
        Self { count, x_mean, y_mean, products, x_squares, y_squares }
    }
}

#[derive(Debug)]
struct PairGroups {
    of: u8,
    moments: Vec<Moments>,
}

impl Groups for PairGroups {
    fn resize(&mut self, total: usize) {
        self.moments.resize(total, Moments::default());
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let xs = primitive::<Float64Type>(column(columns, 0)?)?;
        let ys = primitive::<Float64Type>(column(columns, 1)?)?;
        let valid = taking_part(NullBuffer::union(xs.nulls(), ys.nulls()).as_ref(), filter);
        let (of, moments) = (self.of, &mut self.moments);
        for_each_row(groups, valid.as_ref(), |group, row| {
            if let Some(moments) = moments.get_mut(group) {
                moments.add(xs.value(row), ys.value(row), of);
            }
        });
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let columns = state.iter().map(primitive::<Float64Type>).collect::<Result<Vec<_>>>()?;
        for (row, group) in groups.iter().enumerate() {
            let mut cells = [0.0; 6];
            cells.iter_mut().zip(&columns).for_each(|(cell, column)| *cell = column.value(row));
            if let Some(moments) = self.moments.get_mut(*group) {
                moments.merge(&Moments::of_cells(cells));
            }
        }
        Ok(())
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        let results = self.moments.iter().take(count).map(|moments| moments.result(self.of));
        Ok(Arc::new(results.collect::<Result<Float64Array>>()?))
    }

    fn state(&self, count: usize) -> Result<Vec<ArrayRef>> {
        let column = |index: usize| {
            let cells = self.moments.iter().take(count).map(|moments| moments.cells().get(index).copied());
            Arc::new(cells.collect::<Float64Array>()) as ArrayRef
        };
        Ok((0..6).map(column).collect())
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
