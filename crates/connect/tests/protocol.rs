//! The protocol as a client speaks it, against a server on a free port.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod client;

use std::time::Duration;

use client::*;
use firesteel_service::Limits;
use prost::Message;
use spark_connect_proto as proto;
use spark_connect_proto::execute_plan_request::RequestOption;
use spark_connect_proto::execute_plan_request::request_option::RequestOption as Choice;
use spark_connect_proto::execute_plan_response::ResponseType;
use spark_connect_proto::relation::RelType;
use uuid::Uuid;

#[tokio::test]
async fn a_query_answers_batches_the_first_with_the_schema_then_the_end() {
    let mut client = start(Limits::default()).await;
    let responses = client.execute(root(range(10_000))).await.unwrap();
    let with_schema: Vec<bool> = responses.iter().map(|response| response.schema.is_some()).collect();
    assert!(with_schema[0] && !with_schema[1..].contains(&true));
    assert_eq!(rows(&responses), 10_000);
    assert!(is_complete(&responses));
    assert!(responses.iter().all(|response| response.session_id == client.session_id));
    let server_side = &responses[0].server_side_session_id;
    assert!(!server_side.is_empty() && *server_side != client.session_id);
}

#[tokio::test]
async fn an_empty_result_has_one_empty_batch() {
    let mut client = start(Limits::default()).await;
    let responses = client.execute(root(range(0))).await.unwrap();
    let batches: Vec<_> = responses
        .iter()
        .filter_map(|response| match &response.response_type {
            Some(ResponseType::ArrowBatch(batch)) => Some(batch),
            _ => None,
        })
        .collect();
    assert_eq!(batches.len(), 1);
    assert_eq!((batches[0].row_count, batches[0].start_offset, batches[0].num_chunks_in_batch), (0, Some(0), Some(1)));
}

#[tokio::test]
async fn coming_back_yields_identical_responses() {
    let mut client = start(Limits::default()).await;
    let id = Uuid::new_v4().to_string();
    let mut request = client.request(root(range(50_000)));
    // Small chunks, so that there are many responses.
    let chunks =
        proto::ResultChunkingOptions { allow_arrow_batch_chunking: true, preferred_arrow_chunk_size: Some(16 << 10) };
    request.request_options.push(RequestOption { request_option: Some(Choice::ResultChunkingOptions(chunks)) });
    request.operation_id = Some(id.clone());
    request.request_options.push(reattachable());
    let whole = client.run(request).await.unwrap();
    assert!(whole.len() > 10, "{}", whole.len());
    // Not `assert_eq`: what it prints is long.
    assert!(client.reattach(&id, None).await.unwrap() == whole);
    for cut in [0, 1, whole.len() / 2, whole.len() - 2] {
        let again = client.reattach(&id, Some(whole[cut].response_id.clone())).await.unwrap();
        assert!(again == whole[cut + 1..], "cut at {cut}");
    }
}

#[tokio::test]
async fn what_was_released_is_gone_and_said_to_be() {
    let mut client = start(Limits::default()).await;
    let id = Uuid::new_v4().to_string();
    let mut request = client.request(root(range(10)));
    request.operation_id = Some(id.clone());
    request.request_options.push(reattachable());
    let whole = client.run(request).await.unwrap();
    let release = |release: proto::release_execute_request::Release| proto::ReleaseExecuteRequest {
        session_id: client.session_id.clone(),
        user_context: Some(client.user.clone()),
        operation_id: id.clone(),
        release: Some(release),
        ..Default::default()
    };
    let until = proto::release_execute_request::ReleaseUntil { response_id: whole[0].response_id.clone() };
    let until = release(proto::release_execute_request::Release::ReleaseUntil(until));
    let all =
        release(proto::release_execute_request::Release::ReleaseAll(proto::release_execute_request::ReleaseAll {}));
    assert_eq!(client.stub.release_execute(until).await.unwrap().into_inner().operation_id, Some(id.clone()));
    assert_condition(client.reattach(&id, None).await, "INVALID_CURSOR.POSITION_NOT_AVAILABLE");
    let rest = client.reattach(&id, Some(whole[0].response_id.clone())).await.unwrap();
    assert_eq!(rest.len(), whole.len() - 1);
    assert_eq!(client.stub.release_execute(all.clone()).await.unwrap().into_inner().operation_id, Some(id.clone()));
    assert_eq!(client.stub.release_execute(all).await.unwrap().into_inner().operation_id, None);
    assert_condition(client.reattach(&id, None).await, "INVALID_HANDLE.OPERATION_NOT_FOUND");
}

