//! Text output: one string column, a line for each row.

use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::record_batch::RecordBatch;
use firesteel_base::SparkResult;

use super::{RecordWriter, WriterFactory};
use crate::options::Options;
use crate::output::{Codec, TextFile};

pub(super) struct Factory {
    codec: Codec,
    line_separator: String,
}

impl Factory {
    pub(super) fn new(options: &Options) -> SparkResult<Self> {
        options.refuse_unless("text", "encoding", &["UTF-8"])?;
        Ok(Self { codec: Codec::of(options)?, line_separator: options.string("linesep", "\n") })
    }
}

impl WriterFactory for Factory {
    fn extension(&self) -> String {
        format!(".txt{}", self.codec.extension())
    }

    fn create(&self, path: &Path) -> SparkResult<Box<dyn RecordWriter>> {
        let file = TextFile::create(path, self.codec)?;
        Ok(Box::new(Writer { file, line_separator: self.line_separator.clone(), buffer: Vec::new() }))
    }
}

struct Writer {
    file: TextFile,
    line_separator: String,
    buffer: Vec<u8>,
}

impl RecordWriter for Writer {
    fn write(&mut self, batch: &RecordBatch) -> SparkResult<()> {
        let Some(column) = batch.columns().first() else { return Ok(()) };
        let values = column.as_string::<i32>();
        self.buffer.clear();
        for row in 0..values.len() {
            if values.is_valid(row) {
                self.buffer.extend_from_slice(values.value(row).as_bytes());
            }
            self.buffer.extend_from_slice(self.line_separator.as_bytes());
        }
        self.file.write(&self.buffer)
    }

    fn finish(self: Box<Self>) -> SparkResult<u64> {
        self.file.finish()
    }
}
