//! `ALTER TABLE` and `ALTER VIEW`.

use std::sync::Arc;

use firesteel_base::SparkResult;

use super::create_table::ColumnPlace;
use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::Command;
use crate::ir::table::{
    AlterAction, AlterColumn, AlterTable, ColumnDefinition, ColumnPosition, PartitionSpecification, TableCommand,
};

impl Parser<'_> {
    pub(super) fn is_alter_table(&self) -> bool {
        self.are_keywords(&[Keyword::Alter, Keyword::Table]) || self.are_keywords(&[Keyword::Alter, Keyword::View])
    }

    pub(super) fn alter_table(&mut self) -> SparkResult<Command> {
        let start = self.take();
        let is_view = self.is_keyword(Keyword::View);
        self.take();
        let name = self.written_name(if is_view { "ALTER VIEW" } else { "ALTER TABLE" })?;
        let action = self.alter_action(is_view, start)?;
        Ok(Command::Table(TableCommand::Alter(Box::new(AlterTable { name, is_view, action }))))
    }

    fn alter_action(&mut self, is_view: bool, start: usize) -> SparkResult<AlterAction> {
        let partition = if is_view { None } else { self.optional_partition()? };
        match self.keyword() {
            Some(Keyword::Rename) => self.alter_rename(partition),
            Some(Keyword::Set) => self.alter_set(partition, start),
            Some(Keyword::Unset) => {
                self.take();
                self.expect_keyword(Keyword::Tblproperties)?;
                let if_exists = self.accept_keywords(&[Keyword::If, Keyword::Exists]);
                Ok(AlterAction::UnsetProperties { keys: self.property_keys()?, if_exists })
            }
            Some(Keyword::Add) => self.alter_add(start),
            Some(Keyword::Drop) => self.alter_drop(start),
            Some(Keyword::Alter | Keyword::Change) if !is_view => self.alter_column(start),
            Some(Keyword::Replace) if self.is_keyword_ahead(1, Keyword::Columns) => {
                self.take_many(2);
                let columns = self.parenthesized(|parser| parser.column_definition(ColumnPlace::Added))?;
                Ok(AlterAction::ReplaceColumns(columns))
            }
            Some(Keyword::Recover) => {
                self.take();
                self.expect_keyword(Keyword::Partitions)?;
                Ok(AlterAction::RecoverPartitions)
            }
            Some(Keyword::Cluster) => {
                self.take();
                self.expect_keyword(Keyword::By)?;
                if self.accept_keyword(Keyword::None) {
                    return Ok(AlterAction::ClusterBy(Vec::new()));
                }
                self.parenthesized(Self::multipart_identifier).map(AlterAction::ClusterBy)
            }
            Some(Keyword::With) if is_view => self.alter_view_schema(),
            Some(Keyword::Default) if self.is_keyword_ahead(1, Keyword::Collation) => {
                Err(self.unbuilt("ALTER TABLE DEFAULT COLLATION", start))
            }
            _ if is_view => self.alter_view_query(),
            _ => Err(self.syntax_error()),
        }
    }

    fn alter_rename(&mut self, partition: Option<PartitionSpecification>) -> SparkResult<AlterAction> {
        self.take();
        if let Some(from) = partition {
            self.expect_keyword(Keyword::To)?;
            return Ok(AlterAction::RenamePartition { from, to: self.partition_specification()? });
        }
        if self.is_keyword(Keyword::Column) && !self.is_keyword(Keyword::To) {
            self.take();
            let from = self.multipart_identifier()?;
            self.expect_keyword(Keyword::To)?;
            return Ok(AlterAction::RenameColumn { from, to: self.plain_identifier()? });
        }
        self.expect_keyword(Keyword::To)?;
        self.written_name("ALTER TABLE RENAME").map(AlterAction::Rename)
    }

    fn alter_set(&mut self, partition: Option<PartitionSpecification>, start: usize) -> SparkResult<AlterAction> {
        self.take();
        match self.keyword() {
            Some(Keyword::Tblproperties) => {
                self.take();
                self.properties().map(AlterAction::SetProperties)
            }
            Some(Keyword::Serdeproperties) => {
                self.take();
                let properties = self.properties()?;
                Ok(AlterAction::SetSerdeProperties { properties, partition })
            }
            Some(Keyword::Serde) => Err(self.unbuilt("ALTER TABLE SET SERDE", start)),
            Some(Keyword::Location) => {
                self.take();
                let location = self.string_literal()?;
                Ok(AlterAction::SetLocation { partition, location })
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// `('key', key.part)`
    pub(super) fn property_keys(&mut self) -> SparkResult<Vec<String>> {
        self.parenthesized(|parser| {
            if parser.is_string_at(parser.position()) {
                let index = parser.take();
                Ok(parser.string_value(index))
            } else {
                Ok(parser.multipart_identifier()?.join("."))
            }
        })
    }

    fn alter_add(&mut self, start: usize) -> SparkResult<AlterAction> {
        self.take();
        if self.accept_any(&[Keyword::Column, Keyword::Columns]).is_some() {
            let column = |parser: &mut Self| parser.column_definition(ColumnPlace::Added);
            let columns: Vec<ColumnDefinition> =
                if self.is(TokenKind::LeftParen) { self.parenthesized(column)? } else { self.comma_separated(column)? };
            return Ok(AlterAction::AddColumns(columns));
        }
        let if_not_exists = self.accept_keywords(&[Keyword::If, Keyword::Not, Keyword::Exists]);
        if self.is_keyword(Keyword::Partition) {
            let mut partitions = Vec::new();
            while self.is_keyword(Keyword::Partition) {
                let partition = self.partition_specification()?;
                let location = if self.accept_keyword(Keyword::Location) { Some(self.string_literal()?) } else { None };
                partitions.push((partition, location));
            }
            return Ok(AlterAction::AddPartitions { partitions, if_not_exists });
        }
        match self.keyword() {
            Some(Keyword::Constraint | Keyword::Check | Keyword::Primary | Keyword::Unique | Keyword::Foreign) => {
                Ok(self.refused_rest("ADD CONSTRAINT"))
            }
            _ => {
                let _ = start;
                Err(self.syntax_error())
            }
        }
    }

    /// What no table of the session catalog can do; its details are passed over.
    fn refused_rest(&mut self, operation: &str) -> AlterAction {
        while !self.at_end() {
            self.take();
        }
        AlterAction::Refused(operation.to_owned())
    }

    fn alter_drop(&mut self, start: usize) -> SparkResult<AlterAction> {
        self.take();
        if self.accept_any(&[Keyword::Column, Keyword::Columns]).is_some() {
            let if_exists = self.accept_keywords(&[Keyword::If, Keyword::Exists]);
            let columns = if self.is(TokenKind::LeftParen) {
                self.parenthesized(Self::multipart_identifier)?
            } else {
                self.comma_separated(Self::multipart_identifier)?
            };
            return Ok(AlterAction::DropColumns { columns, if_exists });
        }
        if self.is_keyword(Keyword::Constraint) {
            return Ok(self.refused_rest("DROP CONSTRAINT"));
        }
        let if_exists = self.accept_keywords(&[Keyword::If, Keyword::Exists]);
        let partitions = self.comma_separated(Self::partition_specification)?;
        if self.accept_keyword(Keyword::Purge) {
            return Err(self.unbuilt("ALTER TABLE DROP PARTITION PURGE", start));
        }
        Ok(AlterAction::DropPartitions { partitions, if_exists })
    }

    /// `{ALTER | CHANGE} [COLUMN] name action, …`
    fn alter_column(&mut self, start: usize) -> SparkResult<AlterAction> {
        let is_change = self.is_keyword(Keyword::Change);
        self.take();
        // The word may be the column's name too.
        let has_word = self.is_keyword(Keyword::Column) && self.is_identifier_at(self.position() + 1);
        if has_word {
            self.take();
        }
        let mut columns = vec![self.altered_column(is_change, start)?];
        while self.accept(TokenKind::Comma) {
            columns.push(self.altered_column(is_change, start)?);
        }
        Ok(AlterAction::AlterColumns(columns))
    }

    fn altered_column(&mut self, is_change: bool, start: usize) -> SparkResult<AlterColumn> {
        let column = self.multipart_identifier()?;
        let mut altered = AlterColumn {
            column,
            data_type: None,
            nullable: None,
            comment: None,
            position: None,
            default: None,
            is_change,
        };
        match self.kind() {
            TokenKind::Keyword(Keyword::Type) => {
                self.take();
                altered.data_type = Some(self.data_type()?);
            }
            TokenKind::Keyword(Keyword::Comment) => {
                self.take();
                altered.comment = Some(self.string_literal()?);
            }
            TokenKind::Keyword(Keyword::First) => {
                self.take();
                altered.position = Some(ColumnPosition::First);
            }
            TokenKind::Keyword(Keyword::After) => {
                self.take();
                altered.position = Some(ColumnPosition::After(self.multipart_identifier()?));
            }
            TokenKind::Keyword(Keyword::Set) if self.is_keyword_ahead(1, Keyword::Default) => {
                self.take();
                altered.default = Some(Some(self.default_value()?));
            }
            TokenKind::Keyword(Keyword::Drop) if self.is_keyword_ahead(1, Keyword::Default) => {
                self.take_many(2);
                altered.default = Some(None);
            }
            TokenKind::Keyword(Keyword::Set | Keyword::Drop) => {
                let is_set = self.is_keyword(Keyword::Set);
                self.take();
                self.expect_keywords(&[Keyword::Not, Keyword::Null])?;
                altered.nullable = Some(!is_set);
            }
            TokenKind::Semicolon | TokenKind::EndOfInput => {
                let word = if is_change { "CHANGE" } else { "ALTER" };
                let message =
                    format!("ALTER TABLE table {word} COLUMN requires a TYPE, a SET/DROP, a COMMENT, or a FIRST/AFTER");
                return Err(self.error_since("_LEGACY_ERROR_TEMP_0035", start).param("message", message));
            }
            _ if is_change && self.is_identifier() => self.hive_change(&mut altered, start)?,
            _ => return Err(self.syntax_error()),
        }
        Ok(altered)
    }

    /// `CHANGE COLUMN name name type [COMMENT '…'] [position]`, as Hive writes it.
    fn hive_change(&mut self, altered: &mut AlterColumn, start: usize) -> SparkResult<()> {
        let definition = self.column_definition(ColumnPlace::Added)?;
        if altered.column.last() != definition.name.last() {
            return Err(self.error_since("INVALID_STATEMENT_OR_CLAUSE", start).param(
                "operation",
                "Renaming column is not supported in Hive-style ALTER COLUMN, please run RENAME COLUMN instead",
            ));
        }
        altered.data_type = Some(definition.data_type);
        altered.comment = definition.comment;
        altered.position = definition.position;
        altered.nullable = (!definition.nullable).then_some(false);
        Ok(())
    }

    /// `WITH SCHEMA {BINDING | COMPENSATION | EVOLUTION | TYPE EVOLUTION}`
    fn alter_view_schema(&mut self) -> SparkResult<AlterAction> {
        self.schema_mode()?.map(AlterAction::ViewSchema).ok_or_else(|| self.syntax_error())
    }

    /// The words of `WITH SCHEMA …`, if they stand here.
    pub(super) fn schema_mode(&mut self) -> SparkResult<Option<String>> {
        if !self.accept_keywords(&[Keyword::With, Keyword::Schema]) {
            return Ok(None);
        }
        let mode = match self.accept_any(&[Keyword::Binding, Keyword::Compensation, Keyword::Evolution, Keyword::Type])
        {
            Some(Keyword::Type) => {
                self.expect_keyword(Keyword::Evolution)?;
                "TYPE EVOLUTION"
            }
            Some(keyword) => keyword.spelling(),
            None => return Err(self.syntax_error()),
        };
        Ok(Some(mode.to_owned()))
    }

    fn alter_view_query(&mut self) -> SparkResult<AlterAction> {
        self.accept_keyword(Keyword::As);
        let start = self.position();
        let query = Box::new(self.query()?);
        Ok(AlterAction::ViewQuery { query, text: Arc::from(self.text_since(start)) })
    }
}
