//! `firesteel serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use firesteel_connect::ServerOptions;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Serve;
use crate::configuration::Configuration;
use crate::security::Security;
use crate::server::Server;
use crate::{Failure, logging};

/// Serves until a signal comes; then no new requests are taken and running ones are cancelled.
pub fn run(options: &Serve) -> Result<(), Failure> {
    let started = Instant::now();
    let configuration = Configuration::for_serving(options)?;
    configuration.security.check_address(configuration.address)?;
    logging::start(&configuration)?;
    let Server { sessions, waiting, working } = Server::new(&configuration)?;
    let served = waiting.block_on(async {
        let address = SocketAddr::new(configuration.address, configuration.port);
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| Failure(format!("cannot listen on {address}: {error}")))?;
        let address = listener.local_addr()?;
        tracing::info!(
            %address,
            memory_bytes = configuration.memory_bytes,
            parallelism = configuration.parallelism,
            milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "listening on sc://{address}"
        );
        let shutdown = shutdown_signal()?;
        let Security { credentials, tls, web_origins, .. } = configuration.security.clone();
        let options = ServerOptions { credentials, tls, web_origins, ..ServerOptions::default() };
        firesteel_connect::serve(listener, Arc::clone(&sessions), options, shutdown).await?;
        sessions.close_all();
        tracing::info!("stopped");
        Ok(())
    });
    // Dropping would wait for blocking work without end; what runs has been cancelled.
    working.shutdown_background();
    waiting.shutdown_background();
    served
}

/// Resolves at the first SIGINT or SIGTERM.
fn shutdown_signal() -> Result<impl Future<Output = ()> + Send, Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
    })
}
