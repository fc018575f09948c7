//! Sessions over the protocol: cloning, limits, closing, and what a client is told while it waits.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod client;

use std::time::{Duration, Instant};

use client::*;
use firesteel_service::Limits;
use spark_connect_proto as proto;
use spark_connect_proto::execute_plan_response::ResponseType;
use uuid::Uuid;

async fn clone_session(client: &mut Client, target: &str) -> Result<proto::CloneSessionResponse, tonic::Status> {
    let request = proto::CloneSessionRequest {
        session_id: client.session_id.clone(),
        user_context: Some(client.user.clone()),
        new_session_id: Some(target.to_owned()),
        ..Default::default()
    };
    Ok(client.stub.clone_session(request).await?.into_inner())
}

async fn release_session(client: &mut Client, allow_reconnect: bool) -> String {
    let request = proto::ReleaseSessionRequest {
        session_id: client.session_id.clone(),
        user_context: Some(client.user.clone()),
        allow_reconnect,
        ..Default::default()
    };
    client.stub.release_session(request).await.unwrap().into_inner().server_side_session_id
}

#[tokio::test]
async fn a_clone_has_what_the_original_had_and_goes_its_own_way() {
    let mut client = start(Limits::default()).await;
    let target = Uuid::new_v4().to_string();
    assert_condition(clone_session(&mut client, &target).await, "INVALID_HANDLE.SESSION_NOT_FOUND");
    client.execute(sql_command("CREATE TEMPORARY VIEW v AS SELECT 1 AS a")).await.unwrap();
    client.execute(sql_command("SET my.key = 1")).await.unwrap();
    let cloned = clone_session(&mut client, &target).await.unwrap();
    assert_eq!((&cloned.session_id, &cloned.new_session_id), (&client.session_id, &target));
    assert_ne!(cloned.server_side_session_id, cloned.new_server_side_session_id);
    let exists = "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_EXISTS";
    assert_condition(clone_session(&mut client, &target).await, exists);
    let format = "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_FORMAT";
    assert_condition(clone_session(&mut client, "abc").await, format);
    client.execute(sql_command("DROP VIEW v")).await.unwrap();
    let original = std::mem::replace(&mut client.session_id, target.clone());
    assert_eq!(rows(&client.execute(root(sql("SELECT * FROM v"))).await.unwrap()), 1);
    release_session(&mut client, false).await;
    client.session_id = original;
    let closed = "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_CLOSED";
    assert_condition(clone_session(&mut client, &target).await, closed);
}

#[tokio::test]
async fn a_user_has_a_limited_number_of_sessions_and_others_have_theirs() {
    let mut client = start(Limits { sessions_of_user_max: 2, ..Limits::default() }).await;
    for _ in 0..2 {
        client.session_id = Uuid::new_v4().to_string();
        client.execute(root(range(1))).await.unwrap();
    }
    let last = std::mem::replace(&mut client.session_id, Uuid::new_v4().to_string());
    assert_condition(client.execute(root(range(1))).await, "LIMIT_REACHED");
    client.user = user("bob");
    client.execute(root(range(1))).await.unwrap();
    client.user = user("alice");
    client.session_id = last;
    release_session(&mut client, true).await;
    client.execute(root(range(1))).await.unwrap();
}

#[tokio::test]
async fn releasing_a_session_that_never_was_closes_nothing() {
    let mut client = start(Limits::default()).await;
    assert_eq!(release_session(&mut client, false).await, "");
    client.execute(root(range(1))).await.unwrap();
    assert_ne!(release_session(&mut client, false).await, "");
    assert_condition(client.execute(root(range(1))).await, "INVALID_HANDLE.SESSION_CLOSED");
}

/// Takes a few seconds on one thread.
const SLOW: &str = "SELECT count(*) FROM range(0, 4000, 1, 2) a JOIN range(0, 4000, 1, 2) b ON sha2(CAST(a.id + b.id AS STRING), 512) > 'z'";

