//! `SparkError` as a gRPC status with Spark's `ErrorInfo`, and as the details a client may fetch afterwards.

use firesteel_base::error::causes;
use firesteel_base::{QueryContext, SparkError};
use firesteel_service::Session;
use prost::Message;
use spark_connect_proto::FetchErrorDetailsResponse;
use spark_connect_proto::fetch_error_details_response as details;
use tonic::{Code, Status};

/// Bytes of a message in a status, once as they are and once as the header escapes them: clients refuse headers
/// larger than a few KiB, and fetch the whole message anyway.
const MESSAGE_BYTES_MAX: usize = 2048;
const ESCAPED_MESSAGE_BYTES_MAX: usize = 2400;
/// Bytes of the message parameters in a status.
const PARAMETERS_BYTES_MAX: usize = 1024;

/// `google.rpc.Status`
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// `google.rpc.ErrorInfo`
#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(btree_map = "string, string", tag = "3")]
    metadata: std::collections::BTreeMap<String, String>,
}

/// The status that tells `error`. With a session, the error is kept there for `FetchErrorDetails`.
pub(crate) fn of(error: &SparkError, session: Option<&Session>) -> Status {
    let message = shorten(&error.message());
    let classes = class_hierarchy(error);
    let mut info = ErrorInfo {
        reason: classes.first().map(|class| (*class).to_owned()).unwrap_or_default(),
        domain: "org.apache.spark".to_owned(),
        ..ErrorInfo::default()
    };
    let mut put = |key: &str, value: String| info.metadata.insert(key.to_owned(), value);
    put("classes", serde_json::json!(classes).to_string());
    // An error without a condition has no parameters either.
    let has_condition = !error.condition().is_empty();
    if has_condition {
        put("errorClass", error.condition().to_owned());
    }
    if !error.sql_state().is_empty() {
        put("sqlState", error.sql_state().to_owned());
    }
    let parameters: serde_json::Map<String, serde_json::Value> =
        error.parameters().iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let parameters = serde_json::Value::Object(parameters).to_string();
    if has_condition && parameters.len() <= PARAMETERS_BYTES_MAX {
        put("messageParameters", parameters);
    }
    if let Some(session) = session {
        put("errorId", session.errors().keep(error.clone()).to_string());
    }
    let code = Code::Internal;
    let any = prost_types::Any {
        type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
        value: info.encode_to_vec(),
    };
    let rpc = RpcStatus { code: code as i32, message: message.clone(), details: vec![any] };
    Status::with_details(code, message, rpc.encode_to_vec().into())
}

/// At most so many bytes, in the message and as a header escapes it, with dots for what was cut.
fn shorten(message: &str) -> String {
    let escaped =
        |character: char| if matches!(character, ' '..='~') && character != '%' { 1 } else { 3 * character.len_utf8() };
    let fits = |limit_bytes: usize, limit_escaped: usize| {
        let (mut bytes, mut escapes) = (0, 0);
        for (index, character) in message.char_indices() {
            bytes += character.len_utf8();
            escapes += escaped(character);
            if bytes > limit_bytes || escapes > limit_escaped {
                return index;
            }
        }
        message.len()
    };
    if fits(MESSAGE_BYTES_MAX, ESCAPED_MESSAGE_BYTES_MAX) == message.len() {
        return message.to_owned();
    }
    let end = fits(MESSAGE_BYTES_MAX - 3, ESCAPED_MESSAGE_BYTES_MAX - 3);
    format!("{}...", message.get(..end).unwrap_or_default())
}

/// How many causes of an error are told.
const CAUSES_MAX: usize = 16;

/// The details of an error and of what caused it, as `FetchErrorDetails` answers them.
pub(crate) fn error_details(error: &SparkError) -> FetchErrorDetailsResponse {
    let mut errors = vec![detail(error)];
    for cause in causes(error).skip(1) {
        // Wrappers that only pass on what another says add nothing.
        if errors.last().is_some_and(|last| last.message == cause.to_string()) {
            continue;
        }
        if errors.len() > CAUSES_MAX {
            break;
        }
        let index = i32::try_from(errors.len()).ok();
        if let Some(last) = errors.last_mut() {
            last.cause_idx = index;
        }
        errors.push(match cause.downcast_ref::<SparkError>() {
            Some(spark) => detail(spark),
            None => foreign_detail(cause),
        });
    }
    FetchErrorDetailsResponse { root_error_idx: Some(0), errors, ..Default::default() }
}

