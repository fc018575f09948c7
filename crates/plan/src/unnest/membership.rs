//! `IN` with a subquery, with NULL's meaning.
//!
//! `x IN (S)` is true if a row of S equals x, unknown if none does but a comparison was unknown (x or a value of S is
//! NULL), else false. A filter keeps only what is true, so `IN` needs equality alone, and `NOT IN` must drop rows whose
//! comparison is unknown. Spark does the same everywhere else: neither is ever NULL, and of an unknown comparison both
//! are false.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{ExprSchema, JoinType, NullEquality, Result};
use datafusion::logical_expr::expr::InSubquery;
use datafusion::logical_expr::utils::disjunction;
use datafusion::logical_expr::{Expr, ExprSchemable, Join, JoinConstraint, LogicalPlan, lit};
use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkError, SparkResult};
use firesteel_functions::kernel::from_engine;
use firesteel_functions::operator::with_one_zero;

use super::{Joinable, Unnesting, filtered, inward, unwrapped, without_order};
use crate::lower::row_values;

/// A value and the subquery's column that it is compared with.
struct Pair {
    value: Expr,
    member: Expr,
    can_be_unknown: bool,
}

impl Unnesting<'_, '_> {
    /// The rows of `input` for which `value [NOT] IN (subquery)` is true.
    pub(super) fn member_filter(
        &self,
        input: LogicalPlan,
        value: Expr,
        subquery: LogicalPlan,
        negated: bool,
    ) -> SparkResult<LogicalPlan> {
        if self.null_in_empty_is_null() && is_null(&value) {
            return filtered(input, lit(false));
        }
        let pairs = pairs(&input, value, &subquery)?;
        let mut joinable = self.joinable(&input, subquery, false)?;
        if !negated {
            joinable.add_equal(&pairs);
            return joinable.join(input, JoinType::LeftSemi);
        }
        if pairs.iter().all(|pair| !pair.can_be_unknown) {
            joinable.add_equal(&pairs);
            return joinable.join(input, JoinType::LeftAnti);
        }
        if let ([pair], true) = (pairs.as_slice(), joinable.on.is_empty() && joinable.filters.is_empty()) {
            return null_aware_anti(input, joinable.plan, pair);
        }
        joinable.filters.extend(pairs.iter().map(Pair::not_different));
        joinable.join(input, JoinType::LeftAnti)
    }

    /// `spark.sql.legacy.nullInEmptyListBehavior`, on by default without ANSI mode.
    fn null_in_empty_is_null(&self) -> bool {
        let conf = &self.resolver.context.conf;
        match conf.get("spark.sql.legacy.nullInEmptyListBehavior") {
            Ok(value) => value == "true",
            Err(_) => !conf.ansi(),
        }
    }

    /// `IN` anywhere else: a column.
    pub(super) fn membership(&self, membership: InSubquery, input: &mut LogicalPlan) -> SparkResult<Expr> {
        if self.null_in_empty_is_null() && is_null(&membership.expr) {
            return Ok(Expr::Literal(ScalarValue::Boolean(None), None));
        }
        let subquery = without_order(self.plan(unwrapped(&membership.subquery))?);
        let pairs = pairs(input, *membership.expr, &subquery)?;
        let mut equal = self.joinable(input, subquery.clone(), false)?;
        equal.add_equal(&pairs);
        let is_member = self.mark(equal, input)?;
        if !membership.negated {
            return Ok(is_member);
        }
        let may_be_member = if pairs.iter().any(|pair| pair.can_be_unknown) {
            is_member.or(self.is_unknown(&pairs, subquery, input)?)
        } else {
            is_member
        };
        Ok(Expr::Not(Box::new(may_be_member)))
    }

    /// Whether a row of the subquery cannot be told apart from the values, given that none equals them.
    fn is_unknown(&self, pairs: &[Pair], subquery: LogicalPlan, input: &mut LogicalPlan) -> SparkResult<Expr> {
        let mut similar = self.joinable(input, subquery.clone(), false)?;
        if let ([pair], true) = (pairs, similar.on.is_empty() && similar.filters.is_empty()) {
            let nulls = filtered(subquery.clone(), pair.member.clone().is_null())?;
            let has_null = self.any_row(nulls)?;
            let is_null = pair.value.clone().is_null().and(self.any_row(subquery)?);
            return Ok(has_null.or(is_null));
        }
        similar.filters.extend(pairs.iter().map(Pair::not_different));
        self.mark(similar, input)
    }
}

impl Pair {
    fn not_different(&self) -> Expr {
        let equal = self.value.clone().eq(self.member.clone());
        if !self.can_be_unknown {
            return equal;
        }
        let ways = [equal, self.value.clone().is_null(), self.member.clone().is_null()];
        disjunction(ways).unwrap_or_else(|| lit(true))
    }
}

impl Joinable {
    fn add_equal(&mut self, pairs: &[Pair]) {
        for pair in pairs {
            if self.null_safe {
                self.filters.push(pair.value.clone().eq(pair.member.clone()));
            } else {
                self.on.push((pair.value.clone(), pair.member.clone()));
            }
        }
    }
}

fn pairs(input: &LogicalPlan, value: Expr, subquery: &LogicalPlan) -> SparkResult<Vec<Pair>> {
    let members = subquery.schema().columns();
    let values = if members.len() == 1 { vec![value] } else { row_values(value) };
    if values.len() != members.len() {
        return Err(SparkError::internal("IN with a subquery of another number of columns"));
    }
    let pair = |(value, member): (Expr, _)| {
        let value = inward(value, input.schema())?;
        let is_nullable = value.nullable(input.schema()).map_err(from_engine)?;
        let member_nullable = subquery.schema().field_from_column(&member).map_err(from_engine)?.is_nullable();
        let data_type = value.get_type(input.schema()).map_err(from_engine)?;
        let [value, member] = [value, Expr::Column(member)].map(|side| with_one_zero(side, &data_type));
        Ok(Pair { value, member, can_be_unknown: is_nullable || member_nullable })
    };
    values.into_iter().zip(members).map(pair).collect()
}

/// `NOT (x IN (S))` as `x NOT IN (S)`.
pub(super) fn into_not_in(expression: Expr) -> Result<Transformed<Expr>> {
    match expression {
        Expr::Not(inner) => match *inner {
            Expr::InSubquery(membership) => {
                let negated = !membership.negated;
                Ok(Transformed::yes(Expr::InSubquery(InSubquery { negated, ..membership })))
            }
            other => Ok(Transformed::no(Expr::Not(Box::new(other)))),
        },
        other => Ok(Transformed::no(other)),
    }
}

/// A NULL written as the value: Spark answers NULL even where the subquery has no rows.
fn is_null(value: &Expr) -> bool {
    match value {
        Expr::Literal(value, _) => value.is_null(),
        Expr::Cast(cast) => is_null(&cast.expr),
        Expr::Alias(alias) => is_null(&alias.expr),
        _ => false,
    }
}

/// The engine's own `NOT IN`.
fn null_aware_anti(input: LogicalPlan, subquery: LogicalPlan, pair: &Pair) -> SparkResult<LogicalPlan> {
    let join = Join::try_new(
        Arc::new(input),
        Arc::new(subquery),
        vec![(pair.value.clone(), pair.member.clone())],
        None,
        JoinType::LeftAnti,
        JoinConstraint::On,
        NullEquality::NullEqualsNothing,
        true,
    );
    join.map(LogicalPlan::Join).map_err(from_engine)
}
