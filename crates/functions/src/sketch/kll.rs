//! KLL sketches: quantiles and ranks of many numbers, about; exact while the numbers fit.

use std::fmt::{Debug, Write};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, BinaryBuilder, ListBuilder, PrimitiveBuilder};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::groups::{State, int_argument, sketch_aggregates};
use super::reader::Reader;
use super::{check_constant, hinted, int_constant, shown};
use crate::aggregate::kernel::{AggregateKernel, aggregate_udf};
use crate::call::Call;
use crate::cast::number::double_text;
use crate::coercion::{Expected, quoted, quoted_type};
use crate::function::{Aggregate, Function, Scalar};
use crate::kernel::nested::{conform, lists, range};
use crate::kernel::rows::{all_valid, at, bytes, primitive};
use crate::kernel::{Kernel, KernelCall, kernels};

/// A number that sketches hold.
trait Item: ArrowPrimitiveType {
    const TYPE: SparkType;
    const NAME: &'static str;

    fn read(reader: &mut Reader<'_>) -> Option<Self::Native>;
    fn write(item: Self::Native, out: &mut Vec<u8>);
    /// NaN, which sketches leave out.
    fn is_nan(item: Self::Native) -> bool;
    fn text(item: Self::Native) -> String;
}

impl Item for Int64Type {
    const TYPE: SparkType = SparkType::Long;
    const NAME: &'static str = "Longs";

    fn read(reader: &mut Reader<'_>) -> Option<i64> {
        reader.i64()
    }

    fn write(item: i64, out: &mut Vec<u8>) {
        out.extend(item.to_le_bytes());
    }

    fn is_nan(_item: i64) -> bool {
        false
    }

    fn text(item: i64) -> String {
        item.to_string()
    }
}

impl Item for Float32Type {
    const TYPE: SparkType = SparkType::Float;
    const NAME: &'static str = "Floats";

    fn read(reader: &mut Reader<'_>) -> Option<f32> {
        reader.f32()
    }

    fn write(item: f32, out: &mut Vec<u8>) {
        out.extend(item.to_le_bytes());
    }

    fn is_nan(item: f32) -> bool {
        item.is_nan()
    }

    fn text(item: f32) -> String {
        crate::cast::number::float_text(item)
    }
}

impl Item for Float64Type {
    const TYPE: SparkType = SparkType::Double;
    const NAME: &'static str = "Doubles";

    fn read(reader: &mut Reader<'_>) -> Option<f64> {
        reader.f64()
    }

    fn write(item: f64, out: &mut Vec<u8>) {
        out.extend(item.to_le_bytes());
    }

    fn is_nan(item: f64) -> bool {
        item.is_nan()
    }

    fn text(item: f64) -> String {
        double_text(item)
    }
}

macro_rules! kll_functions {
    ($($constant:ident = $bind:ident::<$item:ty>($kernel:expr), $name:literal, $arity:expr;)+) => {$(
        pub(super) const $constant: Function = kll_functions!(@ $bind $item, $name, $kernel).arity($arity).since("4.1.0");
    )+};
    (@ bind_agg $item:ty, $name:literal, $kernel:expr) => {
        Function::aggregate($name, |call| bind_agg::<$item, _>(call, $kernel))
    };
    (@ bind_merge_agg $item:ty, $name:literal, $kernel:expr) => {
        Function::aggregate($name, |call| {
            let types = call.expect(&[Expected::Binary, Expected::INT])?;
            check_k(call)?;
            Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf($kernel)).casting(types))
        })
    };
    (@ bind_merge $item:ty, $name:literal, $kernel:expr) => {
        Function::scalar($name, |call| {
            let types = call.expect(&[Expected::Binary, Expected::Binary])?;
            Ok(Scalar::kernel(call, SparkType::Binary, $kernel).casting(types))
        })
    };
    (@ bind_n $item:ty, $name:literal, $kernel:expr) => {
        Function::scalar($name, |call| {
            let types = call.expect(&[Expected::Binary])?;
            Ok(Scalar::kernel(call, SparkType::Long, $kernel).casting(types))
        })
    };
    (@ bind_text $item:ty, $name:literal, $kernel:expr) => {
        Function::scalar($name, |call| {
            let types = call.expect(&[Expected::Binary])?;
            Ok(Scalar::kernel(call, SparkType::STRING, $kernel).casting(types))
        })
    };
    (@ bind_quantile $item:ty, $name:literal, $kernel:expr) => {
        Function::scalar($name, |call| bind_at(call, &SparkType::Double, &<$item>::TYPE, "rank", $kernel))
    };
    (@ bind_rank $item:ty, $name:literal, $kernel:expr) => {
        Function::scalar($name, |call| bind_at(call, &<$item>::TYPE, &SparkType::Double, "quantile", $kernel))
    };
}