fn detail(error: &SparkError) -> details::Error {
    let has_condition = !error.condition().is_empty();
    let throwable = details::SparkThrowable {
        error_class: Some(error.condition().to_owned()),
        message_parameters: error.parameters().iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        query_contexts: error.query_contexts().into_iter().map(query_context).collect(),
        sql_state: Some(error.sql_state().to_owned()).filter(|state| !state.is_empty()),
        breaking_change_info: None,
    };
    details::Error {
        error_type_hierarchy: class_hierarchy(error).into_iter().map(str::to_owned).collect(),
        message: error.message(),
        spark_throwable: Some(throwable).filter(|_| has_condition),
        ..Default::default()
    }
}

/// An error of a library, which Spark's classes do not tell.
fn foreign_detail(error: &(dyn std::error::Error + 'static)) -> details::Error {
    details::Error {
        error_type_hierarchy: ["java.lang.RuntimeException", "java.lang.Exception", "java.lang.Throwable"]
            .map(str::to_owned)
            .to_vec(),
        message: error.to_string(),
        ..Default::default()
    }
}

fn query_context(context: QueryContext) -> details::QueryContext {
    match context {
        QueryContext::Sql { object_type, object_name, start_index, stop_index, fragment, summary } => {
            details::QueryContext {
                context_type: details::query_context::ContextType::Sql.into(),
                object_type,
                object_name,
                start_index,
                stop_index,
                fragment,
                summary,
                ..Default::default()
            }
        }
        QueryContext::DataFrame { fragment, call_site, summary } => details::QueryContext {
            context_type: details::query_context::ContextType::Dataframe.into(),
            fragment,
            call_site,
            summary,
            ..Default::default()
        },
    }
}

/// The exception class of Spark that an error is, and its parents: clients choose their own exception by them.
fn class_hierarchy(error: &SparkError) -> Vec<&'static str> {
    error.class_hierarchy().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_carries_what_clients_read() {
        let error = SparkError::new("INVALID_HANDLE.OPERATION_NOT_FOUND").param("handle", "x");
        let status = of(&error, None);
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().starts_with("[INVALID_HANDLE.OPERATION_NOT_FOUND] The handle x is invalid."));
        let rpc = RpcStatus::decode(status.details()).unwrap();
        let info = ErrorInfo::decode(rpc.details[0].value.as_slice()).unwrap();
        assert_eq!(info.reason, "org.apache.spark.SparkSQLException");
        assert_eq!(info.metadata["errorClass"], "INVALID_HANDLE.OPERATION_NOT_FOUND");
        assert_eq!(info.metadata["messageParameters"], r#"{"handle":"x"}"#);
        assert_eq!(info.metadata["sqlState"], "HY000");
        assert!(!info.metadata.contains_key("errorId"));
    }

    #[test]
    fn causes_are_told_in_their_order() {
        let cause = SparkError::new("DIVIDE_BY_ZERO").caused_by(std::io::Error::other("the disk is full"));
        let details = error_details(&SparkError::internal("outer").caused_by(cause));
        let told: Vec<_> = details.errors.iter().map(|error| error.cause_idx).collect();
        assert_eq!(told, [Some(1), Some(2), None]);
        assert_eq!(details.errors[1].spark_throwable.as_ref().unwrap().error_class(), "DIVIDE_BY_ZERO");
        assert_eq!(details.errors[2].message, "the disk is full");
        assert!(details.errors[2].spark_throwable.is_none());
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let long = shorten(&"é".repeat(5000));
        assert!(long.len() <= 2048 && long.ends_with("é..."));
        assert_eq!(shorten("short\n"), "short\n");
    }
}
