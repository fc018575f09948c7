//! The runner of `tests/sql`: each query's columns, types, nullability and rows, or its error's condition and SQLSTATE.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use firesteel_base::SparkError;
use firesteel_service::Session;
use sqllogictest::{DefaultColumnType, ExpectedError, QueryExpect, Record, SortMode, StatementExpect};

use crate::known_failures::KnownFailures;
use crate::mode::Mode;
use crate::process::{Outcome, Process, TIME_ZONE};
use crate::schema_text::{letters, schema_line};
use crate::shell_text::ShellText;

/// A statement of the corpus that takes longer is at fault.
const STEP_LIMIT: Duration = Duration::from_secs(20);

/// Where the list of failing queries lies, below the corpus.
pub const KNOWN_FAILURES: &str = "known-failures.txt";

/// The corpus's directory.
pub fn corpus() -> PathBuf {
    crate::root().join("tests/sql")
}

/// The names of all files, such as `query/join`, with their places.
pub fn files() -> Result<Vec<(String, PathBuf)>, String> {
    let mut found = Vec::new();
    let corpus = corpus();
    collect(&corpus, &corpus, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(corpus: &Path, directory: &Path, found: &mut Vec<(String, PathBuf)>) -> Result<(), String> {
    let entries = std::fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if path.is_dir() {
            collect(corpus, &path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "slt") {
            let name = path.strip_prefix(corpus).unwrap_or(&path).with_extension("");
            found.push((name.to_string_lossy().into_owned(), path));
        }
    }
    Ok(())
}

/// What is wrong with one statement or query.
pub struct Failure {
    /// Its number in the file, from one.
    pub step: usize,
    pub text: String,
}

/// Runs a file in a fresh engine; gives the number of its steps and those that fail.
pub fn run_file(path: &Path, mode: Mode) -> Result<(usize, Vec<Failure>), String> {
    let records: Vec<Record<DefaultColumnType>> =
        sqllogictest::parse_file(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let process = Process::new(mode).map_err(|error| error.to_string())?;
    let session = process.session().map_err(|error| error.to_string())?;
    let runner = Runner { process: &process, session, text: ShellText::new(TIME_ZONE) };
    let mut failures = Vec::new();
    let mut step = 0;
    for record in records {
        let (sql, place, checked) = match record {
            Record::Statement { sql, expected, loc, .. } => {
                let checked = runner.check_statement(&sql, &expected);
                (sql, loc, checked)
            }
            Record::Query { sql, expected, loc, .. } => {
                let checked = runner.check_query(&sql, &expected);
                (sql, loc, checked)
            }
            _ => continue,
        };
        step += 1;
        if let Err(problem) = checked {
            failures.push(Failure { step, text: format!("step {step} at {place}\n{sql}\n{problem}") });
        }
    }
    process.end();
    Ok((step, failures))
}

/// Runs a file and holds it against the list: an error if a query fails that is not listed.
pub fn check_file(name: &str, path: &Path, mode: Mode, known: &KnownFailures) -> Result<(), String> {
    let (_, failures) = run_file(path, mode)?;
    let problems: Vec<String> = failures
        .into_iter()
        .filter(|failure| !known.contains(name, failure.step))
        .map(|failure| failure.text)
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n\n")) }
}

struct Runner<'a> {
    process: &'a Process,
    session: Arc<Session>,
    text: ShellText,
}

impl Runner<'_> {
    fn run(&self, sql: &str) -> Outcome {
        self.process.run(&self.session, sql, STEP_LIMIT)
    }

    fn check_statement(&self, sql: &str, expected: &StatementExpect) -> Result<(), String> {
        match (self.run(sql), expected) {
            (Outcome::Result { .. }, StatementExpect::Ok) => Ok(()),
            (Outcome::Result { .. }, StatementExpect::Error(error)) => {
                Err(format!("succeeds, expected error {}", expected_error(error)))
            }
            (Outcome::Error(actual), StatementExpect::Error(expected)) => compare_errors(expected, &actual),
            (outcome, _) => Err(unexpected(&outcome)),
        }
    }

    fn check_query(&self, sql: &str, expected: &QueryExpect<DefaultColumnType>) -> Result<(), String> {
        match (self.run(sql), expected) {
            (Outcome::Result { schema, batches }, QueryExpect::Results { types, sort_mode, results, .. }) => {
                let rows = self.text.rows(&batches, &schema).map_err(|error| error.to_string())?;
                let rows = rows.iter().map(|row| escaped(row));
                let mut actual: Vec<String> = rows.collect();
                if matches!(sort_mode, Some(SortMode::RowSort)) {
                    actual.sort();
                }
                actual.insert(0, escaped(&schema_line(&schema)));
                compare_lines(results, &actual)?;
                let expected_letters: String = types.iter().map(sqllogictest::ColumnType::to_char).collect();
                if letters(&schema) == expected_letters {
                    Ok(())
                } else {
                    Err(format!("columns of kinds {}, expected {expected_letters}", letters(&schema)))
                }
            }
            (Outcome::Result { .. }, QueryExpect::Error(error)) => {
                Err(format!("succeeds, expected error {}", expected_error(error)))
            }
            (Outcome::Error(actual), QueryExpect::Error(expected)) => compare_errors(expected, &actual),
            (outcome, _) => Err(unexpected(&outcome)),
        }
    }
}

fn compare_lines(expected: &[String], actual: &[String]) -> Result<(), String> {
    if expected == actual {
        return Ok(());
    }
    Err(format!("expected\n{}\nactual\n{}", expected.join("\n"), actual.join("\n")))
}

fn compare_errors(expected: &ExpectedError, actual: &SparkError) -> Result<(), String> {
    let expected = expected_error(expected);
    let condition = format!("{} {}", actual.condition(), actual.sql_state());
    if expected == condition.trim_end() { Ok(()) } else { Err(format!("expected error {expected}\nactual {actual}")) }
}

/// The text behind `error`: condition and SQLSTATE.
fn expected_error(expected: &ExpectedError) -> String {
    match expected {
        ExpectedError::Empty => String::new(),
        ExpectedError::Inline(pattern) => pattern.as_str().to_owned(),
        ExpectedError::Multiline(text) | ExpectedError::SqlState(text) => text.clone(),
    }
}

fn unexpected(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Result { .. } => "succeeds".to_owned(),
        Outcome::Error(error) => format!("fails: {error}"),
        Outcome::Panic => "panics".to_owned(),
        Outcome::TimeOut => format!("still runs after {} s", STEP_LIMIT.as_secs()),
    }
}

/// One line, never an empty one: an empty line would end the expectation.
fn escaped(text: &str) -> String {
    let line = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    if line.trim().is_empty() { format!("(blank){line}") } else { line }
}
