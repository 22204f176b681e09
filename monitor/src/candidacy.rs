//! Which of several Monitors acts: the one with the smallest sequence under `monitors/`. The others watch as well, and
//! tell nobody.

use bytes::Bytes;
use replicator_coordination::election::{self, Election};
use replicator_coordination::error::CoordinationError;
use replicator_coordination::layout;
use replicator_coordination::session::Session;
use replicator_coordination::store::{CreateMode, StoreError};
use serde::Serialize;

/// The data of a Monitor's node: for people who look at the tree.
#[derive(Debug, Serialize)]
struct MonitorNode<'a> {
    v: u32,
    monitor: &'a str,
    version: &'static str,
    since_us: i64,
}

/// One session's place in the line of Monitors.
#[derive(Debug, Default)]
pub struct Candidacy {
    own: Option<String>,
    /// A create was not answered: there may be a node of ours that we don't know the name of.
    in_doubt: bool,
}

impl Candidacy {
    /// Takes a place in the line if this session has none, and answers whether it is the first. A place whose making
    /// was not answered is found again by its owner, so that a session never has two.
    pub async fn leads(&mut self, session: &Session, monitor: &str, now_us: i64) -> Result<bool, CoordinationError> {
        let line = session.store().list(&layout::monitors()).await?;
        if let Some(own) = &self.own {
            match election::decide(&line, own) {
                Election::Running => return Ok(true),
                Election::Standby { .. } => return Ok(false),
                Election::Missing => self.own = None,
            }
        }
        if self.in_doubt {
            session.store().sync().await?;
        }
        self.own = match self.find(session).await? {
            Some(own) => Some(own),
            None => Some(self.join(session, monitor, now_us).await?),
        };
        self.in_doubt = false;
        let line = session.store().list(&layout::monitors()).await?;
        Ok(self.own.as_ref().is_some_and(|own| election::decide(&line, own) == Election::Running))
    }

    async fn find(&self, session: &Session) -> Result<Option<String>, CoordinationError> {
        for name in session.store().list(&layout::monitors()).await? {
            let Ok(path) = layout::monitors().child(&name) else { continue };
            let node = session.store().read(&path).await?;
            if node.is_some_and(|node| node.owner == Some(session.id())) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    async fn join(&mut self, session: &Session, monitor: &str, now_us: i64) -> Result<String, CoordinationError> {
        let node = MonitorNode { v: 1, monitor, version: env!("CARGO_PKG_VERSION"), since_us: now_us };
        let data = serde_json::to_vec(&node).map(Bytes::from).unwrap_or_default();
        let made =
            session.store().create(&layout::monitor_prefix(monitor), data, CreateMode::EphemeralSequential).await;
        self.in_doubt = matches!(made, Err(StoreError::Ambiguous { .. }));
        Ok(made?.name().to_owned())
    }
}
