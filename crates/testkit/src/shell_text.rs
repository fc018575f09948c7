//! Rows as Spark's SQL shell prints them: columns parted by tabs, nested values like JSON, intervals in Hive's form.
//! This is the form of both corpora.

use std::fmt::Write;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, DurationMicrosecondType, IntervalYearMonthType};
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};
use firesteel_service::Display;

/// Turns values into the shell's text.
pub struct ShellText {
    /// Values that the shell prints as a cast to text does.
    display: Display,
}

impl ShellText {
    pub fn new(time_zone: &str) -> Self {
        Self { display: Display::new(time_zone) }
    }

    /// One text for each row.
    pub fn rows(&self, batches: &[RecordBatch], schema: &SparkSchema) -> SparkResult<Vec<String>> {
        let mut rows = Vec::new();
        for batch in batches {
            for row in 0..batch.num_rows() {
                let mut text = String::new();
                for (index, (column, field)) in batch.columns().iter().zip(schema.iter()).enumerate() {
                    if index > 0 {
                        text.push('\t');
                    }
                    self.value(column, row, &field.data_type, false, &mut text)?;
                }
                rows.push(text);
            }
        }
        Ok(rows)
    }

    fn value(
        &self,
        array: &ArrayRef,
        row: usize,
        data_type: &SparkType,
        nested: bool,
        out: &mut String,
    ) -> SparkResult<()> {
        if array.is_null(row) || *data_type == SparkType::Null {
            out.push_str(if nested { "null" } else { "NULL" });
            return Ok(());
        }
        match data_type {
            SparkType::Array { element, .. } => self.sequence(&list(array, row)?, element, out),
            SparkType::Map { key, value, .. } => self.map(array, row, key, value, out),
            SparkType::Struct(schema) => self.structure(array, row, schema, out),
            SparkType::String { .. }
            | SparkType::Char(_)
            | SparkType::Varchar(_)
            | SparkType::Geometry { .. }
            | SparkType::Geography { .. }
                if nested =>
            {
                out.push('"');
                self.display.value(array.as_ref(), row, data_type, out)?;
                out.push('"');
                Ok(())
            }
            SparkType::Binary => {
                out.push_str(&String::from_utf8_lossy(&bytes(array, row)?));
                Ok(())
            }
            SparkType::YearMonthInterval { .. } => {
                let months = array.as_primitive_opt::<IntervalYearMonthType>().ok_or_else(misfit)?.value(row);
                out.push_str(&year_month(months));
                Ok(())
            }
            SparkType::DayTimeInterval { .. } => {
                let micros = array.as_primitive_opt::<DurationMicrosecondType>().ok_or_else(misfit)?.value(row);
                out.push_str(&day_time(micros));
                Ok(())
            }
            SparkType::UserDefined(description) => self.value(array, row, &description.sql_type, nested, out),
            other => self.display.value(array.as_ref(), row, other, out),
        }
    }

    fn sequence(&self, values: &ArrayRef, element: &SparkType, out: &mut String) -> SparkResult<()> {
        out.push('[');
        for index in 0..values.len() {
            if index > 0 {
                out.push(',');
            }
            self.value(values, index, element, true, out)?;
        }
        out.push(']');
        Ok(())
    }

    /// Entries in the order of their text.
    fn map(
        &self,
        array: &ArrayRef,
        row: usize,
        key: &SparkType,
        value: &SparkType,
        out: &mut String,
    ) -> SparkResult<()> {
        let entries = array.as_map_opt().ok_or_else(misfit)?.value(row);
        let [keys, values] = entries.columns() else { return Err(misfit()) };
        let mut texts = Vec::with_capacity(entries.len());
        for index in 0..entries.len() {
            let mut text = String::new();
            self.value(keys, index, key, true, &mut text)?;
            text.push(':');
            self.value(values, index, value, true, &mut text)?;
            texts.push(text);
        }
        texts.sort();
        // Writing to a String cannot fail.
        let _ = write!(out, "{{{}}}", texts.join(","));
        Ok(())
    }

    fn structure(&self, array: &ArrayRef, row: usize, schema: &SparkSchema, out: &mut String) -> SparkResult<()> {
        let structure = array.as_struct_opt().ok_or_else(misfit)?;
        out.push('{');
        for (index, (column, field)) in structure.columns().iter().zip(schema.iter()).enumerate() {
            if index > 0 {
                out.push(',');
            }
            // Writing to a String cannot fail.
            let _ = write!(out, "\"{}\":", field.name);
            self.value(column, row, &field.data_type, true, out)?;
        }
        out.push('}');
        Ok(())
    }
}

fn misfit() -> SparkError {
    SparkError::internal("a column's values are not of the type that the schema tells")
}

fn list(array: &ArrayRef, row: usize) -> SparkResult<ArrayRef> {
    match array.data_type() {
        DataType::List(_) => Ok(array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => Ok(array.as_list::<i64>().value(row)),
        _ => Err(misfit()),
    }
}

fn bytes(array: &ArrayRef, row: usize) -> SparkResult<Vec<u8>> {
    match array.data_type() {
        DataType::Binary => Ok(array.as_binary::<i32>().value(row).to_vec()),
        DataType::LargeBinary => Ok(array.as_binary::<i64>().value(row).to_vec()),
        DataType::BinaryView => Ok(array.as_binary_view().value(row).to_vec()),
        _ => Err(misfit()),
    }
}

/// `1-2`: years and months.
fn year_month(months: i32) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let months = months.unsigned_abs();
    format!("{sign}{}-{}", months / 12, months % 12)
}

/// `1 02:03:04.500000000`: days, time of day, nanoseconds.
fn day_time(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let seconds = micros / 1_000_000;
    format!(
        "{sign}{} {:02}:{:02}:{:02}.{:09}",
        seconds / 86_400,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        micros % 1_000_000 * 1000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_their_sign_in_front() {
        assert_eq!(year_month(-14), "-1-2");
        assert_eq!(day_time(93_784_500_000), "1 02:03:04.500000000");
        assert_eq!(day_time(-1), "-0 00:00:00.000001000");
    }
}
