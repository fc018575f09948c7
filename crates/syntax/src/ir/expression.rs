//! Unresolved expressions.

use std::sync::Arc;

use firesteel_base::{Origin, SparkType};

use super::{Literal, Relation};

/// An expression and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub kind: ExpressionKind,
    pub origin: Origin,
}

/// What is asked for. Operators are functions under their symbols (`+`, `=`, `and`, `not`, `between`, …), as they
/// are in the protocol and in Spark's function registry.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    Literal(Literal),
    /// A column, field or variable by its name parts.
    Attribute(Attribute),
    Star(Star),
    /// Columns whose names match a Java regular expression (`` df.colRegex ``, or a quoted name when
    /// `spark.sql.parser.quotedRegexColumnNames` is on).
    Regex {
        pattern: String,
        /// The table whose columns they are.
        table: Option<String>,
        plan_id: Option<i64>,
    },
    Function(Box<FunctionCall>),
    /// `name => value` in a call's arguments.
    NamedArgument {
        name: String,
        value: Box<Expression>,
    },
    /// One name, or several for generators.
    Alias {
        child: Box<Expression>,
        names: Vec<String>,
        metadata: Option<Arc<str>>,
    },
    Cast {
        child: Box<Expression>,
        to: SparkType,
        mode: CastMode,
    },
    /// `CASE WHEN … THEN … ELSE … END`; the form with an operand is written out as `=` by the parser.
    Case {
        branches: Vec<(Expression, Expression)>,
        otherwise: Option<Box<Expression>>,
    },
    Lambda {
        parameters: Vec<String>,
        body: Box<Expression>,
    },
    /// A lambda's parameter used in its body (the protocol marks it; SQL text uses [`Self::Attribute`]).
    LambdaVariable(String),
    Window(Box<WindowExpression>),
    /// `child[key]`, and `child.field` on anything but a plain name.
    Extract {
        child: Box<Expression>,
        key: Box<Expression>,
    },
    /// `withField` (a value) and `dropFields` (none).
    UpdateField {
        child: Box<Expression>,
        field: String,
        value: Option<Box<Expression>>,
    },
    InList {
        child: Box<Expression>,
        list: Vec<Expression>,
    },
    InSubquery {
        values: Vec<Expression>,
        query: Box<Relation>,
    },
    Exists(Box<Relation>),
    ScalarSubquery(Box<Relation>),
    /// A table argument of a table function: `TABLE(…)` with its partitioning and order.
    TableArgument(Box<TableArgument>),
    Like(Box<Like>),
    /// `expr COLLATE name`.
    Collate {
        child: Box<Expression>,
        collation: Vec<String>,
    },
    /// `EXTRACT(field FROM source)`.
    ExtractDatetime {
        field: String,
        source: Box<Expression>,
    },
    /// A named or positional parameter marker that no value was given for.
    Parameter(Parameter),
    /// `IDENTIFIER(expr)`: a name computed from a constant; with arguments if it is called.
    Identifier {
        name: Box<Expression>,
        arguments: Option<Vec<Expression>>,
    },
    /// `DEFAULT` as a value.
    Default,
    /// A sort key where an expression stands (the protocol allows it).
    SortOrder(Box<SortOrder>),
    /// Something that is understood but not built: refused by name where it is resolved.
    Unsupported(String),
}

/// A column, field or variable by its name parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub name: Vec<String>,
    /// `df["a"]`: the id of the plan the column is taken from.
    pub plan_id: Option<i64>,
    /// `_metadata` columns only.
    pub is_metadata_column: bool,
}

/// `*`, `t.*`, `* EXCEPT (…)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Star {
    pub target: Option<Vec<String>>,
    pub plan_id: Option<i64>,
    pub except: Vec<Vec<String>>,
}

/// A call by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionCall {
    /// Possibly qualified by catalog and database.
    pub name: Vec<String>,
    pub arguments: Vec<Expression>,
    pub distinct: bool,
    pub filter: Option<Expression>,
    /// `WITHIN GROUP (ORDER BY …)`.
    pub order_within_group: Vec<SortOrder>,
    /// `IGNORE NULLS` / `RESPECT NULLS`.
    pub ignore_nulls: Option<bool>,
    /// A function of the server that no user may shadow.
    pub is_internal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CastMode {
    /// By the session's ANSI mode.
    Session,
    Ansi,
    Try,
    Legacy,
}

/// `function OVER (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowExpression {
    pub function: Expression,
    pub window: Window,
}

/// What stands behind `OVER`, or in the `WINDOW` clause.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// `OVER name` or `OVER (name)`: looked up in the query's `WINDOW` clause.
    Named(String),
    Specification(WindowSpecification),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowSpecification {
    pub partition_by: Vec<Expression>,
    pub order_by: Vec<SortOrder>,
    pub frame: Option<WindowFrame>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct WindowFrame {
    pub unit: FrameUnit,
    pub lower: FrameBound,
    pub upper: FrameBound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameUnit {
    Rows,
    Range,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FrameBound {
    UnboundedPreceding,
    UnboundedFollowing,
    CurrentRow,
    /// A distance from the current row: preceding if negative. `2 PRECEDING` in SQL is written as `negative(2)`.
    Offset(Box<Expression>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct SortOrder {
    pub child: Expression,
    pub ascending: bool,
    pub nulls: NullOrder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NullOrder {
    /// First when ascending, last when descending.
    Default,
    First,
    Last,
}

/// `LIKE`, `ILIKE`, `RLIKE` in all their forms. Negation is written as `not(…)` around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Like {
    pub kind: LikeKind,
    pub child: Expression,
    pub patterns: Vec<Expression>,
    pub quantifier: LikeQuantifier,
    /// For `ANY`/`ALL`: the negation inside (`NOT LIKE ALL`).
    pub negated: bool,
    pub escape: Option<char>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LikeKind {
    Like,
    ILike,
    RLike,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LikeQuantifier {
    One,
    Any,
    All,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// `:name`
    Named(String),
    /// `?`, counted from zero in the order of the text.
    Positional(usize),
}

/// `TABLE(query) PARTITION BY … ORDER BY …`
#[derive(Clone, Debug, PartialEq)]
pub struct TableArgument {
    pub query: Relation,
    pub partition_by: Vec<Expression>,
    pub order_by: Vec<SortOrder>,
    pub with_single_partition: bool,
}

impl Expression {
    pub fn new(kind: ExpressionKind, origin: Origin) -> Self {
        Self { kind, origin }
    }

    /// A call of the function `name`; operators are called by their symbols.
    pub fn call(name: &str, arguments: Vec<Self>, origin: Origin) -> Self {
        let call = FunctionCall { name: vec![name.to_owned()], arguments, ..FunctionCall::default() };
        Self::new(ExpressionKind::Function(Box::new(call)), origin)
    }

    pub fn literal(literal: Literal, origin: Origin) -> Self {
        Self::new(ExpressionKind::Literal(literal), origin)
    }

    pub fn column(name: Vec<String>, origin: Origin) -> Self {
        Self::new(ExpressionKind::Attribute(Attribute { name, plan_id: None, is_metadata_column: false }), origin)
    }
}
