//! Dates and timestamps as counts since the epoch, and back.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::unix_timestamp::UnixSeconds;
use crate::call::Call;
use crate::cast::datetime::MICROS_PER_SECOND;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::at;
use crate::kernel::{Kernel, KernelCall, kernels};
use crate::operator::error::java_overflow;

pub(super) const UNIX_DATE: Function =
    Function::scalar("unix_date", |call| exact(call, Expected::DATE, SparkType::Integer, UnixDate))
        .arity(1..=1)
        .since("3.1.0");
pub(super) const UNIX_SECONDS: Function =
    Function::scalar("unix_seconds", |call| exact(call, Expected::TIMESTAMP, SparkType::Long, UnixSeconds))
        .arity(1..=1)
        .since("3.1.0");
pub(super) const UNIX_MILLIS: Function =
    Function::scalar("unix_millis", |call| exact(call, Expected::TIMESTAMP, SparkType::Long, UnixMillis))
        .arity(1..=1)
        .since("3.1.0");
pub(super) const UNIX_MICROS: Function =
    Function::scalar("unix_micros", |call| exact(call, Expected::TIMESTAMP, SparkType::Long, UnixMicros))
        .arity(1..=1)
        .since("3.1.0");
pub(super) const DATE_FROM_UNIX_DATE: Function = Function::scalar("date_from_unix_date", |call| {
    Scalar::coercing(call, &[Expected::INT], SparkType::Date, DateFromUnixDate)
})
.arity(1..=1)
.since("3.1.0");
pub(super) const TIMESTAMP_SECONDS: Function =
    Function::scalar("timestamp_seconds", bind_seconds).arity(1..=1).since("3.1.0");
pub(super) const TIMESTAMP_MILLIS: Function =
    Function::scalar("timestamp_millis", |call| bind_count(call, TimestampMillis)).arity(1..=1).since("3.1.0");
pub(super) const TIMESTAMP_MICROS: Function =
    Function::scalar("timestamp_micros", |call| bind_count(call, TimestampMicros)).arity(1..=1).since("3.1.0");

kernels! {
    UnixDate = "spark_unix_date" => |call| call.unary::<Date32Type, Int32Type>(|days| days);
    UnixMillis = "spark_unix_millis" => |call| {
        call.unary::<TimestampMicrosecondType, Int64Type>(|micros| micros.div_euclid(1000))
    };
    UnixMicros = "spark_unix_micros" => |call| call.unary::<TimestampMicrosecondType, Int64Type>(|micros| micros);
    DateFromUnixDate = "spark_date_from_unix_date" => |call| call.unary::<Int32Type, Date32Type>(|days| days);
    TimestampMillis = "spark_timestamp_millis" => |call| {
        call.map::<Int64Type, TimestampMicrosecondType>(|millis| {
            millis.checked_mul(1000).map(Some).ok_or_else(long_overflow)
        })
    };
    TimestampMicros = "spark_timestamp_micros" => |call| {
        call.unary::<Int64Type, TimestampMicrosecondType>(|micros| micros)
    };
    TimestampSeconds = "spark_timestamp_seconds" => timestamp_seconds;
}

/// As [`Scalar::coercing`] for functions that convert nothing.
fn exact<K: Kernel>(call: &Call<'_>, expected: Expected, data_type: SparkType, kernel: K) -> SparkResult<Scalar> {
    let types = call.expect(&[expected])?;
    Ok(Scalar::kernel(call, data_type, kernel).casting(types))
}

fn bind_count<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    exact(call, Expected::Integral, SparkType::Timestamp, kernel).map(|scalar| scalar.casting(vec![SparkType::Long]))
}

fn bind_seconds(call: &Call<'_>) -> SparkResult<Scalar> {
    let expected = call.expect(&[Expected::Numeric])?;
    let from = expected.first().cloned().unwrap_or(SparkType::Long);
    let (carrier, may_be_nan) = match &from {
        SparkType::Float | SparkType::Double => (SparkType::Double, true),
        SparkType::Decimal { .. } => (from, false),
        _ => (SparkType::Long, false),
    };
    let nullable = may_be_nan || call.any_nullable();
    Ok(Scalar::kernel(call, SparkType::Timestamp, TimestampSeconds).casting(vec![carrier]).nullable(nullable))
}

fn timestamp_seconds(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    match call.argument(0)?.data_type() {
        DataType::Int64 => call.map::<Int64Type, TimestampMicrosecondType>(|seconds| {
            seconds.checked_mul(MICROS_PER_SECOND).map(Some).ok_or_else(long_overflow)
        }),
        DataType::Float64 => call.map::<Float64Type, TimestampMicrosecondType>(|seconds| {
            Ok(seconds.is_finite().then_some((seconds * 1e6) as i64))
        }),
        _ => call.with_arrays(|arrays| {
            let seconds = at(arrays, 0)?.as_primitive::<Decimal128Type>();
            let scale = u32::try_from(seconds.scale()).unwrap_or(0);
            call.build::<TimestampMicrosecondType>(seconds.len(), |row| {
                if seconds.is_null(row) { Ok(None) } else { decimal_micros(seconds.value(row), scale).map(Some) }
            })
        }),
    }
}

fn decimal_micros(seconds: i128, scale: u32) -> SparkResult<i64> {
    let micros = match scale.checked_sub(6) {
        Some(extra) => {
            let unit = 10_i128.pow(extra);
            if seconds % unit != 0 {
                return Err(arithmetic("Rounding necessary"));
            }
            Some(seconds / unit)
        }
        None => seconds.checked_mul(10_i128.pow(6 - scale)),
    };
    micros.and_then(|micros| i64::try_from(micros).ok()).ok_or_else(|| arithmetic("Overflow"))
}

fn long_overflow() -> SparkError {
    arithmetic("long overflow")
}

fn arithmetic(message: &str) -> SparkError {
    java_overflow(message)
}
