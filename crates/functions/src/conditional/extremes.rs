//! `greatest` and `least`: NULLs are skipped, NaN is greater than any number.

use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::cast::cast_may_add_null;
use crate::coercion::{common_type_without_string_promotion, is_orderable, listed_types, merge_all, quoted_type};
use crate::function::{Function, Scalar};

pub(super) const GREATEST: Function =
    Function::scalar("greatest", |call| bind(call, "greatest", datafusion::functions::core::greatest()))
        .since("1.5.0")
        .at_least(2);
pub(super) const LEAST: Function =
    Function::scalar("least", |call| bind(call, "least", datafusion::functions::core::least()))
        .since("1.5.0")
        .at_least(2);

fn bind(call: &Call<'_>, name: &str, udf: std::sync::Arc<datafusion::logical_expr::ScalarUDF>) -> SparkResult<Scalar> {
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
    Ok(Scalar::udf(call, data_type, udf).casting(types).nullable(nullable))
}
