//! The standard output of the process: one line of canal-json a row or statement, to look at changes.
//!
//! Lines appear when nothing more waits or 64 KiB have gathered. What was written counts as durable.

use super::Consumer;
use super::message::canal_json::{Envelope, RowImages, TableEncoding, subjects, write_statement};
use crate::change::{Change, Progressed, RowsChange, SchemaChange, SourcePoint, TransactionStart};
use crate::pipe::fence::Fence;
use async_trait::async_trait;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::task::StdoutSpec;
use std::io::{self, Write};

/// Lines gathered before they are written.
const BUFFER_BYTES: usize = 64 << 10;

pub struct StdoutConsumer {
    /// `None` while a write is running, and after one that failed.
    output: Option<Box<dyn Write + Send>>,
    buffer: Vec<u8>,
    fence: Option<Fence>,
    session: Option<Session>,
}

struct Session {
    fence: Fence,
    /// The end of the last complete transaction whose lines are in the buffer or written.
    taken: Progressed,
    /// A transaction has ended since `written`.
    has_ended: bool,
    /// The same of what is written; `None` before the first.
    written: Option<Progressed>,
    table: Option<TableEncoding>,
    transactions: u64,
    transaction: Option<Transaction>,
}

struct Transaction {
    id: u64,
    start: TransactionStart,
    gtid: String,
}

impl StdoutConsumer {
    pub fn new(_spec: StdoutSpec) -> Self {
        Self::writing_to(io::stdout())
    }

    /// Instead of the standard output, for tests and for `replicator try`.
    pub fn writing_to(output: impl Write + Send + 'static) -> Self {
        Self { output: Some(Box::new(output)), buffer: Vec::new(), fence: None, session: None }
    }

    fn session(&mut self) -> Result<&mut Session, Failure> {
        self.session.as_mut().ok_or_else(|| out_of_order("it is not open"))
    }

    /// Writes what has gathered. Blocking, so on a thread for that.
    async fn flush(&mut self) -> Result<(), Failure> {
        let session = self.session.as_mut().ok_or_else(|| out_of_order("it is not open"))?;
        session.fence.check()?;
        let mut output = self.output.take().ok_or_else(|| failed(&io::ErrorKind::BrokenPipe.into()))?;
        let buffer = std::mem::take(&mut self.buffer);
        let writing = tokio::task::spawn_blocking(move || {
            let result = output.write_all(&buffer).and_then(|()| output.flush());
            (output, buffer, result)
        });
        let (output, mut buffer, result) = writing.await.map_err(|error| failed(&io::Error::other(error)))?;
        result.map_err(|error| failed(&error))?;
        buffer.clear();
        (self.output, self.buffer) = (Some(output), buffer);
        Ok(())
    }
}

#[async_trait]
impl Consumer for StdoutConsumer {
    async fn open(&mut self, fence: Fence) -> Result<Option<Checkpoint>, Failure> {
        self.fence = Some(fence);
        Ok(None)
    }

    async fn begin(&mut self, start: &Checkpoint) -> Result<(), Failure> {
        let fence = self.fence.clone().ok_or_else(|| out_of_order("it is not open"))?;
        let taken = Progressed::from(start.clone());
        self.session = Some(Session {
            fence,
            taken,
            has_ended: false,
            written: None,
            table: None,
            transactions: 0,
            transaction: None,
        });
        Ok(())
    }

    async fn take(&mut self, change: Change) -> Result<(), Failure> {
        let (session, buffer) = match &mut self.session {
            Some(session) => (session, &mut self.buffer),
            None => return Err(out_of_order("it is not open")),
        };
        match change {
            Change::Begin(start) => session.begin_transaction(start),
            Change::Rows(rows) => session.write_rows(&rows, buffer).map_err(|failure| failure.at(rows.place()))?,
            Change::Schema(schema) => session.write_schema(&schema, buffer)?,
            Change::Commit(point) | Change::Reached(point) => session.end(&point),
        }
        if self.buffer.len() >= BUFFER_BYTES { self.flush().await } else { Ok(()) }
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        if !self.buffer.is_empty() {
            self.flush().await?;
        }
        let session = self.session()?;
        if std::mem::take(&mut session.has_ended) {
            session.written = Some(session.taken.clone());
        }
        Ok(())
    }

    fn durable(&self) -> Option<Checkpoint> {
        let session = self.session.as_ref()?;
        let now_us = jiff::Timestamp::now().as_microsecond();
        session.written.as_ref().map(|written| written.checkpoint(session.fence.epoch(), now_us))
    }

    async fn close(&mut self) -> Result<(), Failure> {
        self.settle().await
    }
}

impl Session {
    fn begin_transaction(&mut self, start: TransactionStart) {
        self.transactions += 1;
        let gtid = start.gtid.as_ref().map_or(String::new(), ToString::to_string);
        self.transaction = Some(Transaction { id: self.transactions, start, gtid });
    }

    fn end(&mut self, point: &SourcePoint) {
        self.transaction = None;
        self.taken.advance(point);
        self.has_ended = true;
    }

    fn write_rows(&mut self, change: &RowsChange, out: &mut Vec<u8>) -> Result<(), Failure> {
        let envelope = envelope(self.transaction.as_ref())?;
        let table = match self.table.take() {
            Some(table) if std::sync::Arc::ptr_eq(table.table(), &change.table) => table,
            _ => TableEncoding::new(change.table.clone())?,
        };
        let event = change.view()?;
        let mut rows = event.rows(&change.table.map).map_err(|error| change.error(error))?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        while rows.next_into(&mut before, &mut after).map_err(|error| change.error(error))? {
            let row = RowImages { before: &before, after: &after };
            table.write_row(&envelope, change.layout.kind, row, out)?;
            out.push(b'\n');
        }
        self.table = Some(table);
        Ok(())
    }

    fn write_schema(&mut self, schema: &SchemaChange, out: &mut Vec<u8>) -> Result<(), Failure> {
        let subjects = subjects(schema);
        let (database, table) = subjects.first().map_or(("", ""), |(database, table)| (database, table));
        write_statement(&envelope(self.transaction.as_ref())?, database, table, &schema.sql, out);
        out.push(b'\n');
        Ok(())
    }
}

fn envelope(transaction: Option<&Transaction>) -> Result<Envelope<'_>, Failure> {
    let Transaction { id, start, gtid } =
        transaction.ok_or_else(|| out_of_order("a change came outside a transaction"))?;
    let now_ms = jiff::Timestamp::now().as_millisecond();
    Ok(Envelope { id: *id, gtid, committed_ms: start.commit_time_us / 1000, now_ms })
}

fn failed(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::definite(
            "stdout_closed",
            "the reader of the standard output has gone away",
            "start the task again with a reader that stays",
        ),
        _ => Failure::definite(
            "stdout_failed",
            format!("the standard output can't be written: {error}"),
            "see where the output of this process goes (a full disk?)",
        ),
    }
}

fn out_of_order(problem: &str) -> Failure {
    Failure::definite("stream_out_of_order", format!("the stdout consumer was called wrongly: {problem}"), "report it")
}

#[cfg(test)]
mod tests;
