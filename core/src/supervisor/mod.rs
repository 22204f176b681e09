//! One task on this Core: stands in its line, runs its pipe under the lease, and tries again what may pass.
//!
//! ```text
//! Candidate ─ Standby ─▶ wait
//!           └ Running(lease) ─▶ wanted running? ─▶ attempt ─┬ stopped, changed ─▶ read again what is wanted
//!                                └ no: wait                 ├ transient failure ─▶ RETRYING, back-off, attempt
//!                                                           └ definite failure  ─▶ FAILED until an operator acts
//! ```
//!
//! A lost lease drops all of it at once, whatever it was doing.

mod attempt;
mod backoff;
mod report;
mod schemas;
mod source;

use crate::metrics::TaskMetrics;
use crate::pipe::fence::LEASE_LOST;
use crate::producer::REPLICA_ID_TAKEN;
use attempt::{Attempt, Ended};
use backoff::Backoff;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::lease::Lease;
use replicator_coordination::session::Session;
use replicator_coordination::standby::{Candidate, GoneReason, RoleChange};
use replicator_coordination::watching::{Changes, Topic};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::{Desired, DesiredState};
use replicator_model::failure::Failure;
use replicator_model::name::{CoreName, TaskName};
use replicator_model::status::Stage;
use replicator_model::task::{ConsumerSpec, TaskSpec};
use report::Report;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Even if no watch says so, what is wanted is read again this often.
const READ_AGAIN: Duration = Duration::from_secs(10);

/// Pause after the coordination service could not be asked.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// What a supervisor needs to know of the Core it works in.
#[derive(Clone)]
pub struct Supervisor {
    pub session: Session,
    pub task: TaskName,
    pub core: CoreName,
    pub host: String,
    pub metrics: TaskMetrics,
}

/// What an operator wants of a task, read at one moment.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    spec: TaskSpec,
    version: u64,
    desired: Desired,
}

/// Whether several source transactions may share one of the target: where that fails, one of them is to blame.
fn may_join(spec: &TaskSpec) -> bool {
    matches!(&spec.consumer, ConsumerSpec::Mysql(target) if target.commit_rows_max > 1)
}

/// Which of the task's identities to show the source. Whoever takes the first one again, while this lease holds, is no
/// instance of the task: it is left to them.
const fn identity_after(clashes: u32) -> u32 {
    clashes.saturating_sub(1)
}

/// The next moment to read, or none ever.
async fn next_of(changes: &mut Option<Changes>) -> Result<(), CoordinationError> {
    match changes {
        Some(changes) => changes.next().await,
        None => std::future::pending().await,
    }
}

/// What makes two readings the same order.
type Order = (u64, u64, DesiredState);

impl Wanted {
    fn order(&self) -> Order {
        (self.version, self.desired.generation, self.desired.state)
    }
}

