//! Walking the IR: every relation and expression of a plan, subqueries included, children before their parents.
//!
//! Plans are as deep as clients make them, so the stack grows with the walk.

use firesteel_base::SparkResult;

use super::children::{Child, expression_children, relation_children};
use super::{Expression, Relation, RelationKind};

/// What is done at each node. Nodes may be changed; their children were visited before.
pub trait Visitor {
    fn relation(&mut self, _relation: &mut Relation) -> SparkResult<()> {
        Ok(())
    }

    fn expression(&mut self, _expression: &mut Expression) -> SparkResult<()> {
        Ok(())
    }
}

/// The stack is enlarged by so much when less than the first is left.
const STACK_LEFT_BYTES: usize = 64 << 10;
const STACK_MORE_BYTES: usize = 1 << 20;

/// Visits a relation and all below it, except what stands inside a command.
pub fn walk_relation(relation: &mut Relation, visitor: &mut dyn Visitor) -> SparkResult<()> {
    if !matches!(relation.kind, RelationKind::Command(_)) {
        walk_children(relation_children(relation), visitor)?;
    }
    visitor.relation(relation)
}

/// Visits an expression and all below it.
pub fn walk_expression(expression: &mut Expression, visitor: &mut dyn Visitor) -> SparkResult<()> {
    walk_children(expression_children(expression), visitor)?;
    visitor.expression(expression)
}

fn walk_children(children: Vec<Child<'_>>, visitor: &mut dyn Visitor) -> SparkResult<()> {
    children.into_iter().try_for_each(|child| {
        stacker::maybe_grow(STACK_LEFT_BYTES, STACK_MORE_BYTES, || match child {
            Child::Relation(relation) => walk_relation(relation, visitor),
            Child::Expression(expression) => walk_expression(expression, visitor),
        })
    })
}
