//! What the parser makes of texts: shapes of expressions and queries, literals, types, commands, errors and spans.

mod commands;
mod errors;
mod expressions;
mod literals;
mod queries;
mod render;
mod types;
