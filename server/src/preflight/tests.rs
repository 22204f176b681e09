//! The decisions by tables: facts in, verdict and fix out.

use super::finding::{Finding, Verdict};
use super::ground::{Ground, Group, Side, SourceServer};
use super::{group, source, source_log, two_way};
use replicator_model::failure::Failure;
use replicator_model::gtid::GtidSet;
use replicator_model::instance::CoreInfo;
use replicator_model::name::{CoreName, GroupName};
use replicator_model::position::Position;
use replicator_model::task::TaskSpec;
use replicator_mysql::catalogue::{Listed, ListedColumn, ListedTable};
use replicator_mysql::facts::{ServerFacts, ServerFlavor, Version};
use replicator_mysql::head::{LogFile, LogFilter, SourceHead};
use replicator_mysql::privileges::Privileges;
use replicator_mysql::replicas::ConnectedReplica;
use replicator_mysql::tables::ColumnDefinition;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

fn gtids(interval: &str) -> Option<GtidSet> {
    GtidSet::parse(&format!("{UUID}:{interval}")).ok()
}

fn fit() -> SourceServer {
    let text = |value: &str| Some(value.to_owned());
    let facts = ServerFacts {
        flavor: ServerFlavor::MySql,
        version: Version(9, 7, 0),
        version_text: "9.7.0".into(),
        server: UUID.into(),
        server_id: 1,
        log_bin: true,
        binlog_format: text("ROW"),
        row_image: text("FULL"),
        row_metadata: text("FULL"),
        row_value_options: text(""),
        gtids: true,
        executed: gtids("1-100"),
        purged: gtids("1-50"),
        lower_case_table_names: 0,
        time_zone: "UTC".into(),
        sql_mode: String::new(),
        max_allowed_packet: 1 << 26,
        read_only: false,
    };
    let table = |name: &str, has_key| ListedTable {
        database: "shop".into(),
        table: name.into(),
        engine: text("InnoDB"),
        rows_estimate: None,
        columns: 1,
        has_primary_key: has_key,
        has_key,
    };
    SourceServer {
        facts,
        privileges: Privileges::read("r@%", ["GRANT ALL PRIVILEGES ON *.* TO `r`@`%`"]),
        settings: BTreeMap::from([("binlog_expire_logs_seconds".to_owned(), "604800".to_owned())]),
        head: Ok(SourceHead { position: Position::new("bin.000003", 400), gtid_set: None, now_us: 0 }),
        files: Ok(vec![
            LogFile { name: "bin.000002".into(), size: 900 },
            LogFile { name: "bin.000003".into(), size: 400 },
        ]),
        purged: gtids("1-50"),
        filter: Ok(LogFilter::default()),
        replicas: Ok(Vec::new()),
        followed: Ok(Vec::new()),
        tables: Ok(Listed { items: vec![table("item", true), table("it`em", true)], is_cut: false }),
        columns: Ok(BTreeMap::new()),
        creates: BTreeMap::new(),
        asked_at_us: 0,
    }
}

fn ground(producer: &Value) -> Ground {
    let mut whole = json!({"host": "db1", "user": "r"});
    producer.as_object().unwrap().iter().for_each(|(key, value)| whole[key] = value.clone());
    let spec = json!({"name": "copy", "group": "g1", "producer": whole, "consumer": {"kind": "stdout"}});
    Ground {
        spec: TaskSpec::from_json(spec.to_string().as_bytes()).unwrap(),
        is_stored: false,
        source: Side::absent("handed over apart"),
        target: Side::absent("none"),
        kafka: Side::absent("none"),
        group: Side::absent("none"),
    }
}

type Decide = fn(&SourceServer, &Ground) -> Finding;
type Break = fn(&mut SourceServer);

fn no_grants(source: &mut SourceServer) {
    source.privileges = Privileges::read("r@%", []);
}

fn logs_parts_of_values(source: &mut SourceServer) {
    source.facts.row_value_options = Some("PARTIAL_JSON".into());
    source.facts.row_image = Some("MINIMAL".into());
}

