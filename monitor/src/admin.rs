//! `/healthz`, `/readyz` and `/metrics`.

use crate::health::Health;
use crate::metrics::{self, Metrics};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use std::sync::Arc;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone)]
struct Shared {
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

/// The three routes.
pub(crate) fn routes(health: Arc<Health>, metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(show_metrics))
        .with_state(Shared { health, metrics })
}

/// 200 while evaluations end in time, whether or not they see anything.
async fn healthz(State(shared): State<Shared>) -> (StatusCode, String) {
    match shared.health.late() {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(late) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("the last evaluation ended {:.1} s ago\n", late.as_secs_f64()))
        }
    }
}

/// 200 while evaluations see the coordination tree.
async fn readyz(State(shared): State<Shared>) -> (StatusCode, String) {
    match shared.health.problem() {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("nothing is watched: {problem}\n")),
    }
}

async fn show_metrics(State(shared): State<Shared>) -> Response {
    match metrics::render(&shared.metrics, &shared.health) {
        Ok(text) => ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
