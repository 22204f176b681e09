//! Writing a task as its author would: TOML without what is the default anyway.

use super::{SpecError, TaskSpec};
use toml::{Table, Value};

/// Keys in the order in which people look for them; those that are not named here follow, by name.
const ORDER: [&str; 36] = [
    "name",
    "group",
    "standby",
    "kind",
    "host",
    "port",
    "fallback_hosts",
    "brokers",
    "topic",
    "format",
    "delivery",
    "user",
    "password",
    "tls",
    "server_id",
    "start",
    "tables",
    "exclude",
    "file",
    "offset",
    "gtid",
    "time",
    "from",
    "to",
    "source_column",
    "where",
    "drop",
    "rename",
    "add",
    "cast",
    "mask",
    "producer",
    "route",
    "consumer",
    "pipe",
    "properties",
];

/// A table of the first level that is written in line.
const IN_LINE: &str = "standby";

/// Kept although it is the default: without it a reader has to guess.
const ALWAYS_WRITTEN: &str = "kind";

impl TaskSpec {
    /// The task as TOML. What is left out has its default; read back, it is the same task, but for the secrets, which
    /// read `********`.
    pub fn to_toml(&self) -> Result<String, SpecError> {
        let refused = |error: toml::ser::Error| SpecError::Syntax(error.to_string());
        let mut table = Table::try_from(self).map_err(refused)?;
        if let Ok(whole) = table.clone().try_into::<TaskSpec>() {
            for path in paths(&table) {
                let mut shorter = table.clone();
                remove(&mut shorter, &path);
                if shorter.clone().try_into::<TaskSpec>().is_ok_and(|spec| spec == whole) {
                    table = shorter;
                }
            }
        }
        Ok(toml_text(&table))
    }
}

/// Every key that may be left out, the outer ones first: with a table all of it goes.
fn paths(table: &Table) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (key, value) in table {
        paths.push(vec![key.clone()]);
        if let Value::Table(inner) = value {
            paths.extend(inner.keys().filter(|key| *key != ALWAYS_WRITTEN).map(|name| vec![key.clone(), name.clone()]));
        }
    }
    paths
}

fn remove(table: &mut Table, path: &[String]) {
    match path {
        [key] => drop(table.remove(key)),
        [key, rest @ ..] => {
            if let Some(Value::Table(inner)) = table.get_mut(key) {
                remove(inner, rest);
            }
        }
        [] => {}
    }
}

/// A document as TOML in the order of a task's file: tables of the first level under their heads, deeper ones in line.
pub fn toml_text(document: &Table) -> String {
    let mut text = String::new();
    let mut sections = String::new();
    for (name, value) in in_order(document) {
        let key = key_text(name);
        match value {
            Value::Table(table) if name != IN_LINE => sections.push_str(&format!("\n[{key}]\n{}", lines(table))),
            Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_table) => {
                for table in items.iter().filter_map(Value::as_table) {
                    sections.push_str(&format!("\n[[{key}]]\n{}", lines(table)));
                }
            }
            value => text.push_str(&format!("{key} = {value}\n")),
        }
    }
    text + &sections
}

fn lines(table: &Table) -> String {
    in_order(table).into_iter().map(|(key, value)| format!("{} = {value}\n", key_text(key))).collect()
}

fn in_order(table: &Table) -> Vec<(&String, &Value)> {
    let rank = |key: &str| ORDER.iter().position(|name| *name == key).unwrap_or(ORDER.len());
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| (rank(key), *key));
    entries
}

