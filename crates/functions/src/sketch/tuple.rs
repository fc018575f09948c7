//! Tuple sketches: theta sketches that keep a number with each entry.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryBuilder};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::groups::{State, int_argument, sketch_aggregates, text_argument};
use super::quick_select::{ALL, Entries};
use super::reader::Reader;
use super::theta::{LG_NOMINAL, SEED_HASH, check_family, expected_key, lg_nominal, parse as parse_theta};
use super::{Key, check_constant, hinted, int_constant, is_key, lg_nominal_error, shown};
use crate::aggregate::kernel::{AggregateKernel, aggregate_udf};
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Aggregate, DefaultValue, Function, Parameter, Scalar};
use crate::kernel::rows::{all_valid, at, bytes, primitive, text};
use crate::kernel::{KernelCall, kernels};

/// What a sketch keeps with each entry.
trait Summary: Copy + std::fmt::Debug + Send + Sync + 'static {
    const ONE: Self;
    const TYPE: SparkType;
    fn add(self, other: Self) -> Self;
    fn least(self, other: Self) -> Self;
    fn greatest(self, other: Self) -> Self;
    /// What a hash without a number is taken for.
    fn start(mode: Mode) -> Self;
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
    fn write(self, out: &mut Vec<u8>);
    fn at(array: &[ArrayRef], row: usize) -> SparkResult<Self>;
}

impl Summary for f64 {
    const ONE: Self = 1.0;
    const TYPE: SparkType = SparkType::Double;

    fn add(self, other: Self) -> Self {
        self + other
    }

    fn least(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    fn greatest(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    fn start(mode: Mode) -> Self {
        match mode {
            Mode::Sum => 0.0,
            Mode::Min => Self::INFINITY,
            Mode::Max => Self::NEG_INFINITY,
            Mode::AlwaysOne => 1.0,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.f64()
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }

    fn at(arrays: &[ArrayRef], row: usize) -> SparkResult<Self> {
        Ok(primitive::<Float64Type>(arrays, 1)?.value(row))
    }
}

impl Summary for i32 {
    const ONE: Self = 1;
    const TYPE: SparkType = SparkType::Integer;

    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn least(self, other: Self) -> Self {
        self.min(other)
    }

    fn greatest(self, other: Self) -> Self {
        self.max(other)
    }

    fn start(mode: Mode) -> Self {
        match mode {
            Mode::Sum => 0,
            Mode::Min => Self::MAX,
            Mode::Max => Self::MIN,
            Mode::AlwaysOne => 1,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.i32()
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }

    fn at(arrays: &[ArrayRef], row: usize) -> SparkResult<Self> {
        Ok(primitive::<Int32Type>(arrays, 1)?.value(row))
    }
}

/// How two numbers of one entry become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Sum,
    Min,
    Max,
    AlwaysOne,
}

impl Mode {
    fn find(name: &str) -> Option<Self> {
        Some(match name.to_lowercase().as_str() {
            "sum" => Self::Sum,
            "min" => Self::Min,
            "max" => Self::Max,
            "alwaysone" => Self::AlwaysOne,
            _ => return None,
        })
    }

    fn merge<S: Summary>(self, left: S, right: S) -> S {
        match self {
            Self::Sum => left.add(right),
            Self::Min => left.least(right),
            Self::Max => left.greatest(right),
            Self::AlwaysOne => S::ONE,
        }
    }

    const fn number(self) -> u8 {
        self as u8
    }

    const fn of_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Sum),
            1 => Some(Self::Min),
            2 => Some(Self::Max),
            3 => Some(Self::AlwaysOne),
            _ => None,
        }
    }
}

/// A number and the mode it was made with, which is kept in the bytes.
type Kept<S> = (S, Mode);

const MODE: Parameter = Parameter::optional("mode", DefaultValue::Text("sum"));
const FIRST: Parameter = Parameter::required("first");
const SECOND: Parameter = Parameter::required("second");
const CHILD: Parameter = Parameter::required("child");

