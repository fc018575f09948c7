//! A SELECT block: grouping, aggregates, HAVING, windows, QUALIFY and the projection, built as one.
//!
//! The block keeps its expressions, so that HAVING, QUALIFY and ORDER BY above it can add what they need (a column that
//! is not selected, another aggregate) and have it built again.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::Column;
use datafusion::functions_aggregate::expr_fn::{count, first_value};
use datafusion::logical_expr::expr::{Alias as AliasExpr, GroupingSet};
use datafusion::logical_expr::{Aggregate, Expr, Filter, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::prelude::cast;
use datafusion::scalar::ScalarValue;
use firesteel_base::error::quoting::to_sql_expr;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::kernel::from_engine;

use crate::attribute::Attribute;
use crate::lower::{Lowering, comparison_key};
use crate::projection::project;
use crate::resolved::Resolved;
use crate::resolver::Resolver;
use crate::scope::unresolved_among;
use crate::typed::{AggregateCall, Typed, TypedKind, WindowCall};

/// A SELECT block before it is built.
#[derive(Clone)]
pub struct Block {
    pub input: Resolved,
    /// `None` for a plain projection.
    pub grouping: Option<GroupBy>,
    /// The visible columns.
    pub outputs: Vec<Output>,
    /// Columns that something above asked for; not shown.
    pub extras: Vec<Output>,
    pub having: Vec<Typed>,
    pub qualify: Vec<Typed>,
    /// HAVING needs what is not selected: then ORDER BY sees the selected columns and those grouped by, and no more.
    pub having_adds: bool,
    /// Aggregates that the subqueries of HAVING name.
    pub outer_aggregates: Vec<Output>,
}

/// A column of a block: what it is computed from, and what stands for it above.
#[derive(Clone)]
pub struct Output {
    pub expression: Typed,
    pub attribute: Attribute,
}

/// The grouping of a block.
#[derive(Clone)]
pub struct GroupBy {
    pub expressions: Vec<Typed>,
    /// For ROLLUP, CUBE and GROUPING SETS: each set as positions in `expressions`.
    pub sets: Option<Vec<Vec<usize>>>,
}

impl Block {
    /// Builds the plan.
    pub fn build(&self, resolver: &Resolver<'_>) -> SparkResult<Resolved> {
        let mut building = Building {
            resolver,
            visible: self.outputs.len(),
            names: self.outputs.iter().map(|output| vec![output.attribute.name.to_string()]).collect(),
            plan: self.input.plan.clone(),
            outputs: self.outputs.iter().chain(&self.extras).map(|output| output.expression.clone()).collect(),
            having: self.having.clone(),
            qualify: self.qualify.clone(),
            outer_aggregates: self.outer_aggregates.clone(),
        };
        if let Some(grouping) = &self.grouping {
            building.aggregate(grouping)?;
        }
        building.filter_having()?;
        building.windows()?;
        building.filter_qualify()?;
        let attributes: Vec<_> = self.outputs.iter().chain(&self.extras).map(|output| &output.attribute).collect();
        let (plan, mut attributes) = building.project(&attributes)?;
        let hidden = attributes.split_off(self.outputs.len());
        let hidden = if self.extras.is_empty() { Vec::new() } else { hidden };
        Ok(Resolved {
            plan,
            output: attributes,
            hidden,
            plan_ids: self.input.plan_ids.clone(),
            block: Some(Arc::new(self.clone())),
        })
    }
}

/// A block while its plan grows.
struct Building<'a, 'b> {
    resolver: &'a Resolver<'b>,
    plan: LogicalPlan,
    /// How many of the outputs are shown; those behind were asked for by something above.
    visible: usize,
    /// The shown columns' names, each as its parts.
    names: Vec<Vec<String>>,
    outputs: Vec<Typed>,
    having: Vec<Typed>,
    qualify: Vec<Typed>,
    outer_aggregates: Vec<Output>,
}

impl Building<'_, '_> {
    fn lowering(&self) -> Lowering<'_> {
        self.resolver.lowering()
    }

    fn expressions_mut(&mut self) -> impl Iterator<Item = &mut Typed> {
        self.outputs.iter_mut().chain(&mut self.having).chain(&mut self.qualify)
    }

    fn aggregate(&mut self, grouping: &GroupBy) -> SparkResult<()> {
        let groups = self.group_columns(grouping)?;
        let is_sets = grouping.sets.is_some();
        let mut extraction =
            Extraction { resolver: self.resolver, groups, aggregates: Vec::new(), is_sets, names_above: None };
        let (shown, extras) = self.outputs.split_at_mut_checked(self.visible).unwrap_or_default();
        for expression in shown.iter_mut().chain(&mut self.qualify) {
            extraction.rewrite(expression)?;
        }
        extraction.names_above = Some(std::mem::take(&mut self.names));
        let outer_aggregates = self.outer_aggregates.iter_mut().map(|output| &mut output.expression);
        for expression in self.having.iter_mut().chain(extras).chain(outer_aggregates) {
            extraction.rewrite(expression)?;
        }
        let Extraction { groups, aggregates, .. } = extraction;
        let representatives: Vec<_> = groups.iter().filter_map(|group| group.representative.clone()).collect();
        let lowering = self.resolver.lowering();
        let aggregate_exprs: SparkResult<Vec<_>> = aggregates
            .iter()
            .map(|(_, call, column)| {
                let typed =
                    Typed::new(TypedKind::Aggregate(Box::new(call.clone())), SparkType::Null, true, Origin::Unknown);
                Ok(alias(lowering.expression(&typed)?, column))
            })
            .collect();
        let group_exprs: Vec<_> = groups.iter().map(|group| group.engine.clone()).collect();
        let group_exprs = match &grouping.sets {
            None => group_exprs,
            Some(sets) if sets.len() == 1 && sets.iter().all(Vec::is_empty) => Vec::new(),
            Some(sets) => vec![Expr::GroupingSet(GroupingSet::GroupingSets(
                sets.iter()
                    .map(|set| set.iter().filter_map(|position| group_exprs.get(*position).cloned()).collect())
                    .collect(),
            ))],
        };
        let mut aggregate_exprs = aggregate_exprs?;
        aggregate_exprs.extend(representatives);
        if group_exprs.is_empty() && aggregate_exprs.is_empty() {
            // One row, whatever the input: the engine wants an aggregate for it.
            let rows = self.resolver.new_attribute("", SparkType::Long, false).column;
            aggregate_exprs.push(alias(count(lit(1_i64)), &rows));
        }
        // Grouping sets make no group of no rows, not even the set of nothing.
        let has_total = grouping.sets.as_ref().is_some_and(|sets| sets.iter().any(Vec::is_empty));
        let rows = has_total.then(|| self.resolver.new_attribute("", SparkType::Long, false).column);
        if let Some(rows) = &rows {
            aggregate_exprs.push(alias(count(lit(1_i64)), rows));
        }
        let plan =
            Aggregate::try_new(Arc::new(self.plan.clone()), group_exprs, aggregate_exprs).map_err(from_engine)?;
        self.plan = LogicalPlan::Aggregate(plan);
        if let Some(rows) = rows {
            let some = Expr::Column(rows).gt(lit(0_i64));
            let filter = Filter::try_new(some, Arc::new(self.plan.clone())).map_err(from_engine)?;
            self.plan = LogicalPlan::Filter(filter);
        }
        self.name_outer_aggregates()
    }

    /// The columns under which subqueries know this query's aggregates.
    fn name_outer_aggregates(&mut self) -> SparkResult<()> {
        if self.outer_aggregates.is_empty() {
            return Ok(());
        }
        let mut columns: Vec<_> = self.plan.schema().columns().into_iter().map(Expr::Column).collect();
        for output in std::mem::take(&mut self.outer_aggregates) {
            columns.push(alias(self.lowering().expression(&output.expression)?, &output.attribute.column));
        }
        self.plan = project(columns, self.plan.clone())?;
        Ok(())
    }

    /// The grouping expressions as columns. With grouping sets, computed ones are projected first.
    fn group_columns(&mut self, grouping: &GroupBy) -> SparkResult<Vec<Group>> {
        let mut groups = Vec::with_capacity(grouping.expressions.len());
        let mut computed = Vec::new();
        for expression in &grouping.expressions {
            let expression = expression.unaliased();
            let key = comparison_key(expression)?;
            let nullable = expression.nullable || grouping.sets.is_some();
            let position = groups.len();
            let bit = grouping.sets.as_ref().map_or(Some(0), |sets| id_bit(sets, position));
            if expression.data_type.is_collated() {
                if grouping.sets.is_some() {
                    return Err(SparkError::unsupported("grouping sets of collated texts"));
                }
                groups.push(self.collated_group(expression, key, nullable)?);
                continue;
            }
            let group = if let TypedKind::Column(attribute) = &expression.kind {
                Group {
                    key: key.clone(),
                    engine: key,
                    attribute: attribute.with_nullable(nullable),
                    bit,
                    representative: None,
                }
            } else {
                let mut attribute = self.resolver.new_attribute("", expression.data_type.clone(), nullable);
                attribute.name = self.resolver.printer().print(expression).into();
                let lowered = self.lowering().expression(expression)?;
                let engine = if grouping.sets.is_some() {
                    computed.push(alias(lowered, &attribute.column));
                    Expr::Column(attribute.column.clone())
                } else {
                    alias(lowered, &attribute.column)
                };
                Group { key, engine, attribute, bit, representative: None }
            };
            groups.push(group);
        }
        if !computed.is_empty() {
            let columns = self.plan.schema().columns().into_iter().map(Expr::Column).chain(computed).collect();
            self.plan = project(columns, self.plan.clone())?;
        }
        Ok(groups)
    }

    /// A group of texts that are equal under their collation: grouped by their key, shown as one of them.
    fn collated_group(&self, expression: &Typed, key: Expr, nullable: bool) -> SparkResult<Group> {
        let lowered = self.lowering().expression(expression)?;
        let key_column = self.resolver.new_attribute("", SparkType::STRING, nullable).column;
        let engine = alias(self.lowering().key(expression)?, &key_column);
        let attribute = match &expression.kind {
            TypedKind::Column(attribute) => attribute.with_nullable(nullable),
            _ => {
                let mut attribute = self.resolver.new_attribute("", expression.data_type.clone(), nullable);
                attribute.name = self.resolver.printer().print(expression).into();
                attribute
            }
        };
        let representative = Some(alias(first_value(lowered, Vec::new()), &attribute.column));
        Ok(Group { key, engine, attribute, bit: Some(0), representative })
    }

    fn filter_having(&mut self) -> SparkResult<()> {
        for condition in std::mem::take(&mut self.having) {
            self.filter(&condition)?;
        }
        Ok(())
    }

    fn filter_qualify(&mut self) -> SparkResult<()> {
        for condition in std::mem::take(&mut self.qualify) {
            self.filter(&condition)?;
        }
        Ok(())
    }

    fn filter(&mut self, condition: &Typed) -> SparkResult<()> {
        let predicate = self.lowering().expression(condition)?;
        let filter = Filter::try_new(predicate, Arc::new(self.plan.clone())).map_err(from_engine)?;
        self.plan = LogicalPlan::Filter(filter);
        Ok(())
    }

    /// Takes window calls out into their own plan nodes; calls inside calls come first.
    fn windows(&mut self) -> SparkResult<()> {
        loop {
            let mut found: Vec<(Expr, Expr, Column)> = Vec::new();
            let resolver = self.resolver;
            for expression in self.expressions_mut() {
                take_windows(expression, resolver, &mut found)?;
            }
            if found.is_empty() {
                return Ok(());
            }
            let expressions = found.into_iter().map(|(_, expression, _)| expression);
            self.plan = LogicalPlanBuilder::window_plan(self.plan.clone(), expressions).map_err(from_engine)?;
        }
    }

    /// The projection, with the attributes as they came out: plain columns keep the column they are.
    fn project(&mut self, attributes: &[&Attribute]) -> SparkResult<(LogicalPlan, Vec<Attribute>)> {
        let mut expressions: Vec<Expr> = Vec::with_capacity(self.outputs.len());
        let mut projected = Vec::with_capacity(self.outputs.len());
        let mut kept = HashSet::with_capacity(self.outputs.len());
        for (output, attribute) in self.outputs.iter().zip(attributes) {
            let inner = output.unaliased();
            if let TypedKind::Column(column) = &inner.kind {
                if kept.insert(column.column.clone()) {
                    expressions.push(Expr::Column(column.column.clone()));
                }
                let nullable = inner.nullable;
                projected.push(Attribute { column: column.column.clone(), nullable, ..(*attribute).clone() });
            } else {
                expressions.push(alias(self.lowering().expression(inner)?, &attribute.column));
                projected.push(attribute.with_nullable(attribute.nullable || inner.nullable));
            }
        }
        Ok((project(expressions, self.plan.clone())?, projected))
    }
}

