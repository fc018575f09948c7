//! `from_json`: values of a given type from JSON text.

use arrow::array::Array;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use super::options::Options;
use super::read::Reader;
use super::tree::{Node, Value, parse};
use crate::call::Call;
use crate::coercion::{Expected, quoted, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::nested::conform;
use crate::kernel::rows::text;
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(in crate::collection) const FUNCTION: Function = Function::scalar("from_json", bind)
    .arity(2..=3)
    .prints(|arguments| format!("from_json({})", arguments.first().map_or("", String::as_str)))
    .since("2.2.0");

kernels! {
    /// Of a text and the options.
    FromJson = "spark_from_json" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let argument = call.argument(0)?;
    if !argument.data_type.is_string() && argument.data_type != SparkType::Null {
        return Err(call.unexpected_input_type(0, &Expected::STRING));
    }
    let schema = schema(call)?;
    if !matches!(schema, SparkType::Struct(_) | SparkType::Array { .. } | SparkType::Map { .. }) {
        return Err(call.mismatch("INVALID_JSON_SCHEMA").param("schema", quoted_type(&schema)));
    }
    let options = Options::of_call(call, 2)?;
    let mode = options.get("mode").unwrap_or("PERMISSIVE").to_uppercase();
    if mode != "PERMISSIVE" && mode != "FAILFAST" {
        return Err(SparkError::new("PARSE_MODE_UNSUPPORTED").param("funcName", "`from_json`").param("mode", mode));
    }
    let data_type = nullable(&schema);
    let result = data_type.clone();
    let mut types = call.data_types();
    if let Some(json) = types.first_mut() {
        *json = SparkType::STRING;
    }
    let build = move |mut arguments: Vec<Expr>| {
        arguments.truncate(1);
        arguments.push(options.to_expr());
        kernel_call(kernel_udf(FromJson), arguments, &result, -1)
    };
    Ok(Scalar::expr(call, data_type, build).casting(types).nullable(true))
}

/// The type that the second argument spells.
fn schema(call: &Call<'_>) -> SparkResult<SparkType> {
    let argument = call.argument(1)?;
    match &argument.constant {
        Some(
            ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
        ) => (call.context.parse_schema)(text),
        Some(_) | None => {
            Err(SparkError::new("INVALID_SCHEMA.NON_STRING_LITERAL").param("inputSchema", quoted(&argument.sql())))
        }
    }
}

/// The type with everything in it nullable.
pub(crate) fn nullable(data_type: &SparkType) -> SparkType {
    match data_type {
        SparkType::Array { element, .. } => SparkType::array(nullable(element), true),
        SparkType::Map { key, value, .. } => SparkType::map(nullable(key), nullable(value), true),
        SparkType::Struct(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| SparkField { data_type: nullable(&field.data_type), nullable: true, ..field.clone() })
                .collect();
            SparkType::Struct(SparkSchema::new(fields))
        }
        other => other.clone(),
    }
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (texts, options) = (text(arrays, 0)?, text(arrays, 1)?);
        let options = Options::from_text(if options.is_empty() { "{}" } else { options.value(0) });
        let schema = SparkType::from_arrow(call.return_type)
            .ok_or_else(|| SparkError::internal("from_json yields a type that Spark does not have"))?;
        let dialect = options.dialect();
        let parsed: Vec<Option<Value<'_>>> = (0..texts.len())
            .map(|row| if texts.is_valid(row) { parse(texts.value(row), dialect) } else { None })
            .collect();
        let reader = Reader::new(&options, call.time_zone(), texts.len())?;
        let mut roots = Vec::with_capacity(texts.len());
        for (row, value) in parsed.iter().enumerate() {
            let is_blank = texts.is_null(row) || texts.value(row).trim().is_empty();
            let root = value.as_ref().map(|value| match (&schema, &value.node) {
                // An array of objects stands for its first.
                (SparkType::Struct(_), Node::Array(elements)) => elements.first().unwrap_or(value),
                _ => value,
            });
            if root.is_none() && !is_blank {
                reader.mark_bad(row);
            }
            roots.push((row, root));
        }
        let result =
            reader.read_roots(&roots, &schema, &|row| texts.is_null(row) || texts.value(row).trim().is_empty())?;
        if options.get("mode").is_some_and(|mode| mode.eq_ignore_ascii_case("FAILFAST")) && reader.any_bad() {
            return Err(SparkError::new("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION")
                .param("badRecord", "[null]")
                .param("failFastMode", "FAILFAST"));
        }
        let result = reader.with_corrupt_records(result, &schema, &options, &texts)?;
        conform(&result, call.return_type)
    })
}
