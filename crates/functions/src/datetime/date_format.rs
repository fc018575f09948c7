//! `date_format` and `from_unixtime`: timestamps as text by a pattern.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::logical_expr::{Expr, lit};
use firesteel_base::{SparkResult, SparkType};

use super::pattern::{Moment, PatternCache, Use};
use super::unix_timestamp::DEFAULT_PATTERN;
use crate::call::Call;
use crate::cast::Zone;
use crate::cast::datetime::MICROS_PER_SECOND;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::{primitive, text};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const DATE_FORMAT: Function = Function::scalar("date_format", |call| {
    Scalar::coercing(call, &[Expected::TIMESTAMP, Expected::STRING], SparkType::STRING, DateFormat)
})
.arity(2..=2)
.since("1.5.0");

pub(super) const FROM_UNIXTIME: Function = Function::scalar("from_unixtime", bind_from_unixtime)
    .arity(1..=2)
    .prints(|arguments| match arguments {
        [seconds] => format!("from_unixtime({seconds}, {DEFAULT_PATTERN})"),
        arguments => format!("from_unixtime({})", arguments.join(", ")),
    })
    .since("1.5.0");

kernels! {
    DateFormat = "spark_date_format" => |call| call.with_arrays(|arrays| {
        let values = primitive::<TimestampMicrosecondType>(arrays, 0)?;
        format(call, arrays, |row| values.is_valid(row).then(|| values.value(row)))
    });
    FromUnixtime = "spark_from_unixtime" => |call| call.with_arrays(|arrays| {
        let values = primitive::<Int64Type>(arrays, 0)?;
        format(call, arrays, |row| values.is_valid(row).then(|| values.value(row).wrapping_mul(MICROS_PER_SECOND)))
    });
}

fn bind_from_unixtime(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::LONG, Expected::STRING])?;
    let build = |mut arguments: Vec<Expr>| {
        if arguments.len() == 1 {
            arguments.push(lit(DEFAULT_PATTERN));
        }
        kernel_call(kernel_udf(FromUnixtime), arguments, &SparkType::STRING, -1)
    };
    Ok(Scalar::expr(call, SparkType::STRING, build).casting(types).nullable(true))
}

fn format(call: &KernelCall<'_>, arrays: &[ArrayRef], micros: impl Fn(usize) -> Option<i64>) -> SparkResult<ArrayRef> {
    let patterns = text(arrays, 1)?;
    let zone = Zone::parse(call.time_zone())?;
    let mut cache = PatternCache::new(Use::Write).with_legacy(call.legacy_time_patterns());
    call.build_text(patterns.len(), |row, out| match micros(row) {
        Some(micros) if patterns.is_valid(row) => {
            let moment = Moment::new(micros, &zone, call.time_zone());
            cache.get(patterns.value(row))?.write(&moment, out)?;
            Ok(true)
        }
        Some(_) | None => Ok(false),
    })
}
