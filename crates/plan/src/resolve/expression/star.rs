//! Expressions that stand for several: `*`, `t.*`, `s.*` of a struct, `* EXCEPT (…)`, column regular expressions.

use std::sync::Arc;

use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_syntax::ir::expression::{Expression, ExpressionKind, Star};

use crate::attribute::Attribute;
use crate::resolver::Resolver;
use crate::scope::{Scope, quote_parts};
use crate::typed::Typed;

impl Resolver<'_> {
    /// Resolves a SELECT list, or a function's arguments: stars become the columns they stand for.
    pub fn resolve_list(&self, expressions: &[Expression], scope: &Scope<'_>) -> SparkResult<Vec<Typed>> {
        let mut resolved = Vec::with_capacity(expressions.len());
        for expression in expressions {
            match &expression.kind {
                ExpressionKind::Star(star) => resolved.extend(self.expand_star(star, scope, &expression.origin)?),
                ExpressionKind::Regex { pattern, plan_id } => {
                    resolved.extend(self.expand_regex(pattern, *plan_id, scope)?);
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
        self.star_except(columns, &star.except, scope, origin)
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

    fn star_except(
        &self,
        columns: Vec<Typed>,
        except: &[Vec<String>],
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Vec<Typed>> {
        let mut kept = columns;
        for name in except {
            let Some(excluded) = self.find_name(name, scope, origin)? else {
                let columns: Vec<_> =
                    scope.attributes.iter().map(|attribute| format!("`{}`", attribute.name)).collect();
                return Err(SparkError::new("UNRESOLVED_COLUMN.WITH_SUGGESTION")
                    .param("objectName", quote_parts(name))
                    .param("proposal", columns.join(", "))
                    .at(origin));
            };
            let key = crate::lower::Lowering { origins: None }.expression(&excluded)?;
            let before = kept.len();
            kept.retain(|column| {
                crate::lower::Lowering { origins: None }.expression(column).is_ok_and(|other| other != key)
            });
            if kept.len() == before {
                return Err(SparkError::unsupported("EXCEPT of a nested field in a star"));
            }
        }
        Ok(kept)
    }

    fn expand_regex(&self, pattern: &str, plan_id: Option<i64>, scope: &Scope<'_>) -> SparkResult<Vec<Typed>> {
        let relation: Option<Arc<[Attribute]>> = plan_id
            .and_then(|plan_id| scope.plan_ids.and_then(|plan_ids| plan_ids.get(&plan_id)))
            .and_then(|relations| relations.first().cloned());
        let attributes = relation.as_deref().unwrap_or(scope.attributes);
        let flags = if self.context.conf.case_sensitive() { "" } else { "(?i)" };
        let regex = regex::Regex::new(&format!("{flags}^(?:{pattern})$")).map_err(|_| {
            SparkError::new("INVALID_PARAMETER_VALUE.PATTERN")
                .param("parameter", "`regexp`")
                .param("functionName", "`colRegex`")
                .param("value", format!("'{pattern}'"))
        })?;
        Ok(attributes.iter().filter(|attribute| regex.is_match(&attribute.name)).map(Typed::column).collect())
    }
}
