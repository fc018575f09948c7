//! From the unresolved plan to the resolved one: relations and expressions, a file for each kind.

pub mod expression;
pub mod relation;
