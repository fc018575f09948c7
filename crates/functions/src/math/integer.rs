//! `factorial`, `bit_count`, `bit_get`, `width_bucket`: functions of whole numbers.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int8Type, Int32Type, Int64Type, IntervalUnit, IntervalYearMonthType};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, from_arrow};

pub(super) const FACTORIAL: Function = Function::scalar("factorial", factorial).since("1.5.0").arity(1..=1);
pub(super) const BIT_COUNT: Function = Function::scalar("bit_count", bit_count).since("3.0.0").arity(1..=1);
pub(super) const BIT_GET: Function =
    Function::scalar("bit_get", bit_get).aliases(&["getbit"]).since("3.2.0").arity(2..=2).prints_alias();
pub(super) const WIDTH_BUCKET: Function = Function::scalar("width_bucket", width_bucket).since("3.1.0").arity(4..=4);

fn factorial(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::INT])?;
    Ok(Scalar::kernel(call, SparkType::Long, Factorial).casting(types).nullable(true))
}

fn bit_count(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::one_of([Expected::Integral, Expected::BOOLEAN])])?;
    Ok(Scalar::kernel(call, SparkType::Integer, BitCount).casting(types))
}

fn bit_get(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::Integral, Expected::INT])?;
    Ok(Scalar::kernel(call, SparkType::Byte, BitGet).casting(types))
}

fn width_bucket(call: &Call<'_>) -> SparkResult<Scalar> {
    let expected = match call.data_type(0)? {
        SparkType::YearMonthInterval { .. } => Expected::YearMonthInterval,
        SparkType::DayTimeInterval { .. } => Expected::DayTimeInterval,
        _ => Expected::DOUBLE,
    };
    let types = call.implicit_cast(&[expected.clone(), expected.clone(), expected, Expected::LONG])?;
    Ok(Scalar::kernel(call, SparkType::Long, WidthBucket).casting(types).nullable(true))
}

/// NULL for numbers whose factorial is not a long, and for negative ones.
#[derive(Debug, Default, Clone, Copy)]
struct Factorial;

impl Kernel for Factorial {
    const NAME: &'static str = "spark_factorial";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        call.map::<Int32Type, Int64Type>(|number| {
            Ok(if (0..=20).contains(&number) { Some((2..=i64::from(number)).product()) } else { None })
        })
    }
}

/// Bits that are set, of the number as 64 bits.
#[derive(Debug, Default, Clone, Copy)]
struct BitCount;

impl Kernel for BitCount {
    const NAME: &'static str = "spark_bit_count";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let numbers = call.integers(0)?;
        let ones = |number: i64| number.count_ones().cast_signed();
        call.make_numbers::<Int32Type>(|row| Ok(numbers.get(row).map(ones)))
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct BitGet;

impl Kernel for BitGet {
    const NAME: &'static str = "spark_bit_get";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let size = match call.argument(0)?.data_type() {
            DataType::Int8 => 8,
            DataType::Int16 => 16,
            DataType::Int32 => 32,
            _ => 64,
        };
        let (numbers, positions) = (call.integers(0)?, call.integers(1)?);
        call.make_numbers::<Int8Type>(|row| {
            let (Some(number), Some(position)) = (numbers.get(row), positions.get(row)) else { return Ok(None) };
            if !(0..size).contains(&position) {
                return Err(SparkError::new("INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE")
                    .param("functionName", "`bit_get`")
                    .param("parameter", "`pos`")
                    .param("upper", size.to_string())
                    .param("invalidValue", position.to_string()));
            }
            Ok(i8::try_from((number >> position) & 1).ok())
        })
    }
}

/// The number of the equally wide bucket between two bounds that a value falls into; 0 before, and one more than the
/// number of buckets behind.
#[derive(Debug, Default, Clone, Copy)]
struct WidthBucket;

impl Kernel for WidthBucket {
    const NAME: &'static str = "spark_width_bucket";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let columns = (0..3).map(|index| doubles(call, index)).collect::<SparkResult<Vec<_>>>()?;
        let [values, lows, highs] = columns.as_slice() else {
            return Err(SparkError::internal("width_bucket was called without its bounds"));
        };
        let counts = call.integers(3)?;
        call.make_numbers::<Int64Type>(|row| {
            let valid = [values, lows, highs].iter().all(|column| column.is_valid(row));
            let Some(count) = counts.get(row).filter(|_| valid) else { return Ok(None) };
            Ok(bucket(values.value(row), lows.value(row), highs.value(row), count))
        })
    }
}

/// Intervals are numbers of months or microseconds.
fn doubles(call: &KernelCall<'_>, index: usize) -> SparkResult<arrow::array::Float64Array> {
    let rows = call.rows_to_compute();
    let array = call.argument(index)?.to_array(rows).map_err(crate::kernel::from_engine)?;
    let numbers = match array.data_type() {
        DataType::Interval(IntervalUnit::YearMonth) => {
            let months = array.as_primitive::<IntervalYearMonthType>();
            return Ok(months.unary::<_, Float64Type>(f64::from));
        }
        DataType::Duration(_) => arrow::compute::cast(&array, &DataType::Int64).map_err(from_arrow)?,
        _ => array,
    };
    let numbers = arrow::compute::cast(&numbers, &DataType::Float64).map_err(from_arrow)?;
    Ok(numbers.as_primitive::<Float64Type>().clone())
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "buckets are computed as doubles and cut off, as in Spark"
)]
fn bucket(value: f64, low: f64, high: f64, count: i64) -> Option<i64> {
    let is_sound = !value.is_nan() && low.is_finite() && high.is_finite() && low != high;
    if count <= 0 || count == i64::MAX || !is_sound {
        return None;
    }
    let (before, behind) = if low < high { (value < low, value >= high) } else { (value > low, value <= high) };
    Some(match (before, behind) {
        (true, _) => 0,
        (_, true) => count + 1,
        _ if low < high => (count as f64 * (value - low) / (high - low)) as i64 + 1,
        _ => (count as f64 * (low - value) / (low - high)) as i64 + 1,
    })
}
