//! The source's end of a pipe.

use crate::change::Change;
use async_trait::async_trait;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;

#[async_trait]
pub trait Producer: Send {
    /// Connects, checks the source, finds where to begin: at `resume` (what is durable at the target, or lastCommit), else at the spec's start. Answers the checkpoint it begins at
    /// (server, position, GTID set; epoch 0). Definite failures: wrong password, binlog off, not ROW, purged position, ...
    async fn open(&mut self, resume: Option<&Checkpoint>) -> Result<Checkpoint, Failure>;
    /// The next change; waits. Cancel-safe. An error ends this producer.
    async fn next(&mut self) -> Result<Change, Failure>;
}

pub use replicator_mysql::head::SourceHead;

/// Asks the source where its log ends, over a connection of its own: for the lag.
#[async_trait]
pub trait Head: Send {
    async fn ask(&mut self) -> Result<SourceHead, Failure>;
}
