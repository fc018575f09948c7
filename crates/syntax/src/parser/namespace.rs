//! Statements about databases and catalogs: `CREATE DATABASE`, `USE` and their relatives.

use firesteel_base::SparkResult;
use indexmap::IndexMap;

use super::cursor::Parser;
use super::keywords::Keyword;
use crate::ir::Command;
use crate::ir::table::NamespaceCommand;

impl Parser<'_> {
    /// `DATABASE`, `SCHEMA` or `NAMESPACE` at this distance.
    fn is_namespace_ahead(&self, distance: usize) -> bool {
        [Keyword::Database, Keyword::Schema, Keyword::Namespace]
            .into_iter()
            .any(|keyword| self.is_keyword_ahead(distance, keyword))
    }

    pub(super) fn is_namespace_statement(&self) -> bool {
        matches!(self.keyword(), Some(Keyword::Create | Keyword::Drop | Keyword::Alter)) && self.is_namespace_ahead(1)
    }

    pub(super) fn namespace_statement(&mut self) -> SparkResult<Command> {
        let command = match self.keyword() {
            Some(Keyword::Create) => self.create_namespace(),
            Some(Keyword::Drop) => self.drop_namespace(),
            _ => self.alter_namespace(),
        };
        command.map(Command::Namespace)
    }

    fn create_namespace(&mut self) -> SparkResult<NamespaceCommand> {
        let start = self.position();
        self.take_many(2);
        let if_not_exists = self.accept_keywords(&[Keyword::If, Keyword::Not, Keyword::Exists]);
        let name = self.written_name("CREATE NAMESPACE")?;
        let (mut comment, mut location, mut collation) = (None, None, None);
        let mut properties: Option<IndexMap<String, String>> = None;
        loop {
            let twice = match self.keyword() {
                Some(Keyword::Comment) => {
                    self.take();
                    comment.replace(self.string_literal()?).map(|_| "COMMENT")
                }
                Some(Keyword::Location) => {
                    self.take();
                    location.replace(self.string_literal()?).map(|_| "LOCATION")
                }
                Some(Keyword::Default) if self.is_keyword_ahead(1, Keyword::Collation) => {
                    self.take_many(2);
                    collation.replace(self.multipart_identifier()?.join(".")).map(|_| "DEFAULT COLLATION")
                }
                Some(Keyword::With) => {
                    self.take();
                    if self.accept_any(&[Keyword::Properties, Keyword::Dbproperties]).is_none() {
                        return Err(self.syntax_error());
                    }
                    properties.replace(self.properties()?).map(|_| "WITH PROPERTIES")
                }
                _ => break,
            };
            if let Some(clause) = twice {
                return Err(self.error_since("DUPLICATE_CLAUSES", start).param("clauseName", clause));
            }
        }
        let properties = properties.unwrap_or_default();
        Ok(NamespaceCommand::Create { name, if_not_exists, comment, location, collation, properties })
    }

    fn drop_namespace(&mut self) -> SparkResult<NamespaceCommand> {
        self.take_many(2);
        let if_exists = self.accept_keywords(&[Keyword::If, Keyword::Exists]);
        let name = self.written_name("DROP NAMESPACE")?;
        let cascade = self.accept_keyword(Keyword::Cascade);
        if !cascade {
            self.accept_keyword(Keyword::Restrict);
        }
        Ok(NamespaceCommand::Drop { name, if_exists, cascade })
    }

    fn alter_namespace(&mut self) -> SparkResult<NamespaceCommand> {
        let start = self.position();
        self.take_many(2);
        let name = self.written_name("ALTER NAMESPACE")?;
        match self.accept_any(&[Keyword::Set, Keyword::Unset, Keyword::Default]) {
            Some(Keyword::Set) if self.accept_keyword(Keyword::Location) => {
                let location = self.string_literal()?;
                Ok(NamespaceCommand::SetLocation { name, location })
            }
            Some(keyword @ (Keyword::Set | Keyword::Unset)) => {
                if self.accept_any(&[Keyword::Properties, Keyword::Dbproperties]).is_none() {
                    return Err(self.syntax_error());
                }
                if keyword == Keyword::Set {
                    return Ok(NamespaceCommand::SetProperties { name, properties: self.properties()? });
                }
                self.accept_keywords(&[Keyword::If, Keyword::Exists]);
                Ok(NamespaceCommand::UnsetProperties { name, keys: self.property_keys()? })
            }
            Some(_) => Err(self.unbuilt("ALTER NAMESPACE DEFAULT COLLATION", start)),
            None => Err(self.syntax_error()),
        }
    }

    /// `USE [DATABASE | SCHEMA | NAMESPACE] name`
    pub(super) fn use_statement(&mut self) -> SparkResult<Command> {
        self.take();
        let is_namespace = self.is_namespace_ahead(0) && self.is_identifier_at(self.position() + 1);
        if is_namespace {
            self.take();
        }
        let name = self.written_name("USE")?;
        Ok(Command::Namespace(NamespaceCommand::Use { name, is_namespace }))
    }

    /// `SET CATALOG name`
    pub(super) fn set_catalog(&mut self) -> SparkResult<Command> {
        self.take_many(2);
        let name = if self.is_string_at(self.position()) {
            self.string_literal()?
        } else {
            match self.written_name("SET CATALOG")?.as_slice() {
                [name] => name.clone(),
                _ => return Err(self.syntax_error()),
            }
        };
        Ok(Command::Namespace(NamespaceCommand::SetCatalog(name)))
    }

    pub(super) fn describe_namespace(&mut self) -> SparkResult<Command> {
        self.take();
        let extended = self.is_keyword(Keyword::Extended) && self.is_identifier_at(self.position() + 1);
        if extended {
            self.take();
        }
        let name = self.written_name("DESCRIBE NAMESPACE")?;
        Ok(Command::Namespace(NamespaceCommand::Describe { name, extended }))
    }
}
