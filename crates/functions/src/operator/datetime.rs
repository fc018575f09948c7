//! Arithmetic with dates, timestamps and intervals: which operation an operator stands for.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use firesteel_base::types::DayTimeField;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::arithmetic::Operation;
use super::infix;
use super::interval::{Difference, DivideInterval, MultiplyInterval, Shift, ShiftBack, TimeDifference};
use crate::call::Call;
use crate::cast::{CastMode, cast_expr};
use crate::coercion::{Expected, implicit_cast, ordinal, quoted, quoted_type};
use crate::function::{Build, Scalar};
use crate::kernel::{Kernel, from_engine, kernel_call, kernel_udf};

type Sql = fn(&[String]) -> String;

/// One argument, of which nothing is taken for granted.
fn argument(arguments: &[String], index: usize) -> &str {
    arguments.get(index).map_or("", String::as_str)
}

fn plus(arguments: &[String]) -> String {
    format!("{} + {}", argument(arguments, 0), argument(arguments, 1))
}

fn minus(arguments: &[String]) -> String {
    format!("{} - {}", argument(arguments, 0), argument(arguments, 1))
}

fn plus_negated(arguments: &[String]) -> String {
    format!("{} + (- {})", argument(arguments, 0), argument(arguments, 1))
}

fn date_add(arguments: &[String]) -> String {
    format!("date_add({}, {})", argument(arguments, 0), argument(arguments, 1))
}

fn date_sub(arguments: &[String]) -> String {
    format!("date_sub({}, {})", argument(arguments, 0), argument(arguments, 1))
}

fn add_days(arguments: &[String]) -> String {
    format!("date_add({}, extractansiintervaldays({}))", argument(arguments, 0), argument(arguments, 1))
}

fn subtract_days(arguments: &[String]) -> String {
    format!("date_add({}, (- extractansiintervaldays({})))", argument(arguments, 0), argument(arguments, 1))
}

fn times(arguments: &[String]) -> String {
    format!("({} * {})", argument(arguments, 0), argument(arguments, 1))
}

fn multiply_interval(arguments: &[String]) -> String {
    format!("multiply_interval({}, {})", argument(arguments, 0), argument(arguments, 1))
}

fn divide_interval(arguments: &[String]) -> String {
    format!("divide_interval({}, {})", argument(arguments, 0), argument(arguments, 1))
}

/// A printer whose arguments come in the other order.
macro_rules! swapped {
    ($sql:ident) => {
        |arguments: &[String]| $sql(&[argument(arguments, 1).to_owned(), argument(arguments, 0).to_owned()])
    };
}

/// Binds the call if one of the operands makes it arithmetic with dates or intervals; `None` leaves it to numbers and to
/// intervals of one kind.
pub(super) fn bind(call: &Call<'_>, operation: Operation, tries: bool) -> SparkResult<Option<Scalar>> {
    if matches!(operation, Operation::Add | Operation::Subtract)
        && let Some(shifted) = super::time_shift::bind(call, operation == Operation::Subtract, tries)?
    {
        return Ok(Some(shifted));
    }
    let (left, right) = (call.data_type(0)?, call.data_type(1)?);
    let bound = match operation {
        Operation::Add => bind_add(call, left, right)?,
        Operation::Subtract => bind_subtract(call, left, right)?,
        Operation::Multiply if is_interval(left) && multiplied_rank(left) <= multiplied_rank(right) => {
            Some(multiply(call, 0, 1, tries)?)
        }
        Operation::Multiply if is_interval(right) => Some(multiply(call, 1, 0, tries)?),
        Operation::Divide if is_interval(left) => Some(divide(call, tries)?),
        Operation::Multiply | Operation::Divide | Operation::Remainder | Operation::IntegralDivide => None,
    };
    match bound {
        Some(scalar) if tries && matches!(operation, Operation::Add | Operation::Subtract) => Ok(Some(trying(scalar))),
        bound => Ok(bound),
    }
}