#[tokio::test]
async fn a_query_waits_for_its_client_and_can_be_interrupted() {
    let limits = Limits { buffer_bytes_max: 64 << 10, ..Limits::default() };
    let mut client = start(limits).await;
    let id = Uuid::new_v4().to_string();
    let mut request = client.request(root(range(100_000_000)));
    request.operation_id = Some(id.clone());
    request.tags = vec!["nightly".to_owned()];
    request.request_options.push(reattachable());
    let mut stream = client.stub.execute_plan(request).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().unwrap().schema.is_some());
    let other = proto::InterruptRequest {
        interrupt_type: proto::interrupt_request::InterruptType::Tag.into(),
        interrupt: Some(proto::interrupt_request::Interrupt::OperationTag("other".to_owned())),
        ..Default::default()
    };
    assert!(client.interrupt(other.clone()).await.unwrap().is_empty());
    let tagged = proto::InterruptRequest {
        interrupt: Some(proto::interrupt_request::Interrupt::OperationTag("nightly".to_owned())),
        ..other
    };
    assert_eq!(client.interrupt(tagged).await.unwrap(), [id]);
    assert_condition(drain(stream, usize::MAX).await, "OPERATION_CANCELED");
}

#[tokio::test]
async fn handles_that_mean_nothing_have_their_conditions() {
    let mut client = start(Limits::default()).await;
    let unknown = Uuid::new_v4().to_string();
    assert_condition(client.reattach(&unknown, None).await, "INVALID_HANDLE.SESSION_NOT_FOUND");
    client.execute(root(range(1))).await.unwrap();
    assert_condition(client.reattach(&unknown, None).await, "INVALID_HANDLE.OPERATION_NOT_FOUND");
    let mut request = client.request(root(range(1)));
    request.operation_id = Some("abc".to_owned());
    assert_condition(client.run(request).await, "INVALID_HANDLE.FORMAT");
    let mut request = client.request(root(range(1)));
    request.client_observed_server_side_session_id = Some(unknown.clone());
    assert_condition(client.run(request).await, "INVALID_HANDLE.SESSION_CHANGED");
    let mut request = client.request(root(range(1)));
    request.operation_id = Some(unknown.clone());
    request.request_options.push(reattachable());
    client.run(request.clone()).await.unwrap();
    client.run(request.clone()).await.unwrap();
    request.plan = Some(proto::Plan { op_type: Some(root(range(2))) });
    assert_condition(client.run(request).await, "INVALID_HANDLE.OPERATION_ALREADY_EXISTS");
}

#[tokio::test]
async fn a_closed_session_stays_closed_and_users_do_not_share() {
    let mut client = start(Limits::default()).await;
    client.execute(sql_command("CREATE TEMPORARY VIEW mine AS SELECT 1 AS a")).await.unwrap();
    client.execute(root(sql("SELECT a FROM mine"))).await.unwrap();
    client.user = user("mallory");
    assert_condition(client.execute(root(sql("SELECT a FROM mine"))).await, "TABLE_OR_VIEW_NOT_FOUND");
    client.user = user("alice");
    let release = proto::ReleaseSessionRequest {
        session_id: client.session_id.clone(),
        user_context: Some(client.user.clone()),
        ..Default::default()
    };
    let released = client.stub.release_session(release.clone()).await.unwrap().into_inner();
    assert!(!released.server_side_session_id.is_empty());
    let released = client.stub.release_session(release).await.unwrap().into_inner();
    assert!(released.server_side_session_id.is_empty());
    assert_condition(client.execute(root(range(1))).await, "INVALID_HANDLE.SESSION_CLOSED");
}

