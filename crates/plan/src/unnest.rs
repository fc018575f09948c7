//! Subqueries become joins, before the engine sees the plan.
//!
//! The engine runs a subquery on its own only if it is scalar and refers to nothing outside. All others are joined to
//! the input of the node that holds them: `EXISTS` and `IN` in a filter as semi and anti joins, elsewhere as mark joins,
//! scalar ones as left joins that see to it that one row at most matches. How a subquery loses its references to the
//! query around it is in `bind`.

mod bind;
mod empty;
mod membership;

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, DataFusionError, ExprSchema, JoinType, NullEquality, Spans};
use datafusion::functions_aggregate::expr_fn::{count, first_value};
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Aggregate, Expr, Filter, Join, JoinConstraint, Limit, LogicalPlan, Subquery, lit, when,
};
use firesteel_base::{SparkError, SparkResult};
use firesteel_functions::conditional::only_value::only_value;
use firesteel_functions::kernel::from_engine;

use crate::block::alias;
use crate::lower::internal_column;
use crate::projection::project;
use crate::resolver::Resolver;
use bind::{Bound, Domain};
use empty::Empty;
use membership::into_not_in;

/// The plan without correlated subqueries, and without `EXISTS` and `IN` subqueries.
pub fn unnest(plan: LogicalPlan, resolver: &Resolver<'_>) -> SparkResult<LogicalPlan> {
    Unnesting { resolver }.plan(plan)
}

struct Unnesting<'a, 'b> {
    resolver: &'a Resolver<'b>,
}

/// A subquery without references to the input it is joined to.
struct Joinable {
    plan: LogicalPlan,
    /// Pairs of an expression over the input and one over `plan` that are equal where rows belong together.
    on: Vec<(Expr, Expr)>,
    /// Whether NULL belongs to NULL in these pairs.
    null_safe: bool,
    /// Conditions over both.
    filters: Vec<Expr>,
    /// The value of each column of the subquery where nothing matches, if those are not all NULL.
    empty: Option<Empty>,
}

impl Unnesting<'_, '_> {
    fn plan(&self, plan: LogicalPlan) -> SparkResult<LogicalPlan> {
        let rewritten = plan.transform_up(|node| {
            if !holds_subquery(&node)? {
                return Ok(Transformed::no(node));
            }
            let schema = Arc::clone(node.schema());
            let rewritten = self.node(node).and_then(|plan| restored(plan, &schema));
            rewritten.map(Transformed::yes).map_err(into_engine)
        });
        rewritten.map(|transformed| transformed.data).map_err(from_engine)
    }

    fn node(&self, node: LogicalPlan) -> SparkResult<LogicalPlan> {
        match node {
            LogicalPlan::Filter(filter) => self.filter(filter),
            LogicalPlan::Join(join) => self.join(join),
            other => {
                let expressions = other.expressions();
                let mut inputs: Vec<LogicalPlan> = other.inputs().into_iter().cloned().collect();
                let [input] = inputs.as_mut_slice() else {
                    return Err(SparkError::unsupported("a subquery in this place"));
                };
                let expressions: SparkResult<Vec<_>> =
                    expressions.into_iter().map(|expression| self.joined(expression, input)).collect();
                other.with_new_exprs(expressions?, inputs).map_err(from_engine)
            }
        }
    }

    fn filter(&self, filter: Filter) -> SparkResult<LogicalPlan> {
        let (with_subquery, plain): (Vec<_>, Vec<_>) =
            split_conjunction_owned(filter.predicate).into_iter().partition(has_subquery);
        let mut input = Arc::unwrap_or_clone(filter.input);
        if let Some(predicate) = conjunction(plain) {
            input = filtered(input, predicate)?;
        }
        let mut remaining = Vec::new();
        for conjunct in with_subquery {
            if let Some(conjunct) = self.as_semi_join(conjunct, &mut input)? {
                remaining.push(self.joined(conjunct, &mut input)?)
            }
        }
        match conjunction(remaining) {
            Some(predicate) => filtered(input, predicate),
            None => Ok(input),
        }
    }

