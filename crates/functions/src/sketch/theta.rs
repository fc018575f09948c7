//! Theta sketches: `theta_sketch_agg` and the set operations on its results.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::Int64Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::groups::{State, int_argument, sketch_aggregates};
use super::quick_select::{ALL, Entries};
use super::reader::Reader;
use super::{Key, int_constant, is_key, lg_nominal_error, shown};
use crate::aggregate::kernel::aggregate_udf;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Aggregate, DefaultValue, Function, Parameter, Scalar};
use crate::kernel::rows::{all_valid, at, bytes, primitive};
use crate::kernel::{KernelCall, kernels};

pub(super) const LG_NOMINAL: Parameter = Parameter::optional("lgNomEntries", DefaultValue::Int(12));

pub(super) const THETA_SKETCH_AGG: Function = Function::aggregate("theta_sketch_agg", bind_agg)
    .named(&[Parameter::required("expr"), LG_NOMINAL])
    .arity(1..=2)
    .since("4.1.0");
pub(super) const THETA_UNION_AGG: Function = Function::aggregate("theta_union_agg", bind_union_agg)
    .named(&[Parameter::required("expr"), LG_NOMINAL])
    .arity(1..=2)
    .since("4.1.0");
pub(super) const THETA_INTERSECTION_AGG: Function = Function::aggregate("theta_intersection_agg", |call| {
    let types = call.expect(&[Expected::Binary])?;
    Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf(ThetaIntersectionAgg)).casting(types))
})
.arity(1..=1)
.since("4.1.0");
pub(super) const THETA_SKETCH_ESTIMATE: Function = Function::scalar("theta_sketch_estimate", |call| {
    let types = call.expect(&[Expected::Binary])?;
    Ok(Scalar::kernel(call, SparkType::Long, ThetaEstimate).casting(types))
})
.arity(1..=1)
.since("4.1.0");
pub(super) const THETA_UNION: Function = Function::scalar("theta_union", |call| {
    let types = call.expect(&[Expected::Binary, Expected::Binary, Expected::INT])?;
    Ok(Scalar::kernel(call, SparkType::Binary, ThetaUnion).casting(types))
})
.named(&[Parameter::required("first"), Parameter::required("second"), LG_NOMINAL])
.arity(2..=3)
.since("4.1.0");
pub(super) const THETA_INTERSECTION: Function = Function::scalar("theta_intersection", |call| {
    bind_pair(call, Scalar::kernel(call, SparkType::Binary, ThetaIntersection))
})
.arity(2..=2)
.since("4.1.0");
pub(super) const THETA_DIFFERENCE: Function = Function::scalar("theta_difference", |call| {
    bind_pair(call, Scalar::kernel(call, SparkType::Binary, ThetaDifference))
})
.arity(2..=2)
.since("4.1.0");

fn bind_pair(call: &Call<'_>, scalar: Scalar) -> SparkResult<Scalar> {
    Ok(scalar.casting(call.expect(&[Expected::Binary, Expected::Binary])?))
}

/// The types that sketches take, as errors list them.
pub(super) fn expected_key() -> Expected {
    let array = |element| Expected::Exactly(SparkType::array(element, true));
    Expected::one_of([
        array(SparkType::Integer),
        array(SparkType::Long),
        Expected::Binary,
        Expected::DOUBLE,
        Expected::Exactly(SparkType::Float),
        Expected::INT,
        Expected::LONG,
        Expected::STRING,
    ])
}

/// Number of nominal entries: a constant between 4 and 26.
fn check_lg_nominal(call: &Call<'_>, function: &str) -> SparkResult<()> {
    let Some(argument) = call.arguments.get(1) else { return Ok(()) };
    if !argument.is_foldable {
        return Err(SparkError::new("THETA_LG_NOM_ENTRIES_MUST_BE_CONSTANT").param("function", shown(function)));
    }
    let value = int_constant(call, 1).unwrap_or(0);
    if (4..=26).contains(&value) { Ok(()) } else { Err(lg_nominal_error(function, value)) }
}

