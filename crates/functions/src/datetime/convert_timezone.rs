//! `convert_timezone`: what a clock in one zone shows while a clock in another shows a given time.

use arrow::array::Array;
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkResult, SparkType};

use super::utc_timestamp::ZoneCache;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::{primitive, text};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const FUNCTION: Function = Function::scalar("convert_timezone", bind)
    .arity(2..=3)
    .prints(|arguments| match arguments {
        [target, timestamp] => format!("convert_timezone(current_timezone(), {target}, {timestamp})"),
        arguments => format!("convert_timezone({})", arguments.join(", ")),
    })
    .since("3.4.0");

kernels! {
    ConvertTimezone = "spark_convert_timezone" => convert;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let timestamp = Expected::Exactly(SparkType::TimestampNtz);
    let types = match call.len() {
        2 => call.implicit_cast(&[Expected::STRING, timestamp])?,
        _ => call.implicit_cast(&[Expected::STRING, Expected::STRING, timestamp])?,
    };
    let nullable = call.any_nullable_as(&types);
    let zone = call.context.time_zone.clone();
    let build = move |mut arguments: Vec<Expr>| {
        if arguments.len() == 2 {
            arguments.insert(0, lit(zone.as_str()));
        }
        kernel_call(kernel_udf(ConvertTimezone), arguments, &SparkType::TimestampNtz, -1)
    };
    Ok(Scalar::expr(call, SparkType::TimestampNtz, build).casting(types).nullable(nullable))
}

fn convert(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (sources, targets) = (text(arrays, 0)?, text(arrays, 1)?);
        let values = primitive::<TimestampMicrosecondType>(arrays, 2)?;
        let (from, to) = (ZoneCache::default(), ZoneCache::default());
        call.build::<TimestampMicrosecondType>(values.len(), |row| {
            if values.is_null(row) || sources.is_null(row) || targets.is_null(row) {
                return Ok(None);
            }
            let instant = from.get(sources.value(row))?.to_instant(values.value(row));
            let target = to.get(targets.value(row))?;
            Ok(instant.map(|instant| target.to_local(instant)))
        })
    })
}
