//! Statements about functions written in SQL, session variables, and statements that are computed.

use std::sync::Arc;

use firesteel_base::SparkType;

use super::expression::Expression;
use super::relation::Relation;
use super::table::{ColumnDefinition, DefaultValue};

/// `CREATE FUNCTION`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateFunction {
    pub name: Vec<String>,
    pub replace: bool,
    pub if_not_exists: bool,
    pub is_temporary: bool,
    pub parameters: Vec<ColumnDefinition>,
    pub returns: Returns,
    pub body: FunctionBody,
    pub comment: Option<String>,
    pub is_deterministic: Option<bool>,
    /// `CONTAINS SQL` (false), `READS SQL DATA` (true).
    pub reads_sql: Option<bool>,
    /// The statement itself: what a catalog keeps.
    pub text: Arc<str>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Returns {
    /// The type of the body.
    Unspecified,
    Scalar(SparkType),
    /// `RETURNS TABLE (…)`; without columns, the body's.
    Table(Vec<ColumnDefinition>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum FunctionBody {
    Expression { expression: Expression, text: Arc<str> },
    Query { query: Box<Relation>, text: Arc<str> },
}

/// Statements about functions, variables, and text that is run.
#[derive(Clone, Debug, PartialEq)]
pub enum RoutineCommand {
    CreateFunction(Box<CreateFunction>),
    DropFunction {
        name: Vec<String>,
        if_exists: bool,
        is_temporary: bool,
    },
    RefreshFunction(Vec<String>),
    DeclareVariables {
        names: Vec<Vec<String>>,
        replace: bool,
        data_type: Option<SparkType>,
        default: Option<DefaultValue>,
    },
    DropVariable {
        name: Vec<String>,
        if_exists: bool,
    },
    SetVariables(SetVariables),
    ExecuteImmediate(Box<ExecuteImmediate>),
    /// A command that names things by `IDENTIFIER(expression)` with expressions that are no constants: it is read
    /// again with names in their places.
    Computed(Box<ComputedStatement>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct SetVariables {
    pub names: Vec<Vec<String>>,
    /// One row with as many columns as names.
    pub values: SetValues,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SetValues {
    /// One for each name; `DEFAULT` may be one.
    Expressions(Vec<Expression>),
    Query(Box<Relation>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExecuteImmediate {
    pub statement: Expression,
    pub into: Vec<Vec<String>>,
    /// Values of parameters with their names, where they have one.
    pub using: Vec<(Expression, Option<String>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ComputedStatement {
    pub text: Arc<str>,
    /// Where the clauses stand in the text, in bytes, and the expressions in them; in the order of the text.
    pub names: Vec<(std::ops::Range<usize>, Expression)>,
}
