//! `make_timestamp` and its kin: timestamps from their fields, or from a date and a time of day.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, Time64NanosecondType, TimestampMicrosecondType,
};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::make_date::{checked, checked_date, out_of_bounds};
use super::to_timestamp::session_type;
use super::utc_timestamp::ZoneCache;
use crate::call::Call;
use crate::cast::datetime::MICROS_PER_DAY;
use crate::coercion::{Expected, quoted};
use crate::function::{Function, Scalar};
use crate::kernel::rows::{all_valid, at, primitive, text};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const MAKE_TIMESTAMP: Function =
    Function::scalar("make_timestamp", |call| bind(call, session_type(call), false)).arity(1..=7).since("3.0.0");
pub(super) const MAKE_TIMESTAMP_LTZ: Function =
    Function::scalar("make_timestamp_ltz", |call| bind(call, SparkType::Timestamp, false)).arity(2..=7).since("3.4.0");
pub(super) const MAKE_TIMESTAMP_NTZ: Function =
    Function::scalar("make_timestamp_ntz", |call| bind(call, SparkType::TimestampNtz, false))
        .arity(0..=usize::MAX)
        .since("3.4.0");
pub(super) const TRY_MAKE_TIMESTAMP: Function =
    Function::scalar("try_make_timestamp", |call| bind(call, session_type(call), true)).arity(1..=7).since("4.0.0");
pub(super) const TRY_MAKE_TIMESTAMP_LTZ: Function =
    Function::scalar("try_make_timestamp_ltz", |call| bind(call, SparkType::Timestamp, true))
        .arity(2..=7)
        .since("4.0.0");
pub(super) const TRY_MAKE_TIMESTAMP_NTZ: Function =
    Function::scalar("try_make_timestamp_ntz", |call| bind(call, SparkType::TimestampNtz, true))
        .arity(0..=usize::MAX)
        .since("4.0.0");

kernels! {
    MakeTimestamp = "spark_make_timestamp" => |call| from_fields(call, call.ansi());
    TryMakeTimestamp = "spark_try_make_timestamp" => |call| from_fields(call, false);
    MakeTimestampFromDate = "spark_make_timestamp_from_date" => from_date;
}

fn bind(call: &Call<'_>, target: SparkType, is_try: bool) -> SparkResult<Scalar> {
    let with_zone = target == SparkType::Timestamp;
    let (expected, of_fields) = match call.len() {
        6 | 7 if call.len() == 6 || with_zone => {
            let mut expected = vec![Expected::INT; 5];
            expected.extend([Expected::Exactly(SparkType::decimal(16, 6)), Expected::STRING]);
            (expected, true)
        }
        1..=3 if call.len() < 3 || with_zone => (vec![Expected::DATE, Expected::AnyTime, Expected::STRING], false),
        given => {
            return Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
                .param("functionName", format!("`{}`", call.called_as))
                .param("expectedNum", if with_zone { "[2, 3, 6, 7]" } else { "[2, 6]" })
                .param("actualNum", given.to_string())
                .param("docroot", "https://spark.apache.org/docs/latest"));
        }
    };
    let types = if of_fields { call.implicit_cast(&expected)? } else { whole_arguments(call, &expected)? };
    let nullable =
        (of_fields && (is_try || !call.ansi())) || (!of_fields && !with_zone) || call.any_nullable_as(&types);
    let result = target.clone();
    let udf = match (of_fields, is_try) {
        (false, _) => kernel_udf(MakeTimestampFromDate),
        (true, false) => kernel_udf(MakeTimestamp),
        (true, true) => kernel_udf(TryMakeTimestamp),
    };
    let build = move |mut arguments: Vec<Expr>| {
        if arguments.len() == 1 {
            arguments.push(lit(ScalarValue::Time64Nanosecond(Some(0))));
        }
        kernel_call(Arc::clone(&udf), arguments, &result, -1)
    };
    let mut scalar = Scalar::expr(call, target, build).casting(types).nullable(nullable);
    if !of_fields && call.function.name == "try_make_timestamp_ntz" {
        scalar.sql = Some(|arguments| format!("try_make_timestamp_ntz(make_timestamp_ntz({}))", arguments.join(", ")));
    }
    if !of_fields && call.function.name.ends_with("_ltz") {
        scalar.sql = Some(|arguments| format!("make_timestamp({})", arguments.join(", ")));
    }
    if of_fields && is_try && call.function.name == "try_make_timestamp" {
        // The zone is not shown.
        scalar.sql = Some(|arguments| {
            let shown: Vec<_> = arguments.iter().take(6).map(String::as_str).collect();
            format!("try_make_timestamp({})", shown.join(", "))
        });
    }
    Ok(scalar)
}

