//! Patterns for the records of text formats: compiled once, used for many values.

use std::sync::Arc;

use firesteel_base::SparkResult;

use super::pattern::{Moment, Pattern, PatternCache, Use};
use crate::cast::Zone;
use crate::cast::datetime::MICROS_PER_DAY;

/// Reads dates and timestamps by a pattern.
pub(crate) struct PatternReader(Arc<Pattern>);

impl PatternReader {
    pub(crate) fn new(pattern: &str) -> SparkResult<Self> {
        Ok(Self(PatternCache::new(Use::Read).get(pattern)?))
    }

    /// Days since the epoch.
    pub(crate) fn date(&self, text: &str, zone: &Zone) -> Option<i32> {
        let local = zone.to_local(self.timestamp(text, zone)?);
        i32::try_from(local.div_euclid(MICROS_PER_DAY)).ok()
    }

    /// Microseconds since the epoch; `zone` holds where the text names none.
    pub(crate) fn timestamp(&self, text: &str, zone: &Zone) -> Option<i64> {
        let parsed = self.0.parse(text).ok()?;
        parsed.zone().unwrap_or(*zone).to_instant(parsed.local_micros().ok()?)
    }
}

/// Writes timestamps by a pattern.
pub(crate) struct PatternWriter(Arc<Pattern>);

impl PatternWriter {
    pub(crate) fn new(pattern: &str) -> SparkResult<Self> {
        Ok(Self(PatternCache::new(Use::Write).get(pattern)?))
    }

    pub(crate) fn write(&self, micros: i64, zone: &Zone, zone_id: &str, out: &mut String) -> SparkResult<()> {
        self.0.write(&Moment::new(micros, zone, zone_id), out)
    }
}
