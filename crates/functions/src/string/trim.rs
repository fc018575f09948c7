//! `trim`, `ltrim`, `rtrim`, `btrim`: characters taken off the ends, blanks if none are given.
//!
//! `trim(characters, text)` has the characters first, as the parser makes it of `TRIM(characters FROM text)`;
//! `btrim(text, characters)` has them last.

use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::arguments::Texts;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall};

pub(super) const TRIM: Function = Function::scalar("trim", |call| bind(call, Trim))
    .since("1.5.0")
    .arity(1..=2)
    .prints(|arguments| print("trim", "BOTH", arguments));
pub(super) const LTRIM: Function = Function::scalar("ltrim", |call| bind(call, TrimLeading))
    .since("1.5.0")
    .arity(1..=2)
    .prints(|arguments| print("ltrim", "LEADING", arguments));
pub(super) const RTRIM: Function = Function::scalar("rtrim", |call| bind(call, TrimTrailing))
    .since("1.5.0")
    .arity(1..=2)
    .prints(|arguments| print("rtrim", "TRAILING", arguments));
pub(super) const BTRIM: Function = Function::scalar("btrim", |call| bind(call, TrimBoth)).since("3.2.0").arity(1..=2);

fn print(name: &str, side: &str, arguments: &[String]) -> String {
    match arguments {
        [characters, text] => format!("TRIM({side} {characters} FROM {text})"),
        arguments => format!("{name}({})", arguments.join(", ")),
    }
}

fn bind<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING])?;
    Ok(Scalar::kernel(call, SparkType::STRING, kernel).casting(types))
}

/// Which ends are trimmed.
#[derive(Clone, Copy)]
struct Ends {
    start: bool,
    end: bool,
}

fn trimmed<'a>(text: &'a str, characters: &str, ends: Ends) -> &'a str {
    let text = if ends.start { text.trim_start_matches(|character| characters.contains(character)) } else { text };
    if ends.end { text.trim_end_matches(|character| characters.contains(character)) } else { text }
}

fn trim(call: &KernelCall<'_>, texts: &Texts, characters: Option<&Texts>, ends: Ends) -> SparkResult<ColumnarValue> {
    call.make_texts(|row| {
        let characters = characters.map_or(Some(" "), |characters| characters.get(row));
        Ok(texts.get(row).zip(characters).map(|(text, characters)| trimmed(text, characters, ends)))
    })
}

/// With the characters before the text.
fn trim_characters_first(call: &KernelCall<'_>, ends: Ends) -> SparkResult<ColumnarValue> {
    if call.has(1) {
        return trim(call, &call.texts(1)?, Some(&call.texts(0)?), ends);
    }
    trim(call, &call.texts(0)?, None, ends)
}

macro_rules! trim_kernel {
    ($kernel:ident, $name:literal, $start:literal, $end:literal) => {
        #[derive(Debug, Default, Clone, Copy)]
        struct $kernel;

        impl Kernel for $kernel {
            const NAME: &'static str = $name;

            fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
                trim_characters_first(call, Ends { start: $start, end: $end })
            }
        }
    };
}

trim_kernel!(Trim, "spark_trim", true, true);
trim_kernel!(TrimLeading, "spark_ltrim", true, false);
trim_kernel!(TrimTrailing, "spark_rtrim", false, true);

#[derive(Debug, Default, Clone, Copy)]
struct TrimBoth;

impl Kernel for TrimBoth {
    const NAME: &'static str = "spark_btrim";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let characters = if call.has(1) { Some(call.texts(1)?) } else { None };
        trim(call, &call.texts(0)?, characters.as_ref(), Ends { start: true, end: true })
    }
}
