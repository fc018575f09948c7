//! Variables: of the session, and of the blocks of a script. Declaring them, setting them, and the values they get.

use arrow::array::ArrayRef;
use datafusion::scalar::ScalarValue;
use firesteel_base::identifier::{quote_identifier, quote_name_parts};
use firesteel_base::{Origin, SparkError, SparkField, SparkResult, SparkType};
use firesteel_plan::Variable;
use firesteel_syntax::ir::expression::CastMode;
use firesteel_syntax::ir::relation::With;
use firesteel_syntax::ir::routine::{SetValues, SetVariables};
use firesteel_syntax::ir::table::DefaultValue;
use firesteel_syntax::ir::{Expression, ExpressionKind, Literal, Relation, RelationKind};

use crate::answer::CommandResult;
use crate::locals::{LocalVariable, Locals};
use crate::session::{Session, SessionVariable};

/// A variable that is given a value.
#[derive(Clone)]
pub(super) enum Target {
    Session(SessionVariable),
    Local(Locals, LocalVariable),
}

impl Target {
    /// The variable of this name: the innermost of the running script, or the session's.
    pub(super) fn find(session: &Session, name: &[String]) -> Option<Self> {
        if let Some(locals) = Locals::running()
            && let Some(found) = locals.find(name)
        {
            return Some(Self::Local(locals, found));
        }
        variable_name(name).and_then(|short| session.variable(short)).map(Self::Session)
    }

    fn variable(&self) -> &SessionVariable {
        match self {
            Self::Session(variable) => variable,
            Self::Local(_, local) => &local.variable,
        }
    }

    fn name(&self) -> &str {
        &self.variable().variable.name
    }

    fn is_same(&self, other: &Self) -> bool {
        let is_same_scope = match (self, other) {
            (Self::Session(_), Self::Session(_)) => true,
            (Self::Local(_, left), Self::Local(_, right)) => left.scope == right.scope,
            _ => false,
        };
        is_same_scope && self.name().eq_ignore_ascii_case(other.name())
    }

    fn set(&self, session: &Session, value: ScalarValue) -> SparkResult<()> {
        match self {
            Self::Session(variable) => {
                let mut changed = variable.clone();
                changed.variable.value = value;
                session.put_variable(self.name(), changed)
            }
            Self::Local(locals, local) => {
                locals.set(local, value);
                Ok(())
            }
        }
    }
}

/// The name of a variable without its qualifier, which can only be the session's.
pub(super) fn variable_name(name: &[String]) -> Option<&String> {
    let is = |part: &String, word: &str| part.eq_ignore_ascii_case(word);
    match name {
        [only] => Some(only),
        [session, only] if is(session, "session") => Some(only),
        [system, session, only] if is(system, "system") && is(session, "session") => Some(only),
        _ => None,
    }
}

pub(super) fn unresolved_variable(name: &[String], path: &str) -> SparkError {
    SparkError::new("UNRESOLVED_VARIABLE").param("variableName", quote_name_parts(name)).param("searchPath", path)
}

pub(super) async fn declare(
    session: &Session,
    names: &[Vec<String>],
    replace: bool,
    data_type: Option<SparkType>,
    default: Option<DefaultValue>,
) -> SparkResult<CommandResult> {
    let locals = Locals::running();
    let full_name = |name: &str| locals.as_ref().map_or_else(|| qualified(name), |locals| locals.qualified(name));
    let mut declared: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let short = match &locals {
            Some(_) => local_name(name, replace)?,
            None => variable_name(name).ok_or_else(|| unresolved_variable(name, "[`system`.`session`]"))?,
        };
        if declared.iter().any(|known| known.eq_ignore_ascii_case(short)) {
            return Err(SparkError::new("DUPLICATE_VARIABLE_NAME_INSIDE_DECLARE")
                .param("variableName", full_name(&short.to_lowercase())));
        }
        if locals.is_none() && !replace && session.variable(short).is_some() {
            return Err(SparkError::new("VARIABLE_ALREADY_EXISTS").param("variableName", full_name(short)));
        }
        declared.push(short.clone());
    }
    let first = declared.first().cloned().unwrap_or_default();
    if let Some(default) = &default
        && contains_subquery(&default.expression)
    {
        return Err(SparkError::new("INVALID_DEFAULT_VALUE.SUBQUERY_EXPRESSION")
            .param("statement", "DECLARE VARIABLE")
            .param("colName", full_name(&first))
            .param("defaultValue", default.text.as_ref()));
    }
    let expression = default.as_ref().map_or_else(
        || Expression::literal(Literal::Null(SparkType::Null), Origin::Unknown),
        |default| default.expression.clone(),
    );
    let (data_type, value) = value_of(session, expression.clone(), data_type).await?;
    for name in declared {
        let variable = Variable { name: name.clone(), data_type: data_type.clone(), value: value.clone() };
        let variable = SessionVariable { variable, default: expression.clone() };
        match &locals {
            Some(locals) => locals.declare(variable)?,
            None => session.put_variable(&name, variable)?,
        }
    }
    Ok(CommandResult::empty())
}

