//! Kafka: one message a row.
//!
//! ```text
//! Change ─▶ message::TableEncoding ─▶ key, payload, headers ─▶ outbox ─▶ librdkafka ─▶ brokers
//!             │ topics                                           │ ledger ◀─ deliveries ◀─┘
//!             └ keys                                             └▶ durable()
//! ```
//!
//! - **Topic**: `consumer.topic` with the source's names, see `topic`.
//! - **Key**: `["database","table","value",…]` with the key's columns; one key for all rows of a table without a key and
//!   for statements. The partition is Java's default for a key (murmur2), so all changes of a row are in one partition in
//!   the source's order, unless someone changes the number of partitions. Keys are compared as bytes: two keys that only
//!   a collation makes equal ('a' and 'A') are two.
//! - **An update that changes the key** is two messages, DELETE under the old key with the header `new_key`, INSERT under
//!   the new one with the header `old_key`: each partition has the whole history of its keys (Canal sends one UPDATE under
//!   the new key, and the old one lives on in another partition).
//! - **A schema change** is a message to the topic of each replicated table that it names; about a database, to the topic
//!   with an empty `{table}`. An ALTER DATABASE that leaves the name out has no topic and is not sent; the log says so.
//! - **A deletion** is a message with `type` DELETE, never a tombstone; as in Canal.
//! - **Delivery**: at least once. Messages are idempotent within one run; after a crash those that were not acknowledged
//!   come again, the same ones in the same order. Headers tell them apart, all texts:
//!
//!   | header | |
//!   |---|---|
//!   | `server` | which server's binary log: `server_uuid`, or `server-<server_id>` |
//!   | `file`, `offset` | where the transaction begins in it |
//!   | `gtid` | its identifier; left out where the source has none |
//!   | `index` | number of the message in its transaction, from 0: one a row or statement, two for an update that changes the key |
//!   | `epoch` | the lease it was sent under |
//!
//!   A reader that remembers, per partition, the last (`server`, `file`, `offset`, `index`) and skips what is not
//!   greater sees each message once. While two leases overlap for a moment, the greater `epoch` is right.
//! - **Order**: once a message can't be delivered, none after it is.
//! - A transaction's messages become visible as they are sent; it counts as durable when all are acknowledged.

mod delivery;
mod ledger;
mod outbox;
mod settings;
mod topic;

use super::message::canal_json::{Envelope, RowImages, TableEncoding, subjects, write_statement, write_statement_key};
use super::{Applied, Consumer};
use crate::change::{Change, Progressed, RowsChange, SchemaChange, SourcePoint, TableSchema, TransactionStart};
use crate::consumer::schema_policy::SchemaPolicy;
use crate::pipe::fence::Fence;
use async_trait::async_trait;
use outbox::{Message, Outbox};
use rdkafka::message::{Header, OwnedHeaders};
use replicator_binlog::RowsKind;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::KafkaSpec;
use std::collections::HashMap;
use std::sync::Arc;
use topic::Topics;

/// Tables whose encodings are kept; beyond that they are made anew, which only costs time.
const TABLES_MAX: usize = 4096;

pub struct KafkaConsumer {
    task: TaskName,
    spec: KafkaSpec,
    policy: SchemaPolicy,
    session: Option<Session>,
}

/// What there is from `open` on.
struct Session {
    outbox: Outbox,
    topics: Topics,
    /// By the address of the schema, which the encoding keeps alive.
    tables: HashMap<usize, Arc<Table>>,
    /// The source's server, as of the last point of the stream.
    server: Arc<str>,
    epoch: String,
    message_bytes_max: usize,
    transactions: u64,
    transaction: Option<Transaction>,
    /// Used again and again.
    payload: Vec<u8>,
    key: Vec<u8>,
}

struct Table {
    encoding: TableEncoding,
    topic: String,
}

/// The transaction that has begun and has no `Commit` yet.
struct Transaction {
    /// In the ledger.
    number: u64,
    /// As in the messages.
    id: u64,
    start: TransactionStart,
    gtid: String,
    offset: String,
    messages: u64,
}

/// How an update that changes the key is sent.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    Leaves,
    Arrives,
}

impl KafkaConsumer {
    pub fn new(task: TaskName, spec: KafkaSpec) -> Self {
        let policy = SchemaPolicy::new(&task, &spec.ddl);
        Self { task, spec, policy, session: None }
    }

    fn session(&mut self) -> Result<&mut Session, Failure> {
        self.session.as_mut().ok_or_else(|| out_of_order("it is not open"))
    }
}

