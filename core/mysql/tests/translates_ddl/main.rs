//! Statements of one server run on another: either the tables are the same by meaning, or somebody said why not.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod corpus;
#[path = "../follows_ddl/listed.rs"]
mod listed;
mod meaning;
#[path = "../follows_ddl/random.rs"]
mod random;

use meaning::end_of;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use random::Random;
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::schemas::{self, Rules};
use replicator_schema::catalogue::Catalogue;
use replicator_schema::lexer::{ANSI_QUOTES, NO_BACKSLASH_ESCAPES};
use replicator_schema::translate::{Translation, can_set_explicit, counterpart, translate};
use replicator_tests::{Flavor, MysqlServer};
use std::collections::BTreeMap;

/// Statements made up for each pair of servers. `REPLICATOR_DDL_STATEMENTS` asks for another number,
/// `REPLICATOR_DDL_SEEDS` for so many seeds from `REPLICATOR_DDL_SEED` on.
const STATEMENTS: usize = 30;

/// Labels of an ENUM are lost in a character set that lacks their characters, and each server puts something else in
/// their place.
const LOSSY: &str = "te";

struct Server {
    flavor: Flavor,
    conn: Conn,
    rules: Rules,
}

impl Server {
    async fn connect(server: &MysqlServer) -> Self {
        let mut conn = server.connect().await.unwrap();
        let facts = ServerFacts::ask(&mut conn).await.unwrap();
        let rules = schemas::rules(&mut conn, &facts).await.unwrap();
        Self { flavor: server.flavor(), conn, rules }
    }

    async fn catalogue(&mut self) -> Catalogue {
        let is_ours = |name: &str| matches!(name, "d1" | "d2" | "d3");
        schemas::catalogue(&mut self.conn, is_ours, 1 << 20).await.unwrap().unwrap()
    }

    async fn run(&mut self, sql: &str) -> Result<(), String> {
        self.conn.query_drop(sql).await.map_err(|error| error.to_string())
    }
}

struct Pair {
    from: Server,
    to: Server,
    sql_mode: u64,
    /// Statements that were told to the target, as they were or in other words, and those that were not, with why.
    as_they_are: usize,
    translated: usize,
    refused: BTreeMap<String, String>,
    failed: BTreeMap<String, String>,
    wrong: Vec<String>,
}

impl Pair {
    async fn of(from: &MysqlServer, to: &MysqlServer) -> Self {
        let (from, to) = (Server::connect(from).await, Server::connect(to).await);
        let (refused, failed, wrong) = Default::default();
        Self { from, to, sql_mode: 0, as_they_are: 0, translated: 0, refused, failed, wrong }
    }

    /// Begins again, with nothing in two databases that have the source's defaults or others.
    async fn fresh(&mut self) {
        for server in [&mut self.from, &mut self.to] {
            for database in ["d1", "d2", "d3"] {
                server.run(&format!("DROP DATABASE IF EXISTS {database}")).await.unwrap();
            }
        }
        self.set_mode("SET sql_mode = ''").await;
        for sql in ["CREATE DATABASE d1 CHARACTER SET utf8mb4", "CREATE DATABASE d2 CHARACTER SET latin1"] {
            self.from.run(sql).await.unwrap();
            self.to.run(sql).await.unwrap();
        }
        for server in [&mut self.from, &mut self.to] {
            server.run("USE d1").await.unwrap();
        }
    }

    async fn set_mode(&mut self, sql: &str) {
        self.from.run(sql).await.unwrap();
        self.to.run(sql).await.unwrap();
        let bit = |name, bit: u64| if sql.contains(name) { bit } else { 0 };
        self.sql_mode = bit("ANSI_QUOTES", ANSI_QUOTES) | bit("NO_BACKSLASH_ESCAPES", NO_BACKSLASH_ESCAPES);
    }

    /// Runs a statement at the source, and what becomes of it at the target. What the source refuses is passed over.
    async fn run(&mut self, sql: &str, catalogue: &Catalogue) -> Catalogue {
        if sql.starts_with("SET sql_mode") {
            self.set_mode(sql).await;
            return catalogue.clone();
        }
        let is_elsewhere = sql.contains("TEMPORARY") || (sql.starts_with("CREATE TABLE") && sql.contains(" SELECT "));
        if is_elsewhere || self.from.run(sql).await.is_err() {
            return catalogue.clone();
        }
        let told = self.tell(sql, catalogue).await;
        let theirs = self.to.catalogue().await;
        let ours = self.from.catalogue().await;
        let to = end_of(&self.to.rules, None);
        let differing = meaning::differing(&ours, &theirs, &to);
        if let Err(why) = told {
            let (stopped, why) = why;
            if stopped { &mut self.refused } else { &mut self.failed }.insert(sql.to_owned(), why);
        } else if let Some((name, problem)) = differing.first().filter(|((_, table), _)| table != LOSSY) {
            let mistake = format!("{} to {}: after {sql}: {name:?}: {problem}", self.from.flavor, self.to.flavor);
            eprintln!("{mistake}");
            self.wrong.push(mistake);
        }
        if differing.is_empty() {
            return ours;
        }
        self.forget(&differing).await;
        self.from.catalogue().await
    }

