//! A Server: the listener, the session, and what joins them.

use crate::access::Access;
use crate::access::setup::{Doorkeeper, SetupToken};
use crate::api::{self, App};
use crate::config::{ConfigError, Settings};
use crate::inspect::limits::Limits;
use crate::listener::{LimitedListener, Peer};
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
    setup_token: SetupToken,
}

impl Server {
    /// Takes the address. `coordination` may be shared with others of this process.
    pub fn new(settings: Settings, coordination: Coordination) -> Result<Self, ConfigError> {
        let Settings { http, access, inspect, networks } = settings;
        http.check().and_then(|()| inspect.check()).and_then(|()| access.check()).map_err(ConfigError::Invalid)?;
        let given = access.given_setup_token().map_err(ConfigError::Invalid)?;
        let setup_token = SetupToken::new(given).map_err(|error| ConfigError::Invalid(error.to_string()))?;
        let listen = |problem| ConfigError::Listen { listen: http.listen, problem };
        let listener = TcpListener::bind(http.listen).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let networks = Networks { loopback: http.listen.ip().is_loopback(), ..networks };
        let (sessions, keeper): (Sessions, SessionKeeper) = sessions::keep(coordination);
        let app = Arc::new(App {
            sessions,
            metrics: Metrics::new(),
            access: Arc::new(Access::new(access, setup_token.hash(), false)),
            request_timeout: http.request_timeout.duration(),
            body_bytes_max: usize::try_from(http.body_bytes_max.get()).unwrap_or(usize::MAX),
            limits: Limits::new(&inspect, Some(networks)),
            hosts: (!http.allow_insecure).then(|| http.hosts.clone()),
        });
        Ok(Self { listener, address, connections_max: http.connections_max, app, keeper, setup_token })
    }

    /// Where it listens; tells the port when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the first user is made, while there is none and this Server runs. `None` if the settings gave the token:
    /// then it is not to be printed.
    pub fn setup_link(&self) -> Option<String> {
        (!self.setup_token.is_given).then(|| self.setup_token.link(&self.url()))
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until `shutdown`; then requests finish and the session ends.
    pub async fn run(self, shutdown: CancellationToken) -> std::io::Result<()> {
        let url = self.url();
        let listener = LimitedListener::new(tokio::net::TcpListener::from_std(self.listener)?, self.connections_max);
        tracing::info!(address = %self.address, "server listens");
        // The session outlives the requests that use it.
        let session_end = CancellationToken::new();
        let keeping = tokio::spawn(self.keeper.run(session_end.clone()));
        let doorkeeper = Doorkeeper {
            access: Arc::clone(&self.app.access),
            sessions: self.app.sessions.clone(),
            token: self.setup_token,
            url,
        };
        let door = tokio::spawn(doorkeeper.run(session_end.clone()));
        let service = api::router(self.app).into_make_service_with_connect_info::<Peer>();
        let serving =
            axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned()).into_future();
        let result = tokio::select! {
            biased;
            result = serving => result,
            () = after(shutdown, SHUTDOWN_GRACE) => Ok(()),
        };
        session_end.cancel();
        door.await.ok();
        keeping.await.ok();
        tracing::info!("server ended");
        result
    }
}

async fn after(shutdown: CancellationToken, grace: Duration) {
    shutdown.cancelled().await;
    tokio::time::sleep(grace).await;
}
