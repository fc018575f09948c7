//! `regexp_extract`, `regexp_extract_all`, `regexp_replace`, `regexp_count`, `regexp_instr`, `regexp_substr`: Java's
//! regular expressions, compiled once a batch where they are constants.

use std::sync::Arc;

use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field, Int32Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::arguments::{Texts, int};
use super::length::characters;
use crate::call::Call;
use crate::coercion::{Expected, quoted, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf};
use crate::predicate::regex::JavaRegex;

pub(super) const REGEXP_EXTRACT: Function =
    Function::scalar("regexp_extract", |call| group(call, SparkType::STRING, RegexpExtract))
        .since("1.5.0")
        .arity(2..=3)
        .prints(|arguments| print("regexp_extract", arguments, 3, "1"));
pub(super) const REGEXP_EXTRACT_ALL: Function = Function::scalar("regexp_extract_all", |call| {
    group(call, SparkType::array(SparkType::STRING, true), RegexpExtractAll)
})
.since("3.1.0")
.arity(2..=3)
.prints(|arguments| print("regexp_extract_all", arguments, 3, "1"));
pub(super) const REGEXP_REPLACE: Function = Function::scalar("regexp_replace", replace)
    .since("1.5.0")
    .arity(3..=4)
    .prints(|arguments| print("regexp_replace", arguments, 4, "1"));
pub(super) const REGEXP_COUNT: Function = Function::scalar("regexp_count", |call| {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING])?;
    Ok(Scalar::kernel(call, SparkType::Integer, RegexpCount).casting(types))
})
.since("3.4.0")
.arity(2..=2);
pub(super) const REGEXP_INSTR: Function = Function::scalar("regexp_instr", |call| {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::INT])?;
    Ok(Scalar::kernel(call, SparkType::Integer, RegexpInstr).casting(types))
})
.since("3.4.0")
.arity(2..=3)
.prints(|arguments| print("regexp_instr", arguments, 3, "0"));
pub(super) const REGEXP_SUBSTR: Function = Function::scalar("regexp_substr", |call| {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING])?;
    Ok(Scalar::kernel(call, SparkType::STRING, RegexpSubstr).casting(types).nullable(true))
})
.since("3.4.0")
.arity(2..=2);

fn print(name: &str, arguments: &[String], all: usize, last: &str) -> String {
    let last = if arguments.len() < all { format!(", {last}") } else { String::new() };
    format!("{name}({}{last})", arguments.join(", "))
}

fn group<K: Kernel>(call: &Call<'_>, result: SparkType, kernel: K) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::INT])?;
    let data_type = result.clone();
    let bound = Scalar::expr(call, result, move |mut arguments| {
        if arguments.len() < 3 {
            arguments.push(lit(1_i32));
        }
        kernel_call(kernel_udf(kernel), arguments, &data_type, -1)
    });
    Ok(bound.casting(types))
}

fn replace(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::STRING, Expected::INT])?;
    if let Some(position) = call.arguments.get(3) {
        if !position.is_foldable {
            return Err(call
                .mismatch("NON_FOLDABLE_INPUT")
                .param("inputName", "`position`")
                .param("inputType", quoted_type(&SparkType::Integer))
                .param("inputExpr", quoted(&position.sql())));
        }
        if let Some(ScalarValue::Int32(Some(value))) = position.constant
            && value < 1
        {
            return Err(call
                .mismatch("VALUE_OUT_OF_RANGE")
                .param("exprName", "position")
                .param("valueRange", "(0, 2147483647]")
                .param("currentValue", value.to_string()));
        }
    }
    Ok(Scalar::kernel(call, SparkType::STRING, RegexpReplace).casting(types))
}