/// A grouping expression: as it is recognised, as it is computed, and the column it becomes.
struct Group {
    key: Expr,
    engine: Expr,
    attribute: Attribute,
    /// Where the engine's grouping id tells of this expression; `None` if no grouping set has it.
    bit: Option<usize>,
    /// What picks the value that is shown, where it is not what is grouped by.
    representative: Option<Expr>,
}

/// The engine orders the bits of its grouping id by where the sets first name an expression, the last being bit 0.
fn id_bit(sets: &[Vec<usize>], position: usize) -> Option<usize> {
    let mut named: Vec<usize> = Vec::new();
    for member in sets.iter().flatten() {
        if !named.contains(member) {
            named.push(*member);
        }
    }
    let place = named.iter().position(|member| *member == position)?;
    named.len().checked_sub(place + 1)
}

impl Group {
    fn value(&self, attribute: &Attribute) -> Typed {
        match (self.bit, ScalarValue::try_from(&attribute.data_type.to_arrow())) {
            (None, Ok(null)) => Typed::literal(null, attribute.data_type.clone()),
            _ => Typed::column(attribute),
        }
    }
}

/// Replaces grouping expressions and aggregate calls by the columns that carry them.
struct Extraction<'a, 'b> {
    resolver: &'a Resolver<'b>,
    groups: Vec<Group>,
    aggregates: Vec<(Expr, AggregateCall, Column)>,
    is_sets: bool,
    /// The block's columns while HAVING and ORDER BY are rewritten: what is neither grouped by nor one of these does
    /// not exist for them.
    names_above: Option<Vec<Vec<String>>>,
}

