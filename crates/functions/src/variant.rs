//! The group `variant`: values of any type in one binary form.

mod binary;
mod cast;
mod explode;
mod extract;
mod functions;
mod json;
mod schema;
mod schema_of_all;

use crate::function::Function;

pub(crate) use cast::{cast_from, cast_to};
pub(crate) use json::json_of;
pub use json::write_json_text;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &explode::VARIANT_EXPLODE,
    &explode::VARIANT_EXPLODE_OUTER,
    &schema_of_all::SCHEMA_OF_VARIANT_AGG,
    &functions::IS_VALID_VARIANT,
    &functions::IS_VARIANT_NULL,
    &functions::PARSE_JSON,
    &functions::SCHEMA_OF_VARIANT,
    &functions::TO_VARIANT_OBJECT,
    &functions::TRY_PARSE_JSON,
    &functions::TRY_VARIANT_GET,
    &functions::VARIANT_GET,
];
