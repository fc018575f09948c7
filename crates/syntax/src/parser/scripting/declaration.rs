//! What the blocks of a script declare: variables, conditions and handlers, in this order.

use firesteel_base::error::{Condition, to_sql_id};
use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{SparkError, SparkResult};

use super::Section;
use crate::ir::routine::RoutineCommand;
use crate::ir::script::{Block, Handler, ScriptStatement, ScriptStatementKind, Trigger};
use crate::ir::{Command, Statement};
use crate::parser::cursor::Parser;
use crate::parser::keywords::Keyword;
use crate::parser::token::TokenKind;

impl Parser<'_> {
    /// A declaration at `DECLARE`.
    pub(super) fn declaration(&mut self, block: &mut Block, section: &mut Section) -> SparkResult<()> {
        let start = self.position();
        if matches!(self.ahead(1), TokenKind::Keyword(Keyword::Exit | Keyword::Continue))
            && self.is_keyword_ahead(2, Keyword::Handler)
        {
            let handler = self.handler(start)?;
            if *section > Section::Handlers {
                return Err(self.script_error("INVALID_HANDLER_DECLARATION.WRONG_PLACE_OF_DECLARATION", start));
            }
            *section = Section::Handlers;
            block.handlers.push(handler);
            return Ok(());
        }
        if self.is_condition_declaration() {
            return self.condition_declaration(*section, start);
        }
        if self.is_cursor_declaration() {
            return Err(self.unbuilt_cursor(start));
        }
        let declared = self.declare_variables()?;
        let RoutineCommand::DeclareVariables { names, .. } = &declared else { return Ok(()) };
        let name = names.first().map(|name| quote_name_parts(name)).unwrap_or_default();
        let refused = match section {
            Section::Variables => None,
            Section::Handlers | Section::Statements => Some("INVALID_VARIABLE_DECLARATION.ONLY_AT_BEGINNING"),
            Section::Body => Some("INVALID_VARIABLE_DECLARATION.NOT_ALLOWED_IN_SCOPE"),
        };
        if let Some(refused) = refused {
            return Err(self.script_error(refused, start).param("varName", name));
        }
        let statement = Box::new(Statement::Command(Command::Routine(declared)));
        let kind = ScriptStatementKind::Sql(statement);
        block.statements.push(ScriptStatement { kind, origin: self.origin_since(start) });
        Ok(())
    }

    // --- cursors ---

    /// `DECLARE name [INSENSITIVE | ASENSITIVE] CURSOR FOR`
    fn is_cursor_declaration(&self) -> bool {
        let name = self.position() + 1;
        let is_cursor =
            |index| self.is_keyword_at(index, Keyword::Cursor) && self.is_keyword_at(index + 1, Keyword::For);
        self.is_identifier_at(name) && (is_cursor(name + 1) || self.is_identifier_at(name + 1) && is_cursor(name + 2))
    }

    /// `OPEN`, `FETCH` and `CLOSE` of a cursor.
    pub(in crate::parser) fn is_cursor_statement(&self) -> bool {
        let next = self.position() + 1;
        match self.keyword() {
            Some(Keyword::Open | Keyword::Close | Keyword::Fetch) => self.is_identifier_at(next),
            _ => false,
        }
    }

    /// Spark's refusal where cursors are off, as they are unless a setting says otherwise.
    pub(in crate::parser) fn unbuilt_cursor(&self, start: usize) -> SparkError {
        if self.options.cursors {
            SparkError::unsupported("cursors")
        } else {
            self.script_error("UNSUPPORTED_FEATURE.SQL_CURSOR", start)
        }
    }

    // --- conditions ---

    /// `DECLARE name CONDITION [FOR SQLSTATE [VALUE] '…']`
    fn is_condition_declaration(&self) -> bool {
        let name = self.position() + 1;
        self.is_identifier_at(name)
            && self.is_keyword_at(name + 1, Keyword::Condition)
            && matches!(self.kind_at(name + 2), TokenKind::Semicolon | TokenKind::Keyword(Keyword::For))
    }

    fn condition_declaration(&mut self, section: Section, start: usize) -> SparkResult<()> {
        self.take();
        let name = self.simple_identifier()?.to_uppercase();
        self.take();
        if self.accept_keyword(Keyword::For) {
            self.sql_state()?;
        }
        if section > Section::Variables {
            let refused = "INVALID_ERROR_CONDITION_DECLARATION.NOT_AT_START_OF_COMPOUND_STATEMENT";
            return Err(self.script_error(refused, start).param("conditionName", to_sql_id(&name)));
        }
        if !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_') {
            let refused = "INVALID_ERROR_CONDITION_DECLARATION.SPECIAL_CHARACTER_FOUND";
            return Err(self.script_error(refused, start).param("conditionName", to_sql_id(&name)));
        }
        let is_known = self.script.conditions.last().is_some_and(|known| known.contains(&name));
        if is_known {
            return Err(self.script_error("DUPLICATE_CONDITION_IN_SCOPE", start).param("condition", to_sql_id(&name)));
        }
        if let Some(conditions) = self.script.conditions.last_mut() {
            conditions.push(name);
        }
        Ok(())
    }

    /// `SQLSTATE [VALUE] '…'`
    fn sql_state(&mut self) -> SparkResult<String> {
        let start = self.expect_keyword(Keyword::Sqlstate)?;
        self.accept_keyword(Keyword::Value);
        let state = self.string_literal()?;
        let upper = state.to_uppercase();
        let is_valid = upper.len() == 5 && upper.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        if is_valid && !["00", "01", "XX"].iter().any(|class| upper.starts_with(class)) {
            Ok(upper)
        } else {
            Err(self.script_error("INVALID_SQLSTATE", start).param("sqlState", state))
        }
    }

    // --- handlers ---

    fn handler(&mut self, start: usize) -> SparkResult<Handler> {
        let continues = self.is_keyword_ahead(1, Keyword::Continue);
        self.take_many(3);
        self.expect_keyword(Keyword::For)?;
        let mut triggers: Vec<Trigger> = Vec::new();
        loop {
            let trigger = self.trigger()?;
            if triggers.contains(&trigger) {
                return Err(self.duplicate_trigger(&trigger, start));
            }
            triggers.push(trigger);
            if !self.accept(TokenKind::Comma) {
                break;
            }
        }
        let is_class = |trigger: &Trigger| matches!(trigger, Trigger::NotFound | Trigger::Exception);
        if triggers.iter().any(is_class) && !triggers.iter().all(is_class) {
            return Err(self.script_error("INVALID_HANDLER_DECLARATION.INVALID_CONDITION_COMBINATION", start));
        }
        let body = self.handler_body()?;
        if continues && !self.options.continue_handlers {
            return Err(self.script_error("UNSUPPORTED_FEATURE.CONTINUE_EXCEPTION_HANDLER", start));
        }
        Ok(Handler { triggers, continues, body })
    }

    fn trigger(&mut self) -> SparkResult<Trigger> {
        let start = self.position();
        if self.is_keyword(Keyword::Sqlstate) {
            return self.sql_state().map(Trigger::SqlState);
        }
        if self.accept_keyword(Keyword::Sqlexception) {
            return Ok(Trigger::Exception);
        }
        if self.accept_keywords(&[Keyword::Not, Keyword::Found]) {
            return Ok(Trigger::NotFound);
        }
        let name = self.multipart_identifier()?.join(".").to_uppercase();
        let is_declared = self.script.conditions.iter().flatten().any(|known| *known == name);
        if is_declared || Condition::find(&name).is_some() {
            Ok(Trigger::Condition(name))
        } else {
            Err(self.script_error("INVALID_HANDLER_DECLARATION.CONDITION_NOT_FOUND", start).param("condition", name))
        }
    }

    /// A block, or one statement.
    fn handler_body(&mut self) -> SparkResult<Block> {
        let start = self.position();
        let is_labelled =
            self.is_identifier() && self.ahead(1) == TokenKind::Colon && self.is_keyword_ahead(2, Keyword::Begin);
        if is_labelled {
            let label = self.label()?;
            self.take();
            return self.block(Some(label));
        }
        if self.is_keyword(Keyword::Begin) {
            return self.block(None);
        }
        let kind = ScriptStatementKind::Sql(Box::new(self.sql_statement()?));
        let statement = ScriptStatement { kind, origin: self.origin_since(start) };
        Ok(Block { statements: vec![statement], ..Block::default() })
    }

    fn duplicate_trigger(&self, trigger: &Trigger, start: usize) -> SparkError {
        match trigger {
            Trigger::SqlState(state) => self
                .script_error("INVALID_HANDLER_DECLARATION.DUPLICATE_SQLSTATE_IN_HANDLER_DECLARATION", start)
                .param("sqlState", state),
            other => self
                .script_error("INVALID_HANDLER_DECLARATION.DUPLICATE_CONDITION_IN_HANDLER_DECLARATION", start)
                .param("condition", other.name()),
        }
    }

    /// Of two handlers for the same no one could say which counts.
    pub(super) fn refuse_duplicate_handlers(&self, block: &Block) -> SparkResult<()> {
        let mut seen: Vec<&Trigger> = Vec::new();
        for trigger in block.handlers.iter().flat_map(|handler| &handler.triggers) {
            if seen.contains(&trigger) {
                return Err(match trigger {
                    Trigger::SqlState(state) => {
                        SparkError::new("DUPLICATE_EXCEPTION_HANDLER.SQLSTATE").param("sqlState", state)
                    }
                    other => SparkError::new("DUPLICATE_EXCEPTION_HANDLER.CONDITION").param("condition", other.name()),
                });
            }
            seen.push(trigger);
        }
        Ok(())
    }
}