fn bind_agg(call: &Call<'_>) -> SparkResult<Aggregate> {
    if !is_key(call.data_type(0)?) {
        return Err(call.unexpected_input_type(0, &expected_key()));
    }
    let mut types = call.expect(&[Expected::AnyType, Expected::INT])?;
    if let Some(key) = types.first_mut()
        && *key == SparkType::Null
    {
        *key = SparkType::Integer;
    }
    check_lg_nominal(call, "theta_sketch_agg")?;
    Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf(ThetaSketchAgg)).casting(types))
}

fn bind_union_agg(call: &Call<'_>) -> SparkResult<Aggregate> {
    let types = call.expect(&[Expected::Binary, Expected::INT])?;
    check_lg_nominal(call, "theta_union_agg")?;
    Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf(ThetaUnionAgg)).casting(types))
}

sketch_aggregates! {
    ThetaSketchAgg = "spark_theta_sketch_agg" => |call| Ok(Box::new(ThetaState::new(int_argument(call, 1), false)));
    ThetaUnionAgg = "spark_theta_union_agg" => |call| Ok(Box::new(ThetaState::new(int_argument(call, 1), true)));
    ThetaIntersectionAgg = "spark_theta_intersection_agg" => |_| Ok(Box::new(Intersection { entries: None }));
}

kernels! {
    ThetaEstimate = "spark_theta_sketch_estimate" => |call| call.with_arrays(|arrays| {
        let sketches = bytes(arrays, 0)?;
        call.build::<Int64Type>(sketches.len(), |row| {
            if sketches.is_null(row) {
                return Ok(None);
            }
            let entries = parse(sketches.value(row), "theta_sketch_estimate")?;
            #[expect(clippy::cast_possible_truncation, reason = "counts fit")]
            let rounded = (entries.estimate() + 0.5).floor() as i64;
            Ok(Some(rounded))
        })
    });
    ThetaUnion = "spark_theta_union" => |call| {
        combine(call, "theta_union", |first, second, lg_nominal| {
            let mut union = Entries::default();
            union.unite(first, lg_nominal, |_, ()| ());
            union.unite(second, lg_nominal, |_, ()| ());
            union.cut(1 << lg_nominal);
            union
        })
    };
    ThetaIntersection = "spark_theta_intersection" => |call| {
        combine(call, "theta_intersection", |first, second, _| {
            let mut common = first.clone();
            common.intersect(second, |(), ()| ());
            common
        })
    };
    ThetaDifference = "spark_theta_difference" => |call| {
        combine(call, "theta_difference", |first, second, _| {
            let mut rest = first.clone();
            rest.subtract(second);
            rest
        })
    };
}

/// A sketch of two sketches, with the number of nominal entries if it was given.
fn combine(
    call: &KernelCall<'_>,
    function: &str,
    operation: impl Fn(&Entries<()>, &Entries<()>, u8) -> Entries<()>,
) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (first, second) = (bytes(arrays, 0)?, bytes(arrays, 1)?);
        let mut results = arrow::array::BinaryBuilder::new();
        for row in 0..first.len() {
            if !all_valid(arrays, row) {
                results.append_null();
                continue;
            }
            let lg_nominal = if arrays.len() > 2 { lg_nominal(arrays, row, function)? } else { 12 };
            let (first, second) = (parse(first.value(row), function)?, parse(second.value(row), function)?);
            results.append_value(serialize(&operation(&first, &second, lg_nominal)));
        }
        Ok(std::sync::Arc::new(results.finish()))
    })
}

/// The number of nominal entries that is the third argument.
pub(super) fn lg_nominal(arrays: &[ArrayRef], row: usize, function: &str) -> SparkResult<u8> {
    let value = primitive::<arrow::datatypes::Int32Type>(arrays, 2)?.value(row);
    match u8::try_from(value) {
        Ok(lg_nominal) if (4..=26).contains(&lg_nominal) => Ok(lg_nominal),
        Ok(_) | Err(_) => Err(lg_nominal_error(function, value)),
    }
}

