//! Unresolved expressions to typed ones: one function a kind; the kinds with more to them have files of their own.

mod coerce;
mod collation;
mod fold;
mod function;
mod higher_order;
mod literal;
mod named;
mod special;
mod star;
mod subquery;
mod window;

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use firesteel_base::error::quoting::{to_sql_expr, to_sql_type};
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::cast::{CastMode, can_cast, cast_is_nullable, cast_mismatch};
use firesteel_syntax::ir::expression::{
    CastMode as RequestedCast, Expression, ExpressionKind, FunctionCall, NullOrder, Parameter, SortOrder,
};

use crate::resolver::Resolver;
use crate::scope::Scope;
use crate::typed::{Alias, Case, Cast, SortKey, Typed, TypedKind};

/// The branches of a `CASE`, and what is behind `ELSE`.
type CaseParts = (Vec<(Typed, Typed)>, Option<Typed>);

impl Resolver<'_> {
    /// Resolves one expression. Stars and other expressions that stand for several are expanded by
    /// [`Self::resolve_list`].
    pub fn resolve_expression(&self, expression: &Expression, scope: &Scope<'_>) -> SparkResult<Typed> {
        let typed = self.deeper(|| self.resolve_kind(expression, scope));
        typed.map_err(|error| error.at_if_unknown(&expression.origin))
    }

    fn resolve_kind(&self, expression: &Expression, scope: &Scope<'_>) -> SparkResult<Typed> {
        let origin = &expression.origin;
        match &expression.kind {
            ExpressionKind::Literal(literal) => Ok(self.literal(literal)?.at(origin)),
            ExpressionKind::Attribute(name) => self.resolve_name(name, scope, origin),
            ExpressionKind::Star(_) => Err(SparkError::new("INVALID_USAGE_OF_STAR_OR_REGEX")
                .param("elem", "'*'")
                .param("prettyName", "expression")),
            ExpressionKind::Regex { .. } => Err(SparkError::new("INVALID_USAGE_OF_STAR_OR_REGEX")
                .param("elem", "regular expression")
                .param("prettyName", "expression")),
            ExpressionKind::Function(call) => self.function(call, scope, origin),
            ExpressionKind::NamedArgument { name, .. } => {
                Err(SparkError::unsupported(format!("the named argument {name} of a function")))
            }
            ExpressionKind::Alias { child, names, metadata } => {
                self.alias(child, names, metadata.clone(), scope, origin)
            }
            ExpressionKind::Cast { child, to, mode } => {
                let child = self.resolve_expression(child, scope)?;
                self.explicit_cast(child, to, *mode, origin)
            }
            ExpressionKind::Case { branches, otherwise } => {
                let branches: SparkResult<Vec<_>> = branches
                    .iter()
                    .map(|(condition, value)| {
                        Ok((self.resolve_expression(condition, scope)?, self.resolve_expression(value, scope)?))
                    })
                    .collect();
                let otherwise = otherwise.as_ref().map(|value| self.resolve_expression(value, scope)).transpose()?;
                self.case(branches?, otherwise, origin)
            }
            ExpressionKind::Lambda { .. } => {
                Err(SparkError::new("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION")
                    .param("class", "function"))
            }
            ExpressionKind::LambdaVariable(name) => {
                let parts = [name.clone()];
                let found = self.find_name(&parts, scope, origin)?;
                found.ok_or_else(|| {
                    SparkError::new("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION").param("objectName", format!("`{name}`"))
                })
            }
            ExpressionKind::Window(window) => self.window(window, scope, origin),
            ExpressionKind::Extract { child, key } => {
                let child = self.resolve_expression(child, scope)?;
                let key = self.resolve_expression(key, scope)?;
                self.extract(child, key, origin)
            }
            ExpressionKind::UpdateField { child, field, value } => {
                let child = self.resolve_expression(child, scope)?;
                let value = value.as_ref().map(|value| self.resolve_expression(value, scope)).transpose()?;
                self.update_field(child, field, value, origin)
            }
            ExpressionKind::InList { child, list } => {
                let child = self.resolve_expression(child, scope)?;
                let list = self.resolve_list(list, scope)?;
                self.in_list(child, list, origin)
            }
            ExpressionKind::InSubquery { values, query } => self.in_subquery(values, query, scope, origin),
            ExpressionKind::Exists(query) => self.exists(query, scope, origin),
            ExpressionKind::ScalarSubquery(query) => self.scalar_subquery(query, scope, origin),
            ExpressionKind::TableArgument(_) => Err(SparkError::unsupported("a TABLE argument here")),
            ExpressionKind::Like(like) => self.like(like, scope, origin),
            ExpressionKind::Collate { child, collation } => self.collate(child, collation, scope, origin),
            ExpressionKind::ExtractDatetime { field, source } => {
                let field = ScalarValue::Utf8(Some(field.clone()));
                let source = self.resolve_expression(source, scope)?;
                self.call("extract", vec![Typed::literal(field, SparkType::STRING), source], origin)
            }
            ExpressionKind::Parameter(parameter) => {
                let name = match parameter {
                    Parameter::Named(name) => name.clone(),
                    Parameter::Positional(position) => format!("_{position}"),
                };
                Err(SparkError::new("UNBOUND_SQL_PARAMETER").param("name", name))
            }
            ExpressionKind::Identifier { name, arguments } => {
                self.identifier(name, arguments.as_deref(), scope, origin)
            }
            ExpressionKind::Default => Err(SparkError::unsupported("DEFAULT as a value")),
            ExpressionKind::SortOrder(_) => Err(SparkError::unsupported("a sort order as a value")),
            ExpressionKind::Unsupported(feature) => Err(SparkError::unsupported(feature.clone())),
        }
    }

    fn alias(
        &self,
        child: &Expression,
        names: &[String],
        metadata: Option<Arc<str>>,
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        let child = self.resolve_expression(child, scope)?.into_unaliased();
        let (data_type, nullable) = (child.data_type.clone(), child.nullable);
        let names = names.iter().map(|name| Arc::from(name.as_str())).collect();
        let alias = Alias { child, names, metadata };
        Ok(Typed::new(TypedKind::Alias(Box::new(alias)), data_type, nullable, origin.clone()))
    }

    /// A cast that the user wrote.
    pub fn explicit_cast(
        &self,
        child: Typed,
        to: &SparkType,
        mode: RequestedCast,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        let mode = match mode {
            RequestedCast::Session => self.session_cast(),
            RequestedCast::Ansi => CastMode::Ansi,
            RequestedCast::Try => CastMode::Try,
            RequestedCast::Legacy => CastMode::Legacy,
        };
        let child = child.into_unaliased();
        if !can_cast(&child.data_type, to, mode) {
            return Err(self.cast_error(&child, to, mode));
        }
        let nullable = child.nullable || cast_is_nullable(&child.data_type, to, mode);
        let cast = Cast { child, mode, is_implicit: false };
        Ok(Typed::new(TypedKind::Cast(Box::new(cast)), to.clone(), nullable, origin.clone()))
    }

    fn cast_error(&self, child: &Typed, to: &SparkType, mode: CastMode) -> SparkError {
        let function = if mode == CastMode::Try { "TRY_CAST" } else { "CAST" };
        let sql = format!("{function}({} AS {})", self.printer().print(child), to.sql());
        cast_mismatch(&child.data_type, to, mode, &sql)
    }

    /// `CASE`: conditions are boolean, values have one type.
    pub fn case(&self, branches: Vec<(Typed, Typed)>, otherwise: Option<Typed>, origin: &Origin) -> SparkResult<Typed> {
        let (branches, otherwise) = self.case_in_one_collation(branches, otherwise)?;
        let values: Vec<_> = branches.iter().map(|(_, value)| value).chain(&otherwise).cloned().collect();
        let types: Vec<_> = values.iter().map(|value| value.data_type.clone()).collect();
        let Some(data_type) = self.common_type(&types) else {
            let sql = self.printer().print(&raw_case(branches, otherwise));
            let listed: Vec<_> = types.iter().map(to_sql_type).collect();
            return Err(SparkError::new("DATATYPE_MISMATCH.DATA_DIFF_TYPES")
                .param("sqlExpr", to_sql_expr(&sql))
                .param("functionName", "`casewhen`")
                .param("dataType", format!("[{}]", listed.join(", "))));
        };
        for (index, (condition, _)) in branches.iter().enumerate() {
            if condition.data_type != SparkType::Boolean {
                let data_type = condition.data_type.clone();
                return Err(SparkError::new("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
                    .param(
                        "sqlExpr",
                        to_sql_expr(&self.printer().print(&raw_case(branches.clone(), otherwise.clone()))),
                    )
                    .param("paramIndex", firesteel_functions::coercion::ordinal(index))
                    .param("requiredType", "\"BOOLEAN\"")
                    .param("inputSql", to_sql_expr(&self.printer().print(condition)))
                    .param("inputType", to_sql_type(&data_type)));
            }
        }
        let branches: SparkResult<Vec<_>> =
            branches.into_iter().map(|(condition, value)| Ok((condition, self.coerce(value, &data_type)?))).collect();
        let otherwise = otherwise.map(|value| self.coerce(value, &data_type)).transpose()?;
        let case = Case { branches: branches?, otherwise };
        let nullable = case.may_be_null();
        Ok(Typed::new(TypedKind::Case(Box::new(case)), data_type, nullable, origin.clone()))
    }

    /// `CASE` with its values brought to one collation.
    fn case_in_one_collation(&self, branches: Vec<(Typed, Typed)>, otherwise: Option<Typed>) -> SparkResult<CaseParts> {
        let count = branches.len();
        let (conditions, mut values): (Vec<_>, Vec<_>) = branches.into_iter().unzip();
        values.extend(otherwise);
        let mut values = self.in_one_collation(values)?;
        let otherwise = if values.len() > count { values.pop() } else { None };
        Ok((conditions.into_iter().zip(values).collect(), otherwise))
    }

    /// A call of a registered function on resolved arguments.
    pub fn call(&self, name: &str, arguments: Vec<Typed>, origin: &Origin) -> SparkResult<Typed> {
        let call = FunctionCall { name: vec![name.to_owned()], ..FunctionCall::default() };
        self.bind_by_name(&call, arguments, false, origin)
    }

    /// A predicate: a boolean, or it is refused as `WHERE` and its like refuse.
    pub fn resolve_condition(&self, condition: &Expression, scope: &Scope<'_>) -> SparkResult<Typed> {
        let typed = self.resolve_expression(condition, scope)?.into_unaliased();
        match typed.data_type {
            SparkType::Boolean => Ok(typed),
            _ => Err(SparkError::new("DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN")
                .param("sqlExpr", to_sql_expr(&self.printer().print(&typed)))
                .param("filter", to_sql_expr(&self.printer().print(&typed)))
                .param("type", to_sql_type(&typed.data_type))),
        }
    }

    pub fn sort_key(&self, order: &SortOrder, child: Typed) -> SortKey {
        let nulls_first = match order.nulls {
            NullOrder::Default => order.ascending,
            NullOrder::First => true,
            NullOrder::Last => false,
        };
        SortKey { child, ascending: order.ascending, nulls_first }
    }
}

/// A CASE as it was written, to print it.
fn raw_case(branches: Vec<(Typed, Typed)>, otherwise: Option<Typed>) -> Typed {
    let case = Case { branches, otherwise };
    Typed::new(TypedKind::Case(Box::new(case)), SparkType::Null, true, Origin::Unknown)
}