kll_functions! {
    KLL_SKETCH_AGG_BIGINT = bind_agg::<Int64Type>(AggBigint), "kll_sketch_agg_bigint", 1..=2;
    KLL_SKETCH_AGG_FLOAT = bind_agg::<Float32Type>(AggFloat), "kll_sketch_agg_float", 1..=2;
    KLL_SKETCH_AGG_DOUBLE = bind_agg::<Float64Type>(AggDouble), "kll_sketch_agg_double", 1..=2;
    KLL_MERGE_AGG_BIGINT = bind_merge_agg::<Int64Type>(MergeAggBigint), "kll_merge_agg_bigint", 1..=2;
    KLL_MERGE_AGG_FLOAT = bind_merge_agg::<Float32Type>(MergeAggFloat), "kll_merge_agg_float", 1..=2;
    KLL_MERGE_AGG_DOUBLE = bind_merge_agg::<Float64Type>(MergeAggDouble), "kll_merge_agg_double", 1..=2;
    KLL_SKETCH_MERGE_BIGINT = bind_merge::<Int64Type>(MergeBigint), "kll_sketch_merge_bigint", 2..=2;
    KLL_SKETCH_MERGE_FLOAT = bind_merge::<Float32Type>(MergeFloat), "kll_sketch_merge_float", 2..=2;
    KLL_SKETCH_MERGE_DOUBLE = bind_merge::<Float64Type>(MergeDouble), "kll_sketch_merge_double", 2..=2;
    KLL_SKETCH_GET_N_BIGINT = bind_n::<Int64Type>(NBigint), "kll_sketch_get_n_bigint", 1..=1;
    KLL_SKETCH_GET_N_FLOAT = bind_n::<Float32Type>(NFloat), "kll_sketch_get_n_float", 1..=1;
    KLL_SKETCH_GET_N_DOUBLE = bind_n::<Float64Type>(NDouble), "kll_sketch_get_n_double", 1..=1;
    KLL_SKETCH_TO_STRING_BIGINT = bind_text::<Int64Type>(TextBigint), "kll_sketch_to_string_bigint", 1..=1;
    KLL_SKETCH_TO_STRING_FLOAT = bind_text::<Float32Type>(TextFloat), "kll_sketch_to_string_float", 1..=1;
    KLL_SKETCH_TO_STRING_DOUBLE = bind_text::<Float64Type>(TextDouble), "kll_sketch_to_string_double", 1..=1;
    KLL_SKETCH_GET_QUANTILE_BIGINT = bind_quantile::<Int64Type>(QuantileBigint), "kll_sketch_get_quantile_bigint", 2..=2;
    KLL_SKETCH_GET_QUANTILE_FLOAT = bind_quantile::<Float32Type>(QuantileFloat), "kll_sketch_get_quantile_float", 2..=2;
    KLL_SKETCH_GET_QUANTILE_DOUBLE =
        bind_quantile::<Float64Type>(QuantileDouble), "kll_sketch_get_quantile_double", 2..=2;
    KLL_SKETCH_GET_RANK_BIGINT = bind_rank::<Int64Type>(RankBigint), "kll_sketch_get_rank_bigint", 2..=2;
    KLL_SKETCH_GET_RANK_FLOAT = bind_rank::<Float32Type>(RankFloat), "kll_sketch_get_rank_float", 2..=2;
    KLL_SKETCH_GET_RANK_DOUBLE = bind_rank::<Float64Type>(RankDouble), "kll_sketch_get_rank_double", 2..=2;
}

