//! Rows that are kept once they were computed: what `cache`, `persist` and checkpoints hold.
//!
//! Rows are computed when a query first reads them, by that query, and are read from then on. They stay in memory
//! within a budget that all of them share, and go to disk beyond it or when others need the room; those of queries
//! that were used least recently go first. Rows that may only be in memory are given up instead, and computed again.

mod exec;
mod rows;
mod store;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::DataFusionError;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use firesteel_plan::AnalyzedPlan;
use parking_lot::Mutex;

use crate::errors::spark_error;
use crate::operator::keeping_partitions;
use exec::HeldExec;
use rows::Rows;
pub(crate) use store::HeldStore;

/// Where kept rows may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldingPlace {
    pub memory: bool,
    pub disk: bool,
}

/// The rows of a query, kept from when they are first read. Dropping it frees them.
pub struct Held {
    id: u64,
    plan: AnalyzedPlan,
    state: SessionState,
    place: HoldingPlace,
    store: Arc<HeldStore>,
    /// Columns are named by their position.
    schema: SchemaRef,
    rows: Mutex<Option<Arc<Rows>>>,
    /// Held while rows are computed, so that they are computed once.
    computing: tokio::sync::Mutex<()>,
    last_used: AtomicU64,
}

impl fmt::Debug for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Held").field("id", &self.id).field("place", &self.place).finish_non_exhaustive()
    }
}

/// The name of a column of kept rows.
pub fn held_column(index: usize) -> String {
    format!("c{index}")
}

impl Held {
    pub(crate) fn new(
        plan: AnalyzedPlan,
        state: SessionState,
        place: HoldingPlace,
        store: &Arc<HeldStore>,
    ) -> Arc<Self> {
        let fields = plan.plan.schema().fields().iter().enumerate();
        let fields: Vec<_> = fields
            .map(|(index, field)| Field::new(held_column(index), field.data_type().clone(), field.is_nullable()))
            .collect();
        let held = Arc::new(Self {
            id: store.next_id(),
            schema: Arc::new(Schema::new(fields)),
            plan,
            state,
            place,
            store: Arc::clone(store),
            rows: Mutex::default(),
            computing: tokio::sync::Mutex::default(),
            last_used: AtomicU64::new(0),
        });
        store.register(&held);
        held
    }

    /// Computes the rows now, unless they are there.
    pub async fn fill(&self) -> Result<(), DataFusionError> {
        self.rows().await.map(|_| ())
    }

    /// Whether the rows are there.
    pub fn is_filled(&self) -> bool {
        self.rows.lock().is_some()
    }

    /// The rows, computed if need be; `None` if they may only be in memory and there is not enough of it.
    async fn rows(&self) -> Result<Option<Arc<Rows>>, DataFusionError> {
        self.last_used.store(self.store.tick(), Ordering::Relaxed);
        if let Some(rows) = self.rows.lock().clone() {
            return Ok(Some(rows));
        }
        let _computing = self.computing.lock().await;
        if let Some(rows) = self.rows.lock().clone() {
            return Ok(Some(rows));
        }
        let plan = self.physical().await?;
        let rows = Rows::compute(self, plan).await.map_err(|error| self.told(error))?;
        self.rows.lock().clone_from(&rows);
        Ok(rows)
    }

    /// A fresh plan of the query: a plan that ran cannot run again.
    async fn physical(&self) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let plan = self.state.create_physical_plan(&self.plan.plan).await;
        plan.and_then(keeping_partitions).map_err(|error| self.told(error))
    }

    /// The error with the places of this query, whose numbers mean nothing in the query that reads the rows.
    fn told(&self, error: DataFusionError) -> DataFusionError {
        DataFusionError::External(Box::new(spark_error(error, &self.plan.origins)))
    }
}

/// Reads the rows of a [`Held`].
#[derive(Debug)]
pub struct HeldTable(pub Arc<Held>);

#[async_trait]
impl TableProvider for HeldTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.0.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let rows = self.0.rows.lock().clone();
        let partitions = match rows {
            Some(rows) => rows.partitions(),
            // Planning runs nothing.
            None => self.0.physical().await?.output_partitioning().partition_count(),
        };
        Ok(Arc::new(HeldExec::new(Arc::clone(&self.0), projection.cloned(), partitions)?))
    }
}
