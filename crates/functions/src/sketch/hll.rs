//! HLL sketches: how many different values there are, about, in the form of Apache DataSketches with eight bits a slot.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, BinaryBuilder};
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::groups::{State, int_argument, sketch_aggregates};
use super::reader::Reader;
use super::{Key, int_constant, shown};
use crate::aggregate::kernel::{AggregateCall, aggregate_udf};
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Aggregate, DefaultValue, Function, Parameter, Scalar};
use crate::kernel::kernels;
use crate::kernel::rows::{all_valid, at, bytes};

const DIFFERENT_K: Parameter = Parameter::optional("allowDifferentLgConfigK", DefaultValue::Boolean(false));

pub(super) const HLL_SKETCH_AGG: Function = Function::aggregate("hll_sketch_agg", bind_agg)
    .named(&[Parameter::required("expr"), Parameter::optional("lgConfigK", DefaultValue::Int(12))])
    .arity(1..=2)
    .since("3.5.0");
pub(super) const HLL_UNION_AGG: Function = Function::aggregate("hll_union_agg", |call| {
    let types = call.expect(&[Expected::Binary, Expected::BOOLEAN])?;
    Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf(HllUnionAgg)).casting(types))
})
.named(&[Parameter::required("expr"), DIFFERENT_K])
.arity(1..=2)
.since("3.5.0");
pub(super) const HLL_SKETCH_ESTIMATE: Function = Function::scalar("hll_sketch_estimate", |call| {
    let types = call.expect(&[Expected::Binary])?;
    Ok(Scalar::kernel(call, SparkType::Long, HllEstimate).casting(types))
})
.arity(1..=1)
.since("3.5.0");
pub(super) const HLL_UNION: Function = Function::scalar("hll_union", |call| {
    let types = call.expect(&[Expected::Binary, Expected::Binary, Expected::BOOLEAN])?;
    Ok(Scalar::kernel(call, SparkType::Binary, HllUnion).casting(types))
})
.named(&[Parameter::required("first"), Parameter::required("second"), DIFFERENT_K])
.arity(2..=3)
.since("3.5.0");

fn bind_agg(call: &Call<'_>) -> SparkResult<Aggregate> {
    let value = Expected::one_of([Expected::INT, Expected::LONG, Expected::STRING, Expected::Binary]);
    let types = call.expect(&[value, Expected::INT])?;
    if call.len() > 1 {
        if !call.argument(1)?.is_foldable {
            return Err(SparkError::new("HLL_K_MUST_BE_CONSTANT").param("function", "`hll_sketch_agg`"));
        }
        let lg_k = int_constant(call, 1).unwrap_or(0);
        if !(4..=21).contains(&lg_k) {
            return Err(SparkError::new("HLL_INVALID_LG_K")
                .param("function", "`hll_sketch_agg`")
                .param("min", "4")
                .param("max", "21")
                .param("value", lg_k.to_string()));
        }
    }
    Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf(HllSketchAgg)).casting(types))
}

sketch_aggregates! {
    HllSketchAgg = "spark_hll_sketch_agg" => |call| {
        let lg_k = int_argument(call, 1).and_then(|lg_k| u8::try_from(lg_k).ok()).unwrap_or(12);
        Ok(Box::new(Counting(Hll::new(lg_k))))
    };
    HllUnionAgg = "spark_hll_union_agg" => |call| Ok(Box::new(Uniting { different: may_differ(call), union: None }));
}

fn may_differ(call: &AggregateCall) -> bool {
    matches!(call.constant(1), Some(ScalarValue::Boolean(Some(true))))
}

