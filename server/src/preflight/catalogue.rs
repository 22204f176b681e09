//! The checks: each with its code, which is a promise, and why it matters.

use super::finding::{About, Finding};
use super::ground::{Ground, Group, KafkaBrokers, SourceServer, TargetServer};
use super::{brokers, group, routes, schema_changes, source, source_log, tables, target, two_way};
use crate::inspect::stage::StageName;

/// A check.
pub(super) struct Check {
    pub(super) code: &'static str,
    pub(super) about: About,
    pub(super) title: &'static str,
    pub(super) why: &'static str,
    pub(super) decide: Decide,
}

/// What a check decides over.
#[derive(Clone, Copy)]
pub(super) enum Decide {
    /// Steps of the connection to a side.
    Stages(About, &'static [StageName]),
    Source(fn(&SourceServer, &Ground) -> Finding),
    Target(fn(&TargetServer, &Ground) -> Finding),
    Both(fn(&SourceServer, &TargetServer, &Ground) -> Finding),
    Kafka(fn(&KafkaBrokers, &Ground) -> Finding),
    Group(fn(&Group, &Ground) -> Finding),
    Spec(fn(&Ground) -> Finding),
}

const REACH: &[StageName] = &[StageName::Address, StageName::Connect];
const ENTER: &[StageName] = &[StageName::Tls, StageName::Login];

const fn check(code: &'static str, about: About, title: &'static str, why: &'static str, decide: Decide) -> Check {
    Check { code, about, title, why, decide }
}

use About::{Coordination as C, Kafka as K, Source as S, Target as T, Task};
use Decide::{Both, Group as InGroup, Kafka as InKafka, Source as AtSource, Spec, Stages, Target as AtTarget};

/// The codes, in the order in which checks are answered.
pub fn codes() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|check| check.code)
}

