//! Time windows in SELECT lists and GROUP BY: `window` and `session_window` become columns beside the input's rows.
//!
//! A row without a time belongs to no window and is dropped; under sliding windows it stands once for each of its
//! windows. Sessions of groups that overlap are merged before they are grouped by.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::functions_aggregate::{min_max, sum};
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    AggregateUDF, Expr, Filter, LogicalPlan, LogicalPlanBuilder, SortExpr, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowFunctionDefinition, lit, when,
};
use datafusion::scalar::ScalarValue;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::cast::CastMode;
use firesteel_functions::datetime::window::{
    SESSION_WINDOW_NAME, Spacing, WINDOW_NAME, moment, window_between, windows_of,
};
use firesteel_functions::function::Generator;
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::expression::FunctionCall;

use crate::attribute::Attribute;
use crate::block::alias;
use crate::lower::comparison_key;
use crate::projection::project;
use crate::resolved::Resolved;
use crate::resolver::Resolver;
use crate::typed::{Cast, GeneratorCall, ScalarCall, Typed, TypedKind};

/// The one time window of a SELECT block: how its calls are recognised, and the column in their place.
pub(super) struct TimeWindow {
    key: Expr,
    attribute: Attribute,
}

impl TimeWindow {
    /// Puts the column in the place of the calls.
    pub fn replace(&self, expressions: &mut [Typed]) -> SparkResult<()> {
        expressions.iter_mut().try_for_each(|expression| self.replace_in(expression))
    }

    fn replace_in(&self, expression: &mut Typed) -> SparkResult<()> {
        if call_of(expression).is_none() {
            return expression.children_mut().into_iter().try_for_each(|child| self.replace_in(child));
        }
        if comparison_key(expression)? != self.key {
            return Err(several());
        }
        *expression = Typed::column(&self.attribute).at(&expression.origin);
        Ok(())
    }
}

fn several() -> SparkError {
    SparkError::new("_LEGACY_ERROR_TEMP_1039")
}

/// The call, if the expression is one of a time window.
fn call_of(expression: &Typed) -> Option<&ScalarCall> {
    match &expression.kind {
        TypedKind::Scalar(call) if matches!(call.function.name, WINDOW_NAME | SESSION_WINDOW_NAME) => Some(call),
        _ => None,
    }
}

fn collect<'t>(expression: &'t Typed, found: &mut Vec<&'t Typed>) {
    if call_of(expression).is_some() {
        found.push(expression);
        return;
    }
    for child in expression.children() {
        collect(child, found);
    }
}

