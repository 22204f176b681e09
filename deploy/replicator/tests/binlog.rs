//! `replicator binlog` over logs that real servers wrote.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

struct Ran {
    code: i32,
    lines: Vec<Value>,
    stderr: String,
}

fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../core/binlog/testdata").join(name);
    path.display().to_string()
}

fn run(arguments: &[&str], stdin: &[u8]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replicator"));
    command.arg("binlog").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who has seen enough reads no more.
    child.stdin.take().unwrap().write_all(stdin).ok();
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    Ran {
        code: output.status.code().unwrap(),
        lines: stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Lines of one table.
fn of<'r>(ran: &'r Ran, table: &str) -> Vec<&'r Value> {
    ran.lines.iter().filter(|line| line["table"] == table).collect()
}

#[test]
fn every_row_and_statement_is_a_line() {
    let ran = run(&[&file("kinds_mysql97.binlog")], b"");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let created: Vec<_> = ran.lines.iter().filter(|line| line["kind"] == "statement").collect();
    assert!(created.iter().any(|line| line["sql"].as_str().unwrap().starts_with("CREATE TABLE mini")), "{created:?}");
    let update = of(&ran, "fi")[1];
    assert_eq!((&update["kind"], &update["database"], &update["row"]), (&"update".into(), &"v".into(), &0.into()));
    assert_eq!(update["before"]["a"], 10);
    assert_eq!(update["after"]["a"], 20);
    assert!(update["gtid"].as_str().unwrap().split(':').nth(1).unwrap().parse::<u64>().unwrap() > 0);
    // A row image that lacks columns: they are left out, and not null.
    let minimal = of(&ran, "mini")[1];
    assert_eq!(minimal["before"].to_string(), r#"{"id":1}"#);
    assert_eq!(minimal["after"].to_string(), r#"{"b":"x"}"#);
    // Logged as a change inside of the JSON value, and from a compressed transaction.
    assert_eq!(of(&ran, "pj")[1]["after"]["j"]["b"], 2);
    assert!(of(&ran, "mini").iter().any(|line| line["after"]["a"] == 78));
    assert!(ran.lines.iter().any(|line| line["gtid"] == "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:mytag:5"));
}

#[test]
fn values_keep_what_they_are() {
    let ran = run(&[&file("values_mysql97.binlog"), "--rows-only"], b"");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ints = &of(&ran, "ints")[1]["after"];
    assert_eq!(ints["bu"].to_string(), "18446744073709551615");
    assert_eq!(ints["b64"].to_string(), "18446744073709551615");
    let nums = of(&ran, "nums");
    assert_eq!(nums[1]["after"]["d65"], "12345678901234567890123456789012345.123456789012345678901234567891");
    let strs = &of(&ran, "strs")[1]["after"];
    assert_eq!(strs["cl"], "ü");
    assert_eq!(strs["vc"], "grüße 😀");
    assert_eq!(strs["bn"]["$hex"], "6162000000000000");
    assert_eq!(strs["s"], "x,r");
    assert!(ran.lines.iter().all(|line| line["kind"] == "insert"));
}

#[test]
fn tables_and_offsets_choose() {
    let name = file("kinds_mariadb118.binlog");
    let all = run(&[&name, "--rows-only"], b"");
    assert_eq!(all.code, 0, "{}", all.stderr);
    assert_eq!(of(&all, "comp")[0]["after"]["c"], "a".repeat(500));
    assert!(of(&all, "lb").len() > 3);

    let some = run(&[&name, "--rows-only", "--tables", "v.*", "--exclude", "v.lb"], b"");
    assert!(of(&some, "lb").is_empty() && of(&some, "comp").len() == 1);

    let middle = &all.lines[all.lines.len() / 2]["offset"];
    let (before, behind) = (
        run(&[&name, "--rows-only", "--stop", &middle.to_string()], b""),
        run(&[&name, "--rows-only", "--start", &middle.to_string()], b""),
    );
    assert_eq!(before.lines.len() + behind.lines.len(), all.lines.len());
    assert_eq!(&behind.lines[0]["offset"], middle);

    let piped = run(&["-", "--rows-only"], &std::fs::read(&name).unwrap());
    let values = |ran: &Ran| ran.lines.iter().map(|line| line["after"].clone()).collect::<Vec<_>>();
    assert_eq!(values(&piped), values(&all));
}

#[test]
fn what_cannot_be_read_says_where_and_why() {
    let whole = std::fs::read(file("values_mysql97.binlog")).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() - 100] ^= 1;
    for (arguments, stdin, code, problem) in [
        (&["/nowhere"][..], &b""[..], 1, "file_unreadable"),
        (&["-"], b"#!/bin/sh\n", 1, "event_malformed"),
        (&["-"], b"\xfdbin and more", 1, "event_not_carried"),
        (&["-"], b"", 1, "file_cut_short"),
        (&["-"], &whole[..whole.len() - 7], 1, "file_cut_short"),
        (&["-"], &damaged, 1, "event_damaged"),
        (&["-", "--tables", "item"], b"", 2, "pattern_invalid"),
    ] {
        let ran = run(arguments, stdin);
        assert_eq!(ran.code, code, "{problem}: {}", ran.stderr);
        assert!(ran.stderr.contains(&format!("[{problem}]")) && ran.stderr.contains("hint: "), "{}", ran.stderr);
    }
    // What came before the end is shown.
    assert!(run(&["-"], &whole[..whole.len() - 7]).lines.len() > 30);
    // 5.6 does not say which integers are UNSIGNED.
    let old = file("values_mysql56.binlog");
    let ran = run(&[&old], b"");
    assert!(
        ran.code == 1 && ran.stderr.contains("[sign_unknown]") && ran.stderr.contains("--signed"),
        "{}",
        ran.stderr
    );
    let ran = run(&[&old, "--signed", "--rows-only"], b"");
    assert_eq!((ran.code, of(&ran, "ints")[0]["after"]["@2"].as_i64()), (0, Some(-128)), "{}", ran.stderr);
}
