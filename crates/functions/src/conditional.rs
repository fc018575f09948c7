//! The group `conditional`: choices among values, and the values that raise errors.

pub(crate) mod choice;
mod extremes;
pub mod only_value;
mod raise;

use crate::function::Function;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &choice::IF,
    &choice::COALESCE,
    &choice::NVL,
    &choice::IFNULL,
    &choice::NVL2,
    &choice::NULLIF,
    &choice::NULLIFZERO,
    &choice::ZEROIFNULL,
    &choice::NANVL,
    &extremes::GREATEST,
    &extremes::LEAST,
    &raise::ASSERT_TRUE,
    &raise::RAISE_ERROR,
];