    /// A conjunct that keeps or drops rows by what a subquery holds becomes a join; others are given back.
    fn as_semi_join(&self, conjunct: Expr, input: &mut LogicalPlan) -> SparkResult<Option<Expr>> {
        let (conjunct, is_negated) = match conjunct {
            Expr::Not(inner) => (*inner, true),
            other => (other, false),
        };
        match conjunct {
            Expr::Exists(exists) if is_correlated(&exists.subquery) => {
                let subquery = self.plan(unwrapped(&exists.subquery))?;
                let joinable = self.joinable(input, without_order(subquery), false)?;
                let is_anti = exists.negated != is_negated;
                *input = joinable.join(input.clone(), if is_anti { JoinType::LeftAnti } else { JoinType::LeftSemi })?;
                Ok(None)
            }
            Expr::InSubquery(membership) => {
                let negated = membership.negated != is_negated;
                let value = self.joined(*membership.expr, input)?;
                let subquery = self.plan(unwrapped(&membership.subquery))?;
                *input = self.member_filter(input.clone(), value, without_order(subquery), negated)?;
                Ok(None)
            }
            other if is_negated => Ok(Some(Expr::Not(Box::new(other)))),
            other => Ok(Some(other)),
        }
    }

    /// The expression with columns, added to `input`, in place of its subqueries.
    fn joined(&self, expression: Expr, input: &mut LogicalPlan) -> SparkResult<Expr> {
        let expression = expression.transform_up(into_not_in).data().map_err(from_engine)?;
        let rewritten = expression.transform_up(|expression| {
            let replacement = match expression {
                Expr::ScalarSubquery(subquery) => self.scalar(subquery, input),
                Expr::Exists(exists) => self.exists(exists, input),
                Expr::InSubquery(membership) => self.membership(membership, input),
                other => return Ok(Transformed::no(other)),
            };
            replacement.map(Transformed::yes).map_err(into_engine)
        });
        rewritten.map(|transformed| transformed.data).map_err(from_engine)
    }

    fn exists(&self, exists: Exists, input: &mut LogicalPlan) -> SparkResult<Expr> {
        let subquery = without_order(self.plan(unwrapped(&exists.subquery))?);
        let found = if outer_references(&subquery)?.is_empty() {
            self.any_row(subquery)?
        } else {
            let joinable = self.joinable(input, subquery, false)?;
            self.mark(joinable, input)?
        };
        Ok(if exists.negated { Expr::Not(Box::new(found)) } else { found })
    }

    /// Whether a subquery on its own has a row.
    fn any_row(&self, subquery: LogicalPlan) -> SparkResult<Expr> {
        let one = Some(Box::new(lit(1_i64)));
        let first = LogicalPlan::Limit(Limit { skip: None, fetch: one, input: Arc::new(subquery) });
        let rows = self.fresh();
        let counted = aggregated(first, Vec::new(), vec![alias(count(lit(1_i64)), &rows)])?;
        Ok(alone(counted).gt(lit(0_i64)))
    }

    /// Adds a column that says whether a row matches.
    fn mark(&self, joinable: Joinable, input: &mut LogicalPlan) -> SparkResult<Expr> {
        let columns = columns_of(input);
        let joined = joinable.join(input.clone(), JoinType::LeftMark)?;
        let mark =
            joined.schema().columns().pop().ok_or_else(|| SparkError::internal("a mark join without columns"))?;
        let found = self.fresh();
        let shown = columns.into_iter().chain([alias(Expr::Column(mark), &found)]).collect();
        *input = projected(joined, shown)?;
        Ok(Expr::Column(found))
    }