    /// Where the two differ nothing more is said of the table.
    async fn forget(&mut self, differing: &[((String, String), String)]) {
        for server in [&mut self.from, &mut self.to] {
            server.run("SET foreign_key_checks = 0").await.unwrap();
            for ((database, table), _) in differing {
                let sql = match table.as_str() {
                    "" => format!("DROP DATABASE IF EXISTS `{database}`"),
                    table => format!("DROP TABLE IF EXISTS `{database}`.`{}`", table.replace('`', "``")),
                };
                server.run(&sql).await.ok();
                server.run(&sql.replace("DROP TABLE", "DROP VIEW")).await.ok();
            }
            server.run("SET foreign_key_checks = 1").await.unwrap();
        }
    }

    /// Refused (true), or refused by the target (false), with why.
    async fn tell(&mut self, sql: &str, catalogue: &Catalogue) -> Result<(), (bool, String)> {
        let database = meaning::database_of(sql, self.sql_mode, &self.from.rules);
        let from =
            end_of(&self.from.rules, catalogue.databases.get(&database).and_then(|found| found.collation.clone()));
        let there = self.to.catalogue().await.databases.get(&database).and_then(|found| found.collation.clone());
        let to = end_of(&self.to.rules, there);
        let (first, sql) = match translate(sql, self.sql_mode, &from, &to) {
            Translation::AsIs => {
                self.as_they_are += 1;
                (None, sql.to_owned())
            }
            Translation::Into { first, sql } => {
                self.translated += 1;
                (first, sql)
            }
            Translation::Refused { clause, why } => return Err((true, format!("{clause}: {why}"))),
        };
        let collation = self.from.rules.collation.as_deref().and_then(|name| counterpart(name, &to));
        if collation.is_none() && sql.starts_with("CREATE DATABASE") {
            return Err((true, "collation_server".to_owned()));
        }
        let mut session: Vec<String> =
            collation.map(|name| format!("SET SESSION collation_server = {name}")).into_iter().collect();
        if can_set_explicit(to.dialect) {
            let explicit = u8::from(from.explicit_timestamps);
            session.push(format!("SET SESSION explicit_defaults_for_timestamp = {explicit}"));
        }
        for sql in session.into_iter().chain(first) {
            self.to.run(&sql).await.unwrap();
        }
        self.to.run(&sql).await.map_err(|error| (false, format!("{error} <- {sql}")))
    }

    fn report(&self) {
        println!(
            "{} to {}: {} statements as they are, {} in other words, {} refused, {} refused by the target, {} wrong",
            self.from.flavor,
            self.to.flavor,
            self.as_they_are,
            self.translated,
            self.refused.len(),
            self.failed.len(),
            self.wrong.len()
        );
        if std::env::var_os("REPLICATOR_DDL_REFUSED").is_some() {
            for (sql, why) in self.refused.iter().chain(&self.failed) {
                println!("    {sql}\n        {why}");
            }
        }
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}

async fn translates(from: Flavor, to: Flavor) {
    let (source, target) =
        (MysqlServer::start_with(from, &["--skip-log-bin"]), MysqlServer::start_with(to, &["--skip-log-bin"]));
    let (source, target) = tokio::try_join!(source, target).unwrap();
    let mut pair = Pair::of(&source, &target).await;
    let asked = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let seeds = asked("REPLICATOR_DDL_SEEDS");
    // What is listed of everyday statements takes its time: they run with the many seeds.
    let listed: &[&str] = if seeds.is_some() { listed::STATEMENTS } else { &[] };
    for list in [corpus::STATEMENTS, listed] {
        pair.fresh().await;
        let mut catalogue = pair.from.catalogue().await;
        for sql in list {
            catalogue = pair.run(sql, &catalogue).await;
        }
    }
    let (first, seeds) = (asked("REPLICATOR_DDL_SEED").unwrap_or(1), seeds.unwrap_or(1));
    let count = asked("REPLICATOR_DDL_STATEMENTS").map_or(STATEMENTS, |count| count as usize);
    for seed in first..first + seeds {
        pair.fresh().await;
        let mut random = Random::new(seed);
        let mut catalogue = pair.from.catalogue().await;
        for _ in 0..count {
            let sql = random.statement(&catalogue, from.is_mariadb());
            catalogue = pair.run(&sql, &catalogue).await;
        }
    }
    pair.report();
}

#[tokio::test]
async fn from_mysql_97_to_mariadb_1011() {
    translates(Flavor::MySql97, Flavor::MariaDb1011).await;
}

#[tokio::test]
async fn from_mysql_97_to_mariadb_118() {
    translates(Flavor::MySql97, Flavor::MariaDb118).await;
}

#[tokio::test]
async fn from_mariadb_1011_to_mysql_97() {
    translates(Flavor::MariaDb1011, Flavor::MySql97).await;
}

#[tokio::test]
async fn from_mariadb_118_to_mysql_97() {
    translates(Flavor::MariaDb118, Flavor::MySql97).await;
}

#[tokio::test]
async fn from_mysql_97_to_mysql_56() {
    translates(Flavor::MySql97, Flavor::MySql56).await;
}

#[tokio::test]
async fn from_mysql_56_to_mysql_97() {
    translates(Flavor::MySql56, Flavor::MySql97).await;
}
