//! The connection to a target: its session, its lock, and the right to write.

use super::marker::{self, Marker};
use crate::pipe::fence::Fence;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Row, Statement, Value};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::position::Position;
use replicator_model::task::{CONNECTIONS_MAX, REPLICATOR_DATABASE};
use replicator_mysql::connect::Endpoint;
use replicator_mysql::error::failure;
use replicator_mysql::facts::{ServerFacts, Version};
use replicator_mysql::origin;
use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

/// How values have to be taken: exactly, and what the source accepted. A zero date and a zero in an auto-increment
/// column are values; what does not fit is an error.
const SQL_MODE: &str = "STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION";

/// Session settings of an applying connection. READ COMMITTED takes the fewest locks; parameters are bytes (see
/// `statement.rs`); without autocommit a transaction needs no round trip to begin.
pub(super) fn session_settings() -> [String; 4] {
    [
        format!("SET SESSION sql_mode = '{SQL_MODE}'"),
        "SET NAMES binary".into(),
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED".into(),
        // A connection may have nothing to do for days; should its process die unheard of, its successor ends it.
        "SET SESSION autocommit = 0, foreign_key_checks = 1, unique_checks = 1, wait_timeout = 2147483".into(),
    ]
}

/// How long a take-over waits for a transaction of the old owner that is committing, before it ends its connection.
const OWNER_WAIT_S: u64 = 2;

/// How long a killed connection may take to let go of the task's lock.
const TAKE_OVER_TIMEOUT_S: u64 = 30;

/// How often it is looked whether it has.
const TAKE_OVER_LOOK: Duration = Duration::from_millis(50);

/// Questions that stay prepared on a connection; beyond that all are closed, which only costs time.
const ASKED_MAX: usize = 64;

/// A connection on which one statement runs at a time, each within the statement timeout.
pub(super) struct Session {
    conn: Conn,
    timeout: Duration,
    address: String,
    names_new_row: bool,
    /// Questions that were asked, by their text.
    asked: HashMap<String, Statement>,
}

impl Session {
    pub(super) async fn connect(endpoint: &Endpoint, timeout: Duration) -> Result<Self, Failure> {
        let settings = session_settings();
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let address = format!("target {}", endpoint.address());
        let conn = endpoint.connect(&settings).await.map_err(|failure| failure.at(&address))?;
        let mut session = Self { conn, timeout, address, names_new_row: false, asked: HashMap::new() };
        session.names_new_row = session.knows_new_row().await?;
        Ok(session)
    }

    /// Whether the server has a name for the row that an `ON DUPLICATE KEY UPDATE` would have inserted: MySQL since
    /// 8.0.19, which warns of `VALUES()`.
    pub(super) fn names_new_row(&self) -> bool {
        self.names_new_row
    }

    async fn knows_new_row(&mut self) -> Result<bool, Failure> {
        let rows = self.rows("SELECT CAST(VERSION() AS CHAR)", vec![]).await?;
        let version: Option<String> = rows.into_iter().next().and_then(|row| row.get_opt(0)).and_then(Result::ok);
        let version = version.unwrap_or_default();
        let is_mysql = !version.to_lowercase().contains("mariadb");
        Ok(is_mysql && Version::parse(&version).is_some_and(|version| version >= Version(8, 0, 19)))
    }

    /// What the server said of the last statement's rows: `Records: 3  Duplicates: 2  Warnings: 0`.
    pub(super) fn info(&self) -> String {
        self.conn.info().into_owned()
    }

    pub(super) fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Runs a statement and answers how many rows it matched.
    pub(super) async fn run(&mut self, sql: &str) -> Result<u64, Failure> {
        let (conn, address) = (&mut self.conn, &self.address);
        within(self.timeout, conn.query_drop(sql)).await.map_err(|failure| failure.at(address))?;
        Ok(self.conn.affected_rows())
    }

    pub(super) async fn prepare(&mut self, sql: &str) -> Result<Statement, Failure> {
        let (conn, address) = (&mut self.conn, &self.address);
        within(self.timeout, conn.prep(sql)).await.map_err(|failure| failure.at(address))
    }

    pub(super) async fn close(&mut self, statement: Statement) -> Result<(), Failure> {
        within(self.timeout, self.conn.close(statement)).await.map_err(|failure| failure.at(&self.address))
    }

