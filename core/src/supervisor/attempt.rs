//! One run of a pipe under a lease: starts it, reports on it, and ends it in good order.

use super::report::Report;
use super::schemas::LeaseSchemas;
use super::source::SourceAsked;
use super::{Supervisor, Wanted};
use crate::consumer;
use crate::metrics::TaskMetrics;
use crate::pipe::fence::Fence;
use crate::pipe::held::Held;
use crate::pipe::progress::PipeProgress;
use crate::pipe::{Pipe, panicked};
use crate::producer::{self, Producer, ReadFrom};
use replicator_coordination::lease::Lease;
use replicator_coordination::watching::Changes;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::{Once, OnceOrder};
use replicator_model::failure::Failure;
use replicator_model::task::{ConsumerSpec, TaskSpec};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How long a pipe may take to finish its statement and close before it is cut off. What is cut off is not lost: it
/// is rolled back and applied again by whoever is next.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// How an attempt ended.
pub(super) enum Ended {
    /// The supervisor was told to stop.
    Stopped,
    /// The operator wants something else.
    Changed,
    Failed(Failure),
}

pub(super) struct Attempt<'a> {
    pub supervisor: &'a Supervisor,
    pub lease: &'a Lease,
    pub wanted: &'a Wanted,
    /// Apply each transaction by itself until this point is durable: one of those that were applied together before it
    /// failed, and which of them is to be known.
    pub one_by_one: Option<&'a Checkpoint>,
    /// Which of the task's identities to show the source.
    pub identity: u32,
}

