//! Hot standby for one task: a Core's place in the line, from joining it to leaving it.
//!
//! A worker holds the place: it joins, looks at the line, watches its predecessor only, takes the lease when it is
//! first, renews it, and takes part again when it lost it. The owner hears of roles, not of nodes.

use crate::election::{Election, decide};
use crate::error::CoordinationError;
use crate::layout;
use crate::lease::Lease;
use crate::path::Path;
use crate::session::Session;
use crate::store::{Expected, Operation, Scope, SessionState, StoreError, Watch};
use replicator_model::epoch::Epoch;
use replicator_model::instance::{InstanceInfo, Role};
use replicator_model::name::{CoreName, TaskName};
use replicator_model::status::Stage;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// Renewals in one session timeout.
const RENEWALS_PER_TIMEOUT: u32 = 5;
/// Even if nothing is heard, the line is looked at again after so many session timeouts.
const LOOK_AGAIN_TIMEOUTS: u32 = 1;
/// Pause after something went wrong that may pass, as a part of the session timeout.
const RETRY_PART: u32 = 20;
const COMMANDS_MAX: usize = 8;

/// What an instance is to do from now on. A newer one replaces an older one that was not yet heard.
#[derive(Debug, Clone)]
pub enum RoleChange {
    /// Run the task, from [`Lease::last_commit`] or the target's own checkpoint, until the lease's clock is lost. If
    /// another lease is still running here, stop that first.
    Running(Lease),
    /// Be warm and wait. `predecessor` is whom we wait for; none if we are first and the lease lapsed or is being taken.
    Standby { predecessor: Option<String> },
    /// No longer in the line, for good: this was the last word. Enter anew if the task is still wanted here.
    Gone { reason: GoneReason },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GoneReason {
    #[error("it left by itself")]
    Left,
    #[error("the session has expired")]
    SessionExpired,
    #[error("the task was deleted")]
    TaskDeleted,
    #[error("somebody removed its node from the line")]
    Removed,
    #[error("{0}")]
    Failed(CoordinationError),
}

/// A place in a task's line. Dropping it gives the place up as [`Candidate::leave`] does, without waiting.
pub struct Candidate {
    roles: watch::Receiver<Option<RoleChange>>,
    commands: mpsc::Sender<Command>,
}

enum Command {
    Describe { spec_version: Option<u64>, stage: Stage, fence_rejections: u64 },
    Leave { done: oneshot::Sender<()> },
}

impl Candidate {
    /// Joins the line of `task` for `core` on `host`. Answers at once; what becomes of it is told by
    /// [`Candidate::next`]. One session has one candidate for a task at a time.
    pub fn enter(session: &Session, task: &TaskName, core: &CoreName, host: &str) -> Self {
        let (roles, receiver) = watch::channel(None);
        let (commands, command_receiver) = mpsc::channel(COMMANDS_MAX);
        let info = InstanceInfo {
            core: core.clone(),
            host: host.to_owned(),
            role: Role::Standby,
            epoch: Epoch::NONE,
            spec_version: None,
            since_us: session.now_us(),
            stage: Stage::Standby,
            fence_rejections: 0,
            guid: (session.surroundings().unique)(),
        };
        let place = Place { session: session.clone(), task: task.clone(), info, roles, commands: command_receiver };
        session.surroundings().workers.start(place.hold());
        Self { roles: receiver, commands }
    }

    /// The next role. After `Gone` it waits for ever. Can be dropped and called again without missing the latest role.
    pub async fn next(&mut self) -> RoleChange {
        loop {
            if self.roles.changed().await.is_err() {
                return std::future::pending().await;
            }
            let role = self.roles.borrow_and_update().clone();
            if let Some(role) = role {
                return role;
            }
        }
    }

    /// Shows in the own node which version of the spec is in force, how far the instance is, and how often its process
    /// was refused at the fence.
    pub async fn update_info(&self, spec_version: Option<u64>, stage: Stage, fence_rejections: u64) {
        self.commands.send(Command::Describe { spec_version, stage, fence_rejections }).await.ok();
    }