fn bind_agg<I: Item, K: AggregateKernel>(call: &Call<'_>, kernel: K) -> SparkResult<Aggregate> {
    let exactly = Expected::Exactly;
    let value = match I::TYPE {
        SparkType::Long => {
            Expected::one_of([exactly(SparkType::Byte), Expected::INT, Expected::LONG, exactly(SparkType::Short)])
        }
        SparkType::Float => exactly(SparkType::Float),
        _ => Expected::one_of([exactly(SparkType::Float), Expected::DOUBLE]),
    };
    let mut types = call.expect(&[value, Expected::INT])?;
    if let Some(first) = types.first_mut() {
        *first = I::TYPE;
    }
    check_k(call)?;
    Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf(kernel)).casting(types))
}

fn check_k(call: &Call<'_>) -> SparkResult<()> {
    if call.len() < 2 {
        return Ok(());
    }
    check_constant(call, 1, "k")?;
    match int_constant(call, 1) {
        Some(k) if !(8..=65535).contains(&k) => {
            let error = SparkError::new("KLL_SKETCH_K_OUT_OF_RANGE")
                .param("functionName", shown(call.function.name))
                .param("k", k.to_string());
            Err(hinted(call, &error))
        }
        Some(_) | None => Ok(()),
    }
}

/// A function of a sketch and one number or an array of them.
fn bind_at<K: Kernel>(call: &Call<'_>, from: &SparkType, to: &SparkType, name: &str, kernel: K) -> SparkResult<Scalar> {
    let array = SparkType::array(from.clone(), false);
    let places = Expected::one_of([Expected::Exactly(from.clone()), Expected::Exactly(array)]);
    let types = call.implicit_cast(&[Expected::Binary, places])?;
    let argument = call.argument(1)?;
    if !argument.is_foldable {
        let data_type = types.get(1).unwrap_or(from);
        return Err(call
            .mismatch("NON_FOLDABLE_INPUT")
            .param("inputName", format!("`{name}`"))
            .param("inputType", quoted_type(data_type))
            .param("inputExpr", quoted(&argument.sql())));
    }
    let data_type = match types.get(1) {
        Some(SparkType::Array { .. }) => SparkType::array(to.clone(), false),
        Some(_) | None => to.clone(),
    };
    Ok(Scalar::kernel(call, data_type, kernel).casting(types))
}

sketch_aggregates! {
    AggBigint = "spark_kll_sketch_agg_bigint" => |call| Ok(Box::new(Kll::<Int64Type>::new(int_argument(call, 1), None)));
    AggFloat = "spark_kll_sketch_agg_float" => |call| {
        Ok(Box::new(Kll::<Float32Type>::new(int_argument(call, 1), None)))
    };
    AggDouble = "spark_kll_sketch_agg_double" => |call| {
        Ok(Box::new(Kll::<Float64Type>::new(int_argument(call, 1), None)))
    };
    MergeAggBigint = "spark_kll_merge_agg_bigint" => |call| {
        Ok(Box::new(Kll::<Int64Type>::new(int_argument(call, 1), Some("kll_merge_agg_bigint"))))
    };
    MergeAggFloat = "spark_kll_merge_agg_float" => |call| {
        Ok(Box::new(Kll::<Float32Type>::new(int_argument(call, 1), Some("kll_merge_agg_float"))))
    };
    MergeAggDouble = "spark_kll_merge_agg_double" => |call| {
        Ok(Box::new(Kll::<Float64Type>::new(int_argument(call, 1), Some("kll_merge_agg_double"))))
    };
}

