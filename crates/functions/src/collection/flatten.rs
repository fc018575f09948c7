//! `flatten`: the elements of an array of arrays; NULL if one of those is NULL.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::{quoted, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists, range};
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("flatten", bind).arity(1..=1).since("2.4.0");

kernels! {
    Flatten = "spark_flatten" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let argument = call.argument(0)?;
    if let SparkType::Array { element, contains_null } = &argument.data_type
        && matches!(element.as_ref(), SparkType::Array { .. })
    {
        let nullable = argument.nullable || *contains_null;
        return Ok(Scalar::kernel(call, element.as_ref().clone(), Flatten).nullable(nullable));
    }
    Err(call
        .mismatch("UNEXPECTED_INPUT_TYPE")
        .param("paramIndex", "first")
        .param("requiredType", "\"ARRAY\" of \"ARRAY\"")
        .param("inputSql", quoted(&argument.sql()))
        .param("inputType", quoted_type(&argument.data_type)))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let outer = lists(arrays, 0)?;
        let inner: Vec<ArrayRef> = vec![outer.values().clone()];
        let inner = match outer.values().data_type() {
            DataType::List(_) => outer.values().as_list::<i32>().clone(),
            _ => lists(&inner, 0)?,
        };
        let mut values = Picker::new(&[inner.values()], element_field(call.return_type)?.data_type())?;
        let mut rows = RowBuilder::new(outer.len());
        for row in 0..outer.len() {
            let parts = range(outer.offsets(), row);
            if outer.is_null(row) || parts.clone().any(|part| inner.is_null(part)) {
                rows.end_null(values.len())?;
                continue;
            }
            for index in parts.flat_map(|part| range(inner.offsets(), part)) {
                values.pick(0, index);
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}
