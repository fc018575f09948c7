//! Functions of one double: roots, exponentials, logarithms, trigonometry, signs.
//!
//! Where Spark uses Java's strict library, so does this, by way of `libm`, which is the same FreeBSD code.

use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, lit};
use firesteel_base::{SparkResult, SparkType};

use super::strict;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall};

fn bind<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::DOUBLE])?;
    Ok(Scalar::kernel(call, SparkType::Double, kernel).casting(types).nullable(true))
}

/// A row of the registry and its kernel for each function: how it prints, since when, and what it computes.
macro_rules! functions {
    ($($constant:ident $kernel:ident $name:literal $printed:literal $since:literal = $compute:expr;)*) => {$(
        pub(super) const $constant: Function = Function::scalar($name, |call| bind(call, $kernel))
            .since($since)
            .arity(1..=1)
            .prints(|arguments| format!("{}({})", $printed, arguments.join(", ")));

        #[derive(Debug, Default, Clone, Copy)]
        struct $kernel;

        impl Kernel for $kernel {
            const NAME: &'static str = concat!("spark_", $name);

            fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
                call.map::<Float64Type, Float64Type>(|value| Ok($compute(value)))
            }
        }
    )*};
}

/// As [`functions!`], for functions that are never NULL for a value that is not.
macro_rules! total_functions {
    ($($constant:ident $kernel:ident $name:literal $printed:literal $since:literal = $compute:expr;)*) => {$(
        pub(super) const $constant: Function = Function::scalar($name, |call| bind(call, $kernel))
            .since($since)
            .arity(1..=1)
            .prints(|arguments| format!("{}({})", $printed, arguments.join(", ")));

        #[derive(Debug, Default, Clone, Copy)]
        struct $kernel;

        impl Kernel for $kernel {
            const NAME: &'static str = concat!("spark_", $name);

            fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
                call.unary::<Float64Type, Float64Type>($compute)
            }
        }
    )*};
}

total_functions! {
    ACOS Acos "acos" "ACOS" "1.4.0" = libm::acos;
    ACOSH Acosh "acosh" "ACOSH" "3.0.0" = strict::acosh;
    ASIN Asin "asin" "ASIN" "1.4.0" = libm::asin;
    ASINH Asinh "asinh" "ASINH" "3.0.0" = strict::asinh;
    ATAN Atan "atan" "ATAN" "1.4.0" = libm::atan;
    ATANH Atanh "atanh" "ATANH" "3.0.0" = |x: f64| 0.5 * (libm::log1p(x) - libm::log1p(-x));
    CBRT Cbrt "cbrt" "CBRT" "1.4.0" = strict::cbrt;
    COS Cos "cos" "COS" "1.4.0" = f64::cos;
    COSH Cosh "cosh" "COSH" "1.4.0" = strict::cosh;
    COT Cot "cot" "COT" "2.3.0" = |x: f64| 1.0 / x.tan();
    CSC Csc "csc" "CSC" "3.3.0" = |x: f64| 1.0 / x.sin();
    DEGREES Degrees "degrees" "DEGREES" "1.4.0" = |x: f64| x * DEGREES_OF_RADIAN;
    EXP Exp "exp" "EXP" "1.4.0" = libm::exp;
    EXPM1 Expm1 "expm1" "EXPM1" "1.4.0" = libm::expm1;
    RADIANS Radians "radians" "RADIANS" "1.4.0" = |x: f64| x * RADIANS_OF_DEGREE;
    RINT Rint "rint" "rint" "1.4.0" = f64::round_ties_even;
    SEC Sec "sec" "SEC" "3.3.0" = |x: f64| 1.0 / x.cos();
    SIN Sin "sin" "SIN" "1.4.0" = f64::sin;
    SINH Sinh "sinh" "SINH" "1.4.0" = strict::sinh;
    SQRT Sqrt "sqrt" "SQRT" "1.1.1" = f64::sqrt;
    TAN Tan "tan" "TAN" "1.4.0" = f64::tan;
    TANH Tanh "tanh" "TANH" "1.4.0" = strict::tanh;
}

functions! {
    LN Ln "ln" "ln" "1.4.0" = |x: f64| above(x, 0.0).map(strict::log);
    LOG10 Log10 "log10" "LOG10" "1.4.0" = |x: f64| above(x, 0.0).map(strict::log10);
    LOG1P Log1p "log1p" "LOG1P" "1.4.0" = |x: f64| above(x, -1.0).map(libm::log1p);
    LOG2 Log2 "log2" "LOG2" "1.4.0" = |x: f64| above(x, 0.0).map(|x| strict::log(x) / strict::log(2.0));
}

const DEGREES_OF_RADIAN: f64 = 57.295_779_513_082_32;
const RADIANS_OF_DEGREE: f64 = 0.017_453_292_519_943_295;

/// Logarithms are NULL where the argument is not above their pole; NaN stays.
pub(super) fn above(x: f64, pole: f64) -> Option<f64> {
    if x <= pole { None } else { Some(x) }
}

pub(super) const SIGNUM: Function = Function::scalar("signum", sign)
    .since("1.4.0")
    .arity(1..=1)
    .prints(|arguments| format!("SIGNUM({})", arguments.join(", ")));
pub(super) const SIGN: Function = Function::scalar("sign", sign).since("1.4.0").arity(1..=1);

fn sign(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::one_of([Expected::DOUBLE, Expected::AnsiInterval])])?;
    Ok(Scalar::kernel(call, SparkType::Double, Sign).casting(types).nullable(true))
}

/// -1, 0 or 1 as a double; zeros and NaN stay what they are.
#[derive(Debug, Default, Clone, Copy)]
struct Sign;

impl Kernel for Sign {
    const NAME: &'static str = "spark_sign";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        use arrow::datatypes::{DurationMicrosecondType, IntervalYearMonthType};
        let sign = |x: f64| if x == 0.0 || x.is_nan() { x } else { x.signum() };
        match call.argument(0)?.data_type() {
            DataType::Float64 => call.unary::<Float64Type, Float64Type>(sign),
            DataType::Duration(_) => call.unary::<DurationMicrosecondType, Float64Type>(|x| match x.signum() {
                -1 => -1.0,
                0 => 0.0,
                _ => 1.0,
            }),
            _ => call.unary::<IntervalYearMonthType, Float64Type>(|x| f64::from(x.signum())),
        }
    }
}

macro_rules! constants {
    ($($constant:ident $name:literal $printed:literal = $value:expr;)*) => {$(
        pub(super) const $constant: Function = Function::scalar($name, |call| {
            Ok(Scalar::expr(call, SparkType::Double, |_| Ok(lit(ScalarValue::Float64(Some($value))))).nullable(false))
        })
        .since("1.5.0")
        .arity(0..=0)
        .prints(|_| concat!($printed, "()").to_owned());
    )*};
}

constants! {
    PI "pi" "PI" = std::f64::consts::PI;
    E "e" "E" = std::f64::consts::E;
}
