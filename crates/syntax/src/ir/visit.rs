//! Walking the IR: every relation and expression of a plan, subqueries included, children before their parents.

use firesteel_base::SparkResult;

use super::expression::{
    Expression, ExpressionKind, FrameBound, FunctionCall, Like, SortOrder, TableArgument, Window, WindowSpecification,
};
use super::relation::{
    Aggregate, Grouping, GroupingElement, GroupingElementSet, Join, JoinCondition, Pivot, Relation, RelationKind,
    TimeTravel, Unpivot,
};

/// What is done at each node. Nodes may be changed; their children were visited before.
pub trait Visitor {
    fn relation(&mut self, _relation: &mut Relation) -> SparkResult<()> {
        Ok(())
    }

    fn expression(&mut self, _expression: &mut Expression) -> SparkResult<()> {
        Ok(())
    }
}

/// Visits a relation and all below it.
pub fn walk_relation(relation: &mut Relation, visitor: &mut dyn Visitor) -> SparkResult<()> {
    relation_children(&mut relation.kind, visitor)?;
    visitor.relation(relation)
}

/// Visits an expression and all below it.
pub fn walk_expression(expression: &mut Expression, visitor: &mut dyn Visitor) -> SparkResult<()> {
    expression_children(&mut expression.kind, visitor)?;
    visitor.expression(expression)
}

fn all<'a>(
    expressions: impl IntoIterator<Item = &'a mut Expression>,
    visitor: &mut dyn Visitor,
) -> SparkResult<()> {
    expressions.into_iter().try_for_each(|expression| walk_expression(expression, visitor))
}

fn orders(orders: &mut [SortOrder], visitor: &mut dyn Visitor) -> SparkResult<()> {
    orders.iter_mut().try_for_each(|order| walk_expression(&mut order.child, visitor))
}

fn relation_children(kind: &mut RelationKind, visitor: &mut dyn Visitor) -> SparkResult<()> {
    match kind {
        RelationKind::Table(reference) => {
            if let Some(TimeTravel::Timestamp(timestamp)) = &mut reference.time_travel {
                walk_expression(timestamp, visitor)?;
            }
            all(reference.identifier.as_deref_mut(), visitor)
        }
        RelationKind::DataSource(_)
        | RelationKind::Local(_)
        | RelationKind::OneRow
        | RelationKind::Range(_)
        | RelationKind::Command(_)
        | RelationKind::Unsupported(_) => Ok(()),
        RelationKind::Values { rows } => all(rows.iter_mut().flatten(), visitor),
        RelationKind::TableFunction(call) => all(&mut call.arguments, visitor),
        RelationKind::Project { input, expressions }
        | RelationKind::RepartitionByExpression { input, expressions, .. }
        | RelationKind::Hint { input, parameters: expressions, .. }
        | RelationKind::CollectMetrics { input, metrics: expressions, .. }
        | RelationKind::Transpose { input, index_columns: expressions }
        | RelationKind::Drop { input, columns: expressions, .. } => {
            walk_relation(input, visitor)?;
            all(expressions, visitor)
        }
        RelationKind::Filter { input, condition: expression }
        | RelationKind::Having { input, condition: expression }
        | RelationKind::Qualify { input, condition: expression }
        | RelationKind::Limit { input, limit: expression }
        | RelationKind::Offset { input, offset: expression }
        | RelationKind::Tail { input, limit: expression }
        | RelationKind::SampleBy { input, column: expression, .. } => {
            walk_relation(input, visitor)?;
            walk_expression(expression, visitor)
        }
        RelationKind::Sort { input, order, .. } => {
            walk_relation(input, visitor)?;
            orders(order, visitor)
        }
        RelationKind::SortAll { input, .. }
        | RelationKind::Deduplicate { input, .. }
        | RelationKind::Distinct { input }
        | RelationKind::SubqueryAlias { input, .. }
        | RelationKind::Repartition { input, .. }
        | RelationKind::ToDf { input, .. }
        | RelationKind::ToSchema { input, .. }
        | RelationKind::WithColumnsRenamed { input, .. }
        | RelationKind::ShowString { input, .. }
        | RelationKind::HtmlString { input, .. }
        | RelationKind::FillNa { input, .. }
        | RelationKind::DropNa { input, .. }
        | RelationKind::Replace { input, .. }
        | RelationKind::Summary { input, .. }
        | RelationKind::Describe { input, .. }
        | RelationKind::Crosstab { input, .. }
        | RelationKind::Covariance { input, .. }
        | RelationKind::Correlation { input, .. }
        | RelationKind::ApproxQuantile { input, .. }
        | RelationKind::FrequentItems { input, .. }
        | RelationKind::Parse { input, .. } => walk_relation(input, visitor),
        RelationKind::Sample(sample) => {
            walk_relation(&mut sample.input, visitor)?;
            all(sample.rows.as_mut(), visitor)
        }
        RelationKind::WithColumns { input, columns } => {
            walk_relation(input, visitor)?;
            all(columns.iter_mut().map(|(_, expression, _)| expression), visitor)
        }
        RelationKind::With(with) => {
            with.tables.iter_mut().try_for_each(|table| walk_relation(&mut table.query, visitor))?;
            walk_relation(&mut with.input, visitor)
        }
        RelationKind::WithWindows { input, windows } => {
            windows.iter_mut().try_for_each(|(_, window)| window_children(window, visitor))?;
            walk_relation(input, visitor)
        }
        RelationKind::WithRelations { input, references } => {
            references.iter_mut().try_for_each(|reference| walk_relation(reference, visitor))?;
            walk_relation(input, visitor)
        }
        RelationKind::WithParameters { input, named, positional } => {
            walk_relation(input, visitor)?;
            all(named.values_mut(), visitor)?;
            all(positional, visitor)
        }
        RelationKind::LateralView(view) => {
            walk_relation(&mut view.input, visitor)?;
            walk_expression(&mut view.generator, visitor)
        }
        RelationKind::SetOperation(operation) => {
            walk_relation(&mut operation.left, visitor)?;
            walk_relation(&mut operation.right, visitor)
        }
        RelationKind::Aggregate(aggregate) => aggregate_children(aggregate, visitor),
        RelationKind::Join(join) => join_children(join, visitor),
        RelationKind::Pivot(pivot) => pivot_children(pivot, visitor),
        RelationKind::Unpivot(unpivot) => unpivot_children(unpivot, visitor),
    }
}

