//! MariaDB's dates and times in its format of before MySQL 5.6, with every number of digits, against what SELECT answers.
//! `mariadb-binlog` does not know how many digits they have, and prints something else.

use super::columns::Table;
use super::random::Random;
use super::{Replay, changed, started};
use crate::values::binlog_files;
use replicator_tests::Flavor;
use std::collections::BTreeMap;

const TABLES: u64 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_1011() {
    check(Flavor::MariaDb1011).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_114() {
    check(Flavor::MariaDb114).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_118() {
    check(Flavor::MariaDb118).await;
}

async fn check(flavor: Flavor) {
    let server = started(flavor).await;
    server.exec("SET GLOBAL mysql56_temporal_format = OFF").await.unwrap();
    let (mut tables, mut moments) = (BTreeMap::new(), Vec::new());
    for seed in super::seeds(TABLES) {
        let table = Table::of_old_temporals(flavor, seed);
        moments.extend(changed(&server, &table, &mut Random::of_seed(seed), moments.len()).await);
        tables.insert(table.name.clone(), table);
    }
    let marked = "SELECT COUNT(*) FROM information_schema.COLUMNS \
                  WHERE TABLE_SCHEMA = 'd' AND COLUMN_TYPE LIKE '% /* mariadb-5.3 */'";
    let marked = server.query_strings(marked).await.unwrap()[0][0].clone().unwrap();
    assert_eq!(marked, (tables.len() * 21).to_string());
    let mut replay = Replay::new(&tables, &moments);
    for file in binlog_files(&server) {
        replay.file(&std::fs::read(&file).unwrap());
    }
    assert_eq!(replay.seen, moments.len(), "{flavor}");
}
