//! One of the connections that apply: writes a group ahead of its turn where it can, commits it in its turn.
//!
//! A group that is written ahead may find the target otherwise than it will be in its turn, or wait for locks, or hold
//! some that an earlier group needs. Each of these ends in an error or a wait, never in a wrong row, because every
//! statement says how many rows it found and rows stay locked until the commit. Then the group is rolled back, and
//! written again in its turn, when the target is what the source was.

use super::applier::Applier;
use super::conflict::Conflicts;
use super::ddl;
use super::group::Group;
use super::marker::{self, COMPACT_EVERY, Marker};
use super::program::Program;
use super::session::Session;
use super::turn::{Turn, Wait};
use super::writing;
use crate::change::Trail;
use crate::pipe::fence::Fence;
use mysql_async::{Statement, Value};
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_mysql::origin::SLOTS;

/// Fewer rows are written as they are: a savepoint would cost more than a statement.
const FOLDED_ROWS_MIN: u64 = 4;

const SAVEPOINT: &str = "mysql_replicator_group";

/// How often a group is written again in its turn because someone else holds locks, each time after the server's own
/// `innodb_lock_wait_timeout`. Then the task starts again from its checkpoint.
const LOCK_TRIES: u32 = 5;

/// How long a group that others could be in the way of waits for a lock, in seconds; the server knows no less.
const LOCK_WAIT_S: u32 = 1;

/// A connection, and what it knows.
pub(super) struct Lane {
    pub(super) session: Session,
    applier: Applier,
    insert_marker: Statement,
    delete_markers: Statement,
    /// `None` where nobody can read what this connection writes.
    write_origin: Option<Statement>,
    task: TaskName,
    fence: Fence,
    turn: Turn,
    conflicts: Conflicts,
    /// Waits for locks as long as the server does by itself.
    is_patient: bool,
}

/// A group to write, or a part of one that is too large to be held.
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) group: Group,
    pub(super) program: Program,
    /// Where its rows come from; `None` if it has none, or where an earlier part has said so.
    pub(super) origin: Option<Origin>,
    /// The group comes in parts, each in its turn.
    pub(super) in_parts: bool,
    /// What makes it durable; `None` where more parts come.
    pub(super) end: Option<End>,
}

/// The servers that the rows of a group have passed.
pub(super) struct Origin {
    pub(super) trail: Trail,
    /// Of the group's marker.
    pub(super) sequence: u64,
}

pub(super) struct End {
    pub(super) marker: Marker,
    /// A schema change ran before: that it was about to is forgotten with the marker.
    pub(super) ran_ddl: bool,
}

/// How a group fared that was written ahead of its turn.
enum Ahead {
    Written,
    /// It has to be written again.
    Again,
}

impl Lane {
    pub(super) async fn start(
        mut session: Session,
        task: &TaskName,
        fence: &Fence,
        turn: &Turn,
        conflicts: Conflicts,
        logs: bool,
    ) -> Result<Self, Failure> {
        let insert_marker = session.prepare(&marker::insert_marker()).await?;
        let delete_markers = session.prepare(&marker::delete_markers()).await?;
        let write_origin = if logs { Some(session.prepare(&marker::write_origin()).await?) } else { None };
        let (task, fence, turn) = (task.clone(), fence.clone(), turn.clone());
        let applier = Applier::default();
        Ok(Self {
            session,
            applier,
            insert_marker,
            delete_markers,
            write_origin,
            task,
            fence,
            turn,
            conflicts,
            is_patient: true,
        })
    }

    async fn be_patient(&mut self, patient: bool) -> Result<(), Failure> {
        if self.is_patient != patient {
            let seconds = if patient { "DEFAULT".to_owned() } else { LOCK_WAIT_S.to_string() };
            self.session.run(&format!("SET SESSION innodb_lock_wait_timeout = {seconds}")).await?;
            self.is_patient = patient;
        }
        Ok(())
    }

    /// Writes the job's rows, and makes them durable in their turn if the job ends a group.
    pub(super) async fn run(&mut self, mut job: Job) -> Result<(), Failure> {
        let program = std::mem::take(&mut job.program);
        if job.in_parts || program.in_order {
            self.turn.come(job.number).await;
        }
        let mut program = Some(program);
        if !self.turn.is_of(job.number)
            && let Some(program) = program.take()
        {
            match self.write_ahead(&job, program).await? {
                Ahead::Written => return self.end(job).await,
                Ahead::Again => {
                    self.roll_back().await?;
                    self.turn.come(job.number).await;
                }
            }
        }
        let program = match program {
            Some(program) => program,
            None => Program::alone(&job.group)?,
        };
        self.write_in_turn(&job, program).await?;
        self.end(job).await
    }

