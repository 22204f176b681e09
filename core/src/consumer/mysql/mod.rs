//! MySQL or MariaDB as a target: exactly once, in source order.
//!
//! Under backlog, adjacent source transactions share one target transaction: a group (`group`). Groups are written at
//! the same time, each over one of several connections (`lanes`, `lane`), as far as they do not change the same rows
//! (`write_set`), many rows to a statement (`program`, `writing`), and committed one after the other (`turn`). Each ends
//! with a marker that says how far it goes and fails unless the epoch is still ours (`marker`).

mod applier;
mod bulk;
mod compare;
mod conflict;
mod ddl;
mod dialect;
mod fold;
mod group;
mod label;
mod lane;
mod lanes;
mod literal;
mod marker;
mod planned_column;
mod plans;
mod program;
#[cfg(test)]
mod program_tests;
mod session;
mod statement;
mod turn;
mod value;
mod write_set;
mod writing;

use crate::change::{Change, RowsChange, SchemaChange, SourcePoint, Trail};
use crate::consumer::schema_policy::{SchemaPolicy, shown};
use crate::consumer::{Applied, Consumer};
use crate::pipe::fence::Fence;
use async_trait::async_trait;
use ddl::{Announced, PendingDdl};
use dialect::TargetDialect;
use group::Group;
use lane::{End, Job, Origin};
use lanes::Lanes;
use marker::Pending;
use plans::Plans;
use program::Program;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::MySqlTargetSpec;
use replicator_mysql::conflicts;
use replicator_mysql::connect::Endpoint;
use replicator_mysql::facts::ServerFacts;
use session::Session;
use std::time::Duration;
use tokio::time::Instant;
use write_set::Writers;

/// How often a marker is written when only filtered or empty transactions go by. Without one, a source that purges
/// its logs could purge the place where a restart would begin.
const REACHED_INTERVAL: Duration = Duration::from_secs(1);

/// Applies changes to a server.
pub struct MySqlConsumer {
    task: TaskName,
    spec: MySqlTargetSpec,
    policy: SchemaPolicy,
    open: Option<Open>,
    durable: Option<Checkpoint>,
    /// The target's name in trails, if it has a binary log.
    site: Option<String>,
}

/// What there is between `open` and the end.
struct Open {
    /// Holds the task's lock, looks at tables, and changes them.
    control: Session,
    lanes: Lanes,
    fence: Fence,
    plans: Plans,
    writers: Writers,
    dialect: TargetDialect,
    /// What the next marker will say; `None` before `begin`.
    pending: Option<Pending>,
    /// The last marker's number, as found.
    sequence: u64,
    pending_ddl: Option<PendingDdl>,
    /// What is taken and not handed on.
    gathered: Group,
    /// The servers that it has passed.
    trail: Option<Trail>,
    /// How many of its events, from the first, are of complete source transactions, and of how many.
    complete: usize,
    transactions: u64,
    /// The last group's number.
    number: u64,
    /// Parts of the transaction under way are handed on already.
    in_parts: bool,
    /// A schema change ran in the current transaction and its marker is still to be written.
    ran_ddl: bool,
    last_marker: Instant,
}

impl Open {
    fn pending(&mut self) -> Result<&mut Pending, Failure> {
        self.pending.as_mut().ok_or_else(not_begun)
    }

    /// Hands on all complete transactions as one group, with its marker.
    async fn hand_on(&mut self) -> Result<(), Failure> {
        let group = self.gathered.take_first(self.complete);
        let epoch = self.fence.epoch();
        let pending = self.pending()?;
        let marker = pending.marker(epoch);
        let sequence = marker.sequence;
        pending.written(sequence);
        let reached = pending.progress.checkpoint(epoch, 0);
        let origin = if self.in_parts { None } else { self.origin(&group, sequence) };
        let end = End { marker, ran_ddl: std::mem::take(&mut self.ran_ddl) };
        let in_parts = std::mem::take(&mut self.in_parts);
        (self.complete, self.transactions, self.last_marker) = (0, 0, Instant::now());
        self.number += u64::from(!in_parts);
        let program = match in_parts {
            true => Program::alone(&group)?,
            false => Program::behind(&group, self.number, &mut self.writers)?,
        };
        let job = Job { number: self.number, group, program, origin, in_parts, end: Some(end) };
        self.lanes.hand_on(job, Some(reached)).await
    }

