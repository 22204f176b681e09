//! The Server's settings: `server.toml`.

pub use crate::access::config::AccessConfig;
use crate::api::STREAMS_MAX;
use crate::inspect::limits::InspectConfig;
use crate::server::Server;
use replicator_coordination::config::CoordinationConfig;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::key_file::{KeyFileError, SecretsConfig};
use replicator_coordination::session::Coordination;
use replicator_model::networks::Networks;
use replicator_model::settings::{self, Overridable, SettingsError};
use replicator_model::span::{Bytes, Span};
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// What the environment may override, as `REPLICATOR_HTTP_LISTEN`.
const OVERRIDABLE: Overridable = Overridable {
    keys: &[],
    sections: &["coordination", "http", "access", "inspect", "networks", "history", "secrets"],
};

/// Everything in `server.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub coordination: CoordinationConfig,
    #[serde(default)]
    pub http: HttpConfig,
    #[serde(default)]
    pub inspect: InspectConfig,
    #[serde(default)]
    pub history: HistoryConfig,
    /// The keys for passwords that are stored.
    #[serde(default)]
    pub secrets: SecretsConfig,
    #[serde(default)]
    pub access: AccessConfig,
    /// What connection tests may reach.
    #[serde(default)]
    pub networks: Networks,
}

/// What a Server is told, apart from where the tree is.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub http: HttpConfig,
    pub access: AccessConfig,
    pub inspect: InspectConfig,
    pub networks: Networks,
    pub history: HistoryConfig,
}

/// The listener of REST, `/healthz`, `/readyz` and `/metrics`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Default: this host alone.
    pub listen: SocketAddr,
    /// Listen on an address that other hosts reach, although nothing is encrypted.
    pub allow_insecure: bool,
    /// Names besides `localhost` and loopback addresses under which it is called, such as that of a proxy before it.
    /// Others are refused, so that no page in an operator's browser can reach it by a name of its own. With `tls` and
    /// no names here, any will do: browsers refuse a name that the certificate does not have.
    pub hosts: Vec<String>,
    /// Encrypt. Default: nothing is encrypted.
    pub tls: Option<TlsConfig>,
    /// Largest body of a request. A task's spec has a few KiB.
    pub body_bytes_max: Bytes,
    /// Longest time that a request may take. A coordination service that is away is told within it.
    pub request_timeout: Span,
    /// Most connections at a time; whoever comes then waits.
    pub connections_max: usize,
    /// Most streams of events that one user has open at a time; a page of the console has one or two.
    pub streams_of_user_max: usize,
}

/// With what the listener encrypts. Files that change are taken over while the Server runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate with those that it was signed by, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// What tasks did over time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryConfig {
    /// Where seven days of it are kept, for this Server alone. Default: nowhere, and then it is of the last hour, in
    /// memory.
    pub folder: Option<PathBuf>,
    /// Largest file there. The oldest hours go first where a week is too much for it, which by default it is from about
    /// 5000 tasks.
    pub bytes_max: Bytes,
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self { folder: None, bytes_max: Bytes::new(4 << 30) }
    }
}

impl HistoryConfig {
    /// What is wrong, if anything: key, problem, what to do.
    pub fn check(&self) -> Result<(), String> {
        if !(16 << 20..=1 << 40).contains(&self.bytes_max.get()) {
            return Err(format!("`history.bytes_max` is {}; it can be 16 MiB to 1 TiB", self.bytes_max));
        }
        Ok(())
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            allow_insecure: false,
            hosts: Vec::new(),
            tls: None,
            body_bytes_max: Bytes::new(512 << 10),
            request_timeout: Span::from_secs(20),
            connections_max: 1024,
            streams_of_user_max: 32,
        }
    }
}

/// Why a Server can't be started. The text names the place and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("can't read {file}: {problem}; give the path with --config FILE")]
    File { file: String, problem: std::io::Error },
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error("{0}")]
    Invalid(String),
    #[error("`history.folder`: {0}; give each Server a folder of its own that it may write to")]
    History(String),
    #[error("{0}")]
    Coordination(#[from] CoordinationError),
    #[error("can't listen on {listen}: {problem}; choose another address under [http] listen, or end who has it")]
    Listen { listen: SocketAddr, problem: std::io::Error },
}

