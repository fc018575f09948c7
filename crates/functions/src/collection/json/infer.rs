//! `schema_of_json`: the type that a JSON text has.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::lit;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use super::options::Options;
use super::tree::{Node, Value, is_integer, parse};
use crate::call::Call;
use crate::coercion::{Expected, quoted};
use crate::function::{Function, Scalar};

pub(in crate::collection) const FUNCTION: Function = Function::scalar("schema_of_json", bind)
    .arity(1..=2)
    .prints(|arguments| format!("schema_of_json({})", arguments.first().map_or("", String::as_str)))
    .since("2.4.0");

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let argument = call.argument(0)?;
    if !argument.data_type.is_string() {
        return Err(call.unexpected_input_type(0, &Expected::STRING));
    }
    let text = match &argument.constant {
        Some(
            ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
        ) => text,
        Some(_) => return Err(call.mismatch("UNEXPECTED_NULL").param("exprName", "`json`")),
        None => {
            return Err(call
                .mismatch("NON_FOLDABLE_INPUT")
                .param("inputName", "`json`")
                .param("inputType", "\"STRING\"")
                .param("inputExpr", quoted(&argument.sql())));
        }
    };
    let options = Options::of_call(call, 1)?;
    let value = parse(text, options.dialect())
        .ok_or_else(|| SparkError::internal(format!("Unrecognized token in the JSON text {text} of schema_of_json")))?;
    let inferred = settled(infer(&value, &options));
    let sql = inferred.sql();
    Ok(Scalar::expr(call, SparkType::STRING, move |_| Ok(lit(sql.as_str()))).nullable(false))
}

fn infer(value: &Value<'_>, options: &Options) -> SparkType {
    let as_text = options.flag("primitivesasstring", false);
    match &value.node {
        Node::Null => SparkType::Null,
        Node::Text(_) => SparkType::STRING,
        Node::Boolean(_) if !as_text => SparkType::Boolean,
        Node::Number(spelling) if !as_text => number_type(spelling, options.flag("prefersdecimal", false)),
        Node::Boolean(_) | Node::Number(_) => SparkType::STRING,
        Node::Array(elements) => {
            let element =
                elements.iter().fold(SparkType::Null, |merged, element| merge(merged, infer(element, options)));
            SparkType::array(element, true)
        }
        Node::Object(fields) => {
            let mut typed: Vec<SparkField> =
                fields.iter().map(|(name, value)| SparkField::new(name, infer(value, options), true)).collect();
            typed.sort_by(|left, right| left.name.cmp(&right.name));
            SparkType::Struct(SparkSchema::new(typed))
        }
    }
}

fn number_type(spelling: &str, prefers_decimal: bool) -> SparkType {
    let digits = spelling.trim_start_matches('-');
    if is_integer(spelling) {
        if spelling.parse::<i64>().is_ok() {
            return SparkType::Long;
        }
        return match u8::try_from(digits.len()) {
            Ok(precision) if precision <= 38 => SparkType::decimal(precision, 0),
            Ok(_) | Err(_) => SparkType::Double,
        };
    }
    let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let total = digits.bytes().filter(u8::is_ascii_digit).count();
    match (u8::try_from(total), i8::try_from(fraction)) {
        (Ok(precision), Ok(scale)) if prefers_decimal && precision <= 38 && !digits.contains(['e', 'E']) => {
            SparkType::decimal(precision, scale)
        }
        _ => SparkType::Double,
    }
}

/// A type that values of both have.
fn merge(left: SparkType, right: SparkType) -> SparkType {
    use SparkType::{Array, Decimal, Double, Long, Null, Struct};
    match (left, right) {
        (left, right) if left == right => left,
        (Null, other) | (other, Null) => other,
        (Long, Double) | (Double, Long | Decimal { .. }) | (Decimal { .. }, Double) => Double,
        (Long, Decimal { precision, scale }) | (Decimal { precision, scale }, Long) => wider(precision, scale, 20, 0),
        (Decimal { precision, scale }, Decimal { precision: other, scale: other_scale }) => {
            wider(precision, scale, other, other_scale)
        }
        (Array { element, .. }, Array { element: other, .. }) => {
            SparkType::array(merge(element.as_ref().clone(), other.as_ref().clone()), true)
        }
        (Struct(left), Struct(right)) => {
            let mut fields: Vec<SparkField> = left.iter().cloned().collect();
            for field in right.iter() {
                match fields.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => known.data_type = merge(known.data_type.clone(), field.data_type.clone()),
                    None => fields.push(field.clone()),
                }
            }
            fields.sort_by(|left, right| left.name.cmp(&right.name));
            Struct(SparkSchema::new(fields))
        }
        _ => SparkType::STRING,
    }
}

fn wider(precision: u8, scale: i8, other: u8, other_scale: i8) -> SparkType {
    let scale_of_both = scale.max(other_scale);
    let whole = (i32::from(precision) - i32::from(scale)).max(i32::from(other) - i32::from(other_scale));
    match u8::try_from(whole + i32::from(scale_of_both)) {
        Ok(precision) if precision <= 38 => SparkType::decimal(precision, scale_of_both),
        Ok(_) | Err(_) => SparkType::Double,
    }
}

/// What is only ever null is text.
fn settled(data_type: SparkType) -> SparkType {
    match data_type {
        SparkType::Null => SparkType::STRING,
        SparkType::Array { element, .. } => SparkType::array(settled(element.as_ref().clone()), true),
        SparkType::Struct(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| SparkField::new(&field.name, settled(field.data_type.clone()), true))
                .collect();
            SparkType::Struct(SparkSchema::new(fields))
        }
        other => other,
    }
}
