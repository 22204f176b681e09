//! What is shown of many tasks at once, and while it changes.
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(dead_code, reason = "shared with the other tests of the API")]

mod service;

use serde_json::{Value, json};
use service::{PASSWORD, Service, spec};
use std::time::Duration;
use tokio::time::Instant;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads events as a browser does.
struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    async fn open(service: &Service, address: &str) -> Self {
        Self::read(service.stream(address).await)
    }

    fn read(response: reqwest::Response) -> Self {
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event's name and data; `None` at the stream's end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
                };
                let found = field("event").map(|name| (name, field("data").unwrap_or_default()));
                self.text = rest.to_owned();
                match found {
                    Some((name, data)) => return Some((name, serde_json::from_str(&data).unwrap())),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("an event in time");
            let bytes = chunk.ok().flatten()?;
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    async fn until(&mut self, name: &str) -> Value {
        loop {
            let (found, data) = self.next().await.expect("the stream goes on");
            if found == name {
                return data;
            }
        }
    }
}

#[tokio::test]
async fn events_show_all_there_is_and_then_what_changes() {
    let service = Service::start().await;
    service.post("/tasks", &spec("one")).await;
    let _core = service.register_core("core1").await;
    let mut events = Events::open(&service, "/events").await;
    assert_eq!(events.until("task").await["name"], "one");
    assert_eq!(events.until("core").await["core"], "core1");
    assert_eq!(events.until("ready").await, json!({}));

    service.post("/tasks?desired=running", &spec("two")).await;
    let two = events.until("task").await;
    assert_eq!((&two["name"], &two["desired"]["state"]), (&json!("two"), &json!("running")));
    service.post("/tasks/two/stop", &Value::Null).await;
    loop {
        if events.until("task").await["desired"]["state"] == "stopped" {
            break;
        }
    }
    assert_eq!(service.delete("/tasks/two", Some("\"0\"")).await.status.as_u16(), 204);
    assert_eq!(events.until("task_gone").await, json!({"name": "two"}));

    let mut cores = Events::open(&service, "/events?topics=cores").await;
    assert_eq!(cores.next().await.unwrap().0, "core");
    assert_eq!(cores.next().await.unwrap().0, "ready");
    for (address, code) in [("/events?topics=nonsense", "query_invalid"), ("/tasks/none/events", "task_not_found")] {
        assert_eq!(service.get(address).await.body["code"], code);
    }
    service.end();
    while cores.next().await.is_some() {}
}

#[tokio::test]
async fn a_task_can_be_followed_until_it_is_gone() {
    let service = Service::start().await;
    service.post("/tasks", &spec("copy")).await;
    let mut events = Events::open(&service, "/tasks/copy/events").await;
    assert_eq!(events.until("status").await["state"], "stopped");
    service.post("/tasks/copy/start", &Value::Null).await;
    loop {
        let status = events.until("status").await;
        if status["state"] == "not_running" {
            assert_eq!(status["explanation"]["code"], "no_core");
            break;
        }
    }
    service.post("/tasks/copy/stop", &Value::Null).await;
    service.delete("/tasks/copy", Some("\"0\"")).await;
    assert_eq!(events.until("task_gone").await, json!({"name": "copy"}));
    assert_eq!(events.next().await, None);
}

/// A session that is signed out, a token that is deleted, a user who is disabled through another Server.
#[tokio::test]
async fn a_stream_ends_with_what_it_was_opened_with() {
    let service = Service::start().await;
    let other = service.another().await;
    let signed_in = service.post("/session", &json!({"user": "root", "password": PASSWORD})).await;
    let cookie = signed_in.cookie();
    let token = service.post("/tokens", &json!({"name": "wall"})).await.body;
    let bearer = |secret: &str| format!("Bearer {secret}");
    let of_token = bearer(token["secret"].as_str().unwrap());
    let of_user = bearer(&service.token_of("vera", "viewer").await);

    let mut streams = Vec::new();
    for header in [("cookie", cookie), ("authorization", &of_token), ("authorization", &of_user)] {
        let mut events = Events::read(service.stream_by("/events", header).await);
        events.until("ready").await;
        streams.push(events);
    }
    let mut stays = Events::open(&service, "/events").await;

    let by_cookie = [("cookie", cookie), ("x-replicator-csrf", "1")];
    let answers = [
        service.send_raw("DELETE", "/session", String::new(), &by_cookie).await,
        service.delete(&format!("/tokens/{}", token["id"].as_str().unwrap()), None).await,
        other.put("/users/vera", None, &json!({"disabled": true})).await,
    ];
    assert!(answers.iter().all(|answer| answer.status.is_success()), "{answers:?}");
    for mut events in streams {
        // Comments would go on for ever.
        let end = tokio::time::timeout(PATIENCE, async { while events.next().await.is_some() {} }).await;
        assert!(end.is_ok(), "a stream goes on");
    }
    service.post("/tasks", &spec("one")).await;
    assert_eq!(stays.until("task").await["name"], "one");
}

