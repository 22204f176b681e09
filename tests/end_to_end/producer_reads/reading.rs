//! A producer on a real server, and its changes as lines of text that are easy to compare.

use super::sampled::Form;
use async_trait::async_trait;
use parking_lot::Mutex;
use replicator_binlog::{Value, write_text};
use replicator_core::change::{Change, Progressed, RowsChange};
use replicator_core::producer::{self, Producer, ReadFrom, SchemaStore};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::epoch::Epoch;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::{PipeSpec, ProducerSpec, Route};
use replicator_schema::stored::StoredPart;
use replicator_tests::MysqlServer;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Longest wait for a change that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The producer's settings for a server; `more` is JSON without its braces, such as `"start": "earliest"`.
pub(super) fn spec(server: &MysqlServer, more: &str) -> ProducerSpec {
    let (port, user, password) = (server.port(), server.user(), server.password());
    let mut settings = serde_json::json!({
        "host": "127.0.0.1", "port": port, "user": user, "password": password, "heartbeat": "500ms"
    });
    let more: serde_json::Value = serde_json::from_str(&format!("{{{more}}}")).unwrap();
    if let (Some(settings), Some(more)) = (settings.as_object_mut(), more.as_object()) {
        settings.extend(more.clone());
    }
    serde_json::from_value(settings).unwrap()
}

pub(super) struct Reading {
    producer: Box<dyn Producer>,
    pub(super) progressed: Progressed,
    pub(super) lines: Vec<String>,
    /// Changes with their tables' schemas, for those who look closer.
    pub(super) rows: Vec<RowsChange>,
}

impl Reading {
    pub(super) async fn open(spec: &ProducerSpec, resume: Option<&Checkpoint>) -> Result<Reading, Failure> {
        Self::open_routed(spec, resume, &[]).await
    }

    pub(super) async fn open_routed(
        spec: &ProducerSpec,
        resume: Option<&Checkpoint>,
        routes: &[Route],
    ) -> Result<Reading, Failure> {
        let mut producer =
            producer::build(&TaskName::new("producer_reads").unwrap(), spec, routes, &PipeSpec::default())?;
        let checkpoint = producer.open(resume).await?;
        Ok(Reading { producer, progressed: Progressed::from(checkpoint), lines: Vec::new(), rows: Vec::new() })
    }

    /// With a history of the tables, which the caller keeps.
    pub(super) async fn open_remembering(
        spec: &ProducerSpec,
        resume: Option<&Checkpoint>,
        kept: &Arc<MemorySchemas>,
    ) -> Result<Reading, Failure> {
        let task = TaskName::new("producer_reads").unwrap();
        let mut producer = producer::build(&task, spec, &[], &PipeSpec::default())?;
        producer.remember(Arc::clone(kept) as Arc<dyn SchemaStore>);
        let checkpoint = producer.open(resume).await?;
        Ok(Reading { producer, progressed: Progressed::from(checkpoint), lines: Vec::new(), rows: Vec::new() })
    }

    /// Under another of the task's identities.
    pub(super) async fn open_as(spec: &ProducerSpec, identity: u32) -> Result<Reading, Failure> {
        let task = TaskName::new("producer_reads").unwrap();
        let mut producer = producer::build(&task, spec, &[], &PipeSpec::default())?;
        producer.use_identity(identity);
        let checkpoint = producer.open(None).await?;
        Ok(Reading { producer, progressed: Progressed::from(checkpoint), lines: Vec::new(), rows: Vec::new() })
    }

    pub(super) fn read_from(&self) -> ReadFrom {
        self.producer.read_from()
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        self.progressed.checkpoint(Epoch::new(1), 1)
    }

    pub(super) async fn next(&mut self) -> Result<Change, Failure> {
        tokio::time::timeout(PATIENCE, self.producer.next()).await.unwrap_or_else(|_| {
            panic!("nothing came for {PATIENCE:?} after {:#?}", self.lines);
        })
    }

