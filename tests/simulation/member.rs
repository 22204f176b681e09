//! A Core of the simulation: the real recipes (scan, candidate, lease, commit) with a scripted producer and a model
//! target in the place of MySQL.

use crate::history::{Event, History};
use crate::target::{Server, Target, TargetError};
use crate::world::{Plant, core_name, group, task_name};
use parking_lot::Mutex;
use replicator_coordination::lease::Lease;
use replicator_coordination::lease_clock::LeaseClock;
use replicator_coordination::scan::{Shortages, Step, decide};
use replicator_coordination::session::{Coordination, Session};
use replicator_coordination::signal::Signal;
use replicator_coordination::standby::{Candidate, RoleChange};
use replicator_coordination::store::Expected;
use replicator_coordination::watching::Topic;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::epoch::Epoch;
use replicator_model::instance::CoreInfo;
use replicator_model::position::Position;
use replicator_model::stored::Stored;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The source commits one transaction in so long.
pub(crate) const TRANSACTION_EVERY: Duration = Duration::from_millis(300);
const BATCH_TRANSACTIONS_MAX: u64 = 20;
const CHECKPOINT_EVERY: Duration = Duration::from_millis(1000);
const SCAN_EVERY: Duration = Duration::from_secs(5);
const RETRY_PAUSE: Duration = Duration::from_millis(300);

/// One process's view of the world.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) process: usize,
    pub(crate) coordination: Coordination,
    pub(crate) servers: Arc<Vec<Server>>,
    pub(crate) history: History,
    pub(crate) plant: Plant,
    /// Every lease that ever began, for whoever looks at all clocks at once.
    pub(crate) clocks: Arc<Mutex<Vec<(usize, Epoch, LeaseClock)>>>,
    /// Asks for a clean end.
    pub(crate) shutdown: Signal<bool>,
}

type Joined = Arc<Mutex<BTreeMap<usize, Signal<bool>>>>;

/// How many transactions the source has committed.
pub(crate) fn transactions_at(time: Duration) -> u64 {
    (time.as_millis() / TRANSACTION_EVERY.as_millis()) as u64
}

impl Member {
    /// Runs until killed or shut down, over any number of sessions.
    pub(crate) async fn run(self) {
        let shutdown = self.shutdown.listen();
        while !shutdown.get() {
            let Ok(session) = self.coordination.connect().await else {
                sleep(RETRY_PAUSE).await;
                continue;
            };
            let joined = Joined::default();
            tokio::select! {
                biased;
                () = session.expired() => {}
                _ = shutdown.wait_for(|wanted| wanted) => {
                    joined.lock().values().for_each(|leave| leave.set(true));
                    while !joined.lock().is_empty() && session.state() != replicator_coordination::store::SessionState::Expired {
                        sleep(Duration::from_millis(10)).await;
                    }
                    session.close().await;
                }
                () = self.scan(&session, &joined) => {}
            }
        }
    }

    /// Registers the Core and walks its group whenever something may have changed.
    async fn scan(&self, session: &Session, joined: &Joined) {
        let info = CoreInfo {
            core: core_name(self.process),
            host: format!("host{}", self.process),
            group: group(),
            version: String::new(),
            capacity: 10,
            load: 0,
            admin: None,
            since_us: 0,
        };
        while session.register_core(&info).await.is_err() {
            sleep(RETRY_PAUSE).await;
        }
        let tasks = (0..self.servers.len()).map(task_name);
        let topics = tasks.flat_map(|task| [Topic::Desired(task.clone()), Topic::Instances(task)]);
        let topics = topics.chain([Topic::GroupTasks(group()), Topic::GroupCores(group())]);
        let mut changes = session.changes(topics, SCAN_EVERY);
        let mut shortages = Shortages::default();
        while changes.next().await.is_ok() {
            let Ok(mut view) = session.group_view(&group()).await else {
                sleep(RETRY_PAUSE).await;
                continue;
            };
            shortages.note(&mut view, Instant::now());
            for step in decide(&view, &info.core, SCAN_EVERY) {
                self.follow(session, joined, &step);
            }
        }
    }

    fn follow(&self, session: &Session, joined: &Joined, step: &Step) {
        let (Step::Join { task: name } | Step::Leave { task: name, .. }) = step;
        let Some(task) = (0..self.servers.len()).find(|task| task_name(*task) == *name) else { return };
        match step {
            Step::Join { .. } if !joined.lock().contains_key(&task) => {
                let leave = Signal::new(false);
                joined.lock().insert(task, leave.clone());
                let (member, session, joined) = (self.clone(), session.clone(), Arc::clone(joined));
                session.surroundings().workers.clone().start(async move {
                    member.hold_place(&session, task, &leave).await;
                    joined.lock().remove(&task);
                });
            }
            Step::Join { .. } => {}
            Step::Leave { .. } => {
                if let Some(leave) = joined.lock().get(&task) {
                    leave.set(true);
                }
            }
        }
    }

