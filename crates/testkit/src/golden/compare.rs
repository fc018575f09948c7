//! When a golden step passes: the same schema and rows, or the same condition, SQLSTATE and parameters.

use serde_json::Value;

use super::{STEP_LIMIT, StepResult};
use crate::order::sorts_at_top_level;
use crate::process::Outcome;
use crate::shell_text::ShellText;

/// What differs between the recorded step and the outcome.
pub fn problem(step: &Value, sql: &str, outcome: &Outcome, shell: &ShellText) -> StepResult {
    match (outcome, step.get("error")) {
        (Outcome::Panic, _) => Some("panics".to_owned()),
        (Outcome::TimeOut, _) => Some(format!("still runs after {} s", STEP_LIMIT.as_secs())),
        (Outcome::Error(error), None) => Some(format!("fails: {error}")),
        (Outcome::Result { .. }, Some(expected)) => {
            Some(format!("succeeds, expected {}", expected["condition"].as_str().unwrap_or_default()))
        }
        (Outcome::Error(error), Some(expected)) => {
            let mut actual = serde_json::Map::new();
            for (name, value) in error.parameters() {
                actual.insert(name.clone(), Value::String(value.clone()));
            }
            error_problem(expected, error.condition(), error.sql_state(), &actual)
        }
        (Outcome::Result { schema, batches }, None) => {
            let expected = step["schema"].as_str().unwrap_or_default();
            let actual_schema = format!("struct<{}>", schema_fields(&schema.catalog_string()));
            if mask(expected) != mask(&actual_schema) {
                return Some(format!("schema {actual_schema}, expected {expected}"));
            }
            match shell.rows(batches, schema) {
                Ok(rows) => rows_problem(step, sql, described(sql, expected, rows)),
                Err(error) => Some(error.to_string()),
            }
        }
    }
}

/// What stands between `struct<` and `>`.
fn schema_fields(catalog_string: &str) -> &str {
    catalog_string.strip_prefix("struct<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(catalog_string)
}

fn error_problem(
    expected: &Value,
    condition: &str,
    sql_state: &str,
    parameters: &serde_json::Map<String, Value>,
) -> StepResult {
    let expected_condition = expected["condition"].as_str().unwrap_or_default();
    if condition != expected_condition {
        return Some(format!("error {condition}, expected {expected_condition}"));
    }
    let expected_state = expected["sqlState"].as_str().unwrap_or_default();
    if sql_state != expected_state {
        return Some(format!("SQLSTATE {sql_state}, expected {expected_state}"));
    }
    let expected_parameters = expected.get("params").and_then(Value::as_object);
    for (name, value) in expected_parameters.into_iter().flatten() {
        let actual = parameters.get(name);
        let same = actual.and_then(Value::as_str).map(mask) == value.as_str().map(mask);
        if !same {
            return Some(format!("{condition}: parameter {name} is {actual:?}, expected {value}"));
        }
    }
    None
}

fn rows_problem(step: &Value, sql: &str, actual: Vec<String>) -> StepResult {
    let recorded = step["rows"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut expected = lines(recorded.map(str::to_owned).collect());
    let mut actual = lines(actual);
    leave_out(&expected, &mut actual);
    if sorts_at_top_level(sql) || expected.len() != actual.len() {
        without_empty_end(&mut expected);
        without_empty_end(&mut actual);
    }
    if !sorts_at_top_level(sql) {
        expected.sort();
        actual.sort();
    }
    if expected == actual {
        return None;
    }
    Some(format!("expected\n{}\nactual\n{}", expected.join("\n"), actual.join("\n")))
}

/// What stands in recorded lines behind text that differs from run to run.
const LEFT_OUT: &str = "[not included in comparison]";

/// Lines that were recorded without what differs from run to run take its place in the actual ones.
fn leave_out(expected: &[String], actual: &mut [String]) {
    for line in expected {
        let Some((head, _)) = line.split_once(LEFT_OUT) else { continue };
        if let Some(found) = actual.iter_mut().find(|actual| actual.starts_with(head.trim_end())) {
            found.clone_from(line);
        }
    }
}

/// Lines of all rows, masked; blanks at the ends do not count.
fn lines(rows: Vec<String>) -> Vec<String> {
    rows.iter().flat_map(|row| row.split('\n')).map(|line| mask(line.trim_end())).collect()
}

/// Empty lines at the end do not count: recordings have lost them.
fn without_empty_end(lines: &mut Vec<String>) {
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
}

/// The shell prints the columns of a described table with a width, and of listed tables their names alone.
fn described(sql: &str, schema: &str, rows: Vec<String>) -> Vec<String> {
    let first = sql.split_whitespace().next().unwrap_or_default().to_uppercase();
    if first.starts_with("DESC") && schema == "struct<col_name:string,data_type:string,comment:string>" {
        let pad = |cell: &str| format!("{:20}", if cell == "NULL" { "" } else { cell });
        return rows.iter().map(|row| row.split('\t').map(pad).collect::<Vec<_>>().join("\t")).collect();
    }
    rows
}

/// The text with numbers that differ from run to run replaced: `#12`, `plan_id=34`.
fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find(['#', '=']) {
        let (before, after) = rest.split_at(position + 1);
        masked.push_str(before);
        rest = after;
        if before.ends_with('#') || before.ends_with("plan_id=") {
            let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
            if digits > 0 || rest.starts_with('x') {
                masked.push('x');
                rest = rest.strip_prefix('x').unwrap_or_else(|| rest.get(digits..).unwrap_or_default());
            }
        }
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_masked() {
        assert_eq!(mask("a#12 + b#x [plan_id=3]"), "a#x + b#x [plan_id=x]");
        assert_eq!(mask("a = 1"), "a = 1");
    }
}
