//! Reading a task from a user, with errors that name the key.

use super::producer::host_and_port;
use super::{
    CONNECTIONS_MAX, ConsumerSpec, Delivery, MySqlTargetSpec, OnConflict, ProducerSpec, Route, Start, TaskSpec, Tls,
    route_problems,
};
use crate::gtid::GtidSet;
use crate::settings::problem_in;
use crate::span::Span;
use std::fmt;

/// One thing wrong with a task: the key, what is wrong with it, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecProblem {
    pub key: String,
    pub problem: String,
    pub hint: String,
}

/// A task that was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Not TOML or JSON, an unknown key, a value of another type. The text names key and line.
    #[error("{0}")]
    Syntax(String),
    /// It reads, but it can't work; everything that is wrong with it.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<SpecProblem>),
}

impl fmt::Display for SpecProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}; {}", self.key, self.problem, self.hint)
    }
}

impl TaskSpec {
    /// Reads and checks a task in TOML, as in a file given to `replicator task apply -f`.
    pub fn from_toml(text: &str) -> Result<Self, SpecError> {
        let spec: Self = toml::from_str(text).map_err(|error| SpecError::Syntax(problem_in(text, &error)))?;
        spec.check()
    }

    /// Reads and checks a task in JSON, as in a REST request.
    pub fn from_json(text: &[u8]) -> Result<Self, SpecError> {
        Self::unchecked_from_json(text)?.check()
    }

    /// Reads a task in JSON that may still be completed: what it says is not judged.
    pub fn unchecked_from_json(text: &[u8]) -> Result<Self, SpecError> {
        serde_json::from_slice(text).map_err(|error| {
            let document = serde_json::from_slice(text).unwrap_or_default();
            match route_problems::unread(&document) {
                unread if unread.is_empty() => SpecError::Syntax(error.to_string()),
                unread => SpecError::Invalid(unread),
            }
        })
    }

    fn check(self) -> Result<Self, SpecError> {
        let problems = self.problems();
        if problems.is_empty() { Ok(self) } else { Err(SpecError::Invalid(problems)) }
    }

    /// Everything wrong with it that can be told without asking a server.
    pub fn problems(&self) -> Vec<SpecProblem> {
        let mut problems = Problems::default();
        self.check_producer(&mut problems);
        self.check_consumer(&mut problems);
        self.check_pipe(&mut problems);
        problems.0.extend(route_problems::problems(&self.routes));
        problems.0
    }

    fn check_producer(&self, problems: &mut Problems) {
        let producer = &self.producer;
        problems.require("producer.host", &producer.host);
        problems.require("producer.user", &producer.user);
        problems.at_least("producer.heartbeat", producer.heartbeat, Span::from_millis(100));
        if let Some(interval) = producer.lag_heartbeat {
            problems.at_least("producer.lag_heartbeat", interval, ProducerSpec::LAG_HEARTBEAT_MIN);
            problems.at_most("producer.lag_heartbeat", interval, ProducerSpec::LAG_HEARTBEAT_MAX);
        }
        problems.at_least("producer.connect_timeout", producer.connect_timeout, Span::from_millis(100));
        if producer.port == 0 {
            problems.add("producer.port", "0 is not a port", "use the port the server listens on, usually 3306");
        }
        problems.tls("producer.tls", &producer.tls);
        problems.fallback_hosts(producer);
        if producer.server_id == Some(0) {
            problems.add("producer.server_id", "0 is not a replica id", "use 1 to 4294967295, or leave it out");
        }
        if producer.tables.is_empty() {
            problems.add(
                "producer.tables",
                "no table can match",
                "name tables, such as [\"shop.*\"], or leave it out for all",
            );
        }
        match &producer.start {
            Start::Snapshot => problems.add(
                "producer.start",
                "copying the rows that are there is not built yet",
                "copy them with the server's own dump, then start from its position: { gtid = \"…\" } or { file = \"…\", offset = 4 }",
            ),
            Start::Time { time } => {
                if let Err(error) = Start::time_us(time) {
                    problems.add("producer.start.time", error, "write a time such as 2026-11-22T08:00:00Z");
                }
            }
            Start::Gtid { gtid } => {
                if let Err(error) = GtidSet::parse(gtid) {
                    problems.add("producer.start.gtid", error.to_string(), "write a set as the server shows it in @@gtid_executed or @@gtid_binlog_pos");
                }
            }
            Start::Position { offset, .. } if *offset < 4 => {
                problems.add("producer.start.offset", format!("{offset} is inside the file's magic number"), "the first event is at 4");
            }
            Start::Position { .. } | Start::Latest | Start::Earliest => {}
        }
    }