    fn scalar(&self, subquery: Subquery, input: &mut LogicalPlan) -> SparkResult<Expr> {
        let plan = self.plan(unwrapped(&subquery))?;
        if outer_references(&plan)?.is_empty() {
            return alone_or_null(plan);
        }
        let value = plan.schema().columns().into_iter().next();
        let value = value.ok_or_else(|| SparkError::internal("a scalar subquery without a column"))?;
        let has_one_row = empty::has_one_row(&plan);
        let mut joinable = self.joinable(input, plan, true)?;
        let mut result = Expr::Column(value.clone());
        if !has_one_row {
            result = self.limited_to_one_row(&mut joinable, &value)?;
        }
        if let Some(empty) = joinable.empty.take() {
            let marker = self.fresh();
            let marked = columns_of(&joinable.plan).into_iter().chain([alias(lit(true), &marker)]).collect();
            joinable.plan = projected(joinable.plan, marked)?;
            let nothing = Expr::Column(marker).is_null();
            result = when(nothing, empty.value(&value)).otherwise(result).map_err(from_engine)?;
        }
        let columns = columns_of(input);
        let joined = joinable.join(input.clone(), JoinType::Left)?;
        let column = self.fresh();
        *input = projected(joined, columns.into_iter().chain([alias(result, &column)]).collect())?;
        Ok(Expr::Column(column))
    }

    /// One row for each key, and a value that raises an error if there were several.
    fn limited_to_one_row(&self, joinable: &mut Joinable, value: &Column) -> SparkResult<Expr> {
        let data_type = joinable.plan.schema().field_from_column(value).map_err(from_engine)?.data_type().clone();
        let (first, rows) = (self.fresh(), self.fresh());
        let keys = joinable.on.iter().map(|(_, inner)| inner.clone()).collect();
        let values =
            vec![alias(first_value(Expr::Column(value.clone()), Vec::new()), &first), alias(count(lit(1_i64)), &rows)];
        joinable.plan = aggregated(joinable.plan.clone(), keys, values)?;
        only_value(Expr::Column(first), Expr::Column(rows), &data_type)
    }

    fn join(&self, join: Join) -> SparkResult<LogicalPlan> {
        if let LogicalPlan::Subquery(subquery) = join.right.as_ref() {
            return self.lateral(&join, subquery);
        }
        let Some(filter) = join.filter else {
            return Err(SparkError::internal("a join without the subquery it holds"));
        };
        let (mut left, mut right) = (Arc::unwrap_or_clone(join.left), Arc::unwrap_or_clone(join.right));
        let mut conditions = Vec::new();
        let mut late = Vec::new();
        for conjunct in split_conjunction_owned(filter) {
            if !has_subquery(&conjunct) {
                conditions.push(conjunct);
            } else if refers_only_to(&conjunct, left.schema())? {
                conditions.push(self.joined(conjunct, &mut left)?);
            } else if refers_only_to(&conjunct, right.schema())? {
                conditions.push(self.joined(conjunct, &mut right)?);
            } else {
                late.push(conjunct);
            }
        }
        if !late.is_empty() && join.join_type != JoinType::Inner {
            return Err(SparkError::unsupported(
                "a subquery that refers to both sides of an outer join in its condition",
            ));
        }
        let joined = Join::try_new(
            Arc::new(left),
            Arc::new(right),
            join.on,
            conjunction(conditions),
            join.join_type,
            join.join_constraint,
            join.null_equality,
            join.null_aware,
        );
        let mut joined = LogicalPlan::Join(joined.map_err(from_engine)?);
        let late: SparkResult<Vec<_>> = late.into_iter().map(|conjunct| self.joined(conjunct, &mut joined)).collect();
        match conjunction(late?) {
            Some(predicate) => filtered(joined, predicate),
            None => Ok(joined),
        }
    }

    fn lateral(&self, join: &Join, subquery: &Subquery) -> SparkResult<LogicalPlan> {
        let mut joinable = self.joinable(&join.left, unwrapped(subquery), true)?;
        if joinable.empty.is_some() {
            joinable = self.with_domain(&join.left, unwrapped(subquery))?;
        }
        joinable.filters.extend(join.filter.clone());
        joinable.join(join.left.as_ref().clone(), join.join_type)
    }

