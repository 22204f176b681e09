//! Everything that the checks decide over.

use crate::inspect::kafka::{Settings, TopicFacts};
use crate::inspect::stage::Stage;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::gtid::GtidSet;
use replicator_model::instance::CoreInfo;
use replicator_model::task::{Router, TaskSpec};
use replicator_mysql::catalogue::{Columns, ForeignKey, Listed, ListedTable, TableName, Trigger};
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::head::{LogFile, LogFilter, SourceHead};
use replicator_mysql::privileges::Privileges;
use replicator_mysql::replicas::ConnectedReplica;
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) type Told<T> = Result<T, Failure>;

/// What is known, side by side.
pub(crate) struct Ground {
    pub(crate) spec: TaskSpec,
    /// Whether there is such a task already, and this is it or an edit of it.
    pub(crate) is_stored: bool,
    pub(crate) source: Side<SourceServer>,
    pub(crate) target: Side<TargetServer>,
    pub(crate) kafka: Side<KafkaBrokers>,
    pub(crate) group: Side<Group>,
}

/// One side: the steps to it, and what it said if it was reached.
pub(crate) struct Side<T> {
    pub(crate) stages: Vec<Stage>,
    pub(crate) reached: Option<T>,
    /// Why it was not looked at, where it was not.
    pub(crate) absent: Option<String>,
    pub(crate) took: Duration,
}

impl<T> Side<T> {
    pub(crate) fn absent(why: impl Into<String>) -> Self {
        Self { stages: Vec::new(), reached: None, absent: Some(why.into()), took: Duration::ZERO }
    }
}

pub(crate) struct SourceServer {
    pub(crate) facts: ServerFacts,
    pub(crate) privileges: Privileges,
    /// Settings that [`ServerFacts`] does not have.
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) head: Told<SourceHead>,
    pub(crate) files: Told<Vec<LogFile>>,
    /// The transactions before the oldest log file.
    pub(crate) purged: Option<GtidSet>,
    pub(crate) filter: Told<LogFilter>,
    pub(crate) replicas: Told<Vec<ConnectedReplica>>,
    pub(crate) followed: Told<Vec<String>>,
    /// All that the user may see.
    pub(crate) tables: Told<Listed<ListedTable>>,
    /// Of databases with tables that the task replicates.
    pub(crate) columns: Told<Columns>,
    /// How to make tables that the target may lack, the first few.
    pub(crate) creates: BTreeMap<TableName, String>,
    /// This host's clock when `head` was asked for, in microseconds.
    pub(crate) asked_at_us: i64,
}

pub(crate) struct TargetServer {
    pub(crate) facts: ServerFacts,
    pub(crate) privileges: Privileges,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) tables: Told<Listed<ListedTable>>,
    pub(crate) columns: Told<Columns>,
    pub(crate) triggers: Told<Vec<Trigger>>,
    pub(crate) foreign_keys: Told<Vec<ForeignKey>>,
    /// Tasks that have written there.
    pub(crate) markers: Told<Vec<String>>,
}

pub(crate) struct KafkaBrokers {
    pub(crate) topics: BTreeMap<String, TopicFacts>,
    /// By topic; a broker's own under the empty name.
    pub(crate) settings: Told<BTreeMap<String, Settings>>,
}

pub(crate) struct Group {
    pub(crate) cores: Vec<CoreInfo>,
    /// Every other task.
    pub(crate) others: Vec<TaskSpec>,
    /// There is a task of this name.
    pub(crate) exists: bool,
    pub(crate) last_commit: Option<Checkpoint>,
}

impl Ground {
    /// The tables that the task replicates.
    pub(crate) fn matched<'a>(&self, source: &'a SourceServer) -> Vec<&'a ListedTable> {
        let filter = self.spec.producer.filter();
        let tables = source.tables.as_ref().map_or(&[][..], |listed| &listed.items);
        tables.iter().filter(|table| filter.matches(&table.database, &table.table)).collect()
    }

    /// The same with where each goes.
    pub(crate) fn pairs(&self, source: &SourceServer) -> Vec<(TableName, TableName)> {
        let router = Router::new(&self.spec.routes);
        let pair = |table: &ListedTable| {
            let to = router.route(&table.database, &table.table);
            ((table.database.clone(), table.table.clone()), to)
        };
        self.matched(source).into_iter().map(pair).collect()
    }
}
