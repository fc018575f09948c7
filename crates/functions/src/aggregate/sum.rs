//! `sum`, `try_sum`: long, double, decimal or interval, with Spark's handling of overflow.

use std::fmt;
use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type, IntervalUnit, IntervalYearMonthType,
    TimeUnit,
};
use datafusion::common::{DataFusionError, Result, not_impl_err};
use datafusion::logical_expr::AggregateUDF;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::groups::{Groups, Seen, booleans, for_each_value, primitive, taking_part};
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column, raise};
use crate::call::Call;
use crate::coercion::{Expected, bounded_decimal};
use crate::function::{Aggregate, Function};
use crate::operator::error::{arithmetic_overflow, interval_overflow};

pub(super) const SUM: Function = Function::aggregate("sum", sum).since("1.0.0").arity(1..=1);
pub(super) const TRY_SUM: Function = Function::aggregate("try_sum", try_sum).since("3.3.0").arity(1..=1);

/// Overflow raises an error.
pub(super) const ANSI: u8 = 0;
/// Overflow of a long wraps, of a decimal gives NULL; that of an interval raises an error nevertheless.
pub(super) const LEGACY: u8 = 1;
/// Overflow gives NULL.
pub(super) const TRY: u8 = 2;

fn sum(call: &Call<'_>) -> SparkResult<Aggregate> {
    bind(call, if call.ansi() { aggregate_udf(Sum::<ANSI>) } else { aggregate_udf(Sum::<LEGACY>) })
}

fn try_sum(call: &Call<'_>) -> SparkResult<Aggregate> {
    bind(call, aggregate_udf(Sum::<TRY>))
}

fn bind(call: &Call<'_>, udaf: Arc<AggregateUDF>) -> SparkResult<Aggregate> {
    let argument = numeric_or_interval(call)?;
    let (argument, result) = match argument {
        SparkType::Decimal { precision, scale } => {
            (argument, bounded_decimal(i32::from(precision) + 10, i32::from(scale)))
        }
        integral if integral.is_integral() => (SparkType::Long, SparkType::Long),
        interval if interval.is_interval() => (interval.clone(), interval),
        _ => (SparkType::Double, SparkType::Double),
    };
    Ok(Aggregate::new(call, result, true, udaf).casting(vec![argument]))
}

/// The type of the only argument of `sum` and `avg`: a number or an interval.
pub(super) fn numeric_or_interval(call: &Call<'_>) -> SparkResult<SparkType> {
    // In ANSI mode a timestamp counts as its seconds.
    if call.ansi() && *call.data_type(0)? == SparkType::Timestamp {
        return Ok(SparkType::Double);
    }
    let types = call.implicit_cast(&[Expected::one_of([Expected::Numeric, Expected::AnsiInterval])])?;
    types.into_iter().next().ok_or_else(|| SparkError::internal("an aggregate was bound without its argument"))
}

/// What a sum does that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnOverflow {
    Raise,
    Null,
    Wrap,
}

impl OnOverflow {
    pub fn of(mode: u8, data_type: &DataType) -> Self {
        match (mode, data_type) {
            (TRY, _) => Self::Null,
            (LEGACY, DataType::Int64) => Self::Wrap,
            (LEGACY, DataType::Decimal128(..)) => Self::Null,
            _ => Self::Raise,
        }
    }
}

/// The error of a sum that does not fit into its type. `alternative` is the function that gives NULL instead.
pub(super) fn overflow(data_type: &DataType, alternative: &str) -> DataFusionError {
    raise(match data_type {
        DataType::Decimal128(..) => arithmetic_overflow("Overflow in sum of decimals", alternative),
        DataType::Int64 => arithmetic_overflow("overflow", "try_add"),
        _ => interval_overflow("try_add"),
    })
}

/// Values that are summed as what they are.
pub(super) trait Summand: ArrowPrimitiveType + fmt::Debug {
    /// The sum, and whether it went beyond the carrier.
    fn add(left: Self::Native, right: Self::Native) -> (Self::Native, bool);

    /// Whether the value has more digits than a decimal of this precision.
    fn exceeds(_value: Self::Native, _precision: u8) -> bool {
        false
    }
}

