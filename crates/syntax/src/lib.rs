//! The unresolved plan language (IR) and the Spark SQL parser that writes it.
//!
//! Clients' protobuf plans and SQL text both become this IR before anything is resolved, so a feature is built once.
//! The IR says what was asked, with the place where it was written; nothing in it is looked up, typed or checked
//! against a catalog. Everything here is total: no input makes it panic.

pub mod ir;
pub mod parser;

pub use parser::put_parameters;
pub use parser::{
    ParserOptions, parse_data_type, parse_expression, parse_multipart_identifier, parse_query, parse_statement,
    parse_statements, parse_table_identifier, parse_table_schema,
};
