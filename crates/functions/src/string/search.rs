//! `instr`, `locate`, `position`, `contains`, `startswith`, `endswith`, `find_in_set`: a text within another.

use arrow::datatypes::Int32Type;
use datafusion::logical_expr::{ColumnarValue, lit};
use firesteel_base::{SparkResult, SparkType};

use super::arguments::int;
use super::length::characters;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf};

pub(super) const INSTR: Function = Function::scalar("instr", instr).since("1.5.0").arity(2..=2);
pub(super) const LOCATE: Function =
    Function::scalar("locate", locate).since("1.5.0").arity(2..=3).prints(|arguments| print("locate", arguments));
pub(super) const POSITION: Function =
    Function::scalar("position", locate).since("2.3.0").arity(2..=3).prints(|arguments| print("position", arguments));
pub(super) const CONTAINS: Function =
    Function::scalar("contains", |call| test(call, Contains)).since("3.3.0").arity(2..=2);
pub(super) const STARTSWITH: Function =
    Function::scalar("startswith", |call| test(call, StartsWith)).since("3.3.0").arity(2..=2);
pub(super) const ENDSWITH: Function =
    Function::scalar("endswith", |call| test(call, EndsWith)).since("3.3.0").arity(2..=2);
pub(super) const FIND_IN_SET: Function = Function::scalar("find_in_set", find_in_set).since("1.5.0").arity(2..=2);

fn print(name: &str, arguments: &[String]) -> String {
    let start = if arguments.len() < 3 { ", 1" } else { "" };
    format!("{name}({}{start})", arguments.join(", "))
}

fn instr(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING])?;
    Ok(Scalar::kernel(call, SparkType::Integer, Instr).casting(types))
}

fn locate(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::INT])?;
    let nullable = call.arguments.iter().take(2).any(|argument| argument.nullable);
    let bound = Scalar::expr(call, SparkType::Integer, |mut arguments| {
        if arguments.len() < 3 {
            arguments.push(lit(1_i32));
        }
        kernel_call(kernel_udf(Locate), arguments, &SparkType::Integer, -1)
    });
    Ok(bound.casting(types).nullable(nullable))
}

/// Of two binaries, or of two texts.
fn test<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let both_binary = call.data_type(0)? == &SparkType::Binary && call.data_type(1)? == &SparkType::Binary;
    if both_binary {
        return Ok(Scalar::kernel(call, SparkType::Boolean, kernel).nullable(true));
    }
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING])?;
    Ok(Scalar::kernel(call, SparkType::Boolean, kernel).casting(types))
}

fn find_in_set(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING])?;
    Ok(Scalar::kernel(call, SparkType::Integer, FindInSet).casting(types))
}

/// The position in characters, from 1, of the first occurrence at or behind `start` characters; 0 if there is none.
fn position_of(text: &str, part: &str, start: usize) -> i32 {
    if part.is_empty() {
        return 1;
    }
    let from = match start {
        0 => 0,
        start if text.is_ascii() => start,
        start => text.char_indices().nth(start).map_or(text.len(), |(index, _)| index),
    };
    match text.get(from..).and_then(|rest| rest.find(part)) {
        Some(index) => int(characters(text.get(..from + index).unwrap_or("")) + 1),
        None => 0,
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Instr;

impl Kernel for Instr {
    const NAME: &'static str = "spark_instr";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, parts) = (call.texts(0)?, call.texts(1)?);
        call.make_numbers::<Int32Type>(|row| {
            Ok(texts.get(row).zip(parts.get(row)).map(|(text, part)| position_of(text, part, 0)))
        })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Locate;

impl Kernel for Locate {
    const NAME: &'static str = "spark_locate";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (parts, texts, starts) = (call.texts(0)?, call.texts(1)?, call.integers(2)?);
        call.make_numbers::<Int32Type>(|row| {
            // An unknown start is nowhere, whatever the texts are.
            let Some(start) = starts.get(row) else { return Ok(Some(0)) };
            let (Some(part), Some(text)) = (parts.get(row), texts.get(row)) else { return Ok(None) };
            Ok(Some(match usize::try_from(start - 1) {
                Ok(start) => position_of(text, part, start),
                Err(_) => 0,
            }))
        })
    }
}

macro_rules! test_kernel {
    ($kernel:ident, $name:literal, |$bytes:ident, $part:ident| $test:expr) => {
        #[derive(Debug, Default, Clone, Copy)]
        struct $kernel;

        impl Kernel for $kernel {
            const NAME: &'static str = $name;

            fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
                let (sources, parts) = (call.bytes(0)?, call.bytes(1)?);
                call.make_booleans(|row| Ok(sources.get(row).zip(parts.get(row)).map(|($bytes, $part)| $test)))
            }
        }
    };
}

test_kernel!(StartsWith, "spark_startswith", |bytes, part| bytes.starts_with(part));
test_kernel!(EndsWith, "spark_endswith", |bytes, part| bytes.ends_with(part));

#[derive(Debug, Default, Clone, Copy)]
struct Contains;

impl Kernel for Contains {
    const NAME: &'static str = "spark_contains";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (sources, parts) = (call.bytes(0)?, call.bytes(1)?);
        if let (super::arguments::Bytes::Text(texts), super::arguments::Bytes::Text(parts)) = (&sources, &parts) {
            return call
                .make_booleans(|row| Ok(texts.get(row).zip(parts.get(row)).map(|(text, part)| text.contains(part))));
        }
        let contains =
            |bytes: &[u8], part: &[u8]| part.is_empty() || bytes.windows(part.len()).any(|window| window == part);
        call.make_booleans(|row| Ok(sources.get(row).zip(parts.get(row)).map(|(bytes, part)| contains(bytes, part))))
    }
}

/// The place of a text in a list joined by commas, 0 if it is not there or holds a comma itself.
#[derive(Debug, Default, Clone, Copy)]
struct FindInSet;

impl Kernel for FindInSet {
    const NAME: &'static str = "spark_find_in_set";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, sets) = (call.texts(0)?, call.texts(1)?);
        let place = |(text, set): (&str, &str)| {
            if text.contains(',') {
                return 0;
            }
            set.split(',').position(|element| element == text).map_or(0, |place| int(place + 1))
        };
        call.make_numbers::<Int32Type>(|row| Ok(texts.get(row).zip(sets.get(row)).map(place)))
    }
}
