//! Window functions: `function OVER (…)`.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use firesteel_base::error::quoting::{to_sql_expr, to_sql_type};
use firesteel_base::types::DayTimeField;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::cast::can_cast;
use firesteel_functions::coercion::Expected;
use firesteel_functions::function::Bind;
use firesteel_functions::registry;
use firesteel_syntax::ir::expression::{
    ExpressionKind, FrameBound, FrameUnit, Window, WindowExpression, WindowFrame, WindowSpecification,
};

use super::super::relation::numbered;
use super::function::{builtin_name, check_arity};
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
            Some(frame) => self.frame(frame, &partition_by, &order_by, scope)?,
            None if ranks => Frame::running(true),
            None if order_by.is_empty() => Frame { upper: Bound::UnboundedFollowing, ..Frame::running(true) },
            None => Frame::running(false),
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
        let name = builtin_name(&call.name).ok_or_else(|| self.unresolved_routine(&call.name))?;
        let registered = registry::find(&name).ok_or_else(|| self.unresolved_routine(&call.name))?;
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
        let mut arguments = self.resolve_all(&call.arguments, scope)?;
        check_arity(registered, &name, arguments.len())?;
        let mut call = call.as_ref().clone();
        if registered.name == "nth_value"
            && let [_, _, ignores] = arguments.as_slice()
        {
            call.ignore_nulls = Some(self.flag(ignores, "ignoreNulls", &name)?);
            arguments.truncate(2);
        }
        let call = &call;
        let sql = || self.printer().print_call(registered, registered.name, &arguments);
        let bound = self.with_call(registered, &name, &arguments, call, true, &sql, bind)?;
        if bound.needs_order && order_by.is_empty() {
            let mut printed: Vec<_> =
                arguments.iter().map(|argument| self.qualified_printer().print(argument)).collect();
            if matches!(registered.name, "lag" | "lead") {
                let defaults = ["NULL", "1", "NULL"];
                printed.extend(defaults.iter().skip(printed.len()).map(|default| (*default).to_owned()));
            }
            return Err(SparkError::new("WINDOW_FUNCTION_FRAME_NOT_ORDERED")
                .param("wf_expr", format!("{name}({})", printed.join(", ")))
                .param("wf_name", name));
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

    /// An argument that is written as `true` or `false`.
    fn flag(&self, argument: &Typed, parameter: &str, function: &str) -> SparkResult<bool> {
        match argument.constant() {
            Some(ScalarValue::Boolean(Some(flag))) => Ok(*flag),
            _ => Err(SparkError::new("INVALID_PARAMETER_VALUE.BOOLEAN")
                .param("parameter", format!("`{parameter}`"))
                .param("functionName", format!("`{function}`"))
                .param("invalidValue", to_sql_expr(&self.printer().print(argument)))),
        }
    }

    /// A frame that is written out, checked as Spark checks it: each bound, both together, then both with the order.
    fn frame(
        &self,
        frame: &WindowFrame,
        partition_by: &[Typed],
        order_by: &[SortKey],
        scope: &Scope<'_>,
    ) -> SparkResult<Frame> {
        let is_rows = frame.unit == FrameUnit::Rows;
        let key = match order_by {
            [only] if !is_rows => Some(&only.child.data_type),
            _ => None,
        };
        let lower = self.written_bound(&frame.lower, key, scope)?;
        let upper = self.written_bound(&frame.upper, key, scope)?;
        let unit = if is_rows { "ROWS" } else { "RANGE" };
        let printed: Arc<str> = format!("{unit} BETWEEN {} AND {}", lower.printed, upper.printed).into();
        self.check_bound(&lower, "lower", is_rows, &printed)?;
        self.check_bound(&upper, "upper", is_rows, &printed)?;
        let invalid = |condition: &str| SparkError::new(condition).param("sqlExpr", to_sql_expr(&printed));
        if matches!(frame.lower, FrameBound::UnboundedFollowing)
            || matches!(frame.upper, FrameBound::UnboundedPreceding)
        {
            return Err(invalid("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND")
                .param("lower", to_sql_expr(&lower.expression))
                .param("upper", to_sql_expr(&upper.expression)));
        }
        if let (Some(first), Some(second)) = (&lower.distance, &upper.distance)
            && first.data_type != second.data_type
        {
            return Err(invalid("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES")
                .param("lower", to_sql_expr(&lower.expression))
                .param("upper", to_sql_expr(&upper.expression))
                .param("lowerType", to_sql_type(&first.data_type))
                .param("upperType", to_sql_type(&second.data_type)));
        }
        if !is_rows {
            let value = lower.distance.as_ref().or(upper.distance.as_ref()).map(|distance| &distance.data_type);
            let is_unbounded = matches!(
                (&frame.lower, &frame.upper),
                (FrameBound::UnboundedPreceding, FrameBound::UnboundedFollowing)
            );
            self.check_range(value, is_unbounded, &printed, partition_by, order_by)?;
        }
        let resolved = Frame {
            is_rows,
            lower: self.bound(&frame.lower, &lower)?,
            upper: self.bound(&frame.upper, &upper)?,
            printed: Some(Arc::clone(&printed)),
        };
        if is_backwards(&resolved) {
            return Err(invalid("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON")
                .param("comparison", "less than or equal"));
        }
        Ok(resolved)
    }

    /// A bound as it is written, under the cast that a RANGE frame puts on it.
    fn written_bound(
        &self,
        bound: &FrameBound,
        key: Option<&SparkType>,
        scope: &Scope<'_>,
    ) -> SparkResult<WrittenBound> {
        let special =
            |text: &str| Ok(WrittenBound { printed: text.to_owned(), expression: text.to_owned(), distance: None });
        let distance = match bound {
            FrameBound::UnboundedPreceding => return special("UNBOUNDED PRECEDING"),
            FrameBound::UnboundedFollowing => return special("UNBOUNDED FOLLOWING"),
            FrameBound::CurrentRow => return special("CURRENT ROW"),
            FrameBound::Offset(distance) => distance,
        };
        let typed = self.resolve_expression(distance, scope)?.into_unaliased();
        let expression = self.printer().print(&typed);
        let mut printed = match &typed.kind {
            TypedKind::Scalar(call) if matches!(call.function.name, "-" | "negative") && call.arguments.len() == 1 => {
                let inner = call.arguments.first().map(|inner| self.printer().print(inner)).unwrap_or_default();
                format!("{inner} PRECEDING")
            }
            _ => format!("{expression} FOLLOWING"),
        };
        let typed = match key {
            Some(key)
                if takes_key_type(key, &typed.data_type) && can_cast(&typed.data_type, key, self.session_cast()) =>
            {
                // Under the cast Spark no longer sees the sign.
                printed = format!("{expression} FOLLOWING");
                self.coerce(typed, key)?
            }
            _ => typed,
        };
        Ok(WrittenBound { printed, expression, distance: Some(typed) })
    }

    fn check_bound(&self, bound: &WrittenBound, location: &str, is_rows: bool, frame: &str) -> SparkResult<()> {
        let Some(distance) = &bound.distance else { return Ok(()) };
        if !self.is_foldable(distance) {
            return Err(SparkError::new("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE")
                .param("sqlExpr", to_sql_expr(frame))
                .param("location", location)
                .param("expression", to_sql_expr(&bound.expression)));
        }
        let expected = if is_rows { Expected::Exactly(SparkType::Integer) } else { Expected::numeric_or_interval() };
        if expected.accepts(&distance.data_type) {
            return Ok(());
        }
        Err(SparkError::new("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE")
            .param("sqlExpr", to_sql_expr(frame))
            .param("location", location)
            .param("exprType", to_sql_type(&distance.data_type))
            .param("expectedType", expected.sql()))
    }

    /// A RANGE frame needs an order, and with a distance exactly one key of a type that the distance fits.
    fn check_range(
        &self,
        distance: Option<&SparkType>,
        is_unbounded: bool,
        frame: &str,
        partition_by: &[Typed],
        order_by: &[SortKey],
    ) -> SparkResult<()> {
        let condition = match (order_by, distance) {
            ([], _) if !is_unbounded => "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER",
            ([_, _, ..], Some(_)) => "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER",
            ([key], Some(distance)) if !fits_key(&key.child.data_type, distance) => {
                "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE"
            }
            _ => return Ok(()),
        };
        let printer = self.printer();
        let mut parts = Vec::new();
        if !partition_by.is_empty() {
            let columns: Vec<_> = partition_by.iter().map(|column| printer.print(column)).collect();
            parts.push(format!("PARTITION BY {}", columns.join(", ")));
        }
        let keys: Vec<_> = order_by.iter().map(|key| printer.print_key(key)).collect();
        if !keys.is_empty() {
            parts.push(format!("ORDER BY {}", keys.join(", ")));
        }
        parts.push(frame.to_owned());
        let error = SparkError::new(condition).param("sqlExpr", to_sql_expr(&format!("({})", parts.join(" "))));
        Err(match (order_by, distance) {
            ([], _) | (_, None) => error,
            ([key], Some(distance)) => error
                .param("orderSpecType", to_sql_type(&key.child.data_type))
                .param("valueBoundaryType", to_sql_type(distance)),
            _ => {
                let numbered: Vec<_> = order_by
                    .iter()
                    .map(|key| printer.print_key(&SortKey { child: numbered(&key.child), ..key.clone() }))
                    .collect();
                error.param("orderSpec", numbered.join(","))
            }
        })
    }

    fn bound(&self, bound: &FrameBound, written: &WrittenBound) -> SparkResult<Bound> {
        let distance = match (bound, &written.distance) {
            (FrameBound::UnboundedPreceding, _) => return Ok(Bound::UnboundedPreceding),
            (FrameBound::UnboundedFollowing, _) => return Ok(Bound::UnboundedFollowing),
            (FrameBound::Offset(_), Some(distance)) => distance,
            (FrameBound::CurrentRow | FrameBound::Offset(_), _) => return Ok(Bound::CurrentRow),
        };
        let value = self.fold(distance)?.ok_or_else(|| SparkError::internal("a frame's distance was not folded"))?;
        signed_bound(value, distance.data_type.clone())
            .ok_or_else(|| SparkError::unsupported("a window frame whose distance is NULL"))
    }
}

