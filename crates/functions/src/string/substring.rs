//! `substring`, `substr`, `left`, `right`, `substring_index`, `overlay`: parts of text or bytes by position.

use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::arguments::Bytes;
use super::length::characters;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall};

pub(super) const SUBSTRING: Function = Function::scalar("substring", substring)
    .since("1.5.0")
    .arity(2..=3)
    .prints(|arguments| print_substring("substring", arguments));
pub(super) const SUBSTR: Function = Function::scalar("substr", substring)
    .since("1.5.0")
    .arity(2..=3)
    .prints(|arguments| print_substring("substr", arguments));
pub(super) const LEFT: Function = Function::scalar("left", left).since("2.3.0").arity(2..=2);
pub(super) const RIGHT: Function = Function::scalar("right", right).since("2.3.0").arity(2..=2);
pub(super) const SUBSTRING_INDEX: Function =
    Function::scalar("substring_index", substring_index).since("1.5.0").arity(3..=3);
pub(super) const OVERLAY: Function =
    Function::scalar("overlay", overlay).since("3.0.0").arity(3..=4).prints(|arguments| {
        let length = if arguments.len() < 4 { ", -1" } else { "" };
        format!("overlay({}{length})", arguments.join(", "))
    });

fn print_substring(name: &str, arguments: &[String]) -> String {
    let length = if arguments.len() < 3 { ", 2147483647" } else { "" };
    format!("{name}({}{length})", arguments.join(", "))
}

/// Text stays text and bytes stay bytes.
fn text_or_binary(data_type: Option<&SparkType>) -> SparkType {
    if data_type == Some(&SparkType::Binary) { SparkType::Binary } else { SparkType::STRING }
}

fn substring(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::StringOrBinary, Expected::INT, Expected::INT])?;
    Ok(Scalar::kernel(call, text_or_binary(types.first()), Substring).casting(types))
}

fn left(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::StringOrBinary, Expected::INT])?;
    Ok(Scalar::kernel(call, text_or_binary(types.first()), Left).casting(types))
}

fn right(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::INT])?;
    Ok(Scalar::kernel(call, SparkType::STRING, Right).casting(types).nullable(true))
}

fn substring_index(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::INT])?;
    Ok(Scalar::kernel(call, SparkType::STRING, SubstringIndex).casting(types))
}

fn overlay(call: &Call<'_>) -> SparkResult<Scalar> {
    let both_binary = call.data_type(0)? == &SparkType::Binary && call.data_type(1)? == &SparkType::Binary;
    let part = || if both_binary { Expected::Binary } else { Expected::STRING };
    let types = call.implicit_cast(&[part(), part(), Expected::INT, Expected::INT])?;
    Ok(Scalar::kernel(call, text_or_binary(types.first()), Overlay).casting(types))
}

/// The first character's index and the index behind the last one, counted from 0; the first may be negative, and then
/// the characters before the text count as well.
fn range(position: i64, length: i64, total: usize) -> (i64, i64) {
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    let start = match position {
        1.. => position - 1,
        0 => 0,
        _ => total + position,
    };
    (start, start.saturating_add(length).clamp(i64::from(i32::MIN), i64::from(i32::MAX)))
}

/// Characters `start..end` of a text.
fn slice(text: &str, start: i64, end: i64) -> &str {
    let start = usize::try_from(start).unwrap_or(0);
    let end = usize::try_from(end).unwrap_or(0);
    if end <= start {
        return "";
    }
    if text.is_ascii() {
        return text.get(start.min(text.len())..end.min(text.len())).unwrap_or("");
    }
    let mut boundaries = text.char_indices().map(|(index, _)| index).chain(std::iter::once(text.len()));
    let Some(from) = boundaries.nth(start) else { return "" };
    let to = boundaries.nth(end - start - 1).unwrap_or(text.len());
    text.get(from..to).unwrap_or("")
}

/// As SQL's `substring`: the first character has position 1, and negative positions count from the end.
pub(super) fn substring_of(text: &str, position: i64, length: i64) -> &str {
    // The number of characters matters to negative positions only.
    let total = if position < 0 { characters(text) } else { 0 };
    let (start, end) = range(position, length, total);
    slice(text, start, end)
}

fn subbytes_of(bytes: &[u8], position: i64, length: i64) -> &[u8] {
    let (start, end) = range(position, length, bytes.len());
    let start = usize::try_from(start).unwrap_or(0).min(bytes.len());
    let end = usize::try_from(end).unwrap_or(0).min(bytes.len());
    bytes.get(start..end).unwrap_or_default()
}

#[derive(Debug, Default, Clone, Copy)]
struct Substring;

