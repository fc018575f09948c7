//! Calls: functions with all that may stand behind them, and the forms with keywords between their arguments.

use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult};

use super::cursor::Parser;
use super::identifier::NameReference;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::expression::{CastMode, FunctionCall, WindowExpression};
use crate::ir::{Expression, ExpressionKind, Literal};

impl Parser<'_> {
    /// An operand that begins with a keyword. Where the keyword's own form does not follow, it is a name.
    pub(super) fn keyword_operand(&mut self, keyword: Keyword) -> SparkResult<Expression> {
        let next = self.ahead(1);
        if next == TokenKind::LeftParen
            && let Some(expression) = self.special_call(keyword)?
        {
            return Ok(expression);
        }
        match keyword {
            Keyword::Null | Keyword::True | Keyword::False if next != TokenKind::LeftParen => {
                self.word_literal(keyword)
            }
            Keyword::Case if self.starts_expression_at(self.position() + 1) => self.case(),
            Keyword::Interval if self.is_interval() => self.interval(),
            Keyword::CurrentDate
            | Keyword::CurrentTime
            | Keyword::CurrentTimestamp
            | Keyword::CurrentUser
            | Keyword::CurrentPath
            | Keyword::SessionUser
            | Keyword::User
                if self.enforces_reserved() && next != TokenKind::LeftParen =>
            {
                let index = self.take();
                let name = self.token_text(index).to_owned();
                Ok(Expression::call(&name, Vec::new(), self.origin_of_token(index)))
            }
            _ => self.named_operand(),
        }
    }

    /// `NULL`, `TRUE`, `FALSE`
    fn word_literal(&mut self, keyword: Keyword) -> SparkResult<Expression> {
        let index = self.take();
        let literal = match keyword {
            Keyword::Null => Literal::Null(firesteel_base::SparkType::Null),
            _ => Literal::Boolean(keyword == Keyword::True),
        };
        Ok(Expression::literal(literal, self.origin_of_token(index)))
    }

    /// A form with a parenthesis behind its keyword. `None`: it is an ordinary call.
    fn special_call(&mut self, keyword: Keyword) -> SparkResult<Option<Expression>> {
        let start = self.position();
        match keyword {
            Keyword::Cast => self.cast(CastMode::Session).map(Some),
            Keyword::TryCast => self.cast(CastMode::Try).map(Some),
            Keyword::Struct => self.struct_call(start).map(Some),
            Keyword::First | Keyword::Last | Keyword::AnyValue if self.ends_with_ignore_nulls() => {
                self.ignoring_nulls(start).map(Some)
            }
            Keyword::Position if self.separators(Keyword::In) > 0 => self.position_in(start).map(Some),
            Keyword::Extract if self.separators(Keyword::From) > 0 => self.extract(start).map(Some),
            Keyword::Substr | Keyword::Substring
                if self.separators(Keyword::From) > 0
                    || matches!(self.commas(), 1 | 2) && !self.has_named_arguments() =>
            {
                self.substring(start).map(Some)
            }
            Keyword::Trim if self.separators(Keyword::From) > 0 => self.trim(start).map(Some),
            Keyword::Overlay if self.separators(Keyword::Placing) > 0 => self.overlay(start).map(Some),
            Keyword::Timestampadd | Keyword::Dateadd | Keyword::DateAdd => self.with_unit("timestampadd", start),
            Keyword::Timestampdiff | Keyword::Datediff | Keyword::DateDiff | Keyword::Timediff => {
                self.with_unit("timestampdiff", start)
            }
            _ => Ok(None),
        }
    }

    /// How many tokens of a kind stand directly in the parentheses of the call that begins here.
    fn count_inside(&self, wanted: TokenKind) -> usize {
        let open = self.position() + 1;
        let Some(close) = self.closing_of(open) else { return 0 };
        let (mut count, mut index) = (0, open + 1);
        while index < close {
            count += usize::from(self.kind_at(index) == wanted);
            index = self.closing_of(index).unwrap_or(index) + 1;
        }
        count
    }

    fn separators(&self, keyword: Keyword) -> usize {
        self.count_inside(TokenKind::Keyword(keyword))
    }

    fn commas(&self) -> usize {
        self.count_inside(TokenKind::Comma)
    }

    fn has_named_arguments(&self) -> bool {
        self.count_inside(TokenKind::FatArrow) > 0
    }

    fn ends_with_ignore_nulls(&self) -> bool {
        self.closing_of(self.position() + 1).is_some_and(|close| {
            self.is_keyword_at(close - 2, Keyword::Ignore) && self.is_keyword_at(close - 1, Keyword::Nulls)
        })
    }

    fn cast(&mut self, mode: CastMode) -> SparkResult<Expression> {
        let start = self.position();
        self.take_many(2);
        let child = Box::new(self.expression()?);
        self.expect_keyword(Keyword::As)?;
        let to = self.data_type()?;
        self.expect(TokenKind::RightParen)?;
        Ok(Expression::new(ExpressionKind::Cast { child, to, mode }, self.origin_since(start)))
    }

    /// `STRUCT(a, b AS c)`
    fn struct_call(&mut self, start: usize) -> SparkResult<Expression> {
        self.take_many(2);
        let arguments =
            if self.is(TokenKind::RightParen) { Vec::new() } else { self.comma_separated(Self::named_expression)? };
        self.expect(TokenKind::RightParen)?;
        let call = FunctionCall { name: vec!["struct".to_owned()], arguments, ..FunctionCall::default() };
        self.behind_call(call, start)
    }

    /// `FIRST(a IGNORE NULLS)`: only this form; the others are ordinary calls.
    fn ignoring_nulls(&mut self, start: usize) -> SparkResult<Expression> {
        let name = self.token_text(start).to_owned();
        self.take_many(2);
        let argument = self.expression()?;
        self.expect_keywords(&[Keyword::Ignore, Keyword::Nulls])?;
        self.expect(TokenKind::RightParen)?;
        let call = FunctionCall {
            name: vec![name],
            arguments: vec![argument],
            ignore_nulls: Some(true),
            ..FunctionCall::default()
        };
        self.behind_call(call, start)
    }

    /// `POSITION(a IN b)`
    fn position_in(&mut self, start: usize) -> SparkResult<Expression> {
        self.take_many(2);
        let wanted = self.nested_value_expression()?;
        self.expect_keyword(Keyword::In)?;
        let text = self.nested_value_expression()?;
        self.expect(TokenKind::RightParen)?;
        Ok(Expression::call("locate", vec![wanted, text], self.origin_since(start)))
    }

    /// `EXTRACT(field FROM source)`
    fn extract(&mut self, start: usize) -> SparkResult<Expression> {
        self.take_many(2);
        let field = self.simple_identifier()?;
        self.expect_keyword(Keyword::From)?;
        let source = Box::new(self.nested_value_expression()?);
        self.expect(TokenKind::RightParen)?;
        Ok(Expression::new(ExpressionKind::ExtractDatetime { field, source }, self.origin_since(start)))
    }

    /// `SUBSTRING(text FROM position FOR length)`, or with commas.
    fn substring(&mut self, start: usize) -> SparkResult<Expression> {
        // With commas it is the function of the name that was written.
        let is_short =
            matches!(self.kind(), TokenKind::Keyword(Keyword::Substr)) && self.separators(Keyword::From) == 0;
        self.take_many(2);
        let mut arguments = vec![self.nested_value_expression()?];
        if !self.accept(TokenKind::Comma) {
            self.expect_keyword(Keyword::From)?;
        }
        arguments.push(self.nested_value_expression()?);
        if self.accept(TokenKind::Comma) || self.accept_keyword(Keyword::For) {
            arguments.push(self.nested_value_expression()?);
        }
        self.expect(TokenKind::RightParen)?;
        let function = if is_short { "substr" } else { "substring" };
        Ok(Expression::call(function, arguments, self.origin_since(start)))
    }

    /// `TRIM([BOTH | LEADING | TRAILING] [characters] FROM text)`
    fn trim(&mut self, start: usize) -> SparkResult<Expression> {
        self.take_many(2);
        let side = self.accept_any(&[Keyword::Both, Keyword::Leading, Keyword::Trailing]);
        let mut arguments = Vec::new();
        if !self.is_keyword(Keyword::From) || self.is_keyword_ahead(1, Keyword::From) {
            arguments.push(self.nested_value_expression()?);
        }
        self.expect_keyword(Keyword::From)?;
        arguments.push(self.nested_value_expression()?);
        self.expect(TokenKind::RightParen)?;
        let function = match side {
            Some(Keyword::Leading) => "ltrim",
            Some(Keyword::Trailing) => "rtrim",
            _ => "trim",
        };
        Ok(Expression::call(function, arguments, self.origin_since(start)))
    }

    /// `OVERLAY(text PLACING other FROM position [FOR length])`
    fn overlay(&mut self, start: usize) -> SparkResult<Expression> {
        self.take_many(2);
        let mut arguments = vec![self.nested_value_expression()?];
        self.expect_keyword(Keyword::Placing)?;
        arguments.push(self.nested_value_expression()?);
        self.expect_keyword(Keyword::From)?;
        arguments.push(self.nested_value_expression()?);
        if self.accept_keyword(Keyword::For) {
            arguments.push(self.nested_value_expression()?);
        }
        self.expect(TokenKind::RightParen)?;
        Ok(Expression::call("overlay", arguments, self.origin_since(start)))
    }

    /// `DATEADD(unit, a, b)` and its kin, with three arguments of which the first is a unit.
    fn with_unit(&mut self, function: &str, start: usize) -> SparkResult<Option<Expression>> {
        let is_unit = matches!(
            self.ahead(2),
            TokenKind::Keyword(
                Keyword::Year
                    | Keyword::Quarter
                    | Keyword::Month
                    | Keyword::Week
                    | Keyword::Day
                    | Keyword::Dayofyear
                    | Keyword::Hour
                    | Keyword::Minute
                    | Keyword::Second
                    | Keyword::Millisecond
                    | Keyword::Microsecond
            )
        );
        let is_text = self.is_string_at(start + 2);
        if !(is_unit || is_text) || self.ahead(3) != TokenKind::Comma || self.commas() != 2 {
            return Ok(None);
        }
        let unit = self.token_text(start + 2).to_owned();
        let name = self.token_text(start).to_owned();
        self.take_many(2);
        let unit_origin = self.origin_of_token(self.position());
        self.take_many(2);
        let mut arguments = vec![Expression::literal(Literal::String(Arc::from(unit.as_str())), unit_origin)];
        arguments.push(self.nested_value_expression()?);
        self.expect(TokenKind::Comma)?;
        arguments.push(self.nested_value_expression()?);
        self.expect(TokenKind::RightParen)?;
        if is_text {
            return Err(self
                .error_since("INVALID_PARAMETER_VALUE.DATETIME_UNIT", start)
                .param("functionName", format!("`{name}`"))
                .param("parameter", "`unit`")
                .param("invalidValue", unit));
        }
        Ok(Some(Expression::call(function, arguments, self.origin_since(start))))
    }

    /// `CASE WHEN …` and `CASE value WHEN …`
    fn case(&mut self) -> SparkResult<Expression> {
        let start = self.take();
        let is_searched = self.is_keyword(Keyword::When) && self.starts_expression_at(self.position() + 1);
        let operand = if is_searched { None } else { Some(self.expression()?) };
        let mut branches = Vec::new();
        while self.is_keyword(Keyword::When) {
            self.take();
            let condition_start = self.position();
            let mut condition = self.expression()?;
            if let Some(operand) = &operand {
                let origin = self.origin_since(condition_start);
                condition = Expression::call("=", vec![operand.clone(), condition], origin);
            }
            self.expect_keyword(Keyword::Then)?;
            branches.push((condition, self.expression()?));
        }
        if branches.is_empty() {
            return Err(self.syntax_error());
        }
        let otherwise = if self.accept_keyword(Keyword::Else) { Some(Box::new(self.expression()?)) } else { None };
        self.expect_keyword(Keyword::End)?;
        Ok(Expression::new(ExpressionKind::Case { branches, otherwise }, self.origin_since(start)))
    }

    /// `name(…)`
    pub(super) fn function_call(&mut self, start: usize) -> SparkResult<Expression> {
        let name = self.qualified_name()?;
        self.call_with_name(name, start)
    }

    fn call_with_name(&mut self, name: Vec<String>, start: usize) -> SparkResult<Expression> {
        self.expect(TokenKind::LeftParen)?;
        let mut call = FunctionCall { name, ..FunctionCall::default() };
        if !self.is(TokenKind::RightParen) {
            let next = self.position() + 1;
            let is_quantifier = matches!(self.keyword(), Some(Keyword::Distinct | Keyword::All))
                && (self.starts_expression_at(next) || self.is_identifier_at(next));
            if is_quantifier {
                call.distinct = self.is_keyword(Keyword::Distinct);
                self.take();
            }
            call.arguments = self.comma_separated(Self::function_argument)?;
        }
        self.expect(TokenKind::RightParen)?;
        self.behind_call(call, start)
    }

    /// An expression, or `name => expression`.
    pub(super) fn function_argument(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        if self.is_identifier() && self.ahead(1) == TokenKind::FatArrow {
            let name = self.identifier()?;
            self.take();
            let value = Box::new(self.expression()?);
            return Ok(Expression::new(ExpressionKind::NamedArgument { name, value }, self.origin_since(start)));
        }
        self.expression()
    }

    /// `IDENTIFIER(expression)`, or a call of the function that it names.
    pub(super) fn identifier_call(&mut self, start: usize) -> SparkResult<Expression> {
        let name = match self.name_reference()? {
            NameReference::Parts(mut parts) => {
                while self.is(TokenKind::Dot) && self.is_identifier_at(self.position() + 1) {
                    self.take();
                    parts.push(self.identifier()?);
                }
                if self.is(TokenKind::LeftParen) {
                    return self.call_with_name(parts, start);
                }
                return Ok(Expression::column(parts, self.origin_since(start)));
            }
            NameReference::Computed(name) => Box::new(name),
        };
        let arguments = if self.accept(TokenKind::LeftParen) {
            let arguments = if self.is(TokenKind::RightParen) {
                Vec::new()
            } else {
                self.comma_separated(Self::function_argument)?
            };
            self.expect(TokenKind::RightParen)?;
            Some(arguments)
        } else {
            None
        };
        Ok(Expression::new(ExpressionKind::Identifier { name, arguments }, self.origin_since(start)))
    }

    /// What may stand behind a call: `WITHIN GROUP`, `FILTER`, `IGNORE NULLS`, `OVER`.
    fn behind_call(&mut self, mut call: FunctionCall, start: usize) -> SparkResult<Expression> {
        if self.accept_keywords(&[Keyword::Within, Keyword::Group]) {
            self.expect(TokenKind::LeftParen)?;
            self.expect_keywords(&[Keyword::Order, Keyword::By])?;
            call.order_within_group = self.comma_separated(Self::sort_item)?;
            self.expect(TokenKind::RightParen)?;
        }
        if self.is_keyword(Keyword::Filter)
            && self.ahead(1) == TokenKind::LeftParen
            && self.is_keyword_ahead(2, Keyword::Where)
        {
            self.take_many(3);
            call.filter = Some(self.expression()?);
            self.expect(TokenKind::RightParen)?;
        }
        if matches!(self.keyword(), Some(Keyword::Ignore | Keyword::Respect))
            && self.is_keyword_ahead(1, Keyword::Nulls)
        {
            call.ignore_nulls = Some(self.is_keyword(Keyword::Ignore));
            self.take_many(2);
        }
        let is_windowed = self.is_keyword(Keyword::Over)
            && (self.ahead(1) == TokenKind::LeftParen || self.is_identifier_at(self.position() + 1));
        if !is_windowed {
            return Ok(self.finished_call(call, start));
        }
        self.take();
        let window = self.window_specification()?;
        let function = self.finished_call(call, start);
        let kind = ExpressionKind::Window(Box::new(WindowExpression { function, window }));
        Ok(Expression::new(kind, self.origin_since(start)))
    }

    /// `COUNT(*)` counts a constant.
    fn finished_call(&self, mut call: FunctionCall, start: usize) -> Expression {
        let origin = self.origin_since(start);
        let is_count = !call.distinct && call.name.last().is_some_and(|name| name.eq_ignore_ascii_case("count"));
        if let (true, 1, [argument]) = (is_count, call.name.len(), call.arguments.as_mut_slice())
            && let ExpressionKind::Star(star) = &argument.kind
            && star.target.is_none()
            && star.except.is_empty()
        {
            *argument = Expression::literal(Literal::Integer(1), origin.clone());
        }
        Expression::new(ExpressionKind::Function(Box::new(call)), origin)
    }

    /// A refusal by the name of the feature.
    pub(super) fn unbuilt(&self, feature: &str, start: usize) -> SparkError {
        SparkError::unsupported(feature).at(&self.origin_since(start))
    }
}
