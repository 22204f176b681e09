//! `/sources/…`, `/connections/test`: a look at a server before there is a task.

use super::problems::{BodyProblem, NoSuchTask};
use super::request::JsonBody;
use super::{AnyProblem, App};
use crate::inspect::mysql::{Login, Side, approach, approach_source};
use crate::inspect::secret::{NeededAgain, Reach, keep_source, keep_target, secret};
use crate::inspect::stage::Stage;
use crate::inspect::{kafka, source};
use crate::problem::ApiError;
use crate::view::{
    ColumnsRequest, ConnectionRequest, ConnectionView, EndWord, MatchRequest, MatchView, Problem, ProblemDetail,
    ProducerDocument, SchemaView, SourceColumnList, SourceRequest, SourceTableList, SourceView, TablesRequest,
    TaskDocument,
};
use axum::Json;
use axum::extract::State;
use replicator_model::name::TaskName;
use replicator_model::table_pattern::TablePattern;
use replicator_model::task::{ConsumerSpec, ProducerSpec, TaskSpec};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Most patterns that are counted at a time.
const PATTERNS_MAX: usize = 1000;

/// The model's form of a document: the same keys, read by the model's rules.
fn spec_of<D: Serialize, S: DeserializeOwned>(document: &D) -> Result<S, ApiError> {
    let value = serde_json::to_value(document).map_err(|error| ApiError::SpecSyntax(error.to_string()))?;
    serde_json::from_value(value).map_err(|error| ApiError::SpecSyntax(error.to_string()))
}

/// A task that may still be completed; a condition or pattern that can't be read is named by its key.
pub(super) fn task_of(document: &TaskDocument) -> Result<TaskSpec, ApiError> {
    let text = serde_json::to_vec(document).map_err(|error| ApiError::SpecSyntax(error.to_string()))?;
    Ok(TaskSpec::unchecked_from_json(&text)?)
}

/// The stored task whose passwords are meant by `********`.
async fn stored(app: &App, task: Option<String>) -> Result<Option<TaskSpec>, ApiError> {
    match task {
        Some(name) => Ok(Some(app.sessions.get().await?.task(&TaskName::new(name)?).await?.spec)),
        None => Ok(None),
    }
}

async fn logins(app: &App, document: &ProducerDocument, task: Option<String>) -> Result<Vec<Login>, ApiError> {
    let mut producer: ProducerSpec = spec_of(document)?;
    keep_source(&mut producer, stored(app, task).await?.as_ref())?;
    let password = secret(&producer.password, &producer.tls, Reach::Server);
    Ok(Login::of_source(&producer, &password))
}

impl From<NeededAgain> for ApiError {
    fn from(needed: NeededAgain) -> Self {
        ApiError::SecretNeededAgain { key: needed.key.into() }
    }
}

