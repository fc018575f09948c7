//! In which order joins are done.
//!
//! The order of FROM says nothing about how many rows each join leaves over. A region of inner, semi and anti joins is taken
//! apart into its relations and conditions and put together again in the order that is expected to touch the fewest rows,
//! if that promises to be much less than what was written. Without row counts of every relation nothing is changed.

mod estimate;
mod region;
mod search;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use region::Region;

/// Estimates are rough: an order is changed only if less than this share of the written one's work is expected.
const WORTH_CHANGING: f64 = 0.8;

#[derive(Debug)]
pub(crate) struct JoinOrder;

impl OptimizerRule for JoinOrder {
    fn name(&self) -> &str {
        "join_order"
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        ordered(plan)
    }
}

fn ordered(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    plan.transform_down(|node| {
        let Some(mut region) = Region::of(&node) else { return Ok(Transformed::no(node)) };
        let Some(tree) = better(&region) else { return Ok(Transformed::no(node)) };
        for relation in &mut region.relations {
            relation.plan = ordered(std::mem::take(&mut relation.plan))?.data;
        }
        Ok(Transformed::new(region.join(&tree)?, true, TreeNodeRecursion::Jump))
    })
}

/// The order that is worth taking instead of the written one.
fn better(region: &Region) -> Option<search::Tree> {
    let tree = search::best(region)?;
    (search::work(region, &tree) < search::work(region, &region.written) * WORTH_CHANGING).then_some(tree)
}
