//! Rows the client sent: in the plan, or uploaded before.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use firesteel_base::SparkResult;
use firesteel_syntax::ir::RelationKind;
use firesteel_syntax::ir::relation::{LocalData, LocalRelation, SchemaText, UploadedFile};
use spark_connect_proto as proto;

use crate::decode::{Decoder, invalid};

impl<'a> Decoder<'a> {
    pub(super) fn local(&self, local: &proto::LocalRelation) -> SparkResult<RelationKind> {
        let data = local.data.as_ref().filter(|data| !data.is_empty());
        let data = data.map(|data| LocalData::Memory(Arc::from(data.as_ref())));
        local_relation(data.into_iter().collect(), local.schema.as_deref())
    }

    /// A whole message under its hash, as clients before 4.1 upload it.
    pub(super) fn cached_local(&self, cached: &proto::CachedLocalRelation) -> SparkResult<RelationKind> {
        let missing = || {
            invalid::plan("NOT_FOUND_CACHED_LOCAL_RELATION")
                .param("hash", &cached.hash)
                .param("sessionUUID", &self.session.key().session_id)
        };
        let file = self.session.artifacts().cached_file(&cached.hash)?.ok_or_else(missing)?;
        let (data, schema) = fields_of(&file)?;
        local_relation(data.map(LocalData::File).into_iter().collect(), schema.as_deref())
    }

    /// Batches under their hashes, each an Arrow stream, and the schema under its own.
    pub(super) fn chunked_local(&self, chunked: &proto::ChunkedCachedLocalRelation) -> SparkResult<RelationKind> {
        let missing = |hash: &String| {
            invalid::plan("NOT_FOUND_CHUNKED_CACHED_LOCAL_RELATION")
                .param("hash", hash)
                .param("sessionUUID", &self.session.key().session_id)
        };
        let block = |hash: &String| self.session.artifacts().cached(hash)?.ok_or_else(|| missing(hash));
        if chunked.data_hashes.is_empty() {
            return Err(invalid::plan("CHUNKED_CACHED_LOCAL_RELATION_WITHOUT_DATA"));
        }
        let schema = chunked.schema_hash.as_ref().map(block).transpose()?;
        let schema = schema.map(|schema| String::from_utf8_lossy(&schema).into_owned());
        let file = |hash: &String| self.session.artifacts().cached_file(hash)?.ok_or_else(|| missing(hash));
        let data = chunked.data_hashes.iter().map(|hash| file(hash).map(LocalData::File));
        local_relation(data.collect::<SparkResult<_>>()?, schema.as_deref())
    }
}

/// Where in the file of a [`proto::LocalRelation`] its data lies, and its schema. The data may be large, and is not read.
fn fields_of(file: &UploadedFile) -> SparkResult<(Option<UploadedFile>, Option<String>)> {
    let invalid = |error: std::io::Error| invalid::plan("CANNOT_PARSE").param("errorMsg", error.to_string());
    let mut source = BufReader::new(File::open(&file.path).map_err(invalid)?);
    let (mut data, mut schema) = (None, None);
    while let Some((number, wire_type, value)) = next_field(&mut source, file.bytes).map_err(invalid)? {
        match (number, wire_type) {
            (DATA_FIELD, LENGTH_DELIMITED) => {
                let offset = source.stream_position().map_err(invalid)?;
                source.seek(SeekFrom::Start(offset.saturating_add(value))).map_err(invalid)?;
                data = (value > 0).then(|| UploadedFile { offset, bytes: value, ..file.clone() });
            }
            (SCHEMA_FIELD, LENGTH_DELIMITED) => {
                let mut text = String::new();
                source.by_ref().take(value).read_to_string(&mut text).map_err(invalid)?;
                schema = Some(text);
            }
            (_, LENGTH_DELIMITED) => {
                source.seek(SeekFrom::Current(value.cast_signed())).map_err(invalid)?;
            }
            _ => {}
        }
    }
    Ok((data, schema))
}

/// The fields of [`proto::LocalRelation`].
const DATA_FIELD: u64 = 1;
const SCHEMA_FIELD: u64 = 2;

/// How protobuf marks values that are preceded by their length.
const LENGTH_DELIMITED: u64 = 2;

/// The number and the wire type of the next field, and its value, or its length if the value is behind it.
fn next_field(source: &mut BufReader<File>, end: u64) -> std::io::Result<Option<(u64, u64, u64)>> {
    let damaged = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    if source.stream_position()? >= end {
        return Ok(None);
    }
    let key = varint(source)?;
    let value = match key & 7 {
        0 => varint(source)?,
        1 => skip(source, 8)?,
        LENGTH_DELIMITED => {
            let (length, position) = (varint(source)?, source.stream_position()?);
            Some(length).filter(|length| *length <= end.saturating_sub(position)).ok_or_else(damaged)?
        }
        5 => skip(source, 4)?,
        _ => return Err(damaged()),
    };
    Ok(Some((key >> 3, key & 7, value)))
}

fn skip(source: &mut BufReader<File>, bytes: i64) -> std::io::Result<u64> {
    source.seek_relative(bytes)?;
    Ok(0)
}

fn varint(source: &mut impl Read) -> std::io::Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        source.read_exact(&mut byte)?;
        let [byte] = byte;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(std::io::ErrorKind::InvalidData.into())
}

fn local_relation(data: Vec<LocalData>, schema: Option<&str>) -> SparkResult<RelationKind> {
    let schema = schema.filter(|schema| !schema.is_empty()).map(|schema| SchemaText::Text(schema.to_owned()));
    if data.is_empty() && schema.is_none() {
        return Err(invalid::plan("SCHEMA_REQUIRED_FOR_LOCAL_RELATION"));
    }
    Ok(RelationKind::Local(LocalRelation { data, schema }))
}
