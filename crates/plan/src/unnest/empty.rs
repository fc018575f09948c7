//! What a subquery yields where none of its rows match: an aggregate without grouping still has a row.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Aggregate, EmptyRelation, Expr, LogicalPlan, Projection, lit};
use datafusion::scalar::ScalarValue;
use firesteel_base::SparkResult;
use firesteel_functions::kernel::from_engine;

use super::{aggregated, alone};

/// The one row of an aggregate over no rows, as it passes through the nodes above it.
#[derive(Clone)]
pub(super) struct Empty {
    values: HashMap<Column, Expr>,
}

/// Aggregate functions whose value over no rows is NULL.
const NULL_WHEN_EMPTY: &[&str] =
    &["sum", "avg", "min", "max", "first_value", "last_value", "stddev", "stddev_pop", "var", "var_pop"];

impl Empty {
    /// The row of an aggregate without grouping over no rows.
    pub(super) fn of(aggregate: &Aggregate) -> SparkResult<Self> {
        let mut values = HashMap::new();
        for (expression, column) in aggregate.aggr_expr.iter().zip(aggregate.schema.columns()) {
            values.insert(column, empty_value(expression, aggregate)?);
        }
        Ok(Self { values })
    }

    pub(super) fn through_projection(&self, projection: &Projection) -> SparkResult<Self> {
        let mut values = HashMap::new();
        for (expression, column) in projection.expr.iter().zip(projection.schema.columns()) {
            values.insert(column, self.substituted(expression.clone().unalias())?);
        }
        Ok(Self { values })
    }

    /// The column's value.
    pub(super) fn value(&self, column: &Column) -> Expr {
        self.values.get(column).cloned().unwrap_or_else(null)
    }

    fn substituted(&self, expression: Expr) -> SparkResult<Expr> {
        let rewritten = expression.transform_up(|expression| {
            Ok(match &expression {
                Expr::Column(column) => match self.values.get(column) {
                    Some(value) => Transformed::yes(value.clone()),
                    None => Transformed::no(expression),
                },
                _ => Transformed::no(expression),
            })
        });
        rewritten.map(|transformed| transformed.data).map_err(from_engine)
    }
}

fn null() -> Expr {
    Expr::Literal(ScalarValue::Null, None)
}

fn empty_value(expression: &Expr, aggregate: &Aggregate) -> SparkResult<Expr> {
    let call = expression.clone().unalias();
    if let Expr::AggregateFunction(AggregateFunction { func, .. }) = &call {
        if func.name() == "count" {
            return Ok(lit(0_i64));
        }
        if NULL_WHEN_EMPTY.contains(&func.name()) {
            let data_type = datafusion::logical_expr::ExprSchemable::get_type(&call, aggregate.input.schema())
                .map_err(from_engine)?;
            return Ok(Expr::Literal(ScalarValue::try_from(&data_type).map_err(from_engine)?, None));
        }
    }
    // The engine itself says what the others give.
    let nothing = EmptyRelation { produce_one_row: false, schema: Arc::clone(aggregate.input.schema()) };
    Ok(alone(aggregated(LogicalPlan::EmptyRelation(nothing), Vec::new(), vec![expression.clone()])?))
}

/// Whether a subquery has one row at most for each row of the query around, whatever the data.
pub(super) fn has_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::EmptyRelation(_) => true,
        LogicalPlan::Limit(limit) => {
            let is_one = |fetch: &Expr| matches!(fetch, Expr::Literal(ScalarValue::Int64(Some(0 | 1)), _));
            limit.fetch.as_deref().is_some_and(is_one) || has_one_row(&limit.input)
        }
        LogicalPlan::Projection(_) | LogicalPlan::Filter(_) | LogicalPlan::Sort(_) | LogicalPlan::Distinct(_) => {
            plan.inputs().first().is_some_and(|input| has_one_row(input))
        }
        _ => false,
    }
}

/// Whether a subquery has a row, and no second one, whatever the data.
pub(super) fn has_just_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::EmptyRelation(empty) => empty.produce_one_row,
        LogicalPlan::Projection(_) | LogicalPlan::Sort(_) | LogicalPlan::Distinct(_) => {
            plan.inputs().first().is_some_and(|input| has_just_one_row(input))
        }
        _ => false,
    }
}
