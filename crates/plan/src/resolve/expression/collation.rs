//! Collations of operands: which one wins, and what is cast to it.
//!
//! A collation that the query names (`COLLATE`) wins over that of a column, and a column's over that of a literal. Two
//! named ones must be the same; two columns' differing ones leave none, which only functions that compare nothing take.

use firesteel_base::collation::{Collation, Comparison, INDETERMINATE, UTF8_BINARY};
use firesteel_base::error::quoting::{to_sql_expr, to_sql_type};
use firesteel_base::{SparkError, SparkResult, SparkType};
use firesteel_functions::collation;
use firesteel_functions::function::Function;

use crate::resolver::Resolver;
use crate::typed::{Typed, TypedKind};

/// Where an operand has its collation from; the greater one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Default,
    Implicit,
    Explicit,
}

/// What operands agree on.
enum Agreement {
    Collation(SparkType),
    Indeterminate,
}

impl Resolver<'_> {
    /// A call's arguments, with those that must agree in their collations brought to one.
    pub fn with_one_collation(
        &self,
        function: &'static Function,
        name: &str,
        mut arguments: Vec<Typed>,
    ) -> SparkResult<Vec<Typed>> {
        if !arguments.iter().any(|argument| argument.data_type.is_collated()) {
            return Ok(arguments);
        }
        let has_none = arguments.iter().any(|argument| argument.data_type.is_indeterminate());
        if has_none && !collation::keeps_indeterminate(function.name) {
            return Err(self.indeterminate(function, name, &arguments));
        }
        if let Some(first) = arguments.first()
            && collation::refuses_unicode(function.name)
            && first.data_type.collation().is_some_and(is_unicode)
        {
            return Err(self.not_plain(function, name, &arguments, first));
        }
        let positions = collation::coerced_together(function.name, arguments.len());
        let operands = positions.iter().filter_map(|position| arguments.get(*position));
        let text = match agreement(operands)? {
            None => return Ok(arguments),
            Some(Agreement::Collation(text)) => text,
            Some(Agreement::Indeterminate) if collation::keeps_indeterminate(function.name) => {
                SparkType::collated(INDETERMINATE)
            }
            // It stands for other functions, whose error names none of them.
            Some(Agreement::Indeterminate) if function.name == "split_part" => {
                return Err(SparkError::new("INDETERMINATE_COLLATION"));
            }
            Some(Agreement::Indeterminate) => return Err(self.indeterminate(function, name, &arguments)),
        };
        for position in &positions {
            if let Some(argument) = arguments.get_mut(*position) {
                let taken = std::mem::replace(argument, placeholder());
                // `btrim` stands for another function, and is printed with the arguments it was given.
                *argument = match function.name {
                    "btrim" => self.cast_to_collation(taken, &text)?,
                    _ => self.collated_as(taken, &text)?,
                };
            }
        }
        self.check_searchable(function, name, &arguments, &positions, &text)?;
        Ok(arguments)
    }

    fn indeterminate(&self, function: &'static Function, name: &str, arguments: &[Typed]) -> SparkError {
        SparkError::new("INDETERMINATE_COLLATION_IN_EXPRESSION")
            .param("expr", to_sql_expr(&self.print_collated(function, name, arguments)))
    }

    /// Values that a choice is made of, brought to one collation.
    pub fn in_one_collation(&self, values: Vec<Typed>) -> SparkResult<Vec<Typed>> {
        if !values.iter().any(|value| value.data_type.is_collated()) {
            return Ok(values);
        }
        let text = match agreement(values.iter())? {
            None => return Ok(values),
            Some(Agreement::Collation(text)) => text,
            Some(Agreement::Indeterminate) => SparkType::collated(INDETERMINATE),
        };
        values.into_iter().map(|value| self.collated_as(value, &text)).collect()
    }

    /// The text under this collation: a literal takes it, anything else is cast.
    fn collated_as(&self, mut typed: Typed, text: &SparkType) -> SparkResult<Typed> {
        if matches!(typed.kind, TypedKind::Literal(_)) && has_other_collation(&typed.data_type, text) {
            typed.data_type = typed.data_type.with_collation_of(text);
            return Ok(typed);
        }
        self.cast_to_collation(typed, text)
    }

    fn cast_to_collation(&self, typed: Typed, text: &SparkType) -> SparkResult<Typed> {
        if !has_other_collation(&typed.data_type, text) {
            return Ok(typed);
        }
        let data_type = typed.data_type.with_collation_of(text);
        self.coerce(typed, &data_type)
    }

    /// Refuses collations that the search for texts does not know, as Spark does.
    fn check_searchable(
        &self,
        function: &'static Function,
        name: &str,
        arguments: &[Typed],
        positions: &[usize],
        text: &SparkType,
    ) -> SparkResult<()> {
        let is_accent_only = |known: Collation| {
            matches!(known.comparison, Comparison::Unicode { ignores_case: false, ignores_accents: true, .. })
        };
        let known = Collation::parse(text.collation().unwrap_or(UTF8_BINARY));
        if !collation::refuses_accent_only(function.name) || !known.is_ok_and(is_accent_only) {
            return Ok(());
        }
        let Some(first) = positions.first().and_then(|position| arguments.get(*position)) else { return Ok(()) };
        Err(self.not_plain(function, name, arguments, first))
    }

    fn not_plain(&self, function: &'static Function, name: &str, arguments: &[Typed], first: &Typed) -> SparkError {
        SparkError::new("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
            .param("sqlExpr", to_sql_expr(&self.print_collated(function, name, arguments)))
            .param("paramIndex", "first")
            .param("requiredType", "\"STRING\"")
            .param("inputSql", to_sql_expr(&self.printer().print(first)))
            .param("inputType", to_sql_type(&first.data_type))
    }

    /// The call as errors about collations show it.
    fn print_collated(&self, function: &'static Function, name: &str, arguments: &[Typed]) -> String {
        match arguments {
            [text, characters] if function.name == "btrim" => {
                format!("TRIM(BOTH {} FROM {})", self.printer().print(characters), self.printer().print(text))
            }
            _ => self.printer().print_call(function, name, arguments),
        }
    }
}

