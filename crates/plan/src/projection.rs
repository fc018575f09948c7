//! Projections of wide plans in time that grows with their width.
//!
//! The engine's own constructor looks for each column's name among all names, which is quadratic in the number of
//! columns: a loop that adds a column a step would spend its time there.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Projection};
use firesteel_base::SparkResult;
use firesteel_functions::kernel::from_engine;

/// The expressions over the input's rows.
pub(crate) fn project(expressions: Vec<Expr>, input: LogicalPlan) -> SparkResult<LogicalPlan> {
    let projection = if input.schema().functional_dependencies().is_empty() {
        let schema = schema_of(&expressions, input.schema())?;
        Projection::try_new_with_schema(expressions, Arc::new(input), Arc::new(schema))
    } else {
        Projection::try_new(expressions, Arc::new(input))
    };
    Ok(LogicalPlan::Projection(projection.map_err(from_engine)?))
}

/// The columns that the expressions make of an input where no column determines others.
fn schema_of(expressions: &[Expr], input: &DFSchema) -> SparkResult<DFSchema> {
    let by_name: HashMap<_, _> =
        input.iter().map(|(qualifier, field)| ((qualifier, field.name().as_str()), field)).collect();
    let field = |expression: &Expr| {
        if let Expr::Column(column) = expression
            && let Some(field) = by_name.get(&(column.relation.as_ref(), column.name.as_str()))
        {
            return Ok((column.relation.clone(), Arc::clone(*field)));
        }
        expression.to_field(input)
    };
    let fields = expressions.iter().map(field).collect::<Result<Vec<_>, _>>().map_err(from_engine)?;
    DFSchema::new_with_metadata(fields, input.metadata().clone()).map_err(from_engine)
}
