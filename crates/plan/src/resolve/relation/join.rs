//! Joins.

use std::sync::Arc;

use datafusion::common::{JoinType, NullEquality, Spans};
use datafusion::logical_expr::{Expr, Join as EngineJoin, JoinConstraint, LogicalPlan, Subquery};
use firesteel_base::error::quoting::{to_sql_expr, to_sql_type};
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::Expression;
use firesteel_syntax::ir::relation::{Join, JoinCondition, JoinKind};

use super::above::{INVALID_EXPRESSIONS, INVALID_HERE};
use crate::attribute::Attribute;
use crate::resolved::{PlanIds, Resolved, merge_plan_ids};
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Typed, TypedKind};
use crate::unnest::outer_references;

/// Two sides about to be joined.
pub(super) struct Sides {
    pub(super) left: Resolved,
    pub(super) right: Resolved,
    pub(super) kind: JoinKind,
    pub(super) plan_ids: PlanIds,
}

impl Resolver<'_> {
    pub fn join(&self, join: &Join, environment: Environment<'_>) -> SparkResult<Resolved> {
        let left = self.resolve_relation(&join.left, environment)?;
        let right = if join.is_lateral {
            let scope = Scope::of(&left, environment);
            self.resolve_relation(&join.right, Environment { outer: Some(&scope), ..environment })?
        } else {
            self.resolve_relation(&join.right, environment)?
        };
        self.refuse_outer_references(join, &left, &right, environment)?;
        let right = as_lateral(right);
        let plan_ids = merge_plan_ids(left.plan_ids.clone(), right.plan_ids.clone());
        let sides = Sides { left, right, kind: join.kind, plan_ids };
        match &join.condition {
            JoinCondition::None => self.joined(sides, None),
            JoinCondition::On(condition) => {
                let condition = self.join_condition(&sides, condition, environment)?;
                if join.is_lateral && condition.any(&is_nondeterministic) {
                    let condition_sql = self.qualified_printer().print(&condition);
                    return Err(SparkError::new(
                        "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.LATERAL_JOIN_CONDITION_NON_DETERMINISTIC",
                    )
                    .param("condition", condition_sql));
                }
                self.joined(sides, Some(condition))
            }
            JoinCondition::NearestBy(nearest) => self.join_nearest(sides, nearest, environment),
            JoinCondition::Using(columns) => self.join_using(sides, columns),
            JoinCondition::Natural => {
                let shared = self.shared_names(&sides);
                self.join_using(sides, &shared)
            }
        }
    }

    /// A side whose rows may be missing, or are only looked for, cannot refer to the query around.
    fn refuse_outer_references(
        &self,
        join: &Join,
        left: &Resolved,
        right: &Resolved,
        environment: Environment<'_>,
    ) -> SparkResult<()> {
        let Some(outer) = environment.outer else { return Ok(()) };
        let (is_left, is_right) = match join.kind {
            JoinKind::Inner | JoinKind::Cross => return Ok(()),
            JoinKind::LeftOuter | JoinKind::LeftSemi | JoinKind::LeftAnti => (false, true),
            JoinKind::RightOuter => (true, false),
            JoinKind::FullOuter => (true, true),
        };
        for (side, is_refused) in [(left, is_left), (right, is_right && !join.is_lateral)] {
            if is_refused && outer_references(&side.plan)?.iter().any(|column| outer.attribute_of(column).is_some()) {
                let condition = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED";
                return Err(SparkError::new(condition).param("treeNode", format!("Join {:?}", join.kind)));
            }
        }
        Ok(())
    }

    /// The names that both sides have, in the left one's order; a name counts as often as both have it.
    fn shared_names(&self, sides: &Sides) -> Vec<String> {
        let mut right: Vec<&Attribute> = sides.right.output.iter().collect();
        let mut shared = Vec::new();
        for left in &sides.left.output {
            if let Some(position) = right.iter().position(|right| self.same_name(&left.name, &right.name)) {
                right.remove(position);
                shared.push(left.name.to_string());
            }
        }
        shared
    }

    fn join_condition(
        &self,
        sides: &Sides,
        condition: &Expression,
        environment: Environment<'_>,
    ) -> SparkResult<Typed> {
        let typed = self.of_both_sides(sides, condition, environment)?;
        self.refuse_special(&typed)?;
        match typed.data_type {
            SparkType::Boolean => Ok(typed),
            _ => Err(SparkError::new("JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE")
                .param("joinCondition", to_sql_expr(&self.printer().print(&typed)))
                .param("conditionType", to_sql_type(&typed.data_type))
                .at(&condition.origin)),
        }
    }

    /// What only a SELECT list may hold.
    pub(super) fn refuse_special(&self, expression: &Typed) -> SparkResult<()> {
        let mut found = Vec::new();
        let mut pending = vec![expression];
        while let Some(part) = pending.pop() {
            match part.kind {
                TypedKind::Aggregate(_) | TypedKind::Window(_) | TypedKind::Generator(_) => {
                    found.push(to_sql_expr(&self.printer().print(part)));
                }
                _ => pending.extend(part.children().into_iter().rev()),
            }
        }
        match found.is_empty() {
            true => Ok(()),
            false => Err(SparkError::new(INVALID_HERE).param(INVALID_EXPRESSIONS, found.join(", "))),
        }
    }

    /// An expression over the columns of both sides.
    pub(super) fn of_both_sides(
        &self,
        sides: &Sides,
        expression: &Expression,
        environment: Environment<'_>,
    ) -> SparkResult<Typed> {
        let attributes: Vec<_> = sides.left.output.iter().chain(&sides.right.output).cloned().collect();
        let hidden: Vec<_> = sides.left.hidden.iter().chain(&sides.right.hidden).cloned().collect();
        let scope = Scope {
            attributes: &attributes,
            hidden: &hidden,
            plan_ids: Some(&sides.plan_ids),
            ..Scope::empty(environment)
        };
        Ok(self.resolve_expression(expression, &scope)?.into_unaliased())
    }

    /// The join with both sides' columns; those of a side that may be missing become nullable.
    pub(super) fn joined(&self, sides: Sides, condition: Option<Typed>) -> SparkResult<Resolved> {
        let filter = condition.map(|condition| self.lowering().expression(&condition)).transpose()?;
        let plan = EngineJoin::try_new(
            Arc::new(sides.left.plan.clone()),
            Arc::new(sides.right.plan.clone()),
            Vec::new(),
            filter,
            join_type(sides.kind),
            JoinConstraint::On,
            NullEquality::NullEqualsNothing,
            false,
        )
        .map_err(from_engine)?;
        let (left_nullable, right_nullable) = match sides.kind {
            JoinKind::LeftOuter => (false, true),
            JoinKind::RightOuter => (true, false),
            JoinKind::FullOuter => (true, true),
            JoinKind::Inner | JoinKind::Cross | JoinKind::LeftSemi | JoinKind::LeftAnti => (false, false),
        };
        let mut output = with_nullable(&sides.left.output, left_nullable);
        let mut hidden = with_nullable(&sides.left.hidden, left_nullable);
        if !matches!(sides.kind, JoinKind::LeftSemi | JoinKind::LeftAnti) {
            output.extend(with_nullable(&sides.right.output, right_nullable));
            hidden.extend(with_nullable(&sides.right.hidden, right_nullable));
        }
        Ok(Resolved { plan: LogicalPlan::Join(plan), output, hidden, plan_ids: sides.plan_ids, block: None })
    }

    /// USING and NATURAL: the shared columns come first, once; both sides' own stay nameable.
    fn join_using(&self, sides: Sides, columns: &[String]) -> SparkResult<Resolved> {
        let mut pairs = Vec::with_capacity(columns.len());
        for column in columns {
            let left = self.using_column(&sides.left, column, "left")?;
            let right = self.using_column(&sides.right, column, "right")?;
            pairs.push((left, right));
        }
        let mut condition: Option<Typed> = None;
        for (left, right) in &pairs {
            let equal = self.call("=", vec![Typed::column(left), Typed::column(right)], &Origin::Unknown)?;
            condition = Some(match condition {
                None => equal,
                Some(all) => self.call("and", vec![all, equal], &Origin::Unknown)?,
            });
        }
        let kind = sides.kind;
        let joined = self.joined(sides, condition)?;
        if matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti) {
            let keys: Vec<_> = pairs.iter().map(|(left, _)| left.clone()).collect();
            let rest = joined.output.iter().filter(|known| keys.iter().all(|key| key.id != known.id)).cloned();
            let output = keys.iter().cloned().chain(rest).collect();
            return Ok(Resolved { output, ..joined });
        }
        self.merge_keys(joined, &pairs, kind)
    }

    fn merge_keys(&self, joined: Resolved, pairs: &[(Attribute, Attribute)], kind: JoinKind) -> SparkResult<Resolved> {
        let current = |attribute: &Attribute| {
            joined.output.iter().find(|known| known.id == attribute.id).unwrap_or(attribute).clone()
        };
        let is_key = |known: &Attribute| pairs.iter().any(|(left, right)| left.id == known.id || right.id == known.id);
        let rest: Vec<_> = joined.output.iter().filter(|known| !is_key(known)).cloned().collect();
        let keys: Vec<_> = pairs.iter().map(|(left, right)| (current(left), current(right))).collect();
        let mut hidden = joined.hidden.clone();
        if kind != JoinKind::FullOuter {
            let shown = |(left, right): &(Attribute, Attribute)| {
                if kind == JoinKind::RightOuter { (right.clone(), left.clone()) } else { (left.clone(), right.clone()) }
            };
            let (shown, others): (Vec<_>, Vec<_>) = keys.iter().map(shown).unzip();
            hidden.extend(others);
            return Ok(Resolved { output: shown.into_iter().chain(rest).collect(), hidden, ..joined });
        }
        let mut selected = Vec::with_capacity(keys.len());
        for (left, right) in &keys {
            let merged = self.call("coalesce", vec![Typed::column(left), Typed::column(right)], &Origin::Unknown)?;
            selected.push(self.named(merged, &left.name));
        }
        let merged_count = selected.len();
        let sides: Vec<_> = keys.iter().flat_map(|(left, right)| [left.clone(), right.clone()]).collect();
        selected.extend(rest.iter().chain(&sides).chain(&hidden).map(Typed::column));
        let projected = self.project_typed(joined, selected)?;
        let mut output = projected.output.clone();
        let hidden = output.split_off(merged_count + rest.len());
        Ok(Resolved { output, hidden, block: None, ..projected })
    }

    /// The first column of the name.
    fn using_column(&self, side: &Resolved, name: &str, label: &str) -> SparkResult<Attribute> {
        let found = side.output.iter().find(|attribute| self.same_name(&attribute.name, name));
        let Some(found) = found else {
            let mut suggestion: Vec<_> = side.output.iter().map(|attribute| format!("`{}`", attribute.name)).collect();
            suggestion.sort();
            return Err(SparkError::new("UNRESOLVED_USING_COLUMN_FOR_JOIN")
                .param("colName", format!("`{name}`"))
                .param("side", label)
                .param("suggestion", suggestion.join(", ")));
        };
        Ok(found.clone())
    }
}

