//! `extract(field FROM source)`, `date_part` and `datepart`: a field by its name.

use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal128Type, DurationMicrosecondType, Int8Type, Int32Type,
    IntervalMonthDayNanoType, IntervalYearMonthType,
};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::field::{
    Day, DayOfWeek, DayOfWeekIso, DayOfYear, Hour, Minute, Month, Quarter, SecondWithFraction, WeekOfYear, Year,
    YearOfWeek,
};
use crate::call::Call;
use crate::coercion::{Expected, quoted};
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const EXTRACT: Function = Function::scalar("extract", bind)
    .arity(2..=2)
    .prints(|arguments| format!("extract({})", arguments.join(" FROM ")))
    .since("3.0.0");
pub(super) const DATE_PART: Function = Function::scalar("date_part", bind).arity(2..=2).since("3.0.0");
pub(super) const DATEPART: Function = Function::scalar("datepart", bind)
    .arity(2..=2)
    .prints(|arguments| format!("datepart({})", arguments.join(" FROM ")))
    .since("3.4.0");

kernels! {
    IntervalYears = "spark_interval_years" => |call| months_part::<Int32Type>(call, |months| months / 12);
    IntervalMonths = "spark_interval_months" => |call| months_part::<Int8Type>(call, |months| (months % 12) as i8);
    IntervalDays = "spark_interval_days" => interval_days;
    IntervalHours = "spark_interval_hours" => interval_hours;
    IntervalMinutes = "spark_interval_minutes" => |call| {
        micros_part::<Int8Type>(call, |micros| (micros / 60_000_000 % 60) as i8)
    };
    IntervalSeconds = "spark_interval_seconds" => |call| {
        micros_part::<Decimal128Type>(call, |micros| i128::from(micros % 60_000_000))
    };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Year,
    YearOfWeek,
    Quarter,
    Month,
    Week,
    Day,
    DayOfWeek,
    DayOfWeekIso,
    DayOfYear,
    Hour,
    Minute,
    Second,
}

fn field(name: &str) -> Option<Field> {
    Some(match name.to_uppercase().as_str() {
        "YEAR" | "Y" | "YEARS" | "YR" | "YRS" => Field::Year,
        "YEAROFWEEK" => Field::YearOfWeek,
        "QUARTER" | "QTR" => Field::Quarter,
        "MONTH" | "MON" | "MONS" | "MONTHS" => Field::Month,
        "WEEK" | "W" | "WEEKS" => Field::Week,
        "DAY" | "D" | "DAYS" => Field::Day,
        "DAYOFWEEK" | "DOW" => Field::DayOfWeek,
        "DAYOFWEEK_ISO" | "DOW_ISO" => Field::DayOfWeekIso,
        "DOY" => Field::DayOfYear,
        "HOUR" | "H" | "HOURS" | "HR" | "HRS" => Field::Hour,
        "MINUTE" | "M" | "MIN" | "MINS" | "MINUTES" => Field::Minute,
        "SECOND" | "S" | "SEC" | "SECONDS" | "SECS" => Field::Second,
        _ => return None,
    })
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let name = call.argument(0)?;
    let Some(constant) = &name.constant else {
        return Err(SparkError::new("NON_FOLDABLE_ARGUMENT")
            .param("funcName", format!("`{}`", call.called_as))
            .param("paramName", "`field`")
            .param("paramType", "\"STRING\""));
    };
    let (ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text)) = constant else {
        return Ok(Scalar::expr(call, SparkType::Double, |_| Ok(null_double())).nullable(true));
    };
    let Some(text) = text else {
        return Ok(Scalar::expr(call, SparkType::Double, |_| Ok(null_double())).nullable(true));
    };
    let source = call.data_type(1)?;
    let invalid = || -> SparkResult<SparkError> {
        Ok(SparkError::new("INVALID_EXTRACT_FIELD")
            .param("field", format!("`{text}`"))
            .param("expr", quoted(&call.argument(1)?.sql())))
    };
    let Some(field) = field(text) else {
        return Err(invalid()?);
    };
    match source {
        SparkType::YearMonthInterval { .. } | SparkType::DayTimeInterval { .. } | SparkType::CalendarInterval => {
            if !interval_has(source, field) {
                return Err(invalid()?);
            }
            of_interval(call, field)
        }
        SparkType::Time { .. } if !matches!(field, Field::Hour | Field::Minute | Field::Second) => Err(invalid()?),
        _ => of_datetime(call, field),
    }
}

fn null_double() -> datafusion::logical_expr::Expr {
    datafusion::logical_expr::Expr::Literal(ScalarValue::Float64(None), None)
}

/// Whether values of an interval type have the field.
fn interval_has(source: &SparkType, field: Field) -> bool {
    use firesteel_base::types::{DayTimeField, YearMonthField};
    match source {
        SparkType::YearMonthInterval { start, end } => match field {
            Field::Year => *start == YearMonthField::Year,
            Field::Month => *end == YearMonthField::Month,
            _ => false,
        },
        SparkType::DayTimeInterval { start, end } => {
            let wanted = match field {
                Field::Day => DayTimeField::Day,
                Field::Hour => DayTimeField::Hour,
                Field::Minute => DayTimeField::Minute,
                Field::Second => DayTimeField::Second,
                _ => return false,
            };
            (*start..=*end).contains(&wanted)
        }
        _ => matches!(field, Field::Year | Field::Month | Field::Day | Field::Hour | Field::Minute | Field::Second),
    }
}

