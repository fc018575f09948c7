//! SELECT lists, and the named outputs of a block.

use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::expression::ExpressionKind;
use firesteel_syntax::ir::{Expression, Relation};

use crate::block::{Block, GroupBy, Output};
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Typed, TypedKind};

impl Resolver<'_> {
    pub fn project(&self, input: &Relation, expressions: &[Expression], environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let selected = self.select_list(expressions, &Scope::of(&input, environment))?;
        self.project_typed(input, selected)
    }

    /// A projection of resolved expressions: a global aggregate if one of them aggregates.
    pub fn project_typed(&self, input: Resolved, selected: Vec<Typed>) -> SparkResult<Resolved> {
        let aggregates = selected.iter().any(Typed::has_aggregate);
        let grouping = aggregates.then(|| GroupBy { expressions: Vec::new(), sets: None });
        self.block(input, grouping, selected)
    }

    /// Builds a block from its parts; generators in the list become rows.
    pub fn block(&self, input: Resolved, grouping: Option<GroupBy>, selected: Vec<Typed>) -> SparkResult<Resolved> {
        if selected.iter().any(Typed::has_generator) {
            return self.project_generator(input, grouping, selected);
        }
        let outputs = selected.into_iter().map(|expression| self.output(expression)).collect();
        let block = Block { input, grouping, outputs, extras: Vec::new(), having: Vec::new(), qualify: Vec::new() };
        block.build(self)
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
    fn default_name(&self, expression: &Typed) -> String {
        match &expression.kind {
            TypedKind::Field { name, .. } => name.to_string(),
            TypedKind::Substituted(substituted) => substituted.title.to_string(),
            TypedKind::Cast(cast) => match &cast.child.kind {
                TypedKind::Column(attribute) => attribute.name.to_string(),
                TypedKind::Field { name, .. } => name.to_string(),
                _ => self.printer().print(expression),
            },
            _ => self.printer().print(expression),
        }
    }

    fn project_generator(&self, input: Resolved, grouping: Option<GroupBy>, selected: Vec<Typed>) -> SparkResult<Resolved> {
        let count = selected.iter().filter(|expression| expression.has_generator()).count();
        if count > 1 {
            let printed: Vec<_> = selected
                .iter()
                .filter(|expression| expression.has_generator())
                .map(|expression| format!("\"{}\"", self.printer().print(expression.unaliased())))
                .collect();
            return Err(SparkError::new("UNSUPPORTED_GENERATOR.MULTI_GENERATOR")
                .param("num", count.to_string())
                .param("generators", printed.join(", ")));
        }
        if grouping.is_some() {
            return Err(SparkError::unsupported("a generator beside aggregates"));
        }
        let mut input = input;
        let mut expanded = Vec::with_capacity(selected.len());
        for expression in selected {
            let (names, inner) = match expression.kind {
                TypedKind::Alias(ref alias) => (alias.names.clone(), alias.child.clone()),
                _ => (Vec::new(), expression.clone()),
            };
            let TypedKind::Generator(call) = inner.kind else {
                if expression.has_generator() {
                    return Err(SparkError::new("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS")
                        .param("expression", format!("\"{}\"", self.printer().print(&expression))));
                }
                expanded.push(expression);
                continue;
            };
            let (generated, columns) = self.generate(input, &call, call.bound.is_outer, &names)?;
            input = generated;
            expanded.extend(columns.iter().map(Typed::column));
        }
        self.block(input, None, expanded)
    }
}
