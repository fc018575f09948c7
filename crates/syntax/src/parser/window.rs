//! Windows: what stands behind `OVER`, and the `WINDOW` clause.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::expression::negated;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::expression::{FrameBound, FrameUnit, Window, WindowFrame, WindowSpecification};
use crate::ir::{Expression, ExpressionKind};

impl Parser<'_> {
    /// `name`, `(name)` or `(PARTITION BY … ORDER BY … frame)`
    pub(super) fn window_specification(&mut self) -> SparkResult<Window> {
        if !self.is(TokenKind::LeftParen) {
            return self.plain_identifier().map(Window::Named);
        }
        if self.is_identifier_at(self.position() + 1) && self.ahead(2) == TokenKind::RightParen {
            self.take();
            let name = self.plain_identifier()?;
            self.take();
            return Ok(Window::Named(name));
        }
        self.take();
        let mut specification = WindowSpecification::default();
        if self.accept_keywords(&[Keyword::Cluster, Keyword::By]) {
            specification.partition_by = self.comma_separated(Self::expression)?;
        } else {
            if self.accept_window_keywords(&[Keyword::Partition, Keyword::Distribute]) {
                specification.partition_by = self.comma_separated(Self::expression)?;
            }
            if self.accept_window_keywords(&[Keyword::Order, Keyword::Sort]) {
                specification.order_by = self.comma_separated(Self::sort_item)?;
            }
        }
        specification.frame = self.window_frame()?;
        self.expect(TokenKind::RightParen)?;
        Ok(Window::Specification(specification))
    }

    /// One of the keywords with `BY` behind it.
    fn accept_window_keywords(&mut self, keywords: &[Keyword]) -> bool {
        let found =
            self.is_keyword_ahead(1, Keyword::By) && self.keyword().is_some_and(|word| keywords.contains(&word));
        if found {
            self.take_many(2);
        }
        found
    }

    fn window_frame(&mut self) -> SparkResult<Option<WindowFrame>> {
        let unit = match self.accept_any(&[Keyword::Rows, Keyword::Range]) {
            Some(Keyword::Rows) => FrameUnit::Rows,
            Some(_) => FrameUnit::Range,
            None => return Ok(None),
        };
        if self.accept_keyword(Keyword::Between) {
            let lower = self.frame_bound()?;
            self.expect_keyword(Keyword::And)?;
            let upper = self.frame_bound()?;
            return Ok(Some(WindowFrame { unit, lower, upper }));
        }
        let lower = self.frame_bound()?;
        Ok(Some(WindowFrame { unit, lower, upper: FrameBound::CurrentRow }))
    }

    fn frame_bound(&mut self) -> SparkResult<FrameBound> {
        let start = self.position();
        if self.accept_keywords(&[Keyword::Unbounded, Keyword::Preceding]) {
            return Ok(FrameBound::UnboundedPreceding);
        }
        if self.accept_keywords(&[Keyword::Unbounded, Keyword::Following]) {
            return Ok(FrameBound::UnboundedFollowing);
        }
        if self.accept_keywords(&[Keyword::Current, Keyword::Row]) {
            return Ok(FrameBound::CurrentRow);
        }
        let distance = self.value_or_expression()?;
        let side = self.accept_any(&[Keyword::Preceding, Keyword::Following]);
        if side.is_none() {
            return Err(self.syntax_error());
        }
        let origin = self.origin_since(start);
        if !is_constant(&distance) {
            let message = "Frame bound value must be a literal.";
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0064", start).param("msg", message));
        }
        let distance = if side == Some(Keyword::Preceding) { negated(distance, origin) } else { distance };
        Ok(FrameBound::Offset(Box::new(distance)))
    }

    /// A frame's distance. No `AND` may go on with it, since that separates the bounds.
    fn value_or_expression(&mut self) -> SparkResult<Expression> {
        self.nested_value_expression()
    }

    /// `WINDOW name AS specification, …`; names that stand for other names are put in place.
    pub(super) fn window_clause(&mut self) -> SparkResult<Vec<(String, Window)>> {
        let start = self.position();
        self.expect_keyword(Keyword::Window)?;
        let windows = self.comma_separated(|parser| {
            let name = parser.plain_identifier()?;
            parser.expect_keyword(Keyword::As)?;
            Ok((name, parser.window_specification()?))
        })?;
        for (index, (name, _)) in windows.iter().enumerate() {
            if windows.iter().skip(index + 1).any(|(other, _)| other == name) {
                return Err(self.window_error("REPETITIVE_WINDOW_DEFINITION", name, start));
            }
        }
        let resolved = windows.iter().map(|(name, window)| {
            let Window::Named(reference) = window else { return Ok((name.clone(), window.clone())) };
            match windows.iter().find(|(other, _)| other == reference) {
                Some((_, Window::Named(_))) => Err(self.window_error("INVALID_WINDOW_REFERENCE", reference, start)),
                Some((_, found)) => Ok((name.clone(), found.clone())),
                None => Err(self.window_error("UNRESOLVED_WINDOW_REFERENCE", reference, start)),
            }
        });
        resolved.collect()
    }

    fn window_error(&self, condition: &str, name: &str, start: usize) -> firesteel_base::SparkError {
        self.error_since(&format!("INVALID_SQL_SYNTAX.{condition}"), start)
            .param("windowName", format!("`{}`", name.replace('`', "``")))
    }
}

/// Whether the expression is made of literals and operators alone.
fn is_constant(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Literal(_) | ExpressionKind::Parameter(_) => true,
        ExpressionKind::Cast { child, .. } => is_constant(child),
        ExpressionKind::Function(call) => {
            let is_operator = call
                .name
                .iter()
                .all(|name| matches!(name.as_str(), "+" | "-" | "*" | "/" | "%" | "div" | "negative" | "positive"));
            is_operator && call.arguments.iter().all(is_constant)
        }
        _ => false,
    }
}
