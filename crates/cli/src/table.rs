//! Results as tables in the terminal.

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use unicode_width::UnicodeWidthStr;

use crate::Failure;

/// Rows that a table shows at most; the rest is counted.
const ROWS_MAX: usize = 1000;
/// Columns of the terminal that one cell takes at most.
const CELL_WIDTH_MAX: usize = 60;

/// The rows as a table with a line that counts them.
pub fn render(names: &[String], batches: &[RecordBatch]) -> Result<String, Failure> {
    let total: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut is_number: Vec<bool> = vec![false; names.len()];
    let options = FormatOptions::new().with_null("NULL").with_display_error(true);
    for batch in batches {
        for (column, flag) in batch.columns().iter().zip(&mut is_number) {
            *flag = column.data_type().is_numeric();
        }
        let formatters: Result<Vec<_>, _> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options)).collect();
        let formatters = formatters?;
        for row in 0..batch.num_rows().min(ROWS_MAX.saturating_sub(rows.len())) {
            rows.push(formatters.iter().map(|formatter| clip(&formatter.value(row).to_string())).collect());
        }
    }
    let mut text = grid(names, &rows, &is_number);
    let count = if total == 1 { "1 row".to_owned() } else { format!("{total} rows") };
    if total > rows.len() {
        text.push_str(&format!("{count}, the first {} shown\n", rows.len()));
    } else {
        text.push_str(&format!("{count}\n"));
    }
    Ok(text)
}

/// A cell on one line, not too wide.
fn clip(text: &str) -> String {
    let line: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    if line.width() <= CELL_WIDTH_MAX {
        return line;
    }
    let mut clipped = String::new();
    for character in line.chars() {
        if clipped.width() + 2 > CELL_WIDTH_MAX {
            break;
        }
        clipped.push(character);
    }
    clipped.push('…');
    clipped
}

fn grid(names: &[String], rows: &[Vec<String>], is_number: &[bool]) -> String {
    let names: Vec<String> = names.iter().map(|name| clip(name)).collect();
    let widths: Vec<usize> = names
        .iter()
        .enumerate()
        .map(|(column, name)| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.width())
                .chain([name.width()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let rule = |left: &str, middle: &str, right: &str| {
        let lines: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        format!("{left}{}{right}\n", lines.join(middle))
    };
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells
            .iter()
            .zip(&widths)
            .zip(is_number)
            .map(|((cell, width), is_number)| {
                let fill = " ".repeat(width.saturating_sub(cell.width()));
                if *is_number { format!(" {fill}{cell} ") } else { format!(" {cell}{fill} ") }
            })
            .collect();
        format!("│{}│\n", cells.join("│"))
    };
    let body: String = rows.iter().map(|row| line(row)).collect();
    format!("{}{}{}{body}{}", rule("┌", "┬", "┐"), line(&names), rule("├", "┼", "┤"), rule("└", "┴", "┘"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Array, RecordBatch, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};

    use super::render;

    #[test]
    fn numbers_align_right_and_nulls_show() {
        let schema =
            Schema::new(vec![Field::new("n", DataType::Int32, true), Field::new("name", DataType::Utf8, true)]);
        let columns: Vec<arrow::array::ArrayRef> =
            vec![Arc::new(Int32Array::from(vec![Some(1), None])), Arc::new(StringArray::from(vec!["漢字", "b"]))];
        let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
        let text = render(&["n".to_owned(), "name".to_owned()], &[batch]).unwrap();
        assert_eq!(
            text,
            "┌──────┬──────┐\n│    n │ name │\n├──────┼──────┤\n│    1 │ 漢字 │\n│ NULL │ b    │\n└──────┴──────┘\n2 rows\n"
        );
    }
}
