//! Random rows between random statements, in logs that do not describe their tables. They are read afterwards, when the
//! tables look otherwise: what comes is what SELECT said at each moment, under the names and types of that moment.
//!
//! `REPLICATOR_DDL_SEEDS` asks for so many seeds from `REPLICATOR_DDL_SEED` on, each in fresh databases.

use super::reading::{MemorySchemas, Reading, row_images, spec};
use super::sampled::{Columns, Rows, columns, insert, select, update};
use super::statements::Random;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use replicator_core::change::{Change, RowsChange};
use replicator_model::failure::Failure;
use replicator_mysql::schemas;
use replicator_schema::catalogue::{Catalogue, Slot};
use replicator_schema::table::TableSchema;
use replicator_tests::{Flavor, MysqlServer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Seeds on each server, and what is run for each.
const SEEDS: u64 = 4;
const STATEMENTS: usize = 20;

const SCOPE: &str = r#""tables": ["d1.*", "d2.*", "mark.*"]"#;

/// One statement about rows: what a table had before and after it.
struct Moment {
    table: String,
    columns: Columns,
    before: Rows,
    after: Rows,
}

/// What became of the seeds.
#[derive(Default)]
struct Outcome {
    moments: usize,
    rows: usize,
    /// Seeds at whose tables the task would stop, by why.
    stopped: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

/// Runs statements about tables and rows; answers the moments, in the order of the log.
async fn write(conn: &mut Conn, random: &mut Random, flavor: Flavor) -> Vec<Moment> {
    let mut moments = Vec::new();
    for _ in 0..STATEMENTS {
        let catalogue = tables(conn).await;
        let sql = random.statement(&catalogue, flavor.is_mariadb());
        // MariaDB's own types have tests of their own: SELECT shows them in another form.
        if !sql.contains("UUID") && !sql.contains("INET6") {
            // It may well be refused.
            conn.query_drop(&sql).await.ok();
        }
        for (name, schema) in known(&tables(conn).await) {
            for sql in [update(random, &name, &schema), insert(random, &name, &schema), insert(random, &name, &schema)]
            {
                let before = select(conn, &name, &schema).await;
                if conn.query_drop(&sql).await.is_ok() {
                    let after = select(conn, &name, &schema).await;
                    conn.query_drop(format!("INSERT INTO mark.moment VALUES ({})", moments.len())).await.unwrap();
                    moments.push(Moment { table: name.clone(), columns: columns(&schema), before, after });
                }
            }
        }
    }
    moments
}

async fn tables(conn: &mut Conn) -> Catalogue {
    schemas::catalogue(conn, |name| name == "d1" || name == "d2", 1 << 20).await.unwrap().unwrap()
}

fn known(catalogue: &Catalogue) -> Vec<(String, Arc<TableSchema>)> {
    let tables = catalogue.databases.iter().flat_map(|(database, found)| {
        found.tables.iter().filter_map(move |(table, slot)| match slot {
            Slot::Certain(schema) if has_hidden_column(schema) => None,
            Slot::Certain(schema) => Some((format!("`{database}`.`{table}`"), Arc::clone(schema))),
            Slot::Uncertain(_) => None,
        })
    });
    tables.collect()
}

/// MariaDB's unique keys over whole long texts have a column of their own, which the log has and nothing describes: such a
/// table is refused, whoever knows it.
fn has_hidden_column(schema: &TableSchema) -> bool {
    let is_long = |name: &str| {
        let column = schema.columns.iter().find(|column| column.name == name);
        column.is_some_and(|column| column.data_type.ends_with("text") || column.data_type.ends_with("blob"))
    };
    schema.keys.iter().any(|key| key.unique && !key.partial && key.parts.iter().flatten().any(|part| is_long(part)))
}

/// Reads all moments and compares each.
async fn read(reading: &mut Reading, moments: &[Moment], outcome: &mut Outcome, seed: u64) -> Result<(), Failure> {
    let (mut pending, mut next) = (Vec::new(), 0);
    while next < moments.len() {
        let Change::Rows(rows) = reading.next().await? else { continue };
        if rows.table.database != "mark" {
            pending.push(rows);
            continue;
        }
        outcome.moments += 1;
        outcome.rows += pending.iter().map(|rows: &RowsChange| rows.row_count as usize).sum::<usize>();
        if let Err(problem) = compare(&moments[next], &pending) {
            outcome.wrong.push(format!("seed {seed}, {}: {problem}", moments[next].table));
        }
        pending.clear();
        next += 1;
    }
    Ok(())
}

fn compare(moment: &Moment, changes: &[RowsChange]) -> Result<(), String> {
    let mut rows = moment.before.clone();
    for change in changes {
        let read: Columns =
            change.table.columns.iter().map(|column| (column.name.clone(), column.column_type.clone())).collect();
        if read != moment.columns {
            return Err(format!("read as {read:?}, it was {:?}", moment.columns));
        }
        for (before, after) in row_images(change) {
            if let Some(before) = before {
                let Some(at) = rows.iter().position(|row| *row == before) else {
                    return Err(format!("{before} was not in {rows:#?}"));
                };
                rows.remove(at);
            }
            rows.extend(after);
        }
    }
    rows.sort();
    if rows == moment.after { Ok(()) } else { Err(format!("read {rows:#?}, SELECT said {:#?}", moment.after)) }
}

async fn follows(flavor: Flavor, arguments: &[&str]) {
    let asked = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let (first, seeds) = (asked("REPLICATOR_DDL_SEED").unwrap_or(1), asked("REPLICATOR_DDL_SEEDS").unwrap_or(SEEDS));
    let server = MysqlServer::start_with(flavor, arguments).await.unwrap();
    let mut conn = server.connect().await.unwrap();
    for sql in ["SET sql_mode = '', time_zone = '+00:00'", "CREATE DATABASE mark"] {
        conn.query_drop(sql).await.unwrap();
    }
    let spec = spec(&server, SCOPE);
    let mut outcome = Outcome::default();
    for seed in first..first + seeds {
        for sql in [
            "DROP DATABASE IF EXISTS d1",
            "DROP DATABASE IF EXISTS d2",
            "CREATE DATABASE d1 CHARACTER SET utf8mb4",
            "CREATE DATABASE d2 CHARACTER SET latin1",
            "USE d1",
            "DROP TABLE IF EXISTS mark.moment",
            "CREATE TABLE mark.moment (number INT PRIMARY KEY)",
        ] {
            conn.query_drop(sql).await.unwrap();
        }
        let kept = Arc::new(MemorySchemas::default());
        let start = Reading::open_remembering(&spec, None, &kept).await.unwrap().checkpoint();
        let moments = write(&mut conn, &mut Random::new(seed), flavor).await;
        let mut reading = Reading::open_remembering(&spec, Some(&start), &kept).await.unwrap();
        if let Err(failure) = read(&mut reading, &moments, &mut outcome, seed).await {
            let expected = ["schema_mismatch", "unknown_table"].contains(&failure.code.as_ref());
            assert!(expected, "{flavor}, seed {seed}: {failure:?}");
            *outcome.stopped.entry(failure.reason.chars().take(300).collect()).or_default() += 1;
        }
    }
    let Outcome { moments, rows, stopped: reasons, wrong } = outcome;
    let stopped: usize = reasons.values().sum();
    println!("{flavor}: {seeds} seeds from {first} on: {rows} rows in {moments} moments; {stopped} seeds stop:");
    for (reason, times) in &reasons {
        println!("    {times} times {reason}");
    }
    assert!(wrong.is_empty(), "{flavor}\n{}", wrong.join("\n"));
    assert!(moments as u64 > seeds * 10 && stopped as u64 <= seeds / 4, "{moments} moments, {stopped} of {seeds} stop");
}

#[tokio::test]
async fn rows_between_statements_of_mysql_5_6() {
    follows(Flavor::MySql56, &[]).await;
}

#[tokio::test]
async fn rows_between_statements_of_mariadb_10_11() {
    follows(Flavor::MariaDb1011, &["--binlog-row-metadata=NO_LOG"]).await;
}
