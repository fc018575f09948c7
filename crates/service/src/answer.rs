//! What a statement answers.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::Schema;
use datafusion::execution::SendableRecordBatchStream;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use futures::TryStreamExt;

/// The answer to a statement.
pub enum Answer {
    /// A query's rows, computed as the stream is polled; dropping it ends the query.
    Rows(Rows),
    /// A command that has been carried out, with its result.
    Done(CommandResult),
}

/// A running query.
pub struct Rows {
    pub schema: SparkSchema,
    /// Batches whose Arrow schema is that of `schema` in the session's time zone.
    pub stream: SendableRecordBatchStream,
}

/// The result of a command: a small table in Spark's shape, without columns where Spark gives none.
#[derive(Clone, Debug)]
pub struct CommandResult {
    pub schema: SparkSchema,
    pub batch: RecordBatch,
}

impl Answer {
    pub fn schema(&self) -> &SparkSchema {
        match self {
            Self::Rows(rows) => &rows.schema,
            Self::Done(result) => &result.schema,
        }
    }

    /// Runs to the end and keeps everything: for tests and small results.
    pub async fn collect(self) -> SparkResult<(SparkSchema, Vec<RecordBatch>)> {
        match self {
            Self::Done(result) => Ok((result.schema, vec![result.batch])),
            Self::Rows(rows) => {
                let batches = rows.stream.try_collect().await.map_err(crate::engine_error)?;
                Ok((rows.schema, batches))
            }
        }
    }
}

impl CommandResult {
    /// No columns and no rows: what commands without a result give.
    pub fn empty() -> Self {
        Self { schema: SparkSchema::default(), batch: RecordBatch::new_empty(Arc::new(Schema::empty())) }
    }

    /// The columns under the schema's names.
    pub fn new(schema: SparkSchema, columns: Vec<ArrayRef>, rows: usize) -> SparkResult<Self> {
        let arrow = Arc::new(Schema::new(schema.to_arrow_fields("UTC")));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(arrow, columns, &options)
            .map_err(|error| SparkError::internal("a command's result does not fit its schema").caused_by(error))?;
        Ok(Self { schema, batch })
    }

    /// Texts under the columns of a schema, all of which are texts.
    pub fn of_texts(schema: SparkSchema, rows: Vec<Vec<Option<String>>>) -> SparkResult<Self> {
        let arrays = (0..schema.len())
            .map(|column| {
                let values = rows.iter().map(|row| row.get(column).and_then(Option::as_deref));
                Arc::new(values.collect::<StringArray>()) as ArrayRef
            })
            .collect();
        Self::new(schema, arrays, rows.len())
    }

    /// A table of text columns; each is `(name, nullable)`.
    pub fn of_strings(columns: &[(&str, bool)], rows: Vec<Vec<Option<String>>>) -> SparkResult<Self> {
        let fields: Vec<_> =
            columns.iter().map(|(name, nullable)| SparkField::new(*name, SparkType::STRING, *nullable)).collect();
        Self::of_texts(SparkSchema::new(fields), rows)
    }

    /// One row with one text column.
    pub fn of_text(name: &str, nullable: bool, text: String) -> SparkResult<Self> {
        Self::of_strings(&[(name, nullable)], vec![vec![Some(text)]])
    }
}
