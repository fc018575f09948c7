//! `raise_error` and `assert_true`: errors on demand. Their result is NULL, if there is one.

use arrow::array::{AsArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, Volatility};
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, from_arrow, kernel_call, kernel_udf, rows};

pub(super) const RAISE_ERROR: Function = Function::scalar("raise_error", bind_raise_error)
    .since("3.1.0")
    .arity(1..=1)
    .prints(|arguments| format!("raise_error(USER_RAISED_EXCEPTION, map(errorMessage, {}))", arguments.join(", ")));

pub(super) const ASSERT_TRUE: Function =
    Function::scalar("assert_true", bind_assert_true).since("2.0.0").arity(1..=2).prints(|arguments| match arguments {
        [condition] => format!("assert_true({condition}, '{condition}' is not true!)"),
        other => format!("assert_true({})", other.join(", ")),
    });

fn bind_raise_error(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING])?;
    Ok(Scalar::kernel(call, SparkType::Null, RaiseError).casting(types).nullable(true))
}

fn bind_assert_true(call: &Call<'_>) -> SparkResult<Scalar> {
    let condition = match call.data_type(0)? {
        SparkType::Boolean | SparkType::Null => SparkType::Boolean,
        _ => {
            let tested = call.argument(0)?.sql();
            let message = match call.arguments.get(1) {
                Some(message) => message.sql(),
                None => format!("'{tested}' is not true!"),
            };
            let sql =
                format!("\"(IF({tested}, NULL, raise_error(USER_RAISED_EXCEPTION, map(errorMessage, {message}))))\"");
            return Err(call.unexpected_input_type(0, &Expected::BOOLEAN).param("sqlExpr", sql));
        }
    };
    let mut types = vec![condition];
    types.extend((1..call.len()).map(|_| SparkType::STRING));
    if call.len() > 1 {
        return Ok(Scalar::kernel(call, SparkType::Null, AssertTrue).casting(types).nullable(true));
    }
    let message = format!("'{}' is not true!", call.argument(0)?.sql());
    let asserted = Scalar::expr(call, SparkType::Null, move |mut arguments| {
        arguments.push(Expr::Literal(ScalarValue::Utf8(Some(message.clone())), None));
        kernel_call(kernel_udf(AssertTrue), arguments, &SparkType::Null, -1)
    });
    Ok(asserted.casting(types).nullable(true))
}

fn raised(message: &str) -> SparkError {
    SparkError::new("USER_RAISED_EXCEPTION").param("errorMessage", message).with_kind(ErrorKind::Runtime)
}

/// Raises its argument for the first row.
#[derive(Clone, Copy, Debug, Default)]
struct RaiseError;

impl Kernel for RaiseError {
    const NAME: &'static str = "spark_raise_error";
    const VOLATILITY: Volatility = Volatility::Volatile;

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let rows = call.rows;
        if rows == 0 {
            return Ok(ColumnarValue::Array(new_null_array(call.return_type, 0)));
        }
        let messages = [call.array(0)?];
        let messages = rows::text(&messages, 0)?;
        Err(raised(messages.iter().next().flatten().unwrap_or("null")))
    }
}

/// Raises its second argument for the first row whose first is not true.
#[derive(Clone, Copy, Debug, Default)]
struct AssertTrue;

impl Kernel for AssertTrue {
    const NAME: &'static str = "spark_assert_true";
    const VOLATILITY: Volatility = Volatility::Volatile;

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let arrays = [call.array(0)?, call.array(1)?];
        let conditions = cast(rows::at(&arrays, 0)?, &DataType::Boolean).map_err(from_arrow)?;
        let conditions = conditions.as_boolean();
        let messages = rows::text(&arrays, 1)?;
        let failed = conditions.iter().position(|condition| condition != Some(true));
        match failed {
            Some(row) => Err(raised(messages.iter().nth(row).flatten().unwrap_or("null"))),
            None => Ok(ColumnarValue::Array(new_null_array(call.return_type, conditions.len()))),
        }
    }
}
