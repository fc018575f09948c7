//! Joins.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::error::parse_error;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::relation::{Join, JoinCondition, JoinKind, NearestBy};
use crate::ir::{Relation, RelationKind};

impl Parser<'_> {
    /// Whether a join stands at the current token.
    pub(super) fn is_join(&self) -> bool {
        let skipped = usize::from(self.is_keyword(Keyword::Natural));
        let word = |distance: usize| self.ahead(skipped + distance);
        let is_join = |distance: usize| word(distance) == TokenKind::Keyword(Keyword::Join);
        match word(0) {
            TokenKind::Keyword(Keyword::Join) => true,
            TokenKind::Keyword(Keyword::Inner | Keyword::Cross | Keyword::Semi | Keyword::Anti) => is_join(1),
            TokenKind::Keyword(Keyword::Left | Keyword::Right | Keyword::Full) => {
                is_join(1)
                    || is_join(2)
                        && matches!(word(1), TokenKind::Keyword(Keyword::Outer | Keyword::Semi | Keyword::Anti))
            }
            _ => false,
        }
    }

    /// `[NATURAL] [kind] JOIN [LATERAL] relation [ON … | USING (…)]`
    pub(super) fn join(&mut self, left: Relation) -> SparkResult<Relation> {
        let join_start = self.position();
        let is_natural = self.accept_keyword(Keyword::Natural);
        let kind = self.join_kind();
        self.expect_keyword(Keyword::Join)?;
        let is_lateral = self.is_lateral();
        if is_lateral {
            self.take();
        }
        let right_start = self.position();
        let right = self.relation_primary()?;
        let is_nearest = matches!(self.keyword(), Some(Keyword::Approx | Keyword::Exact))
            && self.is_keyword_ahead(1, Keyword::Nearest);
        let condition = match is_nearest {
            true => JoinCondition::NearestBy(self.nearest_by(kind, is_lateral, join_start)?),
            false if is_natural => JoinCondition::Natural,
            false => self.join_condition()?,
        };
        if is_natural && kind == JoinKind::Cross {
            return Err(self.incompatible("NATURAL", "CROSS", join_start));
        }
        if is_lateral {
            self.check_lateral(&right, kind, &condition, (join_start, right_start))?;
        }
        let join = Join { left, right, kind, condition, is_lateral };
        Ok(Relation::new(RelationKind::Join(Box::new(join)), self.origin_since(join_start)))
    }

    fn join_kind(&mut self) -> JoinKind {
        let word = self.accept_any(&[
            Keyword::Inner,
            Keyword::Cross,
            Keyword::Left,
            Keyword::Right,
            Keyword::Full,
            Keyword::Semi,
            Keyword::Anti,
        ]);
        match word {
            Some(Keyword::Cross) => JoinKind::Cross,
            Some(Keyword::Semi) => JoinKind::LeftSemi,
            Some(Keyword::Anti) => JoinKind::LeftAnti,
            Some(Keyword::Left) => match self.accept_any(&[Keyword::Outer, Keyword::Semi, Keyword::Anti]) {
                Some(Keyword::Semi) => JoinKind::LeftSemi,
                Some(Keyword::Anti) => JoinKind::LeftAnti,
                _ => JoinKind::LeftOuter,
            },
            Some(Keyword::Right) => {
                self.accept_keyword(Keyword::Outer);
                JoinKind::RightOuter
            }
            Some(Keyword::Full) => {
                self.accept_keyword(Keyword::Outer);
                JoinKind::FullOuter
            }
            _ => JoinKind::Inner,
        }
    }

    /// `APPROX NEAREST [n] BY DISTANCE expression`
    fn nearest_by(&mut self, kind: JoinKind, is_lateral: bool, join_start: usize) -> SparkResult<NearestBy> {
        const MOST: i32 = 100_000;
        let is_exact = self.accept_keyword(Keyword::Exact);
        if !is_exact {
            self.expect_keyword(Keyword::Approx)?;
        }
        self.expect_keyword(Keyword::Nearest)?;
        let count = if self.is_keyword(Keyword::By) { 1 } else { self.small_integer()? };
        self.expect_keyword(Keyword::By)?;
        let is_distance = self.accept_keyword(Keyword::Distance);
        if !is_distance {
            self.expect_keyword(Keyword::Similarity)?;
        }
        let ranking = self.expression()?;
        if is_lateral {
            return Err(self.error_since("UNSUPPORTED_FEATURE.LATERAL_JOIN_NEAREST_BY", join_start));
        }
        if !matches!(kind, JoinKind::Inner | JoinKind::LeftOuter) {
            return Err(self
                .error_since("NEAREST_BY_JOIN.UNSUPPORTED_JOIN_TYPE", join_start)
                .param("joinType", kind.sql())
                .param("supported", "'INNER', 'LEFT OUTER'"));
        }
        if !(1..=MOST).contains(&count) {
            return Err(self
                .error_since("NEAREST_BY_JOIN.NUM_RESULTS_OUT_OF_RANGE", join_start)
                .param("numResults", count.to_string())
                .param("min", "1")
                .param("max", MOST.to_string()));
        }
        Ok(NearestBy { ranking, count, is_exact, is_distance })
    }

    fn join_condition(&mut self) -> SparkResult<JoinCondition> {
        if self.accept_keyword(Keyword::On) {
            return self.expression().map(JoinCondition::On);
        }
        if self.accept_keyword(Keyword::Using) {
            return self.identifier_list().map(JoinCondition::Using);
        }
        Ok(JoinCondition::None)
    }

    fn incompatible(&self, first: &str, second: &str, start: usize) -> firesteel_base::SparkError {
        self.error_since("INCOMPATIBLE_JOIN_TYPES", start).param("joinType1", first).param("joinType2", second)
    }

    fn check_lateral(
        &self,
        right: &Relation,
        kind: JoinKind,
        condition: &JoinCondition,
        (join_start, right_start): (usize, usize),
    ) -> SparkResult<()> {
        self.refuse_lateral_of(right, right_start)?;
        match condition {
            JoinCondition::Natural => return Err(self.incompatible("LATERAL", "NATURAL", join_start)),
            JoinCondition::Using(_) => {
                return Err(self.error_since("UNSUPPORTED_FEATURE.LATERAL_JOIN_USING", join_start));
            }
            JoinCondition::None | JoinCondition::On(_) | JoinCondition::NearestBy(_) => {}
        }
        if matches!(kind, JoinKind::Inner | JoinKind::Cross | JoinKind::LeftOuter) {
            return Ok(());
        }
        let name = kind.sql();
        Err(self.error_since("INVALID_LATERAL_JOIN_TYPE", join_start).param("joinType", name))
    }

    /// `LATERAL` stands in front of subqueries and table functions only.
    pub(super) fn refuse_lateral_of(&self, relation: &Relation, start: usize) -> SparkResult<()> {
        let is_plain = self.kind_at(start) != TokenKind::LeftParen && !contains_call(relation)
            || self.kind_at(start) == TokenKind::LeftParen && !self.encloses_query_at(start);
        if is_plain {
            return Err(parse_error(
                "INVALID_SQL_SYNTAX.LATERAL_WITHOUT_SUBQUERY_OR_TABLE_VALUED_FUNC",
                &self.origin_since(start),
            ));
        }
        Ok(())
    }
}

fn contains_call(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::TableFunction(_) => true,
        RelationKind::SubqueryAlias { input, .. } => contains_call(input),
        _ => false,
    }
}
