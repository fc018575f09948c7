//! Aggregation.

use firesteel_base::SparkResult;
use firesteel_syntax::ir::relation::Aggregate;

use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::Typed;

impl Resolver<'_> {
    pub fn aggregate(&self, aggregate: &Aggregate, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(&aggregate.input, environment)?;
        let scope = Scope::of(&input, environment);
        // The list's `grouping(…)` needs the grouping, and the grouping's ordinals need the list: positions of
        // `grouping` calls do not matter to the latter, so an empty grouping serves there.
        let list_scope = Scope { grouping: Some(&[]), ..scope };
        let mut grouping = self.group_by(&aggregate.grouping, &aggregate.expressions, &list_scope)?;
        let (input, time_window) = self.with_time_window(input, &grouping.expressions, true)?;
        if let Some(time_window) = &time_window {
            time_window.replace(&mut grouping.expressions)?;
        }
        let scope = Scope { grouping: Some(&grouping.expressions), ..Scope::of(&input, environment) };
        let mut selected = self.select_list(&aggregate.expressions, &scope)?;
        if aggregate.prepend_grouping {
            let groups = self.named_groups(&aggregate.grouping, &grouping.expressions, &scope)?;
            selected = groups.into_iter().chain(selected).collect();
        }
        let Some(time_window) = time_window else {
            let (input, selected) = self.with_selected_window(input, selected)?;
            return self.block(input, Some(grouping), selected);
        };
        time_window.replace(&mut selected)?;
        self.block(input, Some(grouping), selected)
    }

    /// A DataFrame's grouping expressions as columns: aliases that the user gave name them.
    fn named_groups(
        &self,
        grouping: &firesteel_syntax::ir::relation::Grouping,
        expressions: &[Typed],
        scope: &Scope<'_>,
    ) -> SparkResult<Vec<Typed>> {
        use firesteel_syntax::ir::relation::Grouping;
        let written = match grouping {
            Grouping::By(written) | Grouping::Rollup(written) | Grouping::Cube(written) => written,
            Grouping::Sets { columns, .. } => columns,
            Grouping::All | Grouping::Analytics(_) => return Ok(expressions.to_vec()),
        };
        written
            .iter()
            .zip(expressions)
            .map(|(written, expression)| match &written.kind {
                firesteel_syntax::ir::ExpressionKind::Alias { .. } => self.resolve_expression(written, scope),
                _ => Ok(expression.clone()),
            })
            .collect()
    }
}
