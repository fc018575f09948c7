//! Unresolved relations to resolved ones: one function a kind, in files by family.

mod above;
mod aggregate;
mod alias;
mod columns;
mod generate;
mod grouping;
mod join;
mod limit;
mod listing;
mod local;
mod missing;
mod nearest;
mod observe;
mod outer_aggregates;
mod pivot;
mod project;
mod recursive;
mod routine;
mod sample;
mod scan;
mod script;
mod selected_generators;
mod set_operation;
mod sort;
mod statistics;
mod store;
mod stored;
mod time_window;
mod unpivot;
mod values;

pub use recursive::WorkingTable;

use std::sync::Arc;

use datafusion::logical_expr::{Distinct, Filter, LogicalPlan};
use firesteel_base::{SparkError, SparkResult};
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::relation::RelationKind;
use firesteel_syntax::ir::{Expression, Relation};

use crate::attribute::Attribute;
use crate::block::GroupBy;
use crate::resolved::Resolved;
use crate::resolver::{Environment, References, Resolver};
use crate::typed::{Typed, TypedKind};
use recursive::passes_limit_all;

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
        let is_limit_all = environment.is_limit_all && passes_limit_all(&relation.kind);
        let environment = Environment { is_limit_all, ..environment };
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
            RelationKind::LimitAll { input } => self.limit_all(input, environment),
            RelationKind::Offset { input, offset } => self.offset(input, offset, environment),
            RelationKind::Tail { input, limit } => self.tail(input, limit, environment),
            RelationKind::Deduplicate { input, columns, within_watermark } => {
                self.deduplicate(input, columns.as_deref(), *within_watermark, environment)
            }
            RelationKind::Distinct { input } => self.distinct(input, environment),
            RelationKind::Sample(sample) => self.sample(sample, environment),
            RelationKind::ScriptTransform(script) => self.script_transform(script, environment),
            RelationKind::SubqueryAlias { input, name, qualifier, columns } => {
                self.subquery_alias(input, name, qualifier, columns, environment)
            }
            RelationKind::With(with) => self.with(with, environment),
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
            RelationKind::ShowString { .. } | RelationKind::HtmlString { .. } => Err(shown_below()),
            RelationKind::CollectMetrics { input, name, metrics } => {
                self.collect_metrics(input, name, metrics, relation.plan_id, environment)
            }
            RelationKind::Summary { input, statistics } => self.summary(input, statistics, environment),
            RelationKind::Describe { input, columns } => self.describe(input, columns, environment),
            RelationKind::Covariance { input, first, second } => self.covariance(input, [first, second], environment),
            RelationKind::Correlation { input, first, second, method } => {
                self.correlation(input, [first, second], method.as_deref(), environment)
            }
            RelationKind::ApproxQuantile { input, columns, probabilities, relative_error } => {
                self.approx_quantile(input, columns, probabilities, *relative_error, environment)
            }
            RelationKind::FrequentItems { input, columns, support } => {
                self.frequent_items(input, columns, *support, environment)
            }
            RelationKind::SampleBy { input, column, fractions, seed } => {
                self.sample_by(input, column, fractions, *seed, environment)
            }
            RelationKind::Crosstab { .. } => Err(SparkError::internal("a crosstab's values were not looked up")),
            RelationKind::Parse { format, .. } => Err(SparkError::unsupported(format!("parsing a column as {format}"))),
            RelationKind::Transpose { .. } => Err(SparkError::internal("the rows to transpose were not looked up")),
            RelationKind::StoreAssignment(assignment) => self.store_assignment(assignment, environment),
            RelationKind::Held(held) => self.held(held, environment),
            RelationKind::Command(_) => Err(SparkError::internal("the command was not run")),
            RelationKind::Unsupported(feature) => Err(SparkError::unsupported(feature.clone())),
        }
    }

    fn filter(&self, input: &Relation, condition: &Expression, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let (input, condition) = self.condition_above(input, condition, environment)?;
        let condition = self.with_outer_aggregates(condition, environment)?;
        self.filter_typed(input, &condition)
    }

    /// The rows for which a resolved condition holds.
    fn filter_typed(&self, input: Resolved, condition: &Typed) -> SparkResult<Resolved> {
        above::without_windows(condition, "WHERE")?;
        if condition.has_aggregate() {
            let mut found = Vec::new();
            aggregates(condition, &mut found);
            let printed: Vec<_> = found.into_iter().map(|call| self.printer().print(&qualified(call))).collect();
            return Err(SparkError::new("INVALID_WHERE_CONDITION")
                .param("condition", firesteel_base::error::quoting::to_sql_expr(&self.printer().print(condition)))
                .param("expressionList", printed.join(", "))
                .at(&firesteel_base::Origin::Unknown));
        }
        if condition.has_generator() {
            let printed = self.printer().print(&numbered(condition));
            return Err(
                SparkError::new("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT").param("plan", format!("'Filter {printed}"))
            );
        }
        let predicate = self.lowering().expression(condition)?;
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
        if input.output.iter().any(|attribute| attribute.data_type.is_collated()) {
            let columns: Vec<_> = input.output.iter().map(Typed::column).collect();
            let grouping = GroupBy { expressions: columns.clone(), sets: None };
            let grouped = self.block(input, Some(grouping), columns)?;
            return self.exact(Resolved { block: None, ..grouped });
        }
        let plan = LogicalPlan::Distinct(Distinct::All(Arc::new(input.plan.clone())));
        Ok(Resolved { plan, hidden: Vec::new(), block: None, ..input })
    }
}

/// The aggregate calls in an expression, outermost first.
fn aggregates<'t>(expression: &'t Typed, found: &mut Vec<&'t Typed>) {
    if matches!(expression.kind, TypedKind::Aggregate(_)) {
        found.push(expression);
        return;
    }
    expression.children().into_iter().for_each(|child| aggregates(child, found));
}

/// The expression with its columns renamed.
fn renamed_columns(expression: &Typed, name: &impl Fn(&Attribute) -> String) -> Typed {
    let mut renamed = expression.clone();
    if let TypedKind::Column(attribute) = &mut renamed.kind {
        *attribute = attribute.with_name(&name(attribute));
    }
    for child in renamed.children_mut() {
        *child = renamed_columns(child, name);
    }
    renamed
}

/// Columns with their qualifiers, as some errors show them.
fn qualified(expression: &Typed) -> Typed {
    renamed_columns(expression, &|attribute| {
        attribute.qualifier.iter().map(String::as_str).chain([&*attribute.name]).collect::<Vec<_>>().join(".")
    })
}

/// Columns with their numbers, as errors show plans.
pub fn numbered(expression: &Typed) -> Typed {
    renamed_columns(expression, &|attribute| format!("{}#{}", attribute.name, attribute.id.0))
}

fn shown_below() -> SparkError {
    SparkError::unsupported("show below another operation")
}
