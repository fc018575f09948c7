//! `like` and `ilike`: `_` is any character, `%` any text, and what follows the escape character is itself.
//!
//! Arrow's LIKE agrees where the pattern is constant and well-formed, once another escape character is written as a
//! backslash. Patterns that vary or are malformed go to kernels, and `%one%other%`, which arrow makes a regular
//! expression of, to one that searches for the pieces.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray, BooleanBuilder};
use arrow::buffer::BooleanBuffer;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, Like};
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult, SparkType};
use memchr::memmem::Finder;

use crate::call::Call;
use crate::coercion::{Expected, quoted};
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, rows};

pub(super) const LIKE: Function =
    Function::scalar("like", |call| bind(call, false)).arity(2..=3).prints(|arguments| match arguments {
        [text, pattern] => format!("{text} LIKE {pattern}"),
        [text, pattern, escape] => format!("{text} LIKE {pattern} ESCAPE '{escape}'"),
        other => format!("like({})", other.join(", ")),
    });

pub(super) const ILIKE: Function = Function::scalar("ilike", |call| bind(call, true))
    .since("3.3.0")
    .arity(2..=3)
    .prints(|arguments| match arguments {
        [text, pattern] => format!("ilike({text}, {pattern})"),
        [text, pattern, escape] => format!("ilike({text}, {pattern}, {escape})"),
        other => format!("ilike({})", other.join(", ")),
    });

const BACKSLASH: char = '\\';

fn bind(call: &Call<'_>, ignores_case: bool) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::STRING])?;
    let escape = escape_of(call)?;
    let pattern = call.argument(1)?.constant.as_ref().and_then(text_of);
    let pattern = pattern.and_then(|pattern| Pattern::parse(&pattern, escape).ok());
    let kernel = if ignores_case {
        Scalar::kernel(call, SparkType::Boolean, SparkILike)
    } else {
        Scalar::kernel(call, SparkType::Boolean, SparkLike)
    };
    let Some(pattern) = pattern else { return Ok(kernel.casting(types)) };
    if !ignores_case && pattern.pieces().is_some() {
        return Ok(Scalar::kernel(call, SparkType::Boolean, SparkLikePieces).casting(types));
    }
    let like = Scalar::expr(call, SparkType::Boolean, move |arguments| {
        let mut arguments = arguments.into_iter();
        match (arguments.next(), arguments.next()) {
            (Some(text), Some(pattern)) => {
                let pattern = Box::new(with_backslash(pattern, escape));
                Ok(Expr::Like(Like::new(false, Box::new(text), pattern, None, ignores_case)))
            }
            _ => Err(SparkError::internal("LIKE without a pattern")),
        }
    });
    Ok(like.casting(types))
}

/// The escape character: a constant of one character.
fn escape_of(call: &Call<'_>) -> SparkResult<char> {
    let Some(argument) = call.arguments.get(2) else { return Ok(BACKSLASH) };
    let text = argument.constant.as_ref().and_then(text_of);
    let mut letters = text.iter().flat_map(|text| text.chars());
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Ok(letter),
        _ => Err(SparkError::new("INVALID_ESCAPE_CHAR").param("sqlExpr", quoted(&argument.sql()))),
    }
}

fn text_of(value: &ScalarValue) -> Option<String> {
    value.try_as_str().flatten().map(ToOwned::to_owned)
}

/// The pattern as arrow reads it.
fn with_backslash(pattern: Expr, escape: char) -> Expr {
    let Expr::Literal(value, metadata) = &pattern else { return pattern };
    let Some(parsed) = text_of(value).and_then(|text| Pattern::parse(&text, escape).ok()) else { return pattern };
    Expr::Literal(ScalarValue::Utf8(Some(parsed.to_text())), metadata.clone())
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Letter(char),
    AnyLetter,
    AnyText,
}

/// A well-formed pattern.
struct Pattern(Vec<Part>);

