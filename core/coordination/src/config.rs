//! The `[coordination]` section of every program's settings.

use crate::embedded::{Embedded, OpenError};
use crate::error::CoordinationError;
use crate::path::Path;
use crate::store::{Connector, StoreError};
use crate::zookeeper::ZooKeeper;
use replicator_model::span::Span;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// ZooKeeper's own bounds are 2 and 20 ticks; outside of these a lease makes no sense.
const SESSION_TIMEOUT_MIN: Duration = Duration::from_secs(1);
const SESSION_TIMEOUT_MAX: Duration = Duration::from_secs(600);

/// Where the coordination tree is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum CoordinationConfig {
    Zookeeper {
        /// Servers as `host:port`, nearest first: the next tier is tried only when none of the nearer answers.
        tiers: Vec<Vec<String>>,
        /// How long the servers keep the session of a process that they don't hear. Shorter: faster take-over; too
        /// short: leases are lost over a hiccup. The servers may bend it to their own bounds. Default 10s.
        #[serde(default = "default_session_timeout")]
        session_timeout: Span,
        /// Put everything below this node, such as `/production`. Default: the root.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chroot: Option<String>,
    },
    Embedded {
        /// The folder of the tree, for this process alone. Made if it is not there.
        dir: PathBuf,
    },
}

fn default_session_timeout() -> Span {
    Span::from_secs(10)
}

impl CoordinationConfig {
    /// What is wrong with the settings, if anything: key, problem, what to do.
    pub fn check(&self) -> Result<(), String> {
        let Self::Zookeeper { tiers, session_timeout, chroot } = self else { return Ok(()) };
        if tiers.is_empty() || tiers.iter().any(Vec::is_empty) {
            return Err("`coordination.tiers` names no server; write tiers = [[\"host:2181\"]]".to_owned());
        }
        for server in tiers.iter().flatten() {
            let port = server.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port);
            if port.and_then(|port| port.parse::<u16>().ok()).is_none() || server.contains(['/', ',', ' ']) {
                return Err(format!("`coordination.tiers`: `{server}` is not host:port, such as zk1:2181"));
            }
        }
        let timeout = session_timeout.duration();
        if !(SESSION_TIMEOUT_MIN..=SESSION_TIMEOUT_MAX).contains(&timeout) {
            return Err(format!("`coordination.session_timeout` is {session_timeout}; it can be 1s to 10m"));
        }
        match chroot.as_deref().map(Path::new) {
            Some(Err(error)) => Err(format!("`coordination.chroot`: {error}")),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    pub(crate) fn connector(&self) -> Result<Arc<dyn Connector>, CoordinationError> {
        let refused = |reason| CoordinationError::Store(StoreError::Refused { reason });
        self.check().map_err(refused)?;
        Ok(match self {
            Self::Zookeeper { tiers, session_timeout, chroot } => {
                Arc::new(ZooKeeper::new(tiers.clone(), session_timeout.duration(), chroot.clone()))
            }
            Self::Embedded { dir } => Arc::new(
                Embedded::open(dir, default_session_timeout().duration())
                    .map_err(|error: OpenError| refused(error.to_string()))?,
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CoordinationConfig, String> {
        let config: CoordinationConfig = serde_json::from_str(text).map_err(|error| error.to_string())?;
        config.check().map(|()| config)
    }

    #[test]
    fn settings_are_read_with_defaults() {
        let config = read(r#"{"kind":"zookeeper","tiers":[["zk1:2181","zk2:2181"],["zk9:2181"]]}"#).unwrap();
        let CoordinationConfig::Zookeeper { session_timeout, chroot, .. } = config else { panic!("another kind") };
        assert_eq!((session_timeout.duration(), chroot), (Duration::from_secs(10), None));
        assert!(read(r#"{"kind":"embedded","dir":"/var/lib/replicator"}"#).is_ok());
    }

    #[test]
    fn bad_settings_are_refused_by_key() {
        for (text, named) in [
            (r#"{"kind":"etcd"}"#, "etcd"),
            (r#"{"kind":"zookeeper","tiers":[]}"#, "coordination.tiers"),
            (r#"{"kind":"zookeeper","tiers":[["zk1"]]}"#, "zk1"),
            (r#"{"kind":"zookeeper","tiers":[["zk1:2181/x"]]}"#, "zk1:2181/x"),
            (r#"{"kind":"zookeeper","tiers":[["zk1:2181"]],"session_timeout":"10ms"}"#, "session_timeout"),
            (r#"{"kind":"zookeeper","tiers":[["zk1:2181"]],"chroot":"a"}"#, "coordination.chroot"),
            (r#"{"kind":"zookeeper","tiers":[["zk1:2181"]],"sesion":"10s"}"#, "sesion"),
            (r#"{"kind":"embedded","dir":"/x","tiers":[]}"#, "tiers"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