impl Resolver<'_> {
    /// Puts the time window that the expressions call for beside the input's rows. If they are what is grouped by, the
    /// sessions of a group are merged.
    pub(super) fn with_time_window(
        &self,
        input: Resolved,
        expressions: &[Typed],
        is_grouping: bool,
    ) -> SparkResult<(Resolved, Option<TimeWindow>)> {
        let mut found = Vec::new();
        for expression in expressions {
            collect(expression, &mut found);
        }
        let Some((first, others)) = found.split_first() else { return Ok((input, None)) };
        let key = comparison_key(first)?;
        for other in others {
            if comparison_key(other)? != key {
                return Err(several());
            }
        }
        let Some(call) = call_of(first) else { return Ok((input, None)) };
        let time = call.arguments.first().ok_or_else(|| SparkError::internal("a time window without a time"))?;
        let (mut input, attribute) = if call.function.name == SESSION_WINDOW_NAME {
            let others = expressions.iter().filter(|other| is_grouping && call_of(other.unaliased()).is_none());
            let keys: SparkResult<Vec<_>> = others.map(|other| self.lowering().key(other)).collect();
            self.session_window(input, first, call, time, is_grouping.then_some(keys?))?
        } else if first.nullable {
            self.sliding_window(input, first, call, time)?
        } else {
            self.tumbling_window(input, first, time)?
        };
        input.hidden.push(attribute.clone());
        input.block = None;
        Ok((input, Some(TimeWindow { key, attribute })))
    }

    /// As [`Self::with_time_window`], for a SELECT list; the calls in it become the column.
    pub(super) fn with_selected_window(
        &self,
        input: Resolved,
        mut selected: Vec<Typed>,
    ) -> SparkResult<(Resolved, Vec<Typed>)> {
        let (input, window) = self.with_time_window(input, &selected, false)?;
        if let Some(window) = window {
            window.replace(&mut selected)?;
        }
        Ok((input, selected))
    }

    fn window_attribute(&self, call: &ScalarCall, window: &Typed) -> Attribute {
        let mut attribute = self.new_attribute(call.function.name, window.data_type.clone(), window.nullable);
        let is_session = call.function.name == SESSION_WINDOW_NAME;
        let marker = if is_session { r#"{"spark.sessionWindow":true}"# } else { r#"{"spark.timeWindow":true}"# };
        attribute.metadata = Some(Arc::from(marker));
        attribute
    }

    /// The input's columns with others beside them.
    fn beside(&self, input: &Resolved, plan: LogicalPlan, added: Vec<Expr>) -> SparkResult<LogicalPlan> {
        project(self.columns_of(input).chain(added).collect(), plan)
    }

    fn tumbling_window(&self, input: Resolved, window: &Typed, time: &Typed) -> SparkResult<(Resolved, Attribute)> {
        let Some(call) = call_of(window) else { return Err(several()) };
        let mut plan = input.plan.clone();
        if time.nullable {
            plan = filtered(self.lowering().expression(time)?.is_not_null(), plan)?;
        }
        let attribute = self.window_attribute(call, window);
        let plan = self.beside(&input, plan, vec![alias(self.lowering().expression(window)?, &attribute.column)])?;
        Ok((Resolved { plan, ..input }, attribute))
    }

    fn sliding_window(
        &self,
        input: Resolved,
        window: &Typed,
        call: &ScalarCall,
        time: &Typed,
    ) -> SparkResult<(Resolved, Attribute)> {
        let constants: Vec<_> = call.arguments.iter().skip(1).map(|constant| constant.constant().cloned()).collect();
        let spacing = Spacing::of(&constants)?;
        let (data_type, time_type) = (window.data_type.clone(), time.data_type.clone());
        let rows = move |arguments: Vec<Expr>| {
            let time = arguments.into_iter().next().ok_or_else(|| SparkError::internal("a window without a time"))?;
            windows_of(moment(time, &time_type)?, spacing, &data_type)
        };
        let generator = GeneratorCall {
            function: call.function,
            name: call.name.clone(),
            arguments: vec![time.clone()],
            bound: Generator {
                arguments: vec![time.data_type.clone()],
                output: vec![(WINDOW_NAME.to_owned(), window.data_type.clone(), true)],
                rows: Arc::new(rows),
                is_outer: false,
            },
        };
        let (generated, columns) = self.generate(input, &generator, false, &[])?;
        let mut columns = columns.into_iter();
        let column = columns.next().ok_or_else(|| SparkError::internal("a sliding window made no column"))?;
        Ok((generated, Attribute { metadata: self.window_attribute(call, window).metadata, ..column }))
    }

    /// Each row's session, from its time until the gap is over; with `keys`, the session of all rows that overlap among
    /// those of equal keys.
    fn session_window(
        &self,
        input: Resolved,
        window: &Typed,
        call: &ScalarCall,
        time: &Typed,
        keys: Option<Vec<Expr>>,
    ) -> SparkResult<(Resolved, Attribute)> {
        let gap = call.arguments.get(1).ok_or_else(|| SparkError::internal("a session window without a gap"))?;
        let start = self.moment_of(time)?;
        let end = self.session_end(start.clone(), gap)?;
        let (start_column, end_column) = (self.internal(), self.internal());
        let lowering = self.lowering();
        let added =
            vec![alias(lowering.expression(&start)?, &start_column), alias(lowering.expression(&end)?, &end_column)];
        let (start, end) = (Expr::Column(start_column), Expr::Column(end_column));
        let plan = self.beside(&input, input.plan.clone(), added)?;
        let mut plan = filtered(end.clone().gt(start.clone()), plan)?;
        let mut session = (start.clone(), end.clone());
        if let Some(keys) = keys {
            (plan, session) = self.merged_sessions(&input, plan, keys, start, end)?;
        }
        let attribute = self.window_attribute(call, window);
        let between = window_between(session.0, session.1, &window.data_type)?;
        let plan = self.beside(&input, plan, vec![alias(between, &attribute.column)])?;
        Ok((Resolved { plan, ..input }, attribute))
    }

    fn internal(&self) -> Column {
        self.new_attribute("", SparkType::Null, true).column
    }

    /// The moment that a time stands for: of a window the last one in it.
    fn moment_of(&self, time: &Typed) -> SparkResult<Typed> {
        if !matches!(time.data_type, SparkType::Struct(_)) {
            return Ok(time.clone());
        }
        let call = FunctionCall { name: vec!["window_time".to_owned()], ..FunctionCall::default() };
        self.bind_by_name(&call, vec![time.clone()], false, &time.origin)
    }

    fn session_end(&self, start: Typed, gap: &Typed) -> SparkResult<Typed> {
        let mut gap = gap.clone();
        if gap.data_type != SparkType::CalendarInterval {
            let cast = Cast { child: gap, mode: CastMode::Try, is_implicit: false };
            gap = Typed::new(TypedKind::Cast(Box::new(cast)), SparkType::CalendarInterval, true, Origin::Unknown);
        }
        let call = FunctionCall { name: vec!["+".to_owned()], is_internal: true, ..FunctionCall::default() };
        self.bind_by_name(&call, vec![start, gap], false, &Origin::Unknown)
    }

    /// A row begins a session if it starts behind the end of all rows before it; the sessions are counted, and those of
    /// one number are one.
    fn merged_sessions(
        &self,
        input: &Resolved,
        plan: LogicalPlan,
        mut keys: Vec<Expr>,
        start: Expr,
        end: Expr,
    ) -> SparkResult<(LogicalPlan, (Expr, Expr))> {
        let by_start = vec![SortExpr::new(start.clone(), true, true)];
        let before = WindowFrame::new_bounds(
            WindowFrameUnits::Rows,
            WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
            WindowFrameBound::Preceding(ScalarValue::UInt64(Some(1))),
        );
        let (plan, last_end) =
            windowed(plan, [over(min_max::max_udaf(), end.clone(), keys.clone(), by_start.clone(), before)])?;
        let [last_end] = last_end;
        let begins = when(last_end.gt_eq(start.clone()), lit(0_i64)).otherwise(lit(1_i64)).map_err(from_engine)?;
        let begins_column = self.internal();
        let added = vec![start.clone(), end.clone(), alias(begins, &begins_column)];
        let plan = self.beside(input, plan, added)?;
        let begins = Expr::Column(begins_column);
        let mut order = by_start;
        // Of rows that start together the one that begins the session comes first.
        order.push(SortExpr::new(begins.clone(), false, true));
        let running = WindowFrame::new_bounds(
            WindowFrameUnits::Rows,
            WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
            WindowFrameBound::CurrentRow,
        );
        let (plan, [number]) = windowed(plan, [over(sum::sum_udaf(), begins, keys.clone(), order, running)])?;
        keys.push(number);
        let whole = || {
            WindowFrame::new_bounds(
                WindowFrameUnits::Rows,
                WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
                WindowFrameBound::Following(ScalarValue::UInt64(None)),
            )
        };
        let first = over(min_max::min_udaf(), start, keys.clone(), Vec::new(), whole());
        let last = over(min_max::max_udaf(), end, keys, Vec::new(), whole());
        let (plan, [first, last]) = windowed(plan, [first, last])?;
        Ok((plan, (first, last)))
    }
}

fn filtered(predicate: Expr, plan: LogicalPlan) -> SparkResult<LogicalPlan> {
    Ok(LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(plan)).map_err(from_engine)?))
}

fn over(
    function: Arc<AggregateUDF>,
    argument: Expr,
    partition_by: Vec<Expr>,
    order_by: Vec<SortExpr>,
    window_frame: WindowFrame,
) -> Expr {
    let params = WindowFunctionParams {
        args: vec![argument],
        partition_by,
        order_by,
        window_frame,
        filter: None,
        null_treatment: None,
        distinct: false,
    };
    let fun = WindowFunctionDefinition::AggregateUDF(function);
    Expr::WindowFunction(Box::new(WindowFunction { fun, params }))
}

/// The plan with these calls, and the columns that they are.
fn windowed<const N: usize>(plan: LogicalPlan, calls: [Expr; N]) -> SparkResult<(LogicalPlan, [Expr; N])> {
    // The engine names a window's column by how it is computed.
    let columns = calls.each_ref().map(|call| Expr::Column(Column::new_unqualified(call.schema_name().to_string())));
    let plan = LogicalPlanBuilder::window_plan(plan, calls).map_err(from_engine)?;
    Ok((plan, columns))
}
