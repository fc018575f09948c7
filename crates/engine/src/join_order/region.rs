//! Inner, semi and anti joins that lie directly above each other, taken apart and put together.
//!
//! The right side of a semi or anti join is a relation too, but one that only sorts out rows of others: it is joined
//! alone, once all relations are there of which its condition speaks.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, DFSchemaRef, NullEquality, Result};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable, Join, JoinConstraint, JoinType, LogicalPlan, Operator, Projection,
};

use super::estimate::{EQUAL, Estimate, SEMI, estimate, share, shared_values};
use super::search::Tree;

/// Fewer relations have no order worth speaking of: the engine chooses a join's sides anyway.
const RELATIONS_MIN: usize = 3;
/// More are left as they are written: a set of relations is a word of bits.
const RELATIONS_MAX: usize = 32;

/// A set of relations, a bit each.
pub(super) type Relations = u32;

pub(super) struct Relation {
    pub(super) plan: LogicalPlan,
    estimate: Estimate,
    /// Of the right side of a semi or anti join.
    sorts_out: Option<SortsOut>,
}

/// The condition of a semi or anti join.
#[derive(Clone)]
struct SortsOut {
    join_type: JoinType,
    on: Vec<(Expr, Expr)>,
    filter: Option<Expr>,
}

/// What must hold between relations.
struct Condition {
    kind: ConditionKind,
    relations: Relations,
}

enum ConditionKind {
    /// The expressions of two sides are equal.
    Key {
        left: (Expr, Relations),
        right: (Expr, Relations),
    },
    Filter(Expr),
    /// Of the semi or anti join with the relation of this place, which sorts out.
    SortsOut(usize),
}

pub(super) struct Region {
    pub(super) relations: Vec<Relation>,
    pub(super) written: Tree,
    conditions: Vec<Condition>,
    /// Which share of all combinations of these relations' rows the conditions between them leave.
    shares: Vec<(Relations, f64)>,
    schema: DFSchemaRef,
}

/// The parts of a region as they are found.
#[derive(Default)]
struct Parts<'p> {
    plans: Vec<(&'p LogicalPlan, Option<&'p Join>)>,
    keys: Vec<&'p (Expr, Expr)>,
    filters: Vec<&'p Expr>,
}

impl Region {
    /// The joins from this plan downwards, if all that is needed to order them is known.
    pub(super) fn of(plan: &LogicalPlan) -> Option<Self> {
        if !matches!(plan, LogicalPlan::Join(join) if is_movable(join)) {
            return None;
        }
        let mut parts = Parts::default();
        let written = parts.gather(plan);
        if !(RELATIONS_MIN..=RELATIONS_MAX).contains(&parts.plans.len()) {
            return None;
        }
        let mut owners = HashMap::new();
        for (index, plan) in parts.plans.iter().enumerate() {
            for column in plan.0.schema().columns() {
                if owners.insert(column, index).is_some() {
                    return None;
                }
            }
        }
        let relations_of = |expression: &Expr| -> Option<Relations> {
            expression.column_refs().into_iter().try_fold(0, |set, column| Some(set | 1 << owners.get(column)?))
        };
        let mut conditions = Vec::new();
        for (left, right) in parts.keys {
            let (left, right) = ((left.clone(), relations_of(left)?), (right.clone(), relations_of(right)?));
            let relations = left.1 | right.1;
            conditions.push(Condition { kind: ConditionKind::Key { left, right }, relations });
        }
        for filter in parts.filters {
            conditions
                .push(Condition { kind: ConditionKind::Filter(filter.clone()), relations: relations_of(filter)? });
        }
        for (index, (_, join)) in parts.plans.iter().enumerate() {
            let Some(join) = join else { continue };
            let mut relations = 1 << index;
            for (left, right) in &join.on {
                relations |= relations_of(left)? | relations_of(right)?;
            }
            relations |= join.filter.as_ref().map_or(Some(0), relations_of)?;
            conditions.push(Condition { kind: ConditionKind::SortsOut(index), relations });
        }
        // Each condition must be of a join: one of fewer relations would find none.
        if conditions.iter().any(|condition| condition.relations.count_ones() < 2) {
            return None;
        }
        let relation = |(plan, join): (&LogicalPlan, Option<&Join>)| {
            let sorts_out = join.map(|join| SortsOut {
                join_type: join.join_type,
                on: join.on.clone(),
                filter: join.filter.clone(),
            });
            Some(Relation { estimate: estimate(plan)?, plan: plan.clone(), sorts_out })
        };
        let relations = parts.plans.into_iter().map(relation).collect::<Option<Vec<_>>>()?;
        let shares = shares(&relations, &conditions);
        Some(Self { relations, written, conditions, shares, schema: Arc::clone(plan.schema()) })
    }

