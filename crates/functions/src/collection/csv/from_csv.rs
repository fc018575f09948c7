//! `from_csv`: a struct from a line of separated values.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, NullBufferBuilder, PrimitiveBuilder, StringArray, StructArray,
};
use arrow::datatypes::{DataType, Date32Type, Time64NanosecondType, TimestampMicrosecondType};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::line::Format;
use crate::call::Call;
use crate::cast::{CastMode, Zone, cast_array, datetime};
use crate::coercion::{Expected, quoted, quoted_type};
use crate::collection::json::{Options, nullable};
use crate::datetime::PatternReader;
use crate::function::{Function, Scalar};
use crate::kernel::nested::conform;
use crate::kernel::rows::text;
use crate::kernel::{KernelCall, from_arrow, kernel_call, kernel_udf, kernels};

pub(in crate::collection) const FUNCTION: Function = Function::scalar("from_csv", bind)
    .arity(2..=3)
    .prints(|arguments| format!("from_csv({})", arguments.first().map_or("", String::as_str)))
    .since("3.0.0");

kernels! {
    /// Of a line and the options.
    FromCsv = "spark_from_csv" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let argument = call.argument(0)?;
    if !argument.data_type.is_string() && argument.data_type != SparkType::Null {
        return Err(call.unexpected_input_type(0, &Expected::STRING));
    }
    let input = call.argument(1)?;
    let schema = match &input.constant {
        Some(
            ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
        ) => (call.context.parse_schema)(text)?,
        Some(_) | None => {
            return Err(SparkError::new("INVALID_SCHEMA.NON_STRING_LITERAL").param("inputSchema", quoted(&input.sql())));
        }
    };
    if !matches!(schema, SparkType::Struct(_)) {
        return Err(SparkError::new("INVALID_SCHEMA.NON_STRUCT_TYPE")
            .param("inputSchema", quoted(&input.sql()))
            .param("dataType", quoted_type(&schema)));
    }
    let options = Options::of_call(call, 2)?;
    let mode = options.get("mode").unwrap_or("PERMISSIVE").to_uppercase();
    if mode != "PERMISSIVE" && mode != "FAILFAST" {
        return Err(SparkError::new("PARSE_MODE_UNSUPPORTED").param("funcName", "`from_csv`").param("mode", mode));
    }
    let data_type = nullable(&schema);
    let result = data_type.clone();
    let mut types = call.data_types();
    if let Some(line) = types.first_mut() {
        *line = SparkType::STRING;
    }
    let is_nullable = argument.nullable;
    let build = move |mut arguments: Vec<Expr>| {
        arguments.truncate(1);
        arguments.push(options.to_expr());
        kernel_call(kernel_udf(FromCsv), arguments, &result, -1)
    };
    Ok(Scalar::expr(call, data_type, build).casting(types).nullable(is_nullable))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (lines, options) = (text(arrays, 0)?, text(arrays, 1)?);
        let options = Options::from_text(if options.is_empty() { "{}" } else { options.value(0) });
        let Some(SparkType::Struct(schema)) = SparkType::from_arrow(call.return_type) else {
            return Err(SparkError::internal("from_csv yields structs"));
        };
        let DataType::Struct(fields) = call.return_type else {
            return Err(SparkError::internal("from_csv yields structs"));
        };
        let format = Format::new(&options, false);
        let mut nulls = NullBufferBuilder::new(lines.len());
        let mut values: Vec<Vec<Option<String>>> = vec![Vec::with_capacity(lines.len()); schema.len()];
        for row in 0..lines.len() {
            nulls.append(lines.is_valid(row));
            let mut read = if lines.is_valid(row) { format.read(lines.value(row)) } else { Vec::new() }.into_iter();
            for column in &mut values {
                column.push(read.next().flatten());
            }
        }
        let columns = Columns { options: &options, zone: Zone::parse(call.time_zone())?, zone_name: call.time_zone() };
        let mut arrays = Vec::with_capacity(schema.len());
        let mut is_bad = false;
        for ((texts, spark), field) in values.iter().zip(schema.iter()).zip(fields) {
            let array = columns.column(texts, &spark.data_type)?;
            is_bad |= texts.iter().enumerate().any(|(row, text)| text.is_some() && array.is_null(row));
            arrays.push(conform(&array, field.data_type())?);
        }
        if is_bad && options.get("mode").is_some_and(|mode| mode.eq_ignore_ascii_case("FAILFAST")) {
            return Err(SparkError::new("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION")
                .param("badRecord", "[null]")
                .param("failFastMode", "FAILFAST"));
        }
        let structs = StructArray::try_new_with_length(fields.clone(), arrays, nulls.finish(), lines.len());
        Ok(Arc::new(structs.map_err(from_arrow)?))
    })
}