/// The name of a script's variable, which has no qualifier.
fn local_name(name: &[String], replace: bool) -> SparkResult<&String> {
    let refused = match name {
        [_] if replace => "INVALID_VARIABLE_DECLARATION.REPLACE_LOCAL_VARIABLE",
        [only] => return Ok(only),
        _ => "INVALID_VARIABLE_DECLARATION.QUALIFIED_LOCAL_VARIABLE",
    };
    Err(SparkError::new(refused).param("varName", quote_name_parts(name)))
}

fn qualified(name: &str) -> String {
    quote_name_parts(&["system", "session", name])
}

pub(super) fn contains_subquery(expression: &Expression) -> bool {
    use firesteel_syntax::ir::children::{Child, expression_children};
    expression_children(&mut expression.clone()).into_iter().any(|child| match child {
        Child::Relation(_) => true,
        Child::Expression(child) => contains_subquery(child),
    })
}

/// The value of an expression, computed by a query of one row, cast to the type if one is given.
pub(super) async fn value_of(
    session: &Session,
    expression: Expression,
    data_type: Option<SparkType>,
) -> SparkResult<(SparkType, ScalarValue)> {
    let expression = match data_type {
        Some(to) => {
            let origin = expression.origin.clone();
            let kind = ExpressionKind::Cast { child: Box::new(expression), to, mode: CastMode::Session };
            Expression::new(kind, origin)
        }
        None => expression,
    };
    let input = Relation::new(RelationKind::OneRow, Origin::Unknown).boxed();
    let query = Relation::new(RelationKind::Project { input, expressions: vec![expression] }, Origin::Unknown);
    let mut row = one_row(session, query).await?;
    row.pop().ok_or_else(|| SparkError::internal("an expression without a value"))
}

/// The values of a query's only row with their types; NULLs if it has none.
async fn one_row(session: &Session, query: Relation) -> SparkResult<Vec<(SparkType, ScalarValue)>> {
    let (schema, batches) = session.run_query(query).await?.collect().await?;
    let rows: usize = batches.iter().map(arrow::array::RecordBatch::num_rows).sum();
    if rows > 1 {
        return Err(SparkError::new("ROW_SUBQUERY_TOO_MANY_ROWS"));
    }
    let batch = batches.iter().find(|batch| batch.num_rows() > 0);
    schema
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let value = match batch.and_then(|batch| batch.columns().get(index)) {
                Some(column) => value_at(field, column, 0)?,
                None => ScalarValue::try_from(&field.data_type.to_arrow()).map_err(crate::engine_error)?,
            };
            Ok((field.data_type.clone(), value))
        })
        .collect()
}

/// A value of a result as plans hold it.
pub(super) fn value_at(field: &SparkField, column: &ArrayRef, row: usize) -> SparkResult<ScalarValue> {
    let carrier = field.data_type.to_arrow();
    let value = ScalarValue::try_from_array(column, row).map_err(crate::engine_error)?;
    // Timestamps in results carry the session's zone; in plans they carry UTC.
    if value.data_type() == carrier { Ok(value) } else { value.cast_to(&carrier).map_err(crate::engine_error) }
}

pub(super) fn drop_variable(session: &Session, name: &[String], if_exists: bool) -> SparkResult<CommandResult> {
    if Locals::running().is_some() {
        return Err(SparkError::new("UNSUPPORTED_FEATURE.SQL_SCRIPTING_DROP_TEMPORARY_VARIABLE"));
    }
    let dropped = variable_name(name).is_some_and(|short| session.drop_variable(short));
    if dropped || if_exists {
        return Ok(CommandResult::empty());
    }
    let shown = match variable_name(name) {
        Some(short) => qualified(short),
        None => quote_name_parts(name),
    };
    Err(SparkError::new("VARIABLE_NOT_FOUND").param("variableName", shown))
}

pub(super) async fn set_variables(session: &Session, set: SetVariables) -> SparkResult<CommandResult> {
    let path = session.context().search_path();
    let mut targets: Vec<Target> = Vec::with_capacity(set.names.len());
    for name in &set.names {
        let found = Target::find(session, name).ok_or_else(|| unresolved_variable(name, &path))?;
        if targets.iter().any(|known| known.is_same(&found)) {
            return Err(SparkError::new("DUPLICATE_ASSIGNMENTS")
                .param("nameList", quote_identifier(&found.name().to_lowercase())));
        }
        targets.push(found);
    }
    let mut query = match set.values {
        SetValues::Expressions(list) => {
            let expressions = list
                .into_iter()
                .zip(&targets)
                .map(|(value, target)| {
                    let value = if is_default(&value) { target.variable().default.clone() } else { value };
                    // Later values see earlier ones that are known as they are written, and the variables' old
                    // values else.
                    if is_written_constant(&value) { crate::precomputed::aliased(value, target.name()) } else { value }
                })
                .collect();
            let input = Relation::new(RelationKind::OneRow, Origin::Unknown).boxed();
            Relation::new(RelationKind::Project { input, expressions }, Origin::Unknown)
        }
        SetValues::Query(query) => {
            let mut query = *query;
            put_defaults(session, &mut query, &targets).await?;
            query
        }
    };
    refuse_nested_default(&mut query)?;
    assign(session, &targets, query).await?;
    Ok(CommandResult::empty())
}

