//! Unresolved relations to resolved ones: one function a kind, in files by family.

mod above;
mod aggregate;
mod alias;
mod columns;
mod generate;
mod grouping;
mod join;
mod limit;
mod missing;
mod pivot;
mod project;
mod sample;
mod scan;
mod routine;
mod set_operation;
mod sort;
mod store;
mod stored;
mod unpivot;
mod values;

use std::sync::Arc;

use datafusion::logical_expr::{Distinct, Filter, LogicalPlan};
use firesteel_base::{SparkError, SparkResult};
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::relation::RelationKind;
use firesteel_syntax::ir::{Command, Expression, Relation};

use crate::attribute::Attribute;
use crate::resolved::Resolved;
use crate::resolver::{CommonTables, Environment, References, Resolver};

impl Resolver<'_> {
    /// Resolves a relation; its columns can be named by its plan id from then on.
    pub fn resolve_relation(&self, relation: &Relation, environment: Environment<'_>) -> SparkResult<Resolved> {
        let resolved = self.deeper(|| self.relation_kind(relation, environment));
        let mut resolved = resolved.map_err(|error| error.at_if_unknown(&relation.origin))?;
        if let Some(plan_id) = relation.plan_id {
            let columns: Arc<[Attribute]> = resolved.output.iter().chain(&resolved.hidden).cloned().collect();
            resolved.plan_ids.entry(plan_id).or_default().push(columns);
        }
        Ok(resolved)
    }

    fn relation_kind(&self, relation: &Relation, environment: Environment<'_>) -> SparkResult<Resolved> {
        let origin = &relation.origin;
        match &relation.kind {
            RelationKind::Table(reference) => self.table(reference, environment, origin),
            RelationKind::DataSource(source) => self.data_source(source),
            RelationKind::Values { rows } => self.values(rows, environment, origin),
            RelationKind::Local(local) => self.local(local),
            RelationKind::OneRow => Ok(self.one_row()),
            RelationKind::Range(range) => self.range(range),
            RelationKind::TableFunction(call) => self.table_function(call, environment, origin),
            RelationKind::Project { input, expressions } => self.project(input, expressions, environment),
            RelationKind::Filter { input, condition } => self.filter(input, condition, environment),
            RelationKind::Aggregate(aggregate) => self.aggregate(aggregate, environment),
            RelationKind::Having { input, condition } => self.having(input, condition, environment),
            RelationKind::Qualify { input, condition } => self.qualify(input, condition, environment),
            RelationKind::Join(join) => self.join(join, environment),
            RelationKind::SetOperation(operation) => self.set_operation(operation, environment),
            RelationKind::Sort { input, order, is_global } => self.sort(input, order, *is_global, environment),
            RelationKind::SortAll { input, ascending, nulls } => self.sort_all(input, *ascending, *nulls, environment),
            RelationKind::Limit { input, limit } => self.limit(input, limit, environment),
            RelationKind::Offset { input, offset } => self.offset(input, offset, environment),
            RelationKind::Tail { .. } => Err(SparkError::unsupported("tail below another operation")),
            RelationKind::Deduplicate { input, columns, within_watermark } => {
                self.deduplicate(input, columns.as_deref(), *within_watermark, environment)
            }
            RelationKind::Distinct { input } => self.distinct(input, environment),
            RelationKind::Sample(sample) => self.sample(sample, environment),
            RelationKind::SubqueryAlias { input, name, qualifier, columns } => {
                self.subquery_alias(input, name, qualifier, columns, environment)
            }
            RelationKind::With(with) => {
                if with.is_recursive {
                    return Err(SparkError::unsupported("WITH RECURSIVE"));
                }
                let tables = CommonTables { tables: &with.tables, visible: with.tables.len(), environment };
                self.resolve_relation(&with.input, Environment { tables: Some(&tables), ..environment })
            }
            RelationKind::WithWindows { input, windows } => {
                self.resolve_relation(input, Environment { windows, ..environment })
            }
            RelationKind::LateralView(view) => self.lateral_view(view, environment),
            RelationKind::Pivot(pivot) => self.pivot(pivot, environment),
            RelationKind::Unpivot(unpivot) => self.unpivot(unpivot, environment),
            // Hints are advice: none of them changes an answer, and the engine chooses by its own statistics.
            RelationKind::Hint { input, .. } => self.resolve_relation(input, environment),
            RelationKind::Repartition { input, partitions, shuffle } => {
                self.repartition(input, *partitions, *shuffle, environment)
            }
            RelationKind::RepartitionByExpression { input, expressions, .. } => {
                self.repartition_by(input, expressions, environment)
            }
            RelationKind::ToDf { input, columns } => self.to_df(input, columns, environment),
            RelationKind::ToSchema { input, schema } => self.to_schema(input, schema, environment),
            RelationKind::WithColumns { input, columns } => self.with_columns(input, columns, environment),
            RelationKind::WithColumnsRenamed { input, renames } => self.renamed(input, renames, environment),
            RelationKind::Drop { input, columns, names } => self.drop_columns(input, columns, names, environment),
            RelationKind::FillNa { input, columns, values } => self.fill_na(input, columns, values, environment),
            RelationKind::DropNa { input, columns, min_non_nulls } => {
                self.drop_na(input, columns, *min_non_nulls, environment)
            }
            RelationKind::Replace { input, columns, replacements } => {
                self.replace(input, columns, replacements, environment)
            }
            RelationKind::WithRelations { input, references } => {
                let references = References { relations: references, parent: environment.references };
                self.resolve_relation(input, Environment { references: Some(&references), ..environment })
            }
            RelationKind::WithParameters { .. } => Err(SparkError::internal("parameters were not bound")),
            RelationKind::ShowString { .. } | RelationKind::HtmlString { .. } => {
                Err(SparkError::unsupported("show below another operation"))
            }
            RelationKind::CollectMetrics { .. } => Err(SparkError::unsupported("observe")),
            RelationKind::Summary { .. } => Err(SparkError::unsupported("summary")),
            RelationKind::Describe { .. } => Err(SparkError::unsupported("describe")),
            RelationKind::Crosstab { .. } => Err(SparkError::unsupported("crosstab")),
            RelationKind::Covariance { .. } => Err(SparkError::unsupported("cov")),
            RelationKind::Correlation { .. } => Err(SparkError::unsupported("corr")),
            RelationKind::ApproxQuantile { .. } => Err(SparkError::unsupported("approxQuantile")),
            RelationKind::FrequentItems { .. } => Err(SparkError::unsupported("freqItems")),
            RelationKind::SampleBy { .. } => Err(SparkError::unsupported("sampleBy")),
            RelationKind::Parse { format, .. } => Err(SparkError::unsupported(format!("parsing a column as {format}"))),
            RelationKind::Transpose { .. } => Err(SparkError::unsupported("transpose")),
            RelationKind::StoreAssignment(assignment) => self.store_assignment(assignment, environment),
            RelationKind::Command(command) => Err(command_as_relation(command)),
            RelationKind::Unsupported(feature) => Err(SparkError::unsupported(feature.clone())),
        }
    }

    fn filter(&self, input: &Relation, condition: &Expression, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let (input, condition) = self.condition_above(input, condition, environment)?;
        if condition.has_aggregate() {
            return Err(SparkError::new("INVALID_WHERE_CONDITION")
                .param("condition", firesteel_base::error::quoting::to_sql_expr(&self.printer().print(&condition)))
                .param("expressionList", self.printer().print(&condition)));
        }
        let predicate = self.lowering().expression(&condition)?;
        let filter = Filter::try_new(predicate, Arc::new(input.plan.clone())).map_err(from_engine)?;
        Ok(Resolved { plan: LogicalPlan::Filter(filter), block: None, ..input })
    }

    fn distinct(&self, input: &Relation, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        self.distinct_rows(input)
    }

    /// Each row once.
    pub fn distinct_rows(&self, input: Resolved) -> SparkResult<Resolved> {
        let input = self.exact(input)?;
        let plan = LogicalPlan::Distinct(Distinct::All(Arc::new(input.plan.clone())));
        Ok(Resolved { plan, hidden: Vec::new(), block: None, ..input })
    }
}

fn command_as_relation(_command: &Command) -> SparkError {
    SparkError::unsupported("a command below another operation")
}
