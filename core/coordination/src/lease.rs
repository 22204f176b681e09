//! The right to run a task, and everything that only its holder may write.
//!
//! A lease begins with one `multi`: the own node is still in the line, and the task's epoch grows from n to n + 1.
//! Everything written under it checks in the same `multi` that the own node is there and that the epoch's node has not
//! been written since: whoever lost the lease can't write any more, however late its request arrives.

use crate::error::CoordinationError;
use crate::layout;
use crate::lease_clock::LeaseClock;
use crate::path::Path;
use crate::session::{Session, encode};
use crate::store::{CreateMode, Expected, Node, Operation, Outcome, StoreError, Version};
use bytes::Bytes;
use parking_lot::Mutex;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::epoch::Epoch;
use replicator_model::instance::{InstanceInfo, Role};
use replicator_model::name::TaskName;
use replicator_model::status::{Stage, TaskStatus};
use replicator_model::stored::{CarriedOut, EpochNode};
use std::fmt;
use std::sync::Arc;
use tokio::time::Instant;

/// How often a write under the lease is tried while answers get lost.
const ATTEMPTS_MAX: u32 = 3;

/// A held lease. Clones are handles on the same one.
#[derive(Clone)]
pub struct Lease(Arc<Shared>);

struct Shared {
    session: Session,
    task: TaskName,
    own: Path,
    epoch: Epoch,
    epoch_version: Version,
    clock: LeaseClock,
    /// What the own node says; written with every renewal.
    info: Mutex<InstanceInfo>,
    last_commit: tokio::sync::Mutex<LastCommit>,
    /// Whether the `status` node is known to be ours.
    status_is_ours: tokio::sync::Mutex<bool>,
}

/// The `lastCommit` node as last seen or written.
#[derive(Debug, Clone, Default)]
struct LastCommit {
    checkpoint: Option<Checkpoint>,
    version: Option<Version>,
    carried_out: CarriedOut,
    carried_out_version: Option<Version>,
}

impl Lease {
    /// Takes the lease for the instance at `own`, which must be first in line. `Ok(None)` if the epoch or the line
    /// moved meanwhile: look at the line again.
    pub(crate) async fn take(
        session: &Session,
        task: &TaskName,
        own: &Path,
        info: &InstanceInfo,
    ) -> Result<Option<Self>, CoordinationError> {
        let epoch_path = layout::epoch(task);
        session.ensure(&epoch_path, encode(&EpochNode { epoch: Epoch::NONE })?).await?;
        session.settle().await?;
        let Some((EpochNode { epoch }, node)) = session.read_as::<EpochNode>(&epoch_path).await? else {
            return Ok(None);
        };
        let (epoch, since_us) = (epoch.next(), session.now_us());
        let info = InstanceInfo { role: Role::Running, epoch, since_us, stage: Stage::Starting, ..info.clone() };
        let (sent, epoch_version) = (Instant::now(), node.version.next());
        let taken = session.store().multi(vec![
            Operation::Write { path: own.clone(), data: encode(&info)?, expected: Expected::Any },
            Operation::Write {
                path: epoch_path,
                data: encode(&EpochNode { epoch })?,
                expected: Expected::Version(node.version),
            },
        ]);
        match taken.await {
            Ok(_) => {}
            Err(StoreError::NotFound { .. } | StoreError::VersionMismatch { .. }) => return Ok(None),
            // Ours alone is a node in the line with our guid that shows the new epoch.
            Err(StoreError::Ambiguous { .. }) => {
                session.settle().await?;
                let own = session.read_as::<InstanceInfo>(own).await?;
                if own.is_none_or(|(found, _)| found.guid != info.guid || found.epoch != epoch) {
                    return Ok(None);
                }
            }
            Err(error) => return Err(error.into()),
        }
        let clock = LeaseClock::start(session.timeout(), sent);
        // Read under the lease: nobody else can write it any more, and what this session reads is not older.
        let last_commit = LastCommit::read(session, task).await?;
        Ok(Some(Self(Arc::new(Shared {
            session: session.clone(),
            task: task.clone(),
            own: own.clone(),
            epoch,
            epoch_version,
            clock,
            info: Mutex::new(info),
            last_commit: tokio::sync::Mutex::new(last_commit),
            status_is_ours: tokio::sync::Mutex::new(false),
        }))))
    }

    pub fn epoch(&self) -> Epoch {
        self.0.epoch
    }

    pub(crate) fn session(&self) -> &Session {
        &self.0.session
    }

    pub fn task(&self) -> &TaskName {
        &self.0.task
    }

    /// Ask it right before every commit at the target, and stop when it is lost.
    pub fn clock(&self) -> LeaseClock {
        self.0.clock.clone()
    }

    /// The checkpoint to start from, as far as the tree knows: a target that keeps its own knows better.
    pub async fn last_commit(&self) -> Option<Checkpoint> {
        self.0.last_commit.lock().await.checkpoint.clone()
    }

    /// The order of an operator that was carried out last, and how many transactions were left out.
    pub async fn carried_out(&self) -> CarriedOut {
        self.0.last_commit.lock().await.carried_out
    }

