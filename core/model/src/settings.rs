//! Reading a program's settings: a TOML file, and over it the environment.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// What every variable that overrides a setting begins with.
const PREFIX: &str = "REPLICATOR_";

/// Settings that were refused: which file or variable, which key and line, what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct SettingsError {
    pub place: String,
    pub problem: String,
}

/// The names by which the environment reaches a program's settings: `REPLICATOR_<SECTION>_<KEY>` for those of a
/// `[section]`, `REPLICATOR_<KEY>` for those above the first section. Other variables concern somebody else.
#[derive(Debug, Clone, Copy)]
pub struct Overridable {
    pub keys: &'static [&'static str],
    pub sections: &'static [&'static str],
}

/// Reads settings from `text`, the contents of `file` (which is only named in errors), with what `environment`
/// overrides. A variable's value is read as TOML (`8080`, `true`, `[["zk1:2181"]]`) and otherwise taken as text
/// (`10s`, `zookeeper`). No error quotes a line of the file: it might hold a secret.
pub fn read<T: DeserializeOwned>(
    file: &str,
    text: &str,
    overridable: Overridable,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<T, SettingsError> {
    let in_file = |problem| SettingsError { place: file.to_owned(), problem };
    let overrides = overrides(overridable, environment);
    if overrides.is_empty() {
        return toml::from_str(text).map_err(|error| in_file(problem_in(text, &error)));
    }
    let mut settings: Table = toml::from_str(text).map_err(|error| in_file(problem_in(text, &error)))?;
    let mut variables = Vec::new();
    for Override { variable, section, key, value } in overrides {
        let table = match &section {
            None => &mut settings,
            Some(section) => settings
                .entry(section.as_str())
                .or_insert_with(|| Value::Table(Table::new()))
                .as_table_mut()
                .ok_or_else(|| in_file(format!("`{section}` is a section: write `[{section}]`")))?,
        };
        table.insert(key, value);
        variables.push(variable);
    }
    settings.try_into().map_err(|error: toml::de::Error| SettingsError {
        place: format!("{file} with {}", variables.join(", ")),
        problem: error.to_string().trim_end().to_owned(),
    })
}

/// Where in `text` and what: without the line itself, which may hold a secret.
pub(crate) fn problem_in(text: &str, error: &toml::de::Error) -> String {
    let message = error.message();
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return message.to_owned();
    };
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let key = text.lines().nth(line - 1).and_then(key_of).map(|key| format!(" (`{key}`)")).unwrap_or_default();
    format!("line {line}, column {column}{key}: {message}")
}

/// What a line of TOML gives a value to: a bare key or a section, nothing that could be part of a value.
fn key_of(line: &str) -> Option<&str> {
    let line = line.trim();
    let key = match line.strip_prefix('[') {
        Some(section) => section.trim_start_matches('[').split(']').next()?,
        None => line.split_once('=')?.0,
    };
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    Some(key.trim()).filter(|key| !key.is_empty() && key.chars().all(bare))
}

struct Override {
    variable: String,
    section: Option<String>,
    key: String,
    value: Value,
}

fn overrides(overridable: Overridable, environment: impl IntoIterator<Item = (String, String)>) -> Vec<Override> {
    let mut overrides: Vec<Override> = environment
        .into_iter()
        .filter_map(|(variable, text)| {
            let name = variable.strip_prefix(PREFIX)?.to_ascii_lowercase();
            let (section, key) = locate(overridable, &name)?;
            let value = text.parse::<Value>().unwrap_or(Value::String(text));
            Some(Override { variable, section, key, value })
        })
        .collect();
    overrides.sort_by(|a, b| a.variable.cmp(&b.variable));
    overrides
}

fn locate(overridable: Overridable, name: &str) -> Option<(Option<String>, String)> {
    if overridable.keys.contains(&name) {
        return Some((None, name.to_owned()));
    }
    overridable.sections.iter().find_map(|section| {
        let key = name.strip_prefix(section)?.strip_prefix('_')?;
        (!key.is_empty()).then(|| (Some((*section).to_owned()), key.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        group: String,
        http: Http,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Http {
        port: u16,
        #[serde(default)]
        open: bool,
        #[serde(default)]
        tiers: Vec<Vec<String>>,
    }

    const OVERRIDABLE: Overridable = Overridable { keys: &["group"], sections: &["http"] };

    fn read_with(text: &str, environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let owned = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        read("x.toml", text, OVERRIDABLE, owned)
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let text = "group = \"a\"\n[http]\nport = 1\n";
        let environment = [
            ("REPLICATOR_GROUP", "b"),
            ("REPLICATOR_HTTP_PORT", "8080"),
            ("REPLICATOR_HTTP_OPEN", "true"),
            ("REPLICATOR_HTTP_TIERS", "[[\"zk1:2181\"]]"),
            ("REPLICATOR_SERVER", "somebody else's"),
            ("HOME", "/root"),
        ];
        let http = Http { port: 8080, open: true, tiers: vec![vec!["zk1:2181".into()]] };
        assert_eq!(read_with(text, &environment).unwrap(), Settings { group: "b".into(), http });
    }

    #[test]
    fn the_environment_may_give_all() {
        let environment = [("REPLICATOR_GROUP", "b"), ("REPLICATOR_HTTP_PORT", "8080")];
        assert_eq!(read_with("", &environment).unwrap().group, "b");
    }

    #[test]
    fn errors_name_file_key_line_and_variable() {
        let expect = |result: Result<Settings, SettingsError>, parts: &[&str]| {
            let error = result.unwrap_err().to_string();
            parts.iter().for_each(|part| assert!(error.contains(part), "no `{part}` in {error}"));
        };
        expect(read_with("group = \"a\"\n[http]\npotr = 1\n", &[]), &["x.toml", "line 3", "potr", "port"]);
        expect(read_with("group = ", &[]), &["x.toml", "line 1"]);
        expect(read_with("group = \"a\"\nhttp = 1", &[("REPLICATOR_HTTP_PORT", "1")]), &["[http]"]);
        let wrong = [("REPLICATOR_HTTP_PORT", "many")];
        expect(read_with("group = \"a\"", &wrong), &["REPLICATOR_HTTP_PORT", "many", "u16"]);
        expect(read_with("group = \"a\"\n[http]\nport = 1", &[("REPLICATOR_HTTP_POTR", "1")]), &["potr"]);
    }

    #[test]
    fn errors_quote_no_values_of_the_file() {
        let error = read_with("group = \"a\"\npassword = \"canary\"\n[http]\nport = 1\n", &[]).unwrap_err();
        assert!(error.to_string().contains("password") && !error.to_string().contains("canary"), "{error}");
    }
}
