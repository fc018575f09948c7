//! `from_avro` and `to_avro`: known, checked, and refused as Spark refuses them where it is started without Avro.

use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::function::{Function, Scalar};

pub(super) const FROM_AVRO: Function = Function::scalar("from_avro", from_avro).arity(2..=3).since("4.0.0");
pub(super) const TO_AVRO: Function = Function::scalar("to_avro", to_avro).arity(1..=2).since("4.0.0");

fn from_avro(call: &Call<'_>) -> SparkResult<Scalar> {
    check_schema(call, "FROM_AVRO", "from AVRO format")?;
    if let Some(options) = call.arguments.get(2)
        && !(options.is_foldable && matches!(options.data_type, SparkType::Map { .. } | SparkType::Null))
    {
        let message = "The third argument of the FROM_AVRO SQL function must be a constant map of strings to strings \
                       containing the options to use for converting the value from AVRO format";
        return Err(refused(call, message));
    }
    Err(not_loaded("FROM_AVRO"))
}

fn to_avro(call: &Call<'_>) -> SparkResult<Scalar> {
    check_schema(call, "TO_AVRO", "to AVRO format")?;
    Err(not_loaded("TO_AVRO"))
}

fn check_schema(call: &Call<'_>, function: &str, direction: &str) -> SparkResult<()> {
    match call.arguments.get(1) {
        Some(schema)
            if !(schema.is_foldable && (schema.data_type.is_string() || schema.data_type == SparkType::Null)) =>
        {
            let message = format!(
                "The second argument of the {function} SQL function must be a constant string containing the JSON \
                 representation of the schema to use for converting the value {direction}"
            );
            Err(refused(call, &message))
        }
        Some(_) | None => Ok(()),
    }
}

fn refused(call: &Call<'_>, message: &str) -> SparkError {
    call.mismatch("TYPE_CHECK_FAILURE_WITH_HINT").param("msg", message).param("hint", "")
}

fn not_loaded(function: &str) -> SparkError {
    SparkError::new("AVRO_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE").param("functionName", function)
}
