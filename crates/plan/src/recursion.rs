//! Recursive common tables in logical plans.
//!
//! Both queries of a recursion are kept inside its node, out of sight of whatever rewrites the plan around it: a
//! subquery or a filter moved out of the repeated query would be run once instead of at each level. The executor plans
//! them on their own.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use datafusion::common::{DFSchemaRef, Result, internal_err};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};

/// The rows of the anchor, then those that the term makes of the rows of the level before, until it makes none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recursion {
    /// The table in `term` that holds the rows of the level before.
    pub table: String,
    pub anchor: Arc<LogicalPlan>,
    pub term: Arc<LogicalPlan>,
    /// The most levels that may have rows; the anchor is one.
    pub level_limit: Option<u64>,
    /// So many rows are too many, unless the query around wants only some of them.
    pub row_limit: Option<u64>,
    pub schema: DFSchemaRef,
}

/// The rows of the level before, within a recursion's term.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LevelBefore {
    pub table: String,
    pub schema: DFSchemaRef,
}

impl Recursion {
    pub fn into_plan(self) -> LogicalPlan {
        LogicalPlan::Extension(Extension { node: Arc::new(self) })
    }
}

impl LevelBefore {
    pub fn into_plan(self) -> LogicalPlan {
        LogicalPlan::Extension(Extension { node: Arc::new(self) })
    }
}

impl PartialOrd for Recursion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.table.partial_cmp(&other.table)
    }
}

impl PartialOrd for LevelBefore {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.table.partial_cmp(&other.table)
    }
}

impl UserDefinedLogicalNodeCore for Recursion {
    fn name(&self) -> &str {
        "UnionLoop"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        Vec::new()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "UnionLoop: {}", self.table)
    }

    fn with_exprs_and_inputs(&self, _expressions: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        if inputs.is_empty() { Ok(self.clone()) } else { internal_err!("a recursion has no inputs") }
    }
}

impl UserDefinedLogicalNodeCore for LevelBefore {
    fn name(&self) -> &str {
        "UnionLoopRef"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        Vec::new()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "UnionLoopRef: {}", self.table)
    }

    fn with_exprs_and_inputs(&self, _expressions: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        if inputs.is_empty() { Ok(self.clone()) } else { internal_err!("the level before has no inputs") }
    }
}