    /// Records what is durable at the target. The only way to write `lastCommit`: under this epoch, and forward only.
    /// `Ok` means that it is recorded. After [`CoordinationError::LeaseLost`] the task is somebody else's; a passing
    /// error leaves open whether it is recorded, and the same or a later checkpoint may be tried again.
    pub async fn commit(&self, checkpoint: &Checkpoint) -> Result<(), CoordinationError> {
        let mut last = self.0.last_commit.lock().await;
        let data = encode(checkpoint)?;
        let mut ambiguous = None;
        for _ in 0..ATTEMPTS_MAX {
            if last.checkpoint.as_ref() == Some(checkpoint) {
                return Ok(());
            }
            self.check_epoch(checkpoint)?;
            if let Some(last) = &last.checkpoint {
                checkpoint.follows(last).map_err(|problem| self.backwards(problem))?;
            }
            let write = write_or_create(layout::last_commit(self.task()), data.clone(), last.version);
            match self.write(vec![write]).await {
                Ok(outcomes) => {
                    last.checkpoint = Some(checkpoint.clone());
                    last.version = Some(written_version(&outcomes, last.version));
                    return Ok(());
                }
                Err(CoordinationError::Store(error @ StoreError::Ambiguous { .. })) => {
                    ambiguous = Some(error);
                    self.0.session.settle().await?;
                }
                Err(CoordinationError::Store(
                    StoreError::VersionMismatch { .. } | StoreError::NotFound { .. } | StoreError::AlreadyExists { .. },
                )) => {}
                Err(error) => return Err(error),
            }
            self.read_back(&mut last).await?;
        }
        let unsettled = || StoreError::Ambiguous { reason: "lastCommit keeps changing".to_owned() };
        Err(ambiguous.unwrap_or_else(unsettled).into())
    }

    /// Carries out an operator's rewind, once: puts `checkpoint` in the place of `lastCommit`, whatever is there, under
    /// an order's `generation` that is larger than the last one's.
    pub async fn rewind(&self, checkpoint: &Checkpoint, generation: u64) -> Result<(), CoordinationError> {
        self.check_epoch(checkpoint)?;
        let data = encode(checkpoint)?;
        self.carry_out(generation, 0, |last| {
            Some(write_or_create(layout::last_commit(self.task()), data.clone(), last.version))
        })
        .await
    }

    /// Records, once, that the transaction is left out that the order of this generation names.
    pub async fn skipped(&self, generation: u64) -> Result<(), CoordinationError> {
        self.carry_out(generation, 1, |_| None).await
    }

    async fn carry_out(
        &self,
        generation: u64,
        skipped: u64,
        with: impl Fn(&LastCommit) -> Option<Operation>,
    ) -> Result<(), CoordinationError> {
        let mut last = self.0.last_commit.lock().await;
        for _ in 0..ATTEMPTS_MAX {
            if last.carried_out.generation >= generation {
                return Ok(());
            }
            let mut operations: Vec<Operation> = with(&last).into_iter().collect();
            let carried_out = CarriedOut { generation, skipped: last.carried_out.skipped + skipped };
            let done = layout::carried_out(self.task());
            operations.push(write_or_create(done, encode(&carried_out)?, last.carried_out_version));
            match self.write(operations).await {
                Ok(_) => {}
                Err(CoordinationError::Store(StoreError::Ambiguous { .. })) => self.0.session.settle().await?,
                Err(error) => return Err(error),
            }
            *last = LastCommit::read(&self.0.session, self.task()).await?;
        }
        Err(StoreError::Ambiguous { reason: "the order was not confirmed as carried out".to_owned() }.into())
    }

    /// Shows the status. It goes with the session, and with the lease when that is given up.
    pub async fn write_status(&self, status: &TaskStatus) -> Result<(), CoordinationError> {
        let mut ours = self.0.status_is_ours.lock().await;
        let (path, data) = (layout::status(self.task()), encode(status)?);
        if !*ours {
            let there = self.0.session.patiently(|| self.0.session.store().read(&path)).await?;
            let remove = Operation::Remove { path: path.clone(), expected: Expected::Any };
            let create = Operation::Create { path, data, mode: CreateMode::Ephemeral };
            self.write(there.map(|_| remove).into_iter().chain([create]).collect()).await?;
            *ours = true;
            return Ok(());
        }
        match self.write(vec![Operation::Write { path, data, expected: Expected::Any }]).await {
            Err(CoordinationError::Store(error @ StoreError::NotFound { .. })) => {
                *ours = false;
                Err(CoordinationError::Store(StoreError::Unreachable { reason: error.to_string() }))
            }
            result => result.map(drop),
        }
    }

    /// Says in the own node how far the pipe is, as `told` says; sent with the next renewal.
    pub(crate) fn describe(&self, told: &InstanceInfo) {
        let mut info = self.0.info.lock();
        (info.spec_version, info.stage) = (told.spec_version, told.stage);
        info.fence_rejections = told.fence_rejections;
    }

