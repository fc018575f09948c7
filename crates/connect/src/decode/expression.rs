//! The protocol's expressions.

use std::sync::Arc;

use firesteel_base::identifier::parse_attribute_name;
use firesteel_base::types::SparkType;
use firesteel_base::{Origin, SparkError, SparkResult};
use firesteel_syntax::ir::expression::{
    Attribute, CastMode, Expression, ExpressionKind, FunctionCall, Star, TableArgument,
};
use firesteel_syntax::{parse_data_type, parse_expression, parse_multipart_identifier};
use spark_connect_proto as proto;
use spark_connect_proto::expression::cast::{CastToType, EvalMode};
use spark_connect_proto::expression::{self as message, ExprType};
use spark_connect_proto::subquery_expression::SubqueryType;

use super::{Decoder, data_type, invalid};

/// Lambdas have from one to so many parameters.
const LAMBDA_PARAMETERS_MAX: usize = 3;

impl<'a> Decoder<'a> {
    pub(super) fn expression(&self, expression: &proto::Expression) -> SparkResult<Expression> {
        let origin = super::origin(expression.common.as_ref().and_then(|common| common.origin.as_ref()));
        let unset = || invalid::not_set("Expression", "EXPRTYPE");
        let expr_type = expression.expr_type.as_ref().ok_or_else(unset)?;
        self.node(|| self.of_type(expr_type, &origin)).map_err(|error| error.at_if_unknown(&origin))
    }

    pub(super) fn expressions(&self, expressions: &[proto::Expression]) -> SparkResult<Vec<Expression>> {
        expressions.iter().map(|expression| self.expression(expression)).collect()
    }

    /// An expression that must be there; one that is not is as one without content.
    pub(super) fn required_expression(&self, expression: Option<&proto::Expression>) -> SparkResult<Expression> {
        match expression {
            Some(expression) => self.expression(expression),
            None => Err(invalid::not_set("Expression", "EXPRTYPE")),
        }
    }

    fn of_type(&self, expr_type: &ExprType, origin: &Origin) -> SparkResult<Expression> {
        let kind = match expr_type {
            // Text has places of its own.
            ExprType::ExpressionString(string) => return parse_expression(&string.expression, &self.options),
            ExprType::Literal(literal) => ExpressionKind::Literal(self.literal(literal)?),
            ExprType::UnresolvedAttribute(attribute) => self.attribute(attribute)?,
            ExprType::UnresolvedFunction(function) => self.function(function)?,
            ExprType::UnresolvedStar(star) => star_kind(star)?,
            ExprType::Alias(alias) => self.alias(alias)?,
            ExprType::Cast(cast) => self.cast(cast)?,
            ExprType::UnresolvedRegex(regex) => regex_kind(regex)?,
            ExprType::SortOrder(order) => ExpressionKind::SortOrder(Box::new(self.sort_order(order)?)),
            ExprType::LambdaFunction(lambda) => self.lambda(lambda)?,
            ExprType::Window(window) => self.window(window)?,
            ExprType::UnresolvedExtractValue(extract) => ExpressionKind::Extract {
                child: Box::new(self.required_expression(extract.child.as_deref())?),
                key: Box::new(self.required_expression(extract.extraction.as_deref())?),
            },
            ExprType::UpdateFields(update) => ExpressionKind::UpdateField {
                child: Box::new(self.required_expression(update.struct_expression.as_deref())?),
                field: update.field_name.clone(),
                value: update
                    .value_expression
                    .as_deref()
                    .map(|value| self.expression(value).map(Box::new))
                    .transpose()?,
            },
            ExprType::UnresolvedNamedLambdaVariable(variable) => {
                ExpressionKind::LambdaVariable(lambda_variable(variable)?)
            }
            ExprType::CommonInlineUserDefinedFunction(function) => user_defined_function(function),
            ExprType::CallFunction(call) => self.call(call)?,
            ExprType::NamedArgumentExpression(argument) => ExpressionKind::NamedArgument {
                name: argument.key.clone(),
                value: Box::new(self.required_expression(argument.value.as_deref())?),
            },
            ExprType::SubqueryExpression(subquery) => self.subquery(subquery)?,
            ExprType::MergeAction(_) => unsupported("MERGE actions"),
            ExprType::TypedAggregateExpression(_) => unsupported("typed aggregate functions of the JVM"),
            ExprType::DirectShufflePartitionId(_) => unsupported("repartitionById"),
            ExprType::Extension(any) => {
                return Err(invalid::plan("NO_HANDLER_FOR_EXTENSION").param("extensionTypeUrl", &any.type_url));
            }
        };
        Ok(Expression::new(kind, origin.clone()))
    }