/// The types of a date, a time and a zone, which are taken as they are; `try_make_timestamp` of them is the plain one.
fn whole_arguments(call: &Call<'_>, expected: &[Expected]) -> SparkResult<Vec<SparkType>> {
    call.expect(expected).map_err(|error| {
        let sql = call.sql();
        error.param("sqlExpr", quoted(sql.strip_prefix("try_").unwrap_or(&sql)))
    })
}

/// From a wall clock's time to what the result holds.
struct Placement {
    /// The zones that are named row by row, behind `fields` other arguments.
    zones: Option<StringViewArray>,
    session: String,
    with_zone: bool,
    cache: ZoneCache,
}

impl Placement {
    fn new(call: &KernelCall<'_>, arrays: &[ArrayRef], fields: usize) -> SparkResult<Self> {
        let zones = if arrays.len() > fields { Some(text(arrays, fields)?) } else { None };
        let with_zone = matches!(call.return_type, DataType::Timestamp(_, Some(_)));
        Ok(Self { zones, session: call.time_zone().to_owned(), with_zone, cache: ZoneCache::default() })
    }

    fn place(&self, local: i64, row: usize) -> SparkResult<Option<i64>> {
        if !self.with_zone {
            return Ok(Some(local));
        }
        let name = self.zones.as_ref().map_or(self.session.as_str(), |zones| zones.value(row));
        Ok(self.cache.get(name)?.to_instant(local))
    }
}

enum Invalid {
    Field(String),
    Fraction(i128),
}

fn from_fields(call: &KernelCall<'_>, fails: bool) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let mut fields = Vec::with_capacity(5);
        for index in 0..5 {
            fields.push(primitive::<Int32Type>(arrays, index)?);
        }
        let seconds = at(arrays, 5)?.as_primitive::<Decimal128Type>();
        let placement = Placement::new(call, arrays, 6)?;
        call.build::<TimestampMicrosecondType>(seconds.len(), |row| {
            if !all_valid(arrays, row) {
                return Ok(None);
            }
            let values: Vec<i32> = fields.iter().map(|field| field.value(row)).collect();
            match local_micros(&values, seconds.value(row)) {
                Ok(local) => placement.place(local, row),
                Err(_) if !fails => Ok(None),
                Err(Invalid::Field(message)) => Err(out_of_bounds(message)),
                Err(Invalid::Fraction(micros)) => Err(SparkError::new("INVALID_FRACTION_OF_SECOND")
                    .param("secAndMicros", (micros as f64 / 1e6).to_string())),
            }
        })
    })
}

/// Microseconds of a wall clock; `seconds` has six digits behind the point. A full minute may be written as 60 seconds.
fn local_micros(fields: &[i32], seconds: i128) -> Result<i64, Invalid> {
    let &[year, month, day, hour, minute] = fields else {
        return Err(Invalid::Field(String::new()));
    };
    let (whole, fraction) = (seconds.div_euclid(1_000_000), seconds.rem_euclid(1_000_000) as i64);
    if whole == 60 && fraction != 0 {
        return Err(Invalid::Fraction(seconds));
    }
    let (whole, carry) = if whole == 60 { (0, 60) } else { (i32::try_from(whole).unwrap_or(i32::MAX), 0) };
    let days = checked_date(year, month, day).map_err(Invalid::Field)?;
    let hour = checked(hour, 0, 23, "HourOfDay (valid values 0 - 23)").map_err(Invalid::Field)?;
    let minute = checked(minute, 0, 59, "MinuteOfHour (valid values 0 - 59)").map_err(Invalid::Field)?;
    let second = checked(whole, 0, 59, "SecondOfMinute (valid values 0 - 59)").map_err(Invalid::Field)?;
    let of_day = (hour * 3600 + minute * 60 + second + carry) * 1_000_000 + fraction;
    Ok(days.saturating_mul(MICROS_PER_DAY).saturating_add(of_day))
}

fn from_date(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (dates, times) = (primitive::<Date32Type>(arrays, 0)?, primitive::<Time64NanosecondType>(arrays, 1)?);
        let placement = Placement::new(call, arrays, 2)?;
        call.build::<TimestampMicrosecondType>(dates.len(), |row| {
            if !all_valid(arrays, row) {
                return Ok(None);
            }
            let start = i64::from(dates.value(row)).saturating_mul(MICROS_PER_DAY);
            placement.place(start.saturating_add(times.value(row) / 1000), row)
        })
    })
}