#[async_trait]
impl Consumer for KafkaConsumer {
    async fn open(&mut self, fence: Fence) -> Result<Option<Checkpoint>, Failure> {
        let config = settings::client_config(&self.task, &self.spec)?;
        let topics = Topics::new(&self.spec.topic)?;
        let epoch = fence.epoch().to_string();
        let outbox = Outbox::open(&config, self.spec.brokers.join(","), fence).await?;
        self.session = Some(Session {
            outbox,
            topics,
            tables: HashMap::new(),
            server: "".into(),
            epoch,
            message_bytes_max: usize::try_from(self.spec.message_bytes_max.get()).unwrap_or(usize::MAX),
            transactions: 0,
            transaction: None,
            payload: Vec::new(),
            key: Vec::new(),
        });
        // Kafka remembers nothing of the source.
        Ok(None)
    }

    async fn begin(&mut self, start: &Checkpoint) -> Result<(), Failure> {
        let session = self.session()?;
        session.server = start.server.as_str().into();
        session.outbox.start(Progressed::from(start.clone()));
        Ok(())
    }

    async fn take(&mut self, change: Change) -> Result<(), Failure> {
        if let Change::Schema(schema) = &change
            && !self.policy.carries(schema)?
        {
            return Ok(());
        }
        let session = self.session()?;
        match change {
            Change::Begin(start) => session.begin_transaction(start).await,
            Change::Rows(rows) => session.send_rows(&rows).await,
            Change::Schema(schema) => session.send_schema(&schema).await,
            Change::Commit(point) => session.commit(point),
            Change::Reached(point) => session.reach(point).await,
        }
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        self.session()?.outbox.settle().await
    }

    fn applied(&self) -> Applied {
        Applied { schema_changes_ignored: self.policy.ignored(), ..Applied::default() }
    }

    fn durable(&self) -> Option<Checkpoint> {
        self.session.as_ref()?.outbox.durable(jiff::Timestamp::now().as_microsecond())
    }

    async fn close(&mut self) -> Result<(), Failure> {
        // Messages of a transaction that is not complete can't be taken back; they come again, and say so by their index.
        match self.session.take() {
            Some(session) => session.outbox.settle().await,
            None => Ok(()),
        }
    }
}

impl Session {
    async fn begin_transaction(&mut self, start: TransactionStart) -> Result<(), Failure> {
        if self.transaction.is_some() {
            return Err(out_of_order("a transaction began inside another"));
        }
        let number = self.outbox.begin().await?;
        self.transactions += 1;
        let gtid = start.gtid.as_ref().map_or(String::new(), ToString::to_string);
        let offset = start.offset.to_string();
        self.transaction = Some(Transaction { number, id: self.transactions, start, gtid, offset, messages: 0 });
        Ok(())
    }

    fn commit(&mut self, point: SourcePoint) -> Result<(), Failure> {
        let transaction =
            self.transaction.take().ok_or_else(|| out_of_order("a transaction ended that had not begun"))?;
        self.server = point.server.clone();
        self.outbox.end(transaction.number, point);
        Ok(())
    }

    async fn reach(&mut self, point: SourcePoint) -> Result<(), Failure> {
        if self.transaction.is_some() {
            return Err(out_of_order("a point between transactions came inside one"));
        }
        let number = self.outbox.begin().await?;
        self.server = point.server.clone();
        self.outbox.end(number, point);
        Ok(())
    }

    async fn send_rows(&mut self, change: &RowsChange) -> Result<(), Failure> {
        let table = self.table(&change.table)?;
        let event = change.view()?;
        let mut rows = event.rows(&change.table.map).map_err(|error| change.error(error))?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let now_ms = jiff::Timestamp::now().as_millisecond();
        while rows.next_into(&mut before, &mut after).map_err(|error| change.error(error))? {
            let row = RowImages { before: &before, after: &after };
            let parts: &[Part] = match change.layout.kind {
                RowsKind::Update if table.encoding.moves(row) => &[Part::Leaves, Part::Arrives],
                _ => &[Part::Whole],
            };
            for part in parts {
                self.write_row(&table, change, row, *part, now_ms).map_err(|failure| failure.at(change.place()))?;
                let other_key = self.other_key(&table, row, *part)?;
                self.send(&table.topic, other_key).await.map_err(|failure| failure.at(change.place()))?;
            }
        }
        Ok(())
    }