impl JavaRegex {
    /// Where all matches are, in bytes.
    pub(super) fn find_all(&self, text: &str) -> Vec<(usize, usize)> {
        match self {
            Self::Linear(regex) => regex.find_iter(text).map(|found| (found.start(), found.end())).collect(),
            Self::Backtracking(regex) => {
                regex.find_iter(text).map_while(Result::ok).map(|found| (found.start(), found.end())).collect()
            }
        }
    }

    fn find(&self, text: &str) -> Option<(usize, usize)> {
        match self {
            Self::Linear(regex) => regex.find(text).map(|found| (found.start(), found.end())),
            Self::Backtracking(regex) => regex.find(text).ok().flatten().map(|found| (found.start(), found.end())),
        }
    }

    /// Number of groups, the whole match not counted.
    fn groups(&self) -> usize {
        match self {
            Self::Linear(regex) => regex.captures_len() - 1,
            Self::Backtracking(regex) => regex.captures_len() - 1,
        }
    }

    /// The first match's group: `None` without a match, and `Some(None)` where the group took no part in it.
    fn first_group<'a>(&self, text: &'a str, group: usize) -> Option<Option<&'a str>> {
        match self {
            Self::Linear(regex) if group == 0 => regex.find(text).map(|found| Some(found.as_str())),
            Self::Linear(regex) => regex.captures(text).map(|found| found.get(group).map(|group| group.as_str())),
            Self::Backtracking(regex) => {
                let found = regex.captures(text).ok().flatten()?;
                Some(found.get(group).map(|group| group.as_str()))
            }
        }
    }

    /// All groups of all matches, in bytes.
    fn all_groups(&self, text: &str) -> Vec<Vec<Option<(usize, usize)>>> {
        match self {
            Self::Linear(regex) => regex
                .captures_iter(text)
                .map(|found| found.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect())
                .collect(),
            Self::Backtracking(regex) => regex
                .captures_iter(text)
                .map_while(Result::ok)
                .map(|found| found.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect())
                .collect(),
        }
    }

    fn group_of_name(&self, name: &str) -> Option<usize> {
        match self {
            Self::Linear(regex) => regex.capture_names().position(|known| known == Some(name)),
            Self::Backtracking(regex) => regex.capture_names().position(|known| known == Some(name)),
        }
    }
}

/// The expressions of a call: the last one compiled is kept.
pub(super) struct Patterns {
    texts: Texts,
    function: &'static str,
    last: Option<(String, JavaRegex)>,
}

impl Patterns {
    pub fn new(call: &KernelCall<'_>, index: usize, function: &'static str) -> SparkResult<Self> {
        Ok(Self { texts: call.texts(index)?, function, last: None })
    }

    /// The compiled expression of a row; `None` if it is NULL.
    pub fn get(&mut self, row: usize) -> SparkResult<Option<&JavaRegex>> {
        let Some(text) = self.texts.get(row) else { return Ok(None) };
        if self.last.as_ref().is_none_or(|(known, _)| known != text) {
            let compiled = JavaRegex::new(text).ok_or_else(|| malformed(text, self.function))?;
            self.last = Some((text.to_owned(), compiled));
        }
        Ok(self.last.as_ref().map(|(_, compiled)| compiled))
    }

    /// Whether the expression of a row is the empty text.
    pub fn is_empty(&self, row: usize) -> bool {
        self.texts.get(row) == Some("")
    }
}

fn malformed(pattern: &str, function: &str) -> SparkError {
    SparkError::new("INVALID_PARAMETER_VALUE.PATTERN")
        .param("parameter", "`regexp`")
        .param("functionName", format!("`{function}`"))
        .param("value", format!("'{pattern}'"))
}

fn checked_group(index: i64, pattern: &JavaRegex, function: &str) -> SparkResult<usize> {
    match usize::try_from(index) {
        Ok(group) if group <= pattern.groups() => Ok(group),
        _ => Err(SparkError::new("INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX")
            .param("parameter", "`idx`")
            .param("functionName", format!("`{function}`"))
            .param("groupCount", pattern.groups().to_string())
            .param("groupIndex", index.to_string())),
    }
}

