//! PIVOT: one column for each value (and aggregate).

use datafusion::scalar::ScalarValue;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::cast::can_cast;
use firesteel_syntax::ir::relation::Pivot;
use firesteel_syntax::ir::{Expression, ExpressionKind};

use crate::block::GroupBy;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Typed, TypedKind};

impl Resolver<'_> {
    pub fn pivot(&self, pivot: &Pivot, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(&pivot.input, environment)?;
        let scope = Scope::of(&input, environment);
        if pivot.grouping.is_some() {
            pivot.aggregates.iter().try_for_each(refuse_star)?;
        }
        let columns = self.resolve_all(&pivot.columns, &scope)?;
        let columns: Vec<_> = columns.into_iter().map(Typed::into_unaliased).collect();
        let column = match columns.as_slice() {
            [column] => column.clone(),
            columns => {
                let named = columns.iter().flat_map(|column| {
                    let name = ScalarValue::Utf8(Some(self.default_name(column)));
                    [Typed::literal(name, SparkType::STRING), column.clone()]
                });
                self.call("named_struct", named.collect(), &Origin::Unknown)?
            }
        };
        if holds_map(&column.data_type) {
            return Err(SparkError::new("INCOMPARABLE_PIVOT_COLUMN")
                .param("columnName", format!("`{}`", self.printer().print(&column))));
        }
        if pivot.values.is_empty() {
            return Err(SparkError::internal("a pivot's values were not looked up"));
        }
        let aggregates = self.select_list(&pivot.aggregates, &scope)?;
        aggregates.iter().try_for_each(|aggregate| self.check_aggregates(aggregate))?;
        let groups = match &pivot.grouping {
            Some(grouping) => {
                let groups = grouping.iter().map(|group| self.resolve_expression(group, &scope));
                groups.collect::<SparkResult<Vec<_>>>()?
            }
            None => remaining(&input, &column, &aggregates),
        };
        let mut selected = groups.clone();
        for value in &pivot.values {
            let (name, matches) = self.pivot_value(value, &column, &scope)?;
            for aggregate in &aggregates {
                selected.push(self.pivoted(aggregate, &matches, &name, aggregates.len() == 1)?);
            }
        }
        let expressions = groups.into_iter().map(Typed::into_unaliased).collect();
        self.block(input, Some(GroupBy { expressions, sets: None }), selected)
    }

    /// A value's name, and the condition that a row has it.
    fn pivot_value(&self, value: &Expression, column: &Typed, scope: &Scope<'_>) -> SparkResult<(String, Typed)> {
        let typed = self.resolve_expression(value, scope)?;
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
                    _ => printed.clone(),
                }
            }
        };
        if !can_cast(&typed.data_type, &column.data_type, self.session_cast()) {
            return Err(SparkError::new("PIVOT_VALUE_DATA_TYPE_MISMATCH")
                .param("value", printed)
                .param("valueType", typed.data_type.simple_string())
                .param("pivotType", column.data_type.simple_string()));
        }
        let typed = self.coerce(typed, &column.data_type)?;
        let matches = self.call("<=>", vec![column.clone(), typed], &Origin::Unknown)?;
        Ok((name, matches))
    }

    /// Columns may only stand inside of aggregate functions.
    fn check_aggregates(&self, expression: &Typed) -> SparkResult<()> {
        match &expression.kind {
            TypedKind::Aggregate(_) => Ok(()),
            TypedKind::Column(_) => {
                Err(SparkError::new("_LEGACY_ERROR_TEMP_1006").param("sql", self.qualified_printer().print(expression)))
            }
            _ => expression.children().into_iter().try_for_each(|child| self.check_aggregates(child)),
        }
    }

    /// The aggregate over the rows that match; NULL where there are none.
    fn pivoted(&self, aggregate: &Typed, matches: &Typed, value: &str, is_only: bool) -> SparkResult<Typed> {
        let name = match &aggregate.kind {
            TypedKind::Alias(alias) => alias.names.first().map(ToString::to_string),
            _ => None,
        };
        let mut call = aggregate.unaliased().clone();
        let printed = self.printer().print(&call);
        self.filter_aggregates(&mut call, matches)?;
        // NULL where there are no rows, even if it is made of something that is not.
        if !call.nullable || !matches!(call.kind, TypedKind::Aggregate(_)) {
            call = self.null_without_rows(call, matches)?;
        }
        call.nullable = true;
        let name = if is_only { value.to_owned() } else { format!("{value}_{}", name.unwrap_or(printed)) };
        Ok(self.named(call, &name))
    }

    /// Every aggregate in the expression sees the matching rows only.
    fn filter_aggregates(&self, expression: &mut Typed, matches: &Typed) -> SparkResult<()> {
        if let TypedKind::Aggregate(call) = &mut expression.kind {
            call.filter = Some(match call.filter.take() {
                Some(filter) => self.call("and", vec![filter, matches.clone()], &Origin::Unknown)?,
                None => matches.clone(),
            });
            return Ok(());
        }
        expression.children_mut().into_iter().try_for_each(|child| self.filter_aggregates(child, matches))
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

/// `count("*")` of a DataFrame stays a star until the pivot is resolved, and a pivot takes none.
fn refuse_star(aggregate: &Expression) -> SparkResult<()> {
    let ExpressionKind::Function(call) = &aggregate.kind else { return Ok(()) };
    match call.arguments.iter().find(|argument| matches!(argument.kind, ExpressionKind::Star(_))) {
        Some(star) => Err(SparkError::new("INVALID_USAGE_OF_STAR_OR_REGEX")
            .param("elem", "'*'")
            .param("prettyName", "Pivot")
            .at(&star.origin)),
        None => Ok(()),
    }
}

/// Maps cannot be compared, nor can what holds one.
fn holds_map(data_type: &SparkType) -> bool {
    match data_type {
        SparkType::Map { .. } => true,
        SparkType::Array { element, .. } => holds_map(element),
        SparkType::Struct(schema) => schema.iter().any(|field| holds_map(&field.data_type)),
        _ => false,
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