    /// Fills payload and key.
    fn write_row(
        &mut self,
        table: &Table,
        change: &RowsChange,
        row: RowImages<'_, '_>,
        part: Part,
        now_ms: i64,
    ) -> Result<(), Failure> {
        let transaction = self.transaction.as_ref().ok_or_else(|| out_of_order("a row came outside a transaction"))?;
        let (kind, images, before) = match part {
            Part::Whole => (change.layout.kind, row, change.layout.kind == RowsKind::Delete),
            Part::Leaves => (RowsKind::Delete, row.swapped(), false),
            Part::Arrives => (RowsKind::Insert, row, false),
        };
        self.payload.clear();
        self.key.clear();
        table.encoding.write_row(&transaction.envelope(now_ms), kind, images, &mut self.payload)?;
        table.encoding.write_key(images, before, &mut self.key)?;
        let bytes = self.payload.len() + self.key.len();
        if bytes > self.message_bytes_max {
            return Err(Failure::definite(
                "message_too_large",
                format!("a row makes a message of {bytes} bytes, the limit is {}", self.message_bytes_max),
                "raise `consumer.message_bytes_max` and the topic's `max.message.bytes`, or leave the table out of `tables`",
            ));
        }
        Ok(())
    }

    /// The key on the other side of an update that changes it, as a header.
    fn other_key(
        &self,
        table: &Table,
        row: RowImages<'_, '_>,
        part: Part,
    ) -> Result<Option<(&'static str, Vec<u8>)>, Failure> {
        let (name, before) = match part {
            Part::Whole => return Ok(None),
            Part::Leaves => ("new_key", false),
            Part::Arrives => ("old_key", true),
        };
        let mut key = Vec::new();
        table.encoding.write_key(row, before, &mut key)?;
        Ok(Some((name, key)))
    }

    /// One message for each replicated table that the statement names, or one about the database that it names.
    async fn send_schema(&mut self, schema: &SchemaChange) -> Result<(), Failure> {
        let subjects = subjects(schema);
        if subjects.is_empty() {
            tracing::warn!(
                sql = schema.sql,
                "a statement that names no table or database has no topic and is not sent"
            );
        }
        let now_ms = jiff::Timestamp::now().as_millisecond();
        for (database, table) in subjects.iter() {
            let transaction =
                self.transaction.as_ref().ok_or_else(|| out_of_order("a statement came outside a transaction"))?;
            let topic = self.topics.of(database, table)?;
            self.payload.clear();
            self.key.clear();
            write_statement(&transaction.envelope(now_ms), database, table, &schema.sql, &mut self.payload);
            write_statement_key(database, table, &mut self.key);
            self.send(&topic, None).await?;
        }
        Ok(())
    }

    /// Sends payload and key.
    async fn send(&mut self, topic: &str, other_key: Option<(&'static str, Vec<u8>)>) -> Result<(), Failure> {
        let transaction =
            self.transaction.as_mut().ok_or_else(|| out_of_order("a change came outside a transaction"))?;
        let index = transaction.messages.to_string();
        transaction.messages += 1;
        let mut headers = OwnedHeaders::new_with_capacity(7)
            .insert(Header { key: "server", value: Some(&*self.server) })
            .insert(Header { key: "file", value: Some(&*transaction.start.file) })
            .insert(Header { key: "offset", value: Some(&transaction.offset) })
            .insert(Header { key: "index", value: Some(&index) })
            .insert(Header { key: "epoch", value: Some(&self.epoch) });
        if !transaction.gtid.is_empty() {
            headers = headers.insert(Header { key: "gtid", value: Some(&transaction.gtid) });
        }
        if let Some((name, key)) = &other_key {
            headers = headers.insert(Header { key: name, value: Some(key) });
        }
        let message =
            Message { topic, key: &self.key, payload: &self.payload, headers, transaction: transaction.number };
        self.outbox.send(message).await
    }

    fn table(&mut self, schema: &Arc<TableSchema>) -> Result<Arc<Table>, Failure> {
        let address = Arc::as_ptr(schema) as usize;
        if let Some(table) = self.tables.get(&address) {
            return Ok(table.clone());
        }
        let topic = self.topics.of(&schema.database, &schema.table)?;
        let table = Arc::new(Table { encoding: TableEncoding::new(schema.clone())?, topic });
        if self.tables.len() >= TABLES_MAX {
            self.tables.clear();
        }
        self.tables.insert(address, table.clone());
        Ok(table)
    }
}

impl Transaction {
    fn envelope(&self, now_ms: i64) -> Envelope<'_> {
        Envelope { id: self.id, gtid: &self.gtid, committed_ms: self.start.commit_time_us / 1000, now_ms }
    }
}

fn out_of_order(problem: &str) -> Failure {
    Failure::definite("stream_out_of_order", format!("the Kafka consumer was called wrongly: {problem}"), "report it")
}
