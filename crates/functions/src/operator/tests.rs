//! Binary operators on every pair of types against Spark's own answers.
//!
//! `testdata/operators_ansi.tsv` and `testdata/operators_legacy.tsv` were recorded from Apache Spark 4.2.1. A line has the
//! operator and the names of two columns, then the printed call, its type, `?` if it is nullable or `!`, and its value
//! as text or `ERR` and the condition; or `ERR`, the condition and its parameters where analysis fails.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, new_null_array};
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use datafusion::common::Column;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{SessionConfig, SessionContext};
use firesteel_base::types::DayTimeField;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use crate::call::{Argument, BindContext, Call};
use crate::cast::{CastMode, cast_array, cast_expr};
use crate::function::{Bind, Build, Scalar};
use crate::kernel::{from_engine, kernel_call};
use crate::registry;

const ZONE: &str = "America/Los_Angeles";

/// What Spark makes of a product that is too large.
const LONGEST_TIME: &str = "2562047788 hours 54.775807 seconds";

/// Name, type and value of each column.
fn columns() -> Vec<(&'static str, SparkType, &'static str)> {
    use SparkType as T;
    vec![
        ("b", T::Byte, "3"),
        ("s", T::Short, "7"),
        ("i", T::Integer, "5"),
        ("l", T::Long, "9"),
        ("f", T::Float, "2.5"),
        ("d", T::Double, "1.5"),
        ("dec", T::decimal(4, 2), "12.34"),
        ("big", T::decimal(38, 10), "1234567890.0123456789"),
        ("str", T::STRING, "2"),
        ("bo", T::Boolean, "true"),
        ("dt", T::Date, "2020-01-31"),
        ("ts", T::Timestamp, "2020-03-07 02:30:00"),
        ("ntz", T::TimestampNtz, "2020-01-31 01:02:03.5"),
        ("ym", T::YEAR_MONTH, "1-2"),
        ("ds", T::DAY_TIME, "1 02:03:04.5"),
        ("dd", T::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Day }, "3"),
        ("ci", T::CalendarInterval, "1 year 2 months 3 days"),
        ("bin", T::Binary, "A"),
        ("n", T::Null, ""),
        ("arr", T::array(T::Integer, false), ""),
    ]
}

fn is_nullable(name: &str) -> bool {
    name == "n"
}

fn batch() -> RecordBatch {
    let columns = columns();
    let fields: Vec<_> = columns
        .iter()
        .map(|(name, data_type, _)| SparkField::new(*name, data_type.clone(), is_nullable(name)))
        .collect();
    let schema = Schema::new(SparkSchema::new(fields).to_arrow_fields("UTC"));
    let arrays = columns.iter().map(|(_, data_type, value)| match data_type {
        SparkType::Null => new_null_array(&data_type.to_arrow(), 1),
        SparkType::Array { .. } => {
            let values = arrow::array::Int32Array::from(vec![1, 2]);
            let arrow::datatypes::DataType::List(field) = data_type.to_arrow() else { unreachable!() };
            let offsets = arrow::buffer::OffsetBuffer::from_lengths([2]);
            Arc::new(arrow::array::ListArray::new(field, offsets, Arc::new(values), None))
        }
        data_type => {
            let text: ArrayRef = Arc::new(StringArray::from(vec![*value]));
            cast_array(&text, &SparkType::STRING, data_type, CastMode::Ansi, ZONE).unwrap()
        }
    });
    RecordBatch::try_new(Arc::new(schema), arrays.collect()).unwrap()
}

struct Bound {
    scalar: Scalar,
    printed: String,
    expression: SparkResult<Expr>,
}

fn bind(symbol: &str, names: [&str; 2], ansi: bool) -> SparkResult<Bound> {
    let context = BindContext {
        ansi,
        time_zone: ZONE.to_owned(),
        timestamp_is_ntz: false,
        decimal_precision_loss: true,
        kernel_options: crate::kernel::KernelOptions::default(),
        query_time: 0,
        user: String::new(),
        current_catalog: String::new(),
        current_database: String::new(),
        parse_schema: firesteel_base::SparkType::from_json,
    };
    let function = registry::find(symbol).unwrap();
    let printed_arguments = names.map(ToOwned::to_owned);
    let printers = names.map(|name| move || name.to_owned());
    let columns = columns();
    let type_of = |name: &str| columns.iter().find(|(known, ..)| *known == name).unwrap().1.clone();
    let arguments = names
        .iter()
        .zip(&printers)
        .map(|(name, printer)| Argument {
            data_type: type_of(name),
            nullable: is_nullable(name),
            constant: None,
            is_literal: false,
            is_foldable: false,
            printer,
        })
        .collect();
    let printer = || function.sql.unwrap()(&printed_arguments);
    let call = Call {
        function,
        called_as: symbol,
        arguments,
        context: &context,
        is_distinct: false,
        ignore_nulls: None,
        is_windowed: false,
        printer: &printer,
    };
    let Bind::Scalar(bind) = function.bind else { unreachable!() };
    let scalar = bind(&call)?;
    let printed = scalar.sql.or(function.sql).unwrap()(&printed_arguments);
    let expression = expression(&scalar, names.map(|name| (name, type_of(name))), ansi);
    Ok(Bound { scalar, printed, expression })
}

