//! `sequence`: numbers, dates or timestamps from a start to a stop by a step.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, DurationMicrosecondType, Int64Type, IntervalMonthDayNanoType, IntervalUnit,
    IntervalYearMonthType, TimestampMicrosecondType,
};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::cast::Zone;
use crate::cast::datetime::{MICROS_PER_DAY, add_months};
use crate::coercion::{common_type_without_string_promotion, wider_type_without_string_promotion};
use crate::function::{Function, Scalar};
use crate::kernel::budget::Budget;
use crate::kernel::nested::{RowBuilder, element_field};
use crate::kernel::rows::{all_valid, at};
use crate::kernel::{KernelCall, from_arrow, kernels};

pub(super) const FUNCTION: Function = Function::scalar("sequence", bind).arity(2..=3).since("2.4.0");

/// The most elements that an array of Spark's may have.
const LONGEST: i128 = 2_147_483_632;

kernels! {
    Sequence = "spark_sequence" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let wrong = || {
        call.mismatch("SEQUENCE_WRONG_INPUT_TYPES")
            .param("functionName", "`sequence`")
            .param("startType", "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\" or \"DATE\")")
            .param("stepType", "(\"INTERVAL\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL DAY TO SECOND\")")
            .param("otherStartType", "\"INTEGRAL\"")
    };
    let (start, stop) = (call.data_type(0)?, call.data_type(1)?);
    let common = wider_type_without_string_promotion(start, stop, call.ansi()).ok_or_else(wrong)?;
    let step = call.arguments.get(2).map(|step| step.data_type.clone());
    let mut types;
    let element;
    if common.is_datetime() {
        let step = match step {
            None => None,
            Some(SparkType::Null) => Some(SparkType::DAY_TIME),
            Some(step) if step.is_interval() => Some(step),
            Some(_) => return Err(wrong()),
        };
        types = vec![common.clone(), common.clone()];
        types.extend(step);
        element = common;
    } else {
        let all = call.data_types();
        element = common_type_without_string_promotion(&all, call.ansi())
            .map(|element| if element == SparkType::Null { SparkType::Integer } else { element })
            .filter(SparkType::is_integral)
            .ok_or_else(wrong)?;
        types = vec![element.clone(); call.len()];
    }
    let nullable = call.any_nullable_as(&types);
    Ok(Scalar::kernel(call, SparkType::array(element, false), Sequence).casting(types).nullable(nullable))
}

/// What is added from element to element.
#[derive(Clone, Copy, Debug)]
struct Step {
    months: i64,
    days: i64,
    micros: i64,
}

impl Step {
    /// Whether it leads forwards, by Spark's measure of 28 days a month.
    fn sign(self) -> i64 {
        (self.months * 28 * MICROS_PER_DAY + self.days * MICROS_PER_DAY + self.micros).signum()
    }
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let element = element_field(call.return_type)?.data_type().clone();
        match element {
            DataType::Date32 | DataType::Timestamp(_, _) => temporal(call, arrays, &element),
            _ => integral(call, arrays, &element),
        }
    })
}

fn integral(call: &KernelCall<'_>, arrays: &[ArrayRef], element: &DataType) -> SparkResult<ArrayRef> {
    let mut wide = Vec::with_capacity(arrays.len());
    for array in arrays {
        wide.push(cast(array, &DataType::Int64).map_err(from_arrow)?);
    }
    let (starts, stops) = (at(&wide, 0)?.as_primitive::<Int64Type>(), at(&wide, 1)?.as_primitive::<Int64Type>());
    let steps = wide.get(2).map(|steps| steps.as_primitive::<Int64Type>());
    let mut values = Vec::new();
    let mut rows = RowBuilder::new(starts.len());
    let mut budget = Budget::of(starts.len());
    for row in 0..starts.len() {
        if !all_valid(arrays, row) {
            rows.end_null(values.len())?;
            continue;
        }
        let (start, stop) = (starts.value(row), stops.value(row));
        let step = steps.map_or(if start <= stop { 1 } else { -1 }, |steps| steps.value(row));
        let count = range_length(start, stop, step)?;
        budget.take(row, usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(size_of::<i64>()))?;
        values.extend((0..count).map(|index| start.wrapping_add(index.wrapping_mul(step))));
        rows.end(values.len())?;
    }
    let values: ArrayRef = Arc::new(Int64Array::from(values));
    rows.into_lists(&cast(&values, element).map_err(from_arrow)?, call.return_type)
}

fn illegal(start: &str, stop: &str, step: &str) -> SparkError {
    SparkError::internal(format!("requirement failed: Illegal sequence boundaries: {start} to {stop} by {step}"))
}

fn range_length(start: i64, stop: i64, step: i64) -> SparkResult<i64> {
    let is_legal = match step {
        0 => start == stop,
        1.. => start <= stop,
        _ => start >= stop,
    };
    if !is_legal {
        return Err(illegal(&start.to_string(), &stop.to_string(), &step.to_string()));
    }
    let count = if step == 0 { 1 } else { (i128::from(stop) - i128::from(start)) / i128::from(step) + 1 };
    if count > LONGEST {
        return Err(SparkError::new("COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER")
            .param("numberOfElements", count.to_string())
            .param("functionName", "`sequence`")
            .param("maxRoundedArrayLength", LONGEST.to_string())
            .param("parameter", "`count`"));
    }
    i64::try_from(count).map_err(|_| SparkError::internal("a sequence of more than its longest length"))
}

