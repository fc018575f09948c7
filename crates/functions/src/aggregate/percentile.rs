//! `percentile`, `median`, `percentile_cont`, `percentile_disc`, `percentile_approx`: values at a share of the sorted
//! rows, interpolated or not.
//!
//! `WITHIN GROUP (ORDER BY x DESC)` reaches the functions as two more arguments: `x`, and whether it is descending.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, PrimitiveArray, UInt32Array};
use arrow::buffer::NullBuffer;
use arrow::compute::{SortOptions, cast, sort_to_indices, take};
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, Int64Type, IntervalUnit};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::gathered::{GatheredRows, Gathering, boxed_gathering};
use super::groups::Groups;
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column, raise};
use super::quantile_summary::QuantileSummary;
use crate::call::Call;
use crate::coercion::{Expected, quoted, quoted_type};
use crate::function::{Aggregate, Function};

pub(super) const PERCENTILE: Function =
    Function::aggregate("percentile", percentile).since("2.1.0").arity(2..=3).prints(|arguments| {
        let frequency = arguments.get(2).map_or("1", String::as_str);
        let [value, percentage] = [0, 1].map(|index| arguments.get(index).map_or("", String::as_str));
        format!("percentile({value}, {percentage}, {frequency})")
    });
pub(super) const MEDIAN: Function = Function::aggregate("median", median).since("3.4.0").arity(1..=1);
pub(super) const PERCENTILE_CONT: Function = Function::aggregate("percentile_cont", percentile_cont)
    .since("4.0.0")
    .arity(1..=3)
    .prints(|a| print_within("percentile_cont", a));
pub(super) const PERCENTILE_DISC: Function = Function::aggregate("percentile_disc", percentile_disc)
    .since("4.0.0")
    .arity(1..=3)
    .prints(|a| print_within("percentile_disc", a));
pub(super) const PERCENTILE_APPROX: Function = Function::aggregate("percentile_approx", percentile_approx)
    .since("2.1.0")
    .arity(2..=3)
    .prints(|arguments| print_approximate("percentile_approx", arguments));
pub(super) const APPROX_PERCENTILE: Function = Function::aggregate("approx_percentile", percentile_approx)
    .since("2.1.0")
    .arity(2..=3)
    .prints(|arguments| print_approximate("approx_percentile", arguments));

/// Percentage, value, and whether the order is descending.
fn print_within(name: &str, arguments: &[String]) -> String {
    let (percentage, value) =
        (arguments.first().map_or("", String::as_str), arguments.get(1).map_or("", String::as_str));
    let order = if arguments.get(2).is_some_and(|descending| descending == "true") { " DESC" } else { "" };
    format!("{name}({percentage}) WITHIN GROUP (ORDER BY {value}{order})")
}
/// Behind `df.approxQuantile`, not a function of SQL: the last argument is the relative error. Without values it is
/// NULL.
pub(super) const APPROX_QUANTILE: Function =
    Function::aggregate("approx_quantile", approx_quantile).since("2.0.0").arity(3..=3);

fn print_approximate(name: &str, arguments: &[String]) -> String {
    let accuracy = arguments.get(2).map_or("10000", String::as_str);
    let [value, percentage] = [0, 1].map(|index| arguments.get(index).map_or("", String::as_str));
    format!("{name}({value}, {percentage}, {accuracy})")
}

fn values() -> Expected {
    Expected::one_of([Expected::Numeric, Expected::AnsiInterval])
}

fn percentages() -> Expected {
    Expected::one_of([Expected::DOUBLE, Expected::array_of(Expected::DOUBLE)])
}

/// Numbers become doubles, intervals stay.
fn interpolated(value: SparkType) -> SparkType {
    if value.is_interval() { value } else { SparkType::Double }
}

fn result_type(value: SparkType, percentage: &SparkType) -> SparkType {
    match percentage {
        SparkType::Array { .. } => SparkType::array(value, false),
        _ => value,
    }
}

fn percentile(call: &Call<'_>) -> SparkResult<Aggregate> {
    let types = call.implicit_cast(&[values(), percentages(), Expected::Integral])?;
    check_percentage(call, 1)?;
    let mut types = types.into_iter();
    let (Some(value), Some(percentage)) = (types.next(), types.next()) else {
        return Err(SparkError::internal("percentile was bound without its arguments"));
    };
    let value = interpolated(value);
    let result = result_type(value.clone(), &percentage);
    let mut casting = vec![value, percentage];
    casting.extend(types.next().map(|_| SparkType::Long));
    let bound = Aggregate::new(call, result, true, aggregate_udf(Percentile::<CONTINUOUS>)).casting(casting);
    Ok(bound.before(|arguments| {
        let mut arguments = arguments.into_iter();
        let (value, percentage, frequency) = (arguments.next(), arguments.next(), arguments.next());
        Ok(value.into_iter().chain(frequency).chain(percentage).chain([lit(false)]).collect())
    }))
}