/// Which of two types Spark takes for the interval of a product: the one with the lower rank.
fn multiplied_rank(data_type: &SparkType) -> u8 {
    match data_type {
        SparkType::CalendarInterval => 0,
        interval if is_year_month(interval) => 1,
        interval if is_day_time(interval) => 2,
        _ => 3,
    }
}

fn is_interval(data_type: &SparkType) -> bool {
    data_type.is_interval()
}

fn is_day_time(data_type: &SparkType) -> bool {
    matches!(data_type, SparkType::DayTimeInterval { .. })
}

fn is_year_month(data_type: &SparkType) -> bool {
    matches!(data_type, SparkType::YearMonthInterval { .. })
}

fn is_timestamp(data_type: &SparkType) -> bool {
    matches!(data_type, SparkType::Timestamp | SparkType::TimestampNtz)
}

fn is_days(data_type: &SparkType) -> bool {
    matches!(data_type, SparkType::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Day })
}

fn bind_add(call: &Call<'_>, left: &SparkType, right: &SparkType) -> SparkResult<Option<Scalar>> {
    use SparkType::{CalendarInterval, Date};
    Ok(Some(match (left, right) {
        (CalendarInterval, CalendarInterval) => return Ok(None),
        (left, right) if is_day_time(left) && is_day_time(right) => return Ok(None),
        (SparkType::Null, other) | (other, SparkType::Null) if is_day_time(other) || is_year_month(other) => {
            return Ok(None);
        }
        (SparkType::Null, time @ SparkType::Time { .. }) => null_of(call, time.clone(), swapped!(plus)),
        (time @ SparkType::Time { .. }, SparkType::Null) => null_of(call, time.clone(), plus),
        (left, right) if is_interval(right) && is_shiftable(left, right) => shift(call, 0, 1, false)?,
        (left, right) if is_interval(left) && is_shiftable(right, left) => shift(call, 1, 0, false)?,
        (SparkType::Null, CalendarInterval) => return Err(no_null(call, 0, 1, plus)),
        (CalendarInterval, SparkType::Null) => return Err(no_null(call, 1, 0, plus)),
        (_, right) if is_day_time(right) || *right == CalendarInterval => return Err(no_timestamp(call, 0, 1, plus)),
        (left, _) if is_day_time(left) || *left == CalendarInterval => return Err(no_timestamp(call, 1, 0, plus)),
        (Date, SparkType::Null) | (SparkType::Null, Date) => null_timestamp(call, SparkType::Timestamp),
        (SparkType::Null, other) | (other, SparkType::Null) if is_timestamp(other) => {
            null_timestamp(call, other.clone())
        }
        (Date, other) if !other.is_string() => shift_days(call, 0, 1, false)?,
        (other, Date) if !other.is_string() => shift_days(call, 1, 0, false)?,
        (Date, _) => return Err(not_days(call, 0, 1, promoted(call, 1)?, date_add)),
        (_, Date) if !call.ansi() => return Err(not_days(call, 1, 0, promoted(call, 0)?, date_add)),
        (_, Date) => return Err(not_days(call, 0, 1, SparkType::Date, date_add)),
        _ => return Ok(None),
    }))
}

fn bind_subtract(call: &Call<'_>, left: &SparkType, right: &SparkType) -> SparkResult<Option<Scalar>> {
    use SparkType::{CalendarInterval, Date, Null};
    Ok(Some(match (left, right) {
        (CalendarInterval, CalendarInterval) => return Ok(None),
        (left, right) if is_day_time(left) && is_day_time(right) => return Ok(None),
        (Null, other) | (other, Null) if is_day_time(other) || is_year_month(other) => return Ok(None),
        (left, right) if is_time_of_day(left) || is_time_of_day(right) => match time_difference(call, left, right) {
            Some(difference) => difference,
            None if is_timestamp(right) || is_timestamp(left) => timestamp_difference(call)?,
            None => return Ok(None),
        },
        (left, right) if is_interval(right) && is_shiftable(left, right) => shift(call, 0, 1, true)?,
        (Null, CalendarInterval) => return Err(no_null(call, 0, 1, minus)),
        (_, right) if is_day_time(right) || *right == CalendarInterval => {
            return Err(no_timestamp(call, 0, 1, plus_negated));
        }
        (left, right) if is_timestamp(left) || is_timestamp(right) => timestamp_difference(call)?,
        (_, Date) => date_difference(call)?,
        (Date, Null) => date_difference(call)?,
        (Date, text) if text.is_string() && call.ansi() => date_difference(call)?,
        (Date, text) if text.is_string() => return Err(not_days(call, 0, 1, SparkType::Double, date_sub)),
        (Date, _) => shift_days(call, 0, 1, true)?,
        _ => return Ok(None),
    }))
}

