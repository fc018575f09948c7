//! How a subquery loses its references to the query around it.
//!
//! Two ways, by the same walk. *Pulling up*: conditions that refer outside leave their filters and become conditions of
//! the join; an equality `outer = inner` becomes a key, and grouping, windows and limits inside are done for each key.
//! Where that is not possible, a *domain* is joined in: the distinct values that the query around has for the columns
//! referred to; every reference then is a column of the domain, which also is the key.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, JoinType, NullEquality};
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::expr::GroupingSet;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Distinct, Expr, ExprFunctionExt, Filter, Join, JoinConstraint, Limit, LogicalPlan,
    LogicalPlanBuilder, Operator, Projection, SortExpr, Union, Unnest, Window, WindowFrame, WindowFrameBound,
    WindowFrameUnits, lit, when,
};
use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkError, SparkResult};
use firesteel_functions::kernel::from_engine;

use super::empty::Empty;
use super::{Unnesting, aggregated, columns_of, filtered, outer_references, projected};
use crate::block::alias;

/// The distinct values that the query around has for the columns referred to.
pub(super) struct Domain<'a> {
    pub(super) input: &'a LogicalPlan,
    pub(super) outer: &'a [Column],
}

/// A plan that refers to nothing outside but in `filters` and in the keys' outer sides.
pub(super) struct Bound {
    pub(super) plan: LogicalPlan,
    pub(super) keys: Vec<Key>,
    /// Conditions over the plan's columns and the query around; they must hold where rows are joined.
    pub(super) filters: Vec<Expr>,
    /// The plan's row where no row has the key, if that is not no row.
    pub(super) empty: Option<Empty>,
}

/// Equal in rows that belong together: an expression of the query around, and a column of the plan.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) outer: Expr,
    pub(super) column: Column,
}

impl Unnesting<'_, '_> {
    /// `None` if a domain is needed and not given.
    pub(super) fn bind(
        &self,
        plan: &LogicalPlan,
        outer: &[Column],
        domain: Option<&Domain<'_>>,
    ) -> SparkResult<Option<Bound>> {
        if !outer_references(plan)?.iter().any(|column| outer.contains(column)) {
            return self.bind_independent(plan, domain).map(Some);
        }
        let walk = Walk { unnesting: self, outer, domain };
        match plan {
            LogicalPlan::Projection(projection) => walk.projection(projection),
            LogicalPlan::Filter(filter) => walk.filter(filter),
            LogicalPlan::Aggregate(aggregate) => walk.aggregate(aggregate),
            LogicalPlan::Window(window) => walk.window(window),
            LogicalPlan::Limit(limit) => walk.limit(limit),
            LogicalPlan::Join(join) => walk.join(join),
            LogicalPlan::Union(union) => walk.union(union),
            LogicalPlan::Unnest(unnest) => walk.unnest(unnest),
            LogicalPlan::Sort(_) | LogicalPlan::Distinct(Distinct::All(_)) | LogicalPlan::Repartition(_) => {
                walk.unchanged(plan)
            }
            _ => Err(SparkError::unsupported("a reference to the query around in this place of a subquery")),
        }
    }

    fn bind_independent(&self, plan: &LogicalPlan, domain: Option<&Domain<'_>>) -> SparkResult<Bound> {
        let Some(domain) = domain else {
            return Ok(Bound { plan: plan.clone(), keys: Vec::new(), filters: Vec::new(), empty: None });
        };
        let (values, keys) = self.domain(domain)?;
        let plan = LogicalPlanBuilder::from(values)
            .cross_join(plan.clone())
            .and_then(LogicalPlanBuilder::build)
            .map_err(from_engine)?;
        Ok(Bound { plan, keys, filters: Vec::new(), empty: None })
    }

    /// The domain under new column names.
    fn domain(&self, domain: &Domain<'_>) -> SparkResult<(LogicalPlan, Vec<Key>)> {
        let groups: Vec<_> = domain.outer.iter().cloned().map(Expr::Column).collect();
        let distinct = aggregated(domain.input.clone(), groups, Vec::new())?;
        let mut keys = Vec::with_capacity(domain.outer.len());
        let mut shown = Vec::with_capacity(domain.outer.len());
        for outer in domain.outer {
            let column = self.fresh();
            shown.push(alias(Expr::Column(outer.clone()), &column));
            keys.push(Key { outer: Expr::Column(outer.clone()), column });
        }
        Ok((projected(distinct, shown)?, keys))
    }
}