kernels! {
    HllEstimate = "spark_hll_sketch_estimate" => |call| call.with_arrays(|arrays| {
        let sketches = bytes(arrays, 0)?;
        call.build::<Int64Type>(sketches.len(), |row| {
            if sketches.is_null(row) {
                return Ok(None);
            }
            let estimate = Hll::parse(sketches.value(row), "hll_sketch_estimate")?.estimate()?;
            Ok(Some((estimate + 0.5).floor() as i64))
        })
    });
    HllUnion = "spark_hll_union" => |call| call.with_arrays(|arrays| {
        let (first, second) = (bytes(arrays, 0)?, bytes(arrays, 1)?);
        let mut results = BinaryBuilder::new();
        for row in 0..first.len() {
            if !all_valid(arrays, row) {
                results.append_null();
                continue;
            }
            let different = match arrays.get(2) {
                Some(flags) => arrow::array::AsArray::as_boolean(flags).value(row),
                None => false,
            };
            let mut union = Uniting { different, union: None };
            for sketch in [first.value(row), second.value(row)] {
                union.add(Hll::parse(sketch, "hll_union")?, "hll_union")?;
            }
            results.append_value(union.result()?);
        }
        Ok(Arc::new(results.finish()))
    });
}

/// Bits of a coupon that say the slot; the others say the value.
const ADDRESS_BITS: u32 = 26;
const ADDRESS: u32 = (1 << ADDRESS_BITS) - 1;

/// Coupons while they are few, else a slot for each of 2^`lg_k` parts of all hashes.
#[derive(Clone, Debug)]
enum Content {
    /// In the order they came.
    List(Vec<u32>),
    Set(BTreeSet<u32>),
    Slots(Slots),
}

#[derive(Clone, Debug)]
struct Slots {
    values: Vec<u8>,
    /// What the estimate is while values come one by one; sketches of unions have none.
    running: Option<f64>,
    /// Sums of 2^-value, of values below 32 and of others.
    low: f64,
    high: f64,
}

#[derive(Clone, Debug)]
struct Hll {
    lg_k: u8,
    content: Content,
}

impl Slots {
    fn new(lg_k: u8, running: Option<f64>) -> Self {
        let count = 1_usize << lg_k;
        Self { values: vec![0; count], running, low: count as f64, high: 0.0 }
    }

    fn add(&mut self, coupon: u32) {
        let count = self.values.len();
        let (slot, value) = ((coupon & ADDRESS) as usize & (count - 1), (coupon >> ADDRESS_BITS) as u8);
        let Some(own) = self.values.get_mut(slot).filter(|own| **own < value) else { return };
        let old = std::mem::replace(own, value);
        if let Some(running) = &mut self.running {
            *running += count as f64 / (self.low + self.high);
        }
        let mut change = |value: u8, sign: f64| {
            let part = sign * (-f64::from(value)).exp2();
            if value < 32 { self.low += part } else { self.high += part }
        };
        change(old, -1.0);
        change(value, 1.0);
    }
}

impl Hll {
    fn new(lg_k: u8) -> Self {
        Self { lg_k, content: Content::List(Vec::new()) }
    }

    fn add(&mut self, coupon: u32) {
        match &mut self.content {
            Content::List(coupons) => {
                if !coupons.contains(&coupon) {
                    coupons.push(coupon);
                    if coupons.len() >= 8 {
                        self.grow();
                    }
                }
            }
            Content::Set(coupons) => {
                // A table of 2^(lg_k - 3) coupons is three quarters full.
                if coupons.insert(coupon) && coupons.len() * 4 > 3 << (self.lg_k - 3) {
                    self.grow();
                }
            }
            Content::Slots(slots) => slots.add(coupon),
        }
    }

    /// From a list to a set, if sketches of this size have one, or to slots.
    fn grow(&mut self) {
        let coupons: Vec<u32> = match &self.content {
            Content::List(coupons) => coupons.clone(),
            Content::Set(coupons) => coupons.iter().copied().collect(),
            Content::Slots(_) => return,
        };
        if matches!(self.content, Content::List(_)) && self.lg_k >= 8 {
            self.content = Content::Set(coupons.into_iter().collect());
            return;
        }
        self.content = Content::Slots(self.slots(&coupons, Some(of_coupons(coupons.len()))));
    }

