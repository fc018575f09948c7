//! `CACHE TABLE`, `UNCACHE TABLE` and `CLEAR CACHE`.

use std::sync::Arc;

use firesteel_base::SparkResult;
use indexmap::IndexMap;

use super::Parser;
use super::keywords::Keyword;
use crate::ir::Command;
use crate::ir::command::CacheTable;

impl Parser<'_> {
    pub(super) fn is_cache_statement(&self) -> bool {
        match self.keyword() {
            Some(Keyword::Cache) => {
                let distance = if self.is_keyword_ahead(1, Keyword::Lazy) { 2 } else { 1 };
                self.is_keyword_ahead(distance, Keyword::Table)
            }
            Some(Keyword::Uncache) => self.is_keyword_ahead(1, Keyword::Table),
            Some(Keyword::Clear) => self.is_keyword_ahead(1, Keyword::Cache),
            _ => false,
        }
    }

    pub(super) fn cache_statement(&mut self) -> SparkResult<Command> {
        match self.keyword() {
            Some(Keyword::Cache) => self.cache_table(),
            Some(Keyword::Uncache) => {
                self.expect_keywords(&[Keyword::Uncache, Keyword::Table])?;
                let if_exists = self.accept_keywords(&[Keyword::If, Keyword::Exists]);
                Ok(Command::UncacheTable { name: self.written_name("UNCACHE TABLE")?, if_exists })
            }
            _ => {
                self.expect_keywords(&[Keyword::Clear, Keyword::Cache])?;
                Ok(Command::ClearCache)
            }
        }
    }

    /// `CACHE [LAZY] TABLE name [OPTIONS (…)] [[AS] query]`
    fn cache_table(&mut self) -> SparkResult<Command> {
        self.expect_keyword(Keyword::Cache)?;
        let is_lazy = self.accept_keyword(Keyword::Lazy);
        self.expect_keyword(Keyword::Table)?;
        let name = self.written_name("CACHE TABLE")?;
        let options = if self.accept_keyword(Keyword::Options) { self.properties()? } else { IndexMap::new() };
        let has_query = self.accept_keyword(Keyword::As) || !self.at_end();
        let query = if has_query {
            let start = self.position();
            let query = Box::new(self.query()?);
            Some((query, Arc::from(self.text_since(start))))
        } else {
            None
        };
        Ok(Command::CacheTable(CacheTable { name, query, is_lazy, options }))
    }
}
