//! `round`, `bround`, `ceil`, `floor`: numbers with fewer digits.
//!
//! A double is rounded by its decimal notation, as Spark does by way of `BigDecimal`: 1.005 has a five at the end.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::cast::number::decimal_text;
use crate::coercion::{Expected, quoted, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf};
use crate::operator::error::arithmetic_overflow;

pub(super) const ROUND: Function = Function::scalar("round", |call| round(call, Round::<HALF_UP>))
    .since("1.5.0")
    .arity(1..=2)
    .prints(|arguments| print("round", arguments));
pub(super) const BROUND: Function = Function::scalar("bround", |call| round(call, Round::<HALF_EVEN>))
    .since("2.0.0")
    .arity(1..=2)
    .prints(|arguments| print("bround", arguments));
pub(super) const CEIL: Function = Function::scalar("ceil", |call| whole(call, Round::<CEILING_OF>))
    .since("1.4.0")
    .at_least(0)
    .prints(|arguments| print_whole("CEIL", "ceil", arguments));
pub(super) const CEILING: Function = Function::scalar("ceiling", |call| whole(call, Round::<CEILING_OF>))
    .since("1.4.0")
    .at_least(0)
    .prints(|arguments| print_whole("ceiling", "ceiling", arguments));
pub(super) const FLOOR: Function = Function::scalar("floor", |call| whole(call, Round::<FLOOR_OF>))
    .since("1.4.0")
    .at_least(0)
    .prints(|arguments| print_whole("FLOOR", "floor", arguments));

fn print(name: &str, arguments: &[String]) -> String {
    let scale = if arguments.len() < 2 { ", 0" } else { "" };
    format!("{name}({}{scale})", arguments.join(", "))
}

fn print_whole(whole: &str, scaled: &str, arguments: &[String]) -> String {
    format!("{}({})", if arguments.len() < 2 { whole } else { scaled }, arguments.join(", "))
}

const HALF_UP: u8 = 0;
const HALF_EVEN: u8 = 1;
const CEILING_OF: u8 = 2;
const FLOOR_OF: u8 = 3;

fn round<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::Numeric, Expected::INT])?;
    if let Some(scale) = call.arguments.get(1).filter(|scale| !scale.is_foldable) {
        return Err(call
            .mismatch("NON_FOLDABLE_INPUT")
            .param("inputName", "`scale`")
            .param("inputType", quoted_type(&SparkType::Integer))
            .param("inputExpr", quoted(&scale.sql())));
    }
    let number = types.first().cloned().unwrap_or(SparkType::Double);
    let result = rounded_type(&number, scale(call)?.unwrap_or(0));
    Ok(bound(call, result, kernel).casting(types).nullable(true))
}

/// `ceil` and `floor`: a long, or with a scale a decimal.
fn whole<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let name = if call.function.name == "floor" { "`floor`" } else { "`ceil`" };
    if !(1..=2).contains(&call.len()) {
        return Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .param("functionName", name)
            .param("expectedNum", "2")
            .param("actualNum", call.len().to_string())
            .param("docroot", "https://spark.apache.org/docs/latest"));
    }
    if call.len() == 1 {
        let number = Expected::one_of([Expected::DOUBLE, Expected::AnyDecimal, Expected::LONG]);
        let types = call.implicit_cast(&[number])?;
        let result = match types.first() {
            Some(SparkType::Decimal { precision, scale: 0 }) => SparkType::decimal(*precision, 0),
            Some(decimal @ SparkType::Decimal { .. }) => rounded_type(decimal, 0),
            _ => SparkType::Long,
        };
        return Ok(bound(call, result, kernel).casting(types).nullable(true));
    }
    if !call.argument(1)?.is_foldable || call.argument(1)?.data_type != SparkType::Integer {
        return Err(SparkError::new("NON_FOLDABLE_ARGUMENT")
            .param("funcName", name)
            .param("paramName", "`scale`")
            .param("paramType", "\"INT\""));
    }
    let types = call.implicit_cast(&[Expected::AnyDecimal, Expected::INT])?;
    let number = types.first().cloned().unwrap_or(SparkType::DECIMAL_DEFAULT);
    let result = rounded_type(&number, scale(call)?.unwrap_or(0));
    Ok(bound(call, result, kernel).casting(types).nullable(true))
}

