//! Window functions: `function OVER (…)`.

use datafusion::scalar::ScalarValue;
use firesteel_base::error::quoting::{to_sql_expr, to_sql_type};
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::function::Bind;
use firesteel_functions::registry;
use firesteel_syntax::ir::expression::{
    ExpressionKind, FrameBound, FrameUnit, Window, WindowExpression, WindowFrame, WindowSpecification,
};

use super::function::{builtin_name, check_arity, unresolved_routine};
use crate::resolver::Resolver;
use crate::scope::Scope;
use crate::typed::{Bound, Frame, SortKey, Typed, TypedKind, WindowCall, WindowFunction};

impl Resolver<'_> {
    pub fn window(&self, window: &WindowExpression, scope: &Scope<'_>, origin: &Origin) -> SparkResult<Typed> {
        let specification = self.specification(&window.window, scope)?;
        let partition_by = self.resolve_all(&specification.partition_by, scope)?;
        let order_by: SparkResult<Vec<_>> = specification
            .order_by
            .iter()
            .map(|order| Ok(self.sort_key(order, self.resolve_expression(&order.child, scope)?.into_unaliased())))
            .collect();
        let order_by = order_by?;
        let (function, data_type, nullable) = self.window_function(&window.function, &order_by, scope)?;
        let ranks = matches!(&function, WindowFunction::Window { function, .. } if has_running_rows(function.name));
        let frame = match &specification.frame {
            Some(frame) => self.frame(frame, &order_by, scope)?,
            None if ranks => Frame { is_rows: true, lower: Bound::UnboundedPreceding, upper: Bound::CurrentRow },
            None if order_by.is_empty() => {
                Frame { is_rows: true, lower: Bound::UnboundedPreceding, upper: Bound::UnboundedFollowing }
            }
            None => Frame { is_rows: false, lower: Bound::UnboundedPreceding, upper: Bound::CurrentRow },
        };
        let frame = offset_frame(&function, frame);
        let call = WindowCall { function, partition_by, order_by, frame };
        Ok(Typed::new(TypedKind::Window(Box::new(call)), data_type, nullable, origin.clone()))
    }

    fn specification(&self, window: &Window, scope: &Scope<'_>) -> SparkResult<WindowSpecification> {
        match window {
            Window::Specification(specification) => Ok(specification.clone()),
            Window::Named(name) => {
                let mut windows = scope.environment.windows.iter();
                let found = windows.find(|(known, _)| self.same_name(known, name));
                match found {
                    Some((_, Window::Specification(specification))) => Ok(specification.clone()),
                    Some((_, other @ Window::Named(next))) if !self.same_name(next, name) => {
                        self.specification(other, scope)
                    }
                    _ => Err(SparkError::new("MISSING_WINDOW_SPECIFICATION")
                        .param("windowName", name.clone())
                        .param("docroot", "https://spark.apache.org/docs/latest")),
                }
            }
        }
    }

    fn window_function(
        &self,
        function: &firesteel_syntax::ir::Expression,
        order_by: &[SortKey],
        scope: &Scope<'_>,
    ) -> SparkResult<(WindowFunction, SparkType, bool)> {
        let ExpressionKind::Function(call) = &function.kind else {
            return Err(SparkError::new("UNSUPPORTED_EXPR_FOR_WINDOW").param("sqlExpr", "\"expression\""));
        };
        let name = builtin_name(&call.name).ok_or_else(|| unresolved_routine(&call.name))?;
        let registered = registry::find(&name).ok_or_else(|| unresolved_routine(&call.name))?;
        let Bind::Window(bind) = &registered.bind else {
            let typed = self.resolve_expression(function, scope)?;
            let (data_type, nullable) = (typed.data_type.clone(), typed.nullable);
            let TypedKind::Aggregate(aggregate) = typed.kind else {
                return Err(SparkError::new("UNSUPPORTED_EXPR_FOR_WINDOW")
                    .param("sqlExpr", to_sql_expr(&self.printer().print(&typed))));
            };
            if aggregate.is_distinct {
                return Err(
                    SparkError::new("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED").param("windowExpr", to_sql_expr(&name))
                );
            }
            return Ok((WindowFunction::Aggregate(aggregate), data_type, nullable));
        };
        let arguments = self.resolve_all(&call.arguments, scope)?;
        check_arity(registered, &name, arguments.len())?;
        let sql = || self.printer().print_call(registered, registered.name, &arguments);
        let bound = self.with_call(registered, &name, &arguments, call, true, &sql, bind)?;
        if bound.needs_order && order_by.is_empty() {
            return Err(SparkError::new("WINDOW_FUNCTION_FRAME_NOT_ORDERED")
                .param("wf_name", name)
                .param("wf_expr", sql()));
        }
        let (data_type, nullable) = (bound.data_type.clone(), bound.nullable);
        let function = WindowFunction::Window {
            function: registered,
            name: registered.name.into(),
            arguments: self.coerce_all(arguments.clone(), &bound.arguments)?,
            bound,
            ignore_nulls: call.ignore_nulls,
        };
        Ok((function, data_type, nullable))
    }

    fn frame(&self, frame: &WindowFrame, order_by: &[SortKey], scope: &Scope<'_>) -> SparkResult<Frame> {
        let is_rows = frame.unit == FrameUnit::Rows;
        let key = order_by.first().map(|key| key.child.data_type.clone());
        let lower = self.bound(&frame.lower, is_rows, key.as_ref(), scope)?;
        let upper = self.bound(&frame.upper, is_rows, key.as_ref(), scope)?;
        let has_distance = |bound: &Bound| matches!(bound, Bound::Preceding(_) | Bound::Following(_));
        if !is_rows && (has_distance(&lower) || has_distance(&upper)) && order_by.len() != 1 {
            let condition = if order_by.is_empty() {
                "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER"
            } else {
                "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER"
            };
            return Err(SparkError::new(condition).param("sqlExpr", "\"RANGE\"").param("orderSpec", ""));
        }
        let frame = Frame { is_rows, lower, upper };
        if is_backwards(&frame) {
            return Err(SparkError::new("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON")
                .param("sqlExpr", to_sql_expr(&self.printer().print_frame(&frame)))
                .param("comparison", "less than or equal"));
        }
        Ok(frame)
    }

    fn bound(
        &self,
        bound: &FrameBound,
        is_rows: bool,
        key: Option<&SparkType>,
        scope: &Scope<'_>,
    ) -> SparkResult<Bound> {
        let distance = match bound {
            FrameBound::UnboundedPreceding => return Ok(Bound::UnboundedPreceding),
            FrameBound::UnboundedFollowing => return Ok(Bound::UnboundedFollowing),
            FrameBound::CurrentRow => return Ok(Bound::CurrentRow),
            FrameBound::Offset(distance) => distance,
        };
        let typed = self.resolve_expression(distance, scope)?;
        let data_type = match key {
            Some(key) if !is_rows => range_distance_type(key, &typed.data_type),
            _ => SparkType::Integer,
        };
        let printed = self.printer().print(&typed);
        let found_type = typed.data_type.clone();
        let typed = self.coerce(typed, &data_type)?;
        let Some(value) = self.fold(&typed)? else {
            return Err(SparkError::new("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE")
                .param("sqlExpr", to_sql_expr(&printed))
                .param("location", "lower")
                .param("expression", to_sql_expr(&printed)));
        };
        signed_bound(value, data_type).ok_or_else(|| {
            SparkError::new("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE")
                .param("sqlExpr", to_sql_expr(&printed))
                .param("location", "lower")
                .param("exprType", to_sql_type(&found_type))
                .param("expectedType", to_sql_type(&SparkType::Integer))
        })
    }
}