/// Declares the functions of one kind of number.
macro_rules! tuple_functions {
    ($summary:ty, $($constant:ident = $name:literal ($kind:ident $kernel:expr) $parameters:expr, $arity:expr;)+) => {$(
        pub(super) const $constant: Function = tuple_functions!(@ $kind $summary, $name, $kernel)
            .named($parameters)
            .arity($arity)
            .since("4.2.0");
    )+};
    (@ key $summary:ty, $name:literal, $kernel:expr) => {
        Function::aggregate($name, |call| bind_agg::<$summary, _>(call, $kernel))
    };
    (@ union_agg $summary:ty, $name:literal, $kernel:expr) => {
        Function::aggregate($name, |call| {
            let types = call.expect(&[Expected::Binary, Expected::INT, Expected::STRING])?;
            check_lg_nominal(call, 1)?;
            check_mode(call, 2)?;
            Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf($kernel)).casting(types))
        })
    };
    (@ intersection_agg $summary:ty, $name:literal, $kernel:expr) => {
        Function::aggregate($name, |call| {
            let types = call.expect(&[Expected::Binary, Expected::STRING])?;
            check_mode(call, 1)?;
            Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf($kernel)).casting(types))
        })
    };
    (@ union $summary:ty, $name:literal, $kernel:expr) => {
        Function::scalar($name, |call| {
            let types = call.expect(&[Expected::Binary, Expected::Binary, Expected::INT, Expected::STRING])?;
            check_mode(call, 3)?;
            Ok(Scalar::kernel(call, SparkType::Binary, $kernel).casting(types))
        })
    };
    (@ intersection $summary:ty, $name:literal, $kernel:expr) => {
        Function::scalar($name, |call| {
            let types = call.expect(&[Expected::Binary, Expected::Binary, Expected::STRING])?;
            check_mode(call, 2)?;
            Ok(Scalar::kernel(call, SparkType::Binary, $kernel).casting(types))
        })
    };
    (@ difference $summary:ty, $name:literal, $kernel:expr) => {
        Function::scalar($name, |call| {
            let types = call.expect(&[Expected::Binary, Expected::Binary])?;
            Ok(Scalar::kernel(call, SparkType::Binary, $kernel).casting(types))
        })
    };
    (@ number $summary:ty, $name:literal, $kernel:expr) => {
        Function::scalar($name, |call| {
            let types = call.expect(&[Expected::Binary])?;
            Ok(Scalar::kernel(call, SparkType::Double, $kernel).casting(types))
        })
    };
    (@ summary $summary:ty, $name:literal, $kernel:expr) => {
        Function::scalar($name, |call| {
            let types = call.expect(&[Expected::Binary, Expected::STRING])?;
            check_mode(call, 1)?;
            let whole = <$summary>::TYPE == SparkType::Integer;
            let data_type = if whole { SparkType::Long } else { SparkType::Double };
            Ok(Scalar::kernel(call, data_type, $kernel).casting(types))
        })
    };
}

tuple_functions! { f64,
    TUPLE_SKETCH_AGG_DOUBLE = "tuple_sketch_agg_double" (key AggDouble)
        &[Parameter::required("key"), Parameter::required("summary"), LG_NOMINAL, MODE], 2..=4;
    TUPLE_UNION_AGG_DOUBLE = "tuple_union_agg_double" (union_agg UnionAggDouble) &[CHILD, LG_NOMINAL, MODE], 1..=3;
    TUPLE_INTERSECTION_AGG_DOUBLE = "tuple_intersection_agg_double" (intersection_agg IntersectionAggDouble)
        &[CHILD, MODE], 1..=2;
    TUPLE_UNION_DOUBLE = "tuple_union_double" (union UnionDouble) &[FIRST, SECOND, LG_NOMINAL, MODE], 2..=4;
    TUPLE_UNION_THETA_DOUBLE = "tuple_union_theta_double" (union UnionThetaDouble)
        &[FIRST, SECOND, LG_NOMINAL, MODE], 2..=4;
    TUPLE_INTERSECTION_DOUBLE = "tuple_intersection_double" (intersection IntersectionDouble)
        &[FIRST, SECOND, MODE], 2..=3;
    TUPLE_INTERSECTION_THETA_DOUBLE = "tuple_intersection_theta_double" (intersection IntersectionThetaDouble)
        &[FIRST, SECOND, MODE], 2..=3;
    TUPLE_DIFFERENCE_DOUBLE = "tuple_difference_double" (difference DifferenceDouble) &[], 2..=2;
    TUPLE_DIFFERENCE_THETA_DOUBLE = "tuple_difference_theta_double" (difference DifferenceThetaDouble) &[], 2..=2;
    TUPLE_SKETCH_ESTIMATE_DOUBLE = "tuple_sketch_estimate_double" (number EstimateDouble) &[], 1..=1;
    TUPLE_SKETCH_THETA_DOUBLE = "tuple_sketch_theta_double" (number ThetaDouble) &[], 1..=1;
    TUPLE_SKETCH_SUMMARY_DOUBLE = "tuple_sketch_summary_double" (summary SummaryDouble) &[CHILD, MODE], 1..=2;
}

