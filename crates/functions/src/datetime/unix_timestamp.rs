//! `unix_timestamp` and `to_unix_timestamp`: seconds since the epoch.

use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkResult, SparkType};

use super::to_timestamp::{parse, single};
use crate::call::Call;
use crate::cast::datetime::MICROS_PER_SECOND;
use crate::cast::{CastMode, cast_expr};
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const DEFAULT_PATTERN: &str = "yyyy-MM-dd HH:mm:ss";

pub(super) const UNIX_TIMESTAMP: Function = Function::scalar("unix_timestamp", bind)
    .arity(0..=2)
    .prints(|arguments| sql("unix_timestamp", arguments))
    .since("1.5.0");
pub(super) const TO_UNIX_TIMESTAMP: Function = Function::scalar("to_unix_timestamp", bind)
    .arity(1..=2)
    .prints(|arguments| sql("to_unix_timestamp", arguments))
    .since("1.6.0");

kernels! {
    /// Of a text, a pattern and whether a text that does not fit yields NULL in any case.
    ParseUnixTimestamp = "spark_parse_unix_timestamp" => parse_seconds;
    UnixSeconds = "spark_unix_seconds" => |call| {
        call.unary::<TimestampMicrosecondType, Int64Type>(|micros| micros.div_euclid(MICROS_PER_SECOND))
    };
    /// Towards 1970, unlike `unix_seconds`.
    UnixTimestamp = "spark_unix_timestamp" => |call| {
        call.unary::<TimestampMicrosecondType, Int64Type>(|micros| micros / MICROS_PER_SECOND)
    };
}

fn sql(name: &str, arguments: &[String]) -> String {
    match arguments {
        [] => format!("{name}(current_timestamp(), {DEFAULT_PATTERN})"),
        [value] => format!("{name}({value}, {DEFAULT_PATTERN})"),
        arguments => format!("{name}({})", arguments.join(", ")),
    }
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    if call.is_empty() {
        let seconds = call.context.query_time.div_euclid(MICROS_PER_SECOND);
        return Ok(Scalar::expr(call, SparkType::Long, move |_| Ok(lit(seconds))).nullable(false));
    }
    let source = Expected::one_of([
        Expected::STRING,
        Expected::DATE,
        Expected::TIMESTAMP,
        Expected::Exactly(SparkType::TimestampNtz),
    ]);
    let types = call.implicit_cast(&[source, Expected::STRING])?;
    let nullable = !call.ansi() || call.any_nullable_as(&types);
    let from = types.first().cloned().unwrap_or(SparkType::STRING);
    let mode = CastMode::of(call.ansi());
    let build = move |mut arguments: Vec<Expr>| {
        if from.is_string() {
            if arguments.len() == 1 {
                arguments.push(lit(DEFAULT_PATTERN));
            }
            arguments.push(lit(ScalarValue::Boolean(Some(false))));
            return kernel_call(kernel_udf(ParseUnixTimestamp), arguments, &SparkType::Long, -1);
        }
        arguments.truncate(1);
        let mut value = single(arguments)?;
        if from == SparkType::Date {
            value = cast_expr(value, &from, &SparkType::Timestamp, mode, -1)?;
        }
        kernel_call(kernel_udf(UnixTimestamp), vec![value], &SparkType::Long, -1)
    };
    Ok(Scalar::expr(call, SparkType::Long, build).casting(types).nullable(nullable))
}

fn parse_seconds(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    parse::<Int64Type>(call, "`try_to_timestamp`", |parsed, zone| {
        let local = parsed.local_micros()?;
        let instant = parsed.zone().unwrap_or(*zone).to_instant(local).unwrap_or(local);
        Ok(instant.div_euclid(MICROS_PER_SECOND))
    })
}
