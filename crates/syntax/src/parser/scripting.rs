//! Scripts: `BEGIN … END`, its statements, and those that choose and repeat others.
//!
//! Labels, the order of declarations and the names of conditions are checked here. Errors of that kind name the line
//! of the script; those of the syntax point at a token as anywhere else.

mod declaration;

use std::sync::Arc;

use firesteel_base::error::to_sql_id;
use firesteel_base::{SparkError, SparkResult};

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::script::{Block, Branches, Condition, For, Script, ScriptStatement, ScriptStatementKind};
use crate::ir::{Command, Statement};

/// Where the parser stands in a script.
#[derive(Default)]
pub(super) struct ScriptScope {
    /// Of the blocks, loops and `FOR` variables around, outermost first.
    labels: Vec<Label>,
    /// The conditions that the blocks around declare, in upper case, outermost first.
    conditions: Vec<Vec<String>>,
}

struct Label {
    /// In lower case.
    name: String,
    kind: LabelKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LabelKind {
    Block,
    Loop,
    /// The name of a row.
    Variable,
}

/// What may still be declared in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Variables,
    Handlers,
    Statements,
    /// The body of a statement declares nothing.
    Body,
}

/// Names that qualify what is no local variable.
const FORBIDDEN_LABELS: &[&str] = &["builtin", "session", "system", "sys"];

const ENDS_BODY: &[Keyword] = &[Keyword::End, Keyword::Else, Keyword::Elseif, Keyword::When, Keyword::Until];

impl ScriptScope {
    pub(super) fn is_inside(&self) -> bool {
        !self.conditions.is_empty()
    }
}

