//! `SELECT`: its list and the clauses of one query block, in the order in which they take effect.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::keywords::Keyword;
use super::script::ScriptClause;
use super::token::TokenKind;
use crate::ir::relation::{Aggregate, Grouping, LateralView, ScriptTransform, SetOperationKind};
use crate::ir::{Expression, ExpressionKind, Literal, Relation, RelationKind};

/// A hint: its name and parameters.
type Hint = (String, Vec<Expression>);

/// `SELECT [hints] [ALL | DISTINCT] list`
struct SelectClause {
    hints: Vec<Hint>,
    is_distinct: bool,
    expressions: Vec<Expression>,
    /// The program that the expressions are the input of.
    script: Option<ScriptClause>,
}

impl Parser<'_> {
    /// A query block at `SELECT`, over the relation of a `FROM` that stood in front of it.
    pub(super) fn select(&mut self, from: Option<Relation>) -> SparkResult<Relation> {
        let start = self.position();
        let clause = self.select_clause()?;
        let has_from = from.is_some();
        let mut input = match from {
            Some(input) => input,
            None if self.is_keyword(Keyword::From) => self.relations_clause()?,
            None => Relation::new(RelationKind::OneRow, self.origin_since(start)),
        };
        while self.are_keywords(&[Keyword::Lateral, Keyword::View]) {
            input = self.lateral_view(input)?;
        }
        let condition = if self.accept_keyword(Keyword::Where) { Some(self.expression()?) } else { None };
        let result = self.select_result(clause, input, condition, start)?;
        if !has_from {
            return Ok(result);
        }
        let clauses = self.position();
        let organization = self.organization()?;
        self.organized(result, organization, clauses)
    }

    /// `|> SELECT …`
    pub(super) fn piped_select(&mut self, input: Relation, start: usize) -> SparkResult<Relation> {
        let clause = self.select_clause()?;
        self.select_result(clause, input, None, start)
    }

    /// `WHERE condition`
    pub(super) fn filter(&mut self, input: Relation, start: usize) -> SparkResult<Relation> {
        self.expect_keyword(Keyword::Where)?;
        let condition = self.expression()?;
        Ok(Relation::new(RelationKind::Filter { input: input.boxed(), condition }, self.origin_since(start)))
    }

    fn select_clause(&mut self) -> SparkResult<SelectClause> {
        let is_map = matches!(self.keyword(), Some(Keyword::Map | Keyword::Reduce));
        if !is_map {
            self.expect_keyword(Keyword::Select)?;
        }
        if is_map || self.is_transform() {
            let mut script = self.script_clause()?;
            let expressions = std::mem::take(&mut script.arguments);
            return Ok(SelectClause { hints: Vec::new(), is_distinct: false, expressions, script: Some(script) });
        }
        let mut hints = Vec::new();
        while self.is(TokenKind::HintStart) {
            hints.extend(self.hints()?);
        }
        let is_quantified = match self.keyword() {
            Some(Keyword::Distinct | Keyword::All) => {
                let next = self.position() + 1;
                (self.starts_expression_at(next) || self.is_identifier_at(next))
                    && !matches!(self.kind_at(next), TokenKind::Plus | TokenKind::Minus if self.is_number_at(next + 2))
                    && !(self.is_keyword(Keyword::All) && self.is_clause_at(next))
            }
            _ => false,
        };
        let is_distinct = is_quantified && self.is_keyword(Keyword::Distinct);
        if is_quantified {
            self.take();
        }
        let expressions = self.comma_separated(Self::named_expression)?;
        Ok(SelectClause { hints, is_distinct, expressions, script: None })
    }

    /// The filter and everything above it: aggregation, projection, `HAVING`, windows, `QUALIFY`, `DISTINCT`, hints.
    fn select_result(
        &mut self,
        clause: SelectClause,
        mut input: Relation,
        condition: Option<Expression>,
        start: usize,
    ) -> SparkResult<Relation> {
        let SelectClause { hints, is_distinct, expressions, script } = clause;
        let group_start = self.position();
        let grouping = if self.are_keywords(&[Keyword::Group, Keyword::By]) { Some(self.group_by()?) } else { None };
        let group_origin = self.origin_since(group_start);
        let having = if self.accept_keyword(Keyword::Having) { Some(self.expression()?) } else { None };
        let window_start = self.position();
        let windows = if self.is_keyword(Keyword::Window) { Some(self.window_clause()?) } else { None };
        let window_origin = self.origin_since(window_start);
        let qualify = if self.accept_keyword(Keyword::Qualify) { Some(self.expression()?) } else { None };
        let origin = self.origin_since(start);
        let place = |kind| Relation::new(kind, origin.clone());
        if let Some(condition) = condition {
            input = place(RelationKind::Filter { input: input.boxed(), condition });
        }
        let is_grouped = grouping.is_some();
        // HAVING alone makes one group of everything.
        let grouping = grouping.or_else(|| having.is_some().then(|| Grouping::By(Vec::new())));
        let mut result = match grouping {
            Some(grouping) => {
                let aggregate = Aggregate { input, grouping, expressions, prepend_grouping: false };
                let aggregate = RelationKind::Aggregate(Box::new(aggregate));
                if is_grouped { Relation::new(aggregate, group_origin) } else { place(aggregate) }
            }
            None => place(RelationKind::Project { input: input.boxed(), expressions }),
        };
        if let Some(condition) = having {
            result = place(RelationKind::Having { input: result.boxed(), condition });
        }
        if let Some(condition) = qualify {
            result = place(RelationKind::Qualify { input: result.boxed(), condition });
        }
        if is_distinct {
            result = place(RelationKind::Distinct { input: result.boxed() });
        }
        if let Some(windows) = windows {
            result = Relation::new(RelationKind::WithWindows { input: result.boxed(), windows }, window_origin);
        }
        if let Some(ScriptClause { input_format, script, columns, output_format, .. }) = script {
            let script = ScriptTransform { input: result, input_format, script, columns, output_format };
            result = place(RelationKind::ScriptTransform(Box::new(script)));
        }
        for (name, parameters) in hints.into_iter().rev() {
            result = place(RelationKind::Hint { input: result.boxed(), name, parameters });
        }
        Ok(result)
    }

    /// `/*+ name, name(parameter, …) */`
    fn hints(&mut self) -> SparkResult<Vec<Hint>> {
        self.expect(TokenKind::HintStart)?;
        let mut hints = Vec::new();
        loop {
            let name = self.simple_identifier()?;
            let parameters =
                if self.is(TokenKind::LeftParen) { self.parenthesized(Self::hint_parameter)? } else { Vec::new() };
            hints.push((name, parameters));
            self.accept(TokenKind::Comma);
            if self.accept(TokenKind::HintEnd) {
                return Ok(hints);
            }
        }
    }

    fn hint_parameter(&mut self) -> SparkResult<Expression> {
        self.nested(Self::primary)
    }

    /// `FROM relations` with any number of query blocks behind it; several of them are united.
    pub(super) fn relation_first(&mut self) -> SparkResult<Relation> {
        let start = self.position();
        let from = self.relations_clause()?;
        let mut result: Option<Relation> = None;
        while matches!(self.keyword(), Some(Keyword::Select | Keyword::Map | Keyword::Reduce)) {
            let block = self.select(Some(from.clone()))?;
            result = Some(match result {
                Some(left) => self.set_operation(left, block, SetOperationKind::Union, true, start),
                None => block,
            });
        }
        if self.is_keyword(Keyword::Insert) {
            return Err(self.unbuilt("INSERT behind FROM", start));
        }
        Ok(result.unwrap_or(from))
    }

    /// `LATERAL VIEW [OUTER] generator(…) table [AS] columns`
    pub(super) fn lateral_view(&mut self, input: Relation) -> SparkResult<Relation> {
        let start = self.position();
        self.expect_keywords(&[Keyword::Lateral, Keyword::View])?;
        let is_outer = self.is_keyword(Keyword::Outer) && self.is_identifier_at(self.position() + 1);
        if is_outer {
            self.take();
        }
        let call = self.position();
        let name = self.qualified_name()?;
        self.expect(TokenKind::LeftParen)?;
        let arguments =
            if self.is(TokenKind::RightParen) { Vec::new() } else { self.comma_separated(Self::expression)? };
        self.expect(TokenKind::RightParen)?;
        let origin = self.origin_since(call);
        let mut generator = Expression::call("", arguments, origin);
        if let ExpressionKind::Function(call) = &mut generator.kind {
            call.name = name;
        }
        let table = Some(self.identifier()?.to_lowercase());
        let has_columns = self.accept_keyword(Keyword::As) || self.is_implicit_alias();
        let columns = if has_columns { self.comma_separated(Self::identifier)? } else { Vec::new() };
        let view = LateralView { input, generator, is_outer, table, columns };
        Ok(Relation::new(RelationKind::LateralView(Box::new(view)), self.origin_since(start)))
    }

    /// An expression with an optional alias, or with several for a generator.
    pub(super) fn named_expression(&mut self) -> SparkResult<Expression> {
        self.named_depth += 1;
        let named = self.aliased_expression();
        self.named_depth -= 1;
        named
    }

    /// As [`Self::named_expression`], where quoted names are no patterns unless something around makes them so.
    pub(super) fn aliased_expression(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        let child = self.expression()?;
        let names = if self.accept_keyword(Keyword::As) {
            if self.is(TokenKind::LeftParen) { self.identifier_list()? } else { vec![self.plain_identifier()?] }
        } else if self.is(TokenKind::LeftParen) {
            self.identifier_list()?
        } else if self.is_implicit_alias() {
            vec![self.plain_identifier()?]
        } else {
            match path_name(&child) {
                Some(name) => vec![name],
                None => return Ok(child),
            }
        };
        let kind = ExpressionKind::Alias { child: Box::new(child), names, metadata: None };
        Ok(Expression::new(kind, self.origin_since(start)))
    }
}

/// `variant:a.b` is named after the last name of its path.
fn path_name(expression: &Expression) -> Option<String> {
    let mut inner = expression;
    while let ExpressionKind::Cast { child, .. } = &inner.kind {
        inner = child;
    }
    let ExpressionKind::Function(call) = &inner.kind else { return None };
    let path = match call.arguments.get(1).map(|argument| &argument.kind) {
        Some(ExpressionKind::Literal(Literal::String(path))) if call.is_internal && call.name == ["variant_get"] => {
            path
        }
        _ => return None,
    };
    let names = path.split(['.', '[', ']', '$']).map(|part| part.trim_matches(['\'', '"']));
    let is_name = |part: &&str| !part.is_empty() && !part.bytes().all(|byte| byte.is_ascii_digit());
    names.rev().find(is_name).map(str::to_owned)
}
