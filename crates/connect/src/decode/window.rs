//! Window expressions and sort orders.

use firesteel_base::SparkResult;
use firesteel_syntax::ir::expression::{
    ExpressionKind, FrameBound, FrameUnit, NullOrder, SortOrder, Window, WindowExpression, WindowFrame,
    WindowSpecification,
};
use spark_connect_proto::expression as message;
use spark_connect_proto::expression::sort_order::{NullOrdering, SortDirection};
use spark_connect_proto::expression::window::window_frame::frame_boundary::Boundary;
use spark_connect_proto::expression::window::window_frame::{FrameBoundary, FrameType};

use super::{Decoder, invalid};

/// Which end of a frame a bound is.
#[derive(Clone, Copy)]
enum End {
    Lower,
    Upper,
}

impl Decoder<'_> {
    pub(super) fn sort_order(&self, order: &message::SortOrder) -> SparkResult<SortOrder> {
        let child = self.required_expression(order.child.as_deref())?;
        let ascending = match SortDirection::try_from(order.direction) {
            Ok(SortDirection::Descending) => false,
            Ok(SortDirection::Ascending) => true,
            Ok(SortDirection::Unspecified) | Err(_) => {
                return Err(invalid::enumeration(
                    "Expression.SortOrder.direction",
                    "SORT_DIRECTION_UNSPECIFIED",
                    order.direction,
                ));
            }
        };
        let nulls = match NullOrdering::try_from(order.null_ordering) {
            Ok(NullOrdering::SortNullsFirst) => NullOrder::First,
            Ok(NullOrdering::SortNullsLast) => NullOrder::Last,
            Ok(NullOrdering::SortNullsUnspecified) => NullOrder::Default,
            Err(_) => {
                return Err(invalid::enumeration(
                    "Expression.SortOrder.null_ordering",
                    "UNRECOGNIZED",
                    order.null_ordering,
                ));
            }
        };
        Ok(SortOrder { child, ascending, nulls })
    }

    pub(super) fn sort_orders(&self, orders: &[message::SortOrder]) -> SparkResult<Vec<SortOrder>> {
        orders.iter().map(|order| self.sort_order(order)).collect()
    }

    pub(super) fn window(&self, window: &message::Window) -> SparkResult<ExpressionKind> {
        let function = window.window_function.as_deref().ok_or_else(|| invalid::plan("WINDOW_FUNCTION_REQUIRED"))?;
        let specification = WindowSpecification {
            partition_by: self.expressions(&window.partition_spec)?,
            order_by: self.sort_orders(&window.order_spec)?,
            frame: window.frame_spec.as_deref().map(|frame| self.frame(frame)).transpose()?,
        };
        let function = self.expression(function)?;
        Ok(ExpressionKind::Window(Box::new(WindowExpression {
            function,
            window: Window::Specification(specification),
        })))
    }

    fn frame(&self, frame: &message::window::WindowFrame) -> SparkResult<WindowFrame> {
        let unit = match FrameType::try_from(frame.frame_type) {
            Ok(FrameType::Row) => FrameUnit::Rows,
            Ok(FrameType::Range) => FrameUnit::Range,
            Ok(FrameType::Undefined) | Err(_) => {
                return Err(invalid::enumeration(
                    "Expression.Window.WindowFrame.frame_type",
                    "FRAME_TYPE_UNDEFINED",
                    frame.frame_type,
                ));
            }
        };
        let lower = frame.lower.as_deref().ok_or_else(|| invalid::plan("LOWER_BOUND_REQUIRED_IN_WINDOW_FRAME"))?;
        let upper = frame.upper.as_deref().ok_or_else(|| invalid::plan("UPPER_BOUND_REQUIRED_IN_WINDOW_FRAME"))?;
        Ok(WindowFrame { unit, lower: self.bound(lower, End::Lower)?, upper: self.bound(upper, End::Upper)? })
    }

    fn bound(&self, bound: &FrameBoundary, end: End) -> SparkResult<FrameBound> {
        Ok(match (&bound.boundary, end) {
            (Some(Boundary::CurrentRow(true)), _) => FrameBound::CurrentRow,
            (Some(Boundary::Unbounded(true)), End::Lower) => FrameBound::UnboundedPreceding,
            (Some(Boundary::Unbounded(true)), End::Upper) => FrameBound::UnboundedFollowing,
            (Some(Boundary::Value(value)), _) => FrameBound::Offset(Box::new(self.expression(value)?)),
            (None | Some(Boundary::CurrentRow(false) | Boundary::Unbounded(false)), _) => {
                return Err(invalid::not_set("Expression.Window.WindowFrame.FrameBoundary", "BOUNDARY"));
            }
        })
    }
}
