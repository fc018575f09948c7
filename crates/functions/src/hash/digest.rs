//! `md5`, `sha1` and `sha2`: digests in hexadecimal digits.

use datafusion::common::ScalarValue;
use datafusion::functions::crypto;
use datafusion::logical_expr::{Expr, lit, when};
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::from_engine;

pub(super) const MD5: Function = Function::scalar("md5", bind_md5).arity(1..=1).since("1.5.0");
pub(super) const SHA1: Function =
    Function::scalar("sha1", bind_sha1).aliases(&["sha"]).prints_alias().arity(1..=1).since("1.5.0");
pub(super) const SHA2: Function = Function::scalar("sha2", bind_sha2).arity(2..=2).since("1.5.0");

fn bind_md5(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::Binary])?;
    Ok(Scalar::udf(call, SparkType::STRING, crypto::md5()).casting(types))
}

fn bind_sha1(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::Binary])?;
    Ok(Scalar::udf(call, SparkType::STRING, datafusion_spark::function::hash::sha1()).casting(types))
}

fn bind_sha2(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::Binary, Expected::INT])?;
    let build = |arguments: Vec<Expr>| {
        let [bytes, bits] = arguments.as_slice() else {
            return Err(firesteel_base::SparkError::internal("sha2 takes two arguments"));
        };
        let digest = |name: &str| crypto::digest().call(vec![bytes.clone(), lit(name)]);
        let hex = |name: &str| datafusion::functions::encoding::encode().call(vec![digest(name), lit("hex")]);
        // There is no SHA-224 among the engine's digests but in its Spark functions, which want a constant length.
        let sha224 = datafusion_spark::function::hash::sha2().call(vec![bytes.clone(), lit(224_i32)]);
        when(bits.clone().eq(lit(256_i32)).or(bits.clone().eq(lit(0_i32))), hex("sha256"))
            .when(bits.clone().eq(lit(224_i32)), sha224)
            .when(bits.clone().eq(lit(384_i32)), hex("sha384"))
            .when(bits.clone().eq(lit(512_i32)), hex("sha512"))
            .otherwise(lit(ScalarValue::Utf8(None)))
            .map_err(from_engine)
    };
    Ok(Scalar::expr(call, SparkType::STRING, build).casting(types).nullable(true))
}
