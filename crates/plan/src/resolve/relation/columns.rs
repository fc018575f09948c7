//! Changes of a DataFrame's columns: `toDF`, `to`, `withColumns`, `withColumnsRenamed`, `drop`, `dropDuplicates`.

use std::sync::Arc;

use firesteel_base::error::quoting::to_sql_type;
use firesteel_base::{SparkError, SparkResult, SparkSchema};
use firesteel_functions::cast::can_cast;
use firesteel_syntax::ir::expression::CastMode;
use firesteel_syntax::ir::{Expression, ExpressionKind, Relation};

use crate::attribute::Attribute;
use crate::block::GroupBy;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Typed, TypedKind};

impl Resolver<'_> {
    pub fn to_df(&self, input: &Relation, columns: &[String], environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        if columns.len() != input.output.len() {
            return Err(SparkError::new("ASSIGNMENT_ARITY_MISMATCH")
                .param("numExpr", columns.len().to_string())
                .param("numTarget", input.output.len().to_string()));
        }
        let selected = input
            .output
            .iter()
            .zip(columns)
            .map(|(attribute, name)| self.named(Typed::column(attribute), name))
            .collect();
        self.project_typed(input, selected)
    }

    /// `df.to(schema)`: columns by name in the schema's order, cast where that is safe.
    pub fn to_schema(
        &self,
        input: &Relation,
        schema: &SparkSchema,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let mut selected = Vec::with_capacity(schema.len());
        for field in schema.iter() {
            let found: Vec<_> = input.output.iter().filter(|known| self.same_name(&known.name, &field.name)).collect();
            let typed = match found.as_slice() {
                [attribute] => {
                    if attribute.nullable && !field.nullable {
                        return Err(
                            SparkError::new("NULLABLE_COLUMN_OR_FIELD").param("name", format!("`{}`", field.name))
                        );
                    }
                    if !can_cast(&attribute.data_type, &field.data_type, self.session_cast()) {
                        return Err(SparkError::new("INVALID_COLUMN_OR_FIELD_DATA_TYPE")
                            .param("name", format!("`{}`", field.name))
                            .param("type", to_sql_type(&attribute.data_type))
                            .param("expectedType", to_sql_type(&field.data_type)));
                    }
                    self.coerce(Typed::column(attribute), &field.data_type)?
                }
                [] if field.nullable => {
                    let null = Typed::literal(datafusion::scalar::ScalarValue::Null, firesteel_base::SparkType::Null);
                    self.coerce(null, &field.data_type)?
                }
                [] => {
                    let candidates: Vec<_> = input.output.iter().map(|known| format!("`{}`", known.name)).collect();
                    return Err(SparkError::new("UNRESOLVED_COLUMN.WITH_SUGGESTION")
                        .param("objectName", format!("`{}`", field.name))
                        .param("proposal", candidates.join(", ")));
                }
                _ => {
                    let references: Vec<_> = found.iter().map(|known| known.qualified_name()).collect();
                    return Err(SparkError::new("AMBIGUOUS_COLUMN_OR_FIELD")
                        .param("name", format!("`{}`", field.name))
                        .param("n", references.len().to_string()));
                }
            };
            selected.push(self.named(typed, &field.name));
        }
        self.project_typed(input, selected)
    }

    /// Replaces columns of these names, or appends new ones. All see the columns as they were before.
    pub fn with_columns(
        &self,
        input: &Relation,
        columns: &[(String, Expression, Option<Arc<str>>)],
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        self.refuse_duplicates(columns.iter().map(|(name, _, _)| name.as_str()))?;
        let scope = Scope::of(&input, environment);
        let mut given = Vec::with_capacity(columns.len());
        let mut aliases = Vec::new();
        for (name, expression, metadata) in columns {
            let scope = Scope { aliases: &aliases, ..scope };
            let mut typed = self.named(self.resolve_expression(expression, &scope)?, name);
            if let TypedKind::Alias(alias) = &mut typed.kind {
                alias.metadata.clone_from(metadata);
                aliases.push((Arc::from(name.as_str()), alias.child.clone()));
            }
            given.push((name.as_str(), typed));
        }
        let mut selected = Vec::with_capacity(input.output.len() + given.len());
        for attribute in &input.output {
            let replaced = given.iter().find(|(name, _)| self.same_name(name, &attribute.name));
            selected.push(replaced.map_or_else(|| Typed::column(attribute), |(_, typed)| typed.clone()));
        }
        for (name, typed) in &given {
            if !input.output.iter().any(|attribute| self.same_name(name, &attribute.name)) {
                selected.push(typed.clone());
            }
        }
        self.project_typed(input, selected)
    }

    fn refuse_duplicates<'n>(&self, names: impl Iterator<Item = &'n str>) -> SparkResult<()> {
        let mut seen: Vec<&str> = Vec::new();
        for name in names {
            if seen.iter().any(|known| self.same_name(known, name)) {
                return Err(
                    SparkError::new("COLUMN_ALREADY_EXISTS").param("columnName", format!("`{}`", name.to_lowercase()))
                );
            }
            seen.push(name);
        }
        Ok(())
    }

    pub fn renamed(
        &self,
        input: &Relation,
        renames: &[(String, String)],
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let selected: Vec<_> = input
            .output
            .iter()
            .map(|attribute| {
                // Renames follow one another: what an earlier one named, a later one may rename.
                let mut name = attribute.name.to_string();
                for (from, to) in renames {
                    if self.same_name(from, &name) {
                        name.clone_from(to);
                    }
                }
                if *name == *attribute.name {
                    Typed::column(attribute)
                } else {
                    self.named(Typed::column(attribute), &name)
                }
            })
            .collect();
        self.project_typed(input, selected)
    }

    pub fn drop_columns(
        &self,
        input: &Relation,
        columns: &[Expression],
        names: &[String],
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let scope = Scope::of(&input, environment);
        let mut dropped: Vec<Attribute> = Vec::new();
        for column in columns {
            match self.resolve_expression(column, &scope).map(Typed::into_unaliased) {
                Ok(Typed { kind: TypedKind::Column(attribute), .. }) => dropped.push(attribute),
                Ok(_) => {}
                // A name that is not there is passed over, unless it was taken from a DataFrame.
                Err(error) if error.condition().starts_with("UNRESOLVED_COLUMN") && is_plain_name(column) => {}
                Err(error) if error.condition() == "CANNOT_RESOLVE_DATAFRAME_COLUMN" => {}
                Err(error) => return Err(error),
            }
        }
        let kept = input
            .output
            .iter()
            .filter(|attribute| {
                dropped.iter().all(|dropped| dropped.id != attribute.id)
                    && names.iter().all(|name| !self.same_name(name, &attribute.name))
            })
            .map(Typed::column)
            .collect();
        self.project_typed(input, kept)
    }

    pub fn deduplicate(
        &self,
        input: &Relation,
        columns: Option<&[String]>,
        within_watermark: bool,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        if within_watermark {
            return Err(SparkError::unsupported("dropDuplicatesWithinWatermark"));
        }
        let input = self.exact(self.resolve_relation(input, environment)?)?;
        let Some(columns) = columns else { return self.distinct_rows(input) };
        let mut keys: Vec<Typed> = Vec::with_capacity(columns.len());
        for name in columns {
            let found: Vec<_> = input.output.iter().filter(|known| self.same_name(&known.name, name)).collect();
            if found.is_empty() {
                let known: Vec<_> = input.output.iter().map(|known| known.name.to_string()).collect();
                return Err(SparkError::new("UNRESOLVED_COLUMN_AMONG_FIELD_NAMES")
                    .param("colName", name)
                    .param("fieldNames", known.join(", ")));
            }
            keys.extend(found.into_iter().map(Typed::column));
        }
        let is_key = |attribute: &Attribute| {
            keys.iter().any(|key| matches!(&key.kind, TypedKind::Column(known) if known.id == attribute.id))
        };
        if input.output.iter().all(is_key) {
            return self.distinct_rows(input);
        }
        let mut selected = Vec::with_capacity(input.output.len());
        for attribute in &input.output {
            let column = Typed::column(attribute);
            selected.push(if is_key(attribute) {
                column
            } else {
                let first = self.call("first", vec![column], &firesteel_base::Origin::Unknown)?;
                self.named(first, &attribute.name)
            });
        }
        // A group's other values are those of its first row, under the identities they had.
        let known = input.output.clone();
        let grouped = self.block(input, Some(GroupBy { expressions: keys, sets: None }), selected)?;
        let output = known
            .into_iter()
            .zip(&grouped.output)
            .map(|(known, grouped)| Attribute { column: grouped.column.clone(), ..known })
            .collect();
        Ok(Resolved { output, hidden: Vec::new(), block: None, ..grouped })
    }

    /// A cast written by the user's session rules, for relations that cast columns.
    pub fn session_cast_of(&self, child: Typed, to: &firesteel_base::SparkType) -> SparkResult<Typed> {
        self.explicit_cast(child, to, CastMode::Session, &firesteel_base::Origin::Unknown)
    }
}

fn is_plain_name(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Attribute(_))
}
