//! `SELECT TRANSFORM(…) USING 'script'`, `MAP … USING` and `REDUCE … USING`: rows through a program.

use firesteel_base::{SparkResult, SparkType};

use super::cursor::Parser;
use super::error::parse_error;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::Expression;
use crate::ir::relation::{RowFormat, ScriptColumns};

/// What stands in the place of a SELECT list: the program's input, the program, and what it writes.
pub(super) struct ScriptClause {
    pub(super) arguments: Vec<Expression>,
    pub(super) input_format: RowFormat,
    pub(super) script: String,
    pub(super) columns: ScriptColumns,
    pub(super) output_format: RowFormat,
}

impl Parser<'_> {
    /// Whether `TRANSFORM(…)` behind a `SELECT` is such a clause, and no call.
    pub(super) fn is_transform(&self) -> bool {
        let close = self.closing_of(self.position() + 1).filter(|_| self.is_keyword(Keyword::Transform));
        close.is_some_and(|close| {
            matches!(self.kind_at(close + 1), TokenKind::Keyword(Keyword::Using | Keyword::Recordwriter))
                || self.is_keyword_at(close + 1, Keyword::Row) && self.is_keyword_at(close + 2, Keyword::Format)
        })
    }

    /// The clause, at `TRANSFORM`, `MAP` or `REDUCE`.
    pub(super) fn script_clause(&mut self) -> SparkResult<ScriptClause> {
        let start = self.position();
        let is_enclosed = self.is_keyword(Keyword::Transform);
        self.take();
        if is_enclosed {
            self.expect(TokenKind::LeftParen)?;
        }
        let is_quantified = matches!(self.keyword(), Some(Keyword::Distinct | Keyword::All))
            && self.starts_expression_at(self.position() + 1);
        if is_quantified {
            return Err(self.error_since("UNSUPPORTED_FEATURE.TRANSFORM_DISTINCT_ALL", start));
        }
        let arguments = self.comma_separated(Self::expression)?;
        if is_enclosed {
            self.expect(TokenKind::RightParen)?;
        }
        let input_format = self.row_format()?;
        if self.is_keyword(Keyword::Recordwriter) {
            return Err(self.unbuilt("RECORDWRITER", start));
        }
        self.expect_keyword(Keyword::Using)?;
        let script = self.string_literal()?;
        let columns = if self.accept_keyword(Keyword::As) { self.script_columns()? } else { ScriptColumns::KeyValue };
        let output_format = self.row_format()?;
        if self.is_keyword(Keyword::Recordreader) {
            return Err(self.unbuilt("RECORDREADER", start));
        }
        Ok(ScriptClause { arguments, input_format, script, columns, output_format })
    }

    /// `a, b` or `a INT, b STRING`, maybe in parentheses.
    fn script_columns(&mut self) -> SparkResult<ScriptColumns> {
        let is_enclosed = self.accept(TokenKind::LeftParen);
        let columns = self.comma_separated(|parser| {
            let name = parser.identifier()?;
            let is_typed =
                parser.is_identifier() && !parser.is_keyword(Keyword::From) && !parser.is_keyword(Keyword::Row);
            let data_type = if is_typed { parser.data_type()? } else { SparkType::STRING };
            Ok((name, data_type))
        })?;
        if is_enclosed {
            self.expect(TokenKind::RightParen)?;
        }
        Ok(ScriptColumns::Named(columns))
    }

    /// `ROW FORMAT DELIMITED …`
    fn row_format(&mut self) -> SparkResult<RowFormat> {
        let start = self.position();
        let mut format = RowFormat::default();
        if !self.accept_keywords(&[Keyword::Row, Keyword::Format]) {
            return Ok(format);
        }
        if self.is_keyword(Keyword::Serde) {
            return Err(self.unbuilt("ROW FORMAT SERDE", start));
        }
        self.expect_keyword(Keyword::Delimited)?;
        loop {
            match self.keyword() {
                Some(Keyword::Fields) => {
                    self.take();
                    self.expect_keywords(&[Keyword::Terminated, Keyword::By])?;
                    format.fields = self.string_literal()?;
                    if self.is_keyword(Keyword::Escaped) {
                        return Err(self.unbuilt("ESCAPED BY in TRANSFORM", start));
                    }
                }
                Some(Keyword::Lines) => {
                    self.take();
                    self.expect_keywords(&[Keyword::Terminated, Keyword::By])?;
                    let lines = self.string_literal()?;
                    if lines != "\n" {
                        let message = format!("LINES TERMINATED BY only supports newline '\\n' right now: {lines}");
                        return Err(
                            parse_error("_LEGACY_ERROR_TEMP_0064", &self.origin_since(start)).param("msg", message)
                        );
                    }
                }
                Some(Keyword::Null) => {
                    self.take();
                    self.expect_keywords(&[Keyword::Defined, Keyword::As])?;
                    format.null = self.string_literal()?;
                }
                Some(Keyword::Collection | Keyword::Map) if !self.is_keyword_ahead(1, Keyword::Using) => {
                    return Err(self.unbuilt("nested values in the row format of TRANSFORM", start));
                }
                _ => return Ok(format),
            }
        }
    }
}
