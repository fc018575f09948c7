//! `GROUP BY` in all its forms.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::query::is_all;
use super::token::TokenKind;
use crate::ir::Expression;
use crate::ir::relation::{Grouping, GroupingElement, GroupingElementSet};

impl Parser<'_> {
    /// The clause at `GROUP BY`.
    pub(super) fn group_by(&mut self) -> SparkResult<Grouping> {
        self.take_many(2);
        let elements = self.comma_separated(Self::grouping_element)?;
        let expressions: Option<Vec<Expression>> = elements
            .iter()
            .map(|element| match element {
                GroupingElement::Expression(expression) => Some(expression.clone()),
                _ => None,
            })
            .collect();
        let Some(expressions) = expressions else { return Ok(Grouping::Analytics(elements)) };
        if self.accept_keywords(&[Keyword::With, Keyword::Rollup]) {
            return Ok(Grouping::Rollup(expressions));
        }
        if self.accept_keywords(&[Keyword::With, Keyword::Cube]) {
            return Ok(Grouping::Cube(expressions));
        }
        if self.are_keywords(&[Keyword::Grouping, Keyword::Sets]) && self.ahead(2) == TokenKind::LeftParen {
            self.take_many(2);
            let sets = self.parenthesized(Self::grouping_set)?;
            return Ok(Grouping::Sets { sets, columns: expressions });
        }
        if let [only] = expressions.as_slice()
            && is_all(only)
        {
            return Ok(Grouping::All);
        }
        Ok(Grouping::By(expressions))
    }

    fn grouping_element(&mut self) -> SparkResult<GroupingElement> {
        match self.grouping_analytic()? {
            Some(analytic) => Ok(analytic),
            None => self.expression().map(GroupingElement::Expression),
        }
    }

    /// `ROLLUP (…)`, `CUBE (…)`, `GROUPING SETS (…)`
    fn grouping_analytic(&mut self) -> SparkResult<Option<GroupingElement>> {
        if self.are_keywords(&[Keyword::Grouping, Keyword::Sets]) && self.ahead(2) == TokenKind::LeftParen {
            self.take_many(2);
            let sets = self.nested(|parser| parser.parenthesized(Self::grouping_set_member))?;
            return Ok(Some(GroupingElement::Sets(sets)));
        }
        if self.ahead(1) != TokenKind::LeftParen {
            return Ok(None);
        }
        let keyword = self.keyword().filter(|keyword| matches!(keyword, Keyword::Rollup | Keyword::Cube));
        let Some(keyword) = keyword else { return Ok(None) };
        let start = self.take();
        let sets = self.parenthesized(Self::grouping_set)?;
        if sets.iter().any(Vec::is_empty) {
            // An empty set adds nothing to what these expand to.
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0051", start).param("element", keyword.spelling()));
        }
        Ok(Some(if keyword == Keyword::Rollup { GroupingElement::Rollup(sets) } else { GroupingElement::Cube(sets) }))
    }

    fn grouping_set_member(&mut self) -> SparkResult<GroupingElementSet> {
        match self.grouping_analytic()? {
            Some(analytic) => Ok(GroupingElementSet::Nested(analytic)),
            None => self.grouping_set().map(GroupingElementSet::Set),
        }
    }

    /// `(a, b)`, `()` or `a`
    fn grouping_set(&mut self) -> SparkResult<Vec<Expression>> {
        let behind = self.closing_of(self.position()).map(|close| self.kind_at(close + 1));
        if !matches!(behind, Some(TokenKind::Comma | TokenKind::RightParen)) || self.encloses_query_at(self.position())
        {
            return Ok(vec![self.expression()?]);
        }
        self.take();
        let set = if self.is(TokenKind::RightParen) { Vec::new() } else { self.comma_separated(Self::expression)? };
        self.expect(TokenKind::RightParen)?;
        Ok(set)
    }
}
