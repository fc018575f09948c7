//! The calls of the service, one file for each group.

mod analyze;
mod artifacts;
mod config;
mod execute;
mod manage;

use std::pin::Pin;
use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult};
use firesteel_service::{Session, SessionKey, Sessions};
use futures::Stream;
use spark_connect_proto as proto;
use tonic::{Request, Response, Status, Streaming};

use crate::generated::spark_connect_service_server::SparkConnectService;
use crate::status;

/// The service over all sessions.
pub(crate) struct Handler {
    sessions: Arc<Sessions>,
}

pub(crate) type ResponseStream = Pin<Box<dyn Stream<Item = Result<proto::ExecutePlanResponse, Status>> + Send>>;

impl Handler {
    pub(crate) fn new(sessions: Arc<Sessions>) -> Self {
        Self { sessions }
    }

    /// The session of a request, opened if need be.
    fn session(&self, caller: &Caller) -> Result<Arc<Session>, Status> {
        self.sessions.open(&caller.key, caller.observed.as_deref()).map_err(|error| self.status(&error, &caller.key))
    }

    /// The session of a request that makes no sense in a new one.
    fn open_session(&self, caller: &Caller) -> Result<Arc<Session>, Status> {
        self.sessions.get(&caller.key, caller.observed.as_deref()).map_err(|error| self.status(&error, &caller.key))
    }

    /// An error before a session was found; kept with the session if there is one all the same.
    fn status(&self, error: &SparkError, key: &SessionKey) -> Status {
        status::of(error, self.sessions.get(key, None).ok().as_deref())
    }
}

/// Who calls, in which session, and what the client remembers of it.
struct Caller {
    key: SessionKey,
    observed: Option<String>,
}

impl Caller {
    fn new(user: Option<&proto::UserContext>, session_id: &str, observed: Option<&String>) -> Self {
        let user_id = user.map(|user| user.user_id.clone()).unwrap_or_default();
        let key = SessionKey { user_id, session_id: session_id.to_owned() };
        Self { key, observed: observed.filter(|observed| !observed.is_empty()).cloned() }
    }
}

/// Reads the caller of a request, whose fields have the same names in all of them.
macro_rules! caller {
    ($request:expr) => {
        Caller::new(
            $request.user_context.as_ref(),
            &$request.session_id,
            $request.client_observed_server_side_session_id.as_ref(),
        )
    };
}
use caller;

/// The result of a call in a session; an error is kept for the client to fetch.
fn answer<T>(session: &Session, result: SparkResult<T>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(|error| status::of(&error, Some(session)))
}

#[tonic::async_trait]
impl SparkConnectService for Handler {
    type ExecutePlanStream = ResponseStream;
    type ReattachExecuteStream = ResponseStream;

    async fn execute_plan(
        &self,
        request: Request<proto::ExecutePlanRequest>,
    ) -> Result<Response<ResponseStream>, Status> {
        self.execute(request.into_inner()).await
    }

    async fn reattach_execute(
        &self,
        request: Request<proto::ReattachExecuteRequest>,
    ) -> Result<Response<ResponseStream>, Status> {
        self.reattach(request.into_inner())
    }

    async fn release_execute(
        &self,
        request: Request<proto::ReleaseExecuteRequest>,
    ) -> Result<Response<proto::ReleaseExecuteResponse>, Status> {
        self.release(request.into_inner())
    }

    async fn analyze_plan(
        &self,
        request: Request<proto::AnalyzePlanRequest>,
    ) -> Result<Response<proto::AnalyzePlanResponse>, Status> {
        self.analyze(request.into_inner()).await
    }

    async fn config(&self, request: Request<proto::ConfigRequest>) -> Result<Response<proto::ConfigResponse>, Status> {
        self.configure(request.into_inner())
    }

    async fn add_artifacts(
        &self,
        request: Request<Streaming<proto::AddArtifactsRequest>>,
    ) -> Result<Response<proto::AddArtifactsResponse>, Status> {
        self.receive_artifacts(request.into_inner()).await
    }

    async fn artifact_status(
        &self,
        request: Request<proto::ArtifactStatusesRequest>,
    ) -> Result<Response<proto::ArtifactStatusesResponse>, Status> {
        self.artifact_statuses(request.into_inner())
    }

    async fn interrupt(
        &self,
        request: Request<proto::InterruptRequest>,
    ) -> Result<Response<proto::InterruptResponse>, Status> {
        self.stop(request.into_inner())
    }

    async fn release_session(
        &self,
        request: Request<proto::ReleaseSessionRequest>,
    ) -> Result<Response<proto::ReleaseSessionResponse>, Status> {
        self.close(request.into_inner())
    }

    async fn fetch_error_details(
        &self,
        request: Request<proto::FetchErrorDetailsRequest>,
    ) -> Result<Response<proto::FetchErrorDetailsResponse>, Status> {
        self.error_details(request.into_inner())
    }

    async fn clone_session(
        &self,
        _request: Request<proto::CloneSessionRequest>,
    ) -> Result<Response<proto::CloneSessionResponse>, Status> {
        Err(status::unimplemented("CloneSession"))
    }

    async fn get_status(
        &self,
        request: Request<proto::GetStatusRequest>,
    ) -> Result<Response<proto::GetStatusResponse>, Status> {
        self.operation_states(request.into_inner())
    }
}