    fn slots(&self, coupons: &[u32], running: Option<f64>) -> Slots {
        let mut slots = Slots::new(self.lg_k, None);
        coupons.iter().for_each(|coupon| slots.add(*coupon));
        slots.running = running;
        slots
    }

    fn estimate(&self) -> SparkResult<f64> {
        match &self.content {
            Content::List(coupons) => Ok(of_coupons(coupons.len())),
            Content::Set(coupons) => Ok(of_coupons(coupons.len())),
            Content::Slots(slots) => match slots.running {
                Some(running) => Ok(running),
                None => composite(slots, self.lg_k),
            },
        }
    }

    fn parse(bytes: &[u8], function: &str) -> SparkResult<Self> {
        Self::read(bytes)
            .ok_or_else(|| SparkError::new("HLL_INVALID_INPUT_SKETCH_BUFFER").param("function", shown(function)))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (preamble, version, family, lg_k) = (reader.u8()?, reader.u8()?, reader.u8()?, reader.u8()?);
        let (lg_table, flags, count, mode) = (reader.u8()?, reader.u8()?, reader.u8()?, reader.u8()?);
        if version != 1 || family != FAMILY || !(4..=21).contains(&lg_k) || mode >> 2 != EIGHT_BITS {
            return None;
        }
        let mut sketch = Self::new(lg_k);
        match (mode & 3, preamble) {
            (LIST, 2) => {
                let coupons: Option<Vec<u32>> = (0..count).map(|_| reader.u32()).collect();
                sketch.content = Content::List(coupons?);
            }
            (SET, 3) => {
                let count = reader.u32()?;
                let slots = if flags & FLAG_COMPACT != 0 { u64::from(count) } else { 1 << lg_table.min(26) };
                let mut coupons = BTreeSet::new();
                for _ in 0..slots {
                    coupons.insert(reader.u32()?);
                }
                coupons.remove(&0);
                sketch.content = Content::Set(coupons);
            }
            (HLL, 10) => {
                let running = reader.f64()?;
                let (low, high) = (reader.f64()?, reader.f64()?);
                let (_least, _exceptions) = (reader.u32()?, reader.u32()?);
                let values = reader.take(1 << lg_k)?.to_vec();
                let running = (flags & FLAG_OUT_OF_ORDER == 0).then_some(running);
                sketch.content = Content::Slots(Slots { values, running, low, high });
            }
            _ => return None,
        }
        Some(sketch)
    }

    fn serialize(&self) -> Vec<u8> {
        let mode = |mode: u8| EIGHT_BITS << 2 | mode;
        match &self.content {
            Content::List(coupons) => {
                let mut out = vec![2, 1, FAMILY, self.lg_k, 3, 0, coupons.len() as u8, mode(LIST)];
                out.extend(coupons.iter().chain(std::iter::repeat(&0)).take(8).flat_map(|coupon| coupon.to_le_bytes()));
                out
            }
            Content::Set(coupons) => {
                let lg_table = lg_of_table(coupons.len());
                let mut out = vec![3, 1, FAMILY, self.lg_k, lg_table, 0, 0, mode(SET)];
                out.extend((coupons.len() as u32).to_le_bytes());
                out.extend(table_of(coupons, lg_table).iter().flat_map(|coupon| coupon.to_le_bytes()));
                out
            }
            Content::Slots(slots) => {
                let flags = if slots.running.is_none() { FLAG_OUT_OF_ORDER } else { 0 };
                let mut out = vec![10, 1, FAMILY, self.lg_k, 0, flags, 0, mode(HLL)];
                out.extend(slots.running.unwrap_or(0.0).to_le_bytes());
                out.extend(slots.low.to_le_bytes());
                out.extend(slots.high.to_le_bytes());
                let empty = slots.values.iter().filter(|value| **value == 0).count();
                out.extend((empty as u32).to_le_bytes());
                out.extend([0; 4]);
                out.extend(&slots.values);
                out
            }
        }
    }
}