    /// Reads one change into `lines`. `Reached` leaves no line.
    pub(super) async fn step(&mut self) -> Result<(), Failure> {
        match self.next().await? {
            Change::Begin(_) => self.lines.push("begin".into()),
            Change::Rows(rows) => {
                self.lines.extend(row_lines(&rows));
                self.rows.push(rows);
            }
            Change::Schema(schema) => {
                let tables: Vec<String> = schema.tables.iter().map(|(d, t)| format!("{d}.{t}")).collect();
                let sql = schema.sql.split_whitespace().collect::<Vec<_>>().join(" ");
                self.lines.push(format!("schema in {} on {}: {sql}", schema.database, tables.join(",")));
            }
            Change::Commit(point) => {
                self.progressed.advance(&point);
                self.lines.push("commit".into());
            }
            Change::Reached(point) => self.progressed.advance(&point),
        }
        Ok(())
    }

    /// Reads until a line begins with `text`.
    pub(super) async fn until(&mut self, text: &str) -> Result<(), Failure> {
        let seen = self.lines.len();
        while !self.lines.iter().skip(seen).any(|line| line.starts_with(text)) {
            self.step().await?;
        }
        Ok(())
    }

    /// Reads until so many transactions have ended.
    pub(super) async fn commits(&mut self, count: usize) -> Result<(), Failure> {
        for _ in 0..count {
            self.until("commit").await?;
        }
        Ok(())
    }

    /// Whether it has failed; reads what there is at once.
    pub(super) async fn is_over(&mut self) -> bool {
        matches!(tokio::time::timeout(Duration::from_millis(50), self.producer.next()).await, Ok(Err(_)))
    }

    /// Reads until it fails.
    pub(super) async fn failure(&mut self) -> Failure {
        loop {
            if let Err(failure) = self.step().await {
                return failure;
            }
        }
    }
}

/// A history of tables in memory.
#[derive(Default)]
pub(super) struct MemorySchemas {
    parts: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(super) saves: AtomicUsize,
}

#[async_trait]
impl SchemaStore for MemorySchemas {
    async fn load(&self) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        Ok(self.parts.lock().clone())
    }

    async fn save(&self, parts: Vec<StoredPart>) -> Result<(), Failure> {
        self.saves.fetch_add(1, Ordering::Relaxed);
        self.parts.lock().extend(parts);
        Ok(())
    }

    fn holds(&self, _versions: usize) {}
}

/// The rows before and after each change, as [`select`](super::sampled::select) shows them.
pub(super) fn row_images(rows: &RowsChange) -> Vec<(Option<String>, Option<String>)> {
    let image = |values: &[Value<'_>]| -> String {
        let text = |(index, value): (usize, &Value<'_>)| match value {
            Value::Null => "NULL".to_owned(),
            value => {
                let mut text = Vec::new();
                write_text(value, &rows.table.map.columns[index], &mut text).unwrap();
                Form::of(&rows.table.columns[index].column_type).shown(&text)
            }
        };
        values.iter().enumerate().map(text).collect::<Vec<_>>().join(",")
    };
    let view = rows.layout.view(&rows.event).unwrap();
    let changes = view.rows(&rows.table.map).unwrap().map(Result::unwrap);
    changes.map(|change| (change.before.as_deref().map(image), change.after.as_deref().map(image))).collect()
}

/// `insert shop.item 1,a`, `update shop.item 1,a -> 1,b`, `delete shop.item 1,b`.
fn row_lines(rows: &RowsChange) -> Vec<String> {
    let kind = format!("{:?}", rows.kind).to_lowercase();
    let image = |values: &[Value<'_>]| -> String {
        let text = |(value, column): (&Value<'_>, _)| match value {
            Value::Null => "NULL".to_owned(),
            Value::Absent => "?".to_owned(),
            value => {
                let mut text = Vec::new();
                write_text(value, column, &mut text).unwrap();
                String::from_utf8_lossy(&text).into_owned()
            }
        };
        values.iter().zip(&rows.table.map.columns).map(text).collect::<Vec<_>>().join(",")
    };
    let changes: Vec<_> = rows
        .layout
        .view(&rows.event)
        .unwrap()
        .rows(&rows.table.map)
        .unwrap()
        .map(Result::unwrap)
        .map(|change| {
            let images: Vec<String> =
                [change.before, change.after].iter().flatten().map(|values| image(values)).collect();
            format!("{kind} {} {}", rows.table.target_name(), images.join(" -> "))
        })
        .collect();
    assert_eq!(changes.len() as u64, rows.row_count);
    changes
}
