//! What the parser makes of texts: shapes of expressions and queries, literals, types, commands, errors and spans.

#![expect(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod commands;
mod errors;
mod expressions;
mod literals;
mod queries;
mod render;
mod types;