/// Whether a frame of two distances ends before it starts.
fn is_backwards(frame: &Frame) -> bool {
    use std::cmp::Ordering::{Greater, Less};
    let order = |one: &Typed, other: &Typed| one.constant()?.partial_cmp(other.constant()?);
    match (&frame.lower, &frame.upper) {
        (Bound::Following(_), Bound::Preceding(_)) => true,
        (Bound::Following(lower), Bound::Following(upper)) => order(lower, upper) == Some(Greater),
        (Bound::Preceding(lower), Bound::Preceding(upper)) => order(lower, upper) == Some(Less),
        _ => false,
    }
}

/// Rank-like functions run from the partition's first row to the current one.
fn has_running_rows(name: &str) -> bool {
    matches!(name, "row_number" | "rank" | "dense_rank" | "percent_rank" | "cume_dist" | "ntile")
}

/// `lag` and `lead` look at one row: Spark prints that row as their frame.
fn offset_frame(function: &WindowFunction, frame: Frame) -> Frame {
    let WindowFunction::Window { function, arguments, .. } = function else { return frame };
    let offset =
        || arguments.get(1).cloned().unwrap_or_else(|| Typed::literal(ScalarValue::Int32(Some(1)), SparkType::Integer));
    let negative = |typed: Typed| match typed.constant() {
        Some(ScalarValue::Int32(Some(value))) => {
            Typed::literal(ScalarValue::Int32(Some(value.wrapping_neg())), SparkType::Integer)
        }
        _ => typed,
    };
    match function.name {
        "lag" => {
            let offset = negative(offset());
            Frame { is_rows: true, lower: Bound::Following(offset.clone()), upper: Bound::Following(offset) }
        }
        "lead" => Frame { is_rows: true, lower: Bound::Following(offset()), upper: Bound::Following(offset()) },
        _ => frame,
    }
}

/// The type of a RANGE frame's distance for a key of this type.
fn range_distance_type(key: &SparkType, given: &SparkType) -> SparkType {
    match key {
        SparkType::Date if given.is_integral() => SparkType::Integer,
        SparkType::Date | SparkType::Timestamp | SparkType::TimestampNtz => given.clone(),
        _ => key.clone(),
    }
}

/// The bound for a signed distance; `None` if the value is no distance.
fn signed_bound(value: ScalarValue, data_type: SparkType) -> Option<Bound> {
    if value.is_null() {
        return None;
    }
    let zero = ScalarValue::new_zero(&value.data_type()).ok()?;
    let ordering = value.partial_cmp(&zero)?;
    Some(match ordering {
        std::cmp::Ordering::Equal => Bound::CurrentRow,
        std::cmp::Ordering::Less => Bound::Preceding(Typed::literal(value.arithmetic_negate().ok()?, data_type)),
        std::cmp::Ordering::Greater => Bound::Following(Typed::literal(value, data_type)),
    })
}
