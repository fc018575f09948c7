//! `window`, `session_window` and `window_time`: windows of time that rows belong to.
//!
//! A row belongs to one tumbling window, which is computed from its time alone. Sliding and session windows make rows or
//! look at others: the resolver puts those beside the rows of SELECT and GROUP BY; elsewhere they are refused.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray, TimestampMicrosecondArray, TimestampMicrosecondBuilder};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use datafusion::common::ScalarValue;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use crate::call::Call;
use crate::cast::datetime::MICROS_PER_DAY;
use crate::cast::interval::{CalendarParts, parse_calendar};
use crate::coercion::{Expected, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::budget::Budget;
use crate::kernel::nested::{RowBuilder, conform, element_field};
use crate::kernel::rows::{at, primitive};
use crate::kernel::{KernelCall, from_arrow, kernel_call, kernel_udf, kernels};

pub(super) const WINDOW: Function = Function::scalar(WINDOW_NAME, window).arity(2..=4).since("2.0.0");
pub(super) const SESSION_WINDOW: Function =
    Function::scalar(SESSION_WINDOW_NAME, session_window).arity(2..=2).since("3.2.0");
pub(super) const WINDOW_TIME: Function = Function::scalar("window_time", window_time).arity(1..=1).since("3.4.0");

/// The names of the functions whose calls are columns that the resolver makes.
pub const WINDOW_NAME: &str = "window";
pub const SESSION_WINDOW_NAME: &str = "session_window";

/// How many windows a row may belong to.
const WINDOWS_MAX: i64 = 100_000;
/// Its start and its end.
const WINDOW_BYTES: usize = 16;

kernels! {
    TumblingWindow = "spark_window" => tumbling;
    SlidingWindows = "spark_sliding_windows" => sliding;
    MakeWindow = "spark_make_window" => |call| call.with_arrays(|arrays| {
        windows(primitive(arrays, 0)?, primitive(arrays, 1)?, call.return_type)
    });
    WindowTime = "spark_window_time" => |call| {
        call.unary::<TimestampMicrosecondType, TimestampMicrosecondType>(|end| end.wrapping_sub(1))
    };
    /// A call that the resolver gave no place.
    UnplacedWindow = "spark_unplaced_window" => |_| {
        Err(SparkError::unsupported("a sliding or session window outside of SELECT and GROUP BY"))
    };
}

/// How windows lie: microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Spacing {
    width: i64,
    slide: i64,
    offset: i64,
}

impl Spacing {
    /// Of the constants behind a call's time; what is not given follows from the width.
    pub fn of(constants: &[Option<ScalarValue>]) -> SparkResult<Self> {
        let given = |index: usize| constants.get(index).map(|constant| micros(constant.as_ref())).transpose();
        let width = given(0)?.unwrap_or(0);
        Ok(Self { width, slide: given(1)?.unwrap_or(width), offset: given(2)?.unwrap_or(0) })
    }

    pub const fn is_tumbling(self) -> bool {
        self.width == self.slide
    }

    /// The start of the last window that a moment may belong to.
    const fn last_start(self, moment: i64) -> i64 {
        moment.wrapping_sub(moment.wrapping_sub(self.offset).rem_euclid(self.slide))
    }

    /// The starts of a moment's windows, the last one first.
    fn starts(self, moment: i64) -> impl Iterator<Item = i64> {
        let last = self.last_start(moment);
        let starts = (0..).map(move |index: i64| last.wrapping_sub(index.wrapping_mul(self.slide)));
        starts.take_while(move |start| start.wrapping_add(self.width) > moment)
    }

    fn check(self, call: &Call<'_>) -> SparkResult<()> {
        let Self { width, slide, offset } = self;
        let sql = format!("window({}, {width}, {slide}, {offset})", call.argument(0)?.sql());
        for (name, value) in [("`window_duration`", width), ("`slide_duration`", slide)] {
            if value <= 0 {
                return Err(call
                    .mismatch_of("VALUE_OUT_OF_RANGE", &sql)
                    .param("exprName", name)
                    .param("valueRange", format!("(0, {}]", i64::MAX))
                    .param("currentValue", format!("{value}L")));
            }
        }
        let violation = |left: &str, left_value: i64, constraint: &str, right: &str, right_value: i64| {
            call.mismatch_of("PARAMETER_CONSTRAINT_VIOLATION", &sql)
                .param("leftExprName", left)
                .param("leftExprValue", format!("{left_value}L"))
                .param("constraint", constraint)
                .param("rightExprName", right)
                .param("rightExprValue", format!("{right_value}L"))
        };
        if slide > width {
            return Err(violation("`slide_duration`", slide, "<=", "`window_duration`", width));
        }
        if offset.saturating_abs() >= slide {
            return Err(violation("`abs(start_time)`", offset.saturating_abs(), "<", "`slide_duration`", slide));
        }
        if width / slide > WINDOWS_MAX {
            return Err(SparkError::unsupported(format!("more than {WINDOWS_MAX} sliding windows of one row")));
        }
        Ok(())
    }