impl Extraction<'_, '_> {
    fn rewrite(&mut self, expression: &mut Typed) -> SparkResult<()> {
        if let Some(group) = self.group_of(expression)? {
            let origin = expression.origin.clone();
            *expression = group.at(&origin);
            return Ok(());
        }
        match &mut expression.kind {
            TypedKind::Aggregate(call) => {
                let replacement = self.aggregate(call, &expression.data_type, expression.nullable)?;
                expression.kind = replacement;
                Ok(())
            }
            TypedKind::Grouping { position, printed } => {
                expression.kind = self.grouping(*position, printed.clone(), &expression.origin)?;
                Ok(())
            }
            TypedKind::GroupingId { printed } => {
                expression.kind = self.grouping_id(printed.clone(), &expression.origin)?;
                Ok(())
            }
            TypedKind::Column(attribute) => Err(self.not_grouped(attribute, &expression.origin)),
            TypedKind::Window(call) => self.window(call),
            _ => {
                expression.children_mut().into_iter().try_for_each(|child| self.rewrite(child))?;
                // What a grouping set leaves out is NULL.
                expression.nullable |= self.is_sets && expression.children().into_iter().any(|child| child.nullable);
                Ok(())
            }
        }
    }

    /// A window's own function is no aggregate of the block; what stands inside it may be.
    fn window(&mut self, call: &mut WindowCall) -> SparkResult<()> {
        call.children_mut().into_iter().try_for_each(|child| self.rewrite(child))
    }

