//! Any text: as a statement, a script, an expression, a type, a table's columns. The parsers answer or refuse; they do
//! not panic, overflow the stack or take long.

#![no_main]

use firesteel_syntax::{
    ParserOptions, parse_data_type, parse_expression, parse_statement, parse_statements, parse_table_schema,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let options = ParserOptions::default();
    let strict =
        ParserOptions { enforce_reserved_keywords: true, double_quoted_identifiers: true, ..ParserOptions::default() };
    let _ = parse_statement(text, &options);
    let _ = parse_statement(text, &strict);
    let _ = parse_expression(text, &options);
    let _ = parse_data_type(text, &options);
    let _ = parse_table_schema(text, &options);
    let _ = parse_statements(text);
});