tuple_functions! { i32,
    TUPLE_SKETCH_AGG_INTEGER = "tuple_sketch_agg_integer" (key AggInteger)
        &[Parameter::required("key"), Parameter::required("summary"), LG_NOMINAL, MODE], 2..=4;
    TUPLE_UNION_AGG_INTEGER = "tuple_union_agg_integer" (union_agg UnionAggInteger) &[CHILD, LG_NOMINAL, MODE], 1..=3;
    TUPLE_INTERSECTION_AGG_INTEGER = "tuple_intersection_agg_integer" (intersection_agg IntersectionAggInteger)
        &[CHILD, MODE], 1..=2;
    TUPLE_UNION_INTEGER = "tuple_union_integer" (union UnionInteger) &[FIRST, SECOND, LG_NOMINAL, MODE], 2..=4;
    TUPLE_UNION_THETA_INTEGER = "tuple_union_theta_integer" (union UnionThetaInteger)
        &[FIRST, SECOND, LG_NOMINAL, MODE], 2..=4;
    TUPLE_INTERSECTION_INTEGER = "tuple_intersection_integer" (intersection IntersectionInteger)
        &[FIRST, SECOND, MODE], 2..=3;
    TUPLE_INTERSECTION_THETA_INTEGER = "tuple_intersection_theta_integer" (intersection IntersectionThetaInteger)
        &[FIRST, SECOND, MODE], 2..=3;
    TUPLE_DIFFERENCE_INTEGER = "tuple_difference_integer" (difference DifferenceInteger) &[], 2..=2;
    TUPLE_DIFFERENCE_THETA_INTEGER = "tuple_difference_theta_integer" (difference DifferenceThetaInteger) &[], 2..=2;
    TUPLE_SKETCH_ESTIMATE_INTEGER = "tuple_sketch_estimate_integer" (number EstimateInteger) &[], 1..=1;
    TUPLE_SKETCH_THETA_INTEGER = "tuple_sketch_theta_integer" (number ThetaInteger) &[], 1..=1;
    TUPLE_SKETCH_SUMMARY_INTEGER = "tuple_sketch_summary_integer" (summary SummaryInteger) &[CHILD, MODE], 1..=2;
}

fn bind_agg<S: Summary, K: AggregateKernel>(call: &Call<'_>, kernel: K) -> SparkResult<Aggregate> {
    let key = call.data_type(0)?.clone();
    let key = match key {
        SparkType::Null => SparkType::Integer,
        key if is_key(&key) => key,
        key => crate::coercion::implicit_cast(&key, &expected_key(), call.ansi())
            .ok_or_else(|| call.unexpected_input_type(0, &expected_key()))?,
    };
    let expected = [Expected::AnyType, Expected::Exactly(S::TYPE), Expected::INT, Expected::STRING];
    let mut types = call.implicit_cast(&expected)?;
    if let Some(first) = types.first_mut() {
        *first = key;
    }
    check_lg_nominal(call, 2)?;
    check_mode(call, 3)?;
    Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf(kernel)).casting(types))
}

fn check_lg_nominal(call: &Call<'_>, index: usize) -> SparkResult<()> {
    if call.arguments.get(index).is_none() {
        return Ok(());
    }
    check_constant(call, index, "lgNomEntries")?;
    match int_constant(call, index) {
        Some(value) if !(4..=26).contains(&value) => Err(hinted(call, &lg_nominal_error(call.function.name, value))),
        Some(_) => Ok(()),
        None => {
            let argument = call.argument(index)?;
            Err(SparkError::new("CAST_INVALID_INPUT")
                .param("expression", format!("'{}'", argument.sql()))
                .param("sourceType", crate::coercion::quoted_type(&argument.data_type))
                .param("targetType", "\"INT\"")
                .param("ansiConfig", "\"spark.sql.ansi.enabled\""))
        }
    }
}

