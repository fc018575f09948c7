//! Uploads: batches of small artifacts, and large ones in chunks.

use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult};
use firesteel_service::{Incoming, Session};
use spark_connect_proto as proto;
use spark_connect_proto::add_artifacts_request::{ArtifactChunk, BeginChunkedArtifact, Payload};
use spark_connect_proto::add_artifacts_response::ArtifactSummary;
use tonic::{Response, Status, Streaming};

use super::{Caller, Handler, answer, caller, identify};
use crate::authenticate::Identity;
use crate::status;

impl Handler {
    pub(super) async fn receive_artifacts(
        &self,
        mut requests: Streaming<proto::AddArtifactsRequest>,
        identity: Option<Identity>,
    ) -> Result<Response<proto::AddArtifactsResponse>, Status> {
        let mut upload: Option<Upload> = None;
        while let Some(mut request) = requests.message().await? {
            identify(&mut request, identity.as_ref());
            let upload = match &mut upload {
                Some(upload) => upload,
                None => {
                    let session = self.session(&caller!(request))?;
                    upload.insert(Upload { session, summaries: Vec::new(), pending: None })
                }
            };
            let result = upload.receive(request.payload);
            result.map_err(|error| status::of(&error, Some(&upload.session)))?;
        }
        let Some(upload) = upload else {
            return Err(Status::invalid_argument("AddArtifacts without a request"));
        };
        let session = Arc::clone(&upload.session);
        answer(&session, upload.finish())
    }

    pub(super) fn artifact_statuses(
        &self,
        request: proto::ArtifactStatusesRequest,
    ) -> Result<Response<proto::ArtifactStatusesResponse>, Status> {
        use proto::artifact_statuses_response::ArtifactStatus;
        let session = self.session(&caller!(request))?;
        let status = |name: String| {
            let exists = session.artifacts().contains(&name);
            (name, ArtifactStatus { exists })
        };
        Ok(Response::new(proto::ArtifactStatusesResponse {
            session_id: request.session_id,
            server_side_session_id: session.server_side_id().to_owned(),
            statuses: request.names.into_iter().map(status).collect(),
        }))
    }
}

/// The artifacts of one call.
struct Upload {
    session: Arc<Session>,
    summaries: Vec<ArtifactSummary>,
    pending: Option<Pending>,
}

/// A large artifact whose chunks are still coming.
struct Pending {
    name: String,
    incoming: Incoming,
    total_bytes: usize,
    chunks_left: i64,
    is_crc_successful: bool,
}

fn malformed(message: &str) -> SparkError {
    SparkError::new("CONNECT_INVALID_PLAN.ASSERTION_FAILURE").param("message", message)
}

fn is_intact(chunk: &ArtifactChunk) -> bool {
    i64::from(crc32fast::hash(&chunk.data)) == chunk.crc
}

impl Upload {
    fn receive(&mut self, payload: Option<Payload>) -> SparkResult<()> {
        match (payload, self.pending.is_some()) {
            (Some(Payload::Batch(batch)), false) => {
                for artifact in batch.artifacts {
                    let chunk = artifact.data.ok_or_else(|| malformed("an artifact without data"))?;
                    self.session.artifacts().check_room(chunk.data.len())?;
                    let mut incoming = self.session.artifacts().begin(&artifact.name)?;
                    incoming.write(&chunk.data)?;
                    self.store(artifact.name, incoming, is_intact(&chunk))?;
                }
                Ok(())
            }
            (Some(Payload::BeginChunk(begin)), false) => self.begin(begin),
            (Some(Payload::Chunk(chunk)), true) => self.go_on(&chunk),
            (Some(Payload::Chunk(_)), false) => Err(malformed("a chunk of an artifact that was not begun")),
            (Some(_), true) => Err(malformed("an artifact began before the last one was complete")),
            (None, _) => Err(malformed("an upload without content")),
        }
    }

    fn begin(&mut self, begin: BeginChunkedArtifact) -> SparkResult<()> {
        let total_bytes = usize::try_from(begin.total_bytes).map_err(|_| malformed("a negative size"))?;
        self.session.artifacts().check_room(total_bytes)?;
        let chunk = begin.initial_chunk.ok_or_else(|| malformed("an artifact without its first chunk"))?;
        let incoming = self.session.artifacts().begin(&begin.name)?;
        self.pending = Some(Pending {
            name: begin.name,
            incoming,
            total_bytes,
            chunks_left: begin.num_chunks,
            is_crc_successful: true,
        });
        self.go_on(&chunk)
    }

    fn go_on(&mut self, chunk: &ArtifactChunk) -> SparkResult<()> {
        let Some(pending) = &mut self.pending else { return Err(malformed("a chunk of nothing")) };
        pending.is_crc_successful &= is_intact(chunk);
        pending.chunks_left -= 1;
        if pending.incoming.bytes() + chunk.data.len() > pending.total_bytes {
            return Err(malformed("an artifact is larger than announced"));
        }
        pending.incoming.write(&chunk.data)?;
        if pending.chunks_left > 0 {
            return Ok(());
        }
        let Some(done) = self.pending.take() else { return Ok(()) };
        if done.incoming.bytes() != done.total_bytes {
            return Err(malformed("an artifact is smaller than announced"));
        }
        self.store(done.name, done.incoming, done.is_crc_successful)
    }

    /// What was damaged on the way is not kept; the client is told and may send it again.
    fn store(&mut self, name: String, incoming: Incoming, is_crc_successful: bool) -> SparkResult<()> {
        if is_crc_successful {
            self.session.artifacts().keep(incoming)?;
        }
        self.summaries.push(ArtifactSummary { name, is_crc_successful });
        Ok(())
    }

    fn finish(self) -> SparkResult<proto::AddArtifactsResponse> {
        if self.pending.is_some() {
            return Err(malformed("an artifact was not completed"));
        }
        Ok(proto::AddArtifactsResponse {
            session_id: self.session.key().session_id.clone(),
            server_side_session_id: self.session.server_side_id().to_owned(),
            artifacts: self.summaries,
        })
    }
}
