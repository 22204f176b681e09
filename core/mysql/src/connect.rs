//! Connections to a server.

use crate::error::{failure, login_panicked, tls_failed};
use crate::replication;
use mysql_async::{ClientIdentity, Conn, Opts, OptsBuilder, SslOpts};
use replicator_model::failure::Failure;
use replicator_model::secret::Secret;
use replicator_model::task::{MySqlTargetSpec, ProducerSpec, Tls, TlsMode};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A connection to a server, for those who only hand it on.
pub use mysql_async::Conn as Connection;

/// Largest packet either side sends: the servers' own limit, so that a large row is never cut by us.
const PACKET_BYTES_MAX: usize = 1 << 30;

/// How many prepared statements a connection keeps by itself: none. Whoever prepares one knows how long it is needed, and
/// one that the driver closed behind its back would be an error in the middle of a transaction.
const STATEMENTS_KEPT: usize = 0;

/// How often the driver may try a login that it did wrong by itself, see [`Endpoint::connect`].
const LOGINS_MAX: u32 = 4;

/// Keeps a half-dead connection from looking alive for ever.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// A server and how to log in to it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Secret,
    pub tls: Tls,
    pub connect_timeout: Duration,
    /// Where `host` leads, if somebody has looked it up and decided that it may be connected to; empty: it is looked up
    /// on connecting.
    pub addresses: Vec<IpAddr>,
}

/// How a login by the driver ended.
enum LogIn {
    Done(Box<Result<Conn, Failure>>),
    /// It failed, which may be the driver's own doing.
    Doubtful(Failure),
}

impl Endpoint {
    /// The servers that a task may read from, the preferred first. Looks the password up in this process's environment or
    /// files.
    pub fn of_source(spec: &ProducerSpec) -> Result<Vec<Self>, Failure> {
        let password = spec.password.resolve_here().map_err(|error| error.failure("producer.password"))?;
        let endpoint = |(host, port): (&str, u16)| Self {
            host: host.to_owned(),
            port,
            user: spec.user.clone(),
            password: password.clone(),
            tls: spec.tls.clone(),
            connect_timeout: spec.connect_timeout.duration(),
            addresses: Vec::new(),
        };
        Ok(spec.hosts().map(endpoint).collect())
    }

    /// The target of a task. Looks its password up in this process's environment or files.
    pub fn of_target(spec: &MySqlTargetSpec) -> Result<Self, Failure> {
        Ok(Self {
            host: spec.host.clone(),
            port: spec.port,
            user: spec.user.clone(),
            password: spec.password.resolve_here().map_err(|error| error.failure("consumer.password"))?,
            tls: spec.tls.clone(),
            connect_timeout: spec.connect_timeout.duration(),
            addresses: Vec::new(),
        })
    }

    /// `host:port`, for messages.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Connects within the timeout. The session's time zone is UTC and `init` runs after that. The failure names the
    /// user; who calls puts the server in front, for it knows whether that is a source or a target.
    ///
    /// A connection counts rows that a statement matches (`CLIENT_FOUND_ROWS`), not those it changed: an UPDATE that
    /// finds its row answers 1 even if nothing differs, so 0 always means that the row is not there.
    ///
    /// The driver cuts the nonce of MariaDB's `ed25519` and `parsec` where it ends in a zero: one of 256 logins is refused,
    /// or panics (mysql_common before 0.38). The login of the binlog connection is ours: where that one gets in, the
    /// driver tries again.
    pub async fn connect(&self, init: &[&str]) -> Result<Conn, Failure> {
        let mut statements = vec!["SET time_zone = '+00:00'".to_owned()];
        statements.extend(init.iter().map(|&sql| sql.to_owned()));
        let options = self.options(statements);
        self.check_files().await?;
        let mut logins = 1;
        loop {
            let problem = match self.log_in(options.clone()).await {
                LogIn::Done(connected) => return *connected,
                LogIn::Doubtful(problem) => problem,
            };
            if logins == LOGINS_MAX || !replication::logs_in(self).await {
                return Err(problem);
            }
            logins += 1;
        }
    }

    async fn log_in(&self, options: Opts) -> LogIn {
        let place = format!("login as `{}`", self.user);
        // A task of its own: it may panic, and ends with the set.
        let mut login = JoinSet::new();
        login.spawn(Conn::new(options));
        match tokio::time::timeout(self.connect_timeout, login.join_next()).await {
            Ok(Some(Ok(Ok(conn)))) => LogIn::Done(Box::new(Ok(conn))),
            Ok(Some(Ok(Err(error)))) => match failure(&error).at(place) {
                refused if refused.code == "access_denied" => LogIn::Doubtful(refused),
                other => LogIn::Done(Box::new(Err(other))),
            },
            Ok(Some(Err(_)) | None) => LogIn::Doubtful(login_panicked().at(place)),
            Err(_) => LogIn::Done(Box::new(Err(self.timed_out()))),
        }
    }

    /// The driver takes a file that is missing for a lost connection.
    async fn check_files(&self) -> Result<(), Failure> {
        for file in self.tls.files().filter(|_| self.tls.mode != TlsMode::Off) {
            tokio::fs::metadata(file).await.map_err(|error| tls_failed(format!("{}: {error}", file.display())))?;
        }
        Ok(())
    }

    pub(crate) fn timed_out(&self) -> Failure {
        Failure::transient(
            "connect_timeout",
            format!("login as `{}`: no connection within {:?}", self.user, self.connect_timeout),
            "check that the server runs and that no firewall drops the packets",
        )
    }

    /// A bare connection, to the first of its addresses that answers.
    pub(crate) async fn tcp(&self) -> std::io::Result<TcpStream> {
        let stream = if self.addresses.is_empty() {
            TcpStream::connect((self.host.as_str(), self.port)).await?
        } else {
            let known: Vec<_> = self.addresses.iter().map(|address| SocketAddr::new(*address, self.port)).collect();
            TcpStream::connect(&*known).await?
        };
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn options(&self, init: Vec<String>) -> Opts {
        let known = (!self.addresses.is_empty()).then(|| self.addresses.clone());
        OptsBuilder::default()
            .resolved_ips(known)
            .ip_or_hostname(self.host.clone())
            .tcp_port(self.port)
            .user(Some(self.user.clone()))
            .pass(Some(self.password.expose().to_owned()))
            .prefer_socket(false)
            .tcp_keepalive(Some(TCP_KEEPALIVE))
            .tcp_nodelay(true)
            .max_allowed_packet(Some(PACKET_BYTES_MAX))
            .stmt_cache_size(STATEMENTS_KEPT)
            .client_found_rows(true)
            .ssl_opts(self.ssl())
            .setup(init)
            .into()
    }

    fn ssl(&self) -> Option<SslOpts> {
        let verify = match self.tls.mode {
            TlsMode::Off => return None,
            TlsMode::Required => false,
            TlsMode::Verify => true,
        };
        let mut ssl =
            SslOpts::default().with_danger_accept_invalid_certs(!verify).with_danger_skip_domain_validation(!verify);
        if let Some(ca) = &self.tls.ca {
            ssl = ssl.with_root_certs(vec![ca.clone().into()]).with_disable_built_in_roots(true);
        }
        if let (Some(certificate), Some(key)) = (&self.tls.certificate, &self.tls.key) {
            let identity = ClientIdentity::new(certificate.clone().into(), key.clone().into());
            ssl = ssl.with_client_identity(Some(identity));
        }
        Some(ssl)
    }
}
