//! `cargo xtask record`: runs the statements of `.slt` files on Apache Spark and writes what it answers as the
//! expectation. The first line of a file names the version it was recorded from.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use sqllogictest::{DefaultColumnType, ExpectedError, QueryExpect, Record, SortMode, StatementExpect};

use crate::oracle::{Answer, Oracle};

type SltRecord = Record<DefaultColumnType>;

/// Opens the first line of a recorded file.
const HEADER: &str = "# Recorded from Apache Spark ";

pub fn run(root: &Path, paths: &[PathBuf], missing: bool) -> Result<String, String> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    let mut oracle = Oracle::start(root)?;
    let mut problems = Vec::new();
    for file in &files {
        if let Err(problem) = record_file(&mut oracle, file, missing) {
            problems.push(problem);
        }
    }
    if !problems.is_empty() {
        return Err(format!("not recorded:\n{}", problems.join("\n")));
    }
    Ok(format!("recorded {} files from Apache Spark {}", files.len(), oracle.version))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .map_err(|error| format!("{}: {error}", path.display()))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .collect();
        entries.sort();
        return entries.iter().try_for_each(|entry| collect(entry, files));
    }
    if path.extension().is_some_and(|extension| extension == "slt") {
        files.push(path.to_owned());
    }
    Ok(())
}

fn record_file(oracle: &mut Oracle, path: &Path, missing: bool) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let body = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with(HEADER) => rest,
        _ => &text,
    };
    let records: Vec<SltRecord> = sqllogictest::parse(body).map_err(|error| format!("{}: {error}", path.display()))?;
    oracle.reset()?;
    let mut written = format!("{HEADER}{}\n", oracle.version);
    for record in records {
        let record =
            record_again(oracle, record, missing).map_err(|problem| format!("{}: {problem}", path.display()))?;
        writeln!(written, "{record}").map_err(|error| error.to_string())?;
    }
    let written = format!("{}\n", written.trim_end());
    fs::write(path, written).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// The record with the expectation that Spark's answer gives. Statements run in any case: what follows needs them.
fn record_again(oracle: &mut Oracle, record: SltRecord, missing: bool) -> Result<SltRecord, String> {
    Ok(match record {
        Record::Statement { loc, conditions, connection, sql, retry, .. } => {
            let expected = match oracle.run(&sql)? {
                Answer::Result { .. } => StatementExpect::Ok,
                Answer::Error { condition, sql_state } => StatementExpect::Error(error(&condition, &sql_state)?),
            };
            Record::Statement { loc, conditions, connection, sql, expected, retry }
        }
        Record::Query { loc, conditions, connection, sql, expected, retry } => {
            let expected = if missing && is_recorded(&expected) {
                expected
            } else {
                match oracle.run(&sql)? {
                    Answer::Result { types, schema, rows, ordered } => results(&types, schema, rows, ordered),
                    Answer::Error { condition, sql_state } => QueryExpect::Error(error(&condition, &sql_state)?),
                }
            };
            Record::Query { loc, conditions, connection, sql, expected, retry }
        }
        other => other,
    })
}

fn is_recorded(expected: &QueryExpect<DefaultColumnType>) -> bool {
    match expected {
        QueryExpect::Results { results, .. } => !results.is_empty(),
        QueryExpect::Error(_) => true,
    }
}

fn results(types: &str, schema: String, mut rows: Vec<String>, ordered: bool) -> QueryExpect<DefaultColumnType> {
    let ordered = ordered || rows.len() < 2;
    if !ordered {
        rows.sort();
    }
    let types = types.chars().map(column_type).collect();
    let sort_mode = (!ordered).then_some(SortMode::RowSort);
    rows.insert(0, schema);
    QueryExpect::Results { types, sort_mode, result_mode: None, label: None, results: rows }
}

fn column_type(letter: char) -> DefaultColumnType {
    match letter {
        'T' => DefaultColumnType::Text,
        'I' => DefaultColumnType::Integer,
        'R' => DefaultColumnType::FloatingPoint,
        _ => DefaultColumnType::Any,
    }
}

/// The condition and the SQLSTATE stand behind `error`; the runner compares them as text.
fn error(condition: &str, sql_state: &str) -> Result<ExpectedError, String> {
    let text = format!("{condition} {sql_state}");
    Regex::new(text.trim_end()).map(ExpectedError::Inline).map_err(|error| error.to_string())
}
