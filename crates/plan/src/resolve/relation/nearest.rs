//! `JOIN … NEAREST n BY …`: for each row of the left side the rows of the right one that rank best.
//!
//! Rows of the left side are numbered, joined with all rows of the right one, and the pairs of each number are ranked. A
//! pair whose ranking is NULL is none.

use datafusion::scalar::ScalarValue;
use firesteel_base::error::quoting::{to_sql_expr, to_sql_type};
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_syntax::ir::expression::WindowSpecification;
use firesteel_syntax::ir::expression::{ExpressionKind, NullOrder, SortOrder, Window, WindowExpression};
use firesteel_syntax::ir::relation::NearestBy;
use firesteel_syntax::ir::{Expression, Literal};

use super::join::Sides;
use crate::attribute::Attribute;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{SortKey, Typed, TypedKind};

impl Resolver<'_> {
    pub(super) fn join_nearest(
        &self,
        sides: Sides,
        nearest: &NearestBy,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        if self.context.conf.get_option("spark.sql.crossJoin.enabled").as_deref() == Some("false") {
            return Err(SparkError::new("NEAREST_BY_JOIN.CROSS_JOIN_NOT_ENABLED"));
        }
        let ranking = self.of_both_sides(&sides, &nearest.ranking, environment)?;
        self.check_ranking(&ranking)?;
        let (output, hidden) = (sides.left.output.clone(), sides.left.hidden.clone());
        let (left, number) = self.with_row_number(sides.left, None)?;
        let is_ranked = self.call("isnotnull", vec![ranking.clone()], &Origin::Unknown)?;
        let joined = self.joined(Sides { left: Resolved { output, hidden, ..left }, ..sides }, Some(is_ranked))?;
        // What was best is unpacked from where it was gathered: Spark takes all of it for nullable.
        let shown = joined.output.iter().map(|attribute| attribute.with_nullable(true)).collect();
        let columns = joined.output.iter().chain(&joined.hidden).chain(std::iter::once(&number)).map(Typed::column);
        // Ranked by a column: what the engine knows of the order of expressions does not hold here.
        let selected: Vec<_> = columns.chain(std::iter::once(self.named(ranking, "ranking"))).collect();
        let joined = Resolved { block: None, ..self.block(joined, None, selected)? };
        let ranking = joined.output.last().map(Typed::column);
        let ranking = ranking.ok_or_else(|| SparkError::internal("a ranking without a column"))?;
        let kept = joined.output.clone();
        let key = SortKey { child: ranking, ascending: nearest.is_distance, nulls_first: false };
        let within = Some((Typed::column(&number), key));
        let (ranked, rank) = self.with_row_number(Resolved { output: kept, ..joined }, within)?;
        let count = Typed::literal(ScalarValue::Int32(Some(nearest.count)), SparkType::Integer);
        let best = self.call("<=", vec![Typed::column(&rank), count], &Origin::Unknown)?;
        let filtered = self.filtered(ranked, &best)?;
        Ok(Resolved { output: shown, ..filtered })
    }

    fn check_ranking(&self, ranking: &Typed) -> SparkResult<()> {
        if matches!(ranking.data_type, SparkType::Map { .. } | SparkType::Variant | SparkType::CalendarInterval) {
            return Err(SparkError::new("NEAREST_BY_JOIN.NON_ORDERABLE_RANKING_EXPRESSION")
                .param("expression", to_sql_expr(&self.printer().print(ranking)))
                .param("type", to_sql_type(&ranking.data_type)));
        }
        Ok(())
    }

    /// The relation with a number for each row in a last column: among all rows, or among those that agree in a column,
    /// in an order.
    fn with_row_number(&self, input: Resolved, within: Option<(Typed, SortKey)>) -> SparkResult<(Resolved, Attribute)> {
        let one = Expression::literal(Literal::Integer(1), Origin::Unknown);
        let order = SortOrder { child: one, ascending: true, nulls: NullOrder::Default };
        let specification = WindowSpecification { order_by: vec![order], ..WindowSpecification::default() };
        let window = WindowExpression {
            function: Expression::call("row_number", Vec::new(), Origin::Unknown),
            window: Window::Specification(specification),
        };
        let window = Expression::new(ExpressionKind::Window(Box::new(window)), Origin::Unknown);
        let mut number = self.resolve_expression(&window, &Scope::of(&input, Environment::default()))?;
        if let TypedKind::Window(call) = &mut number.kind {
            call.order_by.clear();
            if let Some((column, key)) = within {
                call.partition_by = vec![column];
                call.order_by = vec![key];
            }
        }
        let mut selected: Vec<Typed> = input.output.iter().chain(&input.hidden).map(Typed::column).collect();
        selected.push(self.named(number, "number"));
        let block = self.block(input, None, selected)?;
        let mut numbered = Resolved { block: None, ..block };
        let number = numbered.output.pop().ok_or_else(|| SparkError::internal("a number without a column"))?;
        Ok((numbered, number))
    }
}
