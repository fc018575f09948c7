//! `split`, `split_part`: texts taken apart.

use std::sync::Arc;

use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::logical_expr::{ColumnarValue, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::regexp::Patterns;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf};

pub(super) const SPLIT: Function = Function::scalar("split", split).since("1.5.0").arity(2..=3).prints(|arguments| {
    let limit = if arguments.len() < 3 { ", -1" } else { "" };
    format!("split({}{limit})", arguments.join(", "))
});
pub(super) const SPLIT_PART: Function = Function::scalar("split_part", split_part).since("3.3.0").arity(3..=3);

fn split(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::INT])?;
    let result = SparkType::array(SparkType::STRING, false);
    let bound = Scalar::expr(call, result.clone(), move |mut arguments| {
        if arguments.len() < 3 {
            arguments.push(lit(-1_i32));
        }
        kernel_call(kernel_udf(Split), arguments, &result, -1)
    });
    Ok(bound.casting(types))
}

fn split_part(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::INT])?;
    Ok(Scalar::kernel(call, SparkType::STRING, SplitPart).casting(types).nullable(true))
}

/// The parts of a text between matches of an expression, at most `limit` if that is positive.
#[derive(Debug, Default, Clone, Copy)]
struct Split;

impl Kernel for Split {
    const NAME: &'static str = "spark_split";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, limits) = (call.texts(0)?, call.integers(2)?);
        let mut patterns = Patterns::new(call, 1, "split")?;
        let field = match call.return_type {
            DataType::List(field) => Arc::clone(field),
            _ => Arc::new(Field::new("element", DataType::Utf8, false)),
        };
        let mut builder = ListBuilder::new(StringBuilder::new()).with_field(field);
        for row in 0..call.rows_to_compute() {
            let (Some(text), Some(limit)) = (texts.get(row), limits.get(row)) else {
                builder.append_null();
                continue;
            };
            let is_empty = patterns.is_empty(row);
            let Some(pattern) = patterns.get(row)? else {
                builder.append_null();
                continue;
            };
            let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
            if is_empty {
                characters(text, limit, &mut builder);
            } else {
                parts(text, pattern.find_all(text).into_iter(), limit, &mut builder);
            }
            builder.append(true);
        }
        call.result(Arc::new(builder.finish()))
    }
}

/// An empty expression parts all characters.
fn characters(text: &str, limit: usize, builder: &mut ListBuilder<StringBuilder>) {
    let mut rest = text;
    for _ in 1..limit {
        match rest.char_indices().nth(1) {
            Some((index, _)) => {
                let (first, others) = rest.split_at(index);
                builder.values().append_value(first);
                rest = others;
            }
            None => break,
        }
    }
    builder.values().append_value(rest);
}

fn parts(
    text: &str,
    matches: impl Iterator<Item = (usize, usize)>,
    limit: usize,
    builder: &mut ListBuilder<StringBuilder>,
) {
    let (mut from, mut count) = (0, 1);
    for (start, end) in matches {
        if count == limit {
            break;
        }
        // An empty match at the beginning parts nothing.
        if end == 0 {
            continue;
        }
        builder.values().append_value(text.get(from..start).unwrap_or(""));
        (from, count) = (end, count + 1);
    }
    builder.values().append_value(text.get(from..).unwrap_or(""));
}

/// A part by its number, from the end if negative; empty if there is none.
#[derive(Debug, Default, Clone, Copy)]
struct SplitPart;

impl Kernel for SplitPart {
    const NAME: &'static str = "spark_split_part";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, delimiters, numbers) = (call.texts(0)?, call.texts(1)?, call.integers(2)?);
        call.make_texts(|row| {
            let arguments = (texts.get(row), delimiters.get(row), numbers.get(row));
            let (Some(text), Some(delimiter), Some(number)) = arguments else { return Ok(None) };
            if number == 0 {
                return Err(SparkError::new("INVALID_INDEX_OF_ZERO"));
            }
            Ok(Some(part(text, delimiter, number)))
        })
    }
}

fn part<'a>(text: &'a str, delimiter: &str, number: i64) -> &'a str {
    let index = usize::try_from(number.unsigned_abs() - 1).unwrap_or(usize::MAX);
    if delimiter.is_empty() {
        return if index == 0 { text } else { "" };
    }
    if number > 0 {
        return text.split(delimiter).nth(index).unwrap_or("");
    }
    // Parts are counted from the end but found from the beginning, which differs where delimiters could overlap.
    let parts: Vec<&str> = text.split(delimiter).collect();
    parts.len().checked_sub(index + 1).and_then(|index| parts.get(index)).copied().unwrap_or("")
}
