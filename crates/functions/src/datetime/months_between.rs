//! `months_between`: months from one timestamp to another, the rest as parts of a month of 31 days.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Float64Type;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkResult, SparkType};

use super::clock::timestamps;
use crate::call::Call;
use crate::cast::datetime::{MICROS_PER_DAY, MICROS_PER_SECOND, civil_from_days, days_in_month};
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::at;
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const FUNCTION: Function = Function::scalar("months_between", bind)
    .arity(2..=3)
    .prints(|arguments| match arguments {
        [end, start] => format!("months_between({end}, {start}, true)"),
        arguments => format!("months_between({})", arguments.join(", ")),
    })
    .since("1.5.0");

kernels! {
    MonthsBetween = "spark_months_between" => months_between;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let expected = [Expected::TIMESTAMP, Expected::TIMESTAMP, Expected::BOOLEAN];
    let types = call.implicit_cast(&expected)?;
    let nullable = call.any_nullable_as(&types);
    let build = |mut arguments: Vec<Expr>| {
        if arguments.len() == 2 {
            arguments.push(lit(true));
        }
        kernel_call(kernel_udf(MonthsBetween), arguments, &SparkType::Double, -1)
    };
    Ok(Scalar::expr(call, SparkType::Double, build).casting(types).nullable(nullable))
}

fn months_between(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (ends, zone) = timestamps(arrays, 0, call)?;
        let (starts, _) = timestamps(arrays, 1, call)?;
        let round_off = at(arrays, 2)?.as_boolean();
        call.build::<Float64Type>(ends.len(), |row| {
            if ends.is_null(row) || starts.is_null(row) || round_off.is_null(row) {
                return Ok(None);
            }
            let months = difference(zone.to_local(ends.value(row)), zone.to_local(starts.value(row)));
            Ok(Some(if round_off.value(row) { (months * 1e8).round() / 1e8 } else { months }))
        })
    })
}

fn difference(end: i64, start: i64) -> f64 {
    const SECONDS_PER_MONTH: f64 = 31.0 * 86_400.0;
    let (year, month, day) = civil_from_days(end.div_euclid(MICROS_PER_DAY));
    let (start_year, start_month, start_day) = civil_from_days(start.div_euclid(MICROS_PER_DAY));
    let months = ((year - start_year) * 12 + i64::from(month) - i64::from(start_month)) as f64;
    let both_last = day == days_in_month(year, month) && start_day == days_in_month(start_year, start_month);
    if day == start_day || both_last {
        return months;
    }
    let second_of_day = |micros: i64| micros.rem_euclid(MICROS_PER_DAY) / MICROS_PER_SECOND;
    let seconds = (i64::from(day) - i64::from(start_day)) * 86_400 + second_of_day(end) - second_of_day(start);
    months + seconds as f64 / SECONDS_PER_MONTH
}
