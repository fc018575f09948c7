//! Resolved expressions: names, types and nullability are known, types agree, nothing is lowered yet.
//!
//! Aggregates, window functions, generators and subqueries are still part of the tree; the SELECT block that holds
//! them takes them out and puts attributes in their place.

use std::sync::Arc;

use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use firesteel_base::{Origin, SparkType};
use firesteel_functions::cast::CastMode;
use firesteel_functions::function::{self, Function};

use crate::attribute::Attribute;
use crate::resolved::Resolved;

/// An expression with its Spark type.
#[derive(Clone)]
pub struct Typed {
    pub kind: TypedKind,
    pub data_type: SparkType,
    pub nullable: bool,
    pub origin: Origin,
}

#[derive(Clone)]
pub enum TypedKind {
    Column(Attribute),
    /// A column of the query around this one.
    Outer(Attribute),
    Literal(ScalarValue),
    Scalar(Box<ScalarCall>),
    Cast(Box<Cast>),
    Case(Box<Case>),
    InList {
        child: Box<Typed>,
        list: Vec<Typed>,
    },
    /// A field of a struct by its position.
    Field {
        child: Box<Typed>,
        name: Arc<str>,
    },
    Alias(Box<Alias>),
    Aggregate(Box<AggregateCall>),
    Window(Box<WindowCall>),
    Generator(Box<GeneratorCall>),
    HigherOrder(Box<HigherOrderCall>),
    Lambda {
        parameters: Vec<Arc<str>>,
        body: Box<Typed>,
    },
    LambdaVariable {
        name: Arc<str>,
        unique: Arc<str>,
    },
    ScalarSubquery(Arc<SubqueryPlan>),
    Exists(Arc<SubqueryPlan>),
    InSubquery {
        values: Vec<Typed>,
        query: Arc<SubqueryPlan>,
    },
    /// What stands for something else: the body of a user's function for its call, a value for a variable.
    Substituted(Box<Substituted>),
    /// `grouping(col)`: whether the grouping column at this position is rolled up in the row.
    Grouping {
        position: usize,
        printed: Arc<str>,
    },
    /// `grouping_id()`.
    GroupingId {
        printed: Arc<str>,
    },
    /// An engine expression that a SELECT block made; printed as given.
    Engine {
        expression: Box<Expr>,
        printed: Arc<str>,
    },
}

/// A call of a scalar function. Arguments are cast already.
#[derive(Clone)]
pub struct ScalarCall {
    pub function: &'static Function,
    /// The name it is printed under.
    pub name: Arc<str>,
    pub arguments: Vec<Typed>,
    pub bound: function::Scalar,
}

#[derive(Clone)]
pub struct Cast {
    pub child: Typed,
    pub mode: CastMode,
    /// Put in by type coercion: not printed.
    pub is_implicit: bool,
}

/// An expression that is printed as what it stands for.
#[derive(Clone)]
pub struct Substituted {
    pub child: Typed,
    pub printed: Arc<str>,
    /// The name as an output column.
    pub title: Arc<str>,
}

#[derive(Clone)]
pub struct Case {
    pub branches: Vec<(Typed, Typed)>,
    pub otherwise: Option<Typed>,
}

impl Case {
    /// Whether a value that may be chosen may be NULL. What stands behind a condition that is `true` is never chosen.
    pub fn may_be_null(&self) -> bool {
        let is_certain = |condition: &Typed| matches!(condition.constant(), Some(ScalarValue::Boolean(Some(true))));
        let certain = self.branches.iter().position(|(condition, _)| is_certain(condition));
        let chosen = self.branches.iter().take(certain.map_or(usize::MAX, |index| index + 1));
        let otherwise = certain.is_none() && self.otherwise.as_ref().is_none_or(|value| value.nullable);
        otherwise || chosen.into_iter().any(|(_, value)| value.nullable)
    }
}

#[derive(Clone)]
pub struct Alias {
    pub child: Typed,
    /// One, or several for generators.
    pub names: Vec<Arc<str>>,
    pub metadata: Option<Arc<str>>,
}

/// A call of an aggregate function, with or without `OVER` around it.
#[derive(Clone)]
pub struct AggregateCall {
    pub function: &'static Function,
    pub name: Arc<str>,
    pub arguments: Vec<Typed>,
    pub bound: function::Aggregate,
    pub is_distinct: bool,
    pub filter: Option<Typed>,
    pub order_by: Vec<SortKey>,
    pub ignore_nulls: Option<bool>,
}

