//! The direct parts of relations and expressions, for walks over a whole plan.
//!
//! The matches are exhaustive, so a new variant cannot be forgotten in a walk.

use super::command::{Command, Statement, TimeZone};
use super::expression::{
    Expression, ExpressionKind, FrameBound, SortOrder, TableArgument, Window, WindowSpecification,
};
use super::relation::{
    Grouping, GroupingElement, GroupingElementSet, Join, JoinCondition, Relation, RelationKind, TableReference,
    TimeTravel,
};
use super::routine::{RoutineCommand, SetValues};
use super::script::{Block, Branches, ScriptStatement, ScriptStatementKind};
use super::table::{AlterAction, TableCommand};

/// A direct part of a plan node.
pub enum Child<'a> {
    Relation(&'a mut Relation),
    Expression(&'a mut Expression),
}

type Children<'a> = Vec<Child<'a>>;

/// The direct parts of a relation. The common tables of a `WITH` come before its query.
pub fn relation_children(relation: &mut Relation) -> Children<'_> {
    use RelationKind as Kind;
    let mut children = Vec::new();
    match &mut relation.kind {
        Kind::Table(table) => table_children(table, &mut children),
        Kind::DataSource(_) | Kind::Local(_) | Kind::OneRow | Kind::Range(_) | Kind::Unsupported(_) => {}
        Kind::Values { rows } => rows.iter_mut().for_each(|row| expressions(row, &mut children)),
        Kind::TableFunction(function) => expressions(&mut function.arguments, &mut children),
        Kind::Project { input, expressions: list } => with_expressions(input, list, &mut children),
        Kind::Filter { input, condition } | Kind::Having { input, condition } | Kind::Qualify { input, condition } => {
            with_expressions(input, std::slice::from_mut(condition), &mut children);
        }
        Kind::Aggregate(aggregate) => {
            children.push(Child::Relation(&mut aggregate.input));
            grouping(&mut aggregate.grouping, &mut children);
            expressions(&mut aggregate.expressions, &mut children);
        }
        Kind::Join(join) => join_children(join, &mut children),
        Kind::SetOperation(operation) => {
            children.push(Child::Relation(&mut operation.left));
            children.push(Child::Relation(&mut operation.right));
        }
        Kind::Sort { input, order, .. } => {
            children.push(Child::Relation(input));
            sort_orders(order, &mut children);
        }
        Kind::Limit { input, limit } | Kind::Tail { input, limit } => {
            with_expressions(input, std::slice::from_mut(limit), &mut children);
        }
        Kind::Offset { input, offset } => with_expressions(input, std::slice::from_mut(offset), &mut children),
        Kind::ScriptTransform(script) => children.push(Child::Relation(&mut script.input)),
        Kind::Sample(sample) => {
            children.push(Child::Relation(&mut sample.input));
            children.extend(sample.rows.iter_mut().map(Child::Expression));
        }
        Kind::With(with) => {
            children.extend(with.tables.iter_mut().map(|table| Child::Relation(&mut table.query)));
            children.push(Child::Relation(&mut with.input));
        }
        Kind::WithWindows { input, windows } => {
            children.push(Child::Relation(input));
            windows.iter_mut().for_each(|(_, window)| window_children(window, &mut children));
        }
        Kind::LateralView(view) => {
            with_expressions(&mut view.input, std::slice::from_mut(&mut view.generator), &mut children);
        }
        Kind::Pivot(pivot) => {
            children.push(Child::Relation(&mut pivot.input));
            pivot.grouping.iter_mut().for_each(|list| expressions(list, &mut children));
            expressions(&mut pivot.aggregates, &mut children);
            expressions(&mut pivot.columns, &mut children);
            expressions(&mut pivot.values, &mut children);
        }
        Kind::Unpivot(unpivot) => {
            children.push(Child::Relation(&mut unpivot.input));
            unpivot.ids.iter_mut().for_each(|list| expressions(list, &mut children));
            let groups = unpivot.values.iter_mut().flatten();
            groups.for_each(|(group, _)| expressions(group, &mut children));
        }
        Kind::Hint { input, parameters, .. } => with_expressions(input, parameters, &mut children),
        Kind::RepartitionByExpression { input, expressions: list, .. } => with_expressions(input, list, &mut children),
        Kind::WithColumns { input, columns } => {
            children.push(Child::Relation(input));
            children.extend(columns.iter_mut().map(|(_, value, _)| Child::Expression(value)));
        }
        Kind::Drop { input, columns, .. } => with_expressions(input, columns, &mut children),
        Kind::CollectMetrics { input, metrics, .. } => with_expressions(input, metrics, &mut children),
        Kind::SampleBy { input, column, .. } => with_expressions(input, std::slice::from_mut(column), &mut children),
        Kind::Transpose { input, index_columns } => with_expressions(input, index_columns, &mut children),
        Kind::WithRelations { input, references } => {
            children.extend(references.iter_mut().map(Child::Relation));
            children.push(Child::Relation(input));
        }
        Kind::WithParameters { input, named, positional } => {
            children.push(Child::Relation(input));
            children.extend(named.values_mut().map(Child::Expression));
            expressions(positional, &mut children);
        }
        Kind::StoreAssignment(assignment) => {
            children.push(Child::Relation(&mut assignment.input));
            let values = assignment.columns.iter_mut().filter_map(|column| column.value.as_mut());
            children.extend(values.map(Child::Expression));
        }
        Kind::Held(held) => children.extend(held.input.iter_mut().map(|input| Child::Relation(input))),
        Kind::Command(command) => command_children(command, &mut children),
        Kind::SortAll { input, .. }
        | Kind::LimitAll { input }
        | Kind::Deduplicate { input, .. }
        | Kind::Distinct { input }
        | Kind::SubqueryAlias { input, .. }
        | Kind::Repartition { input, .. }
        | Kind::ToDf { input, .. }
        | Kind::ToSchema { input, .. }
        | Kind::WithColumnsRenamed { input, .. }
        | Kind::ShowString { input, .. }
        | Kind::HtmlString { input, .. }
        | Kind::FillNa { input, .. }
        | Kind::DropNa { input, .. }
        | Kind::Replace { input, .. }
        | Kind::Summary { input, .. }
        | Kind::Describe { input, .. }
        | Kind::Crosstab { input, .. }
        | Kind::Covariance { input, .. }
        | Kind::Correlation { input, .. }
        | Kind::ApproxQuantile { input, .. }
        | Kind::FrequentItems { input, .. }
        | Kind::Parse { input, .. } => children.push(Child::Relation(input)),
    }
    children
}

