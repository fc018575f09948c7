//! A client for the shell and for tests: statements as text, answers as batches.

use std::error::Error;
use std::fmt;

use arrow::array::RecordBatch;
use arrow::ipc::reader::StreamReader;
use firesteel_base::error::causes;
use spark_connect_proto as proto;
use spark_connect_proto::command::CommandType;
use spark_connect_proto::data_type::Kind;
use spark_connect_proto::execute_plan_response::ResponseType;
use spark_connect_proto::plan::OpType;
use spark_connect_proto::relation::RelType;
use spark_connect_proto::spark_connect_service_client::SparkConnectServiceClient;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

/// Where servers listen unless the address says otherwise.
const DEFAULT_PORT: u16 = 15002;

/// A session on a server.
pub struct RemoteSession {
    client: SparkConnectServiceClient<Channel>,
    session_id: String,
    user_id: String,
}

/// Why a statement failed: the server's words, or what kept it from answering.
#[derive(Debug)]
pub struct RemoteError(String);

impl fmt::Display for RemoteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for RemoteError {}

impl From<Status> for RemoteError {
    fn from(status: Status) -> Self {
        Self(status.message().to_owned())
    }
}

impl RemoteSession {
    /// Begins a session at `sc://host:port`.
    pub async fn connect(address: &str) -> Result<Self, RemoteError> {
        let invalid = || RemoteError(format!("{address} is no address such as sc://localhost:{DEFAULT_PORT}"));
        let authority = address.strip_prefix("sc://").ok_or_else(invalid)?.trim_end_matches('/');
        if authority.is_empty() || authority.contains([';', '/']) {
            return Err(RemoteError(format!("parameters of an address are not supported: {address}")));
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:{DEFAULT_PORT}") };
        let endpoint = Endpoint::from_shared(format!("http://{authority}")).map_err(|_| invalid())?;
        let channel = endpoint.connect().await.map_err(|error| {
            let cause = causes(&error).last().map(ToString::to_string).unwrap_or_default();
            RemoteError(format!("no server answers at {address}: {cause}"))
        })?;
        let client = SparkConnectServiceClient::new(channel).max_decoding_message_size(usize::MAX);
        Ok(Self { client, session_id: Uuid::new_v4().to_string(), user_id: String::new() })
    }

    /// Runs one statement; gives the names of the columns and the rows.
    pub async fn sql(&mut self, text: &str) -> Result<(Vec<String>, Vec<RecordBatch>), RemoteError> {
        let sql = proto::Sql { query: text.to_owned(), ..Default::default() };
        let input = proto::Relation { common: None, rel_type: Some(RelType::Sql(sql)) };
        let command = proto::SqlCommand { input: Some(input), ..Default::default() };
        let command = proto::Command { command_type: Some(CommandType::SqlCommand(command)) };
        let answered = self.execute(OpType::Command(command)).await?;
        let Some(relation) = answered.relation else { return Ok((Vec::new(), Vec::new())) };
        let rows = self.execute(OpType::Root(relation)).await?;
        Ok((rows.names, rows.batches))
    }

    async fn execute(&mut self, plan: OpType) -> Result<Answer, RemoteError> {
        let request = proto::ExecutePlanRequest {
            session_id: self.session_id.clone(),
            user_context: Some(proto::UserContext { user_id: self.user_id.clone(), ..Default::default() }),
            plan: Some(proto::Plan { op_type: Some(plan) }),
            client_type: Some("firesteel".to_owned()),
            ..Default::default()
        };
        let mut stream = self.client.execute_plan(request).await?.into_inner();
        let mut answer = Answer::default();
        while let Some(response) = stream.message().await? {
            if let Some(Kind::Struct(schema)) = response.schema.and_then(|schema| schema.kind) {
                answer.names = schema.fields.into_iter().map(|field| field.name).collect();
            }
            match response.response_type {
                Some(ResponseType::SqlCommandResult(result)) => answer.relation = result.relation,
                Some(ResponseType::ArrowBatch(batch)) => answer.read(&batch.data)?,
                _ => {}
            }
        }
        Ok(answer)
    }
}

/// What an operation answered.
#[derive(Default)]
struct Answer {
    names: Vec<String>,
    batches: Vec<RecordBatch>,
    relation: Option<proto::Relation>,
}

impl Answer {
    fn read(&mut self, stream: &[u8]) -> Result<(), RemoteError> {
        let unreadable = |error: arrow::error::ArrowError| RemoteError(format!("an unreadable answer: {error}"));
        for batch in StreamReader::try_new(stream, None).map_err(unreadable)? {
            self.batches.push(batch.map_err(unreadable)?);
        }
        Ok(())
    }
}
