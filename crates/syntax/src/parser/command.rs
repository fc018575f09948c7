//! Statements: which one stands here, and the commands that are built. All others are known by name.

use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult};
use indexmap::IndexMap;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::command::{CreateView, ExplainMode, ViewScope};
use crate::ir::relation::{DataSource, SchemaText};
use crate::ir::{Command, Relation, RelationKind, Statement};

/// The words a statement begins with, and its name. The first row that fits counts.
const UNBUILT: &[(&[Keyword], &str)] = &[
    (&[Keyword::Create, Keyword::Index], "CREATE INDEX"),
    (&[Keyword::Create, Keyword::Materialized, Keyword::View], "CREATE MATERIALIZED VIEW"),
    (&[Keyword::Create, Keyword::Streaming, Keyword::Table], "CREATE STREAMING TABLE"),
    (&[Keyword::Create, Keyword::Flow], "CREATE FLOW"),
    (&[Keyword::Drop, Keyword::Index], "DROP INDEX"),
];

/// Words that begin statements of Hive which Spark knows by name to refuse them. The first row that fits counts.
const REFUSED: &[&[Keyword]] = &[
    &[Keyword::Create, Keyword::Role],
    &[Keyword::Drop, Keyword::Role],
    &[Keyword::Grant, Keyword::Role],
    &[Keyword::Grant],
    &[Keyword::Revoke, Keyword::Role],
    &[Keyword::Revoke],
    &[Keyword::Show, Keyword::Role, Keyword::Grant],
    &[Keyword::Show, Keyword::Role],
    &[Keyword::Show, Keyword::Grant],
    &[Keyword::Show, Keyword::Principals],
    &[Keyword::Show, Keyword::Roles],
    &[Keyword::Show, Keyword::Current, Keyword::Roles],
    &[Keyword::Show, Keyword::Compactions],
    &[Keyword::Show, Keyword::Transactions],
    &[Keyword::Show, Keyword::Indexes],
    &[Keyword::Show, Keyword::Locks],
    &[Keyword::Set, Keyword::Role],
    &[Keyword::Create, Keyword::Temporary, Keyword::Macro],
    &[Keyword::Drop, Keyword::Temporary, Keyword::Macro],
    &[Keyword::Alter, Keyword::Index],
    &[Keyword::Export, Keyword::Table],
    &[Keyword::Import, Keyword::Table],
    &[Keyword::Lock, Keyword::Table],
    &[Keyword::Lock, Keyword::Database],
    &[Keyword::Unlock, Keyword::Table],
    &[Keyword::Unlock, Keyword::Database],
    &[Keyword::Start, Keyword::Transaction],
    &[Keyword::Commit],
    &[Keyword::Rollback],
    &[Keyword::Dfs],
];

/// Words that begin statements which are built: what is behind them is wrong if none of the statements fits.
const STATEMENT_WORDS: &[Keyword] = &[
    Keyword::Create,
    Keyword::Drop,
    Keyword::Alter,
    Keyword::Insert,
    Keyword::Delete,
    Keyword::Update,
    Keyword::Merge,
    Keyword::Truncate,
    Keyword::Analyze,
    Keyword::Msck,
    Keyword::Repair,
    Keyword::Refresh,
    Keyword::Use,
    Keyword::Execute,
    Keyword::Declare,
    Keyword::Load,
    Keyword::Call,
];

/// Clauses of `CREATE VIEW` between the columns and `AS`.
#[derive(Default)]
struct ViewClauses {
    comment: Option<String>,
    properties: Option<IndexMap<String, String>>,
    schema_mode: Option<String>,
}

