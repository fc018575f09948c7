//! `bitmap_bit_position`, `bitmap_bucket_number` and `bitmap_count`: numbers spread over bitmaps of 32768 bits.

use arrow::array::Array;
use arrow::datatypes::Int64Type;
use firesteel_base::SparkType;

use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::kernels;
use crate::kernel::rows::bytes;

pub(super) const BITMAP_BIT_POSITION: Function = Function::scalar("bitmap_bit_position", |call| {
    Scalar::coercing(call, &[Expected::LONG], SparkType::Long, BitmapBitPosition)
})
.arity(1..=1)
.since("3.5.0");
pub(super) const BITMAP_BUCKET_NUMBER: Function = Function::scalar("bitmap_bucket_number", |call| {
    Scalar::coercing(call, &[Expected::LONG], SparkType::Long, BitmapBucketNumber)
})
.arity(1..=1)
.since("3.5.0");
pub(super) const BITMAP_COUNT: Function = Function::scalar("bitmap_count", |call| {
    // Text is not taken for bytes here.
    let types = call.expect(&[Expected::Binary])?;
    Ok(Scalar::kernel(call, SparkType::Long, BitmapCount).casting(types))
})
.arity(1..=1)
.since("3.5.0");

const BITS: i64 = 32_768;

kernels! {
    BitmapBitPosition = "spark_bitmap_bit_position" => |call| call.unary::<Int64Type, Int64Type>(|value| {
        if value > 0 { (value - 1) % BITS } else { value.wrapping_neg() % BITS }
    });
    BitmapBucketNumber = "spark_bitmap_bucket_number" => |call| call.unary::<Int64Type, Int64Type>(|value| {
        if value > 0 { 1 + (value - 1) / BITS } else { value / BITS }
    });
    BitmapCount = "spark_bitmap_count" => |call| call.with_arrays(|arrays| {
        let values = bytes(arrays, 0)?;
        call.build::<Int64Type>(values.len(), |row| {
            Ok(values.is_valid(row).then(|| values.value(row).iter().map(|byte| i64::from(byte.count_ones())).sum()))
        })
    });
}
