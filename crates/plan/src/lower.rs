//! Resolved expressions to DataFusion's.

use std::cell::RefCell;
use std::sync::Arc;

use datafusion::common::{Column, Spans};
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::expr::{
    AggregateFunction, AggregateFunctionParams, Lambda, LambdaVariable, NullTreatment,
    WindowFunction as WindowFunctionExpr, WindowFunctionParams,
};
use datafusion::logical_expr::{
    AggregateUDF, Expr, LogicalPlan, SortExpr, Subquery, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowFunctionDefinition,
};
use datafusion::scalar::ScalarValue;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::cast::cast_expr;
use firesteel_functions::collation::{self, key_expr};
use firesteel_functions::function::Build;
use firesteel_functions::guard;
use firesteel_functions::higher_order;
use firesteel_functions::kernel::{from_engine, kernel_call};
use firesteel_functions::operator::in_list;

use crate::attribute::Attribute;
use crate::typed::{AggregateCall, Bound, Frame, SortKey, SubqueryPlan, Typed, TypedKind, WindowCall, WindowFunction};

/// The places of a query's calls that may fail at run time; a kernel carries its place's index.
#[derive(Default)]
pub struct Origins(RefCell<Vec<Origin>>);

impl Origins {
    /// The index of a place; -1 if it is unknown.
    pub fn number(&self, origin: &Origin) -> i32 {
        if origin.is_unknown() {
            return -1;
        }
        let mut origins = self.0.borrow_mut();
        let index = origins.iter().position(|known| known == origin).unwrap_or_else(|| {
            origins.push(origin.clone());
            origins.len() - 1
        });
        i32::try_from(index).unwrap_or(-1)
    }

    pub fn into_inner(self) -> Vec<Origin> {
        self.0.into_inner()
    }
}

/// The expression in a form that is equal for expressions that compute the same: places do not matter, nor does the
/// order of operands that may be swapped.
pub fn comparison_key(expression: &Typed) -> SparkResult<Expr> {
    let mut canonical = expression.clone();
    reorder(&mut canonical)?;
    Lowering { origins: None }.expression(&canonical)
}

const COMMUTATIVE: &[&str] = &["+", "*", "and", "or", "=", "<=>", "&", "|", "^"];

fn reorder(expression: &mut Typed) -> SparkResult<()> {
    for child in expression.children_mut() {
        reorder(child)?;
    }
    let TypedKind::Scalar(call) = &mut expression.kind else { return Ok(()) };
    if COMMUTATIVE.contains(&call.function.name)
        && let [left, right] = call.arguments.as_mut_slice()
        && left.data_type == right.data_type
    {
        let lowering = Lowering { origins: None };
        if lowering.expression(left)?.schema_name().to_string() > lowering.expression(right)?.schema_name().to_string()
        {
            std::mem::swap(left, right);
        }
    }
    Ok(())
}

/// Lowers expressions; aggregates and windows become DataFusion's calls, to be put into their plan nodes.
pub struct Lowering<'a> {
    /// `None` to compare expressions: places do not matter then.
    pub origins: Option<&'a Origins>,
}

