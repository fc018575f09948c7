//! Query contexts: the place of an error as clients see it, and how the error's message shows it.

use crate::origin::{CallSite, Origin, SqlOrigin};

/// Characters shown on either side of the marked text on its line.
const AROUND: usize = 32;

/// One context of an error: a piece of SQL, or a call in the client's program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryContext {
    Sql {
        object_type: String,
        object_name: String,
        /// Index of the first character, from 0.
        start_index: i32,
        /// Index of the last character, inclusive.
        stop_index: i32,
        fragment: String,
        summary: String,
    },
    DataFrame {
        fragment: String,
        call_site: String,
        summary: String,
    },
}

impl QueryContext {
    pub(super) fn of(origin: &Origin) -> Option<Self> {
        match origin {
            Origin::Unknown => None,
            Origin::Sql(sql) => Some(Self::of_sql(sql)),
            Origin::Call(call) => Some(Self::of_call(call)),
        }
    }

    fn of_sql(sql: &SqlOrigin) -> Self {
        Self::Sql {
            object_type: sql.object.as_ref().map(|object| object.0.clone()).unwrap_or_default(),
            object_name: sql.object.as_ref().map(|object| object.1.clone()).unwrap_or_default(),
            start_index: i32::try_from(sql.start).unwrap_or(i32::MAX),
            stop_index: i32::try_from(sql.stop).unwrap_or(i32::MAX),
            fragment: sql.fragment(),
            summary: sql_summary(sql),
        }
    }

    fn of_call(call: &CallSite) -> Self {
        Self::DataFrame {
            fragment: call.fragment.clone(),
            call_site: call.call_site.clone(),
            summary: format!("== DataFrame ==\n\"{}\" was called from\n{}\n", call.fragment, call.call_site),
        }
    }

    /// The lines that show the place.
    pub fn summary(&self) -> &str {
        match self {
            Self::Sql { summary, .. } | Self::DataFrame { summary, .. } => summary,
        }
    }
}

/// The lines of the text that the span touches, each with carets below the part inside the span.
fn sql_summary(sql: &SqlOrigin) -> String {
    let (start, stop) = (sql.start as usize, sql.stop as usize);
    if start > stop || stop >= sql.text.chars().count() {
        return String::new();
    }
    let (line, column) = sql.line_and_column();
    let object = sql.object.as_ref().map(|object| format!(" of {} {}", object.0, object.1)).unwrap_or_default();
    let mut text = format!("== SQL{object} (line {line}, position {}) ==\n", column + 1);
    let mut line_start = 0;
    for line in sql.text.split('\n') {
        let length = line.chars().count();
        if line_start <= stop && line_start + length >= start {
            let from = start.saturating_sub(line_start).min(length);
            let to = (stop + 1).saturating_sub(line_start).min(length);
            write_marked_line(line, from, to, &mut text);
        }
        line_start += length + 1;
    }
    text
}

/// A line with carets below its characters `from..to`; what is far away from them on the line is left out.
fn write_marked_line(line: &str, from: usize, to: usize, text: &mut String) {
    let characters: Vec<char> = line.chars().collect();
    let before = characters.get(..from).unwrap_or_default();
    let marked = characters.get(from..to).unwrap_or_default();
    let behind = characters.get(to..).unwrap_or_default();
    let mut offset = before.len();
    if before.len() > AROUND {
        text.push_str("...");
        text.extend(before.iter().skip(before.len() - AROUND));
        offset = AROUND + 3;
    } else {
        text.extend(before);
    }
    text.extend(marked);
    text.extend(behind.iter().take(AROUND));
    if behind.len() > AROUND {
        text.push_str("...");
    }
    text.push('\n');
    text.push_str(&" ".repeat(offset));
    text.push_str(&"^".repeat(marked.len()));
    text.push('\n');
}

/// The whole statement with a marker below the line on which reading it stopped: how syntax errors show the place.
pub(super) fn marked_statement(sql: &SqlOrigin) -> String {
    let (line, column) = sql.line_and_column();
    let mut lines: Vec<&str> = sql.text.split('\n').collect();
    // Blank lines at the end are not shown, but a statement that is all empty has one line.
    while lines.len() > 1 && lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let mut text = format!(" (line {line}, pos {column})\n\n== SQL ==\n");
    for (index, content) in lines.iter().enumerate() {
        text.push_str(content);
        text.push('\n');
        if index + 1 == line {
            text.push_str(&"-".repeat(column));
            text.push_str("^^^\n");
        }
    }
    if line > lines.len() {
        text.push_str(&"-".repeat(column));
        text.push_str("^^^\n");
    }
    text
}
