//! The group `predicate`: questions about one value, and text patterns.

mod like;
mod null;
pub(crate) mod regex;
mod rlike;

pub use regex::JavaRegex;

use crate::function::Function;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &like::LIKE,
    &like::ILIKE,
    &null::ISNULL,
    &null::ISNOTNULL,
    &null::ISNAN,
    &null::EQUAL_NULL,
    &rlike::RLIKE,
    &rlike::REGEXP,
    &rlike::REGEXP_LIKE,
];