fn bound<K: Kernel>(call: &Call<'_>, result: SparkType, kernel: K) -> Scalar {
    let data_type = result.clone();
    Scalar::expr(call, result, move |mut arguments: Vec<Expr>| {
        if arguments.len() < 2 {
            arguments.push(lit(0_i32));
        }
        kernel_call(kernel_udf(kernel), arguments, &data_type, -1)
    })
}

/// Digits to keep behind the point; `None` if NULL.
fn scale(call: &Call<'_>) -> SparkResult<Option<i32>> {
    let Some(scale) = call.arguments.get(1) else { return Ok(Some(0)) };
    let constant = scale.constant.as_ref().and_then(|scale| scale.cast_to(&DataType::Int32).ok());
    match constant {
        Some(ScalarValue::Int32(scale)) => Ok(scale),
        _ => Err(SparkError::unsupported(format!("{} with a scale that is computed", call.function.name))),
    }
}

/// Decimals have one digit more before the point, where a carry may go.
fn rounded_type(number: &SparkType, keep: i32) -> SparkType {
    let SparkType::Decimal { precision, scale } = number else { return number.clone() };
    let digits = i32::from(*precision) - i32::from(*scale) + 1;
    let (precision, scale) = if keep < 0 {
        (digits.max(1 - keep), 0)
    } else {
        let scale = keep.min(i32::from(*scale));
        (digits + scale, scale)
    };
    SparkType::decimal(u8::try_from(precision.min(38)).unwrap_or(38), i8::try_from(scale).unwrap_or(0))
}

/// Arguments: the number and how many digits to keep behind the point.
#[derive(Debug, Default, Clone, Copy)]
struct Round<const MODE: u8>;

impl<const MODE: u8> Kernel for Round<MODE> {
    const NAME: &'static str = match MODE {
        HALF_UP => "spark_round",
        HALF_EVEN => "spark_bround",
        CEILING_OF => "spark_ceil",
        _ => "spark_floor",
    };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let keep = match call.scalar(1) {
            Some(ScalarValue::Int32(Some(keep))) => *keep,
            Some(scale) if scale.is_null() => {
                let null = ScalarValue::try_from(call.return_type).map_err(crate::kernel::from_engine)?;
                return Ok(ColumnarValue::Scalar(null));
            }
            _ => return Err(SparkError::internal("a number was rounded to a scale that is no constant")),
        };
        let number = call.argument(0)?.to_array(call.rows_to_compute()).map_err(crate::kernel::from_engine)?;
        let result = rounded(&number, keep, MODE, call)?;
        match call.argument(0)? {
            ColumnarValue::Scalar(_) => {
                let value = ScalarValue::try_from_array(&result, 0).map_err(crate::kernel::from_engine)?;
                Ok(ColumnarValue::Scalar(value))
            }
            ColumnarValue::Array(_) => Ok(ColumnarValue::Array(result)),
        }
    }
}

fn rounded(number: &ArrayRef, keep: i32, mode: u8, call: &KernelCall<'_>) -> SparkResult<ArrayRef> {
    Ok(match (number.data_type(), call.return_type) {
        (DataType::Float64, DataType::Int64) => Arc::new(whole_of_doubles(number.as_primitive(), mode)),
        (DataType::Float64, _) => {
            Arc::new(number.as_primitive::<Float64Type>().unary::<_, Float64Type>(|x| round_double(x, keep, mode)))
        }
        #[expect(clippy::cast_possible_truncation, reason = "a rounded float is a float")]
        (DataType::Float32, _) => Arc::new(
            number
                .as_primitive::<Float32Type>()
                .unary::<_, Float32Type>(|x| round_double(f64::from(x), keep, mode) as f32),
        ),
        (DataType::Decimal128(_, scale), DataType::Decimal128(_, result_scale)) => {
            let powers = Powers::of(i32::from(*scale), i32::from(*result_scale), keep);
            let values = number.as_primitive::<Decimal128Type>();
            let result = if may_exceed(number.data_type(), call.return_type) {
                checked(values, &powers, mode, call)?
            } else {
                values.unary::<_, Decimal128Type>(|value| powers.apply(value, mode))
            };
            Arc::new(result.with_data_type(call.return_type.clone()))
        }
        (DataType::Int8, _) => round_integers::<Int8Type>(number, keep, mode, call.ansi())?,
        (DataType::Int16, _) => round_integers::<Int16Type>(number, keep, mode, call.ansi())?,
        (DataType::Int32, _) => round_integers::<Int32Type>(number, keep, mode, call.ansi())?,
        (DataType::Int64, _) => round_integers::<Int64Type>(number, keep, mode, call.ansi())?,
        (other, _) => return Err(SparkError::internal(format!("a number of type {other} was to be rounded"))),
    })
}

