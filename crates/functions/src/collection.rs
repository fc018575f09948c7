//! The group `collection`: arrays, maps, structs and JSON.

mod array;
mod array_append;
mod array_contains;
mod array_distinct;
mod array_insert;
mod array_join;
mod array_position;
mod array_remove;
mod array_repeat;
mod arrays_zip;
mod concat;
mod csv;
mod element_at;
mod extract_value;
mod extremum;
mod flatten;
mod get;
pub(crate) mod json;
mod map;
mod map_concat;
mod map_entries;
mod map_from_arrays;
mod mersenne_twister;
mod named_struct;
mod reverse;
mod sequence;
mod set_operation;
mod shuffle;
mod size;
mod slice;
mod sort_array;
mod str_to_map;
mod typing;

#[cfg(test)]
mod tests;

use crate::function::Function;

pub use concat::bind_concat;
pub use extract_value::EXTRACT_VALUE;
pub use reverse::bind_reverse;

pub(crate) use extract_value::array_field_expr;
pub(crate) use json::{DatetimeFormats, JSON_TUPLE, Options, nullable};
pub(crate) use map::MapBuilder;
pub(crate) use sort_array::sorted_picks;
pub(crate) use typing::element_type;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &array::FUNCTION,
    &array_append::ARRAY_APPEND,
    &array_append::ARRAY_PREPEND,
    &array_contains::FUNCTION,
    &array_distinct::FUNCTION,
    &array_insert::FUNCTION,
    &array_join::FUNCTION,
    &array_position::FUNCTION,
    &array_remove::ARRAY_COMPACT,
    &array_remove::ARRAY_REMOVE,
    &array_repeat::FUNCTION,
    &arrays_zip::FUNCTION,
    &csv::FROM_CSV,
    &csv::SCHEMA_OF_CSV,
    &csv::TO_CSV,
    &element_at::ELEMENT_AT,
    &element_at::TRY_ELEMENT_AT,
    &extract_value::FUNCTION,
    &extremum::ARRAY_MAX,
    &extremum::ARRAY_MIN,
    &flatten::FUNCTION,
    &get::FUNCTION,
    &json::FROM_JSON,
    &json::GET_JSON_OBJECT,
    &json::JSON_ARRAY_LENGTH,
    &json::JSON_OBJECT_KEYS,
    &json::SCHEMA_OF_JSON,
    &json::TO_JSON,
    &map::FUNCTION,
    &map_concat::FUNCTION,
    &map_entries::MAP_CONTAINS_KEY,
    &map_entries::MAP_ENTRIES,
    &map_entries::MAP_KEYS,
    &map_entries::MAP_VALUES,
    &map_from_arrays::MAP_FROM_ARRAYS,
    &map_from_arrays::MAP_FROM_ENTRIES,
    &named_struct::NAMED_STRUCT,
    &named_struct::STRUCT,
    &sequence::FUNCTION,
    &set_operation::ARRAYS_OVERLAP,
    &set_operation::ARRAY_EXCEPT,
    &set_operation::ARRAY_INTERSECT,
    &set_operation::ARRAY_UNION,
    &shuffle::FUNCTION,
    &size::ARRAY_SIZE,
    &size::SIZE,
    &slice::FUNCTION,
    &sort_array::FUNCTION,
    &str_to_map::FUNCTION,
];
