//! `parse_json`, `variant_get` and what else reads and makes variants.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::binary::{Value, decode};
use super::cast::{Target, cast_to, variant_cell};
use super::extract::{find, path};
use super::json::{parse_json, parts, value_at};
use super::schema::schema_of;
use crate::call::Call;
use crate::cast::Zone;
use crate::coercion::{Expected, quoted, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::cells::{Cell, build};
use crate::kernel::rows::{at, text};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const PARSE_JSON: Function =
    Function::scalar("parse_json", |call| bind_parse(call, false)).arity(1..=1).since("4.0.0");
pub(super) const TRY_PARSE_JSON: Function =
    Function::scalar("try_parse_json", |call| bind_parse(call, true)).arity(1..=1).since("4.0.0");
pub(super) const VARIANT_GET: Function = Function::scalar("variant_get", |call| bind_get(call, false))
    .prints(|a| print_get("variant_get", a))
    .arity(2..=3)
    .since("4.0.0");
pub(super) const TRY_VARIANT_GET: Function = Function::scalar("try_variant_get", |call| bind_get(call, true))
    .prints(|a| print_get("try_variant_get", a))
    .arity(2..=3)
    .since("4.0.0");
pub(super) const IS_VARIANT_NULL: Function = Function::scalar("is_variant_null", |call| {
    check_variant(call)?;
    Ok(Scalar::kernel(call, SparkType::Boolean, IsNull).casting(vec![SparkType::Variant]).nullable(false))
})
.arity(1..=1)
.since("4.0.0");
pub(super) const IS_VALID_VARIANT: Function = Function::scalar("is_valid_variant", |call| {
    check_variant(call)?;
    Ok(Scalar::kernel(call, SparkType::Boolean, IsValid).casting(vec![SparkType::Variant]))
})
.arity(1..=1)
.since("4.2.0");
pub(super) const SCHEMA_OF_VARIANT: Function = Function::scalar("schema_of_variant", |call| {
    check_variant(call)?;
    Ok(Scalar::kernel(call, SparkType::STRING, SchemaOf).casting(vec![SparkType::Variant]))
})
.arity(1..=1)
.since("4.0.0");
pub(super) const TO_VARIANT_OBJECT: Function =
    Function::scalar("to_variant_object", bind_object).arity(1..=1).since("4.0.0");

fn print_get(name: &str, arguments: &[String]) -> String {
    format!("{name}({})", arguments.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(", "))
}

fn check_variant(call: &Call<'_>) -> SparkResult<()> {
    match call.data_type(0)? {
        SparkType::Variant | SparkType::Null => Ok(()),
        _ => Err(call.unexpected_input_type(0, &Expected::Exactly(SparkType::Variant))),
    }
}

kernels! {
    /// Of a text and whether text that is no JSON yields NULL.
    ParseJson = "spark_parse_json" => parse;
    /// Of a variant, a path, the type as JSON, and whether what fails yields NULL.
    Get = "spark_variant_get" => get;
    IsNull = "spark_is_variant_null" => |call| call.with_arrays(|arrays| {
        let values = at(arrays, 0)?;
        let is_null = |row: usize| Ok(values.is_valid(row) && value_at(values, row)? == Value::Null);
        let nulls: SparkResult<Vec<bool>> = (0..values.len()).map(is_null).collect();
        Ok(Arc::new(BooleanArray::from(nulls?)))
    });
    IsValid = "spark_is_valid_variant" => |call| call.with_arrays(|arrays| {
        let (values, metadata) = parts(at(arrays, 0)?)?;
        let array = at(arrays, 0)?;
        let is_valid =
            |row: usize| array.is_valid(row).then(|| decode(values.value(row), metadata.value(row)).is_ok());
        Ok(Arc::new((0..array.len()).map(is_valid).collect::<BooleanArray>()))
    });
    SchemaOf = "spark_schema_of_variant" => |call| call.with_arrays(|arrays| {
        let values = at(arrays, 0)?;
        call.build_text(values.len(), |row, out| {
            if values.is_null(row) {
                return Ok(false);
            }
            schema_of(&value_at(values, row)?).write(out);
            Ok(true)
        })
    });
}

fn bind_parse(call: &Call<'_>, is_try: bool) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING])?;
    let nullable = is_try || call.any_nullable_as(&types);
    let build = move |mut arguments: Vec<Expr>| {
        arguments.push(lit(is_try));
        kernel_call(kernel_udf(ParseJson), arguments, &SparkType::Variant, -1)
    };
    Ok(Scalar::expr(call, SparkType::Variant, build).casting(types).nullable(nullable))
}

fn parse(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let texts = text(arrays, 0)?;
        let tries = at(arrays, 1)?.as_boolean();
        let mut cells = Vec::with_capacity(texts.len());
        for row in 0..texts.len() {
            if texts.is_null(row) {
                cells.push(Cell::Null);
                continue;
            }
            cells.push(match parse_json(texts.value(row)) {
                Some(value) => variant_cell(&value)?,
                None if tries.value(row) => Cell::Null,
                None => {
                    return Err(SparkError::new("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION")
                        .param("badRecord", texts.value(row))
                        .param("failFastMode", "FAILFAST"));
                }
            });
        }
        build(&cells.iter().collect::<Vec<_>>(), call.return_type)
    })
}