pub(super) const CHECKS: [Check; 57] = [
    check("spec_valid", Task, "The spec can work", "A task with such a spec is refused.", Spec(group::spec)),
    check(
        "task_schema_changes",
        Task,
        "What becomes of schema changes",
        "A change that `consumer.ddl` stops at waits for somebody; one that it leaves out makes the target differ.",
        Spec(schema_changes::policies),
    ),
    check(
        "task_routes_fit",
        Task,
        "Routes fit their tables",
        "A column that a table has not, or a type that can't be compared, masked or cast exactly, stops the task.",
        AtSource(routes::fit),
    ),
    check(
        "task_merged_tables",
        Task,
        "Merged tables are told apart",
        "Rows of two tables with the same key would be one at the target.",
        AtSource(routes::merged),
    ),
    check("source_reachable", S, "The source is reachable", "Without the source nothing is read.", Stages(S, REACH)),
    check("source_login", S, "The source lets the user in", "Without a login nothing is read.", Stages(S, ENTER)),
    check(
        "source_version",
        S,
        "The source's version is known",
        "Logs of versions that nobody tested may hold what is not understood; the task would stop.",
        AtSource(source::version),
    ),
    check(
        "source_replication_grant",
        S,
        "The user may read the log",
        "The source sends its log to users with REPLICATION SLAVE alone.",
        AtSource(source::replication_grant),
    ),
    check(
        "source_monitor_grant",
        S,
        "The user may ask where the log ends",
        "Start position and lag come from it.",
        AtSource(source::monitor_grant),
    ),
    check(
        "source_select_grant",
        S,
        "The user may see the tables' columns",
        "Where the log does not name columns they are looked up.",
        AtSource(source::select_grant),
    ),
    check(
        "source_heartbeat_grant",
        S,
        "The user may write heartbeat rows",
        "Without them the lag is told less exactly; the task runs.",
        AtSource(source::heartbeat_grant),
    ),
    check(
        "source_log_bin",
        S,
        "The source writes a binary log",
        "Changes are read from it.",
        AtSource(source::log_bin),
    ),
    check(
        "source_binlog_format",
        S,
        "Changes are logged as rows",
        "A statement can have another effect on the target; the task stops at one.",
        AtSource(source::binlog_format),
    ),
    check(
        "source_row_image",
        S,
        "Rows are logged whole",
        "Otherwise an INSERT that leaves a column out takes the target's default, and messages lack columns.",
        AtSource(source::row_image),
    ),
    check(
        "source_row_metadata",
        S,
        "The log names the columns",
        "Otherwise tables are followed through statements from how they are at the start; what can't be followed may stop the task.",
        AtSource(source::row_metadata),
    ),
    check(
        "source_row_value_options",
        S,
        "JSON values can be put together",
        "A change inside of a value whose former value is not logged stops the task.",
        AtSource(source::row_value_options),
    ),
    check(
        "source_two_way",
        S,
        "Another task may write here",
        "What it applies is told from the source's own changes by the log, and both sites need keys of their own.",
        AtSource(two_way::pair),
    ),
    check(
        "source_compared",
        S,
        "Rows can be compared whole",
        "What the log or a table lacks can't tell which of two rows is to stay.",
        AtSource(two_way::compared),
    ),
    check(
        "source_gtids",
        S,
        "Transactions have GTIDs",
        "Without them the task can't move to another source.",
        AtSource(source::gtids),
    ),
    check(
        "source_replica_updates",
        S,
        "What the source replicates is in its log",
        "Otherwise those changes would be missing at the target.",
        AtSource(source::replica_updates),
    ),
    check(
        "source_server_id",
        S,
        "The task's replica id is its own",
        "A source ends the older of two connections with one id, for ever in turn.",
        AtSource(source::server_id),
    ),
    check("source_clock", S, "The clocks agree", "Times that are shown come from both hosts.", AtSource(source::clock)),
    check(
        "source_log_kept",
        S,
        "Logs are kept long enough",
        "A task that is away for longer than that can't go on.",
        AtSource(source_log::expiry),
    ),
    check(
        "source_log_filter",
        S,
        "The log leaves nothing out",
        "What is not in the log is not replicated.",
        AtSource(source_log::filter),
    ),
    check(
        "source_start",
        S,
        "The start is still in the log",
        "A task can't begin where the log was purged.",
        AtSource(source_log::start),
    ),
    check(
        "source_tables",
        S,
        "The patterns match tables",
        "A task without tables does nothing.",
        AtSource(source_log::tables),
    ),
    check(
        "source_keys",
        S,
        "Tables have a key",
        "Without one each change of a row searches the whole table at the target.",
        AtSource(source_log::keys),
    ),
    check("target_reachable", T, "The target is reachable", "Without the target nothing is written.", Stages(T, REACH)),
    check("target_login", T, "The target lets the user in", "Without a login nothing is written.", Stages(T, ENTER)),
    check(
        "target_version",
        T,
        "The target's version is known",
        "Versions that nobody tested may take values otherwise.",
        AtTarget(target::version),
    ),
    check(
        "target_writable",
        T,
        "The target can be written to",
        "A server with read_only refuses every row.",
        AtTarget(target::writable),
    ),
    check(
        "target_grants",
        T,
        "The user may write the tables",
        "A row that may not be written stops the task.",
        AtTarget(target::grants),
    ),
    check(
        "target_own_grants",
        T,
        "The user may keep the replicator's tables",
        "How far the task is stands in them, in the same transaction as the rows.",
        AtTarget(target::own_grants),
    ),
    check(
        "target_tables",
        T,
        "The tables are there",
        "Copying tables is not built yet: they have to be there with their rows.",
        Both(tables::exist),
    ),
    check(
        "target_columns",
        T,
        "The columns are there",
        "A column that is missing stops the task at the first row.",
        Both(tables::columns),
    ),
    check(
        "target_column_types",
        T,
        "The columns hold the source's values",
        "A value that does not fit stops the task; nothing is cut or rounded.",
        Both(tables::types),
    ),
    check(
        "target_charsets",
        T,
        "The character sets hold the source's texts",
        "A character that does not exist there stops the task.",
        Both(tables::charsets),
    ),
    check(
        "target_generated",
        T,
        "No sent column is computed",
        "A computed column can't be written.",
        Both(tables::generated),
    ),
    check(
        "target_defaults",
        T,
        "Defaults are the source's",
        "Where rows are not logged whole, a column that an INSERT left out gets the target's default.",
        Both(tables::defaults),
    ),
    check(
        "target_route_columns",
        T,
        "The target holds what routes make",
        "A hash, a constant or a cast value that the column can't hold stops the task.",
        Both(routes::hold),
    ),
    check(
        "target_engine",
        T,
        "The tables are transactional",
        "Exactly once rests on rows and progress being one transaction.",
        Both(tables::engine),
    ),
    check(
        "target_triggers",
        T,
        "No triggers act",
        "What the source's triggers did is in its log already; the target's would do it twice.",
        Both(tables::triggers),
    ),
    check(
        "target_foreign_keys",
        T,
        "Foreign keys stay inside of the task",
        "A row may refer to one that nobody replicates.",
        Both(tables::foreign_keys),
    ),
    check(
        "target_max_packet",
        T,
        "The largest row fits",
        "A row larger than max_allowed_packet can't be written.",
        Both(target::packet),
    ),
    check(
        "target_name_case",
        T,
        "Names are compared alike",
        "Two tables whose names differ by case become one.",
        Both(target::name_case),
    ),
    check(
        "target_other_server",
        T,
        "The target is not the source",
        "A change would be read again as a change, for ever.",
        Both(target::other_server),
    ),
    check(
        "target_marker",
        T,
        "The target remembers no other task",
        "A task goes on where the target remembers it to be.",
        AtTarget(target::marker),
    ),
    check(
        "kafka_reachable",
        K,
        "Brokers are reachable and answer",
        "Without brokers nothing is sent.",
        Stages(K, &[StageName::Address, StageName::Connect, StageName::Tls, StageName::Login]),
    ),
    check(
        "kafka_topics",
        K,
        "The topics are there",
        "A message for a topic that is not there, and not made, stops the task.",
        InKafka(brokers::exist),
    ),
    check(
        "kafka_in_sync",
        K,
        "Topics have their replicas",
        "Brokers refuse messages while fewer are in sync than wanted.",
        InKafka(brokers::in_sync),
    ),
    check(
        "kafka_message_bytes",
        K,
        "The largest message fits",
        "A row that a topic does not take stops the task.",
        InKafka(brokers::message_bytes),
    ),
    check(
        "kafka_topic_names",
        K,
        "Kafka allows the topics' names",
        "A message to a name that Kafka does not allow stops the task.",
        InKafka(brokers::names),
    ),
    check(
        "kafka_replicas",
        K,
        "Topics outlive a broker",
        "A topic on one broker is gone with it.",
        InKafka(brokers::replicas),
    ),
    check(
        "group_cores",
        C,
        "A Core is alive in the group",
        "A task runs on a Core of its group.",
        InGroup(group::cores),
    ),
    check(
        "group_standbys",
        C,
        "The wanted Cores are there",
        "Without a standby nobody takes over when a Core goes.",
        InGroup(group::standbys),
    ),
    check("task_name", C, "The name is free", "A task is known by its name, at targets too.", InGroup(group::name)),
    check(
        "task_writers",
        C,
        "No other task writes the same tables",
        "Two tasks that write the same rows undo each other.",
        InGroup(group::writers),
    ),
];
