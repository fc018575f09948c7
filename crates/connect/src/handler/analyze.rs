//! Questions about plans.

use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult};
use firesteel_service::Session;
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::command::{ExplainMode, StorageLevel};
use spark_connect_proto as proto;
use spark_connect_proto::analyze_plan_request::Analyze;
use spark_connect_proto::analyze_plan_request::explain::ExplainMode as Mode;
use spark_connect_proto::analyze_plan_response::{self as answers, Result as Answer};
use tonic::{Response, Status};

use super::{Caller, Handler, answer, caller};
use crate::decode;
use crate::decode::catalog::storage_level;
use crate::encode::data_type;

/// The version of Spark whose answers these are.
const SPARK_VERSION: &str = "4.2.1";

impl Handler {
    /// Runs where queries run: resolving a large plan takes its time.
    pub(super) async fn analyze(
        &self,
        request: proto::AnalyzePlanRequest,
    ) -> Result<Response<proto::AnalyzePlanResponse>, Status> {
        let caller = caller!(request);
        let session = self.session(&caller)?;
        let own = Arc::clone(&session);
        let task = session.runtime().spawn(async move { question(&own, request.analyze).await });
        let result = task.await.unwrap_or_else(|failure| {
            tracing::error!(session = %caller.key.session_id, panicked = failure.is_panic(), "analysis failed");
            Err(SparkError::internal("The analysis ended unexpectedly; the server's log says more."))
        });
        let result = result.map(|result| proto::AnalyzePlanResponse {
            session_id: request.session_id,
            server_side_session_id: session.server_side_id().to_owned(),
            result: Some(result),
        });
        answer(&session, result)
    }
}

/// The relation of a plan.
fn relation(session: &Session, plan: Option<proto::Plan>) -> SparkResult<Relation> {
    let root = decode::root(plan)?;
    decode::relation_of(session, Some(*root))
}

fn told_level(level: StorageLevel) -> proto::StorageLevel {
    proto::StorageLevel {
        use_disk: level.disk,
        use_memory: level.memory,
        use_off_heap: level.off_heap,
        deserialized: level.deserialized,
        replication: level.replication,
    }
}

async fn question(session: &Session, question: Option<Analyze>) -> SparkResult<Answer> {
    let unknown = || SparkError::new("CONNECT_INVALID_PLAN.UNKNOWN_ANALYZE_METHOD").param("other", "ANALYZE_NOT_SET");
    Ok(match question.ok_or_else(unknown)? {
        Analyze::Schema(asked) => {
            let schema = session.schema(relation(session, asked.plan)?).await?;
            Answer::Schema(answers::Schema { schema: Some(data_type::schema(&schema)) })
        }
        Analyze::Explain(asked) => {
            let mode = explain_mode(asked.explain_mode)?;
            let explain_string = session.explain(relation(session, asked.plan)?, mode).await?;
            Answer::Explain(answers::Explain { explain_string })
        }
        Analyze::TreeString(asked) => {
            let tree_string = session.tree_string(relation(session, asked.plan)?, asked.level).await?;
            Answer::TreeString(answers::TreeString { tree_string })
        }
        Analyze::IsLocal(asked) => {
            let is_local = session.is_local(relation(session, asked.plan)?).await?;
            Answer::IsLocal(answers::IsLocal { is_local })
        }
        Analyze::IsStreaming(asked) => {
            let is_streaming = session.is_streaming(relation(session, asked.plan)?).await?;
            Answer::IsStreaming(answers::IsStreaming { is_streaming })
        }
        Analyze::InputFiles(asked) => {
            let files = session.input_files(relation(session, asked.plan)?).await?;
            Answer::InputFiles(answers::InputFiles { files })
        }
        Analyze::SparkVersion(_) => Answer::SparkVersion(answers::SparkVersion { version: SPARK_VERSION.to_owned() }),
        Analyze::DdlParse(asked) => {
            let parsed = session.parse_ddl(&asked.ddl_string)?;
            Answer::DdlParse(answers::DdlParse { parsed: Some(data_type::data_type(&parsed)) })
        }
        Analyze::SameSemantics(asked) => {
            let (one, other) = (relation(session, asked.target_plan)?, relation(session, asked.other_plan)?);
            Answer::SameSemantics(answers::SameSemantics { result: session.same_semantics(one, other).await? })
        }
        Analyze::SemanticHash(asked) => {
            let result = session.semantic_hash(relation(session, asked.plan)?).await?;
            Answer::SemanticHash(answers::SemanticHash { result })
        }
        Analyze::Persist(asked) => {
            let level = asked.storage_level.as_ref().map_or(StorageLevel::MEMORY_AND_DISK, storage_level);
            session.persist(decode::relation_of(session, asked.relation)?, level).await?;
            Answer::Persist(answers::Persist {})
        }
        Analyze::Unpersist(asked) => {
            session.unpersist(&decode::relation_of(session, asked.relation)?).await?;
            Answer::Unpersist(answers::Unpersist {})
        }
        Analyze::GetStorageLevel(asked) => {
            let level = session.storage_level(decode::relation_of(session, asked.relation)?).await?;
            Answer::GetStorageLevel(answers::GetStorageLevel { storage_level: Some(told_level(level)) })
        }
        Analyze::JsonToDdl(asked) => {
            Answer::JsonToDdl(answers::JsonToDdl { ddl_string: session.json_to_ddl(&asked.json_string)? })
        }
    })
}

fn explain_mode(mode: i32) -> SparkResult<ExplainMode> {
    match Mode::try_from(mode) {
        Ok(Mode::Simple) => Ok(ExplainMode::Simple),
        Ok(Mode::Extended) => Ok(ExplainMode::Extended),
        Ok(Mode::Codegen) => Ok(ExplainMode::Codegen),
        Ok(Mode::Cost) => Ok(ExplainMode::Cost),
        Ok(Mode::Formatted) => Ok(ExplainMode::Formatted),
        Ok(Mode::Unspecified) | Err(_) => Err(SparkError::new("CONNECT_INVALID_PLAN.INVALID_ENUM")
            .param("fullName", "spark.connect.AnalyzePlanRequest.Explain.explain_mode")
            .param("name", "EXPLAIN_MODE_UNSPECIFIED")
            .param("number", mode.to_string())),
    }
}
