//! `rlike` and its synonyms: whether a Java regular expression is found in a text.

use std::sync::Arc;

use arrow::array::Array;
use arrow::array::BooleanBuilder;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::regex::JavaRegex;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, rows};

pub(super) const RLIKE: Function =
    Function::scalar("rlike", bind).arity(2..=2).prints(|arguments| format!("RLIKE({})", arguments.join(", ")));
pub(super) const REGEXP: Function = Function::scalar("regexp", bind)
    .since("3.2.0")
    .arity(2..=2)
    .prints(|arguments| format!("REGEXP({})", arguments.join(", ")));
pub(super) const REGEXP_LIKE: Function = Function::scalar("regexp_like", bind)
    .since("3.2.0")
    .arity(2..=2)
    .prints(|arguments| format!("REGEXP_LIKE({})", arguments.join(", ")));

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING])?;
    Ok(Scalar::kernel(call, SparkType::Boolean, SparkRLike).casting(types))
}

/// Whether the expression is found.
#[derive(Clone, Copy, Debug, Default)]
struct SparkRLike;

impl Kernel for SparkRLike {
    const NAME: &'static str = "spark_rlike";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        call.with_arrays(|arrays| {
            let (texts, patterns) = (rows::text(arrays, 0)?, rows::text(arrays, 1)?);
            let mut builder = BooleanBuilder::with_capacity(texts.len());
            let mut last: Option<(String, JavaRegex)> = None;
            for (text, pattern) in texts.iter().zip(patterns.iter()) {
                let (Some(text), Some(pattern)) = (text, pattern) else {
                    builder.append_null();
                    continue;
                };
                let compiled = match last.take() {
                    Some((known, compiled)) if known == pattern => compiled,
                    Some(_) | None => JavaRegex::new(pattern).ok_or_else(|| malformed(pattern))?,
                };
                builder.append_value(compiled.is_match(text));
                last = Some((pattern.to_owned(), compiled));
            }
            Ok(Arc::new(builder.finish()))
        })
    }
}

fn malformed(pattern: &str) -> SparkError {
    SparkError::new("INVALID_PARAMETER_VALUE.PATTERN")
        .param("parameter", "`regexp`")
        .param("functionName", "`rlike`")
        .param("value", format!("'{pattern}'"))
        .with_kind(ErrorKind::Runtime)
}
