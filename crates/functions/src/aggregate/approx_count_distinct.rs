//! `approx_count_distinct`: the number of distinct values estimated by HyperLogLog++, with Spark's hash, registers and
//! corrections, so that the estimate is Spark's.

use std::mem::size_of_val;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Expr, when};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::groups::{Groups, for_each_value, primitive, taking_part};
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column};
use crate::call::{Argument, BindContext, Call};
use crate::function::{Aggregate, Bind, Build, Function};
use crate::kernel::{from_engine, kernel_call};
use crate::registry;

pub(super) const APPROX_COUNT_DISTINCT: Function = Function::aggregate("approx_count_distinct", bind)
    .since("1.6.0")
    .arity(1..=2)
    .prints(|arguments| format!("approx_count_distinct({})", arguments.first().map_or("", String::as_str)));

/// The deviation that is allowed if none is given.
const DEVIATION: f64 = 0.05;

fn bind(call: &Call<'_>) -> SparkResult<Aggregate> {
    if let Some(deviation) = call.arguments.get(1) {
        let value = deviation.constant.as_ref().and_then(|value| value.cast_to(&DataType::Float64).ok());
        let is_number = matches!(deviation.data_type, SparkType::Double | SparkType::Decimal { .. });
        match value {
            Some(ScalarValue::Float64(Some(value))) if is_number => {
                if precision(value) < 4 {
                    return Err(SparkError::new("FAILED_FUNCTION_CALL").param("funcName", "`approx_count_distinct`"));
                }
            }
            _ => return Err(SparkError::new("_LEGACY_ERROR_TEMP_1104")),
        }
    }
    let mut types = call.data_types();
    types.iter_mut().skip(1).for_each(|deviation| *deviation = SparkType::Double);
    let bound = Aggregate::new(call, SparkType::Long, false, aggregate_udf(ApproxCountDistinct));
    Ok(bound.casting(types).before(hash_first))
}

/// Number of bits of a hash that choose a register.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the logarithm of a ratio is small")]
fn precision(deviation: f64) -> u32 {
    (2.0 * libm::log(1.106 / deviation) / libm::log(2.0)).ceil() as u32
}

fn hash_first(mut arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    if let Some(value) = arguments.first_mut() {
        let hash = hash_of(value.clone())?;
        *value = when(value.clone().is_not_null(), hash).end().map_err(from_engine)?;
    }
    Ok(arguments)
}

/// `xxhash64(value)`
fn hash_of(value: Expr) -> SparkResult<Expr> {
    let unknown = || SparkError::internal("xxhash64 is not a function of one value");
    let function = registry::find("xxhash64").ok_or_else(unknown)?;
    let Bind::Scalar(bind) = function.bind else { return Err(unknown()) };
    let context = BindContext {
        ansi: true,
        time_zone: "UTC".to_owned(),
        timestamp_is_ntz: false,
        decimal_precision_loss: true,
        kernel_options: crate::kernel::KernelOptions::default(),
        query_time: 0,
        user: String::new(),
        current_catalog: String::new(),
        current_database: String::new(),
        parse_schema: firesteel_base::SparkType::from_json,
    };
    let printer = || "xxhash64".to_owned();
    // The hash of a value depends on its carrier only, so that its type need not be known here.
    let argument = Argument {
        data_type: SparkType::Long,
        nullable: true,
        constant: None,
        is_literal: false,
        is_foldable: false,
        printer: &printer,
    };
    let call = Call {
        function,
        called_as: function.name,
        arguments: vec![argument],
        context: &context,
        is_distinct: false,
        ignore_nulls: None,
        is_windowed: false,
        printer: &printer,
    };
    match bind(&call)?.build {
        Build::Kernel(udf) => kernel_call(udf, vec![value], &SparkType::Long, -1),
        Build::Udf(udf) => Ok(udf.call(vec![value])),
        Build::Expr(build) => build(vec![value]),
    }
}

/// Arguments: hashes, and optionally the constant deviation.
#[derive(Debug, Default, Clone, Copy)]
struct ApproxCountDistinct;

impl AggregateKernel for ApproxCountDistinct {
    const NAME: &'static str = "spark_approx_count_distinct";

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn state(&self, _arguments: &[DataType], _return_type: &DataType) -> Vec<DataType> {
        vec![DataType::Binary]
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        let deviation = match call.constant(1) {
            Some(ScalarValue::Float64(Some(deviation))) => *deviation,
            _ => DEVIATION,
        };
        Ok(Box::new(RegisterGroups { precision: precision(deviation).min(18), registers: Vec::new() }))
    }

    fn default_value(&self, _return_type: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }
}

#[derive(Debug)]
struct RegisterGroups {
    precision: u32,
    /// For each group the registers, once there is a value.
    registers: Vec<Option<Box<[u8]>>>,
}

impl RegisterGroups {
    fn size_of_group(&self) -> usize {
        1 << self.precision
    }
}