    pub(super) fn data_type(&self, message: &proto::DataType) -> SparkResult<SparkType> {
        data_type::data_type(message, &self.options)
    }

    fn attribute(&self, attribute: &message::UnresolvedAttribute) -> SparkResult<ExpressionKind> {
        Ok(ExpressionKind::Attribute(Attribute {
            name: attribute_name(&attribute.unparsed_identifier)?,
            plan_id: attribute.plan_id,
            is_metadata_column: attribute.is_metadata_column.unwrap_or(false),
        }))
    }

    fn function(&self, function: &message::UnresolvedFunction) -> SparkResult<ExpressionKind> {
        let arguments = self.expressions(&function.arguments)?;
        if !function.is_user_defined_function && !function.is_distinct {
            // Two functions of the protocol are forms of their own in the language.
            match function.function_name.as_str() {
                "when" if arguments.len() >= 2 => return Ok(case(arguments)),
                "in" if !arguments.is_empty() => return Ok(in_list(arguments)),
                _ => {}
            }
        }
        let name = if function.is_user_defined_function {
            parse_multipart_identifier(&function.function_name, &self.options)?
        } else {
            vec![function.function_name.clone()]
        };
        Ok(ExpressionKind::Function(Box::new(FunctionCall {
            name,
            arguments,
            distinct: function.is_distinct,
            is_internal: function.is_internal.unwrap_or(false),
            ..FunctionCall::default()
        })))
    }

    fn call(&self, call: &proto::CallFunction) -> SparkResult<ExpressionKind> {
        Ok(ExpressionKind::Function(Box::new(FunctionCall {
            name: parse_multipart_identifier(&call.function_name, &self.options)?,
            arguments: self.expressions(&call.arguments)?,
            ..FunctionCall::default()
        })))
    }

    pub(super) fn alias(&self, alias: &message::Alias) -> SparkResult<ExpressionKind> {
        if alias.name.len() > 1 && alias.metadata.is_some() {
            return Err(invalid::plan("ALIAS_WITH_MULTIPLE_IDENTIFIERS_AND_METADATA"));
        }
        if alias.name.is_empty() {
            return Err(invalid::empty("Expression.Alias", "name"));
        }
        Ok(ExpressionKind::Alias {
            child: Box::new(self.required_expression(alias.expr.as_deref())?),
            names: alias.name.clone(),
            metadata: alias.metadata.as_deref().map(Arc::from),
        })
    }

    fn cast(&self, cast: &message::Cast) -> SparkResult<ExpressionKind> {
        let child = Box::new(self.required_expression(cast.expr.as_deref())?);
        let to = match &cast.cast_to_type {
            Some(CastToType::Type(data_type)) => self.data_type(data_type)?,
            Some(CastToType::TypeStr(text)) => {
                parse_data_type(text, &self.options).map_err(firesteel_base::SparkError::without_places)?
            }
            None => return Err(invalid::not_set("Expression.Cast", "CASTTOTYPE")),
        };
        let mode = match EvalMode::try_from(cast.eval_mode) {
            Ok(EvalMode::Unspecified) => CastMode::Session,
            Ok(EvalMode::Legacy) => CastMode::Legacy,
            Ok(EvalMode::Ansi) => CastMode::Ansi,
            Ok(EvalMode::Try) => CastMode::Try,
            Err(_) => return Err(invalid::enumeration("Expression.Cast.eval_mode", "UNRECOGNIZED", cast.eval_mode)),
        };
        Ok(ExpressionKind::Cast { child, to, mode })
    }

    fn lambda(&self, lambda: &message::LambdaFunction) -> SparkResult<ExpressionKind> {
        if lambda.arguments.is_empty() || lambda.arguments.len() > LAMBDA_PARAMETERS_MAX {
            return Err(invalid::plan("LAMBDA_FUNCTION_ARGUMENT_COUNT_INVALID")
                .param("got", lambda.arguments.len().to_string()));
        }
        let parameters: SparkResult<Vec<String>> = lambda.arguments.iter().map(lambda_variable).collect();
        let body = Box::new(self.required_expression(lambda.function.as_deref())?);
        Ok(ExpressionKind::Lambda { parameters: parameters?, body })
    }

