//! Statements run on real servers: after each of them the catalogue that follows has to be what the server says, or
//! say that it does not know.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod listed;
mod random;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use random::Random;
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::schemas::{self, Rules};
use replicator_schema::catalogue::{Catalogue, Session, Slot};
use replicator_schema::effect;
use replicator_schema::table::{TableSchema, choose_key};
use replicator_tests::{Flavor, MysqlServer};
use std::collections::BTreeMap;

/// Statements made up on each server. `REPLICATOR_DDL_STATEMENTS` asks for another number, `REPLICATOR_DDL_SEEDS` for so
/// many seeds from `REPLICATOR_DDL_SEED` on, each with its own statements in fresh databases.
const STATEMENTS: usize = 250;

struct Differential {
    flavor: Flavor,
    conn: Conn,
    rules: Rules,
    session: Session,
    catalogue: Catalogue,
    /// Statements that ran, and those after which a table was not certain any more, with why.
    ran: usize,
    refused: BTreeMap<String, String>,
    doubts: BTreeMap<String, String>,
    /// Where the catalogue was wrong.
    wrong: Vec<String>,
    /// What the statements are made up from.
    seed: u64,
    _server: MysqlServer,
}

const DATABASE: &str = "d1";

impl Differential {
    async fn start(flavor: Flavor) -> Self {
        let server = MysqlServer::start_with(flavor, &["--skip-log-bin"]).await.unwrap();
        let mut conn = server.connect().await.unwrap();
        let facts = ServerFacts::ask(&mut conn).await.unwrap();
        let rules = schemas::rules(&mut conn, &facts).await.unwrap();
        let session = Session {
            database: DATABASE.to_owned(),
            sql_mode: 0,
            server_collation: rules.collation.clone(),
            explicit_timestamps: rules.explicit_timestamps,
            charset_collations: rules.charset_collations.clone(),
        };
        let (refused, doubts, wrong) = Default::default();
        let (catalogue, seed, ran) = (Catalogue::default(), 0, 0);
        let mut this =
            Self { flavor, conn, rules, session, catalogue, ran, refused, doubts, wrong, seed, _server: server };
        this.fresh().await;
        this
    }

    /// Begins again, with nothing in two databases.
    async fn fresh(&mut self) {
        for sql in ["DROP DATABASE IF EXISTS d1", "DROP DATABASE IF EXISTS d2"] {
            self.conn.query_drop(sql).await.unwrap();
        }
        self.catalogue = Catalogue::default();
        for sql in ["CREATE DATABASE d1 CHARACTER SET utf8mb4", "CREATE DATABASE d2 CHARACTER SET latin1", "USE d1"] {
            self.run(sql).await;
        }
    }

    /// Follows so many statements that are made up from a seed.
    async fn make_up(&mut self, seed: u64, count: usize) {
        self.fresh().await;
        self.seed = seed;
        let (mut random, end) = (Random::new(seed), self.ran + count);
        while self.ran < end {
            let sql = random.statement(&self.catalogue, self.flavor.is_mariadb());
            self.run(&sql).await;
        }
    }

    /// Runs a statement, follows it, and compares. What the server refuses is not followed.
    async fn run(&mut self, sql: &str) {
        if let Err(error) = self.conn.query_drop(sql).await {
            self.refused.insert(sql.to_owned(), error.to_string());
            return;
        }
        self.ran += 1;
        if let Some(modes) = sql.strip_prefix("SET sql_mode = ") {
            self.session.sql_mode = sql_mode(modes);
            return;
        }
        let effect = effect::read(sql, self.session.sql_mode, self.rules.server.dialect);
        self.catalogue.apply(&effect, &self.session, &self.rules.server);
        self.compare(sql).await;
    }

    async fn compare(&mut self, sql: &str) {
        let theirs = schemas::catalogue(&mut self.conn, |name| name.starts_with('d'), 1 << 20).await.unwrap().unwrap();
        for (name, database) in &theirs.databases {
            for (table, slot) in &database.tables {
                let Slot::Certain(theirs) = slot else { continue };
                let problem = match self.catalogue.table(name, table) {
                    Some(Slot::Certain(ours)) if ours.collation.is_none() => {
                        self.doubts.insert(sql.to_owned(), "its own character set is not known".to_owned());
                        difference(&TableSchema { collation: theirs.collation.clone(), ..(**ours).clone() }, theirs)
                    }
                    Some(Slot::Certain(ours)) => difference(ours, theirs),
                    Some(Slot::Uncertain(reason)) => {
                        self.doubts.insert(sql.to_owned(), reason.clone());
                        None
                    }
                    None => Some("is not known".to_owned()),
                };
                if let Some(problem) = problem {
                    self.mistake(sql, &format!("{name}.{table}: {problem}"));
                }
                // Go on from what is true, so that one mistake or doubt is told once.
                if self.catalogue.table(name, table) != Some(slot) {
                    self.catalogue.put((name.clone(), table.clone()), Some(slot.clone()));
                }
            }
        }
        let gone = self.catalogue.databases.iter().flat_map(|(name, database)| {
            let theirs = theirs.databases.get(name);
            let is_gone = move |table: &&String| theirs.is_none_or(|theirs| !theirs.tables.contains_key(*table));
            let certain = database.tables.iter().filter(|(_, slot)| matches!(slot, Slot::Certain(_)));
            certain.map(|(table, _)| table).filter(is_gone).map(move |table| (name.clone(), table.clone()))
        });
        let gone: Vec<(String, String)> = gone.collect();
        for (name, table) in gone {
            self.mistake(sql, &format!("{name}.{table} is gone"));
            self.catalogue.put((name, table), None);
        }
        for (name, database) in theirs.databases {
            let ours = self.catalogue.databases.entry(name.clone()).or_default();
            let was = std::mem::replace(&mut ours.collation, database.collation.clone());
            if was.is_some() && was != database.collation {
                self.mistake(sql, &format!("{name} has {:?}", database.collation));
            }
        }
    }