impl Supervisor {
    /// Takes part until `stop` or until the place in the line is gone for good. On `stop` the pipe is drained to a
    /// transaction's end and the next in line can take over at once.
    pub async fn run(self, stop: CancellationToken) -> GoneReason {
        let mut candidate = Candidate::enter(&self.session, &self.task, &self.core, &self.host);
        let mut specs: Option<Changes> = None;
        loop {
            let role = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                role = candidate.next() => role,
                moment = next_of(&mut specs) => {
                    match moment {
                        Ok(()) => self.prepare(&candidate).await,
                        // The candidate hears of the session's end too, and says so.
                        Err(_) => specs = None,
                    }
                    continue;
                }
            };
            specs = None;
            match role {
                RoleChange::Standby { predecessor } => {
                    tracing::info!(task = %self.task, predecessor, "stands by");
                    self.metrics.role(false, 0);
                    specs = Some(self.session.changes([Topic::Spec(self.task.clone())], READ_AGAIN));
                }
                RoleChange::Running(lease) => {
                    tracing::info!(task = %self.task, epoch = %lease.epoch(), "runs the task");
                    self.metrics.role(true, lease.epoch().get());
                    let clock = lease.clock();
                    let hands_over = tokio::select! {
                        biased;
                        why = clock.lost() => {
                            tracing::warn!(task = %self.task, epoch = %lease.epoch(), why, "lost the lease");
                            false
                        }
                        hands_over = self.hold(&lease, &candidate, &stop) => hands_over,
                    };
                    self.metrics.role(false, 0);
                    if hands_over {
                        tracing::info!(task = %self.task, epoch = %lease.epoch(), "hands over by order");
                        candidate.leave().await;
                        candidate = Candidate::enter(&self.session, &self.task, &self.core, &self.host);
                    }
                }
                RoleChange::Gone { reason } => {
                    tracing::info!(task = %self.task, %reason, "is no longer in the line");
                    return reason;
                }
            }
        }
        candidate.leave().await;
        tracing::info!(task = %self.task, "left the line");
        GoneReason::Left
    }

    /// A STANDBY reads the spec, so that what is wrong with it shows before it is needed.
    async fn prepare(&self, candidate: &Candidate) {
        match self.session.task(&self.task).await {
            Ok(task) => self.show_standby(candidate, task.version).await,
            Err(error) => tracing::warn!(task = %self.task, %error, "can't read the task yet"),
        }
    }

    async fn show_standby(&self, candidate: &Candidate, version: u64) {
        candidate.update_info(Some(version), Stage::Standby, self.metrics.fence_rejections()).await;
    }

    /// Carries out what is wanted, until `stop`, or until it is ordered to hand over, which it answers. Dropped when the
    /// lease is lost.
    async fn hold(&self, lease: &Lease, candidate: &Candidate, stop: &CancellationToken) -> bool {
        let topics = [Topic::Spec(self.task.clone()), Topic::Desired(self.task.clone())];
        let mut changes = self.session.changes(topics, READ_AGAIN);
        let mut report = Report::new(self, lease, candidate);
        let mut backoff: Option<Backoff> = None;
        let mut one_by_one: Option<Checkpoint> = None;
        let mut clashes = 0;
        while !stop.is_cancelled() {
            let Some(wanted) = self.read_wanted(&mut report, stop).await else { return false };
            let order = wanted.order();
            report.order(wanted.version, wanted.desired.generation);
            if wanted.desired.handover.is_some_and(|given_up| lease.epoch() <= given_up) {
                report.stage(Stage::Stopping, None).await;
                return true;
            }
            if wanted.desired.state != DesiredState::Running {
                report.stage(Stage::Paused, None).await;
                backoff = None;
                self.wait_for_order(&mut changes, order, None, stop).await;
                continue;
            }
            let backoff_now = backoff.get_or_insert_with(|| Backoff::new(&wanted.spec.pipe));
            let began = Instant::now();
            report.retries(backoff_now.retries());
            let together = one_by_one.take();
            let (one_by_one_now, identity) = (together.as_ref(), identity_after(clashes));
            let attempt = Attempt { supervisor: self, lease, wanted: &wanted, one_by_one: one_by_one_now, identity };
            match attempt.run(&mut report, &mut changes, stop).await {
                Ended::Stopped => report.stage(Stage::Stopping, None).await,
                Ended::Changed => backoff = None,
                Ended::Failed(failure) if failure.is_transient() => {
                    clashes += u32::from(failure.code == REPLICA_ID_TAKEN);
                    let wait = backoff_now.after(began.elapsed());
                    report.retries(backoff_now.retries());
                    self.retry_later(&mut report, failure, wait, &mut changes, order, stop).await;
                }
                Ended::Failed(failure)
                    if together.is_none() && may_join(&wanted.spec) && report.reached_together().is_some() =>
                {
                    tracing::info!(task = %self.task, reason = failure.reason, "tries again, one transaction at a time");
                    one_by_one = report.reached_together();
                }
                Ended::Failed(failure) => {
                    tracing::error!(task = %self.task, code = failure.code, reason = failure.reason, hint = failure.hint, "the task failed");
                    report.stage(Stage::Failed, Some(failure)).await;
                    backoff = None;
                    self.wait_for_order(&mut changes, order, None, stop).await;
                }
            }
        }
        false
    }

    async fn retry_later(
        &self,
        report: &mut Report<'_>,
        failure: Failure,
        wait: Duration,
        changes: &mut Changes,
        order: Order,
        stop: &CancellationToken,
    ) {
        // A newer owner at the target: this lease will be found lost too, and there is nothing to alarm anyone about.
        if failure.code == LEASE_LOST {
            tracing::info!(task = %self.task, reason = failure.reason, "stops, for another instance took over");
        } else {
            tracing::warn!(task = %self.task, code = failure.code, reason = failure.reason, hint = failure.hint, ?wait, "tries again later");
        }
        report.stage(Stage::Retrying, Some(failure)).await;
        self.wait_for_order(changes, order, Some(wait), stop).await;
    }

    /// Waits until something else is wanted than `order`, `stop`, or the time is over.
    async fn wait_for_order(
        &self,
        changes: &mut Changes,
        order: Order,
        most: Option<Duration>,
        stop: &CancellationToken,
    ) {
        let over = async {
            match most {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(over);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = &mut over => return,
                moment = changes.next() => if moment.is_err() { return std::future::pending().await },
            }
            match self.read().await {
                Ok(wanted) if wanted.order() == order => {}
                Ok(_) => return,
                Err(failure) if failure.is_transient() => {}
                // The task can't be read any more, or is deleted: whoever reads it next says so.
                Err(_) => return,
            }
        }
    }

    /// What is wanted, asked until it is known. `None` on `stop`.
    async fn read_wanted(&self, report: &mut Report<'_>, stop: &CancellationToken) -> Option<Wanted> {
        loop {
            match self.read().await {
                Ok(wanted) => return Some(wanted),
                Err(failure) => {
                    tracing::warn!(task = %self.task, reason = failure.reason, "can't read what is wanted");
                    let stage = if failure.is_transient() { Stage::Retrying } else { Stage::Failed };
                    report.stage(stage, Some(failure)).await;
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(ASK_AGAIN) => {}
            }
        }
    }

    async fn read(&self) -> Result<Wanted, Failure> {
        let task = self.session.task(&self.task).await.map_err(|error| error.failure())?;
        let desired = self.session.desired(&self.task).await.map_err(|error| error.failure())?;
        Ok(Wanted { spec: task.spec, version: task.version, desired })
    }
}
