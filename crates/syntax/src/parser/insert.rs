//! `INSERT` in its forms.

use firesteel_base::SparkResult;
use indexmap::IndexMap;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::relation::With;
use crate::ir::table::{Insert, InsertTarget, PartitionSpecification, ReplacedKind, ReplacedRows, TableCommand};
use crate::ir::{Command, Expression, Relation, RelationKind};

impl Parser<'_> {
    /// `PARTITION (name = value, name)`
    pub(super) fn partition_specification(&mut self) -> SparkResult<PartitionSpecification> {
        self.expect_keyword(Keyword::Partition)?;
        let start = self.position();
        let values = self.parenthesized(|parser| {
            let name = parser.plain_identifier()?;
            let value = if parser.accept(TokenKind::Equal) { Some(parser.partition_value()?) } else { None };
            Ok((name, value))
        })?;
        let is_twice = |(index, (name, _)): &(usize, &(String, Option<Expression>))| {
            values.iter().take(*index).any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        match values.iter().enumerate().find(is_twice) {
            Some((_, (name, _))) => Err(self
                .error_since("DUPLICATE_KEY", start)
                .param("keyColumn", firesteel_base::identifier::quote_identifier(name))),
            None => Ok(values),
        }
    }

    pub(super) fn optional_partition(&mut self) -> SparkResult<Option<PartitionSpecification>> {
        if self.is_keyword(Keyword::Partition) && self.ahead(1) == TokenKind::LeftParen {
            return self.partition_specification().map(Some);
        }
        Ok(None)
    }

    fn partition_value(&mut self) -> SparkResult<Expression> {
        self.expression()
    }

    pub(super) fn is_insert(&self) -> bool {
        self.is_insert_at(self.position())
    }

    fn is_insert_at(&self, index: usize) -> bool {
        self.is_keyword_at(index, Keyword::Insert)
            && matches!(self.kind_at(index + 1), TokenKind::Keyword(Keyword::Into | Keyword::Overwrite | Keyword::With))
    }

    /// `FROM relation INSERT … INSERT …`
    pub(super) fn is_many_inserts(&self) -> bool {
        if !self.is_keyword(Keyword::From) {
            return false;
        }
        let mut index = self.position();
        while !matches!(self.kind_at(index), TokenKind::Semicolon | TokenKind::EndOfInput) {
            if self.is_insert_at(index) {
                return true;
            }
            index = self.closing_of(index).unwrap_or(index) + 1;
        }
        false
    }

    pub(super) fn insert(&mut self) -> SparkResult<Command> {
        let mut insert = self.insert_target()?;
        insert.query = Box::new(self.query()?);
        Ok(Command::Table(TableCommand::Insert(vec![insert])))
    }

    pub(super) fn many_inserts(&mut self) -> SparkResult<Command> {
        let from = self.relations_clause()?;
        let mut inserts = Vec::new();
        while self.is_insert() {
            let mut insert = self.insert_target()?;
            let start = self.position();
            let selected = self.select(Some(from.clone()))?;
            let clauses = self.position();
            let organization = self.organization()?;
            insert.query = Box::new(self.organized(selected, organization, clauses)?);
            insert.query.origin = self.origin_since(start);
            inserts.push(insert);
        }
        Ok(Command::Table(TableCommand::Insert(inserts)))
    }

    /// `WITH … INSERT …`: the tables belong to the query of the insertion.
    pub(super) fn insert_with(&mut self) -> SparkResult<Command> {
        let start = self.position();
        let (tables, is_recursive) = self.common_tables()?;
        let mut command = if self.is_keyword(Keyword::From) {
            self.many_inserts()?
        } else if self.is_insert() {
            self.insert()?
        } else {
            self.row_operation()?
        };
        if let Command::Table(TableCommand::Insert(inserts)) = &mut command {
            for insert in inserts {
                let input = std::mem::replace(
                    &mut *insert.query,
                    Relation::new(RelationKind::OneRow, firesteel_base::Origin::Unknown),
                );
                let with = With { input, tables: tables.clone(), is_recursive };
                *insert.query = Relation::new(RelationKind::With(Box::new(with)), self.origin_since(start));
            }
        }
        Ok(command)
    }

    /// All of an insertion but its query.
    fn insert_target(&mut self) -> SparkResult<Insert> {
        let start = self.take();
        let schema_evolution = self.accept_keywords(&[Keyword::With, Keyword::Schema, Keyword::Evolution]);
        let overwrite = self.accept_keyword(Keyword::Overwrite);
        if !overwrite {
            self.expect_keyword(Keyword::Into)?;
        }
        let is_directory =
            self.is_keyword(Keyword::Directory) || self.are_keywords(&[Keyword::Local, Keyword::Directory]);
        let placeholder = || Box::new(Relation::new(RelationKind::OneRow, firesteel_base::Origin::Unknown));
        if overwrite && is_directory {
            return Ok(Insert {
                target: self.insert_directory(start)?,
                query: placeholder(),
                overwrite,
                columns: Vec::new(),
                by_name: false,
                partition: Vec::new(),
                if_not_exists: false,
                schema_evolution,
                replaced: None,
            });
        }
        if self.is_keyword(Keyword::Table) && self.is_identifier_at(self.position() + 1) {
            self.take();
        }
        let name = self.written_name("INSERT")?;
        if !self.options_clause()?.is_empty() {
            return Err(self.unbuilt("INSERT WITH options", start));
        }
        let replaced = if overwrite { None } else { self.replaced_rows(start)? };
        let partition = self.optional_partition()?.unwrap_or_default();
        let if_not_exists = self.accept_keywords(&[Keyword::If, Keyword::Not, Keyword::Exists]);
        let by_name = self.accept_keywords(&[Keyword::By, Keyword::Name]);
        let has_columns = !by_name && self.is(TokenKind::LeftParen) && !self.encloses_query_at(self.position());
        let columns = if has_columns { self.identifier_list()? } else { Vec::new() };
        if if_not_exists && !overwrite {
            return Err(self
                .error_since("INVALID_STATEMENT_OR_CLAUSE", start)
                .param("operation", "INSERT INTO ... IF NOT EXISTS"));
        }
        Ok(Insert {
            target: InsertTarget::Table(name),
            query: placeholder(),
            overwrite,
            columns,
            by_name,
            partition,
            if_not_exists,
            schema_evolution,
            replaced,
        })
    }

    /// `REPLACE WHERE condition`, `REPLACE ON condition`: which rows the new ones are put in place of.
    fn replaced_rows(&mut self, start: usize) -> SparkResult<Option<ReplacedRows>> {
        if !self.is_keyword(Keyword::Replace) {
            return Ok(None);
        }
        let kind = match self.ahead(1) {
            TokenKind::Keyword(Keyword::Where) => ReplacedKind::Where,
            TokenKind::Keyword(Keyword::On) => ReplacedKind::On,
            _ => return Ok(None),
        };
        self.take_many(2);
        self.expression()?;
        Ok(Some(ReplacedRows { kind, origin: self.origin_since(start) }))
    }

    /// `[LOCAL] DIRECTORY ['path'] USING format [OPTIONS (…)]`
    fn insert_directory(&mut self, start: usize) -> SparkResult<InsertTarget> {
        self.accept_keyword(Keyword::Local);
        self.take();
        let path = if self.is_string_at(self.position()) { Some(self.string_literal()?) } else { None };
        if !self.accept_keyword(Keyword::Using) {
            return Err(self.unbuilt("INSERT OVERWRITE DIRECTORY in a format of Hive", start));
        }
        let provider = Some(self.multipart_identifier()?.join("."));
        let options = if self.accept_keyword(Keyword::Options) { self.option_values()? } else { IndexMap::new() };
        Ok(InsertTarget::Directory { path, provider, options })
    }
}