/// Whether a carry may need a digit that the result does not have.
fn may_exceed(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::Decimal128(precision, scale), DataType::Decimal128(result_precision, result_scale)) => {
            i32::from(*precision) - i32::from(*scale) >= i32::from(*result_precision) - i32::from(*result_scale)
        }
        _ => false,
    }
}

/// Rounds values that may become too large: an error, or NULL without ANSI mode.
fn checked(
    values: &PrimitiveArray<Decimal128Type>,
    powers: &Powers,
    mode: u8,
    call: &KernelCall<'_>,
) -> SparkResult<PrimitiveArray<Decimal128Type>> {
    let DataType::Decimal128(precision, scale) = call.return_type else {
        return Err(SparkError::internal("a decimal was rounded to something else"));
    };
    let limit = 10_i128.checked_pow(u32::from(*precision)).unwrap_or(i128::MAX);
    let round = |value: Option<i128>| {
        let Some(value) = value else { return Ok(None) };
        let rounded = powers.apply(value, mode);
        match rounded.abs() < limit {
            true => Ok(Some(rounded)),
            false if call.ansi() => Err(SparkError::new("NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION")
                .param("roundedValue", decimal_text(rounded, *scale))
                .param("originalValue", decimal_text(value, powers.scale))
                .param("precision", precision.to_string())
                .param("scale", scale.to_string())),
            false => Ok(None),
        }
    };
    values.iter().map(round).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "what is no long becomes the nearest one, as in Java")]
fn whole_of_doubles(values: &PrimitiveArray<Float64Type>, mode: u8) -> PrimitiveArray<Int64Type> {
    if mode == CEILING_OF {
        values.unary(|value| value.ceil() as i64)
    } else {
        values.unary(|value| value.floor() as i64)
    }
}

/// Divides by a power of ten, rounding; then multiplies by another.
struct Powers {
    /// Digits behind the point before rounding.
    scale: i8,
    /// `None` if greater than any value.
    divisor: Option<i128>,
    multiplier: i128,
}

impl Powers {
    fn of(scale: i32, result_scale: i32, keep: i32) -> Self {
        let power = |exponent: i32| 10_i128.checked_pow(u32::try_from(exponent.max(0)).unwrap_or(0));
        let kept = keep.min(scale);
        Self {
            scale: i8::try_from(scale).unwrap_or(0),
            divisor: power(scale - kept),
            multiplier: power(result_scale - kept).unwrap_or(0),
        }
    }

    fn apply(&self, value: i128, mode: u8) -> i128 {
        let quotient = match self.divisor {
            Some(divisor) => divide(value, divisor, mode),
            None => match mode {
                CEILING_OF => i128::from(value > 0),
                FLOOR_OF => -i128::from(value < 0),
                _ => 0,
            },
        };
        quotient.saturating_mul(self.multiplier)
    }
}

/// The quotient rounded by the mode; the divisor is positive.
fn divide(value: i128, divisor: i128, mode: u8) -> i128 {
    let (quotient, remainder) = (value / divisor, value % divisor);
    let twice = remainder.unsigned_abs().saturating_mul(2);
    let divisor = divisor.unsigned_abs();
    let away = match mode {
        HALF_UP => remainder != 0 && twice >= divisor,
        HALF_EVEN => twice > divisor || (twice == divisor && remainder != 0 && quotient % 2 != 0),
        CEILING_OF => remainder > 0,
        _ => remainder < 0,
    };
    quotient + if away { remainder.signum() } else { 0 }
}