#[test]
fn a_fit_source_passes_and_each_fault_is_told_with_its_fix() {
    use Verdict::{Failed, Skipped, Warning};
    let faults: [(Decide, Break, Verdict, &str); 17] = [
        (source::version, |s| s.facts.version = Version(5, 5, 0), Warning, ""),
        (source::replication_grant, no_grants, Failed, "GRANT REPLICATION SLAVE ON *.* TO 'r'@'%';"),
        (source::monitor_grant, no_grants, Failed, "GRANT REPLICATION CLIENT ON *.* TO 'r'@'%';"),
        (source::select_grant, no_grants, Warning, "GRANT SELECT ON `shop`.* TO 'r'@'%';"),
        (
            source::heartbeat_grant,
            |s| s.privileges = Privileges::read("r@%", ["GRANT SELECT ON `mysql_replicator`.* TO `r`@`%`"]),
            Warning,
            "GRANT CREATE, INSERT, UPDATE ON `mysql_replicator`.* TO 'r'@'%';",
        ),
        (source::log_bin, |s| s.facts.log_bin = false, Failed, "log_bin = bin"),
        (
            source::binlog_format,
            |s| s.facts.binlog_format = Some("MIXED".into()),
            Failed,
            "SET PERSIST binlog_format = 'ROW';",
        ),
        (
            source::row_image,
            |s| s.facts.row_image = Some("MINIMAL".into()),
            Warning,
            "SET PERSIST binlog_row_image = 'FULL';",
        ),
        (source::row_metadata, |s| s.facts.row_metadata = Some("MINIMAL".into()), Warning, "binlog_row_metadata"),
        (source::row_value_options, logs_parts_of_values, Failed, "= '';"),
        (source::gtids, |s| s.facts.gtids = false, Warning, "gtid_mode = ON_PERMISSIVE;\nSET PERSIST gtid_mode = ON;"),
        (source::replica_updates, |s| s.followed = Ok(vec!["db0".into()]), Failed, "log_replica_updates = ON"),
        (source::clock, |s| s.asked_at_us = 9_000_000, Warning, "set-ntp"),
        (
            source_log::expiry,
            |s| drop(s.settings.insert("binlog_expire_logs_seconds".into(), "60".into())),
            Warning,
            "604800",
        ),
        (
            source_log::filter,
            |s| s.filter = Ok(LogFilter { only: vec!["hr".into()], without: Vec::new() }),
            Failed,
            "binlog_do_db",
        ),
        (
            source_log::tables,
            |s| s.tables = Err(Failure::transient("no_answer", "nothing was said", "ask again")),
            Skipped,
            "",
        ),
        (
            source_log::keys,
            |s| s.tables.as_mut().unwrap().items[1].has_key = false,
            Warning,
            "ALTER TABLE `shop`.`it``em` ADD COLUMN",
        ),
    ];
    for (index, (decide, damage, verdict, fix)) in faults.into_iter().enumerate() {
        let mut server = fit();
        let ground = ground(&json!({"lag_heartbeat": "1s"}));
        let well = decide(&server, &ground);
        assert_eq!(well.verdict, Verdict::Passed, "{index}: {well:?}");
        damage(&mut server);
        let found = decide(&server, &ground);
        assert_eq!(found.verdict, verdict, "{index}: {found:?}");
        assert!(found.fix.clone().unwrap_or_default().contains(fix), "{index}: {found:?}");
    }
}

#[test]
fn a_start_is_looked_for_in_the_log() {
    let server = fit();
    for (start, verdict) in [
        (json!("latest"), Verdict::Passed),
        (json!({"file": "bin.000002", "offset": 900}), Verdict::Passed),
        (json!({"file": "bin.000002", "offset": 901}), Verdict::Failed),
        (json!({"file": "bin.000001", "offset": 4}), Verdict::Failed),
        (json!({"gtid": format!("{UUID}:1-60")}), Verdict::Passed),
        (json!({"gtid": format!("{UUID}:1-40")}), Verdict::Failed),
        (json!({"gtid": format!("{UUID}:1-101")}), Verdict::Failed),
        (json!({"gtid": "0-1-7"}), Verdict::Failed),
    ] {
        let found = source_log::start(&server, &ground(&json!({"start": start})));
        assert_eq!(found.verdict, verdict, "{start}: {found:?}");
    }
}

/// A task from one server to another, as a pair has two of.
fn way(name: &str, from: &str, to: &str, more: &Value) -> TaskSpec {
    let mut consumer = json!({"kind": "mysql", "host": to, "user": "r"});
    more.as_object().unwrap().iter().for_each(|(key, value)| consumer[key] = value.clone());
    let spec = json!({"name": name, "group": "g1", "producer": {"host": from, "user": "r"}, "consumer": consumer});
    TaskSpec::from_json(spec.to_string().as_bytes()).unwrap()
}

