//! `get_json_object`: the part of a JSON text that a path such as `$.a[0].b` leads to.
//!
//! What several matches of `[*]` are put together to is Hive's: one match stands alone, more are an array; two
//! wildcards in a row flatten.

use arrow::array::Array;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::tree::{Dialect, Node, Value, parse};
use super::write::write_value;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::text;
use crate::kernel::{KernelCall, kernels};

pub(in crate::collection) const FUNCTION: Function = Function::scalar("get_json_object", |call| {
    let expected = [Expected::STRING, Expected::STRING];
    Ok(Scalar::coercing(call, &expected, SparkType::STRING, GetJsonObject)?.nullable(true))
})
.arity(2..=2)
.since("1.6.0");

kernels! {
    GetJsonObject = "spark_get_json_object" => evaluate;
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
    AnyElement,
    /// `.*`, which leads nowhere.
    AnyField,
}

/// How a match is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// A text without its quotes.
    Raw,
    Quoted,
    /// Arrays inside the result lose their brackets.
    Flat,
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("['") {
            let end = after.find("']")?;
            let name = after.get(..end)?;
            if name == "*" {
                steps.push(Step::AnyField);
            } else if name.is_empty() || name.contains(['\'', '?']) {
                return None;
            } else {
                steps.push(Step::Field(name.to_owned()));
            }
            rest = after.get(end + 2..)?;
        } else if let Some(after) = rest.strip_prefix('[') {
            let end = after.find(']')?;
            steps.push(match after.get(..end)? {
                "*" => Step::AnyElement,
                digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => Step::Index(digits.parse().ok()?),
                _ => return None,
            });
            rest = after.get(end + 1..)?;
        } else {
            let after = rest.strip_prefix('.')?;
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let name = after.get(..end).filter(|name| !name.is_empty())?;
            steps.push(if name == "*" { Step::AnyField } else { Step::Field(name.to_owned()) });
            rest = after.get(end..)?;
        }
    }
    Some(steps)
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (texts, paths) = (text(arrays, 0)?, text(arrays, 1)?);
        let mut known: Option<(String, Option<Vec<Step>>)> = None;
        call.build_text(texts.len(), |row, out| {
            if texts.is_null(row) || paths.is_null(row) {
                return Ok(false);
            }
            let path = paths.value(row);
            if known.as_ref().is_none_or(|(known, _)| known != path) {
                known = Some((path.to_owned(), steps(path)));
            }
            let Some((_, Some(steps))) = &known else { return Ok(false) };
            let Some(value) = parse(texts.value(row), Dialect::PATHS) else { return Ok(false) };
            let mut pieces = Vec::new();
            if !follow(&value, steps, Style::Raw, &mut pieces) {
                return Ok(false);
            }
            out.push_str(&pieces.join(","));
            Ok(true)
        })
    })
}

/// Adds what the steps lead to; says whether there is anything.
fn follow(value: &Value<'_>, steps: &[Step], style: Style, pieces: &mut Vec<String>) -> bool {
    match (&value.node, steps) {
        (Node::Text(text), []) if style == Style::Raw => {
            pieces.push(text.clone());
            true
        }
        (Node::Array(elements), []) if style == Style::Flat => {
            // All of them, also after one was found.
            elements.iter().filter(|element| follow(element, &[], style, pieces)).count() > 0
        }
        (_, []) => {
            let mut text = String::new();
            write_value(value, &mut text);
            pieces.push(text);
            true
        }
        (Node::Object(fields), [Step::Field(name), rest @ ..]) => fields
            .iter()
            .any(|(key, value)| key == name && !matches!(value.node, Node::Null) && follow(value, rest, style, pieces)),
        (Node::Array(elements), [Step::AnyElement, Step::AnyElement, rest @ ..]) => {
            let mut inner = Vec::new();
            let mut is_found = false;
            for element in elements {
                is_found |= follow(element, rest, Style::Flat, &mut inner);
            }
            pieces.push(format!("[{}]", inner.join(",")));
            is_found
        }
        (Node::Array(elements), [Step::AnyElement, rest @ ..]) => {
            let inner_style = if style == Style::Raw { Style::Quoted } else { style };
            let mut inner = Vec::new();
            let mut matches = 0;
            for element in elements {
                matches += usize::from(follow(element, rest, inner_style, &mut inner));
            }
            match (style, matches) {
                (Style::Quoted, _) | (_, 2..) => pieces.push(format!("[{}]", inner.join(","))),
                (_, 1) => pieces.append(&mut inner),
                _ => {}
            }
            matches > 0
        }
        (Node::Array(elements), [Step::Index(index), rest @ ..]) => {
            let style = if rest.first() == Some(&Step::AnyElement) { Style::Quoted } else { style };
            elements.get(*index).is_some_and(|element| follow(element, rest, style, pieces))
        }
        _ => false,
    }
}
