//! PIVOT: one column for each value (and aggregate).

use datafusion::scalar::ScalarValue;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_syntax::ir::Expression;
use firesteel_syntax::ir::relation::Pivot;

use crate::block::GroupBy;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Typed, TypedKind};

impl Resolver<'_> {
    pub fn pivot(&self, pivot: &Pivot, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(&pivot.input, environment)?;
        let scope = Scope::of(&input, environment);
        let columns = self.resolve_all(&pivot.columns, &scope)?;
        let [column] = columns.as_slice() else { return Err(SparkError::unsupported("PIVOT FOR several columns")) };
        if pivot.values.is_empty() {
            return Err(SparkError::unsupported("pivot without a list of values"));
        }
        let aggregates = self.select_list(&pivot.aggregates, &scope)?;
        for aggregate in &aggregates {
            if !matches!(aggregate.unaliased().kind, TypedKind::Aggregate(_)) {
                return Err(SparkError::unsupported("PIVOT with an expression over aggregates"));
            }
        }
        let groups = match &pivot.grouping {
            Some(grouping) => self.resolve_all(grouping, &scope)?,
            None => remaining(&input, column, &aggregates),
        };
        let mut selected = groups.clone();
        for value in &pivot.values {
            let (name, matches) = self.pivot_value(value, column, &scope)?;
            for aggregate in &aggregates {
                selected.push(self.pivoted(aggregate, &matches, &name, aggregates.len() == 1)?);
            }
        }
        self.block(input, Some(GroupBy { expressions: groups, sets: None }), selected)
    }

    /// A value's name, and the condition that a row has it.
    fn pivot_value(&self, value: &Expression, column: &Typed, scope: &Scope<'_>) -> SparkResult<(String, Typed)> {
        let typed = self.resolve_expression(value, &Scope::empty(scope.environment))?;
        let named = match &typed.kind {
            TypedKind::Alias(alias) => alias.names.first().cloned(),
            _ => None,
        };
        let typed = typed.into_unaliased();
        let printed = self.printer().print(&typed);
        let Some(constant) = self.fold(&typed)? else {
            return Err(SparkError::new("NON_LITERAL_PIVOT_VALUES").param("expression", format!("\"{printed}\"")));
        };
        let name = match named {
            Some(name) => name.to_string(),
            None if constant.is_null() => "null".to_owned(),
            None => {
                let text = self.session_cast_of(typed.clone(), &SparkType::STRING)?;
                match self.fold(&text)? {
                    Some(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text))) => text,
                    _ => printed,
                }
            }
        };
        let typed = self.coerce(typed, &column.data_type)?;
        let matches = self.call("<=>", vec![column.clone(), typed], &Origin::Unknown)?;
        Ok((name, matches))
    }

    /// The aggregate over the rows that match; NULL where there are none.
    fn pivoted(&self, aggregate: &Typed, matches: &Typed, value: &str, is_only: bool) -> SparkResult<Typed> {
        let name = match &aggregate.kind {
            TypedKind::Alias(alias) => alias.names.first().map(ToString::to_string),
            _ => None,
        };
        let mut call = aggregate.unaliased().clone();
        let printed = self.printer().print(&call);
        if let TypedKind::Aggregate(inner) = &mut call.kind {
            inner.filter = Some(match inner.filter.take() {
                Some(filter) => self.call("and", vec![filter, matches.clone()], &Origin::Unknown)?,
                None => matches.clone(),
            });
        }
        if !call.nullable {
            call = self.null_without_rows(call, matches)?;
        }
        call.nullable = true;
        let name = if is_only { value.to_owned() } else { format!("{value}_{}", name.unwrap_or(printed)) };
        Ok(self.named(call, &name))
    }

    fn null_without_rows(&self, call: Typed, matches: &Typed) -> SparkResult<Typed> {
        let one = Typed::literal(ScalarValue::Int32(Some(1)), SparkType::Integer);
        let mut rows = self.call("count", vec![one], &Origin::Unknown)?;
        if let TypedKind::Aggregate(count) = &mut rows.kind {
            count.filter = Some(matches.clone());
        }
        let zero = Typed::literal(ScalarValue::Int64(Some(0)), SparkType::Long);
        let any = self.call(">", vec![rows, zero], &Origin::Unknown)?;
        self.case(vec![(any, call)], None, &Origin::Unknown)
    }
}

/// SQL groups by the columns that neither the pivot nor the aggregates use.
fn remaining(input: &Resolved, column: &Typed, aggregates: &[Typed]) -> Vec<Typed> {
    let is_used = |attribute: &crate::attribute::Attribute| {
        std::iter::once(column).chain(aggregates).any(|expression| {
            expression.any(&|part| matches!(&part.kind, TypedKind::Column(known) if known.id == attribute.id))
        })
    };
    input.output.iter().filter(|attribute| !is_used(attribute)).map(Typed::column).collect()
}

