use super::*;
use crate::facts::Version;
use replicator_model::epoch::Epoch;

const A: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

fn mysql(executed: &str, purged: &str) -> ServerFacts {
    ServerFacts {
        flavor: ServerFlavor::MySql,
        version: Version(9, 7, 0),
        version_text: "9.7.0".into(),
        server: A.into(),
        server_id: 1,
        log_bin: true,
        binlog_format: Some("ROW".into()),
        row_image: Some("FULL".into()),
        row_metadata: Some("FULL".into()),
        row_value_options: None,
        gtids: true,
        executed: Some(GtidSet::MySql(executed.parse().unwrap())),
        purged: Some(GtidSet::MySql(purged.parse().unwrap())),
        lower_case_table_names: 0,
        time_zone: "UTC".into(),
        sql_mode: String::new(),
        max_allowed_packet: 1 << 26,
        read_only: false,
    }
}

fn mariadb(executed: &str) -> ServerFacts {
    let executed = Some(GtidSet::MariaDb(executed.parse().unwrap()));
    ServerFacts { flavor: ServerFlavor::MariaDb, server: "server-1".into(), executed, purged: None, ..mysql("", "") }
}

fn begin(facts: &ServerFacts, resume: Option<&Checkpoint>, start: &Start) -> Result<Beginning, Failure> {
    let gtid_set = if facts.gtids { facts.executed.clone() } else { None };
    let head = SourceHead { position: Position::new("bin.000004", 900), gtid_set, now_us: 0 };
    let file = |name: &str, size| LogFile { name: name.into(), size };
    let files = [file("bin.000003", 500), file("bin.000004", 900)];
    beginning(Source { facts, head: &head, files: &files }, resume, start)
}

fn checkpoint(server: &str, file: &str, offset: u64, set: Option<&str>) -> Checkpoint {
    Checkpoint {
        epoch: Epoch::new(1),
        server: server.into(),
        position: Position::new(file, offset),
        gtid_set: set.map(|set| GtidSet::parse(set).unwrap()),
        event_time_us: 0,
        written_at_us: 0,
    }
}

fn after(set: &str, position: Option<(&str, u64)>) -> Result<Beginning, Failure> {
    let position = position.map(|(file, offset)| Position::new(file, offset));
    Ok(Beginning::After { gtid_set: GtidSet::parse(set).unwrap(), position })
}

fn at(file: &str, offset: u64) -> Result<Beginning, Failure> {
    Ok(Beginning::At { position: Position::new(file, offset) })
}

fn code(answer: Result<Beginning, Failure>) -> String {
    let failure = answer.unwrap_err();
    assert!(!failure.is_transient(), "{failure:?}");
    failure.code
}

#[test]
fn a_new_task_begins_where_it_says() {
    let all = format!("{A}:1-9");
    let facts = mysql(&all, &format!("{A}:1-3"));
    let no_gtids = ServerFacts { gtids: false, ..facts.clone() };
    assert_eq!(begin(&facts, None, &Start::Latest), after(&all, Some(("bin.000004", 900))));
    assert_eq!(begin(&no_gtids, None, &Start::Latest), at("bin.000004", 900));
    assert_eq!(begin(&facts, None, &Start::Earliest), after(&format!("{A}:1-3"), Some(("bin.000003", 4))));
    assert_eq!(begin(&no_gtids, None, &Start::Earliest), at("bin.000003", 4));
    assert_eq!(begin(&mariadb("0-1-9"), None, &Start::Earliest), at("bin.000003", 4));
    let gtid = |set: &str| Start::Gtid { gtid: set.into() };
    assert_eq!(begin(&facts, None, &gtid(&format!("{A}:1-5"))), after(&format!("{A}:1-5"), None));
    assert_eq!(code(begin(&facts, None, &gtid("0-1-5"))), "gtid_set_not_understood");
    assert_eq!(code(begin(&facts, None, &gtid(&format!("{A}:1-2")))), "position_lost");
    let position = |file: &str, offset| Start::Position { file: file.into(), offset };
    assert_eq!(begin(&facts, None, &position("bin.000003", 120)), at("bin.000003", 120));
    assert_eq!(begin(&facts, None, &position("bin.000003", 0)), at("bin.000003", 4));
    assert_eq!(code(begin(&facts, None, &position("bin.000003", 501))), "position_unknown");
    assert_eq!(code(begin(&facts, None, &position("bin.000002", 4))), "position_lost");
    assert_eq!(code(begin(&facts, None, &position("other.000003", 4))), "binlog_file_missing");
    assert_eq!(code(begin(&facts, None, &Start::Snapshot)), "start_not_supported");
}

#[test]
fn what_was_applied_counts_and_has_to_fit_the_source() {
    let facts = mysql(&format!("{A}:1-9"), &format!("{A}:1-3"));
    let no_gtids = ServerFacts { gtids: false, ..facts.clone() };
    let resume = |facts: &ServerFacts, checkpoint: Checkpoint| begin(facts, Some(&checkpoint), &Start::Latest);
    let five = format!("{A}:1-5");
    assert_eq!(resume(&facts, checkpoint(A, "bin.000003", 100, Some(&five))), after(&five, Some(("bin.000003", 100))));
    // Another server that has all of it: its own files are something else.
    assert_eq!(resume(&facts, checkpoint("b", "x.000009", 100, Some(&five))), after(&five, None));
    assert_eq!(resume(&no_gtids, checkpoint(A, "bin.000003", 100, None)), at("bin.000003", 100));
    for (facts, checkpoint, expected) in [
        (&facts, checkpoint(A, "bin.000003", 100, Some(&format!("{A}:1-12"))), "gtids_missing_at_source"),
        (&facts, checkpoint(A, "bin.000001", 100, Some(&format!("{A}:1-2"))), "position_lost"),
        (&facts, checkpoint(A, "bin.000003", 100, Some("0-1-5")), "gtid_flavor_differs"),
        (&no_gtids, checkpoint(A, "bin.000003", 100, Some(&five)), "gtid_mode_off"),
        (&no_gtids, checkpoint("b", "bin.000003", 100, None), "source_changed"),
        (&no_gtids, checkpoint(A, "bin.000003", 501, None), "position_unknown"),
        (
            &mariadb("0-1-9,1-1-4"),
            checkpoint("server-1", "bin.000003", 100, Some("0-1-9,1-1-5")),
            "gtids_missing_at_source",
        ),
    ] {
        assert_eq!(code(resume(facts, checkpoint)), expected);
    }
}
