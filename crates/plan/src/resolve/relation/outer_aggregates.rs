//! Aggregates in subqueries that look at the rows of the query around them.

use datafusion::scalar::ScalarValue;
use firesteel_base::identifier::quote_if_needed;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::qualified;
use crate::block::{GroupBy, Output};
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Typed, TypedKind};

impl Resolver<'_> {
    /// A condition of a subquery in HAVING, with columns in place of the aggregates that are of the query around: that
    /// one computes them.
    pub(super) fn with_outer_aggregates(
        &self,
        mut condition: Typed,
        environment: Environment<'_>,
    ) -> SparkResult<Typed> {
        self.refuse_mixed_aggregates(&condition)?;
        if let Some(outer) = environment.outer {
            self.leave_to(outer, &mut condition);
        }
        Ok(condition)
    }

    fn leave_to(&self, outer: &Scope<'_>, expression: &mut Typed) {
        if !is_aggregate(expression) {
            return expression.children_mut().into_iter().for_each(|child| self.leave_to(outer, child));
        }
        let is_of_outer =
            |part: &Typed| matches!(&part.kind, TypedKind::Outer(attribute) if outer.is_visible(attribute));
        let is_elsewhere = |part: &Typed| matches!(part.kind, TypedKind::Outer(_)) && !is_of_outer(part);
        let Some(aggregates) = outer.outer_aggregates else { return };
        if !expression.any(&is_of_outer) || expression.any(&is_elsewhere) {
            return;
        }
        let name = self.printer().print(expression);
        let attribute = self.new_attribute(&name, expression.data_type.clone(), expression.nullable);
        let origin = expression.origin.clone();
        let column = Typed { kind: TypedKind::Outer(attribute.clone()), ..Typed::column(&attribute).at(&origin) };
        let aggregate = without_outer(std::mem::replace(expression, column));
        aggregates.borrow_mut().push(Output { expression: aggregate, attribute });
    }

    /// No aggregate looks at rows of two queries.
    pub(super) fn refuse_mixed_aggregates(&self, expression: &Typed) -> SparkResult<()> {
        if is_aggregate(expression) && refers_outside(expression) && refers_inside(expression) {
            let function = self.printer().print(&qualified(expression));
            let condition = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES";
            return Err(SparkError::new(condition).param("function", function));
        }
        expression.children().into_iter().try_for_each(|child| self.refuse_mixed_aggregates(child))
    }

    /// A subquery can neither group by a column of the query around nor aggregate nothing but such columns.
    pub(super) fn refuse_outer_aggregates(&self, grouping: &GroupBy, outputs: &[Output]) -> SparkResult<()> {
        let aggregates_outside =
            |typed: &Typed| typed.any(&|part| is_aggregate(part) && refers_outside(part) && !refers_inside(part));
        let nests = |typed: &Typed| {
            typed.any(&|part| is_aggregate(part) && part.children().into_iter().any(Typed::has_aggregate))
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
}

fn is_aggregate(typed: &Typed) -> bool {
    matches!(typed.kind, TypedKind::Aggregate(_))
}

fn refers_outside(typed: &Typed) -> bool {
    typed.any(&|part| matches!(part.kind, TypedKind::Outer(_)))
}

fn refers_inside(typed: &Typed) -> bool {
    typed.any(&|part| matches!(part.kind, TypedKind::Column(_)))
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