const FAMILY: u8 = 7;
const LIST: u8 = 0;
const SET: u8 = 1;
const HLL: u8 = 2;
const EIGHT_BITS: u8 = 2;
const FLAG_COMPACT: u8 = 8;
const FLAG_OUT_OF_ORDER: u8 = 16;

/// The table of so many coupons: three quarters of it may be taken.
fn lg_of_table(coupons: usize) -> u8 {
    (5..=26).find(|lg| coupons * 4 <= 3 << lg).unwrap_or(26)
}

/// Coupons in a hash table with open addresses.
fn table_of(coupons: &BTreeSet<u32>, lg_table: u8) -> Vec<u32> {
    let mut table = vec![0_u32; 1 << lg_table];
    let mask = table.len() - 1;
    for coupon in coupons {
        let mut place = *coupon as usize & mask;
        let stride = ((*coupon & ADDRESS) >> lg_table) as usize | 1;
        while table.get(place).is_some_and(|taken| *taken != 0) {
            place = (place + stride) & mask;
        }
        if let Some(slot) = table.get_mut(place) {
            *slot = *coupon;
        }
    }
    table
}

/// How many values made so many different coupons: a few more, since some share one.
fn of_coupons(count: usize) -> f64 {
    let count = count as f64;
    count + count * (count - 1.0) / (6.0 * f64::from(1_u32 << ADDRESS_BITS))
}

/// The biased estimates that 257 numbers of values give, by the size of the sketch: the logarithm of its slots, the
/// distance of the numbers, and the estimates.
static ESTIMATES: &str = include_str!("../../data/hll-estimates.tsv");

/// Distance of the numbers and their estimates, for each size from 4 on.
static BY_SIZE: LazyLock<Vec<(f64, Vec<f64>)>> = LazyLock::new(|| {
    let row = |line: &str| {
        let mut cells = line.split('\t').skip(1).filter_map(|cell| cell.parse::<f64>().ok());
        Some((cells.next()?, cells.collect()))
    };
    ESTIMATES.lines().filter_map(row).collect()
});

/// The estimate of slots that were not filled one by one.
fn composite(slots: &Slots, lg_k: u8) -> SparkResult<f64> {
    let count = slots.values.len() as f64;
    let correction = match lg_k {
        4 => 0.673,
        5 => 0.697,
        6 => 0.709,
        _ => 0.7213 / (1.0 + 1.079 / count),
    };
    let raw = correction * count * count / (slots.low + slots.high);
    let table = BY_SIZE.get(usize::from(lg_k).saturating_sub(4));
    let (stride, estimates) = table.ok_or_else(|| SparkError::internal("an HLL sketch of another size"))?;
    let (Some(first), Some(last)) = (estimates.first(), estimates.last()) else {
        return Err(SparkError::internal("no HLL estimates"));
    };
    if raw < *first {
        return Ok(0.0);
    }
    if raw > *last {
        return Ok(raw * (stride * (estimates.len() - 1) as f64 / last));
    }
    let adjusted = interpolate(estimates, *stride, raw);
    if adjusted > 3.0 * count {
        return Ok(adjusted);
    }
    let empty = slots.values.iter().filter(|value| **value == 0).count();
    let linear =
        if empty == 0 { count * (count / 0.5).ln() } else { count * (harmonic(slots.values.len()) - harmonic(empty)) };
    let crossing = match lg_k {
        4 => 0.718,
        5 => 0.672,
        _ => 0.64,
    };
    Ok(if f64::midpoint(adjusted, linear) > crossing * count { adjusted } else { linear })
}

