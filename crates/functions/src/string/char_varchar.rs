//! What happens to texts on their way into and out of `CHAR(n)` and `VARCHAR(n)` columns. No user can call these.

use datafusion::logical_expr::ColumnarValue;
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::length::characters;
use super::substring::substring_of;
use crate::call::Call;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall};

/// A text stored as `CHAR(n)`: filled with blanks, or refused if more than blanks is too much.
pub const CHAR_WRITE: &str = "[char write]";
/// A text stored as `VARCHAR(n)`: blanks that are too much are cut off, everything else is refused.
pub const VARCHAR_WRITE: &str = "[varchar write]";
/// A text read from a `CHAR(n)` column: filled with blanks.
pub const CHAR_READ: &str = "[char read]";

pub(super) const WRITE_CHAR: Function = Function::scalar(CHAR_WRITE, |call| bind(call, WriteChar)).arity(2..=2);
pub(super) const WRITE_VARCHAR: Function =
    Function::scalar(VARCHAR_WRITE, |call| bind(call, WriteVarchar)).arity(2..=2);
pub(super) const READ_CHAR: Function = Function::scalar(CHAR_READ, |call| bind(call, ReadChar)).arity(2..=2);

fn bind<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    Ok(Scalar::kernel(call, SparkType::STRING, kernel).casting(vec![SparkType::STRING, SparkType::Integer]))
}

/// The text in the room of `length` characters: as it is, without blanks that are too much, or refused.
fn limited(text: &str, length: i64) -> SparkResult<&str> {
    let room = usize::try_from(length).unwrap_or(0);
    if characters(text) <= room {
        return Ok(text);
    }
    if characters(text.trim_end_matches(' ')) > room {
        return Err(SparkError::new("EXCEED_LIMIT_LENGTH")
            .param("limit", length.to_string())
            .with_kind(ErrorKind::Runtime));
    }
    Ok(substring_of(text, 1, length))
}

fn filled(text: &str, length: i64) -> String {
    let missing = usize::try_from(length).unwrap_or(0).saturating_sub(characters(text));
    let mut filled = String::with_capacity(text.len() + missing);
    filled.push_str(text);
    filled.extend(std::iter::repeat_n(' ', missing));
    filled
}

fn evaluate(call: &KernelCall<'_>, change: impl Fn(&str, i64) -> SparkResult<String>) -> SparkResult<ColumnarValue> {
    let (texts, lengths) = (call.texts(0)?, call.integers(1)?);
    call.make_texts(|row| match (texts.get(row), lengths.get(row)) {
        (Some(text), Some(length)) => change(text, length).map(Some),
        _ => Ok(None),
    })
}

#[derive(Clone, Copy, Debug, Default)]
struct WriteChar;

impl Kernel for WriteChar {
    const NAME: &'static str = "spark_char_write";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        evaluate(call, |text, length| limited(text, length).map(|text| filled(text, length)))
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct WriteVarchar;

impl Kernel for WriteVarchar {
    const NAME: &'static str = "spark_varchar_write";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        evaluate(call, |text, length| limited(text, length).map(str::to_owned))
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct ReadChar;

impl Kernel for ReadChar {
    const NAME: &'static str = "spark_char_read";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        evaluate(call, |text, length| Ok(filled(text, length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blanks_are_cut() {
        assert_eq!(limited("ab  ", 3).unwrap(), "ab ");
        assert_eq!(limited("é", 1).unwrap(), "é");
        assert_eq!(limited("abcd", 3).unwrap_err().condition(), "EXCEED_LIMIT_LENGTH");
        assert_eq!(filled("ab", 4), "ab  ");
    }
}
