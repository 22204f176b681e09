//! Asking source, target and brokers for the facts that checks rest on: one connection a server, one question after
//! the other, each within the time limit. A question that is not answered leaves the others their answers.

use super::brokers;
use super::ground::{Ground, KafkaBrokers, Side, SourceServer, TargetServer};
use crate::inspect::kafka;
use crate::inspect::limits::Limits;
use crate::inspect::mysql::{self, Login, Reached, within};
use crate::inspect::secret::Reach;
use replicator_model::failure::Failure;
use replicator_model::task::{KafkaSpec, TaskSpec};
use replicator_mysql::catalogue::{self, Columns, ListedTable};
use replicator_mysql::connect::Connection;
use replicator_mysql::facts::{ServerFlavor, settings};
use replicator_mysql::head;
use replicator_mysql::{markers, replicas};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// Columns of a server that are compared; beyond that the comparison says that it can't be told.
const COLUMNS_MAX: usize = 200_000;

/// Tables whose `CREATE TABLE` is asked for, in case the target lacks them.
const CREATES_MAX: usize = 20;

/// Topics whose settings are asked for.
const TOPICS_MAX: usize = 200;

const SETTINGS: [&str; 11] = [
    "auto_increment_increment",
    "gtid_mode",
    "log_replica_updates",
    "log_slave_updates",
    "binlog_expire_logs_seconds",
    "expire_logs_days",
    "super_read_only",
    "hostname",
    "port",
    "datadir",
    "pid_file",
];

pub(super) async fn source(logins: &[Login], spec: &TaskSpec, limits: &Limits) -> Side<SourceServer> {
    let begun = Instant::now();
    let (stages, reached) = mysql::approach_source(logins, limits).await;
    let mut told = None;
    let mut absent = None;
    if let Some(reached) = reached {
        match source_told(reached, spec, limits).await {
            Ok(source) => told = Some(source),
            Err(failure) => absent = Some(failure.reason),
        }
    }
    Side { stages, reached: told, absent, took: begun.elapsed() }
}

async fn source_told(reached: Reached, spec: &TaskSpec, limits: &Limits) -> Result<SourceServer, Failure> {
    let Reached { mut conn, facts, privileges } = reached;
    let conn = &mut conn;
    let settings = within(limits, settings(conn, &SETTINGS)).await?;
    let head = within(limits, head::ask(conn, &facts)).await;
    let asked_at_us = jiff::Timestamp::now().as_microsecond();
    let files = within(limits, head::log_files(conn)).await;
    let filter = within(limits, head::log_filter(conn, &facts)).await;
    let replicas = within(limits, replicas::connected(conn, &facts)).await;
    let followed = within(limits, replicas::followed(conn, &facts)).await;
    let tables = within(limits, catalogue::tables(conn, None, limits.tables_max)).await;
    let matching = spec.producer.filter();
    let matched: Vec<&ListedTable> = tables
        .as_ref()
        .map_or(&[][..], |listed| &listed.items)
        .iter()
        .filter(|table| matching.matches(&table.database, &table.table))
        .collect();
    let databases = matched.iter().map(|table| table.database.clone()).collect();
    let columns = columns(conn, &databases, limits).await;
    let mut creates = BTreeMap::new();
    for table in matched.iter().take(CREATES_MAX) {
        if let Ok(Some(create)) = within(limits, catalogue::create_statement(conn, &table.database, &table.table)).await
        {
            creates.insert((table.database.clone(), table.table.clone()), create);
        }
    }
    let purged = facts.purged.clone().filter(|_| facts.flavor == ServerFlavor::MySql);
    Ok(SourceServer {
        facts,
        privileges,
        settings,
        head,
        files,
        purged,
        filter,
        replicas,
        followed,
        tables,
        columns,
        creates,
        asked_at_us,
    })
}

