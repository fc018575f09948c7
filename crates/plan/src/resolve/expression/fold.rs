//! Constants: what can be computed without a row.

use datafusion::common::DFSchema;
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::ColumnarValue;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::create_physical_expr;
use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkError, SparkResult};
use firesteel_functions::kernel::from_engine;

use crate::resolver::Resolver;
use crate::typed::{Typed, TypedKind};

impl Resolver<'_> {
    /// Whether the expression has the same value in every row and can be computed without one.
    pub fn is_foldable(&self, expression: &Typed) -> bool {
        !expression.any(&|part| match &part.kind {
            TypedKind::Literal(_)
            | TypedKind::Cast(_)
            | TypedKind::Case(_)
            | TypedKind::InList { .. }
            | TypedKind::Field { .. }
            | TypedKind::Substituted(_)
            | TypedKind::Alias(_) => false,
            TypedKind::Scalar(call) => call.function.is_nondeterministic,
            _ => true,
        })
    }

    /// The value of a foldable expression; `None` if it is not foldable.
    pub fn fold(&self, expression: &Typed) -> SparkResult<Option<ScalarValue>> {
        if let Some(value) = expression.constant() {
            return Ok(Some(value.clone()));
        }
        if !self.is_foldable(expression) {
            return Ok(None);
        }
        self.evaluate(expression).map(Some)
    }

    fn evaluate(&self, expression: &Typed) -> SparkResult<ScalarValue> {
        let lowered = self.lowering().expression(expression)?;
        let mut props = ExecutionProps::new();
        props.config_options = Some(std::sync::Arc::new(crate::analysis::config_options(&self.bind)));
        let physical = create_physical_expr(&lowered, &DFSchema::empty(), &props, &PhysicalPlanningContext::default())
            .map_err(from_engine)?;
        let schema = std::sync::Arc::new(arrow::datatypes::Schema::empty());
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(1));
        let batch = arrow::array::RecordBatch::try_new_with_options(schema, vec![], &options)
            .map_err(|error| SparkError::internal(error.to_string()))?;
        let value = physical.evaluate(&batch).map_err(from_engine)?;
        match value {
            ColumnarValue::Scalar(value) => Ok(value),
            ColumnarValue::Array(array) => ScalarValue::try_from_array(&array, 0).map_err(from_engine),
        }
    }
}
