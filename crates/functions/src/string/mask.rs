//! `mask`, `luhn_check`, `quote`.

use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkResult, SparkType};

use super::arguments::Texts;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{DefaultValue, Function, Parameter, Scalar};
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf};

const MASK_PARAMETERS: &[Parameter] = &[
    Parameter::required("str"),
    Parameter::optional("upperChar", DefaultValue::Text("X")),
    Parameter::optional("lowerChar", DefaultValue::Text("x")),
    Parameter::optional("digitChar", DefaultValue::Text("n")),
    Parameter::optional("otherChar", DefaultValue::Null),
];

pub(super) const MASK: Function =
    Function::scalar("mask", mask).since("3.4.0").arity(1..=5).named(MASK_PARAMETERS).prints(|arguments| {
        let defaults = ["", "X", "x", "n", "NULL"].into_iter().skip(arguments.len());
        let all: Vec<&str> = arguments.iter().map(String::as_str).chain(defaults).collect();
        format!("mask({})", all.join(", "))
    });
pub(super) const LUHN_CHECK: Function = Function::scalar("luhn_check", |call| {
    Ok(Scalar::kernel(call, SparkType::Boolean, LuhnCheck)
        .casting(call.implicit_cast(&[Expected::STRING])?)
        .nullable(true))
})
.since("3.5.0")
.arity(1..=1);
pub(super) const QUOTE: Function = Function::scalar("quote", |call| {
    Ok(Scalar::kernel(call, SparkType::STRING, Quote).casting(call.implicit_cast(&[Expected::STRING])?).nullable(true))
})
.since("4.1.0")
.arity(1..=1);

fn mask(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[const { Expected::STRING }; 5])?;
    if let Some(index) = (1..call.len())
        .find(|index| call.data_type(*index).is_ok_and(|given| !given.is_string() && *given != SparkType::Null))
    {
        return Err(call.unexpected_input_type(index, &Expected::STRING));
    }
    for index in 1..call.len() {
        check_character(call, index)?;
    }
    let bound = Scalar::expr(call, SparkType::STRING, |mut arguments: Vec<Expr>| {
        let defaults = [lit("X"), lit("x"), lit("n"), lit(ScalarValue::Utf8(None))];
        let given = arguments.len().saturating_sub(1);
        arguments.extend(defaults.into_iter().skip(given));
        kernel_call(kernel_udf(Mask), arguments, &SparkType::STRING, -1)
    });
    Ok(bound.casting(types).nullable(true))
}

/// A replacement is one character, known beforehand.
fn check_character(call: &Call<'_>, index: usize) -> SparkResult<()> {
    let name = ["", "upperChar", "lowerChar", "digitChar", "otherChar"].get(index).copied().unwrap_or("");
    let argument = call.argument(index)?;
    if !argument.is_foldable {
        return Err(call
            .mismatch("NON_FOLDABLE_INPUT")
            .param("inputName", format!("`{name}`"))
            .param("inputType", crate::coercion::quoted_type(&argument.data_type))
            .param("inputExpr", crate::coercion::quoted(&argument.sql())));
    }
    let text = match &argument.constant {
        Some(
            ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
        ) => text,
        _ => return Ok(()),
    };
    if text.chars().count() == 1 {
        return Ok(());
    }
    Err(call.mismatch("INPUT_SIZE_NOT_ONE").param("exprName", name))
}

/// Exchanges characters by their kind; NULL as replacement keeps them.
#[derive(Debug, Default, Clone, Copy)]
struct Mask;

impl Kernel for Mask {
    const NAME: &'static str = "spark_mask";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        let replacements = (1..5).map(|index| call.texts(index)).collect::<SparkResult<Vec<Texts>>>()?;
        call.make_texts(|row| {
            let Some(text) = texts.get(row) else { return Ok(None) };
            let replacement = |kind: usize| {
                replacements.get(kind).and_then(|replacement| replacement.get(row)).and_then(|text| text.chars().next())
            };
            let (upper, lower, digit, other) = (replacement(0), replacement(1), replacement(2), replacement(3));
            let masked = text.chars().map(|character| {
                let replacement = match character {
                    character if character.is_uppercase() => upper,
                    character if character.is_lowercase() => lower,
                    character if character.is_numeric() => digit,
                    _ => other,
                };
                replacement.unwrap_or(character)
            });
            Ok(Some(masked.collect::<String>()))
        })
    }
}

/// Whether digits end in the check digit that the others demand.
#[derive(Debug, Default, Clone, Copy)]
struct LuhnCheck;

impl Kernel for LuhnCheck {
    const NAME: &'static str = "spark_luhn_check";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        call.make_booleans(|row| Ok(texts.get(row).map(is_luhn)))
    }
}

fn is_luhn(text: &str) -> bool {
    let mut sum = 0;
    for (place, letter) in text.bytes().rev().enumerate() {
        if !letter.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(letter - b'0');
        let doubled = digit * 2;
        sum += match place % 2 {
            0 => digit,
            _ if doubled > 9 => doubled - 9,
            _ => doubled,
        };
    }
    !text.is_empty() && sum % 10 == 0
}

/// In single quotes, with a backslash before those inside.
#[derive(Debug, Default, Clone, Copy)]
struct Quote;

impl Kernel for Quote {
    const NAME: &'static str = "spark_quote";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        call.make_texts(|row| Ok(texts.get(row).map(|text| format!("'{}'", text.replace('\'', "\\'")))))
    }
}
