//! `min`, `max`: NaN is the greatest number, and both zeros are equal.

use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::{Result, not_impl_err};
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::logical_expr::AggregateUDF;
use firesteel_base::{SparkResult, SparkType};

use super::groups::{Groups, Seen, for_each_value, primitive, taking_part};
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column};
use crate::call::Call;
use crate::coercion::{is_orderable, quoted_type};
use crate::function::{Aggregate, Function};

pub(super) const MAX: Function = Function::aggregate("max", max).since("1.0.0").arity(1..=1);
pub(super) const MIN: Function = Function::aggregate("min", min).since("1.0.0").arity(1..=1);

fn max(call: &Call<'_>) -> SparkResult<Aggregate> {
    bind(call, max_udaf, aggregate_udf(FloatExtremum::<true>))
}

fn min(call: &Call<'_>) -> SparkResult<Aggregate> {
    bind(call, min_udaf, aggregate_udf(FloatExtremum::<false>))
}

fn bind(call: &Call<'_>, plain: fn() -> Arc<AggregateUDF>, float: Arc<AggregateUDF>) -> SparkResult<Aggregate> {
    let data_type = call.data_type(0)?.clone();
    check_orderable(call, 0)?;
    let udaf = if matches!(data_type, SparkType::Float | SparkType::Double) { float } else { plain() };
    Ok(Aggregate::new(call, data_type, true, udaf))
}

/// Refuses types without an order.
pub(super) fn check_orderable(call: &Call<'_>, index: usize) -> SparkResult<()> {
    let data_type = call.data_type(index)?;
    if is_orderable(data_type) {
        return Ok(());
    }
    Err(call
        .mismatch("INVALID_ORDERING_TYPE")
        .param("functionName", format!("`{}`", call.function.name))
        .param("dataType", quoted_type(data_type)))
}

/// The engine's own functions do not know where NaN stands.
#[derive(Debug, Default, Clone, Copy)]
struct FloatExtremum<const GREATEST: bool>;

impl<const GREATEST: bool> AggregateKernel for FloatExtremum<GREATEST> {
    const NAME: &'static str = if GREATEST { "spark_max_float" } else { "spark_min_float" };

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments.first().cloned().unwrap_or(DataType::Null))
    }

    fn state(&self, _arguments: &[DataType], return_type: &DataType) -> Vec<DataType> {
        vec![return_type.clone()]
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        Ok(match call.return_type {
            DataType::Float32 => Box::new(FloatGroups::<Float32Type>::new(GREATEST)),
            DataType::Float64 => Box::new(FloatGroups::<Float64Type>::new(GREATEST)),
            ref other => return not_impl_err!("an extremum of {other}"),
        })
    }
}

trait Float: ArrowPrimitiveType + std::fmt::Debug {
    const LEAST: Self::Native;
    const GREATEST: Self::Native;
    /// Whether `left` is greater in Spark's order.
    fn is_greater(left: Self::Native, right: Self::Native) -> bool;
}

macro_rules! float {
    ($arrow:ty, $native:ty) => {
        impl Float for $arrow {
            const LEAST: $native = <$native>::NEG_INFINITY;
            const GREATEST: $native = <$native>::NAN;
            fn is_greater(left: $native, right: $native) -> bool {
                left > right || (left.is_nan() && !right.is_nan())
            }
        }
    };
}

float!(Float32Type, f32);
float!(Float64Type, f64);

#[derive(Debug)]
struct FloatGroups<T: Float> {
    is_max: bool,
    values: Vec<T::Native>,
    seen: Seen,
}

impl<T: Float> FloatGroups<T> {
    fn new(is_max: bool) -> Self {
        Self { is_max, values: Vec::new(), seen: Seen::default() }
    }

    fn add(&mut self, values: &PrimitiveArray<T>, groups: &[usize], valid: Option<&NullBuffer>) {
        let (known, is_max) = (&mut self.values, self.is_max);
        for_each_value(groups, values, valid, |group, value| {
            if let Some(known) = known.get_mut(group) {
                let replaces = if is_max { T::is_greater(value, *known) } else { T::is_greater(*known, value) };
                if replaces {
                    *known = value;
                }
            }
        });
        self.seen.update(groups, valid, self.values.len());
    }
}

impl<T: Float> Groups for FloatGroups<T> {
    fn resize(&mut self, total: usize) {
        self.values.resize(total, if self.is_max { T::LEAST } else { T::GREATEST });
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let values = primitive::<T>(column(columns, 0)?)?;
        self.add(values, groups, taking_part(values.nulls(), filter).as_ref());
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.update(state, groups, None)
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        let values: Vec<T::Native> = self.values.iter().take(count).copied().collect();
        Ok(Arc::new(PrimitiveArray::<T>::new(values.into(), self.seen.nulls(count))))
    }

    fn state(&self, count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(count)?])
    }

    fn remove(&mut self, count: usize) -> Result<()> {
        self.values.drain(..count.min(self.values.len()));
        self.seen.remove(count);
        Ok(())
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * size_of::<T::Native>() + self.seen.size()
    }
}