fn of_interval(call: &Call<'_>, field: Field) -> SparkResult<Scalar> {
    let source = Expected::AnyType;
    match field {
        Field::Year => part(call, "extract", &source, SparkType::Integer, IntervalYears),
        Field::Month => part(call, "extract", &source, SparkType::Byte, IntervalMonths),
        Field::Day => part(call, "extract", &source, SparkType::Integer, IntervalDays),
        Field::Hour => part(call, "extract", &source, SparkType::Byte, IntervalHours),
        Field::Minute => part(call, "extract", &source, SparkType::Byte, IntervalMinutes),
        _ => part(call, "extract", &source, SparkType::decimal(8, 6), IntervalSeconds),
    }
}

fn of_datetime(call: &Call<'_>, field: Field) -> SparkResult<Scalar> {
    let date = Expected::DATE;
    let time = match call.data_type(1)? {
        SparkType::Time { .. } => Expected::AnyTime,
        _ => Expected::AnyTimestamp,
    };
    let int = SparkType::Integer;
    match field {
        Field::Year => part(call, "year", &date, int, Year),
        Field::YearOfWeek => part(call, "yearofweek", &date, int, YearOfWeek),
        Field::Quarter => part(call, "quarter", &date, int, Quarter),
        Field::Month => part(call, "month", &date, int, Month),
        Field::Week => part(call, "weekofyear", &date, int, WeekOfYear),
        Field::Day => part(call, "dayofmonth", &date, int, Day),
        Field::DayOfWeek => part(call, "dayofweek", &date, int, DayOfWeek),
        Field::DayOfWeekIso => part(call, "weekday", &date, int, DayOfWeekIso),
        Field::DayOfYear => part(call, "dayofyear", &date, int, DayOfYear),
        Field::Hour => part(call, "hour", &time, int, Hour),
        Field::Minute => part(call, "minute", &time, int, Minute),
        Field::Second => part(call, "second_with_fraction", &time, SparkType::decimal(8, 6), SecondWithFraction),
    }
}

/// The kernel on the source alone; `expected` says what is expected of the source. Errors speak of the getter that
/// stands for the field.
fn part<K: Kernel>(
    call: &Call<'_>,
    getter: &str,
    expected: &Expected,
    data_type: SparkType,
    kernel: K,
) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::AnyType, expected.clone()]).map_err(|error| {
        let source = call.argument(1).map(crate::call::Argument::sql).unwrap_or_default();
        error.param("sqlExpr", quoted(&format!("{getter}({source})"))).param("paramIndex", "first")
    })?;
    let nullable = *expected == Expected::AnyTime || call.any_nullable_as(&types);
    let result = data_type.clone();
    let build = move |mut arguments: Vec<datafusion::logical_expr::Expr>| {
        kernel_call(kernel_udf(kernel), arguments.split_off(1), &result, -1)
    };
    Ok(Scalar::expr(call, data_type, build).casting(types).nullable(nullable))
}

fn months_part<R: ArrowPrimitiveType>(
    call: &KernelCall<'_>,
    compute: fn(i32) -> R::Native,
) -> SparkResult<ColumnarValue> {
    match call.argument(0)?.data_type() {
        DataType::Interval(arrow::datatypes::IntervalUnit::YearMonth) => {
            call.unary::<IntervalYearMonthType, R>(compute)
        }
        _ => call.unary::<IntervalMonthDayNanoType, R>(|interval| compute(interval.months)),
    }
}

fn micros_part<R: ArrowPrimitiveType>(
    call: &KernelCall<'_>,
    compute: fn(i64) -> R::Native,
) -> SparkResult<ColumnarValue> {
    match call.argument(0)?.data_type() {
        DataType::Duration(_) => call.unary::<DurationMicrosecondType, R>(compute),
        _ => call.unary::<IntervalMonthDayNanoType, R>(|interval| compute(interval.nanoseconds / 1000)),
    }
}

fn interval_days(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    match call.argument(0)?.data_type() {
        DataType::Duration(_) => {
            call.unary::<DurationMicrosecondType, Int32Type>(|micros| (micros / 86_400_000_000) as i32)
        }
        _ => call.unary::<IntervalMonthDayNanoType, Int32Type>(|interval| interval.days),
    }
}

fn interval_hours(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    match call.argument(0)?.data_type() {
        DataType::Duration(_) => {
            call.unary::<DurationMicrosecondType, Int8Type>(|micros| (micros / 3_600_000_000 % 24) as i8)
        }
        _ => call
            .unary::<IntervalMonthDayNanoType, Int8Type>(|interval| (interval.nanoseconds / 3_600_000_000_000) as i8),
    }
}