#[derive(Clone)]
pub struct WindowCall {
    pub function: WindowFunction,
    pub partition_by: Vec<Typed>,
    pub order_by: Vec<SortKey>,
    pub frame: Frame,
}

#[derive(Clone)]
pub enum WindowFunction {
    Aggregate(Box<AggregateCall>),
    Window {
        function: &'static Function,
        name: Arc<str>,
        arguments: Vec<Typed>,
        bound: function::WindowFunction,
        ignore_nulls: Option<bool>,
    },
}

#[derive(Clone)]
pub struct Frame {
    pub is_rows: bool,
    pub lower: Bound,
    pub upper: Bound,
    /// How it is printed, where that is not as its bounds say.
    pub printed: Option<Arc<str>>,
}

impl Frame {
    /// From the partition's beginning to the current row, or to the last of its peers.
    pub fn running(is_rows: bool) -> Self {
        Self { is_rows, lower: Bound::UnboundedPreceding, upper: Bound::CurrentRow, printed: None }
    }
}

#[derive(Clone)]
pub enum Bound {
    UnboundedPreceding,
    UnboundedFollowing,
    CurrentRow,
    /// A positive distance, before the current row.
    Preceding(Typed),
    Following(Typed),
}

#[derive(Clone)]
pub struct SortKey {
    pub child: Typed,
    pub ascending: bool,
    pub nulls_first: bool,
}

#[derive(Clone)]
pub struct GeneratorCall {
    pub function: &'static Function,
    pub name: Arc<str>,
    pub arguments: Vec<Typed>,
    pub bound: function::Generator,
}

#[derive(Clone)]
pub struct HigherOrderCall {
    pub function: &'static Function,
    pub name: Arc<str>,
    pub arguments: Vec<Typed>,
    pub bound: function::HigherOrderCall,
}

/// A query inside an expression.
pub struct SubqueryPlan {
    pub resolved: Resolved,
    /// The columns of the queries around that it refers to, each as often as it does.
    pub outer: Vec<Attribute>,
}

impl Typed {
    pub fn new(kind: TypedKind, data_type: SparkType, nullable: bool, origin: Origin) -> Self {
        Self { kind, data_type, nullable, origin }
    }

    pub fn column(attribute: &Attribute) -> Self {
        Self::new(
            TypedKind::Column(attribute.clone()),
            attribute.data_type.clone(),
            attribute.nullable,
            Origin::Unknown,
        )
    }

    pub fn literal(value: ScalarValue, data_type: SparkType) -> Self {
        let nullable = value.is_null();
        Self::new(TypedKind::Literal(value), data_type, nullable, Origin::Unknown)
    }

    #[must_use]
    pub fn at(mut self, origin: &Origin) -> Self {
        self.origin = origin.clone();
        self
    }

    /// Under any aliases.
    pub fn unaliased(&self) -> &Self {
        match &self.kind {
            TypedKind::Alias(alias) => alias.child.unaliased(),
            _ => self,
        }
    }

    /// The name that a SELECT list gives this, for those behind it, and what has the name.
    pub fn alias_of_one(&self) -> Option<(Arc<str>, Self)> {
        match &self.kind {
            TypedKind::Alias(alias) => match alias.names.as_slice() {
                [name] => Some((name.clone(), alias.child.clone())),
                _ => None,
            },
            _ => None,
        }
    }

    /// Under any aliases, by value.
    pub fn into_unaliased(self) -> Self {
        match self.kind {
            TypedKind::Alias(alias) => alias.child.into_unaliased(),
            _ => self,
        }
    }

    /// The value, if the expression is a literal (under aliases).
    pub fn constant(&self) -> Option<&ScalarValue> {
        match &self.unaliased().kind {
            TypedKind::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The expressions directly below, in the order they are evaluated.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            TypedKind::Column(_)
            | TypedKind::Outer(_)
            | TypedKind::Literal(_)
            | TypedKind::LambdaVariable { .. }
            | TypedKind::ScalarSubquery(_)
            | TypedKind::Exists(_)
            | TypedKind::Grouping { .. }
            | TypedKind::GroupingId { .. }
            | TypedKind::Engine { .. } => Vec::new(),
            TypedKind::Scalar(call) => call.arguments.iter().collect(),
            TypedKind::Cast(cast) => vec![&cast.child],
            TypedKind::Case(case) => case
                .branches
                .iter()
                .flat_map(|(condition, value)| [condition, value])
                .chain(case.otherwise.as_ref())
                .collect(),
            TypedKind::InList { child, list } => std::iter::once(&**child).chain(list).collect(),
            TypedKind::Field { child, .. } => vec![child],
            TypedKind::Alias(alias) => vec![&alias.child],
            TypedKind::Substituted(substituted) => vec![&substituted.child],
            TypedKind::Aggregate(call) => call.children(),
            TypedKind::Window(call) => call.children(),
            TypedKind::Generator(call) => call.arguments.iter().collect(),
            TypedKind::HigherOrder(call) => call.arguments.iter().collect(),
            TypedKind::Lambda { body, .. } => vec![body],
            TypedKind::InSubquery { values, .. } => values.iter().collect(),
        }
    }

