//! The Spark SQL parser: text to IR, by recursive descent and precedence climbing.
//!
//! It accepts the query language of Spark 4.2 and names the statements it does not build. Every expression and
//! relation keeps the span of the text that Spark's error contexts would point at. Parsing is total: it never panics,
//! nesting is bounded by [`MAX_NESTING`], and chains of operators, joins and set operations are read by loops.

mod alter;
mod cache;
mod call;
mod command;
mod create_table;
mod cursor;
mod data_type;
mod error;
mod expression;
mod grouping;
mod identifier;
mod insert;
mod interval;
mod interval_text;
mod join;
mod keywords;
mod lexer;
mod literal;
mod lookahead;
mod maintenance;
mod namespace;
mod parameters;
mod pipe;
mod pivot;
mod predicate;
mod primary;
mod query;
mod relation;
mod routine;
mod row_operation;
mod script;
mod scripting;
mod select;
mod set;
mod show;
mod split;
mod string_literal;
mod table_function;
mod token;
mod window;

use firesteel_base::{SparkResult, SparkSchema, SparkType};

use crate::ir::{Expression, Relation, Statement};
use cursor::Parser;

pub use keywords::keyword_spellings;
pub use parameters::put_parameters;
pub use split::parse_statements;

/// How deep parentheses, subqueries, types and prefix operators may nest.
///
/// Text that nests deeper is refused with `FAILED_TO_PARSE_TOO_COMPLEX`; the stack grows as far as it takes. Chains (`a + a + …`, `AND`, joins, `UNION`)
/// do not count as nesting.
pub const MAX_NESTING: usize = 200;

/// The session's settings that change how text is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParserOptions {
    /// `spark.sql.ansi.enabled`
    pub ansi: bool,
    /// `spark.sql.ansi.enforceReservedKeywords`; counts only while [`Self::ansi`] is on.
    pub enforce_reserved_keywords: bool,
    /// `spark.sql.ansi.doubleQuotedIdentifiers`; counts only while [`Self::ansi`] is on.
    pub double_quoted_identifiers: bool,
    /// `spark.sql.ansi.relationPrecedence`: `JOIN` binds tighter than the comma of `FROM`; counts only while
    /// [`Self::ansi`] is on.
    pub ansi_relation_precedence: bool,
    /// `spark.sql.parser.escapedStringLiterals`
    pub escaped_string_literals: bool,
    /// `spark.sql.parser.quotedRegexColumnNames`
    pub quoted_regex_column_names: bool,
    /// Whether `spark.sql.timestampType` is `TIMESTAMP_NTZ`: what the type name `TIMESTAMP` stands for.
    pub timestamp_is_ntz: bool,
    /// `spark.sql.legacy.setopsPrecedence.enabled`
    pub legacy_set_operation_precedence: bool,
    /// `spark.sql.legacy.identifierClause`: `IDENTIFIER('…')` is no identifier wherever one may stand.
    pub legacy_identifier_clause: bool,
    /// `spark.sql.legacy.exponentLiteralAsDecimal.enabled`
    pub legacy_exponent_literal_as_decimal: bool,
    /// Whether `|` in front of a pipe operator's keyword stands for `|>`.
    pub single_character_pipe: bool,
    /// `spark.sql.scripting.enabled`
    pub scripting: bool,
    /// `spark.sql.scripting.continueHandlerEnabled`
    pub continue_handlers: bool,
    /// `spark.sql.scripting.cursorEnabled`
    pub cursors: bool,
}

impl Default for ParserOptions {
    fn default() -> Self {
        Self {
            ansi: true,
            enforce_reserved_keywords: false,
            double_quoted_identifiers: false,
            ansi_relation_precedence: false,
            escaped_string_literals: false,
            quoted_regex_column_names: false,
            timestamp_is_ntz: false,
            legacy_set_operation_precedence: false,
            legacy_identifier_clause: false,
            legacy_exponent_literal_as_decimal: false,
            single_character_pipe: true,
            scripting: true,
            continue_handlers: false,
            cursors: false,
        }
    }
}

/// Reads a text to its end.
fn whole<'o, T>(
    text: &str,
    options: &'o ParserOptions,
    read: impl FnOnce(&mut Parser<'o>) -> SparkResult<T>,
) -> SparkResult<T> {
    let mut parser = Parser::new(text, options)?;
    let outcome = read(&mut parser).and_then(|value| parser.end_of_input().map(|()| value));
    parser.finished(outcome)
}

/// One statement, with any number of semicolons behind it; or a script.
pub fn parse_statement(text: &str, options: &ParserOptions) -> SparkResult<Statement> {
    whole(text, options, |parser| {
        if parser.is_script() {
            return parser.script().map(Statement::Command);
        }
        let statement = parser.statement()?;
        parser.skip_semicolons();
        Ok(parser.with_computed_names(statement, 0))
    })
}

/// One query, without anything behind it.
pub fn parse_query(text: &str, options: &ParserOptions) -> SparkResult<Relation> {
    whole(text, options, Parser::query)
}

/// One expression as in a `SELECT` list: with an alias, several aliases, or a star.
pub fn parse_expression(text: &str, options: &ParserOptions) -> SparkResult<Expression> {
    whole(text, options, Parser::named_expression)
}

/// A data type, such as `array<struct<a: int>>`.
pub fn parse_data_type(text: &str, options: &ParserOptions) -> SparkResult<SparkType> {
    whole(text, options, Parser::data_type)
}

/// Columns with their types: `a INT NOT NULL COMMENT 'x', b STRING`.
pub fn parse_table_schema(text: &str, options: &ParserOptions) -> SparkResult<SparkSchema> {
    whole(text, options, Parser::column_types)
}

/// A table's name of one or two parts.
pub fn parse_table_identifier(text: &str, options: &ParserOptions) -> SparkResult<Vec<String>> {
    whole(text, options, Parser::table_identifier)
}

/// A name of any number of parts.
pub fn parse_multipart_identifier(text: &str, options: &ParserOptions) -> SparkResult<Vec<String>> {
    whole(text, options, Parser::multipart_identifier)
}