#[tokio::test]
async fn sql_queries_come_back_and_commands_come_with_their_rows() {
    let mut client = start(Limits::default()).await;
    let answered =
        |responses: Vec<proto::ExecutePlanResponse>| match responses.into_iter().next().unwrap().response_type {
            Some(ResponseType::SqlCommandResult(result)) => result.relation.unwrap().rel_type.unwrap(),
            other => panic!("{other:?}"),
        };
    let query = answered(client.execute(sql_command("SELECT 1")).await.unwrap());
    assert!(matches!(query, RelType::Sql(sql) if sql.query == "SELECT 1"));
    let command = answered(client.execute(sql_command("SET my.key = value")).await.unwrap());
    let RelType::LocalRelation(local) = command else { panic!("{command:?}") };
    let responses = client.execute(root(relation(RelType::LocalRelation(local)))).await.unwrap();
    assert_eq!(rows(&responses), 1);
    assert_condition(client.execute(sql_command("SELEC 1")).await, "PARSE_SYNTAX_ERROR");
}

#[tokio::test]
async fn settings_are_read_and_written() {
    use proto::config_request::operation::OpType as Operation;
    use proto::config_request::{Get, GetOption, Set};
    let mut client = start(Limits::default()).await;
    let pair = |key: &str, value: &str| proto::KeyValue { key: key.to_owned(), value: Some(value.to_owned()) };
    let set = |pairs, silent| Operation::Set(Set { pairs, silent });
    configure(&mut client, set(vec![pair("my.key", "1")], None)).await.unwrap();
    let get = Operation::Get(Get { keys: vec!["my.key".to_owned()] });
    assert_eq!(configure(&mut client, get).await.unwrap().pairs, [pair("my.key", "1")]);
    let get = Operation::Get(Get { keys: vec!["no.such.key".to_owned()] });
    assert_condition(configure(&mut client, get).await, "SQL_CONF_NOT_FOUND");
    let get = Operation::GetOption(GetOption { keys: vec!["no.such.key".to_owned()] });
    assert_eq!(configure(&mut client, get).await.unwrap().pairs[0].value, None);
    let bad = vec![pair("spark.sql.ansi.enabled", "perhaps")];
    assert_condition(configure(&mut client, set(bad.clone(), None)).await, "INVALID_CONF_VALUE.TYPE_MISMATCH");
    assert_eq!(configure(&mut client, set(bad, Some(true))).await.unwrap().warnings.len(), 1);
}

#[tokio::test]
async fn errors_can_be_fetched_in_full() {
    let mut client = start(Limits::default()).await;
    let status = client.execute(root(sql("SELECT nope FROM range(1)"))).await.unwrap_err();
    let text = String::from_utf8_lossy(status.details()).into_owned();
    let start = text.find("errorId").unwrap();
    let id: String = text[start + 7..].chars().skip_while(|c| !c.is_ascii_hexdigit()).take(36).collect();
    let request = proto::FetchErrorDetailsRequest {
        session_id: client.session_id.clone(),
        user_context: Some(client.user.clone()),
        error_id: id,
        ..Default::default()
    };
    let details = client.stub.fetch_error_details(request.clone()).await.unwrap().into_inner();
    let error = &details.errors[0];
    assert_eq!(details.root_error_idx, Some(0));
    let throwable = error.spark_throwable.as_ref().unwrap();
    assert_eq!(throwable.error_class(), "UNRESOLVED_COLUMN.WITH_SUGGESTION");
    assert_eq!(throwable.sql_state(), "42703");
    assert_eq!(throwable.message_parameters["objectName"], "`nope`");
    assert_eq!((throwable.query_contexts[0].start_index, throwable.query_contexts[0].stop_index), (7, 10));
    let unknown = proto::FetchErrorDetailsRequest { error_id: Uuid::new_v4().to_string(), ..request };
    let details = client.stub.fetch_error_details(unknown).await.unwrap().into_inner();
    assert!(details.errors.is_empty() && details.root_error_idx.is_none());
}

