//! `hash` and `xxhash64`: one number of the values of a row, the same as Spark's, since tables are bucketed by it.
//!
//! The hash of a value is the seed of the next one's. NULL leaves the seed as it is.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType,
    Time64NanosecondType, TimestampMicrosecondType,
};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::has_map;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{lists, range};
use crate::kernel::rows::{bytes, primitive};
use crate::kernel::{Kernel, KernelCall, kernels};

pub(super) const HASH: Function =
    Function::scalar("hash", |call| bind(call, SparkType::Integer, Murmur3Hash)).at_least(0).since("2.0.0");
pub(super) const XXHASH64: Function =
    Function::scalar("xxhash64", |call| bind(call, SparkType::Long, XxHash64)).at_least(0).since("3.0.0");

kernels! {
    Murmur3Hash = "spark_hash" => |call| {
        let hashes = hash_rows::<Murmur3>(call)?;
        let hashes: Int32Array = hashes.into_iter().map(|hash| Some(hash as i32)).collect();
        Ok(ColumnarValue::Array(Arc::new(hashes)))
    };
    XxHash64 = "spark_xxhash64" => |call| {
        let hashes = hash_rows::<Xx>(call)?;
        Ok(ColumnarValue::Array(Arc::new(Int64Array::from(hashes))))
    };
}

const SEED: i64 = 42;

fn bind<K: Kernel>(call: &Call<'_>, data_type: SparkType, kernel: K) -> SparkResult<Scalar> {
    if call.is_empty() {
        return Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .param("functionName", format!("`{}`", call.function.name))
            .param("expectedNum", "> 0")
            .param("actualNum", "0")
            .param("docroot", "https://spark.apache.org/docs/latest"));
    }
    if call.arguments.iter().any(|argument| has_map(&argument.data_type)) {
        return Err(call.mismatch("HASH_MAP_TYPE").param("functionName", format!("`{}`", call.function.name)));
    }
    Ok(Scalar::kernel(call, data_type, kernel).nullable(false))
}

/// A way to hash the carriers of values.
trait Algorithm {
    fn int(value: i32, seed: i64) -> i64;
    fn long(value: i64, seed: i64) -> i64;
    fn bytes(value: &[u8], seed: i64) -> i64;
}

/// The seed and the hash are 32 bits wide.
struct Murmur3;

impl Murmur3 {
    fn mixed_key(key: i32) -> i32 {
        key.wrapping_mul(0xcc9e_2d51_u32 as i32).rotate_left(15).wrapping_mul(0x1b87_3593)
    }

    fn mixed(hash: i32, key: i32) -> i32 {
        (hash ^ Self::mixed_key(key)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64_u32 as i32)
    }

    fn finished(hash: i32, length: i32) -> i64 {
        let mut hash = (hash ^ length) as u32;
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        i64::from((hash ^ (hash >> 16)) as i32)
    }
}

impl Algorithm for Murmur3 {
    fn int(value: i32, seed: i64) -> i64 {
        Self::finished(Self::mixed(seed as i32, value), 4)
    }

    fn long(value: i64, seed: i64) -> i64 {
        let low = Self::mixed(seed as i32, value as i32);
        Self::finished(Self::mixed(low, (value >> 32) as i32), 8)
    }

    fn bytes(value: &[u8], seed: i64) -> i64 {
        let words = value.chunks_exact(4);
        // Spark mixes each byte of the rest as a word of its own.
        let rest = words.remainder();
        let hash = words.fold(seed as i32, |hash, word| {
            let word = <[u8; 4]>::try_from(word).unwrap_or_default();
            Self::mixed(hash, i32::from_le_bytes(word))
        });
        let hash = rest.iter().fold(hash, |hash, byte| Self::mixed(hash, i32::from(*byte as i8)));
        Self::finished(hash, value.len() as i32)
    }
}

struct Xx;

impl Algorithm for Xx {
    fn int(value: i32, seed: i64) -> i64 {
        Self::bytes(&value.to_le_bytes(), seed)
    }

    fn long(value: i64, seed: i64) -> i64 {
        Self::bytes(&value.to_le_bytes(), seed)
    }

    fn bytes(value: &[u8], seed: i64) -> i64 {
        twox_hash::XxHash64::oneshot(seed as u64, value) as i64
    }
}

fn hash_rows<A: Algorithm>(call: &KernelCall<'_>) -> SparkResult<Vec<i64>> {
    let rows: Vec<usize> = (0..call.rows).collect();
    let mut hashes = vec![SEED; call.rows];
    for index in 0..call.arguments.len() {
        update::<A>(&call.array(index)?, &rows, &mut hashes)?;
    }
    Ok(hashes)
}

