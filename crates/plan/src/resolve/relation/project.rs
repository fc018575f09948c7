//! SELECT lists, and the named outputs of a block.

use std::sync::Arc;

use firesteel_base::error::quoting::to_sql_expr;
use firesteel_base::{SparkError, SparkResult};
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
        match self.select_list(expressions, &Scope::of(&input, environment)) {
            Ok(selected) => self.project_typed(input, selected),
            Err(error) if is_unresolved(&error) => self.project_over_generators(input, expressions, environment, error),
            Err(error) => Err(error),
        }
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
        self.refuse_several_names(&selected)?;
        let outputs: Vec<Output> = selected.into_iter().map(|expression| self.output(expression)).collect();
        if let Some(grouping) = &grouping {
            self.refuse_outer_aggregates(grouping, &outputs)?;
            outputs.iter().try_for_each(|output| self.refuse_mixed_aggregates(&output.expression))?;
        }
        let block = Block {
            input,
            grouping,
            outputs,
            extras: Vec::new(),
            having: Vec::new(),
            qualify: Vec::new(),
            having_adds: false,
            outer_aggregates: Vec::new(),
        };
        block.build(self)
    }

    /// Several names for one value.
    fn refuse_several_names(&self, selected: &[Typed]) -> SparkResult<()> {
        for typed in selected {
            if let TypedKind::Alias(alias) = &typed.kind
                && alias.names.len() > 1
            {
                return Err(SparkError::new("MULTI_ALIAS_WITHOUT_GENERATOR")
                    .param("expr", to_sql_expr(&self.printer().print(&alias.child)))
                    .param("names", alias.names.join(", ")));
            }
        }
        Ok(())
    }

    /// Resolves a SELECT list; each alias can be used by those behind it.
    pub fn select_list(&self, expressions: &[Expression], scope: &Scope<'_>) -> SparkResult<Vec<Typed>> {
        let mut aliases: Vec<(Arc<str>, Typed)> = Vec::new();
        let mut selected = Vec::with_capacity(expressions.len());
        for expression in expressions {
            let resolved = self.selected(expression, &Scope { aliases: &aliases, ..*scope })?;
            aliases.extend(resolved.iter().filter_map(Typed::alias_of_one));
            selected.extend(resolved);
        }
        Ok(selected)
    }

    /// One item of a SELECT list: several columns where it is a star.
    pub(super) fn selected(&self, expression: &Expression, scope: &Scope<'_>) -> SparkResult<Vec<Typed>> {
        match &expression.kind {
            ExpressionKind::Star(_) | ExpressionKind::Regex { .. } => {
                self.resolve_list(std::slice::from_ref(expression), scope)
            }
            // Only a plain name gives a struct's field its own name.
            ExpressionKind::Extract { .. } => {
                let typed = self.resolve_expression(expression, scope)?;
                let printed = self.printer().print(&typed);
                Ok(vec![self.named(typed, &printed)])
            }
            _ => Ok(vec![self.resolve_expression(expression, scope)?]),
        }
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

fn is_unresolved(error: &SparkError) -> bool {
    error.condition().starts_with("UNRESOLVED_COLUMN.")
}
