//! `/events`, `/tasks/{name}/events`: what changes, as server-sent events.
//!
//! A subject is told at most once a second, with what it is by then: a reader that is slow misses what was in between,
//! and one that does not read at all is let go. A stream ends with the session or token that it was opened with.

use super::address::{Named, TaskPath};
use super::problems::NoSuchTask;
use super::request::Asked;
use super::{AnyProblem, App};
use crate::access::caller::Caller;
use crate::access::standing;
use crate::picture::keeper::Shown;
use crate::picture::moment::Moment;
use crate::problem::ApiError;
use crate::view::{AlertView, CoreView, Problem};
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use replicator_model::name::TaskName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;

/// Least time between two looks at the picture for one stream.
const PERIOD: Duration = Duration::from_secs(1);
/// How often a comment says that the connection is alive.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// A reader that takes nothing for so long is let go.
const READER_SLOW: Duration = Duration::from_secs(20);
/// Events that wait for a reader.
const EVENTS_MAX: usize = 64;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// Some of `tasks`, `alerts`, `cores`, with commas between them. Default: all.
    #[param(example = "tasks,alerts")]
    topics: Option<String>,
    /// Only this task, and alerts about it.
    task: Option<String>,
}

/// What a stream is about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Topics {
    tasks: bool,
    alerts: bool,
    cores: bool,
    task: Option<TaskName>,
}

impl Topics {
    fn read(asked: EventsQuery) -> Result<Self, ApiError> {
        let task = asked.task.map(TaskName::new).transpose()?;
        let Some(names) = asked.topics else { return Ok(Self { tasks: true, alerts: true, cores: true, task }) };
        let mut topics = Self { tasks: false, alerts: false, cores: false, task };
        for name in names.split(',').map(str::trim) {
            match name {
                "tasks" => topics.tasks = true,
                "alerts" => topics.alerts = true,
                "cores" => topics.cores = true,
                other => {
                    let other: String = other.chars().take(40).collect();
                    let problem = format!("`topics` has `{other}`; it can have tasks, alerts and cores");
                    return Err(ApiError::QueryInvalid(problem));
                }
            }
        }
        Ok(topics)
    }
}

type EventStream = Sse<axum::response::sse::KeepAliveStream<ReceiverStream<Result<Event, Infallible>>>>;

/// Follow what changes
///
/// Server-sent events. First all that there is, then `ready`, then what changes: `task` (a TaskSummary) and `task_gone`
/// (`{"name"}`), `alert` (an AlertView) and `alert_gone` (`{"id"}`), `core` (a CoreView) and `core_gone` (`{"group",
/// "core"}`). Each subject at most once a second; a comment every 15 s. After a break, connect again: it begins
/// anew. The stream ends with the session or token that it was opened with.
#[utoipa::path(
    get, path = "/events", operation_id = "followEvents", tag = "status", params(EventsQuery),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 429, description = "`too_many_streams`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn events(
    State(app): State<Arc<App>>,
    caller: Caller,
    Asked(asked): Asked<EventsQuery>,
) -> Result<EventStream, ApiError> {
    let topics = Topics::read(asked)?;
    let mut told = Told::default();
    open(&app, caller, move |moment| {
        let mut events = told.changes(moment, &topics);
        if told.is_first() {
            events.push(Event::default().event("ready").data("{}"));
        }
        Some(events)
    })
    .await
}

/// Follow what a task does
///
/// Server-sent events: `status` (a StatusView) whenever it changes, at most once a second; `task_gone` ends it.
#[utoipa::path(
    get, path = "/tasks/{name}/events", operation_id = "followTask", tag = "status",
    params(TaskPath),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        NoSuchTask,
        (status = 429, description = "`too_many_streams`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn task_events(
    State(app): State<Arc<App>>,
    caller: Caller,
    Named(name): Named<TaskName>,
) -> Result<EventStream, ApiError> {
    if !app.pictures.fresh().await?.tasks.contains_key(&name) {
        return Err(ApiError::no_such_task(name));
    }
    let mut told: Option<String> = None;
    open(&app, caller, move |moment| {
        let Some(task) = moment.tasks.get(&name) else {
            return told
                .take()
                .map(|_| vec![json_event("task_gone", &Gone { name: Some(name.as_str()), ..Gone::default() })]);
        };
        let text = serde_json::to_string(&task.status).unwrap_or_default();
        let is_new = told.as_ref() != Some(&text);
        let event = is_new.then(|| Event::default().event("status").data(&text));
        told = Some(text);
        Some(event.into_iter().collect())
    })
    .await
}

