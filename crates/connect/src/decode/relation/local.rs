//! Rows the client sent: in the plan, or uploaded before.

use std::sync::Arc;

use firesteel_base::SparkResult;
use firesteel_syntax::ir::RelationKind;
use firesteel_syntax::ir::relation::{LocalData, LocalRelation, SchemaText};
use prost::Message;
use spark_connect_proto as proto;

use crate::decode::{Decoder, invalid};

impl<'a> Decoder<'a> {
    pub(super) fn local(&self, local: &proto::LocalRelation) -> SparkResult<RelationKind> {
        let data = local.data.as_ref().filter(|data| !data.is_empty());
        let data = data.map(|data| LocalData::Memory(Arc::from(data.as_ref())));
        local_relation(data.into_iter().collect(), local.schema.as_deref())
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

fn local_relation(data: Vec<LocalData>, schema: Option<&str>) -> SparkResult<RelationKind> {
    let schema = schema.filter(|schema| !schema.is_empty()).map(|schema| SchemaText::Text(schema.to_owned()));
    if data.is_empty() && schema.is_none() {
        return Err(invalid::plan("SCHEMA_REQUIRED_FOR_LOCAL_RELATION"));
    }
    Ok(RelationKind::Local(LocalRelation { data, schema }))
}
