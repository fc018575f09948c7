//! `timestampadd(unit, count, timestamp)`, also spelled `dateadd` with three arguments.

use arrow::array::Array;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::clock::timestamps;
use crate::call::Call;
use crate::cast::Zone;
use crate::cast::datetime::{MICROS_PER_DAY, add_months, timestamp_text};
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::{primitive, text};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const FUNCTION: Function = Function::scalar("timestampadd", bind).arity(3..=3).since("3.3.0");

kernels! {
    TimestampAdd = "spark_timestampadd" => evaluate;
}

/// What is counted, in parts of the largest unit that has no fixed size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Months(i64),
    Days(i64),
    Micros(i64),
}

impl Unit {
    pub(super) fn find(name: &str) -> Option<Self> {
        Some(match name.to_uppercase().as_str() {
            "YEAR" => Self::Months(12),
            "QUARTER" => Self::Months(3),
            "MONTH" => Self::Months(1),
            "WEEK" => Self::Days(7),
            "DAY" | "DAYOFYEAR" => Self::Days(1),
            "HOUR" => Self::Micros(3_600_000_000),
            "MINUTE" => Self::Micros(60_000_000),
            "SECOND" => Self::Micros(1_000_000),
            "MILLISECOND" => Self::Micros(1000),
            "MICROSECOND" => Self::Micros(1),
            _ => return None,
        })
    }

    /// The unit that the first argument names.
    pub(super) fn of_call(call: &Call<'_>, function: &str) -> SparkResult<Self> {
        let name = match &call.argument(0)?.constant {
            Some(
                ScalarValue::Utf8(Some(name)) | ScalarValue::Utf8View(Some(name)) | ScalarValue::LargeUtf8(Some(name)),
            ) => name.as_str(),
            Some(_) | None => "",
        };
        Self::find(name).ok_or_else(|| {
            SparkError::new("INVALID_PARAMETER_VALUE.DATETIME_UNIT")
                .param("functionName", format!("`{function}`"))
                .param("parameter", "`unit`")
                .param("invalidValue", format!("'{name}'"))
        })
    }
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    Unit::of_call(call, "TIMESTAMPADD")?;
    let types = call.implicit_cast(&[Expected::AnyType, Expected::LONG, Expected::AnyTimestamp])?;
    let nullable = call.any_nullable_as(&types);
    let result = match types.get(2) {
        Some(SparkType::TimestampNtz) => SparkType::TimestampNtz,
        Some(_) | None => SparkType::Timestamp,
    };
    let data_type = result.clone();
    let build = move |arguments: Vec<Expr>| kernel_call(kernel_udf(TimestampAdd), arguments, &result, -1);
    Ok(Scalar::expr(call, data_type, build).casting(types).nullable(nullable))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (names, counts) = (text(arrays, 0)?, primitive::<Int64Type>(arrays, 1)?);
        let (values, zone) = timestamps(arrays, 2, call)?;
        let name = if names.is_empty() { "" } else { names.value(0) };
        let unit = Unit::find(name).unwrap_or(Unit::Micros(1));
        call.build::<TimestampMicrosecondType>(values.len(), |row| {
            if values.is_null(row) || counts.is_null(row) {
                return Ok(None);
            }
            let (micros, count) = (values.value(row), counts.value(row));
            add(micros, unit, count, &zone).map(Some).ok_or_else(|| overflow(call, micros, name, count))
        })
    })
}

fn add(micros: i64, unit: Unit, count: i64, zone: &Zone) -> Option<i64> {
    let local = zone.to_local(micros);
    match unit {
        Unit::Micros(size) => micros.checked_add(count.checked_mul(size)?),
        Unit::Days(days) => zone.to_instant(local.checked_add(count.checked_mul(days)?.checked_mul(MICROS_PER_DAY)?)?),
        Unit::Months(months) => {
            let months = i32::try_from(count.checked_mul(months)?).ok()?;
            let days = add_months(i32::try_from(local.div_euclid(MICROS_PER_DAY)).ok()?, months)?;
            let start = i64::from(days).checked_mul(MICROS_PER_DAY)?;
            zone.to_instant(start.checked_add(local.rem_euclid(MICROS_PER_DAY))?)
        }
    }
}

fn overflow(call: &KernelCall<'_>, micros: i64, unit: &str, count: i64) -> SparkError {
    let local = Zone::find(call.time_zone()).map_or(micros, |zone| zone.to_local(micros));
    let timestamp = timestamp_text(local);
    SparkError::new("DATETIME_OVERFLOW").param("operation", format!("add {count}L {unit} to TIMESTAMP '{timestamp}'"))
}
