//! `CREATE TABLE` and `REPLACE TABLE`: columns, and the clauses behind them.

use std::sync::Arc;

use firesteel_base::SparkResult;
use indexmap::IndexMap;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::Command;
use crate::ir::table::{
    BucketClause, ColumnDefinition, ColumnPosition, CreateMode, CreateTable, DefaultValue, Partitioning, TableClauses,
    TableCommand,
};

/// What columns may say where they stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnPlace {
    /// `CREATE TABLE`
    Table,
    /// `ALTER TABLE … ADD COLUMNS`: with several name parts and a position.
    Added,
    /// `RETURNS TABLE (…)`: without defaults.
    Returned,
}

/// Which clauses were given already.
#[derive(Default)]
struct Given {
    clauses: Vec<&'static str>,
}

impl Parser<'_> {
    /// How many words stand in front of `TABLE` in a `CREATE … TABLE` or `REPLACE TABLE`, if it is one.
    fn words_before_table(&self) -> Option<usize> {
        let patterns: [&[Keyword]; 6] = [
            &[Keyword::Create],
            &[Keyword::Create, Keyword::External],
            &[Keyword::Create, Keyword::Temporary],
            &[Keyword::Create, Keyword::Temporary, Keyword::External],
            &[Keyword::Create, Keyword::Or, Keyword::Replace],
            &[Keyword::Replace],
        ];
        let found = patterns
            .into_iter()
            .find(|words| self.are_keywords(words) && self.is_keyword_ahead(words.len(), Keyword::Table))?;
        Some(found.len())
    }

    pub(super) fn is_create_table(&self) -> bool {
        self.words_before_table().is_some()
    }

    pub(super) fn create_table(&mut self) -> SparkResult<Command> {
        let start = self.position();
        let words = self.words_before_table().unwrap_or(1);
        let is_replace = self.is_keyword(Keyword::Replace);
        let has_replace = words == 3 && self.is_keyword_ahead(2, Keyword::Replace);
        let is_external = (1..words).any(|distance| self.is_keyword_ahead(distance, Keyword::External));
        let is_temporary = self.is_keyword_ahead(1, Keyword::Temporary);
        self.take_many(words + 1);
        let if_not_exists = self.accept_keywords(&[Keyword::If, Keyword::Not, Keyword::Exists]);
        let existing = match (is_replace, has_replace, if_not_exists) {
            (true, ..) => CreateMode::Replace,
            (_, true, _) => CreateMode::CreateOrReplace,
            (_, _, true) => CreateMode::IfNotExists,
            _ => CreateMode::Create,
        };
        let name = self.written_name("CREATE TABLE")?;
        if self.is_keyword(Keyword::Like) && matches!(existing, CreateMode::Create | CreateMode::IfNotExists) {
            return self.create_table_like(name, if_not_exists, start);
        }
        let (columns, has_constraints) = self.table_elements()?;
        let clauses = self.table_clauses(start)?;
        let query = self.as_query()?;
        if query.is_some() && is_temporary {
            return Err(self
                .error_since("_LEGACY_ERROR_TEMP_0035", start)
                .param("message", "CREATE TEMPORARY TABLE ... AS ..., use CREATE TEMPORARY VIEW instead"));
        }
        if is_temporary {
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0046", start));
        }
        let typed = clauses.partitioning.iter().any(|field| matches!(field, Partitioning::Typed(_)));
        if query.is_some() && (!columns.is_empty() || typed) {
            let message = if typed {
                "Partition column types may not be specified in Create Table As Select (CTAS)"
            } else if is_replace || has_replace {
                "Schema may not be specified in a Replace Table As Select (RTAS) statement"
            } else {
                "Schema may not be specified in a Create Table As Select (CTAS) statement"
            };
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0035", start).param("message", message));
        }
        let table = CreateTable { name, columns, query, clauses, existing, is_external, has_constraints };
        Ok(Command::Table(TableCommand::Create(Box::new(table))))
    }

    fn create_table_like(&mut self, name: Vec<String>, if_not_exists: bool, start: usize) -> SparkResult<Command> {
        self.take();
        let source = self.written_name("CREATE TABLE LIKE")?;
        let clauses = Box::new(self.table_clauses(start)?);
        Ok(Command::Table(TableCommand::CreateLike { name, source, if_not_exists, clauses }))
    }

    /// `[AS] query`
    fn as_query(&mut self) -> SparkResult<Option<Box<crate::ir::Relation>>> {
        let has_as = self.accept_keyword(Keyword::As);
        if !has_as && !self.starts_query_at(self.position()) && !self.encloses_query_at(self.position()) {
            return Ok(None);
        }
        self.query().map(Box::new).map(Some)
    }

    /// `(column, column, CONSTRAINT …)`, if there is one.
    fn table_elements(&mut self) -> SparkResult<(Vec<ColumnDefinition>, bool)> {
        let mut has_constraints = false;
        if !self.is(TokenKind::LeftParen) || self.encloses_query_at(self.position()) {
            return Ok((Vec::new(), has_constraints));
        }
        let elements = self.parenthesized(|parser| {
            if parser.is_table_constraint() {
                parser.skip_constraint();
                has_constraints = true;
                return Ok(None);
            }
            parser.column_definition(ColumnPlace::Table).map(Some)
        })?;
        Ok((elements.into_iter().flatten().collect(), has_constraints))
    }

    fn is_table_constraint(&self) -> bool {
        let is_named = self.is_keyword(Keyword::Constraint)
            && self.is_identifier_at(self.position() + 1)
            && matches!(
                self.ahead(2),
                TokenKind::Keyword(Keyword::Check | Keyword::Unique | Keyword::Primary | Keyword::Foreign)
            );
        let is_unnamed = match self.keyword() {
            Some(Keyword::Check | Keyword::Unique) => self.ahead(1) == TokenKind::LeftParen,
            Some(Keyword::Primary | Keyword::Foreign) => self.is_keyword_ahead(1, Keyword::Key),
            _ => false,
        };
        is_named || is_unnamed
    }

    /// Passes over a constraint: up to the comma or the parenthesis that ends it. No table of ours takes one.
    fn skip_constraint(&mut self) {
        while !matches!(
            self.kind(),
            TokenKind::Comma | TokenKind::RightParen | TokenKind::Semicolon | TokenKind::EndOfInput
        ) {
            match self.closing_of(self.position()) {
                Some(close) => self.take_many(close + 1 - self.position()),
                None => {
                    self.take();
                }
            }
        }
    }

    /// `name type [NOT NULL] [DEFAULT …] [COMMENT '…'] …`
    pub(super) fn column_definition(&mut self, place: ColumnPlace) -> SparkResult<ColumnDefinition> {
        let name = match place {
            ColumnPlace::Table | ColumnPlace::Returned => vec![self.plain_identifier()?],
            ColumnPlace::Added => self.multipart_identifier()?,
        };
        if place != ColumnPlace::Added {
            self.accept(TokenKind::Colon);
        }
        let data_type = self.data_type()?;
        let mut column = ColumnDefinition {
            name,
            data_type,
            nullable: true,
            comment: None,
            default: None,
            is_generated: false,
            is_identity: false,
            has_constraint: false,
            position: None,
        };
        let start = self.position();
        while self.column_option(&mut column, place, start)? {}
        Ok(column)
    }

    /// One option behind a column's type; `false` if there is none.
    fn column_option(&mut self, column: &mut ColumnDefinition, place: ColumnPlace, start: usize) -> SparkResult<bool> {
        match self.kind() {
            TokenKind::Bang | TokenKind::Keyword(Keyword::Not) => {
                self.take();
                self.expect_keyword(Keyword::Null)?;
                column.nullable = false;
            }
            TokenKind::Keyword(Keyword::Comment) => {
                self.take();
                let previous = column.comment.replace(self.string_literal()?);
                self.refuse_twice(previous.is_some(), column, "COMMENT", start)?;
            }
            TokenKind::Keyword(Keyword::Default) if place != ColumnPlace::Returned => {
                let previous = column.default.replace(self.default_value()?);
                self.refuse_twice(previous.is_some(), column, "DEFAULT", start)?;
            }
            TokenKind::Keyword(Keyword::Generated) if place == ColumnPlace::Table => self.generated(column)?,
            TokenKind::Keyword(Keyword::First) if place == ColumnPlace::Added => {
                self.take();
                column.position = Some(ColumnPosition::First);
            }
            TokenKind::Keyword(Keyword::After) if place == ColumnPlace::Added => {
                self.take();
                column.position = Some(ColumnPosition::After(self.multipart_identifier()?));
            }
            TokenKind::Keyword(
                Keyword::Constraint | Keyword::Check | Keyword::Unique | Keyword::Primary | Keyword::References,
            ) if place == ColumnPlace::Table => {
                self.skip_constraint();
                column.has_constraint = true;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn refuse_twice(&self, is_twice: bool, column: &ColumnDefinition, option: &str, start: usize) -> SparkResult<()> {
        if is_twice {
            return Err(self
                .error_since("CREATE_TABLE_COLUMN_DESCRIPTOR_DUPLICATE", start)
                .param("columnName", column.name.join("."))
                .param("optionName", option));
        }
        Ok(())
    }

    /// `DEFAULT expression` (or `= expression`, where the caller says so).
    pub(super) fn default_value(&mut self) -> SparkResult<DefaultValue> {
        self.take();
        let start = self.position();
        let expression = self.expression()?;
        Ok(DefaultValue { text: Arc::from(self.text_since(start)), expression })
    }

    /// `GENERATED ALWAYS AS (…)`, `GENERATED {ALWAYS | BY DEFAULT} AS IDENTITY […]`
    fn generated(&mut self, column: &mut ColumnDefinition) -> SparkResult<()> {
        self.take();
        if !self.accept_keyword(Keyword::Always) {
            self.expect_keywords(&[Keyword::By, Keyword::Default])?;
        }
        self.expect_keyword(Keyword::As)?;
        if self.accept_keyword(Keyword::Identity) {
            column.is_identity = true;
            if let Some(close) = self.closing_of(self.position()) {
                self.take_many(close + 1 - self.position());
            }
            return Ok(());
        }
        self.expect(TokenKind::LeftParen)?;
        self.expression()?;
        self.expect(TokenKind::RightParen)?;
        column.is_generated = true;
        Ok(())
    }

    /// The clauses behind the columns, in any order.
    pub(super) fn table_clauses(&mut self, start: usize) -> SparkResult<TableClauses> {
        let mut clauses = TableClauses::default();
        let mut given = Given::default();
        while let Some(clause) = self.table_clause(&mut clauses, start)? {
            self.refuse_duplicate_clause(given.clauses.contains(&clause), clause, start)?;
            given.clauses.push(clause);
        }
        if given.clauses.contains(&"CLUSTER BY") && given.clauses.contains(&"PARTITIONED BY") {
            return Err(self.error_since("SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED", start));
        }
        if given.clauses.contains(&"CLUSTER BY") && given.clauses.contains(&"CLUSTERED BY") {
            return Err(self.error_since("SPECIFY_CLUSTER_BY_WITH_BUCKETING_IS_NOT_ALLOWED", start));
        }
        Ok(clauses)
    }

    fn refuse_duplicate_clause(&self, is_duplicate: bool, clause: &str, start: usize) -> SparkResult<()> {
        if is_duplicate {
            return Err(self.error_since("DUPLICATE_CLAUSES", start).param("clauseName", clause));
        }
        Ok(())
    }

    /// Reads one clause; gives its name.
    fn table_clause(&mut self, clauses: &mut TableClauses, start: usize) -> SparkResult<Option<&'static str>> {
        let Some(keyword) = self.keyword() else { return Ok(None) };
        let name = match keyword {
            Keyword::Using => {
                self.take();
                clauses.provider = Some(self.multipart_identifier()?.join("."));
                "USING"
            }
            Keyword::Options => {
                self.take();
                clauses.options = self.option_values()?;
                "OPTIONS"
            }
            Keyword::Partitioned => {
                self.take();
                self.expect_keyword(Keyword::By)?;
                clauses.partitioning = self.parenthesized(Self::partition_field)?;
                "PARTITIONED BY"
            }
            Keyword::Cluster => {
                self.take();
                self.expect_keyword(Keyword::By)?;
                clauses.cluster_by = self.parenthesized(Self::multipart_identifier)?;
                "CLUSTER BY"
            }
            Keyword::Clustered => {
                clauses.bucketing = Some(self.bucket_clause()?);
                "CLUSTERED BY"
            }
            Keyword::Location => {
                self.take();
                clauses.location = Some(self.string_literal()?);
                "LOCATION"
            }
            Keyword::Comment => {
                self.take();
                clauses.comment = Some(self.string_literal()?);
                "COMMENT"
            }
            Keyword::Tblproperties => {
                self.take();
                clauses.properties = self.properties()?;
                "TBLPROPERTIES"
            }
            Keyword::Default if self.is_keyword_ahead(1, Keyword::Collation) => {
                self.take_many(2);
                clauses.collation = Some(self.multipart_identifier()?.join("."));
                "DEFAULT COLLATION"
            }
            Keyword::Row if self.is_keyword_ahead(1, Keyword::Format) => {
                return Err(self.unbuilt("ROW FORMAT of a table", start));
            }
            Keyword::Stored => return Err(self.unbuilt("STORED AS of a table", start)),
            Keyword::Skewed => return Err(self.unbuilt("SKEWED BY of a table", start)),
            _ => return Ok(None),
        };
        Ok(Some(name))
    }

    /// `(key = value, …)` with constants for values.
    pub(super) fn option_values(&mut self) -> SparkResult<IndexMap<String, String>> {
        self.properties()
    }

    /// `column`, `column type …`, `years(column)`
    fn partition_field(&mut self) -> SparkResult<Partitioning> {
        let start = self.position();
        if self.ahead(1) == TokenKind::LeftParen && self.is_identifier() {
            self.identifier()?;
            if let Some(close) = self.closing_of(self.position()) {
                self.take_many(close + 1 - self.position());
            }
            return Ok(Partitioning::Transform(self.text_since(start).to_owned()));
        }
        let is_typed = self.is_identifier()
            && !matches!(
                self.ahead(1),
                TokenKind::Comma | TokenKind::RightParen | TokenKind::Dot | TokenKind::LeftParen
            );
        if is_typed {
            return self.column_definition(ColumnPlace::Table).map(|column| Partitioning::Typed(Box::new(column)));
        }
        self.multipart_identifier().map(Partitioning::Column)
    }

    /// `CLUSTERED BY (a) [SORTED BY (b [ASC])] INTO n BUCKETS`
    fn bucket_clause(&mut self) -> SparkResult<BucketClause> {
        let start = self.take();
        self.expect_keyword(Keyword::By)?;
        let columns = self.identifier_list()?;
        let mut sort_columns = Vec::new();
        if self.accept_keywords(&[Keyword::Sorted, Keyword::By]) {
            sort_columns = self.parenthesized(|parser| {
                let name = parser.plain_identifier()?;
                let descends = parser.accept_keyword(Keyword::Desc);
                if !descends {
                    parser.accept_keyword(Keyword::Asc);
                }
                Ok((name, descends))
            })?;
        }
        if sort_columns.iter().any(|(_, descends)| *descends) {
            return Err(self
                .error_since("_LEGACY_ERROR_TEMP_0035", start)
                .param("message", "Column ordering must be ASC, was 'DESC'"));
        }
        self.expect_keyword(Keyword::Into)?;
        let buckets = self.small_integer()?;
        self.expect_keyword(Keyword::Buckets)?;
        let sort_columns = sort_columns.into_iter().map(|(name, _)| name).collect();
        Ok(BucketClause { columns, sort_columns, buckets })
    }
}
