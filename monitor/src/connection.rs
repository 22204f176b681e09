//! The session with the coordination service. A new one is made beside the evaluation, so that a service that does not
//! answer makes nobody wait.

use replicator_coordination::error::CoordinationError;
use replicator_coordination::session::{Coordination, Session};
use replicator_coordination::store::SessionState;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long one evaluation waits for a session that is being made.
const PATIENCE: Duration = Duration::from_millis(500);

/// On the way out, how long the service may take to hear that the session is over.
const CLOSE_MAX: Duration = Duration::from_secs(2);

pub(crate) struct Connection {
    coordination: Coordination,
    session: Option<Session>,
    attempt: Option<JoinHandle<Result<Session, CoordinationError>>>,
    /// Why the last attempt failed.
    problem: Option<String>,
}

impl Connection {
    pub(crate) fn new(coordination: Coordination) -> Self {
        Self { coordination, session: None, attempt: None, problem: None }
    }

    /// The session that lives, or why there is none yet.
    pub(crate) async fn session(&mut self) -> Result<Session, String> {
        if let Some(session) = self.session.as_ref().filter(|session| session.state() != SessionState::Expired) {
            return Ok(session.clone());
        }
        self.session = None;
        let coordination = self.coordination.clone();
        let attempt = self.attempt.get_or_insert_with(|| tokio::spawn(async move { coordination.connect().await }));
        let Ok(made) = timeout(PATIENCE, attempt).await else {
            return Err(self.problem.clone().unwrap_or_else(|| "still connecting".to_owned()));
        };
        self.attempt = None;
        match made {
            Ok(Ok(session)) => {
                tracing::info!(session = %session.id(), "connected to the coordination service");
                (self.session, self.problem) = (Some(session.clone()), None);
                Ok(session)
            }
            Ok(Err(error)) => {
                self.problem = Some(error.to_string());
                Err(error.to_string())
            }
            Err(error) => Err(format!("the attempt to connect ended: {error}")),
        }
    }

    /// The session, if there is one, without trying for another.
    pub(crate) fn current(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    pub(crate) fn forget(&mut self) {
        self.session = None;
    }

    /// Lets the next Monitor lead at once.
    pub(crate) async fn close(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            attempt.abort();
        }
        if let Some(session) = self.session.take() {
            timeout(CLOSE_MAX, session.close()).await.ok();
        }
    }
}
