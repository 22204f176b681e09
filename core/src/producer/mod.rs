//! The source's end of a pipe.
//!
//! ```text
//! source ─ replicator_mysql::replication ─▶ raw events ─▶ assemble ─▶ Change
//!            (worker of its own)                            │  ├ statement, scope: what a statement means for the task
//!                                                           │  └ schema: what a table looked like
//!                         followed, information_schema ┘  (only where the log does not say enough)
//! ```
//!
//! `replicator_mysql::beginning` decides where to begin, `assemble` what events mean; both are plain functions of data.
//! `binlog` connects them to the server.

mod assemble;
mod binlog;
mod column_type;
mod followed;
mod heartbeat;
mod lookup;
mod meaning;
mod prepared;
mod read_from;
mod rival;
mod schema;
mod scope;
mod shaped;
mod source_head;
mod statement;

use crate::change::{Change, TransactionStart};
use async_trait::async_trait;
use binlog::BinlogProducer;
pub use followed::SchemaStore;
use heartbeat::EndpointHeart;
pub use read_from::ReadFrom;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::TransactionPlace;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::{PipeSpec, ProducerSpec, Route};
pub use replicator_mysql::head::{KeptLogs, SourceHead};
pub use replicator_mysql::heartbeat::not_written as heartbeat_not_written;
pub use replicator_mysql::stream_error::REPLICA_ID_TAKEN;
use source_head::EndpointHead;
use std::sync::Arc;

/// Reads a source's changes, in its commit order. Called by one worker, one call at a time: `open` once, then `next`.
/// After an error nothing more is called but `drop`: the supervisor builds another one.
#[async_trait]
pub trait Producer: Send {
    /// Called before `open`, if at all: leave this transaction out, which has to be the first of the task's that comes.
    /// It is handed on as one without changes. Another one that comes first is the definite failure `skip_mismatch`.
    fn skip(&mut self, transaction: TransactionPlace);

    /// Called before `open`, if at all: the target's name in trails. What has passed it does not go there again.
    fn goes_to(&mut self, target: &str);

    /// Called before `open`, if at all: where to keep what the source's tables looked like, so that rows can be read
    /// that were written before a table was changed. Without it the source is asked, which knows the present alone.
    fn remember(&mut self, store: Arc<dyn SchemaStore>);

    /// Called before `open`, if at all: somebody else has the task's identity at the source, so use another one. 0 is the
    /// first.
    fn use_identity(&mut self, variant: u32);

    /// Which of the task's hosts it reads from.
    fn read_from(&self) -> ReadFrom;

    /// The transaction that is being read: after an error, the one that can't be carried.
    fn transaction(&self) -> Option<TransactionStart>;

    /// Connects, checks that the source can be replicated from, and finds where to begin: after `resume` (what is
    /// durable at the target, or `lastCommit`), else at the task's start. Answers the checkpoint it begins at, with
    /// epoch 0.
    ///
    /// Definite failures: wrong password, missing privilege, binary log off or not ROW, a position that is purged or
    /// of another server, … each with its own code.
    async fn open(&mut self, resume: Option<&Checkpoint>) -> Result<Checkpoint, Failure>;

    /// The next change; waits for it. Cancel-safe. An idle source gives [`Change::Reached`] with every heartbeat.
    async fn next(&mut self) -> Result<Change, Failure>;
}

/// Where the source's log ends, asked over a connection of its own: for lag.
#[async_trait]
pub trait Head: Send {
    /// Not cancel-safe: after a cancelled call the next one connects anew.
    async fn ask(&mut self) -> Result<SourceHead, Failure>;

    /// What the source keeps of its log. Not cancel-safe either.
    async fn kept(&mut self) -> Result<KeptLogs, Failure>;
}

/// Writes the task's heartbeat rows at the source.
#[async_trait]
pub trait Heart: Send {
    /// Writes one. A failure is worth a warning, [`heartbeat_not_written`]: nothing but the lag depends on it. Not
    /// cancel-safe: after a cancelled call the next one connects anew.
    async fn beat(&mut self) -> Result<(), Failure>;
}

/// The producer of a task. Connects to nothing yet.
pub fn build(
    task: &TaskName,
    spec: &ProducerSpec,
    routes: &[Route],
    pipe: &PipeSpec,
) -> Result<Box<dyn Producer>, Failure> {
    Ok(Box::new(BinlogProducer::new(task, spec, routes, pipe)?))
}

/// Asks the source that a producer reads from for its head, once it is known which of the task's hosts that is. Connects to
/// nothing yet.
pub async fn build_head(from: ReadFrom) -> Box<dyn Head> {
    Box::new(EndpointHead::new(from.known().await))
}

/// Writes heartbeat rows at the source that a producer reads from, once it is known which that is. Connects to nothing
/// yet.
pub async fn build_heart(task: &TaskName, spec: &ProducerSpec, from: ReadFrom) -> Box<dyn Heart> {
    let may_be_replica = spec.fallback_hosts.is_empty();
    Box::new(EndpointHeart::new(task.clone(), from.known().await, may_be_replica))
}
