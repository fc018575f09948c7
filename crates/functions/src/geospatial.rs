//! The group `geospatial`: geometries and geographies. A value is its reference system's number and its well-known
//! binary, little-endian.

mod functions;
pub mod wkb;

use crate::function::Function;

pub(crate) use functions::cast;
pub use functions::write_text;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &functions::ST_ASBINARY,
    &functions::ST_GEOGFROMWKB,
    &functions::ST_GEOMFROMWKB,
    &functions::ST_SETSRID,
    &functions::ST_SRID,
];
