//! Arguments by name: brought to their places, with defaults for what a call leaves out.

use std::borrow::Cow;
use std::sync::Arc;

use firesteel_base::error::to_sql_id;
use firesteel_base::suggestion::suggest;
use firesteel_base::{Origin, SparkError, SparkResult};
use firesteel_functions::function::{DefaultValue, Function, Parameter};
use firesteel_syntax::ir::expression::{Expression, ExpressionKind, FunctionCall};
use firesteel_syntax::ir::literal::Literal;

use super::function::check_arity;

/// The call with its arguments in order.
pub(super) fn arranged<'a>(
    function: &'static Function,
    name: &str,
    call: &'a FunctionCall,
) -> SparkResult<Cow<'a, FunctionCall>> {
    let is_named = |argument: &Expression| matches!(argument.kind, ExpressionKind::NamedArgument { .. });
    let parameters = function.parameters;
    if parameters.is_empty() {
        if call.arguments.iter().any(is_named) {
            return Err(SparkError::new("NAMED_PARAMETERS_NOT_SUPPORTED").param("functionName", to_sql_id(name)));
        }
        return Ok(Cow::Borrowed(call));
    }
    if call.arguments.len() > parameters.len() && !call.arguments.iter().any(is_named) {
        check_arity(function, name, call.arguments.len())?;
    }
    let error = |condition: &str, parameter: &str| {
        SparkError::new(condition).param("routineName", to_sql_id(name)).param("parameterName", to_sql_id(parameter))
    };
    let positional = call.arguments.iter().take_while(|argument| !is_named(argument)).count();
    let (by_place, by_name) = call.arguments.split_at(positional);
    let mut given: Vec<(&str, &Expression)> = Vec::with_capacity(by_name.len());
    for argument in by_name {
        let ExpressionKind::NamedArgument { name: parameter, value } = &argument.kind else {
            let last = given.last().map_or("", |(parameter, _)| parameter);
            return Err(error("UNEXPECTED_POSITIONAL_ARGUMENT", last));
        };
        let same = |(other, _): &(&str, &Expression)| other.eq_ignore_ascii_case(parameter);
        if parameters.iter().take(positional).any(|known| known.name.eq_ignore_ascii_case(parameter)) {
            return Err(error("DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED", parameter));
        }
        if given.iter().any(same) {
            return Err(error("DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE", parameter));
        }
        if !parameters.iter().any(|known| known.name.eq_ignore_ascii_case(parameter)) {
            return Err(unrecognized(name, parameter, parameters));
        }
        given.push((parameter, value));
    }
    let mut arguments = by_place.to_vec();
    for (index, parameter) in parameters.iter().skip(positional).enumerate() {
        let named = given.iter().find(|(other, _)| other.eq_ignore_ascii_case(parameter.name));
        arguments.push(match (named, parameter.default) {
            (Some((_, value)), _) => (*value).clone(),
            (None, Some(default)) => Expression::literal(literal(default), Origin::Unknown),
            (None, None) => {
                return Err(error("REQUIRED_PARAMETER_NOT_FOUND", parameter.name).param("index", index.to_string()));
            }
        });
    }
    Ok(Cow::Owned(FunctionCall { arguments, ..call.clone() }))
}

fn literal(default: DefaultValue) -> Literal {
    match default {
        DefaultValue::Int(value) => Literal::Integer(value),
        DefaultValue::Boolean(value) => Literal::Boolean(value),
        DefaultValue::Text(text) => Literal::String(Arc::from(text)),
        DefaultValue::Null => Literal::Null(firesteel_base::SparkType::Null),
    }
}

fn unrecognized(name: &str, parameter: &str, parameters: &[Parameter]) -> SparkError {
    let known: Vec<[String; 1]> = parameters.iter().map(|parameter| [parameter.name.to_owned()]).collect();
    let mut proposals = suggest(parameter, &known);
    proposals.truncate(3);
    SparkError::new("UNRECOGNIZED_PARAMETER_NAME")
        .param("routineName", to_sql_id(name))
        .param("argumentName", to_sql_id(parameter))
        .param("proposal", proposals.join(" "))
}
