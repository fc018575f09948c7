//! The group `sketch`: summaries of many values in few bytes, in the forms of Apache DataSketches and of Spark, so that
//! what one engine wrote the other reads.

mod bitmap;
mod count_min;
mod groups;
mod hll;
mod kll;
mod murmur;
mod quick_select;
mod reader;
mod theta;
mod tuple;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::ScalarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::function::Function;
use crate::kernel::nested::range;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &bitmap::BITMAP_AND_AGG,
    &bitmap::BITMAP_CONSTRUCT_AGG,
    &bitmap::BITMAP_OR_AGG,
    &count_min::COUNT_MIN_SKETCH,
    &hll::HLL_SKETCH_AGG,
    &hll::HLL_SKETCH_ESTIMATE,
    &hll::HLL_UNION,
    &hll::HLL_UNION_AGG,
    &kll::KLL_MERGE_AGG_BIGINT,
    &kll::KLL_MERGE_AGG_DOUBLE,
    &kll::KLL_MERGE_AGG_FLOAT,
    &kll::KLL_SKETCH_AGG_BIGINT,
    &kll::KLL_SKETCH_AGG_DOUBLE,
    &kll::KLL_SKETCH_AGG_FLOAT,
    &kll::KLL_SKETCH_GET_N_BIGINT,
    &kll::KLL_SKETCH_GET_N_DOUBLE,
    &kll::KLL_SKETCH_GET_N_FLOAT,
    &kll::KLL_SKETCH_GET_QUANTILE_BIGINT,
    &kll::KLL_SKETCH_GET_QUANTILE_DOUBLE,
    &kll::KLL_SKETCH_GET_QUANTILE_FLOAT,
    &kll::KLL_SKETCH_GET_RANK_BIGINT,
    &kll::KLL_SKETCH_GET_RANK_DOUBLE,
    &kll::KLL_SKETCH_GET_RANK_FLOAT,
    &kll::KLL_SKETCH_MERGE_BIGINT,
    &kll::KLL_SKETCH_MERGE_DOUBLE,
    &kll::KLL_SKETCH_MERGE_FLOAT,
    &kll::KLL_SKETCH_TO_STRING_BIGINT,
    &kll::KLL_SKETCH_TO_STRING_DOUBLE,
    &kll::KLL_SKETCH_TO_STRING_FLOAT,
    &theta::THETA_DIFFERENCE,
    &theta::THETA_INTERSECTION,
    &theta::THETA_INTERSECTION_AGG,
    &theta::THETA_SKETCH_AGG,
    &theta::THETA_SKETCH_ESTIMATE,
    &theta::THETA_UNION,
    &theta::THETA_UNION_AGG,
    &tuple::TUPLE_DIFFERENCE_DOUBLE,
    &tuple::TUPLE_DIFFERENCE_INTEGER,
    &tuple::TUPLE_DIFFERENCE_THETA_DOUBLE,
    &tuple::TUPLE_DIFFERENCE_THETA_INTEGER,
    &tuple::TUPLE_INTERSECTION_AGG_DOUBLE,
    &tuple::TUPLE_INTERSECTION_AGG_INTEGER,
    &tuple::TUPLE_INTERSECTION_DOUBLE,
    &tuple::TUPLE_INTERSECTION_INTEGER,
    &tuple::TUPLE_INTERSECTION_THETA_DOUBLE,
    &tuple::TUPLE_INTERSECTION_THETA_INTEGER,
    &tuple::TUPLE_SKETCH_AGG_DOUBLE,
    &tuple::TUPLE_SKETCH_AGG_INTEGER,
    &tuple::TUPLE_SKETCH_ESTIMATE_DOUBLE,
    &tuple::TUPLE_SKETCH_ESTIMATE_INTEGER,
    &tuple::TUPLE_SKETCH_SUMMARY_DOUBLE,
    &tuple::TUPLE_SKETCH_SUMMARY_INTEGER,
    &tuple::TUPLE_SKETCH_THETA_DOUBLE,
    &tuple::TUPLE_SKETCH_THETA_INTEGER,
    &tuple::TUPLE_UNION_AGG_DOUBLE,
    &tuple::TUPLE_UNION_AGG_INTEGER,
    &tuple::TUPLE_UNION_DOUBLE,
    &tuple::TUPLE_UNION_INTEGER,
    &tuple::TUPLE_UNION_THETA_DOUBLE,
    &tuple::TUPLE_UNION_THETA_INTEGER,
];

/// A value as sketches hash it.
enum Key {
    Long(i64),
    Double(f64),
    Bytes(Vec<u8>),
    Ints(Vec<i32>),
    Longs(Vec<i64>),
}