impl Pattern {
    fn parse(text: &str, escape: char) -> SparkResult<Self> {
        let error = |kind: &str| {
            let format = text.replace('\\', "\\\\").replace('\'', "\\'");
            SparkError::new(&format!("INVALID_FORMAT.{kind}"))
                .param("format", format!("'{format}'"))
                .with_kind(ErrorKind::Analysis)
        };
        let mut parts = Vec::with_capacity(text.len());
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            parts.push(match letter {
                letter if letter == escape => match letters.next() {
                    Some(escaped) if escaped == escape || matches!(escaped, '_' | '%') => Part::Letter(escaped),
                    Some(other) => return Err(error("ESC_IN_THE_MIDDLE").param("char", format!("'{other}'"))),
                    None => return Err(error("ESC_AT_THE_END")),
                },
                '_' => Part::AnyLetter,
                '%' => Part::AnyText,
                letter => Part::Letter(letter),
            });
        }
        Ok(Self(parts))
    }

    /// The pattern with a backslash as its escape character.
    fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        for part in &self.0 {
            match part {
                Part::AnyLetter => text.push('_'),
                Part::AnyText => text.push('%'),
                Part::Letter(letter) => {
                    if matches!(letter, '_' | '%' | '\\') {
                        text.push(BACKSLASH);
                    }
                    text.push(*letter);
                }
            }
        }
        text
    }

    /// The texts of `%one%other%`: at least two, with any text before, between and behind them. Files can skip rows by a
    /// pattern that begins with letters, so such stay what they are.
    fn pieces(&self) -> Option<Vec<String>> {
        let [Part::AnyText, inner @ .., Part::AnyText] = self.0.as_slice() else { return None };
        let mut pieces = vec![String::new()];
        for part in inner {
            match (part, pieces.last_mut()) {
                (Part::Letter(letter), Some(piece)) => piece.push(*letter),
                (Part::AnyText, _) => pieces.push(String::new()),
                (Part::AnyLetter | Part::Letter(_), _) => return None,
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        (pieces.len() > 1).then_some(pieces)
    }

    /// Whether the whole text has the pattern. On a mismatch the last `%` takes one more letter.
    fn matches(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut next = 0;
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let before = rest.clone();
            match self.0.get(next) {
                Some(Part::AnyText) => {
                    next += 1;
                    retry = Some((next, rest.clone()));
                    continue;
                }
                Some(Part::AnyLetter) if rest.next().is_some() => {
                    next += 1;
                    continue;
                }
                Some(Part::Letter(letter)) if rest.next() == Some(*letter) => {
                    next += 1;
                    continue;
                }
                None if before.as_str().is_empty() => return true,
                Some(_) | None => {}
            }
            let Some((after, from)) = &mut retry else { return false };
            if from.next().is_none() {
                return false;
            }
            next = *after;
            rest = from.clone();
        }
    }
}

/// `like` with patterns that vary.
#[derive(Clone, Copy, Debug, Default)]
struct SparkLike;

/// `ilike` with patterns that vary.
#[derive(Clone, Copy, Debug, Default)]
struct SparkILike;

impl Kernel for SparkLike {
    const NAME: &'static str = "spark_like";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        evaluate(call, ToOwned::to_owned)
    }
}

impl Kernel for SparkILike {
    const NAME: &'static str = "spark_ilike";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        evaluate(call, str::to_lowercase)
    }
}

/// `like` with a constant pattern that has [`Pattern::pieces`].
#[derive(Clone, Copy, Debug, Default)]
struct SparkLikePieces;

impl Kernel for SparkLikePieces {
    const NAME: &'static str = "spark_like_pieces";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let pieces = match call.scalar(1).and_then(text_of) {
            Some(pattern) => Pattern::parse(&pattern, constant_escape(call))?.pieces(),
            None => None,
        };
        let pieces = pieces.ok_or_else(|| SparkError::internal("a pattern without pieces"))?;
        let finders: Vec<Finder<'_>> = pieces.iter().map(Finder::new).collect();
        call.with_arrays(|arrays| {
            let texts = rows::text(arrays, 0)?;
            let matches = BooleanBuffer::collect_bool(texts.len(), |row| has_pieces(texts.value(row), &finders));
            Ok(Arc::new(BooleanArray::new(matches, texts.nulls().cloned())))
        })
    }
}

