//! `length` and its kin, `octet_length`, `bit_length`, `ascii`.

use arrow::datatypes::Int32Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::arguments::{Bytes, int};
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall};

pub(super) const LENGTH: Function = Function::scalar("length", |call| bind(call, Length))
    .aliases(&["len", "char_length", "character_length"])
    .since("1.5.0")
    .arity(1..=1)
    .prints_alias();
pub(super) const OCTET_LENGTH: Function =
    Function::scalar("octet_length", |call| bind(call, OctetLength)).since("2.3.0").arity(1..=1);
pub(super) const BIT_LENGTH: Function =
    Function::scalar("bit_length", |call| bind(call, BitLength)).since("2.3.0").arity(1..=1);
pub(super) const ASCII: Function = Function::scalar("ascii", ascii).since("1.5.0").arity(1..=1);

fn bind<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    Ok(Scalar::kernel(call, SparkType::Integer, kernel).casting(call.implicit_cast(&[Expected::StringOrBinary])?))
}

fn ascii(call: &Call<'_>) -> SparkResult<Scalar> {
    Ok(Scalar::kernel(call, SparkType::Integer, Ascii).casting(call.implicit_cast(&[Expected::STRING])?))
}

fn measure(call: &KernelCall<'_>, measure: impl Fn(&Bytes, usize) -> Option<i32>) -> SparkResult<ColumnarValue> {
    let bytes = call.bytes(0)?;
    call.make_numbers::<Int32Type>(|row| Ok(measure(&bytes, row)))
}

/// Characters of text, bytes of binary.
#[derive(Debug, Default, Clone, Copy)]
struct Length;

impl Kernel for Length {
    const NAME: &'static str = "spark_length";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        measure(call, |bytes, row| match bytes {
            Bytes::Text(texts) => texts.get(row).map(|text| int(characters(text))),
            bytes => bytes.get(row).map(|bytes| int(bytes.len())),
        })
    }
}

/// Number of characters.
pub(super) fn characters(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

#[derive(Debug, Default, Clone, Copy)]
struct OctetLength;

impl Kernel for OctetLength {
    const NAME: &'static str = "spark_octet_length";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        measure(call, |bytes, row| bytes.get(row).map(|bytes| int(bytes.len())))
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct BitLength;

impl Kernel for BitLength {
    const NAME: &'static str = "spark_bit_length";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        measure(call, |bytes, row| bytes.get(row).map(|bytes| int(bytes.len()).wrapping_mul(8)))
    }
}

/// The code point of the first character, 0 of empty text.
#[derive(Debug, Default, Clone, Copy)]
struct Ascii;

impl Kernel for Ascii {
    const NAME: &'static str = "spark_ascii";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        let code = |text: &str| text.chars().next().map_or(0, |first| u32::from(first).cast_signed());
        call.make_numbers::<Int32Type>(|row| Ok(texts.get(row).map(code)))
    }
}