    /// Runs a prepared statement and answers how many rows it matched. A warning is an error: the server took something
    /// else than it was given. Notes are not.
    pub(super) async fn execute(&mut self, statement: &Statement, parameters: Vec<Value>) -> Result<u64, Failure> {
        let (conn, address) = (&mut self.conn, &self.address);
        let executed = conn.exec_drop(statement, Params::Positional(parameters));
        within(self.timeout, executed).await.map_err(|failure| failure.at(address))?;
        self.matched().await
    }

    /// The same of a statement that has its values in its text.
    pub(super) async fn execute_text(&mut self, sql: &[u8]) -> Result<u64, Failure> {
        let (conn, address) = (&mut self.conn, &self.address);
        within(self.timeout, conn.query_drop(sql)).await.map_err(|failure| failure.at(address))?;
        self.matched().await
    }

    async fn matched(&mut self) -> Result<u64, Failure> {
        let affected = self.conn.affected_rows();
        if self.conn.get_warnings() > 0 {
            self.refuse_warnings().await?;
        }
        Ok(affected)
    }

    pub(super) async fn rows(&mut self, sql: &str, parameters: Vec<Value>) -> Result<Vec<Row>, Failure> {
        let statement = self.asking(sql).await?;
        let (conn, address) = (&mut self.conn, &self.address);
        let rows = conn.exec(&statement, Params::Positional(parameters));
        within(self.timeout, rows).await.map_err(|failure| failure.at(address))
    }

