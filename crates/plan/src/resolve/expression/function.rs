//! Function calls: looked up by name, bound to their arguments' types, arguments cast.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use firesteel_base::error::quoting::to_sql_expr;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::function::{Bind, Function};
use firesteel_functions::{Argument, Call, registry};
use firesteel_syntax::ir::expression::{Expression, ExpressionKind, FunctionCall};

use super::named::arranged;
use crate::resolver::Resolver;
use crate::scope::{Scope, quote_parts};
use crate::typed::{AggregateCall, GeneratorCall, ScalarCall, SortKey, Typed, TypedKind};

impl Resolver<'_> {
    /// A call by name.
    pub fn function(&self, call: &FunctionCall, scope: &Scope<'_>, origin: &Origin) -> SparkResult<Typed> {
        if let Some(function) = self.sources.function(&call.name) {
            return self.user_function(&function, call, scope, origin);
        }
        let name = builtin_name(&call.name).ok_or_else(|| self.unresolved_routine(&call.name))?;
        if let Some(special) = self.special_form(&name, call, scope, origin)? {
            return Ok(special);
        }
        let function = registry::find(&name).ok_or_else(|| self.unresolved_routine(&call.name))?;
        if let Bind::HigherOrder(bind) = &function.bind {
            return self.higher_order(function, bind, &name, &call.arguments, scope, origin);
        }
        let call = &*arranged(function, &name, call)?;
        let inner = if function.is_aggregate() { scope.input_first() } else { *scope };
        let mut arguments = self.arguments(&name, call.distinct, &call.arguments, &inner)?;
        let keyed;
        let call = match call.order_within_group.as_slice() {
            [order] if matches!(function.name, "percentile_cont" | "percentile_disc") => {
                check_arity_of(1, &name, arguments.len())?;
                let descending = !order.ascending;
                arguments.push(self.resolve_expression(&order.child, &inner)?.into_unaliased());
                arguments.push(Typed::literal(ScalarValue::Boolean(Some(descending)), SparkType::Boolean));
                keyed = FunctionCall { order_within_group: Vec::new(), ..call.clone() };
                &keyed
            }
            _ => call,
        };
        if !function.is_aggregate() {
            return self.bind_by_name(call, arguments, false, origin);
        }
        let filter = call.filter.as_ref().map(|filter| self.aggregate_filter(filter, &inner)).transpose()?;
        let order_by: SparkResult<Vec<_>> = call
            .order_within_group
            .iter()
            .map(|order| Ok(self.sort_key(order, self.resolve_expression(&order.child, &inner)?)))
            .collect();
        let (arguments, order_by) = ordered_arguments(function, arguments, order_by?);
        let mut typed = self.bind_by_name(call, arguments, false, origin)?;
        if let TypedKind::Aggregate(aggregate) = &mut typed.kind {
            aggregate.filter = filter;
            aggregate.order_by = order_by;
        }
        Ok(typed)
    }

    /// `FILTER (WHERE …)`
    fn aggregate_filter(&self, condition: &Expression, scope: &Scope<'_>) -> SparkResult<Typed> {
        let typed = self.resolve_expression(condition, scope)?.into_unaliased();
        if typed.data_type == SparkType::Boolean {
            return Ok(typed);
        }
        Err(SparkError::new("INVALID_AGGREGATE_FILTER.NOT_BOOLEAN")
            .param("filterExpr", to_sql_expr(&self.printer().print(&typed))))
    }

    /// The arguments of a call; `count(*)` counts rows, other stars stand for all columns.
    fn arguments(
        &self,
        name: &str,
        is_distinct: bool,
        arguments: &[Expression],
        scope: &Scope<'_>,
    ) -> SparkResult<Vec<Typed>> {
        let counts_rows = name == "count"
            && !is_distinct
            && matches!(arguments, [Expression { kind: ExpressionKind::Star(star), .. }] if star.target.is_none() && star.except.is_empty());
        if counts_rows {
            return Ok(vec![Typed::literal(ScalarValue::Int32(Some(1)), SparkType::Integer)]);
        }
        let resolved = self.resolve_list(arguments, scope)?;
        Ok(resolved.into_iter().map(Typed::into_unaliased).collect())
    }

    /// No function has this name.
    pub fn unresolved_routine(&self, name: &[String]) -> SparkError {
        let is_known =
            |catalog: &String| ["spark_catalog", "system"].iter().any(|known| catalog.eq_ignore_ascii_case(known));
        let is_too_deep = match name {
            [catalog, _, _] => !is_known(catalog),
            name => name.len() > 3,
        };
        if is_too_deep {
            return SparkError::new("REQUIRES_SINGLE_PART_NAMESPACE")
                .param("sessionCatalog", "spark_catalog")
                .param("identifier", quote_parts(name));
        }
        SparkError::new("UNRESOLVED_ROUTINE")
            .param("routineName", quote_parts(name))
            .param("searchPath", self.context.search_path())
    }

    /// Binds a call whose arguments are resolved.
    pub fn bind_by_name(
        &self,
        call: &FunctionCall,
        arguments: Vec<Typed>,
        is_windowed: bool,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        let name = builtin_name(&call.name).ok_or_else(|| self.unresolved_routine(&call.name))?;
        // The sign that the parser met, unlike the function of that name, prints as one.
        let known = if call.is_internal && name == "negative" { "-" } else { name.as_str() };
        let function = registry::find(known).ok_or_else(|| self.unresolved_routine(&call.name))?;
        check_arity(function, &name, arguments.len())?;
        refuse_aggregate_syntax(function, &name, call)?;
        let printed: Arc<str> = if function.prints_alias { name.as_str().into() } else { function.name.into() };
        if matches!(function.bind, Bind::Generator(_)) && arguments.iter().any(Typed::has_generator) {
            let expression = to_sql_expr(&self.printer().print_call(function, &printed, &arguments));
            return Err(SparkError::new("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS").param("expression", expression));
        }
        let arguments = self.with_one_collation(function, &printed, arguments)?;
        let sql = || self.printer().print_call(function, &printed, &arguments);
        let bound = self.with_call(function, &name, &arguments, call, is_windowed, &sql, |bind_call| {
            Ok(match &function.bind {
                Bind::Scalar(bind) => Bound::Scalar(bind(bind_call)?),
                Bind::Aggregate(bind) => Bound::Aggregate(bind(bind_call)?),
                Bind::Generator(bind) => Bound::Generator(bind(bind_call)?),
                Bind::Window(_) => {
                    return Err(SparkError::new("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE")
                        .param("funcName", to_sql_expr(&bind_call.sql())));
                }
                Bind::HigherOrder(_) => {
                    return Err(SparkError::internal("a higher-order function was bound as a scalar"));
                }
            })
        })?;
        self.bound_call(function, printed, arguments, bound, call, origin)
    }

    fn bound_call(
        &self,
        function: &'static Function,
        name: Arc<str>,
        arguments: Vec<Typed>,
        bound: Bound,
        call: &FunctionCall,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        let (kind, data_type, nullable) = match bound {
            Bound::Scalar(bound) => {
                let arguments = self.coerce_all(arguments, &bound.arguments)?;
                let types: Vec<_> = arguments.iter().map(|argument| argument.data_type.clone()).collect();
                let bound = firesteel_functions::collation::collated(function, &types, bound)?;
                let (data_type, nullable) = (bound.data_type.clone(), bound.nullable);
                (TypedKind::Scalar(Box::new(ScalarCall { function, name, arguments, bound })), data_type, nullable)
            }
            Bound::Aggregate(bound) => {
                let arguments = self.coerce_all(arguments, &bound.arguments)?;
                let types: Vec<_> = arguments.iter().map(|argument| argument.data_type.clone()).collect();
                firesteel_functions::collation::check_aggregate(function, &types, call.distinct)?;
                let (data_type, nullable) = (bound.data_type.clone(), bound.nullable);
                let aggregate = AggregateCall {
                    function,
                    name,
                    arguments,
                    bound,
                    is_distinct: call.distinct,
                    filter: None,
                    order_by: Vec::new(),
                    ignore_nulls: call.ignore_nulls,
                };
                (TypedKind::Aggregate(Box::new(aggregate)), data_type, nullable)
            }
            Bound::Generator(bound) => {
                let arguments = self.coerce_all(arguments, &bound.arguments)?;
                let data_type = bound.output.first().map_or(SparkType::Null, |(_, data_type, _)| data_type.clone());
                let nullable = bound.output.first().is_none_or(|(_, _, nullable)| *nullable);
                (
                    TypedKind::Generator(Box::new(GeneratorCall { function, name, arguments, bound })),
                    data_type,
                    nullable,
                )
            }
        };
        Ok(Typed::new(kind, data_type, nullable, origin.clone()))
    }

    pub fn coerce_all(&self, arguments: Vec<Typed>, types: &[SparkType]) -> SparkResult<Vec<Typed>> {
        if arguments.len() != types.len() {
            return Err(SparkError::internal("a function was bound with another number of arguments"));
        }
        arguments.into_iter().zip(types).map(|(argument, to)| self.coerce(argument, to)).collect()
    }

    /// Makes the [`Call`] that binding sees and hands it to `bind`.
    #[expect(clippy::too_many_arguments, reason = "the parts of one call")]
    pub fn with_call<T>(
        &self,
        function: &'static Function,
        called_as: &str,
        arguments: &[Typed],
        call: &FunctionCall,
        is_windowed: bool,
        sql: &dyn Fn() -> String,
        bind: impl FnOnce(&Call<'_>) -> SparkResult<T>,
    ) -> SparkResult<T> {
        let printers: Vec<Box<dyn Fn() -> String + '_>> = arguments
            .iter()
            .map(|argument| Box::new(move || self.printer().print(argument)) as Box<dyn Fn() -> String + '_>)
            .collect();
        let bind_arguments: SparkResult<Vec<_>> = arguments
            .iter()
            .zip(&printers)
            .map(|(argument, printer)| {
                let is_foldable = self.is_foldable(argument);
                Ok(Argument {
                    data_type: argument.data_type.clone(),
                    nullable: argument.nullable,
                    constant: if is_foldable { self.fold(argument).ok().flatten() } else { None },
                    is_literal: matches!(argument.kind, TypedKind::Literal(_)),
                    is_foldable,
                    printer: printer.as_ref(),
                })
            })
            .collect();
        bind(&Call {
            function,
            called_as,
            arguments: bind_arguments?,
            context: &self.bind,
            is_distinct: call.distinct,
            ignore_nulls: call.ignore_nulls,
            is_windowed,
            printer: sql,
        })
    }
}

/// What binding a call gave.
enum Bound {
    Scalar(firesteel_functions::Scalar),
    Aggregate(firesteel_functions::Aggregate),
    Generator(firesteel_functions::Generator),
}

/// The function's own name if it is built in: bare, or qualified by `builtin` or `system.builtin`.
pub fn builtin_name(parts: &[String]) -> Option<String> {
    let (last, qualifier) = parts.split_last()?;
    let qualifier: Vec<_> = qualifier.iter().map(|part| part.to_lowercase()).collect();
    match qualifier.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["builtin"] | ["system", "builtin"] => Some(last.to_lowercase()),
        _ => None,
    }
}

