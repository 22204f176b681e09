//! The target's end of a pipe.

pub mod kafka;
pub mod message;
pub mod mysql;
mod schema_policy;
pub mod stdout;

use crate::change::Change;
use crate::pipe::fence::Fence;
use async_trait::async_trait;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::ConsumerSpec;

/// Takes changes to a target. One worker calls it, one call at a time, in this order:
///
/// 1. [`open`](Consumer::open) once. It connects, locks out every owner with an older epoch, and answers what the
///    target itself remembers to be durable. That beats `lastCommit`, which may be older; a target without a memory
///    answers `None`.
/// 2. [`begin`](Consumer::begin) once, with the point after which the stream begins: what `open` answered, else
///    `lastCommit`, else the start that the spec asks for.
/// 3. [`take`](Consumer::take) for each change, in the source's order. It may buffer, and it may make things durable,
///    but only whole transactions: what has begun and has no `Commit` yet never becomes visible at the target on its
///    own, or, where the target has no transactions, is not counted as durable.
/// 4. [`settle`](Consumer::settle) whenever nothing more waits: make durable all complete transactions taken so far,
///    now. Between two calls under backlog a consumer may gather as much as its own limits allow.
/// 5. [`close`](Consumer::close) at most once, last. What is complete is made durable, an open transaction is rolled
///    back. Without it (a crash, a lost lease, an error) the target is left to sort itself out, and a later `open`
///    must find the truth.
///
/// `durable` never runs ahead of the target and never goes back. After an error nothing more is called but `drop`:
/// there are no retries inside, the supervisor starts again from `open`. Before each step that makes something
/// durable the consumer asks the [`Fence`]; a refusal is an error, and nothing may become durable after it.
#[async_trait]
pub trait Consumer: Send {
    /// See 1.
    async fn open(&mut self, fence: Fence) -> Result<Option<Checkpoint>, Failure>;

    /// The target's name in trails, once it is open; `None` where changes come back from nothing.
    fn site(&self) -> Option<&str> {
        None
    }

    /// See 2.
    async fn begin(&mut self, start: &Checkpoint) -> Result<(), Failure>;

    /// In the place of `begin`, when an operator has pointed the task elsewhere: whatever the target remembered is
    /// replaced by `start`, in one step.
    async fn rewind(&mut self, start: &Checkpoint) -> Result<(), Failure> {
        self.begin(start).await
    }

    /// See 3.
    async fn take(&mut self, change: Change) -> Result<(), Failure>;

    /// See 4.
    async fn settle(&mut self) -> Result<(), Failure>;

    /// The last point up to which everything is durable at the target; `None` before the first.
    fn durable(&self) -> Option<Checkpoint>;

    /// What has been done so far, for those who watch.
    fn applied(&self) -> Applied {
        Applied::default()
    }

    /// See 5.
    async fn close(&mut self) -> Result<(), Failure>;
}

/// What a consumer has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Transactions of the target; 0 where it has none.
    pub commits: u64,
    /// Conflicts that are recorded at the target, by this run and earlier ones.
    pub conflicts: u64,
    /// Schema changes that the spec leaves out.
    pub schema_changes_ignored: u64,
}

/// The consumer of a task.
pub fn build(task: &TaskName, spec: &ConsumerSpec) -> Result<Box<dyn Consumer>, Failure> {
    Ok(match spec {
        ConsumerSpec::Mysql(target) => Box::new(mysql::MySqlConsumer::new(task.clone(), target.clone())),
        ConsumerSpec::Kafka(kafka) => Box::new(kafka::KafkaConsumer::new(task.clone(), kafka.clone())),
        ConsumerSpec::Stdout(stdout) => Box::new(stdout::StdoutConsumer::new(stdout.clone())),
    })
}