fn aggregate_children(aggregate: &mut Aggregate, visitor: &mut dyn Visitor) -> SparkResult<()> {
    walk_relation(&mut aggregate.input, visitor)?;
    match &mut aggregate.grouping {
        Grouping::By(expressions) | Grouping::Rollup(expressions) | Grouping::Cube(expressions) => {
            all(expressions, visitor)?;
        }
        Grouping::All => {}
        Grouping::Sets { sets, columns } => {
            all(sets.iter_mut().flatten(), visitor)?;
            all(columns, visitor)?;
        }
        Grouping::Analytics(elements) => {
            elements.iter_mut().try_for_each(|element| grouping_element(element, visitor))?;
        }
    }
    all(&mut aggregate.expressions, visitor)
}

fn grouping_element(element: &mut GroupingElement, visitor: &mut dyn Visitor) -> SparkResult<()> {
    match element {
        GroupingElement::Expression(expression) => walk_expression(expression, visitor),
        GroupingElement::Rollup(items) | GroupingElement::Cube(items) => all(items.iter_mut().flatten(), visitor),
        GroupingElement::Sets(members) => members.iter_mut().try_for_each(|member| match member {
            GroupingElementSet::Set(set) => all(set, visitor),
            GroupingElementSet::Nested(nested) => grouping_element(nested, visitor),
        }),
    }
}

fn join_children(join: &mut Join, visitor: &mut dyn Visitor) -> SparkResult<()> {
    walk_relation(&mut join.left, visitor)?;
    walk_relation(&mut join.right, visitor)?;
    match &mut join.condition {
        JoinCondition::On(condition) => walk_expression(condition, visitor),
        JoinCondition::None | JoinCondition::Using(_) | JoinCondition::Natural => Ok(()),
    }
}

fn pivot_children(pivot: &mut Pivot, visitor: &mut dyn Visitor) -> SparkResult<()> {
    walk_relation(&mut pivot.input, visitor)?;
    all(pivot.grouping.iter_mut().flatten(), visitor)?;
    all(&mut pivot.aggregates, visitor)?;
    all(&mut pivot.columns, visitor)?;
    all(&mut pivot.values, visitor)
}