#[tokio::test]
async fn plans_without_sense_have_their_conditions() {
    let mut client = start(Limits::default()).await;
    let empty = proto::Relation { common: None, rel_type: None };
    assert_condition(client.execute(root(empty.clone())).await, "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET");
    let filter = proto::Filter { input: Some(Box::new(range(1))), condition: None };
    let filter = root(relation(RelType::Filter(Box::new(filter))));
    assert_condition(client.execute(filter).await, "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET");
    let join = proto::Join { left: Some(Box::new(range(1))), right: Some(Box::new(range(1))), ..Default::default() };
    let join = root(relation(RelType::Join(Box::new(join))));
    assert_condition(client.execute(join).await, "CONNECT_INVALID_PLAN.INVALID_ENUM");
    let request = proto::ExecutePlanRequest { plan: None, ..client.request(root(empty)) };
    assert_condition(client.run(request).await, "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET");
}

#[tokio::test]
async fn unbuilt_features_are_refused_by_name() {
    let mut client = start(Limits::default()).await;
    let zip = proto::Zip { left: Some(Box::new(range(1))), right: Some(Box::new(range(1))) };
    let status = client.execute(root(relation(RelType::Zip(Box::new(zip))))).await.unwrap_err();
    assert!(status.message().contains("[NOT_IMPLEMENTED]") && status.message().contains("zip"), "{status:?}");
}

fn deep(levels: usize) -> proto::Relation {
    let mut plan = range(3);
    for _ in 0..levels {
        let limit = proto::Limit { input: Some(Box::new(plan)), limit: 2 };
        plan = relation(RelType::Limit(Box::new(limit)));
    }
    plan
}

/// Runs `test` where the client's own recursion over deep messages fits.
fn on_a_large_stack(test: impl Future<Output = ()> + Send + 'static) {
    let body = move || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
    std::thread::Builder::new().stack_size(1 << 30).spawn(body).unwrap().join().unwrap();
}

#[test]
fn deep_plans_run_and_deeper_ones_are_refused() {
    on_a_large_stack(async {
        let mut client = start(Limits::default()).await;
        let responses = client.execute(root(deep(1000))).await.unwrap();
        assert_eq!(rows(&responses), 2);
        assert_condition(client.execute(root(deep(10_000))).await, "CONNECT_INVALID_PLAN.NESTED_TOO_DEEP");
        let schema =
            proto::analyze_plan_request::Schema { plan: Some(proto::Plan { op_type: Some(root(deep(1000))) }) };
        client.analyze(proto::analyze_plan_request::Analyze::Schema(schema)).await.unwrap();
    });
}