impl Lowering<'_> {
    fn origin(&self, origin: &Origin) -> i32 {
        self.origins.map_or(-1, |origins| origins.number(origin))
    }

    pub fn all(&self, expressions: &[Typed]) -> SparkResult<Vec<Expr>> {
        expressions.iter().map(|expression| self.expression(expression)).collect()
    }

    pub fn expression(&self, expression: &Typed) -> SparkResult<Expr> {
        match &expression.kind {
            TypedKind::Column(attribute) => Ok(Expr::Column(attribute.column.clone())),
            TypedKind::Outer(attribute) => Ok(outer_reference(attribute)),
            TypedKind::Literal(value) => Ok(Expr::Literal(value.clone(), None)),
            TypedKind::Scalar(call) => {
                let is_nullable = |index: usize| call.arguments.get(index).is_none_or(|argument| argument.nullable);
                let arguments = guard::stopping_at_null(call.function.name, self.all(&call.arguments)?, is_nullable);
                match &call.bound.build {
                    Build::Udf(udf) => Ok(udf.call(arguments)),
                    Build::Kernel(udf) => {
                        kernel_call(udf.clone(), arguments, &expression.data_type, self.origin(&expression.origin))
                    }
                    Build::Expr(build) => build(arguments),
                }
            }
            TypedKind::Cast(cast) => cast_expr(
                self.expression(&cast.child)?,
                &cast.child.data_type,
                &expression.data_type,
                cast.mode,
                self.origin(&expression.origin),
            ),
            TypedKind::Case(case) => {
                let branch =
                    |(condition, value): &(Typed, Typed)| Ok((self.expression(condition)?, self.expression(value)?));
                let branches: SparkResult<Vec<_>> = case.branches.iter().map(branch).collect();
                let otherwise = case.otherwise.as_ref().map(|value| self.expression(value)).transpose()?;
                Ok(guard::case(&expression.data_type, branches?, otherwise))
            }
            TypedKind::InList { child, list } => {
                let values = std::iter::once(&**child).chain(list).map(|value| self.key(value));
                in_list(values.collect::<SparkResult<_>>()?, &child.data_type)
            }
            TypedKind::Field { child, name, .. } => Ok(get_field(self.expression(child)?, name.to_string())),
            TypedKind::Alias(alias) => self.expression(&alias.child),
            TypedKind::Substituted(substituted) => self.expression(&substituted.child),
            TypedKind::Aggregate(call) => self.aggregate(call),
            TypedKind::Window(call) => self.window(call),
            TypedKind::Generator(call) => {
                let arguments = self.all(&call.arguments)?;
                (call.bound.rows)(arguments)
            }
            TypedKind::HigherOrder(call) => {
                let arguments = self.all(&call.arguments)?;
                higher_order::higher_order_call(&call.bound, arguments, self.origin(&expression.origin))
            }
            TypedKind::Lambda { parameters, body } => {
                let parameters = parameters.iter().map(ToString::to_string).collect();
                Ok(Expr::Lambda(Lambda::new(parameters, self.expression(body)?)))
            }
            TypedKind::LambdaVariable { unique, .. } => {
                let field = field(unique, &expression.data_type, expression.nullable);
                Ok(Expr::LambdaVariable(LambdaVariable::new(unique.to_string(), Some(field))))
            }
            TypedKind::ScalarSubquery(query) => Ok(Expr::ScalarSubquery(self.subquery(query)?)),
            TypedKind::Exists(query) => Ok(datafusion::logical_expr::exists(self.subquery_plan(query)?)),
            TypedKind::InSubquery { values, query } => self.in_subquery(values, query),
            TypedKind::Engine { expression, .. } => Ok(expression.as_ref().clone()),
            TypedKind::Grouping { .. } | TypedKind::GroupingId { .. } => {
                Err(SparkError::new("UNSUPPORTED_GROUPING_EXPRESSION").at(&expression.origin))
            }
        }
    }

    /// What the value is compared by: under a collation not the text itself.
    pub fn key(&self, expression: &Typed) -> SparkResult<Expr> {
        key_expr(self.expression(expression)?, &expression.data_type)
    }

    fn keys(&self, expressions: &[Typed]) -> SparkResult<Vec<Expr>> {
        expressions.iter().map(|expression| self.key(expression)).collect()
    }

    fn in_subquery(&self, values: &[Typed], query: &SubqueryPlan) -> SparkResult<Expr> {
        let is_collated = |data_type: &SparkType| data_type.is_collated();
        if values.iter().any(|value| is_collated(&value.data_type))
            || query.resolved.output.iter().any(|attribute| is_collated(&attribute.data_type))
        {
            return Err(SparkError::unsupported("IN with a subquery of collated texts"));
        }
        let values = self.all(values)?;
        let value = match <[Expr; 1]>::try_from(values) {
            Ok([value]) => value,
            Err(values) => datafusion::functions::core::expr_fn::r#struct(values),
        };
        Ok(datafusion::logical_expr::in_subquery(value, self.subquery_plan(query)?))
    }

    fn subquery_plan(&self, query: &SubqueryPlan) -> SparkResult<Arc<LogicalPlan>> {
        Ok(Arc::new(query.resolved.exact_plan()?))
    }

    fn subquery(&self, query: &SubqueryPlan) -> SparkResult<Subquery> {
        let subquery = self.subquery_plan(query)?;
        let outer_ref_columns = subquery.all_out_ref_exprs();
        Ok(Subquery { subquery, outer_ref_columns, spans: Spans::new() })
    }

    fn aggregate(&self, call: &AggregateCall) -> SparkResult<Expr> {
        let (func, params) = self.aggregate_parameters(call, false)?;
        Ok(Expr::AggregateFunction(AggregateFunction { func, params }))
    }

    /// The engine's function, and what it is given: collated texts are compared by their keys.
    fn aggregated(&self, call: &AggregateCall) -> SparkResult<(Arc<AggregateUDF>, Vec<Expr>)> {
        let udaf = call.bound.udaf.clone();
        match (call.arguments.as_slice(), collation::extremum(call.function.name)) {
            ([value], Some(by_key)) if value.data_type.is_collated() => {
                Ok((by_key, vec![self.expression(value)?, self.key(value)?]))
            }
            ([value, ordering, rest @ ..], _) if matches!(call.function.name, "max_by" | "min_by") => {
                let mut args = vec![self.expression(value)?, self.key(ordering)?];
                args.extend(self.all(rest)?);
                Ok((udaf, args))
            }
            (arguments, _) if call.is_distinct || collation::aggregates_keys(call.function.name) => {
                Ok((udaf, self.keys(arguments)?))
            }
            (arguments, _) => Ok((udaf, self.all(arguments)?)),
        }
    }

    fn aggregate_parameters(
        &self,
        call: &AggregateCall,
        in_window: bool,
    ) -> SparkResult<(Arc<AggregateUDF>, AggregateFunctionParams)> {
        let (udaf, mut args) = self.aggregated(call)?;
        if let Some(before) = call.bound.before {
            args = before(args)?;
        }
        let filter = call.filter.as_ref().map(|filter| self.expression(filter)).transpose()?;
        // Spark computes the arguments of windows and of DISTINCT for all rows.
        if let Some(filter) = filter.as_ref().filter(|_| !in_window && !call.is_distinct) {
            args = args.into_iter().map(|argument| guard::filtered(argument, filter)).collect();
        }
        // The greatest of different values is the greatest of all.
        let distinct = call.is_distinct && collation::extremum(call.function.name).is_none();
        let params = AggregateFunctionParams {
            args,
            distinct,
            filter: filter.map(Box::new),
            order_by: self.sort_keys(&call.order_by)?,
            null_treatment: null_treatment(call.ignore_nulls),
        };
        Ok((udaf, params))
    }

    fn window(&self, call: &WindowCall) -> SparkResult<Expr> {
        let (fun, args, filter, treatment, distinct) = match &call.function {
            WindowFunction::Aggregate(aggregate) => {
                let (udaf, params) = self.aggregate_parameters(aggregate, true)?;
                let fun = WindowFunctionDefinition::AggregateUDF(udaf);
                (fun, params.args, params.filter, params.null_treatment, params.distinct)
            }
            WindowFunction::Window { arguments, bound, ignore_nulls, .. } => {
                let mut args = self.all(arguments)?;
                if let Some(before) = bound.before {
                    args = before(args)?;
                }
                let fun = WindowFunctionDefinition::WindowUDF(bound.udwf.clone());
                (fun, args, None, null_treatment(*ignore_nulls), false)
            }
        };
        let order_by = self.sort_keys(&call.order_by)?;
        // The frame that Spark prints for these is the row they look at; the engine finds that row itself.
        let looks_at_one_row = matches!(
            &call.function,
            WindowFunction::Window { function, .. } if matches!(function.name, "lag" | "lead")
        );
        let params = WindowFunctionParams {
            args,
            partition_by: self.keys(&call.partition_by)?,
            window_frame: if looks_at_one_row { whole_partition() } else { self.frame(&call.frame, &call.order_by)? },
            order_by,
            filter,
            null_treatment: treatment,
            distinct,
        };
        Ok(Expr::WindowFunction(Box::new(WindowFunctionExpr { fun, params })))
    }

    /// What the call makes of the windowed value.
    pub fn windowed(&self, call: &WindowCall, value: Expr) -> SparkResult<Expr> {
        match &call.function {
            WindowFunction::Aggregate(aggregate) => match &aggregate.bound.after {
                Some(after) => after(value),
                None => Ok(value),
            },
            WindowFunction::Window { arguments, bound, .. } => match &bound.after {
                Some(after) => after(value, self.all(arguments)?),
                None => Ok(value),
            },
        }
    }

    fn frame(&self, frame: &Frame, order_by: &[SortKey]) -> SparkResult<WindowFrame> {
        let is_unordered = order_by.is_empty();
        let is_date = matches!(order_by, [key] if key.child.data_type == SparkType::Date);
        let has_distance =
            |bound: &Bound| !matches!(bound, Bound::UnboundedPreceding | Bound::UnboundedFollowing | Bound::CurrentRow);
        // The engine takes no range of some types. Without a distance it is the same as one of groups of peers.
        let is_of_peers = !has_distance(&frame.lower) && !has_distance(&frame.upper);
        let units = match frame.is_rows {
            true => WindowFrameUnits::Rows,
            false if is_of_peers && order_by.iter().any(|key| is_rangeless(&key.child.data_type)) => {
                WindowFrameUnits::Groups
            }
            false => WindowFrameUnits::Range,
        };
        let is_whole = matches!((&frame.lower, &frame.upper), (Bound::UnboundedPreceding, Bound::UnboundedFollowing));
        // Without an order every row is a peer of every other: the running frame is the whole partition.
        if is_unordered && (is_whole || !frame.is_rows) {
            return Ok(whole_partition());
        }
        Ok(WindowFrame::new_bounds(
            units,
            frame_bound(&frame.lower, units, is_date)?,
            frame_bound(&frame.upper, units, is_date)?,
        ))
    }

    pub fn sort_keys(&self, keys: &[SortKey]) -> SparkResult<Vec<SortExpr>> {
        keys.iter().map(|key| Ok(SortExpr::new(self.key(&key.child)?, key.ascending, key.nulls_first))).collect()
    }
}