    fn check_consumer(&self, problems: &mut Problems) {
        match &self.consumer {
            ConsumerSpec::Mysql(target) => {
                problems.require("consumer.host", &target.host);
                problems.tls("consumer.tls", &target.tls);
                problems.require("consumer.user", &target.user);
                problems.at_least("consumer.connect_timeout", target.connect_timeout, Span::from_millis(100));
                problems.at_least("consumer.statement_timeout", target.statement_timeout, Span::from_secs(1));
                if !(1..=CONNECTIONS_MAX).contains(&target.connections) {
                    problems.add(
                        "consumer.connections",
                        format!("{} connections can't be", target.connections),
                        format!("use 1 to {CONNECTIONS_MAX}"),
                    );
                }
                problems.newest_by(target);
                if target.conflicts_max == 0 {
                    problems.add("consumer.conflicts_max", "0 conflicts would stop before the first", "use 1 or more");
                }
                if target.commit_rows_max == 0 {
                    problems.add("consumer.commit_rows_max", "0 rows would never be committed", "use 1 or more");
                }
                if (&target.host, target.port) == (&self.producer.host, self.producer.port)
                    && self.routes.iter().all(Route::keeps_names)
                {
                    problems.add(
                        "consumer.host",
                        "source and target are the same server",
                        "name another server, or add a [[route]] with another `to`",
                    );
                }
            }
            ConsumerSpec::Kafka(kafka) => {
                if kafka.brokers.is_empty() {
                    problems.add(
                        "consumer.brokers",
                        "there is no broker",
                        "name at least one, such as [\"kafka1:9092\"]",
                    );
                }
                problems.require("consumer.topic", &kafka.topic);
                problems.at_least("consumer.delivery_timeout", kafka.delivery_timeout, Span::from_secs(1));
                if kafka.delivery == Delivery::ExactlyOnce {
                    problems.add("consumer.delivery", "exactly_once is not built yet", "use \"at_least_once\"");
                }
            }
            ConsumerSpec::Stdout(_) => {}
        }
    }

    fn check_pipe(&self, problems: &mut Problems) {
        let pipe = &self.pipe;
        problems.at_least("pipe.checkpoint_interval", pipe.checkpoint_interval, Span::from_millis(100));
        problems.at_least("pipe.status_interval", pipe.status_interval, Span::from_millis(100));
        problems.at_least("pipe.retry_backoff_min", pipe.retry_backoff_min, Span::from_millis(10));
        problems.at_least("pipe.retry_backoff_max", pipe.retry_backoff_max, pipe.retry_backoff_min);
        if pipe.queue_bytes_max.get() < 64 << 10 {
            problems.add(
                "pipe.queue_bytes_max",
                format!("{} is less than a few events", pipe.queue_bytes_max),
                "use 64 KiB or more",
            );
        }
        if pipe.prepared_bytes_max.get() > 1 << 30 {
            problems.add(
                "pipe.prepared_bytes_max",
                format!(
                    "{} is more than a Core should hold of transactions without an outcome",
                    pipe.prepared_bytes_max
                ),
                "use 1 GiB or less: what is larger is read again when it is committed",
            );
        }
        if !(1 << 20..=1 << 30).contains(&pipe.event_bytes_max.get()) {
            problems.add(
                "pipe.event_bytes_max",
                format!("{} is out of range", pipe.event_bytes_max),
                "use 1 MiB to 1 GiB",
            );
        }
    }
}

#[derive(Default)]
struct Problems(Vec<SpecProblem>);

impl Problems {
    fn newest_by(&mut self, target: &MySqlTargetSpec) {
        let is_named = target.newest_by.as_ref().is_some_and(|column| !column.trim().is_empty());
        match (target.on_conflict, is_named) {
            (OnConflict::Newest, false) => self.add(
                "consumer.newest_by",
                "`on_conflict` is \"newest\", and no column says which row is",
                "name one that every table has and every write sets anew, such as \"updated_at\"",
            ),
            (OnConflict::Stop | OnConflict::Overwrite | OnConflict::Skip, _) if target.newest_by.is_some() => self.add(
                "consumer.newest_by",
                "it counts with `on_conflict = \"newest\"` alone",
                "set `on_conflict` to that, or leave it out",
            ),
            _ => {}
        }
    }