kernels! {
    MergeBigint = "spark_kll_sketch_merge_bigint" => |call| merge::<Int64Type>(call, "kll_sketch_merge_bigint");
    MergeFloat = "spark_kll_sketch_merge_float" => |call| merge::<Float32Type>(call, "kll_sketch_merge_float");
    MergeDouble = "spark_kll_sketch_merge_double" => |call| merge::<Float64Type>(call, "kll_sketch_merge_double");
    NBigint = "spark_kll_sketch_get_n_bigint" => |call| count::<Int64Type>(call, "kll_sketch_get_n_bigint");
    NFloat = "spark_kll_sketch_get_n_float" => |call| count::<Float32Type>(call, "kll_sketch_get_n_float");
    NDouble = "spark_kll_sketch_get_n_double" => |call| count::<Float64Type>(call, "kll_sketch_get_n_double");
    TextBigint = "spark_kll_sketch_to_string_bigint" => |call| {
        describe::<Int64Type>(call, "kll_sketch_to_string_bigint")
    };
    TextFloat = "spark_kll_sketch_to_string_float" => |call| {
        describe::<Float32Type>(call, "kll_sketch_to_string_float")
    };
    TextDouble = "spark_kll_sketch_to_string_double" => |call| {
        describe::<Float64Type>(call, "kll_sketch_to_string_double")
    };
    QuantileBigint = "spark_kll_sketch_get_quantile_bigint" => |call| {
        quantiles::<Int64Type>(call, "kll_sketch_get_quantile_bigint")
    };
    QuantileFloat = "spark_kll_sketch_get_quantile_float" => |call| {
        quantiles::<Float32Type>(call, "kll_sketch_get_quantile_float")
    };
    QuantileDouble = "spark_kll_sketch_get_quantile_double" => |call| {
        quantiles::<Float64Type>(call, "kll_sketch_get_quantile_double")
    };
    RankBigint = "spark_kll_sketch_get_rank_bigint" => |call| ranks::<Int64Type>(call, "kll_sketch_get_rank_bigint");
    RankFloat = "spark_kll_sketch_get_rank_float" => |call| ranks::<Float32Type>(call, "kll_sketch_get_rank_float");
    RankDouble = "spark_kll_sketch_get_rank_double" => |call| {
        ranks::<Float64Type>(call, "kll_sketch_get_rank_double")
    };
}

fn merge<I: Item>(call: &KernelCall<'_>, function: &str) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (first, second) = (bytes(arrays, 0)?, bytes(arrays, 1)?);
        let mut results = BinaryBuilder::new();
        for row in 0..first.len() {
            if !all_valid(arrays, row) {
                results.append_null();
                continue;
            }
            let mut sketch = Kll::<I>::parse(first.value(row), function)?;
            sketch.unite(&Kll::parse(second.value(row), function)?);
            results.append_value(sketch.serialize());
        }
        Ok(Arc::new(results.finish()))
    })
}

fn count<I: Item>(call: &KernelCall<'_>, function: &str) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let sketches = bytes(arrays, 0)?;
        call.build::<Int64Type>(sketches.len(), |row| {
            if sketches.is_null(row) {
                return Ok(None);
            }
            let sketch = Kll::<I>::parse(sketches.value(row), function)?;
            Ok(Some(i64::try_from(sketch.n).unwrap_or(i64::MAX)))
        })
    })
}

fn describe<I: Item>(call: &KernelCall<'_>, function: &str) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let sketches = bytes(arrays, 0)?;
        call.build_text(sketches.len(), |row, out| {
            if sketches.is_null(row) {
                return Ok(false);
            }
            Kll::<I>::parse(sketches.value(row), function)?.describe(out);
            Ok(true)
        })
    })
}

fn quantiles<I: Item>(call: &KernelCall<'_>, function: &str) -> SparkResult<ColumnarValue> {
    each::<I, Float64Type, I>(call, function, |view, rank| {
        if (0.0..=1.0).contains(&rank) {
            Ok(view.quantile(rank))
        } else {
            Err(SparkError::new("KLL_SKETCH_INVALID_QUANTILE_RANGE").param("functionName", shown(function)))
        }
    })
}

