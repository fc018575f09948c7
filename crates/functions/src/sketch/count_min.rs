//! `count_min_sketch`: how often values occur, about, in Spark's own form.

use arrow::array::{Array, ArrayRef};
use datafusion::common::ScalarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::Key;
use super::groups::{State, int_argument, sketch_aggregates};
use crate::aggregate::kernel::{AggregateCall, aggregate_udf};
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Aggregate, Function, Parameter};
use crate::kernel::rows::at;

pub(super) const COUNT_MIN_SKETCH: Function = Function::aggregate("count_min_sketch", bind)
    .named(&[
        Parameter::required("column"),
        Parameter::required("epsilon"),
        Parameter::required("confidence"),
        Parameter::required("seed"),
    ])
    .arity(4..=4)
    .since("2.2.0");

/// The counters that one group may have.
const COUNTERS_MAX: usize = 1 << 28;

fn bind(call: &Call<'_>) -> SparkResult<Aggregate> {
    let value = Expected::one_of([Expected::Integral, Expected::STRING, Expected::Binary]);
    let seed = Expected::one_of([Expected::INT, Expected::LONG]);
    let types = call.expect(&[value, Expected::DOUBLE, Expected::DOUBLE, seed])?;
    let limits = [(1, "eps", f64::MAX, "(0.0, 1.7976931348623157E308]"), (2, "confidence", 1.0, "(0.0, 1.0]")];
    for (index, name, most, range) in limits {
        let argument = call.argument(index)?;
        if !argument.is_foldable {
            return Err(call
                .mismatch("NON_FOLDABLE_INPUT")
                .param("inputName", name)
                .param("inputType", crate::coercion::quoted_type(&argument.data_type))
                .param("inputExpr", crate::coercion::quoted(&argument.sql())));
        }
        match &argument.constant {
            Some(ScalarValue::Float64(Some(value))) if *value > 0.0 && *value <= most => {}
            Some(ScalarValue::Float64(Some(value))) => {
                let text = crate::cast::number::double_text(*value);
                return Err(call
                    .mismatch("VALUE_OUT_OF_RANGE")
                    .param("exprName", name)
                    .param("valueRange", range)
                    .param("currentValue", format!("{text}D")));
            }
            Some(_) | None => return Err(call.mismatch("UNEXPECTED_NULL").param("exprName", name)),
        }
    }
    Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf(CountMin)).casting(types))
}

sketch_aggregates! {
    CountMin = "spark_count_min_sketch" => |call| Ok(Box::new(Counters::new(call)?));
}

#[derive(Debug)]
struct Counters {
    total: i64,
    width: usize,
    /// The factor of each row's hash.
    factors: Vec<i64>,
    /// Row by row.
    counts: Vec<i64>,
}

/// `java.util.Random` for whole numbers below 2^31 - 1.
struct Random(u64);

impl Random {
    fn new(seed: i64) -> Self {
        Self((seed.cast_unsigned() ^ 0x5_deec_e66d) & ((1 << 48) - 1))
    }

    fn next(&mut self) -> i64 {
        const BOUND: i64 = i32::MAX as i64;
        loop {
            self.0 = (self.0.wrapping_mul(0x5_deec_e66d).wrapping_add(0xb)) & ((1 << 48) - 1);
            let bits = (self.0 >> 17).cast_signed();
            let value = bits % BOUND;
            if bits - value + (BOUND - 1) < 1 << 31 {
                return value;
            }
        }
    }
}

impl Counters {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked against the limit below")]
    fn new(call: &AggregateCall) -> SparkResult<Self> {
        let double = |index| match call.constant(index) {
            Some(ScalarValue::Float64(Some(value))) => Ok(*value),
            _ => Err(SparkError::internal("count_min_sketch without its parameters")),
        };
        let width = (2.0 / double(1)?).ceil() as usize;
        let depth = (-(-double(2)?).ln_1p() / std::f64::consts::LN_2).ceil() as usize;
        let (width, depth) = (width.max(1), depth.max(1));
        let cells = width.checked_mul(depth).filter(|cells| *cells <= COUNTERS_MAX);
        let cells = cells.ok_or_else(|| SparkError::unsupported("count_min_sketch with more than 2^28 counters"))?;
        let mut random = Random::new(match call.constant(3) {
            // Of a long one the lower half counts.
            Some(ScalarValue::Int64(Some(seed))) => i64::from(*seed as i32),
            _ => int_argument(call, 3).unwrap_or(0).into(),
        });
        let factors = (0..depth).map(|_| random.next()).collect();
        Ok(Self { total: 0, width, factors, counts: vec![0; cells] })
    }

