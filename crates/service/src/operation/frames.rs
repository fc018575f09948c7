//! Batches to Arrow IPC frames of a size in bytes and in rows: small batches are joined, large ones cut.
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

/// How large frames may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameSize {
    /// A single row may have more.
    pub(crate) bytes: usize,
    pub(crate) rows: usize,
}

/// Collects batches and cuts them into frames.
pub(super) struct Framer {
    schema: SchemaRef,
    size: FrameSize,
    chunking: Chunking,
    held: Vec<RecordBatch>,
    held_bytes: usize,
    held_rows: usize,
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
    pub(super) fn new(schema: SchemaRef, size: FrameSize, chunking: Chunking) -> Self {
        let size = FrameSize { bytes: size.bytes.max(1), rows: size.rows.max(1) };
        Self { schema, size, chunking, held: Vec::new(), held_bytes: 0, held_rows: 0, rows: 0 }
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
        let mut frames = Vec::new();
        let mut rest = batch;
        while rest.num_rows() > 0 {
            let room = self.size.rows - self.held_rows;
            if rest.num_rows() < room {
                self.take(rest, &mut frames)?;
                break;
            }
            self.take(rest.slice(0, room), &mut frames)?;
            frames.extend(self.flush()?);
            rest = rest.slice(room, rest.num_rows() - room);
        }
        Ok(frames)
    }

    /// Takes rows that there is room for, but for their bytes.
    fn take(&mut self, batch: RecordBatch, frames: &mut Vec<Frame>) -> SparkResult<()> {
        let bytes = slice_bytes(&batch);
        if self.holds() && self.held_bytes + bytes > self.size.bytes {
            frames.extend(self.flush()?);
        }
        if bytes > self.size.bytes {
            let rows_of_frame = (batch.num_rows() as u128 * self.size.bytes as u128 / bytes as u128).max(1);
            let rows_of_frame = usize::try_from(rows_of_frame).unwrap_or(usize::MAX);
            let mut offset = 0;
            while offset < batch.num_rows() {
                let length = rows_of_frame.min(batch.num_rows() - offset);
                frames.extend(self.frames_of(&batch.slice(offset, length))?);
                offset += length;
            }
        } else {
            self.held_bytes += bytes;
            self.held_rows += batch.num_rows();
            self.held.push(batch);
        }
        Ok(())
    }

    /// Makes a frame of what is held.
    pub(super) fn flush(&mut self) -> SparkResult<Vec<Frame>> {
        let held = std::mem::take(&mut self.held);
        (self.held_bytes, self.held_rows) = (0, 0);
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
        let mut framer = Framer::new(batch.schema(), FrameSize { bytes: 8 * 2500, rows: usize::MAX }, Chunking::Never);
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
    fn frames_have_as_many_rows_as_they_may() {
        for rows in [1, 999, 1000, 1001, 2500, 100_000] {
            let batch = numbers(1000);
            let mut framer = Framer::new(batch.schema(), FrameSize { bytes: 8 * 100_000, rows }, Chunking::Never);
            let mut frames: Vec<_> = (0..10).flat_map(|_| framer.push(batch.clone()).unwrap()).collect();
            frames.extend(framer.flush().unwrap());
            let counts: Vec<_> = frames.iter().map(|frame| frame.row_count as usize).collect();
            let (last, full) = counts.split_last().unwrap();
            assert!(full.iter().all(|count| *count == rows) && *last <= rows, "{counts:?}");
            assert_eq!(counts.iter().sum::<usize>(), 10_000);
        }
    }

    #[test]
    fn a_cell_larger_than_a_frame_is_cut_into_chunks() {
        let text = "x".repeat(10_000);
        let batch = RecordBatch::try_from_iter([("s", Arc::new(StringArray::from(vec![text])) as _)]).unwrap();
        let mut framer = Framer::new(batch.schema(), FrameSize { bytes: 1000, rows: 7 }, Chunking::Bytes(3000));
        let frames = framer.push(batch.clone()).unwrap();
        assert_eq!(frames.len(), 4);
        assert!(frames.iter().enumerate().all(|(index, frame)| frame.chunk == (index as i64, 4)));
        let data: Vec<u8> = frames.iter().flat_map(|frame| frame.data.to_vec()).collect();
        let read: Vec<_> = StreamReader::try_new(data.as_slice(), None).unwrap().map(Result::unwrap).collect();
        assert_eq!(read, [batch]);
    }
}
