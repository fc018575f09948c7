//! Serving the protocol on a socket.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use firesteel_service::Sessions;
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::codegen::http::{HeaderName, HeaderValue, Method};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Server, ServerTlsConfig};
use tonic_health::ServingStatus;
use tonic_web::GrpcWebLayer;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use crate::authenticate::{Authenticator, Credentials, CredentialsError};
use crate::generated::spark_connect_service_server::SparkConnectServiceServer;
use crate::handler::Handler;
use crate::reflection;

/// Limits of the transport.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Larger requests are refused.
    pub message_bytes_max: usize,
    /// Connections that are silent for so long are asked whether they live, which keeps proxies open too.
    pub keepalive_interval: Duration,
    /// Connections that do not answer for so long are dropped.
    pub keepalive_timeout: Duration,
    /// Bytes a client may be sent before it says that it has read them: what keeps fast results fast.
    pub connection_window_bytes: u32,
    /// Who may call.
    pub credentials: Credentials,
    /// Encryption; `None`: none.
    pub tls: Option<TlsOptions>,
    /// The origins of web pages that may call by gRPC-web; none: gRPC-web is not spoken.
    pub web_origins: Vec<String>,
}

/// Encryption of connections. All are PEM.
#[derive(Clone)]
pub struct TlsOptions {
    /// The server's certificate, and those between it and a root.
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
    /// Clients must show a certificate that one of these signed.
    pub client_roots: Option<Vec<u8>>,
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TlsOptions").field("mutual", &self.client_roots.is_some()).finish_non_exhaustive()
    }
}

/// Why serving ended.
#[derive(Debug)]
pub enum ServeError {
    Credentials(CredentialsError),
    /// An origin of web pages that is none.
    Origin(String),
    Reflection(tonic_reflection::server::Error),
    Transport(tonic::transport::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials(error) => error.fmt(formatter),
            Self::Origin(origin) => write!(formatter, "{origin} is no origin such as https://example.org"),
            Self::Reflection(error) => error.fmt(formatter),
            Self::Transport(error) => match error.source() {
                Some(cause) => write!(formatter, "{error}: {cause}"),
                None => error.fmt(formatter),
            },
        }
    }
}

impl Error for ServeError {}

impl From<CredentialsError> for ServeError {
    fn from(error: CredentialsError) -> Self {
        Self::Credentials(error)
    }
}

impl From<tonic::transport::Error> for ServeError {
    fn from(error: tonic::transport::Error) -> Self {
        Self::Transport(error)
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            message_bytes_max: 128 << 20,
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
            connection_window_bytes: 8 << 20,
            credentials: Credentials::default(),
            tls: None,
            web_origins: Vec::new(),
        }
    }
}

/// Serves Spark Connect until `shutdown` resolves; then sessions are closed and connections drained.
pub async fn serve(
    listener: TcpListener,
    sessions: Arc<Sessions>,
    options: ServerOptions,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let authenticator = Authenticator::new(options.credentials.clone())?;
    let service = SparkConnectServiceServer::new(Handler::new(Arc::clone(&sessions)))
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(options.message_bytes_max)
        .max_encoding_message_size(usize::MAX);
    // Anyone may ask whether the server lives.
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_service_status(SERVICE_NAME, ServingStatus::Serving).await;
    let routes = Routes::new(health).add_service(authenticator.guard(service));
    let routes = reflection::add(routes, &authenticator).map_err(ServeError::Reflection)?;
    let closing = Arc::clone(&sessions);
    let stop = async move {
        shutdown.await;
        reporter.set_service_status(SERVICE_NAME, ServingStatus::NotServing).await;
        // Ends the streams, without which connections would not drain.
        closing.close_all();
    };
    let mut builder = builder(&options)?;
    // Small answers must not wait for the acknowledgement of the message before them, which takes clients 40 ms.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = async move {
        if options.web_origins.is_empty() {
            let router = builder.add_routes(routes);
            return Ok(router.serve_with_incoming_shutdown(incoming, stop).await?);
        }
        let mut web = builder.accept_http1(true).layer(cors(&options.web_origins)?).layer(GrpcWebLayer::new());
        let router = web.add_routes(routes);
        Ok(router.serve_with_incoming_shutdown(incoming, stop).await?)
    };
    tokio::select! {
        result = server => result,
        () = sessions.keep_tidy() => Ok(()),
        () = authenticator.keep_keys_fresh() => Ok(()),
    }
}

const SERVICE_NAME: &str = "spark.connect.SparkConnectService";

fn builder(options: &ServerOptions) -> Result<Server, ServeError> {
    let builder = Server::builder()
        .http2_keepalive_interval(Some(options.keepalive_interval))
        .http2_keepalive_timeout(Some(options.keepalive_timeout))
        .initial_connection_window_size(Some(options.connection_window_bytes))
        .initial_stream_window_size(Some(options.connection_window_bytes));
    let Some(tls) = &options.tls else { return Ok(builder) };
    let mut config = ServerTlsConfig::new().identity(tonic::transport::Identity::from_pem(&tls.certificate, &tls.key));
    if let Some(roots) = &tls.client_roots {
        config = config.client_ca_root(Certificate::from_pem(roots));
    }
    Ok(builder.tls_config(config)?)
}

/// What browsers are told of who may call.
fn cors(origins: &[String]) -> Result<CorsLayer, ServeError> {
    let parse = |origin: &String| origin.parse::<HeaderValue>().map_err(|_| ServeError::Origin(origin.clone()));
    let origins: Result<Vec<_>, _> = origins.iter().map(parse).collect();
    let told = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins?))
        .allow_methods([Method::POST])
        .allow_headers(Any)
        .expose_headers(told.map(HeaderName::from_static)))
}
