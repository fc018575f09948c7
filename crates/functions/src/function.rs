//! What a row of the registry holds, and what binding a call yields.

use std::ops::RangeInclusive;
use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, Expr, HigherOrderUDF, ScalarUDF, WindowUDF};
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::cast::cast_may_add_null;
use crate::coercion::Expected;
use crate::kernel::{Kernel, kernel_udf};

/// A function as users know it: a row of the registry.
///
/// Built in a `const`: `Function::scalar("bround", bind).since("2.0.0").arity(1..=2)`.
#[derive(Debug)]
pub struct Function {
    /// Lower case; operators are called by their symbols.
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// The Spark version that introduced it.
    pub since: &'static str,
    /// Least and most number of arguments; `usize::MAX` for any number.
    pub least_arguments: usize,
    pub most_arguments: usize,
    pub bind: Bind,
    /// The names of its parameters and their defaults, where calls may use them; else arguments go by their places alone.
    pub parameters: &'static [Parameter],
    /// How a call is printed, given its printed arguments, where that is not `name(a, b)`.
    pub sql: Option<fn(&[String]) -> String>,
    /// Whether an alias prints under its own name (`ceiling(x)`), as Spark does for functions registered with
    /// `setAlias`, instead of the function's name.
    pub prints_alias: bool,
    /// Gives another answer at each call (`rand`, `uuid`): never folded, never moved.
    pub is_nondeterministic: bool,
}

/// A parameter that calls may name.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub name: &'static str,
    /// What it is where a call leaves it out; `None` if it must be given.
    pub default: Option<DefaultValue>,
}

/// The value of a parameter that a call leaves out.
#[derive(Clone, Copy, Debug)]
pub enum DefaultValue {
    Int(i32),
    Boolean(bool),
    Text(&'static str),
    Null,
}

impl Parameter {
    pub const fn required(name: &'static str) -> Self {
        Self { name, default: None }
    }

