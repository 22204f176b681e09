//! One Core process: shows itself in its group, walks the group's tasks, and keeps a supervisor for each that it
//! takes part in.

use crate::admin::Admin;
use crate::config::{Config, ConfigError};
use crate::metrics::CoreMetrics;
use crate::supervisor::Supervisor;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::scan::{GroupView, LeaveReason, Shortages, Step, decide};
use replicator_coordination::session::{Coordination, Session};
use replicator_coordination::standby::GoneReason;
use replicator_coordination::store::SessionState;
use replicator_coordination::watching::Topic;
use replicator_model::instance::CoreInfo;
use replicator_model::name::{CoreName, TaskName};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Pause before another session is asked for.
const CONNECT_AGAIN: Duration = Duration::from_secs(1);

/// Pause after the tree could not be read.
const SCAN_AGAIN: Duration = Duration::from_millis(500);

/// How long a Core waits for its tasks to let go when it is shut down. Then their sessions end anyway.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// A Core. Made by [`Config::build`].
pub struct Core {
    config: Config,
    name: CoreName,
    host: String,
    coordination: Coordination,
    metrics: CoreMetrics,
    not_ready: watch::Sender<Option<String>>,
    since_us: i64,
    admin_address: OnceLock<SocketAddr>,
}

/// A supervisor at work.
struct Supervised {
    stop: CancellationToken,
    worker: JoinHandle<GoneReason>,
}

impl Core {
    pub(crate) fn new(config: Config, name: CoreName, host: String, coordination: Coordination) -> Self {
        let since_us = (replicator_coordination::session::Surroundings::real().wall_clock_us)();
        let not_ready = watch::Sender::new(Some("not connected to the coordination service yet".into()));
        Self {
            config,
            name,
            host,
            coordination,
            metrics: CoreMetrics::default(),
            not_ready,
            since_us,
            admin_address: OnceLock::new(),
        }
    }

    /// What `/metrics` shows, for a program that shows it itself too.
    pub fn metrics(&self) -> CoreMetrics {
        self.metrics.clone()
    }

