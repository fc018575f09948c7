//! `to_csv`: a struct as a line of separated values.

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::line::Format;
use crate::call::Call;
use crate::cast::Zone;
use crate::cast::text::TextWriter;
use crate::coercion::{Expected, quoted_type};
use crate::collection::json::{DatetimeFormats, Options};
use crate::function::{Function, Scalar};
use crate::kernel::nested::Nulls;
use crate::kernel::rows::{at, text};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(in crate::collection) const FUNCTION: Function = Function::scalar("to_csv", bind)
    .arity(1..=2)
    .prints(|arguments| format!("to_csv({})", arguments.first().map_or("", String::as_str)))
    .since("3.0.0");

kernels! {
    /// Of a struct, its type as JSON, and the options.
    ToCsv = "spark_to_csv" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let data_type = call.data_type(0)?.clone();
    let SparkType::Struct(fields) = &data_type else {
        if data_type == SparkType::Null {
            return Err(call.unexpected_input_type(0, &Expected::AnyStruct));
        }
        return Err(call
            .mismatch("UNSUPPORTED_INPUT_TYPE")
            .param("functionName", "`to_csv`")
            .param("dataType", quoted_type(&data_type)));
    };
    if fields.iter().any(|field| matches!(field.data_type, SparkType::Variant | SparkType::UserDefined(_))) {
        return Err(SparkError::unsupported(format!("to_csv of {}", quoted_type(&data_type))));
    }
    let options = Options::of_call(call, 1)?;
    let build = move |mut arguments: Vec<Expr>| {
        arguments.truncate(1);
        arguments.push(lit(data_type.json()));
        arguments.push(options.to_expr());
        kernel_call(kernel_udf(ToCsv), arguments, &SparkType::STRING, -1)
    };
    Ok(Scalar::expr(call, SparkType::STRING, build).nullable(true))
}

type Writer<'a> = Box<dyn Fn(usize, &mut String) -> SparkResult<()> + 'a>;

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let values = at(arrays, 0)?;
        if values.is_empty() {
            return call.build_text(0, |_, _| Ok(false));
        }
        let first = |texts: StringViewArray| texts.value(0).to_owned();
        let SparkType::Struct(fields) = SparkType::from_json(&first(text(arrays, 1)?))? else {
            return Err(SparkError::internal("to_csv takes structs"));
        };
        let options = Options::from_text(&first(text(arrays, 2)?));
        let formats = DatetimeFormats::new(&options, call.time_zone())?;
        let format = Format::new(&options, true);
        let zone = Zone::parse(call.time_zone())?;
        let structs = values.as_struct();
        let mut columns: Vec<(Nulls, Writer<'_>)> = Vec::with_capacity(fields.len());
        for (field, column) in fields.iter().zip(structs.columns()) {
            columns.push((Nulls::of(column), writer(column, &field.data_type, &formats, &zone)?));
        }
        let mut buffer = String::new();
        call.build_text(values.len(), |row, out| {
            if structs.is_null(row) {
                return Ok(false);
            }
            for (index, (nulls, write)) in columns.iter().enumerate() {
                if nulls.is_null(row) {
                    format.write(None, index == 0, out);
                    continue;
                }
                buffer.clear();
                write(row, &mut buffer)?;
                format.write(Some(&buffer), index == 0, out);
            }
            Ok(true)
        })
    })
}

fn writer<'a>(
    array: &'a ArrayRef,
    data_type: &'a SparkType,
    formats: &'a DatetimeFormats,
    zone: &'a Zone,
) -> SparkResult<Writer<'a>> {
    if data_type.is_datetime() || matches!(data_type, SparkType::Time { .. }) {
        return Ok(formats.writer(array, data_type));
    }
    let writer = TextWriter::new(array, data_type, zone)?;
    Ok(Box::new(move |row, out| {
        writer.write(row, out);
        Ok(())
    }))
}
