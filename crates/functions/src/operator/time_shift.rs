//! A time of day and an interval: `TIME '12:30' + INTERVAL '1' HOUR`. A time does not run on into the next day.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DurationMicrosecondType, Int32Type, Time64NanosecondType};
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::types::DayTimeField;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::cast::datetime::write_time;
use crate::cast::interval::write_day_time;
use crate::function::Scalar;
use crate::kernel::rows::{at, primitive};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};
kernels! {
    /// Of a time, an interval, the number of the interval's last field, and whether what fails is NULL.
    ShiftTime = "spark_shift_time" => |call| shifted(call, false);
    ShiftTimeBack = "spark_shift_time_back" => |call| shifted(call, true);
}

const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// The fields that a day-time interval may end with, in the order of their numbers.
const FIELDS: [DayTimeField; 4] = [DayTimeField::Day, DayTimeField::Hour, DayTimeField::Minute, DayTimeField::Second];

/// Binds the sum, or the difference, of a time and an interval of days to seconds; `None` if the operands are others.
pub(super) fn bind(call: &Call<'_>, back: bool, tries: bool) -> SparkResult<Option<Scalar>> {
    use SparkType::{DayTimeInterval, Time};
    let (base, precision, end) = match (call.data_type(0)?, call.data_type(1)?) {
        (Time { precision }, DayTimeInterval { end, .. }) => (0, *precision, *end),
        (DayTimeInterval { end, .. }, Time { precision }) if !back => (1, *precision, *end),
        _ => return Ok(None),
    };
    let data_type = Time { precision: if end == DayTimeField::Second { 6 } else { precision } };
    let result = data_type.clone();
    let build = move |mut arguments: Vec<Expr>| {
        if base == 1 {
            arguments.reverse();
        }
        arguments.push(lit(end as i32));
        arguments.push(lit(tries));
        let udf = if back { kernel_udf(ShiftTimeBack) } else { kernel_udf(ShiftTime) };
        kernel_call(udf, arguments, &result, -1)
    };
    let nullable = call.any_nullable() || tries;
    let scalar = Scalar::expr(call, data_type, build).nullable(nullable);
    Ok(Some(match (back, base) {
        (true, _) => scalar.prints(|arguments| arguments.join(" - ")),
        (false, 0) => scalar.prints(|arguments| arguments.join(" + ")),
        (false, _) => scalar.prints(|arguments| arguments.iter().rev().cloned().collect::<Vec<_>>().join(" + ")),
    }))
}

fn shifted(call: &KernelCall<'_>, back: bool) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let times = primitive::<Time64NanosecondType>(arrays, 0)?;
        let intervals = primitive::<DurationMicrosecondType>(arrays, 1)?;
        let (ends, tries) = (at(arrays, 2)?.as_primitive::<Int32Type>(), at(arrays, 3)?.as_boolean());
        call.build::<Time64NanosecondType>(times.len(), |row| {
            if times.is_null(row) || intervals.is_null(row) {
                return Ok(None);
            }
            let (time, interval) = (times.value(row), intervals.value(row));
            let interval = if back { interval.checked_neg() } else { Some(interval) };
            let moved = interval.and_then(|micros| micros.checked_mul(1000)).and_then(|nanos| time.checked_add(nanos));
            match moved.filter(|moved| (0..NANOS_PER_DAY).contains(moved)) {
                Some(moved) => Ok(Some(moved)),
                None if tries.value(row) => Ok(None),
                None => Err(overflow(time, interval.unwrap_or(i64::MIN), ends.value(row))),
            }
        })
    })
}

fn overflow(time: i64, micros: i64, end: i32) -> SparkError {
    let end = usize::try_from(end).ok().and_then(|end| FIELDS.get(end)).copied().unwrap_or(DayTimeField::Second);
    let (mut interval, mut shown) = (String::new(), String::new());
    write_day_time(micros, end, end, &mut interval);
    write_time(time / 1000, &mut shown);
    SparkError::new("DATETIME_OVERFLOW").param("operation", format!("add {interval} to the time value TIME '{shown}'"))
}
