//! The parser's place in the tokens: looking, taking, and the spans of what was taken.

use std::sync::Arc;

use firesteel_base::{Origin, SparkError, SparkResult};

use super::keywords::Keyword;
use super::lexer::tokenize;
use super::scripting::ScriptScope;
use super::token::{Token, TokenKind};
use super::{MAX_NESTING, ParserOptions};
use crate::ir::routine::{ComputedStatement, RoutineCommand};
use crate::ir::{Command, Expression, Statement};

/// The stack is enlarged by so much when less than the first is left.
const STACK_LEFT_BYTES: usize = 128 << 10;
const STACK_MORE_BYTES: usize = 2 << 20;

pub(super) struct Parser<'a> {
    text: Arc<str>,
    tokens: Vec<Token>,
    position: usize,
    depth: usize,
    /// How many expressions that may have an alias are around.
    pub(super) named_depth: usize,
    /// Clauses `IDENTIFIER(expression)` that stand for names of a command's objects.
    computed_names: Vec<(std::ops::Range<usize>, Expression)>,
    pub(super) script: ScriptScope,
    /// What is wrong beside the syntax, and is told only where the syntax is right.
    deferred: Option<SparkError>,
    pub(super) options: &'a ParserOptions,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &str, options: &'a ParserOptions) -> SparkResult<Self> {
        if text.trim().is_empty() {
            return Err(Self::empty_statement());
        }
        Ok(Self {
            text: Arc::from(text),
            tokens: tokenize(text)?,
            position: 0,
            depth: 0,
            named_depth: 0,
            computed_names: Vec::new(),
            script: ScriptScope::default(),
            deferred: None,
            options,
        })
    }

    /// Keeps the expression of the clause that begins at token `start` and ends in front of the current one.
    pub(super) fn note_computed_name(&mut self, start: usize, name: Expression) {
        let last = self.token_at(self.position.saturating_sub(1).max(start));
        self.computed_names.push((self.token_at(start).start..last.end, name));
    }

    /// The statement, or where it names things by expressions, what computes them first.
    pub(super) fn with_computed_names(&mut self, statement: Statement, start: usize) -> Statement {
        if self.computed_names.is_empty() {
            return statement;
        }
        // A statement of a script is read again without what stands around it.
        let first = self.token_at(start).start;
        let mut names = std::mem::take(&mut self.computed_names);
        for (place, _) in &mut names {
            *place = place.start.saturating_sub(first)..place.end.saturating_sub(first);
        }
        let computed = ComputedStatement { text: Arc::from(self.text_since(start)), names };
        Statement::Command(Command::Routine(RoutineCommand::Computed(Box::new(computed))))
    }

    /// Keeps an error that only counts if the syntax of all that follows is right.
    pub(super) fn defer(&mut self, error: SparkError) {
        self.deferred.get_or_insert(error);
    }

    /// What came of reading the text to its end.
    pub(super) fn finished<T>(self, outcome: SparkResult<T>) -> SparkResult<T> {
        match (self.deferred, outcome) {
            (Some(deferred), Ok(_)) => Err(deferred),
            (Some(deferred), Err(error)) if error.condition() != "PARSE_SYNTAX_ERROR" => Err(deferred),
            (_, outcome) => outcome,
        }
    }

    pub(super) fn text(&self) -> &Arc<str> {
        &self.text
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// The token at `index`; behind the end it is the end.
    pub(super) fn token_at(&self, index: usize) -> Token {
        const END: Token = Token { kind: TokenKind::EndOfInput, start: 0, end: 0, first: 0, last: 0, link: usize::MAX };
        self.tokens.get(index).or(self.tokens.last()).copied().unwrap_or(END)
    }

    pub(super) fn kind_at(&self, index: usize) -> TokenKind {
        self.token_at(index).kind
    }

    /// The kind of the current token.
    pub(super) fn kind(&self) -> TokenKind {
        self.kind_at(self.position)
    }

    /// The kind of the token `distance` behind the current one.
    pub(super) fn ahead(&self, distance: usize) -> TokenKind {
        self.kind_at(self.position.saturating_add(distance))
    }

    pub(super) fn token_text(&self, index: usize) -> &str {
        let token = self.token_at(index);
        self.text.get(token.start..token.end).unwrap_or("")
    }

    pub(super) fn at_end(&self) -> bool {
        self.kind() == TokenKind::EndOfInput
    }

    pub(super) fn is(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    pub(super) fn is_keyword(&self, keyword: Keyword) -> bool {
        self.kind() == TokenKind::Keyword(keyword)
    }

    pub(super) fn is_keyword_at(&self, index: usize, keyword: Keyword) -> bool {
        self.kind_at(index) == TokenKind::Keyword(keyword)
    }

    pub(super) fn is_keyword_ahead(&self, distance: usize, keyword: Keyword) -> bool {
        self.ahead(distance) == TokenKind::Keyword(keyword)
    }

    /// Whether the current tokens are these keywords.
    pub(super) fn are_keywords(&self, keywords: &[Keyword]) -> bool {
        keywords.iter().enumerate().all(|(distance, keyword)| self.is_keyword_ahead(distance, *keyword))
    }

    /// The current token if it is a keyword.
    pub(super) fn keyword(&self) -> Option<Keyword> {
        match self.kind() {
            TokenKind::Keyword(keyword) => Some(keyword),
            _ => None,
        }
    }

    /// Takes the current token; the end stays where it is.
    pub(super) fn take(&mut self) -> usize {
        let index = self.position;
        if self.position + 1 < self.tokens.len() {
            self.position += 1;
        }
        index
    }

    pub(super) fn take_many(&mut self, count: usize) {
        for _ in 0..count {
            self.take();
        }
    }

    pub(super) fn accept(&mut self, kind: TokenKind) -> bool {
        let found = self.is(kind);
        if found {
            self.take();
        }
        found
    }

    pub(super) fn accept_keyword(&mut self, keyword: Keyword) -> bool {
        self.accept(TokenKind::Keyword(keyword))
    }

    /// Takes these keywords if all of them stand here.
    pub(super) fn accept_keywords(&mut self, keywords: &[Keyword]) -> bool {
        let found = self.are_keywords(keywords);
        if found {
            self.take_many(keywords.len());
        }
        found
    }

    /// Takes the first of these keywords that stands here.
    pub(super) fn accept_any(&mut self, keywords: &[Keyword]) -> Option<Keyword> {
        let found = self.keyword().filter(|keyword| keywords.contains(keyword));
        if found.is_some() {
            self.take();
        }
        found
    }

    pub(super) fn expect(&mut self, kind: TokenKind) -> SparkResult<usize> {
        if self.is(kind) { Ok(self.take()) } else { Err(self.missing(kind)) }
    }

    pub(super) fn expect_keyword(&mut self, keyword: Keyword) -> SparkResult<usize> {
        if self.is_keyword(keyword) { Ok(self.take()) } else { Err(self.missing_keyword(keyword)) }
    }

    pub(super) fn expect_keywords(&mut self, keywords: &[Keyword]) -> SparkResult<()> {
        keywords.iter().try_for_each(|keyword| self.expect_keyword(*keyword).map(drop))
    }

    pub(super) fn end_of_input(&self) -> SparkResult<()> {
        if self.at_end() { Ok(()) } else { Err(self.missing(TokenKind::EndOfInput)) }
    }

    pub(super) fn skip_semicolons(&mut self) {
        while self.accept(TokenKind::Semicolon) {}
    }

    /// `item, item, …`
    pub(super) fn comma_separated<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> SparkResult<T>,
    ) -> SparkResult<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.accept(TokenKind::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// `(item, item, …)`, with at least one.
    pub(super) fn parenthesized<T>(&mut self, item: impl FnMut(&mut Self) -> SparkResult<T>) -> SparkResult<Vec<T>> {
        self.expect(TokenKind::LeftParen)?;
        let items = self.comma_separated(item)?;
        self.expect(TokenKind::RightParen)?;
        Ok(items)
    }

    /// Runs `parse` one level deeper, or refuses text that nests too deep.
    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> SparkResult<T>) -> SparkResult<T> {
        if self.depth >= MAX_NESTING {
            return Err(self.too_complex());
        }
        self.depth += 1;
        let result = stacker::maybe_grow(STACK_LEFT_BYTES, STACK_MORE_BYTES, || parse(self));
        self.depth -= 1;
        result
    }

    /// The span from token `start` to the last token taken.
    pub(super) fn origin_since(&self, start: usize) -> Origin {
        self.origin_between(start, self.position.saturating_sub(1).max(start))
    }

    /// The span from token `start` to token `stop`, both inclusive.
    pub(super) fn origin_between(&self, start: usize, stop: usize) -> Origin {
        let (first, last) = (self.token_at(start), self.token_at(stop));
        Origin::sql(Arc::clone(&self.text), first.first, last.last)
    }

    pub(super) fn origin_of_token(&self, index: usize) -> Origin {
        self.origin_between(index, index)
    }

    /// The text from token `start` to the last token taken, as it was written.
    pub(super) fn text_since(&self, start: usize) -> &str {
        let last = self.token_at(self.position.saturating_sub(1).max(start));
        self.text.get(self.token_at(start).start..last.end).unwrap_or("")
    }

    /// The index of the parenthesis that closes the one at `index`.
    pub(super) fn closing_of(&self, index: usize) -> Option<usize> {
        let token = self.token_at(index);
        (token.kind == TokenKind::LeftParen && token.link < self.tokens.len()).then_some(token.link)
    }
}
