//! Values of every type, decoded from a server's binary log files, against what the same server answers to SELECT.
//! Statements and queries are those the codec's captured files were made with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::dump;
use replicator_binlog::{BINARY_COLLATION, TableMap};
use replicator_tests::{Flavor, MysqlServer};

const VALUES: [&str; 2] = [include_str!("../../testdata/values.sql"), include_str!("../../testdata/values.select.sql")];
const MYSQL_VALUES: [&str; 2] =
    [include_str!("../../testdata/values_mysql.sql"), include_str!("../../testdata/values_mysql.select.sql")];

#[tokio::test(flavor = "multi_thread")]
async fn mysql_97_values_decode_to_what_select_gives() {
    check(Flavor::MySql97, &[VALUES, MYSQL_VALUES]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_56_values_decode_to_what_select_gives() {
    check(Flavor::MySql56, &[VALUES]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_1011_values_decode_to_what_select_gives() {
    check(Flavor::MariaDb1011, &[VALUES]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_114_values_decode_to_what_select_gives() {
    check(Flavor::MariaDb114, &[VALUES]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_118_values_decode_to_what_select_gives() {
    check(Flavor::MariaDb118, &[VALUES]).await;
}

async fn check(flavor: Flavor, scripts: &[[&str; 2]]) {
    let server = MysqlServer::start_with(flavor, &["--default-time-zone=+00:00"]).await.unwrap();
    let mut expected = Vec::new();
    for [statements, queries] in scripts {
        server.exec(statements).await.unwrap();
        for query in queries.lines() {
            for row in server.query_strings(query).await.unwrap() {
                let values: Vec<_> = row.into_iter().map(|value| value.unwrap_or("NULL".to_owned())).collect();
                expected.push(values.join("\t"));
            }
        }
    }
    let definitions = definitions(&server).await;
    let mut decoded = Vec::new();
    for file in binlog_files(&server) {
        let bytes = std::fs::read(file).unwrap();
        let rows = dump::rows_as_text(&bytes, |table| complete(table, flavor, &definitions));
        decoded.extend(rows.iter().filter_map(|row| row.strip_prefix('+')).map(str::to_owned));
    }
    assert!(expected.len() >= 30, "{}", expected.len());
    for (decoded, expected) in decoded.iter().zip(&expected) {
        assert_eq!(decoded, expected, "{flavor}");
    }
    assert_eq!(decoded.len(), expected.len(), "{flavor}");
}

/// `binlog.000001` and so on, in order; not the index files beside them.
pub(crate) fn binlog_files(server: &MysqlServer) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(server.data_dir()).unwrap().map(|entry| entry.unwrap().path());
    let is_log = |path: &PathBuf| {
        let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix("binlog."));
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut files: Vec<_> = entries.filter(is_log).collect();
    files.sort();
    files
}

/// (is it UNSIGNED, is it BINARY) of the columns of each table.
async fn definitions(server: &MysqlServer) -> BTreeMap<String, Vec<(bool, bool)>> {
    let sql = "SELECT table_name, column_type LIKE '%unsigned%', data_type = 'binary' \
               FROM information_schema.columns WHERE table_schema = 'v' ORDER BY table_name, ordinal_position";
    let mut definitions: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for row in server.query_strings(sql).await.unwrap() {
        let is = |index: usize| row[index].as_deref() == Some("1");
        definitions.entry(row[0].clone().unwrap()).or_default().push((is(1), is(2)));
    }
    definitions
}

/// Only 5.6 leaves anything to fill in; what the others send must agree with the definitions.
fn complete(table: &mut TableMap, flavor: Flavor, definitions: &BTreeMap<String, Vec<(bool, bool)>>) {
    assert_eq!(table.has_full_metadata(), flavor != Flavor::MySql56);
    let definition = &definitions[&table.table];
    assert_eq!(table.columns.len(), definition.len());
    for (column, (unsigned, binary)) in table.columns.iter_mut().zip(definition) {
        if flavor == Flavor::MySql56 {
            column.unsigned = Some(*unsigned);
            column.collation = Some(if *binary { BINARY_COLLATION } else { 0 });
        } else if column.kind.is_integer() {
            assert_eq!(column.unsigned, Some(*unsigned), "{:?}", column.name);
        }
    }
}
