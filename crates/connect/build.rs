//! Generates the server's trait of `spark.connect.SparkConnectService` over the message types of the official crate,
//! which generates the client's side only.

use tonic_build::manual::{Builder, Method, Service};

/// Route, whether the client streams, whether the server streams. Requests are `<route>Request` and responses
/// `<route>Response` unless named.
const METHODS: &[(&str, &str, &str, bool, bool)] = &[
    ("ExecutePlan", "ExecutePlanRequest", "ExecutePlanResponse", false, true),
    ("AnalyzePlan", "AnalyzePlanRequest", "AnalyzePlanResponse", false, false),
    ("Config", "ConfigRequest", "ConfigResponse", false, false),
    ("AddArtifacts", "AddArtifactsRequest", "AddArtifactsResponse", true, false),
    ("ArtifactStatus", "ArtifactStatusesRequest", "ArtifactStatusesResponse", false, false),
    ("Interrupt", "InterruptRequest", "InterruptResponse", false, false),
    ("ReattachExecute", "ReattachExecuteRequest", "ExecutePlanResponse", false, true),
    ("ReleaseExecute", "ReleaseExecuteRequest", "ReleaseExecuteResponse", false, false),
    ("ReleaseSession", "ReleaseSessionRequest", "ReleaseSessionResponse", false, false),
    ("FetchErrorDetails", "FetchErrorDetailsRequest", "FetchErrorDetailsResponse", false, false),
    ("CloneSession", "CloneSessionRequest", "CloneSessionResponse", false, false),
    ("GetStatus", "GetStatusRequest", "GetStatusResponse", false, false),
];

fn main() {
    let mut service = Service::builder().package("spark.connect").name("SparkConnectService");
    for (route, request, response, client_streams, server_streams) in METHODS {
        let mut method = Method::builder()
            .name(snake_case(route))
            .route_name(route)
            .input_type(format!("spark_connect_proto::{request}"))
            .output_type(format!("spark_connect_proto::{response}"))
            .codec_path("crate::codec::BoundedCodec");
        if *client_streams {
            method = method.client_streaming();
        }
        if *server_streams {
            method = method.server_streaming();
        }
        service = service.method(method.build());
    }
    Builder::new().build_client(false).compile(&[service.build()]);
    println!("cargo:rerun-if-changed=build.rs");
}

fn snake_case(route: &str) -> String {
    let mut name = String::new();
    for character in route.chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}
