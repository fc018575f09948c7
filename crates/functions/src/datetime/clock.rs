//! Timestamps as a wall clock shows them: those with a zone in the session's zone, those without as they are.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::SparkResult;

use crate::cast::Zone;
use crate::kernel::KernelCall;
use crate::kernel::rows::primitive;
use std::sync::Arc;

/// The zone that the timestamps of an array are shown in: the session's, or none at all.
pub(super) fn zone_of(data_type: &DataType, call: &KernelCall<'_>) -> SparkResult<Zone> {
    match data_type {
        DataType::Timestamp(_, Some(_)) => Zone::parse(call.time_zone()),
        _ => Ok(Zone::UTC),
    }
}

/// The timestamps at `index` and the zone they are shown in.
pub(super) fn timestamps<'a>(
    arrays: &'a [ArrayRef],
    index: usize,
    call: &KernelCall<'_>,
) -> SparkResult<(&'a TimestampMicrosecondArray, Zone)> {
    let array = primitive::<TimestampMicrosecondType>(arrays, index)?;
    Ok((array, zone_of(array.data_type(), call)?))
}

/// Computes a value from what the clock shows at each timestamp; it cannot fail.
pub(super) fn on_clock<R: ArrowPrimitiveType>(
    call: &KernelCall<'_>,
    compute: impl Fn(i64) -> R::Native,
) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (values, zone) = timestamps(arrays, 0, call)?;
        let result: PrimitiveArray<R> = match zone {
            Zone::Fixed(0) => values.unary(compute),
            zone => values.unary(|micros| compute(zone.to_local(micros))),
        };
        Ok(Arc::new(result.with_data_type(call.return_type.clone())))
    })
}
