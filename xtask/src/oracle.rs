//! Apache Spark as a child process: a small Python driver that answers one JSON line for each JSON line.

#![expect(clippy::indexing_slicing, reason = "a JSON value asked for an absent name is null, never a panic")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A running Spark session. The process ends when this is dropped, since its input ends then.
pub struct Oracle {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub version: String,
}

/// What Spark answered.
pub enum Answer {
    /// One letter a column as in sqllogictest, the schema's line, the rows' lines, and whether their order counts.
    Result { types: String, schema: String, rows: Vec<String>, ordered: bool },
    /// Condition and SQLSTATE.
    Error { condition: String, sql_state: String },
}

impl Oracle {
    /// Starts Spark from the environment that `make record` makes.
    pub fn start(root: &Path) -> Result<Self, String> {
        let python = cache_directory()?.join("oracle/bin/python");
        if !python.exists() {
            return Err(format!("{} is missing: use `make record PATH_TO=...`, which makes it", python.display()));
        }
        let mut child = Command::new(python)
            .arg(root.join("xtask/oracle.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("Apache Spark does not start: {error}"))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().ok_or("Apache Spark has no output")?);
        let mut oracle = Self { child, input, output, version: String::new() };
        oracle.version = oracle.receive()?["version"].as_str().unwrap_or_default().to_owned();
        Ok(oracle)
    }

    /// Forgets views, tables and settings: what follows starts in a fresh session.
    pub fn reset(&mut self) -> Result<(), String> {
        self.send(&json!({"reset": true}))?;
        self.receive().map(|_| ())
    }

    pub fn run(&mut self, sql: &str) -> Result<Answer, String> {
        self.send(&json!({"sql": sql}))?;
        let answer = self.receive()?;
        if let Some(condition) = answer["error"].as_str() {
            let sql_state = text(&answer["sqlState"]);
            return Ok(Answer::Error { condition: condition.to_owned(), sql_state });
        }
        if let Some(fault) = answer["fault"].as_str() {
            return Err(format!("Apache Spark cannot say the condition of {sql}: {fault}"));
        }
        let ordered = answer["ordered"].as_bool().unwrap_or_default();
        let rows = answer["rows"].as_array().map(|rows| rows.iter().map(text).collect()).unwrap_or_default();
        Ok(Answer::Result { types: text(&answer["types"]), schema: text(&answer["schema"]), rows, ordered })
    }

    fn send(&mut self, request: &Value) -> Result<(), String> {
        let input = self.input.as_mut().ok_or("Apache Spark is stopped")?;
        writeln!(input, "{request}").and_then(|()| input.flush()).map_err(|error| format!("Apache Spark: {error}"))
    }

    fn receive(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| format!("Apache Spark: {error}"))?;
        serde_json::from_str(&line).map_err(|error| format!("Apache Spark answered {line:?}: {error}"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.input = None;
        // The process has nothing left to do; how it ended changes nothing that was recorded.
        let _ = self.child.wait();
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn cache_directory() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("FIRESTEEL_CACHE") {
        return Ok(named.into());
    }
    std::env::home_dir().map(|home| home.join(".cache/firesteel")).ok_or_else(|| "no home directory".to_owned())
}
