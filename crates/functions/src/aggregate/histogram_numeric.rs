//! `histogram_numeric`: a histogram of a given number of bins that adapts to the values, after Ben-Haim and Tom-Tov.
//!
//! Where several gaps between bins are the smallest, one is drawn by the generator and seed that Spark uses.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Float64Type};
use datafusion::common::{Result, ScalarValue, internal_err};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use super::gathered::{GatheredRows, Gathering, boxed_gathering};
use super::groups::Groups;
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column};
use crate::call::Call;
use crate::coercion::{Expected, quoted, quoted_type};
use crate::function::{Aggregate, Function};

pub(super) const HISTOGRAM_NUMERIC: Function =
    Function::aggregate("histogram_numeric", bind).since("3.3.0").arity(2..=2);

fn bind(call: &Call<'_>) -> SparkResult<Aggregate> {
    let value = Expected::one_of([
        Expected::Numeric,
        Expected::DATE,
        Expected::TIMESTAMP,
        Expected::Exactly(SparkType::TimestampNtz),
        Expected::YearMonthInterval,
        Expected::DayTimeInterval,
    ]);
    let types = call.implicit_cast(&[value, Expected::INT])?;
    let bins = call.argument(1)?;
    if !bins.is_foldable {
        return Err(call
            .mismatch("NON_FOLDABLE_INPUT")
            .param("inputName", "`nb`")
            .param("inputType", quoted_type(&bins.data_type))
            .param("inputExpr", quoted(&bins.sql())));
    }
    match bins.constant.as_ref().and_then(|bins| bins.cast_to(&DataType::Int64).ok()) {
        Some(ScalarValue::Int64(Some(2..))) => {}
        Some(ScalarValue::Int64(Some(bins))) => {
            return Err(call
                .mismatch("VALUE_OUT_OF_RANGE")
                .param("exprName", "nb")
                .param("valueRange", "[2, 2147483647]")
                .param("currentValue", bins.to_string()));
        }
        _ => return Err(call.mismatch("UNEXPECTED_NULL").param("exprName", "nb")),
    }
    let value = types.first().cloned().unwrap_or(SparkType::Double);
    if matches!(value, SparkType::YearMonthInterval { .. } | SparkType::Decimal { .. }) {
        return Err(SparkError::unsupported(format!("histogram_numeric of {}", quoted_type(&value))));
    }
    let bin = SparkSchema::new([SparkField::new("x", value, true), SparkField::new("y", SparkType::Double, true)]);
    let result = SparkType::array(SparkType::Struct(bin), true);
    Ok(Aggregate::new(call, result, true, aggregate_udf(HistogramNumeric)).casting(types))
}

#[derive(Debug, Default, Clone, Copy)]
struct HistogramNumeric;

fn bin_fields(value: &DataType) -> Fields {
    Fields::from(vec![Field::new("x", value.clone(), true), Field::new("y", DataType::Float64, true)])
}

impl AggregateKernel for HistogramNumeric {
    const NAME: &'static str = "spark_histogram_numeric";

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let bin = DataType::Struct(bin_fields(arguments.first().unwrap_or(&DataType::Null)));
        Ok(DataType::List(Arc::new(Field::new("element", bin, true))))
    }

    fn state(&self, arguments: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        GatheredRows::state_types(arguments, 1)
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        boxed_gathering(*self, call, 1, |columns| Ok(column(columns, 0)?.logical_nulls()))
    }
}

impl Gathering for HistogramNumeric {
    fn finish(&self, call: &AggregateCall, columns: &[ArrayRef]) -> Result<Option<ArrayRef>> {
        let Some(ScalarValue::Int32(Some(size))) = call.constant(1) else {
            return internal_err!("histogram_numeric was called without a number of bins");
        };
        let values = column(columns, 0)?;
        if values.is_empty() {
            return Ok(None);
        }
        let data_type = values.data_type();
        let numbers =
            if is_number(data_type) { Arc::clone(values) } else { cast(&carrier(values)?, &DataType::Int64)? };
        let numbers = cast(&numbers, &DataType::Float64)?;
        let mut histogram = Histogram::new(usize::try_from(*size).unwrap_or(2));
        for number in numbers.as_primitive::<Float64Type>().values() {
            histogram.add(*number);
        }
        let (centers, heights): (Vec<f64>, Vec<f64>) = histogram.bins.into_iter().unzip();
        let centers: ArrayRef = Arc::new(Float64Array::from(centers));
        let centers = if is_number(data_type) {
            cast(&centers, data_type)?
        } else {
            let carrier = if *data_type == DataType::Date32 { DataType::Int32 } else { DataType::Int64 };
            cast(&cast(&centers, &carrier)?, data_type)?
        };
        let heights: ArrayRef = Arc::new(Float64Array::from(heights));
        Ok(Some(Arc::new(StructArray::try_new(bin_fields(data_type), vec![centers, heights], None)?)))
    }
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer() || data_type.is_floating()
}

/// Days as numbers; the others already are numbers of microseconds.
fn carrier(values: &ArrayRef) -> Result<ArrayRef> {
    if *values.data_type() == DataType::Date32 { Ok(cast(values, &DataType::Int32)?) } else { Ok(Arc::clone(values)) }
}

/// Bins in order: center and height.
struct Histogram {
    size: usize,
    bins: Vec<(f64, f64)>,
    random: JavaRandom,
}

impl Histogram {
    fn new(size: usize) -> Self {
        Self { size, bins: Vec::new(), random: JavaRandom::new(31183) }
    }

    fn add(&mut self, value: f64) {
        let place = self.bins.partition_point(|(center, _)| *center < value);
        match self.bins.get_mut(place) {
            Some((center, height)) if *center == value => *height += 1.0,
            _ => {
                self.bins.insert(place, (value, 1.0));
                self.trim();
            }
        }
    }

    /// Merges the nearest bins until there are not too many.
    fn trim(&mut self) {
        while self.bins.len() > self.size {
            let (mut smallest, mut place, mut count) = (f64::INFINITY, 0, 0.0);
            for (index, pair) in self.bins.windows(2).enumerate() {
                let [(left, _), (right, _)] = pair else { continue };
                let gap = right - left;
                if index == 0 || gap < smallest {
                    (smallest, place, count) = (gap, index, 1.0);
                } else if gap == smallest {
                    count += 1.0;
                    if self.random.next_double() <= 1.0 / count {
                        place = index;
                    }
                }
            }
            let (right, right_height) = self.bins.remove(place + 1);
            if let Some((center, height)) = self.bins.get_mut(place) {
                let sum = *height + right_height;
                *center = *center * (*height / sum) + right / sum * right_height;
                *height = sum;
            }
        }
    }
}

/// `java.util.Random`
struct JavaRandom(u64);

impl JavaRandom {
    fn new(seed: u64) -> Self {
        Self((seed ^ 0x5_DEEC_E66D) & ((1 << 48) - 1))
    }

    fn bits(&mut self, count: u32) -> u64 {
        self.0 = self.0.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) & ((1 << 48) - 1);
        self.0 >> (48 - count)
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits fit into a double")]
    fn next_double(&mut self) -> f64 {
        let high = self.bits(26) << 27;
        (high + self.bits(27)) as f64 / (1_u64 << 53) as f64
    }
}