    fn add(&mut self, key: &Key) {
        self.total += 1;
        let width = self.width as i64;
        let hashes = match key {
            Key::Bytes(bytes) => {
                let first = murmur3(bytes, 0);
                Some((first, murmur3(bytes, first.cast_unsigned())))
            }
            _ => None,
        };
        for (row, factor) in self.factors.iter().enumerate() {
            let bucket = match (key, hashes) {
                (_, Some((first, second))) => {
                    let hash = first.wrapping_add((row as i32).wrapping_mul(second));
                    (i64::from(hash) % width).abs()
                }
                (Key::Long(value), None) => {
                    let hash = factor.wrapping_mul(*value);
                    let hash = hash.wrapping_add(hash >> 32) & i64::from(i32::MAX);
                    hash % width
                }
                _ => 0,
            };
            if let Some(count) = self.counts.get_mut(row * self.width + bucket as usize) {
                *count += 1;
            }
        }
    }
}

/// Murmur 3 of 32 bits, each byte of the tail for itself, as Spark hashes bytes.
fn murmur3(bytes: &[u8], seed: u32) -> i32 {
    let mix = |hash: u32, word: u32| {
        let word = word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        (hash ^ word).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
    };
    let (blocks, tail) = bytes.as_chunks::<4>();
    let mut hash = blocks.iter().fold(seed, |hash, block| mix(hash, u32::from_le_bytes(*block)));
    hash = tail.iter().fold(hash, |hash, byte| mix(hash, i32::from(byte.cast_signed()).cast_unsigned()));
    hash ^= bytes.len() as u32;
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    (hash ^ hash >> 16).cast_signed()
}

impl State for Counters {
    fn update(&mut self, columns: &[ArrayRef], row: usize) -> SparkResult<()> {
        let values = at(columns, 0)?;
        match Key::at(values, row)? {
            Some(key) => self.add(&key),
            None if values.is_valid(row) && *values.data_type() != arrow::datatypes::DataType::Null => {
                self.add(&Key::Bytes(Vec::new()));
            }
            None => {}
        }
        Ok(())
    }

    fn merge(&mut self, partial: &[u8]) -> SparkResult<()> {
        let mut reader = BigEndian(partial);
        let fault = || SparkError::internal("a partial count_min_sketch is cut");
        reader.i32().ok_or_else(fault)?;
        self.total += reader.i64().ok_or_else(fault)?;
        reader.i64().ok_or_else(fault)?;
        for _ in &self.factors {
            reader.i64().ok_or_else(fault)?;
        }
        for count in &mut self.counts {
            *count += reader.i64().ok_or_else(fault)?;
        }
        Ok(())
    }

    fn result(&self) -> SparkResult<Vec<u8>> {
        let mut out = Vec::with_capacity(20 + 8 * (self.factors.len() + self.counts.len()));
        out.extend(1_i32.to_be_bytes());
        out.extend(self.total.to_be_bytes());
        out.extend((self.factors.len() as i32).to_be_bytes());
        out.extend((self.width as i32).to_be_bytes());
        out.extend(self.factors.iter().chain(&self.counts).flat_map(|number| number.to_be_bytes()));
        Ok(out)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + 8 * (self.factors.len() + self.counts.len())
    }
}

struct BigEndian<'a>(&'a [u8]);

impl BigEndian<'_> {
    fn i32(&mut self) -> Option<i32> {
        let (head, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(i32::from_be_bytes(*head))
    }

    fn i64(&mut self) -> Option<i64> {
        let (head, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(i64::from_be_bytes(*head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_java_s_numbers() {
        assert_eq!(Random::new(1).next(), 0x5d8d_6ab9);
        assert_eq!(Random::new(7).next(), 0x5d87_8bcc);
    }
}
