//! The errors of the parser, as Spark words them.

use firesteel_base::error::ErrorKind;
use firesteel_base::{Origin, SparkError};

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;

/// An error of the parser at a place.
pub(super) fn parse_error(condition: &str, origin: &Origin) -> SparkError {
    SparkError::new(condition).with_kind(ErrorKind::Parse).at(origin)
}

impl Parser<'_> {
    /// `PARSE_SYNTAX_ERROR` at the current token.
    pub(super) fn syntax_error(&self) -> SparkError {
        self.syntax_error_at(self.position(), "")
    }

    /// `PARSE_SYNTAX_ERROR` at a token, with a hint such as `: extra input 'x'`.
    pub(super) fn syntax_error_at(&self, index: usize, hint: &str) -> SparkError {
        parse_error("PARSE_SYNTAX_ERROR", &self.origin_of_token(index))
            .param("error", self.display_token(index))
            .param("hint", hint)
    }

    /// The current token is not `wanted`. Says so as Spark does where there is one token too much.
    pub(super) fn missing(&self, wanted: TokenKind) -> SparkError {
        let position = self.position();
        let hint = if self.kind_at(position + 1) == wanted && !self.at_end() {
            format!(": extra input {}", self.display_token(position))
        } else {
            String::new()
        };
        self.syntax_error_at(position, &hint)
    }

    pub(super) fn missing_keyword(&self, wanted: Keyword) -> SparkError {
        let position = self.position();
        let hint = if self.kind_at(position + 1) == TokenKind::Keyword(wanted) && !self.at_end() {
            format!(": extra input {}", self.display_token(position))
        } else {
            String::new()
        };
        self.syntax_error_at(position, &hint)
    }

    fn display_token(&self, index: usize) -> String {
        if self.kind_at(index) == TokenKind::EndOfInput {
            "end of input".to_owned()
        } else {
            format!("'{}'", self.token_text(index))
        }
    }

    /// An error of the parser whose place begins at token `start` and ends in front of the current token.
    pub(super) fn error_since(&self, condition: &str, start: usize) -> SparkError {
        parse_error(condition, &self.origin_since(start))
    }

    pub(super) fn too_complex(&self) -> SparkError {
        parse_error("FAILED_TO_PARSE_TOO_COMPLEX", &self.origin_of_token(self.position()))
    }
}
