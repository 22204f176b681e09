//! The connections that apply, and the groups they have under way.

use super::conflict::Conflicts;
use super::lane::{Job, Lane};
use super::session::Session;
use super::turn::Turn;
use crate::consumer::Applied;
use crate::pipe::fence::Fence;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::{CONNECTIONS_MAX, MySqlTargetSpec};
use replicator_mysql::connect::Endpoint;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinSet;

/// Connections are opened when groups wait for one, up to `lanes_max`.
pub(super) struct Lanes {
    endpoint: Endpoint,
    spec: MySqlTargetSpec,
    task: TaskName,
    fence: Fence,
    /// The target has a binary log, which tasks may read.
    logs: bool,
    lanes_max: usize,
    /// Conflicts that are recorded at the target.
    conflicts: Arc<AtomicU64>,
    /// Target transactions that became durable.
    commits: u64,
    opened: usize,
    turn: Turn,
    /// The one that was used last is used next.
    idle: Vec<Lane>,
    working: JoinSet<Worked>,
    /// The one with the first parts of a group in its open transaction.
    in_parts: Option<Lane>,
    /// The checkpoint of the last group that is known to be durable, since this was asked.
    durable: Option<(u64, Checkpoint)>,
}

/// A connection that has done a job.
struct Worked {
    lane: Lane,
    number: u64,
    /// Where the job ended a group: up to where everything is durable now.
    reached: Option<Checkpoint>,
    more_parts: bool,
    outcome: Result<(), Failure>,
}

impl Lanes {
    /// `conflicts` are recorded at the target by now.
    pub(super) fn new(
        endpoint: Endpoint,
        spec: MySqlTargetSpec,
        task: &TaskName,
        fence: &Fence,
        conflicts: u64,
        logs: bool,
    ) -> Self {
        Self {
            endpoint,
            lanes_max: spec.connections.clamp(1, CONNECTIONS_MAX) as usize,
            spec,
            task: task.clone(),
            fence: fence.clone(),
            logs,
            conflicts: Arc::new(AtomicU64::new(conflicts)),
            commits: 0,
            opened: 0,
            turn: Turn::new(),
            idle: Vec::new(),
            working: JoinSet::new(),
            in_parts: None,
            durable: None,
        }
    }

    /// Hands on a job, once a connection is free. Jobs come in the order of their groups. `reached` is up to where
    /// everything is durable when the job's group is.
    pub(super) async fn hand_on(&mut self, job: Job, reached: Option<Checkpoint>) -> Result<(), Failure> {
        let mut lane = self.free(job.in_parts).await?;
        let (number, more_parts) = (job.number, job.in_parts && job.end.is_none());
        self.working.spawn(async move {
            let outcome = lane.run(job).await;
            Worked { lane, number, reached, more_parts, outcome }
        });
        Ok(())
    }

    /// Waits until everything that was handed on is done. A group whose parts are not all there stays open.
    pub(super) async fn finish(&mut self) -> Result<(), Failure> {
        while self.next().await? {}
        Ok(())
    }

    /// Takes notice of the jobs that are done, and of the first failure.
    pub(super) fn notice(&mut self) -> Result<(), Failure> {
        while let Some(worked) = self.working.try_join_next() {
            self.take_back(worked)?;
        }
        Ok(())
    }

    /// The last group that became durable since this was asked, and its checkpoint.
    pub(super) fn take_durable(&mut self) -> Option<(u64, Checkpoint)> {
        self.durable.take()
    }

    /// Target transactions that became durable, and conflicts that are recorded at the target.
    pub(super) fn applied(&self) -> Applied {
        Applied { commits: self.commits, conflicts: self.conflicts.load(Ordering::Relaxed), schema_changes_ignored: 0 }
    }

    /// Ends all connections. What was not handed on as a whole is rolled back.
    pub(super) async fn close(mut self) -> Result<(), Failure> {
        self.finish().await?;
        for lane in self.idle.drain(..).chain(self.in_parts.take()) {
            lane.close().await?;
        }
        Ok(())
    }

    async fn free(&mut self, in_parts: bool) -> Result<Lane, Failure> {
        self.notice()?;
        if in_parts {
            // All parts of a group go to one connection, one after the other.
            self.finish().await?;
            if let Some(lane) = self.in_parts.take() {
                return Ok(lane);
            }
        }
        loop {
            if let Some(lane) = self.idle.pop() {
                return Ok(lane);
            }
            if self.opened < self.lanes_max {
                return self.open().await;
            }
            self.next().await?;
        }
    }

    async fn open(&mut self) -> Result<Lane, Failure> {
        let mut session = Session::connect(&self.endpoint, self.spec.statement_timeout.duration()).await?;
        session.take_lane(&self.task, self.opened).await?;
        self.opened += 1;
        let conflicts = Conflicts::new(&self.task, &self.spec, &self.conflicts);
        Lane::start(session, &self.task, &self.fence, &self.turn, conflicts, self.logs).await
    }

    /// Waits for the next job that is done; `false` if none is under way.
    async fn next(&mut self) -> Result<bool, Failure> {
        match self.working.join_next().await {
            Some(worked) => self.take_back(worked).map(|()| true),
            None => Ok(false),
        }
    }

    fn take_back(&mut self, worked: Result<Worked, tokio::task::JoinError>) -> Result<(), Failure> {
        // A panic of a connection is one of the whole pipe, and caught where those are.
        let worked = worked.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        let Worked { lane, number, reached, more_parts, outcome } = worked;
        outcome?;
        self.commits += u64::from(reached.is_some());
        if let Some(reached) = reached
            && self.durable.as_ref().is_none_or(|(last, _)| *last < number)
        {
            self.durable = Some((number, reached));
        }
        match more_parts {
            true => self.in_parts = Some(lane),
            false => self.idle.push(lane),
        }
        Ok(())
    }
}
