//! Who may call: tokens, the users they stand for, and services beside the protocol's own.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod client;

use client::*;
use firesteel_connect::{Credentials, Secret, ServerOptions};
use firesteel_service::Limits;
use prost::Message;
use prost_types::FileDescriptorProto;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

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

#[tokio::test]
async fn tools_are_told_what_may_be_called() {
    let (_, address) = start_with(Limits::default(), ServerOptions::default()).await;
    let channel = tonic::transport::Endpoint::new(format!("http://{address}")).unwrap().connect().await.unwrap();
    let mut reflection = ServerReflectionClient::new(channel);
    let symbol = "spark.connect.SparkConnectService";
    let questions =
        [MessageRequest::ListServices(String::new()), MessageRequest::FileContainingSymbol(symbol.to_owned())];
    let questions =
        questions.map(|question| ServerReflectionRequest { host: String::new(), message_request: Some(question) });
    let mut answers = reflection.server_reflection_info(tokio_stream::iter(questions)).await.unwrap().into_inner();
    let Some(MessageResponse::ListServicesResponse(list)) = answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no list of services");
    };
    assert!(list.service.iter().any(|service| service.name == symbol));
    assert!(list.service.iter().any(|service| service.name == "grpc.health.v1.Health"));
    let Some(MessageResponse::FileDescriptorResponse(file)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no description of {symbol}");
    };
    let file = FileDescriptorProto::decode(file.file_descriptor_proto[0].as_slice()).unwrap();
    let methods: Vec<&str> = file.service[0].method.iter().map(|method| method.name()).collect();
    // All that the server answers: those of the protocol's crate and no others.
    assert_eq!(methods.len(), 12, "{methods:?}");
    assert!(methods.contains(&"CloneSession") && methods.contains(&"GetStatus"), "{methods:?}");
}
