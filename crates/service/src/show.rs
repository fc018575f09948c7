//! `df.show()` and its HTML form: a relation's first rows as one text, computed here so that every client prints the
//! same.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use firesteel_base::{Origin, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_syntax::ir::{Expression, Literal, Relation, RelationKind};

use crate::answer::CommandResult;
use crate::display::Display;
use crate::session::Session;

/// How to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Show {
    pub(crate) rows: i32,
    /// Cells are cut to so many characters; 0 or less: they are not cut, and are aligned to the left.
    pub(crate) truncate: i32,
    pub(crate) vertical: bool,
}

/// Columns are never narrower.
const COLUMN_WIDTH_MIN: usize = 3;

/// The most rows that are printed, whatever was asked: what Spark's array limit allows.
const ROWS_MAX: i32 = i32::MAX - 15 - 1;

pub(crate) fn show_string_schema() -> SparkSchema {
    SparkSchema::new([SparkField::new("show_string", SparkType::STRING, false)])
}

pub(crate) fn html_string_schema() -> SparkSchema {
    SparkSchema::new([SparkField::new("html_string", SparkType::STRING, false)])
}

/// One row with the table as text.
pub(crate) async fn show_string(session: &Session, input: Relation, show: Show) -> SparkResult<CommandResult> {
    let table = Table::read(session, input, show).await?;
    let text = if show.vertical { table.vertical(show) } else { table.horizontal(show) };
    one_text(show_string_schema(), text)
}

/// One row with the table as HTML.
pub(crate) async fn html_string(session: &Session, input: Relation, show: Show) -> SparkResult<CommandResult> {
    let table = Table::read(session, input, show).await?;
    one_text(html_string_schema(), table.html(show))
}

fn one_text(schema: SparkSchema, text: String) -> SparkResult<CommandResult> {
    CommandResult::new(schema, vec![Arc::new(StringArray::from(vec![text])) as ArrayRef], 1)
}

/// The cells that are printed.
struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    has_more: bool,
}

impl Table {
    async fn read(session: &Session, input: Relation, show: Show) -> SparkResult<Self> {
        let count = show.rows.clamp(0, ROWS_MAX);
        let limit = Expression::literal(Literal::Integer(count + 1), Origin::Unknown);
        let limited = Relation::new(RelationKind::Limit { input: input.boxed(), limit }, Origin::Unknown);
        let (schema, batches) = session.run_query(limited).await?.collect().await?;
        let display = Display::new(&session.time_zone());
        let mut rows = Vec::new();
        for batch in &batches {
            rows.extend(display.rows(batch, &schema)?);
        }
        let kept = usize::try_from(count).unwrap_or(usize::MAX);
        let has_more = rows.len() > kept;
        rows.truncate(kept);
        let cut = |cell: String| truncate(escape(&cell), show.truncate);
        let header = schema.iter().map(|field| escape(&field.name)).collect();
        let rows = rows.into_iter().map(|row| row.into_iter().map(cut).collect()).collect();
        Ok(Self { header, rows, has_more })
    }

