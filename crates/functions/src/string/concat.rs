//! `concat`, `concat_ws`, `elt`: texts, bytes or arrays put together, or one of several chosen.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, make_array};
use arrow::array::{MutableArrayData, new_empty_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::logical_expr::{ColumnarValue, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::arguments::{Bytes, Texts};
use crate::call::Call;
use crate::coercion::{Expected, common_type, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, from_arrow, from_engine};

pub(super) const CONCAT: Function = Function::scalar("concat", concat).since("1.5.0");
pub(super) const CONCAT_WS: Function = Function::scalar("concat_ws", concat_ws).since("1.5.0").at_least(1);
pub(super) const ELT: Function = Function::scalar("elt", elt).since("2.0.0").at_least(2);

fn concat(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.data_types();
    if types.is_empty() {
        return Ok(Scalar::expr(call, SparkType::STRING, |_| Ok(lit(""))));
    }
    if types.iter().all(|data_type| *data_type == SparkType::Binary) {
        return Ok(Scalar::kernel(call, SparkType::Binary, Concat));
    }
    let is_array = |data_type: &SparkType| matches!(data_type, SparkType::Array { .. });
    if types.iter().all(is_array) {
        return concat_arrays(call, &types);
    }
    if types.iter().any(is_array) {
        let brought_to_text = |data_type: SparkType| if is_array(&data_type) { data_type } else { SparkType::STRING };
        return Err(differ(call, &types.into_iter().map(brought_to_text).collect::<Vec<_>>()));
    }
    let texts = vec![Expected::STRING; types.len()];
    Ok(Scalar::kernel(call, SparkType::STRING, Concat).casting(call.implicit_cast(&texts)?))
}

fn concat_arrays(call: &Call<'_>, types: &[SparkType]) -> SparkResult<Scalar> {
    let common = common_type(types, call.ansi()).ok_or_else(|| differ(call, types))?;
    Ok(Scalar::kernel(call, common.clone(), ConcatArrays).casting(vec![common; types.len()]))
}

fn differ(call: &Call<'_>, types: &[SparkType]) -> SparkError {
    let listed: Vec<String> = types.iter().map(quoted_type).collect();
    call.data_diff_types("concat", format!("({})", listed.join(" or ")))
}

fn concat_ws(call: &Call<'_>) -> SparkResult<Scalar> {
    let mut expected = vec![Expected::STRING];
    let element = Expected::one_of([Expected::array_of(Expected::STRING), Expected::STRING]);
    expected.resize(call.len(), element);
    let types = call.implicit_cast(&expected)?;
    let nullable = call.argument(0)?.nullable;
    Ok(Scalar::kernel(call, SparkType::STRING, ConcatWs).casting(types).nullable(nullable))
}

fn elt(call: &Call<'_>) -> SparkResult<Scalar> {
    let binary = call.arguments.iter().skip(1).all(|argument| argument.data_type == SparkType::Binary);
    let mut expected = vec![Expected::INT];
    expected.resize(call.len(), if binary { Expected::Binary } else { Expected::STRING });
    let result = if binary { SparkType::Binary } else { SparkType::STRING };
    Ok(Scalar::kernel(call, result, Elt).casting(call.implicit_cast(&expected)?).nullable(true))
}

#[derive(Debug, Default, Clone, Copy)]
struct Concat;

impl Kernel for Concat {
    const NAME: &'static str = "spark_concat";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let sources = (0..call.arguments.len()).map(|index| call.bytes(index)).collect::<SparkResult<Vec<_>>>()?;
        if matches!(call.return_type, DataType::Binary) {
            return call.make_bytes(|row| {
                let parts: Option<Vec<&[u8]>> = sources.iter().map(|source| source.get(row)).collect();
                Ok(parts.map(|parts| parts.concat()))
            });
        }
        let texts = (0..call.arguments.len()).map(|index| call.texts(index)).collect::<SparkResult<Vec<_>>>()?;
        let mut joined = String::new();
        let rows = call.rows_to_compute();
        let mut builder = arrow::array::StringBuilder::with_capacity(rows, rows * 16);
        for row in 0..rows {
            joined.clear();
            let is_null = texts.iter().any(|texts| match texts.get(row) {
                Some(text) => {
                    joined.push_str(text);
                    false
                }
                None => true,
            });
            builder.append_option((!is_null).then_some(&joined));
        }
        call.result(Arc::new(builder.finish()))
    }
}

/// A text, or the texts of an array.
enum Parts {
    Texts(Texts),
    /// Elements with where each row's begin, and which rows are there.
    Lists {
        elements: Texts,
        offsets: OffsetBuffer<i32>,
        nulls: Option<NullBuffer>,
    },
}

impl Parts {
    fn of(call: &KernelCall<'_>, index: usize) -> SparkResult<Self> {
        let argument = call.argument(index)?;
        if !matches!(argument.data_type(), DataType::List(_)) {
            return Ok(Self::Texts(call.texts(index)?));
        }
        let array = argument.to_array(call.rows_to_compute()).map_err(from_engine)?;
        let list: &ListArray = array.as_list();
        Ok(Self::Lists {
            elements: Texts::of_array(list.values())?,
            offsets: list.offsets().clone(),
            nulls: list.nulls().cloned(),
        })
    }

    /// Adds the texts of a row, those that are NULL left out.
    fn collect<'a>(&'a self, row: usize, into: &mut Vec<&'a str>) {
        match self {
            Self::Texts(texts) => into.extend(texts.get(row)),
            Self::Lists { elements, offsets, nulls } => {
                if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
                    && let (Some(start), Some(end)) = (offsets.get(row), offsets.get(row + 1))
                {
                    let range = usize::try_from(*start).unwrap_or(0)..usize::try_from(*end).unwrap_or(0);
                    into.extend(range.filter_map(|index| elements.get(index)));
                }
            }
        }
    }
}

