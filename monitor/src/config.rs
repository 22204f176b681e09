//! The settings of `monitor.toml`. Every default stands beside its field.

use crate::monitor::Monitor;
use replicator_coordination::config::CoordinationConfig;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::key_file::{KeyFileError, SecretsConfig};
use replicator_coordination::session::Coordination;
use replicator_model::networks::Networks;
use replicator_model::settings::{self, Overridable, SettingsError};
use replicator_model::span::Span;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// What `REPLICATOR_<SECTION>_<KEY>` can override.
const OVERRIDABLE: Overridable =
    Overridable { keys: &["name"], sections: &["coordination", "admin", "evaluation", "networks", "secrets"] };

const INTERVAL_MIN: Duration = Duration::from_millis(100);
const INTERVAL_MAX: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// Where `/healthz`, `/readyz` and `/metrics` are served. Default 127.0.0.1:9102.
    pub listen: SocketAddr,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9102)) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluationConfig {
    /// How often everything is looked at. Longer: less reading of the tree, alerts that much later. Default 1s.
    pub interval: Span,
}

impl Default for EvaluationConfig {
    fn default() -> Self {
        Self { interval: Span::from_secs(1) }
    }
}

/// All settings of a Monitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What this Monitor is called in notices and in the tree. Default: the host's name.
    #[serde(default = "host_name")]
    pub name: String,
    pub coordination: CoordinationConfig,
    /// `None` (only from inside a program): nothing is served.
    #[serde(default = "default_admin")]
    pub admin: Option<AdminConfig>,
    #[serde(default)]
    pub evaluation: EvaluationConfig,
    /// Where channels may lead. Default: not to link-local and metadata addresses, and to loopback ones only if
    /// `admin.listen` is one.
    #[serde(default, skip_serializing)]
    pub networks: Networks,
    /// The keys for the secrets of channels.
    #[serde(default)]
    pub secrets: SecretsConfig,
}

fn default_admin() -> Option<AdminConfig> {
    Some(AdminConfig::default())
}

/// The name of this host as its kernel has it.
pub(crate) fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "localhost".to_owned() } else { name.to_owned() }
}

/// Settings that were refused: which file, key or variable, what is wrong, what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("can't read {file}: {problem}")]
    File { file: String, problem: std::io::Error },
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error("{0}")]
    Value(String),
    #[error(transparent)]
    Coordination(#[from] CoordinationError),
}

impl Config {
    /// A Monitor with all defaults over a coordination that is given to it.
    pub fn new(coordination: CoordinationConfig) -> Self {
        Self {
            name: host_name(),
            coordination,
            admin: default_admin(),
            evaluation: EvaluationConfig::default(),
            networks: Networks::default(),
            secrets: SecretsConfig::default(),
        }
    }

    /// Reads `file`, with what `environment` overrides, and checks it.
    pub fn load(file: &Path, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let name = file.display().to_string();
        let text =
            std::fs::read_to_string(file).map_err(|problem| ConfigError::File { file: name.clone(), problem })?;
        Self::parse(&name, &text, environment)
    }

    /// The same from `text`; `file` is only named in errors.
    pub fn parse(
        file: &str,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let config: Config = settings::read(file, text, OVERRIDABLE, environment)?;
        config.check().map_err(|problem| ConfigError::Value(format!("{file}: {problem}")))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        self.coordination.check()?;
        let interval = self.evaluation.interval;
        if !(INTERVAL_MIN..=INTERVAL_MAX).contains(&interval.duration()) {
            return Err(format!("`evaluation.interval` is {interval}; it can be 100ms to 1m"));
        }
        Ok(())
    }

    /// Where channels may lead from here: a Monitor that serves this host alone may tell its neighbours on it.
    pub(crate) fn networks(&self) -> Networks {
        let loopback = self.admin.as_ref().is_none_or(|admin| admin.listen.ip().is_loopback());
        Networks { loopback: self.networks.loopback || loopback, ..self.networks.clone() }
    }

    /// A Monitor with a coordination of its own, as the settings name it.
    pub fn build(self) -> Result<Monitor, ConfigError> {
        let coordination = Coordination::open(&self.coordination)?.with_keys(self.secrets.keyring()?);
        self.build_with(coordination)
    }

    /// A Monitor over a coordination that the process has already: `[coordination]` is not looked at.
    pub fn build_with(self, coordination: Coordination) -> Result<Monitor, ConfigError> {
        Ok(Monitor::new(self, coordination))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COORDINATION: &str = "[coordination]\nkind = \"zookeeper\"\ntiers = [[\"zk1:2181\"]]\n";

    fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::parse("monitor.toml", &format!("{COORDINATION}{text}"), environment).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_is_the_default() {
        let config = parse("", &[]).unwrap();
        assert_eq!(config.admin.as_ref().unwrap().listen.port(), 9102);
        assert!(config.networks().loopback);
    }

    #[test]
    fn networks_are_read_and_the_environment_overrides_the_file() {
        let text = "[admin]\nlisten = \"0.0.0.0:9102\"\n[networks]\nallow = [\"10.0.0.0/8\"]\n";
        let environment = [("REPLICATOR_EVALUATION_INTERVAL", "250ms"), ("REPLICATOR_NAME", "m2")];
        let config = parse(text, &environment).unwrap();
        assert!(!config.networks().loopback && config.networks().allow.len() == 1);
        assert_eq!((config.name.as_str(), config.evaluation.interval), ("m2", Span::from_millis(250)));
    }

    #[test]
    fn bad_settings_are_refused_by_name() {
        for (text, parts) in [
            ("[rules.task_failed]\nfor = \"1s\"\n", &["monitor.toml", "rules", "line 4"][..]),
            ("[evaluation]\ninterval = \"1ms\"\n", &["evaluation.interval", "1ms", "100ms"]),
            ("[networks]\nallow = [\"ten\"]\n", &["ten", "10.0.0.0/8"]),
            ("[webhook]\nurl = \"http://h/\"\n", &["webhook"]),
        ] {
            let error = parse(text, &[]).unwrap_err();
            parts.iter().for_each(|part| assert!(error.contains(part), "{text}: no `{part}` in {error}"));
        }
    }
}
