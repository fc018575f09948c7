//! Running plans: starting an operation, reading its responses, coming back for them, releasing them.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult};
use firesteel_service::{Attached, Chunking, OperationRequest, Session, check_uuid};
use futures::stream;
use prost::Message;
use spark_connect_proto as proto;
use spark_connect_proto::execute_plan_request::request_option::RequestOption;
use spark_connect_proto::release_execute_request::Release;
use tonic::{Response, Status};

use super::{Caller, Handler, ResponseStream, caller};
use crate::decode;
use crate::encode::response::response;
use crate::status;

/// Frames are cut into chunks of at most so many bytes where the client joins them.
const CHUNK_BYTES_MAX: usize = 4 << 20;
/// Clients may ask for smaller ones, down to this.
const CHUNK_BYTES_MIN: usize = 1 << 10;

impl Handler {
    pub(super) async fn execute(&self, request: proto::ExecutePlanRequest) -> Result<Response<ResponseStream>, Status> {
        let caller = caller!(request);
        let session = self.session(&caller)?;
        let started = start(&session, request).await;
        let attached = started.map_err(|error| status::of(&error, Some(&session)))?;
        Ok(Response::new(responses(session, attached)))
    }

    pub(super) fn reattach(&self, request: proto::ReattachExecuteRequest) -> Result<Response<ResponseStream>, Status> {
        let caller = caller!(request);
        let session = self.open_session(&caller)?;
        let last = request.last_response_id.as_deref().filter(|id| !id.is_empty());
        match session.operations().reattach(&request.operation_id, last) {
            Ok(attached) => {
                tracing::debug!(session = %caller.key.session_id, operation = %request.operation_id, "reattached");
                Ok(Response::new(responses(session, attached)))
            }
            Err(error) => Err(status::of(&error, Some(&session))),
        }
    }

    /// Releasing what is gone already is no error: the client only wants it gone.
    pub(super) fn release(
        &self,
        request: proto::ReleaseExecuteRequest,
    ) -> Result<Response<proto::ReleaseExecuteResponse>, Status> {
        // What the client remembers of the session does not matter: as little is left of another one's operations.
        let caller = Caller { observed: None, ..caller!(request) };
        let session = self.open_session(&caller)?;
        let operations = session.operations();
        let known = match &request.release {
            None => {
                let error = SparkError::unsupported("ReleaseExecute without saying what to release");
                return Err(status::of(&error, Some(&session)));
            }
            Some(Release::ReleaseAll(_)) => operations.release(&request.operation_id),
            Some(Release::ReleaseUntil(until)) => match operations.get(&request.operation_id) {
                Ok(operation) => {
                    let released = operation.release_until(&until.response_id);
                    released.map_err(|error| status::of(&error, Some(&session)))?;
                    true
                }
                Err(_) => false,
            },
        };
        Ok(Response::new(proto::ReleaseExecuteResponse {
            session_id: request.session_id,
            server_side_session_id: session.server_side_id().to_owned(),
            operation_id: known.then_some(request.operation_id),
        }))
    }
}

async fn start(session: &Arc<Session>, request: proto::ExecutePlanRequest) -> SparkResult<Attached> {
    if let Some(id) = &request.operation_id {
        check_uuid(id)?;
    }
    check_tags(&request.tags)?;
    let (reattachable, chunking) = options(&request)?;
    let operation = OperationRequest {
        id: request.operation_id,
        tags: request.tags,
        reattachable,
        fingerprint: fingerprint(request.plan.as_ref()),
        chunking,
    };
    let own = Arc::clone(session);
    let plan = request.plan;
    // Plans may be large and deep: they are decoded where queries run.
    let work = session.runtime().spawn(async move { decode::work_of(&own, plan) });
    let work = work.await.map_err(|_| SparkError::internal("decoding a plan failed"))??;
    session.operations().start(session, operation, work)
}

fn check_tags(tags: &[String]) -> SparkResult<()> {
    match tags.iter().find(|tag| tag.is_empty() || tag.contains(',')) {
        None => Ok(()),
        Some(tag) => Err(SparkError::new("CONNECT_INVALID_PLAN.ASSERTION_FAILURE")
            .param("message", format!("the tag '{tag}' is empty or holds a comma"))),
    }
}

fn options(request: &proto::ExecutePlanRequest) -> SparkResult<(bool, Chunking)> {
    let (mut reattachable, mut chunking) = (false, Chunking::Never);
    for option in &request.request_options {
        match &option.request_option {
            Some(RequestOption::ReattachOptions(reattach)) => reattachable = reattach.reattachable,
            Some(RequestOption::ResultChunkingOptions(chunks)) if chunks.allow_arrow_batch_chunking => {
                let preferred = chunks.preferred_arrow_chunk_size.and_then(|bytes| usize::try_from(bytes).ok());
                let in_range = |bytes: &usize| (CHUNK_BYTES_MIN..=CHUNK_BYTES_MAX).contains(bytes);
                chunking = Chunking::Bytes(preferred.filter(in_range).unwrap_or(CHUNK_BYTES_MAX));
            }
            Some(RequestOption::ResultChunkingOptions(_)) => chunking = Chunking::Never,
            Some(RequestOption::Extension(any)) => {
                return Err(SparkError::unsupported(format!("the request option {}", any.type_url)));
            }
            None => {}
        }
    }
    Ok((reattachable, chunking))
}

fn fingerprint(plan: Option<&proto::Plan>) -> u64 {
    let mut hasher = DefaultHasher::new();
    if let Some(plan) = plan {
        hasher.write(&plan.encode_to_vec());
    }
    hasher.finish()
}

/// Tells the session when the client's stream is gone, however it went.
struct Connection {
    session: Arc<Session>,
    attached: Attached,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.session.operations().detach(&self.attached);
        self.session.touch();
    }
}

/// The responses of an operation as the client's stream.
fn responses(session: Arc<Session>, attached: Attached) -> ResponseStream {
    let connection = Connection { session, attached };
    Box::pin(stream::unfold(Some(connection), |connection| async move {
        let mut connection = connection?;
        let result = match connection.attached.next().await? {
            Ok(next) => response(&connection.session, &connection.attached.operation, next),
            Err(error) => Err(error),
        };
        match result {
            Ok(message) => Some((Ok(message), Some(connection))),
            Err(error) => {
                let status = status::of(&error, Some(&connection.session));
                Some((Err(status), None))
            }
        }
    }))
}
