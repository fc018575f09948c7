//! Functions of our own: a stateless kernel on whole arrays, adapted to DataFusion.
//!
//! A kernel is a zero-sized type, so a worker finds it by name. What varies from call to call travels as constants
//! behind the arguments, put there by the resolver and taken off here: a NULL of the result's type, and the number of
//! the call's place in the query (an index into the analyzed plan's origins, -1 if unknown), so that an error at run
//! time can say where it arose.

pub mod budget;
pub(crate) mod cells;
#[cfg(test)]
pub(crate) mod evaluate;
pub(crate) mod nested;
pub(crate) mod rows;

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type};
use datafusion::common::config::ConfigExtension;
use datafusion::common::extensions_options;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use firesteel_base::config::{LegacyBehaviorPolicy, MapKeyDedupPolicy};
use firesteel_base::error::causes;
use firesteel_base::{SparkError, SparkResult, SparkType};
use num_traits::Float;

/// A function of our own. Implementors are zero-sized.
pub trait Kernel: fmt::Debug + Default + Copy + Send + Sync + 'static {
    /// Unique; by convention `spark_<name>`.
    const NAME: &'static str;
    /// Whether equal arguments give equal results throughout a query (`Immutable` kernels are folded).
    const VOLATILITY: Volatility = Volatility::Immutable;

    /// Computes the call on whole arrays. The result has type `call.return_type`.
    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue>;
}

extensions_options! {
    /// Settings of the session that kernels read at run time and the engine has no options for.
    pub struct KernelOptions {
        /// Of entries with the same key the last one stays in a map.
        pub last_map_key_wins: bool, default = false
        /// Patterns of dates and times mean what they meant before Spark 3.0.
        pub legacy_time_patterns: bool, default = false
        /// What only such patterns read is an error of its own.
        pub reports_legacy_times: bool, default = false
    }
}

impl ConfigExtension for KernelOptions {
    const PREFIX: &'static str = "spark";
}

impl KernelOptions {
    /// The options of a session.
    pub fn of(map_keys: MapKeyDedupPolicy, time_parser: LegacyBehaviorPolicy) -> Self {
        Self {
            last_map_key_wins: map_keys == MapKeyDedupPolicy::LastWin,
            legacy_time_patterns: time_parser == LegacyBehaviorPolicy::Legacy,
            reports_legacy_times: time_parser == LegacyBehaviorPolicy::Exception,
        }
    }
}

/// What a kernel is called with.
pub struct KernelCall<'a> {
    pub arguments: &'a [ColumnarValue],
    pub rows: usize,
    pub return_type: &'a DataType,
    pub config: &'a ConfigOptions,
}