    /// How many rows are expected when these relations are joined.
    pub(super) fn rows(&self, set: Relations) -> f64 {
        let all = self.relations.iter().enumerate().filter(|(index, _)| set & (1 << index) != 0);
        let product: f64 = all.map(|(_, relation)| relation.estimate.rows).product();
        let within = self.shares.iter().filter(|(relations, _)| relations & !set == 0);
        (product * within.map(|(_, share)| share).product::<f64>()).max(1.0)
    }

    /// Whether a condition connects the two sets.
    pub(super) fn connects(&self, one: Relations, other: Relations) -> bool {
        self.shares
            .iter()
            .any(|(relations, _)| relations & !(one | other) == 0 && relations & one != 0 && relations & other != 0)
    }

    /// The joins in the tree's order, with the columns as they were.
    pub(super) fn join(self, tree: &Tree) -> Result<LogicalPlan> {
        let (plan, _) = self.joined(tree)?;
        if plan.schema().columns() == self.schema.columns() {
            return Ok(plan);
        }
        let columns = self.schema.columns().into_iter().map(Expr::Column).collect();
        let projection = Projection::try_new_with_schema(columns, Arc::new(plan), self.schema)?;
        Ok(LogicalPlan::Projection(projection))
    }

    fn joined(&self, tree: &Tree) -> Result<(LogicalPlan, Relations)> {
        let (mut one, mut other) = match tree {
            Tree::Relation(index) => {
                let plan = self.relations.get(*index).map(|relation| relation.plan.clone()).unwrap_or_default();
                return Ok((plan, 1 << index));
            }
            Tree::Join(one, other) => (self.joined(one)?, self.joined(other)?),
        };
        if self.sorts_out(one.1).is_some() {
            std::mem::swap(&mut one, &mut other);
        }
        let set = one.1 | other.1;
        let (left, right, on, filter, join_type) = match self.sorts_out(other.1) {
            Some(SortsOut { join_type, on, filter }) => (one.0, other.0, on.clone(), filter.clone(), *join_type),
            None => {
                // The engine builds its table of the left side.
                if self.rows(one.1) > self.rows(other.1) {
                    std::mem::swap(&mut one, &mut other);
                }
                let (keys, filters) = self.between(one.1, other.1);
                (one.0, other.0, keys, conjunction(filters), JoinType::Inner)
            }
        };
        let (left, right) = (Arc::new(left), Arc::new(right));
        let nulls = NullEquality::NullEqualsNothing;
        let join = Join::try_new(left, right, on, filter, join_type, JoinConstraint::On, nulls, false)?;
        Ok((LogicalPlan::Join(join), set))
    }

    /// The condition of the semi or anti join of the set's one relation, if that only sorts out.
    fn sorts_out(&self, set: Relations) -> Option<&SortsOut> {
        let index = set.is_power_of_two().then(|| set.trailing_zeros() as usize)?;
        self.relations.get(index)?.sorts_out.as_ref()
    }

    /// The keys and filters that hold between two sets and in neither of them.
    fn between(&self, left_set: Relations, right_set: Relations) -> (Vec<(Expr, Expr)>, Vec<Expr>) {
        let set = left_set | right_set;
        let (mut keys, mut filters) = (Vec::new(), Vec::new());
        for condition in &self.conditions {
            let relations = condition.relations;
            if relations & !set != 0 || relations & !left_set == 0 || relations & !right_set == 0 {
                continue;
            }
            match &condition.kind {
                ConditionKind::Key { left: (one, of_one), right: (other, of_other) } => {
                    if of_one & !left_set == 0 && of_other & !right_set == 0 {
                        keys.push((one.clone(), other.clone()));
                    } else if of_other & !left_set == 0 && of_one & !right_set == 0 {
                        keys.push((other.clone(), one.clone()));
                    } else {
                        filters.push(one.clone().eq(other.clone()));
                    }
                }
                ConditionKind::Filter(filter) => filters.push(filter.clone()),
                ConditionKind::SortsOut(_) => {}
            }
        }
        (keys, filters)
    }
}

impl<'p> Parts<'p> {
    fn gather(&mut self, plan: &'p LogicalPlan) -> Tree {
        match through_columns(plan) {
            LogicalPlan::Join(join) if is_movable(join) && join.join_type != JoinType::Inner => {
                let tree = self.gather(&join.left);
                Tree::join(tree, self.relation(&join.right, Some(join)))
            }
            LogicalPlan::Join(join) if is_movable(join) => {
                let tree = Tree::join(self.gather(&join.left), self.gather(&join.right));
                self.keys.extend(&join.on);
                self.filters.extend(join.filter.iter().flat_map(split_conjunction));
                tree
            }
            _ => self.relation(plan, None),
        }
    }