#[tokio::test]
async fn a_long_query_tells_its_progress_and_its_metrics() {
    let mut client = start(Limits::default()).await;
    let mut stream = client.stub.execute_plan(client.request(root(sql(SLOW)))).await.unwrap().into_inner();
    let (mut reports, mut waits, mut last) = (Vec::new(), Vec::new(), Instant::now());
    let mut metrics = None;
    while let Some(response) = stream.message().await.unwrap() {
        waits.push(last.elapsed());
        last = Instant::now();
        if let Some(ResponseType::ExecutionProgress(progress)) = response.response_type {
            reports.push(progress);
        }
        metrics = metrics.or(response.metrics);
    }
    assert!(reports.len() > 3, "{}", reports.len());
    // Every 150 ms, and what a busy machine adds now and then.
    waits.sort_unstable();
    assert!(waits[waits.len() / 2] < Duration::from_millis(600), "{waits:?}");
    assert!(waits[waits.len() - 1] < Duration::from_secs(3), "{waits:?}");
    let done = |report: &proto::execute_plan_response::ExecutionProgress| -> i64 {
        report.stages.iter().map(|stage| stage.num_completed_tasks).sum()
    };
    assert!(reports.iter().map(done).is_sorted());
    let end = reports.last().unwrap();
    assert!(end.stages.iter().all(|stage| stage.done) && !end.stages.is_empty(), "{end:?}");
    let metrics = metrics.unwrap().metrics;
    assert!(metrics.iter().any(|operator| operator.execution_metrics.contains_key("numOutputRows")), "{metrics:?}");
    assert!(metrics.iter().all(|operator| operator.parent <= operator.plan_id));
}

#[tokio::test]
async fn an_interrupted_query_answers_within_a_second() {
    let mut client = start(Limits::default()).await;
    let mut stream = client.stub.execute_plan(client.request(root(sql(SLOW)))).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    let all = proto::InterruptRequest {
        interrupt_type: proto::interrupt_request::InterruptType::All.into(),
        ..Default::default()
    };
    let started = Instant::now();
    assert_eq!(client.interrupt(all.clone()).await.unwrap().len(), 1);
    assert_condition(drain(stream, usize::MAX).await, "OPERATION_CANCELED");
    assert!(started.elapsed() < Duration::from_secs(1));
    assert!(client.interrupt(all).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_columns_of_a_long_chain_are_known_step_by_step() {
    let mut client = start(Limits::default()).await;
    let mut plan = range(1);
    let mut last = Vec::new();
    let started = Instant::now();
    for step in 0..60 {
        let literal = proto::expression::Literal {
            literal_type: Some(proto::expression::literal::LiteralType::Integer(step)),
            ..Default::default()
        };
        let literal =
            proto::Expression { expr_type: Some(proto::expression::ExprType::Literal(literal)), ..Default::default() };
        let alias =
            proto::expression::Alias { expr: Some(Box::new(literal)), name: vec![format!("c{step}")], metadata: None };
        let with = proto::WithColumns { input: Some(Box::new(plan)), aliases: vec![alias] };
        plan = relation(proto::relation::RelType::WithColumns(Box::new(with)));
        plan.common = Some(proto::RelationCommon { plan_id: Some(i64::from(step)), ..Default::default() });
        last.push(schema_of(&mut client, plan.clone()).await.unwrap().len());
    }
    assert_eq!(last, (2..62).collect::<Vec<_>>());
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(rows(&client.execute(root(plan.clone())).await.unwrap()), 1);
    // What is known does not outlive a change of settings, and errors are those of the whole plan.
    client.execute(sql_command("SET spark.sql.caseSensitive = true")).await.unwrap();
    assert_eq!(schema_of(&mut client, plan.clone()).await.unwrap().len(), 61);
    let drop = proto::ToDf { input: Some(Box::new(plan)), column_names: vec!["a".to_owned()] };
    let drop = relation(proto::relation::RelType::ToDf(Box::new(drop)));
    assert!(schema_of(&mut client, drop).await.is_err());
}

async fn schema_of(client: &mut Client, relation: proto::Relation) -> Result<Vec<String>, tonic::Status> {
    use proto::analyze_plan_request::{Analyze, Schema};
    let plan = proto::Plan { op_type: Some(root(relation)) };
    let answer = client.analyze(Analyze::Schema(Schema { plan: Some(plan) })).await?;
    let proto::analyze_plan_response::Result::Schema(schema) = answer else { panic!("{answer:?}") };
    let Some(proto::data_type::Kind::Struct(schema)) = schema.schema.unwrap().kind else { panic!("no struct") };
    Ok(schema.fields.into_iter().map(|field| field.name).collect())
}
