//! The planner that knows the operators of plans beyond the engine's own.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{Result, internal_err};
use datafusion::execution::context::{QueryPlanner, SessionState};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use firesteel_plan::operator::RowOperation;
use firesteel_plan::recursion::{LevelBefore, Recursion};

use super::in_order;
use super::recursion::{LevelBeforeExec, RecursionExec, WorkingTable, WorkingTables};
use super::row::RowOperatorExec;
use super::sliced::sliced;
use super::staged::staged;
use super::tap::Taps;
use super::window::{counted_windows, interruptible_windows};
use super::yielding::yielding;

/// Plans with the engine's planner and the operators' own; one for each query, and one for each recursion in it.
#[derive(Clone, Debug, Default)]
pub struct Planner {
    pub(crate) taps: Arc<Taps>,
    working_tables: WorkingTables,
}

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        logical_plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Operators(self.clone()))]);
        let logical_plan = interruptible_windows(logical_plan)?;
        let plan = planner.create_physical_plan(&logical_plan, session).await?;
        sliced(staged(yielding(counted_windows(plan)?)?)?)
    }
}

struct Operators(Planner);

#[async_trait]
impl ExtensionPlanner for Operators {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        _context: &datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let node = node.as_any();
        if let Some(recursion) = node.downcast_ref::<Recursion>() {
            return self.recursion(recursion, session).await.map(Some);
        }
        if let Some(level) = node.downcast_ref::<LevelBefore>() {
            let Some(working) = self.0.working_tables.get(&level.table) else {
                return internal_err!("a recursion's working table is not there");
            };
            let schema = Arc::clone(level.schema.inner());
            return Ok(Some(Arc::new(LevelBeforeExec::new(&level.table, Arc::clone(working), schema))));
        }
        let (Some(operation), [input]) = (node.downcast_ref::<RowOperation>(), physical_inputs) else {
            return Ok(None);
        };
        let operator = RowOperatorExec::new(operation.operator.clone(), Arc::clone(input), &self.0.taps);
        Ok(Some(Arc::new(operator)))
    }
}

impl Operators {
    /// Both sides are planned as queries of their own, with a working table that is theirs alone.
    async fn recursion(&self, recursion: &Recursion, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(state) = session.as_any().downcast_ref::<SessionState>() else {
            return internal_err!("a recursion is planned without a session state");
        };
        let mut planner = self.0.clone();
        let working = Arc::new(WorkingTable::default());
        planner.working_tables.insert(recursion.table.clone(), Arc::clone(&working));
        let mut state =
            SessionStateBuilder::new_from_existing(state.clone()).with_query_planner(Arc::new(planner)).build();
        state.mark_start_execution();
        let anchor = in_order(state.create_physical_plan(&recursion.anchor).await?)?;
        let term = in_order(state.create_physical_plan(&recursion.term).await?)?;
        Ok(Arc::new(RecursionExec::new(recursion, working, anchor, term)))
    }
}
