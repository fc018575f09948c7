//! `crc32`: the cyclic redundancy check of bytes.

use arrow::array::Array;
use arrow::datatypes::Int64Type;
use firesteel_base::SparkType;

use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::kernels;
use crate::kernel::rows::bytes;

pub(super) const FUNCTION: Function =
    Function::scalar("crc32", |call| Scalar::coercing(call, &[Expected::Binary], SparkType::Long, Crc32))
        .arity(1..=1)
        .since("1.5.0");

kernels! {
    Crc32 = "spark_crc32" => |call| call.with_arrays(|arrays| {
        let values = bytes(arrays, 0)?;
        call.build::<Int64Type>(values.len(), |row| {
            Ok(values.is_valid(row).then(|| i64::from(crc32(values.value(row)))))
        })
    });
}

/// For each byte, what it adds to the remainder by the reversed polynomial of IEEE 802.3.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    #[expect(clippy::indexing_slicing, reason = "computed when compiling, within the table's bounds")]
    while index < 256 {
        let mut remainder = index as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = if remainder & 1 == 1 { (remainder >> 1) ^ 0xedb8_8320 } else { remainder >> 1 };
            bit += 1;
        }
        table[index] = remainder;
        index += 1;
    }
    table
};

fn crc32(bytes: &[u8]) -> u32 {
    let step = |remainder: u32, byte: &u8| {
        let index = usize::from((remainder as u8) ^ byte);
        (remainder >> 8) ^ TABLE.get(index).copied().unwrap_or(0)
    };
    !bytes.iter().fold(u32::MAX, step)
}