/// What a text beside a date is read as.
fn promoted(call: &Call<'_>, index: usize) -> SparkResult<SparkType> {
    let own = call.data_type(index)?;
    Ok(match (own.is_string(), call.ansi()) {
        (true, true) => SparkType::Date,
        (true, false) => SparkType::Double,
        (false, _) => own.clone(),
    })
}

/// Whether an interval may be added to values of the type.
fn is_shiftable(data_type: &SparkType, interval: &SparkType) -> bool {
    match data_type {
        SparkType::Date | SparkType::Timestamp | SparkType::TimestampNtz => true,
        text if text.is_string() => !is_year_month(interval),
        _ => false,
    }
}

/// A date, timestamp or text at `base` moved by the interval at `by`.
fn shift(call: &Call<'_>, base: usize, by: usize, back: bool) -> SparkResult<Scalar> {
    let (base_type, interval) = (call.data_type(base)?.clone(), call.data_type(by)?.clone());
    // Hours and less make a timestamp of a date.
    let moved = match &base_type {
        SparkType::Date if is_day_time(&interval) && !is_days(&interval) => SparkType::Timestamp,
        text if text.is_string() => SparkType::Timestamp,
        other => other.clone(),
    };
    let sql: Sql = match (back, is_days(&interval) && base_type == SparkType::Date, base) {
        (false, true, 0) => add_days,
        (false, true, _) => swapped!(add_days),
        (true, true, _) => subtract_days,
        (false, false, 0) => plus,
        (false, false, _) => swapped!(plus),
        (true, false, _) => minus,
    };
    let mut types = vec![moved.clone(), interval];
    if base == 1 {
        types.reverse();
    }
    let scalar = if back {
        Scalar::kernel(call, moved.clone(), ShiftBack::<false>)
    } else {
        Scalar::kernel(call, moved.clone(), Shift::<false>)
    };
    let scalar = scalar.casting(types.clone()).prints(sql);
    if !base_type.is_string() {
        return Ok(scalar);
    }
    // A text moved by an interval is a text again.
    let mode = CastMode::of(call.ansi());
    let udf = if back { kernel_udf(ShiftBack::<false>) } else { kernel_udf(Shift::<false>) };
    let as_text = Scalar::expr(call, base_type.clone(), move |arguments| {
        let shifted = kernel_call(udf.clone(), arguments, &moved, -1)?;
        cast_expr(shifted, &moved, &base_type, mode, -1)
    });
    Ok(as_text.casting(types).prints(sql))
}

/// The date at `base` moved by the days at `by`.
fn shift_days(call: &Call<'_>, base: usize, by: usize, back: bool) -> SparkResult<Scalar> {
    let days = call.data_type(by)?.clone();
    let sql: Sql = match (back, base) {
        (true, _) => date_sub,
        (false, 0) => date_add,
        (false, _) => swapped!(date_add),
    };
    if !matches!(days, SparkType::Byte | SparkType::Short | SparkType::Integer | SparkType::Null) {
        return Err(not_days(call, base, by, days, if back { date_sub } else { date_add }));
    }
    let mut types = vec![SparkType::Date, SparkType::Integer];
    if base == 1 {
        types.reverse();
    }
    let scalar = if back {
        Scalar::kernel(call, SparkType::Date, ShiftBack::<false>)
    } else {
        Scalar::kernel(call, SparkType::Date, Shift::<false>)
    };
    Ok(scalar.casting(types).prints(sql))
}