impl Kernel for Substring {
    const NAME: &'static str = "spark_substring";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (source, positions) = (call.bytes(0)?, call.integers(1)?);
        let lengths = if call.has(2) { Some(call.integers(2)?) } else { None };
        let place = |row: usize| {
            let length = lengths.as_ref().map_or(Some(i64::from(i32::MAX)), |lengths| lengths.get(row))?;
            Some((positions.get(row)?, length))
        };
        match &source {
            Bytes::Text(texts) => call.make_texts(|row| {
                Ok(texts
                    .get(row)
                    .zip(place(row))
                    .map(|(text, (position, length))| substring_of(text, position, length)))
            }),
            bytes => call.make_bytes(|row| {
                Ok(bytes
                    .get(row)
                    .zip(place(row))
                    .map(|(bytes, (position, length))| subbytes_of(bytes, position, length)))
            }),
        }
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Left;

impl Kernel for Left {
    const NAME: &'static str = "spark_left";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (source, lengths) = (call.bytes(0)?, call.integers(1)?);
        match &source {
            Bytes::Text(texts) => call.make_texts(|row| {
                Ok(texts.get(row).zip(lengths.get(row)).map(|(text, length)| substring_of(text, 1, length)))
            }),
            bytes => call.make_bytes(|row| {
                Ok(bytes.get(row).zip(lengths.get(row)).map(|(bytes, length)| subbytes_of(bytes, 1, length)))
            }),
        }
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Right;

impl Kernel for Right {
    const NAME: &'static str = "spark_right";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, lengths) = (call.texts(0)?, call.integers(1)?);
        let right = |(text, length): (_, i64)| {
            if length <= 0 { "" } else { substring_of(text, -length, i64::from(i32::MAX)) }
        };
        call.make_texts(|row| Ok(texts.get(row).zip(lengths.get(row)).map(right)))
    }
}

/// What comes before the n-th delimiter, or with a negative number behind the n-th from the end.
#[derive(Debug, Default, Clone, Copy)]
struct SubstringIndex;

impl Kernel for SubstringIndex {
    const NAME: &'static str = "spark_substring_index";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, delimiters, counts) = (call.texts(0)?, call.texts(1)?, call.integers(2)?);
        call.make_texts(|row| {
            let arguments = (texts.get(row), delimiters.get(row), counts.get(row));
            let (Some(text), Some(delimiter), Some(count)) = arguments else { return Ok(None) };
            Ok(Some(up_to_delimiter(text, delimiter, count)))
        })
    }
}

fn up_to_delimiter<'a>(text: &'a str, delimiter: &str, count: i64) -> &'a str {
    if delimiter.is_empty() || count == 0 {
        return "";
    }
    let nth = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX) - 1;
    // Occurrences may overlap.
    let starts = |from: usize| text.get(from..).and_then(|rest| rest.find(delimiter)).map(|index| index + from);
    if count > 0 {
        let mut found = starts(0);
        for _ in 0..nth {
            found = found.and_then(|index| starts(index + next_boundary(text, index)));
        }
        return found.and_then(|index| text.get(..index)).unwrap_or(text);
    }
    let mut end = text.len();
    let mut found = None;
    for _ in 0..=nth {
        found = text.get(..end).and_then(|rest| rest.rfind(delimiter));
        match found {
            Some(index) => {
                let behind = index + delimiter.len();
                end = text.get(..behind).and_then(|rest| rest.char_indices().next_back()).map_or(0, |(index, _)| index);
            }
            None => return text,
        }
    }
    found.and_then(|index| text.get(index + delimiter.len()..)).unwrap_or(text)
}

/// Bytes of the character at `index`.
fn next_boundary(text: &str, index: usize) -> usize {
    text.get(index..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}

/// Puts a text in the place of as many characters, or of a given number.
#[derive(Debug, Default, Clone, Copy)]
struct Overlay;

impl Kernel for Overlay {
    const NAME: &'static str = "spark_overlay";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (sources, replacements, positions) = (call.bytes(0)?, call.bytes(1)?, call.integers(2)?);
        let lengths = if call.has(3) { Some(call.integers(3)?) } else { None };
        let place = |row: usize| {
            let length = lengths.as_ref().map_or(Some(-1), |lengths| lengths.get(row))?;
            Some((positions.get(row)?, length))
        };
        let behind = i64::from(i32::MAX);
        if let (Bytes::Text(sources), Bytes::Text(replacements)) = (&sources, &replacements) {
            return call.make_texts(|row| {
                let arguments = (sources.get(row), replacements.get(row), place(row));
                let (Some(source), Some(replacement), Some((position, length))) = arguments else { return Ok(None) };
                let own = i64::try_from(characters(replacement)).unwrap_or(behind);
                let length = if length >= 0 { length } else { own };
                let head = substring_of(source, 1, position - 1);
                Ok(Some([head, replacement, substring_of(source, position + length, behind)].concat()))
            });
        }
        call.make_bytes(|row| {
            let arguments = (sources.get(row), replacements.get(row), place(row));
            let (Some(source), Some(replacement), Some((position, length))) = arguments else { return Ok(None) };
            let own = i64::try_from(replacement.len()).unwrap_or(behind);
            let length = if length >= 0 { length } else { own };
            let head = subbytes_of(source, 1, position - 1);
            Ok(Some([head, replacement, subbytes_of(source, position + length, behind)].concat()))
        })
    }
}
