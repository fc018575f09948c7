//! Types of functions that take an array and one of its elements.

use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::{Expected, is_orderable, quoted_type, tightest_common_type, wider_type_without_string_promotion};

/// The type of the elements of the array at `index`, and whether one may be NULL.
pub(crate) fn element_type(call: &Call<'_>, index: usize) -> SparkResult<(SparkType, bool)> {
    match call.data_type(index)? {
        SparkType::Array { element, contains_null } => Ok((element.as_ref().clone(), *contains_null)),
        _ => Err(call.unexpected_input_type(index, &Expected::AnyArray)),
    }
}

/// As [`element_type`]; an untyped NULL is an array of untyped NULLs.
pub(super) fn element_type_or_null(call: &Call<'_>, index: usize) -> SparkResult<(SparkType, bool)> {
    match call.data_type(index)? {
        SparkType::Null => Ok((SparkType::Null, true)),
        _ => element_type(call, index),
    }
}

/// The type that two types are brought to, whatever the mode: Spark's functions on collections go by the older rules.
pub(super) type Meeting = fn(&SparkType, &SparkType) -> Option<SparkType>;

/// A type that takes the values of both without a loss.
pub(super) fn tightest(left: &SparkType, right: &SparkType) -> Option<SparkType> {
    tightest_common_type(left, right, false)
}

/// As [`tightest`], where decimals may lose digits.
pub(super) fn wider(left: &SparkType, right: &SparkType) -> Option<SparkType> {
    wider_type_without_string_promotion(left, right, false)
}

/// The element type of an array at 0 and a value at `value` that are brought together, and whether the array may hold NULLs.
pub(super) fn array_and_value(call: &Call<'_>, value: usize, meet: Meeting) -> SparkResult<(SparkType, bool)> {
    let (element, contains_null) = element_type(call, 0)?;
    let other = call.data_type(value)?;
    match meet(&element, other) {
        Some(common) => Ok((common, contains_null)),
        None => Err(call
            .mismatch("ARRAY_FUNCTION_DIFF_TYPES")
            .param("functionName", format!("`{}`", call.function.name))
            .param("dataType", "\"ARRAY\"")
            .param("leftType", quoted_type(call.data_type(0)?))
            .param("rightType", quoted_type(other))),
    }
}

/// As [`array_and_value`] for functions that compare: untyped NULLs as arrays and values without order are refused.
pub(super) fn array_and_comparable(call: &Call<'_>, meet: Meeting) -> SparkResult<(SparkType, bool)> {
    if *call.data_type(0)? == SparkType::Null {
        return Err(untyped_null(call));
    }
    let (element, contains_null) = array_and_value(call, 1, meet)?;
    check_orderable(call, &element)?;
    Ok((element, contains_null))
}

pub(super) fn untyped_null(call: &Call<'_>) -> SparkError {
    call.mismatch("NULL_TYPE").param("functionName", format!("`{}`", call.function.name))
}

pub(super) fn check_orderable(call: &Call<'_>, data_type: &SparkType) -> SparkResult<()> {
    if is_orderable(data_type) { Ok(()) } else { Err(not_orderable(call, data_type)) }
}

pub(super) fn not_orderable(call: &Call<'_>, data_type: &SparkType) -> SparkError {
    call.mismatch("INVALID_ORDERING_TYPE")
        .param("functionName", format!("`{}`", call.function.name))
        .param("dataType", quoted_type(data_type))
}

/// The key and value types of a map at `index`, and whether a value may be NULL.
pub(super) fn map_types(call: &Call<'_>, index: usize) -> SparkResult<(SparkType, SparkType, bool)> {
    match call.data_type(index)? {
        SparkType::Map { key, value, value_contains_null } => {
            Ok((key.as_ref().clone(), value.as_ref().clone(), *value_contains_null))
        }
        SparkType::Null => Ok((SparkType::Null, SparkType::Null, true)),
        _ => Err(call.unexpected_input_type(index, &Expected::AnyMap)),
    }
}