#[tokio::test]
async fn a_user_has_so_many_streams() {
    let service = Service::start().await;
    let mut open = Vec::new();
    for _ in 0..32 {
        open.push(Events::open(&service, "/events").await);
    }
    let refused = service.get("/events").await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (429, &json!("too_many_streams")), "{refused:?}");
    let vera = format!("Bearer {}", service.token_of("vera", "viewer").await);
    Events::read(service.stream_by("/events", ("authorization", &vera)).await).until("ready").await;
    drop(open.pop());
    let begun = Instant::now();
    while service.stream("/events").await.status().as_u16() != 200 {
        assert!(begun.elapsed() < PATIENCE, "the place of a stream that was closed is not free");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_overview_counts_what_is_there_and_names_what_needs_somebody() {
    let service = Service::start().await;
    let _other = service.another().await;
    service.post("/tasks?desired=running", &spec("wanted")).await;
    service.post("/tasks", &spec("resting")).await;
    let overview = service.get("/overview").await.body;
    assert_eq!(overview["tasks"]["by_state"], json!({"not_running": 1, "stopped": 1}));
    assert_eq!((&overview["tasks"]["total"], &overview["cores"]["alive"]), (&json!(2), &json!(0)));
    let kinds: Vec<&str> =
        overview["attention"].as_array().unwrap().iter().map(|found| found["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["monitor_missing", "task_not_running"]);
    // The other one shows itself as soon as it has looked for the first time.
    let begun = Instant::now();
    while service.get("/overview").await.body["servers"] != json!(2) {
        assert!(begun.elapsed() < PATIENCE, "two Servers were not seen");
    }
}

#[tokio::test]
async fn the_history_tells_states_and_points() {
    let service = Service::start().await;
    service.post("/tasks?desired=running", &spec("copy")).await;
    let begun = Instant::now();
    let history = loop {
        let history = service.get("/tasks/copy/history?points=60").await.body;
        if history["states"].as_array().is_some_and(|states| !states.is_empty()) {
            break history;
        }
        assert!(begun.elapsed() < PATIENCE, "nothing was remembered: {history}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(history["states"][0]["state"], "not_running");
    assert_eq!(history["step_seconds"], 60);
    let points = history["series"]["lag_seconds"].as_array().unwrap();
    assert!((60..=62).contains(&points.len()) && points.iter().all(|point| point[1].is_null()), "{history}");
    assert_eq!(service.get("/tasks/none/history").await.body["code"], "task_not_found");
    assert_eq!(service.get("/tasks/copy/history?points=0").await.body["code"], "query_invalid");
    let list = service.get("/tasks?sparkline=true").await.body;
    assert_eq!(list["tasks"][0]["lag_history"].as_array().map(Vec::len), Some(30), "{list}");
}

/// Prints what it takes; fails on no time.
#[tokio::test]
async fn five_hundred_tasks_are_listed_in_pages() {
    const TASKS: usize = 500;
    let service = Service::start().await;
    for index in 0..TASKS {
        let made = service.post("/tasks", &spec(&format!("task{index:03}"))).await;
        assert_eq!(made.status.as_u16(), 201);
    }
    let mut times = Vec::new();
    for index in 0..200 {
        // Something always changes, as it does while tasks run.
        service.post(&format!("/tasks/task{index:03}/start"), &Value::Null).await;
        let begun = Instant::now();
        let page = service.get("/tasks?limit=100&sort=state&sparkline=true").await;
        times.push(begun.elapsed());
        assert_eq!((&page.body["total"], page.body["tasks"].as_array().unwrap().len()), (&json!(TASKS), 100));
        assert_eq!(page.body["counts"]["not_running"], json!(index + 1), "what was ordered before is seen");
    }
    times.sort();
    println!("a page of {TASKS} tasks: p50 {:?}, p95 {:?}, max {:?}", times[100], times[190], times[199]);
}
