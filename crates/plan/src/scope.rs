//! Where names are looked up: columns, aliases before, lambda parameters, queries around.

use std::cell::RefCell;
use std::sync::Arc;

use datafusion::common::Column;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_syntax::ir::expression::Attribute as Name;

use crate::attribute::Attribute;
use crate::block::Output;
use crate::resolved::{PlanIds, Resolved};
use crate::resolver::{Environment, Resolver};
use crate::typed::{Typed, TypedKind};

/// What names in an expression may stand for.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub attributes: &'a [Attribute],
    pub hidden: &'a [Attribute],
    pub plan_ids: Option<&'a PlanIds>,
    /// Names that the same SELECT list gave before, with what they stand for.
    pub aliases: &'a [(Arc<str>, Typed)],
    /// Looked up next: for HAVING and ORDER BY, the input of the block below.
    pub below: Option<&'a Scope<'a>>,
    /// Whether a name means a grouping column of the block below rather than what is selected: so it is in HAVING.
    pub grouping_first: bool,
    pub lambda: Option<&'a LambdaScope<'a>>,
    /// The grouping expressions, for `grouping` and `grouping_id`.
    pub grouping: Option<&'a [Typed]>,
    /// The parameters of the function whose body this is.
    pub parameters: Option<&'a Parameters>,
    /// Where subqueries leave the aggregates of this query's rows that they name, which HAVING lets them do.
    pub outer_aggregates: Option<&'a RefCell<Vec<Output>>>,
    pub environment: Environment<'a>,
}

/// The parameters of a user's function with what a call gives for them.
pub struct Parameters {
    /// The function's own name: parameters may be qualified by it.
    pub function: String,
    pub values: Vec<(String, Typed)>,
}

/// The parameters of a lambda and of those around it.
pub struct LambdaScope<'a> {
    pub variables: Vec<LambdaVariable>,
    pub parent: Option<&'a LambdaScope<'a>>,
}

#[derive(Clone)]
pub struct LambdaVariable {
    pub name: Arc<str>,
    /// The name inside the engine.
    pub unique: Arc<str>,
    pub data_type: SparkType,
    pub nullable: bool,
}

impl<'a> Scope<'a> {
    pub fn of(resolved: &'a Resolved, environment: Environment<'a>) -> Self {
        Self {
            attributes: &resolved.output,
            hidden: &resolved.hidden,
            plan_ids: Some(&resolved.plan_ids),
            aliases: &[],
            below: None,
            grouping_first: false,
            lambda: None,
            grouping: None,
            parameters: None,
            outer_aggregates: None,
            environment,
        }
    }

    /// No columns: for values and constants.
    pub fn empty(environment: Environment<'a>) -> Self {
        Self {
            attributes: &[],
            hidden: &[],
            plan_ids: None,
            aliases: &[],
            below: None,
            grouping_first: false,
            lambda: None,
            grouping: None,
            parameters: None,
            outer_aggregates: None,
            environment,
        }
    }

    /// This scope without its own columns: inside an aggregate function above a block, names mean the block's input.
    pub fn input_first(&self) -> Self {
        match self.below {
            Some(below) => Self { lambda: self.lambda, grouping: self.grouping, ..*below },
            None => *self,
        }
    }

    /// The attribute that an internal column carries, here or in a query around.
    pub fn attribute_of(&self, column: &Column) -> Option<&Attribute> {
        let mut known = self.attributes.iter().chain(self.hidden);
        known
            .find(|attribute| attribute.column == *column)
            .or_else(|| self.below.and_then(|below| below.attribute_of(column)))
            .or_else(|| self.environment.outer.and_then(|outer| outer.attribute_of(column)))
    }

    /// Whether the attribute is this query's own.
    pub fn is_visible(&self, attribute: &Attribute) -> bool {
        self.attributes.iter().chain(self.hidden).any(|known| known.id == attribute.id)
            || self.below.is_some_and(|below| below.is_visible(attribute))
    }
}

/// A column and the name parts behind it that are fields of structs.
struct Match {
    attribute: Attribute,
    fields: usize,
}

