//! `unwrap_udt`: a user-defined type's value as what it is stored as.

use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::{quoted, quoted_type};
use crate::function::{Function, Scalar};

pub(super) const FUNCTION: Function = Function::scalar("unwrap_udt", bind).arity(1..=1).since("3.4.0");

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let argument = call.argument(0)?;
    let SparkType::UserDefined(udt) = &argument.data_type else {
        return Err(call
            .mismatch("UNEXPECTED_INPUT_TYPE")
            .param("paramIndex", "first")
            .param("requiredType", "\"USERDEFINEDTYPE\"")
            .param("inputSql", quoted(&argument.sql()))
            .param("inputType", quoted_type(&argument.data_type)));
    };
    Ok(Scalar::expr(call, udt.sql_type.clone(), |arguments| {
        arguments.into_iter().next().ok_or_else(|| SparkError::internal("unwrap_udt without a value"))
    }))
}
