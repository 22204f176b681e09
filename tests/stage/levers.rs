//! What specs can do to the stage, as HTTP: each lever answers when it is done.

use crate::set::Set;
use crate::writer::Writer;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use replicator_tests::{Error, MysqlServer};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::block_in_place;

pub(crate) fn routes(set: Arc<Set>) -> Router {
    Router::new()
        .route("/databases/{name}/query", post(query))
        .route("/databases/{name}/{act}", post(database))
        .route("/programs/{name}/log", get(log))
        .route("/programs/{name}/{act}", post(program))
        .route("/writer", post(write))
        .route("/webhooks", get(webhooks))
        .with_state(set)
}

/// What a lever says when it did not move.
struct Stuck(Error);

impl From<Error> for Stuck {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Stuck {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

fn unknown(what: &str, name: &str) -> Stuck {
    Stuck(Error::new(format!("there is no {what} `{name}` on the stage")))
}

#[derive(Deserialize)]
struct Query {
    sql: String,
}

/// The rows of a statement; one that has none answers `[]`.
async fn query(
    State(set): State<Arc<Set>>,
    Path(name): Path<String>,
    Json(query): Json<Query>,
) -> Result<Json<Vec<Vec<Option<String>>>>, Stuck> {
    let server = set.databases.get(name.as_str()).ok_or_else(|| unknown("database", &name))?.lock().await;
    let is_question = ["SELECT", "SHOW"].iter().any(|word| query.sql.trim_start().to_uppercase().starts_with(word));
    if is_question {
        return Ok(Json(server.query_strings(&query.sql).await?));
    }
    server.exec(&query.sql).await?;
    Ok(Json(Vec::new()))
}

async fn database(State(set): State<Arc<Set>>, Path((name, act)): Path<(String, String)>) -> Result<StatusCode, Stuck> {
    let server = set.databases.get(name.as_str()).ok_or_else(|| unknown("database", &name))?;
    // The harness's futures stay on their thread, a handler's may not.
    block_in_place(|| Handle::current().block_on(act_on(server, &act)))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn act_on(server: &Mutex<MysqlServer>, act: &str) -> Result<(), Stuck> {
    let mut server = server.lock().await;
    match act {
        "kill" => server.kill9().await,
        "start" => server.restart().await?,
        "freeze" => server.sigstop(),
        "thaw" => server.sigcont(),
        other => return Err(unknown("act on a database", other)),
    }
    Ok(())
}

async fn program(State(set): State<Arc<Set>>, Path((name, act)): Path<(String, String)>) -> Result<StatusCode, Stuck> {
    set.programs.get(&name).ok_or_else(|| unknown("program", &name))?.lock().await.act(&act).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn log(State(set): State<Arc<Set>>, Path(name): Path<String>) -> Result<String, Stuck> {
    Ok(set.programs.get(&name).ok_or_else(|| unknown("program", &name))?.lock().await.log_text())
}

#[derive(Deserialize)]
struct Rate {
    transactions_per_second: f64,
}

/// 0 ends the writer.
async fn write(State(set): State<Arc<Set>>, Json(rate): Json<Rate>) -> Result<StatusCode, Stuck> {
    let mut writer = set.writer.lock().await;
    *writer = None;
    if rate.transactions_per_second > 0.0 {
        let source = set.databases.get("source").ok_or_else(|| unknown("database", "source"))?.lock().await;
        *writer = Some(Writer::start(&source, rate.transactions_per_second).await?);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What was posted to the webhook so far.
async fn webhooks(State(set): State<Arc<Set>>) -> Json<Value> {
    let received = set.receiver.received().into_iter().map(|request| {
        let body = request.json().unwrap_or(Value::Null);
        json!({"headers": request.headers, "body": body, "status": request.status})
    });
    Json(received.collect())
}