fn check_mode(call: &Call<'_>, index: usize) -> SparkResult<()> {
    let Some(argument) = call.arguments.get(index) else { return Ok(()) };
    check_constant(call, index, "mode")?;
    let name = match argument.constant.as_ref().map(|constant| constant.cast_to(&arrow::datatypes::DataType::Utf8)) {
        Some(Ok(datafusion::common::ScalarValue::Utf8(Some(name)))) => name,
        _ => String::new(),
    };
    match Mode::find(&name) {
        Some(_) => Ok(()),
        None => Err(hinted(call, &invalid_mode(call.function.name, &name))),
    }
}

fn invalid_mode(function: &str, mode: &str) -> SparkError {
    SparkError::new("TUPLE_INVALID_SKETCH_MODE")
        .param("function", shown(function))
        .param("mode", mode)
        .param("validModes", "sum, min, max, alwaysone")
}

/// The mode that the argument at `index` names in a row.
fn mode_at(arrays: &[ArrayRef], index: usize, row: usize, function: &str) -> SparkResult<Mode> {
    if index >= arrays.len() {
        return Ok(Mode::Sum);
    }
    let names = text(arrays, index)?;
    let name = names.value(row);
    Mode::find(name).ok_or_else(|| invalid_mode(function, name))
}

sketch_aggregates! {
    AggDouble = "spark_tuple_sketch_agg_double" => |call| {
        Ok(Box::new(TupleState::<f64>::new(int_argument(call, 2), text_argument(call, 3), None)))
    };
    AggInteger = "spark_tuple_sketch_agg_integer" => |call| {
        Ok(Box::new(TupleState::<i32>::new(int_argument(call, 2), text_argument(call, 3), None)))
    };
    UnionAggDouble = "spark_tuple_union_agg_double" => |call| {
        let function = Some("tuple_union_agg_double");
        Ok(Box::new(TupleState::<f64>::new(int_argument(call, 1), text_argument(call, 2), function)))
    };
    UnionAggInteger = "spark_tuple_union_agg_integer" => |call| {
        let function = Some("tuple_union_agg_integer");
        Ok(Box::new(TupleState::<i32>::new(int_argument(call, 1), text_argument(call, 2), function)))
    };
    IntersectionAggDouble = "spark_tuple_intersection_agg_double" => |call| {
        Ok(Box::new(Intersection::<f64>::new(text_argument(call, 1), "tuple_intersection_agg_double")))
    };
    IntersectionAggInteger = "spark_tuple_intersection_agg_integer" => |call| {
        Ok(Box::new(Intersection::<i32>::new(text_argument(call, 1), "tuple_intersection_agg_integer")))
    };
}