fn bind_get(call: &Call<'_>, is_try: bool) -> SparkResult<Scalar> {
    check_variant(call)?;
    let types = call.implicit_cast(&[Expected::AnyType, Expected::STRING, Expected::STRING])?;
    let constant = |index: usize| match call.arguments.get(index).map(|argument| argument.constant.as_ref()) {
        Some(Some(
            ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
        )) => Ok(Some(text.clone())),
        None => Ok(None),
        Some(_) => {
            let argument = call.argument(index)?;
            Err(call
                .mismatch("NON_FOLDABLE_INPUT")
                .param("inputName", "`type`")
                .param("inputType", "\"STRING\"")
                .param("inputExpr", quoted(&argument.sql())))
        }
    };
    let to = match constant(2)? {
        Some(spelling) => (call.context.parse_schema)(&spelling)?,
        None => SparkType::Variant,
    };
    if call.argument(1)?.constant.is_some()
        && let Some(known) = constant(1)?
    {
        path(&known, if is_try { "try_variant_get" } else { "variant_get" })?;
    }
    let to = crate::collection::nullable(&to);
    let result = to.clone();
    let build = move |mut arguments: Vec<Expr>| {
        arguments.truncate(2);
        arguments.push(lit(result.json()));
        arguments.push(lit(is_try));
        kernel_call(kernel_udf(Get), arguments, &result, -1)
    };
    let mut casting = types;
    if let Some(first) = casting.first_mut() {
        *first = SparkType::Variant;
    }
    Ok(Scalar::expr(call, to, build).casting(casting).nullable(true))
}

fn get(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let values = at(arrays, 0)?;
        let (paths, types) = (text(arrays, 1)?, text(arrays, 2)?);
        if values.is_empty() {
            return build(&[], call.return_type);
        }
        let to = SparkType::from_json(types.value(0))?;
        let tries = at(arrays, 3)?.as_boolean().value(0);
        let target = Target { zone: Zone::parse(call.time_zone())?, zone_name: call.time_zone(), tries };
        let function = if tries { "try_variant_get" } else { "variant_get" };
        let mut cells = Vec::with_capacity(values.len());
        for row in 0..values.len() {
            if values.is_null(row) || paths.is_null(row) {
                cells.push(Cell::Null);
                continue;
            }
            let segments = path(paths.value(row), function)?;
            let value = value_at(values, row)?;
            cells.push(match find(&value, &segments) {
                Some(found) => target.cell(found, &to)?,
                None => Cell::Null,
            });
        }
        build(&cells.iter().collect::<Vec<_>>(), call.return_type)
    })
}

fn bind_object(call: &Call<'_>) -> SparkResult<Scalar> {
    let from = call.data_type(0)?.clone();
    if !matches!(from, SparkType::Struct(_) | SparkType::Array { .. } | SparkType::Map { .. }) {
        return Err(call
            .mismatch("CAST_WITHOUT_SUGGESTION")
            .param("srcType", quoted_type(&from))
            .param("targetType", "\"VARIANT\""));
    }
    let nullable = call.argument(0)?.nullable;
    let build = move |arguments: Vec<Expr>| {
        let value = arguments.into_iter().next();
        cast_to(value.ok_or_else(|| SparkError::internal("to_variant_object without a value"))?, &from, -1)
    };
    Ok(Scalar::expr(call, SparkType::Variant, build).nullable(nullable))
}
