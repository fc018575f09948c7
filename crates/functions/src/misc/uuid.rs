//! `uuid`: a random identifier, another one for each row.

use std::fmt::Write;
use std::hash::{BuildHasher, Hasher, RandomState};

use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use crate::function::{Function, Scalar};
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function =
    Function::scalar("uuid", |call| Ok(Scalar::kernel(call, SparkType::STRING, Uuid).nullable(false)))
        .arity(0..=0)
        .nondeterministic()
        .since("2.3.0");

kernels! {
    Uuid = "spark_uuid" Volatile => uuid;
}

fn uuid(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    // Each state has keys of its own, taken from the operating system's randomness.
    let state = RandomState::new();
    let half = |row: usize, part: u8| {
        let mut hasher = state.build_hasher();
        hasher.write_usize(row);
        hasher.write_u8(part);
        hasher.finish()
    };
    let result = call.build_text(call.rows, |row, out| {
        let bits = (u128::from(half(row, 0)) << 64) | u128::from(half(row, 1));
        // Version 4, variant 1.
        let bits = (bits & !(0xf000_u128 << 64)) | (0x4000_u128 << 64);
        let bits = (bits & !(0xc000_u128 << 48)) | (0x8000_u128 << 48);
        let digits = format!("{bits:032x}");
        for (index, digit) in digits.chars().enumerate() {
            if matches!(index, 8 | 12 | 16 | 20) {
                out.push('-');
            }
            // Writing to a String cannot fail.
            let _ = out.write_char(digit);
        }
        Ok(true)
    })?;
    Ok(ColumnarValue::Array(result))
}
