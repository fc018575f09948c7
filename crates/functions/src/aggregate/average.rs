//! `avg`, `mean`, `try_avg`: of doubles, decimals and intervals.

use std::fmt;
use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, PrimitiveArray};
use arrow::datatypes::{
    DataType, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type, IntervalUnit, IntervalYearMonthType,
    TimeUnit,
};
use bigdecimal::BigDecimal;
use datafusion::common::{Result, not_impl_err};
use datafusion::logical_expr::AggregateUDF;
use firesteel_base::{SparkError, SparkResult, SparkType};
use num_bigint::BigInt;

use super::groups::{Groups, for_each_row, primitive, taking_part};
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column, raise};
use super::sum::{ANSI, LEGACY, OnOverflow, Summand, Sums, TRY, numeric_or_interval};
use crate::call::Call;
use crate::coercion::bounded_decimal;
use crate::function::{Aggregate, Function};

pub(super) const AVG: Function =
    Function::aggregate("avg", avg).aliases(&["mean"]).since("1.0.0").arity(1..=1).prints_alias();
pub(super) const TRY_AVG: Function = Function::aggregate("try_avg", try_avg).since("3.3.0").arity(1..=1);

fn avg(call: &Call<'_>) -> SparkResult<Aggregate> {
    bind(call, if call.ansi() { aggregate_udf(Average::<ANSI>) } else { aggregate_udf(Average::<LEGACY>) })
}

fn try_avg(call: &Call<'_>) -> SparkResult<Aggregate> {
    bind(call, aggregate_udf(Average::<TRY>))
}

/// The average of doubles, which cannot overflow.
pub(super) fn average_udf() -> Arc<AggregateUDF> {
    aggregate_udf(Average::<ANSI>)
}

fn bind(call: &Call<'_>, udaf: Arc<AggregateUDF>) -> SparkResult<Aggregate> {
    let (argument, result) = match numeric_or_interval(call)? {
        SparkType::Decimal { precision, scale } => {
            (SparkType::Decimal { precision, scale }, bounded_decimal(i32::from(precision) + 4, i32::from(scale) + 4))
        }
        interval @ SparkType::YearMonthInterval { .. } => (interval, SparkType::YEAR_MONTH),
        interval @ SparkType::DayTimeInterval { .. } => (interval, SparkType::DAY_TIME),
        _ => (SparkType::Double, SparkType::Double),
    };
    Ok(Aggregate::new(call, result, true, udaf).casting(vec![argument]))
}

/// `avg` with what an overflow does as a parameter.
#[derive(Debug, Default, Clone, Copy)]
struct Average<const MODE: u8>;

impl<const MODE: u8> AggregateKernel for Average<MODE> {
    const NAME: &'static str = match MODE {
        ANSI => "spark_avg",
        LEGACY => "spark_legacy_avg",
        _ => "spark_try_avg",
    };

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments.first() {
            Some(DataType::Decimal128(precision, scale)) => {
                Ok(DataType::Decimal128(precision.saturating_add(4).min(38), scale.saturating_add(4).min(38)))
            }
            Some(other) => Ok(other.clone()),
            None => not_impl_err!("an average without argument"),
        }
    }

    fn state(&self, arguments: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        vec![arguments.first().map_or(DataType::Null, sum_type), DataType::Int64, DataType::Boolean]
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        Ok(match call.argument(0)? {
            DataType::Float64 => AverageGroups::<Float64Type>::boxed(call, MODE)?,
            DataType::Decimal128(..) => AverageGroups::<Decimal128Type>::boxed(call, MODE)?,
            DataType::Duration(TimeUnit::Microsecond) => AverageGroups::<DurationMicrosecondType>::boxed(call, MODE)?,
            DataType::Interval(IntervalUnit::YearMonth) => AverageGroups::<IntervalYearMonthType>::boxed(call, MODE)?,
            other => return not_impl_err!("an average of {other}"),
        })
    }
}

