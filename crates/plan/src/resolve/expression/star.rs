//! Expressions that stand for several: `*`, `t.*`, `s.*` of a struct, `* EXCEPT (…)`, column regular expressions.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::predicate::JavaRegex;
use firesteel_syntax::ir::expression::{Expression, ExpressionKind, Star};

use crate::attribute::Attribute;
use crate::resolver::Resolver;
use crate::scope::{Scope, quote_parts, to_outer};
use crate::typed::{Typed, TypedKind};

/// What is left out of a star: the position of a column, and the names of the fields inside it.
type Excluded = (usize, Vec<String>);

impl Resolver<'_> {
    /// Resolves a SELECT list, or a function's arguments: stars become the columns they stand for.
    pub fn resolve_list(&self, expressions: &[Expression], scope: &Scope<'_>) -> SparkResult<Vec<Typed>> {
        let mut resolved = Vec::with_capacity(expressions.len());
        for expression in expressions {
            match &expression.kind {
                ExpressionKind::Star(star) => resolved.extend(self.expand_star(star, scope, &expression.origin)?),
                ExpressionKind::Regex { pattern, table, plan_id } => {
                    resolved.extend(self.expand_regex(pattern, table.as_deref(), *plan_id, scope)?);
                }
                _ => resolved.push(self.resolve_expression(expression, scope)?),
            }
        }
        Ok(resolved)
    }

    /// The columns that a star stands for.
    pub fn expand_star(&self, star: &Star, scope: &Scope<'_>, origin: &Origin) -> SparkResult<Vec<Typed>> {
        let columns = match (&star.target, star.plan_id) {
            (None, None) => scope.attributes.iter().map(Typed::column).collect(),
            (None, Some(plan_id)) => self.star_of_plan(plan_id, scope, origin)?,
            (Some(target), _) => self.star_of_target(target, scope, origin)?,
        };
        if star.except.is_empty() {
            return Ok(columns);
        }
        let mut excluded = Vec::with_capacity(star.except.len());
        for name in &star.except {
            match self.excluded_column(&columns, name, scope, origin)? {
                Some(found) => excluded.push(found),
                None => return Err(self.unknown_exception(&columns, name, origin)),
            }
        }
        let overlapping = || {
            let names: Vec<_> = star.except.iter().map(|name| name.join(".")).collect();
            SparkError::new("EXCEPT_OVERLAPPING_COLUMNS").param("columns", names.join(", ")).at(origin)
        };
        self.without(columns, &excluded, &overlapping, origin)
    }

    fn star_of_plan(&self, plan_id: i64, scope: &Scope<'_>, origin: &Origin) -> SparkResult<Vec<Typed>> {
        let relations = scope.plan_ids.and_then(|plan_ids| plan_ids.get(&plan_id));
        let Some(relation) = relations.and_then(|relations| relations.first()) else {
            return Err(SparkError::new("CANNOT_RESOLVE_DATAFRAME_COLUMN").param("name", "*").at(origin));
        };
        Ok(relation.iter().map(Typed::column).collect())
    }

    fn star_of_target(&self, target: &[String], scope: &Scope<'_>, origin: &Origin) -> SparkResult<Vec<Typed>> {
        let mut qualified: Vec<_> = scope
            .attributes
            .iter()
            .chain(scope.hidden)
            .filter(|attribute| self.has_qualifier(attribute, target))
            .collect();
        if !qualified.is_empty() {
            if scope.hidden.iter().any(|attribute| self.has_qualifier(attribute, target)) {
                // A USING join shows its key once, yet `t.*` has the key of that side too, in its place.
                qualified.sort_by_key(|attribute| attribute.position);
            }
            return Ok(qualified.into_iter().map(Typed::column).collect());
        }
        if let Some(outer) = scope.environment.outer
            && self.find_column(target, scope, origin)?.is_none()
            && outer.attributes.iter().any(|attribute| self.has_qualifier(attribute, target))
        {
            return Ok(self.star_of_target(target, outer, origin)?.into_iter().map(to_outer).collect());
        }
        let Some(value) = self.find_name(target, scope, origin)? else {
            let columns: Vec<_> = scope.attributes.iter().map(Attribute::qualified_name).collect();
            return Err(SparkError::new("CANNOT_RESOLVE_STAR_EXPAND")
                .param("targetString", quote_parts(target))
                .param("columns", columns.join(", "))
                .at(origin));
        };
        let SparkType::Struct(schema) = value.data_type.clone() else {
            return Err(SparkError::new("_LEGACY_ERROR_TEMP_1050")
                .param("attributes", format!("List({})", target.join(", ")))
                .at(origin));
        };
        schema.iter().map(|field| self.fields(value.clone(), std::slice::from_ref(&field.name), origin)).collect()
    }

    fn has_qualifier(&self, attribute: &Attribute, target: &[String]) -> bool {
        let Some(start) = attribute.qualifier.len().checked_sub(target.len()) else { return false };
        attribute.qualifier.iter().skip(start).zip(target).all(|(known, given)| self.same_name(known, given))
    }

    /// Which column, and which field of it, a name in `EXCEPT (…)` means; fields of a struct go by their own names.
    fn excluded_column(
        &self,
        columns: &[Typed],
        name: &[String],
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Option<Excluded>> {
        let Some((first, rest)) = name.split_first() else { return Ok(None) };
        let is_field =
            |column: &Typed| matches!(&column.kind, TypedKind::Field { name, .. } if self.same_name(name, first));
        if let Some(position) = columns.iter().position(is_field) {
            return Ok(Some((position, rest.to_vec())));
        }
        let Some(mut found) = self.find_name(name, scope, origin)? else { return Ok(None) };
        let mut path = Vec::new();
        while let TypedKind::Field { child, name } = found.kind {
            path.push(name.to_string());
            found = *child;
        }
        path.reverse();
        let TypedKind::Column(attribute) = &found.kind else { return Ok(None) };
        let is_same = |column: &Typed| matches!(&column.kind, TypedKind::Column(known) if known.id == attribute.id);
        Ok(columns.iter().position(is_same).map(|position| (position, path)))
    }

    fn unknown_exception(&self, columns: &[Typed], name: &[String], origin: &Origin) -> SparkError {
        let columns: Vec<_> = columns.iter().map(|column| format!("`{}`", self.column_title(column))).collect();
        SparkError::new("UNRESOLVED_COLUMN.WITH_SUGGESTION")
            .param("objectName", quote_parts(name))
            .param("proposal", columns.join(", "))
            .at(origin)
    }

    fn column_title(&self, column: &Typed) -> Arc<str> {
        match &column.kind {
            TypedKind::Column(attribute) => attribute.name.clone(),
            TypedKind::Field { name, .. } => name.clone(),
            _ => self.printer().print(column).into(),
        }
    }

    /// The columns without the excluded ones; a struct without the excluded fields is made anew.
    fn without(
        &self,
        columns: Vec<Typed>,
        excluded: &[Excluded],
        overlapping: &dyn Fn() -> SparkError,
        origin: &Origin,
    ) -> SparkResult<Vec<Typed>> {
        let mut kept = Vec::with_capacity(columns.len());
        for (position, column) in columns.into_iter().enumerate() {
            let paths: Vec<_> =
                excluded.iter().filter(|(at, _)| *at == position).map(|(_, path)| path.as_slice()).collect();
            match paths.as_slice() {
                [] => kept.push(column),
                [[]] => {}
                paths if paths.iter().any(|path| path.is_empty()) => return Err(overlapping()),
                paths => kept.push(self.without_fields(column, paths, overlapping, origin)?),
            }
        }
        Ok(kept)
    }

    fn without_fields(
        &self,
        column: Typed,
        paths: &[&[String]],
        overlapping: &dyn Fn() -> SparkError,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        let title = self.column_title(&column);
        let SparkType::Struct(schema) = column.data_type.clone() else {
            return Err(SparkError::internal("a field of what is no struct was excluded"));
        };
        let mut excluded = Vec::with_capacity(paths.len());
        for path in paths {
            let Some((first, rest)) = path.split_first() else { continue };
            let position = schema.iter().position(|field| self.same_name(&field.name, first));
            let Some(position) = position else {
                // Names the field that is missing.
                self.fields(column, std::slice::from_ref(first), origin)?;
                return Err(SparkError::internal("a field was found after it was not"));
            };
            excluded.push((position, rest.to_vec()));
        }
        let fields: SparkResult<Vec<_>> =
            schema.iter().map(|field| self.fields(column.clone(), std::slice::from_ref(&field.name), origin)).collect();
        let kept = self.without(fields?, &excluded, overlapping, origin)?;
        let mut arguments = Vec::with_capacity(2 * kept.len());
        for field in kept {
            let name = match &field.kind {
                TypedKind::Alias(alias) => alias.names.first().cloned().unwrap_or_default(),
                _ => self.column_title(&field),
            };
            arguments.push(Typed::literal(ScalarValue::Utf8(Some(name.to_string())), SparkType::STRING));
            arguments.push(field.into_unaliased());
        }
        let rebuilt = self.call("named_struct", arguments, origin)?;
        Ok(self.named(rebuilt, &title))
    }

    fn expand_regex(
        &self,
        pattern: &str,
        table: Option<&str>,
        plan_id: Option<i64>,
        scope: &Scope<'_>,
    ) -> SparkResult<Vec<Typed>> {
        let relation: Option<Arc<[Attribute]>> = plan_id
            .and_then(|plan_id| scope.plan_ids.and_then(|plan_ids| plan_ids.get(&plan_id)))
            .and_then(|relations| relations.first().cloned());
        let attributes = relation.as_deref().unwrap_or(scope.attributes);
        let flags = if self.context.conf.case_sensitive() { "" } else { "(?i)" };
        let regex = JavaRegex::new(&format!("{flags}^(?:{pattern})$")).ok_or_else(|| {
            SparkError::new("INVALID_PARAMETER_VALUE.PATTERN")
                .param("parameter", "`regexp`")
                .param("functionName", "`colRegex`")
                .param("value", format!("'{pattern}'"))
        })?;
        let is_meant = |attribute: &&Attribute| {
            table.is_none_or(|table| attribute.qualifier.last().is_some_and(|last| self.same_name(last, table)))
                && regex.is_match(&attribute.name)
        };
        Ok(attributes.iter().filter(is_meant).map(Typed::column).collect())
    }
}