/// A group of the first match; empty without a match, or where the group took no part.
#[derive(Debug, Default, Clone, Copy)]
struct RegexpExtract;

impl Kernel for RegexpExtract {
    const NAME: &'static str = "spark_regexp_extract";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, indices) = (call.texts(0)?, call.integers(2)?);
        let mut patterns = Patterns::new(call, 1, "regexp_extract")?;
        call.make_texts(|row| {
            let (Some(text), Some(index)) = (texts.get(row), indices.get(row)) else { return Ok(None) };
            let Some(pattern) = patterns.get(row)? else { return Ok(None) };
            match pattern.is_match(text) {
                false => Ok(Some("")),
                true => {
                    let group = checked_group(index, pattern, "regexp_extract")?;
                    Ok(Some(pattern.first_group(text, group).flatten().unwrap_or("")))
                }
            }
        })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct RegexpExtractAll;

impl Kernel for RegexpExtractAll {
    const NAME: &'static str = "spark_regexp_extract_all";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, indices) = (call.texts(0)?, call.integers(2)?);
        let mut patterns = Patterns::new(call, 1, "regexp_extract_all")?;
        let field = match call.return_type {
            DataType::List(field) => Arc::clone(field),
            _ => Arc::new(Field::new("element", DataType::Utf8, true)),
        };
        let mut builder = ListBuilder::new(StringBuilder::new()).with_field(field);
        for row in 0..call.rows_to_compute() {
            let (Some(text), Some(index), Some(pattern)) = (texts.get(row), indices.get(row), patterns.get(row)?)
            else {
                builder.append_null();
                continue;
            };
            for found in pattern.all_groups(text) {
                let group = checked_group(index, pattern, "regexp_extract_all")?;
                let range = found.get(group).copied().flatten();
                builder.values().append_value(range.and_then(|(start, end)| text.get(start..end)).unwrap_or(""));
            }
            builder.append(true);
        }
        call.result(Arc::new(builder.finish()))
    }
}

/// Part of what matches are replaced by.
enum Piece {
    Text(String),
    Group(usize),
}

/// Java's replacement: `$1` and `${name}` are groups, and a backslash takes a character as it is.
fn pieces(replacement: &str, pattern: &JavaRegex) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut letters = replacement.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.push(letters.next()?),
            '$' => {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                if letters.next_if_eq(&'{').is_some() {
                    let name: String = letters.by_ref().take_while(|letter| *letter != '}').collect();
                    pieces.push(Piece::Group(pattern.group_of_name(&name)?));
                    continue;
                }
                let mut group = letters.next().and_then(|digit| digit.to_digit(10))? as usize;
                if group > pattern.groups() {
                    return None;
                }
                // More digits belong to the number as long as there is such a group.
                while let Some(digit) = letters.peek().and_then(|digit| digit.to_digit(10)) {
                    let longer = group * 10 + digit as usize;
                    if longer > pattern.groups() {
                        break;
                    }
                    group = longer;
                    letters.next();
                }
                pieces.push(Piece::Group(group));
            }
            letter => text.push(letter),
        }
    }
    pieces.push(Piece::Text(text));
    Some(pieces)
}

#[derive(Debug, Default, Clone, Copy)]
struct RegexpReplace;