kernels! {
    UnionDouble = "spark_tuple_union_double" => |call| union::<f64>(call, "tuple_union_double", false);
    UnionInteger = "spark_tuple_union_integer" => |call| union::<i32>(call, "tuple_union_integer", false);
    UnionThetaDouble = "spark_tuple_union_theta_double" => |call| union::<f64>(call, "tuple_union_theta_double", true);
    UnionThetaInteger = "spark_tuple_union_theta_integer" => |call| {
        union::<i32>(call, "tuple_union_theta_integer", true)
    };
    IntersectionDouble = "spark_tuple_intersection_double" => |call| {
        intersection::<f64>(call, "tuple_intersection_double", false)
    };
    IntersectionInteger = "spark_tuple_intersection_integer" => |call| {
        intersection::<i32>(call, "tuple_intersection_integer", false)
    };
    IntersectionThetaDouble = "spark_tuple_intersection_theta_double" => |call| {
        intersection::<f64>(call, "tuple_intersection_theta_double", true)
    };
    IntersectionThetaInteger = "spark_tuple_intersection_theta_integer" => |call| {
        intersection::<i32>(call, "tuple_intersection_theta_integer", true)
    };
    DifferenceDouble = "spark_tuple_difference_double" => |call| {
        difference::<f64>(call, "tuple_difference_double", false)
    };
    DifferenceInteger = "spark_tuple_difference_integer" => |call| {
        difference::<i32>(call, "tuple_difference_integer", false)
    };
    DifferenceThetaDouble = "spark_tuple_difference_theta_double" => |call| {
        difference::<f64>(call, "tuple_difference_theta_double", true)
    };
    DifferenceThetaInteger = "spark_tuple_difference_theta_integer" => |call| {
        difference::<i32>(call, "tuple_difference_theta_integer", true)
    };
    EstimateDouble = "spark_tuple_sketch_estimate_double" => |call| {
        number::<f64>(call, "tuple_sketch_estimate_double", Entries::estimate)
    };
    EstimateInteger = "spark_tuple_sketch_estimate_integer" => |call| {
        number::<i32>(call, "tuple_sketch_estimate_integer", Entries::estimate)
    };
    ThetaDouble = "spark_tuple_sketch_theta_double" => |call| {
        number::<f64>(call, "tuple_sketch_theta_double", Entries::fraction)
    };
    ThetaInteger = "spark_tuple_sketch_theta_integer" => |call| {
        number::<i32>(call, "tuple_sketch_theta_integer", Entries::fraction)
    };
    SummaryDouble = "spark_tuple_sketch_summary_double" => |call| call.with_arrays(|arrays| {
        let sketches = bytes(arrays, 0)?;
        call.build::<Float64Type>(sketches.len(), |row| {
            if !all_valid(arrays, row) {
                return Ok(None);
            }
            let function = "tuple_sketch_summary_double";
            let entries = parse::<f64>(sketches.value(row), function)?;
            let values = entries.hashes.values().map(|(value, _)| *value);
            Ok(Some(match mode_at(arrays, 1, row, function)? {
                // The sum of nothing is a positive zero.
                Mode::Sum => values.fold(0.0, |sum, value| sum + value),
                Mode::Min => values.reduce(f64::least).unwrap_or(0.0),
                Mode::Max => values.reduce(f64::greatest).unwrap_or(0.0),
                Mode::AlwaysOne => entries.hashes.len() as f64,
            }))
        })
    });
    SummaryInteger = "spark_tuple_sketch_summary_integer" => |call| call.with_arrays(|arrays| {
        let sketches = bytes(arrays, 0)?;
        call.build::<Int64Type>(sketches.len(), |row| {
            if !all_valid(arrays, row) {
                return Ok(None);
            }
            let function = "tuple_sketch_summary_integer";
            let entries = parse::<i32>(sketches.value(row), function)?;
            let values = entries.hashes.values().map(|(value, _)| i64::from(*value));
            Ok(Some(match mode_at(arrays, 1, row, function)? {
                Mode::Sum => values.sum(),
                Mode::Min => values.min().unwrap_or(0),
                Mode::Max => values.max().unwrap_or(0),
                Mode::AlwaysOne => i64::try_from(entries.hashes.len()).unwrap_or(i64::MAX),
            }))
        })
    });
}

/// The second sketch of an operation; theta sketches have no numbers of their own.
fn second<S: Summary>(bytes: &[u8], function: &str, is_theta: bool, mode: Mode) -> SparkResult<Entries<Kept<S>>> {
    if !is_theta {
        return parse(bytes, function);
    }
    let theta = parse_theta(bytes, function)?;
    let hashes = theta.hashes.keys().map(|hash| (*hash, (S::start(mode), mode))).collect();
    Ok(Entries { theta: theta.theta, is_empty: theta.is_empty, hashes })
}

fn combine<S: Summary>(
    call: &KernelCall<'_>,
    function: &str,
    operation: impl Fn(&[ArrayRef], usize, Entries<Kept<S>>, &[u8]) -> SparkResult<Entries<Kept<S>>>,
) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (firsts, seconds) = (bytes(arrays, 0)?, bytes(arrays, 1)?);
        let mut results = BinaryBuilder::new();
        for row in 0..firsts.len() {
            if !all_valid(arrays, row) {
                results.append_null();
                continue;
            }
            let first = parse::<S>(firsts.value(row), function)?;
            results.append_value(serialize(&operation(arrays, row, first, seconds.value(row))?));
        }
        Ok(Arc::new(results.finish()))
    })
}

fn union<S: Summary>(call: &KernelCall<'_>, function: &str, is_theta: bool) -> SparkResult<ColumnarValue> {
    combine::<S>(call, function, |arrays, row, first, other| {
        let mode = mode_at(arrays, 3, row, function)?;
        let lg_nominal = if arrays.len() > 2 { lg_nominal(arrays, row, function)? } else { 12 };
        let other = second(other, function, is_theta, mode)?;
        let mut union = Entries::default();
        unite(&mut union, &first, lg_nominal, mode);
        unite(&mut union, &other, lg_nominal, mode);
        union.cut(1 << lg_nominal);
        Ok(union)
    })
}

