//! The group `higher_order`.

use crate::function::Function;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[];