impl Parser<'_> {
    pub(super) fn statement(&mut self) -> SparkResult<Statement> {
        self.refuse_by_name()?;
        match self.keyword() {
            Some(Keyword::Set) => self.set_statement().map(Statement::Command),
            Some(Keyword::Reset) => self.reset_statement().map(Statement::Command),
            Some(Keyword::Explain) => self.explain(),
            Some(Keyword::Describe | Keyword::Desc) => self.describe().map(Statement::Command),
            Some(Keyword::Show) if self.is_keyword_ahead(1, Keyword::Collations) => {
                self.show_collations().map(Statement::Query)
            }
            Some(Keyword::Show) => self.show().map(Statement::Command),
            Some(Keyword::Create) if self.is_create_view() => self.create_view().map(Statement::Command),
            Some(Keyword::Drop) if self.is_keyword_ahead(1, Keyword::View) => self.drop_view().map(Statement::Command),
            _ if self.is_cache_statement() => self.cache_statement().map(Statement::Command),
            Some(Keyword::Add | Keyword::List) if self.is_identifier_at(self.position() + 1) => {
                self.resource_statement().map(Statement::Command)
            }
            _ if self.is_cursor_statement() => Err(self.unbuilt_cursor(self.position())),
            Some(Keyword::With) if self.is_written_with() => self.insert_with().map(Statement::Command),
            Some(Keyword::Use) if self.is_identifier_at(self.position() + 1) => {
                self.use_statement().map(Statement::Command)
            }
            _ => match self.built_statement()? {
                Some(command) => Ok(Statement::Command(command)),
                None => self.other_statement(),
            },
        }
    }

    /// Refuses the statements that Spark refuses, whatever they say.
    fn refuse_by_name(&mut self) -> SparkResult<()> {
        let Some(words) = REFUSED.iter().find(|words| self.are_keywords(words)) else { return Ok(()) };
        let start = self.position();
        let name: Vec<&str> = words.iter().map(|word| word.spelling()).collect();
        self.skip_statement();
        Err(self.error_since("INVALID_STATEMENT_OR_CLAUSE", start).param("operation", name.join(" ")))
    }

    /// `ADD JAR …`, `LIST FILES` and so on.
    fn resource_statement(&mut self) -> SparkResult<Command> {
        let start = self.position();
        let action = self.token_text(start).to_uppercase();
        let kind = self.token_text(start + 1).to_lowercase();
        self.skip_statement();
        if matches!(kind.as_str(), "jar" | "jars" | "file" | "files" | "archive" | "archives") {
            return Ok(Command::Unsupported { statement: format!("{action} {}", kind.to_uppercase()) });
        }
        let message = format!("{action} with resource type '{kind}'");
        Err(self.error_since("_LEGACY_ERROR_TEMP_0035", start).param("message", message))
    }

    /// Passes over all that is left of the statement.
    fn skip_statement(&mut self) {
        while !matches!(self.kind(), TokenKind::Semicolon | TokenKind::EndOfInput) {
            self.take();
        }
    }

    /// The statements about databases, tables and routines.
    fn built_statement(&mut self) -> SparkResult<Option<Command>> {
        if self.is_create_table() {
            return self.create_table().map(Some);
        }
        if self.is_alter_table() {
            return self.alter_table().map(Some);
        }
        if self.is_namespace_statement() {
            return self.namespace_statement().map(Some);
        }
        if self.is_insert() {
            return self.insert().map(Some);
        }
        if self.is_many_inserts() {
            return self.many_inserts().map(Some);
        }
        if self.is_row_operation() {
            return self.row_operation().map(Some);
        }
        if self.are_keywords(&[Keyword::Load, Keyword::Data]) {
            return self.load_data().map(Some);
        }
        if self.is_keyword(Keyword::Call) {
            return self.call_procedure().map(Some);
        }
        match self.maintenance()? {
            Some(command) => Ok(Some(command)),
            None => self.routine_statement(),
        }
    }

    /// A statement that is known by name only, or a query.
    fn other_statement(&mut self) -> SparkResult<Statement> {
        match UNBUILT.iter().find(|(words, _)| self.are_keywords(words)) {
            Some((_, name)) => Ok(Statement::Command(self.unsupported_statement(name))),
            None if self.is_statement_word() => Err(self.syntax_error_at(self.position() + 1, "")),
            None => self.query().map(Statement::Query),
        }
    }

    /// Whether statements begin with the current word: what is behind it is wrong then.
    fn is_statement_word(&self) -> bool {
        let words = self.keyword().into_iter();
        let mut words = words.filter(|word| !matches!(word, Keyword::Replace | Keyword::Comment | Keyword::Start));
        words.any(|word| {
            STATEMENT_WORDS.contains(&word)
                || matches!(word, Keyword::Cache | Keyword::Uncache | Keyword::Clear)
                || UNBUILT.iter().any(|(pattern, _)| pattern.first() == Some(&word))
                || REFUSED.iter().any(|pattern| pattern.first() == Some(&word))
        })
    }

    /// The statement is known by name only; what it says is passed over.
    pub(super) fn unsupported_statement(&mut self, name: &str) -> Command {
        self.skip_statement();
        Command::Unsupported { statement: name.to_owned() }
    }

    /// `WITH … INSERT`, `WITH … MERGE` and so on.
    fn is_written_with(&self) -> bool {
        let mut index = self.position();
        // `WITH … FROM … INSERT`
        let mut is_from_first = false;
        while !matches!(self.kind_at(index), TokenKind::Semicolon | TokenKind::EndOfInput) {
            let is_write = matches!(
                (self.kind_at(index), self.kind_at(index + 1)),
                (TokenKind::Keyword(Keyword::Insert), TokenKind::Keyword(Keyword::Into | Keyword::Overwrite))
                    | (TokenKind::Keyword(Keyword::Merge), TokenKind::Keyword(Keyword::Into))
                    | (TokenKind::Keyword(Keyword::Delete), TokenKind::Keyword(Keyword::From))
            );
            let is_behind_tables = self.kind_at(index.wrapping_sub(1)) == TokenKind::RightParen;
            if is_write && (is_behind_tables || is_from_first) {
                return true;
            }
            is_from_first |= is_behind_tables && self.is_keyword_at(index, Keyword::From);
            index = self.closing_of(index).unwrap_or(index) + 1;
        }
        false
    }

    fn explain(&mut self) -> SparkResult<Statement> {
        let start = self.take();
        let mode = match self.keyword() {
            Some(Keyword::Extended) => ExplainMode::Extended,
            Some(Keyword::Codegen) => ExplainMode::Codegen,
            Some(Keyword::Cost) => ExplainMode::Cost,
            Some(Keyword::Formatted) => ExplainMode::Formatted,
            Some(Keyword::Logical) => {
                self.take();
                self.nested(Self::statement)?;
                return Err(self
                    .error_since("INVALID_STATEMENT_OR_CLAUSE", start)
                    .param("operation", "EXPLAIN LOGICAL"));
            }
            _ => ExplainMode::Simple,
        };
        if mode != ExplainMode::Simple {
            self.take();
        }
        let statement = Box::new(self.nested(Self::statement)?);
        Ok(Statement::Command(Command::Explain { statement, mode }))
    }

    /// How many words stand in front of `VIEW` in a `CREATE … VIEW`.
    fn words_before_view(&self) -> usize {
        let mut distance = 1;
        if self.is_keyword_ahead(1, Keyword::Or) && self.is_keyword_ahead(2, Keyword::Replace) {
            distance += 2;
        }
        if self.is_keyword_ahead(distance, Keyword::Global) {
            distance += 1;
        }
        if self.is_keyword_ahead(distance, Keyword::Temporary) {
            distance += 1;
        }
        distance
    }

    fn is_create_view(&self) -> bool {
        self.is_keyword_ahead(self.words_before_view(), Keyword::View)
    }

    fn create_view(&mut self) -> SparkResult<Command> {
        let start = self.position();
        self.take();
        let replace = self.accept_keywords(&[Keyword::Or, Keyword::Replace]);
        let is_global = self.accept_keyword(Keyword::Global);
        let is_temporary = self.accept_keyword(Keyword::Temporary);
        self.expect_keyword(Keyword::View)?;
        let if_not_exists = self.accept_keywords(&[Keyword::If, Keyword::Not, Keyword::Exists]);
        let scope = match (is_global, is_temporary) {
            (true, _) => ViewScope::GlobalTemporary,
            (false, true) => ViewScope::Temporary,
            (false, false) => ViewScope::Persistent,
        };
        let name = self.written_name("CREATE VIEW")?;
        if self.is_view_over_source() {
            return self.view_over_source(name, scope, replace);
        }
        let columns = if self.is(TokenKind::LeftParen) { self.parenthesized(Self::view_column)? } else { Vec::new() };
        let clauses = self.view_clauses(start)?;
        self.expect_keyword(Keyword::As)?;
        if self.is(TokenKind::DollarQuoted) {
            return Ok(self.unsupported_statement("CREATE VIEW WITH METRICS"));
        }
        let query_start = self.position();
        let query = Box::new(self.query()?);
        let text = Some(Arc::from(self.text_since(query_start)));
        let properties = clauses.properties.clone();
        let view = CreateView {
            name,
            columns,
            query,
            text,
            scope,
            replace,
            if_not_exists,
            comment: clauses.comment,
            properties: clauses.properties.unwrap_or_default(),
            schema_mode: clauses.schema_mode,
        };
        self.check_view(&view, properties.is_some(), start)?;
        Ok(Command::CreateView(view))
    }

    /// `USING` behind the name and the columns.
    fn is_view_over_source(&self) -> bool {
        let behind = self.closing_of(self.position()).map_or(self.position(), |close| close + 1);
        self.is_keyword_at(behind, Keyword::Using)
    }

    /// `CREATE TEMPORARY VIEW name [(column type, …)] USING format [OPTIONS (…)]`: a view of files.
    fn view_over_source(&mut self, name: Vec<String>, scope: ViewScope, replace: bool) -> SparkResult<Command> {
        let start = self.position();
        let schema = if self.is(TokenKind::LeftParen) {
            self.take();
            let schema = self.column_types()?;
            self.expect(TokenKind::RightParen)?;
            Some(SchemaText::Schema(schema))
        } else {
            None
        };
        self.expect_keyword(Keyword::Using)?;
        let format = self.multipart_identifier()?.join(".");
        let options = if self.accept_keyword(Keyword::Options) { self.option_values()? } else { IndexMap::new() };
        if scope == ViewScope::Persistent {
            return Err(self.syntax_error_at(start, ""));
        }
        let source = DataSource {
            format: Some(format),
            schema,
            options,
            paths: Vec::new(),
            predicates: Vec::new(),
            is_streaming: false,
        };
        let query = Box::new(Relation::new(RelationKind::DataSource(source), self.origin_since(start)));
        Ok(Command::CreateView(CreateView {
            name,
            columns: Vec::new(),
            query,
            text: None,
            scope,
            replace,
            if_not_exists: false,
            comment: None,
            properties: IndexMap::new(),
            schema_mode: None,
        }))
    }

    fn view_column(&mut self) -> SparkResult<(String, Option<String>)> {
        let name = self.identifier()?;
        let comment = if self.accept_keyword(Keyword::Comment) { Some(self.string_literal()?) } else { None };
        Ok((name, comment))
    }

    fn view_clauses(&mut self, start: usize) -> SparkResult<ViewClauses> {
        let mut clauses = ViewClauses::default();
        loop {
            if self.accept_keyword(Keyword::Comment) {
                let previous = clauses.comment.replace(self.string_literal()?);
                self.refuse_duplicate(previous.is_some(), "COMMENT", start)?;
            } else if self.accept_keyword(Keyword::Tblproperties) {
                let previous = clauses.properties.replace(self.properties()?);
                self.refuse_duplicate(previous.is_some(), "TBLPROPERTIES", start)?;
            } else if self.are_keywords(&[Keyword::With, Keyword::Schema]) {
                clauses.schema_mode = self.schema_mode()?;
            } else if self.are_keywords(&[Keyword::With, Keyword::Metrics]) || self.is_keyword(Keyword::Language) {
                return Err(self.unbuilt("CREATE VIEW WITH METRICS", start));
            } else if self.are_keywords(&[Keyword::Default, Keyword::Collation]) {
                return Err(self.unbuilt("CREATE VIEW DEFAULT COLLATION", start));
            } else if self.are_keywords(&[Keyword::Partitioned, Keyword::On]) {
                return Err(self
                    .error_since("INVALID_STATEMENT_OR_CLAUSE", start)
                    .param("operation", "CREATE VIEW ... PARTITIONED ON"));
            } else {
                return Ok(clauses);
            }
        }
    }

    fn refuse_duplicate(&self, is_duplicate: bool, clause: &str, start: usize) -> SparkResult<()> {
        if is_duplicate {
            Err(self.error_since("DUPLICATE_CLAUSES", start).param("clauseName", clause))
        } else {
            Ok(())
        }
    }

    /// What may not be said together of a view.
    fn check_view(&self, view: &CreateView, has_properties: bool, start: usize) -> SparkResult<()> {
        if view.replace && view.if_not_exists {
            return Err(self
                .error_since("CREATE_VIEW_WITH_IF_NOT_EXISTS_AND_REPLACE", start)
                .param("viewName", view.name.join(".")));
        }
        if view.scope == ViewScope::Persistent {
            return Ok(());
        }
        if has_properties {
            return Err(self
                .error_since("_LEGACY_ERROR_TEMP_0035", start)
                .param("message", "TBLPROPERTIES can't coexist with CREATE TEMPORARY VIEW"));
        }
        if view.if_not_exists {
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0053", start));
        }
        self.refuse_qualifier(&view.name, start)
    }

    /// Temporary views have no qualifier.
    fn refuse_qualifier(&self, name: &[String], start: usize) -> SparkResult<()> {
        let quoted: Vec<String> = name.iter().map(|part| format!("`{}`", part.replace('`', "``"))).collect();
        match quoted.split_last() {
            Some((last, qualifier)) if !qualifier.is_empty() => Err(self
                .error_since("INVALID_TEMP_OBJ_QUALIFIER", start)
                .param("objectType", "VIEW")
                .param("objectName", last.as_str())
                .param("qualifier", qualifier.join("."))),
            _ => Ok(()),
        }
    }

    fn drop_view(&mut self) -> SparkResult<Command> {
        self.take_many(2);
        let if_exists = self.accept_keywords(&[Keyword::If, Keyword::Exists]);
        let name = self.written_name("DROP VIEW")?;
        Ok(Command::DropView { name, if_exists })
    }

    /// A refusal of an empty text.
    pub(super) fn empty_statement() -> SparkError {
        SparkError::new("PARSE_EMPTY_STATEMENT").with_kind(firesteel_base::error::ErrorKind::Parse)
    }
}