/// Opens a stream. `next` answers what to send of a picture; `None` ends it.
async fn open(
    app: &App,
    caller: Caller,
    next: impl FnMut(&Moment) -> Option<Vec<Event>> + Send + 'static,
) -> Result<EventStream, ApiError> {
    let place = app.streams.take(&caller.user)?;
    // Whoever connects sees at least what is there now.
    app.pictures.fresh().await?;
    let (sender, receiver) = mpsc::channel(EVENTS_MAX);
    let following = follow(app.pictures.subscribe(), next, sender, app.ending.clone());
    let lost = standing::lost(Arc::clone(&app.access), app.sessions.clone(), caller);
    tokio::spawn(async move {
        let _place = place;
        tokio::select! {
            biased;
            () = lost => {}
            () = following => {}
        }
    });
    let keepalive = KeepAlive::new().interval(KEEPALIVE).text("keepalive");
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(keepalive))
}

/// Ends with its reader, with `next`, and with the Server.
async fn follow(
    mut shown: watch::Receiver<Shown>,
    mut next: impl FnMut(&Moment) -> Option<Vec<Event>> + Send,
    sender: mpsc::Sender<Result<Event, Infallible>>,
    ending: CancellationToken,
) {
    let mut due = Instant::now();
    loop {
        let picture = shown.borrow_and_update().picture.clone();
        // While the tree can't be read, nothing is known to have changed.
        if let Ok(moment) = picture {
            let Some(events) = next(&moment) else { return };
            for event in events {
                match timeout(READER_SLOW, sender.send(Ok(event))).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => return,
                }
            }
        }
        due = (due + PERIOD).max(Instant::now());
        tokio::select! {
            biased;
            () = ending.cancelled() => return,
            () = sender.closed() => return,
            () = sleep_until(due) => {}
        }
        tokio::select! {
            biased;
            () = ending.cancelled() => return,
            () = sender.closed() => return,
            changed = shown.changed() => if changed.is_err() { return },
        }
    }
}

/// What a reader has been told, by subject.
#[derive(Default)]
struct Told {
    looks: u64,
    tasks: BTreeMap<String, String>,
    alerts: BTreeMap<String, String>,
    cores: BTreeMap<(String, String), String>,
}

/// What is gone, by what it was called.
#[derive(Default, Serialize)]
struct Gone<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    core: Option<&'a str>,
}

impl Told {
    fn is_first(&self) -> bool {
        self.looks == 1
    }

    fn changes(&mut self, moment: &Moment, topics: &Topics) -> Vec<Event> {
        self.looks += 1;
        let is_asked_for = |name: &TaskName| topics.task.as_ref().is_none_or(|task| task == name);
        let mut events = Vec::new();
        if topics.tasks {
            let tasks = moment.tasks.iter().filter(|(name, _)| is_asked_for(name));
            let now: BTreeMap<String, String> =
                tasks.map(|(name, task)| (name.to_string(), task.json().to_owned())).collect();
            differ(&mut self.tasks, now, &mut events, "task", |name| {
                json_event("task_gone", &Gone { name: Some(name), ..Gone::default() })
            });
        }
        if topics.alerts {
            let alerts = moment
                .alerts
                .iter()
                .filter(|alert| topics.task.as_ref().is_none_or(|task| alert.subject.task() == Some(task)));
            let now = alerts
                .map(|alert| {
                    let view = AlertView::new(alert.clone(), alert.acknowledged.as_ref(), alert.silenced_by.clone());
                    (view.id.clone(), serde_json::to_string(&view).unwrap_or_default())
                })
                .collect();
            differ(&mut self.alerts, now, &mut events, "alert", |id| {
                json_event("alert_gone", &Gone { id: Some(id), ..Gone::default() })
            });
        }
        if topics.cores {
            let cores = moment.cores.values().flatten().map(|core| {
                let key = (core.group.to_string(), core.core.to_string());
                (key, serde_json::to_string(&CoreView::from(core.clone())).unwrap_or_default())
            });
            differ(&mut self.cores, cores.collect(), &mut events, "core", |(group, core)| {
                json_event("core_gone", &Gone { group: Some(group), core: Some(core), ..Gone::default() })
            });
        }
        events
    }
}

/// What is new or changed, then what is gone.
fn differ<K: Ord>(
    told: &mut BTreeMap<K, String>,
    now: BTreeMap<K, String>,
    events: &mut Vec<Event>,
    name: &str,
    gone: impl Fn(&K) -> Event,
) {
    let changed = now.iter().filter(|(key, text)| told.get(key) != Some(text));
    events.extend(changed.map(|(_, text)| Event::default().event(name).data(text)));
    events.extend(told.keys().filter(|key| !now.contains_key(key)).map(gone));
    *told = now;
}

fn json_event(name: &str, data: &impl Serialize) -> Event {
    Event::default().event(name).data(serde_json::to_string(data).unwrap_or_default())
}
