//! Times of day: making them of fields, text and counts, and taking them apart.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int32Type, Int64Type, Time64NanosecondType};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::make_date::checked;
use super::pattern::{PatternCache, Use};
use crate::call::Call;
use crate::cast::Zone;
use crate::cast::datetime::{MICROS_PER_DAY, parse_time};
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::{all_valid, at, primitive, text};
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const CURRENT_TIME: Function = Function::scalar("current_time", bind_current)
    .arity(0..=1)
    .prints(|arguments| format!("current_time({})", arguments.first().map_or("6", String::as_str)))
    .since("4.1.0");
pub(super) const MAKE_TIME: Function = Function::scalar("make_time", |call| {
    let seconds = Expected::Exactly(SparkType::decimal(16, 6));
    Ok(Scalar::coercing(call, &[Expected::INT, Expected::INT, seconds], TIME, MakeTime)?.nullable(true))
})
.arity(3..=3)
.since("4.1.0");
pub(super) const TO_TIME: Function =
    Function::scalar("to_time", |call| bind_parse(call, false)).arity(1..=2).since("4.1.0");
pub(super) const TRY_TO_TIME: Function = Function::scalar("try_to_time", |call| bind_parse(call, true))
    .arity(1..=2)
    .prints(|arguments| format!("try_to_time(to_time({}))", arguments.join(", ")))
    .since("4.1.0");
pub(super) const TIME_TRUNC: Function = Function::scalar("time_trunc", |call| {
    let types = call.implicit_cast(&[Expected::STRING, Expected::AnyTime])?;
    let data_type = types.get(1).cloned().unwrap_or(TIME);
    Ok(Scalar::kernel(call, data_type, TimeTrunc).casting(types).nullable(true))
})
.arity(2..=2)
.since("4.1.0");
pub(super) const TIME_DIFF: Function = Function::scalar("time_diff", |call| {
    let expected = [Expected::STRING, Expected::AnyTime, Expected::AnyTime];
    Ok(Scalar::coercing(call, &expected, SparkType::Long, TimeDiff)?.nullable(true))
})
.arity(3..=3)
.since("4.1.0");
pub(super) const TIME_FROM_SECONDS: Function =
    Function::scalar("time_from_seconds", bind_from_seconds).arity(1..=1).since("4.2.0");
pub(super) const TIME_FROM_MILLIS: Function =
    Function::scalar("time_from_millis", |call| bind_from_count(call, TimeFromMillis)).arity(1..=1).since("4.2.0");
pub(super) const TIME_FROM_MICROS: Function =
    Function::scalar("time_from_micros", |call| bind_from_count(call, TimeFromMicros)).arity(1..=1).since("4.2.0");
pub(super) const TIME_TO_SECONDS: Function =
    Function::scalar("time_to_seconds", |call| bind_to_count(call, SparkType::decimal(14, 6), TimeToSeconds))
        .arity(1..=1)
        .since("4.2.0");
pub(super) const TIME_TO_MILLIS: Function =
    Function::scalar("time_to_millis", |call| bind_to_count(call, SparkType::Long, TimeToMillis))
        .arity(1..=1)
        .since("4.2.0");
pub(super) const TIME_TO_MICROS: Function =
    Function::scalar("time_to_micros", |call| bind_to_count(call, SparkType::Long, TimeToMicros))
        .arity(1..=1)
        .since("4.2.0");

const TIME: SparkType = SparkType::Time { precision: 6 };
const NANOS_PER_SECOND: i64 = 1_000_000_000;
const NANOS_PER_DAY: i128 = 86_400 * NANOS_PER_SECOND as i128;

