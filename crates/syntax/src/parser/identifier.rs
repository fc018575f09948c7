//! Identifiers: plain and quoted, of one and of several parts.

use firesteel_base::{SparkError, SparkResult};

use super::cursor::Parser;
use super::keywords::Keyword;
use super::string_literal::unquote_identifier;
use super::token::TokenKind;
use crate::ir::{Expression, ExpressionKind, Literal};

/// A table's or routine's name as it was given.
pub(super) enum NameReference {
    Parts(Vec<String>),
    /// `IDENTIFIER(expression)`
    Computed(Expression),
}

impl Parser<'_> {
    pub(super) fn enforces_reserved(&self) -> bool {
        self.options.ansi && self.options.enforce_reserved_keywords
    }

    pub(super) fn has_double_quoted_identifiers(&self) -> bool {
        self.options.ansi && self.options.double_quoted_identifiers
    }

    /// Whether the token at `index` may be an identifier.
    pub(super) fn is_identifier_at(&self, index: usize) -> bool {
        match self.kind_at(index) {
            TokenKind::Word | TokenKind::Quoted => true,
            TokenKind::DoubleQuoted => self.has_double_quoted_identifiers(),
            TokenKind::Keyword(keyword) => keyword.is_identifier(self.enforces_reserved()),
            _ => false,
        }
    }

    pub(super) fn is_identifier(&self) -> bool {
        self.is_identifier_at(self.position())
    }

    /// Whether the token at `index` may be an identifier where the words of joins may not.
    pub(super) fn is_strict_identifier_at(&self, index: usize) -> bool {
        match self.kind_at(index) {
            TokenKind::Keyword(keyword) => keyword.is_strict_identifier(self.enforces_reserved()),
            _ => self.is_identifier_at(index),
        }
    }

    /// `IDENTIFIER('…')` with a string in it, which stands for a name.
    fn is_identifier_clause_at(&self, index: usize) -> bool {
        !self.options.legacy_identifier_clause
            && self.is_keyword_at(index, Keyword::Identifier)
            && self.kind_at(index + 1) == TokenKind::LeftParen
            && self.is_string_at(index + 2)
            && self.closing_of(index + 1).is_some_and(|close| (index + 3..close).all(|inner| self.is_string_at(inner)))
    }

    pub(super) fn identifier(&mut self) -> SparkResult<String> {
        if self.is_identifier_clause_at(self.position()) {
            return self.identifier_clause_part();
        }
        self.simple_identifier()
    }

    /// The index behind the one part of a name that begins at `index`.
    pub(super) fn name_part_end(&self, index: usize) -> usize {
        let clause = if self.is_identifier_clause_at(index) { self.closing_of(index + 1) } else { None };
        clause.unwrap_or(index) + 1
    }

    /// An identifier for which `IDENTIFIER('…')` may not stand.
    pub(super) fn simple_identifier(&mut self) -> SparkResult<String> {
        if !self.is_identifier() {
            return Err(self.syntax_error());
        }
        let index = self.take();
        self.identifier_text(index)
    }

    /// A name in `IDENTIFIER('…')` where only one part may stand.
    fn identifier_clause_part(&mut self) -> SparkResult<String> {
        let start = self.position();
        let mut parts = self.identifier_clause()?;
        match (parts.pop(), parts.is_empty()) {
            (Some(part), true) => Ok(part),
            (last, _) => {
                parts.extend(last);
                let name: Vec<String> = parts.iter().map(|part| format!("`{}`", part.replace('`', "``"))).collect();
                Err(self
                    .error_since("IDENTIFIER_TOO_MANY_NAME_PARTS", start)
                    .param("identifier", name.join("."))
                    .param("limit", "1"))
            }
        }
    }

    /// The parts of the name in `IDENTIFIER('…')`.
    fn identifier_clause(&mut self) -> SparkResult<Vec<String>> {
        self.expect_keyword(Keyword::Identifier)?;
        self.expect(TokenKind::LeftParen)?;
        let text = self.string_literal()?;
        self.expect(TokenKind::RightParen)?;
        super::parse_multipart_identifier(&text, self.options)
    }

    /// The name that the token spells.
    pub(super) fn identifier_text(&self, index: usize) -> SparkResult<String> {
        let text = self.token_text(index);
        match self.kind_at(index) {
            TokenKind::Quoted => Ok(unquote_identifier(text, '`')),
            TokenKind::DoubleQuoted => Ok(unquote_identifier(text, '"')),
            _ if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => Ok(text.to_owned()),
            _ => Err(self.invalid_identifier(text, index, index)),
        }
    }

    fn invalid_identifier(&self, text: &str, start: usize, stop: usize) -> SparkError {
        super::error::parse_error("INVALID_IDENTIFIER", &self.origin_between(start, stop)).param("ident", text)
    }

    /// An identifier behind which no expression goes on: `a-b` is refused by name.
    pub(super) fn plain_identifier(&mut self) -> SparkResult<String> {
        let start = self.position();
        let name = self.identifier()?;
        self.refuse_dashes(start)?;
        Ok(name)
    }

    fn refuse_dashes(&mut self, start: usize) -> SparkResult<()> {
        let mut stop = None;
        while self.is(TokenKind::Minus) && self.is_identifier_at(self.position() + 1) {
            self.take();
            stop = Some(self.take());
        }
        match stop {
            Some(stop) => {
                let text: String = (start..=stop).map(|index| self.token_text(index)).collect();
                Err(self.invalid_identifier(&text, start, stop))
            }
            None => Ok(()),
        }
    }

    /// An identifier that is no word of a join.
    pub(super) fn strict_identifier(&mut self) -> SparkResult<String> {
        if self.is_strict_identifier_at(self.position()) { self.identifier() } else { Err(self.syntax_error()) }
    }

    /// `a.b.c`
    pub(super) fn multipart_identifier(&mut self) -> SparkResult<Vec<String>> {
        let mut parts = self.name_part()?;
        while self.accept(TokenKind::Dot) {
            parts.extend(self.name_part()?);
        }
        Ok(parts)
    }

    /// One part of a name, or the parts in `IDENTIFIER('…')`.
    fn name_part(&mut self) -> SparkResult<Vec<String>> {
        if self.is_identifier_clause_at(self.position()) {
            return self.identifier_clause();
        }
        Ok(vec![self.plain_identifier()?])
    }

    /// `a` or `a.b`
    pub(super) fn table_identifier(&mut self) -> SparkResult<Vec<String>> {
        let mut parts = vec![self.plain_identifier()?];
        if self.accept(TokenKind::Dot) {
            parts.push(self.plain_identifier()?);
        }
        Ok(parts)
    }

    /// `a.b.c` without the check for dashes, as function names are written.
    pub(super) fn qualified_name(&mut self) -> SparkResult<Vec<String>> {
        let mut parts = vec![self.identifier()?];
        while self.is(TokenKind::Dot) && self.is_identifier_at(self.position() + 1) {
            self.take();
            parts.push(self.identifier()?);
        }
        Ok(parts)
    }

    /// `(a, b, c)`
    pub(super) fn identifier_list(&mut self) -> SparkResult<Vec<String>> {
        self.parenthesized(Self::plain_identifier)
    }

    /// A name, or `IDENTIFIER(expression)`.
    pub(super) fn name_reference(&mut self) -> SparkResult<NameReference> {
        let is_computed = self.is_keyword(Keyword::Identifier)
            && self.ahead(1) == TokenKind::LeftParen
            && !self.is_identifier_clause_at(self.position());
        if !is_computed {
            return self.multipart_identifier().map(NameReference::Parts);
        }
        self.take_many(2);
        let name = self.expression()?;
        self.expect(TokenKind::RightParen)?;
        match constant_text(&name) {
            Some(text) => super::parse_multipart_identifier(&text, self.options).map(NameReference::Parts),
            None => Ok(NameReference::Computed(name)),
        }
    }

    /// The name of an object of a command. Where it is computed, a placeholder: the command is read again when the
    /// name is known (`Parser::with_computed_names`).
    pub(super) fn written_name(&mut self, _statement: &str) -> SparkResult<Vec<String>> {
        let start = self.position();
        match self.name_reference()? {
            NameReference::Parts(parts) => Ok(parts),
            NameReference::Computed(name) => {
                self.note_computed_name(start, name);
                Ok(vec!["?".to_owned()])
            }
        }
    }
}

/// The text that a string literal, or several of them put together, gives.
fn constant_text(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Literal(Literal::String(text)) => Some(text.to_string()),
        ExpressionKind::Function(call) if call.name == ["concat"] => call.arguments.iter().map(constant_text).collect(),
        _ => None,
    }
}