fn is_unicode(name: &str) -> bool {
    matches!(Collation::parse(name), Ok(Collation { comparison: Comparison::Unicode { .. }, .. }))
}

fn has_other_collation(data_type: &SparkType, text: &SparkType) -> bool {
    data_type.collation().is_some_and(|own| Some(own) != text.collation())
}

fn placeholder() -> Typed {
    Typed::literal(datafusion::scalar::ScalarValue::Null, SparkType::Null)
}

/// The collation that wins; `None` if no operand is a text.
fn agreement<'t>(operands: impl Iterator<Item = &'t Typed>) -> SparkResult<Option<Agreement>> {
    let known: Vec<(Strength, SparkType)> = operands.filter_map(context).collect();
    let Some(strongest) = known.iter().map(|(strength, _)| *strength).max() else { return Ok(None) };
    let mut winners: Vec<&SparkType> = Vec::new();
    for (strength, text) in &known {
        if *strength == strongest && !winners.iter().any(|winner| winner.collation() == text.collation()) {
            winners.push(text);
        }
    }
    match (winners.as_slice(), strongest) {
        ([winner], _) if winner.is_indeterminate() => Ok(Some(Agreement::Indeterminate)),
        ([winner], _) => Ok(Some(Agreement::Collation((*winner).clone()))),
        (winners, Strength::Explicit) => {
            let named: Vec<_> = winners
                .iter()
                .map(|text| to_sql_type(&SparkType::collated(text.collation().unwrap_or(UTF8_BINARY))))
                .collect();
            Err(SparkError::new("COLLATION_MISMATCH.EXPLICIT").param("explicitTypes", named.join(", ")))
        }
        (_, Strength::Default | Strength::Implicit) => Ok(Some(Agreement::Indeterminate)),
    }
}

/// Where an operand has its collation from, and the type of its texts; `None` if it has none.
fn context(operand: &Typed) -> Option<(Strength, SparkType)> {
    let mut text = &operand.data_type;
    while let SparkType::Array { element, .. } = text {
        text = element;
    }
    text.collation()?;
    let strength = match &operand.kind {
        TypedKind::Alias(alias) => return context(&alias.child),
        TypedKind::Literal(_) => Strength::Default,
        TypedKind::Scalar(call) if call.function.name == "collate" => Strength::Explicit,
        TypedKind::Column(_)
        | TypedKind::Outer(_)
        | TypedKind::LambdaVariable { .. }
        | TypedKind::Field { .. }
        | TypedKind::Substituted(_)
        | TypedKind::ScalarSubquery(_)
        | TypedKind::Engine { .. } => Strength::Implicit,
        TypedKind::Cast(cast) if !cast.is_implicit && cast.child.data_type.collation().is_some() => Strength::Implicit,
        _ => operand
            .children()
            .into_iter()
            .filter_map(|child| context(child).map(|(strength, _)| strength))
            .max()
            .unwrap_or(Strength::Default),
    };
    Some((strength, text.clone()))
}