#[derive(Debug)]
struct ThetaState {
    lg_nominal: u8,
    unites: bool,
    entries: Entries<()>,
}

impl ThetaState {
    fn new(lg_nominal: Option<i32>, unites: bool) -> Self {
        let lg_nominal = lg_nominal.and_then(|value| u8::try_from(value).ok()).unwrap_or(12);
        Self { lg_nominal, unites, entries: Entries::default() }
    }
}

impl State for ThetaState {
    fn update(&mut self, columns: &[ArrayRef], row: usize) -> SparkResult<()> {
        let value = at(columns, 0)?;
        if self.unites {
            if value.is_valid(row) {
                let sketches = bytes(columns, 0)?;
                let other = parse(sketches.value(row), "theta_union_agg")?;
                self.entries.unite(&other, self.lg_nominal, |_, ()| ());
            }
        } else if let Some(key) = Key::at(value, row)? {
            self.entries.update(key.hash().0 >> 1, self.lg_nominal, |_| ());
        }
        Ok(())
    }

    fn merge(&mut self, partial: &[u8]) -> SparkResult<()> {
        let other = parse(partial, "theta_sketch_agg")?;
        self.entries.unite(&other, self.lg_nominal, |_, ()| ());
        Ok(())
    }

    fn result(&self) -> SparkResult<Vec<u8>> {
        let mut entries = self.entries.clone();
        entries.cut(1 << self.lg_nominal);
        Ok(serialize(&entries))
    }

    fn size(&self) -> usize {
        self.entries.size()
    }
}

#[derive(Debug)]
struct Intersection {
    /// `None`: of no sketch at all.
    entries: Option<Entries<()>>,
}

impl State for Intersection {
    fn update(&mut self, columns: &[ArrayRef], row: usize) -> SparkResult<()> {
        if at(columns, 0)?.is_null(row) {
            return Ok(());
        }
        let sketches = bytes(columns, 0)?;
        self.merge(sketches.value(row))
    }

    fn merge(&mut self, partial: &[u8]) -> SparkResult<()> {
        let other = parse(partial, "theta_intersection_agg")?;
        match &mut self.entries {
            Some(entries) => entries.intersect(&other, |(), ()| ()),
            none => *none = Some(other),
        }
        Ok(())
    }

    fn result(&self) -> SparkResult<Vec<u8>> {
        Ok(self.entries.as_ref().map_or_else(|| serialize(&Entries::default()), serialize))
    }

    fn partial(&self) -> SparkResult<Option<Vec<u8>>> {
        Ok(self.entries.as_ref().map(serialize))
    }

    fn size(&self) -> usize {
        self.entries.as_ref().map_or(0, Entries::size)
    }
}

const COMPACT_FAMILY: u8 = 3;
const FLAG_BIG_ENDIAN: u8 = 1;
const FLAG_READ_ONLY: u8 = 2;
const FLAG_EMPTY: u8 = 4;
const FLAG_COMPACT: u8 = 8;
const FLAG_ORDERED: u8 = 16;
const FLAG_SINGLE: u8 = 32;
/// The hash of the default seed.
pub(super) const SEED_HASH: u16 = 0x93cc;

