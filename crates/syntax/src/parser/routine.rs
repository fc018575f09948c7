//! `CREATE FUNCTION`, session variables, and `EXECUTE IMMEDIATE`.

use std::sync::Arc;

use firesteel_base::SparkResult;

use super::create_table::ColumnPlace;
use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::Command;
use crate::ir::routine::{
    CreateFunction, ExecuteImmediate, FunctionBody, Returns, RoutineCommand, SetValues, SetVariables,
};
use crate::ir::table::{ColumnDefinition, DefaultValue};

/// What may stand between a function's result and its body, in any order.
#[derive(Default)]
struct Characteristics {
    comment: Option<String>,
    is_deterministic: Option<bool>,
    reads_sql: Option<bool>,
    has_language: bool,
}

impl Parser<'_> {
    /// The statement if the words here begin one about functions, variables, or computed statements.
    pub(super) fn routine_statement(&mut self) -> SparkResult<Option<Command>> {
        let command = if self.words_before_function().is_some() {
            self.create_function()?
        } else if self.are_keywords(&[Keyword::Drop, Keyword::Function])
            || self.are_keywords(&[Keyword::Drop, Keyword::Temporary, Keyword::Function])
        {
            let is_temporary = self.is_keyword_ahead(1, Keyword::Temporary);
            self.take_many(if is_temporary { 3 } else { 2 });
            let if_exists = self.accept_keywords(&[Keyword::If, Keyword::Exists]);
            let start = self.position();
            let name = self.written_name("DROP FUNCTION")?;
            if is_temporary {
                self.refuse_temporary_qualifier("FUNCTION", &name, start)?;
            }
            RoutineCommand::DropFunction { name, if_exists, is_temporary }
        } else if self.is_keyword(Keyword::Declare) {
            self.declare_variables()?
        } else if self.are_keywords(&[Keyword::Drop, Keyword::Temporary, Keyword::Variable])
            || self.are_keywords(&[Keyword::Drop, Keyword::Temporary, Keyword::Var])
        {
            self.take_many(3);
            let if_exists = self.accept_keywords(&[Keyword::If, Keyword::Exists]);
            RoutineCommand::DropVariable { name: self.written_name("DROP VARIABLE")?, if_exists }
        } else if self.are_keywords(&[Keyword::Execute, Keyword::Immediate]) {
            self.execute_immediate()?
        } else {
            return Ok(None);
        };
        Ok(Some(Command::Routine(command)))
    }

    fn refuse_temporary_qualifier(&self, kind: &str, name: &[String], start: usize) -> SparkResult<()> {
        let Some((last, qualifier)) = name.split_last() else { return Ok(()) };
        let is_session = match qualifier {
            [] => true,
            [session] => session.eq_ignore_ascii_case("session"),
            [system, session] => system.eq_ignore_ascii_case("system") && session.eq_ignore_ascii_case("session"),
            _ => false,
        };
        if is_session {
            return Ok(());
        }
        Err(self
            .error_since("INVALID_TEMP_OBJ_QUALIFIER", start)
            .param("objectType", kind)
            .param("objectName", firesteel_base::identifier::quote_identifier(last))
            .param("qualifier", firesteel_base::identifier::quote_name_parts(qualifier)))
    }

    fn words_before_function(&self) -> Option<usize> {
        let patterns: [&[Keyword]; 4] = [
            &[Keyword::Create],
            &[Keyword::Create, Keyword::Temporary],
            &[Keyword::Create, Keyword::Or, Keyword::Replace],
            &[Keyword::Create, Keyword::Or, Keyword::Replace, Keyword::Temporary],
        ];
        let found = patterns
            .into_iter()
            .find(|words| self.are_keywords(words) && self.is_keyword_ahead(words.len(), Keyword::Function))?;
        Some(found.len())
    }

    fn create_function(&mut self) -> SparkResult<RoutineCommand> {
        let start = self.position();
        let words = self.words_before_function().unwrap_or(1);
        let replace = self.is_keyword_ahead(1, Keyword::Or);
        let is_temporary = self.is_keyword_ahead(words - 1, Keyword::Temporary);
        self.take_many(words + 1);
        let if_not_exists = self.accept_keywords(&[Keyword::If, Keyword::Not, Keyword::Exists]);
        let name_start = self.position();
        let name = self.written_name("CREATE FUNCTION")?;
        if self.is_keyword(Keyword::As) {
            if is_temporary {
                self.refuse_temporary_qualifier("FUNCTION", &name, name_start)?;
            }
            return Err(self.unbuilt("CREATE FUNCTION of a class", start));
        }
        let parameters = self.function_parameters(start)?;
        let returns = self.function_returns()?;
        let characteristics = self.characteristics(start)?;
        if self.is_keyword(Keyword::As) && characteristics.has_language {
            return Err(self.unbuilt("CREATE FUNCTION in another language than SQL", start));
        }
        self.expect_keyword(Keyword::Return)?;
        let body = self.function_body()?;
        if is_temporary {
            self.refuse_temporary_qualifier("FUNCTION", &name, name_start)?;
        }
        self.refuse_function_modes(replace, if_not_exists, is_temporary, start)?;
        let create = CreateFunction {
            name,
            replace,
            if_not_exists,
            is_temporary,
            parameters,
            returns,
            body,
            comment: characteristics.comment,
            is_deterministic: characteristics.is_deterministic,
            reads_sql: characteristics.reads_sql,
            text: Arc::from(self.text_since(start)),
        };
        Ok(RoutineCommand::CreateFunction(Box::new(create)))
    }

    fn refuse_function_modes(
        &self,
        replace: bool,
        if_not_exists: bool,
        is_temporary: bool,
        start: usize,
    ) -> SparkResult<()> {
        if replace && if_not_exists {
            return Err(self.error_since("INVALID_SQL_SYNTAX.CREATE_ROUTINE_WITH_IF_NOT_EXISTS_AND_REPLACE", start));
        }
        if is_temporary && if_not_exists {
            return Err(self.error_since("INVALID_SQL_SYNTAX.CREATE_TEMP_FUNC_WITH_IF_NOT_EXISTS", start));
        }
        Ok(())
    }

    /// `(name type [DEFAULT …] [COMMENT '…'], …)`, maybe empty.
    fn function_parameters(&mut self, start: usize) -> SparkResult<Vec<ColumnDefinition>> {
        let open = self.expect(TokenKind::LeftParen)?;
        if self.accept(TokenKind::RightParen) {
            return Ok(Vec::new());
        }
        let parameters = self.comma_separated(|parser| parser.column_definition(ColumnPlace::Table))?;
        let input = self.text_since(open + 1).to_owned();
        self.expect(TokenKind::RightParen)?;
        if parameters.iter().any(|parameter| parameter.is_generated || parameter.is_identity) {
            return Err(self.error_since("INVALID_SQL_SYNTAX.CREATE_FUNC_WITH_GENERATED_COLUMNS_AS_PARAMETERS", start));
        }
        if parameters.iter().any(|parameter| parameter.has_constraint) {
            return Err(self.error_since("INVALID_SQL_SYNTAX.CREATE_FUNC_WITH_COLUMN_CONSTRAINTS", start));
        }
        if parameters.iter().any(|parameter| !parameter.nullable) {
            return Err(self
                .error_since("USER_DEFINED_FUNCTIONS.NOT_NULL_ON_FUNCTION_PARAMETERS", start)
                .param("input", input));
        }
        Ok(parameters)
    }

    fn function_returns(&mut self) -> SparkResult<Returns> {
        if !self.accept_keyword(Keyword::Returns) {
            return Ok(Returns::Unspecified);
        }
        if !self.accept_keyword(Keyword::Table) {
            return self.data_type().map(Returns::Scalar);
        }
        if !self.is(TokenKind::LeftParen) {
            return Ok(Returns::Table(Vec::new()));
        }
        let (start, open) = (self.position(), self.position() + 1);
        let columns = self.parenthesized(|parser| parser.column_definition(ColumnPlace::Returned))?;
        if columns.iter().any(|column| !column.nullable) {
            let listed = self.text_since(open).trim_end();
            let input = listed.strip_suffix(')').unwrap_or(listed).trim_end().to_owned();
            return Err(self
                .error_since("USER_DEFINED_FUNCTIONS.NOT_NULL_ON_FUNCTION_PARAMETERS", start)
                .param("input", input));
        }
        Ok(Returns::Table(columns))
    }

    fn characteristics(&mut self, start: usize) -> SparkResult<Characteristics> {
        let mut found = Characteristics::default();
        loop {
            let twice = match self.keyword() {
                Some(Keyword::Comment) => {
                    self.take();
                    found.comment.replace(self.string_literal()?).is_some()
                }
                Some(Keyword::Language) => {
                    self.take();
                    let language = self.identifier()?;
                    if !language.eq_ignore_ascii_case("sql") {
                        return Err(self.unbuilt(&format!("CREATE FUNCTION in {}", language.to_uppercase()), start));
                    }
                    std::mem::replace(&mut found.has_language, true)
                }
                Some(Keyword::Deterministic) => {
                    self.take();
                    found.is_deterministic.replace(true).is_some()
                }
                Some(Keyword::Not) if self.is_keyword_ahead(1, Keyword::Deterministic) => {
                    self.take_many(2);
                    found.is_deterministic.replace(false).is_some()
                }
                Some(Keyword::Contains) => {
                    self.take();
                    self.expect_keyword(Keyword::Sql)?;
                    found.reads_sql.replace(false).is_some()
                }
                Some(Keyword::Reads) => {
                    self.take();
                    self.expect_keywords(&[Keyword::Sql, Keyword::Data])?;
                    found.reads_sql.replace(true).is_some()
                }
                Some(Keyword::Sql) if self.is_keyword_ahead(1, Keyword::Security) => {
                    self.take_many(2);
                    match self.accept_any(&[Keyword::Definer, Keyword::Invoker]) {
                        Some(Keyword::Definer) => false,
                        _ => return Err(self.unbuilt("SQL SECURITY INVOKER", start)),
                    }
                }
                _ => return Ok(found),
            };
            if twice {
                return Err(self.error_since("INVALID_SQL_SYNTAX.CREATE_ROUTINE_WITH_DUPLICATE_CLAUSES", start));
            }
        }
    }

    fn function_body(&mut self) -> SparkResult<FunctionBody> {
        let start = self.position();
        if self.starts_query_at(start) || self.encloses_query_at(start) && self.ends_behind(start) {
            let query = Box::new(self.query()?);
            return Ok(FunctionBody::Query { query, text: Arc::from(self.text_since(start)) });
        }
        let expression = self.expression()?;
        Ok(FunctionBody::Expression { expression, text: Arc::from(self.text_since(start)) })
    }

    /// Whether the statement ends behind the parenthesis at `index`.
    fn ends_behind(&self, index: usize) -> bool {
        self.closing_of(index).is_some_and(|close| {
            !matches!(self.kind_at(close + 1), TokenKind::Plus | TokenKind::Minus | TokenKind::Star | TokenKind::Slash)
        })
    }

    /// `DECLARE [OR REPLACE] [VARIABLE] name, … [type] [{DEFAULT | =} expression]`
    pub(super) fn declare_variables(&mut self) -> SparkResult<RoutineCommand> {
        let start = self.take();
        let replace = self.accept_keywords(&[Keyword::Or, Keyword::Replace]);
        let has_word = matches!(self.keyword(), Some(Keyword::Variable | Keyword::Var))
            && self.is_identifier_at(self.position() + 1);
        if has_word {
            self.take();
        }
        let names = self.comma_separated(|parser| parser.written_name("DECLARE VARIABLE"))?;
        let is_end = |parser: &Self| {
            matches!(
                parser.kind(),
                TokenKind::Equal | TokenKind::Keyword(Keyword::Default) | TokenKind::Semicolon | TokenKind::EndOfInput
            )
        };
        let data_type = if is_end(self) { None } else { Some(self.data_type()?) };
        let mut default = None;
        if matches!(self.kind(), TokenKind::Equal | TokenKind::Keyword(Keyword::Default)) {
            self.take();
            let from = self.position();
            let expression = self.expression()?;
            default = Some(DefaultValue { text: Arc::from(self.text_since(from)), expression });
        }
        if data_type.is_none() && default.is_none() {
            return Err(self.error_since("INVALID_SQL_SYNTAX.VARIABLE_TYPE_OR_DEFAULT_REQUIRED", start));
        }
        Ok(RoutineCommand::DeclareVariables { names, replace, data_type, default })
    }

    /// `SET {VARIABLE | VAR} name = value, …` and `SET VARIABLE (name, …) = (query)`
    ///
    /// In scripts the second word is not written; `words` are to be passed over.
    pub(super) fn set_variables(&mut self, words: usize) -> SparkResult<Command> {
        self.take_many(words);
        if self.is(TokenKind::LeftParen) {
            let names = self.parenthesized(|parser| parser.written_name("SET VARIABLE"))?;
            self.expect(TokenKind::Equal)?;
            let query = Box::new(self.parenthesized_query()?);
            let set = SetVariables { names, values: SetValues::Query(query) };
            return Ok(Command::Routine(RoutineCommand::SetVariables(set)));
        }
        let pairs = self.comma_separated(|parser| {
            let name = parser.written_name("SET VARIABLE")?;
            parser.expect(TokenKind::Equal)?;
            Ok((name, parser.expression()?))
        })?;
        let (names, values) = pairs.into_iter().unzip();
        let set = SetVariables { names, values: SetValues::Expressions(values) };
        Ok(Command::Routine(RoutineCommand::SetVariables(set)))
    }

    /// `EXECUTE IMMEDIATE text [INTO name, …] [USING value [AS name], …]`
    fn execute_immediate(&mut self) -> SparkResult<RoutineCommand> {
        self.take_many(2);
        let statement = self.expression()?;
        let into = if self.accept_keyword(Keyword::Into) {
            self.comma_separated(|parser| parser.written_name("EXECUTE IMMEDIATE"))?
        } else {
            Vec::new()
        };
        let mut using = Vec::new();
        if self.accept_keyword(Keyword::Using) {
            let enclosed = self.is(TokenKind::LeftParen) && self.closes_statement();
            if enclosed {
                self.take();
            }
            using = self.comma_separated(|parser| {
                let value = parser.expression()?;
                let is_named = parser.accept_keyword(Keyword::As) || parser.is_identifier();
                let name = if is_named { Some(parser.identifier()?) } else { None };
                Ok((value, name))
            })?;
            if enclosed {
                self.expect(TokenKind::RightParen)?;
            }
        }
        Ok(RoutineCommand::ExecuteImmediate(Box::new(ExecuteImmediate { statement, into, using })))
    }

    /// Whether nothing but the end stands behind the parenthesis here.
    fn closes_statement(&self) -> bool {
        self.closing_of(self.position())
            .is_some_and(|close| matches!(self.kind_at(close + 1), TokenKind::Semicolon | TokenKind::EndOfInput))
    }
}