    fn relation(&mut self, plan: &'p LogicalPlan, join: Option<&'p Join>) -> Tree {
        self.plans.push((plan, join));
        Tree::Relation(self.plans.len() - 1)
    }
}

/// The plan below projections that do no more than leave columns out.
fn through_columns(plan: &LogicalPlan) -> &LogicalPlan {
    let mut plan = plan;
    while let LogicalPlan::Projection(projection) = plan
        && projection.expr.iter().all(|expression| matches!(expression, Expr::Column(_)))
    {
        plan = &projection.input;
    }
    plan
}

/// Whether the join's place does not matter: nothing in its conditions can fail, whichever rows they see.
fn is_movable(join: &Join) -> bool {
    let Ok(both) = join.left.schema().join(join.right.schema()) else { return false };
    matches!(join.join_type, JoinType::Inner | JoinType::LeftSemi | JoinType::LeftAnti)
        && !join.null_aware
        && join.null_equality == NullEquality::NullEqualsNothing
        && join
            .on
            .iter()
            .all(|(left, right)| cannot_fail(left, join.left.schema()) && cannot_fail(right, join.right.schema()))
        && join.filter.as_ref().is_none_or(|filter| cannot_fail(filter, &both))
}

fn cannot_fail(expression: &Expr, schema: &DFSchema) -> bool {
    let all = |parts: &[&Expr]| parts.iter().all(|part| cannot_fail(part, schema));
    match expression {
        Expr::Column(_) | Expr::Literal(..) => true,
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => is_comparison_or_logic(*op) && all(&[left, right]),
        Expr::Not(inner) | Expr::IsNull(inner) | Expr::IsNotNull(inner) | Expr::IsTrue(inner) => all(&[inner]),
        Expr::Between(between) => all(&[&between.expr, &between.low, &between.high]),
        Expr::InList(list) => all(&[&list.expr]) && list.list.iter().all(|value| cannot_fail(value, schema)),
        Expr::Cast(cast) => {
            all(&[&cast.expr])
                && cast.expr.get_type(schema).is_ok_and(|from| is_widening(&from, cast.field.data_type()))
        }
        _ => false,
    }
}

fn is_comparison_or_logic(operator: Operator) -> bool {
    use Operator::{And, Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq, Or};
    matches!(operator, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom | And | Or)
}

fn is_widening(from: &DataType, to: &DataType) -> bool {
    use DataType::{Int8, Int16, Int32, Int64, Utf8, Utf8View};
    from == to
        || matches!(
            (from, to),
            (Int8, Int16 | Int32 | Int64)
                | (Int16, Int32 | Int64)
                | (Int32, Int64)
                | (Utf8, Utf8View)
                | (Utf8View, Utf8)
        )
}

/// What conditions leave over. Keys between the same two relations are taken together: they depend on each other.
fn shares(relations: &[Relation], conditions: &[Condition]) -> Vec<(Relations, f64)> {
    let mut shares = Vec::new();
    let mut keys: HashMap<Relations, Vec<[&Expr; 2]>> = HashMap::new();
    for condition in conditions {
        match &condition.kind {
            ConditionKind::Key { left: (left, one), right: (right, other) }
                if one.count_ones() == 1 && other.count_ones() == 1 =>
            {
                // In the order of the relations.
                let pair = if one < other { [left, right] } else { [right, left] };
                keys.entry(condition.relations).or_default().push(pair);
            }
            ConditionKind::Key { .. } => shares.push((condition.relations, EQUAL)),
            ConditionKind::Filter(filter) => shares.push((condition.relations, share(filter, &Estimate::default()))),
            // Its own rows are not in the result.
            ConditionKind::SortsOut(index) => {
                let rows = relations.get(*index).map_or(1.0, |relation| relation.estimate.rows);
                shares.push((condition.relations, SEMI / rows));
            }
        }
    }
    for (set, pairs) in keys {
        let sides = [set.trailing_zeros(), Relations::BITS - 1 - set.leading_zeros()];
        let [left, right] = sides.map(|index| relations.get(index as usize).map(|relation| &relation.estimate));
        if let (Some(left), Some(right)) = (left, right) {
            shares.push((set, 1.0 / shared_values(left, right, &pairs)));
        }
    }
    shares.sort_by_key(|(relations, _)| *relations);
    shares
}
