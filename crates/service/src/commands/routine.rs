//! Functions written in SQL, and statements that are computed.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use firesteel_base::identifier::{quote_identifier, quote_name_parts};
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_catalog::{Function, OnExisting, database_not_found};
use firesteel_functions::registry;
use firesteel_syntax::ir::expression::CastMode;
use firesteel_syntax::ir::routine::{
    ComputedStatement, CreateFunction, ExecuteImmediate, FunctionBody, Returns, RoutineCommand,
};
use firesteel_syntax::ir::table::DefaultValue;
use firesteel_syntax::ir::{Command, Expression, ExpressionKind, Literal, Relation, RelationKind, Statement};
use indexmap::IndexMap;

use super::names;
use super::variable::{self, Target, assign, contains_subquery, unresolved_variable, value_of};
use crate::answer::{Answer, CommandResult};
use crate::locals::Locals;
use crate::session::Session;

pub(super) async fn run(session: &Session, command: RoutineCommand) -> SparkResult<CommandResult> {
    match command {
        RoutineCommand::CreateFunction(create) => create_function(session, *create).await,
        RoutineCommand::DropFunction { name, if_exists, is_temporary } => {
            drop_function(session, &name, if_exists, is_temporary).await
        }
        RoutineCommand::RefreshFunction(name) => {
            let full = names::object_name(session, &name)?;
            match session.catalog().function(&full).await? {
                // A function's text is read anew by every query.
                Some(_) => Ok(CommandResult::empty()),
                None => Err(not_found(&[full.database, full.name])),
            }
        }
        RoutineCommand::DeclareVariables { names, replace, data_type, default } => {
            variable::declare(session, &names, replace, data_type, default).await
        }
        RoutineCommand::DropVariable { name, if_exists } => variable::drop_variable(session, &name, if_exists),
        RoutineCommand::SetVariables(set) => variable::set_variables(session, set).await,
        RoutineCommand::ExecuteImmediate(execute) => {
            let (schema, batches) = execute_immediate(session, *execute).await?.collect().await?;
            collected(schema, &batches)
        }
        RoutineCommand::Computed(computed) => {
            let (schema, batches) = run_computed(session, *computed).await?.collect().await?;
            collected(schema, &batches)
        }
    }
}

/// A result that was read to its end, as one batch.
pub(super) fn collected(
    schema: firesteel_base::SparkSchema,
    batches: &[arrow::array::RecordBatch],
) -> SparkResult<CommandResult> {
    let Some(first) = batches.first() else {
        let arrow = Arc::new(arrow::datatypes::Schema::new(schema.to_arrow_fields("UTC")));
        return Ok(CommandResult { schema, batch: arrow::array::RecordBatch::new_empty(arrow) });
    };
    let batch = arrow::compute::concat_batches(&first.schema(), batches)
        .map_err(|error| SparkError::internal("a result's batches differ").caused_by(error))?;
    Ok(CommandResult { schema, batch })
}

// --- functions ---

async fn create_function(session: &Session, create: CreateFunction) -> SparkResult<CommandResult> {
    let short = create.name.last().cloned().unwrap_or_default();
    check_signature(session, &create, &short)?;
    if create.is_temporary {
        let key = short.to_lowercase();
        if !create.replace && session.functions().contains_key(&key) {
            return Err(already_exists(&[short]));
        }
        check_body(session, &create, std::slice::from_ref(&short)).await?;
        super::routine_body::check(session, &create, std::slice::from_ref(&short)).await?;
        session.put_function(&key, create)?;
        return Ok(CommandResult::empty());
    }
    let name = names::object_name(session, &create.name)?;
    if session.catalog().database(&name.database).await?.is_none() {
        return Err(database_not_found(&name.database));
    }
    let existing = match (create.replace, create.if_not_exists) {
        (true, _) => OnExisting::Replace,
        (_, true) => OnExisting::Keep,
        _ => OnExisting::Fail,
    };
    if existing == OnExisting::Fail && session.catalog().function(&name).await?.is_some() {
        return Err(already_exists(&[name.database.clone(), name.name.clone()]));
    }
    let full: Vec<String> = name.parts().iter().map(|part| (*part).to_owned()).collect();
    let returns = check_body(session, &create, &full).await?;
    super::routine_body::check(session, &create, &full).await?;
    let function = Function {
        name,
        text: create.text.to_string(),
        database: session.current_database(),
        returns: matches!(create.returns, Returns::Unspecified).then(|| returns.sql()),
        owner: session.key().user_id.clone(),
        created_at: session.clock().unix_micros() / 1000,
    };
    session.catalog().create_function(function, existing).await?;
    Ok(CommandResult::empty())
}

fn already_exists(name: &[String]) -> SparkError {
    SparkError::new("ROUTINE_ALREADY_EXISTS")
        .param("routineName", quote_name_parts(name))
        .param("newRoutineType", "routine")
        .param("existingRoutineType", "routine")
}

