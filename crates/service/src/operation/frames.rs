//! Batches to Arrow IPC frames of a size in bytes: small batches are joined, large ones cut.
//!
//! Each frame is a complete IPC stream, as Spark's clients read them. A row that is larger than a frame makes a
//! larger frame; if the client allows it, such a frame is cut into chunks of bytes that the client joins again.

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;
use bytes::Bytes;
use firesteel_base::{SparkError, SparkResult};

use super::run::Chunking;

/// One frame, or one chunk of it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// An Arrow IPC stream with one batch, or the chunk's part of it.
    pub data: Bytes,
    pub row_count: i64,
    /// Rows before this frame in the result.
    pub start_offset: i64,
    /// Index of this chunk and number of chunks of the frame.
    pub chunk: (i64, i64),
}

/// Collects batches and cuts them into frames.
pub(super) struct Framer {
    schema: SchemaRef,
    frame_bytes: usize,
    chunking: Chunking,
    held: Vec<RecordBatch>,
    held_bytes: usize,
    rows: i64,
}

fn invalid(error: arrow::error::ArrowError) -> SparkError {
    SparkError::internal("a result could not be written as Arrow").caused_by(error)
}

/// Bytes of the rows of a batch, without those of the arrays it is a slice of.
fn slice_bytes(batch: &RecordBatch) -> usize {
    batch
        .columns()
        .iter()
        .map(|column| column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size()))
        .sum()
}

impl Framer {
    pub(super) fn new(schema: SchemaRef, frame_bytes: usize, chunking: Chunking) -> Self {
        Self { schema, frame_bytes: frame_bytes.max(1), chunking, held: Vec::new(), held_bytes: 0, rows: 0 }
    }

    /// Whether batches are held that no frame has been made of.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Rows that frames have been made of.
    pub(super) fn rows(&self) -> i64 {
        self.rows
    }

    /// Takes a batch; gives the frames that are full now.
    pub(super) fn push(&mut self, batch: RecordBatch) -> SparkResult<Vec<Frame>> {
        if batch.num_rows() == 0 {
            return Ok(Vec::new());
        }
        let bytes = slice_bytes(&batch);
        let mut frames = Vec::new();
        if self.holds() && self.held_bytes + bytes > self.frame_bytes {
            frames.extend(self.flush()?);
        }
        if bytes > self.frame_bytes {
            let rows_of_frame = (batch.num_rows() as u128 * self.frame_bytes as u128 / bytes as u128).max(1);
            let rows_of_frame = usize::try_from(rows_of_frame).unwrap_or(usize::MAX);
            let mut offset = 0;
            while offset < batch.num_rows() {
                let length = rows_of_frame.min(batch.num_rows() - offset);
                frames.extend(self.frames_of(&batch.slice(offset, length))?);
                offset += length;
            }
        } else {
            self.held.push(batch);
            self.held_bytes += bytes;
        }
        Ok(frames)
    }

    /// Makes a frame of what is held.
    pub(super) fn flush(&mut self) -> SparkResult<Vec<Frame>> {
        let held = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        match held.as_slice() {
            [] => Ok(Vec::new()),
            [batch] => self.frames_of(batch),
            batches => {
                let joined = concat_batches(&self.schema, batches).map_err(invalid)?;
                self.frames_of(&joined)
            }
        }
    }

    /// A frame without rows: clients expect at least one frame with every result.
    pub(super) fn empty(&mut self) -> SparkResult<Vec<Frame>> {
        let batch = RecordBatch::new_empty(self.schema.clone());
        self.frames_of(&batch)
    }

    fn frames_of(&mut self, batch: &RecordBatch) -> SparkResult<Vec<Frame>> {
        let data = write_stream(batch)?;
        let row_count = i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
        let start_offset = self.rows;
        self.rows += row_count;
        let chunk_bytes = match self.chunking {
            Chunking::Never => data.len().max(1),
            Chunking::Bytes(bytes) => bytes.max(1),
        };
        let count = data.len().div_ceil(chunk_bytes).max(1);
        let total = i64::try_from(count).unwrap_or(i64::MAX);
        let chunk = |index: usize| Frame {
            data: data.slice((index * chunk_bytes).min(data.len())..((index + 1) * chunk_bytes).min(data.len())),
            row_count,
            start_offset,
            chunk: (i64::try_from(index).unwrap_or(i64::MAX), total),
        };
        Ok((0..count).map(chunk).collect())
    }
}

/// A batch as a complete Arrow IPC stream.
pub fn write_stream(batch: &RecordBatch) -> SparkResult<Bytes> {
    let mut writer = StreamWriter::try_new(Vec::with_capacity(1024), batch.schema_ref()).map_err(invalid)?;
    writer.write(batch).map_err(invalid)?;
    Ok(writer.into_inner().map_err(invalid)?.into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};
    use arrow::ipc::reader::StreamReader;

    use super::*;

    fn numbers(rows: i64) -> RecordBatch {
        RecordBatch::try_from_iter([("id", Arc::new(Int64Array::from_iter_values(0..rows)) as _)]).unwrap()
    }

    #[test]
    fn small_batches_are_joined_and_large_ones_cut() {
        let batch = numbers(1000);
        let mut framer = Framer::new(batch.schema(), 8 * 2500, Chunking::Never);
        assert!(framer.push(batch.clone()).unwrap().is_empty());
        assert!(framer.push(batch.clone()).unwrap().is_empty());
        let frames = framer.push(batch.clone()).unwrap();
        assert_eq!(frames.iter().map(|frame| frame.row_count).collect::<Vec<_>>(), [2000]);
        let frames = framer.push(numbers(10_000)).unwrap();
        assert_eq!(frames.first().map(|frame| frame.row_count), Some(1000));
        assert_eq!(frames.iter().map(|frame| frame.row_count).sum::<i64>(), 11_000);
        assert!(frames.iter().all(|frame| frame.data.len() < 8 * 2500 + 1024));
        assert_eq!(frames.last().map(|frame| frame.start_offset + frame.row_count), Some(13_000));
    }

    #[test]
    fn a_cell_larger_than_a_frame_is_cut_into_chunks() {
        let text = "x".repeat(10_000);
        let batch = RecordBatch::try_from_iter([("s", Arc::new(StringArray::from(vec![text])) as _)]).unwrap();
        let mut framer = Framer::new(batch.schema(), 1000, Chunking::Bytes(3000));
        let frames = framer.push(batch.clone()).unwrap();
        assert_eq!(frames.len(), 4);
        assert!(frames.iter().enumerate().all(|(index, frame)| frame.chunk == (index as i64, 4)));
        let data: Vec<u8> = frames.iter().flat_map(|frame| frame.data.to_vec()).collect();
        let read: Vec<_> = StreamReader::try_new(data.as_slice(), None).unwrap().map(Result::unwrap).collect();
        assert_eq!(read, [batch]);
    }
}
