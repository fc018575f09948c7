//! Calls with lambda arguments.

use std::sync::Arc;

use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::function::{Function, HigherOrder};
use firesteel_syntax::ir::expression::{Expression, ExpressionKind, FunctionCall};

use super::function::check_arity;
use crate::resolver::Resolver;
use crate::scope::{LambdaScope, LambdaVariable, Scope};
use crate::typed::{HigherOrderCall, Typed, TypedKind};

impl Resolver<'_> {
    /// Resolves the plain arguments, then the lambdas with the parameter types that these give, then binds the call.
    pub fn higher_order(
        &self,
        function: &'static Function,
        bind: &HigherOrder,
        name: &str,
        arguments: &[Expression],
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        check_arity(function, name, arguments.len())?;
        let mut resolved = Vec::with_capacity(arguments.len());
        for argument in arguments {
            resolved.push(match &argument.kind {
                ExpressionKind::Lambda { .. } => Typed::literal(datafusion::scalar::ScalarValue::Null, SparkType::Null),
                _ => self.resolve_expression(argument, scope)?.into_unaliased(),
            });
        }
        let call = FunctionCall::default();
        let sql = || self.printer().print_call(function, function.name, &resolved);
        let parameters = self.with_call(function, name, &resolved, &call, false, &sql, bind.parameters)?;
        let mut complete = Vec::with_capacity(arguments.len());
        for ((argument, plain), types) in arguments.iter().zip(&resolved).zip(parameters) {
            complete.push(match (&argument.kind, types) {
                (ExpressionKind::Lambda { parameters, body }, Some(types)) => {
                    self.lambda(parameters, body, &types, scope, &argument.origin)?
                }
                (ExpressionKind::Lambda { .. }, None) => {
                    return Err(SparkError::new(
                        "INVALID_LAMBDA_FUNCTION_CALL.PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION",
                    ));
                }
                (_, Some(types)) => self.constant_lambda(function, plain.clone(), &types),
                (_, None) => plain.clone(),
            });
        }
        let sql = || self.printer().print_call(function, function.name, &complete);
        let bound = self.with_call(function, name, &complete, &call, false, &sql, bind.bind)?;
        let (data_type, nullable) = (bound.data_type.clone(), bound.nullable);
        let arguments = self.coerce_bodies(complete, &bound.arguments)?;
        let call = HigherOrderCall { function, name: function.name.into(), arguments, bound };
        Ok(Typed::new(TypedKind::HigherOrder(Box::new(call)), data_type, nullable, origin.clone()))
    }

    fn lambda(
        &self,
        names: &[String],
        body: &Expression,
        types: &[(SparkType, bool)],
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        if names.len() > types.len() {
            return Err(SparkError::new("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH")
                .param("expectedNumArgs", names.len().to_string())
                .param("actualNumArgs", types.len().to_string()));
        }
        // The same for equal lambdas, so that a grouping expression with one is found again.
        let depth = std::iter::successors(scope.lambda, |outer| outer.parent).count();
        let variables: Vec<_> = names
            .iter()
            .zip(types)
            .enumerate()
            .map(|(index, (name, (data_type, nullable)))| LambdaVariable {
                name: name.as_str().into(),
                unique: format!("{depth}.{index}").into(),
                data_type: data_type.clone(),
                nullable: *nullable,
            })
            .collect();
        let parameters: Vec<Arc<str>> = variables.iter().map(|variable| variable.unique.clone()).collect();
        let inner = LambdaScope { variables, parent: scope.lambda };
        let body = self.resolve_expression(body, &Scope { lambda: Some(&inner), ..*scope })?.into_unaliased();
        let (data_type, nullable) = (body.data_type.clone(), body.nullable);
        let kind = TypedKind::Lambda { parameters, body: Box::new(body) };
        Ok(Typed::new(kind, data_type, nullable, origin.clone()))
    }

    /// A plain value in a lambda's place: a lambda that does not look at its parameters.
    fn constant_lambda(&self, function: &Function, body: Typed, types: &[(SparkType, bool)]) -> Typed {
        // Their index parameter is there for lambdas that name it.
        let count = if matches!(function.name, "transform" | "filter") { 1 } else { types.len() };
        let parameters = (0..count).map(|index| format!("unused.{index}").into()).collect();
        let (data_type, nullable, origin) = (body.data_type.clone(), body.nullable, body.origin.clone());
        Typed::new(TypedKind::Lambda { parameters, body: Box::new(body) }, data_type, nullable, origin)
    }

    /// Casts values, and the bodies of lambdas.
    fn coerce_bodies(&self, arguments: Vec<Typed>, types: &[SparkType]) -> SparkResult<Vec<Typed>> {
        arguments
            .into_iter()
            .zip(types)
            .map(|(argument, to)| match argument.kind {
                TypedKind::Lambda { parameters, body } => {
                    let body = self.coerce(*body, to)?;
                    let nullable = body.nullable;
                    let kind = TypedKind::Lambda { parameters, body: Box::new(body) };
                    Ok(Typed::new(kind, to.clone(), nullable, argument.origin))
                }
                _ => self.coerce(argument, to),
            })
            .collect()
    }
}
