//! Interrupting operations, asking for their states, closing sessions, fetching errors.

use firesteel_base::{SparkError, SparkResult};
use firesteel_service::{Interrupt, OperationState};
use spark_connect_proto as proto;
use spark_connect_proto::get_status_response::OperationStatus;
use spark_connect_proto::get_status_response::operation_status::OperationState as State;
use spark_connect_proto::interrupt_request::{Interrupt as Which, InterruptType};
use tonic::{Response, Status};

use super::{Caller, Handler, answer, caller};
use crate::status;

impl Handler {
    pub(super) fn stop(&self, request: proto::InterruptRequest) -> Result<Response<proto::InterruptResponse>, Status> {
        let session = self.session(&caller!(request))?;
        let result = which(&request).map(|which| proto::InterruptResponse {
            session_id: request.session_id.clone(),
            server_side_session_id: session.server_side_id().to_owned(),
            interrupted_ids: session.operations().interrupt(&which),
        });
        answer(&session, result)
    }

    pub(super) fn close(
        &self,
        request: proto::ReleaseSessionRequest,
    ) -> Result<Response<proto::ReleaseSessionResponse>, Status> {
        let caller = Caller::new(request.user_context.as_ref(), &request.session_id, None);
        let released = self
            .sessions
            .release(&caller.key, request.allow_reconnect)
            .map_err(|error| self.status(&error, &caller.key))?;
        Ok(Response::new(proto::ReleaseSessionResponse {
            session_id: request.session_id,
            server_side_session_id: released.unwrap_or_default(),
        }))
    }

    pub(super) fn duplicate(
        &self,
        request: proto::CloneSessionRequest,
    ) -> Result<Response<proto::CloneSessionResponse>, Status> {
        let caller = caller!(request);
        let new_session_id = request.new_session_id.as_deref().filter(|id| !id.is_empty());
        let (original, copy) = self
            .sessions
            .duplicate(&caller.key, caller.observed.as_deref(), new_session_id)
            .map_err(|error| self.status(&error, &caller.key))?;
        Ok(Response::new(proto::CloneSessionResponse {
            session_id: request.session_id,
            server_side_session_id: original.server_side_id().to_owned(),
            new_session_id: copy.key().session_id.clone(),
            new_server_side_session_id: copy.server_side_id().to_owned(),
        }))
    }

    /// An error that is not known any more gives an answer without errors, as Spark's does.
    pub(super) fn error_details(
        &self,
        request: proto::FetchErrorDetailsRequest,
    ) -> Result<Response<proto::FetchErrorDetailsResponse>, Status> {
        let session = self.session(&caller!(request))?;
        let details = session.errors().get(&request.error_id).map(|error| status::error_details(&error));
        Ok(Response::new(proto::FetchErrorDetailsResponse {
            session_id: request.session_id,
            server_side_session_id: session.server_side_id().to_owned(),
            ..details.unwrap_or_default()
        }))
    }

    pub(super) fn operation_states(
        &self,
        request: proto::GetStatusRequest,
    ) -> Result<Response<proto::GetStatusResponse>, Status> {
        let session = self.open_session(&caller!(request))?;
        let asked = request.operation_status.as_ref();
        let has_extensions = !request.extensions.is_empty() || asked.is_some_and(|asked| !asked.extensions.is_empty());
        if has_extensions {
            let error = SparkError::unsupported("extensions of GetStatus");
            return Err(status::of(&error, Some(&session)));
        }
        let states = asked.map(|asked| session.operations().states(&asked.operation_ids)).unwrap_or_default();
        let status = |(operation_id, state): (String, Option<OperationState>)| OperationStatus {
            operation_id,
            state: state_of(state).into(),
            extensions: Vec::new(),
        };
        Ok(Response::new(proto::GetStatusResponse {
            session_id: request.session_id,
            server_side_session_id: session.server_side_id().to_owned(),
            operation_statuses: states.into_iter().map(status).collect(),
            extensions: Vec::new(),
        }))
    }
}

fn state_of(state: Option<OperationState>) -> State {
    match state {
        None => State::Unknown,
        Some(OperationState::Running) => State::Running,
        Some(OperationState::Terminating) => State::Terminating,
        Some(OperationState::Succeeded) => State::Succeeded,
        Some(OperationState::Failed) => State::Failed,
        Some(OperationState::Cancelled) => State::Cancelled,
    }
}

/// Which operations a request means.
fn which(request: &proto::InterruptRequest) -> SparkResult<Interrupt> {
    let missing = |condition: &str, parameter: &str| {
        SparkError::new(&format!("INVALID_PARAMETER_VALUE.{condition}"))
            .param("parameter", parameter)
            .param("functionName", "interrupt")
    };
    match (InterruptType::try_from(request.interrupt_type), &request.interrupt) {
        (Ok(InterruptType::All), _) => Ok(Interrupt::All),
        (Ok(InterruptType::Tag), Some(Which::OperationTag(tag))) => Ok(Interrupt::Tag(tag.clone())),
        (Ok(InterruptType::Tag), _) => Err(missing("INTERRUPT_TYPE_TAG_REQUIRES_TAG", "operation_tag")),
        (Ok(InterruptType::OperationId), Some(Which::OperationId(id))) => Ok(Interrupt::Id(id.clone())),
        (Ok(InterruptType::OperationId), _) => Err(missing("INTERRUPT_TYPE_OPERATION_ID_REQUIRES_ID", "operation_id")),
        (Ok(InterruptType::Unspecified) | Err(_), _) => {
            Err(SparkError::new("UNSUPPORTED_FEATURE.INTERRUPT_TYPE")
                .param("interruptType", "INTERRUPT_TYPE_UNSPECIFIED"))
        }
    }
}
