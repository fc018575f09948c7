//! `named_struct` and `struct`: a struct of its arguments.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StructArray};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use crate::call::Call;
use crate::coercion::quoted;
use crate::function::{Function, Scalar};
use crate::kernel::nested::conform;
use crate::kernel::{KernelCall, from_arrow, kernel_call, kernel_udf, kernels};

pub(super) const NAMED_STRUCT: Function = Function::scalar("named_struct", bind_named).since("1.5.0");
/// Takes what `named_struct` takes; the resolver puts the names in.
pub(super) const STRUCT: Function = Function::scalar("struct", bind_named)
    .prints(|arguments| {
        let values: Vec<_> = arguments.iter().skip(1).step_by(2).map(String::as_str).collect();
        format!("struct({})", values.join(", "))
    })
    .since("1.4.0");

kernels! {
    MakeStruct = "spark_struct" => evaluate;
}

fn bind_named(call: &Call<'_>) -> SparkResult<Scalar> {
    if !call.len().is_multiple_of(2) {
        return Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .param("functionName", "`named_struct`")
            .param("expectedNum", "2n (n > 0)")
            .param("actualNum", call.len().to_string())
            .param("docroot", "https://spark.apache.org/docs/latest"));
    }
    let names: Vec<_> = call.arguments.iter().step_by(2).collect();
    let list = |wrong: &dyn Fn(&crate::call::Argument<'_>) -> bool| -> Option<String> {
        let wrong: Vec<_> = names.iter().filter(|name| wrong(name)).map(|name| quoted(&name.sql())).collect();
        (!wrong.is_empty()).then(|| format!("[{}]", wrong.join(", ")))
    };
    if let Some(names) = list(&|name| !name.is_foldable || !name.data_type.is_string()) {
        return Err(call.mismatch("CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING").param("inputExprs", names));
    }
    if let Some(names) = list(&|name| name.constant.as_ref().is_none_or(ScalarValue::is_null)) {
        return Err(call.mismatch("UNEXPECTED_NULL").param("exprName", names));
    }
    let fields: Vec<_> = names
        .iter()
        .zip(call.arguments.iter().skip(1).step_by(2))
        .map(|(name, value)| {
            let name = match &name.constant {
                Some(
                    ScalarValue::Utf8(Some(name))
                    | ScalarValue::Utf8View(Some(name))
                    | ScalarValue::LargeUtf8(Some(name)),
                ) => name.clone(),
                Some(_) | None => String::new(),
            };
            SparkField::new(name, value.data_type.clone(), value.nullable)
        })
        .collect();
    let data_type = SparkType::Struct(SparkSchema::new(fields));
    let result = data_type.clone();
    let build = move |arguments: Vec<Expr>| {
        let values = arguments.into_iter().skip(1).step_by(2).collect();
        kernel_call(kernel_udf(MakeStruct), values, &result, -1)
    };
    Ok(Scalar::expr(call, data_type, build).nullable(false))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let rows = if call.arguments.is_empty() { call.rows } else { 0 };
    call.with_arrays(|arrays| {
        let rows = arrays.first().map_or(rows, Array::len);
        let DataType::Struct(fields) = call.return_type else {
            return Err(SparkError::internal("a struct of another type"));
        };
        let columns: SparkResult<Vec<ArrayRef>> =
            arrays.iter().zip(fields).map(|(column, field)| conform(column, field.data_type())).collect();
        let structs = StructArray::try_new_with_length(fields.clone(), columns?, None, rows).map_err(from_arrow)?;
        Ok(Arc::new(structs))
    })
}
