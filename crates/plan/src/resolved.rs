//! A resolved relation: its plan, its columns, and what names above it may still refer to.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::logical_expr::{Expr, LogicalPlan};
use firesteel_base::{SparkResult, SparkSchema};

use crate::attribute::Attribute;
use crate::block::Block;
use crate::projection::project;

/// For each plan id of the client below, the columns of each relation under it: `df["a"]` looks here.
pub type PlanIds = HashMap<i64, Vec<Arc<[Attribute]>>>;

/// A relation whose columns are known.
#[derive(Clone)]
pub struct Resolved {
    /// Holds at least the columns of `output` and `hidden`; maybe others that nothing refers to.
    pub plan: LogicalPlan,
    /// The columns as `*` shows them.
    pub output: Vec<Attribute>,
    /// Columns that can be named but are not shown: both sides' keys of a `USING` join.
    pub hidden: Vec<Attribute>,
    pub plan_ids: PlanIds,
    /// The SELECT block this is, if `ORDER BY`, `HAVING` or `QUALIFY` above may still refer to what it did not select.
    pub block: Option<Arc<Block>>,
}

impl Resolved {
    pub fn new(plan: LogicalPlan, output: Vec<Attribute>) -> Self {
        Self { plan, output, hidden: Vec::new(), plan_ids: PlanIds::new(), block: None }
    }

    /// Keeps what can be named by plan id below `input`.
    #[must_use]
    pub fn with_plan_ids(mut self, plan_ids: PlanIds) -> Self {
        self.plan_ids = plan_ids;
        self
    }

    /// The plan reduced to exactly the columns of `output`, in order.
    pub fn exact_plan(&self) -> SparkResult<LogicalPlan> {
        let columns = self.plan.schema().columns();
        let is_exact = columns.iter().eq(self.output.iter().map(|attribute| &attribute.column));
        if is_exact {
            return Ok(self.plan.clone());
        }
        let columns = self.output.iter().map(|attribute| Expr::Column(attribute.column.clone())).collect();
        project(columns, self.plan.clone())
    }

    pub fn schema(&self) -> SparkSchema {
        SparkSchema::new(self.output.iter().map(Attribute::to_field).collect::<Vec<_>>())
    }
}

/// Both sides' plan ids together.
pub fn merge_plan_ids(mut left: PlanIds, right: PlanIds) -> PlanIds {
    for (id, relations) in right {
        left.entry(id).or_default().extend(relations);
    }
    left
}
