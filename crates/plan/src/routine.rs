//! Functions that users wrote in SQL: found by name, read from their text, put in the place of their calls.

use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult};
use firesteel_catalog::{CATALOG, ObjectName};
use firesteel_syntax::ir::expression::Expression;
use firesteel_syntax::ir::routine::{CreateFunction, FunctionBody, Returns, RoutineCommand};
use firesteel_syntax::ir::visit::{Visitor, walk_expression, walk_relation};
use firesteel_syntax::ir::{Command, Statement};
use firesteel_syntax::parser;

use crate::analysis::AnalysisContext;
use crate::sources::Qualifier;

/// A function as calls of it need it.
#[derive(Clone, Debug)]
pub struct UserFunction {
    /// `spark_catalog.default.f`, or `f` for a temporary one.
    pub name: Vec<String>,
    pub definition: CreateFunction,
}

/// Looks a function up: among the session's temporary ones, then in the catalog.
pub async fn find(name: &[String], context: &AnalysisContext) -> SparkResult<Option<UserFunction>> {
    let is = |part: &String, word: &str| part.eq_ignore_ascii_case(word);
    let temporary = match name {
        [only] => Some(only),
        [session, only] if is(session, "session") => Some(only),
        [system, session, only] if is(system, "system") && is(session, "session") => Some(only),
        _ => None,
    };
    if let Some(found) = temporary.and_then(|only| context.functions.get(&only.to_lowercase())) {
        let name = found.name.last().cloned().into_iter().collect();
        return Ok(Some(UserFunction { name, definition: CreateFunction::clone(found) }));
    }
    let Some(full) = context.object_name(name, None) else { return Ok(None) };
    let Some(kept) = context.catalog.function(&full).await? else { return Ok(None) };
    let mut definition = read(&kept.text, context)?;
    if let (Returns::Unspecified, Some(returns)) = (&definition.returns, &kept.returns) {
        definition.returns = Returns::Scalar(parser::parse_data_type(returns, &context.parser)?);
    }
    let mut function = UserFunction { name: full_name(&full), definition };
    function.walk(&mut Qualifier { database: Arc::from(kept.database.as_str()) })?;
    Ok(Some(function))
}

fn full_name(name: &ObjectName) -> Vec<String> {
    [CATALOG, &name.database, &name.name].iter().map(|part| (*part).to_owned()).collect()
}

/// The definition that a `CREATE FUNCTION` statement gives.
fn read(text: &str, context: &AnalysisContext) -> SparkResult<CreateFunction> {
    match parser::parse_statement(text, &context.parser)? {
        Statement::Command(Command::Routine(RoutineCommand::CreateFunction(create))) => Ok(*create),
        _ => Err(SparkError::internal("a function's text is no CREATE FUNCTION")),
    }
}

impl UserFunction {
    /// Visits the body and the defaults of the parameters.
    pub(crate) fn walk(&mut self, visitor: &mut dyn Visitor) -> SparkResult<()> {
        for parameter in &mut self.definition.parameters {
            if let Some(default) = &mut parameter.default {
                walk_expression(&mut default.expression, visitor)?;
            }
        }
        match &mut self.definition.body {
            FunctionBody::Expression { expression, .. } => walk_expression(expression, visitor),
            FunctionBody::Query { query, .. } => walk_relation(query, visitor),
        }
    }

    pub fn is_table_function(&self) -> bool {
        matches!(self.definition.returns, Returns::Table(_))
    }

    /// The name as plans print it: `spark_catalog.default.f`.
    pub fn display_name(&self) -> String {
        self.name.join(".")
    }

    /// The parameters' defaults in order.
    pub fn defaults(&self) -> Vec<Option<&Expression>> {
        self.definition
            .parameters
            .iter()
            .map(|parameter| parameter.default.as_ref().map(|default| &default.expression))
            .collect()
    }
}
