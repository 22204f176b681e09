//! `core.toml`: the settings of a Core.

use crate::instance::Core;
use replicator_coordination::config::CoordinationConfig;
use replicator_coordination::key_file::{KeyFileError, SecretsConfig};
use replicator_coordination::session::Coordination;
use replicator_model::name::{CoreName, GroupName, NameError};
use replicator_model::settings::{Overridable, SettingsError, read};
use replicator_model::span::Span;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The settings of a Core. Every default stands beside its field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The group whose tasks it runs.
    pub group: GroupName,
    /// What it is called, unlike any other Core of the group and the same after a restart. Default: the host's name.
    #[serde(default)]
    pub name: Option<CoreName>,
    /// Most tasks that it runs or stands by for at a time. Default 100.
    #[serde(default = "default_capacity")]
    pub capacity: u32,
    /// How often the group's tasks are walked through even if nothing says that they changed. Default 5s.
    #[serde(default = "default_scan_period")]
    pub scan_period: Span,
    pub coordination: CoordinationConfig,
    #[serde(default)]
    pub admin: AdminConfig,
    /// The keys for passwords in specs.
    #[serde(default)]
    pub secrets: SecretsConfig,
}

/// Where `/healthz`, `/readyz` and `/metrics` are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdminConfig {
    /// Default 127.0.0.1:9101. Nothing secret is shown there, and there is no login.
    pub listen: SocketAddr,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9101)) }
    }
}

const fn default_capacity() -> u32 {
    100
}

const fn default_scan_period() -> Span {
    Span::from_secs(5)
}

/// What the environment can override, as `REPLICATOR_<SECTION>_<KEY>`.
const OVERRIDABLE: Overridable = Overridable {
    keys: &["group", "name", "capacity", "scan_period"],
    sections: &["coordination", "admin", "secrets"],
};

/// Why a Core could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("the host's name can't be a Core's name: {0}; set `name`")]
    HostName(#[from] NameError),
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error("{0}; {hint}", hint = .0.failure().hint)]
    Coordination(#[from] replicator_coordination::error::CoordinationError),
}

impl Config {
    /// Reads the text of `file` and what the environment overrides.
    pub fn read(
        file: &str,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let config: Self = read(file, text, OVERRIDABLE, environment)?;
        config.check().map_err(|problem| ConfigError::Invalid(format!("{file}: {problem}")))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if self.capacity == 0 {
            return Err("`capacity` is 0: it would never run anything; use 1 or more".into());
        }
        if self.scan_period < Span::from_millis(100) {
            return Err(format!("`scan_period` is {}; use 100ms or more", self.scan_period));
        }
        self.coordination.check()
    }

    /// A Core with these settings, over a coordination that it opens itself.
    pub fn build(self) -> Result<Core, ConfigError> {
        let coordination = Coordination::open(&self.coordination)?.with_keys(self.secrets.keyring()?);
        self.build_over(coordination)
    }

    /// A Core with these settings over a coordination that others use too.
    pub fn build_over(self, coordination: Coordination) -> Result<Core, ConfigError> {
        let host = host_name();
        let name = match &self.name {
            Some(name) => name.clone(),
            None => CoreName::new(host.clone())?,
        };
        Ok(Core::new(self, name, host, coordination))
    }
}

/// This host's name, or `localhost` where it has none.
fn host_name() -> String {
    let read = |path: &str| std::fs::read_to_string(path).ok().map(|name| name.trim().to_owned());
    read("/proc/sys/kernel/hostname")
        .or_else(|| read("/etc/hostname"))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORE: &str = "group = \"group1\"\n[coordination]\nkind = \"zookeeper\"\ntiers = [[\"zk1:2181\"]]\n";

    #[test]
    fn settings_read_with_their_defaults() {
        let config = Config::read("core.toml", CORE, []).unwrap();
        assert_eq!((config.capacity, config.scan_period), (100, Span::from_secs(5)));
        assert_eq!(config.admin.listen.port(), 9101);
    }

    #[test]
    fn the_environment_overrides() {
        let config =
            Config::read("core.toml", CORE, [("REPLICATOR_ADMIN_LISTEN".into(), "127.0.0.1:9999".into())]).unwrap();
        assert_eq!(config.admin.listen.port(), 9999);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, parts) in [
            (CORE.replace("group =", "grp ="), vec!["core.toml", "grp", "line 1"]),
            (CORE.replace("zk1:2181", "zk1"), vec!["core.toml", "coordination.tiers", "zk1"]),
            (format!("capacity = 0\n{CORE}"), vec!["core.toml", "capacity"]),
            ("group = [".to_owned(), vec!["core.toml", "line 1"]),
        ] {
            let error = Config::read("core.toml", &text, []).unwrap_err().to_string();
            parts.iter().for_each(|part| assert!(error.contains(part), "no `{part}` in {error}"));
        }
    }
}
