//! ORDER BY and SORT BY.

use std::sync::Arc;

use datafusion::logical_expr::{LogicalPlan, Sort};
use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::expression::{ExpressionKind, NullOrder, SortOrder};
use firesteel_syntax::ir::literal::Literal;

use super::above::{INVALID_EXPRESSIONS, INVALID_HERE};
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{SortKey, Typed, TypedKind};

impl Resolver<'_> {
    /// A sort of all rows. A sort within partitions is a sort of all rows too: a stronger promise.
    pub fn sort(
        &self,
        input: &Relation,
        order: &[SortOrder],
        _is_global: bool,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let mut input = self.resolve_relation(input, environment)?;
        let visible = input.output.len();
        let mut invalid: Vec<String> = Vec::new();
        let mut keys: Vec<Option<SortKey>> = vec![None; order.len()];
        // Ordinals come last: they may count what the other keys had added behind the selected columns.
        let (ordinals, others): (Vec<_>, Vec<_>) =
            order.iter().zip(&mut keys).partition(|(item, _)| self.is_ordinal(item));
        for (item, key) in others.into_iter().chain(ordinals) {
            match self.sort_child(input.clone(), item, visible, environment) {
                Ok((next, child)) => {
                    input = next;
                    *key = Some(self.sort_key(item, child.into_unaliased()));
                }
                // Names that do not exist are told of first, in whichever key they stand.
                Err(error) if error.condition() == INVALID_HERE => {
                    invalid.extend(error.parameters().get(INVALID_EXPRESSIONS).cloned());
                }
                Err(error) => return Err(error),
            }
        }
        if !invalid.is_empty() {
            return Err(SparkError::new(INVALID_HERE).param(INVALID_EXPRESSIONS, invalid.join(", ")));
        }
        let mut keys: Vec<_> = keys.into_iter().flatten().collect();
        if keys.iter().any(|key| key.child.has_generator()) {
            let printed: Vec<_> = keys.iter().map(|key| self.printer().print_key(key)).collect();
            return Err(SparkError::new("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT")
                .param("plan", format!("Sort [{}], true", printed.join(", "))));
        }
        for key in &mut keys {
            current_columns(&mut key.child, &input);
        }
        self.sorted(input, &keys)
    }

    fn is_ordinal(&self, item: &SortOrder) -> bool {
        matches!(item.child.kind, ExpressionKind::Literal(Literal::Integer(_))) && self.context.conf.order_by_ordinal()
    }

    fn sort_child(
        &self,
        input: Resolved,
        item: &SortOrder,
        visible: usize,
        environment: Environment<'_>,
    ) -> SparkResult<(Resolved, Typed)> {
        if let ExpressionKind::Literal(Literal::Integer(position)) = &item.child.kind
            && self.context.conf.order_by_ordinal()
        {
            let column = usize::try_from(*position).ok().and_then(|position| position.checked_sub(1));
            let counts_added = self.context.conf.get_option("spark.sql.prioritizeOrdinalResolutionInSort.enabled");
            let counts_added = counts_added.as_deref() == Some("false");
            let added = input.block.as_ref().filter(|_| counts_added).map_or(0, |block| block.extras.len());
            let mut columns = input.output.iter().chain(input.hidden.iter().take(added));
            let column = column.and_then(|column| columns.nth(column)).map(Typed::column);
            return match column {
                Some(column) => Ok((input, column)),
                None => Err(SparkError::new("ORDER_BY_POS_OUT_OF_RANGE")
                    .param("index", position.to_string())
                    .param("size", (visible + added).to_string())
                    .at(&item.child.origin)),
            };
        }
        self.expression_above(input, environment, |scope: &Scope<'_>| self.resolve_expression(&item.child, scope))
    }

    pub fn sort_all(
        &self,
        input: &Relation,
        ascending: bool,
        nulls: NullOrder,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let nulls_first = match nulls {
            NullOrder::Default => ascending,
            NullOrder::First => true,
            NullOrder::Last => false,
        };
        let keys: Vec<_> = input
            .output
            .iter()
            .map(|attribute| SortKey { child: Typed::column(attribute), ascending, nulls_first })
            .collect();
        self.sorted(input, &keys)
    }

    pub fn sorted(&self, input: Resolved, keys: &[SortKey]) -> SparkResult<Resolved> {
        for key in keys {
            self.check_orderable(&key.child)?;
        }
        let sortable: Vec<_> =
            keys.iter().filter(|key| !matches!(key.child.constant(), Some(ScalarValue::Null))).cloned().collect();
        if sortable.is_empty() {
            return Ok(input);
        }
        let expr = self.lowering().sort_keys(&sortable)?;
        let plan = LogicalPlan::Sort(Sort { expr, input: Arc::new(input.plan.clone()), fetch: None });
        Ok(Resolved { plan, block: None, ..input })
    }

    fn check_orderable(&self, child: &Typed) -> SparkResult<()> {
        use firesteel_base::SparkType;
        match &child.data_type {
            SparkType::Map { .. }
            | SparkType::CalendarInterval
            | SparkType::Variant
            | SparkType::Geometry { .. }
            | SparkType::Geography { .. } => {
                let printed = self.printer().print(child);
                Err(SparkError::new("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
                    .param("sqlExpr", format!("\"{printed} ASC NULLS FIRST\""))
                    .param("functionName", "`sortorder`")
                    .param("dataType", format!("\"{}\"", child.data_type.sql())))
            }
            _ => Ok(()),
        }
    }
}

/// What a later key had added may have moved the columns of the earlier ones.
pub(super) fn current_columns(expression: &mut Typed, input: &Resolved) {
    if let TypedKind::Column(attribute) = &mut expression.kind {
        let known = input.output.iter().chain(&input.hidden).find(|known| known.id == attribute.id);
        if let Some(known) = known {
            attribute.column = known.column.clone();
        }
        return;
    }
    for child in expression.children_mut() {
        current_columns(child, input);
    }
}