fn median(call: &Call<'_>) -> SparkResult<Aggregate> {
    let value = call.implicit_cast(&[values()])?.into_iter().next().map_or(SparkType::Double, interpolated);
    let bound = Aggregate::new(call, value.clone(), true, aggregate_udf(Percentile::<CONTINUOUS>));
    Ok(bound.casting(vec![value]).before(|mut arguments| {
        arguments.extend([lit(0.5_f64), lit(false)]);
        Ok(arguments)
    }))
}

fn percentile_cont(call: &Call<'_>) -> SparkResult<Aggregate> {
    within_group(call, aggregate_udf(Percentile::<CONTINUOUS>))
}

fn percentile_disc(call: &Call<'_>) -> SparkResult<Aggregate> {
    within_group(call, aggregate_udf(Percentile::<DISCRETE>))
}

/// `percentage, value, descending`
fn within_group(call: &Call<'_>, udaf: Arc<datafusion::logical_expr::AggregateUDF>) -> SparkResult<Aggregate> {
    if call.len() != 3 {
        return Err(SparkError::new("INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING")
            .param("funcName", format!("`{}`", call.function.name)));
    }
    let types = call.implicit_cast(&[percentages(), values(), Expected::BOOLEAN])?;
    check_percentage(call, 0)?;
    let [percentage, value, descending] = types.as_slice() else {
        return Err(SparkError::internal("a percentile was bound without its arguments"));
    };
    let value = interpolated(value.clone());
    let result = result_type(value.clone(), percentage);
    let casting = vec![percentage.clone(), value, descending.clone()];
    Ok(Aggregate::new(call, result, true, udaf).casting(casting).before(|mut arguments: Vec<Expr>| {
        arguments.swap(0, 1);
        Ok(arguments)
    }))
}

fn percentile_approx(call: &Call<'_>) -> SparkResult<Aggregate> {
    let ordered = [
        Expected::Numeric,
        Expected::DATE,
        Expected::TIMESTAMP,
        Expected::Exactly(SparkType::TimestampNtz),
        Expected::YearMonthInterval,
        Expected::DayTimeInterval,
    ];
    let types = call.implicit_cast(&[Expected::one_of(ordered), percentages(), Expected::Integral])?;
    check_accuracy(call)?;
    check_percentage(call, 1)?;
    let (Some(value), Some(percentage)) = (types.first().cloned(), types.get(1)) else {
        return Err(SparkError::internal("percentile_approx was bound without its arguments"));
    };
    let result = result_type(value, percentage);
    let bound = Aggregate::new(call, result, true, aggregate_udf(Percentile::<ELEMENT>));
    let bound =
        bound.casting(types.into_iter().take(2).chain(call.arguments.get(2).map(|_| SparkType::Double)).collect());
    Ok(bound.before(|arguments| {
        let mut arguments = arguments.into_iter();
        let (value, percentage, accuracy) = (arguments.next(), arguments.next(), arguments.next());
        let error = lit(1.0_f64) / accuracy.unwrap_or_else(|| lit(10_000.0_f64));
        Ok(value.into_iter().chain(percentage).chain([error]).collect())
    }))
}

fn approx_quantile(call: &Call<'_>) -> SparkResult<Aggregate> {
    let types = call.implicit_cast(&[Expected::DOUBLE, Expected::array_of(Expected::DOUBLE), Expected::DOUBLE])?;
    let result = SparkType::array(SparkType::Double, false);
    Ok(Aggregate::new(call, result, true, aggregate_udf(Percentile::<ELEMENT>)).casting(types))
}

fn check_accuracy(call: &Call<'_>) -> SparkResult<()> {
    let Some(accuracy) = call.arguments.get(2) else { return Ok(()) };
    if !accuracy.is_foldable {
        return Err(not_foldable(call, 2, "accuracy"));
    }
    let value = accuracy.constant.as_ref().and_then(|value| value.cast_to(&DataType::Int64).ok());
    match value {
        Some(ScalarValue::Int64(Some(1..=2_147_483_647))) => Ok(()),
        Some(ScalarValue::Int64(Some(value))) => Err(call
            .mismatch("VALUE_OUT_OF_RANGE")
            .param("exprName", "accuracy")
            .param("valueRange", "(0, 2147483647]")
            .param("currentValue", format!("{value}L"))),
        _ => Err(call.mismatch("UNEXPECTED_NULL").param("exprName", "accuracy")),
    }
}

fn not_foldable(call: &Call<'_>, index: usize, name: &str) -> SparkError {
    let error = call.mismatch("NON_FOLDABLE_INPUT").param("inputName", format!("`{name}`"));
    match call.arguments.get(index) {
        Some(argument) => {
            error.param("inputType", quoted_type(&argument.data_type)).param("inputExpr", quoted(&argument.sql()))
        }
        None => error,
    }
}