    /// Proves the lease by a write, and extends it.
    pub(crate) async fn renew(&self) -> Result<(), CoordinationError> {
        let sent = Instant::now();
        let data = encode(&*self.0.info.lock())?;
        let write = Operation::Write { path: self.0.own.clone(), data, expected: Expected::Any };
        let checked = vec![self.check_of_epoch(), write];
        match self.0.session.store().multi(checked).await {
            Ok(_) => {
                self.0.clock.confirm(sent);
                Ok(())
            }
            Err(error) => Err(self.lost_if_fenced(error)),
        }
    }

    /// Gives the lease up. Whoever still writes under it is refused from here on.
    pub(crate) fn revoke(&self, reason: &'static str) {
        self.0.clock.revoke(reason);
    }

    /// What is known of the instance, for a lease that follows.
    pub(crate) fn info(&self) -> InstanceInfo {
        self.0.info.lock().clone()
    }

    /// Writes under the lease, or not at all.
    pub(crate) async fn write(&self, operations: Vec<Operation>) -> Result<Vec<Outcome>, CoordinationError> {
        if !self.0.clock.may_commit() {
            return Err(self.lost("it was not confirmed in time, or given up"));
        }
        let own = Operation::Check { path: self.0.own.clone(), expected: Expected::Any };
        let fenced = [own, self.check_of_epoch()].into_iter().chain(operations).collect();
        match self.0.session.store().multi(fenced).await {
            Ok(outcomes) => Ok(outcomes),
            Err(error) => Err(self.lost_if_fenced(error)),
        }
    }

    fn check_of_epoch(&self) -> Operation {
        let expected = Expected::Version(self.0.epoch_version);
        Operation::Check { path: layout::epoch(self.task()), expected }
    }

    /// Tells the errors that mean that the lease is gone from the others.
    fn lost_if_fenced(&self, error: StoreError) -> CoordinationError {
        let reason = match &error {
            StoreError::NotFound { path } if *path == self.0.own => "its node is gone from the line",
            StoreError::NotFound { path } | StoreError::VersionMismatch { path }
                if *path == layout::epoch(self.task()) =>
            {
                "a later lease was taken"
            }
            StoreError::SessionExpired => "the session has expired",
            _ => return error.into(),
        };
        self.0.clock.revoke(reason);
        self.lost(reason)
    }

    fn lost(&self, reason: &'static str) -> CoordinationError {
        CoordinationError::LeaseLost { task: self.task().clone(), epoch: self.0.epoch, reason }
    }

    fn backwards(&self, problem: replicator_model::checkpoint::Backwards) -> CoordinationError {
        CoordinationError::Backwards { task: self.task().clone(), problem }
    }

    fn check_epoch(&self, checkpoint: &Checkpoint) -> Result<(), CoordinationError> {
        if checkpoint.epoch == self.0.epoch {
            return Ok(());
        }
        Err(self.lost("the checkpoint was made under another epoch"))
    }

    /// After a write whose fate is unknown: what is there is from before, or from us. Only we write under our epoch, so
    /// a checkpoint of it is an attempt of ours that arrived; anything else was written past the lease.
    async fn read_back(&self, last: &mut LastCommit) -> Result<(), CoordinationError> {
        let found = LastCommit::read(&self.0.session, self.task()).await?;
        if found.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.epoch > self.0.epoch) {
            self.0.clock.revoke("a later lease was taken");
            return Err(self.lost("a later lease was taken"));
        }
        let ours = found.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.epoch == self.0.epoch);
        if found.version != last.version && !ours {
            let found = found.checkpoint.map_or("nothing".to_owned(), |checkpoint| checkpoint.to_string());
            return Err(CoordinationError::ForeignCheckpoint { task: self.task().clone(), epoch: self.0.epoch, found });
        }
        *last = found;
        Ok(())
    }
}

impl LastCommit {
    async fn read(session: &Session, task: &TaskName) -> Result<Self, CoordinationError> {
        let split = |found: Option<(Checkpoint, Node)>| found.map(|(value, node)| (value, node.version)).unzip();
        let (checkpoint, version) = split(session.read_as(&layout::last_commit(task)).await?);
        let carried_out = session.read_as::<CarriedOut>(&layout::carried_out(task)).await?;
        Ok(Self {
            checkpoint,
            version,
            carried_out: carried_out.as_ref().map(|(value, _)| *value).unwrap_or_default(),
            carried_out_version: carried_out.map(|(_, node)| node.version),
        })
    }
}

fn write_or_create(path: Path, data: Bytes, version: Option<Version>) -> Operation {
    match version {
        Some(version) => Operation::Write { path, data, expected: Expected::Version(version) },
        None => Operation::Create { path, data, mode: CreateMode::Persistent },
    }
}

fn written_version(outcomes: &[Outcome], before: Option<Version>) -> Version {
    match outcomes.last() {
        Some(Outcome::Written(version)) => *version,
        _ => before.map_or(Version::FIRST, Version::next),
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({} of {})", self.0.epoch, self.0.task)
    }
}
