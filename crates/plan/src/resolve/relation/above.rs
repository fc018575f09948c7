//! What stands above a SELECT block and may refer to what the block did not select: HAVING, QUALIFY, ORDER BY, filters.

use std::cell::RefCell;

use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::{Expression, Relation};

use crate::attribute::Attribute;
use crate::block::{Block, GroupBy, Output};
use crate::lower::comparison_key;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::{Scope, unresolved_among};
use crate::typed::{Typed, TypedKind};

/// The condition of aggregates where none may stand, and the parameter that lists them.
pub(super) const INVALID_HERE: &str = "UNSUPPORTED_EXPR_FOR_OPERATOR";
pub(super) const INVALID_EXPRESSIONS: &str = "invalidExprSqls";

impl Resolver<'_> {
    pub fn having(
        &self,
        input: &Relation,
        condition: &Expression,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let Some(block) = &input.block else { return self.filter_resolved(input, condition, environment) };
        let outer_aggregates = RefCell::default();
        let resolve = |scope: &Scope<'_>| {
            let outer_aggregates = Some(&outer_aggregates);
            self.resolve_condition(condition, &Scope { grouping_first: true, outer_aggregates, ..*scope })
        };
        let condition = self.with_block_scope(&input, block, environment, resolve)?;
        without_windows(&condition, "HAVING")?;
        self.refuse_mixed_aggregates(&condition)?;
        let mut block = Block::clone(block);
        block.having_adds |= block.needs_more_for(&condition)?;
        block.having.push(block.in_terms_of_input(condition));
        block.outer_aggregates.extend(outer_aggregates.take());
        if block.grouping.is_none() {
            block.grouping = Some(GroupBy { expressions: Vec::new(), sets: None });
        }
        block.build(self)
    }

    pub fn qualify(
        &self,
        input: &Relation,
        condition: &Expression,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let Some(block) = &input.block else { return self.filter_resolved(input, condition, environment) };
        let condition =
            self.with_block_scope(&input, block, environment, |scope| self.resolve_condition(condition, scope))?;
        let mut block = Block::clone(block);
        block.qualify.push(block.in_terms_of_input(condition));
        block.build(self)
    }

    fn filter_resolved(
        &self,
        input: Resolved,
        condition: &Expression,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let condition = self.resolve_condition(condition, &Scope::of(&input, environment))?;
        self.filter_typed(input, &condition)
    }

    /// Resolves with the block's output first and its input below.
    pub fn with_block_scope<T>(
        &self,
        input: &Resolved,
        block: &Block,
        environment: Environment<'_>,
        resolve: impl FnOnce(&Scope<'_>) -> SparkResult<T>,
    ) -> SparkResult<T> {
        let grouping = block.grouping.as_ref().map(|grouping| grouping.expressions.as_slice());
        let below = Scope { grouping, ..Scope::of(&block.input, environment) };
        let scope = Scope { below: Some(&below), grouping, ..Scope::of(input, environment) };
        resolve(&scope)
    }

    /// Resolves an expression above `input`; what it needs and the block below did not select is added, hidden.
    pub fn expression_above(
        &self,
        input: Resolved,
        environment: Environment<'_>,
        resolve: impl Fn(&Scope<'_>) -> SparkResult<Typed>,
    ) -> SparkResult<(Resolved, Typed)> {
        let Some(block) = input.block.clone() else {
            let typed = resolve(&Scope::of(&input, environment))?;
            return Ok((input, typed));
        };
        let typed = self.with_block_scope(&input, &block, environment, &resolve).or_else(|error| {
            // What a selected column cannot be asked for, the column of that name below may be.
            let grouping = block.grouping.as_ref().map(|grouping| grouping.expressions.as_slice());
            resolve(&Scope { grouping, ..Scope::of(&block.input, environment) }).map_err(|_| error)
        })?;
        if !typed.has_aggregate() && self.refers_only_to(&typed, &input) {
            return Ok((input, typed));
        }
        if block.hides_input() {
            self.check_above_having(&block, &typed)?;
        }
        let origin = typed.origin.clone();
        let expression = block.in_terms_of_input(typed);
        let name = self.printer().print(&expression);
        let attribute = self.new_attribute(&name, expression.data_type.clone(), expression.nullable);
        let mut block = Block::clone(&block);
        block.extras.push(Output { expression, attribute });
        let rebuilt = block.build(self)?;
        let column = rebuilt.hidden.last().map(|attribute| Typed::column(attribute).at(&origin));
        let column = column.ok_or_else(|| firesteel_base::SparkError::internal("an added column is missing"))?;
        Ok((rebuilt, column))
    }

    /// As [`Self::expression_above`], for a predicate. Aggregates are left for the caller to refuse.
    pub fn condition_above(
        &self,
        input: Resolved,
        condition: &Expression,
        environment: Environment<'_>,
    ) -> SparkResult<(Resolved, Typed)> {
        let plain = self.resolve_condition(condition, &Scope::of(&input, environment));
        match plain {
            Ok(typed) => Ok((input, typed)),
            Err(error) if input.block.is_none() => Err(error),
            Err(error) => self
                .expression_above(input, environment, |scope| self.resolve_condition(condition, scope))
                .map_err(|_| error),
        }
    }

    /// Where the block hides its input, only its columns and those grouped by exist, and no aggregates.
    fn check_above_having(&self, block: &Block, typed: &Typed) -> SparkResult<()> {
        let grouped = block.grouping.as_ref().map(|grouping| grouping.expressions.as_slice()).unwrap_or_default();
        let is_known = |attribute: &Attribute| {
            block.output_of(attribute).is_some()
                || grouped.iter().any(
                    |group| matches!(&group.unaliased().kind, TypedKind::Column(known) if known.id == attribute.id),
                )
        };
        let mut pending = vec![typed];
        let mut aggregates = Vec::new();
        while let Some(part) = pending.pop() {
            match &part.kind {
                TypedKind::Column(attribute) if !is_known(attribute) => {
                    let names: Vec<_> = block.outputs.iter().map(|output| output.attribute.name_parts()).collect();
                    return Err(unresolved_among(&attribute.written_parts(), &names).at(&part.origin));
                }
                TypedKind::Aggregate(_) => aggregates.push(format!("\"{}\"", self.printer().print(part))),
                _ => {}
            }
            pending.extend(part.children().into_iter().rev());
        }
        if aggregates.is_empty() {
            return Ok(());
        }
        Err(SparkError::new(INVALID_HERE).param(INVALID_EXPRESSIONS, aggregates.join(", ")))
    }

    fn refers_only_to(&self, typed: &Typed, input: &Resolved) -> bool {
        !typed.any(&|part| match &part.kind {
            TypedKind::Column(attribute) => {
                !input.output.iter().chain(&input.hidden).any(|known| known.id == attribute.id)
            }
            TypedKind::Window(_) => true,
            _ => false,
        })
    }
}

impl Block {
    /// Whether ORDER BY sees no more of the input than what is grouped by: a projection stands above the aggregate,
    /// because HAVING needs what is not selected, or because windows look at the groups.
    fn hides_input(&self) -> bool {
        self.having_adds || self.grouping.is_some() && self.outputs.iter().any(|output| output.expression.has_window())
    }

    /// Whether a HAVING condition needs an aggregate or a grouping expression that is not selected.
    fn needs_more_for(&self, condition: &Typed) -> SparkResult<bool> {
        if let TypedKind::Column(attribute) = &condition.kind {
            return Ok(self.output_of(attribute).is_none());
        }
        if matches!(condition.kind, TypedKind::Literal(_)) {
            return Ok(false);
        }
        if matches!(condition.kind, TypedKind::Grouping { .. } | TypedKind::GroupingId { .. }) {
            return Ok(false);
        }
        // What asks for the grouping has no key; its parts have.
        let key = comparison_key(condition).ok();
        let is_same = |known: &Typed| key.is_some() && comparison_key(known.unaliased()).ok() == key;
        if self.outputs.iter().any(|output| is_same(&output.expression)) {
            return Ok(false);
        }
        let mut groups = self.grouping.iter().flat_map(|grouping| &grouping.expressions);
        if matches!(condition.kind, TypedKind::Aggregate(_)) || groups.any(is_same) {
            return Ok(true);
        }
        for child in condition.children() {
            if self.needs_more_for(child)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// References to the block's own columns replaced by what they are computed from.
    pub fn in_terms_of_input(&self, mut typed: Typed) -> Typed {
        self.replace_outputs(&mut typed);
        typed
    }

    fn replace_outputs(&self, typed: &mut Typed) {
        if let TypedKind::Column(attribute) = &typed.kind {
            if let Some(output) = self.output_of(attribute) {
                let origin = typed.origin.clone();
                *typed = output.expression.unaliased().clone();
                if !origin.is_unknown() && matches!(typed.kind, TypedKind::Column(_)) {
                    typed.origin = origin;
                }
            }
            return;
        }
        for child in typed.children_mut() {
            self.replace_outputs(child);
        }
    }

    fn output_of(&self, attribute: &Attribute) -> Option<&Output> {
        self.outputs.iter().chain(&self.extras).find(|output| output.attribute.id == attribute.id)
    }
}

pub(super) fn without_windows(condition: &Typed, clause: &str) -> SparkResult<()> {
    match condition.any(&|part| matches!(part.kind, TypedKind::Window(_))) {
        true => Err(SparkError::new("WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE").param("clauseName", clause)),
        false => Ok(()),
    }
}
