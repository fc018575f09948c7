//! The time at which the query began, which is one for the whole query.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit};
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::cast::Zone;
use crate::cast::datetime::MICROS_PER_DAY;
use crate::function::{Function, Scalar};

pub(super) const CURRENT_DATE: Function =
    Function::scalar("current_date", current_date).aliases(&["curdate"]).arity(0..=0).since("1.5.0");
pub(super) const CURRENT_TIMESTAMP: Function =
    Function::scalar("current_timestamp", current_timestamp).arity(0..=0).since("1.5.0");
pub(super) const NOW: Function = Function::scalar("now", current_timestamp).arity(0..=0).since("1.6.0");
pub(super) const LOCALTIMESTAMP: Function =
    Function::scalar("localtimestamp", localtimestamp).arity(0..=0).since("3.4.0");
pub(super) const CURRENT_TIMEZONE: Function =
    Function::scalar("current_timezone", current_timezone).arity(0..=0).since("3.1.0");

/// A constant that is not NULL.
fn constant(call: &Call<'_>, data_type: SparkType, value: ScalarValue) -> Scalar {
    Scalar::expr(call, data_type, move |_| Ok(Expr::Literal(value.clone(), None))).nullable(false)
}

/// What a clock in the session's zone shows, in microseconds since the epoch.
fn local_now(call: &Call<'_>) -> SparkResult<i64> {
    Ok(Zone::parse(&call.context.time_zone)?.to_local(call.context.query_time))
}

fn current_date(call: &Call<'_>) -> SparkResult<Scalar> {
    let days = local_now(call)?.div_euclid(MICROS_PER_DAY) as i32;
    Ok(constant(call, SparkType::Date, ScalarValue::Date32(Some(days))))
}

fn current_timestamp(call: &Call<'_>) -> SparkResult<Scalar> {
    let now = ScalarValue::TimestampMicrosecond(Some(call.context.query_time), Some("UTC".into()));
    Ok(constant(call, SparkType::Timestamp, now))
}

fn localtimestamp(call: &Call<'_>) -> SparkResult<Scalar> {
    let now = ScalarValue::TimestampMicrosecond(Some(local_now(call)?), None);
    Ok(constant(call, SparkType::TimestampNtz, now))
}

fn current_timezone(call: &Call<'_>) -> SparkResult<Scalar> {
    let zone = call.context.time_zone.clone();
    Ok(Scalar::expr(call, SparkType::STRING, move |_| Ok(lit(zone.as_str()))).nullable(false))
}
