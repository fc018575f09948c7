//! The group `higher_order`: functions with lambda arguments.

mod aggregate;
mod array_sort;
mod filter;
mod flat;
mod kernel;
mod map_filter;
mod map_zip_with;
mod quantifier;
mod transform;
mod transform_map;
mod zip_with;

use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::Function;

pub use kernel::higher_order_call;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &aggregate::AGGREGATE,
    &aggregate::REDUCE,
    &array_sort::FUNCTION,
    &filter::FUNCTION,
    &map_filter::FUNCTION,
    &map_zip_with::FUNCTION,
    &quantifier::EXISTS,
    &quantifier::FORALL,
    &transform::FUNCTION,
    &transform_map::TRANSFORM_KEYS,
    &transform_map::TRANSFORM_VALUES,
    &zip_with::FUNCTION,
];

/// The types and nullability of a lambda's parameters.
type Parameters = Vec<(SparkType, bool)>;

/// What an array's elements are.
fn element(call: &Call<'_>, index: usize) -> SparkResult<(SparkType, bool)> {
    crate::collection::element_type(call, index)
}

/// What a map's keys and values are.
fn entry(call: &Call<'_>, index: usize) -> SparkResult<(SparkType, SparkType, bool)> {
    match call.data_type(index)? {
        SparkType::Map { key, value, value_contains_null } => {
            Ok((key.as_ref().clone(), value.as_ref().clone(), *value_contains_null))
        }
        _ => Err(call.unexpected_input_type(index, &Expected::AnyMap)),
    }
}

/// A lambda's body must be a truth value.
fn check_predicate(call: &Call<'_>, index: usize) -> SparkResult<()> {
    match call.data_type(index)? {
        SparkType::Boolean | SparkType::Null => Ok(()),
        _ => Err(call.unexpected_input_type(index, &Expected::BOOLEAN)),
    }
}
