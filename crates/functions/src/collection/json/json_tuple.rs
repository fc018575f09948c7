//! `json_tuple`: a column for each of some fields of a JSON object.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringBuilder, StringViewArray, StructArray};
use arrow::datatypes::DataType;
use datafusion::logical_expr::{ColumnarValue, Expr};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use super::tree::{Dialect, Node, parse};
use super::write::write_value;
use crate::call::Call;
use crate::function::{Function, Generator};
use crate::kernel::nested::{RowBuilder, element_field};
use crate::kernel::rows::{at, text};
use crate::kernel::{KernelCall, from_arrow, kernel_call, kernel_udf, kernels};

pub(crate) const FUNCTION: Function = Function::generator("json_tuple", bind).since("1.6.0");

kernels! {
    /// An array of one struct, or of one text if there is one field.
    JsonTuple = "spark_json_tuple" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Generator> {
    if call.len() <= 1 {
        return Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .param("functionName", "`json_tuple`")
            .param("expectedNum", "> 1")
            .param("actualNum", call.len().to_string())
            .param("docroot", "https://spark.apache.org/docs/latest"));
    }
    if call.arguments.iter().any(|argument| !argument.data_type.is_string()) {
        return Err(call.mismatch("NON_STRING_TYPE").param("funcName", "`json_tuple`"));
    }
    let output: Vec<_> = (0..call.len() - 1).map(|index| (format!("c{index}"), SparkType::STRING, true)).collect();
    let data_type = if output.len() == 1 {
        SparkType::array(SparkType::STRING, true)
    } else {
        let fields: Vec<_> = output.iter().map(|(name, _, _)| SparkField::new(name, SparkType::STRING, true)).collect();
        SparkType::array(SparkType::Struct(SparkSchema::new(fields)), false)
    };
    let rows = move |arguments: Vec<Expr>| kernel_call(kernel_udf(JsonTuple), arguments, &data_type, -1);
    Ok(Generator { arguments: vec![SparkType::STRING; call.len()], output, rows: Arc::new(rows), is_outer: false })
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let texts = text(arrays, 0)?;
        let mut names: Vec<StringViewArray> = Vec::with_capacity(arrays.len());
        for index in 1..arrays.len() {
            names.push(text(arrays, index)?);
        }
        let mut columns: Vec<StringBuilder> = names.iter().map(|_| StringBuilder::new()).collect();
        let mut rows = RowBuilder::new(texts.len());
        for row in 0..texts.len() {
            let value = if texts.is_valid(row) { parse(texts.value(row), Dialect::PATHS) } else { None };
            let fields = match value.map(|value| value.node) {
                Some(Node::Object(fields)) => fields,
                Some(_) | None => Vec::new(),
            };
            for (names, column) in names.iter().zip(&mut columns) {
                let name = if names.is_valid(row) { Some(names.value(row)) } else { None };
                let field = fields.iter().rev().find(|(key, _)| Some(key.as_str()) == name);
                match field.map(|(_, value)| (value, &value.node)) {
                    None | Some((_, Node::Null)) => column.append_null(),
                    Some((_, Node::Text(text))) => column.append_value(text),
                    Some((value, _)) => {
                        let mut text = String::new();
                        write_value(value, &mut text);
                        column.append_value(text);
                    }
                }
            }
            rows.end(row + 1)?;
        }
        let columns: Vec<ArrayRef> = columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let values: ArrayRef = match element_field(call.return_type)?.data_type() {
            DataType::Struct(fields) => {
                Arc::new(StructArray::try_new(fields.clone(), columns, None).map_err(from_arrow)?)
            }
            _ => Arc::clone(at(&columns, 0)?),
        };
        rows.into_lists(&values, call.return_type)
    })
}