    fn horizontal(&self, show: Show) -> String {
        let mut widths = vec![COLUMN_WIDTH_MIN; self.header.len()];
        for row in std::iter::once(&self.header).chain(&self.rows) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(half_width(cell));
            }
        }
        let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let separator = format!("+{}+\n", dashes.join("+"));
        let line = |row: &Vec<String>| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| {
                    let padding = " ".repeat(width.saturating_sub(half_width(cell)));
                    if show.truncate > 0 { padding + cell } else { cell.clone() + &padding }
                })
                .collect();
            format!("|{}|\n", cells.join("|"))
        };
        let mut text = separator.clone();
        text.push_str(&line(&self.header));
        text.push_str(&separator);
        text.extend(self.rows.iter().map(line));
        text.push_str(&separator);
        if self.has_more {
            text.push_str(&footer(show));
        }
        text
    }

    fn vertical(&self, show: Show) -> String {
        if self.rows.is_empty() {
            return "(0 rows)".to_owned();
        }
        let width = |cells: &mut dyn Iterator<Item = &String>| {
            cells.map(|cell| half_width(cell)).max().unwrap_or(0).max(COLUMN_WIDTH_MIN)
        };
        let name_width = width(&mut self.header.iter());
        let data_width = width(&mut self.rows.iter().flatten());
        let pad = |cell: &String, width: usize| format!("{cell}{}", " ".repeat(width.saturating_sub(half_width(cell))));
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let head = format!("-RECORD {index}");
            text.push_str(&format!("{head:-<width$}\n", width = name_width + data_width + 5));
            for (name, cell) in self.header.iter().zip(row) {
                text.push_str(&format!(" {} | {} \n", pad(name, name_width), pad(cell, data_width)));
            }
        }
        if self.has_more {
            text.push_str(&footer(show));
        }
        text
    }

    fn html(&self, show: Show) -> String {
        let line = |row: &Vec<String>, tag: &str| {
            let cells: String = row.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape_html(cell))).collect();
            format!("<tr>{cells}</tr>\n")
        };
        let mut text = String::from("<table border='1'>\n");
        text.push_str(&line(&self.header, "th"));
        text.extend(self.rows.iter().map(|row| line(row, "td")));
        text.push_str("</table>\n");
        if self.has_more {
            text.push_str(&footer(show));
            text.push('\n');
        }
        text
    }
}

fn footer(show: Show) -> String {
    let rows = show.rows.max(0);
    format!("only showing top {rows} {}", if rows == 1 { "row" } else { "rows" })
}

/// Characters that would break the table's lines, written out.
fn escape(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    for character in cell.chars() {
        match character {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{c}' => text.push_str("\\f"),
            '\u{8}' => text.push_str("\\b"),
            '\u{b}' => text.push_str("\\v"),
            '\u{7}' => text.push_str("\\a"),
            other => text.push(other),
        }
    }
    text
}

fn escape_html(cell: &str) -> String {
    cell.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// Cut to `length` UTF-16 units, the last three of them dots if there is room for dots.
fn truncate(cell: String, length: i32) -> String {
    let Ok(length @ 1..) = usize::try_from(length) else { return cell };
    let units: Vec<u16> = cell.encode_utf16().collect();
    if units.len() <= length {
        return cell;
    }
    let kept = if length < 4 { length } else { length - 3 };
    let mut text = String::from_utf16_lossy(units.get(..kept).unwrap_or(&units));
    if length >= 4 {
        text.push_str("...");
    }
    text
}

/// Columns a text takes in a terminal: full-width characters take two.
fn half_width(text: &str) -> usize {
    let is_full = |unit: u16| {
        matches!(unit,
            0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE10..=0xFE19
            | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6)
    };
    text.encode_utf16().map(|unit| 1 + usize::from(is_full(unit))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(header: &[&str], rows: &[&[&str]], has_more: bool) -> Table {
        let own = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        Table { header: own(header), rows: rows.iter().map(|row| own(row)).collect(), has_more }
    }

    #[test]
    fn prints_as_spark_does() {
        let show = Show { rows: 2, truncate: 20, vertical: false };
        let printed = table(&["名前", "b"], &[&["日本語", "1"], &["ab\\ncd\\te", "22"]], true);
        assert_eq!(
            printed.horizontal(show),
            "+---------+---+\n|     名前|  b|\n+---------+---+\n|   日本語|  1|\n|ab\\ncd\\te| 22|\n+---------+---+\n\
             only showing top 2 rows"
        );
        assert_eq!(
            printed.vertical(show),
            "-RECORD 0---------\n 名前 | 日本語    \n b    | 1         \n-RECORD 1---------\n 名前 | ab\\ncd\\te \n \
             b    | 22        \nonly showing top 2 rows"
        );
        assert_eq!(table(&[], &[&[], &[]], false).horizontal(show), "++\n||\n++\n||\n||\n++\n");
    }

    #[test]
    fn cuts_long_cells() {
        assert_eq!(truncate("abcdefgh".to_owned(), 5), "ab...");
        assert_eq!(truncate("abcdefgh".to_owned(), 3), "abc");
        assert_eq!(truncate("abcdefgh".to_owned(), 0), "abcdefgh");
    }
}