fn check_percentage(call: &Call<'_>, index: usize) -> SparkResult<()> {
    let argument = call.argument(index)?;
    if !argument.is_foldable {
        return Err(not_foldable(call, index, "percentage"));
    }
    let Some(constant) = &argument.constant else { return Ok(()) };
    let is_null = || call.mismatch("UNEXPECTED_NULL").param("exprName", "percentage");
    let values = doubles(constant).ok_or_else(is_null)?;
    match values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        None => Ok(()),
        Some(_) => Err(call
            .mismatch("VALUE_OUT_OF_RANGE")
            .param("exprName", "percentage")
            .param("valueRange", "[0.0, 1.0]")
            .param("currentValue", shown(&values, matches!(argument.data_type, SparkType::Array { .. })))),
    }
}

/// The percentages as an error shows them.
fn shown(values: &[f64], is_array: bool) -> String {
    let listed: Vec<String> = values.iter().map(|value| format!("{value:?}D")).collect();
    if is_array { format!("array({})", listed.join(", ").replace('D', "")) } else { listed.join("") }
}

/// The percentages in a constant; `None` if it is NULL.
fn doubles(constant: &ScalarValue) -> Option<Vec<f64>> {
    if constant.is_null() {
        return None;
    }
    let array = match constant {
        ScalarValue::List(list) => list.value(0),
        other => other.to_array().ok()?,
    };
    let array = cast(&array, &DataType::Float64).ok()?;
    array.as_primitive_opt::<Float64Type>()?.iter().collect()
}

/// Interpolates between the two nearest values.
const CONTINUOUS: u8 = 0;
/// Takes the first value at or behind the share, as a double.
const DISCRETE: u8 = 1;
/// Takes a value near the share, whatever its type.
const ELEMENT: u8 = 2;

/// Arguments: value, frequency (optional), and the constants percentages and whether sorted descending; for
/// [`ELEMENT`] the relative error instead of the latter.
#[derive(Debug, Default, Clone, Copy)]
struct Percentile<const HOW: u8>;

/// Number of arguments that are not constants.
fn width(arguments: &[DataType]) -> usize {
    arguments.len().saturating_sub(2)
}

impl<const HOW: u8> AggregateKernel for Percentile<HOW> {
    const NAME: &'static str = match HOW {
        CONTINUOUS => "spark_percentile",
        DISCRETE => "spark_percentile_disc",
        _ => "spark_percentile_element",
    };

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match (arguments.first(), arguments.get(width(arguments))) {
            (Some(value), Some(DataType::List(_))) => {
                Ok(DataType::List(Arc::new(Field::new("element", value.clone(), false))))
            }
            (Some(value), Some(_)) => Ok(value.clone()),
            _ => internal_err!("a percentile without argument"),
        }
    }

    fn state(&self, arguments: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        GatheredRows::state_types(arguments, width(arguments))
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        boxed_gathering(*self, call, width(&call.arguments), |columns| {
            let value = column(columns, 0)?.logical_nulls();
            // The columns still hold the constants when rows come in, but not when there is no frequency.
            let frequency =
                if columns.len() > 3 { columns.get(1).and_then(|column| column.logical_nulls()) } else { None };
            Ok(NullBuffer::union(value.as_ref(), frequency.as_ref()))
        })
    }
}

impl<const HOW: u8> Gathering for Percentile<HOW> {
    fn finish(&self, call: &AggregateCall, columns: &[ArrayRef]) -> Result<Option<ArrayRef>> {
        let constants = width(&call.arguments);
        let Some(percentages) = call.constant(constants).and_then(doubles) else {
            return internal_err!("a percentile without percentages");
        };
        if HOW == ELEMENT {
            let error = match call.constant(constants + 1) {
                Some(ScalarValue::Float64(Some(error))) => *error,
                _ => return internal_err!("an approximate percentile without error"),
            };
            return approximate(column(columns, 0)?, &percentages, error);
        }
        let descending = matches!(call.constant(constants + 1), Some(ScalarValue::Boolean(Some(true))));
        let options = SortOptions { descending, nulls_first: false };
        let values = column(columns, 0)?;
        let order = sort_to_indices(&without_negative_nan(values), Some(options), None)?;
        let sorted = take(values.as_ref(), &order, None)?;
        let ends = match columns.get(1) {
            Some(frequencies) => ends(frequencies, &order)?,
            None => (1..=sorted.len() as u64).collect(),
        };
        let Some(total) = ends.last().copied().filter(|total| *total > 0) else { return Ok(None) };
        let sorted = Sorted { values: sorted, ends, total };
        Ok(Some(match HOW {
            CONTINUOUS => sorted.interpolate(&percentages)?,
            _ => sorted.choose(&percentages)?,
        }))
    }
}