    fn add(&mut self, key: impl Into<String>, problem: impl Into<String>, hint: impl Into<String>) {
        self.0.push(SpecProblem { key: key.into(), problem: problem.into(), hint: hint.into() });
    }

    fn require(&mut self, key: &str, value: &str) {
        if value.trim().is_empty() {
            self.add(key, "it is empty", "give it a value");
        }
    }

    fn fallback_hosts(&mut self, producer: &ProducerSpec) {
        for (index, host) in producer.fallback_hosts.iter().enumerate() {
            if host_and_port(host).is_none() {
                let key = format!("producer.fallback_hosts[{index}]");
                self.add(key, format!("`{host}` is not a host"), "write `host` or `host:port`");
            }
        }
    }

    fn tls(&mut self, key: &str, tls: &Tls) {
        if tls.certificate.is_some() != tls.key.is_some() {
            self.add(key, "`certificate` and `key` belong together", "name the files of both, or of neither");
        }
    }

    fn at_least(&mut self, key: &str, value: Span, least: Span) {
        if value < least {
            self.add(key, format!("{value} is too short"), format!("use {least} or more"));
        }
    }

    fn at_most(&mut self, key: &str, value: Span, most: Span) {
        if value > most {
            self.add(key, format!("{value} is too long"), format!("use {most} or less"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretSource;
    use crate::task::Standby;

    const TASK: &str = r#"
name = "copy_hot_item"
group = "group1"
standby = "hot"

[producer]
kind = "mysql"
host = "db1.example"
user = "replicator"
password = { env = "DB1_PASSWORD" }
start = { file = "bin.000001", offset = 4 }
tables = ["shop.item", "shop.order_[0-9]+"]
exclude = ["shop.*_bak"]

[[route]]
from = "shop.order_*"
to = "warehouse.orders"

[consumer]
kind = "mysql"
host = "db2.example"
user = "replicator"
password = { file = "/run/secrets/db2" }
"#;

    #[test]
    fn the_documented_task_reads() {
        let spec = TaskSpec::from_toml(TASK).unwrap();
        assert_eq!(spec.standby, Standby::Hot(2));
        assert_eq!(spec.producer.port, 3306);
        assert_eq!(spec.producer.start, Start::Position { file: "bin.000001".into(), offset: 4 });
        let json = serde_json::to_vec(&spec).unwrap();
        assert_eq!(TaskSpec::from_json(&json).unwrap(), spec);
    }

    #[test]
    fn errors_name_key_and_line() {
        for (from, to, expected) in [
            ("port", "", vec![]),
            ("host = \"db1.example\"", "hots = \"db1.example\"", vec!["hots", "line 8"]),
            ("standby = \"hot\"", "standby = \"warm\"", vec!["warm", "line 4", "cold"]),
            ("offset = 4", "offset = 1", vec!["producer.start.offset", "first event is at 4"]),
            (
                "kind = \"mysql\"\nhost = \"db2.example\"",
                "kind = \"oracle\"\nhost = \"db2.example\"",
                vec!["oracle", "kafka"],
            ),
            ("host = \"db2.example\"", "hots = \"db2.example\"", vec!["hots"]),
            ("\"shop.item\"", "\"shopitem\"", vec!["shopitem", "no dot", "line 12"]),
            (
                "user = \"replicator\"\npassword = { env",
                "user = \"\"\npassword = { env",
                vec!["producer.user", "empty"],
            ),
            ("name = \"copy_hot_item\"", "name = \"copy hot\"", vec!["copy hot", "line 2"]),
            ("host = \"db2.example\"", "host = \"db2\"\non_conflict = \"newest\"\nnewest_by = \"at\"", vec![]),
            ("host = \"db2.example\"", "host = \"db2\"\non_conflict = \"newest\"", vec!["newest_by", "updated_at"]),
            ("host = \"db2.example\"", "host = \"db2\"\nnewest_by = \"at\"", vec!["newest_by", "alone"]),
        ] {
            let text = TASK.replacen(from, to, 1);
            match TaskSpec::from_toml(&text) {
                Ok(_) => assert!(expected.is_empty(), "{to} was accepted"),
                Err(error) => {
                    let error = error.to_string();
                    expected.iter().for_each(|part| assert!(error.contains(part), "{to}: no `{part}` in {error}"));
                }
            }
        }
    }

    #[test]
    fn errors_quote_no_line_that_may_hold_a_secret() {
        let text = TASK.replace("password = { env = \"DB1_PASSWORD\" }", "pasword = \"canary\"");
        let error = TaskSpec::from_toml(&text).unwrap_err().to_string();
        assert!(error.contains("pasword") && error.contains("line 10") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn starts_read_in_each_form() {
        for (text, start) in [
            ("\"latest\"", Some(Start::Latest)),
            ("\"earliest\"", Some(Start::Earliest)),
            ("{ gtid = \"0-1-7\" }", Some(Start::Gtid { gtid: "0-1-7".into() })),
            ("\"yesterday\"", None),
            ("{ gtid = \"nonsense\" }", None),
            ("\"snapshot\"", None),
        ] {
            let text = TASK.replace("{ file = \"bin.000001\", offset = 4 }", text);
            assert_eq!(TaskSpec::from_toml(&text).ok().map(|spec| spec.producer.start), start, "{text}");
        }
    }

    #[test]
    fn heartbeat_rows_are_off_unless_asked_for() {
        assert_eq!(TaskSpec::from_toml(TASK).unwrap().producer.lag_heartbeat, None);
        for (text, wanted) in
            [("1s", Ok(1_000)), ("100ms", Ok(100)), ("1m", Ok(60_000)), ("99ms", Err("100ms")), ("2m", Err("1m"))]
        {
            let text = TASK.replacen("[[route]]", &format!("lag_heartbeat = \"{text}\"\n[[route]]"), 1);
            match (TaskSpec::from_toml(&text), wanted) {
                (Ok(spec), Ok(millis)) => assert_eq!(spec.producer.lag_heartbeat, Some(Span::from_millis(millis))),
                (Err(error), Err(limit)) => {
                    let error = error.to_string();
                    assert!(error.contains("producer.lag_heartbeat") && error.contains(limit), "{error}");
                }
                (read, wanted) => panic!("{read:?} and {wanted:?}"),
            }
        }
    }

    #[test]
    fn a_salt_is_kept_with_its_route_and_column() {
        let route = |from: &str, salt: &str| {
            format!("[[route]]\nfrom = \"{from}\"\nmask = {{ email = {{ hash = \"{salt}\" }} }}\n\n")
        };
        let with = |routes: &str| {
            TaskSpec::from_toml(&TASK.replacen("[consumer]", &format!("{routes}[consumer]"), 1)).unwrap()
        };
        let old = with(&(route("shop.a", "canary-a") + &route("shop.b", "canary-b")));
        let shown = serde_json::to_string(&old).unwrap() + &old.to_toml().unwrap();
        assert!(!shown.contains("canary") && !format!("{old:?}").contains("canary"), "{shown}");
        // In another order, and one of them new.
        let mut edited = with(&(route("shop.b", "********") + &route("shop.c", "********") + &route("shop.a", "new")));
        assert_eq!(edited.keep_secrets_of(&old), None);
        let salts: Vec<_> = edited.secrets_mut().into_iter().filter(|(key, _)| key.starts_with("route")).collect();
        let salts: Vec<_> = salts.into_iter().map(|(key, salt)| (key, salt.clone())).collect();
        let key = |from: &str| format!("route[{from}].mask.email.hash");
        assert!(salts.contains(&(key("shop.b").into(), SecretSource::literal("canary-b"))), "{salts:?}");
        assert!(salts.contains(&(key("shop.a").into(), SecretSource::literal("new"))), "{salts:?}");
        assert!(salts.contains(&(key("shop.c").into(), SecretSource::literal("********"))), "{salts:?}");
    }

    #[test]
    fn a_redacted_secret_keeps_the_old_one() {
        let old = TaskSpec::from_toml(&TASK.replace("{ env = \"DB1_PASSWORD\" }", "\"canary\"")).unwrap();
        let mut edited = TaskSpec::from_json(&serde_json::to_vec(&old).unwrap()).unwrap();
        assert_ne!(edited.producer.password, SecretSource::literal("canary"));
        let mut moved = edited.clone();
        assert_eq!(edited.keep_secrets_of(&old), None);
        assert_eq!(edited.producer.password, SecretSource::literal("canary"));
        moved.producer.host = "listener.example".into();
        assert_eq!(moved.keep_secrets_of(&old), Some("producer.password".into()));
        assert_ne!(moved.producer.password, SecretSource::literal("canary"));
    }
}
