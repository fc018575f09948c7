//! `variant_explode` and `variant_explode_outer`: a row for each element of a variant that is an array, or each field of
//! one that is an object.

use std::sync::Arc;

use arrow::array::Array;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr};
use firesteel_base::{SparkResult, SparkType};

use super::binary::Value;
use super::cast::variant_cell;
use super::json::value_at;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Generator, Parameter};
use crate::generator::rows_type;
use crate::kernel::cells::{Cell, build};
use crate::kernel::rows::at;
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const VARIANT_EXPLODE: Function =
    Function::generator("variant_explode", |call| bind(call, false)).named(INPUT).arity(1..=1).since("4.0.0");
pub(super) const VARIANT_EXPLODE_OUTER: Function =
    Function::generator("variant_explode_outer", |call| bind(call, true)).named(INPUT).arity(1..=1).since("4.0.0");

const INPUT: &[Parameter] = &[Parameter::required("input")];

kernels! {
    ExplodedVariant = "spark_variant_explode" => exploded;
}

fn bind(call: &Call<'_>, is_outer: bool) -> SparkResult<Generator> {
    match call.data_type(0)? {
        SparkType::Variant | SparkType::Null => {}
        _ => return Err(call.unexpected_input_type(0, &Expected::Exactly(SparkType::Variant))),
    }
    let output = vec![
        ("pos".to_owned(), SparkType::Integer, is_outer),
        ("key".to_owned(), SparkType::STRING, true),
        ("value".to_owned(), SparkType::Variant, is_outer),
    ];
    let data_type = rows_type(&output);
    let rows = move |arguments: Vec<Expr>| kernel_call(kernel_udf(ExplodedVariant), arguments, &data_type, -1);
    Ok(Generator { arguments: vec![SparkType::Variant], output, rows: Arc::new(rows), is_outer })
}

fn exploded(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let values = at(arrays, 0)?;
        let mut lists = Vec::with_capacity(values.len());
        for row in 0..values.len() {
            let mut items = Vec::new();
            let value = if values.is_valid(row) { value_at(values, row)? } else { Value::Null };
            match value {
                Value::Array(elements) => {
                    for element in &elements {
                        items.push(item(items.len(), None, element)?);
                    }
                }
                Value::Object(fields) => {
                    for (name, field) in &fields {
                        items.push(item(items.len(), Some(name), field)?);
                    }
                }
                _ => {}
            }
            lists.push(Cell::List(items));
        }
        build(&lists.iter().collect::<Vec<_>>(), call.return_type)
    })
}

fn item(position: usize, key: Option<&String>, value: &Value) -> SparkResult<Cell> {
    let position = ScalarValue::Int32(i32::try_from(position).ok());
    let key = key.map_or(Cell::Null, |key| Cell::Leaf(ScalarValue::Utf8(Some(key.clone()))));
    Ok(Cell::Struct(vec![Cell::Leaf(position), key, variant_cell(value)?]))
}