    /// The subquery as something that can be joined to `input`. `is_value`: at most one row of it is wanted, and the
    /// caller sees to what it yields where nothing matches; otherwise whether there are rows.
    fn joinable(&self, input: &LogicalPlan, subquery: LogicalPlan, is_value: bool) -> SparkResult<Joinable> {
        let outer = self.references_to(input, &subquery)?;
        if let Some(bound) = self.bind(&subquery, &outer, None)?
            && (if is_value { bound.filters.is_empty() } else { bound.empty.is_none() })
        {
            return Ok(Joinable::new(bound, false));
        }
        self.with_domain(input, subquery)
    }

    /// As [`Self::joinable`], with every combination of the values that the subquery refers to joined into it.
    fn with_domain(&self, input: &LogicalPlan, subquery: LogicalPlan) -> SparkResult<Joinable> {
        let outer = self.references_to(input, &subquery)?;
        let domain = Domain { input, outer: &outer };
        let bound = self.bind(&subquery, &outer, Some(&domain))?;
        bound.map(|bound| Joinable::new(bound, true)).ok_or_else(|| SparkError::unsupported("this correlated subquery"))
    }

    fn references_to(&self, input: &LogicalPlan, subquery: &LogicalPlan) -> SparkResult<Vec<Column>> {
        let mut references = outer_references(subquery)?;
        references.retain(|column| input.schema().has_column(column));
        Ok(references)
    }

    fn fresh(&self) -> Column {
        internal_column(format!("#{}", self.resolver.next_id()))
    }
}

impl Joinable {
    fn new(bound: Bound, null_safe: bool) -> Self {
        let on = bound.keys.into_iter().map(|key| (key.outer, Expr::Column(key.column))).collect();
        Self { plan: bound.plan, on, null_safe, filters: bound.filters, empty: bound.empty }
    }

    fn join(self, input: LogicalPlan, join_type: JoinType) -> SparkResult<LogicalPlan> {
        let inner = |expression: Expr| inward(expression, input.schema());
        let on: SparkResult<Vec<_>> = self.on.into_iter().map(|(outer, column)| Ok((inner(outer)?, column))).collect();
        let filters: SparkResult<Vec<_>> = self.filters.into_iter().map(inner).collect();
        let equality = if self.null_safe { NullEquality::NullEqualsNull } else { NullEquality::NullEqualsNothing };
        let filter = conjunction(filters?);
        let join = Join::try_new(
            Arc::new(input),
            Arc::new(self.plan),
            on?,
            filter,
            join_type,
            JoinConstraint::On,
            equality,
            false,
        );
        join.map(LogicalPlan::Join).map_err(from_engine)
    }
}

/// References to the query around become columns where that query's rows are at hand.
fn inward(expression: Expr, schema: &DFSchema) -> SparkResult<Expr> {
    let rewritten = expression.transform_up(|expression| {
        Ok(match expression {
            Expr::OuterReferenceColumn(_, column) if schema.has_column(&column) => {
                Transformed::yes(Expr::Column(column))
            }
            other => Transformed::no(other),
        })
    });
    rewritten.map(|transformed| transformed.data).map_err(from_engine)
}

fn unwrapped(subquery: &Subquery) -> LogicalPlan {
    subquery.subquery.as_ref().clone()
}

/// The value of a query that may have no row: NULL then, whatever its column says.
fn alone_or_null(plan: LogicalPlan) -> SparkResult<Expr> {
    let Some(field) = plan.schema().fields().first().filter(|field| !field.is_nullable()).cloned() else {
        return Ok(alone(plan));
    };
    match empty::has_just_one_row(&plan) {
        true => Ok(alone(plan)),
        false => only_value(alone(plan), lit(1_i64), field.data_type()),
    }
}

/// A subquery that the engine runs on its own.
fn alone(plan: LogicalPlan) -> Expr {
    Expr::ScalarSubquery(Subquery { subquery: Arc::new(plan), outer_ref_columns: Vec::new(), spans: Spans::new() })
}

