//! `schema_of_csv`: the type that a line of separated values has.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::lit;
use firesteel_base::{SparkField, SparkResult, SparkSchema, SparkType};

use super::line::Format;
use crate::call::Call;
use crate::cast::{Zone, datetime};
use crate::coercion::{Expected, quoted};
use crate::collection::json::Options;
use crate::function::{Function, Scalar};

pub(in crate::collection) const FUNCTION: Function = Function::scalar("schema_of_csv", bind)
    .arity(1..=2)
    .prints(|arguments| format!("schema_of_csv({})", arguments.first().map_or("", String::as_str)))
    .since("3.0.0");

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let argument = call.argument(0)?;
    if argument.data_type == SparkType::Null {
        return Err(call.mismatch("UNEXPECTED_NULL").param("exprName", "csv"));
    }
    if !argument.data_type.is_string() {
        return Err(call.unexpected_input_type(0, &Expected::STRING));
    }
    let line = match &argument.constant {
        Some(
            ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
        ) => text,
        Some(_) => return Err(call.mismatch("UNEXPECTED_NULL").param("exprName", "csv")),
        None => {
            return Err(call
                .mismatch("NON_FOLDABLE_INPUT")
                .param("inputName", "`csv`")
                .param("inputType", "\"STRING\"")
                .param("inputExpr", quoted(&argument.sql())));
        }
    };
    let format = Format::new(&Options::of_call(call, 1)?, false);
    let zone = Zone::parse(&call.context.time_zone)?;
    let fields: Vec<_> = format
        .read(line)
        .iter()
        .enumerate()
        .map(|(index, value)| SparkField::new(format!("_c{index}"), infer(value.as_deref(), &zone), true))
        .collect();
    let sql = SparkType::Struct(SparkSchema::new(fields)).sql();
    Ok(Scalar::expr(call, SparkType::STRING, move |_| Ok(lit(sql.as_str()))).nullable(false))
}

fn infer(value: Option<&str>, zone: &Zone) -> SparkType {
    let Some(text) = value.filter(|text| !text.is_empty()) else { return SparkType::STRING };
    if text.parse::<i32>().is_ok() {
        return SparkType::Integer;
    }
    if text.parse::<i64>().is_ok() {
        return SparkType::Long;
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return match u8::try_from(digits.len()) {
            Ok(precision) if precision <= 38 => SparkType::decimal(precision, 0),
            Ok(_) | Err(_) => SparkType::Double,
        };
    }
    let is_special = matches!(text, "NaN" | "Inf" | "-Inf");
    if is_special || (text.contains(|letter: char| letter.is_ascii_digit()) && text.trim().parse::<f64>().is_ok()) {
        return SparkType::Double;
    }
    if datetime::parse_date(text).is_some() && text.len() <= 10 {
        return SparkType::Date;
    }
    if datetime::parse_timestamp(text, zone, datetime::today).is_some() {
        return SparkType::Timestamp;
    }
    match text.to_lowercase().as_str() {
        "true" | "false" => SparkType::Boolean,
        _ => SparkType::STRING,
    }
}
