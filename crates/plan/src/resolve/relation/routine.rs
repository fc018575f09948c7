//! Calls of functions that users wrote, and session variables: the body or the value stands in their place.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use firesteel_base::error::to_sql_type;
use firesteel_base::identifier::{quote_if_needed, quote_name_parts};
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::cast::can_cast;
use firesteel_syntax::ir::expression::{Expression, ExpressionKind, FunctionCall};
use firesteel_syntax::ir::relation::TableFunction;
use firesteel_syntax::ir::routine::{FunctionBody, Returns};

use crate::analysis::{LocalScope, Variable};
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::routine::UserFunction;
use crate::scope::{Parameters, Scope};
use crate::typed::{Alias, Substituted, Typed, TypedKind};

impl Resolver<'_> {
    /// A call of a scalar function that a user wrote.
    pub fn user_function(
        &self,
        function: &UserFunction,
        call: &FunctionCall,
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        if function.is_table_function() {
            return Err(
                SparkError::new("NOT_A_SCALAR_FUNCTION").param("functionName", quote_name_parts(&function.name))
            );
        }
        if call.distinct || call.filter.is_some() || call.ignore_nulls.is_some() {
            return Err(SparkError::new("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX")
                .param("prettyName", quote_name_parts(&function.name))
                .param("syntax", if call.distinct { "DISTINCT" } else { "FILTER clause" }));
        }
        let parameters = self.bound_parameters(function, &call.arguments, scope)?;
        let printed: Vec<String> = parameters.printed;
        let printed: Arc<str> = format!("{}({})", function.display_name(), printed.join(", ")).into();
        let body_scope = Scope { parameters: Some(&parameters.values), ..Scope::empty(Environment::default()) };
        let body = match &function.definition.body {
            FunctionBody::Expression { expression, .. } => {
                self.resolve_expression(expression, &body_scope)?.into_unaliased()
            }
            FunctionBody::Query { query, .. } => self.scalar_subquery(query, &body_scope, origin)?,
        };
        let child = match &function.definition.returns {
            Returns::Scalar(data_type) => self.routine_cast(body, data_type)?,
            Returns::Unspecified | Returns::Table(_) => body,
        };
        let (data_type, nullable) = (child.data_type.clone(), child.nullable);
        let substituted = Substituted { child, title: Arc::clone(&printed), printed };
        Ok(Typed::new(TypedKind::Substituted(Box::new(substituted)), data_type, nullable, origin.clone()))
    }

    /// A value as a parameter or a result of this type takes it.
    fn routine_cast(&self, value: Typed, to: &SparkType) -> SparkResult<Typed> {
        let to = crate::char_varchar::plain_type(to);
        if !can_cast(&value.data_type, &to, self.session_cast()) {
            return Err(SparkError::new("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION")
                .param("sqlExpr", firesteel_base::error::quoting::to_sql_expr(&self.printer().print(&value)))
                .param("srcType", to_sql_type(&value.data_type))
                .param("targetType", to_sql_type(&to)));
        }
        self.coerce(value, &to)
    }

    /// What a call gives for each parameter: by position, by name, or the default.
    fn bound_parameters(
        &self,
        function: &UserFunction,
        arguments: &[Expression],
        scope: &Scope<'_>,
    ) -> SparkResult<Bound> {
        let definitions = &function.definition.parameters;
        let name = function.name.last().cloned().unwrap_or_default();
        let mut given: Vec<Option<&Expression>> = vec![None; definitions.len()];
        let mut has_named = false;
        for (index, argument) in arguments.iter().enumerate() {
            if let ExpressionKind::NamedArgument { name: parameter, value } = &argument.kind {
                has_named = true;
                let place = definitions
                    .iter()
                    .position(|known| known.name.last().is_some_and(|known| self.same_name(known, parameter)));
                let Some(place) = place else { return Err(self.unknown_parameter(function, parameter)) };
                let Some(slot) = given.get_mut(place) else { continue };
                if slot.replace(value).is_some() {
                    return Err(SparkError::new("DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED")
                        .param("routineName", quote_name_parts(&function.name))
                        .param("parameterName", firesteel_base::identifier::quote_identifier(parameter)));
                }
                continue;
            }
            if has_named {
                return Err(SparkError::new("UNEXPECTED_POSITIONAL_ARGUMENT")
                    .param("routineName", quote_name_parts(&function.name))
                    .param("parameterName", firesteel_base::identifier::quote_identifier(&name)));
            }
            match given.get_mut(index) {
                Some(slot) => *slot = Some(argument),
                None => return Err(self.wrong_count(function, arguments.len())),
            }
        }
        let defaults = function.defaults();
        let mut values = Vec::with_capacity(definitions.len());
        let mut printed = Vec::with_capacity(definitions.len());
        for (index, definition) in definitions.iter().enumerate() {
            let value = match (given.get(index).copied().flatten(), defaults.get(index).copied().flatten()) {
                (Some(argument), _) => self.resolve_expression(argument, scope)?.into_unaliased(),
                (None, Some(default)) => {
                    self.resolve_expression(default, &Scope::empty(Environment::default()))?.into_unaliased()
                }
                (None, None) => return Err(self.wrong_count(function, arguments.len())),
            };
            if given.get(index).copied().flatten().is_some() {
                printed.push(self.printer().print(&value));
            }
            let value = self.routine_cast(value, &definition.data_type)?;
            values.push((definition.name.last().cloned().unwrap_or_default(), value));
        }
        Ok(Bound { printed, values: Parameters { function: name, values } })
    }

    fn wrong_count(&self, function: &UserFunction, given: usize) -> SparkError {
        // Those with a default count too.
        let expected = function.definition.parameters.len().to_string();
        SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .param("functionName", quote_name_parts(&function.name))
            .param("expectedNum", expected)
            .param("actualNum", given.to_string())
            .param("docroot", "https://spark.apache.org/docs/latest")
    }

    fn unknown_parameter(&self, function: &UserFunction, name: &str) -> SparkError {
        let known: Vec<Vec<String>> =
            function.definition.parameters.iter().map(|parameter| parameter.name.clone()).collect();
        let proposal = firesteel_base::suggestion::suggest(name, &known).join(" ");
        SparkError::new("UNRECOGNIZED_PARAMETER_NAME")
            .param("routineName", quote_name_parts(&function.name))
            .param("argumentName", firesteel_base::identifier::quote_identifier(name))
            .param("proposal", proposal)
    }

    /// A call of a table function that a user wrote.
    pub fn user_table_function(
        &self,
        function: &UserFunction,
        call: &TableFunction,
        environment: Environment<'_>,
        origin: &Origin,
    ) -> SparkResult<Resolved> {
        let Returns::Table(columns) = &function.definition.returns else {
            return Err(SparkError::new("NOT_A_TABLE_FUNCTION")
                .param("functionName", quote_name_parts(&function.name))
                .at(origin));
        };
        let FunctionBody::Query { query, .. } = &function.definition.body else {
            return Err(SparkError::internal("a table function without a query"));
        };
        let arguments_scope = match environment.outer {
            Some(outer) => {
                Scope { environment: Environment { outer: Some(outer), ..environment }, ..Scope::empty(environment) }
            }
            None => Scope::empty(environment),
        };
        let parameters = self.bound_parameters(function, &call.arguments, &arguments_scope)?;
        let body_scope = Scope { parameters: Some(&parameters.values), ..Scope::empty(Environment::default()) };
        let inner = Environment { outer: Some(&body_scope), ..Environment::default() };
        let resolved = self.resolve_relation(query, inner)?;
        let mut selected = Vec::with_capacity(resolved.output.len());
        for (index, attribute) in resolved.output.iter().enumerate() {
            let declared = columns.get(index);
            let child = match declared {
                Some(column) => self.routine_cast(Typed::column(attribute), &column.data_type)?,
                None => Typed::column(attribute),
            };
            let name: Arc<str> = declared
                .and_then(|column| column.name.last())
                .map_or_else(|| attribute.name.clone(), |name| name.as_str().into());
            let (data_type, nullable) = (child.data_type.clone(), child.nullable);
            let alias = Alias { child, names: vec![name], metadata: None };
            selected.push(Typed::new(TypedKind::Alias(Box::new(alias)), data_type, nullable, Origin::Unknown));
        }
        let resolved = self.project_typed(Resolved { block: None, ..resolved }, selected)?;
        let (name, qualifier) =
            function.name.split_last().ok_or_else(|| SparkError::internal("a function without a name"))?;
        self.aliased_relation(resolved, name, qualifier, &[])
    }

    /// The value of a parameter of the function whose body the scope is.
    pub fn find_parameter(&self, parts: &[String], scope: &Scope<'_>, origin: &Origin) -> SparkResult<Option<Typed>> {
        let Some(parameters) = scope.parameters else { return Ok(None) };
        let find = |name: &str| parameters.values.iter().find(|(known, _)| self.same_name(known, name));
        let (value, fields) = match parts {
            [function, name, fields @ ..] if self.same_name(function, &parameters.function) && find(name).is_some() => {
                (find(name), fields)
            }
            [name, fields @ ..] => (find(name), fields),
            [] => return Ok(None),
        };
        match value {
            Some((_, value)) => self.fields(value.clone(), fields, origin).map(Some),
            None => Ok(None),
        }
    }

    /// The value of a variable, and fields of it. Those of a script hide the session's.
    pub fn find_variable(&self, parts: &[String], origin: &Origin) -> SparkResult<Option<Typed>> {
        let found = match self.find_local_variable(parts) {
            Some(found) => Some(found),
            None => self.find_session_variable(parts),
        };
        let Some((variable, qualifier, fields)) = found else { return Ok(None) };
        let child = Typed::literal(variable.value.clone(), variable.data_type.clone());
        let shown = self.shown_value(&child, &variable.value);
        let printed = format!("variablereference({qualifier}.{}={shown})", variable.name.to_lowercase());
        let (data_type, nullable) = (child.data_type.clone(), variable.value.is_null());
        let title = parts.get(parts.len() - fields.len() - 1).map_or("", String::as_str);
        let substituted = Substituted { child, printed: printed.into(), title: title.into() };
        let typed = Typed::new(TypedKind::Substituted(Box::new(substituted)), data_type, nullable, origin.clone());
        self.fields(typed, fields, origin).map(Some)
    }

    /// A variable of the innermost block that has it, what qualifies it, and the parts behind its name.
    fn find_local_variable<'p>(&self, parts: &'p [String]) -> Option<(&Variable, String, &'p [String])> {
        let scopes = || self.context.local_variables.iter().rev();
        let qualifier = |scope: &LocalScope| format!("local.{}", quote_if_needed(&scope.label));
        if let [label, name, fields @ ..] = parts {
            let found = scopes().filter(|scope| scope.label.eq_ignore_ascii_case(label)).find_map(|scope| {
                let variable = scope.variables.get(&name.to_lowercase())?;
                Some((variable, qualifier(scope), fields))
            });
            if found.is_some() {
                return found;
            }
        }
        let (name, fields) = parts.split_first()?;
        let name = name.to_lowercase();
        scopes().find_map(|scope| Some((scope.variables.get(&name)?, qualifier(scope), fields)))
    }

    fn find_session_variable<'p>(&self, parts: &'p [String]) -> Option<(&Variable, String, &'p [String])> {
        let variables = &self.context.variables;
        if variables.is_empty() {
            return None;
        }
        let is = |part: &String, word: &str| part.eq_ignore_ascii_case(word);
        let find = |name: &String| variables.get(&name.to_lowercase());
        let (variable, fields) = match parts {
            [system, session, name, fields @ ..]
                if is(system, "system") && is(session, "session") && find(name).is_some() =>
            {
                (find(name), fields)
            }
            [session, name, fields @ ..] if is(session, "session") && find(name).is_some() => (find(name), fields),
            [name, fields @ ..] => (find(name), fields),
            [] => return None,
        };
        Some((variable?, "system.session".to_owned(), fields))
    }

    /// The value as SQL would write it.
    fn shown_value(&self, literal: &Typed, value: &ScalarValue) -> String {
        let printed = self.printer().print(literal);
        match (value.is_null(), &literal.data_type) {
            (true, SparkType::Null) => "NULL".to_owned(),
            (true, data_type) => format!("CAST(NULL AS {})", data_type.sql()),
            (false, SparkType::String { .. }) => format!("'{}'", printed.replace('\\', "\\\\").replace('\'', "\\'")),
            (false, SparkType::Double) => format!("{printed}D"),
            (false, _) => printed,
        }
    }
}

/// The parameters of a call with how its arguments are printed.
struct Bound {
    printed: Vec<String>,
    values: Parameters,
}
