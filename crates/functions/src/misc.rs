//! The group `misc`: what is known of the session, of types and of bitmaps; and functions that are refused by name.

mod bitmap;
mod refused;
mod session;
mod type_of;
mod uuid;

use crate::function::Function;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &bitmap::BITMAP_BIT_POSITION,
    &bitmap::BITMAP_BUCKET_NUMBER,
    &bitmap::BITMAP_COUNT,
    &refused::AES_DECRYPT,
    &refused::AES_ENCRYPT,
    &refused::INPUT_FILE_BLOCK_LENGTH,
    &refused::INPUT_FILE_BLOCK_START,
    &refused::INPUT_FILE_NAME,
    &refused::JAVA_METHOD,
    &refused::MONOTONICALLY_INCREASING_ID,
    &refused::SPARK_PARTITION_ID,
    &refused::TRY_AES_DECRYPT,
    &refused::TRY_REFLECT,
    &session::CURRENT_CATALOG,
    &session::CURRENT_DATABASE,
    &session::CURRENT_PATH,
    &session::CURRENT_USER,
    &session::SESSION_USER,
    &session::USER,
    &session::VERSION,
    &type_of::FUNCTION,
    &uuid::FUNCTION,
];
