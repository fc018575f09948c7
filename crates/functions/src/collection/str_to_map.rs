//! `str_to_map`: a map from text such as `a:1,b:2`. The delimiters are regular expressions.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray};
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};
use regex::Regex;

use super::map::MapBuilder;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::{all_valid, text};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const FUNCTION: Function = Function::scalar("str_to_map", bind)
    .arity(1..=3)
    .prints(|arguments| match arguments {
        [text] => format!("str_to_map({text}, ,, :)"),
        [text, pairs] => format!("str_to_map({text}, {pairs}, :)"),
        arguments => format!("str_to_map({})", arguments.join(", ")),
    })
    .since("2.0.1");

kernels! {
    StrToMap = "spark_str_to_map" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::STRING])?;
    let data_type = SparkType::map(SparkType::STRING, SparkType::STRING, true);
    let nullable = call.any_nullable_as(&types);
    let result = data_type.clone();
    let build = move |mut arguments: Vec<Expr>| {
        if arguments.len() == 1 {
            arguments.push(lit(","));
        }
        if arguments.len() == 2 {
            arguments.push(lit(":"));
        }
        kernel_call(kernel_udf(StrToMap), arguments, &result, -1)
    };
    Ok(Scalar::expr(call, data_type, build).casting(types).nullable(nullable))
}

fn delimiter(pattern: &str) -> SparkResult<Regex> {
    Regex::new(pattern)
        .map_err(|error| SparkError::unsupported(format!("the delimiter {pattern} of str_to_map")).caused_by(error))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (texts, pairs, values) = (text(arrays, 0)?, text(arrays, 1)?, text(arrays, 2)?);
        let mut keys: Vec<String> = Vec::new();
        let mut mapped: Vec<Option<String>> = Vec::new();
        let mut ends = Vec::with_capacity(texts.len());
        let mut delimiters: Option<(String, String, Regex, Regex)> = None;
        for row in 0..texts.len() {
            if !all_valid(arrays, row) {
                ends.push(None);
                continue;
            }
            let (pair, value) = (pairs.value(row), values.value(row));
            if delimiters.as_ref().is_none_or(|(known, other, ..)| known != pair || other != value) {
                delimiters = Some((pair.to_owned(), value.to_owned(), delimiter(pair)?, delimiter(value)?));
            }
            if let Some((_, _, pair, value)) = &delimiters {
                for entry in pair.split(texts.value(row)) {
                    let mut parts = value.splitn(entry, 2);
                    keys.push(parts.next().unwrap_or_default().to_owned());
                    mapped.push(parts.next().map(ToOwned::to_owned));
                }
            }
            ends.push(Some(keys.len()));
        }
        let keys: ArrayRef = Arc::new(StringArray::from(keys));
        let mapped: ArrayRef = Arc::new(StringArray::from(mapped));
        let mut maps = MapBuilder::new(call, texts.len(), &[&keys], &[&mapped])?;
        let mut start = 0;
        for end in ends {
            let Some(end) = end else {
                maps.end_null()?;
                continue;
            };
            for index in start..end {
                maps.add((0, index), Some((0, index)))?;
            }
            start = end;
            maps.end()?;
        }
        maps.finish()
    })
}
