//! Which of several Monitors acts: the one with the smallest sequence under `monitors/`. The others watch as well, and
//! tell nobody.

use bytes::Bytes;
use replicator_coordination::election::{self, Election};
use replicator_coordination::error::CoordinationError;
use replicator_coordination::layout;
use replicator_coordination::session::Session;
use replicator_coordination::store::{CreateMode, Expected, StoreError};
use replicator_model::monitor::MonitorInfo;
use replicator_model::stored::Stored;
use std::time::Duration;
use tokio::time::Instant;

/// How often a Monitor shows that it does its work.
const SHOW_INTERVAL: Duration = Duration::from_secs(5);

/// One session's place in the line of Monitors.
#[derive(Debug, Default)]
pub struct Candidacy {
    own: Option<String>,
    since_us: i64,
    shown: Option<(Instant, bool)>,
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
        (self.since_us, self.shown) = (now_us, None);
        let data = self.data(monitor, false, now_us)?;
        let made =
            session.store().create(&layout::monitor_prefix(monitor), data, CreateMode::EphemeralSequential).await;
        self.in_doubt = matches!(made, Err(StoreError::Ambiguous { .. }));
        Ok(made?.name().to_owned())
    }
    fn data(&self, monitor: &str, leads: bool, now_us: i64) -> Result<Bytes, CoordinationError> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let info =
            MonitorInfo { monitor: monitor.to_owned(), version, since_us: self.since_us, evaluated_us: now_us, leads };
        let unwritable = |problem| CoordinationError::Unwritable { what: MonitorInfo::WHAT, problem };
        Ok(Bytes::from(info.to_stored().map_err(unwritable)?))
    }

    /// Shows in the own node that everything was just looked at, and who tells people: at once if that changed, else
    /// every few seconds.
    pub async fn show(
        &mut self,
        session: &Session,
        monitor: &str,
        leads: bool,
        now_us: i64,
    ) -> Result<(), CoordinationError> {
        let now = Instant::now();
        if self.shown.is_some_and(|(at, led)| led == leads && now.duration_since(at) < SHOW_INTERVAL) {
            return Ok(());
        }
        let Some(own) = &self.own else { return Ok(()) };
        let data = self.data(monitor, leads, now_us)?;
        match session.store().write(&layout::monitor(own), data, Expected::Any).await {
            Ok(_) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.shown = Some((now, leads));
        Ok(())
    }
}
