//! Short spellings of expressions and relations, so that tests can say what they expect in a line.

use firesteel_syntax::ir::expression::{FrameBound, SortOrder, Window};
use firesteel_syntax::ir::relation::{Grouping, GroupingElement, GroupingElementSet, JoinCondition};
use firesteel_syntax::ir::{Expression, ExpressionKind, Literal, Relation, RelationKind, Statement};
use firesteel_syntax::{ParserOptions, parse_expression, parse_statement};

pub fn expression_of(text: &str) -> String {
    match parse_expression(text, &ParserOptions::default()) {
        Ok(parsed) => expression(&parsed),
        Err(error) => panic!("{text}: {error}"),
    }
}

pub fn query_of(text: &str) -> String {
    match parse_statement(text, &ParserOptions::default()) {
        Ok(Statement::Query(query)) => relation(&query),
        Ok(other) => panic!("{text}: {other:?}"),
        Err(error) => panic!("{text}: {error}"),
    }
}

pub fn list(expressions: &[Expression]) -> String {
    expressions.iter().map(expression).collect::<Vec<_>>().join(", ")
}

fn order(keys: &[SortOrder]) -> String {
    let key = |key: &SortOrder| {
        format!("{}{} {:?}", expression(&key.child), if key.ascending { "" } else { " desc" }, key.nulls)
    };
    keys.iter().map(key).collect::<Vec<_>>().join(", ")
}

fn window(window: &Window) -> String {
    let bound = |bound: &FrameBound| match bound {
        FrameBound::Offset(distance) => expression(distance),
        other => format!("{other:?}"),
    };
    match window {
        Window::Named(name) => name.clone(),
        Window::Specification(specification) => {
            let frame = specification
                .frame
                .as_ref()
                .map(|frame| format!(" {:?} {}..{}", frame.unit, bound(&frame.lower), bound(&frame.upper)));
            format!(
                "[{} | {}{}]",
                list(&specification.partition_by),
                order(&specification.order_by),
                frame.unwrap_or_default()
            )
        }
    }
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Null(_) => "null".to_owned(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Integer(value) => value.to_string(),
        Literal::String(value) => format!("'{value}'"),
        other => format!("{other:?}"),
    }
}

pub fn expression(expression_: &Expression) -> String {
    match &expression_.kind {
        ExpressionKind::Literal(value) => literal(value),
        ExpressionKind::Attribute(attribute) => attribute.name.join("."),
        ExpressionKind::Star(star) => {
            let target = star.target.as_ref().map(|target| format!("{}.", target.join("."))).unwrap_or_default();
            let except: Vec<String> = star.except.iter().map(|name| name.join(".")).collect();
            format!("{target}*{}", if except.is_empty() { String::new() } else { format!("-({})", except.join(",")) })
        }
        ExpressionKind::Function(call) => {
            let mut text = format!(
                "{}({}{})",
                call.name.join("."),
                if call.distinct { "distinct " } else { "" },
                list(&call.arguments)
            );
            if !call.order_within_group.is_empty() {
                text.push_str(&format!(" within({})", order(&call.order_within_group)));
            }
            if let Some(filter) = &call.filter {
                text.push_str(&format!(" filter({})", expression(filter)));
            }
            if let Some(ignore) = call.ignore_nulls {
                text.push_str(if ignore { " ignore nulls" } else { " respect nulls" });
            }
            text
        }
        ExpressionKind::NamedArgument { name, value } => format!("{name} => {}", expression(value)),
        ExpressionKind::Alias { child, names, .. } => format!("{} as {}", expression(child), names.join("|")),
        ExpressionKind::Cast { child, to, mode } => format!("cast[{mode:?}]({} as {to:?})", expression(child)),
        ExpressionKind::Case { branches, otherwise } => {
            let branches: Vec<String> =
                branches.iter().map(|(when, then)| format!("{} -> {}", expression(when), expression(then))).collect();
            let otherwise = otherwise.as_ref().map(|value| format!(" else {}", expression(value))).unwrap_or_default();
            format!("case({}{otherwise})", branches.join("; "))
        }
        ExpressionKind::Lambda { parameters, body } => format!("\\{}.{}", parameters.join(","), expression(body)),
        ExpressionKind::Window(windowed) => {
            format!("{} over {}", expression(&windowed.function), window(&windowed.window))
        }
        ExpressionKind::Extract { child, key } => format!("{}[{}]", expression(child), expression(key)),
        ExpressionKind::InList { child, list: values } => format!("in({}; {})", expression(child), list(values)),
        ExpressionKind::InSubquery { values, query } => format!("in({}; {{{}}})", list(values), relation(query)),
        ExpressionKind::Exists(query) => format!("exists{{{}}}", relation(query)),
        ExpressionKind::ScalarSubquery(query) => format!("scalar{{{}}}", relation(query)),
        ExpressionKind::Like(like) => format!(
            "{:?}[{:?}{}]({}; {}{})",
            like.kind,
            like.quantifier,
            if like.negated { " not" } else { "" },
            expression(&like.child),
            list(&like.patterns),
            like.escape.map(|escape| format!("; {escape}")).unwrap_or_default()
        ),
        ExpressionKind::Collate { child, collation } => {
            format!("collate({}, {})", expression(child), collation.join("."))
        }
        ExpressionKind::ExtractDatetime { field, source } => format!("extract({field}, {})", expression(source)),
        ExpressionKind::Parameter(parameter) => format!("{parameter:?}"),
        ExpressionKind::Identifier { name, arguments } => {
            format!(
                "identifier({}){}",
                expression(name),
                arguments.as_ref().map(|arguments| format!("({})", list(arguments))).unwrap_or_default()
            )
        }
        ExpressionKind::TableArgument(argument) => format!(
            "table({{{}}} by {} order {}{})",
            relation(&argument.query),
            list(&argument.partition_by),
            order(&argument.order_by),
            if argument.with_single_partition { " single" } else { "" }
        ),
        other => format!("{other:?}"),
    }
}

