//! JSON: reading text into trees, paths into it, and values of Spark's types from and to it.

pub(crate) mod base64;
mod from_json;
mod get_json_object;
mod infer;
mod json_tuple;
mod length;
mod options;
mod read;
mod to_json;
pub(crate) mod tree;
pub(crate) mod write;

pub(in crate::collection) use from_json::FUNCTION as FROM_JSON;
pub(crate) use from_json::nullable;
pub(in crate::collection) use get_json_object::FUNCTION as GET_JSON_OBJECT;
pub(in crate::collection) use infer::FUNCTION as SCHEMA_OF_JSON;
pub(in crate::collection) use length::{JSON_ARRAY_LENGTH, JSON_OBJECT_KEYS};
pub(crate) use options::Options;
pub(crate) use to_json::DatetimeFormats;
pub(in crate::collection) use to_json::FUNCTION as TO_JSON;

pub(crate) use json_tuple::FUNCTION as JSON_TUPLE;