    fn literals(self) -> [Expr; 3] {
        [lit(self.width), lit(self.slide), lit(self.offset)]
    }

    fn of_kernel(call: &KernelCall<'_>) -> SparkResult<Self> {
        let constant = |index: usize| match call.scalar(index) {
            Some(ScalarValue::Int64(Some(value))) => Ok(*value),
            _ => Err(SparkError::internal("a time window's spacing is missing")),
        };
        Ok(Self { width: constant(1)?, slide: constant(2)?.max(1), offset: constant(3)? })
    }
}

/// A duration that is written as text or as a number of microseconds.
fn micros(constant: Option<&ScalarValue>) -> SparkResult<i64> {
    let text = match constant {
        Some(ScalarValue::Int32(Some(micros))) => return Ok(i64::from(*micros)),
        Some(ScalarValue::Int64(Some(micros))) => return Ok(*micros),
        Some(constant) => constant.try_as_str().flatten(),
        None => None,
    };
    let text = text.ok_or_else(|| SparkError::new("_LEGACY_ERROR_TEMP_1207"))?;
    let CalendarParts { months, days, micros } = parse_calendar(text)
        .ok_or_else(|| SparkError::new("CANNOT_PARSE_INTERVAL").param("intervalString", format!("'{text}'")))?;
    if months != 0 {
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_3231").param("interval", text));
    }
    i64::from(days)
        .checked_mul(MICROS_PER_DAY)
        .and_then(|days| days.checked_add(micros))
        .ok_or_else(|| SparkError::new("CANNOT_PARSE_INTERVAL").param("intervalString", format!("'{text}'")))
}

/// The type of windows of a type of timestamps.
fn window_type(time: &SparkType) -> SparkType {
    let field =
        |name: &str| SparkField { name: name.to_owned(), data_type: time.clone(), nullable: true, metadata: None };
    SparkType::Struct(SparkSchema::new(vec![field("start"), field("end")]))
}

/// The type of a window's times, if the type is one of windows.
fn time_of_window(data_type: &SparkType) -> Option<SparkType> {
    let SparkType::Struct(schema) = data_type else { return None };
    let fields: Vec<_> = schema.iter().collect();
    match fields.as_slice() {
        [start, end]
            if start.name == "start"
                && end.name == "end"
                && start.data_type == end.data_type
                && matches!(start.data_type, SparkType::Timestamp | SparkType::TimestampNtz) =>
        {
            Some(start.data_type.clone())
        }
        _ => None,
    }
}

/// The types that the arguments are cast to, and that of the time; a window stands for the last moment in it.
fn time_types(call: &Call<'_>) -> SparkResult<(Vec<SparkType>, SparkType)> {
    let mut types = call.data_types();
    if let Some(time) = types.first().and_then(time_of_window) {
        return Ok((types, time));
    }
    let mut expected = vec![Expected::AnyType; call.len()];
    if let Some(first) = expected.first_mut() {
        *first = Expected::AnyTimestamp;
    }
    types = call.implicit_cast(&expected)?;
    let time = types.first().cloned().unwrap_or(SparkType::Timestamp);
    Ok((types, time))
}

/// `window(time, width[, slide[, start]])`
fn window(call: &Call<'_>) -> SparkResult<Scalar> {
    let (types, time) = time_types(call)?;
    if call.arguments.iter().skip(1).any(|argument| !argument.is_literal) {
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_1207"));
    }
    let constants: Vec<_> = call.arguments.iter().skip(1).map(|argument| argument.constant.clone()).collect();
    let spacing = Spacing::of(&constants)?;
    spacing.check(call)?;
    let (result, from) = (window_type(&time), types.first().cloned().unwrap_or(SparkType::Null));
    let data_type = result.clone();
    let build = move |arguments: Vec<Expr>| {
        let mut kernel_arguments = vec![moment(first_of(arguments)?, &from)?];
        kernel_arguments.extend(spacing.literals());
        let kernel = if spacing.is_tumbling() { kernel_udf(TumblingWindow) } else { kernel_udf(UnplacedWindow) };
        kernel_call(kernel, kernel_arguments, &data_type, -1)
    };
    let scalar = Scalar::expr(call, result, build).casting(types).nullable(!spacing.is_tumbling());
    Ok(scalar.prints(|_| WINDOW_NAME.to_owned()))
}

fn first_of(arguments: Vec<Expr>) -> SparkResult<Expr> {
    arguments.into_iter().next().ok_or_else(|| SparkError::internal("a time window without a time"))
}

/// The moment that a time, or a window of times, stands for.
pub fn moment(time: Expr, data_type: &SparkType) -> SparkResult<Expr> {
    match time_of_window(data_type) {
        None => Ok(time),
        Some(time_type) => kernel_call(kernel_udf(WindowTime), vec![get_field(time, "end")], &time_type, -1),
    }
}

/// All windows of a moment, as an array of them.
pub fn windows_of(moment: Expr, spacing: Spacing, window: &SparkType) -> SparkResult<Expr> {
    let mut arguments = vec![moment];
    arguments.extend(spacing.literals());
    kernel_call(kernel_udf(SlidingWindows), arguments, &SparkType::array(window.clone(), false), -1)
}