/// As the resolver lowers a call.
fn expression(scalar: &Scalar, columns: [(&str, SparkType); 2], ansi: bool) -> SparkResult<Expr> {
    let arguments: SparkResult<Vec<_>> = columns
        .iter()
        .zip(&scalar.arguments)
        .map(|((name, from), to)| {
            let column = Expr::Column(Column::from_name(*name));
            cast_expr(column, from, to, CastMode::of(ansi), -1)
        })
        .collect();
    match &scalar.build {
        Build::Udf(udf) => Ok(udf.call(arguments?)),
        Build::Kernel(udf) => kernel_call(udf.clone(), arguments?, &scalar.data_type, -1),
        Build::Expr(build) => build(arguments?),
    }
}

async fn evaluate(context: &SessionContext, expression: Expr) -> SparkResult<ArrayRef> {
    let frame = context.read_batch(batch()).map_err(from_engine)?;
    let frame = frame.select(vec![expression.alias("result")]).map_err(from_engine)?;
    let batches = frame.collect().await.map_err(from_engine)?;
    Ok(Arc::clone(batches.first().ok_or_else(|| SparkError::internal("no rows"))?.column(0)))
}

async fn answer(context: &SessionContext, symbol: &str, names: [&str; 2], ansi: bool) -> Vec<String> {
    let bound = match bind(symbol, names, ansi) {
        Ok(bound) => bound,
        Err(error) => {
            let mut parameters: Vec<_> = error
                .parameters()
                .iter()
                .map(|(name, value)| {
                    format!("{}: {}", serde_json::to_string(name).unwrap(), serde_json::to_string(value).unwrap())
                })
                .collect();
            parameters.sort();
            return vec![
                "ERR".to_owned(),
                error.condition().to_owned(),
                format!("{{{}}}", parameters.join(", ")),
                String::new(),
            ];
        }
    };
    let data_type = &bound.scalar.data_type;
    let value = match bound.expression {
        Ok(expression) => evaluate(context, expression).await,
        Err(error) => Err(error),
    };
    let value = value.and_then(|array| {
        if *array.data_type() != data_type.to_arrow() && !data_type.is_string() {
            return Err(SparkError::internal(format!("{} instead of {}", array.data_type(), data_type.to_arrow())));
        }
        cast_array(&array, data_type, &SparkType::STRING, CastMode::of(ansi), ZONE)
    });
    let value = match value {
        Ok(array) if array.is_null(0) => "NULL".to_owned(),
        Ok(array) => array.as_string::<i32>().value(0).to_owned(),
        Err(error) if error.condition() == "INTERNAL_ERROR" => error.message(),
        Err(error) if error.condition().is_empty() => format!("ERR {}", error.text()),
        Err(error) => format!("ERR {}", error.condition()),
    };
    let nullable = if bound.scalar.nullable { "?" } else { "!" };
    vec![bound.printed, data_type.simple_string(), nullable.to_owned(), value]
}

async fn check(recorded: &str, ansi: bool) {
    let mut config = SessionConfig::new();
    config.options_mut().execution.enable_ansi_mode = ansi;
    config.options_mut().execution.time_zone = Some(ZONE.to_owned());
    let context = SessionContext::new_with_config(config);
    let mut wrong = Vec::new();
    for line in recorded.lines() {
        let columns: Vec<_> = line.split('\t').collect();
        let answer = answer(&context, columns[0], [columns[1], columns[2]], ansi).await;
        // An interval here has nanoseconds: the longest times that Spark's microseconds reach are refused.
        if columns.last().is_some_and(|recorded| recorded.ends_with(LONGEST_TIME)) {
            assert!(answer.last().is_some_and(|value| value.starts_with("ERR")), "{answer:?}");
            continue;
        }
        // Spark puts a literal in the place of a column that is always NULL, and shows it.
        let shown = |text: &str| text.replace("NULL", "n");
        let same = answer.iter().zip(&columns[3..]).all(|(answer, recorded)| shown(answer) == shown(recorded));
        if !same {
            wrong.push(format!("{} {} {}:\n  {answer:?}\n  {:?}", columns[1], columns[0], columns[2], &columns[3..]));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn in_ansi_mode() {
    check(include_str!("../../testdata/operators_ansi.tsv"), true).await;
}

#[tokio::test]
async fn without_ansi_mode() {
    check(include_str!("../../testdata/operators_legacy.tsv"), false).await;
}