    fn group_of(&self, expression: &Typed) -> SparkResult<Option<Typed>> {
        if let TypedKind::Column(attribute) = &expression.kind {
            let is_same = |group: &&Group| group.key == Expr::Column(attribute.column.clone());
            let found = self.groups.iter().find(is_same);
            return Ok(found.map(|group| {
                group.value(&Attribute {
                    column: group.attribute.column.clone(),
                    nullable: group.attribute.nullable,
                    ..attribute.clone()
                })
            }));
        }
        if self.groups.is_empty() || matches!(expression.kind, TypedKind::Literal(_)) && self.groups.is_empty() {
            return Ok(None);
        }
        if expression.has_aggregate() || expression.has_window() || expression.has_generator() {
            return Ok(None);
        }
        let key = comparison_key(expression)?;
        Ok(self.groups.iter().find(|group| group.key == key).map(|group| group.value(&group.attribute)))
    }

    fn aggregate(&mut self, call: &AggregateCall, data_type: &SparkType, nullable: bool) -> SparkResult<TypedKind> {
        if call.children().into_iter().any(Typed::has_aggregate) {
            return Err(SparkError::new("NESTED_AGGREGATE_FUNCTION"));
        }
        let typed =
            Typed::new(TypedKind::Aggregate(Box::new(call.clone())), data_type.clone(), nullable, Origin::Unknown);
        let key = comparison_key(&typed)?;
        let printed: Arc<str> = self.resolver.printer().print(&typed).into();
        let known = self.aggregates.iter().find(|(known, _, _)| *known == key).map(|(_, _, column)| column.clone());
        let column = known.unwrap_or_else(|| {
            let column = self.resolver.new_attribute("", data_type.clone(), nullable).column;
            self.aggregates.push((key, call.clone(), column.clone()));
            column
        });
        let value = Expr::Column(column);
        let expression = match &call.bound.after {
            Some(after) => after(value)?,
            None => value,
        };
        Ok(TypedKind::Engine { expression: Box::new(expression), printed })
    }