fn key_text(key: &str) -> String {
    let is_bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if is_bare { key.to_owned() } else { Value::String(key.to_owned()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn spec(json: &Json) -> TaskSpec {
        TaskSpec::from_json(json.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}\n{json}"))
    }

    #[test]
    fn a_task_is_written_as_people_write_it() {
        let written = spec(&json!({
            "name": "copy", "group": "g1", "standby": {"hot": 3},
            "producer": {"host": "db1", "user": "r", "password": {"env": "DB1"}, "tables": ["shop.*"],
                         "start": {"file": "bin.000001", "offset": 4}, "port": 3306},
            "route": [{"from": "shop.*", "to": "copy.{table}"}],
            "consumer": {"kind": "kafka", "brokers": ["k:9092"], "properties": {"security.protocol": "sasl_ssl"}},
        }));
        assert_eq!(
            written.to_toml().unwrap(),
            "name = \"copy\"\ngroup = \"g1\"\nstandby = { hot = 3 }\n\n[producer]\nkind = \"mysql\"\nhost = \"db1\"\n\
             user = \"r\"\npassword = { env = \"DB1\" }\nstart = { file = \"bin.000001\", offset = 4 }\n\
             tables = [\"shop.*\"]\n\n[[route]]\nfrom = \"shop.*\"\nto = \"copy.{table}\"\n\n[consumer]\n\
             kind = \"kafka\"\nbrokers = [\"k:9092\"]\nproperties = { \"security.protocol\" = \"sasl_ssl\" }\n"
        );
    }

    #[test]
    fn a_secret_is_not_written() {
        let written = spec(&json!({
            "name": "copy", "group": "g1", "producer": {"host": "db1", "user": "r", "password": "canary"},
            "consumer": {"kind": "stdout"},
        }));
        let text = written.to_toml().unwrap();
        assert!(text.contains("password = \"********\"") && !text.contains("canary"), "{text}");
    }

    fn any_end() -> impl Strategy<Value = Json> {
        let secret = prop_oneof![Just(json!({"env": "P"})), Just(json!({"file": "/run/p"}))];
        ("[a-z]{1,8}", 1..u16::MAX, "[ -~]{1,12}", secret).prop_map(|(host, port, user, password)| {
            json!({"host": host, "port": port, "user": format!("u{user}"), "password": password,
                   "tls": {"mode": "required"}})
        })
    }

    /// With more settings the longer its name is.
    fn any_route(name: &String) -> Json {
        let mut route = json!({"from": format!("{name}.*"), "to": "w.{table}"});
        if name.len() > 2 {
            route["where"] = json!(format!("{name} <> 'x' or y is null"));
            route["drop"] = json!(["a", "b c"]);
            route["add"] = json!({"flag": true, "n": -3, name: "it's"});
        }
        if name.len() > 3 {
            route["source_column"] = json!("origin");
            route["mask"] = json!({"m 1": {"hash": {"env": name}}, "m2": {"keep": 3}, "m3": {"constant": 0}});
            route["cast"] = json!({"c": "unsigned"});
            route["rename"] = json!({"r": "s"});
        }
        route
    }

    fn any_spec() -> impl Strategy<Value = Json> {
        let start = prop_oneof![
            Just(json!("latest")),
            Just(json!("earliest")),
            Just(json!({"gtid": "0-1-7"})),
            (4..u64::from(u32::MAX)).prop_map(|offset| json!({"file": "bin.000001", "offset": offset})),
        ];
        let standby = prop_oneof![Just(json!("hot")), Just(json!("cold")), (1..16).prop_map(|hot| json!({"hot": hot}))];
        let consumer = prop_oneof![
            (any_end(), any::<bool>()).prop_map(|(mut end, by_kind)| {
                end["kind"] = json!("mysql");
                end["ddl"] = if by_kind { json!({"default": "stop", "add_column": "apply"}) } else { json!("stop") };
                end
            }),
            ("[a-z.]{1,9}", "[ -~]{0,9}").prop_map(|(key, value)| json!({
                "kind": "kafka", "brokers": ["a:1", "b:2"], "properties": {key: value}, "linger": "7ms",
            })),
            Just(json!({"kind": "stdout"})),
        ];
        let route = proptest::collection::btree_set("[a-z]{1,5}", 0..3);
        (any_end(), start, standby, consumer, route).prop_map(|(mut producer, start, standby, consumer, routes)| {
            producer["start"] = start;
            let routes: Vec<Json> = routes.iter().map(any_route).collect();
            json!({"name": "t", "group": "g", "standby": standby, "producer": producer, "consumer": consumer,
                   "route": routes, "pipe": {"queue_bytes_max": "64 MiB"}})
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_written_reads_back(json in any_spec()) {
            let spec = spec(&json);
            let text = spec.to_toml().unwrap();
            prop_assert_eq!(TaskSpec::from_toml(&text).unwrap(), spec, "{}", text);
        }
    }
}