fn element(element_: &GroupingElement) -> String {
    let sets =
        |sets: &[Vec<Expression>]| sets.iter().map(|set| format!("({})", list(set))).collect::<Vec<_>>().join(" ");
    match element_ {
        GroupingElement::Expression(key) => expression(key),
        GroupingElement::Rollup(members) => format!("rollup[{}]", sets(members)),
        GroupingElement::Cube(members) => format!("cube[{}]", sets(members)),
        GroupingElement::Sets(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|member| match member {
                    GroupingElementSet::Set(set) => format!("({})", list(set)),
                    GroupingElementSet::Nested(nested) => element(nested),
                })
                .collect();
            format!("sets[{}]", members.join(" "))
        }
    }
}

fn grouping(grouping_: &Grouping) -> String {
    match grouping_ {
        Grouping::By(keys) => list(keys),
        Grouping::All => "ALL".to_owned(),
        Grouping::Rollup(keys) => format!("ROLLUP {}", list(keys)),
        Grouping::Cube(keys) => format!("CUBE {}", list(keys)),
        Grouping::Sets { sets, columns } => {
            let sets: Vec<String> = sets.iter().map(|set| format!("({})", list(set))).collect();
            format!("SETS {} of {}", sets.join(" "), list(columns))
        }
        Grouping::Analytics(elements) => elements.iter().map(element).collect::<Vec<_>>().join(", "),
    }
}