impl Attempt<'_> {
    pub(super) async fn run(&self, report: &mut Report<'_>, changes: &mut Changes, stop: &CancellationToken) -> Ended {
        let spec = &self.wanted.spec;
        let problems = spec.problems();
        if let Some(problem) = problems.first() {
            return Ended::Failed(Failure::definite(
                "spec_invalid",
                format!("`{}`: {}", problem.key, problem.problem),
                &problem.hint,
            ));
        }
        let progress = Arc::new(PipeProgress::default());
        let owed = self.wanted.desired.owed(self.lease.carried_out().await.generation).cloned();
        report.begin(Arc::clone(&progress), owed.as_ref()).await;
        let pipe_stop = stop.child_token();
        let (started, is_started) = watch::channel(false);
        let (mut pipe, read_from) =
            match self.start(spec, Arc::clone(&progress), owed, pipe_stop.clone(), started).await {
                Ok(started) => started,
                Err(failure) => return Ended::Failed(failure),
            };
        let source = SourceAsked::start(&self.supervisor.task, &spec.producer, read_from);
        let ended = self.follow(&mut pipe, &source, is_started, report, changes, stop, &pipe_stop).await;
        drop(pipe);
        report.checkpoint().await;
        ended
    }

    /// Starts the pipe on a worker of its own: a panic there ends nothing else.
    async fn start(
        &self,
        spec: &TaskSpec,
        progress: Arc<PipeProgress>,
        owed: Option<Once>,
        stop: CancellationToken,
        started: watch::Sender<bool>,
    ) -> Result<(Held<Result<(), Failure>>, ReadFrom), Failure> {
        let (clock, metrics) = (self.lease.clock(), self.supervisor.metrics.clone());
        let (mut source, mut target) = (spec.producer.clone(), spec.consumer.clone());
        let mut rewind = None;
        if let Some(Once { generation, what: OnceOrder::Rewind(start) }) = &owed {
            source.start = start.clone();
            rewind = Some(*generation);
        }
        if let (Some(_), ConsumerSpec::Mysql(target)) = (self.one_by_one, &mut target) {
            target.commit_rows_max = 1;
        }
        let mut producer = producer::build(&spec.name, &source, &spec.routes, &spec.pipe)?;
        producer.use_identity(self.identity);
        let read_from = producer.read_from();
        let pipe = Pipe {
            producer: remembering(producer, self.lease, &self.supervisor.metrics),
            consumer: consumer::build(&spec.name, &target)?,
            fence: Fence::new(self.lease.epoch(), move || clock.may_commit()).telling(move || metrics.fence_refused()),
            spec: spec.pipe.clone(),
            progress,
            once: owed.map(|once| once.what),
        };
        let last_commit = self.lease.last_commit().await;
        let (lease, clock) = (self.lease.clone(), Arc::clone(&self.supervisor.session.surroundings().wall_clock_us));
        let is_new = last_commit.is_none();
        let start_at = async move |start: Checkpoint| {
            let stamped = Checkpoint { epoch: lease.epoch(), written_at_us: clock(), ..start.clone() };
            if let Some(generation) = rewind {
                lease.rewind(&stamped, generation).await.map_err(|error| error.failure())?;
                tracing::warn!(task = %lease.task(), position = %start.position, "rewound by order");
            } else if is_new {
                lease.commit(&stamped).await.map_err(|error| error.failure())?;
            }
            tracing::info!(task = %lease.task(), position = %start.position, "changes flow");
            started.send_replace(true);
            Ok(())
        };
        Ok((Held::start(pipe.run(last_commit, stop, start_at)), read_from))
    }

    #[expect(clippy::too_many_arguments, reason = "the hands of one loop")]
    async fn follow(
        &self,
        pipe: &mut Held<Result<(), Failure>>,
        source: &SourceAsked,
        mut is_started: watch::Receiver<bool>,
        report: &mut Report<'_>,
        changes: &mut Changes,
        stop: &CancellationToken,
        pipe_stop: &CancellationToken,
    ) -> Ended {
        let mut status = ticks(self.wanted.spec.pipe.status_interval.duration());
        let mut checkpoint = ticks(self.wanted.spec.pipe.checkpoint_interval.duration());
        let mut deadline: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                joined = pipe.ended() => return self.ended(joined, stop, pipe_stop),
                () = pipe_stop.cancelled(), if deadline.is_none() => deadline = Some(Instant::now() + CLOSE_TIMEOUT),
                () = until(deadline) => {
                    tracing::warn!(task = %self.supervisor.task, "the pipe did not close in time and was cut off");
                    return if stop.is_cancelled() { Ended::Stopped } else { Ended::Changed };
                }
                moment = changes.next(), if deadline.is_none() => {
                    if moment.is_err() {
                        // The session is over; the lease's clock says so too and drops us.
                        return std::future::pending().await;
                    }
                    if let Ok(now) = self.supervisor.read().await
                        && now.order() != self.wanted.order()
                    {
                        pipe_stop.cancel();
                    }
                }
                Ok(()) = is_started.changed() => report.streaming().await,
                _ = status.tick() => {
                    report.status(source).await;
                    if self.one_by_one.is_some_and(|point| report.is_durable(point)) {
                        pipe_stop.cancel();
                    }
                }
                _ = checkpoint.tick() => report.checkpoint().await,
            }
        }
    }

    fn ended(
        &self,
        joined: Result<Result<(), Failure>, tokio::task::JoinError>,
        stop: &CancellationToken,
        pipe_stop: &CancellationToken,
    ) -> Ended {
        match joined {
            Ok(Ok(())) if stop.is_cancelled() => Ended::Stopped,
            Ok(Ok(())) if pipe_stop.is_cancelled() => Ended::Changed,
            Ok(Ok(())) => {
                Ended::Failed(Failure::transient("pipe_ended", "the pipe ended by itself", "it is started again"))
            }
            Ok(Err(failure)) => Ended::Failed(failure),
            Err(error) => Ended::Failed(panicked("the pipe", &error)),
        }
    }
}

fn remembering(mut producer: Box<dyn Producer>, lease: &Lease, metrics: &TaskMetrics) -> Box<dyn Producer> {
    producer.remember(Arc::new(LeaseSchemas::new(lease.clone(), metrics.clone())));
    producer
}

fn ticks(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
