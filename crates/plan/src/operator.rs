//! Operators that the engine does not have by itself: they pass their input's rows on, all of them or some, maybe
//! often. The plan says what is to be done; the executor does it.

use std::fmt;
use std::sync::Arc;

use datafusion::common::{DFSchemaRef, Result};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use firesteel_base::SparkSchema;

/// What is done with the rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd)]
pub enum RowOperator {
    /// Takes rows at random.
    Sample(RandomSample),
    /// Takes the last rows, so many.
    Tail(usize),
    /// Shows the rows to the [`Observation`] that reads the table of this name.
    Observe(String),
}

/// A sample; its bounds are kept as bits so that samples can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd)]
pub struct RandomSample {
    lower: u64,
    upper: u64,
    pub with_replacement: bool,
    pub seed: i64,
}

impl RandomSample {
    pub fn new(lower: f64, upper: f64, with_replacement: bool, seed: i64) -> Self {
        Self { lower: lower.to_bits(), upper: upper.to_bits(), with_replacement, seed }
    }

    pub fn lower(&self) -> f64 {
        f64::from_bits(self.lower)
    }

    pub fn upper(&self) -> f64 {
        f64::from_bits(self.upper)
    }
}

/// Metrics of the rows that pass a point of a plan.
#[derive(Clone, Debug)]
pub struct Observation {
    pub name: String,
    /// The client's id of the observed relation.
    pub plan_id: Option<i64>,
    /// The table in `plan` that the observed rows are, without rows of its own.
    pub table: String,
    /// One row: the metrics.
    pub plan: LogicalPlan,
    pub schema: SparkSchema,
}

/// A row operator in a logical plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd)]
pub struct RowOperation {
    pub operator: RowOperator,
    pub input: LogicalPlan,
}

impl RowOperation {
    /// The operator above its input.
    pub fn plan(operator: RowOperator, input: LogicalPlan) -> LogicalPlan {
        LogicalPlan::Extension(Extension { node: Arc::new(Self { operator, input }) })
    }
}

impl UserDefinedLogicalNodeCore for RowOperation {
    fn name(&self) -> &str {
        match self.operator {
            RowOperator::Sample(_) => "Sample",
            RowOperator::Tail(_) => "Tail",
            RowOperator::Observe(_) => "CollectMetrics",
        }
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(UserDefinedLogicalNodeCore::name(self))
    }

    fn with_exprs_and_inputs(&self, _expressions: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        match <[LogicalPlan; 1]>::try_from(inputs) {
            Ok([input]) => Ok(Self { operator: self.operator.clone(), input }),
            Err(_) => datafusion::common::internal_err!("a row operator has one input"),
        }
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        match self.operator {
            RowOperator::Sample(_) | RowOperator::Tail(_) => Some(vec![output_columns.to_vec()]),
            // The observer looks at all columns.
            RowOperator::Observe(_) => None,
        }
    }
}
