//! What the source is asked and told while a pipe runs, over connections of their own: where its log ends, what it keeps of
//! it, and the heartbeat rows of a task that wants them. Trouble with any of it stops nothing.

use crate::pipe::held::Held;
use crate::producer::{self, Head, KeptLogs, ReadFrom, SourceHead};
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::ProducerSpec;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the source is asked where its log ends.
const HEAD_INTERVAL: Duration = Duration::from_secs(1);

/// How long an answer may take. A source that is frozen would else leave its last one standing as if it were true.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How often the source is asked what it keeps of its log.
const KEPT_INTERVAL: Duration = Duration::from_secs(60);

/// How long a source is left alone that did not answer, or took no heartbeat.
const RETRY: Duration = Duration::from_secs(5);

/// Where the source's log ended when it was asked.
#[derive(Debug, Clone)]
pub(super) struct HeadSeen {
    pub at: SourceHead,
    pub answered: Instant,
}

/// The last answers. Dropping it ends the asking.
pub(super) struct SourceAsked {
    head: watch::Receiver<Option<HeadSeen>>,
    kept: watch::Receiver<Option<KeptLogs>>,
    heartbeats: watch::Receiver<Result<bool, Failure>>,
    _workers: [Held<()>; 2],
}

impl SourceAsked {
    /// Asks the host that the pipe reads from.
    pub(super) fn start(task: &TaskName, spec: &ProducerSpec, from: ReadFrom) -> Self {
        let (heads, head) = watch::channel(None);
        let (keeps, kept) = watch::channel(None);
        let (beats, heartbeats) = watch::channel(Ok(false));
        let asking = ask(task.clone(), from.clone(), heads, keeps);
        let beating = beat(task.clone(), spec.clone(), from, beats);
        Self { head, kept, heartbeats, _workers: [Held::start(asking), Held::start(beating)] }
    }

    /// Where the log ends; `None` while there is no answer that is still true.
    pub(super) fn head(&self) -> Option<HeadSeen> {
        self.head.borrow().clone()
    }

    /// What the source keeps of its log, as last asked.
    pub(super) fn kept(&self) -> Option<KeptLogs> {
        self.kept.borrow().clone()
    }

    /// Whether heartbeat rows are written, or why not. `false` before the first, and where none are wanted.
    pub(super) fn heartbeats(&self) -> Result<bool, Failure> {
        self.heartbeats.borrow().clone()
    }
}

async fn ask(
    task: TaskName,
    from: ReadFrom,
    answers: watch::Sender<Option<HeadSeen>>,
    keeps: watch::Sender<Option<KeptLogs>>,
) {
    let mut head = producer::build_head(from).await;
    let mut next_kept = Instant::now();
    loop {
        let pause = match in_time(head.ask()).await {
            Ok(at) => {
                answers.send_replace(Some(HeadSeen { at, answered: Instant::now() }));
                if Instant::now() >= next_kept {
                    keeps.send_replace(ask_what_is_kept(&task, &mut *head).await);
                    next_kept = Instant::now() + KEPT_INTERVAL;
                }
                HEAD_INTERVAL
            }
            Err(failure) => {
                tracing::debug!(%task, reason = failure.reason, "the source did not say where its log ends");
                answers.send_replace(None);
                RETRY
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn ask_what_is_kept(task: &TaskName, head: &mut dyn Head) -> Option<KeptLogs> {
    match in_time(head.kept()).await {
        Ok(kept) => Some(kept),
        Err(failure) => {
            tracing::debug!(%task, reason = failure.reason, "the source did not say what it keeps of its log");
            None
        }
    }
}

async fn beat(task: TaskName, spec: ProducerSpec, from: ReadFrom, beats: watch::Sender<Result<bool, Failure>>) {
    let Some(every) = spec.lag_heartbeat else { return };
    let mut heart = producer::build_heart(&task, &spec, from).await;
    let mut ticks = interval(every.duration());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        if let Err(failure) = in_time(heart.beat()).await {
            let failure = producer::heartbeat_not_written(failure);
            if beats.borrow().is_ok() {
                tracing::warn!(%task, reason = failure.reason, hint = failure.hint, "no heartbeat row is written");
            }
            beats.send_modify(|state| *state = Err(failure));
            tokio::time::sleep(RETRY).await;
        } else {
            beats.send_if_modified(|state| std::mem::replace(state, Ok(true)).is_err());
        }
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::transient(
            "source_silent",
            format!("the source gives no answer within {ANSWER_TIMEOUT:?}"),
            "is the source up, does the network work?",
        )),
    }
}
