//! The order of joins that touches the fewest rows.

use super::region::{Region, Relations};

/// Joins of relations, which are known by their place in the region.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Relation(usize),
    Join(Box<Tree>, Box<Tree>),
}

impl Tree {
    pub(super) fn join(one: Self, other: Self) -> Self {
        Self::Join(Box::new(one), Box::new(other))
    }

    fn relations(&self) -> Relations {
        match self {
            Self::Relation(index) => 1 << index,
            Self::Join(one, other) => one.relations() | other.relations(),
        }
    }
}

/// Beyond so many relations the cheapest pair is joined again and again, instead of trying everything.
const EXHAUSTIVE_MAX: usize = 10;
/// A row that is put into a table costs as much as so many that are looked up there.
const BUILDING: f64 = 2.0;

/// The expected work of the joins: rows put into tables, looked up and passed on.
pub(super) fn work(region: &Region, tree: &Tree) -> f64 {
    match tree {
        Tree::Relation(_) => 0.0,
        Tree::Join(one, other) => {
            let (left, right) = (one.relations(), other.relations());
            let step = step(region.rows(left), region.rows(right), region.rows(left | right));
            work(region, one) + work(region, other) + step
        }
    }
}

/// The work of one join by the rows of its sides and its own.
fn step(one: f64, other: f64, joined: f64) -> f64 {
    BUILDING * one.min(other) + one.max(other) + joined
}

/// The best tree found; `None` if the region cannot be joined without all combinations of some rows.
pub(super) fn best(region: &Region) -> Option<Tree> {
    if region.relations.len() <= EXHAUSTIVE_MAX { exhaustive(region) } else { greedy(region) }
}

/// The best tree of every set of relations, from small sets to large ones.
fn exhaustive(region: &Region) -> Option<Tree> {
    let all: Relations = (1 << region.relations.len()) - 1;
    let rows: Vec<f64> = (0..=all).map(|set| region.rows(set)).collect();
    let rows_of = |set: Relations| rows.get(set as usize).copied().unwrap_or(f64::INFINITY);
    let mut found: Vec<Option<(f64, Tree)>> = vec![None; all as usize + 1];
    for index in 0..region.relations.len() {
        *found.get_mut(1 << index)? = Some((0.0, Tree::Relation(index)));
    }
    for set in 1..=all {
        if set.is_power_of_two() {
            continue;
        }
        let lowest = set & set.wrapping_neg();
        let mut cheapest: Option<(f64, Relations)> = None;
        // Every part that has the lowest relation, which names each pair of parts once.
        let mut part = (set - 1) & set;
        while part > 0 {
            let rest = set & !part;
            if part & lowest != 0
                && region.connects(part, rest)
                && let (Some(Some((one, _))), Some(Some((other, _)))) =
                    (found.get(part as usize), found.get(rest as usize))
            {
                let cost = one + other + step(rows_of(part), rows_of(rest), rows_of(set));
                if cheapest.is_none_or(|(known, _)| cost < known) {
                    cheapest = Some((cost, part));
                }
            }
            part = (part - 1) & set;
        }
        let Some((cost, part)) = cheapest else { continue };
        let tree_of = |set: Relations| found.get(set as usize)?.as_ref().map(|(_, tree)| tree.clone());
        let tree = Tree::join(tree_of(part)?, tree_of(set & !part)?);
        *found.get_mut(set as usize)? = Some((cost, tree));
    }
    found.pop()?.map(|(_, tree)| tree)
}

/// Joins the pair that leaves the fewest rows, until one tree is left.
fn greedy(region: &Region) -> Option<Tree> {
    let mut trees: Vec<(Relations, Tree)> =
        (0..region.relations.len()).map(|index| (1 << index, Tree::Relation(index))).collect();
    while trees.len() > 1 {
        let mut cheapest: Option<(f64, usize, usize)> = None;
        for (first, (one, _)) in trees.iter().enumerate() {
            for (second, (other, _)) in trees.iter().enumerate().skip(first + 1) {
                let rows = region.rows(one | other);
                if region.connects(*one, *other) && cheapest.is_none_or(|(known, ..)| rows < known) {
                    cheapest = Some((rows, first, second));
                }
            }
        }
        let (_, first, second) = cheapest?;
        let (other_set, other) = trees.remove(second);
        let (one_set, one) = trees.remove(first);
        trees.push((one_set | other_set, Tree::join(one, other)));
    }
    trees.pop().map(|(_, tree)| tree)
}