fn join_children<'a>(join: &'a mut Join, children: &mut Children<'a>) {
    children.push(Child::Relation(&mut join.left));
    children.push(Child::Relation(&mut join.right));
    match &mut join.condition {
        JoinCondition::On(condition) => children.push(Child::Expression(condition)),
        JoinCondition::NearestBy(nearest) => children.push(Child::Expression(&mut nearest.ranking)),
        JoinCondition::None | JoinCondition::Using(_) | JoinCondition::Natural => {}
    }
}

/// The direct parts of an expression, subqueries among them.
pub fn expression_children(expression: &mut Expression) -> Children<'_> {
    use ExpressionKind as Kind;
    let mut children = Vec::new();
    match &mut expression.kind {
        Kind::Literal(_)
        | Kind::Attribute(_)
        | Kind::Star(_)
        | Kind::Regex { .. }
        | Kind::LambdaVariable(_)
        | Kind::Parameter(_)
        | Kind::Default
        | Kind::Unsupported(_) => {}
        Kind::Function(call) => {
            expressions(&mut call.arguments, &mut children);
            children.extend(call.filter.iter_mut().map(Child::Expression));
            sort_orders(&mut call.order_within_group, &mut children);
        }
        Kind::NamedArgument { value, .. } => children.push(Child::Expression(value)),
        Kind::Alias { child, .. } | Kind::Cast { child, .. } | Kind::Collate { child, .. } => {
            children.push(Child::Expression(child));
        }
        Kind::Case { branches, otherwise } => {
            for (condition, value) in branches {
                children.push(Child::Expression(condition));
                children.push(Child::Expression(value));
            }
            children.extend(otherwise.iter_mut().map(|value| Child::Expression(value)));
        }
        Kind::Lambda { body, .. } => children.push(Child::Expression(body)),
        Kind::Window(window) => {
            children.push(Child::Expression(&mut window.function));
            window_children(&mut window.window, &mut children);
        }
        Kind::Extract { child, key } => {
            children.push(Child::Expression(child));
            children.push(Child::Expression(key));
        }
        Kind::UpdateField { child, value, .. } => {
            children.push(Child::Expression(child));
            children.extend(value.iter_mut().map(|value| Child::Expression(value)));
        }
        Kind::InList { child, list } => {
            children.push(Child::Expression(child));
            expressions(list, &mut children);
        }
        Kind::InSubquery { values, query } => {
            expressions(values, &mut children);
            children.push(Child::Relation(query));
        }
        Kind::Exists(query) | Kind::ScalarSubquery(query) => children.push(Child::Relation(query)),
        Kind::TableArgument(argument) => table_argument(argument, &mut children),
        Kind::Like(like) => {
            children.push(Child::Expression(&mut like.child));
            expressions(&mut like.patterns, &mut children);
        }
        Kind::ExtractDatetime { source, .. } => children.push(Child::Expression(source)),
        Kind::Identifier { name, arguments } => {
            children.push(Child::Expression(name));
            arguments.iter_mut().for_each(|list| expressions(list, &mut children));
        }
        Kind::SortOrder(order) => children.push(Child::Expression(&mut order.child)),
    }
    children
}