    /// Hands over: removes the own node at once, so that the next in line takes over without waiting for a timeout.
    /// Stop the pipe first. Returns when the node is gone, or its session is.
    pub async fn leave(self) {
        let (done, left) = oneshot::channel();
        if self.commands.send(Command::Leave { done }).await.is_ok() {
            left.await.ok();
        }
    }
}

/// The worker behind a candidate.
struct Place {
    session: Session,
    task: TaskName,
    info: InstanceInfo,
    roles: watch::Sender<Option<RoleChange>>,
    commands: mpsc::Receiver<Command>,
}

/// Why a part of the work ended.
enum End {
    Gone(GoneReason),
    Leave(Option<oneshot::Sender<()>>),
}

impl From<CoordinationError> for End {
    fn from(error: CoordinationError) -> Self {
        match error {
            error if error.is_expired() => End::Gone(GoneReason::SessionExpired),
            CoordinationError::NoSuchTask { .. } => End::Gone(GoneReason::TaskDeleted),
            error => End::Gone(GoneReason::Failed(error)),
        }
    }
}

impl Place {
    async fn hold(mut self) {
        let (own, end) = match self.join().await {
            Err(end) => (None, end),
            Ok(own) => {
                let end = self.take_part(&own).await;
                (Some(own), end)
            }
        };
        let (reason, done) = match end {
            End::Gone(reason) => (reason, None),
            End::Leave(done) => (GoneReason::Left, done),
        };
        match (own, &reason) {
            (Some(own), GoneReason::Left | GoneReason::Failed(_)) => self.remove(&own).await,
            (None, GoneReason::Left | GoneReason::Failed(_)) => self.take_back_joining().await,
            (_, GoneReason::SessionExpired | GoneReason::TaskDeleted | GoneReason::Removed) => {}
        }
        self.tell(RoleChange::Gone { reason });
        if let Some(done) = done {
            done.send(()).ok();
        }
    }

