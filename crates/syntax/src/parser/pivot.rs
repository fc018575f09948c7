//! `PIVOT` and `UNPIVOT`.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::relation::{Pivot, Unpivot};
use crate::ir::{Expression, ExpressionKind, Relation, RelationKind};

/// Columns that are unpivoted together, and the name that stands for them.
type UnpivotSet = (Vec<Expression>, Option<String>);

impl Parser<'_> {
    /// `PIVOT (aggregates FOR columns IN (values)) [AS name]`
    pub(super) fn pivot(&mut self, input: Relation) -> SparkResult<Relation> {
        let start = self.position();
        self.expect_keyword(Keyword::Pivot)?;
        self.expect(TokenKind::LeftParen)?;
        let aggregates = self.comma_separated(Self::named_expression)?;
        self.expect_keyword(Keyword::For)?;
        let columns = if self.is(TokenKind::LeftParen) {
            self.parenthesized(Self::column_of_identifier)?
        } else {
            vec![self.column_of_identifier()?]
        };
        self.expect_keyword(Keyword::In)?;
        let values = self.parenthesized(Self::pivot_value)?;
        self.expect(TokenKind::RightParen)?;
        let pivot = Pivot { input, grouping: None, aggregates, columns, values };
        let pivot = Relation::new(RelationKind::Pivot(Box::new(pivot)), self.origin_since(start));
        self.aliased_by_name(pivot, start)
    }

    fn aliased_by_name(&mut self, input: Relation, start: usize) -> SparkResult<Relation> {
        if !self.accept_keyword(Keyword::As) && !self.is_implicit_table_alias() {
            return Ok(input);
        }
        let name = self.strict_identifier()?;
        Ok(self.aliased(input, Some((name, Vec::new())), start))
    }

    fn column_of_identifier(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        let name = self.plain_identifier()?;
        Ok(Expression::column(vec![name], self.origin_since(start)))
    }

    fn pivot_value(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        let child = self.expression()?;
        if !self.accept_keyword(Keyword::As) && !self.is_identifier() {
            return Ok(child);
        }
        let names = vec![self.plain_identifier()?];
        let kind = ExpressionKind::Alias { child: Box::new(child), names, metadata: None };
        Ok(Expression::new(kind, self.origin_since(start)))
    }

    /// `UNPIVOT [INCLUDE | EXCLUDE NULLS] (value FOR name IN (columns)) [AS name]`
    pub(super) fn unpivot(&mut self, input: Relation) -> SparkResult<Relation> {
        let start = self.position();
        self.expect_keyword(Keyword::Unpivot)?;
        let include_nulls = match self.accept_any(&[Keyword::Include, Keyword::Exclude]) {
            Some(word) => {
                self.expect_keyword(Keyword::Nulls)?;
                word == Keyword::Include
            }
            None => false,
        };
        self.expect(TokenKind::LeftParen)?;
        let is_multiple = self.is(TokenKind::LeftParen);
        let value_columns = if is_multiple { self.parenthesized(Self::identifier)? } else { vec![self.identifier()?] };
        self.expect_keyword(Keyword::For)?;
        let variable_column = self.identifier()?;
        self.expect_keyword(Keyword::In)?;
        let sets = if is_multiple {
            self.parenthesized(Self::unpivot_set)?
        } else {
            self.parenthesized(Self::unpivot_single)?
        };
        self.expect(TokenKind::RightParen)?;
        let unpivot = Unpivot { input, ids: None, values: Some(sets), variable_column, value_columns, include_nulls };
        let unpivot = Relation::new(RelationKind::Unpivot(Box::new(unpivot)), self.origin_since(start));
        self.aliased_by_name(unpivot, start)
    }

    fn unpivot_set(&mut self) -> SparkResult<UnpivotSet> {
        let columns = self.parenthesized(Self::column_by_name)?;
        Ok((columns, self.unpivot_alias()?))
    }

    fn unpivot_single(&mut self) -> SparkResult<UnpivotSet> {
        let column = self.column_by_name()?;
        Ok((vec![column], self.unpivot_alias()?))
    }

    fn column_by_name(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        let name = self.multipart_identifier()?;
        Ok(Expression::column(name, self.origin_since(start)))
    }

    fn unpivot_alias(&mut self) -> SparkResult<Option<String>> {
        if self.accept_keyword(Keyword::As) || self.is_identifier() {
            return self.plain_identifier().map(Some);
        }
        Ok(None)
    }
}
