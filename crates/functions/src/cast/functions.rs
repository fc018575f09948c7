//! Casts as functions: `int(x)` is `CAST(x AS INT)`.

use firesteel_base::{SparkError, SparkResult, SparkType};

use super::{CastMode, can_cast, cast_mismatch};
use crate::call::Call;
use crate::function::{Function, Scalar};

macro_rules! cast_functions {
    ($($constant:ident: $name:literal => $target:expr;)*) => {
        $(const $constant: Function = Function::scalar($name, |call| bind(call, $target))
            .since("2.0.1")
            .arity(1..=1)
            // Printed as its argument, as casts are that nobody wrote.
            .prints(|arguments| arguments.join(", "));)*

        /// The functions of this group.
        pub static FUNCTIONS: &[&Function] = &[$(&$constant),*];
    };
}

cast_functions! {
    BOOLEAN: "boolean" => SparkType::Boolean;
    TINYINT: "tinyint" => SparkType::Byte;
    SMALLINT: "smallint" => SparkType::Short;
    INT: "int" => SparkType::Integer;
    BIGINT: "bigint" => SparkType::Long;
    FLOAT: "float" => SparkType::Float;
    DOUBLE: "double" => SparkType::Double;
    DECIMAL: "decimal" => SparkType::DECIMAL_DEFAULT;
    DATE: "date" => SparkType::Date;
    TIME: "time" => SparkType::Time { precision: 6 };
    TIMESTAMP: "timestamp" => SparkType::Timestamp;
    BINARY: "binary" => SparkType::Binary;
    STRING: "string" => SparkType::STRING;
}

fn bind(call: &Call<'_>, target: SparkType) -> SparkResult<Scalar> {
    let from = call.data_type(0)?;
    let mode = CastMode::of(call.ansi());
    if !can_cast(from, &target, mode) {
        let sql = format!("CAST({} AS {})", call.argument(0)?.sql(), target.sql());
        return Err(cast_mismatch(from, &target, mode, &sql));
    }
    // The cast that the resolver inserts is the call.
    let cast = Scalar::expr(call, target.clone(), |arguments| {
        arguments.into_iter().next().ok_or_else(|| SparkError::internal("a cast without a value"))
    });
    Ok(cast.casting(vec![target]))
}