impl Groups for RegisterGroups {
    fn resize(&mut self, total: usize) {
        self.registers.resize(total, None);
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let hashes = primitive::<Int64Type>(column(columns, 0)?)?;
        let (precision, size) = (self.precision, self.size_of_group());
        let all = &mut self.registers;
        for_each_value(groups, hashes, taking_part(hashes.nulls(), filter).as_ref(), |group, hash| {
            let Some(registers) = all.get_mut(group) else { return };
            let registers = registers.get_or_insert_with(|| vec![0; size].into());
            let hash = hash.cast_unsigned();
            let index = usize::try_from(hash >> (64 - precision)).unwrap_or(0);
            let zeros = ((hash << precision) | 1 << (precision - 1)).leading_zeros();
            if let Some(register) = registers.get_mut(index) {
                *register = (*register).max(u8::try_from(zeros + 1).unwrap_or(u8::MAX));
            }
        });
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let others: &BinaryArray = column(state, 0)?.as_binary();
        for (group, others) in groups.iter().zip(others) {
            let (Some(registers), Some(others)) = (self.registers.get_mut(*group), others) else { continue };
            match registers {
                Some(registers) => {
                    registers.iter_mut().zip(others).for_each(|(register, other)| *register = (*register).max(*other));
                }
                None => *registers = Some(others.into()),
            }
        }
        Ok(())
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        let counts = self.registers.iter().take(count);
        let counts =
            counts.map(|registers| registers.as_ref().map_or(0, |registers| estimate(registers, self.precision)));
        Ok(Arc::new(counts.map(Some).collect::<Int64Array>()))
    }

    fn state(&self, count: usize) -> Result<Vec<ArrayRef>> {
        let registers: BinaryArray = self.registers.iter().take(count).map(Option::as_deref).collect();
        Ok(vec![Arc::new(registers)])
    }

    fn remove(&mut self, count: usize) -> Result<()> {
        self.registers.drain(..count.min(self.registers.len()));
        Ok(())
    }

    fn len(&self) -> usize {
        self.registers.len()
    }

    fn size(&self) -> usize {
        let used = self.registers.iter().flatten().count() * self.size_of_group();
        size_of_val(self) + used + self.registers.capacity() * size_of::<Option<Box<[u8]>>>()
    }
}

/// Up to these estimates, by precision from 4, the count of empty registers is the better guide; and also up to two and
/// a half times the number of registers.
const THRESHOLDS: [f64; 15] = [
    10.0, 20.0, 40.0, 80.0, 220.0, 400.0, 900.0, 1800.0, 3100.0, 6500.0, 15500.0, 20000.0, 50000.0, 120_000.0,
    350_000.0,
];

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "counts are estimated as doubles")]
fn estimate(registers: &[u8], precision: u32) -> i64 {
    let size = registers.len() as f64;
    let inverse: f64 = registers.iter().map(|register| 1.0 / (1_u64 << register.min(&63)) as f64).sum();
    let empty = registers.iter().filter(|register| **register == 0).count() as f64;
    let alpha = match precision {
        4 => 0.673,
        5 => 0.697,
        6 => 0.709,
        _ => 0.7213 / (1.0 + 1.079 / size),
    };
    let raw = alpha * size * size / inverse;
    let corrected = if raw < 5.0 * size { raw - bias(raw, precision) } else { raw };
    let threshold = usize::try_from(precision).ok().and_then(|precision| THRESHOLDS.get(precision.checked_sub(4)?));
    let linear = size * libm::log(size / empty);
    let is_small = linear <= 2.5 * size || threshold.is_some_and(|threshold| linear <= *threshold);
    let estimate = if empty > 0.0 && is_small { linear } else { corrected };
    // As Java rounds: half up.
    (estimate + 0.5).floor() as i64
}

/// Raw estimates and what they are too large by, for a precision.
struct Bias {
    raw: Vec<f64>,
    bias: Vec<f64>,
}

/// Measured by the authors of HyperLogLog++: precision, raw estimates, biases.
static BIASES: LazyLock<Vec<Bias>> = LazyLock::new(|| {
    let numbers = |cell: Option<&str>| -> Vec<f64> {
        cell.unwrap_or("").split(',').filter_map(|number| number.parse().ok()).collect()
    };
    let row = |line: &str| {
        let mut cells = line.split('\t').skip(1);
        Bias { raw: numbers(cells.next()), bias: numbers(cells.next()) }
    };
    include_str!("../../data/hyperloglog-bias.tsv").lines().map(row).collect()
});

/// How many neighbours the bias is averaged over.
const NEIGHBOURS: usize = 6;

#[expect(clippy::cast_precision_loss, reason = "a handful of neighbours")]
fn bias(estimate: f64, precision: u32) -> f64 {
    let table = usize::try_from(precision).ok().and_then(|precision| BIASES.get(precision.checked_sub(4)?));
    let Some(Bias { raw, bias }) = table else { return 0.0 };
    let nearest = raw.partition_point(|known| *known < estimate);
    let distance = |index: usize| raw.get(index).map_or(f64::INFINITY, |known| (estimate - known) * (estimate - known));
    let mut low = (nearest + 1).saturating_sub(NEIGHBOURS);
    let mut high = (low + NEIGHBOURS).min(raw.len());
    while high < raw.len() && distance(high) < distance(low) {
        low += 1;
        high += 1;
    }
    let neighbours = bias.get(low..high).unwrap_or_default();
    neighbours.iter().sum::<f64>() / neighbours.len().max(1) as f64
}