    /// Runs until `shutdown`, then hands its tasks over and leaves. Trouble with the coordination service never ends
    /// it; only a listener that can't be opened does.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), ConfigError> {
        let admin = Admin { metrics: self.metrics.clone(), not_ready: self.not_ready.subscribe() };
        let listen = self.config.admin.listen;
        let refused = |error: std::io::Error| ConfigError::Invalid(format!("`admin.listen` {listen}: {error}"));
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        // Port 0 is any free one: what others are told is the one that was taken.
        self.admin_address.set(listener.local_addr().map_err(refused)?).ok();
        tokio::select! {
            biased;
            served = admin.serve(listener, CancellationToken::new()) => {
                let problem = served.err().map_or_else(|| "it ended".into(), |error| error.to_string());
                Err(ConfigError::Invalid(format!("`admin.listen` {listen}: {problem}")))
            }
            () = self.take_part(&shutdown) => Ok(()),
        }
    }

    /// One session after the other.
    async fn take_part(&self, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            let connected = tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                connected = self.coordination.connect() => connected,
            };
            match connected {
                Ok(session) => {
                    tracing::info!(core = %self.name, session = %session.id(), "connected to the coordination service");
                    self.hold_session(&session, shutdown).await;
                    session.close().await;
                }
                Err(error) => {
                    let failure = error.failure();
                    tracing::warn!(
                        reason = failure.reason,
                        hint = failure.hint,
                        "no coordination service; tries again"
                    );
                    self.show_ready(Some(failure.reason));
                }
            }
            self.metrics.session(false);
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(CONNECT_AGAIN) => {}
            }
        }
    }

    /// Walks the group's tasks until the session is over or `shutdown`.
    async fn hold_session(&self, session: &Session, shutdown: &CancellationToken) {
        let mut supervised: BTreeMap<TaskName, Supervised> = BTreeMap::new();
        let mut shortages = Shortages::default();
        let mut changes = session.changes(self.topics(&GroupView::default()), self.config.scan_period.duration());
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                () = session.expired() => break,
                moment = changes.next() => if moment.is_err() { break },
            }
            self.reap(&mut supervised).await;
            match self.scan(session, &mut supervised, &mut shortages).await {
                Ok(view) => changes.set_topics(self.topics(&view)),
                Err(error) if error.is_expired() => break,
                Err(error) => {
                    let failure = error.failure();
                    tracing::warn!(reason = failure.reason, hint = failure.hint, "the group's tasks can't be read");
                    self.show_ready(Some(failure.reason));
                    tokio::time::sleep(SCAN_AGAIN).await;
                }
            }
        }
        self.stop_all(supervised, session, shutdown).await;
    }

    fn topics(&self, view: &GroupView) -> Vec<Topic> {
        let group = &self.config.group;
        let mut topics = vec![Topic::GroupTasks(group.clone()), Topic::GroupCores(group.clone())];
        for task in view.tasks.keys() {
            topics.push(Topic::Desired(task.clone()));
            topics.push(Topic::Instances(task.clone()));
            topics.push(Topic::Spec(task.clone()));
        }
        topics
    }

    /// One walk: shows this Core, looks at the group, and does what the rules say.
    async fn scan(
        &self,
        session: &Session,
        supervised: &mut BTreeMap<TaskName, Supervised>,
        shortages: &mut Shortages,
    ) -> Result<GroupView, CoordinationError> {
        session.register_core(&self.info(supervised.len())).await?;
        let mut view = session.group_view(&self.config.group).await?;
        shortages.note(&mut view, Instant::now());
        for step in decide(&view, &self.name, self.config.scan_period.duration()) {
            match step {
                Step::Join { task } => {
                    if !supervised.contains_key(&task) {
                        supervised.insert(task.clone(), self.supervise(session, &task));
                    }
                }
                Step::Leave { task, reason } => self.release(&task, reason, supervised),
            }
        }
        // A task that was deleted is not on the list any more; its supervisor finds out by itself.
        self.metrics.session(session.state() == SessionState::Connected);
        self.metrics.tasks(supervised.len());
        self.show_ready(None);
        Ok(view)
    }

    fn info(&self, load: usize) -> CoreInfo {
        CoreInfo {
            core: self.name.clone(),
            host: self.host.clone(),
            group: self.config.group.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            capacity: self.config.capacity,
            load: u32::try_from(load).unwrap_or(u32::MAX),
            admin: self.admin_address.get().map(ToString::to_string),
            since_us: self.since_us,
        }
    }

    fn supervise(&self, session: &Session, task: &TaskName) -> Supervised {
        tracing::info!(core = %self.name, %task, "joins the task");
        let stop = CancellationToken::new();
        let supervisor = Supervisor {
            session: session.clone(),
            task: task.clone(),
            core: self.name.clone(),
            host: self.host.clone(),
            metrics: self.metrics.task(task),
        };
        Supervised { worker: tokio::spawn(supervisor.run(stop.clone())), stop }
    }

    fn release(&self, task: &TaskName, reason: LeaveReason, supervised: &mut BTreeMap<TaskName, Supervised>) {
        if let Some(running) = supervised.get(task).filter(|running| !running.stop.is_cancelled()) {
            tracing::info!(core = %self.name, %task, ?reason, "leaves the task");
            running.stop.cancel();
        }
    }

    /// Forgets supervisors that have ended; the next walk joins anew where that is wanted.
    async fn reap(&self, supervised: &mut BTreeMap<TaskName, Supervised>) {
        let ended: Vec<TaskName> = supervised
            .iter()
            .filter(|(_, running)| running.worker.is_finished())
            .map(|(task, _)| task.clone())
            .collect();
        for task in ended {
            let Some(running) = supervised.remove(&task) else { continue };
            self.metrics.task(&task).forget();
            if let Err(error) = running.worker.await {
                tracing::error!(%task, %error, "the supervisor broke off; report it with the log of this moment");
            }
        }
    }

    /// On `shutdown` every task is drained and handed over. When the session is over there is nothing to hand over,
    /// and each supervisor ends by its lease's clock; cutting it off is safe at any moment.
    async fn stop_all(
        &self,
        supervised: BTreeMap<TaskName, Supervised>,
        session: &Session,
        shutdown: &CancellationToken,
    ) {
        self.show_ready(Some("the session is over".into()));
        if !shutdown.is_cancelled() {
            tracing::warn!(core = %self.name, "the session with the coordination service is over; all leases are dropped");
        }
        let deadline = Instant::now() + STOP_TIMEOUT;
        supervised.values().for_each(|running| running.stop.cancel());
        for (task, mut running) in supervised {
            let handed_over =
                shutdown.is_cancelled() && tokio::time::timeout_at(deadline, &mut running.worker).await.is_ok();
            if !handed_over {
                running.worker.abort();
                let _ended = (&mut running.worker).await;
            }
            self.metrics.task(&task).forget();
        }
        if shutdown.is_cancelled() {
            // The session's end does it as well, only later.
            if let Err(error) = session.unregister_core(&self.config.group, &self.name).await {
                tracing::debug!(%error, "this Core was not taken out of its group");
            }
        }
    }

    fn show_ready(&self, reason: Option<String>) {
        self.not_ready.send_if_modified(|now| {
            let changed = *now != reason;
            *now = reason;
            changed
        });
    }
}

/// Cancels `shutdown` on SIGTERM or SIGINT.
pub fn shut_down_on_signals(shutdown: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    tokio::spawn(async move {
        let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
        match (terminate, interrupt) {
            (Ok(mut terminate), Ok(mut interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!("shuts down");
                shutdown.cancel();
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "signals can't be heard; only kill -9 ends this process")
            }
        }
    });
}
