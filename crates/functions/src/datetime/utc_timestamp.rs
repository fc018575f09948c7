//! `from_utc_timestamp` and `to_utc_timestamp`: timestamps taken for the clock of another zone.

use std::cell::RefCell;

use arrow::array::Array;
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use crate::cast::Zone;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::{primitive, text};
use crate::kernel::{KernelCall, kernels};

pub(super) const FROM_UTC_TIMESTAMP: Function = Function::scalar("from_utc_timestamp", |call| {
    Scalar::coercing(call, &[Expected::TIMESTAMP, Expected::STRING], SparkType::Timestamp, FromUtcTimestamp)
})
.arity(2..=2)
.since("1.5.0");
pub(super) const TO_UTC_TIMESTAMP: Function = Function::scalar("to_utc_timestamp", |call| {
    Scalar::coercing(call, &[Expected::TIMESTAMP, Expected::STRING], SparkType::Timestamp, ToUtcTimestamp)
})
.arity(2..=2)
.since("1.5.0");

kernels! {
    FromUtcTimestamp = "spark_from_utc_timestamp" => |call| shift(call, |zone, micros| Some(zone.to_local(micros)));
    ToUtcTimestamp = "spark_to_utc_timestamp" => |call| shift(call, |zone, micros| zone.to_instant(micros));
}

fn shift(call: &KernelCall<'_>, compute: fn(&Zone, i64) -> Option<i64>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (values, names) = (primitive::<TimestampMicrosecondType>(arrays, 0)?, text(arrays, 1)?);
        let zones = ZoneCache::default();
        call.build::<TimestampMicrosecondType>(values.len(), |row| {
            if values.is_null(row) || names.is_null(row) {
                return Ok(None);
            }
            Ok(compute(&zones.get(names.value(row))?, values.value(row)))
        })
    })
}

/// The zone that was named last: most calls name one throughout.
#[derive(Default)]
pub(super) struct ZoneCache(RefCell<Option<(String, Zone)>>);

impl ZoneCache {
    pub(super) fn get(&self, name: &str) -> SparkResult<Zone> {
        let mut last = self.0.borrow_mut();
        match &*last {
            Some((known, zone)) if known == name => Ok(*zone),
            Some(_) | None => {
                let zone = Zone::parse(name)?;
                *last = Some((name.to_owned(), zone));
                Ok(zone)
            }
        }
    }
}
