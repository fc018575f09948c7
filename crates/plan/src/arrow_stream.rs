//! Arrow IPC streams of clients, which are not to be trusted.
//!
//! Arrow's own reader allocates what a message says that it needs, and panics where a message tells of places beyond its
//! end. Here each message is measured before it is read, and none is read before it is asked for.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::RecordBatch;
use arrow::buffer::{Buffer, MutableBuffer};
use arrow::datatypes::SchemaRef;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::root_as_message;
use firesteel_base::{SparkError, SparkResult};
use firesteel_functions::kernel::from_arrow;

/// What stands before the length of a message, in all versions of the format but the oldest.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// What stands at the end of a stream.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// The columns of the rows of a stream of so many bytes.
pub(crate) fn schema_of(source: impl Read, bytes: u64) -> SparkResult<SchemaRef> {
    let (head, _) = Batches::new(source, bytes).head()?.ok_or_else(malformed)?;
    guarded(|| {
        let message = root_as_message(&head).map_err(|_| malformed())?;
        let schema = message.header_as_schema().ok_or_else(malformed)?;
        Ok(fb_to_schema(schema).into())
    })
}

/// The batches of a stream.
pub(crate) struct Batches<R> {
    source: R,
    /// Bytes of the stream that were not read yet.
    left: u64,
    /// Bytes of the body of the message whose head was read last.
    body: usize,
    /// What was read and not decoded yet.
    pending: Buffer,
    is_at_end: bool,
    decoder: StreamDecoder,
}

impl<R: Read> Batches<R> {
    /// The batches of the stream that `source` begins with, which has so many bytes.
    pub(crate) fn new(source: R, bytes: u64) -> Self {
        let decoder = StreamDecoder::new();
        Self { source, left: bytes, body: 0, pending: Buffer::default(), is_at_end: false, decoder }
    }

    fn batch(&mut self) -> SparkResult<Option<RecordBatch>> {
        loop {
            while !self.pending.is_empty() {
                let (decoder, pending) = (&mut self.decoder, &mut self.pending);
                if let Some(batch) = guarded(|| decoder.decode(pending).map_err(from_arrow))? {
                    return Ok(Some(batch));
                }
            }
            if self.is_at_end {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    /// Reads the head or the body of a message.
    fn fill(&mut self) -> SparkResult<()> {
        if self.body > 0 {
            let body = std::mem::take(&mut self.body);
            self.pending = self.bytes(body)?;
            return Ok(());
        }
        let Some((head, body)) = self.head()? else {
            self.is_at_end = true;
            // Also where the client wrote none: only then is a message without a body decoded.
            self.pending = Buffer::from(END.as_slice());
            return Ok(());
        };
        let length = u32::try_from(head.len()).map_err(|_| malformed())?;
        self.pending = [CONTINUATION.as_slice(), &length.to_le_bytes(), &head].concat().into();
        self.body = body;
        Ok(())
    }

    /// The head of the next message, and how many bytes its body has. Neither is larger than what there is.
    fn head(&mut self) -> SparkResult<Option<(Buffer, usize)>> {
        let Some(mut length) = self.word()? else { return Ok(None) };
        if length == CONTINUATION {
            let Some(behind) = self.word()? else { return Ok(None) };
            length = behind;
        }
        let length = usize::try_from(i32::from_le_bytes(length)).map_err(|_| malformed())?;
        if length == 0 {
            return Ok(None);
        }
        let head = self.bytes(length)?;
        let message = root_as_message(&head).map_err(|_| malformed())?;
        let dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
        if message.header_as_record_batch().or(dictionary).is_some_and(|batch| batch.compression().is_some()) {
            // Clients send none, and how much memory it takes shows only when it is read.
            return Err(SparkError::unsupported("compressed Arrow data in a local relation"));
        }
        let body = u64::try_from(message.bodyLength()).ok().filter(|body| *body <= self.left).ok_or_else(malformed)?;
        Ok(Some((head, usize::try_from(body).map_err(|_| malformed())?)))
    }

    fn word(&mut self) -> SparkResult<Option<[u8; 4]>> {
        if self.left < 4 {
            return Ok(None);
        }
        let mut word = [0; 4];
        self.source.read_exact(&mut word).map_err(cut_short)?;
        self.left -= 4;
        Ok(Some(word))
    }

    fn bytes(&mut self, length: usize) -> SparkResult<Buffer> {
        let left = self.left.checked_sub(length as u64).ok_or_else(malformed)?;
        let mut data = MutableBuffer::from_len_zeroed(length);
        self.source.read_exact(&mut data).map_err(cut_short)?;
        self.left = left;
        Ok(data.into())
    }
}

impl<R: Read> Iterator for Batches<R> {
    type Item = SparkResult<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batch();
        if batch.is_err() {
            (self.is_at_end, self.pending) = (true, Buffer::default());
        }
        batch.transpose()
    }
}

fn malformed() -> SparkError {
    SparkError::new("CONNECT_INVALID_PLAN.CANNOT_PARSE").param("errorMsg", "malformed Arrow data")
}

fn cut_short(error: std::io::Error) -> SparkError {
    malformed().caused_by(error)
}

fn guarded<T>(read: impl FnOnce() -> SparkResult<T>) -> SparkResult<T> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(malformed()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use arrow_ipc::writer::StreamWriter;

    use super::*;

    fn read(data: &[u8]) -> SparkResult<Vec<RecordBatch>> {
        Batches::new(data, data.len() as u64).collect()
    }

    fn stream() -> (RecordBatch, Vec<u8>) {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "bc", ""]));
        let batch = RecordBatch::try_from_iter([("n", numbers), ("t", texts)]).unwrap();
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        (batch, writer.into_inner().unwrap())
    }

    #[test]
    fn streams_are_read() {
        let (batch, data) = stream();
        assert_eq!(read(&data).unwrap(), std::slice::from_ref(&batch));
        assert_eq!(schema_of(data.as_slice(), data.len() as u64).unwrap(), batch.schema());
    }

    #[test]
    fn an_end_that_is_missing_is_no_damage() {
        let (batch, data) = stream();
        assert_eq!(read(&data[..data.len() - END.len()]).unwrap(), [batch]);
        let rows = arrow::array::RecordBatchOptions::new().with_row_count(Some(7));
        let empty = Arc::new(arrow::datatypes::Schema::empty());
        let batch = RecordBatch::try_new_with_options(empty, Vec::new(), &rows).unwrap();
        let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref()).unwrap();
        writer.write(&batch).unwrap();
        let data = writer.into_inner().unwrap();
        assert_eq!(read(&data[..data.len() - END.len()]).unwrap(), [batch]);
    }

    #[test]
    fn damage_is_refused_or_changes_values() {
        let (_, data) = stream();
        for position in 0..data.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut damaged = data.clone();
                damaged[position] = value;
                let _ = read(&damaged);
            }
            let _ = read(&data[..position]);
        }
    }
}
