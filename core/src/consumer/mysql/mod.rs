//! MySQL or MariaDB as a target: exactly once, in source order.
//!
//! One connection applies. Under backlog, adjacent source transactions share one target transaction, whose rows are
//! gathered and written together (`gathered`); each target transaction ends with a marker that says how far it goes and fails unless the epoch is still ours (`marker`).

mod applier;
mod ddl;
mod fold;
mod gathered;
mod marker;
mod session;
mod statement;
mod value;

use crate::change::{Change, RowsChange, SchemaChange, SourcePoint};
use crate::consumer::Consumer;
use crate::pipe::fence::Fence;
use applier::Applier;
use async_trait::async_trait;
use ddl::PendingDdl;
use gathered::Gathered;
use marker::{COMPACT_EVERY, Pending};
use mysql_async::{Statement, Value};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::{DdlPolicy, MySqlTargetSpec};
use replicator_mysql::connect::Endpoint;
use replicator_mysql::tables::{Collations, collations};
use session::Session;
use std::time::Duration;
use tokio::time::Instant;

/// How often a marker is written when only filtered or empty transactions go by. Without one, a source that purges
/// its logs could purge the place where a restart would begin.
const REACHED_INTERVAL: Duration = Duration::from_secs(1);

/// Applies changes to a server.
pub struct MySqlConsumer {
    task: TaskName,
    spec: MySqlTargetSpec,
    open: Option<Open>,
    durable: Option<Checkpoint>,
}

/// What there is between `open` and the end.
struct Open {
    session: Session,
    fence: Fence,
    applier: Applier,
    gathered: Gathered,
    insert_marker: Statement,
    delete_markers: Statement,
    collations: Collations,
    /// What the next marker will say; `None` before `begin`.
    pending: Option<Pending>,
    /// The last marker's number, as found.
    sequence: u64,
    pending_ddl: Option<PendingDdl>,
    /// Complete source transactions in the open target transaction.
    transactions: u64,
    /// Whether one has begun and is not complete.
    in_transaction: bool,
    /// A schema change ran in the current transaction and its marker is still to be written.
    ran_ddl: bool,
    rows: u64,
    bytes: u64,
    last_marker: Instant,
}

impl Open {
    /// Writes the rows that were gathered into the open target transaction.
    async fn write_gathered(&mut self) -> Result<(), Failure> {
        self.gathered.write(&mut self.applier, &mut self.session).await
    }

    fn pending(&mut self) -> Result<&mut Pending, Failure> {
        self.pending
            .as_mut()
            .ok_or_else(|| Failure::transient("not_begun", "the stream has not begun", "it is begun again"))
    }
}

impl MySqlConsumer {
    pub fn new(task: TaskName, spec: MySqlTargetSpec) -> Self {
        Self { task, spec, open: None, durable: None }
    }

    fn opened(open: &mut Option<Open>) -> Result<&mut Open, Failure> {
        open.as_mut().ok_or_else(|| Failure::transient("not_open", "the target is not open", "it is opened again"))
    }

    /// Makes the open target transaction durable, with its marker.
    async fn commit(&mut self) -> Result<(), Failure> {
        let open = Self::opened(&mut self.open)?;
        open.write_gathered().await?;
        let epoch = open.fence.epoch();
        let marker = open.pending()?.marker(epoch);
        let task = Value::Bytes(self.task.as_str().into());
        let values = vec![
            Value::UInt(marker.sequence),
            Value::Bytes(marker.server.into()),
            Value::Bytes(marker.position.file.into()),
            Value::UInt(marker.position.offset),
            marker.gtid_set.map_or(Value::NULL, |set| Value::Bytes(set.into())),
            Value::Int(i64::from(marker.whole_set)),
            Value::Int(marker.event_time_us),
            task.clone(),
            Value::UInt(marker.epoch),
        ];
        if open.session.execute(&open.insert_marker, values).await? != 1 {
            return Err(open.fence.lost(format!("the target has an owner newer than epoch {}", marker.epoch)));
        }
        if marker.sequence.is_multiple_of(COMPACT_EVERY) {
            let values = vec![task, Value::UInt(marker.sequence)];
            open.session.execute(&open.delete_markers, values).await?;
        }
        if open.ran_ddl {
            ddl::delete_pending(&mut open.session, &self.task).await?;
        }
        open.fence.check()?;
        open.session.commit().await?;
        let pending = open.pending()?;
        pending.written(marker.sequence);
        self.durable = Some(pending.progress.checkpoint(epoch, 0));
        open.last_marker = Instant::now();
        (open.transactions, open.rows, open.bytes, open.ran_ddl) = (0, 0, 0, false);
        Ok(())
    }

    /// A transaction that is too large to be gathered is written in parts.
    async fn gather(&mut self, rows: RowsChange) -> Result<(), Failure> {
        let bytes_max = self.spec.commit_bytes_max.get();
        let open = Self::opened(&mut self.open)?;
        open.rows += rows.row_count;
        open.bytes += rows.event.len() as u64;
        open.gathered.push(rows);
        if open.gathered.bytes() >= bytes_max { open.write_gathered().await } else { Ok(()) }
    }