    async fn join(&mut self) -> Result<Path, End> {
        loop {
            match self.session.join_line(&self.task, &self.info).await {
                Ok(own) => return Ok(own),
                Err(error) if error.is_passing() => self.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn take_part(&mut self, own: &Path) -> End {
        loop {
            // Counted before looking: a reconnect meanwhile is a reason to look again.
            let state_changes = self.session.store().state().changes();
            let end = match self.look(own).await {
                Ok((Election::Missing, _)) => Err(self.why_missing().await),
                Ok((Election::Standby { predecessor }, watches)) => {
                    self.stand_by(own, predecessor, watches, state_changes).await
                }
                Ok((Election::Running, _)) => self.run(own).await,
                Err(error) if error.is_passing() => self.pause().await,
                Err(error) => Err(error.into()),
            };
            if let Err(end) = end {
                return end;
            }
        }
    }

    /// Where we are in the line, and watches on what can change it: the predecessor and the own node.
    async fn look(&self, own: &Path) -> Result<(Election, Vec<Watch>), CoordinationError> {
        let store = self.session.store();
        let mut watches = vec![store.watch(own, Scope::Node).await?];
        let Some((info, node)) = self.session.read_as::<InstanceInfo>(own).await? else {
            return Ok((Election::Missing, watches));
        };
        // A node of the same name can be another's, if the line was removed and made again.
        if node.owner != Some(self.session.id()) || info.guid != self.info.guid {
            return Ok((Election::Missing, watches));
        }
        let names = self.session.list_or_none(&layout::instances(&self.task)).await?;
        let election = decide(&names, own.name());
        if let Election::Standby { predecessor } = &election {
            let predecessor = layout::instance(&self.task, predecessor);
            watches.push(store.watch(&predecessor, Scope::Node).await?);
            // It may have gone before the watch was set: look again at once then.
            if store.read(&predecessor).await?.is_none() {
                watches.push(Watch::new(std::future::ready(())));
            }
        }
        Ok((election, watches))
    }

    async fn why_missing(&self) -> End {
        let task = layout::task(&self.task);
        match self.session.patiently(|| self.session.store().read(&task)).await {
            Ok(Some(_)) => End::Gone(GoneReason::Removed),
            Ok(None) => End::Gone(GoneReason::TaskDeleted),
            Err(error) => CoordinationError::from(error).into(),
        }
    }

    /// Waits until it is time to look at the line again.
    async fn stand_by(
        &mut self,
        own: &Path,
        predecessor: String,
        watches: Vec<Watch>,
        state_changes: u64,
    ) -> Result<(), End> {
        self.tell_standby(predecessor);
        let mut changed = futures_util::future::select_all(watches);
        let look_again = Instant::now() + self.session.timeout() * LOOK_AGAIN_TIMEOUTS;
        let state = self.session.store().state();
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => {
                    let shown = self.info.clone();
                    self.obey(command)?;
                    // The own node is watched: to write what it says already would be to look again for ever.
                    if self.info != shown {
                        self.show(own).await?;
                    }
                }
                // After every reconnect: is the own node still there, and still ours?
                () = state.changed_since(state_changes) => return Ok(()),
                _ = &mut changed => return Ok(()),
                () = sleep_until(look_again) => return Ok(()),
            }
        }
    }

    /// First in line: takes the lease and renews it until it is lost or given up.
    async fn run(&mut self, own: &Path) -> Result<(), End> {
        let lease = match Lease::take(&self.session, &self.task, own, &self.info).await {
            Ok(Some(lease)) => lease,
            Ok(None) => return Ok(()),
            Err(error) if error.is_passing() => return self.pause().await,
            Err(error) => return Err(error.into()),
        };
        self.tell(RoleChange::Running(lease.clone()));
        let end = self.renew(&lease).await;
        lease.revoke("it was given up");
        self.info = InstanceInfo { role: Role::Standby, epoch: Epoch::NONE, ..lease.info() };
        if end.is_ok() {
            self.tell(RoleChange::Standby { predecessor: None });
        }
        end
    }

    async fn renew(&mut self, lease: &Lease) -> Result<(), End> {
        let period = self.session.timeout() / RENEWALS_PER_TIMEOUT;
        let clock = lease.clock();
        let mut next = Instant::now() + period;
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => {
                    self.obey(command)?;
                    lease.describe(&self.info);
                    next = Instant::now();
                }
                reason = clock.lost() => {
                    tracing::warn!(task = %self.task, epoch = %lease.epoch(), reason, "lost the lease");
                    return Ok(());
                }
                () = sleep_until(next) => {
                    next = Instant::now() + period;
                    match lease.renew().await {
                        Ok(()) | Err(CoordinationError::LeaseLost { .. }) => {}
                        // The clock runs on; an answer that was lost is asked for again sooner.
                        Err(error) if error.is_passing() => next = Instant::now() + period / 4,
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
    }

    /// Writes what the own node says, as a STANDBY. What can't be written now is written with the next change.
    async fn show(&self, own: &Path) -> Result<(), End> {
        let data = crate::session::encode(&self.info)?;
        match self.session.store().write(own, data, Expected::Any).await {
            Err(StoreError::SessionExpired) => Err(End::Gone(GoneReason::SessionExpired)),
            _ => Ok(()),
        }
    }

    fn obey(&mut self, command: Option<Command>) -> Result<(), End> {
        match command {
            Some(Command::Describe { spec_version, stage, fence_rejections }) => {
                (self.info.spec_version, self.info.stage) = (spec_version, stage);
                self.info.fence_rejections = fence_rejections;
                Ok(())
            }
            Some(Command::Leave { done }) => Err(End::Leave(Some(done))),
            None => Err(End::Leave(None)),
        }
    }

    /// Waits a little before trying again, unless told to leave.
    async fn pause(&mut self) -> Result<(), End> {
        let again = sleep(self.pause_length());
        tokio::pin!(again);
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => self.obey(command)?,
                () = &mut again => return Ok(()),
            }
        }
    }

    /// Leaves without knowing whether an attempt to join came through: a node that nobody minds would block the line.
    async fn take_back_joining(&self) {
        while let Err(error) = self.session.leave_line(&self.task).await {
            if !error.is_passing() {
                return;
            }
            sleep(self.pause_length()).await;
        }
    }

    /// Takes the own node out of the line, and the status with it, until it is certain that it is gone.
    async fn remove(&self, own: &Path) {
        let status = layout::status(&self.task);
        let remove = |path: &Path| Operation::Remove { path: path.clone(), expected: Expected::Any };
        loop {
            let store = self.session.store();
            let status_is_ours = match store.read(&status).await {
                Ok(node) => node.is_some_and(|node| node.owner == Some(self.session.id())),
                Err(_) => false,
            };
            let mut operations = vec![remove(own)];
            operations.extend(status_is_ours.then(|| remove(&status)));
            let removed = store.multi(operations).await;
            match removed {
                Ok(_) | Err(StoreError::SessionExpired) => return,
                Err(StoreError::NotFound { path }) if path == *own => return,
                Err(error) if !error.is_passing() && !matches!(error, StoreError::NotFound { .. }) => {
                    tracing::error!(task = %self.task, %error, "can't leave the line; the session's end will do it");
                    return;
                }
                Err(_) => sleep(self.pause_length()).await,
            }
            if store.state().get() == SessionState::Expired {
                return;
            }
        }
    }

    fn pause_length(&self) -> Duration {
        self.session.timeout() / RETRY_PART
    }

    /// Says it once: the line is looked at more often than it changes.
    fn tell_standby(&self, predecessor: String) {
        let told = matches!(
            &*self.roles.borrow(),
            Some(RoleChange::Standby { predecessor: Some(before) }) if *before == predecessor
        );
        if !told {
            self.tell(RoleChange::Standby { predecessor: Some(predecessor) });
        }
    }

    fn tell(&self, role: RoleChange) {
        self.roles.send_replace(Some(role));
    }
}
