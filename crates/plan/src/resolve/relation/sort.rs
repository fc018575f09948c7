//! ORDER BY and SORT BY.

use std::sync::Arc;

use datafusion::logical_expr::{LogicalPlan, Sort};
use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::expression::{ExpressionKind, NullOrder, SortOrder};
use firesteel_syntax::ir::literal::Literal;

use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{SortKey, Typed};

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
        let mut keys = Vec::with_capacity(order.len());
        for item in order {
            let (next, child) = self.sort_child(input, item, visible, environment)?;
            input = next;
            keys.push(self.sort_key(item, child.into_unaliased()));
        }
        self.sorted(input, &keys)
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
            let column = column.and_then(|column| input.output.get(column)).map(Typed::column);
            return match column {
                Some(column) => Ok((input, column)),
                None => Err(SparkError::new("ORDER_BY_POS_OUT_OF_RANGE")
                    .param("index", position.to_string())
                    .param("size", visible.to_string())
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
            SparkType::Map { .. } | SparkType::CalendarInterval | SparkType::Variant => {
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
