//! `to_timestamp` and its kin: timestamps from text by a pattern, or by a cast where there is no pattern.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{ArrowPrimitiveType, DataType, TimestampMicrosecondType};
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::pattern::{ParseFailure, Parsed, PatternCache, Use};
use crate::call::Call;
use crate::cast::{CastMode, Zone, cast_expr};
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::{at, text};
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const TO_TIMESTAMP: Function =
    Function::scalar("to_timestamp", |call| bind(call, &session_type(call), false)).arity(1..=2).since("2.2.0");
pub(super) const TO_TIMESTAMP_LTZ: Function =
    Function::scalar("to_timestamp_ltz", |call| bind(call, &SparkType::Timestamp, false)).arity(1..=2).since("3.4.0");
pub(super) const TO_TIMESTAMP_NTZ: Function =
    Function::scalar("to_timestamp_ntz", |call| bind(call, &SparkType::TimestampNtz, false))
        .arity(1..=2)
        .since("3.4.0");
pub(super) const TRY_TO_TIMESTAMP: Function =
    Function::scalar("try_to_timestamp", |call| bind(call, &session_type(call), true)).arity(1..=2).since("3.5.0");

kernels! {
    /// Of a text, a pattern and whether a text that does not fit yields NULL in any case.
    ParseTimestamp = "spark_parse_timestamp" => parse_timestamps;
}

/// What `TIMESTAMP` means in the session.
pub(super) fn session_type(call: &Call<'_>) -> SparkType {
    if call.context.timestamp_is_ntz { SparkType::TimestampNtz } else { SparkType::Timestamp }
}

fn bind(call: &Call<'_>, target: &SparkType, is_try: bool) -> SparkResult<Scalar> {
    if call.len() == 1 { bind_cast(call, target, is_try) } else { bind_parse(call, target, is_try, ParseTimestamp) }
}

/// Without pattern: a cast. What has no cast to the target goes by way of text.
pub(super) fn bind_cast(call: &Call<'_>, target: &SparkType, is_try: bool) -> SparkResult<Scalar> {
    let source = call.data_type(0)?;
    let direct = *source == SparkType::Null
        || source.is_string()
        || source.is_datetime()
        || (*target == SparkType::Timestamp && source.is_numeric());
    if direct && !is_try {
        let types = vec![target.clone()];
        let nullable = call.any_nullable_as(&types);
        return Ok(Scalar::expr(call, target.clone(), single).casting(types).nullable(nullable));
    }
    let from = if direct { source.clone() } else { SparkType::STRING };
    let types = vec![from.clone()];
    let mode = if is_try { CastMode::Try } else { CastMode::of(call.ansi()) };
    let to = target.clone();
    let build = move |arguments| cast_expr(single(arguments)?, &from, &to, mode, -1);
    Ok(Scalar::expr(call, target.clone(), build).casting(types).nullable(true))
}

/// With a pattern: texts are parsed by `kernel`, anything else is cast.
pub(super) fn bind_parse<K: Kernel>(
    call: &Call<'_>,
    target: &SparkType,
    is_try: bool,
    kernel: K,
) -> SparkResult<Scalar> {
    let source = Expected::one_of([
        Expected::STRING,
        Expected::DATE,
        Expected::TIMESTAMP,
        Expected::Exactly(SparkType::TimestampNtz),
    ]);
    let types = call.implicit_cast(&[source, Expected::STRING])?;
    let nullable = is_try || !call.ansi() || call.any_nullable_as(&types);
    let (to, mode) = (target.clone(), CastMode::of(call.ansi()));
    let from = types.first().cloned().unwrap_or(SparkType::STRING);
    let build = move |mut arguments: Vec<Expr>| {
        if !from.is_string() {
            arguments.truncate(1);
            return cast_expr(single(arguments)?, &from, &to, mode, -1);
        }
        arguments.push(lit(is_try));
        kernel_call(kernel_udf(kernel), arguments, &to, -1)
    };
    Ok(Scalar::expr(call, target.clone(), build).casting(types).nullable(nullable))
}

/// The only argument.
pub(super) fn single(mut arguments: Vec<Expr>) -> SparkResult<Expr> {
    arguments.pop().ok_or_else(|| SparkError::internal("a call without arguments was bound"))
}

fn parse_timestamps(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let with_zone = matches!(call.return_type, DataType::Timestamp(_, Some(_)));
    parse::<TimestampMicrosecondType>(call, "`try_to_timestamp`", |parsed, zone| {
        let local = parsed.local_micros()?;
        if !with_zone {
            return Ok(local);
        }
        Ok(parsed.zone().unwrap_or(*zone).to_instant(local).unwrap_or(local))
    })
}

/// Parses the texts by their patterns; `function` is what errors suggest instead.
pub(super) fn parse<R: ArrowPrimitiveType>(
    call: &KernelCall<'_>,
    function: &str,
    convert: impl Fn(&Parsed, &Zone) -> Result<R::Native, ParseFailure>,
) -> SparkResult<ColumnarValue> {
    let zone = Zone::parse(call.time_zone())?;
    call.with_arrays(|arrays| {
        let (texts, patterns) = (text(arrays, 0)?, text(arrays, 1)?);
        let is_try = at(arrays, 2)?.as_boolean();
        let is_try = !is_try.is_empty() && is_try.value(0);
        let fails = call.ansi() && !is_try;
        // Timestamps without a time zone came with Spark 3.
        let knows_legacy = !matches!(call.return_type, DataType::Timestamp(_, None));
        let cache = PatternCache::new(Use::Read).with_legacy(call.legacy_time_patterns() && knows_legacy);
        let cache = std::cell::RefCell::new(cache);
        let reports = call.reports_legacy_times() && knows_legacy;
        call.build::<R>(texts.len(), |row| {
            if texts.is_null(row) || patterns.is_null(row) {
                return Ok(None);
            }
            let pattern = cache.borrow_mut().get(patterns.value(row))?;
            match pattern.parse(texts.value(row)).and_then(|parsed| convert(&parsed, &zone)) {
                Ok(value) => Ok(Some(value)),
                Err(_) if reports && was_read_before(texts.value(row), patterns.value(row)) => {
                    Err(SparkError::new("INCONSISTENT_BEHAVIOR_CROSS_VERSION.PARSE_DATETIME_BY_NEW_PARSER")
                        .param("datetime", format!("'{}'", texts.value(row)))
                        .param("config", "\"spark.sql.legacy.timeParserPolicy\""))
                }
                Err(failure) if fails => {
                    Err(SparkError::new("CANNOT_PARSE_TIMESTAMP").param("message", failure.0).param("func", function))
                }
                Err(_) => Ok(None),
            }
        })
    })
}

/// Whether the text was read by the pattern before Spark 3.0.
fn was_read_before(text: &str, pattern: &str) -> bool {
    PatternCache::new(Use::Read).with_legacy(true).get(pattern).is_ok_and(|pattern| pattern.parse(text).is_ok())
}