    /// Where the rows of a group come from, whose marker has this number.
    fn origin(&self, group: &Group, sequence: u64) -> Option<Origin> {
        let trail = self.trail.clone().filter(|_| !group.is_empty())?;
        Some(Origin { trail, sequence })
    }

    /// A transaction begins. Those of one target transaction have passed the same servers.
    async fn begin(&mut self, trail: Trail) -> Result<(), Failure> {
        if self.transactions > 0 && self.trail.as_ref().is_some_and(|gathered| *gathered != trail) {
            self.hand_on().await?;
        }
        self.trail = Some(trail);
        Ok(())
    }

    /// Hands on what there is of a transaction that is too large to be gathered.
    async fn hand_on_part(&mut self) -> Result<(), Failure> {
        let group = std::mem::take(&mut self.gathered);
        let sequence = self.pending()?.last_sequence + 1;
        let origin = if self.in_parts { None } else { self.origin(&group, sequence) };
        self.number += u64::from(!self.in_parts);
        self.in_parts = true;
        self.writers.write_everything(self.number);
        let job =
            Job { number: self.number, program: Program::alone(&group)?, group, origin, in_parts: true, end: None };
        self.lanes.hand_on(job, None).await
    }
}

fn not_begun() -> Failure {
    Failure::transient("not_begun", "the stream has not begun", "it is begun again")
}

impl MySqlConsumer {
    pub fn new(task: TaskName, spec: MySqlTargetSpec) -> Self {
        let policy = SchemaPolicy::new(&task, &spec.ddl);
        Self { task, spec, policy, open: None, durable: None, site: None }
    }

    fn opened(open: &mut Option<Open>) -> Result<&mut Open, Failure> {
        open.as_mut().ok_or_else(|| Failure::transient("not_open", "the target is not open", "it is opened again"))
    }

    /// Learns what has become durable.
    fn notice(&mut self) -> Result<(), Failure> {
        let open = Self::opened(&mut self.open)?;
        open.lanes.notice()?;
        if let Some((number, checkpoint)) = open.lanes.take_durable() {
            open.writers.are_durable(number);
            self.durable = Some(checkpoint);
        }
        Ok(())
    }

    /// Hands on all complete transactions, and waits until they are durable.
    async fn commit(&mut self) -> Result<(), Failure> {
        Self::opened(&mut self.open)?.hand_on().await?;
        self.finish().await
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        Self::opened(&mut self.open)?.lanes.finish().await?;
        self.notice()
    }

    async fn gather(&mut self, rows: RowsChange) -> Result<(), Failure> {
        let bytes_max = self.spec.commit_bytes_max.get();
        let open = Self::opened(&mut self.open)?;
        let table = open.plans.of(&rows.table, &mut open.control).await?;
        open.gathered.push(rows, table);
        if open.gathered.bytes < bytes_max {
            return Ok(());
        }
        if open.transactions > 0 {
            open.hand_on().await?;
        }
        if open.gathered.bytes >= bytes_max {
            open.hand_on_part().await?;
        }
        self.notice()
    }

    async fn change_schema(&mut self, change: &SchemaChange, file: &str, offset: u64) -> Result<(), Failure> {
        if !self.policy.carries(change)? {
            Self::opened(&mut self.open)?.plans.forget();
            return Ok(());
        }
        if Self::opened(&mut self.open)?.transactions > 0 {
            Self::opened(&mut self.open)?.hand_on().await?;
        }
        self.finish().await?;
        let open = Self::opened(&mut self.open)?;
        if open.in_parts || !open.gathered.is_empty() {
            return Err(Failure::definite(
                "statement_not_understood",
                format!(
                    "a schema change at {file}:{offset} after rows in the same transaction: {}",
                    shown(&change.sql)
                ),
                "keep the binary log file and report it; nothing of this transaction has been applied",
            ));
        }
        open.plans.forget();
        open.fence.check()?;
        let translated = open.dialect.translate(&mut open.control, change).await?;
        let change = &translated.change;
        let Some(trail) = &open.trail else { return Err(not_begun()) };
        let announced = Announced { change, trail };
        if let Some(first) = &translated.first {
            ddl::run_first(&mut open.control, &self.task, first, &announced).await?;
        }
        let now = ddl::state_of(&mut open.control, change).await?;
        let known = open.pending_ddl.take().filter(|pending| pending.file == file && pending.offset == offset);
        let ran_before_a_crash = known.as_ref().is_some_and(|pending| pending.before_state != now);
        if ran_before_a_crash {
            tracing::info!(task = %self.task, file, offset, "the schema change had run before the last stop");
        } else {
            let pending = PendingDdl { file: file.to_owned(), offset, before_state: now };
            ddl::write_pending(&mut open.control, &self.task, open.fence.epoch().get(), &pending, &announced).await?;
            open.fence.check()?;
            ddl::run(&mut open.control, change, &open.dialect).await?;
        }
        open.ran_ddl = true;
        Ok(())
    }

