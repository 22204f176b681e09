//! A Server: the listener, the session, and what joins them.

use crate::access::Access;
use crate::access::setup::{Doorkeeper, SetupToken};
use crate::api::{self, App, Streams};
use crate::config::{self, ConfigError, Settings};
use crate::history::keeper::History;
use crate::inspect::limits::Limits;
use crate::listener::{LimitedListener, Peer};
use crate::metrics::Metrics;
use crate::picture::keeper::{self as picture, PictureKeeper};
use crate::sessions::{self, SessionKeeper, Sessions};
use crate::tls::Tls;
use replicator_coordination::session::{Coordination, Surroundings};
use replicator_model::instance::ServerInfo;
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
    tls: Option<Arc<Tls>>,
    app: Arc<App>,
    keeper: SessionKeeper,
    setup_token: SetupToken,
    pictures: PictureKeeper,
}

impl Server {
    /// Takes the address. `coordination` may be shared with others of this process.
    pub fn new(settings: Settings, coordination: Coordination) -> Result<Self, ConfigError> {
        let Settings { http, access, inspect, networks, history } = settings;
        http.check().and_then(|()| inspect.check()).and_then(|()| access.check()).map_err(ConfigError::Invalid)?;
        let given = access.given_setup_token().map_err(ConfigError::Invalid)?;
        let setup_token = SetupToken::new(given).map_err(|error| ConfigError::Invalid(error.to_string()))?;
        let tls = http.tls.clone().map(Tls::open).transpose().map_err(ConfigError::Invalid)?.map(Arc::new);
        let listen = |problem| ConfigError::Listen { listen: http.listen, problem };
        let listener = TcpListener::bind(http.listen).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let networks = Networks { loopback: http.listen.ip().is_loopback(), ..networks };
        let (sessions, keeper): (Sessions, SessionKeeper) = sessions::keep(coordination);
        let history = match &history.folder {
            Some(folder) => History::open(folder, history.bytes_max.get()).map_err(ConfigError::History)?,
            None => History::in_memory(),
        };
        let (pictures, picture_keeper) = picture::keep(sessions.clone(), info(address));
        let app = Arc::new(App {
            sessions,
            pictures,
            history,
            streams: Streams::new(http.streams_of_user_max),
            ending: CancellationToken::new(),
            metrics: Metrics::new(),
            access: Arc::new(Access::new(access, setup_token.hash(), tls.is_some())),
            request_timeout: http.request_timeout.duration(),
            body_bytes_max: usize::try_from(http.body_bytes_max.get()).unwrap_or(usize::MAX),
            limits: Limits::new(&inspect, Some(networks)),
            hosts: http.served_hosts(),
        });
        let connections_max = http.connections_max;
        Ok(Self { listener, address, connections_max, tls, app, keeper, setup_token, pictures: picture_keeper })
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

    /// In a process with other roles, `/metrics` shows what `whole` makes of this Server's own text.
    pub fn show_metrics_by(&self, whole: impl Fn(String) -> String + Send + Sync + 'static) {
        self.app.metrics.shown_by(Box::new(whole));
    }

    /// How it is called from this host.
    pub fn url(&self) -> String {
        config::url(self.tls.is_some(), self.address)
    }

    /// Serves until `shutdown`; then requests finish and the session ends.
    pub async fn run(self, shutdown: CancellationToken) -> std::io::Result<()> {
        let url = self.url();
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let listener = LimitedListener::new(listener, self.connections_max, self.tls);
        tracing::info!(%url, "server listens");
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
        let looking = tokio::spawn(self.pictures.run(session_end.clone()));
        let (history, pictures) = (self.app.history.clone(), self.app.pictures.clone());
        let remembering = tokio::spawn(history.keep(pictures, session_end.clone()));
        let (begun, ending) = (shutdown.clone(), self.app.ending.clone());
        let end_streams = async move {
            begun.cancelled().await;
            ending.cancel();
        };
        let service = api::router(self.app).into_make_service_with_connect_info::<Peer>();
        let serving = axum::serve(listener, service).with_graceful_shutdown(end_streams).into_future();
        let result = tokio::select! {
            biased;
            result = serving => result,
            () = after(shutdown, SHUTDOWN_GRACE) => Ok(()),
        };
        session_end.cancel();
        for worker in [door, keeping, looking, remembering] {
            worker.await.ok();
        }
        tracing::info!("server ended");
        result
    }
}

/// How this Server shows itself to people who count Servers.
fn info(address: SocketAddr) -> ServerInfo {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    ServerInfo {
        host: host.trim().to_owned(),
        address: address.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        since_us: (Surroundings::real().wall_clock_us)(),
    }
}

async fn after(shutdown: CancellationToken, grace: Duration) {
    shutdown.cancelled().await;
    tokio::time::sleep(grace).await;
}
