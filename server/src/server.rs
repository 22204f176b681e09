//! A Server: the listener, the session, and what joins them.

use crate::api::{self, App};
use crate::config::{ConfigError, HttpConfig};
use crate::inspect::limits::{InspectConfig, Limits};
use crate::listener::LimitedListener;
use crate::metrics::Metrics;
use crate::sessions::{self, SessionKeeper, Sessions};
use replicator_coordination::session::Coordination;
use replicator_model::networks::Networks;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long requests may finish after the shutdown began.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// Ready to run: the address is taken, the coordination service need not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    connections_max: usize,
    app: Arc<App>,
    keeper: SessionKeeper,
}

impl Server {
    /// Takes the address. `coordination` may be shared with others of this process.
    pub fn new(http: &HttpConfig, inspect: &InspectConfig, coordination: Coordination) -> Result<Self, ConfigError> {
        http.check().and_then(|()| inspect.check()).map_err(ConfigError::Invalid)?;
        let listen = |problem| ConfigError::Listen { listen: http.listen, problem };
        let listener = TcpListener::bind(http.listen).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let networks = Networks { loopback: http.listen.ip().is_loopback(), ..Networks::default() };
        let (sessions, keeper): (Sessions, SessionKeeper) = sessions::keep(coordination);
        let app = Arc::new(App {
            sessions,
            metrics: Metrics::new(),
            request_timeout: http.request_timeout.duration(),
            body_bytes_max: usize::try_from(http.body_bytes_max.get()).unwrap_or(usize::MAX),
            limits: Limits::new(inspect, Some(networks)),
            hosts: (!http.allow_insecure).then(|| http.hosts.clone()),
        });
        Ok(Self { listener, address, connections_max: http.connections_max, app, keeper })
    }

    /// Where it listens; tells the port when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`; then requests finish and the session ends.
    pub async fn run(self, shutdown: CancellationToken) -> std::io::Result<()> {
        let listener = LimitedListener::new(tokio::net::TcpListener::from_std(self.listener)?, self.connections_max);
        tracing::info!(address = %self.address, "server listens");
        // The session outlives the requests that use it.
        let session_end = CancellationToken::new();
        let keeping = tokio::spawn(self.keeper.run(session_end.clone()));
        let serving = axum::serve(listener, api::router(self.app))
            .with_graceful_shutdown(shutdown.clone().cancelled_owned())
            .into_future();
        let result = tokio::select! {
            biased;
            result = serving => result,
            () = after(shutdown, SHUTDOWN_GRACE) => Ok(()),
        };
        session_end.cancel();
        keeping.await.ok();
        tracing::info!("server ended");
        result
    }
}

async fn after(shutdown: CancellationToken, grace: Duration) {
    shutdown.cancelled().await;
    tokio::time::sleep(grace).await;
}