fn unpivot_children(unpivot: &mut Unpivot, visitor: &mut dyn Visitor) -> SparkResult<()> {
    walk_relation(&mut unpivot.input, visitor)?;
    all(unpivot.ids.iter_mut().flatten(), visitor)?;
    all(unpivot.values.iter_mut().flatten().flat_map(|(columns, _)| columns), visitor)
}

fn expression_children(kind: &mut ExpressionKind, visitor: &mut dyn Visitor) -> SparkResult<()> {
    match kind {
        ExpressionKind::Literal(_)
        | ExpressionKind::Attribute(_)
        | ExpressionKind::Star(_)
        | ExpressionKind::Regex { .. }
        | ExpressionKind::LambdaVariable(_)
        | ExpressionKind::Parameter(_)
        | ExpressionKind::Default
        | ExpressionKind::Unsupported(_) => Ok(()),
        ExpressionKind::Function(call) => function_children(call, visitor),
        ExpressionKind::NamedArgument { value: child, .. }
        | ExpressionKind::Alias { child, .. }
        | ExpressionKind::Cast { child, .. }
        | ExpressionKind::Lambda { body: child, .. }
        | ExpressionKind::Collate { child, .. }
        | ExpressionKind::ExtractDatetime { source: child, .. } => walk_expression(child, visitor),
        ExpressionKind::Case { branches, otherwise } => {
            for (condition, value) in branches {
                walk_expression(condition, visitor)?;
                walk_expression(value, visitor)?;
            }
            all(otherwise.as_deref_mut(), visitor)
        }
        ExpressionKind::Window(window) => {
            walk_expression(&mut window.function, visitor)?;
            window_children(&mut window.window, visitor)
        }
        ExpressionKind::Extract { child, key } => {
            walk_expression(child, visitor)?;
            walk_expression(key, visitor)
        }
        ExpressionKind::UpdateField { child, value, .. } => {
            walk_expression(child, visitor)?;
            all(value.as_deref_mut(), visitor)
        }
        ExpressionKind::InList { child, list } => {
            walk_expression(child, visitor)?;
            all(list, visitor)
        }
        ExpressionKind::InSubquery { values, query } => {
            all(values, visitor)?;
            walk_relation(query, visitor)
        }
        ExpressionKind::Exists(query) | ExpressionKind::ScalarSubquery(query) => walk_relation(query, visitor),
        ExpressionKind::TableArgument(argument) => table_argument(argument, visitor),
        ExpressionKind::Like(like) => like_children(like, visitor),
        ExpressionKind::Identifier { name, arguments } => {
            walk_expression(name, visitor)?;
            all(arguments.iter_mut().flatten(), visitor)
        }
        ExpressionKind::SortOrder(order) => walk_expression(&mut order.child, visitor),
    }
}

fn function_children(call: &mut FunctionCall, visitor: &mut dyn Visitor) -> SparkResult<()> {
    all(&mut call.arguments, visitor)?;
    all(call.filter.as_mut(), visitor)?;
    orders(&mut call.order_within_group, visitor)
}

fn like_children(like: &mut Like, visitor: &mut dyn Visitor) -> SparkResult<()> {
    walk_expression(&mut like.child, visitor)?;
    all(&mut like.patterns, visitor)
}

fn table_argument(argument: &mut TableArgument, visitor: &mut dyn Visitor) -> SparkResult<()> {
    walk_relation(&mut argument.query, visitor)?;
    all(&mut argument.partition_by, visitor)?;
    orders(&mut argument.order_by, visitor)
}

fn window_children(window: &mut Window, visitor: &mut dyn Visitor) -> SparkResult<()> {
    match window {
        Window::Named(_) => Ok(()),
        Window::Specification(specification) => specification_children(specification, visitor),
    }
}

fn specification_children(specification: &mut WindowSpecification, visitor: &mut dyn Visitor) -> SparkResult<()> {
    all(&mut specification.partition_by, visitor)?;
    orders(&mut specification.order_by, visitor)?;
    let Some(frame) = &mut specification.frame else { return Ok(()) };
    for bound in [&mut frame.lower, &mut frame.upper] {
        if let FrameBound::Offset(distance) = bound {
            walk_expression(distance, visitor)?;
        }
    }
    Ok(())
}