/// Look at a source
///
/// Connects step by step, and says what the server is and which databases it has. A step that fails is part of the
/// answer.
#[utoipa::path(
    post, path = "/sources/inspect", operation_id = "inspectSource", tag = "sources",
    request_body = SourceRequest,
    responses(
        (status = 200, body = SourceView),
        NoSuchTask,
        BodyProblem,
        (status = 422, description = "`secret_needed_again`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn inspect(
    State(app): State<Arc<App>>,
    JsonBody(asked): JsonBody<SourceRequest>,
) -> Result<Json<SourceView>, ApiError> {
    let logins = logins(&app, &asked.producer, asked.task).await?;
    let _place = app.limits.place().await;
    let (stages, reached) = approach_source(&logins, &app.limits).await;
    let stages = stages.iter().map(Into::into).collect();
    let Some(mut reached) = reached else {
        return Ok(Json(SourceView { stages, server: None, schemas: Vec::new() }));
    };
    let schemas = source::schemas(&mut reached, &app.limits).await?;
    let schemas = schemas.into_iter().map(|schema| SchemaView { name: schema.name, tables: schema.tables }).collect();
    Ok(Json(SourceView { stages, server: Some((&reached.facts).into()), schemas }))
}

/// List a source's tables
#[utoipa::path(
    post, path = "/sources/tables", operation_id = "listSourceTables", tag = "sources",
    request_body = TablesRequest,
    responses(
        (status = 200, body = SourceTableList),
        NoSuchTask,
        BodyProblem,
        (status = 422, description = "`connection_failed`, `secret_elsewhere`, `secret_needed_again`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn tables(
    State(app): State<Arc<App>>,
    JsonBody(asked): JsonBody<TablesRequest>,
) -> Result<Json<SourceTableList>, ApiError> {
    let logins = logins(&app, &asked.producer, asked.task).await?;
    let _place = app.limits.place().await;
    let mut reached = source::reach(&logins, &app.limits).await?;
    let listed = source::tables(&mut reached, asked.schema.as_deref(), &app.limits).await?;
    Ok(Json(SourceTableList { tables: listed.items.into_iter().map(Into::into).collect(), cut: listed.is_cut }))
}

/// List the columns of a source's table
#[utoipa::path(
    post, path = "/sources/columns", operation_id = "listSourceColumns", tag = "sources",
    request_body = ColumnsRequest,
    responses(
        (status = 200, body = SourceColumnList),
        (status = 404, description = "`task_not_found`, `table_not_found`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        (status = 422, description = "`connection_failed`, `secret_elsewhere`, `secret_needed_again`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn columns(
    State(app): State<Arc<App>>,
    JsonBody(asked): JsonBody<ColumnsRequest>,
) -> Result<Json<SourceColumnList>, ApiError> {
    let logins = logins(&app, &asked.producer, asked.task).await?;
    let _place = app.limits.place().await;
    let mut reached = source::reach(&logins, &app.limits).await?;
    let table = source::columns(&mut reached, &asked.schema, &asked.name, &app.limits).await?;
    Ok(Json(table.into()))
}

/// See which tables patterns match
///
/// Counted one by one and together, by the rules of a task: `exclude` wins, and the server's own databases never match.
#[utoipa::path(
    post, path = "/sources/match", operation_id = "matchSourceTables", tag = "sources",
    request_body = MatchRequest,
    responses(
        (status = 200, body = MatchView),
        NoSuchTask,
        BodyProblem,
        (status = 422, description = "`spec_invalid`, `connection_failed`, `secret_elsewhere`, `secret_needed_again`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn match_tables(
    State(app): State<Arc<App>>,
    JsonBody(asked): JsonBody<MatchRequest>,
) -> Result<Json<MatchView>, ApiError> {
    let (include, exclude) = (patterns("tables", &asked.tables)?, patterns("exclude", &asked.exclude)?);
    let logins = logins(&app, &asked.producer, asked.task).await?;
    let _place = app.limits.place().await;
    let mut reached = source::reach(&logins, &app.limits).await?;
    let listed = source::tables(&mut reached, None, &app.limits).await?;
    Ok(Json(MatchView::new(source::matches(&listed.items, &include, &exclude), listed.is_cut)))
}

/// Reads patterns; each that is none is named.
fn patterns(key: &str, texts: &[String]) -> Result<Vec<TablePattern>, ApiError> {
    if texts.len() > PATTERNS_MAX {
        let problem = format!("{} patterns are more than {PATTERNS_MAX}", texts.len());
        let hint = "join some into one, such as `shop.order_*`".to_owned();
        return Err(ApiError::SpecInvalid(vec![ProblemDetail { key: key.to_owned(), problem, hint }]));
    }
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    for (index, text) in texts.iter().enumerate() {
        match TablePattern::new(text.as_str()) {
            Ok(pattern) => read.push(pattern),
            Err(error) => wrong.push(ProblemDetail {
                key: format!("{key}[{index}]"),
                problem: format!("`{}`: {}", error.text, error.problem),
                hint: "write `database.table`, where `*` stands for any characters".to_owned(),
            }),
        }
    }
    if wrong.is_empty() { Ok(read) } else { Err(ApiError::SpecInvalid(wrong)) }
}

/// Test a connection
///
/// Step by step: address, connect, tls, login, version, grants. The first that fails is the last that is taken.
#[utoipa::path(
    post, path = "/connections/test", operation_id = "testConnection", tag = "sources",
    request_body = ConnectionRequest,
    responses(
        (status = 200, body = ConnectionView, example = json!({"stages": [
            {"stage": "address", "state": "passed", "detail": "10.0.0.5", "hint": null, "millis": 1},
            {"stage": "connect", "state": "passed", "detail": "something listens on port 3306", "hint": null, "millis": 1},
            {"stage": "tls", "state": "skipped", "detail": "not asked for: `tls.mode` is \"off\"", "hint": null, "millis": 9},
            {"stage": "login", "state": "failed", "detail": "login as `r`: Access denied (error 1045)",
             "hint": "check the user and its password, and that the user may come from this host", "millis": 0},
            {"stage": "version", "state": "skipped", "detail": "not logged in", "hint": null, "millis": 0},
            {"stage": "grants", "state": "skipped", "detail": "not logged in", "hint": null, "millis": 0},
        ]})),
        NoSuchTask,
        BodyProblem,
        (status = 422, description = "`spec_invalid`, `secret_needed_again`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn test(
    State(app): State<Arc<App>>,
    JsonBody(asked): JsonBody<ConnectionRequest>,
) -> Result<Json<ConnectionView>, ApiError> {
    let stages = match (asked.end, &asked.producer, &asked.consumer) {
        (EndWord::Source, Some(producer), _) => {
            let logins = logins(&app, producer, asked.task).await?;
            let _place = app.limits.place().await;
            approach_source(&logins, &app.limits).await.0
        }
        (EndWord::Target, _, Some(consumer)) => {
            let mut consumer: ConsumerSpec = spec_of(consumer)?;
            keep_target(&mut consumer, stored(&app, asked.task).await?.as_ref())?;
            let _place = app.limits.place().await;
            target_stages(&app, &consumer).await
        }
        (EndWord::Source, None, _) => return Err(missing("producer", "source")),
        (EndWord::Target, _, None) => return Err(missing("consumer", "target")),
    };
    Ok(Json(ConnectionView { stages: stages.iter().map(Into::into).collect() }))
}

async fn target_stages(app: &App, consumer: &ConsumerSpec) -> Vec<Stage> {
    match consumer {
        ConsumerSpec::Mysql(target) => {
            let login = Login::of_target(target, secret(&target.password, &target.tls, Reach::Server));
            approach(&login, Side::Target, &app.limits).await.0
        }
        ConsumerSpec::Kafka(kafka) => kafka::approach(kafka, Reach::Server, &app.limits).await.0,
        ConsumerSpec::Stdout(_) => Stage::none("stdout is the Core's own: nothing to connect to"),
    }
}

fn missing(key: &str, end: &str) -> ApiError {
    let problem = format!("it is missing, and the {end} is to be tested");
    let hint = format!("send `{key}` as in a task");
    ApiError::SpecInvalid(vec![ProblemDetail { key: key.to_owned(), problem, hint }])
}