kernels! {
    MakeTime = "spark_make_time" => make_time;
    /// Of a text, a pattern or NULL for the usual form, and whether a text that does not fit yields NULL.
    ParseTime = "spark_parse_time" => parse_times;
    TimeTrunc = "spark_time_trunc" => |call| call.with_arrays(|arrays| {
        let (units, times) = (text(arrays, 0)?, primitive::<Time64NanosecondType>(arrays, 1)?);
        call.build::<Time64NanosecondType>(times.len(), |row| {
            if !all_valid(arrays, row) {
                return Ok(None);
            }
            let size = unit(units.value(row), "time_trunc")?;
            Ok(Some(times.value(row) - times.value(row) % size))
        })
    });
    TimeDiff = "spark_time_diff" => |call| call.with_arrays(|arrays| {
        let units = text(arrays, 0)?;
        let starts = primitive::<Time64NanosecondType>(arrays, 1)?;
        let ends = primitive::<Time64NanosecondType>(arrays, 2)?;
        call.build::<Int64Type>(starts.len(), |row| {
            if !all_valid(arrays, row) {
                return Ok(None);
            }
            Ok(Some((ends.value(row) - starts.value(row)) / unit(units.value(row), "time_diff")?))
        })
    });
    TimeFromSeconds = "spark_time_from_seconds" => from_seconds;
    TimeFromMillis = "spark_time_from_millis" => |call| {
        call.map::<Int64Type, Time64NanosecondType>(|count| time(i128::from(count) * 1_000_000).map(Some))
    };
    TimeFromMicros = "spark_time_from_micros" => |call| {
        call.map::<Int64Type, Time64NanosecondType>(|count| time(i128::from(count) * 1000).map(Some))
    };
    TimeToSeconds = "spark_time_to_seconds" => |call| {
        call.unary::<Time64NanosecondType, Decimal128Type>(|nanos| i128::from(nanos / 1000))
    };
    TimeToMillis = "spark_time_to_millis" => |call| {
        call.unary::<Time64NanosecondType, Int64Type>(|nanos| nanos / 1_000_000)
    };
    TimeToMicros = "spark_time_to_micros" => |call| {
        call.unary::<Time64NanosecondType, Int64Type>(|nanos| nanos / 1000)
    };
}

fn bind_current(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::INT])?;
    let precision = match call.arguments.first().map(|argument| &argument.constant) {
        None => 6,
        Some(Some(value)) => match value.cast_to(&DataType::Int32) {
            Ok(ScalarValue::Int32(Some(precision))) => precision,
            Ok(_) | Err(_) => return Err(call.mismatch("UNEXPECTED_NULL").param("exprName", "`precision`")),
        },
        Some(None) => {
            return Err(call
                .mismatch("NON_FOLDABLE_INPUT")
                .param("inputName", "`precision`")
                .param("inputType", "\"INT\"")
                .param("inputExpr", crate::coercion::quoted(&call.argument(0)?.sql())));
        }
    };
    let Some(precision) = u8::try_from(precision).ok().filter(|precision| *precision <= 6) else {
        return Err(call
            .mismatch("VALUE_OUT_OF_RANGE")
            .param("exprName", "`precision`")
            .param("valueRange", "[0, 6]")
            .param("currentValue", precision.to_string()));
    };
    let local = Zone::parse(&call.context.time_zone)?.to_local(call.context.query_time);
    let nanos = local.rem_euclid(MICROS_PER_DAY) * 1000;
    let unit = 10_i64.pow(9 - u32::from(precision));
    let nanos = nanos - nanos % unit;
    let now = move |_| Ok(Expr::Literal(ScalarValue::Time64Nanosecond(Some(nanos)), None));
    Ok(Scalar::expr(call, SparkType::Time { precision }, now).casting(types).nullable(false))
}

fn bind_parse(call: &Call<'_>, is_try: bool) -> SparkResult<Scalar> {
    let types = call.expect(&[Expected::STRING, Expected::STRING]).map_err(|error| {
        let shown: Vec<_> = call.arguments.iter().map(crate::call::Argument::sql).collect();
        error.param("sqlExpr", crate::coercion::quoted(&format!("to_time({})", shown.join(", "))))
    })?;
    let build = move |mut arguments: Vec<Expr>| {
        let has_pattern = arguments.len() > 1;
        if !has_pattern {
            arguments.push(lit(""));
        }
        arguments.push(lit(has_pattern));
        arguments.push(lit(is_try));
        kernel_call(kernel_udf(ParseTime), arguments, &TIME, -1)
    };
    Ok(Scalar::expr(call, TIME, build).casting(types).nullable(true))
}

fn bind_from_seconds(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.expect(&[Expected::Numeric])?;
    let carrier = match types.into_iter().next() {
        Some(SparkType::Float | SparkType::Double) => SparkType::Double,
        Some(decimal @ SparkType::Decimal { .. }) => decimal,
        Some(_) | None => SparkType::Long,
    };
    Ok(Scalar::kernel(call, TIME, TimeFromSeconds).casting(vec![carrier]).nullable(true))
}

fn bind_from_count<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    call.expect(&[Expected::Integral])?;
    Ok(Scalar::kernel(call, TIME, kernel).casting(vec![SparkType::Long]).nullable(true))
}

fn bind_to_count<K: Kernel>(call: &Call<'_>, data_type: SparkType, kernel: K) -> SparkResult<Scalar> {
    let types = call.expect(&[Expected::AnyTime])?;
    Ok(Scalar::kernel(call, data_type, kernel).casting(types).nullable(true))
}

fn out_of_bounds(message: String) -> SparkError {
    SparkError::new("DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION").param("rangeMessage", message)
}