fn unite<S: Summary>(into: &mut Entries<Kept<S>>, from: &Entries<Kept<S>>, lg_nominal: u8, mode: Mode) {
    into.unite(from, lg_nominal, |own, (value, own_mode)| match own {
        Some((own, kept)) => (mode.merge(*own, *value), *kept),
        None => (*value, *own_mode),
    });
}

fn intersection<S: Summary>(call: &KernelCall<'_>, function: &str, is_theta: bool) -> SparkResult<ColumnarValue> {
    combine::<S>(call, function, |arrays, row, mut first, other| {
        let mode = mode_at(arrays, 2, row, function)?;
        let other = second::<S>(other, function, is_theta, mode)?;
        first.intersect(&other, |(own, kept), (value, _)| {
            (mode.merge(*own, *value), if mode == Mode::AlwaysOne { mode } else { *kept })
        });
        Ok(first)
    })
}

fn difference<S: Summary>(call: &KernelCall<'_>, function: &str, is_theta: bool) -> SparkResult<ColumnarValue> {
    combine::<S>(call, function, |_, _, mut first, other| {
        first.subtract(&second::<S>(other, function, is_theta, Mode::Sum)?);
        Ok(first)
    })
}

fn number<S: Summary>(
    call: &KernelCall<'_>,
    function: &str,
    of: impl Fn(&Entries<Kept<S>>) -> f64,
) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let sketches = bytes(arrays, 0)?;
        call.build::<Float64Type>(sketches.len(), |row| {
            if sketches.is_null(row) {
                return Ok(None);
            }
            Ok(Some(of(&parse::<S>(sketches.value(row), function)?)))
        })
    })
}

#[derive(Debug)]
struct TupleState<S: Summary> {
    lg_nominal: u8,
    mode: Mode,
    /// The function that unites sketches; else values are taken in.
    unites: Option<&'static str>,
    entries: Entries<Kept<S>>,
}

impl<S: Summary> TupleState<S> {
    fn new(lg_nominal: Option<i32>, mode: Option<String>, unites: Option<&'static str>) -> Self {
        let lg_nominal = lg_nominal.and_then(|value| u8::try_from(value).ok()).unwrap_or(12);
        let mode = mode.and_then(|mode| Mode::find(&mode)).unwrap_or(Mode::Sum);
        Self { lg_nominal, mode, unites, entries: Entries::default() }
    }
}

impl<S: Summary> State for TupleState<S> {
    fn update(&mut self, columns: &[ArrayRef], row: usize) -> SparkResult<()> {
        if let Some(function) = self.unites {
            if at(columns, 0)?.is_valid(row) {
                let sketches = bytes(columns, 0)?;
                let other = parse::<S>(sketches.value(row), function)?;
                unite(&mut self.entries, &other, self.lg_nominal, self.mode);
            }
            return Ok(());
        }
        if at(columns, 1)?.is_null(row) {
            return Ok(());
        }
        if let Some(key) = Key::at(at(columns, 0)?, row)? {
            let (value, mode) = (S::at(columns, row)?, self.mode);
            self.entries.update(key.hash().0 >> 1, self.lg_nominal, |own| {
                let own = own.map_or(S::start(mode), |(own, _)| *own);
                (mode.merge(own, value), mode)
            });
        }
        Ok(())
    }

    fn merge(&mut self, partial: &[u8]) -> SparkResult<()> {
        let other = parse::<S>(partial, "tuple_sketch_agg")?;
        unite(&mut self.entries, &other, self.lg_nominal, self.mode);
        Ok(())
    }

    fn result(&self) -> SparkResult<Vec<u8>> {
        let mut entries = self.entries.clone();
        entries.cut(1 << self.lg_nominal);
        Ok(serialize(&entries))
    }

    fn size(&self) -> usize {
        self.entries.size()
    }
}

#[derive(Debug)]
struct Intersection<S: Summary> {
    mode: Mode,
    function: &'static str,
    /// `None`: of no sketch at all.
    entries: Option<Entries<Kept<S>>>,
}

impl<S: Summary> Intersection<S> {
    fn new(mode: Option<String>, function: &'static str) -> Self {
        let mode = mode.and_then(|mode| Mode::find(&mode)).unwrap_or(Mode::Sum);
        Self { mode, function, entries: None }
    }
}