/// One subquery on its way out of the query around.
struct Walk<'a, 'b, 'c> {
    unnesting: &'a Unnesting<'b, 'c>,
    outer: &'a [Column],
    domain: Option<&'a Domain<'a>>,
}

impl Walk<'_, '_, '_> {
    fn below(&self, plan: &LogicalPlan) -> SparkResult<Option<Bound>> {
        self.unnesting.bind(plan, self.outer, self.domain)
    }

    fn projection(&self, projection: &Projection) -> SparkResult<Option<Bound>> {
        let Some(mut child) = self.below(&projection.input)? else { return Ok(None) };
        let columns = projection.schema.columns();
        let mut expressions = Vec::with_capacity(projection.expr.len());
        for (expression, column) in projection.expr.iter().zip(&columns) {
            let Some(inner) = self.inside(expression.clone(), &child.keys)? else { return Ok(None) };
            expressions.push(match inner {
                Expr::Column(same) if same == *column => Expr::Column(same),
                Expr::Alias(named) if named.name == column.name => Expr::Alias(named),
                other => alias(other, column),
            });
        }
        for column in child.needed()? {
            if !columns.contains(&column) {
                expressions.push(Expr::Column(column));
            }
        }
        child.empty = child.empty.map(|empty| empty.through_projection(projection)).transpose()?;
        child.plan = projected(child.plan, expressions)?;
        Ok(Some(child))
    }

    fn filter(&self, filter: &Filter) -> SparkResult<Option<Bound>> {
        let Some(child) = self.below(&filter.input)? else { return Ok(None) };
        self.conditions(child, filter.predicate.clone())
    }

    /// The rows of `child` that meet a condition; what refers outside becomes keys and filters.
    fn conditions(&self, mut child: Bound, predicate: Expr) -> SparkResult<Option<Bound>> {
        // Behind the filter, a row that it dropped could not be told from one that was never there.
        if child.empty.is_some() {
            return Ok(None);
        }
        let mut inner = Vec::new();
        for conjunct in split_conjunction_owned(predicate) {
            if let Some(conjunct) = self.inside(conjunct.clone(), &child.keys)? {
                inner.push(conjunct);
                continue;
            }
            match self.as_key(conjunct) {
                Ok((outer, expression)) => child.add_key(self.unnesting, outer, expression)?,
                Err(conjunct) => child.filters.push(conjunct),
            }
        }
        if let Some(predicate) = conjunction(inner) {
            child.plan = filtered(child.plan, predicate)?;
        }
        Ok(Some(child))
    }

    fn aggregate(&self, aggregate: &Aggregate) -> SparkResult<Option<Bound>> {
        let Some(child) = self.below(&aggregate.input)? else { return Ok(None) };
        if !child.filters.is_empty() || child.empty.is_some() {
            return Ok(None);
        }
        let Some(mut groups) = self.all_inside(&aggregate.group_expr, &child.keys)? else { return Ok(None) };
        let Some(aggregates) = self.all_inside(&aggregate.aggr_expr, &child.keys)? else { return Ok(None) };
        let is_global = groups.is_empty() && !child.keys.is_empty();
        let keys: Vec<_> = child.keys.iter().map(|key| Expr::Column(key.column.clone())).collect();
        match groups.as_mut_slice() {
            [Expr::GroupingSet(GroupingSet::GroupingSets(sets))] => {
                sets.iter_mut().for_each(|set| set.extend(keys.iter().cloned()));
            }
            [Expr::GroupingSet(_)] => return Ok(None),
            _ => groups.extend(keys.into_iter().filter(|key| !aggregate.group_expr.contains(key))),
        }
        let plan = aggregated(child.plan, groups, aggregates)?;
        if !is_global {
            return Ok(Some(Bound { plan, keys: child.keys, filters: Vec::new(), empty: None }));
        }
        let empty = Empty::of(aggregate)?;
        match self.domain {
            None => Ok(Some(Bound { plan, keys: child.keys, filters: Vec::new(), empty: Some(empty) })),
            Some(domain) => self.with_empty_groups(domain, plan, &child.keys, &empty, aggregate).map(Some),
        }
    }

    /// An aggregate without grouping has a row for every value of the domain.
    fn with_empty_groups(
        &self,
        domain: &Domain<'_>,
        plan: LogicalPlan,
        keys: &[Key],
        empty: &Empty,
        aggregate: &Aggregate,
    ) -> SparkResult<Bound> {
        let (values, domain_keys) = self.unnesting.domain(domain)?;
        let found = self.unnesting.fresh();
        let marked =
            projected(plan.clone(), columns_of(&plan).into_iter().chain([alias(lit(true), &found)]).collect())?;
        let on = domain_keys
            .iter()
            .zip(keys)
            .map(|(left, right)| (Expr::Column(left.column.clone()), Expr::Column(right.column.clone())))
            .collect();
        let joined = joined(values, marked, on, None, JoinType::Left, NullEquality::NullEqualsNull)?;
        let mut shown: Vec<_> = domain_keys.iter().map(|key| Expr::Column(key.column.clone())).collect();
        for column in aggregate.schema.columns() {
            let value = Expr::Column(column.clone());
            let nothing = Expr::Column(found.clone()).is_null();
            let filled = match empty.value(&column) {
                Expr::Literal(value, _) if value.is_null() => Expr::Column(column),
                other => alias(when(nothing, other).otherwise(value).map_err(from_engine)?, &column),
            };
            shown.push(filled);
        }
        Ok(Bound { plan: projected(joined, shown)?, keys: domain_keys, filters: Vec::new(), empty: None })
    }

    fn window(&self, window: &Window) -> SparkResult<Option<Bound>> {
        let Some(child) = self.below(&window.input)? else { return Ok(None) };
        if !child.filters.is_empty() || child.empty.is_some() {
            return Ok(None);
        }
        let Some(mut calls) = self.all_inside(&window.window_expr, &child.keys)? else { return Ok(None) };
        for call in &mut calls {
            if let Expr::WindowFunction(call) = call {
                call.params.partition_by.extend(child.keys.iter().map(|key| Expr::Column(key.column.clone())));
            }
        }
        let input_columns = child.plan.schema().fields().len();
        let plan = Window::try_new(calls, Arc::new(child.plan)).map(LogicalPlan::Window).map_err(from_engine)?;
        // The names of windows tell how they are computed: give them back the names they had.
        let before = window.schema.columns();
        let before = before.iter().skip(window.input.schema().fields().len());
        let mut shown = columns_of(&plan);
        let computed = shown.split_off(input_columns);
        shown.extend(computed.into_iter().zip(before).map(|(now, before)| alias(now, before)));
        Ok(Some(Bound { plan: projected(plan, shown)?, keys: child.keys, filters: Vec::new(), empty: None }))
    }

    /// So many rows for each key: rows are numbered within it, where they are sorted.
    fn limit(&self, limit: &Limit) -> SparkResult<Option<Bound>> {
        let count = |count: &Option<Box<Expr>>| match count.as_deref() {
            None => Ok(None),
            Some(Expr::Literal(ScalarValue::Int64(count), _)) => Ok(*count),
            Some(_) => Err(SparkError::unsupported("a limit that is not constant in a correlated subquery")),
        };
        let (skip, fetch) = (count(&limit.skip)?.unwrap_or(0), count(&limit.fetch)?);
        let Some(child) = self.below(&limit.input)? else { return Ok(None) };
        if !child.filters.is_empty() {
            return Ok(None);
        }
        if child.empty.is_some() || child.keys.is_empty() {
            let is_kept = skip == 0 && fetch.is_none_or(|fetch| fetch > 0);
            return Ok(if is_kept { Some(child) } else { None });
        }
        let plan = self.numbered(&child.plan, &child.keys, skip, fetch)?;
        Ok(Some(Bound { plan, ..child }))
    }

    fn numbered(&self, plan: &LogicalPlan, keys: &[Key], skip: i64, fetch: Option<i64>) -> SparkResult<LogicalPlan> {
        let (input, order): (_, Vec<SortExpr>) = match plan {
            LogicalPlan::Projection(projection) if is_sorted(&projection.input) => {
                let inner = self.numbered(&projection.input, keys, skip, fetch)?;
                return projected(inner, projection.expr.clone());
            }
            LogicalPlan::Sort(sort) if sort.fetch.is_none() => (sort.input.as_ref(), sort.expr.clone()),
            other => (other, Vec::new()),
        };
        let partition = keys.iter().map(|key| Expr::Column(key.column.clone())).collect();
        let frame = WindowFrame::new_bounds(
            WindowFrameUnits::Rows,
            WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
            WindowFrameBound::CurrentRow,
        );
        let call = row_number().partition_by(partition).order_by(order).window_frame(frame).build();
        let call = call.map_err(from_engine)?;
        let shown = columns_of(input);
        let window =
            Window::try_new(vec![call], Arc::new(input.clone())).map(LogicalPlan::Window).map_err(from_engine)?;
        let number = window.schema().columns().pop().map(Expr::Column);
        let number = number.ok_or_else(|| SparkError::internal("a window without columns"))?;
        let limit = |count: i64| lit(u64::try_from(count).unwrap_or(0));
        let mut kept = number.clone().gt(limit(skip));
        if let Some(fetch) = fetch {
            kept = kept.and(number.lt_eq(limit(skip.saturating_add(fetch))));
        }
        projected(filtered(window, kept)?, shown)
    }

    fn join(&self, join: &Join) -> SparkResult<Option<Bound>> {
        let refers = |plan: &LogicalPlan| -> SparkResult<bool> {
            Ok(outer_references(plan)?.iter().any(|column| self.outer.contains(column)))
        };
        let (in_left, in_right) = (refers(&join.left)?, refers(&join.right)?);
        let in_condition = !in_left && !in_right;
        let (left_leads, right_leads) = match join.join_type {
            JoinType::Inner => (in_left || in_condition, in_right),
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => (true, in_right),
            JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => (in_left, true),
            JoinType::Full => (true, true),
        };
        let is_inner = join.join_type == JoinType::Inner;
        if self.domain.is_none() && !is_inner && left_leads && right_leads {
            return Ok(None);
        }
        let Some(left) = self.side(&join.left, left_leads)? else { return Ok(None) };
        let Some(right) = self.side(&join.right, right_leads)? else { return Ok(None) };
        if left.empty.is_some() || right.empty.is_some() {
            return Ok(None);
        }
        let right = self.apart(&left, right)?;
        self.join_bound(join, left, right)
    }

    /// The right side with other names for the columns that the left one has too: both may hold the same subquery.
    fn apart(&self, left: &Bound, right: Bound) -> SparkResult<Bound> {
        let columns = right.plan.schema().columns();
        let renamed: Vec<(Column, Column)> = columns
            .iter()
            .filter(|column| left.plan.schema().has_column(column))
            .map(|column| (column.clone(), self.unnesting.fresh()))
            .collect();
        if renamed.is_empty() {
            return Ok(right);
        }
        let new_name = |column: &Column| renamed.iter().find(|(known, _)| known == column).map(|(_, new)| new.clone());
        let shown = columns
            .into_iter()
            .map(|column| match new_name(&column) {
                Some(new) => alias(Expr::Column(column), &new),
                None => Expr::Column(column),
            })
            .collect();
        let keys = right.keys.into_iter().map(|key| Key { column: new_name(&key.column).unwrap_or(key.column), ..key });
        let rename = |filter: Expr| {
            let rewritten = filter.transform_up(|expression| {
                Ok(match &expression {
                    Expr::Column(column) => match new_name(column) {
                        Some(new) => Transformed::yes(Expr::Column(new)),
                        None => Transformed::no(expression),
                    },
                    _ => Transformed::no(expression),
                })
            });
            rewritten.map(|transformed| transformed.data).map_err(from_engine)
        };
        let filters = right.filters.into_iter().map(rename).collect::<SparkResult<_>>()?;
        Ok(Bound { plan: projected(right.plan, shown)?, keys: keys.collect(), filters, empty: right.empty })
    }

    fn side(&self, plan: &LogicalPlan, leads: bool) -> SparkResult<Option<Bound>> {
        if leads {
            return self.below(plan);
        }
        Ok(Some(Bound { plan: plan.clone(), keys: Vec::new(), filters: Vec::new(), empty: None }))
    }

    fn join_bound(&self, join: &Join, left: Bound, right: Bound) -> SparkResult<Option<Bound>> {
        let is_inner = join.join_type == JoinType::Inner;
        let is_right =
            matches!(join.join_type, JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark);
        let has_filters = !left.filters.is_empty() || !right.filters.is_empty();
        if has_filters && !is_inner {
            return Ok(None);
        }
        // Both sides' keys mean the same row outside.
        let mut same = Vec::new();
        let (mut keys, others) = if is_right { (right.keys, left.keys) } else { (left.keys, right.keys) };
        for other in others {
            match keys.iter().find(|key| key.outer == other.outer) {
                Some(key) => same.push(is_same(key, &other)),
                None => keys.push(other),
            }
        }
        let (on, null_equality) = (join.on.clone(), join.null_equality);
        let mut conditions = same;
        let mut late = Vec::new();
        for conjunct in join.filter.clone().map(split_conjunction_owned).unwrap_or_default() {
            match self.inside(conjunct.clone(), &keys)? {
                Some(conjunct) => conditions.push(conjunct),
                None if is_inner => late.push(conjunct),
                None => return Ok(None),
            }
        }
        let plan = joined(left.plan, right.plan, on, conjunction(conditions), join.join_type, null_equality)?;
        let mut filters = left.filters;
        filters.extend(right.filters);
        let bound = Bound { plan, keys, filters, empty: None };
        match conjunction(late) {
            Some(predicate) => self.conditions(bound, predicate),
            None => Ok(Some(bound)),
        }
    }

    /// Every branch brings the same keys behind its columns.
    fn union(&self, union: &Union) -> SparkResult<Option<Bound>> {
        if self.domain.is_none() {
            return Ok(None);
        }
        let columns = union.schema.columns();
        let mut branches = Vec::with_capacity(union.inputs.len());
        let mut keys: Vec<Key> = Vec::new();
        for input in &union.inputs {
            let Some(branch) = self.below(input)? else { return Ok(None) };
            if keys.is_empty() {
                keys = branch
                    .keys
                    .iter()
                    .map(|key| Key { outer: key.outer.clone(), column: self.unnesting.fresh() })
                    .collect();
            }
            let values = input.schema().columns().into_iter().zip(&columns);
            let brought = branch.keys.iter().map(|key| key.column.clone()).zip(keys.iter().map(|key| &key.column));
            let shown = values.chain(brought).map(|(from, to)| alias(Expr::Column(from), to)).collect();
            branches.push(Arc::new(projected(branch.plan, shown)?));
        }
        let plan = Union::try_new_with_loose_types(branches).map(LogicalPlan::Union).map_err(from_engine)?;
        Ok(Some(Bound { plan, keys, filters: Vec::new(), empty: None }))
    }

    fn unnest(&self, unnest: &Unnest) -> SparkResult<Option<Bound>> {
        let Some(child) = self.below(&unnest.input)? else { return Ok(None) };
        let plan = Unnest::try_new(Arc::new(child.plan), unnest.exec_columns.clone(), unnest.options.clone())
            .map(LogicalPlan::Unnest)
            .map_err(from_engine)?;
        Ok(Some(Bound { plan, empty: None, ..child }))
    }

    /// A node that passes all columns through.
    fn unchanged(&self, node: &LogicalPlan) -> SparkResult<Option<Bound>> {
        let inputs = node.inputs();
        let [input] = inputs.as_slice() else { return Ok(None) };
        let Some(child) = self.below(input)? else { return Ok(None) };
        let is_distinct = matches!(node, LogicalPlan::Distinct(_));
        if is_distinct && !child.filters.is_empty() {
            return Ok(None);
        }
        let Some(expressions) = self.all_inside(&node.expressions(), &child.keys)? else { return Ok(None) };
        let plan = node.with_new_exprs(expressions, vec![child.plan]).map_err(from_engine)?;
        Ok(Some(Bound { plan, ..child }))
    }

    fn all_inside(&self, expressions: &[Expr], keys: &[Key]) -> SparkResult<Option<Vec<Expr>>> {
        expressions.iter().map(|expression| self.inside(expression.clone(), keys)).collect()
    }

    /// The expression with the keys' columns in place of references outside; `None` if a reference has no key.
    fn inside(&self, expression: Expr, keys: &[Key]) -> SparkResult<Option<Expr>> {
        let mut is_inside = true;
        let rewritten = expression.transform_up(|expression| {
            let Expr::OuterReferenceColumn(_, column) = &expression else { return Ok(Transformed::no(expression)) };
            if !self.outer.contains(column) {
                return Ok(Transformed::no(expression));
            }
            let reference = Expr::Column(column.clone());
            match keys.iter().find(|key| key.outer == reference) {
                Some(key) => Ok(Transformed::yes(Expr::Column(key.column.clone()))),
                None => {
                    is_inside = false;
                    Ok(Transformed::no(expression))
                }
            }
        });
        let rewritten = rewritten.map_err(from_engine)?.data;
        Ok(is_inside.then_some(rewritten))
    }

    /// `outer = inner` as a pair; another condition is given back.
    fn as_key(&self, conjunct: Expr) -> Result<(Expr, Expr), Expr> {
        let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = &conjunct else { return Err(conjunct) };
        for (outer, inner) in [(left, right), (right, left)] {
            if self.is_outside(outer) && !has_reference(inner) && !inner.column_refs().is_empty() {
                return Ok((self.outward(outer), inner.as_ref().clone()));
            }
        }
        Err(conjunct)
    }

    /// Whether an expression refers outside and to nothing inside.
    fn is_outside(&self, expression: &Expr) -> bool {
        has_reference(expression) && expression.column_refs().is_empty()
    }

    /// The expression as the query around computes it.
    fn outward(&self, expression: &Expr) -> Expr {
        let rewritten = expression.clone().transform_up(|expression| {
            Ok(match expression {
                Expr::OuterReferenceColumn(_, column) if self.outer.contains(&column) => {
                    Transformed::yes(Expr::Column(column))
                }
                other => Transformed::no(other),
            })
        });
        rewritten.map_or_else(|_| expression.clone(), |transformed| transformed.data)
    }
}

