//! SELECT lists, and the named outputs of a block.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use firesteel_base::identifier::quote_if_needed;
use firesteel_base::{SparkError, SparkResult, SparkType};
use firesteel_syntax::ir::expression::ExpressionKind;
use firesteel_syntax::ir::{Expression, Relation};

use crate::block::{Block, GroupBy, Output};
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Typed, TypedKind};

impl Resolver<'_> {
    pub fn project(
        &self,
        input: &Relation,
        expressions: &[Expression],
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let selected = self.select_list(expressions, &Scope::of(&input, environment))?;
        self.project_typed(input, selected)
    }

    /// A projection of resolved expressions: a global aggregate if one of them aggregates.
    pub fn project_typed(&self, input: Resolved, selected: Vec<Typed>) -> SparkResult<Resolved> {
        let (input, selected) = self.with_selected_window(input, selected)?;
        let aggregates = selected.iter().any(Typed::has_aggregate);
        let grouping = aggregates.then(|| GroupBy { expressions: Vec::new(), sets: None });
        self.block(input, grouping, selected)
    }

    /// Builds a block from its parts; generators in the list become rows.
    pub fn block(&self, input: Resolved, grouping: Option<GroupBy>, selected: Vec<Typed>) -> SparkResult<Resolved> {
        if selected.iter().any(Typed::has_generator) {
            return self.project_generator(input, grouping, selected);
        }
        let outputs: Vec<Output> = selected.into_iter().map(|expression| self.output(expression)).collect();
        if let Some(grouping) = &grouping {
            self.refuse_outer_aggregates(grouping, &outputs)?;
        }
        let block = Block {
            input,
            grouping,
            outputs,
            extras: Vec::new(),
            having: Vec::new(),
            qualify: Vec::new(),
            having_adds: false,
        };
        block.build(self)
    }

    /// A subquery can neither group by a column of the query around nor aggregate nothing but such columns.
    fn refuse_outer_aggregates(&self, grouping: &GroupBy, outputs: &[Output]) -> SparkResult<()> {
        let refers_outside = |typed: &Typed| typed.any(&|part| matches!(part.kind, TypedKind::Outer(_)));
        let aggregates_outside = |typed: &Typed| {
            typed.any(&|part| {
                matches!(part.kind, TypedKind::Aggregate(_))
                    && refers_outside(part)
                    && !part.any(&|inner| matches!(inner.kind, TypedKind::Column(_)))
            })
        };
        let nests = |typed: &Typed| {
            typed.any(&|part| {
                matches!(part.kind, TypedKind::Aggregate(_)) && part.children().into_iter().any(Typed::has_aggregate)
            })
        };
        // That is refused elsewhere, for what it is.
        if outputs.iter().any(|output| nests(&output.expression)) {
            return Ok(());
        }
        if !grouping.expressions.iter().any(refers_outside)
            && !outputs.iter().any(|output| aggregates_outside(&output.expression))
        {
            return Ok(());
        }
        let printed = |typed: &Typed| self.printer().print(&without_outer(typed.clone()));
        let mut expressions: Vec<String> =
            grouping.expressions.iter().filter(|typed| refers_outside(typed)).map(printed).collect();
        for output in outputs.iter().filter(|output| refers_outside(&output.expression)) {
            let name = quote_if_needed(&output.attribute.name);
            expressions.push(format!("{} AS {name}", printed(&output.expression)));
        }
        let quoted: Vec<_> = expressions.iter().map(|text| format!("\"{text}\"")).collect();
        Err(SparkError::new("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE")
            .param("sqlExprs", quoted.join(",")))
    }

    /// Resolves a SELECT list; each alias can be used by those behind it.
    pub fn select_list(&self, expressions: &[Expression], scope: &Scope<'_>) -> SparkResult<Vec<Typed>> {
        let mut aliases: Vec<(Arc<str>, Typed)> = Vec::new();
        let mut selected = Vec::with_capacity(expressions.len());
        for expression in expressions {
            let scope = Scope { aliases: &aliases, ..*scope };
            let resolved = match &expression.kind {
                ExpressionKind::Star(_) | ExpressionKind::Regex { .. } => {
                    self.resolve_list(std::slice::from_ref(expression), &scope)?
                }
                // Only a plain name gives a struct's field its own name.
                ExpressionKind::Extract { .. } => {
                    let typed = self.resolve_expression(expression, &scope)?;
                    let printed = self.printer().print(&typed);
                    vec![self.named(typed, &printed)]
                }
                _ => vec![self.resolve_expression(expression, &scope)?],
            };
            for typed in resolved {
                if let TypedKind::Alias(alias) = &typed.kind
                    && let [name] = alias.names.as_slice()
                {
                    aliases.push((name.clone(), alias.child.clone()));
                }
                selected.push(typed);
            }
        }
        Ok(selected)
    }

    /// An output column of a block, under the name Spark gives it.
    pub fn output(&self, expression: Typed) -> Output {
        match &expression.kind {
            TypedKind::Column(attribute) => Output { attribute: attribute.clone(), expression },
            TypedKind::Alias(alias) => {
                let name = alias.names.first().cloned().unwrap_or_else(|| "".into());
                let child = alias.child.clone();
                let mut attribute = self.new_attribute(&name, child.data_type.clone(), child.nullable);
                attribute.metadata = alias.metadata.clone().or_else(|| match &child.kind {
                    TypedKind::Column(known) => known.metadata.clone(),
                    _ => None,
                });
                Output { expression: child, attribute }
            }
            _ => {
                let name = self.default_name(&expression);
                let attribute = self.new_attribute(&name, expression.data_type.clone(), expression.nullable);
                Output { expression, attribute }
            }
        }
    }

    /// The name of a column that was given none.
    pub fn default_name(&self, expression: &Typed) -> String {
        match &expression.kind {
            TypedKind::Field { child, name, .. } if is_column_path(child) => name.to_string(),
            TypedKind::Substituted(substituted) => substituted.title.to_string(),
            TypedKind::Cast(cast) => match &cast.child.kind {
                TypedKind::Column(attribute) => attribute.name.to_string(),
                TypedKind::Field { child, name, .. } if is_column_path(child) => name.to_string(),
                _ => self.printer().print(expression),
            },
            TypedKind::Outer(attribute) => attribute.name.to_string(),
            _ => self.printer().print(expression),
        }
    }

    fn project_generator(
        &self,
        input: Resolved,
        grouping: Option<GroupBy>,
        selected: Vec<Typed>,
    ) -> SparkResult<Resolved> {
        if let Some(grouping) = grouping {
            return self.generator_above_aggregate(input, grouping, selected);
        }
        let mut input = input;
        let mut expanded = Vec::with_capacity(selected.len());
        for expression in selected {
            let (names, inner) = match expression.kind {
                TypedKind::Alias(ref alias) => (alias.names.clone(), alias.child.clone()),
                _ => (Vec::new(), expression.clone()),
            };
            self.check_generator(&inner)?;
            let TypedKind::Generator(call) = inner.kind else {
                expanded.push(expression);
                continue;
            };
            let (generated, columns) = self.generate(input, &call, call.bound.is_outer, &names)?;
            input = generated;
            expanded.extend(columns.iter().map(Typed::column));
            // Kept below the generators that follow.
            input.hidden.extend(columns);
        }
        self.block(input, None, expanded)
    }

    /// A generator may only be a whole column of the list.
    pub fn check_generator(&self, expression: &Typed) -> SparkResult<()> {
        if expression.children().into_iter().any(Typed::has_generator) {
            let printed = format!("\"{}\"", self.printer().print(expression));
            return Err(SparkError::new("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS").param("expression", printed));
        }
        Ok(())
    }

    /// The aggregate computes the generators' arguments; the rows are made from those above it.
    fn generator_above_aggregate(
        &self,
        input: Resolved,
        grouping: GroupBy,
        selected: Vec<Typed>,
    ) -> SparkResult<Resolved> {
        let generators: Vec<_> = selected.iter().filter(|expression| expression.has_generator()).collect();
        if generators.len() > 1 {
            let printed = generators.iter().map(|expression| self.printer().print(expression.unaliased()));
            let printed: Vec<_> = printed.map(|text| format!("\"{text}\"")).collect();
            return Err(SparkError::new("UNSUPPORTED_GENERATOR.MULTI_GENERATOR")
                .param("num", generators.len().to_string())
                .param("generators", printed.join(", ")));
        }
        let mut computed = Vec::new();
        let mut above = Vec::with_capacity(selected.len());
        let mut compute = |expression: Typed| {
            let output = self.output(expression);
            let column = Typed::column(&output.attribute);
            computed.push(output);
            column
        };
        for mut expression in selected {
            self.check_generator(expression.unaliased())?;
            let generator = match &mut expression.kind {
                TypedKind::Alias(alias) => &mut alias.child.kind,
                kind => kind,
            };
            let TypedKind::Generator(call) = generator else {
                above.push(compute(expression));
                continue;
            };
            for argument in &mut call.arguments {
                if !matches!(argument.kind, TypedKind::Literal(_)) {
                    *argument = compute(argument.clone());
                }
            }
            above.push(expression);
        }
        let block = Block {
            input,
            grouping: Some(grouping),
            outputs: computed,
            extras: Vec::new(),
            having: Vec::new(),
            qualify: Vec::new(),
            having_adds: false,
        };
        self.project_generator(Resolved { block: None, ..block.build(self)? }, None, above)
    }
}

/// A column, or fields inside one.
fn is_column_path(expression: &Typed) -> bool {
    match &expression.kind {
        TypedKind::Column(_) | TypedKind::Outer(_) => true,
        TypedKind::Field { child, .. } => is_column_path(child),
        // A session variable's field, unlike that of a function's result.
        TypedKind::Substituted(substituted) => substituted.printed.starts_with("variablereference("),
        _ => false,
    }
}

/// The expression with columns of the query around as plain columns.
fn without_outer(mut typed: Typed) -> Typed {
    if let TypedKind::Outer(attribute) = typed.kind {
        typed.kind = TypedKind::Column(attribute);
        return typed;
    }
    for child in typed.children_mut() {
        let taken = std::mem::replace(child, Typed::literal(ScalarValue::Null, SparkType::Null));
        *child = without_outer(taken);
    }
    typed
}
