//! `bitmap_construct_agg`, `bitmap_or_agg` and `bitmap_and_agg`: bitmaps of 32768 bits from positions and from bitmaps.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::Int64Type;
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::groups::{State, sketch_aggregates};
use crate::aggregate::kernel::aggregate_udf;
use crate::coercion::Expected;
use crate::function::{Aggregate, Function};
use crate::kernel::rows::{at, bytes, primitive};

pub(super) const BITMAP_CONSTRUCT_AGG: Function = Function::aggregate("bitmap_construct_agg", |call| {
    let types = call.implicit_cast(&[Expected::LONG])?;
    Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf(Construct)).casting(types))
})
.arity(1..=1)
.since("3.5.0");
pub(super) const BITMAP_OR_AGG: Function = Function::aggregate("bitmap_or_agg", |call| {
    let types = call.expect(&[Expected::Binary])?;
    Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf(Or)).casting(types))
})
.arity(1..=1)
.since("3.5.0");
pub(super) const BITMAP_AND_AGG: Function = Function::aggregate("bitmap_and_agg", |call| {
    let types = call.expect(&[Expected::Binary])?;
    Ok(Aggregate::new(call, SparkType::Binary, false, aggregate_udf(And)).casting(types))
})
.arity(1..=1)
.since("4.1.0");

const BYTES: usize = 4096;

sketch_aggregates! {
    Construct = "spark_bitmap_construct_agg" => |_| Ok(Box::new(Bitmap::new(Step::Set)));
    Or = "spark_bitmap_or_agg" => |_| Ok(Box::new(Bitmap::new(Step::Or)));
    And = "spark_bitmap_and_agg" => |_| Ok(Box::new(Bitmap::new(Step::And)));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Set,
    Or,
    And,
}

#[derive(Debug)]
struct Bitmap {
    step: Step,
    bits: Vec<u8>,
}

impl Bitmap {
    fn new(step: Step) -> Self {
        Self { step, bits: vec![if step == Step::And { 0xff } else { 0 }; BYTES] }
    }

    fn add(&mut self, other: &[u8]) {
        // A shorter bitmap has zeros behind.
        for (own, other) in self.bits.iter_mut().zip(other.iter().copied().chain(std::iter::repeat(0))) {
            *own = if self.step == Step::And { *own & other } else { *own | other };
        }
    }
}

impl State for Bitmap {
    fn update(&mut self, columns: &[ArrayRef], row: usize) -> SparkResult<()> {
        if at(columns, 0)?.is_null(row) {
            return Ok(());
        }
        if self.step != Step::Set {
            self.add(bytes(columns, 0)?.value(row));
            return Ok(());
        }
        let position = primitive::<Int64Type>(columns, 0)?.value(row);
        let byte = usize::try_from(position / 8).ok().filter(|_| position >= 0);
        let Some(byte) = byte.and_then(|byte| self.bits.get_mut(byte)) else {
            return Err(SparkError::new("INVALID_BITMAP_POSITION")
                .param("bitPosition", position.to_string())
                .param("bitmapNumBytes", BYTES.to_string())
                .param("bitmapNumBits", (BYTES * 8).to_string())
                .with_kind(ErrorKind::ArrayIndexOutOfBounds));
        };
        *byte |= 1 << (position % 8);
        Ok(())
    }

    fn merge(&mut self, partial: &[u8]) -> SparkResult<()> {
        self.add(partial);
        Ok(())
    }

    fn result(&self) -> SparkResult<Vec<u8>> {
        Ok(self.bits.clone())
    }

    fn size(&self) -> usize {
        size_of::<Self>() + BYTES
    }
}
