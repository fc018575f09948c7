//! The runner of Spark's golden SQL cases in `../shared/golden`: data recorded by Apache Spark from its own tests, which
//! lie beside the checkout where they exist at all.

mod compare;
mod tables;

use std::path::{Path, PathBuf};
use std::time::Duration;

use firesteel_service::Session;
use serde_json::Value;
use std::sync::Arc;

use crate::mode::Mode;
use crate::process::{Outcome, Process};
use crate::shell_text::ShellText;

/// A step that takes longer fails.
const STEP_LIMIT: Duration = Duration::from_secs(10);

/// Where the cases lie; `None` where they are absent.
pub fn directory() -> Option<PathBuf> {
    let directory = crate::root().join("../shared/golden");
    directory.join("spark-sql").is_dir().then_some(directory)
}

/// The names of all files, such as `postgreSQL/join`, with their places. EXPLAIN is outside the measure.
pub fn files(directory: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let top = directory.join("spark-sql");
    let mut found = Vec::new();
    collect(&top, &top, &mut found)?;
    found.retain(|(name, _)| !name.starts_with("explain"));
    found.sort();
    Ok(found)
}

fn collect(top: &Path, directory: &Path, found: &mut Vec<(String, PathBuf)>) -> Result<(), String> {
    let entries = std::fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if path.is_dir() {
            collect(top, &path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.strip_prefix(top).unwrap_or(&path).with_extension("");
            found.push((name.to_string_lossy().into_owned(), path));
        }
    }
    Ok(())
}

/// Why a step does not pass; `None` for one that does.
pub type StepResult = Option<String>;

/// Runs a file in a fresh session and hands each step's number and result to `report` as it is known.
pub fn run_file(directory: &Path, path: &Path, mut report: impl FnMut(usize, StepResult)) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let case: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let process = Process::new(Mode::Default).map_err(|error| error.to_string())?;
    let session = process.session().map_err(|error| error.to_string())?;
    tables::create(&process, &session, directory, &text);
    for (key, value) in case.get("set").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        run(&process, &session, &format!("SET {key}={value}"));
    }
    for (index, step) in case.get("steps").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let sql = step["sql"].as_str().unwrap_or_default();
        let outcome = run(&process, &session, sql);
        let shell = ShellText::new(&session.time_zone());
        report(index + 1, compare::problem(step, sql, &outcome, &shell));
    }
    process.end();
    Ok(())
}

fn run(process: &Process, session: &Arc<Session>, sql: &str) -> Outcome {
    process.run(session, sql, STEP_LIMIT)
}
