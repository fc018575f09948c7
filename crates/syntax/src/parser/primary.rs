//! Operands: literals, names, calls, parentheses, and what is written behind an operand (`.`, `[]`, `::`, `COLLATE`).

use std::sync::Arc;

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::expression::{Attribute, CastMode, FunctionCall, Parameter, Star};
use crate::ir::{Expression, ExpressionKind, Literal};

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        let mut operand = self.operand()?;
        loop {
            operand = match self.kind() {
                TokenKind::Dot if self.is_identifier_at(self.position() + 1) => self.field(operand, start)?,
                TokenKind::LeftBracket => self.subscript(operand, start)?,
                TokenKind::DoubleColon => self.cast_by_colons(operand, start)?,
                TokenKind::Colon => self.path_extraction(operand, start)?,
                TokenKind::Keyword(Keyword::Collate) if self.is_identifier_at(self.position() + 1) => {
                    self.collate(operand, start)?
                }
                _ => return Ok(operand),
            };
        }
    }

    fn field(&mut self, operand: Expression, start: usize) -> SparkResult<Expression> {
        self.take();
        let position = self.position();
        let is_pattern = self.is_pattern();
        let name = self.identifier()?;
        let origin = self.origin_since(start);
        if let ExpressionKind::Attribute(mut attribute) = operand.kind {
            if is_pattern {
                let table = Some(attribute.name.join("."));
                return Ok(Expression::new(ExpressionKind::Regex { pattern: name, table, plan_id: None }, origin));
            }
            attribute.name.push(name);
            return Ok(Expression::new(ExpressionKind::Attribute(attribute), origin));
        }
        let key = Expression::literal(Literal::String(Arc::from(name)), self.origin_since(position));
        Ok(Expression::new(ExpressionKind::Extract { child: Box::new(operand), key: Box::new(key) }, origin))
    }

    fn subscript(&mut self, operand: Expression, start: usize) -> SparkResult<Expression> {
        self.take();
        let key = self.nested_value_expression()?;
        self.expect(TokenKind::RightBracket)?;
        let kind = ExpressionKind::Extract { child: Box::new(operand), key: Box::new(key) };
        Ok(Expression::new(kind, self.origin_since(start)))
    }

    fn cast_by_colons(&mut self, operand: Expression, start: usize) -> SparkResult<Expression> {
        self.take();
        let to = self.data_type()?;
        let kind = ExpressionKind::Cast { child: Box::new(operand), to, mode: CastMode::Session };
        Ok(Expression::new(kind, self.origin_since(start)))
    }

    fn collate(&mut self, operand: Expression, start: usize) -> SparkResult<Expression> {
        self.take();
        let collation = self.multipart_identifier()?;
        let kind = ExpressionKind::Collate { child: Box::new(operand), collation };
        Ok(Expression::new(kind, self.origin_since(start)))
    }

    /// `variant:path.to['field'][0]`: `variant_get` with the path as text.
    fn path_extraction(&mut self, operand: Expression, start: usize) -> SparkResult<Expression> {
        self.take();
        let mut path = String::from("$");
        let mut position = self.position();
        let mut is_first = true;
        loop {
            match self.kind() {
                TokenKind::LeftBracket => self.path_subscript(&mut path)?,
                TokenKind::Dot if !is_first => {
                    self.take();
                    self.path_name(&mut path)?;
                }
                _ if is_first => self.path_name(&mut path)?,
                _ => break,
            }
            is_first = false;
            position = self.position();
        }
        let origin = self.origin_between(start, position.saturating_sub(1));
        let path = Expression::literal(Literal::String(Arc::from(path)), origin.clone());
        let call = FunctionCall {
            name: vec!["variant_get".to_owned()],
            arguments: vec![operand, path],
            is_internal: true,
            ..FunctionCall::default()
        };
        Ok(Expression::new(ExpressionKind::Function(Box::new(call)), origin))
    }

    fn path_name(&mut self, path: &mut String) -> SparkResult<()> {
        let name = self.identifier()?;
        path.push('.');
        path.push_str(&name);
        Ok(())
    }

    /// `['name']` and `[0]`, kept as they are written.
    fn path_subscript(&mut self, path: &mut String) -> SparkResult<()> {
        let start = self.take();
        if !self.is_string_at(self.position()) && !self.is(TokenKind::Integer) {
            return Err(self.syntax_error());
        }
        self.take();
        self.expect(TokenKind::RightBracket)?;
        path.push_str(self.text_since(start));
        Ok(())
    }

    fn operand(&mut self) -> SparkResult<Expression> {
        match self.kind() {
            TokenKind::Keyword(keyword) => self.keyword_operand(keyword),
            TokenKind::String => self.string_operand(),
            TokenKind::DoubleQuoted if self.is_string_at(self.position()) => self.string_operand(),
            TokenKind::LeftParen => self.parenthesis(),
            TokenKind::Star => self.star(None, self.position()),
            TokenKind::Question => {
                let index = self.take();
                let parameter = Parameter::Positional(self.token_at(index).link);
                Ok(Expression::new(ExpressionKind::Parameter(parameter), self.origin_of_token(index)))
            }
            TokenKind::Colon => {
                let start = self.take();
                let name = self.simple_identifier()?;
                let kind = ExpressionKind::Parameter(Parameter::Named(name));
                Ok(Expression::new(kind, self.origin_since(start)))
            }
            _ if self.is_number_at(self.position()) || self.is(TokenKind::Minus) => self.number(),
            _ => self.named_operand(),
        }
    }

    fn string_operand(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        let text = self.string_literal()?;
        Ok(Expression::literal(Literal::String(Arc::from(text)), self.origin_since(start)))
    }

    /// An operand that begins with a word: a lambda, a call, a star, a typed literal or a column.
    pub(super) fn named_operand(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        if !self.is_identifier() {
            return Err(self.syntax_error());
        }
        if self.kind_at(start + 1) == TokenKind::Arrow {
            let name = self.identifier()?;
            return self.lambda(vec![name], start);
        }
        if self.is_string_at(start + 1) && self.kind_at(start) != TokenKind::Quoted {
            return self.typed_literal();
        }
        if let Some(last) = self.qualified_star_at(start) {
            let target = self.qualified_name()?;
            self.take_many(last.saturating_sub(self.position()));
            return self.star(Some(target), start);
        }
        if self.is_keyword(Keyword::Identifier) && self.kind_at(start + 1) == TokenKind::LeftParen {
            return self.identifier_call(start);
        }
        if self.call_at(start).is_some() {
            return self.function_call(start);
        }
        self.column()
    }

    /// Where the star of `a.b.*` stands, if one does.
    fn qualified_star_at(&self, start: usize) -> Option<usize> {
        let mut index = start;
        while self.is_identifier_at(index) && self.kind_at(self.name_part_end(index)) == TokenKind::Dot {
            index = self.name_part_end(index) + 1;
            if self.kind_at(index) == TokenKind::Star {
                return Some(index);
            }
        }
        None
    }

    /// Where the parenthesis of `a.b.c(…)` stands, if one does.
    pub(super) fn call_at(&self, start: usize) -> Option<usize> {
        let mut index = start;
        while self.is_identifier_at(index) {
            let end = self.name_part_end(index);
            match self.kind_at(end) {
                TokenKind::LeftParen => return Some(end),
                TokenKind::Dot => index = end + 1,
                _ => return None,
            }
        }
        None
    }

    fn column(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        let is_pattern = self.is_pattern();
        let name = self.identifier()?;
        let origin = self.origin_since(start);
        if is_pattern {
            return Ok(Expression::new(ExpressionKind::Regex { pattern: name, table: None, plan_id: None }, origin));
        }
        let attribute = Attribute { name: vec![name], plan_id: None, is_metadata_column: false };
        Ok(Expression::new(ExpressionKind::Attribute(attribute), origin))
    }

    /// Whether the name that comes is a pattern for the names of columns: what is quoted in a SELECT list or in a
    /// function's arguments, if the session wants it so.
    fn is_pattern(&self) -> bool {
        self.options.quoted_regex_column_names && self.named_depth > 0 && self.is(TokenKind::Quoted)
    }

    /// `*` with the columns left out of it, at the star.
    fn star(&mut self, target: Option<Vec<String>>, start: usize) -> SparkResult<Expression> {
        self.expect(TokenKind::Star)?;
        let except = if self.is_keyword(Keyword::Except)
            && self.ahead(1) == TokenKind::LeftParen
            && !self.encloses_query_at(self.position() + 1)
        {
            self.take();
            self.parenthesized(Self::multipart_identifier)?
        } else {
            Vec::new()
        };
        let star = Star { target, plan_id: None, except };
        Ok(Expression::new(ExpressionKind::Star(star), self.origin_since(start)))
    }

    /// The body of a lambda, at its arrow.
    fn lambda(&mut self, parameters: Vec<String>, start: usize) -> SparkResult<Expression> {
        self.expect(TokenKind::Arrow)?;
        let body = Box::new(self.expression()?);
        Ok(Expression::new(ExpressionKind::Lambda { parameters, body }, self.origin_since(start)))
    }

    /// A lambda with several parameters, a subquery, a row, or an expression in parentheses.
    fn parenthesis(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        let behind = self.closing_of(start).map(|close| self.kind_at(close + 1));
        if behind == Some(TokenKind::Arrow) {
            let parameters = self.parenthesized(Self::identifier)?;
            return self.lambda(parameters, start);
        }
        if self.encloses_query_at(start) {
            let query = self.parenthesized_query()?;
            return Ok(Expression::new(ExpressionKind::ScalarSubquery(Box::new(query)), self.origin_since(start)));
        }
        self.take();
        let first = self.aliased_expression()?;
        if self.is(TokenKind::Comma) {
            self.take();
            let mut members = vec![first];
            members.extend(self.comma_separated(Self::named_expression)?);
            self.expect(TokenKind::RightParen)?;
            return Ok(self.row(members, start));
        }
        if matches!(first.kind, ExpressionKind::Alias { .. }) {
            return Err(self.syntax_error());
        }
        self.expect(TokenKind::RightParen)?;
        Ok(first)
    }

    /// `(a, b)` is a struct whose fields are named after what stands in it.
    pub(super) fn row(&self, members: Vec<Expression>, start: usize) -> Expression {
        let origin = self.origin_since(start);
        let is_star =
            |member: &Expression| matches!(member.kind, ExpressionKind::Star(_) | ExpressionKind::Regex { .. });
        if members.iter().any(is_star) {
            return Expression::call("struct", members, origin);
        }
        let mut arguments = Vec::with_capacity(2 * members.len());
        for (index, member) in members.into_iter().enumerate() {
            let name = member_name(&member).unwrap_or_else(|| format!("col{}", index + 1));
            arguments.push(Expression::literal(Literal::String(Arc::from(name)), origin.clone()));
            arguments.push(member);
        }
        let call = FunctionCall {
            name: vec!["named_struct".to_owned()],
            arguments,
            is_internal: true,
            ..FunctionCall::default()
        };
        Expression::new(ExpressionKind::Function(Box::new(call)), origin)
    }
}

/// The name that a member gives to its field.
fn member_name(member: &Expression) -> Option<String> {
    match &member.kind {
        ExpressionKind::Attribute(attribute) => attribute.name.last().cloned(),
        ExpressionKind::Alias { names, .. } => names.first().cloned(),
        ExpressionKind::Extract { key, .. } => match &key.kind {
            ExpressionKind::Literal(Literal::String(name)) => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    }
}