/// The cubic through four estimates around `x`.
fn interpolate(estimates: &[f64], stride: f64, x: f64) -> f64 {
    let behind = estimates.partition_point(|estimate| *estimate <= x).saturating_sub(1);
    let start = behind.saturating_sub(1).min(estimates.len().saturating_sub(4));
    let points: Vec<(f64, f64)> =
        (start..).zip(estimates.iter().skip(start).take(4)).map(|(place, x)| (*x, stride * place as f64)).collect();
    let term = |(index, (own, y)): (usize, &(f64, f64))| {
        let others = points.iter().enumerate().filter(|(other, _)| *other != index);
        others.fold(*y, |product, (_, (other, _))| product * (x - other) / (own - other))
    };
    points.iter().enumerate().map(term).sum()
}

/// 1 + 1/2 + … + 1/n
fn harmonic(n: usize) -> f64 {
    if n < 1000 {
        return (1..=n).rev().map(|one| 1.0 / one as f64).sum();
    }
    let x = n as f64;
    x.ln() + 0.577_215_664_901_532_9 + 1.0 / (2.0 * x) - 1.0 / (12.0 * x * x) + 1.0 / (120.0 * x.powi(4))
}

/// `hll_sketch_agg`
#[derive(Debug)]
struct Counting(Hll);

impl State for Counting {
    fn update(&mut self, columns: &[ArrayRef], row: usize) -> SparkResult<()> {
        if let Some(key) = Key::at(at(columns, 0)?, row)? {
            let (first, second) = key.hash();
            let value = second.leading_zeros().min(62) + 1;
            self.0.add(value << ADDRESS_BITS | (first as u32 & ADDRESS));
        }
        Ok(())
    }

    fn merge(&mut self, partial: &[u8]) -> SparkResult<()> {
        let mut union = Uniting { different: false, union: None };
        union.add(self.0.clone(), "hll_sketch_agg")?;
        union.add(Hll::parse(partial, "hll_sketch_agg")?, "hll_sketch_agg")?;
        if let Some(union) = union.union {
            self.0 = union;
        }
        Ok(())
    }

    fn result(&self) -> SparkResult<Vec<u8>> {
        Ok(self.0.serialize())
    }

    fn size(&self) -> usize {
        size_of::<Self>() + size_of_content(&self.0)
    }
}

fn size_of_content(sketch: &Hll) -> usize {
    match &sketch.content {
        Content::List(coupons) => coupons.capacity() * 4,
        Content::Set(coupons) => coupons.len() * 8,
        Content::Slots(slots) => slots.values.len(),
    }
}

/// `hll_union_agg`
#[derive(Debug)]
struct Uniting {
    different: bool,
    union: Option<Hll>,
}

impl Uniting {
    fn add(&mut self, sketch: Hll, function: &str) -> SparkResult<()> {
        let Some(union) = &mut self.union else {
            self.union = Some(sketch);
            return Ok(());
        };
        if union.lg_k != sketch.lg_k && !self.different {
            return Err(SparkError::new("HLL_UNION_DIFFERENT_LG_K")
                .param("left", union.lg_k.to_string())
                .param("right", sketch.lg_k.to_string())
                .param("function", shown(function)));
        }
        // Where one has slots, coupons of the other go into them; the smaller number of slots is kept.
        let (mut into, from) = match (&union.content, &sketch.content) {
            (Content::Slots(_), _) => (union.clone(), sketch),
            (_, Content::Slots(_)) => (sketch, union.clone()),
            _ => (union.clone(), sketch),
        };
        if from.lg_k < into.lg_k {
            into = into.folded(from.lg_k);
        }
        match from.content {
            Content::List(coupons) => coupons.into_iter().for_each(|coupon| into.add(coupon)),
            Content::Set(coupons) => coupons.into_iter().for_each(|coupon| into.add(coupon)),
            Content::Slots(slots) => {
                for (slot, value) in (0_u32..).zip(slots.values).filter(|(_, value)| *value > 0) {
                    into.add(u32::from(value) << ADDRESS_BITS | slot);
                }
                if let Content::Slots(own) = &mut into.content {
                    own.running = None;
                }
            }
        }
        *union = into;
        Ok(())
    }
}

