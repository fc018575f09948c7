//! Table functions in `FROM`, with tables among their arguments.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::expression::TableArgument;
use crate::ir::relation::TableFunction;
use crate::ir::{Expression, ExpressionKind, Relation, RelationKind};

impl Parser<'_> {
    /// Whether a name with a parenthesis right behind it stands at the current token.
    pub(super) fn is_table_function(&self) -> bool {
        let start = self.position();
        if self.is_keyword(Keyword::Identifier) && self.ahead(1) == TokenKind::LeftParen {
            let mut end = self.closing_of(start + 1).map_or(start, |close| close + 1);
            while self.kind_at(end) == TokenKind::Dot && self.is_identifier_at(end + 1) {
                end = self.name_part_end(end + 1);
            }
            return self.kind_at(end) == TokenKind::LeftParen;
        }
        self.call_at(start).is_some()
    }

    /// `name(arguments) [AS alias (columns)]`
    pub(super) fn table_function(&mut self) -> SparkResult<Relation> {
        let start = self.position();
        let name = self.written_table_function_name()?;
        self.expect(TokenKind::LeftParen)?;
        let arguments = if self.is(TokenKind::RightParen) {
            Vec::new()
        } else {
            self.comma_separated(Self::table_function_argument)?
        };
        self.expect(TokenKind::RightParen)?;
        if self.are_keywords(&[Keyword::Identified, Keyword::By]) {
            return Err(self.unbuilt("IDENTIFIED BY", start));
        }
        self.refuse_watermark(start)?;
        let alias = self.table_alias()?;
        let function = TableFunction { name, arguments, options: indexmap::IndexMap::new() };
        let relation = Relation::new(RelationKind::TableFunction(function), self.origin_since(start));
        Ok(self.aliased(relation, alias, start))
    }

    fn written_table_function_name(&mut self) -> SparkResult<Vec<String>> {
        if self.is_keyword(Keyword::Identifier) && self.ahead(1) == TokenKind::LeftParen {
            return self.written_name("a table function's name");
        }
        self.qualified_name()
    }

    fn table_function_argument(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        if self.is_identifier() && self.ahead(1) == TokenKind::FatArrow && self.is_keyword_ahead(2, Keyword::Table) {
            let name = self.identifier()?;
            self.take();
            let value = Box::new(self.table_argument()?);
            return Ok(Expression::new(ExpressionKind::NamedArgument { name, value }, self.origin_since(start)));
        }
        let is_table = self.is_keyword(Keyword::Table)
            && (self.ahead(1) == TokenKind::LeftParen || self.is_identifier_at(start + 1));
        if is_table { self.table_argument() } else { self.function_argument() }
    }

    /// `TABLE name`, `TABLE(name)`, `TABLE(query)`, with partitioning and order.
    fn table_argument(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        self.expect_keyword(Keyword::Table)?;
        let query = if self.is(TokenKind::LeftParen) && self.encloses_query_at(self.position()) {
            self.parenthesized_query()?
        } else {
            let is_parenthesized = self.accept(TokenKind::LeftParen);
            let name = self.position();
            let reference = self.name_reference()?;
            let table = self.table_of(reference, name);
            if is_parenthesized {
                self.expect(TokenKind::RightParen)?;
            }
            table
        };
        let mut argument =
            TableArgument { query, partition_by: Vec::new(), order_by: Vec::new(), with_single_partition: false };
        self.table_partitioning(&mut argument)?;
        Ok(Expression::new(ExpressionKind::TableArgument(Box::new(argument)), self.origin_since(start)))
    }

    fn table_partitioning(&mut self, argument: &mut TableArgument) -> SparkResult<()> {
        if self.accept_keywords(&[Keyword::With, Keyword::Single, Keyword::Partition]) {
            argument.with_single_partition = true;
        } else if self.accept_keywords(&[Keyword::Partition, Keyword::By])
            || self.accept_keywords(&[Keyword::Distribute, Keyword::By])
        {
            argument.partition_by = self.listed_or_single(Self::expression)?;
        } else {
            return Ok(());
        }
        if self.accept_keywords(&[Keyword::Order, Keyword::By]) || self.accept_keywords(&[Keyword::Sort, Keyword::By]) {
            argument.order_by = self.listed_or_single(Self::sort_item)?;
        }
        Ok(())
    }

    /// `(item, item)` or `item`
    fn listed_or_single<T>(&mut self, mut item: impl FnMut(&mut Self) -> SparkResult<T>) -> SparkResult<Vec<T>> {
        let behind = self.closing_of(self.position()).map(|close| self.kind_at(close + 1));
        let is_list = matches!(
            behind,
            Some(TokenKind::RightParen | TokenKind::Comma | TokenKind::Keyword(Keyword::Order | Keyword::Sort))
        );
        if is_list { self.parenthesized(item) } else { Ok(vec![item(self)?]) }
    }
}
