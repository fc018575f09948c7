//! `listagg`, `string_agg`: texts or bytes of a group, joined. The order of `WITHIN GROUP` is the engine's array
//! aggregate's, whose array is joined at the end.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, ListArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::logical_expr::{ColumnarValue, Expr};
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::{Expected, quoted, quoted_type};
use crate::function::{Aggregate, Function};
use crate::kernel::{Kernel, KernelCall, from_arrow, kernel_call, kernel_udf};

pub(super) const LISTAGG: Function =
    Function::aggregate("listagg", bind).since("4.0.0").arity(1..=2).prints(|arguments| print("listagg", arguments));
pub(super) const STRING_AGG: Function = Function::aggregate("string_agg", bind)
    .since("4.0.0")
    .arity(1..=2)
    .prints(|arguments| print("string_agg", arguments));

fn print(name: &str, arguments: &[String]) -> String {
    let value = arguments.first().map_or("", String::as_str);
    let delimiter = arguments.get(1).map_or("NULL", String::as_str);
    format!("{name}({value}, {delimiter})")
}

fn bind(call: &Call<'_>) -> SparkResult<Aggregate> {
    let mut types = call.implicit_cast(&[Expected::StringOrBinary, Expected::StringOrBinary])?;
    let value = types.first().cloned().unwrap_or(SparkType::STRING);
    if let Some(delimiter) = call.arguments.get(1) {
        if !delimiter.is_foldable {
            return Err(call
                .mismatch("NON_FOLDABLE_INPUT")
                .param("inputName", "`delimiter`")
                .param("inputType", quoted_type(&delimiter.data_type))
                .param("inputExpr", quoted(&delimiter.sql())));
        }
        let is_null = delimiter.data_type == SparkType::Null;
        let differs = types.get(1).is_some_and(|delimiter| delimiter.is_string() != value.is_string());
        if !is_null && differs {
            let types: Vec<String> = call.arguments.iter().map(|argument| quoted_type(&argument.data_type)).collect();
            return Err(call.data_diff_types(call.called_as, format!("({})", types.join(" or "))));
        }
        if is_null && let Some(delimiter) = types.get_mut(1) {
            *delimiter = value.clone();
        }
    }
    let delimiter = call.arguments.get(1).and_then(|delimiter| delimiter.constant.clone());
    let result = value.clone();
    let bound = Aggregate::new(call, value, true, array_agg_udaf()).casting(types).before(|mut arguments| {
        arguments.truncate(1);
        Ok(arguments)
    });
    Ok(bound.after(move |list| {
        let delimiter = Expr::Literal(delimiter.clone().unwrap_or(ScalarValue::Utf8(None)), None);
        kernel_call(kernel_udf(JoinList), vec![list, delimiter], &result, -1)
    }))
}

/// Joins the elements of a list that are not NULL; NULL if there are none.
#[derive(Debug, Default, Clone, Copy)]
struct JoinList;

impl Kernel for JoinList {
    const NAME: &'static str = "spark_join_list";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let is_binary = matches!(call.return_type, DataType::Binary);
        let delimiter = match call.scalar(1) {
            Some(
                ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)),
            ) => text.clone().into_bytes(),
            Some(
                ScalarValue::Binary(Some(bytes))
                | ScalarValue::LargeBinary(Some(bytes))
                | ScalarValue::BinaryView(Some(bytes)),
            ) => bytes.clone(),
            _ => Vec::new(),
        };
        call.with_arrays(|arrays| {
            let Some(lists) = arrays.first().and_then(|lists| lists.as_list_opt::<i32>()) else {
                return Ok(arrow::array::new_null_array(call.return_type, call.rows));
            };
            if is_binary { join_bytes(lists, &delimiter) } else { join_texts(lists, &delimiter) }
        })
    }
}

fn join_bytes(lists: &ListArray, delimiter: &[u8]) -> SparkResult<ArrayRef> {
    let mut joined = BinaryBuilder::new();
    for list in lists.iter() {
        match list.filter(|list| list.null_count() < list.len()) {
            Some(list) => {
                let list = cast(&list, &DataType::Binary).map_err(from_arrow)?;
                let elements: Vec<&[u8]> = list.as_binary::<i32>().iter().flatten().collect();
                joined.append_value(elements.join(delimiter));
            }
            None => joined.append_null(),
        }
    }
    Ok(Arc::new(joined.finish()))
}

fn join_texts(lists: &ListArray, delimiter: &[u8]) -> SparkResult<ArrayRef> {
    let delimiter = String::from_utf8_lossy(delimiter);
    let mut joined = StringBuilder::new();
    for list in lists.iter() {
        match list.filter(|list| list.null_count() < list.len()) {
            Some(list) => {
                let list = cast(&list, &DataType::Utf8).map_err(from_arrow)?;
                let elements: Vec<&str> = list.as_string::<i32>().iter().flatten().collect();
                joined.append_value(elements.join(&delimiter));
            }
            None => joined.append_null(),
        }
    }
    Ok(Arc::new(joined.finish()))
}
