//! `hex`, `unhex`, `bin`, `conv`: numbers and bytes in other notations.

use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall};
use crate::operator::error::arithmetic_overflow;
use crate::string::arguments::Bytes;

pub(super) const HEX: Function = Function::scalar("hex", hex).since("1.5.0").arity(1..=1);
pub(super) const UNHEX: Function = Function::scalar("unhex", unhex).since("1.5.0").arity(1..=1);
pub(super) const BIN: Function = Function::scalar("bin", bin).since("1.5.0").arity(1..=1);
pub(super) const CONV: Function = Function::scalar("conv", conv).since("1.5.0").arity(3..=3);

fn hex(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::one_of([Expected::LONG, Expected::Binary, Expected::STRING])])?;
    if types.first() == Some(&SparkType::Long) {
        return Ok(Scalar::kernel(call, SparkType::STRING, HexOfLong).casting(types));
    }
    Ok(Scalar::kernel(call, SparkType::STRING, HexOfBytes).casting(types))
}

fn unhex(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING])?;
    Ok(Scalar::kernel(call, SparkType::Binary, Unhex).casting(types).nullable(true))
}

fn bin(call: &Call<'_>) -> SparkResult<Scalar> {
    Ok(Scalar::kernel(call, SparkType::STRING, Bin).casting(call.implicit_cast(&[Expected::LONG])?))
}

fn conv(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::INT, Expected::INT])?;
    Ok(Scalar::kernel(call, SparkType::STRING, Conv).casting(types).nullable(true))
}

#[derive(Debug, Default, Clone, Copy)]
struct HexOfLong;

impl Kernel for HexOfLong {
    const NAME: &'static str = "spark_hex_long";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let values = call.integers(0)?;
        call.make_texts(|row| Ok(values.get(row).map(|value| format!("{value:X}"))))
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct HexOfBytes;

impl Kernel for HexOfBytes {
    const NAME: &'static str = "spark_hex_bytes";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let values: Bytes = call.bytes(0)?;
        call.make_texts(|row| Ok(values.get(row).map(hex_of_bytes)))
    }
}

pub(crate) fn hex_of_bytes(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0').to_ascii_uppercase();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes of hexadecimal digits; an odd number of them has a zero before the first. `None` if others occur.
pub(crate) fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect::<Option<_>>()?;
    let (first, pairs) = digits.split_at(digits.len() % 2);
    let (pairs, _) = pairs.as_chunks::<2>();
    Some(first.iter().copied().chain(pairs.iter().map(|[high, low]| high << 4 | low)).collect())
}

#[derive(Debug, Default, Clone, Copy)]
struct Unhex;

impl Kernel for Unhex {
    const NAME: &'static str = "spark_unhex";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        call.make_bytes(|row| Ok(texts.get(row).and_then(bytes_of_hex)))
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Bin;

impl Kernel for Bin {
    const NAME: &'static str = "spark_bin";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let values = call.integers(0)?;
        call.make_texts(|row| Ok(values.get(row).map(|value| format!("{value:b}"))))
    }
}

/// Writes a number of one base in another; with a negative target base the result is signed.
#[derive(Debug, Default, Clone, Copy)]
struct Conv;

impl Kernel for Conv {
    const NAME: &'static str = "spark_conv";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, from, to) = (call.texts(0)?, call.integers(1)?, call.integers(2)?);
        call.make_texts(|row| {
            let (Some(text), Some(from), Some(to)) = (texts.get(row), from.get(row), to.get(row)) else {
                return Ok(None);
            };
            convert(text, from, to, call.ansi())
        })
    }
}

fn convert(text: &str, from: i64, to: i64, ansi: bool) -> SparkResult<Option<String>> {
    let base_from = u32::try_from(from).ok().filter(|base| (2..=36).contains(base));
    let base_to = u32::try_from(to.unsigned_abs()).ok().filter(|base| (2..=36).contains(base));
    let (Some(base_from), Some(base_to)) = (base_from, base_to) else { return Ok(None) };
    let text = text.trim_matches(' ');
    if text.is_empty() {
        return Ok(None);
    }
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    // What is not a digit ends the number.
    let mut value = Some(0_u64);
    for digit in digits.chars().map_while(|digit| digit.to_digit(base_from)) {
        value = value
            .and_then(|value| value.checked_mul(u64::from(base_from)))
            .and_then(|value| value.checked_add(u64::from(digit)));
    }
    let value = match value {
        Some(value) => value,
        None if ansi => return Err(arithmetic_overflow("Overflow in function conv()", "")),
        None => u64::MAX,
    };
    // A negative number wraps around, unless the result is signed.
    let value = if is_negative && to > 0 {
        if value.cast_signed() < 0 { u64::MAX } else { value.wrapping_neg() }
    } else {
        value
    };
    let (value, is_negative) = match to {
        ..0 if value.cast_signed() < 0 => (value.wrapping_neg(), true),
        ..0 => (value, is_negative),
        _ => (value, false),
    };
    let sign = if is_negative { "-" } else { "" };
    Ok(Some(format!("{sign}{}", in_base(value, base_to))))
}

fn in_base(mut value: u64, base: u32) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(value % u64::from(base)).ok().and_then(|digit| char::from_digit(digit, base));
        digits.push(digit.unwrap_or('0').to_ascii_uppercase());
        value /= u64::from(base);
        if value == 0 {
            break;
        }
    }
    digits.into_iter().rev().collect()
}
