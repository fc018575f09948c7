//! A server on a free port and a client that speaks the protocol, for the tests of this folder.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses a part of it")]

use std::sync::Arc;

use firesteel_base::config::SessionConf;
use firesteel_catalog::SqliteCatalog;
use firesteel_connect::{ServerOptions, serve};
use firesteel_engine::{Engine, EngineConfig};
use firesteel_service::{Clock, Environment, Limits, Sessions};
use firesteel_storage::Storage;
use spark_connect_proto as proto;
use spark_connect_proto::command::CommandType;
use spark_connect_proto::execute_plan_request::RequestOption;
use spark_connect_proto::execute_plan_request::request_option::RequestOption as Choice;
use spark_connect_proto::execute_plan_response::ResponseType;
use spark_connect_proto::plan::OpType;
use spark_connect_proto::relation::RelType;
use spark_connect_proto::spark_connect_service_client::SparkConnectServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};
use uuid::Uuid;

/// A server with one client's session.
pub struct Client {
    pub stub: SparkConnectServiceClient<Channel>,
    pub session_id: String,
    pub user: proto::UserContext,
}

pub async fn start(limits: Limits) -> Client {
    start_with(limits, ServerOptions::default()).await.0
}

pub async fn start_with(limits: Limits, options: ServerOptions) -> (Client, std::net::SocketAddr) {
    let engine = Engine::new(EngineConfig {
        memory_bytes: 256 << 20,
        spill_directory: None,
        target_partitions: 2,
        batch_size: 1024,
        optimize: true,
    })
    .unwrap();
    let storage = Arc::new(Storage::new(Arc::clone(engine.runtime())));
    // Leaked: a runtime must not be dropped where others wait.
    let working = Box::leak(Box::new(
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_stack_size(16 << 20)
            .enable_all()
            .build()
            .unwrap(),
    ));
    let sessions = Sessions::new(Environment {
        executor: Arc::new(engine),
        storage,
        catalog: Arc::new(SqliteCatalog::in_memory("file:/nonexistent/warehouse")),
        warehouse: "file:/nonexistent/warehouse".to_owned(),
        runtime: working.handle().clone(),
        clock: Clock::system(),
        limits,
        conf: SessionConf::default(),
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, sessions, options, std::future::pending()));
    let stub = SparkConnectServiceClient::connect(format!("http://{address}"))
        .await
        .unwrap()
        .max_decoding_message_size(256 << 20)
        .max_encoding_message_size(256 << 20);
    (Client { stub, session_id: Uuid::new_v4().to_string(), user: user("alice") }, address)
}

pub fn user(name: &str) -> proto::UserContext {
    proto::UserContext { user_id: name.to_owned(), ..Default::default() }
}

pub fn relation(rel_type: RelType) -> proto::Relation {
    proto::Relation { common: None, rel_type: Some(rel_type) }
}

pub fn range(rows: i64) -> proto::Relation {
    relation(RelType::Range(proto::Range { start: Some(0), end: rows, step: 1, num_partitions: Some(1) }))
}

pub fn sql(text: &str) -> proto::Relation {
    relation(RelType::Sql(proto::Sql { query: text.to_owned(), ..Default::default() }))
}

pub fn root(relation: proto::Relation) -> OpType {
    OpType::Root(relation)
}

pub fn sql_command(text: &str) -> OpType {
    let command = proto::SqlCommand { input: Some(sql(text)), ..Default::default() };
    OpType::Command(proto::Command { command_type: Some(CommandType::SqlCommand(command)) })
}

pub fn reattachable() -> RequestOption {
    RequestOption { request_option: Some(Choice::ReattachOptions(proto::ReattachOptions { reattachable: true })) }
}

pub type Responses = Result<Vec<proto::ExecutePlanResponse>, Status>;

impl Client {
    pub fn request(&self, plan: OpType) -> proto::ExecutePlanRequest {
        proto::ExecutePlanRequest {
            session_id: self.session_id.clone(),
            user_context: Some(self.user.clone()),
            plan: Some(proto::Plan { op_type: Some(plan) }),
            ..Default::default()
        }
    }

    pub async fn run(&mut self, request: proto::ExecutePlanRequest) -> Responses {
        drain(self.stub.execute_plan(request).await?.into_inner(), usize::MAX).await
    }

    pub async fn execute(&mut self, plan: OpType) -> Responses {
        let request = self.request(plan);
        self.run(request).await
    }

    pub async fn reattach(&mut self, operation_id: &str, last: Option<String>) -> Responses {
        let request = proto::ReattachExecuteRequest {
            session_id: self.session_id.clone(),
            user_context: Some(self.user.clone()),
            operation_id: operation_id.to_owned(),
            last_response_id: last,
            ..Default::default()
        };
        drain(self.stub.reattach_execute(request).await?.into_inner(), usize::MAX).await
    }

    pub async fn interrupt(&mut self, request: proto::InterruptRequest) -> Result<Vec<String>, Status> {
        let request = proto::InterruptRequest {
            session_id: self.session_id.clone(),
            user_context: Some(self.user.clone()),
            ..request
        };
        Ok(self.stub.interrupt(request).await?.into_inner().interrupted_ids)
    }

    pub async fn analyze(
        &mut self,
        analyze: proto::analyze_plan_request::Analyze,
    ) -> Result<proto::analyze_plan_response::Result, Status> {
        let request = proto::AnalyzePlanRequest {
            session_id: self.session_id.clone(),
            user_context: Some(self.user.clone()),
            analyze: Some(analyze),
            ..Default::default()
        };
        Ok(self.stub.analyze_plan(request).await?.into_inner().result.unwrap())
    }
}

pub async fn drain(mut stream: tonic::Streaming<proto::ExecutePlanResponse>, most: usize) -> Responses {
    let mut responses = Vec::new();
    while responses.len() < most
        && let Some(response) = stream.message().await?
    {
        responses.push(response);
    }
    Ok(responses)
}

pub fn rows(responses: &[proto::ExecutePlanResponse]) -> i64 {
    let batch = |response: &proto::ExecutePlanResponse| match &response.response_type {
        Some(ResponseType::ArrowBatch(batch)) if batch.chunk_index() == 0 => batch.row_count,
        _ => 0,
    };
    responses.iter().map(batch).sum()
}

pub fn is_complete(responses: &[proto::ExecutePlanResponse]) -> bool {
    matches!(responses.last().and_then(|last| last.response_type.as_ref()), Some(ResponseType::ResultComplete(_)))
}

#[track_caller]
pub fn assert_condition<T: std::fmt::Debug>(result: Result<T, Status>, condition: &str) {
    let status = result.unwrap_err();
    assert!(status.message().contains(&format!("[{condition}]")), "{status:?}");
    assert_eq!(status.code(), Code::Internal);
}

pub async fn configure(
    client: &mut Client,
    operation: proto::config_request::operation::OpType,
) -> Result<proto::ConfigResponse, Status> {
    let request = proto::ConfigRequest {
        session_id: client.session_id.clone(),
        user_context: Some(client.user.clone()),
        operation: Some(proto::config_request::Operation { op_type: Some(operation) }),
        ..Default::default()
    };
    Ok(client.stub.config(request).await?.into_inner())
}