    /// As [`Self::children`], to change them in place.
    pub fn children_mut(&mut self) -> Vec<&mut Self> {
        match &mut self.kind {
            TypedKind::Column(_)
            | TypedKind::Outer(_)
            | TypedKind::Literal(_)
            | TypedKind::LambdaVariable { .. }
            | TypedKind::ScalarSubquery(_)
            | TypedKind::Exists(_)
            | TypedKind::Grouping { .. }
            | TypedKind::GroupingId { .. }
            | TypedKind::Engine { .. } => Vec::new(),
            TypedKind::Scalar(call) => call.arguments.iter_mut().collect(),
            TypedKind::Cast(cast) => vec![&mut cast.child],
            TypedKind::Case(case) => case
                .branches
                .iter_mut()
                .flat_map(|(condition, value)| [condition, value])
                .chain(case.otherwise.as_mut())
                .collect(),
            TypedKind::InList { child, list } => std::iter::once(&mut **child).chain(list).collect(),
            TypedKind::Field { child, .. } => vec![child],
            TypedKind::Alias(alias) => vec![&mut alias.child],
            TypedKind::Substituted(substituted) => vec![&mut substituted.child],
            TypedKind::Aggregate(call) => call.children_mut(),
            TypedKind::Window(call) => call.children_mut(),
            TypedKind::Generator(call) => call.arguments.iter_mut().collect(),
            TypedKind::HigherOrder(call) => call.arguments.iter_mut().collect(),
            TypedKind::Lambda { body, .. } => vec![body],
            TypedKind::InSubquery { values, .. } => values.iter_mut().collect(),
        }
    }

    /// Whether `test` holds for this expression or one below it. Does not look into subqueries.
    pub fn any(&self, test: &impl Fn(&Self) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|child| child.any(test))
    }

    /// Whether an aggregate function stands in it outside of any `OVER`.
    pub fn has_aggregate(&self) -> bool {
        match &self.kind {
            TypedKind::Aggregate(_) | TypedKind::Grouping { .. } | TypedKind::GroupingId { .. } => true,
            TypedKind::Window(call) => call.children().into_iter().any(Self::has_aggregate),
            _ => self.children().into_iter().any(Self::has_aggregate),
        }
    }

    pub fn has_window(&self) -> bool {
        self.any(&|expression| matches!(expression.kind, TypedKind::Window(_)))
    }

    pub fn has_generator(&self) -> bool {
        self.any(&|expression| matches!(expression.kind, TypedKind::Generator(_)))
    }
}

impl AggregateCall {
    pub fn children(&self) -> Vec<&Typed> {
        self.arguments.iter().chain(&self.filter).chain(self.order_by.iter().map(|key| &key.child)).collect()
    }

    pub fn children_mut(&mut self) -> Vec<&mut Typed> {
        self.arguments
            .iter_mut()
            .chain(&mut self.filter)
            .chain(self.order_by.iter_mut().map(|key| &mut key.child))
            .collect()
    }
}

impl WindowCall {
    /// Arguments, partition and order; not the frame's distances, which are constants.
    pub fn children(&self) -> Vec<&Typed> {
        let function = match &self.function {
            WindowFunction::Aggregate(call) => call.children(),
            WindowFunction::Window { arguments, .. } => arguments.iter().collect(),
        };
        function.into_iter().chain(&self.partition_by).chain(self.order_by.iter().map(|key| &key.child)).collect()
    }

    pub fn children_mut(&mut self) -> Vec<&mut Typed> {
        let function = match &mut self.function {
            WindowFunction::Aggregate(call) => call.children_mut(),
            WindowFunction::Window { arguments, .. } => arguments.iter_mut().collect(),
        };
        function
            .into_iter()
            .chain(&mut self.partition_by)
            .chain(self.order_by.iter_mut().map(|key| &mut key.child))
            .collect()
    }
}
