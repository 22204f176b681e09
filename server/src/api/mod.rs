//! HTTP over the rules: addresses, headers, bodies. A request passes `guard` (origin, time limit, counting), is taken
//! apart by `request`, carried out by [`crate::tasks`], and answered as one of [`crate::view`] or as a problem.
//!
//! An operation exists in the router exactly if it is in the OpenAPI document: both come from the same list here.

mod address;
mod alerts;
mod audit;
mod body;
mod channels;
mod conflicts;
mod defences;
mod events;
mod guard;
mod health;
mod observed;
mod once;
mod orders;
mod overview;
mod preflight;
mod preview;
mod problems;
mod request;
mod rules;
mod session;
mod silences;
mod sources;
mod streams;
mod task;
mod tokens;
mod users;
mod versions;

pub(crate) use problems::AnyProblem;
pub(crate) use streams::{STREAMS_MAX, Streams};

use crate::access::{Access, layer, roles};
use crate::history::keeper::History;
use crate::inspect::limits::Limits;
use crate::metrics::Metrics;
use crate::picture::keeper::Pictures;
use crate::problem::ApiError;
use crate::sessions::Sessions;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::routing::get;
use axum::{Json, Router, middleware};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What every request may use.
pub(crate) struct App {
    pub(crate) sessions: Sessions,
    pub(crate) metrics: Metrics,
    pub(crate) access: Arc<Access>,
    pub(crate) pictures: Pictures,
    pub(crate) history: History,
    /// Places for streams of events.
    pub(crate) streams: Arc<Streams>,
    /// Cancelled when the Server begins to end: streams end, which would otherwise go on for ever.
    pub(crate) ending: CancellationToken,
    pub(crate) request_timeout: Duration,
    pub(crate) body_bytes_max: usize,
    /// Of looks at other servers.
    pub(crate) limits: Limits,
    /// Names besides this host's own under which the Server may be called; `None`: under any.
    pub(crate) hosts: Option<Vec<String>>,
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Mysql_Replicator",
        description = "Tasks are defined, started, stopped and watched here. Errors are `application/problem+json` \
                       with a stable `code` and a `hint`. Secrets in answers read `********`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "tasks", description = "What is wanted: tasks, their versions, orders to them"),
        (name = "status", description = "What is: read from live nodes"),
        (name = "sources", description = "Looks at servers before there is a task"),
        (name = "cores", description = "Cores and their groups"),
        (name = "alerts", description = "What is wrong, who is at it, what is quiet, and by which rules"),
        (name = "channels", description = "Where people are told"),
        (name = "access", description = "Who may: users, sessions, tokens"),
    ),
)]
struct Document;

fn operations() -> OpenApiRouter<Arc<App>> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(task::list, task::create))
        .routes(routes!(task::read, task::update, task::delete))
        .routes(routes!(versions::list))
        .routes(routes!(versions::read))
        .routes(routes!(versions::diff))
        .routes(routes!(versions::roll_back))
        .routes(routes!(versions::toml))
        .routes(routes!(versions::convert))
        .routes(routes!(orders::start))
        .routes(routes!(orders::stop))
        .routes(routes!(orders::pause))
        .routes(routes!(orders::resume))
        .routes(routes!(sources::inspect))
        .routes(routes!(sources::tables))
        .routes(routes!(sources::columns))
        .routes(routes!(sources::match_tables))
        .routes(routes!(sources::test))
        .routes(routes!(preflight::preflight))
        .routes(routes!(preflight::of_task))
        .routes(routes!(preview::preview))
        .routes(routes!(conflicts::list))
        .routes(routes!(once::preview_rewind))
        .routes(routes!(once::rewind))
        .routes(routes!(once::show_skip, once::skip))
        .routes(routes!(once::hand_over))
        .routes(routes!(overview::overview))
        .routes(routes!(overview::history))
        .routes(routes!(events::events))
        .routes(routes!(events::task_events))
        .routes(routes!(observed::status))
        .routes(routes!(observed::instances))
        .routes(routes!(observed::cores))
        .routes(routes!(observed::groups))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::history))
        .routes(routes!(alerts::acknowledge, alerts::unacknowledge))
        .routes(routes!(silences::list, silences::begin))
        .routes(routes!(silences::end))
        .routes(routes!(rules::list, rules::update))
        .routes(routes!(rules::update_task))
        .routes(routes!(channels::list, channels::create))
        .routes(routes!(channels::read, channels::update, channels::delete))
        .routes(routes!(channels::test))
        .routes(routes!(channels::deliveries))
        .routes(routes!(session::read, session::sign_in, session::sign_out))
        .routes(routes!(session::change_password))
        .routes(routes!(session::read_setup, session::set_up))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::read, users::update, users::delete))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::delete))
        .routes(routes!(audit::list));
    OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", v1)
}

/// The OpenAPI document of everything under `/api/v1`.
pub fn document() -> OpenApi {
    split().1
}

/// The operations and their document, with the role that each takes.
fn split() -> (Router<Arc<App>>, OpenApi) {
    let (router, mut document) = operations().split_for_parts();
    roles::write_roles(&mut document);
    (router, document)
}

/// The whole of what the Server answers.
pub(crate) fn router(app: Arc<App>) -> Router {
    let (router, document) = split();
    router
        .route("/api/v1/openapi.json", get(|| async { Json(document) }))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(crate::console::answer)
        .method_not_allowed_fallback(|method: Method| async move { ApiError::Method(method.to_string()) })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), layer::admit))
        .layer(DefaultBodyLimit::max(app.body_bytes_max))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard::guard))
        .layer(middleware::from_fn(defences::defend))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    /// `REPLICATOR_BLESS=1` writes it anew.
    #[test]
    fn the_document_is_as_checked_in() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let document = super::document().to_pretty_json().unwrap() + "\n";
        if std::env::var_os("REPLICATOR_BLESS").is_some() {
            std::fs::write(path, &document).unwrap();
        }
        let checked_in = std::fs::read_to_string(path).unwrap_or_default();
        assert!(document == checked_in, "openapi.json is stale; run this test with REPLICATOR_BLESS=1 and commit it");
    }
}