impl Config {
    /// Reads and checks a file, with what the process's environment overrides.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|problem| ConfigError::File { file: file.clone(), problem })?;
        Self::read(&file, &text, std::env::vars())
    }

    /// The same from a text; `file` is only named in errors.
    pub fn read(
        file: &str,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let config: Self = settings::read(file, text, OVERRIDABLE, environment)?;
        let invalid = |problem| ConfigError::Invalid(format!("{file}: {problem}"));
        config.coordination.check().map_err(invalid)?;
        config.http.check().map_err(invalid)?;
        config.inspect.check().map_err(invalid)?;
        config.access.check().map_err(invalid)?;
        config.history.check().map_err(invalid)?;
        Ok(config)
    }

    /// Takes the listener and prepares the way to the coordination service, which need not answer yet.
    pub fn build(self) -> Result<Server, ConfigError> {
        let coordination = self.coordination()?;
        let settings = Settings {
            http: self.http,
            access: self.access,
            inspect: self.inspect,
            networks: self.networks,
            history: self.history,
        };
        Server::new(settings, coordination)
    }

    /// The way to the coordination service, with the keys for what is secret there.
    pub fn coordination(&self) -> Result<Coordination, ConfigError> {
        Ok(Coordination::open(&self.coordination)?.with_keys(self.secrets.keyring()?))
    }
}

impl HttpConfig {
    /// What is wrong, if anything: key, problem, what to do.
    pub fn check(&self) -> Result<(), String> {
        if !self.listen.ip().is_loopback() && !self.allow_insecure && self.tls.is_none() {
            return Err(format!(
                "`http.listen` is {}, which other hosts can reach, and there is no encryption: passwords would be \
                 readable on the way; give `http.tls` a certificate, use a loopback address behind a proxy that encrypts, or set \
                 `http.allow_insecure = true`",
                self.listen
            ));
        }
        if !(1 << 10..=8 << 20).contains(&self.body_bytes_max.get()) {
            return Err(format!("`http.body_bytes_max` is {}; it can be 1 KiB to 8 MiB", self.body_bytes_max));
        }
        if !(Span::from_secs(1)..=Span::from_secs(600)).contains(&self.request_timeout) {
            return Err(format!("`http.request_timeout` is {}; it can be 1s to 10m", self.request_timeout));
        }
        if !(1..=100_000).contains(&self.connections_max) {
            return Err(format!("`http.connections_max` is {}; it can be 1 to 100000", self.connections_max));
        }
        if !(1..=STREAMS_MAX).contains(&self.streams_of_user_max) {
            return Err(format!(
                "`http.streams_of_user_max` is {}; it can be 1 to {STREAMS_MAX}",
                self.streams_of_user_max
            ));
        }
        Ok(())
    }

    /// Where it is called on this host.
    pub fn url(&self) -> String {
        url(self.tls.is_some(), self.listen)
    }

    /// The names under which it may be called besides this host's own; `None`: any.
    pub(crate) fn served_hosts(&self) -> Option<Vec<String>> {
        let any = self.allow_insecure || self.tls.is_some() && self.hosts.is_empty();
        (!any).then(|| self.hosts.clone())
    }
}

pub(crate) fn url(encrypts: bool, address: SocketAddr) -> String {
    let scheme = if encrypts { "https" } else { "http" };
    format!("{scheme}://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COORDINATION: &str = "[coordination]\nkind = \"zookeeper\"\ntiers = [[\"zk1:2181\"]]\n";

    fn read(http: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let text = format!("{COORDINATION}{http}");
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::read("server.toml", &text, environment).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_keep_to_this_host() {
        let config = read("", &[]).unwrap();
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
        assert!(!config.http.allow_insecure);
    }

    #[test]
    fn other_hosts_are_let_in_only_when_told() {
        let error = read("[http]\nlisten = \"0.0.0.0:8080\"\n", &[]).unwrap_err();
        for part in ["server.toml", "http.listen", "no encryption", "http.allow_insecure = true"] {
            assert!(error.contains(part), "no `{part}` in {error}");
        }
        assert!(read("[http]\nlisten = \"0.0.0.0:8080\"\nallow_insecure = true\n", &[]).is_ok());
        assert!(read("", &[("REPLICATOR_HTTP_LISTEN", "0.0.0.0:8080")]).is_err());
        assert!(read("[http]\nlisten = \"[::1]:8080\"\n", &[]).is_ok());
        let encrypted = "[http]\nlisten = \"0.0.0.0:8080\"\n[http.tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n";
        assert!(read(encrypted, &[]).is_ok());
    }

    #[test]
    fn bad_settings_are_refused_by_key() {
        for (http, named) in [
            ("[http]\nlisten = \"here\"\n", "`listen`"),
            ("[http]\nlistn = \"127.0.0.1:1\"\n", "listn"),
            ("[http]\nbody_bytes_max = \"1 B\"\n", "http.body_bytes_max"),
            ("[http]\nrequest_timeout = \"1ms\"\n", "http.request_timeout"),
            ("[http]\nconnections_max = 0\n", "http.connections_max"),
            ("[http]\nstreams_of_user_max = 0\n", "http.streams_of_user_max"),
            ("[history]\nbytes_max = \"1 MiB\"\n", "history.bytes_max"),
            ("[http.tls]\ncertificate = \"c.pem\"\n", "key"),
        ] {
            let error = read(http, &[]).unwrap_err();
            assert!(error.contains(named), "{http}: {error}");
        }
    }
}
