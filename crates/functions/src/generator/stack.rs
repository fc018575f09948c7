//! `stack`: a number of rows from the arguments, filled row by row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::explode::rows_type;
use crate::call::Call;
use crate::coercion::{Expected, merge_nullability, quoted_type};
use crate::function::{Function, Generator};
use crate::kernel::nested::{Picker, RowBuilder, element_field};
use crate::kernel::rows::at;
use crate::kernel::{KernelCall, from_arrow, kernel_call, kernel_udf, kernels};

pub(super) const FUNCTION: Function = Function::generator("stack", bind).since("2.0.0");

kernels! {
    /// Of the number of rows and the values.
    Stack = "spark_stack" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Generator> {
    if call.len() <= 1 {
        return Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .param("functionName", "`stack`")
            .param("expectedNum", "> 1")
            .param("actualNum", call.len().to_string())
            .param("docroot", "https://spark.apache.org/docs/latest"));
    }
    let rows = row_count(call)?;
    let values = call.len() - 1;
    let columns = values.div_ceil(rows);
    let mut types = call.data_types();
    let mut output = Vec::with_capacity(columns);
    for column in 0..columns {
        let mut common: Option<(usize, SparkType)> = None;
        for index in (column + 1..=values).step_by(columns) {
            let argument = call.argument(index)?;
            common = Some(match common {
                None => (index, argument.data_type.clone()),
                Some((first, data_type)) => {
                    let merged = merge(&data_type, &argument.data_type)
                        .ok_or_else(|| different(call, column, first, &data_type, index, &argument.data_type))?;
                    (first, merged)
                }
            });
        }
        let Some((_, data_type)) = common else { continue };
        for index in (column + 1..=values).step_by(columns) {
            if let Some(slot) = types.get_mut(index) {
                *slot = data_type.clone();
            }
        }
        output.push((format!("col{column}"), data_type, true));
    }
    let data_type = match output.as_slice() {
        [(_, data_type, nullable)] => SparkType::array(data_type.clone(), *nullable),
        output => rows_type(output),
    };
    let build = move |mut arguments: Vec<Expr>| {
        if let Some(count) = arguments.first_mut() {
            *count = lit(rows as i64);
        }
        kernel_call(kernel_udf(Stack), arguments, &data_type, -1)
    };
    Ok(Generator { arguments: types, output, rows: Arc::new(build), is_outer: false })
}

fn merge(left: &SparkType, right: &SparkType) -> Option<SparkType> {
    match (left, right) {
        (SparkType::Null, other) | (other, SparkType::Null) => Some(other.clone()),
        (left, right) => merge_nullability(left, right),
    }
}

fn different(
    call: &Call<'_>,
    column: usize,
    left_index: usize,
    left: &SparkType,
    right_index: usize,
    right: &SparkType,
) -> SparkError {
    call.mismatch("STACK_COLUMN_DIFF_TYPES")
        .param("columnIndex", column.to_string())
        .param("leftParamIndex", left_index.to_string())
        .param("leftType", quoted_type(left))
        .param("rightParamIndex", right_index.to_string())
        .param("rightType", quoted_type(right))
}

fn row_count(call: &Call<'_>) -> SparkResult<usize> {
    let count = call.argument(0)?;
    if count.data_type != SparkType::Integer {
        return Err(call.unexpected_input_type(0, &Expected::INT));
    }
    let out_of_range = |value: i32| {
        call.mismatch("VALUE_OUT_OF_RANGE")
            .param("exprName", "`n`")
            .param("valueRange", "(0, 2147483647]")
            .param("currentValue", value.to_string())
    };
    match &count.constant {
        Some(ScalarValue::Int32(Some(rows))) => match usize::try_from(*rows) {
            Ok(count) if count > 0 => Ok(count),
            Ok(_) | Err(_) => Err(out_of_range(*rows)),
        },
        Some(ScalarValue::Int32(None)) => Err(call.mismatch("UNEXPECTED_NULL").param("exprName", "`n`")),
        Some(_) | None => Err(call
            .mismatch("NON_FOLDABLE_INPUT")
            .param("inputName", "`n`")
            .param("inputType", "\"INT\"")
            .param("inputExpr", crate::coercion::quoted(&count.sql()))),
    }
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let Some((counts, values)) = arrays.split_first() else {
            return Err(SparkError::internal("stack without arguments"));
        };
        let stacked = counts.as_primitive::<Int64Type>();
        let stacked = if stacked.is_empty() { 1 } else { stacked.value(0) as usize };
        let width = values.len().div_ceil(stacked.max(1));
        let field = element_field(call.return_type)?;
        let element_types: Vec<DataType> = match field.data_type() {
            DataType::Struct(fields) if width > 1 => fields.iter().map(|field| field.data_type().clone()).collect(),
            single => vec![single.clone()],
        };
        let rows = counts.len();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(width);
        for (column, data_type) in element_types.iter().enumerate() {
            let sources: Vec<&ArrayRef> = values.iter().skip(column).step_by(width).collect();
            let mut picker = Picker::new(&sources, data_type)?;
            for row in 0..rows {
                for line in 0..stacked {
                    if line < sources.len() { picker.pick(line, row) } else { picker.pick_null() }
                }
            }
            columns.push(picker.finish()?);
        }
        let mut lists = RowBuilder::new(rows);
        for row in 0..rows {
            lists.end((row + 1) * stacked)?;
        }
        let values: ArrayRef = match field.data_type() {
            DataType::Struct(fields) if width > 1 => {
                Arc::new(StructArray::try_new(fields.clone(), columns, None).map_err(from_arrow)?)
            }
            _ => Arc::clone(at(&columns, 0)?),
        };
        lists.into_lists(&values, call.return_type)
    })
}
