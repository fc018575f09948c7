//! Functions of two doubles: `atan2`, `hypot`, `log` and `pow`.

use arrow::datatypes::Float64Type;
use datafusion::logical_expr::{ColumnarValue, lit};
use firesteel_base::{SparkResult, SparkType};

use super::double::above;
use super::strict;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, kernel_call, kernel_udf, rows};

pub(super) const ATAN2: Function = Function::scalar("atan2", |call| bind(call, Atan2))
    .since("1.4.0")
    .arity(2..=2)
    .prints(|arguments| format!("ATAN2({})", arguments.join(", ")));
pub(super) const HYPOT: Function = Function::scalar("hypot", |call| bind(call, Hypot))
    .since("1.4.0")
    .arity(2..=2)
    .prints(|arguments| format!("HYPOT({})", arguments.join(", ")));
pub(super) const POW: Function = Function::scalar("pow", |call| bind(call, Pow)).since("1.4.0").arity(2..=2);
pub(super) const POWER: Function = Function::scalar("power", |call| bind(call, Pow))
    .since("1.4.0")
    .arity(2..=2)
    .prints(|arguments| format!("POWER({})", arguments.join(", ")));
/// With one argument the natural logarithm.
pub(super) const LOG: Function = Function::scalar("log", log).since("1.5.0").arity(1..=2).prints(|arguments| {
    let base = if arguments.len() < 2 { "E(), " } else { "" };
    format!("LOG({base}{})", arguments.join(", "))
});

fn bind<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::DOUBLE, Expected::DOUBLE])?;
    Ok(Scalar::kernel(call, SparkType::Double, kernel).casting(types))
}

fn log(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::DOUBLE, Expected::DOUBLE])?;
    let bound = Scalar::expr(call, SparkType::Double, |mut arguments| {
        if arguments.len() < 2 {
            arguments.insert(0, lit(std::f64::consts::E));
        }
        kernel_call(kernel_udf(Log), arguments, &SparkType::Double, -1)
    });
    Ok(bound.casting(types).nullable(true))
}

fn pairs(call: &KernelCall<'_>, compute: impl Fn(f64, f64) -> Option<f64>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let left = rows::primitive::<Float64Type>(arrays, 0)?;
        let right = rows::primitive::<Float64Type>(arrays, 1)?;
        let both = left.iter().zip(right).map(|(left, right)| compute(left?, right?));
        Ok(std::sync::Arc::new(both.collect::<arrow::array::Float64Array>()))
    })
}

macro_rules! pair_kernels {
    ($($kernel:ident $name:literal = $compute:expr;)*) => {$(
        #[derive(Debug, Default, Clone, Copy)]
        struct $kernel;

        impl Kernel for $kernel {
            const NAME: &'static str = $name;

            fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
                pairs(call, $compute)
            }
        }
    )*};
}

pair_kernels! {
    // Adding zero makes a negative zero positive.
    Atan2 "spark_atan2" = |y, x| Some(libm::atan2(y + 0.0, x + 0.0));
    Hypot "spark_hypot" = |x, y| Some(strict::hypot(x, y));
    Pow "spark_pow" = |x, y| Some(power(x, y));
    Log "spark_log" = |base, x| Some(strict::log(above(x, 0.0)?) / strict::log(above(base, 0.0)?));
}

/// As Java's: one to whatever is not a number is not a number, and so is ±1 to an infinite power.
fn power(x: f64, y: f64) -> f64 {
    if y.is_nan() || (x.abs() == 1.0 && y.is_infinite()) { f64::NAN } else { libm::pow(x, y) }
}