fn ranks<I: Item>(call: &KernelCall<'_>, function: &str) -> SparkResult<ColumnarValue> {
    each::<I, I, Float64Type>(call, function, |view, item| Ok(view.rank(item)))
}

/// Looks up one number, or each of an array, in the sketch of its row.
fn each<I: Item, A: ArrowPrimitiveType, R: ArrowPrimitiveType>(
    call: &KernelCall<'_>,
    function: &str,
    find: impl Fn(&View<I>, A::Native) -> SparkResult<R::Native>,
) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let sketches = bytes(arrays, 0)?;
        let view = |row: usize| Kll::<I>::parse(sketches.value(row), function)?.view(function);
        if !matches!(call.return_type, DataType::List(_)) {
            let places = primitive::<A>(arrays, 1)?;
            return call.build::<R>(sketches.len(), |row| match all_valid(arrays, row) {
                true => find(&view(row)?, places.value(row)).map(Some),
                false => Ok(None),
            });
        }
        let places = lists(arrays, 1)?;
        let values: ArrayRef = Arc::clone(places.values());
        let values = primitive::<A>(std::slice::from_ref(&values), 0)?;
        let mut results = ListBuilder::new(PrimitiveBuilder::<R>::new());
        for row in 0..sketches.len() {
            if !all_valid(arrays, row) {
                results.append_null();
                continue;
            }
            let view = view(row)?;
            for index in range(places.offsets(), row) {
                results.values().append_value(find(&view, values.value(index))?);
            }
            results.append(true);
        }
        let results: ArrayRef = Arc::new(results.finish());
        conform(&results, call.return_type)
    })
}

const K_DEFAULT: u16 = 200;
const M: usize = 8;
const FAMILY: u8 = 15;
const FLAG_EMPTY: u8 = 1;
const FLAG_SORTED: u8 = 2;
const FLAG_SINGLE: u8 = 4;

/// The sketch. An item of level `l` stands for 2^l items.
struct Kll<I: Item> {
    k: u16,
    /// The smallest k of all sketches that went in.
    k_least: u16,
    n: u64,
    levels: Vec<Vec<I::Native>>,
    extremes: Option<(I::Native, I::Native)>,
    /// The function that merges sketches; else numbers are taken in.
    merges: Option<&'static str>,
    /// k was not given: the first sketch's is taken.
    takes_k: bool,
    /// Whether partial results went in.
    is_merged: bool,
    random: u64,
}

impl<I: Item> Debug for Kll<I> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Kll({} of {})", self.k, self.n)
    }
}

impl<I: Item> Kll<I> {
    fn new(k: Option<i32>, merges: Option<&'static str>) -> Self {
        let given = k.and_then(|k| u16::try_from(k).ok());
        let k = given.unwrap_or(K_DEFAULT);
        let takes_k = given.is_none() && merges.is_some();
        Self {
            k,
            k_least: k,
            n: 0,
            levels: vec![Vec::new()],
            extremes: None,
            merges,
            takes_k,
            is_merged: false,
            random: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Items that a level may hold.
    fn capacity(k: u16, levels: usize, level: usize) -> usize {
        let depth = levels.saturating_sub(level + 1).min(60);
        let shrunk = f64::from(k) * (2.0_f64 / 3.0).powi(depth as i32);
        ((shrunk + 0.5).floor() as usize).max(M)
    }

    fn total_capacity(&self) -> usize {
        (0..self.levels.len()).map(|level| Self::capacity(self.k, self.levels.len(), level)).sum()
    }

    fn retained(&self) -> usize {
        self.levels.iter().map(Vec::len).sum()
    }

    fn extend_extremes(&mut self, least: I::Native, greatest: I::Native) {
        self.extremes = Some(match self.extremes {
            Some((low, high)) => (if least < low { least } else { low }, if greatest > high { greatest } else { high }),
            None => (least, greatest),
        });
    }

    fn add(&mut self, item: I::Native) {
        if I::is_nan(item) {
            return;
        }
        self.extend_extremes(item, item);
        if self.retained() >= self.total_capacity() {
            self.compress();
        }
        self.n += 1;
        if let Some(bottom) = self.levels.first_mut() {
            bottom.push(item);
        }
    }

    fn coin(&mut self) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 32 & 1) as usize
    }

