//! CSV: structs from and to lines of separated values.

mod from_csv;
mod infer;
mod line;
mod to_csv;

pub(in crate::collection) use from_csv::FUNCTION as FROM_CSV;
pub(in crate::collection) use infer::FUNCTION as SCHEMA_OF_CSV;
pub(in crate::collection) use to_csv::FUNCTION as TO_CSV;
