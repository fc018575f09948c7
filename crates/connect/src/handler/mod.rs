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

use crate::authenticate::Identity;
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

/// The message of a request, of the user that the caller's credential names.
fn of_caller<T: OfUser>(request: Request<T>) -> T {
    let identity = request.extensions().get::<Identity>().cloned();
    let mut message = request.into_inner();
    identify(&mut message, identity.as_ref());
    message
}

/// Puts the user that a credential names in place of the one that the message claims.
fn identify<T: OfUser>(message: &mut T, identity: Option<&Identity>) {
    if let Some(Identity(user)) = identity {
        message.user_context_mut().get_or_insert_default().user_id.clone_from(user);
    }
}

/// A message that says whose it is.
trait OfUser {
    fn user_context_mut(&mut self) -> &mut Option<proto::UserContext>;
}

macro_rules! of_user {
    ($($message:ident),*) => {
        $(impl OfUser for proto::$message {
            fn user_context_mut(&mut self) -> &mut Option<proto::UserContext> {
                &mut self.user_context
            }
        })*
    };
}

of_user!(
    ExecutePlanRequest,
    AnalyzePlanRequest,
    ConfigRequest,
    AddArtifactsRequest,
    ArtifactStatusesRequest,
    InterruptRequest,
    ReattachExecuteRequest,
    ReleaseExecuteRequest,
    ReleaseSessionRequest,
    FetchErrorDetailsRequest,
    CloneSessionRequest,
    GetStatusRequest
);

#[tonic::async_trait]
impl SparkConnectService for Handler {
    type ExecutePlanStream = ResponseStream;
    type ReattachExecuteStream = ResponseStream;

    async fn execute_plan(
        &self,
        request: Request<proto::ExecutePlanRequest>,
    ) -> Result<Response<ResponseStream>, Status> {
        self.execute(of_caller(request)).await
    }

    async fn reattach_execute(
        &self,
        request: Request<proto::ReattachExecuteRequest>,
    ) -> Result<Response<ResponseStream>, Status> {
        self.reattach(of_caller(request))
    }

    async fn release_execute(
        &self,
        request: Request<proto::ReleaseExecuteRequest>,
    ) -> Result<Response<proto::ReleaseExecuteResponse>, Status> {
        self.release(of_caller(request))
    }

    async fn analyze_plan(
        &self,
        request: Request<proto::AnalyzePlanRequest>,
    ) -> Result<Response<proto::AnalyzePlanResponse>, Status> {
        self.analyze(of_caller(request)).await
    }

    async fn config(&self, request: Request<proto::ConfigRequest>) -> Result<Response<proto::ConfigResponse>, Status> {
        self.configure(of_caller(request))
    }

    async fn add_artifacts(
        &self,
        request: Request<Streaming<proto::AddArtifactsRequest>>,
    ) -> Result<Response<proto::AddArtifactsResponse>, Status> {
        let identity = request.extensions().get::<Identity>().cloned();
        self.receive_artifacts(request.into_inner(), identity).await
    }

    async fn artifact_status(
        &self,
        request: Request<proto::ArtifactStatusesRequest>,
    ) -> Result<Response<proto::ArtifactStatusesResponse>, Status> {
        self.artifact_statuses(of_caller(request))
    }

    async fn interrupt(
        &self,
        request: Request<proto::InterruptRequest>,
    ) -> Result<Response<proto::InterruptResponse>, Status> {
        self.stop(of_caller(request))
    }

    async fn release_session(
        &self,
        request: Request<proto::ReleaseSessionRequest>,
    ) -> Result<Response<proto::ReleaseSessionResponse>, Status> {
        self.close(of_caller(request))
    }

    async fn fetch_error_details(
        &self,
        request: Request<proto::FetchErrorDetailsRequest>,
    ) -> Result<Response<proto::FetchErrorDetailsResponse>, Status> {
        self.error_details(of_caller(request))
    }

    async fn clone_session(
        &self,
        request: Request<proto::CloneSessionRequest>,
    ) -> Result<Response<proto::CloneSessionResponse>, Status> {
        self.duplicate(of_caller(request))
    }

    async fn get_status(
        &self,
        request: Request<proto::GetStatusRequest>,
    ) -> Result<Response<proto::GetStatusResponse>, Status> {
        self.operation_states(of_caller(request))
    }
}
