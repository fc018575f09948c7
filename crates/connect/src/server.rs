//! Serving the protocol on a socket.

use std::sync::Arc;
use std::time::Duration;

use firesteel_service::Sessions;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;

use crate::generated::spark_connect_service_server::SparkConnectServiceServer;
use crate::handler::Handler;

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
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            message_bytes_max: 128 << 20,
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
            connection_window_bytes: 8 << 20,
        }
    }
}

/// Serves Spark Connect until `shutdown` resolves; then sessions are closed and connections drained.
pub async fn serve(
    listener: TcpListener,
    sessions: Arc<Sessions>,
    options: ServerOptions,
    shutdown: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let service = SparkConnectServiceServer::new(Handler::new(Arc::clone(&sessions)))
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(options.message_bytes_max)
        .max_encoding_message_size(usize::MAX);
    let closing = Arc::clone(&sessions);
    let stop = async move {
        shutdown.await;
        // Ends the streams, without which connections would not drain.
        closing.close_all();
    };
    let server = Server::builder()
        .tcp_nodelay(true)
        .http2_keepalive_interval(Some(options.keepalive_interval))
        .http2_keepalive_timeout(Some(options.keepalive_timeout))
        .initial_connection_window_size(Some(options.connection_window_bytes))
        .initial_stream_window_size(Some(options.connection_window_bytes))
        .add_service(service)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop);
    tokio::select! {
        result = server => result,
        () = sessions.keep_tidy() => Ok(()),
    }
}
