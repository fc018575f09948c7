//! The group `hash`: checksums of bytes, and hashes of any values.

mod crc32;
mod digest;
mod row_hash;

#[cfg(test)]
mod tests;

use crate::function::Function;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] =
    &[&crc32::FUNCTION, &digest::MD5, &digest::SHA1, &digest::SHA2, &row_hash::HASH, &row_hash::XXHASH64];
