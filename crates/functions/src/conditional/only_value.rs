//! The value of a scalar subquery that was joined: an error where several rows matched.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{ColumnarValue, Expr};
use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkError, SparkResult};

use crate::kernel::{Kernel, KernelCall, downcast, from_engine, kernel_udf};

/// `value`, if `rows` (BIGINT: how many rows matched, NULL for none) is nowhere above one.
pub fn only_value(value: Expr, rows: Expr, data_type: &DataType) -> SparkResult<Expr> {
    let null = ScalarValue::try_from(data_type).map_err(from_engine)?;
    let origin = ScalarValue::Int32(Some(-1));
    Ok(kernel_udf(OnlyValue).call(vec![value, rows, Expr::Literal(null, None), Expr::Literal(origin, None)]))
}

#[derive(Clone, Copy, Debug, Default)]
struct OnlyValue;

impl Kernel for OnlyValue {
    const NAME: &'static str = "spark_only_value";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let rows = call.array(1)?;
        let rows = downcast::<arrow::array::Int64Array>(rows.as_ref())?;
        if rows.iter().flatten().any(|rows| rows > 1) {
            return Err(SparkError::new("SCALAR_SUBQUERY_TOO_MANY_ROWS"));
        }
        call.argument(0).cloned()
    }
}
