//! Whether somebody who was let in still would be: what goes on for hours, such as a stream of events, ends with the
//! session or the token that it was begun with.

use super::caller::{Caller, Credential};
use super::{Access, identify};
use crate::sessions::Sessions;
use replicator_coordination::layout;
use replicator_coordination::watching::Topic;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How often it is looked at in any case: what ends by its time alone shows in no node.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(15);
/// How often the coordination service is asked again after it did not answer.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// Ready when the caller's session or token is good no longer: at once where it is ended, or its user changed, through
/// whatever Server. While the tree can't be read nothing is known to have ended.
pub(crate) async fn lost(access: Arc<Access>, sessions: Sessions, caller: Caller) {
    let credential = match &caller.credential {
        Credential::Session(hash) => layout::sign_in(hash),
        Credential::Token(id) => layout::token(id),
    };
    let topics = [Topic::Node(credential), Topic::Node(layout::user(&caller.user))];
    loop {
        if let Ok(session) = sessions.get().await {
            let mut changes = session.changes(topics.clone(), LOOKED_AT_EVERY);
            while changes.next().await.is_ok() {
                match identify::is_still_good(&access, &session, &caller).await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => tracing::debug!(%error, "whether a stream may go on is not known"),
                }
            }
        }
        sleep(RETRY_EVERY).await;
    }
}