fn temporal(call: &KernelCall<'_>, arrays: &[ArrayRef], element: &DataType) -> SparkResult<ArrayRef> {
    let zone = match element {
        DataType::Timestamp(_, Some(_)) => Zone::parse(call.time_zone())?,
        _ => Zone::UTC,
    };
    let is_date = *element == DataType::Date32;
    let micros = |array: &ArrayRef, row: usize| {
        if is_date {
            i64::from(array.as_primitive::<Date32Type>().value(row)) * MICROS_PER_DAY
        } else {
            array.as_primitive::<TimestampMicrosecondType>().value(row)
        }
    };
    let (starts, stops) = (at(arrays, 0)?, at(arrays, 1)?);
    let mut values = Vec::new();
    let mut rows = RowBuilder::new(starts.len());
    let mut budget = Budget::of(starts.len());
    for row in 0..starts.len() {
        if !all_valid(arrays, row) {
            rows.end_null(values.len())?;
            continue;
        }
        let (start, stop) = (micros(starts, row), micros(stops, row));
        let step = match arrays.get(2) {
            Some(steps) => step_at(steps, row, is_date)?,
            None => Step { months: 0, days: if start <= stop { 1 } else { -1 }, micros: 0 },
        };
        push_moments(&mut values, (start, stop), step, &zone, |bytes| budget.take(row, bytes))?;
        rows.end(values.len())?;
    }
    let values: ArrayRef = if is_date {
        let days = arrow::array::Date32Array::from_iter_values(
            values.into_iter().map(|micros| micros.div_euclid(MICROS_PER_DAY) as i32),
        );
        Arc::new(days)
    } else {
        cast(&(Arc::new(Int64Array::from(values)) as ArrayRef), element).map_err(from_arrow)?
    };
    rows.into_lists(&values, call.return_type)
}

fn step_at(steps: &ArrayRef, row: usize, of_dates: bool) -> SparkResult<Step> {
    let granularity = |kind: &str| SparkError::new("_LEGACY_ERROR_TEMP_3242").param("intervalType", kind);
    match steps.data_type() {
        DataType::Interval(IntervalUnit::YearMonth) => {
            let months = steps.as_primitive::<IntervalYearMonthType>().value(row);
            Ok(Step { months: i64::from(months), days: 0, micros: 0 })
        }
        DataType::Duration(_) => {
            let micros = steps.as_primitive::<DurationMicrosecondType>().value(row);
            if of_dates {
                if micros % MICROS_PER_DAY != 0 {
                    return Err(granularity("interval day to second"));
                }
                return Ok(Step { months: 0, days: micros / MICROS_PER_DAY, micros: 0 });
            }
            Ok(Step { months: 0, days: 0, micros })
        }
        _ => {
            let interval = steps.as_primitive::<IntervalMonthDayNanoType>().value(row);
            let micros = interval.nanoseconds / 1000;
            if of_dates && micros % MICROS_PER_DAY != 0 {
                return Err(granularity("interval"));
            }
            Ok(Step { months: i64::from(interval.months), days: i64::from(interval.days), micros })
        }
    }
}

/// `take` counts the bytes.
fn push_moments(
    values: &mut Vec<i64>,
    (start, stop): (i64, i64),
    step: Step,
    zone: &Zone,
    mut take: impl FnMut(usize) -> SparkResult<()>,
) -> SparkResult<()> {
    let sign = step.sign();
    let is_legal = match sign {
        0 => start == stop,
        1 => start <= stop,
        _ => start >= stop,
    };
    if !is_legal {
        return Err(illegal(&start.to_string(), &stop.to_string(), &format!("{step:?}")));
    }
    let mut moment = start;
    let mut index = 0;
    while (sign >= 0 && moment <= stop) || (sign < 0 && moment >= stop) {
        take(size_of::<i64>())?;
        values.push(moment);
        index += 1;
        if sign == 0 {
            break;
        }
        if i128::from(index) > LONGEST {
            return Err(SparkError::new("COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER")
                .param("numberOfElements", index.to_string())
                .param("functionName", "`sequence`")
                .param("maxRoundedArrayLength", LONGEST.to_string())
                .param("parameter", "`count`"));
        }
        match moved(start, step, index, zone) {
            Some(next) => moment = next,
            None => break,
        }
    }
    Ok(())
}

/// The start and `count` steps.
fn moved(start: i64, step: Step, count: i64, zone: &Zone) -> Option<i64> {
    let mut instant = start;
    if step.months != 0 || step.days != 0 {
        let local = zone.to_local(start);
        let months = i32::try_from(step.months.checked_mul(count)?).ok()?;
        let days = add_months(i32::try_from(local.div_euclid(MICROS_PER_DAY)).ok()?, months)?;
        let days = i64::from(days).checked_add(step.days.checked_mul(count)?)?;
        instant = zone.to_instant(days.checked_mul(MICROS_PER_DAY)?.checked_add(local.rem_euclid(MICROS_PER_DAY))?)?;
    }
    instant.checked_add(step.micros.checked_mul(count)?)
}
