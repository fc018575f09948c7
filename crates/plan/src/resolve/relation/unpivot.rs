//! UNPIVOT: one row for each group of columns.

use datafusion::scalar::ScalarValue;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_syntax::ir::relation::Unpivot;

use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Typed, TypedKind};

impl Resolver<'_> {
    pub fn unpivot(&self, unpivot: &Unpivot, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(&unpivot.input, environment)?;
        let (ids, groups) = self.unpivot_columns(&input, unpivot, environment)?;
        if groups.is_empty() {
            return Err(SparkError::new("UNPIVOT_REQUIRES_VALUE_COLUMNS"));
        }
        if let Some((group, _)) = groups.iter().find(|(group, _)| group.len() != unpivot.value_columns.len()) {
            let _ = group;
            return Err(
                SparkError::new("UNPIVOT_VALUE_SIZE_MISMATCH").param("names", unpivot.value_columns.len().to_string())
            );
        }
        let types = self.unpivot_types(unpivot, &groups)?;
        let mut rows = Vec::with_capacity(groups.len());
        for (group, label) in groups {
            let mut fields = vec![text(&unpivot.variable_column), text(&label)];
            for ((value, name), data_type) in group.into_iter().zip(&unpivot.value_columns).zip(&types) {
                fields.push(text(name));
                fields.push(self.coerce(value, data_type)?);
            }
            rows.push(self.call("named_struct", fields, &Origin::Unknown)?);
        }
        let (generated, columns) = self.inlined(input, rows)?;
        let selected: Vec<_> = ids.into_iter().chain(columns.iter().map(Typed::column)).collect();
        let projected = self.project_typed(generated, selected)?;
        if unpivot.include_nulls {
            return Ok(Resolved { block: None, ..projected });
        }
        let values: Vec<_> =
            projected.output.iter().rev().take(unpivot.value_columns.len()).map(Typed::column).collect();
        let mut any: Option<Typed> = None;
        for value in values {
            let present = self.call("isnotnull", vec![value], &Origin::Unknown)?;
            any = Some(match any {
                Some(any) => self.call("or", vec![any, present], &Origin::Unknown)?,
                None => present,
            });
        }
        match any {
            Some(condition) => self.filtered(projected, &condition),
            None => Ok(projected),
        }
    }

    /// The columns that stay, and the groups of columns that become rows with their labels.
    #[expect(clippy::type_complexity, reason = "columns and labelled groups of columns")]
    fn unpivot_columns(
        &self,
        input: &Resolved,
        unpivot: &Unpivot,
        environment: Environment<'_>,
    ) -> SparkResult<(Vec<Typed>, Vec<(Vec<Typed>, String)>)> {
        let scope = Scope::of(input, environment);
        let ids = unpivot.ids.as_ref().map(|ids| self.resolve_list(ids, &scope)).transpose()?;
        let mut groups = Vec::new();
        for (expressions, alias) in unpivot.values.iter().flatten() {
            let values = self.resolve_list(expressions, &scope)?;
            let is_expanded = expressions.len() == 1 && values.len() > 1;
            let parts: Vec<Vec<Typed>> =
                if is_expanded { values.into_iter().map(|value| vec![value]).collect() } else { vec![values] };
            for values in parts {
                let names: Vec<_> = values.iter().map(|value| self.printer().print(value)).collect();
                let label = alias.clone().unwrap_or_else(|| names.join("_"));
                groups.push((values, label));
            }
        }
        let all = || input.output.iter().map(Typed::column);
        let is_among = |column: &Typed, list: &[Typed]| match &column.kind {
            TypedKind::Column(column) => {
                list.iter().any(|known| matches!(&known.kind, TypedKind::Column(known) if known.id == column.id))
            }
            _ => false,
        };
        match (ids, unpivot.values.is_some()) {
            (Some(ids), true) => Ok((ids, groups)),
            (Some(ids), false) => {
                let rest = all().filter(|column| !is_among(column, &ids));
                let groups = rest.map(|column| (vec![column.clone()], self.printer().print(&column))).collect();
                Ok((ids, groups))
            }
            (None, _) => {
                let used: Vec<_> = groups.iter().flat_map(|(values, _)| values.iter().cloned()).collect();
                Ok((all().filter(|column| !is_among(column, &used)).collect(), groups))
            }
        }
    }

    fn unpivot_types(&self, unpivot: &Unpivot, groups: &[(Vec<Typed>, String)]) -> SparkResult<Vec<SparkType>> {
        let mut types = Vec::with_capacity(unpivot.value_columns.len());
        for position in 0..unpivot.value_columns.len() {
            let found: Vec<_> = groups
                .iter()
                .filter_map(|(group, _)| group.get(position))
                .map(|value| value.data_type.clone())
                .collect();
            let Some(common) = self.common_type(&found) else {
                let listed: Vec<_> = found.iter().map(|data_type| format!("\"{}\"", data_type.sql())).collect();
                return Err(SparkError::new("UNPIVOT_VALUE_DATA_TYPE_MISMATCH").param("types", listed.join(", ")));
            };
            types.push(common);
        }
        Ok(types)
    }
}

fn text(text: &str) -> Typed {
    Typed::literal(ScalarValue::Utf8(Some(text.to_owned())), SparkType::STRING)
}
