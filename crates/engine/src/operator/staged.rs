//! Filters whose conditions may raise errors come after those that keep the errors away.
//!
//! The optimiser puts the conditions of several filters into one, in an order of its own, and such a filter computes
//! them for rows that another condition leaves out. In Spark `WHERE a <> 0` holds before anything above divides by `a`.
//! Which condition was written first is not known here: `1 / a = 1 AND a <> 0` raises an error in Spark and none here.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::utils::split_conjunction;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr, conjunction};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};
use firesteel_functions::guard::may_raise;

/// The plan with such filters in two stages.
pub(crate) fn staged(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let stage = |node: Arc<dyn ExecutionPlan>| {
        Ok(match node.downcast_ref::<FilterExec>().map(stages).transpose()?.flatten() {
            Some(filter) => Transformed::yes(filter),
            None => Transformed::no(node),
        })
    };
    plan.transform_up(stage).data()
}

fn stages(filter: &FilterExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let conditions = split_conjunction(filter.predicate()).into_iter().cloned();
    let (raising, calm): (Vec<_>, Vec<_>) = conditions.partition(raises);
    if raising.is_empty() || calm.is_empty() {
        return Ok(None);
    }
    let first = FilterExecBuilder::new(conjunction(calm), Arc::clone(filter.input()))
        .with_batch_size(filter.batch_size())
        .build()?;
    let then = FilterExecBuilder::from(filter).with_input(Arc::new(first)).with_predicate(conjunction(raising));
    Ok(Some(Arc::new(then.build()?)))
}

fn raises(condition: &Arc<dyn PhysicalExpr>) -> bool {
    let is_raising = |part: &Arc<dyn PhysicalExpr>| {
        Ok(part.downcast_ref::<ScalarFunctionExpr>().is_some_and(|call| may_raise(call.fun().name())))
    };
    condition.exists(is_raising).unwrap_or(true)
}