/// Order does not matter to whoever only asks whether there are rows.
fn without_order(plan: LogicalPlan) -> LogicalPlan {
    match plan {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => without_order(Arc::unwrap_or_clone(sort.input)),
        other => other,
    }
}

fn is_correlated(subquery: &Subquery) -> bool {
    outer_references(&subquery.subquery).is_ok_and(|references| !references.is_empty())
}

/// The columns of queries around that a plan refers to, in subqueries inside it too, each once.
pub fn outer_references(plan: &LogicalPlan) -> SparkResult<Vec<Column>> {
    let mut found: Vec<Column> = Vec::new();
    for column in outer_occurrences(plan)? {
        if !found.contains(&column) {
            found.push(column);
        }
    }
    Ok(found)
}

/// As [`outer_references`], each as often as it stands there, from the top of the plan down.
pub fn outer_occurrences(plan: &LogicalPlan) -> SparkResult<Vec<Column>> {
    let mut found: Vec<Column> = Vec::new();
    let visited = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let Expr::OuterReferenceColumn(_, column) = expression {
                    found.push(column.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    visited.map_err(from_engine)?;
    Ok(found)
}

fn refers_only_to(expression: &Expr, schema: &DFSchema) -> SparkResult<bool> {
    let mut only = true;
    let visited = expression.apply(|expression| {
        match expression {
            Expr::Column(column) => only &= schema.has_column(column),
            Expr::Exists(Exists { subquery, .. })
            | Expr::InSubquery(InSubquery { subquery, .. })
            | Expr::ScalarSubquery(subquery) => {
                let references = outer_references(&subquery.subquery).map_err(into_engine)?;
                only &= references.iter().all(|column| schema.has_column(column));
            }
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    });
    visited.map_err(from_engine)?;
    Ok(only)
}

/// Whether the node itself holds a subquery.
fn holds_subquery(node: &LogicalPlan) -> Result<bool, DataFusionError> {
    if let LogicalPlan::Join(join) = node
        && matches!(join.right.as_ref(), LogicalPlan::Subquery(_))
    {
        return Ok(true);
    }
    let mut found = false;
    node.apply_expressions(|expression| {
        found |= has_subquery(expression);
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

fn has_subquery(expression: &Expr) -> bool {
    let is_subquery =
        |expression: &Expr| Ok(matches!(expression, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_)));
    expression.exists(is_subquery).unwrap_or(false)
}

/// The plan with exactly the columns it had before, under their names.
fn restored(plan: LogicalPlan, schema: &DFSchema) -> SparkResult<LogicalPlan> {
    let (before, now) = (schema.columns(), plan.schema().columns());
    if before == now {
        return Ok(plan);
    }
    let is_named = before.iter().all(|column| now.contains(column));
    let shown = before.into_iter().enumerate().map(|(index, column)| match now.get(index) {
        Some(current) if !is_named && *current != column => alias(Expr::Column(current.clone()), &column),
        _ => Expr::Column(column),
    });
    projected(plan, shown.collect())
}

fn columns_of(plan: &LogicalPlan) -> Vec<Expr> {
    plan.schema().columns().into_iter().map(Expr::Column).collect()
}

fn projected(plan: LogicalPlan, expressions: Vec<Expr>) -> SparkResult<LogicalPlan> {
    project(expressions, plan)
}

fn filtered(plan: LogicalPlan, predicate: Expr) -> SparkResult<LogicalPlan> {
    Filter::try_new(predicate, Arc::new(plan)).map(LogicalPlan::Filter).map_err(from_engine)
}

fn aggregated(plan: LogicalPlan, groups: Vec<Expr>, aggregates: Vec<Expr>) -> SparkResult<LogicalPlan> {
    Aggregate::try_new(Arc::new(plan), groups, aggregates).map(LogicalPlan::Aggregate).map_err(from_engine)
}

fn into_engine(error: SparkError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