/// The values that a summary of all of them finds.
fn approximate(values: &ArrayRef, percentages: &[f64], error: f64) -> Result<Option<ArrayRef>> {
    let numbers = as_doubles(&without_negative_nan(values))?;
    let pairs = numbers.values().iter().copied().enumerate().map(|(row, value)| (value, row));
    let Some(rows) = QuantileSummary::of(pairs, error).query(percentages) else { return Ok(None) };
    let rows: UInt32Array = rows.into_iter().map(|row| u32::try_from(row).ok()).collect();
    Ok(Some(take(values.as_ref(), &rows, None)?))
}

/// NaN sorts last whatever its sign.
fn without_negative_nan(values: &ArrayRef) -> ArrayRef {
    match values.as_primitive_opt::<Float64Type>() {
        Some(values) => {
            let plain = |value: f64| if value.is_nan() { f64::NAN } else { value };
            Arc::new(arrow::compute::unary::<_, _, Float64Type>(values, plain) as Float64Array)
        }
        None => Arc::clone(values),
    }
}

/// Where each sorted value's repetitions end.
fn ends(frequencies: &ArrayRef, order: &UInt32Array) -> Result<Vec<u64>> {
    let frequencies = take(frequencies.as_ref(), order, None)?;
    let mut ends = Vec::with_capacity(frequencies.len());
    let mut end = 0_u64;
    for frequency in frequencies.as_primitive::<Int64Type>().values() {
        match u64::try_from(*frequency) {
            Ok(frequency) => end = end.saturating_add(frequency),
            Err(_) => {
                return Err(raise(
                    SparkError::new("NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION")
                        .param("frequencyExpression", quoted("boundreference()"))
                        .param("negativeValue", format!("{frequency}L")),
                ));
            }
        }
        ends.push(end);
    }
    Ok(ends)
}

/// Values in order, each repeated up to its end.
struct Sorted {
    values: ArrayRef,
    ends: Vec<u64>,
    total: u64,
}

impl Sorted {
    /// The index of the value at a position, the first being 0.
    fn index(&self, position: u64) -> usize {
        self.ends.partition_point(|end| *end <= position).min(self.values.len().saturating_sub(1))
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positions are computed as doubles, as in Spark"
    )]
    fn interpolate(&self, percentages: &[f64]) -> Result<ArrayRef> {
        let values = as_doubles(&self.values)?;
        let interpolated = percentages.iter().map(|percentage| {
            let position = (self.total - 1) as f64 * percentage;
            let (lower, higher) = (position.floor(), position.ceil());
            let lower_value = values.value(self.index(lower as u64));
            let higher_value = values.value(self.index(higher as u64));
            if lower == higher || lower_value == higher_value {
                lower_value
            } else {
                (higher - position) * lower_value + (position - lower) * higher_value
            }
        });
        of_doubles(interpolated.collect(), self.values.data_type())
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positions are computed as doubles, as in Spark"
    )]
    fn choose(&self, percentages: &[f64]) -> Result<ArrayRef> {
        let rows = percentages.iter().map(|percentage| {
            let position = (self.total as f64 * percentage).ceil().max(1.0) as u64 - 1;
            u32::try_from(self.index(position)).ok()
        });
        Ok(take(self.values.as_ref(), &rows.collect::<UInt32Array>(), None)?)
    }
}

/// Intervals are interpolated as numbers of months or microseconds.
fn as_doubles(values: &ArrayRef) -> Result<Float64Array> {
    let numbers = match values.data_type() {
        DataType::Interval(IntervalUnit::YearMonth) => {
            let data = values.to_data().into_builder().data_type(DataType::Int32).build()?;
            Arc::new(PrimitiveArray::<Int32Type>::from(data)) as ArrayRef
        }
        DataType::Duration(_) | DataType::Timestamp(..) => cast(values, &DataType::Int64)?,
        DataType::Date32 => cast(values, &DataType::Int32)?,
        _ => Arc::clone(values),
    };
    Ok(cast(&numbers, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
}

#[expect(clippy::cast_possible_truncation, reason = "an interpolated interval is cut off at its unit, as in Spark")]
fn of_doubles(values: Vec<f64>, data_type: &DataType) -> Result<ArrayRef> {
    match data_type {
        DataType::Interval(IntervalUnit::YearMonth) => {
            let months = PrimitiveArray::<arrow::datatypes::IntervalYearMonthType>::from_iter_values(
                values.into_iter().map(|value| value as i32),
            );
            Ok(Arc::new(months))
        }
        DataType::Duration(_) => {
            let microseconds: Int64Array = values.into_iter().map(|value| value as i64).collect();
            Ok(cast(&microseconds, data_type)?)
        }
        _ => Ok(Arc::new(Float64Array::from(values))),
    }
}