pub fn relation(relation_: &Relation) -> String {
    match &relation_.kind {
        RelationKind::OneRow => "one".to_owned(),
        RelationKind::Table(table) => {
            let travel = table.time_travel.as_ref().map(|travel| format!("@{travel:?}")).unwrap_or_default();
            let computed =
                table.identifier.as_ref().map(|name| format!("identifier({})", expression(name))).unwrap_or_default();
            let options = if table.options.is_empty() { String::new() } else { format!("{:?}", table.options) };
            format!("{}{computed}{}{options}", table.name.join("."), travel.split("origin").next().unwrap_or_default())
        }
        RelationKind::Values { rows } => {
            format!("values {}", rows.iter().map(|row| format!("({})", list(row))).collect::<Vec<_>>().join(" "))
        }
        RelationKind::TableFunction(function) => format!("{}!({})", function.name.join("."), list(&function.arguments)),
        RelationKind::Project { input, expressions } => format!("{} > select {}", relation(input), list(expressions)),
        RelationKind::Filter { input, condition } => format!("{} > where {}", relation(input), expression(condition)),
        RelationKind::Having { input, condition } => format!("{} > having {}", relation(input), expression(condition)),
        RelationKind::Qualify { input, condition } => {
            format!("{} > qualify {}", relation(input), expression(condition))
        }
        RelationKind::Aggregate(aggregate) => format!(
            "{} > group{} {} : {}",
            relation(&aggregate.input),
            if aggregate.prepend_grouping { "+" } else { "" },
            grouping(&aggregate.grouping),
            list(&aggregate.expressions)
        ),
        RelationKind::Join(join) => {
            let condition = match &join.condition {
                JoinCondition::On(condition) => format!(" on {}", expression(condition)),
                JoinCondition::None => String::new(),
                other => format!(" {other:?}"),
            };
            let lateral = if join.is_lateral { " lateral" } else { "" };
            format!("({} {:?}{lateral} {}{condition})", relation(&join.left), join.kind, relation(&join.right))
        }
        RelationKind::SetOperation(operation) => format!(
            "({} {:?}{} {})",
            relation(&operation.left),
            operation.kind,
            if operation.is_all { " all" } else { "" },
            relation(&operation.right)
        ),
        RelationKind::Sort { input, order: keys, is_global } => {
            format!("{} > {} {}", relation(input), if *is_global { "order" } else { "sort" }, order(keys))
        }
        RelationKind::SortAll { input, ascending, nulls } => {
            format!("{} > order all {ascending} {nulls:?}", relation(input))
        }
        RelationKind::Limit { input, limit } => format!("{} > limit {}", relation(input), expression(limit)),
        RelationKind::LimitAll { input } => format!("{} > limit all", relation(input)),
        RelationKind::Offset { input, offset } => format!("{} > offset {}", relation(input), expression(offset)),
        RelationKind::Distinct { input } => format!("{} > distinct", relation(input)),
        RelationKind::SubqueryAlias { input, name, columns, .. } => {
            let columns = if columns.is_empty() { String::new() } else { format!("({})", columns.join(", ")) };
            format!("{{{}}} as {name}{columns}", relation(input))
        }
        RelationKind::With(with) => {
            let tables: Vec<String> = with
                .tables
                .iter()
                .map(|table| {
                    format!(
                        "{}({}){:?} = {}",
                        table.name,
                        table.columns.join(","),
                        table.recursion_limit,
                        relation(&table.query)
                    )
                })
                .collect();
            format!(
                "with{} [{}] {}",
                if with.is_recursive { " recursive" } else { "" },
                tables.join("; "),
                relation(&with.input)
            )
        }
        RelationKind::WithWindows { input, windows } => {
            let windows: Vec<String> =
                windows.iter().map(|(name, found)| format!("{name}={}", window(found))).collect();
            format!("{} > windows {}", relation(input), windows.join(", "))
        }
        RelationKind::LateralView(view) => format!(
            "{} > view{} {} {}({})",
            relation(&view.input),
            if view.is_outer { " outer" } else { "" },
            expression(&view.generator),
            view.table.clone().unwrap_or_default(),
            view.columns.join(", ")
        ),
        RelationKind::Pivot(pivot) => format!(
            "{} > pivot {} for {} in {}",
            relation(&pivot.input),
            list(&pivot.aggregates),
            list(&pivot.columns),
            list(&pivot.values)
        ),
        RelationKind::Unpivot(unpivot) => {
            let values: Vec<String> = unpivot
                .values
                .iter()
                .flatten()
                .map(|(columns, alias)| format!("({}){}", list(columns), alias.clone().unwrap_or_default()))
                .collect();
            format!(
                "{} > unpivot{} {} for {} in {}",
                relation(&unpivot.input),
                if unpivot.include_nulls { " nulls" } else { "" },
                unpivot.value_columns.join(","),
                unpivot.variable_column,
                values.join(" ")
            )
        }
        RelationKind::Sample(sample) => format!(
            "{} > sample {} {:?} {}",
            relation(&sample.input),
            sample.upper,
            sample.seed,
            sample.rows.as_ref().map(expression).unwrap_or_default()
        ),
        RelationKind::Hint { input, name, parameters } => {
            format!("{} > hint {name}({})", relation(input), list(parameters))
        }
        RelationKind::RepartitionByExpression { input, expressions, .. } => {
            format!("{} > spread {}", relation(input), list(expressions))
        }
        RelationKind::WithColumns { input, columns } => {
            let columns: Vec<String> =
                columns.iter().map(|(name, value, _)| format!("{name} = {}", expression(value))).collect();
            format!("{} > set {}", relation(input), columns.join(", "))
        }
        other => format!("{other:?}"),
    }
}