macro_rules! summand {
    ($($arrow:ty),*) => {$(
        impl Summand for $arrow {
            fn add(left: Self::Native, right: Self::Native) -> (Self::Native, bool) {
                left.overflowing_add(right)
            }
        }
    )*};
}

summand!(Int64Type, DurationMicrosecondType, IntervalYearMonthType);

impl Summand for Float64Type {
    fn add(left: f64, right: f64) -> (f64, bool) {
        (left + right, false)
    }
}

impl Summand for Decimal128Type {
    fn add(left: i128, right: i128) -> (i128, bool) {
        left.overflowing_add(right)
    }

    fn exceeds(value: i128, precision: u8) -> bool {
        10_u128.checked_pow(u32::from(precision)).is_some_and(|limit| value.unsigned_abs() >= limit)
    }
}

/// Sums of groups; what [`Sum`] and the averages are made of.
pub(super) struct Sums<T: Summand> {
    pub data_type: DataType,
    pub sums: Vec<T::Native>,
    on_overflow: OnOverflow,
    /// For the error message.
    alternative: &'static str,
    /// The groups whose sum went beyond the carrier; only kept where that gives NULL.
    overflowed: Vec<bool>,
}

impl<T: Summand> fmt::Debug for Sums<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sums({} groups of {})", self.sums.len(), self.data_type)
    }
}

impl<T: Summand> Sums<T> {
    pub fn new(data_type: DataType, on_overflow: OnOverflow, alternative: &'static str) -> Self {
        Self { data_type, sums: Vec::new(), on_overflow, alternative, overflowed: Vec::new() }
    }

    pub fn resize(&mut self, total: usize) {
        self.sums.resize(total, T::Native::default());
    }

    pub fn add(&mut self, groups: &[usize], values: &PrimitiveArray<T>, valid: Option<&NullBuffer>) -> Result<()> {
        if self.on_overflow == OnOverflow::Null {
            for_each_value(groups, values, valid, |group, value| self.add_marking(group, value));
            return Ok(());
        }
        let sums = &mut self.sums;
        let mut any_overflow = false;
        for_each_value(groups, values, valid, |group, value| {
            if let Some(sum) = sums.get_mut(group) {
                let (added, overflow) = T::add(*sum, value);
                *sum = added;
                any_overflow |= overflow;
            }
        });
        if any_overflow && self.on_overflow == OnOverflow::Raise {
            return Err(overflow(&self.data_type, self.alternative));
        }
        Ok(())
    }

    fn add_marking(&mut self, group: usize, value: T::Native) {
        if let Some(sum) = self.sums.get_mut(group) {
            let (added, overflow) = T::add(*sum, value);
            *sum = added;
            if overflow {
                self.mark(group);
            }
        }
    }

    pub fn mark(&mut self, group: usize) {
        if self.overflowed.len() <= group {
            self.overflowed.resize(group + 1, false);
        }
        if let Some(flag) = self.overflowed.get_mut(group) {
            *flag = true;
        }
    }

    /// Whether the group's sum does not fit; an error where that is one.
    pub fn check(&self, group: usize, sum: T::Native) -> Result<bool> {
        let marked = self.overflowed.get(group).copied().unwrap_or(false);
        let exceeds = match self.data_type {
            DataType::Decimal128(precision, _) => T::exceeds(sum, precision),
            _ => false,
        };
        if exceeds && self.on_overflow == OnOverflow::Raise {
            return Err(overflow(&self.data_type, self.alternative));
        }
        Ok(marked || exceeds)
    }

    /// Which of the first `count` groups overflowed.
    pub fn overflows(&self, count: usize) -> Result<Vec<bool>> {
        self.sums.iter().take(count).enumerate().map(|(group, sum)| self.check(group, *sum)).collect()
    }

    pub fn array(&self, count: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        let values: Vec<T::Native> = self.sums.iter().take(count).copied().collect();
        Arc::new(PrimitiveArray::<T>::new(values.into(), nulls).with_data_type(self.data_type.clone()))
    }

    pub fn remove(&mut self, count: usize) {
        self.sums.drain(..count.min(self.sums.len()));
        self.overflowed.drain(..count.min(self.overflowed.len()));
    }

