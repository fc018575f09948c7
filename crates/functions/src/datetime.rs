//! The group `datetime`.

use crate::function::Function;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[];