impl Bound {
    /// The columns that must stay in the plan: keys, and what the filters compare.
    fn needed(&self) -> SparkResult<Vec<Column>> {
        let mut columns: Vec<Column> = self.keys.iter().map(|key| key.column.clone()).collect();
        for filter in &self.filters {
            for column in filter.column_refs() {
                if !columns.contains(column) {
                    columns.push(column.clone());
                }
            }
        }
        Ok(columns)
    }

    fn add_key(&mut self, unnesting: &Unnesting<'_, '_>, outer: Expr, inner: Expr) -> SparkResult<()> {
        let column = if let Expr::Column(column) = inner {
            column
        } else {
            let column = unnesting.fresh();
            let shown = columns_of(&self.plan).into_iter().chain([alias(inner, &column)]).collect();
            self.plan = projected(self.plan.clone(), shown)?;
            column
        };
        self.keys.push(Key { outer, column });
        Ok(())
    }
}

/// Whether the rows come out of a sort, through projections only.
fn is_sorted(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => is_sorted(&projection.input),
        LogicalPlan::Sort(sort) => sort.fetch.is_none(),
        _ => false,
    }
}

fn has_reference(expression: &Expr) -> bool {
    expression.exists(|expression| Ok(matches!(expression, Expr::OuterReferenceColumn(..)))).unwrap_or(false)
}

fn is_same(left: &Key, right: &Key) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(
        Box::new(Expr::Column(left.column.clone())),
        Operator::IsNotDistinctFrom,
        Box::new(Expr::Column(right.column.clone())),
    ))
}

fn joined(
    left: LogicalPlan,
    right: LogicalPlan,
    on: Vec<(Expr, Expr)>,
    filter: Option<Expr>,
    join_type: JoinType,
    null_equality: NullEquality,
) -> SparkResult<LogicalPlan> {
    Join::try_new(Arc::new(left), Arc::new(right), on, filter, join_type, JoinConstraint::On, null_equality, false)
        .map(LogicalPlan::Join)
        .map_err(from_engine)
}
