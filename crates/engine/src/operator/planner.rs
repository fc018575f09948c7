//! The planner that knows the operators of plans beyond the engine's own.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::common::Result;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use firesteel_plan::operator::RowOperation;

use super::row::RowOperatorExec;
use super::tap::Taps;
use super::yielding::yielding;

/// Plans with the engine's planner and the operators' own; one for each query.
#[derive(Debug, Default)]
pub struct Planner {
    pub(crate) taps: Arc<Taps>,
}

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        logical_plan: &LogicalPlan,
        session: &dyn datafusion::catalog::Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let operators = Operators { taps: Arc::clone(&self.taps) };
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(operators)]);
        yielding(planner.create_physical_plan(logical_plan, session).await?)
    }
}

struct Operators {
    taps: Arc<Taps>,
}

#[async_trait]
impl ExtensionPlanner for Operators {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn datafusion::catalog::Session,
        _context: &datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let (Some(operation), [input]) = (node.as_any().downcast_ref::<RowOperation>(), physical_inputs) else {
            return Ok(None);
        };
        let operator = RowOperatorExec::new(operation.operator.clone(), Arc::clone(input), &self.taps);
        Ok(Some(Arc::new(operator)))
    }
}
