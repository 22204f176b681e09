//! Distributed transactions whose rows are read again from the source's log, because they were too large to be held or
//! were prepared before this connection began: a look of its own, in a worker of its own.

use super::assemble::{Applied, Assembler, Beginning, Wanted, WantedTransaction};
use super::binlog::now_us;
use super::followed::Followed;
use super::lookup::look_up;
use super::scope::Scope;
use crate::change::{Change, RowsChange};
use replicator_binlog::Decoder;
use replicator_model::failure::Failure;
use replicator_model::position::Position;
use replicator_mysql::head;
use replicator_mysql::locate::{LogReader, OpenedLog};
use replicator_mysql::place::Place;
use replicator_mysql::tables::Collations;
use replicator_schema::dialect::Dialect;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Events read and not yet taken.
const AHEAD_EVENTS: usize = 16;

/// What a transaction is read again with.
#[derive(Debug, Clone)]
pub(super) struct PreparedReader {
    pub(super) log: LogReader,
    pub(super) scope: Scope,
    pub(super) dialect: Dialect,
    pub(super) server: String,
    pub(super) track_gtids: bool,
    pub(super) collations: Collations,
    pub(super) applied: Applied,
    /// What tables look like when the outcome comes.
    pub(super) followed: Option<Followed>,
}

/// The rows of one transaction, as they come. Ended when dropped.
#[derive(Debug)]
pub(super) struct PreparedRows {
    /// Its end is said: a worker that just stops has not read everything.
    rows: mpsc::Receiver<Result<Option<RowsChange>, Failure>>,
    worker: JoinHandle<()>,
}

impl PreparedRows {
    pub(super) fn read(reader: PreparedReader, wanted: WantedTransaction) -> Self {
        let (sender, rows) = mpsc::channel(AHEAD_EVENTS);
        let worker = tokio::spawn(async move {
            let end = reader.send(&wanted, &sender).await.map(|()| None);
            // If this fails, nobody waits for it any more.
            let _gone = sender.send(end).await;
        });
        Self { rows, worker }
    }

    /// The next rows; `None` behind the last. Cancel-safe.
    pub(super) async fn next(&mut self) -> Result<Option<RowsChange>, Failure> {
        self.rows.recv().await.unwrap_or_else(|| {
            Err(Failure::transient(
                "connection_lost",
                "reading a prepared transaction again ended before its end",
                "it is tried again",
            ))
        })
    }
}

impl Drop for PreparedRows {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

impl PreparedReader {
    async fn send(
        &self,
        wanted: &WantedTransaction,
        to: &mpsc::Sender<Result<Option<RowsChange>, Failure>>,
    ) -> Result<(), Failure> {
        let from = match &wanted.from {
            Some(from) => from.clone(),
            None => self.find(wanted).await?,
        };
        let OpenedLog { mut connection, decoder, position } = self.log.open(&from).await?;
        let mut assembler = self.assembler(decoder, &position).reading_again(self.followed.clone(), &wanted.before);
        let mut has_begun = false;
        loop {
            while let Some(change) = assembler.pop() {
                match change {
                    Change::Rows(rows) => {
                        if to.send(Ok(Some(rows))).await.is_err() {
                            return Ok(());
                        }
                    }
                    Change::Commit(_) | Change::Reached(_) if has_begun => return Ok(()),
                    Change::Begin(_) | Change::Schema(_) | Change::Commit(_) | Change::Reached(_) => {}
                }
            }
            let event = connection.next().await?;
            match assembler.take(&event, now_us())? {
                Some(Wanted::Table { database, table }) => {
                    let definition = look_up(self.log.endpoint.clone(), database, table).await?;
                    assembler.define(definition.as_ref())?;
                }
                Some(Wanted::Transaction(_)) | None => {}
            }
            has_begun |= assembler.transaction().is_some();
        }
    }

    async fn find(&self, wanted: &WantedTransaction) -> Result<Position, Failure> {
        tracing::info!(xid = wanted.xid, "looking for a prepared transaction in the source's log");
        let mut conn = self.log.endpoint.connect(&[]).await?;
        let files = head::log_files(&mut conn).await?;
        drop(conn);
        self.log.find_prepared(&files, &wanted.xid, &wanted.before).await?.ok_or_else(|| {
            Failure::definite(
                "xa_transaction",
                format!("XA COMMIT {}, whose rows are in none of the binary logs that the source keeps", wanted.xid),
                "if it changed tables of the task, apply it to the target by hand; then leave this transaction out \
                 (replicator task skip)",
            )
        })
    }

    fn assembler(&self, decoder: Decoder, from: &Position) -> Assembler {
        Assembler::new(Beginning {
            scope: self.scope.clone(),
            dialect: self.dialect,
            server: self.server.clone(),
            track_gtids: self.track_gtids,
            collations: self.collations.clone(),
            decoder,
            place: Place::new(&from.file, from.offset),
            floor: from.clone(),
            heartbeat: None,
            applied: self.applied.clone(),
            skip: None,
            prepared_bytes_max: None,
        })
    }
}
