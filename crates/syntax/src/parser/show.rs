//! `SHOW` and `DESCRIBE`.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::Command;
use crate::ir::command::FunctionScope;

/// The words behind `SHOW`, and the statement's name.
const UNBUILT_SHOW: &[(&[Keyword], &str)] = &[
    (&[Keyword::Databases], "SHOW NAMESPACES"),
    (&[Keyword::Schemas], "SHOW NAMESPACES"),
    (&[Keyword::Namespaces], "SHOW NAMESPACES"),
    (&[Keyword::Table, Keyword::Extended], "SHOW TABLE EXTENDED"),
    (&[Keyword::Tblproperties], "SHOW TBLPROPERTIES"),
    (&[Keyword::Partitions], "SHOW PARTITIONS"),
    (&[Keyword::Create, Keyword::Table], "SHOW CREATE TABLE"),
    (&[Keyword::Current, Keyword::Namespace], "SHOW CURRENT NAMESPACE"),
    (&[Keyword::Current, Keyword::Database], "SHOW CURRENT NAMESPACE"),
    (&[Keyword::Current, Keyword::Schema], "SHOW CURRENT NAMESPACE"),
    (&[Keyword::Current, Keyword::Roles], "SHOW CURRENT ROLES"),
    (&[Keyword::Catalogs], "SHOW CATALOGS"),
    (&[Keyword::Collations], "SHOW COLLATIONS"),
    (&[Keyword::Procedures], "SHOW PROCEDURES"),
    (&[Keyword::Grant], "SHOW GRANT"),
    (&[Keyword::Role], "SHOW ROLE"),
    (&[Keyword::Roles], "SHOW ROLES"),
    (&[Keyword::Principals], "SHOW PRINCIPALS"),
    (&[Keyword::Compactions], "SHOW COMPACTIONS"),
    (&[Keyword::Transactions], "SHOW TRANSACTIONS"),
    (&[Keyword::Indexes], "SHOW INDEXES"),
    (&[Keyword::Locks], "SHOW LOCKS"),
];

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
            _ => match UNBUILT_SHOW.iter().find(|(words, _)| self.are_keywords(words)) {
                Some((_, name)) => Ok(self.unsupported_statement(name)),
                None => Err(self.syntax_error()),
            },
        }
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

    fn show_columns(&mut self) -> SparkResult<Command> {
        self.take();
        let table = self.in_namespace("SHOW COLUMNS")?.ok_or_else(|| self.syntax_error())?;
        let namespace = self.in_namespace("SHOW COLUMNS")?;
        Ok(Command::ShowColumns { table, namespace })
    }

    fn show_functions(&mut self, scope: FunctionScope) -> SparkResult<Command> {
        self.take();
        if matches!(self.keyword(), Some(Keyword::From | Keyword::In)) {
            return Ok(self.unsupported_statement("SHOW FUNCTIONS IN"));
        }
        let has_like = self.accept_keyword(Keyword::Like);
        let pattern = if self.is_string_at(self.position()) {
            Some(self.string_literal()?)
        } else if has_like || self.is_identifier() {
            Some(self.multipart_identifier()?.join("."))
        } else {
            None
        };
        Ok(Command::ShowFunctions { pattern, scope })
    }

    pub(super) fn describe(&mut self) -> SparkResult<Command> {
        let start = self.take();
        let is_end = |index: usize| matches!(self.kind_at(index), TokenKind::EndOfInput | TokenKind::Semicolon);
        let has_more = !is_end(start + 2);
        match self.keyword() {
            Some(Keyword::Function) if has_more => return self.describe_function(),
            Some(Keyword::Procedure) if self.is_identifier_at(start + 2) => {
                return Ok(self.unsupported_statement("DESCRIBE PROCEDURE"));
            }
            Some(Keyword::Database | Keyword::Schema | Keyword::Namespace) if self.is_identifier_at(start + 2) => {
                return Ok(self.unsupported_statement("DESCRIBE NAMESPACE"));
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
        self.describe_table()
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

    fn describe_table(&mut self) -> SparkResult<Command> {
        if self.is_keyword(Keyword::Table) && self.is_identifier_at(self.position() + 1) {
            self.take();
        }
        let extended = matches!(self.keyword(), Some(Keyword::Extended | Keyword::Formatted))
            && self.is_identifier_at(self.position() + 1);
        if extended {
            self.take();
        }
        let name = self.written_name("DESCRIBE TABLE")?;
        let unbuilt = match self.kind() {
            TokenKind::EndOfInput | TokenKind::Semicolon => None,
            TokenKind::Keyword(Keyword::Partition) if self.ahead(1) == TokenKind::LeftParen => {
                Some("DESCRIBE TABLE PARTITION")
            }
            TokenKind::Keyword(Keyword::As) if self.is_keyword_ahead(1, Keyword::Json) => {
                Some("DESCRIBE TABLE AS JSON")
            }
            _ if self.is_identifier() => Some("DESCRIBE COLUMN"),
            _ => return Err(self.syntax_error()),
        };
        match unbuilt {
            Some(statement) => Ok(self.unsupported_statement(statement)),
            None => Ok(Command::DescribeTable { name, extended }),
        }
    }
}