impl Resolver<'_> {
    /// What a name stands for.
    pub fn resolve_name(&self, name: &Name, scope: &Scope<'_>, origin: &Origin) -> SparkResult<Typed> {
        if let Some(plan_id) = name.plan_id {
            return self.resolve_by_plan_id(plan_id, &name.name, scope, origin);
        }
        match self.find_name(&name.name, scope, origin)? {
            Some(found) => Ok(found),
            None => Err(self.unresolved_column(&name.name, scope, origin)),
        }
    }

    /// As [`Self::resolve_name`] by name parts; `None` if nothing has that name.
    pub fn find_name(&self, parts: &[String], scope: &Scope<'_>, origin: &Origin) -> SparkResult<Option<Typed>> {
        if let Some(variable) = self.find_lambda_variable(parts, scope.lambda, origin)? {
            return Ok(Some(variable));
        }
        if let Some(found) = self.find_column(parts, scope, origin)? {
            return Ok(Some(found));
        }
        if let Some(first) = parts.first()
            && let Some(typed) = self.find_alias(first, scope, origin)?
        {
            return self.fields(typed.clone(), parts.get(1..).unwrap_or(&[]), origin).map(Some);
        }
        if let Some(literal) = self.literal_function(parts, origin)? {
            return Ok(Some(literal));
        }
        if let [name] = parts
            && name.eq_ignore_ascii_case("grouping__id")
            && scope.grouping.is_some_and(|grouping| !grouping.is_empty())
        {
            let kind = TypedKind::GroupingId { printed: name.as_str().into() };
            return Ok(Some(Typed::new(kind, SparkType::Long, false, origin.clone())));
        }
        if let Some(value) = self.find_parameter(parts, scope, origin)? {
            return Ok(Some(value));
        }
        let Some(outer) = scope.environment.outer else { return self.find_variable(parts, origin) };
        let Some(found) = self.find_name(parts, outer, origin)? else { return Ok(None) };
        Ok(Some(to_outer(found)))
    }

    pub fn find_column(&self, parts: &[String], scope: &Scope<'_>, origin: &Origin) -> SparkResult<Option<Typed>> {
        if scope.grouping_first
            && let Some(below) = scope.below
            && let Ok(Some(found)) = self.find_column(parts, below, origin)
            && is_grouped(&found, scope.grouping)
        {
            return Ok(Some(found));
        }
        let here = self.find_column_here(parts, scope, origin);
        if let Ok(Some(_)) = here {
            return here;
        }
        let Some(below) = scope.below else { return here };
        match self.find_column(parts, below, origin)? {
            Some(found) => Ok(Some(found)),
            None => here,
        }
    }

    fn find_column_here(&self, parts: &[String], scope: &Scope<'_>, origin: &Origin) -> SparkResult<Option<Typed>> {
        for attributes in [scope.attributes, scope.hidden] {
            let matches = self.matches(parts, attributes);
            if let Some(found) = self.only_match(parts, matches, origin)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// What the SELECT list gave this name before. A generator's column exists only above the list's input.
    fn find_alias<'s>(&self, name: &str, scope: &'s Scope<'_>, origin: &Origin) -> SparkResult<Option<&'s Typed>> {
        let mut found = scope.aliases.iter().filter(|(alias, _)| self.same_name(alias, name));
        let first = found.next().map(|(_, typed)| typed);
        match found.count() {
            0 => Ok(first.filter(|typed| !typed.has_generator())),
            more => Err(SparkError::new("AMBIGUOUS_LATERAL_COLUMN_ALIAS")
                .param("name", quote_parts(&[name.to_owned()]))
                .param("n", (more + 1).to_string())
                .at(origin)),
        }
    }

    /// Columns that the name may mean: with the most name parts taken as a qualifier first.
    fn matches(&self, parts: &[String], attributes: &[Attribute]) -> Vec<Match> {
        for qualifiers in (0..parts.len().min(4)).rev() {
            let (qualifier, rest) = parts.split_at(qualifiers);
            let Some((column, fields)) = rest.split_first() else { continue };
            let found: Vec<_> = attributes
                .iter()
                .filter(|attribute| {
                    self.same_name(&attribute.name, column) && self.is_qualified_by(attribute, qualifier)
                })
                // The column goes by the name as it was written here.
                .map(|attribute| Match { attribute: attribute.written_as(column, parts), fields: fields.len() })
                .collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    fn is_qualified_by(&self, attribute: &Attribute, qualifier: &[String]) -> bool {
        let Some(start) = attribute.qualifier.len().checked_sub(qualifier.len()) else { return false };
        attribute.qualifier.iter().skip(start).zip(qualifier).all(|(known, given)| self.same_name(known, given))
    }

    fn only_match(&self, parts: &[String], mut matches: Vec<Match>, origin: &Origin) -> SparkResult<Option<Typed>> {
        matches.dedup_by(|left, right| left.attribute.id == right.attribute.id);
        let Some(first) = matches.first() else { return Ok(None) };
        if matches.len() > 1 {
            let mut references: Vec<_> = matches.iter().map(|found| reference_name(&found.attribute)).collect();
            references.sort();
            return Err(SparkError::new("AMBIGUOUS_REFERENCE")
                .param("name", quote_parts(parts))
                .param("referenceNames", format!("[{}]", references.join(", ")))
                .at(origin));
        }
        let fields = parts.get(parts.len() - first.fields..).unwrap_or(&[]);
        self.fields(Typed::column(&first.attribute).at(origin), fields, origin).map(Some)
    }

    /// Struct fields by name, one inside the other.
    pub fn fields(&self, mut child: Typed, names: &[String], origin: &Origin) -> SparkResult<Typed> {
        for name in names {
            let key = datafusion::scalar::ScalarValue::Utf8(Some(name.clone()));
            child = self.extract(child, Typed::literal(key, SparkType::STRING), origin)?;
        }
        Ok(child)
    }

    fn find_lambda_variable(
        &self,
        parts: &[String],
        scope: Option<&LambdaScope<'_>>,
        origin: &Origin,
    ) -> SparkResult<Option<Typed>> {
        let (Some(scope), Some((first, fields))) = (scope, parts.split_first()) else { return Ok(None) };
        match scope.variables.iter().find(|variable| self.same_name(&variable.name, first)) {
            Some(variable) => {
                let kind = TypedKind::LambdaVariable { name: variable.name.clone(), unique: variable.unique.clone() };
                let typed = Typed::new(kind, variable.data_type.clone(), variable.nullable, origin.clone());
                self.fields(typed, fields, origin).map(Some)
            }
            None => self.find_lambda_variable(parts, scope.parent, origin),
        }
    }

    /// `df["a"]`: the column of the relation with this plan id, if it is still there.
    fn resolve_by_plan_id(
        &self,
        plan_id: i64,
        parts: &[String],
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        let mut found: Vec<Typed> = Vec::new();
        let mut seen = Vec::new();
        let mut is_known = false;
        let mut current = Some(scope);
        while let Some(here) = current {
            for relation in here.plan_ids.and_then(|plan_ids| plan_ids.get(&plan_id)).into_iter().flatten() {
                is_known = true;
                for candidate in self.matches(parts, relation) {
                    if scope.is_visible(&candidate.attribute) && !seen.contains(&candidate.attribute.id) {
                        seen.push(candidate.attribute.id);
                        let fields = parts.get(parts.len() - candidate.fields..).unwrap_or(&[]);
                        let column = self.visible_form(&candidate.attribute, scope);
                        found.push(self.fields(Typed::column(&column).at(origin), fields, origin)?);
                    }
                }
            }
            current = here.below;
        }
        if found.len() > 1 {
            return Err(SparkError::new("AMBIGUOUS_COLUMN_REFERENCE").param("name", frame_column(parts)).at(origin));
        }
        if let Some(only) = found.pop() {
            return Ok(only);
        }
        if let Some(outer) = scope.environment.outer
            && let Ok(typed) = self.resolve_by_plan_id(plan_id, parts, outer, origin)
        {
            return Ok(to_outer(typed));
        }
        if is_known && !self.name_exists_at(plan_id, parts, scope) {
            return Err(self.unresolved_column(parts, scope, origin));
        }
        Err(SparkError::new("CANNOT_RESOLVE_DATAFRAME_COLUMN").param("name", frame_column(parts)).at(origin))
    }

    fn name_exists_at(&self, plan_id: i64, parts: &[String], scope: &Scope<'_>) -> bool {
        let relations = scope.plan_ids.and_then(|plan_ids| plan_ids.get(&plan_id));
        relations.into_iter().flatten().any(|relation| !self.matches(parts, relation).is_empty())
    }

    /// The attribute as the scope shows it: a join may have made it nullable.
    fn visible_form(&self, attribute: &Attribute, scope: &Scope<'_>) -> Attribute {
        let mut known = scope.attributes.iter().chain(scope.hidden);
        match known.find(|known| known.id == attribute.id) {
            Some(known) => known.with_name(&attribute.name),
            None => attribute.clone(),
        }
    }

    fn unresolved_column(&self, parts: &[String], scope: &Scope<'_>, origin: &Origin) -> SparkError {
        let mut candidates = Vec::new();
        if let Some(parameters) = scope.parameters {
            candidates.extend(parameters.values.iter().map(|(name, _)| vec![name.clone()]));
        }
        let mut current = Some(scope);
        while let Some(here) = current {
            let mut known: Vec<&Attribute> = here.attributes.iter().collect();
            known.sort_by(|left, right| (&left.name, left.id).cmp(&(&right.name, right.id)));
            candidates.extend(known.into_iter().map(Attribute::name_parts));
            current = here.below;
        }
        if candidates.is_empty() {
            let error = SparkError::new("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION");
            return error.param("objectName", quote_parts(parts)).at(origin);
        }
        unresolved_among(parts, &candidates).at(origin)
    }
}

/// The error for a name that none of these columns has; those that are spelt most like it are suggested.
pub fn unresolved_among(parts: &[String], candidates: &[Vec<String>]) -> SparkError {
    let proposal = firesteel_base::suggestion::suggest(&written_name(parts), candidates).join(", ");
    SparkError::new("UNRESOLVED_COLUMN.WITH_SUGGESTION")
        .param("objectName", quote_parts(parts))
        .param("proposal", proposal)
}

/// The column as a candidate: without the qualifier of a subquery that was given no name.
fn reference_name(attribute: &Attribute) -> String {
    match &*attribute.qualifier {
        [only] if only == "__auto_generated_subquery_name" => attribute.with_qualifier(&[]).qualified_name(),
        _ => attribute.qualified_name(),
    }
}

/// Whether a column, or the column whose field it is, is one of the grouping expressions.
fn is_grouped(found: &Typed, grouping: Option<&[Typed]>) -> bool {
    let TypedKind::Column(attribute) = &found.kind else {
        return !found.children().is_empty() && found.children().into_iter().all(|child| is_grouped(child, grouping));
    };
    grouping.unwrap_or_default().iter().any(|group| match &group.unaliased().kind {
        TypedKind::Column(known) => known.id == attribute.id,
        _ => false,
    })
}

/// A column of the query around becomes an outer reference.
pub fn to_outer(mut typed: Typed) -> Typed {
    if let TypedKind::Column(attribute) = typed.kind {
        typed.kind = TypedKind::Outer(attribute);
        return typed;
    }
    for child in typed.children_mut() {
        let taken = std::mem::replace(child, Typed::literal(datafusion::scalar::ScalarValue::Null, SparkType::Null));
        *child = to_outer(taken);
    }
    typed
}

/// Name parts with the quotes that they need: what suggestions are compared with.
pub fn written_name(parts: &[String]) -> String {
    let parts: Vec<_> = parts.iter().map(|part| firesteel_base::identifier::quote_if_needed(part)).collect();
    parts.join(".")
}

/// A DataFrame's column as errors show it.
fn frame_column(parts: &[String]) -> String {
    firesteel_base::error::quoting::to_sql_expr(&written_name(parts))
}

/// Name parts as errors show them.
pub fn quote_parts(parts: &[String]) -> String {
    parts.iter().map(|part| format!("`{}`", part.replace('`', "``"))).collect::<Vec<_>>().join(".")
}