fn keyed_by(name: &str, auto_increment: bool) -> ListedColumn {
    let definition = ColumnDefinition { nullable: false, auto_increment, ..ColumnDefinition::new(name, "int") };
    ListedColumn { definition, is_key: auto_increment, has_default: false, default: None }
}

#[test]
fn a_pair_needs_its_marks_in_the_log_and_keys_of_its_own() {
    let mut server = fit();
    server.columns = Ok(BTreeMap::from([(("shop".into(), "item".into()), vec![keyed_by("id", true)])]));
    let back = |to: &str| Group {
        cores: vec![],
        others: vec![way("back", "db2", to, &json!({}))],
        exists: false,
        last_commit: None,
    };
    let reached = |group| Side { reached: Some(group), ..Side::absent("") };
    let mut ground =
        Ground { spec: way("copy", "db1", "db2", &json!({})), group: reached(back("db3")), ..ground(&json!({})) };
    assert_eq!(two_way::pair(&server, &ground).verdict, Verdict::Passed, "another pair");
    ground.group = reached(back("db1"));
    let found = two_way::pair(&server, &ground);
    assert_eq!(found.verdict, Verdict::Warning, "{found:?}");
    assert!(found.fix.unwrap().contains("SET PERSIST auto_increment_increment = 2;"));
    server.settings.insert("auto_increment_increment".into(), "2".into());
    assert_eq!(two_way::pair(&server, &ground).verdict, Verdict::Passed);
    for filter in [
        LogFilter { only: vec!["shop".into()], ..LogFilter::default() },
        LogFilter { without: vec!["mysql_replicator".into()], ..LogFilter::default() },
    ] {
        server.filter = Ok(filter);
        let found = two_way::pair(&server, &ground);
        assert_eq!(found.verdict, Verdict::Failed, "{found:?}");
    }
}

#[test]
fn compared_rows_need_whole_images_and_the_newest_its_column() {
    let mut server = fit();
    let columns = vec![keyed_by("id", false), keyed_by("At", false)];
    server.columns = Ok(BTreeMap::from([(("shop".into(), "item".into()), columns)]));
    let judged = |server: &SourceServer, more: &Value| {
        let ground = Ground { spec: way("copy", "db1", "db2", more), ..ground(&json!({})) };
        two_way::compared(server, &ground).verdict
    };
    let newest = |column: &str| json!({"on_conflict": "newest", "newest_by": column});
    assert_eq!(judged(&server, &newest("at")), Verdict::Passed);
    assert_eq!(judged(&server, &newest("changed")), Verdict::Failed);
    assert_eq!(judged(&server, &json!({"compare": "row"})), Verdict::Passed);
    server.facts.row_image = Some("MINIMAL".into());
    assert_eq!(judged(&server, &json!({"compare": "row"})), Verdict::Warning);
    assert_eq!(judged(&server, &json!({})), Verdict::Passed);
}

#[test]
fn a_replica_id_is_no_one_elses() {
    let mut server = fit();
    server.replicas = Ok(vec![ConnectedReplica { server_id: 7, host: "db3".into(), uuid: Some("other".into()) }]);
    for (id, verdict, fix) in
        [(1, Verdict::Failed, "server_id = 2"), (7, Verdict::Failed, "server_id = 8"), (9, Verdict::Passed, "")]
    {
        let found = source::server_id(&server, &ground(&json!({"server_id": id})));
        assert_eq!((found.verdict, found.fix.unwrap_or_default().contains(fix)), (verdict, true), "{id}");
    }
}

#[test]
fn standbys_are_counted() {
    let core = |name: &str| CoreInfo {
        core: CoreName::new(name).unwrap(),
        host: "host1".into(),
        group: GroupName::new("g1").unwrap(),
        version: "0.1.0".into(),
        capacity: 1,
        load: 0,
        admin: None,
        since_us: 0,
    };
    for (cores, alive, standbys) in [
        (vec![], Verdict::Failed, Verdict::Warning),
        (vec![core("a")], Verdict::Passed, Verdict::Warning),
        (vec![core("a"), core("b")], Verdict::Passed, Verdict::Passed),
    ] {
        let group = Group { cores, others: Vec::new(), exists: false, last_commit: None };
        let ground = ground(&json!({}));
        assert_eq!(
            (group::cores(&group, &ground).verdict, group::standbys(&group, &ground).verdict),
            (alive, standbys)
        );
    }
}
