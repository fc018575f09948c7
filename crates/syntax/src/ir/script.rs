//! Scripts: statements between `BEGIN` and `END`, and what chooses, repeats and guards them.
//!
//! Labels and conditions are checked while a script is read: a label that is left belongs to something around it.

use std::sync::Arc;

use firesteel_base::Origin;

use super::Statement;
use super::expression::Expression;
use super::relation::Relation;

/// `BEGIN … END` as a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    pub body: Block,
}

/// `BEGIN … END`: variables that it declares end with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// In lower case.
    pub label: Option<String>,
    pub handlers: Vec<Handler>,
    pub statements: Vec<ScriptStatement>,
}

/// `DECLARE EXIT HANDLER FOR …`
#[derive(Clone, Debug, PartialEq)]
pub struct Handler {
    pub triggers: Vec<Trigger>,
    /// Goes on behind the statement that failed instead of leaving the block.
    pub continues: bool,
    pub body: Block,
}

/// What a handler is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// In upper case; that of a class of conditions stands for all in it.
    Condition(String),
    SqlState(String),
    /// `NOT FOUND`: whatever has a state of class `02`.
    NotFound,
    /// `SQLEXCEPTION`: any other error.
    Exception,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ScriptStatement {
    pub kind: ScriptStatementKind,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ScriptStatementKind {
    /// Any statement that may stand alone, and those of local variables.
    Sql(Box<Statement>),
    Block(Block),
    If(Branches),
    /// `CASE value WHEN …`
    Case {
        value: Condition,
        branches: Branches,
    },
    While {
        label: Option<String>,
        condition: Condition,
        body: Vec<ScriptStatement>,
    },
    Repeat {
        label: Option<String>,
        body: Vec<ScriptStatement>,
        until: Condition,
    },
    Loop {
        label: Option<String>,
        body: Vec<ScriptStatement>,
    },
    For(Box<For>),
    Leave(String),
    Iterate(String),
}

/// Conditions with what they guard: the first that holds counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Branches {
    pub branches: Vec<(Condition, Vec<ScriptStatement>)>,
    pub otherwise: Vec<ScriptStatement>,
}

/// An expression with the place of all that was written for it, parentheses included.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub expression: Expression,
    pub origin: Origin,
    pub text: Arc<str>,
}

/// `FOR name AS query DO … END FOR`
#[derive(Clone, Debug, PartialEq)]
pub struct For {
    pub label: Option<String>,
    /// Qualifies the columns of the row.
    pub variable: Option<String>,
    pub query: Relation,
    pub body: Vec<ScriptStatement>,
}

impl Trigger {
    /// As it is written.
    pub fn name(&self) -> &str {
        match self {
            Self::Condition(name) | Self::SqlState(name) => name,
            Self::NotFound => "NOT FOUND",
            Self::Exception => "SQLEXCEPTION",
        }
    }
}
