//! `greatest` and `least`: NULLs are skipped, NaN is greater than any number.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::cast::cast_may_add_null;
use crate::coercion::{common_type_without_string_promotion, is_orderable, listed_types, merge_all, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, downcast, from_arrow, kernels};

pub(super) const GREATEST: Function =
    Function::scalar("greatest", |call| bind(call, "greatest", datafusion::functions::core::greatest(), Greatest))
        .since("1.5.0")
        .at_least(2);
pub(super) const LEAST: Function =
    Function::scalar("least", |call| bind(call, "least", datafusion::functions::core::least(), Least))
        .since("1.5.0")
        .at_least(2);

kernels! {
    Greatest = "spark_greatest" => |call| extreme(call, |value, found| value > found || value.is_nan() && !found.is_nan());
    Least = "spark_least" => |call| extreme(call, |value, found| value < found || found.is_nan() && !value.is_nan());
}

fn bind<K: Kernel>(call: &Call<'_>, name: &str, udf: Arc<ScalarUDF>, of_floats: K) -> SparkResult<Scalar> {
    let types = call.data_types();
    let common = merge_all(&types).or_else(|| common_type_without_string_promotion(&types, call.ansi()));
    let Some(data_type) = common else {
        return Err(call.data_diff_types(name, listed_types(&types)));
    };
    if !is_orderable(&data_type) {
        return Err(call
            .mismatch("INVALID_ORDERING_TYPE")
            .param("functionName", format!("`{name}`"))
            .param("dataType", quoted_type(&data_type)));
    }
    let nullable =
        call.arguments.iter().all(|argument| argument.nullable || cast_may_add_null(&argument.data_type, &data_type));
    let types: Vec<SparkType> = vec![data_type.clone(); call.len()];
    // The engine orders -0.0 before 0.0, where Spark has them equal and takes the first.
    let scalar = match data_type {
        SparkType::Float | SparkType::Double => Scalar::kernel(call, data_type, of_floats),
        _ => Scalar::udf(call, data_type, udf),
    };
    Ok(scalar.casting(types).nullable(nullable))
}

/// The first value of each row, or one that `is_better`.
fn extreme(call: &KernelCall<'_>, is_better: fn(f64, f64) -> bool) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| match call.return_type {
        DataType::Float32 => fold::<Float32Type>(arrays, |value, found| is_better(value.into(), found.into())),
        _ => fold::<Float64Type>(arrays, is_better),
    })
}

fn fold<T: ArrowPrimitiveType>(
    arrays: &[ArrayRef],
    is_better: impl Fn(T::Native, T::Native) -> bool,
) -> SparkResult<ArrayRef> {
    let (first, others) = arrays.split_first().ok_or_else(|| SparkError::internal("an extreme of nothing"))?;
    let mut found = downcast::<PrimitiveArray<T>>(first)?.clone();
    for other in others {
        let other = downcast::<PrimitiveArray<T>>(other)?;
        let better = |found, value| if is_better(value, found) { value } else { found };
        found = if found.null_count() == 0 && other.null_count() == 0 {
            arrow::compute::binary(&found, other, better).map_err(from_arrow)?
        } else {
            let pairs = found.iter().zip(other);
            pairs
                .map(|(found, value)| {
                    found.zip(value).map_or(found.or(value), |(found, value)| Some(better(found, value)))
                })
                .collect()
        };
    }
    Ok(Arc::new(found))
}