    pub fn size(&self) -> usize {
        self.sums.capacity() * size_of::<T::Native>() + self.overflowed.capacity()
    }
}

/// `sum` with what an overflow does as a parameter.
#[derive(Debug, Default, Clone, Copy)]
struct Sum<const MODE: u8>;

impl<const MODE: u8> AggregateKernel for Sum<MODE> {
    const NAME: &'static str = match MODE {
        ANSI => "spark_sum",
        LEGACY => "spark_legacy_sum",
        _ => "spark_try_sum",
    };

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments.first() {
            Some(DataType::Decimal128(precision, scale)) => {
                Ok(DataType::Decimal128(precision.saturating_add(10).min(38), *scale))
            }
            Some(other) => Ok(other.clone()),
            None => not_impl_err!("a sum without argument"),
        }
    }

    fn state(&self, _arguments: &[DataType], return_type: &DataType) -> Vec<DataType> {
        match OnOverflow::of(MODE, return_type) {
            OnOverflow::Null => vec![return_type.clone(), DataType::Boolean],
            OnOverflow::Raise | OnOverflow::Wrap => vec![return_type.clone()],
        }
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        let data_type = &call.return_type;
        Ok(match data_type {
            DataType::Int64 => SumGroups::<Int64Type>::boxed(data_type, MODE),
            DataType::Float64 => SumGroups::<Float64Type>::boxed(data_type, MODE),
            DataType::Decimal128(..) => SumGroups::<Decimal128Type>::boxed(data_type, MODE),
            DataType::Duration(TimeUnit::Microsecond) => SumGroups::<DurationMicrosecondType>::boxed(data_type, MODE),
            DataType::Interval(IntervalUnit::YearMonth) => SumGroups::<IntervalYearMonthType>::boxed(data_type, MODE),
            other => return not_impl_err!("a sum of {other}"),
        })
    }
}

#[derive(Debug)]
struct SumGroups<T: Summand> {
    sums: Sums<T>,
    seen: Seen,
}

impl<T: Summand> SumGroups<T> {
    fn boxed(data_type: &DataType, mode: u8) -> Box<dyn Groups> {
        let sums = Sums::<T>::new(data_type.clone(), OnOverflow::of(mode, data_type), "try_sum");
        Box::new(Self { sums, seen: Seen::default() })
    }

    fn add(&mut self, values: &PrimitiveArray<T>, groups: &[usize], valid: Option<&NullBuffer>) -> Result<()> {
        self.seen.update(groups, valid, self.sums.sums.len());
        self.sums.add(groups, values, valid)
    }
}

impl<T: Summand> Groups for SumGroups<T> {
    fn resize(&mut self, total: usize) {
        self.sums.resize(total);
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let values = primitive::<T>(column(columns, 0)?)?;
        self.add(values, groups, taking_part(values.nulls(), filter).as_ref())
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let values = primitive::<T>(column(state, 0)?)?;
        self.add(values, groups, values.nulls())?;
        if let Some(overflowed) = state.get(1) {
            for (group, overflowed) in groups.iter().zip(booleans(overflowed)?) {
                if overflowed == Some(true) {
                    self.sums.mark(*group);
                }
            }
        }
        Ok(())
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        let overflows = self.sums.overflows(count)?;
        let mut nulls = self.seen.nulls(count);
        if self.sums.on_overflow == OnOverflow::Null && overflows.contains(&true) {
            let fits: NullBuffer = overflows.iter().map(|overflow| !overflow).collect::<Vec<_>>().into();
            nulls = NullBuffer::union(nulls.as_ref(), Some(&fits));
        }
        Ok(self.sums.array(count, nulls))
    }

    fn state(&self, count: usize) -> Result<Vec<ArrayRef>> {
        let overflows = self.sums.overflows(count)?;
        let mut state = vec![self.sums.array(count, self.seen.nulls(count))];
        if self.sums.on_overflow == OnOverflow::Null {
            state.push(Arc::new(BooleanArray::from(overflows)));
        }
        Ok(state)
    }

    fn remove(&mut self, count: usize) -> Result<()> {
        self.sums.remove(count);
        self.seen.remove(count);
        Ok(())
    }

    fn len(&self) -> usize {
        self.sums.sums.len()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.sums.size() + self.seen.size()
    }
}