    /// Told at once: a run of thousands of seeds takes its time.
    fn mistake(&mut self, sql: &str, problem: &str) {
        let mistake = format!("{}, seed {}: after {sql}: {problem}", self.flavor, self.seed);
        eprintln!("{mistake}");
        self.wrong.push(mistake);
    }

    fn report(&self, what: &str) {
        println!(
            "{}, {what}: {} statements ran, {} were refused, {} left a doubt ({:.1} %)",
            self.flavor,
            self.ran,
            self.refused.len(),
            self.doubts.len(),
            100.0 * self.doubts.len() as f64 / self.ran.max(1) as f64
        );
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (sql, reason) in &self.doubts {
            reasons.entry(reason).or_default().push(sql);
        }
        for (reason, statements) in reasons {
            println!(
                "    {} times {reason}: {}",
                statements.len(),
                statements[..statements.len().min(3)].join("\n        ")
            );
        }
        if std::env::var_os("REPLICATOR_DDL_REFUSED").is_some() {
            for (sql, error) in &self.refused {
                println!("    refused: {sql}: {error}");
            }
        }
        assert!(self.wrong.is_empty(), "{what}\n{}", self.wrong.join("\n"));
    }
}

/// Octets count only where rows are proven by them.
fn difference(ours: &TableSchema, theirs: &TableSchema) -> Option<String> {
    let facts = |schema: &TableSchema| -> Vec<String> {
        let column = |column: &replicator_schema::table::ColumnDefinition| {
            let by_octets = ["char", "varchar", "binary", "varbinary"].contains(&column.data_type.as_str());
            let octets = if by_octets { column.octet_length } else { None };
            format!(
                "{} {} {} {:?} {:?} {octets:?}{}{}{}{}",
                column.name,
                column.column_type,
                column.data_type,
                column.charset,
                column.collation,
                if column.nullable { " null" } else { "" },
                if column.generated { " generated" } else { "" },
                if column.auto_increment { " auto_increment" } else { "" },
                if column.invisible { " invisible" } else { "" },
            )
        };
        schema.columns.iter().map(column).collect()
    };
    let keys = |schema: &TableSchema| -> Vec<String> {
        let unique = schema.keys.iter().filter(|key| key.unique);
        let mut keys: Vec<String> = unique.map(|key| format!("{} {:?}", key.name, key.parts)).collect();
        keys.sort();
        keys.push(format!("chosen {:?}", choose_key(&schema.keys, &schema.columns)));
        keys
    };
    let (ours, theirs) = ((facts(ours), keys(ours), &ours.collation), (facts(theirs), keys(theirs), &theirs.collation));
    (ours != theirs).then(|| format!("followed\n    {ours:?}\n  server has\n    {theirs:?}"))
}

fn sql_mode(modes: &str) -> u64 {
    let bit = |name, bit: u32| if modes.contains(name) { 1u64 << bit } else { 0 };
    bit("REAL_AS_FLOAT", 0) | bit("ANSI_QUOTES", 2) | bit("NO_BACKSLASH_ESCAPES", 20)
}

async fn follows(flavor: Flavor) {
    let mut listed = Differential::start(flavor).await;
    for sql in listed::STATEMENTS {
        listed.run(sql).await;
    }
    listed.report("listed");
    drop(listed);
    let asked = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let (first, seeds) = (asked("REPLICATOR_DDL_SEED").unwrap_or(1), asked("REPLICATOR_DDL_SEEDS").unwrap_or(1));
    let count = asked("REPLICATOR_DDL_STATEMENTS").map_or(STATEMENTS, |count| count as usize);
    let mut made_up = Differential::start(flavor).await;
    for seed in first..first + seeds {
        made_up.make_up(seed, count).await;
        if seed % 100 == 0 {
            eprintln!("{flavor}: seed {seed}, {} statements, {} doubts", made_up.ran, made_up.doubts.len());
        }
    }
    made_up.report(&format!("{seeds} seeds from {first} on"));
}

#[tokio::test]
async fn on_mysql_5_6() {
    follows(Flavor::MySql56).await;
}

#[tokio::test]
async fn on_mysql_9_7() {
    follows(Flavor::MySql97).await;
}

#[tokio::test]
async fn on_mariadb_10_11() {
    follows(Flavor::MariaDb1011).await;
}

#[tokio::test]
async fn on_mariadb_11_8() {
    follows(Flavor::MariaDb118).await;
}