impl KernelCall<'_> {
    /// `spark.sql.ansi.enabled`
    pub fn ansi(&self) -> bool {
        self.config.execution.enable_ansi_mode
    }

    /// Whether `spark.sql.mapKeyDedupPolicy` is `LAST_WIN`.
    pub fn last_map_key_wins(&self) -> bool {
        self.options().is_some_and(|options| options.last_map_key_wins)
    }

    /// Whether `spark.sql.legacy.timeParserPolicy` is `LEGACY`.
    pub fn legacy_time_patterns(&self) -> bool {
        self.options().is_some_and(|options| options.legacy_time_patterns)
    }

    /// Whether `spark.sql.legacy.timeParserPolicy` is `EXCEPTION`.
    pub fn reports_legacy_times(&self) -> bool {
        self.options().is_some_and(|options| options.reports_legacy_times)
    }

    fn options(&self) -> Option<&KernelOptions> {
        self.config.extensions.get::<KernelOptions>()
    }

    /// `spark.sql.session.timeZone`
    pub fn time_zone(&self) -> &str {
        self.config.execution.time_zone.as_deref().unwrap_or("UTC")
    }

    pub fn argument(&self, index: usize) -> SparkResult<&ColumnarValue> {
        self.arguments.get(index).ok_or_else(|| SparkError::internal("a kernel was called with too few arguments"))
    }

    /// The argument at `index` as an array of `rows` values.
    pub fn array(&self, index: usize) -> SparkResult<ArrayRef> {
        self.argument(index)?.to_array(self.rows).map_err(from_engine)
    }

    /// The constant at `index`, if the argument is one.
    pub fn scalar(&self, index: usize) -> Option<&ScalarValue> {
        match self.arguments.get(index) {
            Some(ColumnarValue::Scalar(value)) => Some(value),
            Some(ColumnarValue::Array(_)) | None => None,
        }
    }

    /// Computes on arrays, however many of the arguments are constants: with constants only, one row is computed and
    /// the result is a constant again.
    pub fn with_arrays(
        &self,
        compute: impl FnOnce(&[ArrayRef]) -> SparkResult<ArrayRef>,
    ) -> SparkResult<ColumnarValue> {
        let all_constant = self.arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if all_constant { 1 } else { self.rows };
        let arrays: Result<Vec<_>> = self.arguments.iter().map(|argument| argument.to_array(rows)).collect();
        let result = compute(&arrays.map_err(from_engine)?)?;
        if all_constant && result.len() == 1 {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0).map_err(from_engine)?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

/// A [`SparkError`] inside an engine error, or the engine error as an internal one.
pub fn from_engine(error: DataFusionError) -> SparkError {
    let known = causes(&error).find_map(|cause| {
        cause.downcast_ref().or_else(|| cause.downcast_ref::<RaisedAt>().map(|raised| &raised.error)).cloned()
    });
    known.unwrap_or_else(|| SparkError::internal(error.to_string()).caused_by(error))
}

/// An arrow kernel's error as an internal one.
pub fn from_arrow(error: arrow::error::ArrowError) -> SparkError {
    from_engine(DataFusionError::from(error))
}

/// An error raised by the call with number `origin` in the analyzed plan's origins.
#[derive(Debug, Clone)]
pub struct RaisedAt {
    pub origin: i32,
    pub error: SparkError,
}

impl fmt::Display for RaisedAt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl std::error::Error for RaisedAt {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// The DataFusion function of a kernel.
pub fn kernel_udf<K: Kernel>(_kernel: K) -> Arc<ScalarUDF> {
    const { assert!(size_of::<K>() == 0, "a kernel has no state") };
    Arc::new(ScalarUDF::new_from_impl(Adapter::<K>(PhantomData)))
}

/// A call of a kernel: its arguments, the type of its result and the number of its origin (-1 if unknown).
pub fn kernel_call(
    udf: Arc<ScalarUDF>,
    mut arguments: Vec<Expr>,
    data_type: &SparkType,
    origin: i32,
) -> SparkResult<Expr> {
    let null = ScalarValue::try_from(&data_type.to_arrow()).map_err(from_engine)?;
    arguments.push(Expr::Literal(null, None));
    arguments.push(Expr::Literal(ScalarValue::Int32(Some(origin)), None));
    Ok(udf.call(arguments))
}

struct Adapter<K>(PhantomData<fn() -> K>);

impl<K: Kernel> fmt::Debug for Adapter<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(K::NAME)
    }
}

impl<K: Kernel> PartialEq for Adapter<K> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl<K: Kernel> Eq for Adapter<K> {}

impl<K: Kernel> Hash for Adapter<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        K::NAME.hash(state);
    }
}

fn lacks_constants(name: &str) -> DataFusionError {
    DataFusionError::Internal(format!("{name} was called without its result type and origin"))
}

impl<K: Kernel> ScalarUDFImpl for Adapter<K> {
    fn name(&self) -> &str {
        K::NAME
    }

