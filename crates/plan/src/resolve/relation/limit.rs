//! LIMIT, OFFSET, and changes of partitioning.

use std::sync::Arc;

use datafusion::logical_expr::{Limit, LogicalPlan, Partitioning, Repartition, lit};
use datafusion::scalar::ScalarValue;
use firesteel_base::error::quoting::to_sql_expr;
use firesteel_base::{SparkError, SparkResult, SparkType};
use firesteel_syntax::ir::{Expression, ExpressionKind, Relation};

use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;

impl Resolver<'_> {
    pub fn limit(&self, input: &Relation, limit: &Expression, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let fetch = Some(self.row_count("limit", limit, environment)?);
        Ok(self.limited(input, None, fetch))
    }

    /// `LIMIT ALL` takes away the limit of recursion's rows, and changes nothing else.
    pub fn limit_all(&self, input: &Relation, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, Environment { is_limit_all: true, ..environment })?;
        Ok(Resolved { block: None, ..input })
    }

    pub fn offset(&self, input: &Relation, offset: &Expression, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let skip = Some(self.row_count("offset", offset, environment)?);
        Ok(self.limited(input, skip, None))
    }

    pub fn limited(&self, input: Resolved, skip: Option<i64>, fetch: Option<i64>) -> Resolved {
        let count = |count: Option<i64>| count.map(|count| Box::new(lit(count)));
        let plan =
            LogicalPlan::Limit(Limit { skip: count(skip), fetch: count(fetch), input: Arc::new(input.plan.clone()) });
        Resolved { plan, block: None, ..input }
    }

    /// A constant, non-negative number of rows.
    pub fn row_count(&self, clause: &str, count: &Expression, environment: Environment<'_>) -> SparkResult<i64> {
        let typed = self.resolve_expression(count, &Scope::empty(environment)).map_err(|error| {
            if error.condition().starts_with("UNRESOLVED_COLUMN") {
                SparkError::new("INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE")
                    .param("name", clause)
                    .param("expr", "\"column\"")
            } else {
                error
            }
        })?;
        let printed = to_sql_expr(&self.printer().print(&typed));
        let data_type = typed.data_type.clone();
        let value = self.fold(&typed)?.ok_or_else(|| {
            SparkError::new("INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE")
                .param("name", clause)
                .param("expr", printed.clone())
        })?;
        if !matches!(data_type, SparkType::Integer | SparkType::Byte | SparkType::Short | SparkType::Null) {
            return Err(SparkError::new("INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE")
                .param("name", clause)
                .param("expr", printed)
                .param("dataType", format!("\"{}\"", data_type.sql())));
        }
        let value =
            value.cast_to(&arrow::datatypes::DataType::Int64).map_err(firesteel_functions::kernel::from_engine)?;
        match value {
            ScalarValue::Int64(Some(count)) if count >= 0 => Ok(count),
            ScalarValue::Int64(Some(count)) => Err(SparkError::new("INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE")
                .param("name", clause)
                .param("expr", printed)
                .param("v", count.to_string())),
            _ => Err(SparkError::new("INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL")
                .param("name", clause)
                .param("expr", printed)),
        }
    }

    /// `repartition(n)` spreads the rows; `coalesce(n)` only says that fewer partitions are enough.
    pub fn repartition(
        &self,
        input: &Relation,
        partitions: i32,
        shuffle: bool,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let count = usize::try_from(partitions).ok().filter(|count| *count > 0).ok_or_else(|| {
            SparkError::new("INTERNAL_ERROR")
                .param("message", format!("Number of partitions ({partitions}) must be positive."))
        })?;
        if !shuffle {
            return Ok(Resolved { block: None, ..input });
        }
        let plan = LogicalPlan::Repartition(Repartition {
            input: Arc::new(input.plan.clone()),
            partitioning_scheme: Partitioning::RoundRobinBatch(count),
        });
        Ok(Resolved { plan, block: None, ..input })
    }

    /// `repartition(n, columns)` and `DISTRIBUTE BY`: rows with equal values stay together wherever the engine needs
    /// it; the number of partitions is the engine's choice.
    pub fn repartition_by(
        &self,
        input: &Relation,
        expressions: &[Expression],
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let mut input = self.resolve_relation(input, environment)?;
        for expression in expressions {
            // `repartitionByRange` sends sort keys.
            let expression = match &expression.kind {
                ExpressionKind::SortOrder(order) => &order.child,
                _ => expression,
            };
            let (next, _) =
                self.expression_above(input, environment, |scope| self.resolve_expression(expression, scope))?;
            input = next;
        }
        Ok(Resolved { block: None, ..input })
    }
}
