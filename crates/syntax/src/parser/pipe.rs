//! The operators behind `|>`.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::query::is_all;
use super::relation::SUBQUERY_NAME;
use super::token::TokenKind;
use crate::ir::expression::Star;
use crate::ir::relation::{Aggregate, Grouping};
use crate::ir::{Expression, ExpressionKind, Relation, RelationKind};

impl Parser<'_> {
    /// One operator on `input`, behind its sign. `start`: where the query begins.
    pub(super) fn pipe_operator(&mut self, input: Relation, start: usize) -> SparkResult<Relation> {
        let operator = self.position();
        if self.is_join() {
            return self.join(input);
        }
        match self.keyword() {
            Some(Keyword::Select) => self.piped_select(input, start),
            Some(Keyword::Extend) => self.extend(input, start),
            Some(Keyword::Set) => self.pipe_set(input, start),
            Some(Keyword::Drop) => self.pipe_drop(input, start),
            Some(Keyword::As) => {
                self.take();
                let name = self.plain_identifier()?;
                Ok(self.aliased(input, Some((name, Vec::new())), start))
            }
            Some(Keyword::Where) => {
                let input = self.bounded(input, start);
                let filtered = self.filter(input, start)?;
                if self.is_keyword(Keyword::Window) {
                    return Err(self.error_since("NOT_ALLOWED_IN_PIPE_OPERATOR_WHERE.WINDOW_CLAUSE", operator));
                }
                Ok(filtered)
            }
            Some(Keyword::Pivot) => self.pivot(input),
            Some(Keyword::Unpivot) => self.unpivot(input),
            Some(Keyword::Tablesample) => self.piped_sample(input, start),
            Some(Keyword::Aggregate) => self.pipe_aggregate(input, start),
            Some(Keyword::Union | Keyword::Except | Keyword::Intersect | Keyword::Minus) => {
                self.piped_set_operation(input, start)?.ok_or_else(|| self.syntax_error())
            }
            _ => self.pipe_organization(input, start),
        }
    }

    /// A boundary below which the tables' names are hidden, unless there is one.
    fn bounded(&self, input: Relation, start: usize) -> Relation {
        match input.kind {
            RelationKind::SubqueryAlias { .. } | RelationKind::Table(_) => input,
            _ => self.aliased(input, Some((SUBQUERY_NAME.to_owned(), Vec::new())), start),
        }
    }

    fn project(&self, input: Relation, expressions: Vec<Expression>, start: usize) -> Relation {
        Relation::new(RelationKind::Project { input: input.boxed(), expressions }, self.origin_since(start))
    }

    fn extend(&mut self, input: Relation, start: usize) -> SparkResult<Relation> {
        self.take();
        let added = self.comma_separated(Self::named_expression)?;
        let mut expressions = vec![Expression::new(ExpressionKind::Star(Star::default()), self.origin_since(start))];
        expressions.extend(added);
        Ok(self.project(input, expressions, start))
    }

    /// `SET column = expression, …`: each assignment sees the ones in front of it.
    fn pipe_set(&mut self, mut input: Relation, start: usize) -> SparkResult<Relation> {
        self.take();
        loop {
            let assignment = self.position();
            let key = self.multipart_identifier()?;
            self.expect(TokenKind::Equal)?;
            let value = self.expression()?;
            let mut parts = key.into_iter();
            let (Some(column), None) = (parts.next(), parts.next()) else {
                let message = "SQL pipe syntax |> SET operator with multi-part assignment key (only single-part keys are allowed)";
                return Err(self.error_since("_LEGACY_ERROR_TEMP_0035", assignment).param("message", message));
            };
            let kind = RelationKind::WithColumns { input: input.boxed(), columns: vec![(column, value, None)] };
            input = Relation::new(kind, self.origin_since(start));
            if !self.accept(TokenKind::Comma) {
                return Ok(input);
            }
        }
    }

    fn pipe_drop(&mut self, input: Relation, start: usize) -> SparkResult<Relation> {
        self.take();
        let except = self.comma_separated(Self::multipart_identifier)?;
        let star = Star { target: None, plan_id: None, except };
        let star = Expression::new(ExpressionKind::Star(star), self.origin_since(start));
        Ok(self.project(input, vec![star], start))
    }

    /// `AGGREGATE [expressions] [GROUP BY …]`: the grouping expressions come first in the output.
    fn pipe_aggregate(&mut self, input: Relation, start: usize) -> SparkResult<Relation> {
        self.take();
        let has_expressions =
            !self.are_keywords(&[Keyword::Group, Keyword::By]) && self.starts_expression_at(self.position());
        let expressions = if has_expressions { self.comma_separated(Self::named_expression)? } else { Vec::new() };
        let has_grouping = self.accept_keywords(&[Keyword::Group, Keyword::By]);
        if !has_expressions && !has_grouping {
            let message = "The AGGREGATE clause requires a list of aggregate expressions or a list of grouping expressions, or both";
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0035", start).param("message", message));
        }
        let grouping = if has_grouping { self.pipe_grouping(start)? } else { Vec::new() };
        let aggregate = Aggregate { input, grouping: Grouping::By(grouping), expressions, prepend_grouping: true };
        Ok(Relation::new(RelationKind::Aggregate(Box::new(aggregate)), self.origin_since(start)))
    }

    /// Grouping expressions, which may have names here.
    fn pipe_grouping(&mut self, start: usize) -> SparkResult<Vec<Expression>> {
        let refused = match self.keyword() {
            Some(Keyword::Rollup) if self.ahead(1) == TokenKind::LeftParen => Some("GROUP BY ROLLUP"),
            Some(Keyword::Cube) if self.ahead(1) == TokenKind::LeftParen => Some("GROUP BY CUBE"),
            Some(Keyword::Grouping) if self.is_keyword_ahead(1, Keyword::Sets) => Some("GROUPING SETS"),
            _ => None,
        };
        if let Some(case) = refused {
            return Err(self.unsupported_aggregate(case, start));
        }
        let grouping = self.comma_separated(Self::named_expression)?;
        let refused = match (grouping.as_slice(), self.keyword()) {
            ([only], _) if is_all(only) => Some("GROUP BY ALL"),
            (_, Some(Keyword::With)) if self.is_keyword_ahead(1, Keyword::Rollup) => Some("GROUP BY ROLLUP"),
            (_, Some(Keyword::With)) if self.is_keyword_ahead(1, Keyword::Cube) => Some("GROUP BY CUBE"),
            (_, Some(Keyword::Grouping)) if self.is_keyword_ahead(1, Keyword::Sets) => Some("GROUPING SETS"),
            _ => None,
        };
        match refused {
            Some(case) => Err(self.unsupported_aggregate(case, start)),
            None => Ok(grouping),
        }
    }

    fn unsupported_aggregate(&self, case: &str, start: usize) -> firesteel_base::SparkError {
        self.error_since("UNSUPPORTED_FEATURE.PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE", start).param("case", case)
    }

    /// `ORDER BY`, `LIMIT`, `OFFSET` and so on; one of them a time, save `LIMIT` with `OFFSET`.
    fn pipe_organization(&mut self, input: Relation, start: usize) -> SparkResult<Relation> {
        let clauses = self.position();
        let names = [
            (Keyword::Order, "ORDER BY"),
            (Keyword::Cluster, "CLUSTER BY"),
            (Keyword::Distribute, "DISTRIBUTE BY"),
            (Keyword::Sort, "SORT BY"),
            (Keyword::Limit, "LIMIT"),
            (Keyword::Offset, "OFFSET"),
            (Keyword::Window, "WINDOW"),
        ];
        let name_of =
            |keyword: Option<Keyword>| names.iter().find(|(word, _)| Some(*word) == keyword).map(|(_, name)| *name);
        let Some(first) = name_of(self.keyword()) else { return Err(self.syntax_error()) };
        let organization = self.organization()?;
        let second = name_of(self.keyword()).filter(|second| *second != first);
        let input = self.bounded(input, start);
        let result = self.organized(input, organization, clauses)?;
        match second {
            Some(second) => Err(self
                .error_since("MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS", clauses)
                .param("clause1", first)
                .param("clause2", second)),
            None => Ok(result),
        }
    }
}