fn check_signature(session: &Session, create: &CreateFunction, name: &str) -> SparkResult<()> {
    let duplicate = |columns: &[firesteel_syntax::ir::table::ColumnDefinition]| {
        let mut seen = HashSet::new();
        columns
            .iter()
            .filter_map(|column| column.name.last())
            .map(|column| session.folded(column))
            .find(|column| !seen.insert(column.clone()))
    };
    if let Some(twice) = duplicate(&create.parameters) {
        return Err(SparkError::new("DUPLICATE_ROUTINE_PARAMETER_NAMES")
            .param("routineName", name)
            .param("names", quote_identifier(&twice)));
    }
    let mut with_default: Option<&str> = None;
    for parameter in &create.parameters {
        let parameter_name = parameter.name.last().map_or("", String::as_str);
        match (&parameter.default, with_default) {
            (Some(_), _) => with_default = Some(parameter_name),
            (None, Some(earlier)) => {
                return Err(SparkError::new("USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_PARAMETER_POSITION")
                    .param("functionName", name)
                    .param("parameterName", earlier)
                    .param("nextParameterName", parameter_name));
            }
            (None, None) => {}
        }
    }
    if let Returns::Table(columns) = &create.returns {
        if let Some(twice) = duplicate(columns) {
            return Err(SparkError::new("DUPLICATE_ROUTINE_RETURNS_COLUMNS")
                .param("routineName", name)
                .param("columns", quote_identifier(&twice)));
        }
        if matches!(create.body, FunctionBody::Expression { .. }) {
            return Err(
                SparkError::new("USER_DEFINED_FUNCTIONS.SQL_TABLE_UDF_BODY_MUST_BE_A_QUERY").param("name", name)
            );
        }
    }
    let is_limited = |data_type: &SparkType| matches!(data_type, SparkType::Char(_) | SparkType::Varchar(_));
    let returns_limited = matches!(&create.returns, Returns::Scalar(data_type) if is_limited(data_type));
    if returns_limited || create.parameters.iter().any(|parameter| is_limited(&parameter.data_type)) {
        return Err(SparkError::new("UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING"));
    }
    Ok(())
}

/// Defaults of parameters are plain values.
fn check_defaults(create: &CreateFunction, name: &[String]) -> SparkResult<()> {
    let holds_query = |default: &&DefaultValue| contains_subquery(&default.expression);
    for parameter in &create.parameters {
        if parameter.default.as_ref().filter(holds_query).is_some() {
            return Err(SparkError::new("USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_EXPRESSION")
                .param("functionName", name.last().map_or("", String::as_str))
                .param("parameterName", parameter.name.last().map_or("", String::as_str)));
        }
    }
    Ok(())
}

/// Resolves the body with parameters of the declared types; gives its type.
async fn check_body(session: &Session, create: &CreateFunction, name: &[String]) -> SparkResult<SparkType> {
    let mut context = session.context();
    // The function under check is called like a temporary one, under a name that nobody else has.
    const PROBE: &str = "function under definition";
    let mut functions = (*context.functions).clone();
    functions.insert(PROBE.to_owned(), Arc::new(create.clone()));
    context.functions = Arc::new(functions);
    let null = |data_type: &SparkType| {
        let child = Box::new(Expression::literal(Literal::Null(SparkType::Null), Origin::Unknown));
        let kind = ExpressionKind::Cast { child, to: data_type.clone(), mode: CastMode::Session };
        Expression::new(kind, Origin::Unknown)
    };
    check_defaults(create, name)?;
    // Parameters with a default are left out, so that defaults are checked too.
    let given = create.parameters.iter().filter(|parameter| parameter.default.is_none());
    let arguments: Vec<Expression> = given.map(|parameter| null(&parameter.data_type)).collect();
    let call = vec!["session".to_owned(), PROBE.to_owned()];
    let relation = if matches!(create.returns, Returns::Table(_)) {
        let function =
            firesteel_syntax::ir::relation::TableFunction { name: call, arguments, options: IndexMap::new() };
        Relation::new(RelationKind::TableFunction(function), Origin::Unknown)
    } else {
        let call = firesteel_syntax::ir::expression::FunctionCall { name: call, arguments, ..Default::default() };
        let call = Expression::new(ExpressionKind::Function(Box::new(call)), Origin::Unknown);
        let input = Relation::new(RelationKind::OneRow, Origin::Unknown).boxed();
        Relation::new(RelationKind::Project { input, expressions: vec![call] }, Origin::Unknown)
    };
    let plan = firesteel_plan::analyze(relation, &context).await?;
    if let (Returns::Table(columns), false) = (&create.returns, plan.schema.is_empty())
        && !columns.is_empty()
        && columns.len() != plan.schema.len()
    {
        return Err(SparkError::new("USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH")
            .param("name", name.join("."))
            .param("outputSize", plan.schema.len().to_string())
            .param("returnParamSize", columns.len().to_string()));
    }
    Ok(plan.schema.iter().next().map_or(SparkType::Null, |field| field.data_type.clone()))
}