/// The same with a kernel that gives NULL where it fails.
fn trying(scalar: Scalar) -> Scalar {
    let build = match &scalar.build {
        Build::Kernel(udf) if udf.name() == Shift::<false>::NAME => Build::Kernel(kernel_udf(Shift::<true>)),
        Build::Kernel(udf) if udf.name() == ShiftBack::<false>::NAME => Build::Kernel(kernel_udf(ShiftBack::<true>)),
        Build::Kernel(udf) if udf.name() == Difference::<false>::NAME => Build::Kernel(kernel_udf(Difference::<true>)),
        build => build.clone(),
    };
    Scalar { build, ..scalar }
}

/// `NULL + date`, which Spark takes for a timestamp.
fn null_timestamp(call: &Call<'_>, data_type: SparkType) -> Scalar {
    let null_is_first = call.arguments.first().is_some_and(|first| first.data_type == SparkType::Null);
    null_of(call, data_type, if null_is_first { swapped!(plus) } else { plus })
}

/// NULL of a type, printed by `sql`.
fn null_of(call: &Call<'_>, data_type: SparkType, sql: Sql) -> Scalar {
    let target = data_type.to_arrow();
    let null = Scalar::expr(call, data_type, move |_| {
        Ok(Expr::Literal(ScalarValue::try_from(&target).map_err(from_engine)?, None))
    });
    null.nullable(true).prints(sql)
}

fn is_time_of_day(data_type: &SparkType) -> bool {
    matches!(data_type, SparkType::Time { .. })
}

/// The time from one time of day to another; text and NULL beside one are read as such.
fn time_difference(call: &Call<'_>, left: &SparkType, right: &SparkType) -> Option<Scalar> {
    let as_time = |own: &SparkType| match own {
        SparkType::Time { .. } => Some(own.clone()),
        SparkType::Null => Some(SparkType::Time { precision: 6 }),
        text if text.is_string() => Some(SparkType::Time { precision: 6 }),
        _ => None,
    };
    let types = vec![as_time(left)?, as_time(right)?];
    let hours = SparkType::DayTimeInterval { start: DayTimeField::Hour, end: DayTimeField::Second };
    Some(Scalar::kernel(call, hours, TimeDifference).casting(types).prints(minus))
}

fn timestamp_difference(call: &Call<'_>) -> SparkResult<Scalar> {
    let (left, right) = (call.data_type(0)?, call.data_type(1)?);
    let common = match (left, right) {
        (left, right) if is_timestamp(left) && is_timestamp(right) && left != right => SparkType::TimestampNtz,
        (left, _) if is_timestamp(left) => left.clone(),
        (_, right) => right.clone(),
    };
    for (index, own) in [left, right].into_iter().enumerate() {
        let takes = own.is_datetime() || *own == SparkType::Null || (own.is_string() && call.ansi());
        if !takes {
            return Err(call.unexpected_input_type(index, &Expected::AnyTimestamp));
        }
    }
    let difference = Scalar::kernel(call, SparkType::DAY_TIME, Difference::<false>);
    Ok(difference.casting(vec![common.clone(), common]))
}

fn date_difference(call: &Call<'_>) -> SparkResult<Scalar> {
    let days = SparkType::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Day };
    let mut types = Vec::with_capacity(2);
    for (index, own) in call.data_types().iter().enumerate() {
        let cast = implicit_cast(own, &Expected::DATE, call.ansi());
        types.push(cast.ok_or_else(|| call.unexpected_input_type(index, &Expected::DATE))?);
    }
    Ok(Scalar::kernel(call, days, Difference::<false>).casting(types))
}

/// The interval at `interval` times the number at `number`.
fn multiply(call: &Call<'_>, interval: usize, number: usize, tries: bool) -> SparkResult<Scalar> {
    let interval_type = call.data_type(interval)?.clone();
    let number_type = factor(call, interval, number, false)?;
    let is_calendar = interval_type == SparkType::CalendarInterval;
    let sql: Sql = match (is_calendar, interval) {
        (true, 0) => multiply_interval,
        (true, _) => swapped!(multiply_interval),
        (false, 0) => times,
        (false, _) => swapped!(times),
    };
    let mut types = vec![interval_type.clone(), number_type];
    if interval == 1 {
        types.reverse();
    }
    let result = whole(&interval_type);
    let scalar = if tries {
        Scalar::kernel(call, result, MultiplyInterval::<true>)
    } else {
        Scalar::kernel(call, result, MultiplyInterval::<false>)
    };
    let scalar = scalar.casting(types).prints(sql);
    let nullable = scalar.nullable || is_calendar;
    Ok(scalar.nullable(nullable))
}

