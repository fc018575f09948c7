//! The group `window`: functions that need `OVER`. Aggregates may be used with `OVER` as well.

mod offset;
mod rank;

use crate::function::Function;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &offset::LAG,
    &offset::LEAD,
    &offset::NTH_VALUE,
    &rank::CUME_DIST,
    &rank::DENSE_RANK,
    &rank::NTILE,
    &rank::PERCENT_RANK,
    &rank::RANK,
    &rank::ROW_NUMBER,
];