impl<S: Summary> State for Intersection<S> {
    fn update(&mut self, columns: &[ArrayRef], row: usize) -> SparkResult<()> {
        if at(columns, 0)?.is_null(row) {
            return Ok(());
        }
        let sketches = bytes(columns, 0)?;
        self.merge(sketches.value(row))
    }

    fn merge(&mut self, partial: &[u8]) -> SparkResult<()> {
        let other = parse::<S>(partial, self.function)?;
        let mode = self.mode;
        match &mut self.entries {
            Some(entries) => entries.intersect(&other, |(own, kept), (value, _)| (mode.merge(*own, *value), *kept)),
            none => *none = Some(other),
        }
        Ok(())
    }

    fn result(&self) -> SparkResult<Vec<u8>> {
        Ok(self.entries.as_ref().map_or_else(|| serialize(&Entries::<Kept<S>>::default()), serialize))
    }

    fn partial(&self) -> SparkResult<Option<Vec<u8>>> {
        Ok(self.entries.as_ref().map(serialize))
    }

    fn size(&self) -> usize {
        self.entries.as_ref().map_or(0, Entries::size)
    }
}

const TUPLE_FAMILY: u8 = 9;
const COMPACT: u8 = 1;
const FLAG_READ_ONLY: u8 = 2;
const FLAG_EMPTY: u8 = 4;
const FLAG_COMPACT: u8 = 8;

fn serialize<S: Summary>(entries: &Entries<Kept<S>>) -> Vec<u8> {
    let [low, high] = SEED_HASH.to_le_bytes();
    let flags = FLAG_READ_ONLY | FLAG_COMPACT;
    let is_estimate = entries.is_estimate();
    let count = entries.hashes.len();
    if entries.is_empty {
        return vec![1, 3, TUPLE_FAMILY, COMPACT, 0, flags | FLAG_EMPTY, low, high];
    }
    let preamble = match (is_estimate, count) {
        (true, _) => 3,
        (false, 1) => 1,
        (false, _) => 2,
    };
    let mut out = vec![preamble, 3, TUPLE_FAMILY, COMPACT, 0, flags, low, high];
    if preamble > 1 {
        out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        out.extend([0; 4]);
    }
    if is_estimate {
        out.extend(entries.theta.to_le_bytes());
    }
    for (hash, (value, mode)) in &entries.hashes {
        out.extend(hash.to_le_bytes());
        value.write(&mut out);
        out.push(mode.number());
    }
    out
}

fn parse<S: Summary>(bytes: &[u8], function: &str) -> SparkResult<Entries<Kept<S>>> {
    check_family(bytes, TUPLE_FAMILY, "TUPLE", function)?;
    read(bytes).ok_or_else(|| SparkError::new("TUPLE_INVALID_INPUT_SKETCH_BUFFER").param("function", shown(function)))
}

fn read<S: Summary>(bytes: &[u8]) -> Option<Entries<Kept<S>>> {
    let mut reader = Reader::new(bytes);
    let (preamble, version, _family, kind) = (reader.u8()?, reader.u8()?, reader.u8()?, reader.u8()?);
    let (_unused, flags, seed) = (reader.u8()?, reader.u8()?, reader.u16()?);
    if version != 3 || kind != COMPACT || seed != SEED_HASH {
        return None;
    }
    if flags & FLAG_EMPTY != 0 {
        return Some(Entries::default());
    }
    let mut entries = Entries { theta: ALL, is_empty: false, ..Entries::default() };
    let count = if preamble < 2 { 1 } else { reader.u32()? };
    if preamble >= 2 {
        reader.u32()?;
    }
    if preamble >= 3 {
        entries.theta = reader.u64()?;
    }
    for _ in 0..count {
        let hash = reader.u64()?;
        let value = S::read(&mut reader)?;
        entries.hashes.insert(hash, (value, Mode::of_number(reader.u8()?)?));
    }
    (reader.len() == 0).then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_spark_wrote() {
        let hex = "02030901000ACC93030000000000000015F97DCBBD86A1050700000000BA40B3C1DA06695D0700000000C397FC1281709D1E0700000000";
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        let entries = parse::<i32>(&bytes, "f").unwrap();
        assert_eq!(entries.estimate(), 3.0);
        assert_eq!(parse::<i32>(&serialize(&entries), "f").unwrap().hashes, entries.hashes);
        assert_eq!(parse::<f64>(&bytes, "f").unwrap_err().condition(), "TUPLE_INVALID_INPUT_SKETCH_BUFFER");
    }
}
