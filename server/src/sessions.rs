//! Keeps a session of the coordination service at hand, and makes a new one when it has expired.

use replicator_coordination::error::CoordinationError;
use replicator_coordination::session::{Coordination, Session};
use replicator_coordination::store::{SessionState, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Waits between two tries to get a session.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(3);

/// How long a request waits for a session.
const PATIENCE: Duration = Duration::from_secs(1);

/// The session of the moment, or why there is none. Cheap to clone; all see the same.
#[derive(Clone)]
pub(crate) struct Sessions {
    current: watch::Receiver<Result<Session, Arc<str>>>,
}

/// The worker that fills [`Sessions`].
pub(crate) struct SessionKeeper {
    coordination: Coordination,
    current: watch::Sender<Result<Session, Arc<str>>>,
}

pub(crate) fn keep(coordination: Coordination) -> (Sessions, SessionKeeper) {
    let (sender, receiver) = watch::channel(Err(Arc::from("no session has been made yet")));
    (Sessions { current: receiver }, SessionKeeper { coordination, current: sender })
}

impl Sessions {
    /// The session. Where there is none, one that is just being made is waited for, a moment only.
    pub(crate) async fn get(&self) -> Result<Session, CoordinationError> {
        let mut current = self.current.clone();
        let made = current.wait_for(|current| matches!(current, Ok(session) if is_alive(session)));
        let reason = match timeout(PATIENCE, made).await {
            Ok(Ok(current)) => match &*current {
                Ok(session) => return Ok(session.clone()),
                Err(reason) => reason.to_string(),
            },
            Ok(Err(_)) => "the Server ends".to_owned(),
            Err(_) => match &*self.current.borrow() {
                Ok(_) => "the session has expired and a new one is being made".to_owned(),
                Err(reason) => reason.to_string(),
            },
        };
        Err(StoreError::Unreachable { reason }.into())
    }

    /// Whether the service is heard right now.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(&*self.current.borrow(), Ok(session) if session.state() == SessionState::Connected)
    }
}

fn is_alive(session: &Session) -> bool {
    session.state() != SessionState::Expired
}

impl SessionKeeper {
    /// Runs until `shutdown`, then ends the session.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut pause = PAUSE_MIN;
        while !shutdown.is_cancelled() {
            let connecting = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                result = self.coordination.connect() => result,
            };
            match connecting {
                Ok(session) => {
                    tracing::info!(session = %session.id(), "coordination session made");
                    pause = PAUSE_MIN;
                    drop(self.current.send_replace(Ok(session.clone())));
                    tokio::select! {
                        biased;
                        () = shutdown.cancelled() => session.close().await,
                        () = session.expired() => tracing::warn!("coordination session expired; making a new one"),
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "no coordination session; trying again");
                    drop(self.current.send_replace(Err(Arc::from(error.to_string()))));
                    tokio::select! {
                        biased;
                        () = shutdown.cancelled() => {}
                        () = sleep(pause) => {}
                    }
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }
}