async fn columns(conn: &mut Connection, databases: &BTreeSet<String>, limits: &Limits) -> Result<Columns, Failure> {
    let listed = within(limits, catalogue::columns(conn, databases, COLUMNS_MAX)).await?;
    if listed.is_cut {
        return Err(Failure::definite(
            "too_many_columns",
            format!("the task's databases have more than {COLUMNS_MAX} columns"),
            "choose fewer tables",
        ));
    }
    let mut columns = Columns::new();
    for (table, column) in listed.items {
        columns.entry(table).or_default().push(column);
    }
    Ok(columns)
}

/// The databases of the target that a table of the task could be in: a little more than needed, never less.
fn written_databases(spec: &TaskSpec, there: &[catalogue::Schema]) -> BTreeSet<String> {
    let filter = spec.producer.filter();
    let is_routed_to = |name: &str| {
        let databases = spec.routes.iter().filter_map(|route| route.to.split_once('.'));
        databases.into_iter().any(|(database, _)| database.contains('{') || database.eq_ignore_ascii_case(name))
    };
    let patterns = || spec.producer.tables.iter().map(ToString::to_string);
    // A server that keeps names in lower case has another name than the pattern.
    let is_folded = |name: &str| patterns().any(|text| text.to_lowercase().starts_with(&format!("{name}.")));
    let names = there.iter().map(|schema| schema.name.clone());
    names.filter(|name| filter.matches_database(name) || is_routed_to(name) || is_folded(name)).collect()
}

pub(super) async fn target(login: &Login, spec: &TaskSpec, limits: &Limits) -> Side<TargetServer> {
    let begun = Instant::now();
    let (stages, reached) = mysql::approach(login, mysql::Side::Target, limits).await;
    let mut told = None;
    let mut absent = None;
    if let Some(reached) = reached {
        match target_told(reached, spec, limits).await {
            Ok(target) => told = Some(target),
            Err(failure) => absent = Some(failure.reason),
        }
    }
    Side { stages, reached: told, absent, took: begun.elapsed() }
}

async fn target_told(reached: Reached, spec: &TaskSpec, limits: &Limits) -> Result<TargetServer, Failure> {
    let Reached { mut conn, facts, privileges } = reached;
    let conn = &mut conn;
    let settings = within(limits, settings(conn, &SETTINGS)).await?;
    let tables = within(limits, catalogue::tables(conn, None, limits.tables_max)).await;
    let schemas = within(limits, catalogue::schemas(conn)).await.unwrap_or_default();
    let databases = written_databases(spec, &schemas);
    Ok(TargetServer {
        columns: columns(conn, &databases, limits).await,
        triggers: within(limits, catalogue::triggers(conn, &databases)).await,
        foreign_keys: within(limits, catalogue::foreign_keys(conn, &databases)).await,
        markers: within(limits, markers::known_tasks(conn)).await,
        tables,
        facts,
        privileges,
        settings,
    })
}

/// Which topics are meant is known when the source has told its tables: the settings are asked for by [`topics`].
pub(super) async fn brokers(
    spec: &KafkaSpec,
    reach: Reach,
    limits: &Limits,
) -> (Side<KafkaBrokers>, Option<kafka::Cluster>) {
    let begun = Instant::now();
    let (stages, mut cluster) = kafka::approach(spec, reach, limits).await;
    let reached = cluster
        .as_mut()
        .map(|cluster| KafkaBrokers { topics: std::mem::take(&mut cluster.topics), settings: Ok(BTreeMap::new()) });
    (Side { stages, reached, absent: None, took: begun.elapsed() }, cluster)
}

pub(super) async fn topics(ground: &mut Ground, cluster: &kafka::Cluster, limits: &Limits) {
    let wanted = brokers::topics(ground);
    if let Some(brokers) = &mut ground.kafka.reached {
        let there = wanted.into_iter().filter(|topic| brokers.topics.contains_key(topic));
        let there: Vec<String> = there.take(TOPICS_MAX).collect();
        brokers.settings = within(limits, cluster.settings(&there, limits)).await;
    }
}
