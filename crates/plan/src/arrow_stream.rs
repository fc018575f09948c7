//! Arrow IPC streams of clients, which are not to be trusted.
//!
//! Arrow's own reader allocates what a message says that it needs, and panics where a message tells of places beyond its
//! end. Here the messages are measured before they are read.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::root_as_message;
use firesteel_base::{SparkError, SparkResult};
use firesteel_functions::kernel::from_arrow;

/// What stands before the length of a message, in all versions of the format but the oldest.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// The columns of the stream's rows.
pub(crate) fn schema_of(data: &[u8]) -> SparkResult<SchemaRef> {
    measure(data)?;
    guarded(|| Ok(StreamReader::try_new(data, None).map_err(from_arrow)?.schema()))
}

/// The stream's rows.
pub(crate) fn read(data: &[u8]) -> SparkResult<Vec<RecordBatch>> {
    measure(data)?;
    guarded(|| {
        let reader = StreamReader::try_new(data, None).map_err(from_arrow)?;
        reader.map(|batch| batch.map_err(from_arrow)).collect()
    })
}

fn malformed() -> SparkError {
    SparkError::new("CONNECT_INVALID_PLAN.CANNOT_PARSE").param("errorMsg", "malformed Arrow data")
}

fn guarded<T>(read: impl FnOnce() -> SparkResult<T>) -> SparkResult<T> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(malformed()))
}

/// Checks that each message ends before the data does, and that none is larger than it looks.
fn measure(data: &[u8]) -> SparkResult<()> {
    let mut rest = data;
    loop {
        rest = rest.strip_prefix(&CONTINUATION).unwrap_or(rest);
        let Some((length, behind)) = rest.split_first_chunk::<4>() else { return Ok(()) };
        let length = usize::try_from(i32::from_le_bytes(*length)).map_err(|_| malformed())?;
        if length == 0 {
            return Ok(());
        }
        let (head, behind) = behind.split_at_checked(length).ok_or_else(malformed)?;
        let message = root_as_message(head).map_err(|_| malformed())?;
        let dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
        if message.header_as_record_batch().or(dictionary).is_some_and(|batch| batch.compression().is_some()) {
            // Clients send none, and how much memory it takes shows only when it is read.
            return Err(SparkError::unsupported("compressed Arrow data in a local relation"));
        }
        let body = usize::try_from(message.bodyLength()).map_err(|_| malformed())?;
        rest = behind.get(body..).ok_or_else(malformed)?;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use arrow_ipc::writer::StreamWriter;

    use super::*;

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
        assert_eq!(schema_of(&data).unwrap(), batch.schema());
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