/// Nanoseconds of a day, if there are so many.
fn time(nanos: i128) -> SparkResult<i64> {
    match i64::try_from(nanos) {
        Ok(time) if (0..NANOS_PER_DAY).contains(&nanos) => Ok(time),
        Ok(_) | Err(_) => Err(out_of_bounds(format!(
            "Invalid TIME value: must be between 00:00:00 and 23:59:59.999999999, but got {nanos} nanoseconds"
        ))),
    }
}

/// The size of a unit in nanoseconds.
fn unit(name: &str, function: &str) -> SparkResult<i64> {
    Ok(match name.to_uppercase().as_str() {
        "HOUR" => 3600 * NANOS_PER_SECOND,
        "MINUTE" => 60 * NANOS_PER_SECOND,
        "SECOND" => NANOS_PER_SECOND,
        "MILLISECOND" => 1_000_000,
        "MICROSECOND" => 1000,
        _ => {
            return Err(SparkError::new("INVALID_PARAMETER_VALUE.TIME_UNIT")
                .param("functionName", format!("`{function}`"))
                .param("parameter", "`unit`")
                .param("invalidValue", format!("'{name}'")));
        }
    })
}

fn make_time(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (hours, minutes) = (primitive::<Int32Type>(arrays, 0)?, primitive::<Int32Type>(arrays, 1)?);
        let seconds = at(arrays, 2)?.as_primitive::<Decimal128Type>();
        call.build::<Time64NanosecondType>(hours.len(), |row| {
            if !all_valid(arrays, row) {
                return Ok(None);
            }
            of_fields(hours.value(row), minutes.value(row), seconds.value(row)).map(Some).map_err(out_of_bounds)
        })
    })
}

/// `seconds` has six digits behind the point.
fn of_fields(hour: i32, minute: i32, seconds: i128) -> Result<i64, String> {
    let whole = seconds / 1_000_000;
    let hour = checked(hour, 0, 23, "HourOfDay (valid values 0 - 23)")?;
    let minute = checked(minute, 0, 59, "MinuteOfHour (valid values 0 - 59)")?;
    if seconds < 0 || whole >= 60 {
        return Err(format!("Invalid value for SecondOfMinute (valid values 0 - 59): {whole}"));
    }
    Ok((hour * 3600 + minute * 60) * NANOS_PER_SECOND + seconds as i64 * 1000)
}

fn parse_times(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (texts, patterns) = (text(arrays, 0)?, text(arrays, 1)?);
        let (has_pattern, is_try) = (at(arrays, 2)?.as_boolean(), at(arrays, 3)?.as_boolean());
        let cache = std::cell::RefCell::new(PatternCache::new(Use::Read));
        call.build::<Time64NanosecondType>(texts.len(), |row| {
            if texts.is_null(row) || patterns.is_null(row) {
                return Ok(None);
            }
            let (value, pattern) = (texts.value(row), patterns.value(row));
            let micros = if has_pattern.value(row) {
                let compiled = cache.borrow_mut().get(pattern)?;
                compiled.parse(value).and_then(|parsed| parsed.local_micros()).ok()
            } else {
                parse_time(value)
            };
            match micros {
                Some(micros) => Ok(Some(micros.rem_euclid(MICROS_PER_DAY) * 1000)),
                None if is_try.value(row) => Ok(None),
                None => {
                    let format = if has_pattern.value(row) { pattern } else { "HH:mm:ss.SSSSSS" };
                    Err(SparkError::new("CANNOT_PARSE_TIME")
                        .param("input", format!("'{value}'"))
                        .param("format", format!("'{format}'")))
                }
            }
        })
    })
}

fn from_seconds(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    match call.argument(0)?.data_type() {
        DataType::Int64 => call.map::<Int64Type, Time64NanosecondType>(|seconds| {
            time(i128::from(seconds) * i128::from(NANOS_PER_SECOND)).map(Some)
        }),
        DataType::Float64 => call.map::<Float64Type, Time64NanosecondType>(|seconds| {
            if seconds.is_finite() { time((seconds * 1e6) as i128 * 1000).map(Some) } else { Ok(None) }
        }),
        _ => call.with_arrays(|arrays| {
            let seconds = at(arrays, 0)?.as_primitive::<Decimal128Type>();
            let unit = 10_i128.pow(u32::try_from(seconds.scale()).unwrap_or(0));
            call.build::<Time64NanosecondType>(seconds.len(), |row| {
                if seconds.is_null(row) {
                    return Ok(None);
                }
                let value = seconds.value(row);
                match value.checked_mul(i128::from(NANOS_PER_SECOND)) {
                    Some(nanos) => time(nanos / unit).map(Some),
                    None => time(i128::MAX).map(Some),
                }
            })
        }),
    }
}
