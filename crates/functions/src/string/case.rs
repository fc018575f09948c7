//! `upper`, `lower`, `initcap`.

use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall};

pub(super) const UPPER: Function =
    Function::scalar("upper", |call| bind(call, Upper)).aliases(&["ucase"]).since("1.0.1").arity(1..=1).prints_alias();
pub(super) const LOWER: Function =
    Function::scalar("lower", |call| bind(call, Lower)).aliases(&["lcase"]).since("1.0.1").arity(1..=1).prints_alias();
pub(super) const INITCAP: Function =
    Function::scalar("initcap", |call| bind(call, Initcap)).since("1.5.0").arity(1..=1);

fn bind<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    Ok(Scalar::kernel(call, SparkType::STRING, kernel).casting(call.implicit_cast(&[Expected::STRING])?))
}

#[derive(Debug, Default, Clone, Copy)]
struct Upper;

impl Kernel for Upper {
    const NAME: &'static str = "spark_upper";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        call.make_texts(|row| Ok(texts.get(row).map(upper)))
    }
}

fn upper(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_uppercase() } else { text.to_uppercase() }
}

#[derive(Debug, Default, Clone, Copy)]
struct Lower;

impl Kernel for Lower {
    const NAME: &'static str = "spark_lower";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        call.make_texts(|row| Ok(texts.get(row).map(lower)))
    }
}

fn lower(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// The first letter of each word in upper case, the rest in lower case; only blanks part words.
#[derive(Debug, Default, Clone, Copy)]
struct Initcap;

impl Kernel for Initcap {
    const NAME: &'static str = "spark_initcap";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        call.make_texts(|row| Ok(texts.get(row).map(initcap)))
    }
}

fn initcap(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut begins = true;
    for character in text.chars() {
        if begins {
            // What becomes several letters has only the first of them in upper case.
            let mut capital = character.to_uppercase();
            result.extend(capital.next());
            result.extend(capital.flat_map(char::to_lowercase));
        } else {
            result.extend(character.to_lowercase());
        }
        begins = character == ' ';
    }
    result
}