pub fn check_arity(function: &Function, name: &str, given: usize) -> SparkResult<()> {
    let (least, most) = (function.least_arguments, function.most_arguments);
    if (least..=most).contains(&given) {
        return Ok(());
    }
    let expected = if least == most {
        least.to_string()
    } else if most == usize::MAX {
        format!("> {}", least.saturating_sub(1))
    } else {
        let counts: Vec<_> = (least..=most).map(|count| count.to_string()).collect();
        format!("[{}]", counts.join(", "))
    };
    Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
        .param("functionName", format!("`{name}`"))
        .param("expectedNum", expected)
        .param("actualNum", given.to_string())
        .param("docroot", "https://spark.apache.org/docs/latest"))
}

/// As [`check_arity`], of a function that takes a fixed number.
fn check_arity_of(expected: usize, name: &str, given: usize) -> SparkResult<()> {
    if given == expected {
        return Ok(());
    }
    Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
        .param("functionName", format!("`{name}`"))
        .param("expectedNum", expected.to_string())
        .param("actualNum", given.to_string())
        .param("docroot", "https://spark.apache.org/docs/latest"))
}

/// `DISTINCT`, `FILTER` and `IGNORE NULLS` mean nothing to functions that are no aggregates.
fn refuse_aggregate_syntax(function: &Function, name: &str, call: &FunctionCall) -> SparkResult<()> {
    if function.is_aggregate() || matches!(function.bind, Bind::Window(_)) {
        return Ok(());
    }
    let syntax = if call.distinct {
        "DISTINCT"
    } else if call.filter.is_some() {
        "FILTER clause"
    } else if !call.order_within_group.is_empty() {
        "WITHIN GROUP (ORDER BY ...)"
    } else if call.ignore_nulls == Some(true) {
        "IGNORE NULLS"
    } else {
        return Ok(());
    };
    Err(SparkError::new("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX")
        .param("prettyName", format!("`{name}`"))
        .param("syntax", syntax))
}

/// `mode() WITHIN GROUP` takes what it orders by as its argument, with the direction behind it.
fn ordered_arguments(
    function: &Function,
    mut arguments: Vec<Typed>,
    mut order_by: Vec<SortKey>,
) -> (Vec<Typed>, Vec<SortKey>) {
    let flag = |value: bool| Typed::literal(ScalarValue::Boolean(Some(value)), SparkType::Boolean);
    if function.name != "mode" || !arguments.is_empty() || order_by.len() != 1 {
        return (arguments, order_by);
    }
    for key in order_by.drain(..) {
        arguments.push(key.child);
        arguments.push(flag(!key.ascending));
        arguments.push(flag(key.ascending));
    }
    (arguments, order_by)
}