impl Hll {
    /// The sketch with fewer slots.
    fn folded(&self, lg_k: u8) -> Self {
        let mut folded = Self::new(lg_k);
        match &self.content {
            Content::List(coupons) => coupons.iter().for_each(|coupon| folded.add(*coupon)),
            Content::Set(coupons) => coupons.iter().for_each(|coupon| folded.add(*coupon)),
            Content::Slots(slots) => {
                let mut few = Slots::new(lg_k, None);
                for (slot, value) in (0_u32..).zip(&slots.values).filter(|(_, value)| **value > 0) {
                    few.add(u32::from(*value) << ADDRESS_BITS | slot);
                }
                folded.content = Content::Slots(few);
            }
        }
        folded
    }
}

impl State for Uniting {
    fn update(&mut self, columns: &[ArrayRef], row: usize) -> SparkResult<()> {
        if at(columns, 0)?.is_null(row) {
            return Ok(());
        }
        let sketches = bytes(columns, 0)?;
        let sketch = Hll::parse(sketches.value(row), "hll_union_agg")?;
        self.add(sketch, "hll_union_agg")
    }

    fn merge(&mut self, partial: &[u8]) -> SparkResult<()> {
        self.add(Hll::parse(partial, "hll_union_agg")?, "hll_union_agg")
    }

    fn result(&self) -> SparkResult<Vec<u8>> {
        Ok(self.union.as_ref().map_or_else(|| Hll::new(12).serialize(), Hll::serialize))
    }

    fn partial(&self) -> SparkResult<Option<Vec<u8>>> {
        Ok(self.union.as_ref().map(Hll::serialize))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.union.as_ref().map_or(0, size_of_content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(values: std::ops::RangeInclusive<i64>, lg_k: u8) -> Hll {
        let mut sketch = Hll::new(lg_k);
        for value in values {
            let (first, second) = Key::Long(value).hash();
            sketch.add((second.leading_zeros().min(62) + 1) << ADDRESS_BITS | (first as u32 & ADDRESS));
        }
        sketch
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    #[test]
    fn writes_what_spark_writes() {
        assert_eq!(
            hex(&sketch(1..=3, 12).serialize()),
            "0201070C030003082BF2FB06862FF90D758166070000000000000000000000000000000000000000"
        );
        let slots = sketch(1..=10, 4).serialize();
        // The running estimate starts from one that Spark interpolates in a table: its last bits are rounding.
        let (before, after) = ("0A0107040000000A", "0000000000A0244000000000000000000800000000000000");
        let values = "04010100030103000000000202000000";
        assert_eq!([hex(&slots[..8]), hex(&slots[16..40]), hex(&slots[40..])], [before, after, values]);
        let running = f64::from_le_bytes(slots[8..16].try_into().unwrap());
        let recorded = f64::from_bits(0x4025_7BCE_84DF_3733);
        assert!((running - recorded).abs() < 1e-13, "{running} instead of {recorded}");
        assert_eq!(hex(&Hll::read(&slots).unwrap().serialize()), hex(&slots));
        assert_eq!(sketch(1..=20, 12).serialize().len(), 140);
    }

    #[test]
    fn estimates_as_spark_does() {
        let estimate = |values, lg_k| (sketch(values, lg_k).estimate().unwrap() + 0.5).floor();
        assert_eq!(estimate(1..=3, 12), 3.0);
        assert_eq!(estimate(1..=20, 12), 20.0);
        assert_eq!(estimate(1..=100, 4), 83.0);
        assert_eq!(estimate(1..=5000, 12), 4943.0);
        let mut union = Uniting { different: false, union: Some(sketch(1..=5000, 12)) };
        union.add(sketch(3000..=8000, 12), "f").unwrap();
        assert_eq!((union.union.unwrap().estimate().unwrap() + 0.5).floor(), 7992.0);
    }
}