    async fn finish_transaction(&mut self, point: &SourcePoint) -> Result<(), Failure> {
        let (rows_max, bytes_max) = (u64::from(self.spec.commit_rows_max), self.spec.commit_bytes_max.get());
        let open = Self::opened(&mut self.open)?;
        open.pending()?.advance(point);
        (open.complete, open.transactions) = (open.gathered.events.len(), open.transactions + 1);
        let is_full = open.gathered.rows >= rows_max || open.gathered.bytes >= bytes_max;
        if rows_max == 1 {
            // One by one: whoever asks for this wants to know which transaction it is that fails.
            self.commit().await
        } else if is_full || open.in_parts || open.ran_ddl {
            open.hand_on().await?;
            self.notice()
        } else {
            Ok(())
        }
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
        let facts = ServerFacts::ask(session.conn()).await?;
        let dialect = TargetDialect::ask(&mut session, &facts).await?;
        let conflicts = conflicts::count(session.conn(), &self.task).await?;
        session.rollback().await?;
        let sequence = remembered.as_ref().map_or(0, |(sequence, _)| *sequence);
        self.durable = remembered.map(|(_, checkpoint)| checkpoint);
        self.site = session.site(&facts).await?;
        self.open = Some(Open {
            control: session,
            lanes: Lanes::new(endpoint, self.spec.clone(), &self.task, &fence, conflicts, self.site.is_some()),
            fence,
            plans: Plans::new(self.spec.compares()),
            writers: Writers::default(),
            dialect,
            pending: None,
            sequence,
            pending_ddl,
            gathered: Group::default(),
            trail: None,
            complete: 0,
            transactions: 0,
            number: 0,
            in_parts: false,
            ran_ddl: false,
            last_marker: Instant::now(),
        });
        Ok(self.durable.clone())
    }

    fn site(&self) -> Option<&str> {
        self.site.as_deref()
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
            Change::Begin(start) => Self::opened(&mut self.open)?.begin(start.trail).await,
            Change::Rows(rows) => self.gather(rows).await,
            Change::Schema(schema) => {
                let (file, offset) = (schema.file.clone(), schema.offset);
                self.change_schema(&schema, &file, offset).await
            }
            Change::Commit(point) => self.finish_transaction(&point).await,
            Change::Reached(point) => Self::opened(&mut self.open)?.pending().map(|pending| pending.advance(&point)),
        }
    }

    /// A transaction under way waits for its end; those before it do not wait for it.
    async fn settle(&mut self) -> Result<(), Failure> {
        let open = Self::opened(&mut self.open)?;
        let reached = open.pending()?.is_changed() && open.last_marker.elapsed() >= REACHED_INTERVAL;
        if !open.in_parts && (open.transactions > 0 || reached) { self.commit().await } else { self.finish().await }
    }

    fn durable(&self) -> Option<Checkpoint> {
        self.durable.clone()
    }

    fn applied(&self) -> Applied {
        let applied = self.open.as_ref().map(|open| open.lanes.applied()).unwrap_or_default();
        Applied { schema_changes_ignored: self.policy.ignored(), ..applied }
    }

    async fn close(&mut self) -> Result<(), Failure> {
        let open = Self::opened(&mut self.open)?;
        if !open.in_parts && open.pending.as_ref().is_some_and(Pending::is_changed) {
            self.commit().await?;
        }
        let Some(mut open) = self.open.take() else { return Ok(()) };
        open.lanes.close().await?;
        open.control.rollback().await?;
        open.control.disconnect().await;
        Ok(())
    }
}
