//! `df.na`: filling, dropping and replacing missing values.

use datafusion::scalar::ScalarValue;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_syntax::ir::{Literal, Relation};

use crate::attribute::Attribute;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::typed::Typed;

impl Resolver<'_> {
    /// Fills NULL (and NaN) in columns whose type fits the value.
    pub fn fill_na(
        &self,
        input: &Relation,
        columns: &[String],
        values: &[Literal],
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        self.check_names(&input, columns)?;
        let mut selected = Vec::with_capacity(input.output.len());
        for attribute in &input.output {
            let position = columns.iter().position(|name| self.same_name(name, &attribute.name));
            let literal = match (columns.is_empty(), position, values) {
                (true, _, [value]) | (false, Some(_), [value]) => Some(value),
                (false, Some(position), values) => values.get(position),
                _ => None,
            };
            selected.push(match literal {
                Some(literal) => self.filled(attribute, literal)?,
                None => Typed::column(attribute),
            });
        }
        self.project_typed(input, selected)
    }

    fn filled(&self, attribute: &Attribute, literal: &Literal) -> SparkResult<Typed> {
        let value = self.literal(literal)?;
        let fits = (value.data_type.is_numeric() && attribute.data_type.is_numeric())
            || (value.data_type.is_string() && attribute.data_type.is_string())
            || (value.data_type == SparkType::Boolean && attribute.data_type == SparkType::Boolean);
        if !fits {
            return Ok(Typed::column(attribute));
        }
        let column = self.without_nan(Typed::column(attribute))?;
        let value = self.session_cast_of(value, &attribute.data_type)?;
        let filled = self.call("coalesce", vec![column, value], &Origin::Unknown)?;
        Ok(self.named(filled, &attribute.name))
    }

    pub fn without_nan(&self, column: Typed) -> SparkResult<Typed> {
        if !matches!(column.data_type, SparkType::Float | SparkType::Double) {
            return Ok(column);
        }
        let data_type = column.data_type.clone();
        let null = self.coerce(Typed::literal(ScalarValue::Null, SparkType::Null), &data_type)?;
        self.call("nanvl", vec![column, null], &Origin::Unknown)
    }

    /// Keeps rows with at least so many values that are neither NULL nor NaN; all of them by default.
    pub fn drop_na(
        &self,
        input: &Relation,
        columns: &[String],
        min_non_nulls: Option<i32>,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        self.check_names(&input, columns)?;
        let considered: Vec<_> = input
            .output
            .iter()
            .filter(|attribute| columns.is_empty() || columns.iter().any(|name| self.same_name(name, &attribute.name)))
            .cloned()
            .collect();
        let least = min_non_nulls.unwrap_or_else(|| i32::try_from(considered.len()).unwrap_or(i32::MAX));
        let one = || Typed::literal(ScalarValue::Int32(Some(1)), SparkType::Integer);
        let zero = || Typed::literal(ScalarValue::Int32(Some(0)), SparkType::Integer);
        let mut count = zero();
        for attribute in &considered {
            let value = self.without_nan(Typed::column(attribute))?;
            let present = self.call("isnotnull", vec![value], &Origin::Unknown)?;
            let counted = self.case(vec![(present, one())], Some(zero()), &Origin::Unknown)?;
            count = self.call("+", vec![count, counted], &Origin::Unknown)?;
        }
        let least = Typed::literal(ScalarValue::Int32(Some(least)), SparkType::Integer);
        let enough = self.call(">=", vec![count, least], &Origin::Unknown)?;
        self.filtered(input, &enough)
    }

    pub fn replace(
        &self,
        input: &Relation,
        columns: &[String],
        replacements: &[(Literal, Literal)],
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        self.check_names(&input, columns)?;
        let mut selected = Vec::with_capacity(input.output.len());
        for attribute in &input.output {
            let is_meant = columns.is_empty() || columns.iter().any(|name| self.same_name(name, &attribute.name));
            selected.push(if is_meant { self.replaced(attribute, replacements)? } else { Typed::column(attribute) });
        }
        self.project_typed(input, selected)
    }

    fn replaced(&self, attribute: &Attribute, replacements: &[(Literal, Literal)]) -> SparkResult<Typed> {
        let mut branches = Vec::new();
        for (from, to) in replacements {
            let from = self.literal(from)?;
            let fits = (from.data_type.is_numeric() && attribute.data_type.is_numeric())
                || (from.data_type.is_string() && attribute.data_type.is_string())
                || (from.data_type == SparkType::Boolean && attribute.data_type == SparkType::Boolean)
                || from.data_type == SparkType::Null;
            if !fits {
                continue;
            }
            let equal = self.call("<=>", vec![Typed::column(attribute), from], &Origin::Unknown)?;
            let to = self.literal(to)?;
            let to = if to.data_type == SparkType::Null {
                self.coerce(to, &attribute.data_type)?
            } else {
                self.session_cast_of(to, &attribute.data_type)?
            };
            branches.push((equal, to));
        }
        if branches.is_empty() {
            return Ok(Typed::column(attribute));
        }
        let replaced = self.case(branches, Some(Typed::column(attribute)), &Origin::Unknown)?;
        Ok(self.named(replaced, &attribute.name))
    }

    pub fn check_names(&self, input: &Resolved, names: &[String]) -> SparkResult<()> {
        for name in names {
            if !input.output.iter().any(|attribute| self.same_name(name, &attribute.name)) {
                let candidates: Vec<_> = input.output.iter().map(|attribute| format!("`{}`", attribute.name)).collect();
                return Err(SparkError::new("UNRESOLVED_COLUMN.WITH_SUGGESTION")
                    .param("objectName", format!("`{name}`"))
                    .param("proposal", candidates.join(", ")));
            }
        }
        Ok(())
    }
}
