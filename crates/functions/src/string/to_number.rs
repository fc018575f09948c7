//! `to_number`, `try_to_number`, `to_char`, `to_varchar`: numbers and texts by a format.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Decimal128Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::number_format::NumberFormat;
use crate::call::Call;
use crate::coercion::{Expected, quoted, quoted_type};
use crate::function::{Bind, Function, Scalar};
use crate::kernel::{Kernel, KernelCall, from_engine};
use crate::registry;

pub(super) const TO_NUMBER: Function =
    Function::scalar("to_number", |call| to_number(call, ToNumber::<false>)).since("3.3.0").arity(2..=2);
pub(super) const TRY_TO_NUMBER: Function =
    Function::scalar("try_to_number", |call| to_number(call, ToNumber::<true>).map(|bound| bound.nullable(true)))
        .since("3.3.0")
        .arity(2..=2);
pub(super) const TO_CHAR: Function =
    Function::scalar("to_char", to_char).aliases(&["to_varchar"]).since("3.4.0").arity(2..=2);

/// The format, which must be known beforehand; `None` if it is NULL.
fn format(call: &Call<'_>) -> SparkResult<Option<String>> {
    let argument = call.argument(1)?;
    if !argument.is_foldable {
        return Err(call
            .mismatch("NON_FOLDABLE_INPUT")
            .param("inputName", "`attributereference`")
            .param("inputType", quoted_type(&SparkType::STRING))
            .param("inputExpr", quoted(&argument.sql())));
    }
    match &argument.constant {
        Some(ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text)) => Ok(text.clone()),
        Some(value) if value.is_null() => Ok(None),
        _ => Err(SparkError::unsupported(format!("{} with a format that is computed", call.function.name))),
    }
}

fn to_number<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING])?;
    let Some(format) = format(call)? else {
        return Ok(Scalar::kernel(call, SparkType::DECIMAL_DEFAULT, kernel).casting(types).nullable(true));
    };
    let (whole, fraction) = NumberFormat::parse(&format)?.size();
    let precision = whole + fraction;
    let (Ok(digits @ 0..=38), Ok(scale)) = (u8::try_from(precision), i8::try_from(fraction)) else {
        return Err(SparkError::new("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION")
            .param("precision", precision.to_string())
            .param("maxPrecision", "38"));
    };
    Ok(Scalar::kernel(call, SparkType::decimal(digits, scale), kernel).casting(types))
}

#[derive(Debug, Default, Clone, Copy)]
struct ToNumber<const TRY: bool>;

impl<const TRY: bool> Kernel for ToNumber<TRY> {
    const NAME: &'static str = if TRY { "spark_try_to_number" } else { "spark_to_number" };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, formats) = (call.texts(0)?, call.texts(1)?);
        let mut last: Option<(String, NumberFormat)> = None;
        call.make_numbers::<Decimal128Type>(|row| {
            let (Some(text), Some(format)) = (texts.get(row), formats.get(row)) else { return Ok(None) };
            match parsed(&mut last, format)?.read(text) {
                None if !TRY => Err(SparkError::new("INVALID_FORMAT.MISMATCH_INPUT")
                    .param("inputType", quoted_type(&SparkType::STRING))
                    .param("input", text)
                    .param("format", format)),
                number => Ok(number),
            }
        })
    }
}

/// The format of a row: the last one is kept.
fn parsed<'a>(last: &'a mut Option<(String, NumberFormat)>, format: &str) -> SparkResult<&'a NumberFormat> {
    let known = last.take().filter(|(known, _)| known == format);
    let entry = match known {
        Some(known) => known,
        None => (format.to_owned(), NumberFormat::parse(format)?),
    };
    Ok(&last.insert(entry).1)
}

/// Dates and times are formatted as dates, bytes by the name of a notation, anything else as a decimal.
fn to_char(call: &Call<'_>) -> SparkResult<Scalar> {
    match call.data_type(0)? {
        data_type if data_type.is_datetime() => {
            let sql: fn(&[String]) -> String = |arguments| format!("date_format({})", arguments.join(", "));
            Ok(Scalar { sql: Some(sql), ..bind_as(call, "date_format")? })
        }
        SparkType::Binary => to_char_of_binary(call),
        _ => {
            let types = call.implicit_cast(&[Expected::AnyDecimal, Expected::STRING])?;
            if let Some(format) = format(call)? {
                NumberFormat::parse(&format)?;
            }
            Ok(Scalar::kernel(call, SparkType::STRING, ToChar).casting(types))
        }
    }
}

/// Binds the call as one of another function,.
fn bind_as(call: &Call<'_>, name: &str) -> SparkResult<Scalar> {
    match registry::find(name).map(|function| function.bind) {
        Some(Bind::Scalar(bind)) => bind(call),
        _ => Err(SparkError::unsupported(format!("{} by way of {name}", call.function.name))),
    }
}

fn print(name: &str, arguments: Option<&[String]>) -> String {
    format!("{name}({})", arguments.unwrap_or_default().join(", "))
}

fn to_char_of_binary(call: &Call<'_>) -> SparkResult<Scalar> {
    let Some(format) = format(call)? else {
        return Ok(Scalar::kernel(call, SparkType::STRING, ToChar).nullable(true));
    };
    // Under its other name, the function prints as that.
    let is_alias = call.called_as == "to_varchar";
    let sql: fn(&[String]) -> String = match format.to_lowercase().as_str() {
        "base64" | "hex" if is_alias => |arguments| print("to_varchar", arguments.get(..1)),
        "utf-8" if is_alias => |arguments| print("to_varchar", Some(arguments)),
        "base64" => |arguments| print("base64", arguments.get(..1)),
        "hex" => |arguments| print("hex", arguments.get(..1)),
        "utf-8" => |arguments| print("decode", Some(arguments)),
        _ => {
            return Err(SparkError::new("INVALID_PARAMETER_VALUE.BINARY_FORMAT")
                .param("functionName", format!("`{}`", call.called_as))
                .param("parameter", "`format`")
                .param("invalidFormat", format!("'{format}'")));
        }
    };
    let nullable = call.argument(0)?.nullable || format.eq_ignore_ascii_case("utf-8");
    let bound = Scalar::kernel(call, SparkType::STRING, ToChar).nullable(nullable);
    Ok(Scalar { sql: Some(sql), ..bound })
}

#[derive(Debug, Default, Clone, Copy)]
struct ToChar;

impl Kernel for ToChar {
    const NAME: &'static str = "spark_to_char";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let formats = call.texts(1)?;
        let DataType::Decimal128(_, scale) = call.argument(0)?.data_type() else {
            let values = call.bytes(0)?;
            return call.make_texts(|row| {
                let (Some(bytes), Some(format)) = (values.get(row), formats.get(row)) else { return Ok(None) };
                Ok(Some(match format.to_lowercase().as_str() {
                    "base64" => super::code::encoded(bytes),
                    "hex" => crate::math::hex::hex_of_bytes(bytes),
                    _ => String::from_utf8(bytes.to_vec())
                        .map_err(|_| super::code::malformed_characters("decode", format))?,
                }))
            });
        };
        let numbers = call.argument(0)?.to_array(call.rows_to_compute()).map_err(from_engine)?;
        let numbers = numbers.as_primitive::<Decimal128Type>();
        let mut last: Option<(String, NumberFormat)> = None;
        call.make_texts(|row| {
            let number = numbers.is_valid(row).then(|| numbers.value(row));
            let (Some(number), Some(format)) = (number, formats.get(row)) else { return Ok(None) };
            Ok(Some(parsed(&mut last, format)?.write(number, scale)))
        })
    }
}