/// Whether the pieces stand in the text, one behind the other.
fn has_pieces(text: &str, pieces: &[Finder<'_>]) -> bool {
    let mut rest = text.as_bytes();
    pieces.iter().all(|piece| {
        let found = piece.find(rest);
        rest = found.and_then(|start| rest.get(start + piece.needle().len()..)).unwrap_or_default();
        found.is_some()
    })
}

/// The escape character of a call whose binding has checked it.
fn constant_escape(call: &KernelCall<'_>) -> char {
    call.scalar(2).and_then(text_of).and_then(|text| text.chars().next()).unwrap_or(BACKSLASH)
}

fn evaluate(call: &KernelCall<'_>, prepare: fn(&str) -> String) -> SparkResult<ColumnarValue> {
    let escape = constant_escape(call);
    call.with_arrays(|arrays| {
        let (texts, patterns) = (rows::text(arrays, 0)?, rows::text(arrays, 1)?);
        let mut builder = BooleanBuilder::with_capacity(texts.len());
        // Patterns mostly repeat.
        let mut last: Option<(String, Pattern)> = None;
        for (text, pattern) in texts.iter().zip(patterns.iter()) {
            let (Some(text), Some(pattern)) = (text, pattern) else {
                builder.append_null();
                continue;
            };
            let compiled = match last.take() {
                Some((known, compiled)) if known == pattern => compiled,
                Some(_) | None => Pattern::parse(&prepare(pattern), escape)?,
            };
            builder.append_value(compiled.matches(&prepare(text)));
            last = Some((pattern.to_owned(), compiled));
        }
        Ok(Arc::new(builder.finish()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        let matches = |text: &str, pattern: &str| Pattern::parse(pattern, '\\').unwrap().matches(text);
        assert!(matches("abc", "a%"));
        assert!(matches("abc", "%c"));
        assert!(matches("abcabd", "%ab_"));
        assert!(matches("", "%"));
        assert!(matches("a\nb", "a_b"));
        assert!(matches("a_c", "a\\_c"));
        assert!(!matches("abc", "a\\_c"));
        assert!(!matches("abc", "ab"));
        assert!(!matches("", "_"));
    }

    #[test]
    fn pieces_stand_one_behind_the_other() {
        let pieces = |pattern: &str| Pattern::parse(pattern, '\\').unwrap().pieces();
        assert_eq!(pieces("%a%b\\%%"), Some(vec!["a".to_owned(), "b%".to_owned()]));
        for other in ["%a%", "a%b%", "%a%b", "%a_%b%", "%%", "%%a%%"] {
            assert_eq!(pieces(other), None, "{other}");
        }
        let pieces = ["ab", "ba"].map(Finder::new);
        for text in ["abba", "xabxbax", "ab ba", "aba", "ba ab", "", "ab"] {
            let pattern = Pattern::parse("%ab%ba%", '\\').unwrap();
            assert_eq!(has_pieces(text, &pieces), pattern.matches(text), "{text}");
        }
    }

    #[test]
    fn escapes_stand_only_before_special_characters() {
        let condition = |pattern: &str, escape| Pattern::parse(pattern, escape).err().map(|error| error.condition());
        assert_eq!(condition("a\\bc", '\\'), Some("INVALID_FORMAT.ESC_IN_THE_MIDDLE"));
        assert_eq!(condition("abc\\", '\\'), Some("INVALID_FORMAT.ESC_AT_THE_END"));
        assert_eq!(condition("a/%c", '/'), None);
        assert_eq!(Pattern::parse("a/%\\", '/').unwrap().to_text(), "a\\%\\\\");
    }
}
