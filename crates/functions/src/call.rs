//! A call as binding sees it: arguments with Spark types, and what of the session matters.

use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::cast::cast_may_add_null;
use crate::function::Function;
use crate::kernel::KernelOptions;

/// What of the session matters to binding.
#[derive(Clone, Debug)]
pub struct BindContext {
    /// `spark.sql.ansi.enabled`
    pub ansi: bool,
    /// `spark.sql.session.timeZone`
    pub time_zone: String,
    /// `spark.sql.timestampType` is `TIMESTAMP_NTZ`.
    pub timestamp_is_ntz: bool,
    /// `spark.sql.decimalOperations.allowPrecisionLoss`
    pub decimal_precision_loss: bool,
    /// What kernels read at run time of the session's settings.
    pub kernel_options: KernelOptions,
    /// Microseconds since the epoch at which the query began.
    pub query_time: i64,
    pub user: String,
    pub current_catalog: String,
    pub current_database: String,
    /// Reads a type or a list of columns as DDL spells them (`a INT, b STRING`), or a type's JSON.
    pub parse_schema: fn(&str) -> SparkResult<SparkType>,
}

/// One argument of a call.
pub struct Argument<'a> {
    pub data_type: SparkType,
    pub nullable: bool,
    /// The value, if the argument is a literal or folds to one.
    pub constant: Option<ScalarValue>,
    /// Whether it is written as a value, and not only folds to one.
    pub is_literal: bool,
    /// Whether it could be computed without a row.
    pub is_foldable: bool,
    /// Prints the argument for error messages.
    pub printer: &'a dyn Fn() -> String,
}

/// A call of a function.
pub struct Call<'a> {
    pub function: &'static Function,
    /// The name that the user wrote, in lower case.
    pub called_as: &'a str,
    pub arguments: Vec<Argument<'a>>,
    pub context: &'a BindContext,
    /// `agg(DISTINCT …)`
    pub is_distinct: bool,
    /// `IGNORE NULLS` / `RESPECT NULLS`
    pub ignore_nulls: Option<bool>,
    /// Used with `OVER`.
    pub is_windowed: bool,
    /// Prints the whole call for error messages.
    pub printer: &'a dyn Fn() -> String,
}

impl Argument<'_> {
    /// The argument as text, for error messages.
    pub fn sql(&self) -> String {
        (self.printer)()
    }
}

impl<'a> Call<'a> {
    pub fn len(&self) -> usize {
        self.arguments.len()
    }

    pub fn is_empty(&self) -> bool {
        self.arguments.is_empty()
    }

    /// The argument at `index`. Arity is checked before binding, so a missing one is a fault of ours.
    pub fn argument(&self, index: usize) -> SparkResult<&Argument<'a>> {
        self.arguments.get(index).ok_or_else(|| {
            SparkError::internal(format!("{} was bound with {} arguments", self.function.name, self.len()))
        })
    }

    pub fn data_type(&self, index: usize) -> SparkResult<&SparkType> {
        Ok(&self.argument(index)?.data_type)
    }

    /// All arguments' types.
    pub fn data_types(&self) -> Vec<SparkType> {
        self.arguments.iter().map(|argument| argument.data_type.clone()).collect()
    }

    pub fn any_nullable(&self) -> bool {
        self.arguments.iter().any(|argument| argument.nullable)
    }

    /// Whether any argument may be NULL once it is cast to the type at its place in `types`.
    pub fn any_nullable_as(&self, types: &[SparkType]) -> bool {
        self.arguments
            .iter()
            .zip(types)
            .any(|(argument, data_type)| argument.nullable || cast_may_add_null(&argument.data_type, data_type))
    }

    pub fn ansi(&self) -> bool {
        self.context.ansi
    }

    /// The call as text, for error messages.
    pub fn sql(&self) -> String {
        (self.printer)()
    }
}
