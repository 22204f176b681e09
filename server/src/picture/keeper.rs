//! Keeps the picture: reads again every half second, and at once for whoever needs to see what was just written.

use super::moment::Moment;
use super::reader::Reader;
use crate::problem::ApiError;
use crate::sessions::Sessions;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::session::Session;
use replicator_coordination::store::{SessionId, StoreError};
use replicator_model::instance::ServerInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often the tree is looked at when nobody asks.
const PERIOD: Duration = Duration::from_millis(500);

/// The picture of the moment, or why there is none.
#[derive(Clone)]
pub(crate) struct Shown {
    /// Whoever asked before this many had asked is answered by it.
    answers: u64,
    pub(crate) picture: Result<Arc<Moment>, CoordinationError>,
}

/// Gives the picture out. Cheap to clone; all see the same.
#[derive(Clone)]
pub(crate) struct Pictures {
    shown: watch::Receiver<Shown>,
    questions: Arc<Questions>,
}

#[derive(Default)]
struct Questions {
    asked: AtomicU64,
    wake: Notify,
}

/// The worker behind [`Pictures`].
pub(crate) struct PictureKeeper {
    sessions: Sessions,
    shown: watch::Sender<Shown>,
    questions: Arc<Questions>,
    server: ServerInfo,
}

pub(crate) fn keep(sessions: Sessions, server: ServerInfo) -> (Pictures, PictureKeeper) {
    let reason = "nothing has been read yet".to_owned();
    let none = Shown { answers: 0, picture: Err(StoreError::Unreachable { reason }.into()) };
    let (sender, shown) = watch::channel(none);
    let questions = Arc::new(Questions::default());
    let keeper = PictureKeeper { sessions, shown: sender, questions: Arc::clone(&questions), server };
    (Pictures { shown, questions }, keeper)
}

impl Pictures {
    /// The picture as it is now: it shows all that was written before this call.
    pub(crate) async fn fresh(&self) -> Result<Arc<Moment>, ApiError> {
        let question = self.questions.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.questions.wake.notify_one();
        let mut shown = self.shown.clone();
        let answered = shown.wait_for(|shown| shown.answers >= question).await;
        let ended = |_| CoordinationError::Store(StoreError::Unreachable { reason: "the Server ends".to_owned() });
        Ok(answered.map_err(ended)?.picture.clone()?)
    }

    /// Changes with every look.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Shown> {
        self.shown.clone()
    }
}

impl PictureKeeper {
    /// Runs until `shutdown`. Every session that it sees is also told that this Server is there.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut reader = Reader::default();
        let mut registered: Option<SessionId> = None;
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = self.questions.wake.notified() => {}
                _ = ticks.tick() => {}
            }
            let answers = self.questions.asked.load(Ordering::SeqCst);
            let picture = tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                picture = self.look(&mut reader, &mut registered) => picture,
            };
            drop(self.shown.send_replace(Shown { answers, picture: picture.map(Arc::new) }));
        }
    }

    async fn look(&self, reader: &mut Reader, registered: &mut Option<SessionId>) -> Result<Moment, CoordinationError> {
        let session = self.sessions.get().await?;
        if *registered != Some(session.id()) {
            session.register_server(&self.server).await?;
            *registered = Some(session.id());
        }
        Ok(reader.read(&session, now_us(&session)).await?)
    }
}

fn now_us(session: &Session) -> i64 {
    (session.surroundings().wall_clock_us)()
}