fn expressions<'a>(list: &'a mut [Expression], children: &mut Children<'a>) {
    children.extend(list.iter_mut().map(Child::Expression));
}

fn with_expressions<'a>(input: &'a mut Relation, list: &'a mut [Expression], children: &mut Children<'a>) {
    children.push(Child::Relation(input));
    expressions(list, children);
}

fn sort_orders<'a>(orders: &'a mut [SortOrder], children: &mut Children<'a>) {
    children.extend(orders.iter_mut().map(|order| Child::Expression(&mut order.child)));
}

fn table_children<'a>(table: &'a mut TableReference, children: &mut Children<'a>) {
    if let Some(TimeTravel::Timestamp(timestamp)) = &mut table.time_travel {
        children.push(Child::Expression(timestamp));
    }
    children.extend(table.identifier.iter_mut().map(|identifier| Child::Expression(identifier)));
}

fn table_argument<'a>(argument: &'a mut TableArgument, children: &mut Children<'a>) {
    children.push(Child::Relation(&mut argument.query));
    expressions(&mut argument.partition_by, children);
    sort_orders(&mut argument.order_by, children);
}

fn window_children<'a>(window: &'a mut Window, children: &mut Children<'a>) {
    let Window::Specification(WindowSpecification { partition_by, order_by, frame }) = window else { return };
    expressions(partition_by, children);
    sort_orders(order_by, children);
    if let Some(frame) = frame {
        for bound in [&mut frame.lower, &mut frame.upper] {
            if let FrameBound::Offset(offset) = bound {
                children.push(Child::Expression(offset));
            }
        }
    }
}

fn grouping<'a>(grouping: &'a mut Grouping, children: &mut Children<'a>) {
    match grouping {
        Grouping::All => {}
        Grouping::By(list) | Grouping::Rollup(list) | Grouping::Cube(list) => expressions(list, children),
        Grouping::Sets { sets, columns } => {
            sets.iter_mut().for_each(|set| expressions(set, children));
            expressions(columns, children);
        }
        Grouping::Analytics(elements) => elements.iter_mut().for_each(|element| grouping_element(element, children)),
    }
}

fn grouping_element<'a>(element: &'a mut GroupingElement, children: &mut Children<'a>) {
    match element {
        GroupingElement::Expression(expression) => children.push(Child::Expression(expression)),
        GroupingElement::Rollup(sets) | GroupingElement::Cube(sets) => {
            sets.iter_mut().for_each(|set| expressions(set, children));
        }
        GroupingElement::Sets(sets) => {
            for set in sets {
                match set {
                    GroupingElementSet::Set(list) => expressions(list, children),
                    GroupingElementSet::Nested(element) => grouping_element(element, children),
                }
            }
        }
    }
}

/// The queries of statements about tables. Constants in them, such as values of partitions, are no parts of a plan.
fn table_command_children<'a>(command: &'a mut TableCommand, children: &mut Children<'a>) {
    match command {
        TableCommand::Create(create) => {
            children.extend(create.query.iter_mut().map(|query| Child::Relation(query)));
        }
        TableCommand::Alter(alter) => {
            if let AlterAction::ViewQuery { query, .. } = &mut alter.action {
                children.push(Child::Relation(query));
            }
        }
        TableCommand::Insert(inserts) => {
            for insert in inserts {
                children
                    .extend(insert.partition.iter_mut().filter_map(|(_, value)| value.as_mut()).map(Child::Expression));
                children.push(Child::Relation(&mut insert.query));
            }
        }
        TableCommand::CreateLike { .. }
        | TableCommand::Load { .. }
        | TableCommand::Drop { .. }
        | TableCommand::Truncate { .. }
        | TableCommand::RowOperation { .. }
        | TableCommand::Comment { .. }
        | TableCommand::Describe { .. }
        | TableCommand::DescribeColumn { .. }
        | TableCommand::ShowCreate { .. }
        | TableCommand::ShowProperties { .. }
        | TableCommand::ShowPartitions { .. }
        | TableCommand::ShowExtended { .. }
        | TableCommand::Analyze { .. }
        | TableCommand::AnalyzeAll { .. }
        | TableCommand::Refresh(_)
        | TableCommand::RefreshPath(_)
        | TableCommand::Repair { .. } => {}
    }
}

