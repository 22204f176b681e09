//! `/overview`, `/tasks/{name}/history`: the whole at a glance, and a task over time.

use super::address::{Named, TaskPath};
use super::problems::NoSuchTask;
use super::request::Asked;
use super::{AnyProblem, App};
use crate::access::audit;
use crate::access::caller::Caller;
use crate::access::roles;
use crate::history::keeper::{self, oldest};
use crate::picture::overview;
use crate::problem::ApiError;
use crate::view::{AuditEntryView, HistoryView, OverviewView};
use axum::Json;
use axum::extract::State;
use replicator_model::name::TaskName;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Points of each series, unless told otherwise, and at most.
const POINTS_DEFAULT: u32 = 300;
const POINTS_MAX: u32 = 2000;
/// What is shown unless told otherwise: the last hour.
const SPAN_DEFAULT: i64 = 3600;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// Where it begins: RFC 3339, or seconds since 1970. Default: an hour before `to`. Seven days are kept.
    #[param(example = "2026-11-22T08:00:00Z")]
    from: Option<String>,
    /// Where it ends. Default: now.
    #[param(example = "2026-11-22T09:00:00Z")]
    to: Option<String>,
    /// Most points of each series.
    #[param(minimum = 1, maximum = 2000, default = 300)]
    points: Option<u32>,
}

/// See everything at a glance
///
/// What needs somebody now comes first in `attention`.
#[utoipa::path(
    get, path = "/overview", operation_id = "readOverview", tag = "status",
    responses((status = 200, body = OverviewView), AnyProblem),
)]
pub(super) async fn overview(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<OverviewView>, ApiError> {
    let mut shown = overview::overview(&*app.pictures.fresh().await?);
    if roles::may(caller.role, "GET", "/api/v1/audit") {
        let recent = audit::recent(&app.sessions.get().await?).await?;
        shown.changes = recent.into_iter().map(|(id, entry)| AuditEntryView::new(id, entry)).collect();
    }
    Ok(Json(shown))
}

/// See what a task did
///
/// As this Server saw it: a time in which it did not run, or could not read the tree, is `null`. The last hour in steps
/// of five seconds, what is older by the minute, for seven days where `[history] folder` is set.
#[utoipa::path(
    get, path = "/tasks/{name}/history", operation_id = "readHistory", tag = "status",
    params(TaskPath, HistoryQuery),
    responses(
        (status = 200, body = HistoryView),
        NoSuchTask,
        AnyProblem,
    ),
)]
pub(super) async fn history(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
    Asked(asked): Asked<HistoryQuery>,
) -> Result<Json<HistoryView>, ApiError> {
    let moment = app.pictures.fresh().await?;
    if !moment.tasks.contains_key(&name) && !moment.unreadable.contains_key(&name) {
        return Err(ApiError::no_such_task(name));
    }
    let now = moment.at_us.div_euclid(1_000_000);
    let asked = span(&asked, now)?;
    Ok(Json(app.history.read(name.as_str(), asked, now).await))
}

fn span(asked: &HistoryQuery, now: i64) -> Result<keeper::Asked, ApiError> {
    let to = asked.to.as_deref().map_or(Ok(now), |text| second("to", text))?.min(now);
    let from = asked.from.as_deref().map_or(Ok(to.saturating_sub(SPAN_DEFAULT)), |text| second("from", text))?;
    let from = from.max(oldest(now));
    let points = asked.points.unwrap_or(POINTS_DEFAULT);
    if !(1..=POINTS_MAX).contains(&points) {
        return Err(ApiError::QueryInvalid(format!("`points` is {points}; it can be 1 to {POINTS_MAX}")));
    }
    if from >= to {
        return Err(ApiError::QueryInvalid(
            "`from` is not before `to`, or both are more than seven days ago".to_owned(),
        ));
    }
    Ok(keeper::Asked { from, to, points })
}

fn second(key: &str, text: &str) -> Result<i64, ApiError> {
    let read = text.parse::<i64>().ok().or_else(|| Some(text.parse::<jiff::Timestamp>().ok()?.as_second()));
    read.ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        ApiError::QueryInvalid(format!("`{key}` is `{text}`; give it as 2026-11-22T08:00:00Z or in seconds since 1970"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_and_kept_within_what_there_is() {
        let now = 1_790_000_000;
        let asked = |from: Option<&str>, to: Option<&str>, points| HistoryQuery {
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            points,
        };
        let read = |query: HistoryQuery| span(&query, now).ok().map(|span| (span.from, span.to, span.points));
        assert_eq!(read(asked(None, None, None)), Some((now - 3600, now, 300)));
        assert_eq!(read(asked(Some("1789999000"), Some("9999999999999"), Some(10))), Some((1_789_999_000, now, 10)));
        assert_eq!(read(asked(Some("2026-09-21T12:00:00Z"), None, None)), Some((1_789_992_000, now, 300)));
        assert_eq!(read(asked(Some("0"), None, None)), Some((oldest(now), now, 300)));
        for bad in [
            asked(Some("yesterday"), None, None),
            asked(None, None, Some(0)),
            asked(None, None, Some(2001)),
            asked(Some("1790000000"), None, None),
            asked(None, Some("5"), None),
            asked(None, Some("-9223372036854775808"), None),
        ] {
            assert!(read(bad).is_none());
        }
    }
}