    /// Halves the lowest level that is full: every other item moves up.
    fn compress(&mut self) {
        let count = self.levels.len();
        let is_full = |level: &usize| {
            self.levels.get(*level).is_some_and(|items| items.len() >= Self::capacity(self.k, count, *level))
        };
        let Some(level) = (0..count).find(is_full) else { return };
        if level + 1 == count {
            self.levels.push(Vec::new());
        }
        let coin = self.coin();
        let Some(items) = self.levels.get_mut(level) else { return };
        let mut moving = std::mem::take(items);
        // An odd item stays.
        if moving.len() % 2 == 1 {
            items.push(moving.remove(0));
        }
        moving.sort_by(order::<I>);
        if let Some(above) = self.levels.get_mut(level + 1) {
            above.extend(moving.into_iter().skip(coin).step_by(2));
            above.sort_by(order::<I>);
        }
    }

    fn unite(&mut self, other: &Self) {
        if self.takes_k {
            (self.k, self.k_least, self.takes_k) = (other.k, other.k, false);
        }
        let Some((least, greatest)) = other.extremes else { return };
        self.extend_extremes(least, greatest);
        self.n += other.n;
        if other.levels.len() > 1 {
            self.k_least = self.k_least.min(other.k_least);
        }
        while self.levels.len() < other.levels.len() {
            self.levels.push(Vec::new());
        }
        for (level, (own, items)) in self.levels.iter_mut().zip(&other.levels).enumerate() {
            if level == 0 {
                // The other's items come as they lie in its bytes: the latest first.
                own.extend(items.iter().rev());
            } else {
                own.extend(items);
                own.sort_by(order::<I>);
            }
        }
        while self.retained() > self.total_capacity() {
            let before = (self.retained(), self.levels.len());
            self.compress();
            if before == (self.retained(), self.levels.len()) {
                break;
            }
        }
    }

    fn serialize(&self) -> Vec<u8> {
        let [low, high] = self.k.to_le_bytes();
        let Some((least, greatest)) = self.extremes else {
            return vec![2, 1, FAMILY, FLAG_EMPTY, low, high, M as u8, 0];
        };
        if self.n == 1 {
            let mut out = vec![2, 2, FAMILY, FLAG_SINGLE, low, high, M as u8, 0];
            I::write(least, &mut out);
            return out;
        }
        let mut out = vec![5, 1, FAMILY, 0, low, high, M as u8, 0];
        out.extend(self.n.to_le_bytes());
        out.extend(self.k_least.to_le_bytes());
        out.extend([self.levels.len() as u8, 0]);
        let mut place = self.total_capacity().saturating_sub(self.retained());
        for level in &self.levels {
            out.extend((place as u32).to_le_bytes());
            place += level.len();
        }
        I::write(least, &mut out);
        I::write(greatest, &mut out);
        for (index, level) in self.levels.iter().enumerate() {
            // The bottom level fills from behind.
            let mut write = |item: &I::Native| I::write(*item, &mut out);
            if index == 0 { level.iter().rev().for_each(&mut write) } else { level.iter().for_each(&mut write) }
        }
        out
    }