fn not_found(name: &[String]) -> SparkError {
    SparkError::new("ROUTINE_NOT_FOUND").param("routineName", quote_name_parts(name))
}

async fn drop_function(
    session: &Session,
    name: &[String],
    if_exists: bool,
    is_temporary: bool,
) -> SparkResult<CommandResult> {
    let short = name.last().cloned().unwrap_or_default();
    if is_temporary {
        if session.drop_function(&short.to_lowercase()) || if_exists {
            return Ok(CommandResult::empty());
        }
        return Err(not_found(&[short]));
    }
    let full = names::object_name(session, name)?;
    if session.catalog().drop_function(&full).await? || if_exists {
        return Ok(CommandResult::empty());
    }
    if name.len() == 1 && registry::find(&short.to_lowercase()).is_some() {
        return Err(SparkError::new("FORBIDDEN_OPERATION")
            .param("statement", "DROP")
            .param("objectType", "FUNCTION")
            .param("objectName", quote_identifier(&short)));
    }
    Err(not_found(&[full.database, full.name]))
}

// --- computed statements ---

/// Runs the text that an expression gives.
pub(crate) async fn execute_immediate(session: &Session, execute: ExecuteImmediate) -> SparkResult<Answer> {
    let (data_type, value) = value_of(session, execute.statement, None).await?;
    if !data_type.is_string() {
        return Err(SparkError::new("INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE")
            .param("exprType", firesteel_base::error::to_sql_type(&data_type)));
    }
    let Some(text) = text_of(&value) else {
        return Err(SparkError::new("NULL_QUERY_STRING_EXECUTE_IMMEDIATE").param("varName", "`statement`"));
    };
    let mut named = IndexMap::new();
    let mut positional = Vec::new();
    for (value, name) in execute.using {
        let literal = sql_literal(session, value).await?;
        match name {
            Some(name) => {
                named.insert(name, literal);
            }
            None => positional.push(literal),
        }
    }
    let text = firesteel_syntax::put_parameters(&text, &named, &positional)?;
    let statement = firesteel_syntax::parse_statement(&text, &session.parser_options())?;
    if matches!(statement, Statement::Command(Command::Script(_))) {
        return Err(SparkError::new("SQL_SCRIPT_IN_EXECUTE_IMMEDIATE").param("sqlString", text));
    }
    // The text sees a script's variables only as values of parameters.
    if execute.into.is_empty() {
        return Locals::hidden_from(Box::pin(session.run(statement))).await;
    }
    let path = session.context().search_path();
    let mut targets = Vec::with_capacity(execute.into.len());
    for name in &execute.into {
        targets.push(Target::find(session, name).ok_or_else(|| unresolved_variable(name, &path))?);
    }
    let Statement::Query(query) = statement else {
        return Err(SparkError::new("INVALID_STATEMENT_FOR_EXECUTE_INTO").param("sqlString", text));
    };
    assign(session, &targets, query).await?;
    Ok(Answer::Done(CommandResult::empty()))
}

fn text_of(value: &ScalarValue) -> Option<String> {
    match value {
        ScalarValue::Utf8(text) | ScalarValue::Utf8View(text) | ScalarValue::LargeUtf8(text) => text.clone(),
        _ => None,
    }
}

/// The value of an expression as SQL writes it.
async fn sql_literal(session: &Session, value: Expression) -> SparkResult<String> {
    let (data_type, known) = value_of(session, value.clone(), None).await?;
    let is_atomic = !matches!(
        data_type,
        SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_) | SparkType::Variant
    );
    if !is_atomic {
        return Err(SparkError::unsupported("nested values as parameters of EXECUTE IMMEDIATE"));
    }
    if known.is_null() {
        return Ok(if data_type == SparkType::Null {
            "NULL".to_owned()
        } else {
            format!("CAST(NULL AS {})", data_type.sql())
        });
    }
    let (_, text) = value_of(session, value, Some(SparkType::STRING)).await?;
    Ok(super::table::literal(text_of(&text).as_deref(), &data_type))
}

/// Runs a command whose objects are named by expressions, with the names put in.
pub(crate) async fn run_computed(session: &Session, computed: ComputedStatement) -> SparkResult<Answer> {
    let context = session.context();
    let mut text = String::with_capacity(computed.text.len());
    let mut copied = 0;
    for (place, expression) in &computed.names {
        let name = firesteel_plan::constant_name(expression, &context)?;
        text.push_str(computed.text.get(copied..place.start).unwrap_or(""));
        text.push_str(&quote_name_parts(&name));
        copied = place.end;
    }
    text.push_str(computed.text.get(copied..).unwrap_or(""));
    let statement = firesteel_syntax::parse_statement(&text, &session.parser_options())?;
    Box::pin(session.run(statement)).await
}
