//! `time_bucket`: the start of the bucket that a timestamp falls into. Buckets are counted from an origin in whole
//! intervals, of which months and days follow the session's calendar.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, DurationMicrosecondType, IntervalYearMonthType, TimestampMicrosecondType};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::clock::timestamps;
use crate::call::Call;
use crate::cast::Zone;
use crate::cast::datetime::{MICROS_PER_DAY, add_months};
use crate::cast::interval::{write_day_time, write_year_month};
use crate::coercion::{Expected, quoted, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::rows::at;
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const FUNCTION: Function = Function::scalar("time_bucket", bind).arity(2..=3).since("4.2.0");

kernels! {
    TimeBucket = "spark_time_bucket" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let size = Expected::one_of([Expected::DayTimeInterval, Expected::YearMonthInterval]);
    let with_origin = |error: SparkError| {
        let sqls: Vec<_> = call.arguments.iter().map(crate::call::Argument::sql).collect();
        let is_ntz = matches!(call.data_type(1), Ok(SparkType::TimestampNtz));
        error.param("sqlExpr", quoted(&if is_ntz { sql_ntz(&sqls) } else { sql(&sqls) }))
    };
    let expected = [size, Expected::AnyTimestamp, Expected::AnyTimestamp];
    let mut types = call.expect(&expected).map_err(with_origin)?;
    let untyped = *call.data_type(1)? == SparkType::Null;
    let data_type = match (untyped, call.arguments.get(2).map(|origin| &origin.data_type), call.data_type(1)?) {
        (true, Some(SparkType::TimestampNtz), _) | (_, _, SparkType::TimestampNtz) => SparkType::TimestampNtz,
        _ => SparkType::Timestamp,
    };
    if let Some(origin) = call.arguments.get(2)
        && origin.data_type != SparkType::Null
        && origin.data_type != data_type
    {
        return Err(with_origin(call.unexpected_input_type(2, &Expected::Exactly(data_type))));
    }
    for slot in types.iter_mut().skip(1) {
        *slot = data_type.clone();
    }
    check_constants(call).map_err(with_origin)?;
    let nullable = call.any_nullable();
    let (result, zone) = (data_type.clone(), call.context.time_zone.clone());
    let is_ntz = data_type == SparkType::TimestampNtz;
    let build = move |mut arguments: Vec<Expr>| {
        if arguments.len() == 2 {
            let zone = if is_ntz { Zone::UTC } else { Zone::parse(&zone)? };
            let label = (!is_ntz).then(|| "UTC".into());
            arguments.push(Expr::Literal(ScalarValue::TimestampMicrosecond(zone.to_instant(0), label), None));
        }
        kernel_call(kernel_udf(TimeBucket), arguments, &result, -1)
    };
    let mut scalar = Scalar::expr(call, data_type, build).casting(types).nullable(nullable);
    scalar.sql = Some(if is_ntz { sql_ntz } else { sql });
    Ok(scalar)
}

fn sql(arguments: &[String]) -> String {
    printed(arguments, "TIMESTAMP '1970-01-01 00:00:00'")
}

fn sql_ntz(arguments: &[String]) -> String {
    printed(arguments, "TIMESTAMP_NTZ '1970-01-01 00:00:00'")
}

fn printed(arguments: &[String], origin: &str) -> String {
    let origin = if arguments.len() == 2 { format!(", {origin}") } else { String::new() };
    format!("time_bucket({}{origin})", arguments.join(", "))
}

/// Size and origin are constants, the size more than nothing.
fn check_constants(call: &Call<'_>) -> SparkResult<()> {
    for (index, name) in [(0, "`bucketSize`"), (2, "`origin`")] {
        let Some(argument) = call.arguments.get(index) else { continue };
        if !argument.is_foldable {
            return Err(call
                .mismatch("NON_FOLDABLE_INPUT")
                .param("inputName", name)
                .param("inputType", quoted_type(&argument.data_type))
                .param("inputExpr", quoted(&argument.sql())));
        }
    }
    let size = call.argument(0)?;
    let mut text = String::new();
    match (&size.constant, &size.data_type) {
        (Some(ScalarValue::DurationMicrosecond(Some(micros))), SparkType::DayTimeInterval { start, end })
            if *micros <= 0 =>
        {
            write_day_time(*micros, *start, *end, &mut text);
        }
        (Some(ScalarValue::IntervalYearMonth(Some(months))), SparkType::YearMonthInterval { start, end })
            if *months <= 0 =>
        {
            write_year_month(*months, *start, *end, &mut text);
        }
        _ => return Ok(()),
    }
    Err(call
        .mismatch("VALUE_OUT_OF_RANGE")
        .param("exprName", "`bucketSize`")
        .param("valueRange", "(0, inf)")
        .param("currentValue", text))
}

/// The width of a bucket; one of both is 0.
#[derive(Clone, Copy)]
struct Width {
    months: i64,
    micros: i64,
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let sizes = at(arrays, 0)?;
        let (values, zone) = timestamps(arrays, 1, call)?;
        let (origins, _) = timestamps(arrays, 2, call)?;
        call.build::<TimestampMicrosecondType>(values.len(), |row| {
            if sizes.is_null(row) || values.is_null(row) || origins.is_null(row) {
                return Ok(None);
            }
            let width = match sizes.data_type() {
                DataType::Duration(_) => {
                    Width { months: 0, micros: sizes.as_primitive::<DurationMicrosecondType>().value(row) }
                }
                _ => Width { months: i64::from(sizes.as_primitive::<IntervalYearMonthType>().value(row)), micros: 0 },
            };
            bucket(values.value(row), origins.value(row), width, &zone)
                .map(Some)
                .ok_or_else(|| SparkError::new("DATETIME_OVERFLOW").param("operation", "time_bucket"))
        })
    })
}

/// The last start of a bucket that is not behind the moment.
fn bucket(moment: i64, origin: i64, width: Width, zone: &Zone) -> Option<i64> {
    const MICROS_PER_MONTH: i128 = 2_629_746_000_000;
    let distance = i128::from(zone.to_local(moment)) - i128::from(zone.to_local(origin));
    let size = i128::from(width.months) * MICROS_PER_MONTH + i128::from(width.micros);
    let mut count = i64::try_from(distance.div_euclid(size.max(1))).ok()?;
    while start(origin, width, count, zone)? > moment {
        count -= 1;
    }
    while start(origin, width, count + 1, zone).is_some_and(|next| next <= moment) {
        count += 1;
    }
    start(origin, width, count, zone)
}

/// The start of the bucket with the number `count` from the origin.
fn start(origin: i64, width: Width, count: i64, zone: &Zone) -> Option<i64> {
    let local = zone.to_local(origin);
    let months = i32::try_from(width.months.checked_mul(count)?).ok()?;
    let day = add_months(i32::try_from(local.div_euclid(MICROS_PER_DAY)).ok()?, months)?;
    let micros = width.micros.checked_mul(count)?;
    let day = i64::from(day).checked_add(micros.div_euclid(MICROS_PER_DAY))?;
    let instant = zone.to_instant(day.checked_mul(MICROS_PER_DAY)?.checked_add(local.rem_euclid(MICROS_PER_DAY))?)?;
    instant.checked_add(micros.rem_euclid(MICROS_PER_DAY))
}