    async fn change_schema(&mut self, change: &SchemaChange, file: &str, offset: u64) -> Result<(), Failure> {
        match self.spec.ddl {
            DdlPolicy::Apply => {}
            DdlPolicy::Ignore => {
                let open = Self::opened(&mut self.open)?;
                open.write_gathered().await?;
                return open.applier.forget_tables(&mut open.session).await;
            }
            DdlPolicy::Stop => {
                return Err(Failure::definite(
                    "schema_change",
                    format!(
                        "a schema change at {file}:{offset} and `consumer.ddl` is \"stop\": {}",
                        ddl::shown(&change.sql)
                    ),
                    "decide what the target's table shall look like, set `consumer.ddl` to \"apply\" or \"ignore\", and start again",
                ));
            }
        }
        if Self::opened(&mut self.open)?.transactions > 0 {
            self.commit().await?;
        }
        let open = Self::opened(&mut self.open)?;
        open.write_gathered().await?;
        open.applier.forget_tables(&mut open.session).await?;
        open.fence.check()?;
        let now = ddl::state_of(&mut open.session, change).await?;
        let known = open.pending_ddl.take().filter(|pending| pending.file == file && pending.offset == offset);
        let ran_before_a_crash = known.as_ref().is_some_and(|pending| pending.before_state != now);
        if ran_before_a_crash {
            tracing::info!(task = %self.task, file, offset, "the schema change had run before the last stop");
        } else {
            let pending = PendingDdl { file: file.to_owned(), offset, before_state: now };
            ddl::write_pending(&mut open.session, &self.task, open.fence.epoch().get(), &pending).await?;
            open.fence.check()?;
            ddl::run(&mut open.session, change, &open.collations).await?;
        }
        open.ran_ddl = true;
        Ok(())
    }

    async fn finish_transaction(&mut self, point: &SourcePoint) -> Result<(), Failure> {
        let open = Self::opened(&mut self.open)?;
        open.pending()?.advance(point);
        open.in_transaction = false;
        open.transactions += 1;
        let full = open.rows >= u64::from(self.spec.commit_rows_max) || open.bytes >= self.spec.commit_bytes_max.get();
        if full || open.ran_ddl { self.commit().await } else { Ok(()) }
    }
}

#[async_trait]
impl Consumer for MySqlConsumer {
    async fn open(&mut self, fence: Fence) -> Result<Option<Checkpoint>, Failure> {
        let endpoint = Endpoint::of_target(&self.spec)?;
        let mut session = Session::connect(&endpoint, self.spec.statement_timeout.duration()).await?;
        session.take_over(&self.task, &fence).await?;
        let remembered = session.read_progress(&self.task).await?;
        let pending_ddl = ddl::read_pending(&mut session, &self.task).await?;
        let collations = collations(session.conn()).await?;
        let insert_marker = session.prepare(&marker::insert_marker()).await?;
        let delete_markers = session.prepare(&marker::delete_markers()).await?;
        let sequence = remembered.as_ref().map_or(0, |(sequence, _)| *sequence);
        self.durable = remembered.map(|(_, checkpoint)| checkpoint);
        self.open = Some(Open {
            session,
            fence,
            applier: Applier::default(),
            gathered: Gathered::default(),
            insert_marker,
            delete_markers,
            collations,
            pending: None,
            sequence,
            pending_ddl,
            transactions: 0,
            in_transaction: false,
            ran_ddl: false,
            rows: 0,
            bytes: 0,
            last_marker: Instant::now(),
        });
        Ok(self.durable.clone())
    }

    async fn begin(&mut self, start: &Checkpoint) -> Result<(), Failure> {
        let open = Self::opened(&mut self.open)?;
        let is_new = open.sequence == 0;
        open.pending = Some(Pending::new(start.clone(), open.sequence));
        // The target remembers where it began before it has anything else to remember.
        if is_new { self.commit().await } else { Ok(()) }
    }

    async fn rewind(&mut self, start: &Checkpoint) -> Result<(), Failure> {
        let open = Self::opened(&mut self.open)?;
        open.pending = Some(Pending::anew(start.clone(), open.sequence));
        // A statement that was about to run lies elsewhere in the log now.
        (open.pending_ddl, open.ran_ddl) = (None, true);
        self.commit().await
    }

    async fn take(&mut self, change: Change) -> Result<(), Failure> {
        match change {
            Change::Begin(_) => {
                Self::opened(&mut self.open)?.in_transaction = true;
                Ok(())
            }
            Change::Rows(rows) => self.gather(rows).await,
            Change::Schema(schema) => {
                let (file, offset) = (schema.file.clone(), schema.offset);
                self.change_schema(&schema, &file, offset).await
            }
            Change::Commit(point) => self.finish_transaction(&point).await,
            Change::Reached(point) => Self::opened(&mut self.open)?.pending().map(|pending| pending.advance(&point)),
        }
    }

    /// While a source transaction is under way in the same target transaction, those complete before it wait for it:
    /// a target transaction can't be committed in part.
    async fn settle(&mut self) -> Result<(), Failure> {
        let open = Self::opened(&mut self.open)?;
        if open.in_transaction {
            return Ok(());
        }
        let reached = open.pending()?.is_changed() && open.last_marker.elapsed() >= REACHED_INTERVAL;
        if open.transactions > 0 || reached { self.commit().await } else { Ok(()) }
    }

    fn durable(&self) -> Option<Checkpoint> {
        self.durable.clone()
    }

    async fn close(&mut self) -> Result<(), Failure> {
        let open = Self::opened(&mut self.open)?;
        if !open.in_transaction && open.pending.as_ref().is_some_and(Pending::is_changed) {
            self.commit().await?;
        }
        let Some(mut open) = self.open.take() else { return Ok(()) };
        open.session.rollback().await?;
        open.session.disconnect().await;
        Ok(())
    }
}
