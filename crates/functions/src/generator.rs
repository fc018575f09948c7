//! The group `generator`: functions that make rows of a row.

mod explode;
mod inline;
mod stack;

use crate::function::Function;

pub(crate) use explode::rows_type;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &explode::EXPLODE,
    &explode::EXPLODE_OUTER,
    &explode::POSEXPLODE,
    &explode::POSEXPLODE_OUTER,
    &inline::INLINE,
    &inline::INLINE_OUTER,
    &crate::collection::JSON_TUPLE,
    &stack::FUNCTION,
];