/// Texts and arrays of texts, joined; those that are NULL are left out.
#[derive(Debug, Default, Clone, Copy)]
struct ConcatWs;

impl Kernel for ConcatWs {
    const NAME: &'static str = "spark_concat_ws";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let separators = call.texts(0)?;
        let parts = (1..call.arguments.len()).map(|index| Parts::of(call, index)).collect::<SparkResult<Vec<_>>>()?;
        call.make_texts(|row| {
            let Some(separator) = separators.get(row) else { return Ok(None) };
            let mut texts = Vec::new();
            parts.iter().for_each(|parts| parts.collect(row, &mut texts));
            Ok(Some(texts.join(separator)))
        })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct ConcatArrays;

impl Kernel for ConcatArrays {
    const NAME: &'static str = "spark_concat_arrays";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        call.with_arrays(|arrays| {
            let arrays: Result<Vec<ArrayRef>, _> = arrays.iter().map(|array| cast(array, call.return_type)).collect();
            concat_lists(&arrays.map_err(from_arrow)?, call.return_type)
        })
    }
}

fn concat_lists(arrays: &[ArrayRef], data_type: &DataType) -> SparkResult<ArrayRef> {
    let DataType::List(field) = data_type else {
        return Err(SparkError::internal("arrays were put together into something else"));
    };
    let lists: Vec<&ListArray> = arrays.iter().filter_map(|array| array.as_list_opt::<i32>()).collect();
    let rows = lists.first().map_or(0, |lists| lists.len());
    let data: Vec<_> = lists.iter().map(|lists| lists.values().to_data()).collect();
    let mut values = MutableArrayData::new(data.iter().collect(), false, 0);
    let mut lengths = Vec::with_capacity(rows);
    let mut valid = Vec::with_capacity(rows);
    for row in 0..rows {
        let is_valid = lists.iter().all(|lists| lists.is_valid(row));
        let mut length = 0;
        for (index, lists) in lists.iter().enumerate().filter(|_| is_valid) {
            let range = lists.offsets().get(row).zip(lists.offsets().get(row + 1));
            let Some((start, end)) = range else { continue };
            let (start, end) = (usize::try_from(*start).unwrap_or(0), usize::try_from(*end).unwrap_or(0));
            values.try_extend(index, start, end).map_err(from_arrow)?;
            length += end - start;
        }
        lengths.push(length);
        valid.push(is_valid);
    }
    let values = if data.is_empty() { new_empty_array(field.data_type()) } else { make_array(values.freeze()) };
    let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
    let list = ListArray::try_new(Arc::clone(field), OffsetBuffer::from_lengths(lengths), values, nulls);
    Ok(Arc::new(list.map_err(from_arrow)?))
}

/// The argument of a given number, counted from 1.
#[derive(Debug, Default, Clone, Copy)]
struct Elt;

impl Kernel for Elt {
    const NAME: &'static str = "spark_elt";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let indices = call.integers(0)?;
        let choices = (1..call.arguments.len()).map(|index| call.bytes(index)).collect::<SparkResult<Vec<_>>>()?;
        let choose = |row: usize| -> SparkResult<Option<&Bytes>> {
            let Some(index) = indices.get(row) else { return Ok(None) };
            match usize::try_from(index - 1).ok().and_then(|index| choices.get(index)) {
                Some(choice) => Ok(Some(choice)),
                None if call.ansi() => Err(out_of_bounds(index, choices.len())),
                None => Ok(None),
            }
        };
        if matches!(call.return_type, DataType::Binary) {
            return call.make_bytes(|row| Ok(choose(row)?.and_then(|choice| choice.get(row))));
        }
        call.make_texts(|row| {
            Ok(choose(row)?.and_then(|choice| match choice {
                Bytes::Text(texts) => texts.get(row),
                _ => None,
            }))
        })
    }
}

fn out_of_bounds(index: i64, size: usize) -> SparkError {
    SparkError::new("INVALID_ARRAY_INDEX")
        .param("indexValue", index.to_string())
        .param("arraySize", size.to_string())
        .param("ansiConfig", "\"spark.sql.ansi.enabled\"")
}