/// A bound of a frame as it is printed, alone and in the frame; with a distance, if it is one.
struct WrittenBound {
    printed: String,
    expression: String,
    distance: Option<Typed>,
}

/// Whether a RANGE frame's distance is brought to the type of the key.
fn takes_key_type(key: &SparkType, given: &SparkType) -> bool {
    key != given && !matches!(key, SparkType::Date | SparkType::Timestamp | SparkType::TimestampNtz)
}

/// Whether a distance of this type can be put before or behind a key.
fn fits_key(key: &SparkType, distance: &SparkType) -> bool {
    use SparkType::{CalendarInterval, Date, DayTimeInterval, Integer, Timestamp, TimestampNtz, YearMonthInterval};
    match (key, distance) {
        (Date, DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Day })
        | (Date, Integer | YearMonthInterval { .. })
        | (Timestamp | TimestampNtz, CalendarInterval | YearMonthInterval { .. } | DayTimeInterval { .. }) => true,
        (key, distance) => key == distance,
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
    matches!(name, "row_number" | "rank" | "dense_rank" | "percent_rank" | "ntile")
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
    let row = |offset: Typed| Frame {
        is_rows: true,
        lower: Bound::Following(offset.clone()),
        upper: Bound::Following(offset),
        printed: None,
    };
    match function.name {
        "lag" => {
            let offset = negative(offset());
            row(offset)
        }
        "lead" => row(offset()),
        _ => frame,
    }
}

/// The bound for a signed distance; `None` if the value is no distance.
fn signed_bound(value: ScalarValue, data_type: SparkType) -> Option<Bound> {
    if value.is_null() {
        return None;
    }
    let (ordering, negated) = match &value {
        ScalarValue::DurationMicrosecond(Some(micros)) => {
            (micros.cmp(&0), ScalarValue::DurationMicrosecond(micros.checked_neg()))
        }
        ScalarValue::IntervalYearMonth(Some(months)) => {
            (months.cmp(&0), ScalarValue::IntervalYearMonth(months.checked_neg()))
        }
        other => {
            let zero = ScalarValue::new_zero(&other.data_type()).ok()?;
            (other.partial_cmp(&zero)?, other.arithmetic_negate().ok()?)
        }
    };
    Some(match ordering {
        std::cmp::Ordering::Equal => Bound::CurrentRow,
        std::cmp::Ordering::Less => Bound::Preceding(Typed::literal(negated, data_type)),
        std::cmp::Ordering::Greater => Bound::Following(Typed::literal(value, data_type)),
    })
}
