//! `replace`, `translate`, `reverse`: characters exchanged.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array};
use arrow::compute::{cast, take};
use datafusion::logical_expr::{ColumnarValue, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, from_arrow, kernel_call, kernel_udf};

pub(super) const REPLACE: Function =
    Function::scalar("replace", replace).since("2.3.0").arity(2..=3).prints(|arguments| {
        let nothing = if arguments.len() < 3 { ", " } else { "" };
        format!("replace({}{nothing})", arguments.join(", "))
    });
pub(super) const TRANSLATE: Function = Function::scalar("translate", translate).since("1.5.0").arity(3..=3);
pub(super) const REVERSE: Function = Function::scalar("reverse", reverse).since("1.5.0").arity(1..=1);

fn replace(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::STRING])?;
    let bound = Scalar::expr(call, SparkType::STRING, |mut arguments| {
        if arguments.len() < 3 {
            arguments.push(lit(""));
        }
        kernel_call(kernel_udf(Replace), arguments, &SparkType::STRING, -1)
    });
    Ok(bound.casting(types))
}

fn translate(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::STRING])?;
    Ok(Scalar::kernel(call, SparkType::STRING, Translate).casting(types))
}

fn reverse(call: &Call<'_>) -> SparkResult<Scalar> {
    if call.data_type(0)? == &SparkType::Binary {
        return Ok(Scalar::kernel(call, SparkType::Binary, ReverseBytes));
    }
    let types = call.implicit_cast(&[Expected::one_of([Expected::STRING, Expected::AnyArray])])?;
    match types.first() {
        Some(array @ SparkType::Array { .. }) => {
            let array = array.clone();
            Ok(Scalar::kernel(call, array, ReverseArray).casting(types))
        }
        _ => Ok(Scalar::kernel(call, SparkType::STRING, Reverse).casting(types)),
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Replace;

impl Kernel for Replace {
    const NAME: &'static str = "spark_replace";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, searches, replacements) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
        call.make_texts(|row| {
            let arguments = (texts.get(row), searches.get(row), replacements.get(row));
            let (Some(text), Some(search), Some(replacement)) = arguments else { return Ok(None) };
            Ok(Some(if search.is_empty() { text.to_owned() } else { text.replace(search, replacement) }))
        })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Translate;

/// What becomes of each character; `None` if it is dropped. The first mention counts.
fn dictionary(matching: &str, replacing: &str) -> HashMap<char, Option<char>> {
    let mut dictionary = HashMap::new();
    let mut replacing = replacing.chars();
    for character in matching.chars() {
        let replacement = replacing.next();
        dictionary.entry(character).or_insert(replacement);
    }
    dictionary
}

fn translated(text: &str, dictionary: &HashMap<char, Option<char>>) -> String {
    text.chars().filter_map(|character| dictionary.get(&character).copied().unwrap_or(Some(character))).collect()
}

impl Kernel for Translate {
    const NAME: &'static str = "spark_translate";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, matchings, replacings) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
        let constant = matchings.constant().zip(replacings.constant()).map(|(from, to)| dictionary(from, to));
        call.make_texts(|row| {
            let arguments = (texts.get(row), matchings.get(row), replacings.get(row));
            let (Some(text), Some(matching), Some(replacing)) = arguments else { return Ok(None) };
            Ok(Some(match &constant {
                Some(dictionary) => translated(text, dictionary),
                None => translated(text, &dictionary(matching, replacing)),
            }))
        })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Reverse;

impl Kernel for Reverse {
    const NAME: &'static str = "spark_reverse";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        call.make_texts(|row| Ok(texts.get(row).map(|text| text.chars().rev().collect::<String>())))
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct ReverseArray;

impl Kernel for ReverseArray {
    const NAME: &'static str = "spark_reverse_array";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        call.with_arrays(|arrays| {
            let lists = arrays.first().map(|lists| cast(lists, call.return_type)).transpose().map_err(from_arrow)?;
            let lists = lists.as_ref().and_then(|lists| lists.as_list_opt::<i32>());
            reversed(lists.ok_or_else(|| SparkError::internal("reverse met something else than an array"))?)
        })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct ReverseBytes;

impl Kernel for ReverseBytes {
    const NAME: &'static str = "spark_reverse_bytes";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let sources = call.bytes(0)?;
        call.make_bytes(|row| Ok(sources.get(row).map(|bytes| bytes.iter().rev().copied().collect::<Vec<_>>())))
    }
}

fn reversed(lists: &ListArray) -> SparkResult<ArrayRef> {
    let mut order = Vec::with_capacity(lists.values().len());
    let mut lengths = Vec::with_capacity(lists.len());
    for range in lists.offsets().windows(2) {
        if let [start, end] = range {
            order.extend((*start..*end).rev().map(i32::cast_unsigned));
            lengths.push(usize::try_from(end - start).unwrap_or(0));
        }
    }
    let values = take(lists.values().as_ref(), &UInt32Array::from(order), None).map_err(from_arrow)?;
    let arrow::datatypes::DataType::List(field) = lists.data_type() else {
        return Err(SparkError::internal("a list without a field"));
    };
    let offsets = arrow::buffer::OffsetBuffer::from_lengths(lengths);
    let list = ListArray::try_new(Arc::clone(field), offsets, values, lists.nulls().cloned());
    Ok(Arc::new(list.map_err(from_arrow)?))
}