    /// Writes a group while earlier ones are under way, and waits for its turn.
    async fn write_ahead(&mut self, job: &Job, program: Program) -> Result<Ahead, Failure> {
        self.be_patient(false).await?;
        let written = async {
            self.say_origin(job).await?;
            writing::run(program.early, &job.group, &mut self.applier, &mut self.session).await?;
            if self.turn.durable_or_way(program.after, job.number).await == Wait::MakeWay {
                return Ok(Ahead::Again);
            }
            writing::run(program.late, &job.group, &mut self.applier, &mut self.session).await?;
            Ok(match self.turn.durable_or_way(job.number - 1, job.number).await {
                Wait::Over => Ahead::Written,
                Wait::MakeWay => Ahead::Again,
            })
        };
        let written: Result<Ahead, Failure> = written.await;
        match written {
            Err(failure) if !failure.is_transient() || is_lock(&failure) => {
                tracing::debug!(code = failure.code, reason = failure.reason, job.number, "a group is written again");
                Ok(Ahead::Again)
            }
            written => written,
        }
    }

    /// Writes a group, or a part of one, when everything before it is durable.
    async fn write_in_turn(&mut self, job: &Job, program: Program) -> Result<(), Failure> {
        // Of a group in parts what is written would be gone with the transaction.
        self.be_patient(job.in_parts).await?;
        let mut program = Some(program);
        let mut tries = 0;
        loop {
            let program = match program.take() {
                Some(program) => program,
                None => Program::alone(&job.group)?,
            };
            let written = match self.say_origin(job).await {
                Ok(()) => self.write_folded(&job.group, program).await,
                refused => refused,
            };
            match written {
                Err(failure) if is_lock(&failure) && !job.in_parts && tries < LOCK_TRIES => {
                    tracing::debug!(reason = failure.reason, job.number, "later groups make way");
                    self.roll_back().await?;
                    self.turn.ask_for_way(job.number);
                    self.be_patient(true).await?;
                    tries += 1;
                }
                written => return written,
            }
        }
    }

    /// Begins the open transaction with where its rows come from, so that whoever reads the target's log knows it before
    /// the first of them. A number that grows makes it a change each time.
    async fn say_origin(&mut self, job: &Job) -> Result<(), Failure> {
        let (Some(statement), Some(origin)) = (&self.write_origin, &job.origin) else { return Ok(()) };
        let values = vec![
            Value::Bytes(self.task.as_str().into()),
            Value::UInt(origin.sequence % SLOTS),
            Value::Bytes(origin.trail.to_string().into()),
        ];
        self.session.execute(statement, values).await.map(|_| ())
    }

    /// Folded; if the target then differs from what the rows expect, row by row, which either works or fails at the
    /// very row.
    async fn write_folded(&mut self, group: &Group, program: Program) -> Result<(), Failure> {
        if !program.in_order && group.rows >= FOLDED_ROWS_MIN {
            self.session.run(&format!("SAVEPOINT {SAVEPOINT}")).await?;
            let steps = program.early.into_iter().chain(program.late).collect();
            match writing::run(steps, group, &mut self.applier, &mut self.session).await {
                Err(failure) if !failure.is_transient() => {
                    tracing::debug!(code = failure.code, reason = failure.reason, "rows are written one by one");
                    self.session.run(&format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}")).await?;
                    self.applier.drop_gathered();
                    group.events.iter().for_each(|event| event.table.update_whole_rows());
                }
                written => return written,
            }
        }
        writing::run_in_order(group, &mut self.applier, &mut self.session, &mut self.conflicts).await
    }

    /// Makes the open transaction durable, with its marker.
    async fn end(&mut self, job: Job) -> Result<(), Failure> {
        let Some(End { marker, ran_ddl }) = job.end else { return Ok(()) };
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
        if self.session.execute(&self.insert_marker, values).await? != 1 {
            return Err(self.fence.lost(format!("the target has an owner newer than epoch {}", marker.epoch)));
        }
        if marker.sequence.is_multiple_of(COMPACT_EVERY) {
            let values = vec![task, Value::UInt(marker.sequence)];
            self.session.execute(&self.delete_markers, values).await?;
        }
        if ran_ddl {
            ddl::delete_pending(&mut self.session, &self.task).await?;
        }
        self.fence.check()?;
        self.session.commit().await?;
        self.conflicts.commit();
        self.turn.next(job.number);
        Ok(())
    }

    async fn roll_back(&mut self) -> Result<(), Failure> {
        self.applier.drop_gathered();
        self.conflicts.roll_back();
        self.session.rollback().await
    }

    /// Rolls back what is open, and goes.
    pub(super) async fn close(mut self) -> Result<(), Failure> {
        self.session.rollback().await?;
        self.session.disconnect().await;
        Ok(())
    }
}

fn is_lock(failure: &Failure) -> bool {
    failure.code == "lock_conflict"
}
