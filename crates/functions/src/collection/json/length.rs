//! `json_array_length` and `json_object_keys`: the outermost array's size, the outermost object's names.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::datatypes::Int32Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::tree::{Dialect, Node, parse};
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::nested::RowBuilder;
use crate::kernel::rows::text;
use crate::kernel::{KernelCall, kernels};

pub(in crate::collection) const JSON_ARRAY_LENGTH: Function = Function::scalar("json_array_length", |call| {
    Ok(Scalar::coercing(call, &[Expected::STRING], SparkType::Integer, JsonArrayLength)?.nullable(true))
})
.arity(1..=1)
.since("3.1.0");
pub(in crate::collection) const JSON_OBJECT_KEYS: Function = Function::scalar("json_object_keys", |call| {
    let keys = SparkType::array(SparkType::STRING, true);
    Ok(Scalar::coercing(call, &[Expected::STRING], keys, JsonObjectKeys)?.nullable(true))
})
.arity(1..=1)
.since("3.1.0");

kernels! {
    JsonArrayLength = "spark_json_array_length" => |call| call.with_arrays(|arrays| {
        let texts = text(arrays, 0)?;
        call.build::<Int32Type>(texts.len(), |row| {
            if texts.is_null(row) {
                return Ok(None);
            }
            Ok(match parse(texts.value(row), Dialect::PATHS).map(|value| value.node) {
                Some(Node::Array(elements)) => Some(elements.len() as i32),
                Some(_) | None => None,
            })
        })
    });
    JsonObjectKeys = "spark_json_object_keys" => keys;
}

fn keys(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let texts = text(arrays, 0)?;
        let mut keys: Vec<String> = Vec::new();
        let mut rows = RowBuilder::new(texts.len());
        for row in 0..texts.len() {
            let value = if texts.is_valid(row) { parse(texts.value(row), Dialect::PATHS) } else { None };
            match value.map(|value| value.node) {
                Some(Node::Object(fields)) => {
                    keys.extend(fields.into_iter().map(|(name, _)| name));
                    rows.end(keys.len())?;
                }
                Some(_) | None => rows.end_null(keys.len())?,
            }
        }
        let keys: ArrayRef = Arc::new(StringArray::from(keys));
        rows.into_lists(&keys, call.return_type)
    })
}
