//! Who may call: tokens, the users they stand for, and services beside the protocol's own.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod client;

use client::*;
use firesteel_connect::{Credentials, Secret, ServerOptions};
use firesteel_service::Limits;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let value: MetadataValue<_> = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

#[tokio::test]
async fn tokens_are_needed_and_name_the_user() {
    let credentials = Credentials {
        shared_token: Some(Secret::new("shared")),
        user_tokens: vec![(Secret::new("of-alice"), "alice".to_owned()), (Secret::new("of-bob"), "bob".to_owned())],
        jwt: None,
    };
    let options = ServerOptions { credentials, ..ServerOptions::default() };
    let (mut client, address) = start_with(Limits::default(), options).await;
    let refused = client.execute(root(range(1))).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    let wrong = client.stub.execute_plan(with_token(client.request(root(range(1))), "wrong")).await.unwrap_err();
    assert_eq!(wrong.code(), Code::Unauthenticated);

    let view = client.request(sql_command("CREATE TEMPORARY VIEW mine AS SELECT 1 AS a"));
    let made = client.stub.execute_plan(with_token(view, "of-alice")).await.unwrap();
    drain(made.into_inner(), usize::MAX).await.unwrap();
    // Bob says that he is Alice, in her session.
    let read = client.request(root(sql("SELECT a FROM mine")));
    let mut stream = client.stub.execute_plan(with_token(read.clone(), "of-bob")).await.unwrap().into_inner();
    let status = stream.message().await.unwrap_err();
    assert!(status.message().contains("TABLE_OR_VIEW_NOT_FOUND"), "{status:?}");
    // The shared token lets the client say who it is.
    let stream = client.stub.execute_plan(with_token(read, "shared")).await.unwrap().into_inner();
    assert_eq!(rows(&drain(stream, usize::MAX).await.unwrap()), 1);

    let channel = tonic::transport::Endpoint::new(format!("http://{address}")).unwrap().connect().await.unwrap();
    let mut health = HealthClient::new(channel);
    let request = HealthCheckRequest { service: "spark.connect.SparkConnectService".to_owned() };
    let answer = health.check(request).await.unwrap().into_inner();
    assert_eq!(answer.status(), tonic_health::pb::health_check_response::ServingStatus::Serving);
}
