//! Null-safe equality as two plain equalities.
//!
//! A join of the engine treats NULLs alike for all of its keys. Later rules add plain equalities to a join whose keys
//! are null-safe, or merge it with joins whose keys are not, and NULLs then match where they must not. So
//! `a <=> b` becomes `(a IS NULL) = (b IS NULL) AND coalesce(a, z) = coalesce(b, z)` before those rules see it, with
//! any constant z of the type.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{NullEquality, Result, ScalarValue};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Join, JoinType, LogicalPlan, Operator};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

#[derive(Debug)]
pub struct NullSafeEquality;

impl OptimizerRule for NullSafeEquality {
    fn name(&self) -> &str {
        "null_safe_equality"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Join(join) = plan else { return Ok(Transformed::no(plan)) };
        let has_null_safe_keys = join.null_equality == NullEquality::NullEqualsNull
            && (join.join_type == JoinType::Inner || join.filter.is_some());
        if !has_null_safe_keys && !join.filter.as_ref().is_some_and(has_null_safe_conjunct) {
            return Ok(Transformed::no(LogicalPlan::Join(join)));
        }
        Ok(Transformed::yes(LogicalPlan::Join(rewritten(join, has_null_safe_keys)?)))
    }
}

fn rewritten(mut join: Join, has_null_safe_keys: bool) -> Result<Join> {
    let schema = Arc::new(join.left.schema().join(join.right.schema())?);
    if has_null_safe_keys {
        let mut keys = Vec::with_capacity(join.on.len() * 2);
        for (left, right) in join.on {
            let data_type = left.get_type(join.left.schema())?;
            let Ok(some) = ScalarValue::new_default(&data_type) else {
                // No constant of such a type: compared in the filter, null-safely, on its own.
                let same = null_safe(left, right);
                join.filter = Some(join.filter.map_or_else(|| same.clone(), |filter| filter.and(same.clone())));
                continue;
            };
            keys.push((left.clone().is_null(), right.clone().is_null()));
            keys.push((or_some(left, &some), or_some(right, &some)));
        }
        join.on = keys;
        join.null_equality = NullEquality::NullEqualsNothing;
    }
    let mut conjuncts = Vec::new();
    for conjunct in join.filter.map(split_conjunction_owned).unwrap_or_default() {
        match conjunct {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::IsNotDistinctFrom, right }) => {
                let default = left.get_type(&schema).and_then(|data_type| ScalarValue::new_default(&data_type));
                match default {
                    Ok(some) => {
                        conjuncts.push(left.clone().is_null().eq(right.clone().is_null()));
                        conjuncts.push(or_some(*left, &some).eq(or_some(*right, &some)));
                    }
                    Err(_) => conjuncts.push(null_safe(*left, *right)),
                }
            }
            other => conjuncts.push(other),
        }
    }
    join.filter = conjunction(conjuncts);
    Ok(join)
}

fn has_null_safe_conjunct(filter: &Expr) -> bool {
    datafusion::logical_expr::utils::split_conjunction(filter)
        .into_iter()
        .any(|conjunct| matches!(conjunct, Expr::BinaryExpr(BinaryExpr { op: Operator::IsNotDistinctFrom, .. })))
}

/// Not recognised as a key by the engine's rules: the comparison stays a filter.
fn null_safe(left: Expr, right: Expr) -> Expr {
    let equal = left.clone().eq(right.clone()).is_true();
    equal.or(left.is_null().and(right.is_null()))
}

fn or_some(expression: Expr, some: &ScalarValue) -> Expr {
    coalesce(vec![expression, Expr::Literal(some.clone(), None)])
}
