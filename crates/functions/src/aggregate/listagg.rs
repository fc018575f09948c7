//! `listagg`, `string_agg`: texts or bytes of a group, joined; in the order of `WITHIN GROUP`, which reaches the
//! function as the aggregate's `ORDER BY`.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray, ListArray, StringBuilder};
use arrow::compute::{SortColumn, cast, filter, lexsort_to_indices, take};
use arrow::datatypes::{DataType, Field};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, Expr};
use firesteel_base::{SparkResult, SparkType};

use super::gathered::{GatheredRows, Gathering, boxed_gathering};
use super::groups::Groups;
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column};
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
    let bound = Aggregate::new(call, value, true, aggregate_udf(OrderedList)).casting(types).before(|mut arguments| {
        arguments.truncate(1);
        Ok(arguments)
    });
    Ok(bound.after(move |list| {
        let delimiter = Expr::Literal(delimiter.clone().unwrap_or(ScalarValue::Utf8(None)), None);
        kernel_call(kernel_udf(JoinList), vec![list, delimiter], &result, -1)
    }))
}

/// The values that are not NULL as a list, in order.
#[derive(Debug, Default, Clone, Copy)]
struct OrderedList;

impl AggregateKernel for OrderedList {
    const NAME: &'static str = "spark_ordered_list";
    const IS_ORDERED: bool = true;
    const HANDLES_DISTINCT: bool = true;

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let element = arguments.first().cloned().unwrap_or(DataType::Null);
        Ok(DataType::List(Arc::new(Field::new("element", element, true))))
    }

    fn state(&self, columns: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        GatheredRows::state_types(columns, columns.len())
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        boxed_gathering(*self, call, 1, |columns| Ok(column(columns, 0)?.logical_nulls()))
    }
}

impl Gathering for OrderedList {
    fn finish(&self, call: &AggregateCall, columns: &[ArrayRef]) -> Result<Option<ArrayRef>> {
        let mut values = Arc::clone(column(columns, 0)?);
        if !call.order.is_empty() {
            let keys = columns.iter().skip(1).zip(&call.order);
            let keys =
                keys.map(|(values, (_, options))| SortColumn { values: Arc::clone(values), options: Some(*options) });
            let order = lexsort_to_indices(&keys.collect::<Vec<_>>(), None)?;
            values = take(values.as_ref(), &order, None)?;
        }
        if call.is_distinct {
            let converter = RowConverter::new(vec![SortField::new(values.data_type().clone())])?;
            let rows = converter.convert_columns(std::slice::from_ref(&values))?;
            let mut seen = HashSet::new();
            let first: BooleanArray = rows.iter().map(|row| Some(seen.insert(row))).collect();
            values = filter(values.as_ref(), &first)?;
        }
        Ok(Some(values))
    }
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