/// Whether an expression consists of literals and operators.
fn is_written_constant(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Literal(_) => true,
        ExpressionKind::Cast { child, .. } => is_written_constant(child),
        ExpressionKind::Function(call) => {
            let is_operator = call.name.iter().all(|name| !name.contains(char::is_alphabetic));
            is_operator && call.arguments.iter().all(is_written_constant)
        }
        _ => false,
    }
}

fn is_default(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Default => true,
        ExpressionKind::Attribute(name) => {
            matches!(name.name.as_slice(), [only] if only.eq_ignore_ascii_case("default"))
        }
        _ => false,
    }
}

/// Puts the variables' defaults in the places of `DEFAULT` in what a query selects, unless a column has that name.
async fn put_defaults(session: &Session, query: &mut Relation, targets: &[Target]) -> SparkResult<()> {
    let origin = query.origin.clone();
    let (mut tables, mut selecting) = (None, query);
    loop {
        selecting = match &mut selecting.kind {
            RelationKind::With(with) => {
                tables = Some((with.tables.clone(), with.is_recursive));
                &mut with.input
            }
            RelationKind::Limit { input, .. }
            | RelationKind::Offset { input, .. }
            | RelationKind::Sort { input, .. } => input.as_mut(),
            RelationKind::Values { rows, .. } => {
                for row in rows {
                    replace_defaults(row, targets);
                }
                return Ok(());
            }
            RelationKind::Project { input, expressions } => {
                if !expressions.iter().any(is_default) {
                    return Ok(());
                }
                let input = match tables {
                    Some((tables, is_recursive)) => {
                        let with = With { input: input.as_ref().clone(), tables, is_recursive };
                        Relation::new(RelationKind::With(Box::new(with)), origin)
                    }
                    None => input.as_ref().clone(),
                };
                let columns = session.schema(input).await?;
                if !columns.iter().any(|column| column.name.eq_ignore_ascii_case("default")) {
                    replace_defaults(expressions, targets);
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
    }
}

fn replace_defaults(values: &mut [Expression], targets: &[Target]) {
    for (value, target) in values.iter_mut().zip(targets) {
        if is_default(value) {
            value.clone_from(&target.variable().default);
        }
    }
}

fn refuse_nested_default(query: &mut Relation) -> SparkResult<()> {
    let selecting = match &query.kind {
        RelationKind::With(with) => &with.input.kind,
        kind => kind,
    };
    // A name alone was replaced, or is a column's.
    let nests = |value: &Expression| match &value.kind {
        ExpressionKind::Alias { child, .. } => !is_default(child) && value_contains_default(child),
        _ => !is_default(value) && value_contains_default(value),
    };
    if let RelationKind::Project { expressions, .. } = selecting
        && expressions.iter().any(nests)
    {
        return Err(SparkError::new("DEFAULT_PLACEMENT_INVALID"));
    }
    Ok(())
}

fn value_contains_default(value: &Expression) -> bool {
    use firesteel_syntax::ir::children::{Child, expression_children};
    is_default(value)
        || expression_children(&mut value.clone()).into_iter().any(|child| match child {
            Child::Relation(_) => false,
            Child::Expression(child) => value_contains_default(child),
        })
}

/// Sets variables to the columns of a query's only row.
pub(super) async fn assign(session: &Session, targets: &[Target], query: Relation) -> SparkResult<()> {
    let row = {
        let schema = session.schema(query.clone()).await?;
        if schema.len() != targets.len() {
            return Err(SparkError::new("ASSIGNMENT_ARITY_MISMATCH")
                .param("numTarget", targets.len().to_string())
                .param("numExpr", schema.len().to_string()));
        }
        let names: Vec<String> = (0..targets.len()).map(|index| format!("value {index}")).collect();
        let origin = query.origin.clone();
        let named = Relation::new(RelationKind::ToDf { input: query.boxed(), columns: names.clone() }, origin);
        let expressions = names
            .iter()
            .zip(targets)
            .map(|(name, target)| {
                let column = Expression::column(vec![name.clone()], Origin::Unknown);
                let kind = ExpressionKind::Cast {
                    child: Box::new(column),
                    to: target.variable().variable.data_type.clone(),
                    mode: CastMode::Session,
                };
                Expression::new(kind, Origin::Unknown)
            })
            .collect();
        let cast = Relation::new(RelationKind::Project { input: named.boxed(), expressions }, Origin::Unknown);
        one_row(session, cast).await?
    };
    for (target, (_, value)) in targets.iter().zip(row) {
        target.set(session, value)?;
    }
    Ok(())
}
