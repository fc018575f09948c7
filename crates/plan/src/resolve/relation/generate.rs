//! Generators: rows from one row. `LATERAL VIEW`, generators in a SELECT list and in FROM.

use std::sync::Arc;

use datafusion::common::{Column, UnnestOptions};
use datafusion::functions::core::expr_fn::get_field;
use datafusion::functions_nested::expr_fn::cardinality;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, Unnest, lit, when};
use datafusion::scalar::ScalarValue;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::coercion::{Expected, implicit_cast, ordinal};
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::expression::{Expression, ExpressionKind, FunctionCall};
use firesteel_syntax::ir::relation::{LateralView, Range, TableFunction};

use crate::attribute::Attribute;
use crate::block::alias;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::{Scope, quote_parts};
use crate::typed::{GeneratorCall, TypedKind};

impl Resolver<'_> {
    pub fn lateral_view(&self, view: &LateralView, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(&view.input, environment)?;
        let generator = self.resolve_expression(&view.generator, &Scope::of(&input, environment))?.into_unaliased();
        let TypedKind::Generator(call) = generator.kind else {
            return Err(SparkError::new("UNSUPPORTED_GENERATOR.NOT_GENERATOR")
                .param("functionName", format!("`{}`", self.printer().print(&generator)))
                .param("classCanonicalName", "expression"));
        };
        let names: Vec<Arc<str>> = view.columns.iter().map(|name| name.as_str().into()).collect();
        if !names.is_empty() && names.len() != call.bound.output.len() {
            return Err(SparkError::new("UDTF_ALIAS_NUMBER_MISMATCH")
                .param("aliasesSize", call.bound.output.len().to_string())
                .param("aliasesNames", names.join(",")));
        }
        let is_outer = view.is_outer || call.bound.is_outer;
        let (mut generated, columns) = self.generate(input, &call, is_outer, &names)?;
        let qualifier: Vec<String> = view.table.iter().cloned().collect();
        generated.output.extend(columns.iter().map(|column| column.with_qualifier(&qualifier)));
        generated.block = None;
        Ok(generated)
    }

    /// A table-valued function in FROM.
    pub fn table_function(
        &self,
        call: &TableFunction,
        environment: Environment<'_>,
        origin: &Origin,
    ) -> SparkResult<Resolved> {
        let unresolvable =
            || SparkError::new("UNRESOLVABLE_TABLE_VALUED_FUNCTION").param("name", quote_parts(&call.name)).at(origin);
        if let Some(function) = self.sources.function(&call.name) {
            return self.user_table_function(&function, call, environment, origin);
        }
        let name = call.name.last().map(|name| name.to_lowercase()).unwrap_or_default();
        if name == "range" {
            return self.range_function(call, environment);
        }
        if let Some(listed) = self.listing_function(&name, call)? {
            return Ok(listed);
        }
        if firesteel_functions::registry::find(&name).is_none() {
            return Err(unresolvable());
        }
        let input = self.one_row();
        let function =
            FunctionCall { name: call.name.clone(), arguments: call.arguments.clone(), ..FunctionCall::default() };
        let expression = Expression::new(ExpressionKind::Function(Box::new(function)), origin.clone());
        let generator = self.resolve_expression(&expression, &Scope::empty(environment))?;
        self.check_generator(&generator)?;
        let TypedKind::Generator(call) = generator.kind else { return Err(unresolvable()) };
        let (mut generated, columns) = self.generate(input, &call, call.bound.is_outer, &[])?;
        generated.output = columns;
        Ok(generated)
    }

    fn range_function(&self, call: &TableFunction, environment: Environment<'_>) -> SparkResult<Resolved> {
        let scope = Scope::empty(environment);
        let mut numbers = Vec::with_capacity(call.arguments.len());
        let names: &[&str] = if call.arguments.len() == 1 { &["end"] } else { &["start", "end", "step", "numSlices"] };
        for (argument, name) in call.arguments.iter().zip(names) {
            numbers.push(self.range_number(argument, name, &scope)?);
        }
        // Whatever is more than these is counted below.
        numbers.resize(call.arguments.len(), 0);
        let (start, end, step) = match numbers.as_slice() {
            [end] => (0, *end, 1),
            [start, end] => (*start, *end, 1),
            [start, end, step] | [start, end, step, _] => (*start, *end, *step),
            _ => {
                return Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
                    .param("functionName", "`range`")
                    .param("expectedNum", "[1, 2, 3, 4]")
                    .param("actualNum", numbers.len().to_string())
                    .param("docroot", "https://spark.apache.org/docs/latest"));
            }
        };
        if step == 0 {
            return Err(SparkError::new("FAILED_FUNCTION_CALL").param("funcName", "`range`"));
        }
        self.range(&Range { start, end, step, partitions: None })
    }

    /// The value of the parameter of `range` that has this name.
    fn range_number(&self, argument: &Expression, name: &str, scope: &Scope<'_>) -> SparkResult<i64> {
        let typed = self.resolve_expression(argument, scope)?.into_unaliased();
        let unexpected = || {
            let place = ["start", "end", "step", "numSlices"].iter().position(|known| *known == name);
            SparkError::new("UNEXPECTED_INPUT_TYPE")
                .param("functionName", "`range`")
                .param("paramIndex", ordinal(place.unwrap_or(0)))
                .param("requiredType", "\"BIGINT\"")
                .param("inputSql", format!("\"{}\"", self.printer().print(&typed)))
                .param("inputType", format!("\"{}\"", typed.data_type.sql()))
        };
        if !self.is_foldable(&typed) {
            return Err(SparkError::new("NON_FOLDABLE_ARGUMENT")
                .param("funcName", "`range`")
                .param("paramName", format!("`{name}`"))
                .param("paramType", "\"BIGINT\""));
        }
        if implicit_cast(&typed.data_type, &Expected::LONG, self.bind.ansi).is_none() {
            return Err(unexpected());
        }
        match self.fold(&self.coerce(typed.clone(), &SparkType::Long)?)? {
            Some(ScalarValue::Int64(Some(number))) => Ok(number),
            _ => Err(unexpected()),
        }
    }

    /// Puts a generator's rows beside the row they come from. The input's columns stay; the new ones are given back.
    pub fn generate(
        &self,
        input: Resolved,
        call: &GeneratorCall,
        is_outer: bool,
        names: &[Arc<str>],
    ) -> SparkResult<(Resolved, Vec<Attribute>)> {
        let arguments = self.lowering().all(&call.arguments)?;
        let mut rows = (call.bound.rows)(arguments)?;
        if is_outer {
            // Unnesting drops empty lists; as NULL they are kept.
            let is_empty = cardinality(rows.clone()).eq(lit(0_u64));
            let nothing = Expr::Literal(ScalarValue::Null, None);
            rows = when(is_empty, nothing).otherwise(rows).map_err(from_engine)?;
        }
        let list = self.new_attribute("", SparkType::Null, true).column;
        let columns = self.columns_of(&input).chain([alias(rows, &list)]).collect();
        let projection = Projection::try_new(columns, Arc::new(input.plan.clone())).map_err(from_engine)?;
        let options = UnnestOptions::default().with_preserve_nulls(is_outer);
        let unnest = Unnest::try_new(Arc::new(LogicalPlan::Projection(projection)), vec![list.clone()], options)
            .map_err(from_engine)?;
        let attributes: Vec<_> = call
            .bound
            .output
            .iter()
            .enumerate()
            .map(|(index, (name, data_type, nullable))| {
                let name = names.get(index).map_or(name.as_str(), |name| name);
                self.new_attribute(name, data_type.clone(), *nullable || is_outer)
            })
            .collect();
        let plan = self.name_generated(unnest, &input, &list, call, &attributes)?;
        let generated = Resolved { plan, block: None, ..input };
        Ok((generated, attributes))
    }

    /// Takes the generated element apart into its columns.
    fn name_generated(
        &self,
        unnest: Unnest,
        input: &Resolved,
        list: &Column,
        call: &GeneratorCall,
        attributes: &[Attribute],
    ) -> SparkResult<LogicalPlan> {
        let element = Expr::Column(list.clone());
        let generated: Vec<_> = match (call.bound.output.as_slice(), attributes) {
            ([_], [attribute]) => vec![alias(element, &attribute.column)],
            (output, attributes) => output
                .iter()
                .zip(attributes)
                .map(|((name, _, _), attribute)| alias(get_field(element.clone(), name.clone()), &attribute.column))
                .collect(),
        };
        let columns = self.columns_of(input).chain(generated).collect();
        let projection = Projection::try_new(columns, Arc::new(LogicalPlan::Unnest(unnest))).map_err(from_engine)?;
        Ok(LogicalPlan::Projection(projection))
    }

    /// The columns that can be named, each once.
    pub(super) fn columns_of(&self, input: &Resolved) -> impl Iterator<Item = Expr> + use<> {
        let mut columns: Vec<Column> = Vec::new();
        for attribute in input.output.iter().chain(&input.hidden) {
            if !columns.contains(&attribute.column) {
                columns.push(attribute.column.clone());
            }
        }
        columns.into_iter().map(Expr::Column)
    }
}