impl Kernel for RegexpReplace {
    const NAME: &'static str = "spark_regexp_replace";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, replacements) = (call.texts(0)?, call.texts(2)?);
        let positions = if call.has(3) { Some(call.integers(3)?) } else { None };
        let mut patterns = Patterns::new(call, 1, "regexp_replace")?;
        call.make_texts(|row| {
            let position = positions.as_ref().map_or(Some(1), |positions| positions.get(row));
            let (Some(text), Some(replacement), Some(position)) = (texts.get(row), replacements.get(row), position)
            else {
                return Ok(None);
            };
            let Some(pattern) = patterns.get(row)? else { return Ok(None) };
            let skipped = usize::try_from(position - 1).unwrap_or(0);
            // Java counts positions in UTF-16 units, which are characters but for the rarest.
            let start = text.char_indices().nth(skipped).map_or(text.len(), |(index, _)| index);
            if skipped > 0 && start == text.len() {
                return Ok(Some(text.to_owned()));
            }
            replaced(text, start, replacement, pattern).map(Some).ok_or_else(|| {
                let found = pattern_text(call, row);
                SparkError::new("INVALID_REGEXP_REPLACE")
                    .param("source", text)
                    .param("pattern", found)
                    .param("replacement", replacement)
                    .param("position", position.to_string())
            })
        })
    }
}

fn pattern_text(call: &KernelCall<'_>, row: usize) -> String {
    call.texts(1).ok().and_then(|patterns| patterns.get(row).map(str::to_owned)).unwrap_or_default()
}

fn replaced(text: &str, start: usize, replacement: &str, pattern: &JavaRegex) -> Option<String> {
    let matches = pattern.all_groups(text);
    if matches.is_empty() {
        return Some(text.to_owned());
    }
    let mut result = String::with_capacity(text.len() + replacement.len());
    let mut from = 0;
    let mut pieces_of_replacement = None;
    for found in matches {
        let Some((match_start, match_end)) = found.first().copied().flatten() else { continue };
        if match_start < start {
            continue;
        }
        // A replacement is only looked at where there is something to replace.
        let pieces = match &mut pieces_of_replacement {
            Some(pieces) => pieces,
            none => none.insert(pieces(replacement, pattern)?),
        };
        result.push_str(text.get(from..match_start)?);
        for piece in pieces.iter() {
            match piece {
                Piece::Text(text) => result.push_str(text),
                Piece::Group(group) => {
                    if let Some((start, end)) = found.get(*group).copied().flatten() {
                        result.push_str(text.get(start..end)?);
                    }
                }
            }
        }
        from = match_end;
    }
    result.push_str(text.get(from..)?);
    Some(result)
}

#[derive(Debug, Default, Clone, Copy)]
struct RegexpCount;

impl Kernel for RegexpCount {
    const NAME: &'static str = "spark_regexp_count";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        let mut patterns = Patterns::new(call, 1, "regexp_count")?;
        call.make_numbers::<Int32Type>(|row| {
            let (Some(text), Some(pattern)) = (texts.get(row), patterns.get(row)?) else { return Ok(None) };
            Ok(Some(int(pattern.find_all(text).len())))
        })
    }
}

/// The position of the first match in characters, 0 without one.
#[derive(Debug, Default, Clone, Copy)]
struct RegexpInstr;

impl Kernel for RegexpInstr {
    const NAME: &'static str = "spark_regexp_instr";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        let groups = if call.has(2) { Some(call.integers(2)?) } else { None };
        let mut patterns = Patterns::new(call, 1, "regexp_instr")?;
        call.make_numbers::<Int32Type>(|row| {
            if groups.as_ref().is_some_and(|groups| groups.get(row).is_none()) {
                return Ok(None);
            }
            let (Some(text), Some(pattern)) = (texts.get(row), patterns.get(row)?) else { return Ok(None) };
            let found = pattern.find(text).and_then(|(start, _)| text.get(..start));
            Ok(Some(found.map_or(0, |before| int(characters(before) + 1))))
        })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct RegexpSubstr;

impl Kernel for RegexpSubstr {
    const NAME: &'static str = "spark_regexp_substr";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        let mut patterns = Patterns::new(call, 1, "regexp_substr")?;
        call.make_texts(|row| {
            let (Some(text), Some(pattern)) = (texts.get(row), patterns.get(row)?) else { return Ok(None) };
            Ok(pattern.first_group(text, 0).flatten())
        })
    }
}