fn sum_type(argument: &DataType) -> DataType {
    match argument {
        DataType::Decimal128(precision, scale) => DataType::Decimal128(precision.saturating_add(10).min(38), *scale),
        other => other.clone(),
    }
}

/// What the quotient of sum and count is rounded to.
struct Quotient<'a> {
    /// The type of the sum and of the result.
    sum_type: &'a DataType,
    return_type: &'a DataType,
}

trait Averaged: Summand {
    /// The sum divided by the count, which is not 0; `Err` holds the quotient as text if it does not fit.
    fn divide(sum: Self::Native, count: i64, quotient: &Quotient<'_>) -> std::result::Result<Self::Native, String>;
}

impl Averaged for Float64Type {
    #[expect(clippy::cast_precision_loss, reason = "the count of rows becomes a double, as in Spark")]
    fn divide(sum: f64, count: i64, _quotient: &Quotient<'_>) -> std::result::Result<f64, String> {
        Ok(sum / count as f64)
    }
}

impl Averaged for Decimal128Type {
    fn divide(sum: i128, count: i64, quotient: &Quotient<'_>) -> std::result::Result<i128, String> {
        let (DataType::Decimal128(_, scale), DataType::Decimal128(precision, result_scale)) =
            (quotient.sum_type, quotient.return_type)
        else {
            return Ok(sum);
        };
        let shift = u32::try_from(i32::from(*result_scale) - i32::from(*scale)).unwrap_or(0);
        let limit = 10_i128.checked_pow(u32::from(*precision));
        let count = i128::from(count);
        let shifted = 10_i128.checked_pow(shift).and_then(|power| sum.checked_mul(power));
        let divided = match shifted {
            Some(shifted) => Some(divide_half_up(shifted, count)),
            None => {
                let shifted = BigInt::from(sum) * BigInt::from(10).pow(shift);
                i128::try_from(divide_big_half_up(&shifted, &BigInt::from(count))).ok()
            }
        };
        match divided {
            Some(divided) if limit.is_none_or(|limit| divided.abs() < limit) => Ok(divided),
            _ => Err(quotient_text(sum, i64::from(*scale), count)),
        }
    }
}

/// The quotient with 39 digits behind the point.
fn quotient_text(sum: i128, scale: i64, count: i128) -> String {
    let shifted = BigInt::from(sum) * BigInt::from(10).pow(u32::try_from(39 - scale).unwrap_or(0));
    BigDecimal::new(divide_big_half_up(&shifted, &BigInt::from(count)), 39).to_plain_string()
}

/// Half away from zero; the divisor is positive.
fn divide_half_up(dividend: i128, divisor: i128) -> i128 {
    let (quotient, remainder) = (dividend / divisor, dividend % divisor);
    if remainder.unsigned_abs() >= divisor.unsigned_abs().div_ceil(2) && remainder != 0 {
        quotient + remainder.signum()
    } else {
        quotient
    }
}

fn divide_big_half_up(dividend: &BigInt, divisor: &BigInt) -> BigInt {
    let (quotient, remainder) = (dividend / divisor, dividend % divisor);
    if BigInt::from(remainder.magnitude().clone()) * 2 >= *divisor {
        quotient + if remainder.sign() == num_bigint::Sign::Minus { -1 } else { 1 }
    } else {
        quotient
    }
}

impl Averaged for DurationMicrosecondType {
    fn divide(sum: i64, count: i64, _quotient: &Quotient<'_>) -> std::result::Result<i64, String> {
        i64::try_from(divide_half_up(i128::from(sum), i128::from(count))).map_err(|error| error.to_string())
    }
}

impl Averaged for IntervalYearMonthType {
    fn divide(sum: i32, count: i64, _quotient: &Quotient<'_>) -> std::result::Result<i32, String> {
        i32::try_from(divide_half_up(i128::from(sum), i128::from(count))).map_err(|error| error.to_string())
    }
}

struct AverageGroups<T: Summand> {
    sums: Sums<T>,
    counts: Vec<i64>,
    return_type: DataType,
    gives_null: bool,
}

impl<T: Summand> fmt::Debug for AverageGroups<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AverageGroups({} groups)", self.counts.len())
    }
}