    /// The statement, prepared: the driver keeps none, and would leave one at the server each time.
    async fn asking(&mut self, sql: &str) -> Result<Statement, Failure> {
        if let Some(known) = self.asked.get(sql) {
            return Ok(known.clone());
        }
        if self.asked.len() >= ASKED_MAX {
            for (_, statement) in std::mem::take(&mut self.asked) {
                self.close(statement).await?;
            }
        }
        let statement = self.prepare(sql).await?;
        self.asked.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// The number that a query answers.
    pub(super) async fn count_text(&mut self, sql: &[u8]) -> Result<u64, Failure> {
        let (conn, address) = (&mut self.conn, &self.address);
        let count = within(self.timeout, conn.query_first(sql)).await.map_err(|failure| failure.at(address))?;
        Ok(count.unwrap_or(0))
    }

    /// The target's name in trails; `None` if it has no binary log, so that nothing can come back from it.
    pub(super) async fn site(&mut self, facts: &ServerFacts) -> Result<Option<String>, Failure> {
        let site = origin::site(&mut self.conn, facts).await?;
        self.commit().await?;
        Ok(facts.log_bin.then_some(site))
    }

    async fn refuse_warnings(&mut self) -> Result<(), Failure> {
        let warnings: Vec<(String, u16, String)> = within(self.timeout, self.conn.query("SHOW WARNINGS"))
            .await
            .map_err(|failure| failure.at(&self.address))?;
        match warnings.into_iter().find(|(level, _, _)| level != "Note") {
            Some((_, code, message)) => {
                let state = "01000".into();
                let warned = failure(&mysql_async::Error::Server(mysql_async::ServerError { code, message, state }));
                Err(Failure::definite("value_bent", warned.reason, warned.hint)
                    .at(format!("{}: a warning", self.address)))
            }
            None => Ok(()),
        }
    }

    pub(super) async fn commit(&mut self) -> Result<(), Failure> {
        self.run("COMMIT").await.map(|_| ())
    }

    pub(super) async fn rollback(&mut self) -> Result<(), Failure> {
        self.run("ROLLBACK").await.map(|_| ())
    }

    pub(super) async fn disconnect(self) {
        // The server rolls back and lets go of the lock whether or not it hears the farewell.
        tokio::time::timeout(Duration::from_secs(1), self.conn.disconnect()).await.ok();
    }

    /// Makes the replicator's tables, raises the task's epoch to ours, and ends whatever the old owner still does.
    ///
    /// In this order: a process that wakes up late finds the newer epoch before it can harm the newer owner. After
    /// this, no other connection writes for the task, and none that does not know our epoch can commit.
    pub(super) async fn take_over(&mut self, task: &TaskName, fence: &Fence) -> Result<(), Failure> {
        fence.check()?;
        for sql in marker::schema().into_iter().chain(origin::schema()) {
            self.run(&sql).await?;
        }
        self.raise_epoch(task, fence).await?;
        self.check_epoch(task, fence).await?;
        self.end_old_owner(task).await?;
        self.check_epoch(task, fence).await
    }

    /// An owner that was paused between its marker and its COMMIT holds the row that is to be raised, for as long as it
    /// is paused: then its connection has to go first.
    async fn raise_epoch(&mut self, task: &TaskName, fence: &Fence) -> Result<(), Failure> {
        self.run(&format!("SET SESSION innodb_lock_wait_timeout = {OWNER_WAIT_S}")).await?;
        match self.claim(task, fence).await {
            Err(failure) if failure.code == "lock_conflict" => {
                self.rollback().await?;
                self.refuse_if_newer(task, fence).await?;
                self.end_holders(task).await?;
                self.claim(task, fence).await?;
            }
            claimed => claimed?,
        }
        self.run("SET SESSION innodb_lock_wait_timeout = DEFAULT").await.map(|_| ())
    }

    async fn claim(&mut self, task: &TaskName, fence: &Fence) -> Result<(), Failure> {
        let claim = format!(
            "INSERT INTO {REPLICATOR_DATABASE}.owner (task, epoch) VALUES (?, ?)
             ON DUPLICATE KEY UPDATE epoch = GREATEST(epoch, VALUES(epoch))"
        );
        let values = vec![Value::Bytes(task.as_str().into()), Value::UInt(fence.epoch().get())];
        self.rows(&claim, values).await?;
        self.commit().await
    }

    async fn check_epoch(&mut self, task: &TaskName, fence: &Fence) -> Result<(), Failure> {
        self.refuse_if_newer(task, fence).await?;
        match self.read_epoch(task).await? {
            Some(_) => fence.check(),
            None => Err(owner_gone(&self.address)),
        }
    }

    async fn refuse_if_newer(&mut self, task: &TaskName, fence: &Fence) -> Result<(), Failure> {
        match self.read_epoch(task).await? {
            Some(epoch) if epoch > fence.epoch().get() => {
                Err(fence.lost(format!("{}: epoch {epoch} has taken over from {}", self.address, fence.epoch())))
            }
            _ => Ok(()),
        }
    }

    async fn read_epoch(&mut self, task: &TaskName) -> Result<Option<u64>, Failure> {
        let sql = format!("SELECT epoch FROM {REPLICATOR_DATABASE}.owner WHERE task = ?");
        let rows = self.rows(&sql, vec![Value::Bytes(task.as_str().into())]).await?;
        self.commit().await?;
        Ok(rows.into_iter().next().and_then(|row| row.get_opt(0)).and_then(Result::ok))
    }

    /// Ends the connections that hold the task's locks. Every connection that writes for a task holds one while it lives,
    /// so that its successor can find it: otherwise the row locks of a paused process would hold up everything. Answers
    /// how many there were.
    async fn end_holders(&mut self, task: &TaskName) -> Result<usize, Failure> {
        let names: Vec<Value> = lock_names(task).map(|name| Value::Bytes(name.into_bytes())).collect();
        let asked = vec!["IS_USED_LOCK(?)"; names.len()].join(", ");
        let held = self.rows(&format!("SELECT {asked}"), names).await?;
        let own = u64::from(self.conn.id());
        let holders = held.into_iter().next().map(|row| -> Vec<u64> {
            (0..row.len()).filter_map(|index| row.get_opt::<Option<u64>, _>(index)?.ok()?).collect()
        });
        let holders: Vec<u64> = holders.unwrap_or_default().into_iter().filter(|holder| *holder != own).collect();
        for connection in &holders {
            tracing::info!(%task, connection, "ends a connection of the task's former owner");
            // It may have gone by itself meanwhile: what counts is that the lock is free.
            let _gone = self.run(&format!("KILL {connection}")).await;
        }
        Ok(holders.len())
    }

    async fn end_old_owner(&mut self, task: &TaskName) -> Result<(), Failure> {
        let end = tokio::time::Instant::now() + Duration::from_secs(TAKE_OVER_TIMEOUT_S);
        while self.end_holders(task).await? > 0 {
            if tokio::time::Instant::now() >= end {
                return Err(self.busy());
            }
            tokio::time::sleep(TAKE_OVER_LOOK).await;
        }
        self.take_lock(&lock_name(task)).await
    }

    /// Takes the lock of the task's connection with this number, which applies.
    pub(super) async fn take_lane(&mut self, task: &TaskName, lane: usize) -> Result<(), Failure> {
        self.take_lock(&lane_lock_name(task, lane)).await
    }

    async fn take_lock(&mut self, name: &str) -> Result<(), Failure> {
        let values = vec![Value::Bytes(name.into()), Value::UInt(TAKE_OVER_TIMEOUT_S)];
        let taken = self.rows("SELECT GET_LOCK(?, ?)", values).await?;
        match taken.into_iter().next().and_then(|row| row.get_opt::<i64, _>(0)).and_then(Result::ok) {
            Some(1) => Ok(()),
            _ => Err(self.busy()),
        }
    }

    fn busy(&self) -> Failure {
        Failure::transient(
            "target_busy",
            format!("{}: another connection still applies for this task", self.address),
            "it ends when its statement does; see SHOW PROCESSLIST on the target",
        )
    }

    /// What the target remembers of the task: the last marker's sequence and the checkpoint.
    pub(super) async fn read_progress(&mut self, task: &TaskName) -> Result<Option<(u64, Checkpoint)>, Failure> {
        let rows = self.rows(&marker::read_markers(), vec![Value::Bytes(task.as_str().into())]).await?;
        self.commit().await?;
        let markers: Option<Vec<Marker>> = rows.into_iter().map(marker_of).collect();
        let broken = |problem: String| {
            Failure::definite(
                "checkpoint_broken",
                format!("{}: {REPLICATOR_DATABASE}.checkpoint of `{task}` can't be read: {problem}", self.address),
                "someone changed the table; restore it, or delete the task's rows and start from a known position",
            )
        };
        let markers = markers.ok_or_else(|| broken("a column has another type".into()))?;
        marker::progress_of(&markers).map_err(broken)
    }
}

/// The failure of a target whose `owner` row was deleted under us.
pub(super) fn owner_gone(address: &str) -> Failure {
    Failure::definite(
        "owner_gone",
        format!("{address}: the task's row in {REPLICATOR_DATABASE}.owner was deleted"),
        "leave the replicator's tables alone; start the task again to make the row anew",
    )
}

/// The name of the task's lock. Servers allow 64 characters, so it is a hash (FNV-1a, 64 bits) of the task's name.
fn lock_name(task: &TaskName) -> String {
    let hash = task
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("mysql_replicator:{hash:016x}")
}

/// The name of the lock of a connection that applies. One each, because MySQL 5.6 lets a connection hold only one.
fn lane_lock_name(task: &TaskName, lane: usize) -> String {
    format!("{}:{lane}", lock_name(task))
}

/// All locks that the task's connections may hold.
fn lock_names(task: &TaskName) -> impl Iterator<Item = String> {
    let lanes = (0..CONNECTIONS_MAX as usize).map(|lane| lane_lock_name(task, lane));
    std::iter::once(lock_name(task)).chain(lanes)
}

fn marker_of(row: Row) -> Option<Marker> {
    let text = |index: usize| -> Option<Option<String>> { row.get_opt(index)?.ok() };
    Some(Marker {
        sequence: row.get_opt(0)?.ok()?,
        epoch: row.get_opt(1)?.ok()?,
        server: text(2)??,
        position: Position::new(text(3)??, row.get_opt::<u64, _>(4)?.ok()?),
        gtid_set: text(5)?,
        whole_set: row.get_opt(6)?.ok()?,
        event_time_us: row.get_opt(7)?.ok()?,
    })
}

async fn within<T>(timeout: Duration, answer: impl Future<Output = mysql_async::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(timeout, answer).await {
        Ok(answer) => answer.map_err(|error| failure(&error)),
        Err(_) => Err(Failure::transient(
            "statement_timeout",
            format!("no answer within {timeout:?}"),
            "see SHOW PROCESSLIST on the target; raise consumer.statement_timeout if it needs longer",
        )),
    }
}
