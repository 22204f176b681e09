//! The first start: while there is no user, a one-time token is printed with which the first one is made.

use super::{Access, audit, opaque, sign_in};
use crate::problem::ApiError;
use crate::sessions::Sessions;
use replicator_coordination::session::Session;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How often sessions that are over are looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(600);
/// How often the coordination service is asked again after it did not answer.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// Shows the token's hash in the tree under each session of the coordination service, as long as it is needed, and
/// keeps the sessions of users tidy.
pub(crate) struct Doorkeeper {
    pub(crate) access: Arc<Access>,
    pub(crate) sessions: Sessions,
    pub(crate) token: SetupToken,
    /// What the link that is printed begins with.
    pub(crate) url: String,
}

/// The one-time token of this Server.
#[derive(Clone)]
pub(crate) struct SetupToken {
    pub(crate) text: String,
    /// Whoever gave it knows it: it is not printed.
    pub(crate) is_given: bool,
}

impl SetupToken {
    pub(crate) fn new(given: Option<String>) -> Result<Self, opaque::Unrandom> {
        let is_given = given.is_some();
        let text = match given {
            Some(text) => text,
            None => opaque::secret()?,
        };
        Ok(Self { text, is_given })
    }

    pub(crate) fn hash(&self) -> String {
        opaque::hash(&self.text)
    }

    /// Where the first user is made.
    pub(crate) fn link(&self, url: &str) -> String {
        format!("{url}/setup#token={}", self.text)
    }
}

impl Doorkeeper {
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => {}
            () = self.keep() => {}
        }
    }

    async fn keep(self) {
        let mut printed = false;
        loop {
            let Ok(session) = self.sessions.get().await else {
                sleep(RETRY_EVERY).await;
                continue;
            };
            match self.let_the_first_in(&session, &mut printed).await {
                Ok(()) => self.tidy_until_expired(&session).await,
                Err(error) => {
                    tracing::warn!(%error, "the first user's token could not be shown; trying again");
                    sleep(RETRY_EVERY).await;
                }
            }
        }
    }

    async fn let_the_first_in(&self, session: &Session, printed: &mut bool) -> Result<(), ApiError> {
        if session.has_users().await? {
            return Ok(());
        }
        session.show_setup_token(&self.token.hash()).await?;
        if !*printed && !self.token.is_given {
            tracing::warn!("there is no user yet; make the first one at {}", self.token.link(&self.url));
            *printed = true;
        }
        Ok(())
    }

    async fn tidy_until_expired(&self, session: &Session) {
        loop {
            tokio::select! {
                biased;
                () = session.expired() => return,
                () = sleep(PRUNE_EVERY) => {}
            }
            let pruned = match sign_in::prune(&self.access, session).await {
                Ok(()) => audit::prune(session).await,
                failed => failed,
            };
            if let Err(error) = pruned {
                tracing::warn!(%error, "sessions that are over, or old days of the audit, could not be forgotten; trying again later");
            }
        }
    }
}