/// Makes columns of texts; what is not of the column's type is NULL.
struct Columns<'a> {
    options: &'a Options,
    zone: Zone,
    zone_name: &'a str,
}

impl Columns<'_> {
    fn column(&self, texts: &[Option<String>], data_type: &SparkType) -> SparkResult<ArrayRef> {
        let pattern = |name: &str| self.options.get(name).map(PatternReader::new).transpose();
        match data_type {
            text if text.is_string() => Ok(Arc::new(StringArray::from(texts.to_vec()))),
            SparkType::Boolean => {
                let truths: BooleanArray = texts.iter().map(|text| text.as_deref().and_then(truth)).collect();
                Ok(Arc::new(truths))
            }
            SparkType::Date => {
                let pattern = pattern("dateformat")?;
                Ok(primitives::<Date32Type>(texts, data_type, |text| match &pattern {
                    Some(pattern) => pattern.date(text, &self.zone),
                    None => datetime::parse_date(text),
                }))
            }
            SparkType::Timestamp => {
                let pattern = pattern("timestampformat")?;
                Ok(primitives::<TimestampMicrosecondType>(texts, data_type, |text| match &pattern {
                    Some(pattern) => pattern.timestamp(text, &self.zone),
                    None => datetime::parse_timestamp(text, &self.zone, datetime::today),
                }))
            }
            SparkType::TimestampNtz => {
                let pattern = pattern("timestampntzformat")?;
                Ok(primitives::<TimestampMicrosecondType>(texts, data_type, |text| match &pattern {
                    Some(pattern) => pattern.timestamp(text, &Zone::UTC),
                    None => datetime::parse_timestamp_ntz(text, false),
                }))
            }
            SparkType::Time { precision } => {
                let pattern = pattern("timeformat")?;
                let unit = 10_i64.pow(9 - u32::from(*precision).min(9));
                Ok(primitives::<Time64NanosecondType>(texts, data_type, |text| {
                    let micros = match &pattern {
                        Some(pattern) => pattern.timestamp(text, &Zone::UTC)?.rem_euclid(datetime::MICROS_PER_DAY),
                        None => datetime::parse_time(text)?,
                    };
                    Some(micros * 1000 / unit * unit)
                }))
            }
            number if number.is_integral() || matches!(number, SparkType::Decimal { .. }) => {
                // Blanks around a number make it none, unlike in a cast.
                let strict: StringArray =
                    texts.iter().map(|text| text.as_deref().filter(|text| text.trim() == *text)).collect();
                self.cast(Arc::new(strict), data_type)
            }
            other => self.cast(Arc::new(StringArray::from(texts.to_vec())), other),
        }
    }

    fn cast(&self, texts: ArrayRef, data_type: &SparkType) -> SparkResult<ArrayRef> {
        cast_array(&texts, &SparkType::STRING, data_type, CastMode::Try, self.zone_name)
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn primitives<T: ArrowPrimitiveType>(
    texts: &[Option<String>],
    data_type: &SparkType,
    read: impl Fn(&str) -> Option<T::Native>,
) -> ArrayRef {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(texts.len()).with_data_type(data_type.to_arrow());
    for text in texts {
        builder.append_option(text.as_deref().and_then(&read));
    }
    Arc::new(builder.finish())
}
