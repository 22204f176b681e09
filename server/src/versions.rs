//! The rules about versions of a task's spec: reading, comparing and going back; and the two forms of a spec.

use crate::difference::{secrets_changed, unified};
use crate::problem::ApiError;
use crate::tasks;
use crate::view::{ConvertRequest, ConvertedView, DiffView, ProblemDetail, TaskView, VersionView};
use replicator_coordination::session::Session;
use replicator_coordination::tasks::Author;
use replicator_model::name::TaskName;
use replicator_model::stored::SpecVersion;
use replicator_model::task::{SpecError, TaskSpec, toml_text};
use serde_json::{Map, Value};

/// Newest first. A version that is forgotten meanwhile is left out.
pub(crate) async fn list(session: &Session, name: &TaskName) -> Result<Vec<VersionView>, ApiError> {
    session.task(name).await?;
    let mut versions = Vec::new();
    for number in session.task_versions(name).await?.into_iter().rev() {
        if let Some(kept) = session.task_version(name, number).await? {
            versions.push(view(kept));
        }
    }
    Ok(versions)
}

pub(crate) async fn read(session: &Session, name: &TaskName, version: u64) -> Result<VersionView, ApiError> {
    kept(session, name, version).await.map(view)
}

pub(crate) async fn diff(session: &Session, name: &TaskName, from: u64, to: u64) -> Result<DiffView, ApiError> {
    let (before, after) = (kept(session, name, from).await?, kept(session, name, to).await?);
    compare((from, &before.spec), (to, &after.spec))
}

/// Makes the spec of an earlier version the newest one, secrets included.
pub(crate) async fn roll_back(
    session: &Session,
    name: &TaskName,
    expected: u64,
    version: u64,
    author: Author<'_>,
) -> Result<TaskView, ApiError> {
    let SpecVersion { spec, .. } = kept(session, name, version).await?;
    let reason = rollback_reason(version, author.reason);
    tasks::update(session, name, expected, spec, Author { reason: &reason, ..author }).await
}

/// Why there is a new version.
pub(crate) fn rollback_reason(version: u64, given: &str) -> String {
    match given {
        "" => format!("back to version {version}"),
        reason => format!("back to version {version}: {reason}"),
    }
}

pub(crate) async fn toml(session: &Session, name: &TaskName) -> Result<String, ApiError> {
    Ok(session.task(name).await?.spec.to_toml()?)
}

async fn kept(session: &Session, name: &TaskName, version: u64) -> Result<SpecVersion, ApiError> {
    session.task(name).await?;
    let found = session.task_version(name, version).await?;
    found.ok_or_else(|| ApiError::VersionNotFound { task: name.clone(), version })
}

fn view(kept: SpecVersion) -> VersionView {
    VersionView::new(kept.version, kept.by, kept.reason, kept.at_us, kept.spec)
}

fn compare((from, before): (u64, &TaskSpec), (to, after): (u64, &TaskSpec)) -> Result<DiffView, ApiError> {
    let (old, new) = (before.to_toml()?, after.to_toml()?);
    let diff = unified((&format!("version {from}"), &old), (&format!("version {to}"), &new));
    let (mut before, mut after) = (before.clone(), after.clone());
    Ok(DiffView { from, to, diff, secrets_changed: secrets_changed(&before.secrets_mut(), &after.secrets_mut()) })
}

/// The other form of a spec, as far as it can be written, and what is wrong with it. Nothing is stored: a secret comes
/// back to whoever sent it, so that a form and a text show the same.
pub(crate) fn convert(request: ConvertRequest) -> ConvertedView {
    match request {
        ConvertRequest::Toml(text) => {
            let spec = text.parse::<toml::Table>().ok().and_then(|table| serde_json::to_value(table).ok());
            let spec = spec.and_then(|value| if let Value::Object(spec) = value { Some(spec) } else { None });
            ConvertedView { errors: errors(TaskSpec::from_toml(&text)), toml: Some(text), spec }
        }
        ConvertRequest::Spec(spec) => {
            let mut value = Value::Object(spec);
            drop_nulls(&mut value);
            let checked = TaskSpec::from_json(value.to_string().as_bytes());
            let (toml, unwritten) = match toml::Table::try_from(&value) {
                Ok(table) => (Some(toml_text(&table)), None),
                Err(error) => (None, Some(SpecError::Syntax(error.to_string()))),
            };
            let mut errors = errors(checked);
            errors.extend(unwritten.into_iter().flat_map(|error| self::errors(Err(error))));
            let spec = if let Value::Object(spec) = value { spec } else { Map::new() };
            ConvertedView { toml, spec: Some(spec), errors }
        }
    }
}

/// TOML has no null: a key without a value is one that is left out.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}

fn errors(read: Result<TaskSpec, SpecError>) -> Vec<ProblemDetail> {
    match read {
        Ok(_) => Vec::new(),
        Err(SpecError::Syntax(problem)) => {
            let hint = "mend the line or key that it names".to_owned();
            vec![ProblemDetail { key: String::new(), problem, hint }]
        }
        Err(SpecError::Invalid(problems)) => problems
            .into_iter()
            .map(|problem| ProblemDetail { key: problem.key, problem: problem.problem, hint: problem.hint })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(port: u16, password: &str) -> TaskSpec {
        let producer = json!({"host": "db1", "port": port, "user": "r", "password": password});
        let spec = json!({"name": "copy", "group": "g1", "producer": producer, "consumer": {"kind": "stdout"}});
        TaskSpec::from_json(spec.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_difference_is_told_without_secrets() {
        let differing = compare((1, &spec(3306, "canary-1")), (2, &spec(3307, "canary-2"))).unwrap();
        assert!(differing.diff.contains("--- version 1\n+++ version 2\n"), "{}", differing.diff);
        assert!(
            differing.diff.contains("\n+port = 3307\n") && !differing.diff.contains("canary"),
            "{}",
            differing.diff
        );
        assert_eq!(differing.secrets_changed, ["producer.password"]);
        let same = compare((1, &spec(3306, "x")), (2, &spec(3306, "x"))).unwrap();
        assert_eq!((same.diff.as_str(), same.secrets_changed.len()), ("", 0));
    }

    #[test]
    fn a_spec_is_converted_both_ways() {
        let toml = "name = \"copy\"\ngroup = \"g1\"\n\n[producer]\nhost = \"db1\"\nuser = \"r\"\npassword = \"typed\"\n\n\
                    [consumer]\nkind = \"stdout\"\n";
        let there = convert(ConvertRequest::Toml(toml.to_owned()));
        assert_eq!(there.errors, []);
        let back = convert(ConvertRequest::Spec(there.spec.unwrap()));
        assert_eq!((back.toml.as_deref(), back.errors.len()), (Some(toml), 0));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_can_be_converted() {
        let broken = convert(ConvertRequest::Toml("name = ".to_owned()));
        assert!(broken.spec.is_none() && broken.errors[0].problem.contains("line 1"), "{broken:?}");
        let partial = json!({"name": "copy", "group": null, "producer": {"host": "db1"}});
        let partial = convert(ConvertRequest::Spec(partial.as_object().unwrap().clone()));
        assert_eq!(partial.toml.as_deref(), Some("name = \"copy\"\n\n[producer]\nhost = \"db1\"\n"));
        assert!(partial.errors[0].problem.contains("missing field"), "{partial:?}");
        let invalid = convert(ConvertRequest::Toml(spec(3306, "x").to_toml().unwrap().replace("\"db1\"", "\"\"")));
        assert_eq!(invalid.errors[0].key, "producer.host");
    }
}