fn routine_children<'a>(command: &'a mut RoutineCommand, children: &mut Children<'a>) {
    match command {
        RoutineCommand::SetVariables(set) => match &mut set.values {
            SetValues::Expressions(list) => expressions(list, children),
            SetValues::Query(query) => children.push(Child::Relation(query)),
        },
        RoutineCommand::ExecuteImmediate(execute) => {
            children.push(Child::Expression(&mut execute.statement));
            children.extend(execute.using.iter_mut().map(|(value, _)| Child::Expression(value)));
        }
        RoutineCommand::Computed(computed) => {
            children.extend(computed.names.iter_mut().map(|(_, name)| Child::Expression(name)));
        }
        RoutineCommand::DeclareVariables { default, .. } => {
            children.extend(default.iter_mut().map(|default| Child::Expression(&mut default.expression)));
        }
        // A function's body has a scope of its own.
        RoutineCommand::CreateFunction(_)
        | RoutineCommand::DropFunction { .. }
        | RoutineCommand::RefreshFunction(_)
        | RoutineCommand::DropVariable { .. } => {}
    }
}

fn command_children<'a>(command: &'a mut Command, children: &mut Children<'a>) {
    match command {
        Command::CreateView(view) => children.push(Child::Relation(&mut view.query)),
        Command::Write(write) => children.push(Child::Relation(&mut write.input)),
        Command::DescribeQuery(query) => children.push(Child::Relation(query)),
        Command::Explain { statement, .. } => match statement.as_mut() {
            Statement::Query(query) => children.push(Child::Relation(query)),
            Statement::Command(command) => command_children(command, children),
        },
        Command::Table(table) => table_command_children(table, children),
        Command::Routine(routine) => routine_children(routine, children),
        Command::WriteTo(write) => children.push(Child::Relation(&mut write.input)),
        Command::Script(script) => block_children(&mut script.body, children),
        Command::CacheTable(cache) => {
            children.extend(cache.query.iter_mut().map(|(query, _)| Child::Relation(query)));
        }
        Command::SetTimeZone(TimeZone::Interval(interval)) => children.push(Child::Expression(interval)),
        Command::SetTimeZone(TimeZone::Local | TimeZone::Name(_))
        | Command::DropView { .. }
        | Command::Set(_)
        | Command::Reset { .. }
        | Command::DescribeFunction { .. }
        | Command::ShowFunctions { .. }
        | Command::ShowTables { .. }
        | Command::ShowViews { .. }
        | Command::ShowColumns { .. }
        | Command::Namespace(_)
        | Command::Procedure(_)
        | Command::UncacheTable { .. }
        | Command::ClearCache
        | Command::Catalog(_)
        | Command::Unsupported { .. } => {}
    }
}

fn block_children<'a>(block: &'a mut Block, children: &mut Children<'a>) {
    block.handlers.iter_mut().for_each(|handler| block_children(&mut handler.body, children));
    script_children(&mut block.statements, children);
}

fn branch_children<'a>(branches: &'a mut Branches, children: &mut Children<'a>) {
    for (condition, body) in &mut branches.branches {
        children.push(Child::Expression(&mut condition.expression));
        script_children(body, children);
    }
    script_children(&mut branches.otherwise, children);
}

fn script_children<'a>(statements: &'a mut [ScriptStatement], children: &mut Children<'a>) {
    for statement in statements {
        match &mut statement.kind {
            ScriptStatementKind::Sql(statement) => match statement.as_mut() {
                Statement::Query(query) => children.push(Child::Relation(query)),
                Statement::Command(command) => command_children(command, children),
            },
            ScriptStatementKind::Block(block) => block_children(block, children),
            ScriptStatementKind::If(branches) => branch_children(branches, children),
            ScriptStatementKind::Case { value, branches } => {
                children.push(Child::Expression(&mut value.expression));
                branch_children(branches, children);
            }
            ScriptStatementKind::While { condition, body, .. }
            | ScriptStatementKind::Repeat { body, until: condition, .. } => {
                children.push(Child::Expression(&mut condition.expression));
                script_children(body, children);
            }
            ScriptStatementKind::Loop { body, .. } => script_children(body, children),
            ScriptStatementKind::For(repeated) => {
                children.push(Child::Relation(&mut repeated.query));
                script_children(&mut repeated.body, children);
            }
            ScriptStatementKind::Leave(_) | ScriptStatementKind::Iterate(_) => {}
        }
    }
}
