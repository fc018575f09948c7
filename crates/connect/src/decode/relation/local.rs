//! Rows the client sent: in the plan, or uploaded before.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use firesteel_base::SparkResult;
use firesteel_syntax::ir::RelationKind;
use firesteel_syntax::ir::relation::{LocalRelation, SchemaText};
use prost::Message;
use prost::bytes::Bytes;
use spark_connect_proto as proto;

use crate::decode::{Decoder, invalid};

impl<'a> Decoder<'a> {
    pub(super) fn local(&self, local: &proto::LocalRelation) -> SparkResult<RelationKind> {
        local_relation(local.data.as_ref(), local.schema.as_deref())
    }

    /// A whole message under its hash.
    pub(super) fn cached_local(&self, cached: &proto::CachedLocalRelation) -> SparkResult<RelationKind> {
        let missing = || {
            invalid::plan("NOT_FOUND_CACHED_LOCAL_RELATION")
                .param("hash", &cached.hash)
                .param("sessionUUID", &self.session.key().session_id)
        };
        let data = self.session.artifacts().cached(&cached.hash)?.ok_or_else(missing)?;
        let local = proto::LocalRelation::decode(data)
            .map_err(|error| invalid::plan("CANNOT_PARSE").param("errorMsg", error.to_string()))?;
        self.local(&local)
    }

    /// Batches under their hashes, each an Arrow stream, and the schema under its own.
    pub(super) fn chunked_local(&self, chunked: &proto::ChunkedCachedLocalRelation) -> SparkResult<RelationKind> {
        let block = |hash: &String| {
            self.session.artifacts().cached(hash)?.ok_or_else(|| {
                invalid::plan("NOT_FOUND_CHUNKED_CACHED_LOCAL_RELATION")
                    .param("hash", hash)
                    .param("sessionUUID", &self.session.key().session_id)
            })
        };
        if chunked.data_hashes.is_empty() {
            return Err(invalid::plan("CHUNKED_CACHED_LOCAL_RELATION_WITHOUT_DATA"));
        }
        let schema = chunked.schema_hash.as_ref().map(block).transpose()?;
        let schema = schema.map(|schema| String::from_utf8_lossy(&schema).into_owned());
        let streams: SparkResult<Vec<Bytes>> = chunked.data_hashes.iter().map(block).collect();
        let data = match streams?.as_slice() {
            [one] => one.clone(),
            streams => join_streams(streams)?,
        };
        local_relation(Some(&data), schema.as_deref())
    }
}

fn local_relation(data: Option<&Bytes>, schema: Option<&str>) -> SparkResult<RelationKind> {
    let schema = schema.filter(|schema| !schema.is_empty()).map(|schema| SchemaText::Text(schema.to_owned()));
    let data = data.filter(|data| !data.is_empty()).map(|data| Arc::<[u8]>::from(data.as_ref()));
    if data.is_none() && schema.is_none() {
        return Err(invalid::plan("SCHEMA_REQUIRED_FOR_LOCAL_RELATION"));
    }
    Ok(RelationKind::Local(LocalRelation { data, schema }))
}

/// Several Arrow streams of one schema as one. The reader panics where a message tells of buffers beyond its end.
fn join_streams(streams: &[Bytes]) -> SparkResult<Bytes> {
    catch_unwind(AssertUnwindSafe(|| join_trusted_streams(streams)))
        .unwrap_or_else(|_| Err(invalid::plan("CANNOT_PARSE").param("errorMsg", "malformed Arrow data")))
}

fn join_trusted_streams(streams: &[Bytes]) -> SparkResult<Bytes> {
    let malformed =
        |error: arrow::error::ArrowError| invalid::plan("CANNOT_PARSE").param("errorMsg", error.to_string());
    let mut writer = None;
    for stream in streams {
        let reader = StreamReader::try_new(stream.as_ref(), None).map_err(malformed)?;
        let writer = match &mut writer {
            Some(writer) => writer,
            None => {
                let bytes = streams.iter().map(Bytes::len).sum();
                let first = StreamWriter::try_new(Vec::with_capacity(bytes), &reader.schema()).map_err(malformed)?;
                writer.insert(first)
            }
        };
        for batch in reader {
            writer.write(&batch.map_err(malformed)?).map_err(malformed)?;
        }
    }
    let writer = writer.ok_or_else(|| invalid::plan("CHUNKED_CACHED_LOCAL_RELATION_WITHOUT_DATA"))?;
    Ok(writer.into_inner().map_err(malformed)?.into())
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, RecordBatch};

    use super::*;

    #[test]
    fn streams_are_joined() {
        let batch =
            |values: Vec<i64>| RecordBatch::try_from_iter([("a", Arc::new(Int64Array::from(values)) as _)]).unwrap();
        let stream = |batch: &RecordBatch| firesteel_service::write_stream(batch).unwrap();
        let (one, two) = (batch(vec![1, 2]), batch(vec![3]));
        let joined = join_streams(&[stream(&one), stream(&two)]).unwrap();
        let read: Vec<_> = StreamReader::try_new(joined.as_ref(), None).unwrap().map(Result::unwrap).collect();
        assert_eq!(read, [one, two]);
    }
}
