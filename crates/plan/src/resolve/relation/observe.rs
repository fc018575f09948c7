//! `df.observe`: metrics of the rows that pass.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::logical_expr::LogicalPlan;
use firesteel_base::error::quoting::to_sql_expr;
use firesteel_base::{SparkError, SparkResult};
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::{Expression, Relation};

use crate::attribute::Attribute;
use crate::block::GroupBy;
use crate::operator::{Observation, RowOperation, RowOperator};
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Typed, TypedKind};

impl Resolver<'_> {
    /// The input with an observer beside it, whose plan reads the same columns from a table of its own.
    pub fn collect_metrics(
        &self,
        input: &Relation,
        name: &str,
        metrics: &[Expression],
        plan_id: Option<i64>,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        if name.is_empty() {
            return Err(SparkError::new("INVALID_OBSERVED_METRICS.MISSING_NAME").param("operator", "CollectMetrics"));
        }
        let input = self.exact(self.resolve_relation(input, environment)?)?;
        let fields = input.plan.schema().fields().iter().enumerate();
        let fields: Vec<_> =
            fields.map(|(index, field)| Field::new(format!("#{index}"), field.data_type().clone(), true)).collect();
        let rows = MemTable::try_new(Arc::new(Schema::new(fields)), vec![Vec::new()]).map_err(from_engine)?;
        let scanned = self.scan(Arc::new(rows), &input.schema(), &[])?;
        let LogicalPlan::TableScan(scan) = &scanned.plan else {
            return Err(SparkError::internal("a scan is no table"));
        };
        let table = scan.table_name.table().to_owned();
        let output = input.output.iter().zip(&scanned.output);
        let output = output.map(|(known, seen)| Attribute { column: seen.column.clone(), ..known.clone() }).collect();
        let observed = Resolved::new(scanned.plan.clone(), output).with_plan_ids(input.plan_ids.clone());
        let metrics = self.select_list(metrics, &Scope::of(&observed, environment))?;
        for metric in &metrics {
            self.check_metric(metric)?;
        }
        let grouping = GroupBy { expressions: Vec::new(), sets: None };
        let result = self.exact(self.block(observed, Some(grouping), metrics)?)?;
        self.observations.borrow_mut().push(Observation {
            name: name.to_owned(),
            plan_id,
            table: table.clone(),
            schema: result.schema(),
            plan: result.plan,
        });
        let plan = RowOperation::plan(RowOperator::Observe(table), input.plan.clone());
        Ok(Resolved { plan, block: None, ..input })
    }

    fn check_metric(&self, metric: &Typed) -> SparkResult<()> {
        let refused = |kind: &str, expression: &Typed| {
            Err(SparkError::new(kind).param("expr", to_sql_expr(&self.printer().print(expression))))
        };
        match &metric.kind {
            TypedKind::Window(_) => refused("INVALID_OBSERVED_METRICS.WINDOW_EXPRESSIONS_UNSUPPORTED", metric),
            TypedKind::Column(_) => refused("INVALID_OBSERVED_METRICS.NON_AGGREGATE_FUNC_ARG_IS_ATTRIBUTE", metric),
            TypedKind::Aggregate(call) if call.is_distinct => {
                refused("INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED", metric)
            }
            TypedKind::Aggregate(call) if call.filter.is_some() => {
                refused("INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_FILTER_UNSUPPORTED", metric)
            }
            TypedKind::Aggregate(call) if call.children().into_iter().any(Typed::has_aggregate) => {
                refused("INVALID_OBSERVED_METRICS.NESTED_AGGREGATES_UNSUPPORTED", metric)
            }
            TypedKind::Aggregate(_) => Ok(()),
            _ => metric.children().into_iter().try_for_each(|child| self.check_metric(child)),
        }
    }
}