impl Parser<'_> {
    /// Whether the text is a script.
    pub(super) fn is_script(&self) -> bool {
        self.is_keyword(Keyword::Begin)
    }

    /// A whole script, with one semicolon behind it at most.
    pub(super) fn script(&mut self) -> SparkResult<Command> {
        let start = self.position();
        let body = self.block(None)?;
        self.accept(TokenKind::Semicolon);
        self.end_of_input()?;
        if !self.options.scripting {
            return Err(self
                .script_error("UNSUPPORTED_FEATURE.SQL_SCRIPTING", start)
                .param("sqlScriptingEnabled", "\"spark.sql.scripting.enabled\""));
        }
        Ok(Command::Script(Box::new(Script { body })))
    }

    /// An error of a script that names the line of token `start`.
    fn script_error(&self, condition: &str, start: usize) -> SparkError {
        SparkError::new(condition).at(&self.origin_since(start))
    }

    /// `BEGIN [NOT ATOMIC] … END [label]`
    fn block(&mut self, label: Option<String>) -> SparkResult<Block> {
        self.nested(|parser| {
            parser.expect_keyword(Keyword::Begin)?;
            parser.accept_keywords(&[Keyword::Not, Keyword::Atomic]);
            let is_labelled = parser.enter_label(label.as_ref(), LabelKind::Block)?;
            parser.script.conditions.push(Vec::new());
            let mut block = Block { label, ..Block::default() };
            let mut section = Section::Variables;
            while !parser.is_keyword(Keyword::End) {
                if parser.is(TokenKind::Semicolon) {
                    return Err(parser.syntax_error_at(parser.position(), ": missing 'END'"));
                }
                parser.block_statement(&mut block, &mut section)?;
                parser.statement_end()?;
            }
            parser.take();
            parser.refuse_duplicate_handlers(&block)?;
            parser.script.conditions.pop();
            parser.leave_label(is_labelled);
            parser.end_label(block.label.as_ref())?;
            Ok(block)
        })
    }

    fn block_statement(&mut self, block: &mut Block, section: &mut Section) -> SparkResult<()> {
        if self.is_keyword(Keyword::Declare) {
            return self.declaration(block, section);
        }
        *section = Section::Statements;
        block.statements.push(self.script_statement()?);
        Ok(())
    }

    fn statement_end(&mut self) -> SparkResult<()> {
        if self.is(TokenKind::Semicolon) {
            self.take();
            return Ok(());
        }
        let hint = if self.is_script_word() { ": missing ';'" } else { "" };
        if hint.is_empty() {
            Err(self.missing(TokenKind::Semicolon))
        } else {
            Err(self.syntax_error_at(self.position(), hint))
        }
    }

    /// Whether a statement begins with the current word that is no name.
    fn is_script_word(&self) -> bool {
        matches!(
            self.keyword(),
            Some(Keyword::For | Keyword::Select | Keyword::If | Keyword::Case | Keyword::While | Keyword::Set)
        )
    }

    /// Statements up to the word that ends them: at least one.
    fn body(&mut self) -> SparkResult<Vec<ScriptStatement>> {
        self.nested(|parser| {
            if parser.is_keyword(Keyword::End) {
                return Err(parser.syntax_error_at(parser.position() + 1, ""));
            }
            let (mut statements, mut section) = (Vec::new(), Section::Body);
            while statements.is_empty() || !parser.keyword().is_some_and(|word| ENDS_BODY.contains(&word)) {
                if parser.is_keyword(Keyword::Declare) {
                    parser.declaration(&mut Block::default(), &mut section)?;
                } else {
                    statements.push(parser.script_statement()?);
                }
                parser.statement_end()?;
            }
            Ok(statements)
        })
    }

    fn script_statement(&mut self) -> SparkResult<ScriptStatement> {
        let start = self.position();
        let kind = if self.is_label() {
            let label = self.label()?;
            self.take();
            self.labelled_statement(label)?
        } else {
            match self.keyword() {
                Some(Keyword::Begin) => ScriptStatementKind::Block(self.block(None)?),
                Some(Keyword::If) => self.if_statement()?,
                Some(Keyword::Case) => self.case_statement()?,
                Some(Keyword::While) => self.while_statement(None)?,
                Some(Keyword::Repeat) => self.repeat_statement(None)?,
                Some(Keyword::Loop) => self.loop_statement(None)?,
                Some(Keyword::For) => self.for_statement(None)?,
                Some(Keyword::Leave) if self.is_identifier_at(start + 1) => self.leave_statement()?,
                Some(Keyword::Iterate) if self.is_identifier_at(start + 1) => self.iterate_statement()?,
                _ => ScriptStatementKind::Sql(Box::new(self.sql_statement()?)),
            }
        };
        Ok(ScriptStatement { kind, origin: self.origin_since(start) })
    }

    fn labelled_statement(&mut self, label: String) -> SparkResult<ScriptStatementKind> {
        let label = Some(label);
        match self.keyword() {
            Some(Keyword::Begin) => self.block(label).map(ScriptStatementKind::Block),
            Some(Keyword::While) => self.while_statement(label),
            Some(Keyword::Repeat) => self.repeat_statement(label),
            Some(Keyword::Loop) => self.loop_statement(label),
            Some(Keyword::For) => self.for_statement(label),
            _ => Err(self.syntax_error()),
        }
    }

    /// A statement that may stand alone too, or `SET` of variables.
    fn sql_statement(&mut self) -> SparkResult<Statement> {
        let start = self.position();
        if self.is_keyword(Keyword::Set) {
            return self.set_variables(1).map(Statement::Command);
        }
        if self.is_keyword(Keyword::Reset) {
            return Err(self.syntax_error_at(start + 1, ""));
        }
        let statement = self.nested(Self::statement).map_err(|error| self.behind_label(error, start))?;
        Ok(self.with_computed_names(statement, start))
    }

    /// A word that begins no statement might be a label: what is wrong is what is behind it.
    fn behind_label(&self, error: SparkError, start: usize) -> SparkError {
        let first = self.origin_of_token(start);
        if error.condition() == "PARSE_SYNTAX_ERROR"
            && error.origins().first() == Some(&first)
            && self.is_identifier_at(start)
        {
            self.syntax_error_at(start + 1, "")
        } else {
            error
        }
    }

    // --- labels ---

    /// Whether a label stands here. The colon of a parameter stands behind a statement's own words too.
    fn is_label(&self) -> bool {
        let is_statement = matches!(self.keyword(), Some(Keyword::If | Keyword::Case | Keyword::While));
        let labelled = [Keyword::Begin, Keyword::While, Keyword::Repeat, Keyword::Loop, Keyword::For];
        self.is_identifier()
            && self.ahead(1) == TokenKind::Colon
            && (!is_statement || labelled.iter().any(|word| self.is_keyword_ahead(2, *word)))
    }

    fn label(&mut self) -> SparkResult<String> {
        self.simple_identifier().map(|label| label.to_lowercase())
    }

    /// Whether there is one to leave.
    fn enter_label(&mut self, label: Option<&String>, kind: LabelKind) -> SparkResult<bool> {
        let Some(name) = label else { return Ok(false) };
        let start = self.position();
        let refused = if FORBIDDEN_LABELS.contains(&name.as_str()) {
            "LABEL_OR_FOR_VARIABLE_NAME_FORBIDDEN"
        } else if self.script.labels.iter().any(|known| known.name == *name) {
            "LABEL_OR_FOR_VARIABLE_ALREADY_EXISTS"
        } else {
            self.script.labels.push(Label { name: name.clone(), kind });
            return Ok(true);
        };
        Err(self.script_error(refused, start).param("label", to_sql_id(name)))
    }

    fn leave_label(&mut self, is_labelled: bool) {
        if is_labelled {
            self.script.labels.pop();
        }
    }

    /// The label behind the end of what `label` stands in front of.
    fn end_label(&mut self, label: Option<&String>) -> SparkResult<()> {
        // Behind the script itself no label may stand.
        if !self.is_identifier() || !self.script.is_inside() {
            return Ok(());
        }
        let start = self.position();
        let end = self.label()?;
        match label {
            None => Err(self.script_error("END_LABEL_WITHOUT_BEGIN_LABEL", start).param("endLabel", to_sql_id(&end))),
            Some(begin) if *begin != end => Err(self
                .script_error("LABELS_MISMATCH", start)
                .param("beginLabel", to_sql_id(begin))
                .param("endLabel", to_sql_id(&end))),
            Some(_) => Ok(()),
        }
    }

    fn label_in_use(&self, name: &str, statement: &str, start: usize) -> SparkResult<LabelKind> {
        let known = self.script.labels.iter().rev().find(|label| label.name == name);
        known.filter(|label| label.kind != LabelKind::Variable).map(|label| label.kind).ok_or_else(|| {
            self.script_error("INVALID_LABEL_USAGE.DOES_NOT_EXIST", start)
                .param("labelName", name.to_uppercase())
                .param("statementType", statement)
        })
    }

    fn leave_statement(&mut self) -> SparkResult<ScriptStatementKind> {
        let start = self.take();
        let name = self.label()?;
        self.label_in_use(&name, "LEAVE", start)?;
        Ok(ScriptStatementKind::Leave(name))
    }

    fn iterate_statement(&mut self) -> SparkResult<ScriptStatementKind> {
        let start = self.take();
        let name = self.label()?;
        match self.label_in_use(&name, "ITERATE", start)? {
            LabelKind::Loop => Ok(ScriptStatementKind::Iterate(name)),
            LabelKind::Block | LabelKind::Variable => Err(self
                .script_error("INVALID_LABEL_USAGE.ITERATE_IN_COMPOUND", start)
                .param("labelName", name.to_uppercase())),
        }
    }

    // --- control ---

    fn condition(&mut self) -> SparkResult<Condition> {
        let start = self.position();
        let expression = self.expression()?;
        Ok(Condition { expression, origin: self.origin_since(start), text: Arc::from(self.text_since(start)) })
    }

    /// `END IF` and so on.
    fn end_of(&mut self, word: Keyword) -> SparkResult<()> {
        self.expect_keyword(Keyword::End)?;
        self.word_or_missing(word, self.is(TokenKind::Semicolon))
    }

    /// Takes `word`. Where what stands here would fit behind it, the error says that it is missing.
    fn word_or_missing(&mut self, word: Keyword, fits: bool) -> SparkResult<()> {
        if self.accept_keyword(word) {
            Ok(())
        } else if fits {
            Err(self.syntax_error_at(self.position(), &format!(": missing '{}'", word.spelling())))
        } else {
            Err(self.missing_keyword(word))
        }
    }

    fn if_statement(&mut self) -> SparkResult<ScriptStatementKind> {
        self.take();
        let mut branches = vec![self.branch()?];
        while self.accept_keyword(Keyword::Elseif) {
            branches.push(self.branch()?);
        }
        let otherwise = self.otherwise()?;
        self.end_of(Keyword::If)?;
        Ok(ScriptStatementKind::If(Branches { branches, otherwise }))
    }

    fn branch(&mut self) -> SparkResult<(Condition, Vec<ScriptStatement>)> {
        let condition = self.condition()?;
        self.expect_keyword(Keyword::Then)?;
        Ok((condition, self.body()?))
    }

    fn otherwise(&mut self) -> SparkResult<Vec<ScriptStatement>> {
        if self.accept_keyword(Keyword::Else) { self.body() } else { Ok(Vec::new()) }
    }

    fn case_statement(&mut self) -> SparkResult<ScriptStatementKind> {
        self.take();
        let value = if self.is_keyword(Keyword::When) { None } else { Some(self.condition()?) };
        let mut branches = Vec::new();
        while branches.is_empty() || self.is_keyword(Keyword::When) {
            self.expect_keyword(Keyword::When)?;
            branches.push(self.branch()?);
        }
        let otherwise = self.otherwise()?;
        self.end_of(Keyword::Case)?;
        let branches = Branches { branches, otherwise };
        Ok(match value {
            Some(value) => ScriptStatementKind::Case { value, branches },
            None => ScriptStatementKind::If(branches),
        })
    }

    /// The body of a loop, between its labels.
    fn loop_body(&mut self, label: Option<&String>, open: Keyword) -> SparkResult<Vec<ScriptStatement>> {
        let is_labelled = self.enter_label(label, LabelKind::Loop)?;
        self.word_or_missing(open, self.is_script_word())?;
        let body = self.body()?;
        self.leave_label(is_labelled);
        Ok(body)
    }

    fn while_statement(&mut self, label: Option<String>) -> SparkResult<ScriptStatementKind> {
        self.take();
        let condition = self.condition()?;
        if !self.is_keyword(Keyword::Do) {
            return Err(self.missing_keyword(Keyword::Do));
        }
        let body = self.loop_body(label.as_ref(), Keyword::Do)?;
        self.end_of(Keyword::While)?;
        self.end_label(label.as_ref())?;
        Ok(ScriptStatementKind::While { label, condition, body })
    }

    fn repeat_statement(&mut self, label: Option<String>) -> SparkResult<ScriptStatementKind> {
        let body = self.loop_body(label.as_ref(), Keyword::Repeat)?;
        self.word_or_missing(Keyword::Until, self.is_keyword(Keyword::End))?;
        let until = self.condition()?;
        self.end_of(Keyword::Repeat)?;
        self.end_label(label.as_ref())?;
        Ok(ScriptStatementKind::Repeat { label, body, until })
    }

    fn loop_statement(&mut self, label: Option<String>) -> SparkResult<ScriptStatementKind> {
        let body = self.loop_body(label.as_ref(), Keyword::Loop)?;
        self.end_of(Keyword::Loop)?;
        self.end_label(label.as_ref())?;
        Ok(ScriptStatementKind::Loop { label, body })
    }

    fn for_statement(&mut self, label: Option<String>) -> SparkResult<ScriptStatementKind> {
        let start = self.take();
        let is_labelled = self.enter_label(label.as_ref(), LabelKind::Loop)?;
        let is_query = self.starts_query_at(start + 1) || !self.is_strict_identifier_at(start + 1);
        let variable = if self.is_keyword_at(start + 2, Keyword::As) && self.is_strict_identifier_at(start + 1) {
            let variable = self.label()?;
            self.take();
            Some(variable)
        } else if is_query {
            None
        } else {
            return Err(self.syntax_error_at(start + 2, ""));
        };
        let query = self.query()?;
        let is_named = self.enter_label(variable.as_ref(), LabelKind::Variable)?;
        let body = self.loop_body(None, Keyword::Do)?;
        self.leave_label(is_named);
        self.leave_label(is_labelled);
        self.end_of(Keyword::For)?;
        self.end_label(label.as_ref())?;
        Ok(ScriptStatementKind::For(Box::new(For { label, variable, query, body })))
    }
}