    pub const fn optional(name: &'static str, default: DefaultValue) -> Self {
        Self { name, default: Some(default) }
    }
}

/// What kind of function it is, and how its calls are bound.
#[derive(Clone, Copy, Debug)]
pub enum Bind {
    Scalar(fn(&Call<'_>) -> SparkResult<Scalar>),
    Aggregate(fn(&Call<'_>) -> SparkResult<Aggregate>),
    Window(fn(&Call<'_>) -> SparkResult<WindowFunction>),
    Generator(fn(&Call<'_>) -> SparkResult<Generator>),
    /// With lambda arguments: see [`HigherOrder`].
    HigherOrder(HigherOrder),
}

/// Makes an expression of a call's arguments. Called once each time the call is lowered.
pub type Rewrite = Arc<dyn Fn(Vec<Expr>) -> SparkResult<Expr> + Send + Sync>;
/// Makes the result of an aggregated value.
pub type Finish = Arc<dyn Fn(Expr) -> SparkResult<Expr> + Send + Sync>;
/// Makes the result of a windowed value and the call's arguments.
pub type WindowFinish = Arc<dyn Fn(Expr, Vec<Expr>) -> SparkResult<Expr> + Send + Sync>;

/// A bound scalar call.
#[derive(Clone)]
pub struct Scalar {
    /// The type each argument is cast to before the call; equal to the argument's own where nothing is to be done.
    pub arguments: Vec<SparkType>,
    pub data_type: SparkType,
    pub nullable: bool,
    pub build: Build,
    /// How this call is printed, where that depends on its types; else [`Function::sql`] says.
    pub sql: Option<fn(&[String]) -> String>,
}

/// Makes the DataFusion expression of a call from its (already cast) arguments.
#[derive(Clone)]
pub enum Build {
    /// A function of DataFusion or datafusion-spark.
    Udf(Arc<ScalarUDF>),
    /// A kernel of ours: receives the result type and the call's origin besides the arguments; see [`Kernel`].
    Kernel(Arc<ScalarUDF>),
    /// Any expression.
    Expr(Rewrite),
}

/// A bound aggregate call. `DISTINCT`, `FILTER` and `ORDER BY` are put on by the resolver.
#[derive(Clone)]
pub struct Aggregate {
    pub arguments: Vec<SparkType>,
    pub data_type: SparkType,
    pub nullable: bool,
    pub udaf: Arc<AggregateUDF>,
    /// Changes the (already cast) arguments before they are aggregated: `count(a, b)` counts
    /// `CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN 1 END`.
    pub before: Option<fn(Vec<Expr>) -> SparkResult<Vec<Expr>>>,
    /// Makes the result of the aggregated value. What it yields has type `data_type`.
    pub after: Option<Finish>,
}

/// A bound call of a function that only makes sense with `OVER` (`rank`, `lag`). Aggregates may be used with `OVER` too.
#[derive(Clone)]
pub struct WindowFunction {
    pub arguments: Vec<SparkType>,
    pub data_type: SparkType,
    pub nullable: bool,
    pub udwf: Arc<WindowUDF>,
    /// As [`Aggregate::before`].
    pub before: Option<fn(Vec<Expr>) -> SparkResult<Vec<Expr>>>,
    /// As [`Aggregate::after`]; also of the arguments, which are those of the current row.
    pub after: Option<WindowFinish>,
    /// Refused without `ORDER BY`.
    pub needs_order: bool,
}

/// A bound generator call: rows from one row.
#[derive(Clone)]
pub struct Generator {
    pub arguments: Vec<SparkType>,
    /// The columns it yields by their default names: `[("col", element, nullable)]`.
    pub output: Vec<(String, SparkType, bool)>,
    /// Makes an expression of type array of struct of `output` (or array of the single column's type if
    /// `output` has one column): each element becomes a row.
    pub rows: Rewrite,
    /// `explode_outer` and such: an empty array still yields one row of NULLs.
    pub is_outer: bool,
}

/// How calls with lambda arguments are bound: first the lambdas' parameter types from the other arguments, then, with
/// the lambdas' body types known, the call itself.
#[derive(Clone, Copy, Debug)]
pub struct HigherOrder {
    /// For each argument: `None` for a plain value, else the types and nullability of the lambda's parameters (the
    /// resolver binds as many as the lambda has). Lambda arguments have type `Null` in this call.
    pub parameters: fn(&Call<'_>) -> SparkResult<Vec<Option<Vec<(SparkType, bool)>>>>,
    /// As for scalars; a lambda argument's type is its body's type.
    pub bind: fn(&Call<'_>) -> SparkResult<HigherOrderCall>,
}

/// A bound higher-order call.
#[derive(Clone)]
pub struct HigherOrderCall {
    /// The type each value argument, or each lambda's body, is cast to.
    pub arguments: Vec<SparkType>,
    pub data_type: SparkType,
    pub nullable: bool,
    pub udf: Arc<HigherOrderUDF>,
    /// The parameters of each lambda: what [`HigherOrder::parameters`] gave, without the plain values.
    pub parameters: Vec<Vec<(SparkType, bool)>>,
}

impl Function {
    const fn new(name: &'static str, bind: Bind) -> Self {
        Self {
            name,
            aliases: &[],
            since: "1.0.0",
            least_arguments: 0,
            most_arguments: usize::MAX,
            bind,
            parameters: &[],
            sql: None,
            prints_alias: false,
            is_nondeterministic: false,
        }
    }

    pub const fn scalar(name: &'static str, bind: fn(&Call<'_>) -> SparkResult<Scalar>) -> Self {
        Self::new(name, Bind::Scalar(bind))
    }

    pub const fn aggregate(name: &'static str, bind: fn(&Call<'_>) -> SparkResult<Aggregate>) -> Self {
        Self::new(name, Bind::Aggregate(bind))
    }

    pub const fn window(name: &'static str, bind: fn(&Call<'_>) -> SparkResult<WindowFunction>) -> Self {
        Self::new(name, Bind::Window(bind))
    }

    pub const fn generator(name: &'static str, bind: fn(&Call<'_>) -> SparkResult<Generator>) -> Self {
        Self::new(name, Bind::Generator(bind))
    }

    pub const fn higher_order(name: &'static str, higher_order: HigherOrder) -> Self {
        Self::new(name, Bind::HigherOrder(higher_order))
    }

    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub const fn since(mut self, version: &'static str) -> Self {
        self.since = version;
        self
    }

    /// Least and most number of arguments.
    pub const fn arity(mut self, range: RangeInclusive<usize>) -> Self {
        self.least_arguments = *range.start();
        self.most_arguments = *range.end();
        self
    }

    /// Parameters that calls may name; those left out get their defaults.
    pub const fn named(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    /// `least` arguments or more.
    pub const fn at_least(mut self, least: usize) -> Self {
        self.least_arguments = least;
        self
    }

    /// Prints calls by `sql` instead of `name(a, b)`.
    pub const fn prints(mut self, sql: fn(&[String]) -> String) -> Self {
        self.sql = Some(sql);
        self
    }

    pub const fn prints_alias(mut self) -> Self {
        self.prints_alias = true;
        self
    }

    pub const fn nondeterministic(mut self) -> Self {
        self.is_nondeterministic = true;
        self
    }

    pub const fn is_aggregate(&self) -> bool {
        matches!(self.bind, Bind::Aggregate(_))
    }
}

impl Scalar {
    fn of(call: &Call<'_>, data_type: SparkType, build: Build) -> Self {
        Self {
            arguments: call.arguments.iter().map(|argument| argument.data_type.clone()).collect(),
            nullable: call.any_nullable(),
            data_type,
            build,
            sql: None,
        }
    }

    /// A function of DataFusion or datafusion-spark on the arguments as they are. The result is nullable if any
    /// argument is; see [`Self::nullable`] and [`Self::casting`] to say otherwise.
    pub fn udf(call: &Call<'_>, data_type: SparkType, udf: Arc<ScalarUDF>) -> Self {
        Self::of(call, data_type, Build::Udf(udf))
    }

    /// As [`Self::udf`], with a kernel of ours.
    pub fn kernel<K: Kernel>(call: &Call<'_>, data_type: SparkType, kernel: K) -> Self {
        Self::of(call, data_type, Build::Kernel(kernel_udf(kernel)))
    }

    /// As [`Self::kernel`], with the arguments converted to what is expected of them.
    pub fn coercing<K: Kernel>(
        call: &Call<'_>,
        expected: &[Expected],
        data_type: SparkType,
        kernel: K,
    ) -> SparkResult<Self> {
        let types = call.implicit_cast(expected)?;
        let nullable = call.any_nullable_as(&types);
        Ok(Self::kernel(call, data_type, kernel).casting(types).nullable(nullable))
    }

    /// As [`Self::udf`], with any expression.
    pub fn expr(
        call: &Call<'_>,
        data_type: SparkType,
        build: impl Fn(Vec<Expr>) -> SparkResult<Expr> + Send + Sync + 'static,
    ) -> Self {
        Self::of(call, data_type, Build::Expr(Arc::new(build)))
    }

    /// The types the arguments are cast to. The result is nullable if one of these casts may add NULL.
    #[must_use]
    pub fn casting(mut self, arguments: Vec<SparkType>) -> Self {
        self.nullable |= self.arguments.iter().zip(&arguments).any(|(from, to)| cast_may_add_null(from, to));
        self.arguments = arguments;
        self
    }

    #[must_use]
    pub fn nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    /// Prints this call by `sql`.
    #[must_use]
    pub fn prints(mut self, sql: fn(&[String]) -> String) -> Self {
        self.sql = Some(sql);
        self
    }
}

impl Aggregate {
    /// Aggregates the arguments as they are.
    pub fn new(call: &Call<'_>, data_type: SparkType, nullable: bool, udaf: Arc<AggregateUDF>) -> Self {
        Self {
            arguments: call.arguments.iter().map(|argument| argument.data_type.clone()).collect(),
            data_type,
            nullable,
            udaf,
            before: None,
            after: None,
        }
    }

    #[must_use]
    pub fn casting(mut self, arguments: Vec<SparkType>) -> Self {
        self.arguments = arguments;
        self
    }

    #[must_use]
    pub fn before(mut self, before: fn(Vec<Expr>) -> SparkResult<Vec<Expr>>) -> Self {
        self.before = Some(before);
        self
    }

    #[must_use]
    pub fn after(mut self, after: impl Fn(Expr) -> SparkResult<Expr> + Send + Sync + 'static) -> Self {
        self.after = Some(Arc::new(after));
        self
    }
}