/// The compact, ordered form; more than one entry are stored as the differences between them, in as few bits as they
/// need.
pub(super) fn serialize(entries: &Entries<()>) -> Vec<u8> {
    let flags = FLAG_READ_ONLY | FLAG_COMPACT | FLAG_ORDERED;
    if entries.is_empty {
        return vec![1, 3, COMPACT_FAMILY, 0, 0, flags | FLAG_EMPTY, 0, 0];
    }
    let count = entries.hashes.len();
    let seed = SEED_HASH.to_le_bytes();
    if !entries.is_estimate() && count == 1 {
        let mut out = vec![1, 3, COMPACT_FAMILY, 0, 0, flags | FLAG_SINGLE, seed[0], seed[1]];
        out.extend(entries.hashes.keys().flat_map(|hash| hash.to_le_bytes()));
        return out;
    }
    if count == 0 {
        let mut out = vec![3, 3, COMPACT_FAMILY, 0, 0, flags, seed[0], seed[1]];
        out.extend([0; 8]);
        out.extend(entries.theta.to_le_bytes());
        return out;
    }
    let mut previous = 0;
    let differences: Vec<u64> = entries
        .hashes
        .keys()
        .map(|hash| {
            let difference = hash - previous;
            previous = *hash;
            difference
        })
        .collect();
    let bits = 64 - differences.iter().fold(0, |all, one| all | one).leading_zeros();
    let count_bytes = (usize::BITS - count.leading_zeros()).div_ceil(8);
    let long_preamble = if entries.is_estimate() { 2 } else { 1 };
    let mut out = vec![long_preamble, 4, COMPACT_FAMILY, bits as u8, count_bytes as u8, flags, seed[0], seed[1]];
    if entries.is_estimate() {
        out.extend(entries.theta.to_le_bytes());
    }
    out.extend(count.to_le_bytes().iter().take(count_bytes as usize));
    pack(&differences, bits, &mut out);
    out
}

/// Appends the low `bits` of each value, one behind the other, highest first.
fn pack(values: &[u64], bits: u32, out: &mut Vec<u8>) {
    let (mut pending, mut held) = (0_u128, 0_u32);
    for value in values {
        pending = pending << bits | u128::from(*value);
        held += bits;
        while held >= 8 {
            held -= 8;
            out.push((pending >> held) as u8);
        }
        pending &= (1 << held) - 1;
    }
    if held > 0 {
        out.push((pending << (8 - held)) as u8);
    }
}

fn unpack(bytes: &[u8], bits: u32, count: usize) -> Option<Vec<u64>> {
    let mut reader = Reader::new(bytes);
    let (mut pending, mut held) = (0_u128, 0_u32);
    let mut values = Vec::new();
    for _ in 0..count {
        while held < bits {
            pending = pending << 8 | u128::from(reader.u8()?);
            held += 8;
        }
        held -= bits;
        values.push((pending >> held) as u64);
        pending &= (1 << held) - 1;
    }
    Some(values)
}

fn family_name(family: u8) -> String {
    match family {
        1 => "ALPHA".to_owned(),
        2 => "QUICKSELECT".to_owned(),
        3 => "COMPACT".to_owned(),
        4 => "UNION".to_owned(),
        5 => "INTERSECTION".to_owned(),
        6 => "A_NOT_B".to_owned(),
        7 => "HLL".to_owned(),
        8 => "QUANTILES".to_owned(),
        9 => "TUPLE".to_owned(),
        10 => "FREQUENCY".to_owned(),
        15 => "KLL".to_owned(),
        16 => "CPC".to_owned(),
        other => other.to_string(),
    }
}

/// The family of a sketch, if it is not the one that is wanted.
pub(super) fn check_family(bytes: &[u8], wanted: u8, kind: &str, function: &str) -> SparkResult<()> {
    let invalid = || SparkError::new(&format!("{kind}_INVALID_INPUT_SKETCH_BUFFER")).param("function", shown(function));
    match bytes.get(2) {
        Some(family) if bytes.len() >= 8 && *family == wanted => Ok(()),
        Some(family) if bytes.len() >= 8 && (1..=20).contains(family) => {
            Err(SparkError::new(&format!("{kind}_INVALID_INPUT_SKETCH_BUFFER_FAMILY"))
                .param("function", shown(function))
                .param("expectedFamily", family_name(wanted))
                .param("actualFamily", family_name(*family)))
        }
        Some(_) | None => Err(invalid()),
    }
}

