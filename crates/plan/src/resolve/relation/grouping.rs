//! GROUP BY: ordinals, aliases, ALL, and the sets of ROLLUP, CUBE and GROUPING SETS.

use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::Expression;
use firesteel_syntax::ir::expression::ExpressionKind;
use firesteel_syntax::ir::literal::Literal;
use firesteel_syntax::ir::relation::{Grouping, GroupingElement, GroupingElementSet};

use crate::block::GroupBy;
use crate::lower::comparison_key;
use crate::resolver::Resolver;
use crate::scope::{Scope, quote_parts};
use crate::typed::{Typed, TypedKind};

/// Sets of grouping expressions, each a list of positions.
type Sets = Vec<Vec<usize>>;

/// The grouping expressions found so far, each once.
#[derive(Default)]
struct Known {
    expressions: Vec<Typed>,
}

impl Known {
    fn position(&mut self, expression: Typed) -> SparkResult<usize> {
        let key = comparison_key(&expression)?;
        for (position, known) in self.expressions.iter().enumerate() {
            if comparison_key(known)? == key {
                return Ok(position);
            }
        }
        self.expressions.push(expression);
        Ok(self.expressions.len() - 1)
    }
}

impl Resolver<'_> {
    /// Resolves the grouping of an aggregate whose SELECT list is `list`.
    pub fn group_by(&self, grouping: &Grouping, list: &[Expression], scope: &Scope<'_>) -> SparkResult<GroupBy> {
        match grouping {
            Grouping::By(expressions) => {
                let expressions: SparkResult<Vec<_>> =
                    expressions.iter().map(|expression| self.group_expression(expression, list, scope)).collect();
                Ok(GroupBy { expressions: expressions?, sets: None })
            }
            Grouping::All => self.group_by_all(list, scope),
            Grouping::Rollup(columns) => {
                let element = GroupingElement::Rollup(columns.iter().cloned().map(|column| vec![column]).collect());
                self.analytics(&[element], list, scope)
            }
            Grouping::Cube(columns) => {
                let element = GroupingElement::Cube(columns.iter().cloned().map(|column| vec![column]).collect());
                self.analytics(&[element], list, scope)
            }
            Grouping::Sets { sets, columns } => {
                let mut known = Known::default();
                for column in columns {
                    known.position(self.group_expression(column, list, scope)?)?;
                }
                let sets: SparkResult<Sets> =
                    sets.iter().map(|set| self.positions(set, list, scope, &mut known)).collect();
                Ok(GroupBy { expressions: known.expressions, sets: Some(sets?) })
            }
            Grouping::Analytics(elements) => self.analytics(elements, list, scope),
        }
    }

    /// Each element's sets combined with every other's.
    fn analytics(&self, elements: &[GroupingElement], list: &[Expression], scope: &Scope<'_>) -> SparkResult<GroupBy> {
        let mut known = Known::default();
        let mut sets: Sets = vec![Vec::new()];
        for element in elements {
            let next = self.element_sets(element, list, scope, &mut known)?;
            sets = sets
                .iter()
                .flat_map(|left| next.iter().map(move |right| left.iter().chain(right).copied().collect()))
                .collect();
            if sets.len() > 4096 {
                return Err(SparkError::unsupported("more than 4096 grouping sets"));
            }
        }
        for set in &mut sets {
            let mut seen = Vec::with_capacity(set.len());
            set.retain(|position| {
                let is_new = !seen.contains(position);
                seen.push(*position);
                is_new
            });
        }
        let is_plain = elements.iter().all(|element| matches!(element, GroupingElement::Expression(_)));
        Ok(GroupBy { expressions: known.expressions, sets: (!is_plain).then_some(sets) })
    }

    fn element_sets(
        &self,
        element: &GroupingElement,
        list: &[Expression],
        scope: &Scope<'_>,
        known: &mut Known,
    ) -> SparkResult<Sets> {
        match element {
            GroupingElement::Expression(expression) => {
                Ok(vec![vec![known.position(self.group_expression(expression, list, scope)?)?]])
            }
            GroupingElement::Rollup(items) => {
                let items = self.item_positions(items, list, scope, known)?;
                Ok((0..=items.len())
                    .rev()
                    .map(|length| items.iter().take(length).flatten().copied().collect())
                    .collect())
            }
            GroupingElement::Cube(items) => {
                if items.len() > 12 {
                    return Err(SparkError::unsupported("CUBE of more than 12 columns"));
                }
                let items = self.item_positions(items, list, scope, known)?;
                let count = items.len();
                let member = |mask: usize, index: usize| mask & (1 << (count - 1 - index)) != 0;
                Ok((0..1_usize << count)
                    .rev()
                    .map(|mask| {
                        let chosen = items.iter().enumerate().filter(|(index, _)| member(mask, *index));
                        chosen.flat_map(|(_, item)| item.iter().copied()).collect()
                    })
                    .collect())
            }
            GroupingElement::Sets(members) => {
                let mut sets = Sets::new();
                for member in members {
                    match member {
                        GroupingElementSet::Set(set) => sets.push(self.positions(set, list, scope, known)?),
                        GroupingElementSet::Nested(nested) => {
                            sets.extend(self.element_sets(nested, list, scope, known)?)
                        }
                    }
                }
                Ok(sets)
            }
        }
    }

    fn item_positions(
        &self,
        items: &[Vec<Expression>],
        list: &[Expression],
        scope: &Scope<'_>,
        known: &mut Known,
    ) -> SparkResult<Sets> {
        items.iter().map(|item| self.positions(item, list, scope, known)).collect()
    }

    fn positions(
        &self,
        set: &[Expression],
        list: &[Expression],
        scope: &Scope<'_>,
        known: &mut Known,
    ) -> SparkResult<Vec<usize>> {
        set.iter().map(|expression| known.position(self.group_expression(expression, list, scope)?)).collect()
    }

    /// One grouping expression: an ordinal, a column, an expression, or an alias of the SELECT list.
    fn group_expression(&self, expression: &Expression, list: &[Expression], scope: &Scope<'_>) -> SparkResult<Typed> {
        let typed = match &expression.kind {
            ExpressionKind::Literal(Literal::Integer(position)) if self.context.conf.group_by_ordinal() => {
                self.ordinal(*position, list, expression, scope)?
            }
            _ => match self.resolve_expression(expression, scope) {
                Ok(typed) => typed,
                Err(error) => match self.aliased(expression, list, scope)? {
                    Some(typed) => typed,
                    None => self.with_aliases(expression, list, scope).map_err(|_| error)?,
                },
            },
        };
        let typed = typed.into_unaliased();
        if typed.has_aggregate() {
            return Err(SparkError::new("GROUP_BY_AGGREGATE")
                .param("sqlExpr", self.qualified_printer().print(&typed))
                .at(&expression.origin));
        }
        if typed.has_window() {
            self.refuse_special(&typed)?;
        }
        Ok(typed)
    }

    fn ordinal(&self, position: i32, list: &[Expression], at: &Expression, scope: &Scope<'_>) -> SparkResult<Typed> {
        let selected = self.select_list(list, scope)?.into_iter().flat_map(|typed| self.grouped_parts(typed));
        let selected: Vec<_> = selected.collect();
        let found = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
        let Some(typed) = found.and_then(|index| selected.get(index)) else {
            return Err(SparkError::new("GROUP_BY_POS_OUT_OF_RANGE")
                .param("index", position.to_string())
                .param("size", selected.len().to_string())
                .at(&at.origin));
        };
        if typed.has_aggregate() {
            return Err(SparkError::new("GROUP_BY_POS_AGGREGATE")
                .param("index", position.to_string())
                .param("aggExpr", self.aliased_text(typed))
                .at(&at.origin));
        }
        Ok(typed.clone())
    }

    /// A generator is computed above the groups: what it is given stands in its place.
    fn grouped_parts(&self, selected: Typed) -> Vec<Typed> {
        match &selected.unaliased().kind {
            TypedKind::Generator(call) => {
                call.arguments.iter().filter(|argument| !self.is_foldable(argument)).cloned().collect()
            }
            _ => vec![selected],
        }
    }

    /// A selected expression with the name that it has as a column.
    fn aliased_text(&self, typed: &Typed) -> String {
        let name = match &typed.kind {
            TypedKind::Alias(alias) => alias.names.first().map(ToString::to_string).unwrap_or_default(),
            _ => self.printer().print(typed),
        };
        let text = self.qualified_printer().print(typed.unaliased());
        let is_plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if is_plain { format!("{text} AS {name}") } else { format!("{text} AS {}", quote_parts(&[name])) }
    }

    /// The SELECT list's expression of this alias.
    fn aliased(&self, expression: &Expression, list: &[Expression], scope: &Scope<'_>) -> SparkResult<Option<Typed>> {
        let ExpressionKind::Attribute(name) = &expression.kind else { return Ok(None) };
        let [name] = name.name.as_slice() else { return Ok(None) };
        if !self.context.conf.group_by_aliases() {
            return Ok(None);
        }
        let selected = self.select_list(list, scope)?;
        Ok(selected.into_iter().find(|typed| match &typed.kind {
            TypedKind::Alias(alias) => {
                !alias.child.has_generator() && alias.names.first().is_some_and(|alias| self.same_name(alias, name))
            }
            TypedKind::Column(_) => false,
            _ => !typed.has_generator() && self.same_name(&self.default_name(typed), name),
        }))
    }

    /// An expression over the SELECT list's aliases.
    fn with_aliases(&self, expression: &Expression, list: &[Expression], scope: &Scope<'_>) -> SparkResult<Typed> {
        if !self.context.conf.group_by_aliases() {
            return self.resolve_expression(expression, scope);
        }
        let named = |typed: Typed| match typed.kind {
            TypedKind::Alias(alias) => alias.names.first().cloned().map(|name| (name, alias.child)),
            _ => None,
        };
        let aliases: Vec<_> = self.select_list(list, scope)?.into_iter().filter_map(named).collect();
        self.resolve_expression(expression, &Scope { aliases: &aliases, ..*scope })
    }

    /// `GROUP BY ALL`: every selected expression without an aggregate.
    fn group_by_all(&self, list: &[Expression], scope: &Scope<'_>) -> SparkResult<GroupBy> {
        let selected = self.select_list(list, scope)?;
        let mut known = Known::default();
        let mut is_mixed = false;
        for typed in selected {
            for part in self.grouped_parts(typed.into_unaliased()) {
                is_mixed |= part.has_aggregate() && has_loose_column(&part);
                if !part.has_aggregate() && !self.is_foldable(&part) {
                    known.position(part)?;
                }
            }
        }
        if is_mixed && known.expressions.is_empty() {
            return Err(SparkError::new("UNRESOLVED_ALL_IN_GROUP_BY"));
        }
        Ok(GroupBy { expressions: known.expressions, sets: None })
    }
}

/// Whether a column stands outside of every aggregate function.
fn has_loose_column(expression: &Typed) -> bool {
    match &expression.kind {
        TypedKind::Column(_) => true,
        TypedKind::Aggregate(_) => false,
        _ => expression.children().into_iter().any(has_loose_column),
    }
}
