//! Higher-order functions of our own, adapted to DataFusion.
//!
//! As with plain kernels, a function is a zero-sized type, and what varies from call to call travels as constants behind
//! the arguments: a NULL whose type says the result's type and the lambdas' parameters, and the number of the call's origin.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::expr::HigherOrderFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature, HigherOrderUDF,
    HigherOrderUDFImpl, LambdaArgument, LambdaParametersProgress, ValueOrLambda, Volatility,
};
use firesteel_base::{SparkError, SparkResult};

use crate::function::HigherOrderCall;
use crate::kernel::nested::conform;
use crate::kernel::{KernelCall, RaisedAt, from_engine};

/// A higher-order function of our own. Implementors are zero-sized.
pub(super) trait HigherOrderKernel: fmt::Debug + Default + Copy + Send + Sync + 'static {
    const NAME: &'static str;

    /// Computes the call on whole arrays.
    fn evaluate(&self, call: &LambdaCall<'_>) -> Result<ArrayRef>;
}

/// What a higher-order function is called with.
pub(super) struct LambdaCall<'a> {
    /// The plain arguments, one value a row.
    pub(super) values: Vec<ArrayRef>,
    pub(super) lambdas: Vec<&'a LambdaArgument>,
    /// The result and the lambdas with their parameters.
    signature: Fields,
    /// For what works on arrays without lambdas.
    pub(super) plain: KernelCall<'a>,
}

impl LambdaCall<'_> {
    pub(super) fn return_type(&self) -> &DataType {
        self.plain.return_type
    }

    /// Values as a lambda's parameter has them.
    pub(super) fn parameter(&self, lambda: usize, parameter: usize, values: &ArrayRef) -> Result<ArrayRef> {
        match self.signature.get(lambda + 1).map(|lambda| lambda.data_type()) {
            Some(DataType::Struct(parameters)) => match parameters.get(parameter) {
                Some(field) => conform(values, field.data_type()).map_err(raise),
                None => Ok(Arc::clone(values)),
            },
            Some(_) | None => Ok(Arc::clone(values)),
        }
    }

    pub(super) fn lambda(&self, index: usize) -> Result<&LambdaArgument> {
        self.lambdas.get(index).copied().ok_or_else(|| raise(SparkError::internal("a lambda is missing")))
    }
}

/// Carries an error through the engine; the place is added where the call is known.
pub(super) fn raise(error: SparkError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A call of a bound higher-order function. `origin` is the number of its place, -1 if unknown.
pub fn higher_order_call(bound: &HigherOrderCall, mut arguments: Vec<Expr>, origin: i32) -> SparkResult<Expr> {
    let mut parts = vec![Field::new("result", bound.data_type.to_arrow(), true)];
    for (index, lambda) in bound.parameters.iter().enumerate() {
        let parameters: Fields = lambda
            .iter()
            .enumerate()
            .map(|(index, (data_type, nullable))| Field::new(format!("p{index}"), data_type.to_arrow(), *nullable))
            .collect();
        parts.push(Field::new(format!("lambda{index}"), DataType::Struct(parameters), true));
    }
    let signature = ScalarValue::try_from(&DataType::Struct(Fields::from(parts))).map_err(from_engine)?;
    arguments.push(Expr::Literal(signature, None));
    arguments.push(Expr::Literal(ScalarValue::Int32(Some(origin)), None));
    Ok(Expr::HigherOrderFunction(HigherOrderFunction::new(Arc::clone(&bound.udf), arguments)))
}

pub(super) fn higher_order_udf<K: HigherOrderKernel>(_kernel: K) -> Arc<HigherOrderUDF> {
    const { assert!(size_of::<K>() == 0, "a kernel has no state") };
    Arc::new(HigherOrderUDF::new_from_impl(Adapter::<K>(PhantomData)))
}

struct Adapter<K>(PhantomData<fn() -> K>);

impl<K: HigherOrderKernel> fmt::Debug for Adapter<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(K::NAME)
    }
}

impl<K: HigherOrderKernel> PartialEq for Adapter<K> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl<K: HigherOrderKernel> Eq for Adapter<K> {}