    fn signature(&self) -> &Signature {
        static SIGNATURES: std::sync::LazyLock<[Signature; 3]> = std::sync::LazyLock::new(|| {
            [Volatility::Immutable, Volatility::Stable, Volatility::Volatile].map(Signature::variadic_any)
        });
        let [immutable, stable, volatile] = &*SIGNATURES;
        match K::VOLATILITY {
            Volatility::Immutable => immutable,
            Volatility::Stable => stable,
            Volatility::Volatile => volatile,
        }
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        arg_types.iter().rev().nth(1).cloned().ok_or_else(|| lacks_constants(K::NAME))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let field = args.arg_fields.iter().rev().nth(1).ok_or_else(|| lacks_constants(K::NAME))?;
        Ok(Arc::new(Field::new(K::NAME, field.data_type().clone(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [arguments @ .., _null, origin] = args.args.as_slice() else {
            return Err(lacks_constants(K::NAME));
        };
        let call = KernelCall {
            arguments,
            rows: args.number_rows,
            return_type: args.return_field.data_type(),
            config: &args.config_options,
        };
        K::default().evaluate(&call).map(with_one_nan).map_err(|error| {
            let origin = match origin {
                ColumnarValue::Scalar(ScalarValue::Int32(Some(origin))) => *origin,
                ColumnarValue::Scalar(_) | ColumnarValue::Array(_) => -1,
            };
            DataFusionError::External(Box::new(RaisedAt { origin, error }))
        })
    }
}

/// Processors give NaN a sign, which Spark does not know: there is one NaN, greater than all numbers.
fn with_one_nan(value: ColumnarValue) -> ColumnarValue {
    match value {
        ColumnarValue::Array(array) => ColumnarValue::Array(match array.data_type() {
            DataType::Float64 => with_plain_nans::<Float64Type>(array),
            DataType::Float32 => with_plain_nans::<Float32Type>(array),
            _ => array,
        }),
        ColumnarValue::Scalar(ScalarValue::Float64(Some(value))) if value.is_nan() => {
            ColumnarValue::Scalar(ScalarValue::Float64(Some(f64::NAN)))
        }
        ColumnarValue::Scalar(ScalarValue::Float32(Some(value))) if value.is_nan() => {
            ColumnarValue::Scalar(ScalarValue::Float32(Some(f32::NAN)))
        }
        other => other,
    }
}

/// Arrays without a negative NaN, which are nearly all, stay as they are.
fn with_plain_nans<T: ArrowPrimitiveType<Native: Float>>(array: ArrayRef) -> ArrayRef {
    let Some(floats) = array.as_primitive_opt::<T>() else { return array };
    if !floats.values().iter().any(|value| value.is_nan() && value.is_sign_negative()) {
        return array;
    }
    let plain = |value: T::Native| if value.is_nan() { T::Native::nan() } else { value };
    Arc::new(floats.unary::<_, T>(plain))
}

/// Downcasts with an error instead of a panic.
pub fn downcast<T: Any + Array>(array: &dyn Array) -> SparkResult<&T> {
    array
        .as_any()
        .downcast_ref::<T>()
        .ok_or_else(|| SparkError::internal(format!("a kernel met an array of type {}", array.data_type())))
}

/// Declares kernels by their functions: `kernels! { Year = "spark_year" => year; }`, with a `Stable` or `Volatile`
/// behind the name where a kernel is not immutable.
macro_rules! kernels {
    ($($(#[$meta:meta])* $kernel:ident = $name:literal $($volatility:ident)? => $evaluate:expr;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default)]
        pub(crate) struct $kernel;

        impl $crate::kernel::Kernel for $kernel {
            const NAME: &'static str = $name;
            $(const VOLATILITY: datafusion::logical_expr::Volatility = datafusion::logical_expr::Volatility::$volatility;)?

            fn evaluate(
                &self,
                call: &$crate::kernel::KernelCall<'_>,
            ) -> firesteel_base::SparkResult<datafusion::logical_expr::ColumnarValue> {
                let evaluate: fn(&$crate::kernel::KernelCall<'_>) -> firesteel_base::SparkResult<datafusion::logical_expr::ColumnarValue> = $evaluate;
                evaluate(call)
            }
        }
    )+};
}
pub(crate) use kernels;