    fn parse(bytes: &[u8], function: &str) -> SparkResult<Self> {
        Self::read(bytes).ok_or_else(|| invalid(function))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (preamble, version, family, flags) = (reader.u8()?, reader.u8()?, reader.u8()?, reader.u8()?);
        let (k, m, _unused) = (reader.u16()?, reader.u8()?, reader.u8()?);
        if family != FAMILY || usize::from(m) != M || k < 8 || !matches!((preamble, version), (2, 1 | 2) | (5, 1)) {
            return None;
        }
        let mut sketch = Self::new(Some(k.into()), None);
        if flags & FLAG_EMPTY != 0 {
            return Some(sketch);
        }
        if flags & FLAG_SINGLE != 0 {
            sketch.add(I::read(&mut reader)?);
            return Some(sketch);
        }
        sketch.n = reader.u64()?;
        sketch.k_least = reader.u16()?;
        let (levels, _unused) = (usize::from(reader.u8()?), reader.u8()?);
        let starts: Option<Vec<usize>> = (0..levels).map(|_| reader.u32().map(|start| start as usize)).collect();
        let starts = starts.filter(|starts| !starts.is_empty() && levels <= 61)?;
        let total: usize = (0..levels).map(|level| Self::capacity(k, levels, level)).sum();
        sketch.extremes = Some((I::read(&mut reader)?, I::read(&mut reader)?));
        sketch.levels.clear();
        for (index, start) in starts.iter().enumerate() {
            let end = starts.get(index + 1).copied().unwrap_or(total);
            let items: Option<Vec<_>> = (0..end.checked_sub(*start)?).map(|_| I::read(&mut reader)).collect();
            let mut items = items?;
            if index == 0 && flags & FLAG_SORTED == 0 {
                items.reverse();
            }
            sketch.levels.push(items);
        }
        Some(sketch)
    }

    fn view(&self, function: &str) -> SparkResult<View<I>> {
        if self.n == 0 {
            return Err(invalid(function));
        }
        let weighted = |(level, items): (usize, &Vec<I::Native>)| {
            items.iter().map(|item| (*item, 1_u64 << level)).collect::<Vec<_>>()
        };
        let mut items: Vec<(I::Native, u64)> = self.levels.iter().enumerate().flat_map(weighted).collect();
        items.sort_by(|(left, _), (right, _)| order::<I>(left, right));
        let mut sum = 0;
        for (_, weight) in &mut items {
            sum += *weight;
            *weight = sum;
        }
        Ok(View { items, n: self.n })
    }

    fn describe(&self, out: &mut String) {
        let error = |factor: f64, power: f64| factor / f64::from(self.k_least).powf(power) * 100.0;
        let size = size_of::<I::Native>();
        let (capacity, retained, levels) = (self.total_capacity(), self.retained(), self.levels.len());
        let compact = match self.n {
            0 => 8,
            1 => 8 + size,
            _ => 20 + 4 * levels + (2 + retained) * size,
        };
        let text = |item: Option<I::Native>| item.map_or_else(|| "NaN".to_owned(), I::text);
        let rows: [(&str, String); 17] = [
            ("K", self.k.to_string()),
            ("Dynamic min K", self.k_least.to_string()),
            ("M", M.to_string()),
            ("N", self.n.to_string()),
            ("Epsilon", format!("{:.3}%", error(2.296, 0.9723))),
            ("Epsilon PMF", format!("{:.3}%", error(2.446, 0.9433))),
            ("Empty", (self.n == 0).to_string()),
            ("Estimation Mode", (levels > 1).to_string()),
            ("Levels", levels.to_string()),
            ("Level 0 Sorted", "false".to_owned()),
            ("Capacity Items", capacity.to_string()),
            ("Retained Items", retained.to_string()),
            ("Free Space", capacity.saturating_sub(retained).to_string()),
            ("ReadOnly", "false".to_owned()),
            ("Updatable Storage Bytes", (20 + 4 * (levels + 1) + (2 + capacity) * size).to_string()),
            ("Compact Storage Bytes", compact.to_string()),
            ("Min Item", text(self.extremes.map(|(least, _)| least))),
        ];
        let _ = writeln!(out, "\n### KllKll{}Sketch Summary:", I::NAME);
        for (name, value) in rows {
            let _ = writeln!(out, "   {name:<23}: {value}");
        }
        let _ = writeln!(out, "   {:<23}: {}", "Max Item", text(self.extremes.map(|(_, greatest)| greatest)));
        out.push_str("### End sketch summary\n");
    }
}

