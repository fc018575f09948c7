//! What the tests share: the engine in this process in several modes, answers as text in the form of Spark's SQL shell,
//! and the runners of the two corpora: `tests/sql` (our own `.slt` files) and Spark's golden SQL cases.
//!
//! Development only: no product crate may depend on it.

mod known_failures;
mod mode;
mod order;
mod process;
mod schema_text;
mod shell_text;

pub mod golden;
pub mod slt;

use std::path::PathBuf;

pub use known_failures::KnownFailures;
pub use mode::Mode;
pub use process::{Outcome, Process};

/// The checkout's directory, found from where the process runs: checkouts share a build directory, so that where this was
/// compiled may be another one.
pub fn root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    here.ancestors().find(|directory| directory.join("Cargo.lock").is_file()).unwrap_or(&here).to_owned()
}
