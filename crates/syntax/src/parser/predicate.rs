//! Predicates behind a value: `BETWEEN`, `IN`, `LIKE` and its kin, `IS …`.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::error::parse_error;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::expression::{Like, LikeKind, LikeQuantifier};
use crate::ir::{Expression, ExpressionKind, Literal};

impl Parser<'_> {
    /// Reads the predicate that stands behind `value`, if any.
    pub(super) fn predicate(&mut self, value: Expression) -> SparkResult<Expression> {
        let start = self.position();
        let negated = matches!(self.kind(), TokenKind::Bang | TokenKind::Keyword(Keyword::Not));
        let TokenKind::Keyword(keyword) = self.kind_at(start + usize::from(negated)) else { return Ok(value) };
        let behind = start + usize::from(negated) + 1;
        let applies = match keyword {
            Keyword::In => self.kind_at(behind) == TokenKind::LeftParen,
            Keyword::Is => !negated && self.is_keyword_test_at(behind),
            Keyword::Between | Keyword::Like | Keyword::Ilike | Keyword::Rlike => self.starts_expression_at(behind),
            _ => false,
        };
        if !applies {
            return Ok(value);
        }
        self.take_many(usize::from(negated) + 1);
        let found = match keyword {
            Keyword::Is => return self.is_test(value, start),
            Keyword::Between => self.between(value, start)?,
            Keyword::In => self.in_list(value, start)?,
            Keyword::Rlike => self.like_one(value, LikeKind::RLike, start)?,
            _ => return self.like(value, keyword, negated, start),
        };
        Ok(self.negated_if(negated, found, start))
    }

    fn is_keyword_test_at(&self, index: usize) -> bool {
        let negated = matches!(self.kind_at(index), TokenKind::Bang | TokenKind::Keyword(Keyword::Not));
        matches!(
            self.kind_at(index + usize::from(negated)),
            TokenKind::Keyword(Keyword::Null | Keyword::True | Keyword::False | Keyword::Unknown | Keyword::Distinct)
        )
    }

    fn negated_if(&self, negated: bool, expression: Expression, start: usize) -> Expression {
        if negated { Expression::call("not", vec![expression], self.origin_since(start)) } else { expression }
    }

    fn between(&mut self, value: Expression, start: usize) -> SparkResult<Expression> {
        let lower = self.nested_value_expression()?;
        self.expect_keyword(Keyword::And)?;
        let upper = self.nested_value_expression()?;
        Ok(Expression::call("between", vec![value, lower, upper], self.origin_since(start)))
    }

    fn in_list(&mut self, value: Expression, start: usize) -> SparkResult<Expression> {
        let open = self.position();
        if self.encloses_query_at(open) {
            let query = Box::new(self.parenthesized_query()?);
            let kind = ExpressionKind::InSubquery { values: row_values(value), query };
            return Ok(Expression::new(kind, self.origin_since(start)));
        }
        self.take();
        if self.accept(TokenKind::RightParen) {
            return Err(self.error_since("INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE", start));
        }
        let list = self.comma_separated(Self::expression)?;
        self.expect(TokenKind::RightParen)?;
        let kind = ExpressionKind::InList { child: Box::new(value), list };
        Ok(Expression::new(kind, self.origin_since(start)))
    }

    /// `IS [NOT] NULL | TRUE | FALSE | UNKNOWN | DISTINCT FROM value`
    fn is_test(&mut self, value: Expression, start: usize) -> SparkResult<Expression> {
        let negated = self.accept(TokenKind::Bang) || self.accept_keyword(Keyword::Not);
        let keyword = self.keyword();
        self.take();
        match keyword {
            Some(Keyword::Null | Keyword::Unknown) => {
                let function = if negated { "isnotnull" } else { "isnull" };
                Ok(Expression::call(function, vec![value], self.origin_since(start)))
            }
            Some(Keyword::Distinct) => {
                self.expect_keyword(Keyword::From)?;
                let right = self.nested_value_expression()?;
                let same = Expression::call("<=>", vec![value, right], self.origin_since(start));
                Ok(self.negated_if(!negated, same, start))
            }
            truth => {
                let origin = self.origin_since(start);
                let truth = Expression::literal(Literal::Boolean(truth == Some(Keyword::True)), origin.clone());
                let same = Expression::call("<=>", vec![value, truth], origin);
                Ok(self.negated_if(negated, same, start))
            }
        }
    }

    fn like(&mut self, value: Expression, keyword: Keyword, negated: bool, start: usize) -> SparkResult<Expression> {
        let kind = if keyword == Keyword::Ilike { LikeKind::ILike } else { LikeKind::Like };
        let quantifier = match self.keyword() {
            Some(Keyword::Any | Keyword::Some) if self.ahead(1) == TokenKind::LeftParen => LikeQuantifier::Any,
            Some(Keyword::All) if self.ahead(1) == TokenKind::LeftParen => LikeQuantifier::All,
            _ => {
                let like = self.like_one(value, kind, start)?;
                return Ok(self.negated_if(negated, like, start));
            }
        };
        self.take_many(2);
        if self.accept(TokenKind::RightParen) {
            let message = "Expected something between '(' and ')'.";
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0064", start).param("msg", message));
        }
        let patterns = self.comma_separated(Self::expression)?;
        self.expect(TokenKind::RightParen)?;
        let like = Like { kind, child: value, patterns, quantifier, negated, escape: None };
        Ok(Expression::new(ExpressionKind::Like(Box::new(like)), self.origin_since(start)))
    }

    fn like_one(&mut self, value: Expression, kind: LikeKind, start: usize) -> SparkResult<Expression> {
        let pattern = self.nested_value_expression()?;
        let is_escaped =
            kind != LikeKind::RLike && self.is_keyword(Keyword::Escape) && self.is_string_at(self.position() + 1);
        let escape = if is_escaped { Some(self.escape()?) } else { None };
        let like = Like {
            kind,
            child: value,
            patterns: vec![pattern],
            quantifier: LikeQuantifier::One,
            negated: false,
            escape,
        };
        Ok(Expression::new(ExpressionKind::Like(Box::new(like)), self.origin_since(start)))
    }

    /// `ESCAPE 'c'`: exactly one character.
    fn escape(&mut self) -> SparkResult<char> {
        self.expect_keyword(Keyword::Escape)?;
        let start = self.position();
        let text = self.string_literal()?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(escape), None) => Ok(escape),
            _ => {
                Err(parse_error("INVALID_ESCAPE_CHAR", &self.origin_since(start))
                    .param("sqlExpr", format!("\"{text}\"")))
            }
        }
    }
}

/// `(a, b) IN (…)` compares the members of the row.
fn row_values(value: Expression) -> Vec<Expression> {
    match value.kind {
        ExpressionKind::Function(call) if call.is_internal && call.name == ["named_struct"] => {
            call.arguments.into_iter().skip(1).step_by(2).collect()
        }
        kind => vec![Expression::new(kind, value.origin)],
    }
}