fn order<I: Item>(left: &I::Native, right: &I::Native) -> std::cmp::Ordering {
    left.partial_cmp(right).unwrap_or(std::cmp::Ordering::Equal)
}

fn invalid(function: &str) -> SparkError {
    SparkError::new("KLL_INVALID_INPUT_SKETCH_BUFFER").param("function", shown(function))
}

impl<I: Item> State for Kll<I> {
    fn update(&mut self, columns: &[ArrayRef], row: usize) -> SparkResult<()> {
        let value = at(columns, 0)?;
        if value.is_null(row) {
            return Ok(());
        }
        match self.merges {
            Some(function) => {
                let sketches = bytes(columns, 0)?;
                self.unite(&Self::parse(sketches.value(row), function)?);
            }
            None => self.add(primitive::<I>(columns, 0)?.value(row)),
        }
        Ok(())
    }

    fn merge(&mut self, partial: &[u8]) -> SparkResult<()> {
        self.unite(&Self::parse(partial, "kll_sketch_agg")?);
        self.is_merged = true;
        Ok(())
    }

    fn result(&self) -> SparkResult<Vec<u8>> {
        if self.is_merged {
            return Ok(self.serialize());
        }
        // Spark's results are merged of partial ones, be it a single one.
        let mut merged = Self::new(Some(self.k.into()), None);
        merged.unite(self);
        Ok(merged.serialize())
    }

    fn partial(&self) -> SparkResult<Option<Vec<u8>>> {
        Ok((self.n > 0).then(|| self.serialize()))
    }

    fn size(&self) -> usize {
        size_of::<Self>()
            + self.levels.iter().map(|level| level.capacity() * size_of::<I::Native>() + 24).sum::<usize>()
    }
}

/// Items in order, each with how many items are not above it.
struct View<I: Item> {
    items: Vec<(I::Native, u64)>,
    n: u64,
}

impl<I: Item> View<I> {
    fn quantile(&self, rank: f64) -> I::Native {
        let natural = rank * self.n as f64;
        // Small errors of the product do not count.
        let natural = if self.n <= 1_000_000 { (natural * 1e6 + 0.5).floor() / 1e6 } else { natural };
        let natural = natural.ceil() as u64;
        let index = self.items.partition_point(|(_, weight)| *weight < natural);
        let item = self.items.get(index).or_else(|| self.items.last());
        item.map_or_else(I::Native::default, |(item, _)| *item)
    }

    fn rank(&self, item: I::Native) -> f64 {
        let index = self.items.partition_point(|(own, _)| *own <= item);
        let weight = index.checked_sub(1).and_then(|index| self.items.get(index)).map_or(0, |(_, weight)| *weight);
        weight as f64 / self.n as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(items: impl IntoIterator<Item = i64>, k: i32) -> Kll<Int64Type> {
        let mut sketch = Kll::new(Some(k), None);
        items.into_iter().for_each(|item| sketch.add(item));
        sketch
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    #[test]
    fn writes_what_spark_writes() {
        assert_eq!(hex(&sketch([], 200).serialize()), "02010F01C8000800");
        assert_eq!(hex(&sketch([1], 200).serialize()), "02020F04C80008000100000000000000");
        assert_eq!(
            hex(&sketch([3, 2, 1], 200).serialize()),
            "05010F00C80008000300000000000000C8000100C500000001000000000000000300000000000000010000000000000002000000000000\
             000300000000000000"
        );
    }

    #[test]
    fn estimates() {
        let sketch = sketch(1..=1000, 200);
        let read = Kll::<Int64Type>::read(&sketch.serialize()).unwrap();
        assert_eq!(read.n, 1000);
        let median = read.view("f").unwrap().quantile(0.5);
        assert!((450..=550).contains(&median), "{median}");
        assert!(read.retained() <= read.total_capacity());
    }
}
