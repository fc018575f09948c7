//! Aggregates that fold values into one of the same type: `bool_and`, `bool_or`, `bit_and`, `bit_or`, `bit_xor`,
//! `product`.

use std::fmt;
use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow::datatypes::{DataType, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::{Result, not_impl_err};
use datafusion::logical_expr::AggregateUDF;
use firesteel_base::{SparkResult, SparkType};

use super::groups::{Groups, Seen, booleans, for_each_row, for_each_value, primitive, taking_part};
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column};
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Aggregate, Function};

pub(super) const BOOL_AND: Function =
    Function::aggregate("bool_and", |call| boolean(call, aggregate_udf(Boolean::<true>)))
        .aliases(&["every"])
        .since("3.0.0")
        .arity(1..=1)
        .prints_alias();
pub(super) const BOOL_OR: Function =
    Function::aggregate("bool_or", |call| boolean(call, aggregate_udf(Boolean::<false>)))
        .aliases(&["any", "some"])
        .since("3.0.0")
        .arity(1..=1)
        .prints_alias();
pub(super) const BIT_AND: Function =
    Function::aggregate("bit_and", |call| integral(call, aggregate_udf(Bits::<AND>))).since("3.0.0").arity(1..=1);
pub(super) const BIT_OR: Function =
    Function::aggregate("bit_or", |call| integral(call, aggregate_udf(Bits::<OR>))).since("3.0.0").arity(1..=1);
pub(super) const BIT_XOR: Function =
    Function::aggregate("bit_xor", |call| integral(call, aggregate_udf(Bits::<XOR>))).since("3.0.0").arity(1..=1);
/// Not a function of SQL: only the `DataFrame` interface knows it.
pub(super) const PRODUCT: Function = Function::aggregate("product", product).since("3.2.0").arity(1..=1);

const AND: u8 = 0;
const OR: u8 = 1;
const XOR: u8 = 2;

fn boolean(call: &Call<'_>, udaf: Arc<AggregateUDF>) -> SparkResult<Aggregate> {
    let arguments = call.implicit_cast(&[Expected::BOOLEAN])?;
    Ok(Aggregate::new(call, SparkType::Boolean, true, udaf).casting(arguments))
}

fn integral(call: &Call<'_>, udaf: Arc<AggregateUDF>) -> SparkResult<Aggregate> {
    let arguments = call.expect(&[Expected::Integral])?;
    let data_type = arguments.first().cloned().unwrap_or(SparkType::Integer);
    Ok(Aggregate::new(call, data_type, true, udaf).casting(arguments))
}

fn product(call: &Call<'_>) -> SparkResult<Aggregate> {
    let arguments = call.implicit_cast(&[Expected::DOUBLE])?;
    Ok(Aggregate::new(call, SparkType::Double, true, aggregate_udf(Product)).casting(arguments))
}

fn type_of_argument(arguments: &[DataType]) -> DataType {
    arguments.first().cloned().unwrap_or(DataType::Null)
}

#[derive(Debug, Default, Clone, Copy)]
struct Bits<const OF: u8>;

impl<const OF: u8> AggregateKernel for Bits<OF> {
    const NAME: &'static str = match OF {
        AND => "spark_bit_and",
        OR => "spark_bit_or",
        _ => "spark_bit_xor",
    };

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(type_of_argument(arguments))
    }

    fn state(&self, _arguments: &[DataType], return_type: &DataType) -> Vec<DataType> {
        vec![return_type.clone()]
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        macro_rules! of {
            ($arrow:ty) => {
                match OF {
                    AND => FoldGroups::<$arrow>::boxed(-1, |left, right| left & right),
                    OR => FoldGroups::<$arrow>::boxed(0, |left, right| left | right),
                    _ => FoldGroups::<$arrow>::boxed(0, |left, right| left ^ right),
                }
            };
        }
        Ok(match &call.return_type {
            DataType::Int8 => of!(Int8Type),
            DataType::Int16 => of!(Int16Type),
            DataType::Int32 => of!(Int32Type),
            DataType::Int64 => of!(Int64Type),
            other => return not_impl_err!("bits of {other}"),
        })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Product;

impl AggregateKernel for Product {
    const NAME: &'static str = "spark_product";

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state(&self, _arguments: &[DataType], return_type: &DataType) -> Vec<DataType> {
        vec![return_type.clone()]
    }

    fn groups(&self, _call: &AggregateCall) -> Result<Box<dyn Groups>> {
        Ok(FoldGroups::<Float64Type>::boxed(1.0, |left, right| left * right))
    }
}

struct FoldGroups<T: ArrowPrimitiveType> {
    start: T::Native,
    fold: fn(T::Native, T::Native) -> T::Native,
    values: Vec<T::Native>,
    seen: Seen,
}

impl<T: ArrowPrimitiveType> fmt::Debug for FoldGroups<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FoldGroups({} groups)", self.values.len())
    }
}

impl<T: ArrowPrimitiveType> FoldGroups<T> {
    fn boxed(start: T::Native, fold: fn(T::Native, T::Native) -> T::Native) -> Box<dyn Groups> {
        Box::new(Self { start, fold, values: Vec::new(), seen: Seen::default() })
    }
}

impl<T: ArrowPrimitiveType> Groups for FoldGroups<T> {
    fn resize(&mut self, total: usize) {
        self.values.resize(total, self.start);
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let values = primitive::<T>(column(columns, 0)?)?;
        let valid = taking_part(values.nulls(), filter);
        let (known, fold) = (&mut self.values, self.fold);
        for_each_value(groups, values, valid.as_ref(), |group, value| {
            if let Some(known) = known.get_mut(group) {
                *known = fold(*known, value);
            }
        });
        self.seen.update(groups, valid.as_ref(), self.values.len());
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

/// `bool_and` if all are wanted, else `bool_or`.
#[derive(Debug, Default, Clone, Copy)]
struct Boolean<const ALL: bool>;

impl<const ALL: bool> AggregateKernel for Boolean<ALL> {
    const NAME: &'static str = if ALL { "spark_bool_and" } else { "spark_bool_or" };

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn state(&self, _arguments: &[DataType], return_type: &DataType) -> Vec<DataType> {
        vec![return_type.clone()]
    }

    fn groups(&self, _call: &AggregateCall) -> Result<Box<dyn Groups>> {
        Ok(Box::new(BooleanGroups { all: ALL, values: Vec::new(), seen: Seen::default() }))
    }
}

#[derive(Debug)]
struct BooleanGroups {
    all: bool,
    values: Vec<bool>,
    seen: Seen,
}

impl Groups for BooleanGroups {
    fn resize(&mut self, total: usize) {
        self.values.resize(total, self.all);
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let values = booleans(column(columns, 0)?)?;
        let valid = taking_part(values.nulls(), filter);
        let (known, all) = (&mut self.values, self.all);
        for_each_row(groups, valid.as_ref(), |group, row| {
            if let Some(known) = known.get_mut(group)
                && values.value(row) != all
            {
                *known = !all;
            }
        });
        self.seen.update(groups, valid.as_ref(), self.values.len());
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.update(state, groups, None)
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        let values: Vec<bool> = self.values.iter().take(count).copied().collect();
        Ok(Arc::new(BooleanArray::new(values.into(), self.seen.nulls(count))))
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
        size_of_val(self) + self.values.capacity() + self.seen.size()
    }
}
