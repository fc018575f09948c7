//! Statements that look after tables: `DROP`, `TRUNCATE`, `ANALYZE`, `REFRESH`, `MSCK REPAIR`, `COMMENT ON`.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::Command;
use crate::ir::routine::RoutineCommand;
use crate::ir::table::{AnalyzedColumns, NamespaceCommand, TableCommand};

impl Parser<'_> {
    /// The statement if the words here begin one of those that look after tables.
    pub(super) fn maintenance(&mut self) -> SparkResult<Option<Command>> {
        let command = if self.are_keywords(&[Keyword::Drop, Keyword::Table]) {
            self.drop_table()?
        } else if self.are_keywords(&[Keyword::Truncate, Keyword::Table]) {
            self.take_many(2);
            let name = self.written_name("TRUNCATE TABLE")?;
            TableCommand::Truncate { name, partition: self.optional_partition()? }
        } else if self.are_keywords(&[Keyword::Analyze, Keyword::Table]) {
            self.analyze_table()?
        } else if self.are_keywords(&[Keyword::Analyze, Keyword::Tables]) {
            self.take_many(2);
            let namespace = match self.accept_any(&[Keyword::From, Keyword::In]) {
                Some(_) => Some(self.written_name("ANALYZE TABLES")?),
                None => None,
            };
            self.expect_keywords(&[Keyword::Compute, Keyword::Statistics])?;
            TableCommand::AnalyzeAll { namespace, no_scan: self.no_scan()? }
        } else if self.are_keywords(&[Keyword::Msck, Keyword::Repair, Keyword::Table]) {
            self.take_many(3);
            self.repair("MSCK REPAIR TABLE")?
        } else if self.are_keywords(&[Keyword::Repair, Keyword::Table]) {
            self.take_many(2);
            self.repair("REPAIR TABLE")?
        } else if self.is_keyword(Keyword::Refresh) && !matches!(self.ahead(1), TokenKind::EndOfInput) {
            return self.refresh().map(Some);
        } else if self.are_keywords(&[Keyword::Comment, Keyword::On]) {
            return self.comment_on().map(Some);
        } else {
            return Ok(None);
        };
        Ok(Some(Command::Table(command)))
    }

    fn drop_table(&mut self) -> SparkResult<TableCommand> {
        self.take_many(2);
        let if_exists = self.accept_keywords(&[Keyword::If, Keyword::Exists]);
        let name = self.written_name("DROP TABLE")?;
        // There is no trash that `PURGE` would pass by.
        self.accept_keyword(Keyword::Purge);
        Ok(TableCommand::Drop { name, if_exists })
    }

    fn analyze_table(&mut self) -> SparkResult<TableCommand> {
        let start = self.position();
        self.take_many(2);
        let name = self.written_name("ANALYZE TABLE")?;
        let partition = self.optional_partition()?;
        self.expect_keywords(&[Keyword::Compute, Keyword::Statistics])?;
        let mut columns = AnalyzedColumns::None;
        let mut no_scan = false;
        if self.accept_keyword(Keyword::For) {
            if self.accept_keyword(Keyword::All) {
                self.expect_keyword(Keyword::Columns)?;
                columns = AnalyzedColumns::All;
            } else {
                self.expect_keyword(Keyword::Columns)?;
                columns = AnalyzedColumns::Named(self.comma_separated(Self::plain_identifier)?);
            }
        } else if self.is_identifier() {
            no_scan = self.no_scan_since(start)?;
        }
        Ok(TableCommand::Analyze { name, partition, no_scan, columns })
    }

    fn no_scan(&mut self) -> SparkResult<bool> {
        if self.is_identifier() { self.no_scan_since(self.position()) } else { Ok(false) }
    }

    /// `NOSCAN`, which is no keyword.
    fn no_scan_since(&mut self, start: usize) -> SparkResult<bool> {
        let word = self.identifier()?;
        if word.eq_ignore_ascii_case("noscan") {
            return Ok(true);
        }
        Err(self.error_since("INVALID_SQL_SYNTAX.ANALYZE_TABLE_UNEXPECTED_NOSCAN", start).param("ctx", word))
    }

    fn repair(&mut self, statement: &str) -> SparkResult<TableCommand> {
        let start = self.position();
        let name = self.written_name(statement)?;
        if self.accept_any(&[Keyword::Add, Keyword::Drop, Keyword::Sync]).is_some() {
            self.expect_keyword(Keyword::Partitions)?;
            let _ = start;
        }
        Ok(TableCommand::Repair { name })
    }

    fn refresh(&mut self) -> SparkResult<Command> {
        self.take();
        if self.is_keyword(Keyword::Table) && self.is_identifier_at(self.position() + 1) {
            self.take();
            return Ok(Command::Table(TableCommand::Refresh(self.written_name("REFRESH TABLE")?)));
        }
        if self.is_keyword(Keyword::Function) && self.is_identifier_at(self.position() + 1) {
            self.take();
            return Ok(Command::Routine(RoutineCommand::RefreshFunction(self.written_name("REFRESH FUNCTION")?)));
        }
        if self.is_string_at(self.position()) {
            return Ok(Command::Table(TableCommand::RefreshPath(self.string_literal()?)));
        }
        let start = self.position();
        while !matches!(self.kind(), TokenKind::Semicolon | TokenKind::EndOfInput) {
            self.take();
        }
        let path = self.text_since(start).to_owned();
        if path.chars().any(char::is_whitespace) {
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0064", start).param(
                "msg",
                "REFRESH statements cannot contain ' ', '\\n', '\\r', '\\t' inside unquoted resource paths",
            ));
        }
        Ok(Command::Table(TableCommand::RefreshPath(path)))
    }

    /// `COMMENT ON {TABLE | DATABASE} name IS {'…' | NULL}`
    fn comment_on(&mut self) -> SparkResult<Command> {
        let start = self.position();
        self.take_many(2);
        let kind = self.accept_any(&[Keyword::Table, Keyword::Database, Keyword::Schema, Keyword::Namespace]);
        let Some(kind) = kind else { return Err(self.unbuilt("COMMENT ON of this kind", start)) };
        let name = self.written_name("COMMENT ON")?;
        self.expect_keyword(Keyword::Is)?;
        let comment = if self.accept_keyword(Keyword::Null) { None } else { Some(self.string_literal()?) };
        Ok(match kind {
            Keyword::Table => Command::Table(TableCommand::Comment { name, comment }),
            _ => Command::Namespace(NamespaceCommand::Comment { name, comment }),
        })
    }
}
