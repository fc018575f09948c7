//! `lpad`, `rpad`, `repeat`, `space`: text made longer.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, lit};
use firesteel_base::{SparkResult, SparkType};

use super::arguments::Bytes;
use super::length::characters;
use super::substring::substring_of;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::budget::check_value;
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf};

pub(super) const LPAD: Function = Function::scalar("lpad", |call| pad(call, PadLeft))
    .since("1.5.0")
    .arity(2..=3)
    .prints(|arguments| print("lpad", arguments));
pub(super) const RPAD: Function = Function::scalar("rpad", |call| pad(call, PadRight))
    .since("1.5.0")
    .arity(2..=3)
    .prints(|arguments| print("rpad", arguments));
pub(super) const REPEAT: Function = Function::scalar("repeat", repeat).since("1.5.0").arity(2..=2);
pub(super) const SPACE: Function = Function::scalar("space", space).since("1.5.0").arity(1..=1);

fn print(name: &str, arguments: &[String]) -> String {
    let blank = if arguments.len() < 3 { ",  " } else { "" };
    format!("{name}({}{blank})", arguments.join(", "))
}

fn pad<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let is_binary = call.data_type(0)? == &SparkType::Binary
        && call.arguments.get(2).is_none_or(|pad| pad.data_type == SparkType::Binary);
    let part = || if is_binary { Expected::Binary } else { Expected::STRING };
    let types = call.implicit_cast(&[part(), Expected::INT, part()])?;
    let result = if is_binary { SparkType::Binary } else { SparkType::STRING };
    if call.len() == 3 {
        return Ok(Scalar::kernel(call, result, kernel).casting(types));
    }
    let data_type = result.clone();
    let bound = Scalar::expr(call, result, move |mut arguments| {
        arguments.push(if is_binary { lit(ScalarValue::Binary(Some(vec![0]))) } else { lit(" ") });
        kernel_call(kernel_udf(kernel), arguments, &data_type, -1)
    });
    Ok(bound.casting(types))
}

fn repeat(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::INT])?;
    Ok(Scalar::kernel(call, SparkType::STRING, Repeat).casting(types))
}

fn space(call: &Call<'_>) -> SparkResult<Scalar> {
    Ok(Scalar::kernel(call, SparkType::STRING, Space).casting(call.implicit_cast(&[Expected::INT])?))
}

/// As many characters of repetitions of `pad` as are missing; `None` if none are.
fn padding(text: &str, length: i64, pad: &str) -> SparkResult<Option<String>> {
    let Some(missing) = missing(length, characters(text))? else { return Ok(None) };
    Ok((!pad.is_empty()).then(|| pad.chars().cycle().take(missing).collect()))
}

fn byte_padding(bytes: &[u8], length: i64, pad: &[u8]) -> SparkResult<Option<Vec<u8>>> {
    let Some(missing) = missing(length, bytes.len())? else { return Ok(None) };
    Ok((!pad.is_empty()).then(|| pad.iter().copied().cycle().take(missing).collect()))
}

fn missing(length: i64, present: usize) -> SparkResult<Option<usize>> {
    let missing = usize::try_from(length).unwrap_or(0).checked_sub(present).filter(|missing| *missing > 0);
    check_value(missing.unwrap_or(0))?;
    Ok(missing)
}

fn evaluate_pad(call: &KernelCall<'_>, is_left: bool) -> SparkResult<ColumnarValue> {
    let (sources, lengths, pads) = (call.bytes(0)?, call.integers(1)?, call.bytes(2)?);
    if let (Bytes::Text(texts), Bytes::Text(pads)) = (&sources, &pads) {
        return call.make_texts(|row| {
            let arguments = (texts.get(row), lengths.get(row), pads.get(row));
            let (Some(text), Some(length), Some(pad)) = arguments else { return Ok(None) };
            Ok(Some(match padding(text, length, pad)? {
                Some(padding) if is_left => padding + text,
                Some(padding) => [text, &padding].concat(),
                None => substring_of(text, 1, length).to_owned(),
            }))
        });
    }
    call.make_bytes(|row| {
        let arguments = (sources.get(row), lengths.get(row), pads.get(row));
        let (Some(bytes), Some(length), Some(pad)) = arguments else { return Ok(None) };
        Ok(Some(match byte_padding(bytes, length, pad)? {
            Some(padding) if is_left => [&padding, bytes].concat(),
            Some(padding) => [bytes, &padding].concat(),
            None => bytes.iter().copied().take(usize::try_from(length).unwrap_or(0)).collect(),
        }))
    })
}

#[derive(Debug, Default, Clone, Copy)]
struct PadLeft;

impl Kernel for PadLeft {
    const NAME: &'static str = "spark_lpad";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        evaluate_pad(call, true)
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct PadRight;

impl Kernel for PadRight {
    const NAME: &'static str = "spark_rpad";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        evaluate_pad(call, false)
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Repeat;

impl Kernel for Repeat {
    const NAME: &'static str = "spark_repeat";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, times) = (call.texts(0)?, call.integers(1)?);
        call.make_texts(|row| {
            let Some((text, times)) = texts.get(row).zip(times.get(row)) else { return Ok(None) };
            let times = usize::try_from(times).unwrap_or(0);
            check_value(text.len().saturating_mul(times))?;
            Ok(Some(text.repeat(times)))
        })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Space;

impl Kernel for Space {
    const NAME: &'static str = "spark_space";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let lengths = call.integers(0)?;
        call.make_texts(|row| {
            let Some(length) = lengths.get(row) else { return Ok(None) };
            let length = usize::try_from(length).unwrap_or(0);
            check_value(length)?;
            Ok(Some(" ".repeat(length)))
        })
    }
}