/// Reads a compact sketch.
pub(super) fn parse(bytes: &[u8], function: &str) -> SparkResult<Entries<()>> {
    check_family(bytes, COMPACT_FAMILY, "THETA", function)?;
    read(bytes).ok_or_else(|| SparkError::new("THETA_INVALID_INPUT_SKETCH_BUFFER").param("function", shown(function)))
}

fn read(bytes: &[u8]) -> Option<Entries<()>> {
    let mut reader = Reader::new(bytes);
    let (preamble, version, _family) = (reader.u8()?, reader.u8()?, reader.u8()?);
    let (entry_bits, count_bytes, flags, seed) = (reader.u8()?, reader.u8()?, reader.u8()?, reader.u16()?);
    if flags & FLAG_BIG_ENDIAN != 0 {
        return None;
    }
    if flags & FLAG_EMPTY != 0 {
        return Some(Entries::default());
    }
    if seed != SEED_HASH {
        return None;
    }
    let mut entries = Entries { theta: ALL, is_empty: false, ..Entries::default() };
    let hashes = match version {
        3 => {
            let count = if preamble < 2 { 1 } else { reader.u32()? as usize };
            if preamble >= 2 {
                reader.u32()?;
            }
            if preamble >= 3 {
                entries.theta = reader.u64()?;
            }
            let mut hashes = Vec::new();
            for _ in 0..count {
                hashes.push(reader.u64()?);
            }
            hashes
        }
        4 if (1..=63).contains(&entry_bits) && (1..=4).contains(&count_bytes) => {
            if preamble >= 2 {
                entries.theta = reader.u64()?;
            }
            let count =
                reader.take(count_bytes.into())?.iter().rev().fold(0, |all, byte| all << 8 | usize::from(*byte));
            let packed = reader.take(reader.len())?;
            let mut hash = 0_u64;
            let differences = unpack(packed, entry_bits.into(), count)?;
            differences
                .into_iter()
                .map(|difference| {
                    hash = hash.wrapping_add(difference);
                    hash
                })
                .collect()
        }
        _ => return None,
    };
    entries.hashes = hashes.into_iter().map(|hash| (hash, ())).collect();
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    fn sketch(values: impl IntoIterator<Item = i64>, lg_nominal: u8) -> Vec<u8> {
        let mut state = ThetaState::new(Some(lg_nominal.into()), false);
        for value in values {
            state.entries.update(Key::Long(value).hash().0 >> 1, lg_nominal, |_| ());
        }
        state.result().unwrap()
    }

    #[test]
    fn writes_what_spark_writes() {
        assert_eq!(hex(&sketch([], 12)), "01030300001E0000");
        assert_eq!(hex(&sketch([1], 12)), "01030300003ACC9315F97DCBBD86A105");
        assert_eq!(hex(&sketch(1..=3, 12)), "0104033E011ACC930316861AF72DF7E4558FBE9C3477E9EAEFB2E5966BADAA3DC0");
        assert_eq!(
            hex(&sketch(1..=40, 4)),
            "0204033C011ACC931AD1300B998C2F221018F2413897938FB32FC6BA1656A1E70E29BF02BAE1E3329C550C15B0E52B0198CEEB08AA\
             D29865304281678B950FDD6FB49D486933122150157D952C0D2A2A137EDD10D62AA91E67239FD10E42FB6CEC94EB41B3598DDBC8B7\
             1E03C0A3656E5EE560D78C99255F0D6014172556B81151B0BBEFDFE5B23878"
        );
    }

    #[test]
    fn reads_what_it_writes() {
        for values in [0..0, 0..1, 0..2, 0..1000] {
            let bytes = sketch(values, 5);
            assert_eq!(serialize(&parse(&bytes, "f").unwrap()), bytes);
        }
        assert_eq!(parse(b"abc", "f").unwrap_err().condition(), "THETA_INVALID_INPUT_SKETCH_BUFFER");
    }
}