    /// One place in a task's line, with the pipe while it is RUNNING.
    async fn hold_place(&self, session: &Session, task: usize, leave: &Signal<bool>) {
        let host = format!("host{}", self.process);
        let mut candidate = Candidate::enter(session, &task_name(task), &core_name(self.process), &host);
        let mut pipe: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(std::future::pending());
        let leaves = leave.listen();
        loop {
            tokio::select! {
                biased;
                _ = leaves.wait_for(|wanted| wanted) => {
                    // A planted defect hands over while its pipe still runs.
                    let zombie = std::mem::replace(&mut pipe, Box::pin(std::future::pending()));
                    if self.plant == Plant::WritesPastTheLease {
                        session.surroundings().workers.start(zombie);
                    } else {
                        drop(zombie);
                    }
                    return candidate.leave().await;
                }
                role = candidate.next() => match role {
                    RoleChange::Running(lease) => {
                        self.history.record(Event::Lease { task, epoch: lease.epoch(), process: self.process });
                        self.clocks.lock().push((task, lease.epoch(), lease.clock()));
                        pipe = Box::pin(self.clone().run_pipe(session.clone(), task, lease));
                    }
                    // A planted defect does not listen to its clock, and not to this either.
                    RoleChange::Standby { .. } if self.plant == Plant::IgnoresTheClock => {}
                    RoleChange::Standby { .. } => pipe = Box::pin(std::future::pending()),
                    RoleChange::Gone { .. } => return,
                },
                () = &mut pipe => pipe = Box::pin(std::future::pending()),
            }
        }
    }

    /// Carries transactions until the lease is lost.
    async fn run_pipe(self, session: Session, task: usize, lease: Lease) {
        let clock = lease.clock();
        let listens = !matches!(self.plant, Plant::IgnoresTheClock | Plant::WritesPastTheLease);
        let pipe = self.carry(&session, task, &lease, listens);
        tokio::select! {
            biased;
            _ = clock.lost(), if listens => {}
            () = pipe => {}
        }
    }

    async fn carry(&self, session: &Session, task: usize, lease: &Lease, listens: bool) {
        let (server, clock, epoch) = (&self.servers[task], lease.clock(), lease.epoch());
        let Some(mut applied) = self.starting_point(server, lease).await else { return };
        let mut recorded = Instant::now();
        loop {
            let available = transactions_at(self.history.time());
            if available <= applied {
                sleep(TRANSACTION_EVERY).await;
                continue;
            }
            let (from, to) = (applied + 1, available.min(applied + BATCH_TRANSACTIONS_MAX));
            if self.plant == Plant::CommitsBeforeItApplies {
                lease.commit(&self.checkpoint(epoch, to)).await.ok();
            }
            if listens && !clock.may_commit() {
                return;
            }
            match server.apply(epoch, from, to).await {
                Ok(_) => applied = to,
                Err(TargetError::Fenced) => return,
                // Where the target knows, ask it; where it doesn't, do it again.
                Err(TargetError::Ambiguous) => match self.starting_point_after(server, epoch, applied).await {
                    Some(point) => applied = point,
                    None => return,
                },
            }
            if recorded.elapsed() >= CHECKPOINT_EVERY {
                recorded = Instant::now();
                if !self.record(session, task, lease, applied).await {
                    return;
                }
            }
        }
    }

    /// The target's own memory, if it has one, beats `lastCommit`.
    async fn starting_point(&self, server: &Server, lease: &Lease) -> Option<u64> {
        let last_commit = lease.last_commit().await.map_or(0, |checkpoint| checkpoint.position.offset);
        self.starting_point_after(server, lease.epoch(), last_commit).await
    }

    async fn starting_point_after(&self, server: &Server, epoch: Epoch, known: u64) -> Option<u64> {
        while server.kind() == Target::KeepsCheckpoint {
            match server.fence(epoch).await {
                Ok(applied) => return Some(applied),
                Err(TargetError::Fenced) => return None,
                Err(TargetError::Ambiguous) => sleep(RETRY_PAUSE).await,
            }
        }
        Some(known)
    }

    /// Records what is durable. `false` ends the pipe.
    async fn record(&self, session: &Session, task: usize, lease: &Lease, applied: u64) -> bool {
        let checkpoint = self.checkpoint(lease.epoch(), applied);
        if self.plant == Plant::WritesPastTheLease {
            let path = replicator_coordination::layout::last_commit(&task_name(task));
            let Ok(data) = checkpoint.to_stored() else { return false };
            if session.store().write(&path, data.into(), Expected::Any).await.is_ok() {
                return true;
            }
        }
        match lease.commit(&checkpoint).await {
            Ok(()) => true,
            Err(error) => error.is_passing() || self.plant == Plant::WritesPastTheLease,
        }
    }

    fn checkpoint(&self, epoch: Epoch, offset: u64) -> Checkpoint {
        Checkpoint {
            epoch,
            server: "source".to_owned(),
            position: Position::new("bin.000001", offset),
            gtid_set: None,
            event_time_us: 0,
            written_at_us: 0,
        }
    }
}