fn is_nondeterministic(expression: &Typed) -> bool {
    matches!(&expression.kind, TypedKind::Scalar(call) if call.function.is_nondeterministic)
}

/// A side that refers to the other one's columns becomes a subquery of the join.
fn as_lateral(right: Resolved) -> Resolved {
    let outer_ref_columns: Vec<Expr> = right.plan.all_out_ref_exprs();
    if outer_ref_columns.is_empty() {
        return right;
    }
    let plan = right.plan.clone();
    let subquery = Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: Spans::new() };
    Resolved { plan: LogicalPlan::Subquery(subquery), block: None, ..right }
}

fn with_nullable(attributes: &[Attribute], nullable: bool) -> Vec<Attribute> {
    attributes.iter().map(|attribute| attribute.with_nullable(attribute.nullable || nullable)).collect()
}

fn join_type(kind: JoinKind) -> JoinType {
    match kind {
        JoinKind::Inner | JoinKind::Cross => JoinType::Inner,
        JoinKind::LeftOuter => JoinType::Left,
        JoinKind::RightOuter => JoinType::Right,
        JoinKind::FullOuter => JoinType::Full,
        JoinKind::LeftSemi => JoinType::LeftSemi,
        JoinKind::LeftAnti => JoinType::LeftAnti,
    }
}