/// The window from one moment to another.
pub fn window_between(start: Expr, end: Expr, window: &SparkType) -> SparkResult<Expr> {
    kernel_call(kernel_udf(MakeWindow), vec![start, end], window, -1)
}

/// `session_window(time, gap)`
fn session_window(call: &Call<'_>) -> SparkResult<Scalar> {
    let (types, time) = time_types(call)?;
    let gap = &call.argument(1)?.data_type;
    if !gap.is_string() && *gap != SparkType::CalendarInterval {
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_1040").param("dt", gap_type(gap)));
    }
    let result = window_type(&time);
    let data_type = result.clone();
    let build = move |arguments: Vec<Expr>| kernel_call(kernel_udf(UnplacedWindow), arguments, &data_type, -1);
    let scalar = Scalar::expr(call, result, build).casting(types).nullable(false);
    Ok(scalar.prints(|_| SESSION_WINDOW_NAME.to_owned()))
}

/// A type as the error about gaps shows it.
fn gap_type(data_type: &SparkType) -> String {
    match data_type {
        SparkType::DayTimeInterval { start, end } => {
            format!("DayTimeIntervalType({},{})", *start as u8, *end as u8)
        }
        SparkType::YearMonthInterval { start, end } => {
            format!("YearMonthIntervalType({},{})", *start as u8, *end as u8)
        }
        other => quoted_type(other),
    }
}

/// `window_time(window)`: the last moment that belongs to the window.
fn window_time(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::AnyStruct])?;
    let window = types.first().cloned().unwrap_or(SparkType::Null);
    let Some(time) = time_of_window(&window) else {
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_3101").param("windowTime", call.sql()));
    };
    let build = move |arguments: Vec<Expr>| moment(first_of(arguments)?, &window);
    Ok(Scalar::expr(call, time, build).casting(types).nullable(true))
}

/// An array of windows; one is NULL where either of its times is.
fn windows(
    starts: &TimestampMicrosecondArray,
    ends: &TimestampMicrosecondArray,
    data_type: &DataType,
) -> SparkResult<ArrayRef> {
    let DataType::Struct(fields) = data_type else {
        return Err(SparkError::internal("a time window's type is no struct"));
    };
    let columns: SparkResult<Vec<ArrayRef>> = fields
        .iter()
        .zip([starts, ends])
        .map(|(field, times)| conform(&(Arc::new(times.clone()) as ArrayRef), field.data_type()))
        .collect();
    let nulls = NullBuffer::union(starts.nulls(), ends.nulls());
    let structs = StructArray::try_new_with_length(fields.clone(), columns?, nulls, starts.len());
    Ok(Arc::new(structs.map_err(from_arrow)?))
}

fn tumbling(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let spacing = Spacing::of_kernel(call)?;
    call.with_arrays(|arrays| {
        let moments = primitive::<TimestampMicrosecondType>(arrays, 0)?;
        let starts = moments.unary(|moment| spacing.last_start(moment));
        let ends = starts.unary(|start: i64| start.wrapping_add(spacing.width));
        windows(&unzoned(&starts), &unzoned(&ends), call.return_type)
    })
}

fn unzoned(times: &TimestampMicrosecondArray) -> TimestampMicrosecondArray {
    times.clone().with_timezone_opt(None::<&str>)
}

fn sliding(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let spacing = Spacing::of_kernel(call)?;
    call.with_arrays(|arrays| {
        let moments = at(arrays, 0)?.as_primitive::<TimestampMicrosecondType>();
        let mut starts = TimestampMicrosecondBuilder::with_capacity(moments.len());
        let mut rows = RowBuilder::new(moments.len());
        let mut budget = Budget::of(moments.len());
        let mut count = 0;
        for row in 0..moments.len() {
            if moments.is_null(row) {
                rows.end_null(count)?;
                continue;
            }
            for start in spacing.starts(moments.value(row)) {
                budget.take(row, WINDOW_BYTES)?;
                starts.append_value(start);
                count += 1;
            }
            rows.end(count)?;
        }
        let starts = starts.finish();
        let ends = starts.unary(|start: i64| start.wrapping_add(spacing.width));
        let windows = windows(&starts, &ends, element_field(call.return_type)?.data_type())?;
        rows.into_lists(&windows, call.return_type)
    })
}

#[cfg(test)]
mod tests {
    use super::Spacing;

    #[test]
    fn windows_lie_on_a_grid() {
        let spacing = Spacing { width: 10, slide: 3, offset: 1 };
        assert_eq!(spacing.starts(0).collect::<Vec<_>>(), [-2, -5, -8]);
        assert_eq!(spacing.starts(1).collect::<Vec<_>>(), [1, -2, -5, -8]);
        let tumbling = Spacing { width: 5, slide: 5, offset: 0 };
        assert!(tumbling.is_tumbling());
        assert_eq!(tumbling.starts(-1).collect::<Vec<_>>(), [-5]);
        assert_eq!(tumbling.last_start(5), 5);
    }
}
