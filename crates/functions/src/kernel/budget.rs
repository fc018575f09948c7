//! What one call of a kernel may make.
//!
//! Some functions make text or arrays as long as a number says: a batch of small rows becomes more than the memory holds.
//! Their bytes are counted while they are made. Where the caller can go on with fewer rows it says so by [`in_slices`],
//! and learns by [`rows_done`] how many rows went well; elsewhere, and for a single row, too much is an error.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use firesteel_base::error::causes;
use firesteel_base::{SparkError, SparkResult};

/// Bytes that a call may make at all: what arrow's 32-bit offsets reach, or less in a smaller process.
static LIMIT: AtomicUsize = AtomicUsize::new(OFFSETS_MAX);
const OFFSETS_MAX: usize = i32::MAX as usize;

thread_local! {
    /// Bytes that a call may make of several rows.
    static SLICE: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Sets how many bytes a call may make in this process.
pub fn limit_calls(bytes: usize) {
    LIMIT.store(bytes.min(OFFSETS_MAX), Ordering::Relaxed);
}

/// Whether the kernel of this name makes as much as a number says.
pub fn multiplies(kernel: &str) -> bool {
    matches!(
        kernel,
        "spark_array_repeat"
            | "spark_lpad"
            | "spark_repeat"
            | "spark_rpad"
            | "spark_sequence"
            | "spark_sliding_windows"
            | "spark_space"
    )
}

/// Computes with calls that end with an error where they make more than `bytes` of several rows; see [`rows_done`].
pub fn in_slices<T>(bytes: usize, compute: impl FnOnce() -> T) -> T {
    /// The limit holds again that held before, also after a panic.
    struct Before(usize);
    impl Drop for Before {
        fn drop(&mut self) {
            SLICE.set(self.0);
        }
    }
    let _before = Before(SLICE.replace(bytes));
    compute()
}

/// With how many rows, if several were too many, the call would have been within the limit; 0 if one is beyond it.
pub fn rows_done(error: &(dyn Error + 'static)) -> Option<usize> {
    causes(error).find_map(|cause| cause.downcast_ref::<RowsDone>()).map(|done| done.0)
}

#[derive(Debug)]
struct RowsDone(usize);

impl fmt::Display for RowsDone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a function's result for several rows was too large after {}", self.0)
    }
}

impl Error for RowsDone {}

/// The bytes that a call has made.
#[derive(Debug)]
pub(crate) struct Budget {
    rows: usize,
    made: usize,
    slice: usize,
    limit: usize,
}

impl Budget {
    /// For a call with so many rows.
    pub fn of(rows: usize) -> Self {
        Self { rows, made: 0, slice: SLICE.get(), limit: LIMIT.load(Ordering::Relaxed) }
    }

    /// Counts bytes that are being made for a row.
    pub fn take(&mut self, row: usize, bytes: usize) -> SparkResult<()> {
        self.made = self.made.saturating_add(bytes);
        if self.made > self.slice && self.rows > 1 {
            let error = RowsDone(row);
            return Err(SparkError::internal(error.to_string()).caused_by(error));
        }
        within(self.made, self.limit)
    }
}

/// An error if one value is larger than a call's result may be.
pub(crate) fn check_value(bytes: usize) -> SparkResult<()> {
    within(bytes, LIMIT.load(Ordering::Relaxed))
}

fn within(bytes: usize, limit: usize) -> SparkResult<()> {
    if bytes <= limit {
        return Ok(());
    }
    Err(SparkError::new("MEMORY_LIMIT_EXCEEDED")
        .param("message", format!("a function's result takes more than {limit} bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_rows_end_early_and_one_goes_on() {
        let taken = |rows: usize| {
            let mut budget = Budget::of(rows);
            (0..rows).try_for_each(|row| budget.take(row, 100))
        };
        taken(1000).unwrap();
        in_slices(250, || {
            assert_eq!(rows_done(&taken(1000).unwrap_err()), Some(2));
            taken(2).unwrap();
        });
        in_slices(10, || taken(1).unwrap());
        taken(1000).unwrap();
        assert_eq!(check_value(usize::MAX).unwrap_err().condition(), "MEMORY_LIMIT_EXCEEDED");
    }
}
