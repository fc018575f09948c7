//! `SHOW` and `DESCRIBE`.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::error::parse_error;
use super::keywords::Keyword;
use super::token::TokenKind;
use super::{ParserOptions, parse_query};
use crate::ir::command::{FunctionScope, ProcedureCommand};
use crate::ir::table::{NamespaceCommand, TableCommand};
use crate::ir::{Command, Relation};

impl Parser<'_> {
    pub(super) fn show(&mut self) -> SparkResult<Command> {
        let start = self.take();
        match self.keyword() {
            Some(Keyword::Tables) => {
                self.take();
                let namespace = self.in_namespace("SHOW TABLES")?;
                Ok(Command::ShowTables { namespace, pattern: self.pattern()? })
            }
            Some(Keyword::Views) => {
                self.take();
                let namespace = self.in_namespace("SHOW VIEWS")?;
                Ok(Command::ShowViews { namespace, pattern: self.pattern()? })
            }
            Some(Keyword::Columns) => self.show_columns(),
            Some(Keyword::Functions) => self.show_functions(FunctionScope::All),
            _ if self.is_identifier() && self.is_keyword_ahead(1, Keyword::Functions) => {
                let scope = self.identifier()?;
                let scope = match scope.to_lowercase().as_str() {
                    "all" => FunctionScope::All,
                    "user" => FunctionScope::User,
                    "system" => FunctionScope::System,
                    _ => {
                        self.take();
                        return Err(self
                            .error_since("INVALID_SQL_SYNTAX.SHOW_FUNCTIONS_INVALID_SCOPE", start)
                            .param("scope", format!("`{scope}`")));
                    }
                };
                self.show_functions(scope)
            }
            _ => match self.show_objects()? {
                Some(command) => Ok(command),
                None if self.is_keyword(Keyword::Procedures) => self.show_procedures(),
                None => Err(self.syntax_error()),
            },
        }
    }

    /// `SHOW` of databases, and of what is known of a table.
    fn show_objects(&mut self) -> SparkResult<Option<Command>> {
        let command = match self.keyword() {
            Some(Keyword::Databases | Keyword::Schemas | Keyword::Namespaces) => {
                self.take();
                let parent = self.in_namespace("SHOW NAMESPACES")?;
                Command::Namespace(NamespaceCommand::Show { parent, pattern: self.pattern()? })
            }
            Some(Keyword::Catalogs) => {
                self.take();
                Command::Namespace(NamespaceCommand::ShowCatalogs { pattern: self.pattern()? })
            }
            Some(Keyword::Current)
                if matches!(
                    self.ahead(1),
                    TokenKind::Keyword(Keyword::Namespace | Keyword::Database | Keyword::Schema)
                ) =>
            {
                self.take_many(2);
                Command::Namespace(NamespaceCommand::ShowCurrent)
            }
            Some(Keyword::Table) if self.is_keyword_ahead(1, Keyword::Extended) => {
                self.take_many(2);
                let namespace = self.in_namespace("SHOW TABLE EXTENDED")?;
                self.expect_keyword(Keyword::Like)?;
                let pattern = self.string_literal()?;
                let partition = self.optional_partition()?;
                Command::Table(TableCommand::ShowExtended { namespace, pattern, partition })
            }
            Some(Keyword::Tblproperties) => {
                self.take();
                let name = self.written_name("SHOW TBLPROPERTIES")?;
                let key = if self.is(TokenKind::LeftParen) { self.property_keys()?.pop() } else { None };
                Command::Table(TableCommand::ShowProperties { name, key })
            }
            Some(Keyword::Partitions) => {
                self.take();
                let name = self.written_name("SHOW PARTITIONS")?;
                Command::Table(TableCommand::ShowPartitions { name, partition: self.optional_partition()? })
            }
            Some(Keyword::Create) if self.is_keyword_ahead(1, Keyword::Table) => {
                self.take_many(2);
                let name = self.written_name("SHOW CREATE TABLE")?;
                let as_serde = self.accept_keywords(&[Keyword::As, Keyword::Serde]);
                Command::Table(TableCommand::ShowCreate { name, as_serde })
            }
            _ => return Ok(None),
        };
        Ok(Some(command))
    }

    fn show_procedures(&mut self) -> SparkResult<Command> {
        self.take();
        self.in_namespace("SHOW PROCEDURES")?;
        Ok(Command::Procedure(ProcedureCommand::Show))
    }

    /// `FROM name` or `IN name`
    fn in_namespace(&mut self, statement: &str) -> SparkResult<Option<Vec<String>>> {
        match self.accept_any(&[Keyword::From, Keyword::In]) {
            Some(_) => self.written_name(statement).map(Some),
            None => Ok(None),
        }
    }

    /// `[LIKE] 'pattern'`
    fn pattern(&mut self) -> SparkResult<Option<String>> {
        if self.accept_keyword(Keyword::Like) || self.is_string_at(self.position()) {
            return self.string_literal().map(Some);
        }
        Ok(None)
    }

    /// `SHOW COLLATIONS [LIKE 'pattern']`: a query of the function that lists them.
    pub(super) fn show_collations(&mut self) -> SparkResult<Relation> {
        const LISTED: &str = "SELECT NAME, LANGUAGE, COUNTRY, ACCENT_SENSITIVITY, CASE_SENSITIVITY, PAD_ATTRIBUTE, \
                              ICU_VERSION FROM system.builtin.collations()";
        self.take_many(2);
        let query = match self.pattern()? {
            None => LISTED.to_owned(),
            Some(pattern) => {
                let choices: Vec<_> = pattern.split('|').map(|choice| choice.trim().replace('*', ".*")).collect();
                let expression = choices.join("|").replace('\\', "\\\\").replace('\'', "\\'");
                format!("{LISTED} WHERE NAME RLIKE '(?i)^(?:{expression})$'")
            }
        };
        parse_query(&query, &ParserOptions::default())
    }

    fn show_columns(&mut self) -> SparkResult<Command> {
        self.take();
        let table = self.in_namespace("SHOW COLUMNS")?.ok_or_else(|| self.syntax_error())?;
        let namespace = self.in_namespace("SHOW COLUMNS")?;
        Ok(Command::ShowColumns { table, namespace })
    }

    fn show_functions(&mut self, scope: FunctionScope) -> SparkResult<Command> {
        self.take();
        let namespace = self.in_namespace("SHOW FUNCTIONS")?;
        let has_like = self.accept_keyword(Keyword::Like);
        let pattern = if self.is_string_at(self.position()) {
            Some(self.string_literal()?)
        } else if has_like || self.is_identifier() {
            Some(self.multipart_identifier()?.join("."))
        } else {
            None
        };
        Ok(Command::ShowFunctions { pattern, scope, namespace })
    }

    pub(super) fn describe(&mut self) -> SparkResult<Command> {
        let start = self.take();
        let is_end = |index: usize| matches!(self.kind_at(index), TokenKind::EndOfInput | TokenKind::Semicolon);
        let has_more = !is_end(start + 2);
        match self.keyword() {
            Some(Keyword::Function) if has_more => return self.describe_function(),
            Some(Keyword::Procedure) if self.is_identifier_at(start + 2) => {
                self.take();
                let name = self.written_name("DESCRIBE PROCEDURE")?;
                let origin = self.origin_since(start);
                return Ok(Command::Procedure(ProcedureCommand::Named { name, origin }));
            }
            Some(Keyword::Database | Keyword::Schema | Keyword::Namespace) if self.is_identifier_at(start + 2) => {
                return self.describe_namespace();
            }
            Some(Keyword::Query) if self.starts_query_at(start + 2) || self.encloses_query_at(start + 2) => {
                self.take();
                return self.query().map(|query| Command::DescribeQuery(Box::new(query)));
            }
            _ if self.is(TokenKind::LeftParen) || self.is_described_query() => {
                return self.query().map(|query| Command::DescribeQuery(Box::new(query)));
            }
            _ => {}
        }
        self.describe_table(start)
    }

    /// A query right behind `DESCRIBE`; `DESCRIBE TABLE name` is about the table.
    fn is_described_query(&self) -> bool {
        !self.is_keyword(Keyword::Table) && self.starts_query_at(self.position())
    }

    fn describe_function(&mut self) -> SparkResult<Command> {
        self.take();
        let extended = self.is_keyword(Keyword::Extended)
            && !matches!(self.ahead(1), TokenKind::EndOfInput | TokenKind::Semicolon | TokenKind::Dot);
        if extended {
            self.take();
        }
        let name = if self.is_string_at(self.position()) {
            vec![self.string_literal()?]
        } else if self.is_identifier() {
            self.written_name("DESCRIBE FUNCTION")?
        } else {
            let start = self.take();
            // `>>` and `>>>` are several tokens.
            while self.is(TokenKind::Greater) {
                self.take();
            }
            vec![self.text_since(start).to_owned()]
        };
        Ok(Command::DescribeFunction { name, extended })
    }

    fn describe_table(&mut self, start: usize) -> SparkResult<Command> {
        if self.is_keyword(Keyword::Table) && self.is_identifier_at(self.position() + 1) {
            self.take();
        }
        let extended = matches!(self.keyword(), Some(Keyword::Extended | Keyword::Formatted))
            && self.is_identifier_at(self.position() + 1);
        if extended {
            self.take();
        }
        let name = self.written_name("DESCRIBE TABLE")?;
        let partition = self.optional_partition()?;
        let as_json = self.accept_keywords(&[Keyword::As, Keyword::Json]);
        if as_json && !extended {
            return Err(
                parse_error("DESCRIBE_JSON_NOT_EXTENDED", &self.origin_since(start)).param("tableName", name.join("."))
            );
        }
        if !as_json && partition.is_none() && self.is_identifier() {
            let column = self.multipart_identifier()?;
            if self.accept_keywords(&[Keyword::As, Keyword::Json]) {
                return Err(parse_error("UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_JSON", &self.origin_since(start)));
            }
            return Ok(Command::Table(TableCommand::DescribeColumn { name, column, extended }));
        }
        Ok(Command::Table(TableCommand::Describe { name, extended, partition, as_json }))
    }
}