impl<T: Averaged> AverageGroups<T> {
    fn boxed(call: &AggregateCall, mode: u8) -> Result<Box<dyn Groups>> {
        let sum_type = sum_type(call.argument(0)?);
        let on_overflow = OnOverflow::of(mode, &sum_type);
        Ok(Box::new(Self {
            sums: Sums::new(sum_type, on_overflow, "try_avg"),
            counts: Vec::new(),
            return_type: call.return_type.clone(),
            gives_null: on_overflow == OnOverflow::Null,
        }))
    }

    /// The average of a group's values; `None` if there are none or, where that gives NULL, if it does not fit.
    fn average(&self, sum: T::Native, count: i64, overflows: bool) -> Result<Option<T::Native>> {
        if count == 0 || overflows {
            return Ok(None);
        }
        let quotient = Quotient { sum_type: &self.sums.data_type, return_type: &self.return_type };
        match T::divide(sum, count, &quotient) {
            Ok(average) => Ok(Some(average)),
            Err(_) if self.gives_null => Ok(None),
            Err(value) => Err(self.out_of_range(value)),
        }
    }

    fn out_of_range(&self, value: String) -> datafusion::common::DataFusionError {
        let (precision, scale) = match self.return_type {
            DataType::Decimal128(precision, scale) => (precision, scale),
            _ => (0, 0),
        };
        raise(
            SparkError::new("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION")
                .param("value", value)
                .param("precision", precision.to_string())
                .param("scale", scale.to_string())
                .param("config", "\"spark.sql.ansi.enabled\""),
        )
    }
}

impl<T: Averaged> Groups for AverageGroups<T> {
    fn resize(&mut self, total: usize) {
        self.sums.resize(total);
        self.counts.resize(total, 0);
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let values = primitive::<T>(column(columns, 0)?)?;
        let valid = taking_part(values.nulls(), filter);
        self.sums.add(groups, values, valid.as_ref())?;
        let counts = &mut self.counts;
        for_each_row(groups, valid.as_ref(), |group, _row| {
            if let Some(count) = counts.get_mut(group) {
                *count += 1;
            }
        });
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let sums = primitive::<T>(column(state, 0)?)?;
        self.sums.add(groups, sums, sums.nulls())?;
        for (group, more) in groups.iter().zip(primitive::<Int64Type>(column(state, 1)?)?) {
            if let (Some(count), Some(more)) = (self.counts.get_mut(*group), more) {
                *count += more;
            }
        }
        if self.gives_null {
            for (group, overflowed) in groups.iter().zip(column(state, 2)?.as_boolean()) {
                if overflowed == Some(true) {
                    self.sums.mark(*group);
                }
            }
        }
        Ok(())
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        let overflows = self.sums.overflows(count)?;
        let rows = self.sums.sums.iter().zip(&self.counts).zip(overflows);
        let averages = rows.map(|((sum, count), overflows)| self.average(*sum, *count, overflows));
        let averages: PrimitiveArray<T> = averages.collect::<Result<_>>()?;
        Ok(Arc::new(averages.with_data_type(self.return_type.clone())))
    }

    fn state(&self, count: usize) -> Result<Vec<ArrayRef>> {
        let overflows = self.sums.overflows(count)?;
        let counts: Int64Array = self.counts.iter().take(count).copied().collect();
        Ok(vec![self.sums.array(count, None), Arc::new(counts), Arc::new(BooleanArray::from(overflows))])
    }

    fn remove(&mut self, count: usize) -> Result<()> {
        self.sums.remove(count);
        self.counts.drain(..count.min(self.counts.len()));
        Ok(())
    }

    fn len(&self) -> usize {
        self.counts.len()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.sums.size() + self.counts.capacity() * size_of::<i64>()
    }
}