fn divide(call: &Call<'_>, tries: bool) -> SparkResult<Scalar> {
    let interval_type = call.data_type(0)?.clone();
    let types = vec![interval_type.clone(), factor(call, 0, 1, true)?];
    let is_calendar = interval_type == SparkType::CalendarInterval;
    let result = whole(&interval_type);
    let scalar = if tries {
        Scalar::kernel(call, result, DivideInterval::<true>)
    } else {
        Scalar::kernel(call, result, DivideInterval::<false>)
    };
    let scalar = scalar.casting(types);
    let nullable = scalar.nullable || is_calendar;
    Ok(if is_calendar { scalar.prints(divide_interval) } else { scalar }.nullable(nullable))
}

/// Products and quotients have all fields.
fn whole(interval: &SparkType) -> SparkType {
    match interval {
        interval if is_year_month(interval) => SparkType::YEAR_MONTH,
        interval if is_day_time(interval) => SparkType::DAY_TIME,
        other => other.clone(),
    }
}

/// The type of the number that an interval is multiplied with or divided by.
fn factor(call: &Call<'_>, interval: usize, number: usize, divides: bool) -> SparkResult<SparkType> {
    let own = call.data_type(number)?;
    let is_calendar = *call.data_type(interval)? == SparkType::CalendarInterval;
    let expected = if is_calendar { Expected::DOUBLE } else { Expected::Numeric };
    let Some(data_type) = implicit_cast(own, &expected, call.ansi()).filter(|_| !own.is_interval()) else {
        // The interval comes first in Spark's expression, whatever was written.
        let sql: Sql = match (is_calendar, divides) {
            (true, false) => multiply_interval,
            (true, true) => divide_interval,
            (false, false) => times,
            (false, true) => |arguments| infix("/", arguments),
        };
        return Err(call
            .unexpected_input_type(number, &expected)
            .param("paramIndex", ordinal(1))
            .param("sqlExpr", quoted(&printed(call, interval, number, sql))));
    };
    Ok(match data_type {
        integral if integral.is_integral() => SparkType::Long,
        SparkType::Float => SparkType::Double,
        other => other,
    })
}

fn printed(call: &Call<'_>, base: usize, by: usize, sql: Sql) -> String {
    let text = |index: usize| call.arguments.get(index).map_or_else(String::new, crate::call::Argument::sql);
    sql(&[text(base), text(by)])
}

/// Days that are no whole number.
fn not_days(call: &Call<'_>, base: usize, by: usize, data_type: SparkType, sql: Sql) -> SparkError {
    let days =
        Expected::one_of([Expected::INT, Expected::Exactly(SparkType::Short), Expected::Exactly(SparkType::Byte)]);
    call.unexpected_input_type(by, &days)
        .param("sqlExpr", quoted(&printed(call, base, by, sql)))
        .param("paramIndex", ordinal(1))
        .param("inputType", quoted_type(&data_type))
}

/// A calendar interval and NULL, which Spark takes for a timestamp that it cannot make NULL's type of again.
fn no_null(call: &Call<'_>, base: usize, by: usize, sql: Sql) -> SparkError {
    call.mismatch_of("CAST_WITHOUT_SUGGESTION", &printed(call, base, by, sql))
        .param("srcType", quoted_type(&SparkType::Timestamp))
        .param("targetType", quoted_type(&SparkType::Null))
}

/// An interval moves only dates and timestamps.
fn no_timestamp(call: &Call<'_>, base: usize, by: usize, sql: Sql) -> SparkError {
    call.unexpected_input_type(base, &Expected::AnyTimestamp)
        .param("sqlExpr", quoted(&printed(call, base, by, sql)))
        .param("paramIndex", ordinal(0))
}