impl<K: HigherOrderKernel> Hash for Adapter<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        K::NAME.hash(state);
    }
}

fn lacks_constants(name: &str) -> DataFusionError {
    DataFusionError::Internal(format!("{name} was called without its signature and origin"))
}

/// The result and the lambdas, from the constant behind the arguments.
fn signature<L>(name: &str, fields: &[ValueOrLambda<FieldRef, L>]) -> Result<Fields> {
    match fields.iter().rev().nth(1) {
        Some(ValueOrLambda::Value(field)) => match field.data_type() {
            DataType::Struct(fields) => Ok(fields.clone()),
            _ => Err(lacks_constants(name)),
        },
        Some(ValueOrLambda::Lambda(_)) | None => Err(lacks_constants(name)),
    }
}

impl<K: HigherOrderKernel> HigherOrderUDFImpl for Adapter<K> {
    fn name(&self) -> &str {
        K::NAME
    }

    fn signature(&self) -> &HigherOrderSignature {
        static SIGNATURE: std::sync::LazyLock<HigherOrderSignature> =
            std::sync::LazyLock::new(|| HigherOrderSignature::variadic_any(Volatility::Immutable));
        &SIGNATURE
    }

    fn lambda_parameters(
        &self,
        _step: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        let signature = signature(K::NAME, fields)?;
        let lambdas: Result<Vec<_>> = signature
            .iter()
            .skip(1)
            .map(|lambda| match lambda.data_type() {
                DataType::Struct(parameters) => Ok(parameters.iter().map(Arc::clone).collect()),
                _ => Err(lacks_constants(K::NAME)),
            })
            .collect();
        Ok(LambdaParametersProgress::Complete(lambdas?))
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        let signature = signature(K::NAME, args.arg_fields)?;
        let result = signature.first().ok_or_else(|| lacks_constants(K::NAME))?;
        Ok(Arc::new(Field::new(K::NAME, result.data_type().clone(), true)))
    }

    fn clear_null_values(&self) -> bool {
        false
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [arguments @ .., _signature, origin] = args.args.as_slice() else {
            return Err(lacks_constants(K::NAME));
        };
        let signature = signature(K::NAME, &args.arg_fields)?;
        let mut values = Vec::new();
        let mut lambdas = Vec::new();
        for argument in arguments {
            match argument {
                ValueOrLambda::Value(value) => values.push(value.to_array(args.number_rows)?),
                ValueOrLambda::Lambda(lambda) => lambdas.push(lambda),
            }
        }
        let plain = KernelCall {
            arguments: &[],
            rows: args.number_rows,
            return_type: args.return_field.data_type(),
            config: &args.config_options,
        };
        let result =
            K::default().evaluate(&LambdaCall { values, lambdas, signature, plain }).map_err(|error| match error {
                DataFusionError::External(source) => match source.downcast::<SparkError>() {
                    Ok(error) => {
                        let origin = match origin {
                            ValueOrLambda::Value(ColumnarValue::Scalar(ScalarValue::Int32(Some(origin)))) => *origin,
                            ValueOrLambda::Value(_) | ValueOrLambda::Lambda(_) => -1,
                        };
                        DataFusionError::External(Box::new(RaisedAt { origin, error: *error }))
                    }
                    Err(source) => DataFusionError::External(source),
                },
                error => error,
            })?;
        Ok(ColumnarValue::Array(result))
    }
}

/// Declares higher-order kernels by their functions.
macro_rules! higher_order_kernels {
    ($($kernel:ident = $name:literal => $evaluate:expr;)+) => {$(
        #[derive(Clone, Copy, Debug, Default)]
        struct $kernel;

        impl $crate::higher_order::kernel::HigherOrderKernel for $kernel {
            const NAME: &'static str = $name;

            fn evaluate(
                &self,
                call: &$crate::higher_order::kernel::LambdaCall<'_>,
            ) -> datafusion::common::Result<arrow::array::ArrayRef> {
                let evaluate: fn(
                    &$crate::higher_order::kernel::LambdaCall<'_>,
                ) -> datafusion::common::Result<arrow::array::ArrayRef> = $evaluate;
                evaluate(call)
            }
        }
    )+};
}
pub(super) use higher_order_kernels;