fn round_integers<T>(number: &ArrayRef, keep: i32, mode: u8, ansi: bool) -> SparkResult<ArrayRef>
where
    T: ArrowPrimitiveType,
    T::Native: Into<i128> + TryFrom<i128> + num_traits::AsPrimitive<i64>,
    i128: num_traits::AsPrimitive<T::Native>,
{
    if keep >= 0 {
        return Ok(Arc::clone(number));
    }
    let divisor = 10_i128.checked_pow(keep.unsigned_abs());
    let powers = Powers { scale: 0, divisor, multiplier: divisor.unwrap_or(0) };
    let round = |value: T::Native| {
        let rounded = powers.apply(value.into(), mode);
        match T::Native::try_from(rounded) {
            Ok(rounded) => Ok(rounded),
            Err(_) if ansi => Err(arithmetic_overflow("Overflow", "")),
            Err(_) => Ok(num_traits::AsPrimitive::<T::Native>::as_(rounded)),
        }
    };
    let values = number.as_primitive::<T>();
    let result: SparkResult<PrimitiveArray<T>> = values.try_unary(round);
    Ok(Arc::new(result?))
}

/// Ten to the power of the digits kept, where that is exact and small.
const POWERS: [f64; 9] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

fn round_double(value: f64, keep: i32, mode: u8) -> f64 {
    if !value.is_finite() {
        return value;
    }
    if let Some(power) = usize::try_from(keep).ok().and_then(|keep| POWERS.get(keep)) {
        // Far from a half, the product's error does not matter, and the quotient of two exact numbers is the double
        // nearest to the decimal.
        let product = value * power;
        let distance = (product - product.floor() - 0.5).abs();
        if product.abs() < 1e9 && distance > 1e-6 {
            return (product.round() / power) + 0.0;
        }
    }
    round_digits(value, keep, mode)
}

/// Rounds the shortest decimal notation of a number.
fn round_digits(value: f64, keep: i32, mode: u8) -> f64 {
    let notation = format!("{:e}", value.abs());
    let Some((mantissa, exponent)) = notation.split_once('e') else { return value };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    // The number of digits before the place where it is cut.
    let cut = i64::from(exponent) + 1 + i64::from(keep);
    let Ok(cut) = usize::try_from(cut) else { return 0.0 };
    if cut >= digits.len() {
        return value + 0.0;
    }
    let (kept, rest) = digits.split_at(cut);
    let mut whole = kept.iter().fold(0_i128, |whole, digit| whole * 10 + i128::from(digit - b'0'));
    let is_half = rest.first() == Some(&b'5') && rest.iter().skip(1).all(|digit| *digit == b'0');
    let goes_up = rest.first().is_some_and(|digit| *digit >= b'5');
    if goes_up && !(mode == HALF_EVEN && is_half && whole % 2 == 0) {
        whole += 1;
    }
    let rounded: f64 = format!("{whole}e{}", -i64::from(keep)).parse().unwrap_or(value);
    if value < 0.0 && rounded != 0.0 { -rounded } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_round_by_their_decimal_notation() {
        let up = |value, keep| round_double(value, keep, HALF_UP);
        assert_eq!(up(1.005, 2), 1.01);
        assert_eq!(up(2.5, 0), 3.0);
        assert_eq!(up(-2.5, 0), -3.0);
        assert_eq!(up(0.285, 2), 0.29);
        assert_eq!(up(12345.678, -2), 12300.0);
        assert_eq!(up(1.5, 400), 1.5);
        assert_eq!(up(9.99, 1), 10.0);
        assert_eq!(up(4.0, -1), 0.0);
        assert_eq!(up(5.0, -1), 10.0);
        assert!(up(-0.3, 0).is_sign_positive());
        assert_eq!(round_double(2.5, 0, HALF_EVEN), 2.0);
        assert_eq!(round_double(1.25, 1, HALF_EVEN), 1.2);
    }

    #[test]
    fn decimals_round_by_mode() {
        assert_eq!(divide(25, 10, HALF_UP), 3);
        assert_eq!(divide(-25, 10, HALF_UP), -3);
        assert_eq!(divide(25, 10, HALF_EVEN), 2);
        assert_eq!(divide(-21, 10, CEILING_OF), -2);
        assert_eq!(divide(-21, 10, FLOOR_OF), -3);
        assert_eq!(Powers::of(3, 0, -1).apply(12_345, HALF_UP), 10);
    }
}
