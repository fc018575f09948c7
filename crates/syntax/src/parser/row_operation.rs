//! `DELETE`, `UPDATE`, `MERGE INTO` and `LOAD DATA`, which change rows that a table has, and `CALL`.
//!
//! No table of the session catalog takes the first three: all of the statement is read, its table's name is kept.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::Command;
use crate::ir::command::ProcedureCommand;
use crate::ir::table::TableCommand;

/// The clauses of `MERGE`, in the order in which they stand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum MergeClause {
    Matched,
    NotMatched,
    NotMatchedBySource,
}

impl MergeClause {
    /// The condition of a clause without one of its own that is not the last of its kind.
    fn without_condition(self) -> &'static str {
        match self {
            Self::Matched => "NON_LAST_MATCHED_CLAUSE_OMIT_CONDITION",
            Self::NotMatched => "NON_LAST_NOT_MATCHED_BY_TARGET_CLAUSE_OMIT_CONDITION",
            Self::NotMatchedBySource => "NON_LAST_NOT_MATCHED_BY_SOURCE_CLAUSE_OMIT_CONDITION",
        }
    }
}

impl Parser<'_> {
    pub(super) fn is_row_operation(&self) -> bool {
        self.is_keyword(Keyword::Delete)
            || self.is_keyword(Keyword::Update) && self.is_identifier_at(self.position() + 1)
            || self.are_keywords(&[Keyword::Merge, Keyword::Into])
            || self.are_keywords(&[Keyword::Merge, Keyword::With])
    }

    pub(super) fn row_operation(&mut self) -> SparkResult<Command> {
        match self.keyword() {
            Some(Keyword::Delete) => self.delete(),
            Some(Keyword::Update) => self.update(),
            Some(Keyword::Merge) => self.merge(),
            _ => Err(self.syntax_error()),
        }
    }

    /// `DELETE FROM table [AS name] [WHERE condition]`
    fn delete(&mut self) -> SparkResult<Command> {
        self.take();
        if !self.is_keyword(Keyword::From) && self.is_identifier() {
            return Err(self.syntax_error_at(self.position(), ": missing 'FROM'"));
        }
        self.expect_keyword(Keyword::From)?;
        let name = self.written_name("DELETE")?;
        self.table_alias()?;
        self.where_condition()?;
        Ok(Command::Table(TableCommand::RowOperation { name, operation: "DELETE" }))
    }

    /// `UPDATE table [AS name] SET column = value, … [WHERE condition]`
    fn update(&mut self) -> SparkResult<Command> {
        self.take();
        let name = self.written_name("UPDATE TABLE")?;
        if !self.is_keyword(Keyword::Set) {
            self.table_alias()?;
        }
        self.assignments()?;
        self.where_condition()?;
        Ok(Command::Table(TableCommand::RowOperation { name, operation: "UPDATE TABLE" }))
    }

    fn where_condition(&mut self) -> SparkResult<()> {
        if self.accept_keyword(Keyword::Where) {
            self.expression()?;
        }
        Ok(())
    }

    /// `SET column = value, …`
    fn assignments(&mut self) -> SparkResult<()> {
        self.expect_keyword(Keyword::Set)?;
        self.comma_separated(|parser| {
            parser.multipart_identifier()?;
            parser.expect(TokenKind::Equal)?;
            parser.expression().map(drop)
        })?;
        Ok(())
    }

    /// `MERGE [WITH SCHEMA EVOLUTION] INTO table USING source ON condition WHEN …`
    fn merge(&mut self) -> SparkResult<Command> {
        let start = self.take();
        self.accept_keywords(&[Keyword::With, Keyword::Schema, Keyword::Evolution]);
        self.expect_keyword(Keyword::Into)?;
        let name = self.written_name("MERGE INTO TABLE")?;
        self.table_alias()?;
        self.expect_keyword(Keyword::Using)?;
        if self.is(TokenKind::LeftParen) {
            self.parenthesized_query()?;
        } else {
            self.written_name("MERGE INTO TABLE")?;
        }
        self.table_alias()?;
        self.expect_keyword(Keyword::On)?;
        self.expression()?;
        let mut clauses: Vec<(MergeClause, bool)> = Vec::new();
        while self.is_keyword(Keyword::When) {
            clauses.push(self.merge_clause(clauses.last().map(|(clause, _)| *clause))?);
        }
        if clauses.is_empty() {
            return Err(self.error_since("MERGE_WITHOUT_WHEN", start));
        }
        let follows = clauses.iter().zip(clauses.iter().skip(1));
        for ((clause, has_condition), (next, _)) in follows {
            if clause == next && !has_condition {
                return Err(self.error_since(clause.without_condition(), start));
            }
        }
        Ok(Command::Table(TableCommand::RowOperation { name, operation: "MERGE INTO TABLE" }))
    }

    /// Which clause stands here, and whether it has a condition of its own.
    fn merge_clause(&mut self, before: Option<MergeClause>) -> SparkResult<(MergeClause, bool)> {
        self.take();
        let is_not = self.accept_keyword(Keyword::Not);
        self.expect_keyword(Keyword::Matched)?;
        let mut clause = if is_not { MergeClause::NotMatched } else { MergeClause::Matched };
        let mut kind = self.position();
        if is_not && self.accept_keyword(Keyword::By) {
            kind = self.position();
            match self.accept_any(&[Keyword::Source, Keyword::Target]) {
                Some(Keyword::Source) => clause = MergeClause::NotMatchedBySource,
                Some(_) => {}
                None => return Err(self.syntax_error()),
            }
        }
        if before.is_some_and(|before| clause < before) {
            return Err(self.syntax_error_at(kind, ""));
        }
        let has_condition = self.accept_keyword(Keyword::And);
        if has_condition {
            self.expression()?;
        }
        self.expect_keyword(Keyword::Then)?;
        self.merge_action(clause)?;
        Ok((clause, has_condition))
    }

    fn merge_action(&mut self, clause: MergeClause) -> SparkResult<()> {
        if clause == MergeClause::NotMatched {
            self.expect_keyword(Keyword::Insert)?;
            if self.accept(TokenKind::Star) {
                return Ok(());
            }
            self.parenthesized(Self::multipart_identifier)?;
            self.expect_keyword(Keyword::Values)?;
            return self.parenthesized(Self::expression).map(drop);
        }
        if self.accept_keyword(Keyword::Delete) {
            return Ok(());
        }
        self.expect_keyword(Keyword::Update)?;
        if clause == MergeClause::Matched && self.is_keyword(Keyword::Set) && self.ahead(1) == TokenKind::Star {
            self.take_many(2);
            return Ok(());
        }
        self.assignments()
    }

    /// `LOAD DATA [LOCAL] INPATH 'path' [OVERWRITE] INTO TABLE name [PARTITION (…)]`
    pub(super) fn load_data(&mut self) -> SparkResult<Command> {
        self.take_many(2);
        self.accept_keyword(Keyword::Local);
        self.expect_keyword(Keyword::Inpath)?;
        self.string_literal()?;
        self.accept_keyword(Keyword::Overwrite);
        self.expect_keywords(&[Keyword::Into, Keyword::Table])?;
        let start = self.position();
        let name = self.written_name("LOAD DATA")?;
        let origin = self.origin_since(start);
        self.optional_partition()?;
        Ok(Command::Table(TableCommand::Load { name, origin }))
    }

    /// `CALL name(argument, …)`
    pub(super) fn call_procedure(&mut self) -> SparkResult<Command> {
        let start = self.take();
        let name = self.written_name("CALL")?;
        self.expect(TokenKind::LeftParen)?;
        if !self.accept(TokenKind::RightParen) {
            self.comma_separated(|parser| {
                if parser.is_identifier() && parser.ahead(1) == TokenKind::FatArrow {
                    parser.take_many(2);
                }
                parser.expression().map(drop)
            })?;
            self.expect(TokenKind::RightParen)?;
        }
        Ok(Command::Procedure(ProcedureCommand::Named { name, origin: self.origin_since(start) }))
    }
}