    /// A subquery by the id of its plan, which stands in a `WithRelations` around.
    fn subquery(&self, subquery: &proto::SubqueryExpression) -> SparkResult<ExpressionKind> {
        let query = self.referenced(subquery.plan_id)?;
        Ok(match SubqueryType::try_from(subquery.subquery_type) {
            Ok(SubqueryType::Scalar) => ExpressionKind::ScalarSubquery(Box::new(query)),
            Ok(SubqueryType::Exists) => ExpressionKind::Exists(Box::new(query)),
            Ok(SubqueryType::In) => ExpressionKind::InSubquery {
                values: self.expressions(&subquery.in_subquery_values)?,
                query: Box::new(query),
            },
            Ok(SubqueryType::TableArg) => {
                let mut argument = TableArgument {
                    query,
                    partition_by: Vec::new(),
                    order_by: Vec::new(),
                    with_single_partition: false,
                };
                if let Some(options) = &subquery.table_arg_options {
                    argument.partition_by = self.expressions(&options.partition_spec)?;
                    argument.order_by = self.sort_orders(&options.order_spec)?;
                    argument.with_single_partition = options.with_single_partition.unwrap_or(false);
                }
                ExpressionKind::TableArgument(Box::new(argument))
            }
            Ok(SubqueryType::Unknown) | Err(_) => {
                return Err(invalid::enumeration(
                    "SubqueryExpression.subquery_type",
                    "SUBQUERY_TYPE_UNKNOWN",
                    subquery.subquery_type,
                ));
            }
        })
    }
}

fn unsupported(feature: &str) -> ExpressionKind {
    ExpressionKind::Unsupported(feature.to_owned())
}

/// The parts of a name as DataFrame programs write it.
pub(super) fn attribute_name(name: &str) -> SparkResult<Vec<String>> {
    parse_attribute_name(name).ok_or_else(|| SparkError::new("INVALID_ATTRIBUTE_NAME_SYNTAX").param("name", name))
}

fn star_kind(star: &message::UnresolvedStar) -> SparkResult<ExpressionKind> {
    let target = match (&star.unparsed_target, star.plan_id) {
        (None, _) => None,
        (Some(_), Some(_)) => return Err(invalid::plan("UNRESOLVED_STAR_WITH_BOTH_TARGET_AND_PLAN_ID")),
        (Some(target), None) => {
            let name = target
                .strip_suffix(".*")
                .ok_or_else(|| invalid::plan("UNRESOLVED_STAR_TARGET_INVALID").param("target", target))?;
            Some(attribute_name(name)?)
        }
    };
    Ok(ExpressionKind::Star(Star { target, plan_id: star.plan_id, except: Vec::new() }))
}

/// A pattern between back-ticks; anything else is a plain name.
fn regex_kind(regex: &message::UnresolvedRegex) -> SparkResult<ExpressionKind> {
    let name = regex.col_name.as_str();
    let quoted = name.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).filter(|inner| !inner.is_empty());
    match quoted {
        Some(pattern) => Ok(ExpressionKind::Regex { pattern: pattern.to_owned(), table: None, plan_id: regex.plan_id }),
        None if name.ends_with('`') => Ok(unsupported("colRegex with a table's name")),
        None => Ok(ExpressionKind::Attribute(Attribute {
            name: attribute_name(name)?,
            plan_id: regex.plan_id,
            is_metadata_column: false,
        })),
    }
}

fn lambda_variable(variable: &message::UnresolvedNamedLambdaVariable) -> SparkResult<String> {
    if variable.name_parts.is_empty() {
        return Err(invalid::plan("UNRESOLVED_NAMED_LAMBDA_VARIABLE_REQUIRES_NAME_PART"));
    }
    Ok(variable.name_parts.join("."))
}

/// `when(c1, v1, c2, v2, …, otherwise)`
fn case(arguments: Vec<Expression>) -> ExpressionKind {
    let mut branches = Vec::new();
    let mut otherwise = None;
    let mut arguments = arguments.into_iter();
    while let Some(first) = arguments.next() {
        match arguments.next() {
            Some(value) => branches.push((first, value)),
            None => otherwise = Some(Box::new(first)),
        }
    }
    ExpressionKind::Case { branches, otherwise }
}

fn in_list(mut arguments: Vec<Expression>) -> ExpressionKind {
    let child = Box::new(arguments.remove(0));
    ExpressionKind::InList { child, list: arguments }
}

fn user_defined_function(function: &proto::CommonInlineUserDefinedFunction) -> ExpressionKind {
    use proto::common_inline_user_defined_function::Function;
    let what = match &function.function {
        Some(Function::PythonUdf(_)) => "Python user-defined function",
        Some(Function::ScalarScalaUdf(_)) => "Scala user-defined function",
        Some(Function::JavaUdf(_)) => "Java user-defined function",
        None => "user-defined function without a language",
    };
    ExpressionKind::Unsupported(format!("{what} {}", function.function_name))
}
