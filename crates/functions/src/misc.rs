//! The group `misc`: what is known of the session, of types and of bitmaps; and functions that are refused by name.

mod aes;
mod avro;
mod bitmap;
mod refused;
mod session;
mod type_of;
mod unwrap_udt;
mod uuid;

use crate::function::Function;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &aes::AES_DECRYPT,
    &aes::AES_ENCRYPT,
    &aes::TRY_AES_DECRYPT,
    &avro::FROM_AVRO,
    &avro::TO_AVRO,
    &bitmap::BITMAP_BIT_POSITION,
    &bitmap::BITMAP_BUCKET_NUMBER,
    &bitmap::BITMAP_COUNT,
    &refused::INPUT_FILE_BLOCK_LENGTH,
    &refused::INPUT_FILE_BLOCK_START,
    &refused::INPUT_FILE_NAME,
    &refused::JAVA_METHOD,
    &refused::MONOTONICALLY_INCREASING_ID,
    &refused::SPARK_PARTITION_ID,
    &refused::TRY_REFLECT,
    &session::CURRENT_CATALOG,
    &session::CURRENT_DATABASE,
    &session::CURRENT_PATH,
    &session::CURRENT_USER,
    &session::SESSION_USER,
    &session::USER,
    &session::VERSION,
    &type_of::FUNCTION,
    &unwrap_udt::FUNCTION,
    &uuid::FUNCTION,
];
