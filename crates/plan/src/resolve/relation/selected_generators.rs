//! Generators in a SELECT list: each is a whole column of it, and makes rows of those of the list's input.

use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::Expression;

use super::sort::current_columns;
use crate::block::{Block, GroupBy};
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Typed, TypedKind};

impl Resolver<'_> {
    /// A SELECT list in which something has no meaning before the generators have made their columns, which all of
    /// the list may name. `error` is what is told if that is not so.
    pub(super) fn project_over_generators(
        &self,
        mut input: Resolved,
        expressions: &[Expression],
        environment: Environment<'_>,
        error: SparkError,
    ) -> SparkResult<Resolved> {
        let mut items: Vec<Option<Vec<Typed>>> = vec![None; expressions.len()];
        loop {
            let mut aliases = Vec::new();
            let mut found = Vec::new();
            for (index, expression) in expressions.iter().enumerate() {
                if let Some(Some(known)) = items.get(index) {
                    aliases.extend(known.iter().filter_map(Typed::alias_of_one));
                    continue;
                }
                let scope = Scope { aliases: &aliases, ..Scope::of(&input, environment) };
                if let Ok(resolved) = self.selected(expression, &scope) {
                    aliases.extend(resolved.iter().filter_map(Typed::alias_of_one));
                    found.push((index, resolved));
                }
            }
            if found.iter().any(|(_, resolved)| resolved.iter().any(Typed::has_aggregate)) {
                return Err(error);
            }
            let generates = found.iter().any(|(_, resolved)| resolved.iter().any(Typed::has_generator));
            for (index, resolved) in found {
                let (next, columns) = self.with_generated(input, resolved)?;
                input = next;
                if let Some(item) = items.get_mut(index) {
                    *item = Some(columns);
                }
            }
            if items.iter().all(Option::is_some) {
                return self.project_typed(input, items.into_iter().flatten().flatten().collect());
            }
            if !generates {
                return Err(error);
            }
        }
    }

    pub(super) fn project_generator(
        &self,
        input: Resolved,
        grouping: Option<GroupBy>,
        selected: Vec<Typed>,
    ) -> SparkResult<Resolved> {
        if let Some(grouping) = grouping {
            return self.generator_above_aggregate(input, grouping, selected);
        }
        let (input, expanded) = self.with_generated(input, selected)?;
        self.block(input, None, expanded)
    }

    /// The input with the rows of the list's generators, and the list with their columns in place of them.
    fn with_generated(&self, mut input: Resolved, selected: Vec<Typed>) -> SparkResult<(Resolved, Vec<Typed>)> {
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
        Ok((input, expanded))
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
            outer_aggregates: Vec::new(),
        };
        let aggregated = Resolved { block: None, ..block.build(self)? };
        // A column that the block only passes on keeps the engine's column that it is.
        above.iter_mut().for_each(|expression| current_columns(expression, &aggregated));
        let generated = self.project_generator(aggregated, None, above)?;
        // What stands above sees the generated columns: it is a filter or a sort of their rows.
        Ok(Resolved { block: None, ..generated })
    }
}
