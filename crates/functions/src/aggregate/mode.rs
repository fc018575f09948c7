//! `mode`: the most frequent value. Of equally frequent ones the least if that is asked for, or the greatest with
//! `WITHIN GROUP (ORDER BY x DESC)`, which reaches the function as the arguments `x`, `true`, descending; else the one
//! that comes first in Spark's hash table.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
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
    let is_set = |index: usize| {
        let flag = call.arguments.get(index).and_then(|flag| flag.constant.as_ref());
        matches!(flag, Some(ScalarValue::Boolean(Some(true))))
    };
    let value = types.first().cloned().unwrap_or(SparkType::Null);
    let udaf = match (is_set(1), is_set(2)) {
        (_, true) => aggregate_udf(Mode::<GREATEST>),
        (true, false) => aggregate_udf(Mode::<LEAST>),
        (false, false) => aggregate_udf(Mode::<FIRST_HASHED>),
    };
    Ok(Aggregate::new(call, value, true, udaf).casting(types).before(|mut arguments| {
        arguments.truncate(1);
        Ok(arguments)
    }))
}

/// Which of equally frequent values.
const FIRST_HASHED: u8 = 0;
const LEAST: u8 = 1;
const GREATEST: u8 = 2;

#[derive(Debug, Default, Clone, Copy)]
struct Mode<const TIE: u8>;

impl<const TIE: u8> AggregateKernel for Mode<TIE> {
    const NAME: &'static str = match TIE {
        FIRST_HASHED => "spark_mode",
        LEAST => "spark_least_mode",
        _ => "spark_greatest_mode",
    };

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

impl<const TIE: u8> Gathering for Mode<TIE> {
    fn finish(&self, _call: &AggregateCall, columns: &[ArrayRef]) -> Result<Option<ArrayRef>> {
        let values = normalized(column(columns, 0)?);
        if matches!(values.data_type(), DataType::Null | DataType::Map(..)) {
            return Ok(if values.is_empty() { None } else { Some(values.slice(0, 1)) });
        }
        let options = SortOptions { descending: TIE == GREATEST, nulls_first: true };
        let converter = RowConverter::new(vec![SortField::new_with_options(values.data_type().clone(), options)])?;
        let rows = converter.convert_columns(std::slice::from_ref(&values))?;
        let mut counts: HashMap<_, (usize, usize)> = HashMap::new();
        for (index, row) in rows.iter().enumerate() {
            counts.entry(row).or_insert((0, index)).0 += 1;
        }
        let most = counts.values().map(|(count, _)| *count).max().unwrap_or(0);
        let size = table_size(counts.len());
        let tied = counts.into_iter().filter(|(_, (count, _))| *count == most).map(|(row, (_, index))| (row, index));
        let best = tied.min_by(|(left, left_index), (right, right_index)| {
            let in_order = left.cmp(right);
            match TIE {
                FIRST_HASHED => {
                    place(&values, *left_index, size).cmp(&place(&values, *right_index, size)).then(in_order)
                }
                _ => in_order,
            }
        });
        Ok(best.map(|(_, index)| values.slice(index, 1)))
    }
}

/// Places in Spark's table for a number of values: it doubles when it is seven tenths full.
fn table_size(count: usize) -> u32 {
    let mut size = 64_u32;
    while count * 10 > size as usize * 7 {
        size = size.saturating_mul(2);
    }
    size
}

/// The place of a value in the table, if no other is there.
fn place(values: &ArrayRef, row: usize, size: u32) -> u32 {
    let long = |value: i64| (value ^ (value.cast_unsigned() >> 32).cast_signed()) & 0xFFFF_FFFF;
    let hash = match values.data_type() {
        DataType::Int64 => long(values.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => long(values.as_primitive::<Float64Type>().value(row).to_bits().cast_signed()),
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => {
            let text = arrow::util::display::array_value_to_string(values, row).unwrap_or_default();
            i64::from(text_hash(text.as_bytes()))
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Date32 => {
            match ScalarValue::try_from_array(values, row).and_then(|value| value.cast_to(&DataType::Int32)) {
                Ok(ScalarValue::Int32(Some(value))) => i64::from(value),
                _ => 0,
            }
        }
        _ => return 0,
    };
    let word = u32::try_from(hash & 0xFFFF_FFFF).unwrap_or(0);
    finished(mixed(0, word), 4) & (size - 1)
}

/// The hash code of a text: Murmur 3, with the bytes behind the last word taken one by one.
fn text_hash(bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<4>();
    let hash = words.iter().fold(42, |hash, word| mixed(hash, u32::from_le_bytes(*word)));
    let hash = rest.iter().fold(hash, |hash, byte| mixed(hash, i32::from(byte.cast_signed()).cast_unsigned()));
    finished(hash, u32::try_from(bytes.len()).unwrap_or(0))
}

fn mixed(hash: u32, word: u32) -> u32 {
    let word = word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    (hash ^ word).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

fn finished(hash: u32, length: u32) -> u32 {
    let mut hash = hash ^ length;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}