    /// Whether the grouping expression is rolled up in a row: 1 or 0, as a BIGINT.
    fn is_rolled_up(group: &Group) -> Expr {
        let Some(bit) = group.bit else { return lit(1_i64) };
        let bits = cast(
            Expr::Column(Column::new_unqualified(Aggregate::INTERNAL_GROUPING_ID)),
            arrow::datatypes::DataType::Int64,
        );
        (bits >> lit(i64::try_from(bit).unwrap_or(0))) & lit(1_i64)
    }

    fn grouping(&self, position: usize, printed: Arc<str>, origin: &Origin) -> SparkResult<TypedKind> {
        let group = self.groups.get(position).filter(|_| self.is_sets);
        let group = group.ok_or_else(|| SparkError::new("UNSUPPORTED_GROUPING_EXPRESSION").at(origin))?;
        let expression = cast(Self::is_rolled_up(group), arrow::datatypes::DataType::Int8);
        Ok(TypedKind::Engine { expression: Box::new(expression), printed })
    }

    fn grouping_id(&self, printed: Arc<str>, origin: &Origin) -> SparkResult<TypedKind> {
        if !self.is_sets {
            return Err(SparkError::new("UNSUPPORTED_GROUPING_EXPRESSION").at(origin));
        }
        let last = self.groups.len().saturating_sub(1);
        let weighted = self.groups.iter().enumerate().map(|(position, group)| {
            Self::is_rolled_up(group) << lit(i64::try_from(last.saturating_sub(position)).unwrap_or(0))
        });
        let expression = weighted.reduce(|all, bit| all | bit).unwrap_or_else(|| lit(0_i64));
        Ok(TypedKind::Engine { expression: Box::new(expression), printed })
    }

    fn not_grouped(&self, attribute: &Attribute, origin: &Origin) -> SparkError {
        if let Some(names) = &self.names_above {
            return unresolved_among(&attribute.written_parts(), names).at(origin);
        }
        if self.groups.is_empty() && !self.is_sets {
            return SparkError::new("MISSING_GROUP_BY").at(&Origin::Unknown);
        }
        SparkError::new("MISSING_AGGREGATION")
            .param("expression", to_sql_expr(&attribute.name))
            .param("expressionAnyValue", to_sql_expr(&format!("any_value({})", attribute.name)))
            .at(origin)
    }
}

/// Replaces window calls that hold no other window call by columns.
fn take_windows(
    expression: &mut Typed,
    resolver: &Resolver<'_>,
    found: &mut Vec<(Expr, Expr, Column)>,
) -> SparkResult<()> {
    let is_innermost =
        matches!(&expression.kind, TypedKind::Window(call) if !call.children().into_iter().any(Typed::has_window));
    if !is_innermost {
        return expression.children_mut().into_iter().try_for_each(|child| take_windows(child, resolver, found));
    }
    let key = comparison_key(expression)?;
    let lowered = resolver.lowering().expression(expression)?;
    let printed: Arc<str> = resolver.printer().print(expression).into();
    // Calls that differ in what is made of the windowed value are lowered to the same.
    let is_known = |(known, computed, _): &&(Expr, Expr, Column)| *known == key || *computed == lowered;
    let column = found.iter().find(is_known).map(|(_, _, column)| column.clone());
    let column = column.unwrap_or_else(|| {
        // The engine names a window's column by how it is computed, and takes no alias for it.
        let column = Column::new_unqualified(lowered.schema_name().to_string());
        found.push((key, lowered, column.clone()));
        column
    });
    let value = Expr::Column(column);
    let TypedKind::Window(call) = &expression.kind else { return Ok(()) };
    let value = resolver.lowering().windowed(call, value)?;
    expression.kind = TypedKind::Engine { expression: Box::new(value), printed };
    Ok(())
}

/// The expression under the name of an internal column.
pub fn alias(expression: Expr, column: &Column) -> Expr {
    Expr::Alias(AliasExpr::new(expression, column.relation.clone(), column.name()))
}