/// Hashes the values at `indices`, each into the hash at its place.
fn update<A: Algorithm>(array: &ArrayRef, indices: &[usize], hashes: &mut [i64]) -> SparkResult<()> {
    let one = std::slice::from_ref(array);
    match array.data_type() {
        DataType::Null => Ok(()),
        DataType::Boolean => {
            let values = array.as_boolean();
            each(array, indices, hashes, |index, seed| A::int(i32::from(values.value(index)), seed))
        }
        DataType::Int8 => ints::<A, Int8Type>(array, indices, hashes, i32::from),
        DataType::Int16 => ints::<A, Int16Type>(array, indices, hashes, i32::from),
        DataType::Int32 => ints::<A, Int32Type>(array, indices, hashes, |value| value),
        DataType::Date32 => ints::<A, Date32Type>(array, indices, hashes, |value| value),
        DataType::Interval(IntervalUnit::YearMonth) => {
            ints::<A, IntervalYearMonthType>(array, indices, hashes, |value| value)
        }
        DataType::Int64 => longs::<A, Int64Type>(array, indices, hashes),
        DataType::Timestamp(_, _) => longs::<A, TimestampMicrosecondType>(array, indices, hashes),
        DataType::Duration(_) => longs::<A, DurationMicrosecondType>(array, indices, hashes),
        DataType::Time64(_) => longs::<A, Time64NanosecondType>(array, indices, hashes),
        DataType::Float32 => ints::<A, Float32Type>(array, indices, hashes, |value| float_bits(value) as i32),
        DataType::Float64 => {
            let values = primitive::<Float64Type>(one, 0)?;
            each(array, indices, hashes, |index, seed| A::long(double_bits(values.value(index)) as i64, seed))
        }
        DataType::Decimal128(precision, _) => decimals::<A>(array, *precision, indices, hashes),
        DataType::Interval(_) => {
            let values = primitive::<IntervalMonthDayNanoType>(one, 0)?;
            each(array, indices, hashes, |index, seed| {
                let interval = values.value(index);
                A::int(interval.months, A::int(interval.days, A::long(interval.nanoseconds / 1000, seed)))
            })
        }
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView => {
            let values = bytes(one, 0)?;
            each(array, indices, hashes, |index, seed| A::bytes(values.value(index), seed))
        }
        DataType::List(_) => elements::<A>(array, indices, hashes),
        DataType::Struct(_) => {
            let structs = array.as_struct();
            let valid: Vec<(usize, usize)> =
                indices.iter().copied().enumerate().filter(|(_, index)| array.is_valid(*index)).collect();
            let inner: Vec<usize> = valid.iter().map(|(_, index)| *index).collect();
            let mut current: Vec<i64> = valid.iter().filter_map(|(place, _)| hashes.get(*place).copied()).collect();
            for column in structs.columns() {
                update::<A>(column, &inner, &mut current)?;
            }
            for ((place, _), hash) in valid.iter().zip(current) {
                if let Some(slot) = hashes.get_mut(*place) {
                    *slot = hash;
                }
            }
            Ok(())
        }
        other => Err(SparkError::unsupported(format!("the hash of {other}"))),
    }
}

fn each(array: &ArrayRef, indices: &[usize], hashes: &mut [i64], hash: impl Fn(usize, i64) -> i64) -> SparkResult<()> {
    for (index, slot) in indices.iter().zip(hashes) {
        if array.is_valid(*index) {
            *slot = hash(*index, *slot);
        }
    }
    Ok(())
}

fn ints<A: Algorithm, T: ArrowPrimitiveType>(
    array: &ArrayRef,
    indices: &[usize],
    hashes: &mut [i64],
    as_int: impl Fn(T::Native) -> i32,
) -> SparkResult<()> {
    let values = primitive::<T>(std::slice::from_ref(array), 0)?;
    each(array, indices, hashes, |index, seed| A::int(as_int(values.value(index)), seed))
}

fn longs<A: Algorithm, T: ArrowPrimitiveType<Native = i64>>(
    array: &ArrayRef,
    indices: &[usize],
    hashes: &mut [i64],
) -> SparkResult<()> {
    let values = primitive::<T>(std::slice::from_ref(array), 0)?;
    each(array, indices, hashes, |index, seed| A::long(values.value(index), seed))
}

/// Up to 18 digits a number, beyond that its bytes, as few as hold it.
fn decimals<A: Algorithm>(array: &ArrayRef, precision: u8, indices: &[usize], hashes: &mut [i64]) -> SparkResult<()> {
    let values = primitive::<Decimal128Type>(std::slice::from_ref(array), 0)?;
    each(array, indices, hashes, |index, seed| {
        let value = values.value(index);
        if precision <= 18 {
            return A::long(value as i64, seed);
        }
        let bytes = value.to_be_bytes();
        let sign = if value < 0 { 0xff } else { 0 };
        let superfluous = bytes
            .iter()
            .zip(bytes.iter().skip(1))
            .take_while(|(byte, next)| **byte == sign && (**next & 0x80) == (sign & 0x80))
            .count();
        A::bytes(bytes.get(superfluous..).unwrap_or(&bytes), seed)
    })
}

fn elements<A: Algorithm>(array: &ArrayRef, indices: &[usize], hashes: &mut [i64]) -> SparkResult<()> {
    let list = lists(std::slice::from_ref(array), 0)?;
    for (index, slot) in indices.iter().zip(hashes) {
        if list.is_null(*index) {
            continue;
        }
        for element in range(list.offsets(), *index) {
            update::<A>(list.values(), &[element], std::slice::from_mut(slot))?;
        }
    }
    Ok(())
}

/// Both zeros are one, every NaN is Java's.
fn float_bits(value: f32) -> u32 {
    if value == 0.0 {
        0
    } else if value.is_nan() {
        0x7fc0_0000
    } else {
        value.to_bits()
    }
}

fn double_bits(value: f64) -> u64 {
    if value == 0.0 {
        0
    } else if value.is_nan() {
        0x7ff8_0000_0000_0000
    } else {
        value.to_bits()
    }
}