#[tokio::test]
async fn uploaded_data_is_read_and_damaged_data_is_not_kept() {
    use proto::add_artifacts_request::{ArtifactChunk, Batch, BeginChunkedArtifact, Payload, SingleChunkArtifact};
    let mut client = start(Limits::default()).await;
    let result = client.execute(sql_command("SET my.key = value")).await.unwrap();
    let Some(ResponseType::SqlCommandResult(result)) = result.into_iter().next().unwrap().response_type else {
        panic!("no result")
    };
    let Some(RelType::LocalRelation(local)) = result.relation.unwrap().rel_type else { panic!("no rows") };
    let bytes = local.encode_to_vec();
    let chunk = |data: &[u8]| ArtifactChunk { data: data.to_vec().into(), crc: i64::from(crc32fast::hash(data)) };
    let request = |payload: Payload| proto::AddArtifactsRequest {
        session_id: client.session_id.clone(),
        user_context: Some(client.user.clone()),
        payload: Some(payload),
        ..Default::default()
    };
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let damaged = ArtifactChunk { crc: 1, ..chunk(b"x") };
    let requests = vec![
        request(Payload::BeginChunk(BeginChunkedArtifact {
            name: "cache/aa".to_owned(),
            total_bytes: bytes.len() as i64,
            num_chunks: 2,
            initial_chunk: Some(chunk(first)),
        })),
        request(Payload::Chunk(chunk(second))),
        request(Payload::Batch(Batch {
            artifacts: vec![SingleChunkArtifact { name: "cache/bb".to_owned(), data: Some(damaged) }],
        })),
    ];
    let added = client.stub.add_artifacts(tokio_stream::iter(requests)).await.unwrap().into_inner();
    let intact: Vec<_> = added.artifacts.iter().map(|artifact| artifact.is_crc_successful).collect();
    assert_eq!(intact, [true, false]);
    let asked = proto::ArtifactStatusesRequest {
        session_id: client.session_id.clone(),
        user_context: Some(client.user.clone()),
        names: vec!["cache/aa".to_owned(), "cache/bb".to_owned()],
        ..Default::default()
    };
    let statuses = client.stub.artifact_status(asked).await.unwrap().into_inner().statuses;
    assert!(statuses["cache/aa"].exists && !statuses["cache/bb"].exists);
    let cached =
        |hash: &str| root(relation(RelType::CachedLocalRelation(proto::CachedLocalRelation { hash: hash.to_owned() })));
    assert_eq!(rows(&client.execute(cached("aa")).await.unwrap()), 1);
    assert_condition(client.execute(cached("bb")).await, "CONNECT_INVALID_PLAN.NOT_FOUND_CACHED_LOCAL_RELATION");
}

#[tokio::test]
async fn a_cell_larger_than_a_chunk_comes_in_chunks() {
    let mut client = start(Limits::default()).await;
    let mut request = client.request(root(sql("SELECT repeat('x', 1000000) AS s")));
    let options =
        proto::ResultChunkingOptions { allow_arrow_batch_chunking: true, preferred_arrow_chunk_size: Some(100_000) };
    request.request_options.push(RequestOption { request_option: Some(Choice::ResultChunkingOptions(options)) });
    let responses = client.run(request).await.unwrap();
    let chunks: Vec<_> = responses
        .iter()
        .filter_map(|response| match &response.response_type {
            Some(ResponseType::ArrowBatch(batch)) => Some(batch),
            _ => None,
        })
        .collect();
    assert_eq!(chunks.len(), 11);
    assert!(chunks.iter().enumerate().all(|(index, chunk)| {
        chunk.chunk_index() == index as i64 && chunk.num_chunks_in_batch() == 11 && chunk.row_count == 1
    }));
}

#[tokio::test]
async fn an_operation_that_nobody_waits_for_runs_on() {
    let mut client = start(Limits::default()).await;
    let id = Uuid::new_v4().to_string();
    let mut request = client.request(root(range(200_000)));
    request.operation_id = Some(id.clone());
    request.request_options.push(reattachable());
    let stream = client.stub.execute_plan(request).await.unwrap().into_inner();
    let first = drain(stream, 1).await.unwrap();
    let rest = client.reattach(&id, Some(first[0].response_id.clone())).await.unwrap();
    assert_eq!(rows(&first) + rows(&rest), 200_000);
    assert!(is_complete(&rest));
    let asked = proto::GetStatusRequest {
        session_id: client.session_id.clone(),
        user_context: Some(client.user.clone()),
        operation_status: Some(proto::get_status_request::OperationStatusRequest {
            operation_ids: vec![id],
            extensions: Vec::new(),
        }),
        ..Default::default()
    };
    let states = tokio::time::timeout(Duration::from_secs(10), client.stub.get_status(asked)).await.unwrap().unwrap();
    assert_eq!(
        states.into_inner().operation_statuses[0].state(),
        proto::get_status_response::operation_status::OperationState::Terminating
    );
}