impl Key {
    /// The value at `row`; `None` for NULL and for values without a byte, which sketches leave out.
    fn at(array: &ArrayRef, row: usize) -> SparkResult<Option<Self>> {
        if array.is_null(row) {
            return Ok(None);
        }
        let key = match array.data_type() {
            DataType::Int8 => Self::Long(array.as_primitive::<Int8Type>().value(row).into()),
            DataType::Int16 => Self::Long(array.as_primitive::<Int16Type>().value(row).into()),
            DataType::Int32 => Self::Long(array.as_primitive::<Int32Type>().value(row).into()),
            DataType::Int64 => Self::Long(array.as_primitive::<Int64Type>().value(row)),
            DataType::Float32 => Self::Double(array.as_primitive::<Float32Type>().value(row).into()),
            DataType::Float64 => Self::Double(array.as_primitive::<Float64Type>().value(row)),
            DataType::Utf8 => Self::Bytes(array.as_string::<i32>().value(row).as_bytes().to_vec()),
            DataType::LargeUtf8 => Self::Bytes(array.as_string::<i64>().value(row).as_bytes().to_vec()),
            DataType::Utf8View => Self::Bytes(array.as_string_view().value(row).as_bytes().to_vec()),
            DataType::Binary => Self::Bytes(array.as_binary::<i32>().value(row).to_vec()),
            DataType::LargeBinary => Self::Bytes(array.as_binary::<i64>().value(row).to_vec()),
            DataType::BinaryView => Self::Bytes(array.as_binary_view().value(row).to_vec()),
            DataType::List(field) => {
                let list = array.as_list::<i32>();
                let places = range(list.offsets(), row);
                // NULL in an array counts as 0.
                match field.data_type() {
                    DataType::Int64 => {
                        let values = list.values().as_primitive::<Int64Type>();
                        Self::Longs(places.map(|at| if values.is_null(at) { 0 } else { values.value(at) }).collect())
                    }
                    DataType::Int32 => {
                        let values = list.values().as_primitive::<Int32Type>();
                        Self::Ints(places.map(|at| if values.is_null(at) { 0 } else { values.value(at) }).collect())
                    }
                    _ if places.is_empty() => return Ok(None),
                    other => return Err(SparkError::internal(format!("a sketch of arrays of {other}"))),
                }
            }
            DataType::Null => return Ok(None),
            other => return Err(SparkError::internal(format!("a sketch of {other}"))),
        };
        Ok(Some(key).filter(|key| !key.is_empty()))
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Ints(values) => values.is_empty(),
            Self::Longs(values) => values.is_empty(),
            Self::Long(_) | Self::Double(_) => false,
        }
    }

    fn hash(&self) -> (u64, u64) {
        match self {
            Self::Long(value) => murmur::hash(&value.to_le_bytes()),
            Self::Double(value) => {
                let value = if *value == 0.0 { 0.0 } else { *value };
                let value = if value.is_nan() { f64::NAN } else { value };
                murmur::hash(&value.to_bits().to_le_bytes())
            }
            Self::Bytes(bytes) => murmur::hash(bytes),
            Self::Ints(values) => {
                murmur::hash(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
            }
            Self::Longs(values) => {
                murmur::hash(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
            }
        }
    }
}

/// A function's name as errors show it.
fn shown(name: &str) -> String {
    format!("`{name}`")
}

/// A constant argument as an `INT`; `None` if it is not constant or NULL.
fn int_constant(call: &Call<'_>, index: usize) -> Option<i32> {
    match call.arguments.get(index)?.constant.as_ref()?.cast_to(&DataType::Int32).ok()? {
        ScalarValue::Int32(value) => value,
        _ => None,
    }
}

/// An argument that must be a constant and not NULL, and is not.
fn check_constant(call: &Call<'_>, index: usize, name: &str) -> SparkResult<()> {
    let argument = call.argument(index)?;
    if !argument.is_foldable {
        return Err(call
            .mismatch("NON_FOLDABLE_INPUT")
            .param("inputName", name)
            .param("inputType", argument.data_type.simple_string())
            .param("inputExpr", argument.sql()));
    }
    if argument.constant.as_ref().is_none_or(ScalarValue::is_null) {
        return Err(call.mismatch("UNEXPECTED_NULL").param("exprName", name));
    }
    Ok(())
}

/// An error of a parameter as Spark shows it in a type check.
fn hinted(call: &Call<'_>, error: &SparkError) -> SparkError {
    call.mismatch("TYPE_CHECK_FAILURE_WITH_HINT").param("msg", error.message()).param("hint", "")
}

fn lg_nominal_error(function: &str, value: i32) -> SparkError {
    SparkError::new("SKETCH_INVALID_LG_NOM_ENTRIES")
        .param("function", shown(function))
        .param("min", "4")
        .param("max", "26")
        .param("value", value.to_string())
}

/// What theta sketches and tuple sketches can count.
fn is_key(data_type: &SparkType) -> bool {
    match data_type {
        SparkType::Integer | SparkType::Long | SparkType::Float | SparkType::Double | SparkType::Binary => true,
        SparkType::Array { element, .. } => {
            matches!(element.as_ref(), SparkType::Integer | SparkType::Long | SparkType::Null)
        }
        SparkType::Null => true,
        text => text.is_string(),
    }
}
