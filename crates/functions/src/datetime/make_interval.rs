//! `make_interval`, `make_dt_interval` and `make_ym_interval`: intervals from their fields.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    Decimal128Type, DurationMicrosecondType, Int32Type, IntervalMonthDayNano, IntervalMonthDayNanoType,
    IntervalYearMonthType,
};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::add_months::overflow;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::{all_valid, at, primitive};
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const MAKE_INTERVAL: Function = Function::scalar("make_interval", |call| {
    bind(call, 6, true, SparkType::CalendarInterval, MakeInterval, !call.ansi())
})
.arity(0..=7)
.prints(|arguments| sql("make_interval", arguments, 6, true))
.since("3.0.0");
pub(super) const TRY_MAKE_INTERVAL: Function = Function::scalar("try_make_interval", |call| {
    bind(call, 6, true, SparkType::CalendarInterval, TryMakeInterval, true)
})
.arity(0..=7)
.prints(|arguments| sql("try_make_interval", arguments, 6, true))
.since("4.0.0");
pub(super) const MAKE_DT_INTERVAL: Function =
    Function::scalar("make_dt_interval", |call| bind(call, 3, true, SparkType::DAY_TIME, MakeDtInterval, false))
        .arity(0..=4)
        .prints(|arguments| sql("make_dt_interval", arguments, 3, true))
        .since("3.2.0");
pub(super) const MAKE_YM_INTERVAL: Function =
    Function::scalar("make_ym_interval", |call| bind(call, 2, false, SparkType::YEAR_MONTH, MakeYmInterval, false))
        .arity(0..=2)
        .prints(|arguments| sql("make_ym_interval", arguments, 2, false))
        .since("3.2.0");

kernels! {
    MakeInterval = "spark_make_interval" => |call| make_interval(call, call.ansi());
    TryMakeInterval = "spark_try_make_interval" => |call| make_interval(call, false);
    MakeDtInterval = "spark_make_dt_interval" => make_dt_interval;
    MakeYmInterval = "spark_make_ym_interval" => make_ym_interval;
}

/// Fields that are left out print as zeros.
fn sql(name: &str, arguments: &[String], integers: usize, with_seconds: bool) -> String {
    let mut all = arguments.to_vec();
    while all.len() < integers {
        all.push("0".to_owned());
    }
    if with_seconds && all.len() == integers {
        all.push("0.000000".to_owned());
    }
    format!("{name}({})", all.join(", "))
}

/// A kernel of `integers` numbers and perhaps seconds; what is left out is 0.
fn bind<K: Kernel>(
    call: &Call<'_>,
    integers: usize,
    with_seconds: bool,
    data_type: SparkType,
    kernel: K,
    forces_nullable: bool,
) -> SparkResult<Scalar> {
    let mut expected = vec![Expected::INT; integers];
    if with_seconds {
        expected.push(Expected::Exactly(SparkType::decimal(18, 6)));
    }
    let types = call.implicit_cast(&expected)?;
    let nullable = forces_nullable || call.any_nullable_as(&types);
    let result = data_type.clone();
    let build = move |mut arguments: Vec<Expr>| {
        while arguments.len() < integers {
            arguments.push(lit(0_i32));
        }
        if with_seconds && arguments.len() == integers {
            arguments.push(lit(ScalarValue::Decimal128(Some(0), 18, 6)));
        }
        kernel_call(kernel_udf(kernel), arguments, &result, -1)
    };
    Ok(Scalar::expr(call, data_type, build).casting(types).nullable(nullable))
}

/// The whole numbers and the microseconds of a row.
fn fields<const N: usize>(arrays: &[ArrayRef], row: usize) -> SparkResult<[i64; N]> {
    let mut values = [0; N];
    for (index, value) in values.iter_mut().enumerate() {
        *value = i64::from(primitive::<Int32Type>(arrays, index)?.value(row));
    }
    Ok(values)
}

fn seconds(arrays: &[ArrayRef], index: usize, row: usize) -> SparkResult<i64> {
    Ok(at(arrays, index)?.as_primitive::<Decimal128Type>().value(row) as i64)
}

fn make_interval(call: &KernelCall<'_>, fails: bool) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        call.build::<IntervalMonthDayNanoType>(at(arrays, 0)?.len(), |row| {
            if !all_valid(arrays, row) {
                return Ok(None);
            }
            match calendar_interval(fields(arrays, row)?, seconds(arrays, 6, row)?) {
                None if fails => Err(overflow()),
                interval => Ok(interval),
            }
        })
    })
}

fn calendar_interval(
    [years, months, weeks, days, hours, minutes]: [i64; 6],
    micros: i64,
) -> Option<IntervalMonthDayNano> {
    let months = i32::try_from(years * 12 + months).ok()?;
    let days = i32::try_from(weeks * 7 + days).ok()?;
    let minutes = (hours * 60 + minutes).checked_mul(60_000_000)?;
    let nanos = minutes.checked_add(micros)?.checked_mul(1000)?;
    Some(IntervalMonthDayNano::new(months, days, nanos))
}

fn interval_overflow() -> SparkError {
    SparkError::new("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION")
}

fn make_dt_interval(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        call.build::<DurationMicrosecondType>(at(arrays, 0)?.len(), |row| {
            if !all_valid(arrays, row) {
                return Ok(None);
            }
            let [days, hours, minutes] = fields(arrays, row)?;
            let total =
                i128::from((days * 24 + hours) * 60 + minutes) * 60_000_000 + i128::from(seconds(arrays, 3, row)?);
            i64::try_from(total).map(Some).map_err(|_| interval_overflow())
        })
    })
}

fn make_ym_interval(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        call.build::<IntervalYearMonthType>(at(arrays, 0)?.len(), |row| {
            if !all_valid(arrays, row) {
                return Ok(None);
            }
            let [years, months] = fields(arrays, row)?;
            i32::try_from(years * 12 + months).map(Some).map_err(|_| interval_overflow())
        })
    })
}