/// Types that have an order, and of which the engine makes no ranges.
fn is_rangeless(data_type: &SparkType) -> bool {
    matches!(data_type, SparkType::Binary | SparkType::Struct(_))
}

/// The frame of all rows of the partition.
fn whole_partition() -> WindowFrame {
    WindowFrame::new_bounds(
        WindowFrameUnits::Rows,
        WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
        WindowFrameBound::Following(ScalarValue::UInt64(None)),
    )
}

fn frame_bound(bound: &Bound, units: WindowFrameUnits, is_date: bool) -> SparkResult<WindowFrameBound> {
    let is_rows = units == WindowFrameUnits::Rows;
    let unbounded = if units != WindowFrameUnits::Range { ScalarValue::UInt64(None) } else { ScalarValue::Null };
    let distance = |distance: &Typed| -> SparkResult<ScalarValue> {
        let value = distance.constant().cloned().ok_or_else(|| SparkError::internal("a frame bound was not folded"))?;
        match value {
            value if is_rows => value.cast_to(&arrow::datatypes::DataType::UInt64).map_err(from_engine),
            // The engine adds intervals to dates, not days.
            ScalarValue::Int32(Some(days)) if is_date => Ok(ScalarValue::new_interval_dt(days, 0)),
            value => Ok(value),
        }
    };
    Ok(match bound {
        Bound::UnboundedPreceding => WindowFrameBound::Preceding(unbounded),
        Bound::UnboundedFollowing => WindowFrameBound::Following(unbounded),
        Bound::CurrentRow => WindowFrameBound::CurrentRow,
        Bound::Preceding(value) => WindowFrameBound::Preceding(distance(value)?),
        Bound::Following(value) => WindowFrameBound::Following(distance(value)?),
    })
}

fn null_treatment(ignore_nulls: Option<bool>) -> Option<NullTreatment> {
    ignore_nulls.map(|ignore| if ignore { NullTreatment::IgnoreNulls } else { NullTreatment::RespectNulls })
}

fn outer_reference(attribute: &Attribute) -> Expr {
    let field = field(attribute.column.name(), &attribute.data_type, attribute.nullable);
    Expr::OuterReferenceColumn(field, attribute.column.clone())
}

fn field(name: &str, data_type: &SparkType, nullable: bool) -> arrow::datatypes::FieldRef {
    Arc::new(arrow::datatypes::Field::new(name, data_type.to_arrow(), nullable))
}

/// The values of a row that is compared with a subquery of several columns.
pub fn row_values(row: Expr) -> Vec<Expr> {
    match row {
        Expr::ScalarFunction(call) => call.args,
        other => vec![other],
    }
}

/// A column of the plan by its internal name.
pub fn internal_column(name: String) -> Column {
    Column::new_unqualified(name)
}
