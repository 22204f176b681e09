//! The API over an embedded tree, by real HTTP over loopback.
#![expect(clippy::unwrap_used, reason = "a test")]

#[allow(dead_code, reason = "the other tests use the rest")]
mod service;

use replicator_model::failure::Failure;
use replicator_model::status::Stage;
use reqwest::StatusCode;
use serde_json::{Value, json};
use service::{Answer, Service, spec};

/// A password that must not come back from anywhere.
const CANARY: &str = "canary-5d0c1f";

fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (status, Some(code)), "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    assert_eq!(answer.body["status"], status, "{answer:?}");
    for key in ["type", "title", "detail", "hint"] {
        assert!(answer.body[key].as_str().is_some_and(|text| !text.is_empty()), "no `{key}` in {answer:?}");
    }
}

#[tokio::test]
async fn a_task_lives_from_creation_to_deletion() {
    let service = Service::start().await;
    let made = service.post("/tasks", &spec("copy")).await;
    assert_eq!(
        (made.status, made.header("etag"), made.header("location")),
        (StatusCode::CREATED, "\"0\"", "/api/v1/tasks/copy")
    );
    assert_eq!(made.body["desired"], json!({"state": "stopped", "generation": 0}));

    let read = service.get("/tasks/copy").await;
    assert_eq!((read.header("etag"), &read.body), ("\"0\"", &made.body));

    let mut edited = read.body["spec"].clone();
    edited["producer"]["port"] = json!(3307);
    let updated = service.put("/tasks/copy?reason=moved", Some("\"0\""), &edited).await;
    assert_eq!((updated.status, updated.header("etag")), (StatusCode::OK, "\"1\""), "{updated:?}");
    let same = service.put("/tasks/copy", Some("\"1\""), &edited).await;
    assert_eq!((same.status, same.header("etag")), (StatusCode::OK, "\"1\""), "no change, no version");

    let versions = service.get("/tasks/copy/versions").await.body;
    let kept: Vec<(u64, &str, u64)> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| {
            (
                v["version"].as_u64().unwrap(),
                v["reason"].as_str().unwrap(),
                v["spec"]["producer"]["port"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(kept, [(1, "moved", 3307), (0, "", 3306)]);

    let gone = service.delete("/tasks/copy", Some("\"1\"")).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{gone:?}");
    assert_problem(&service.get("/tasks/copy").await, 404, "task_not_found");
    assert_eq!(service.get("/tasks").await.body, json!({"tasks": [], "total": 0, "counts": {}}));
}

#[tokio::test]
async fn versions_are_read_compared_and_gone_back_to() {
    let service = Service::start().await;
    let mut spec = spec("copy");
    spec["producer"]["password"] = json!(CANARY);
    service.post("/tasks", &spec).await;
    let mut edited = spec.clone();
    (edited["producer"]["port"], edited["producer"]["password"]) = (json!(3307), json!("another"));
    assert_eq!(service.put("/tasks/copy?reason=moved", Some("\"0\""), &edited).await.status, StatusCode::OK);
    let first = service.get("/tasks/copy/versions/0").await.body;
    assert_eq!((&first["version"], &first["spec"]["producer"]["port"]), (&json!(0), &json!(3306)), "{first}");
    let diff = service.get("/tasks/copy/versions/0/diff/1").await.body;
    assert!(diff["diff"].as_str().unwrap().contains("\n+port = 3307\n"), "{diff}");
    assert_eq!(diff["secrets_changed"], json!(["producer.password"]));
    let toml = service.get("/tasks/copy/toml").await;
    assert!(toml.text.contains("port = 3307\nuser = \"r\"\npassword = \"********\"\n"), "{toml:?}");
    assert_problem(&service.get("/tasks/copy/versions/7").await, 404, "version_not_found");
    assert_problem(&service.get("/tasks/copy/versions/x").await, 400, "query_invalid");

    let back = json!({"version": 0, "reason": "too small"}).to_string();
    let json = ("content-type", "application/json");
    let roll_back = async |body: &str, headers: &[(&str, &str)]| {
        service.send_raw("POST", "/tasks/copy/rollback", body.to_owned(), headers).await
    };
    assert_problem(&roll_back(&back, &[json]).await, 428, "precondition_required");
    assert_problem(&roll_back(&back, &[json, ("if-match", "\"0\"")]).await, 412, "version_stale");
    assert_problem(&roll_back("{\"version\": -1}", &[json, ("if-match", "\"1\"")]).await, 400, "body_invalid");
    let missing = back.replace('0', "9");
    assert_problem(&roll_back(&missing, &[json, ("if-match", "\"1\"")]).await, 404, "version_not_found");
    let done = roll_back(&back, &[json, ("if-match", "\"1\"")]).await;
    assert_eq!((done.status, done.header("etag")), (StatusCode::OK, "\"2\""), "{done:?}");
    assert_eq!(done.body["spec"]["producer"]["port"], 3306);
    assert_eq!(service.stored_password("copy").await, CANARY, "the secret of that version comes back too");
    let newest = &service.get("/tasks/copy/versions").await.body["versions"][0];
    assert_eq!(newest["reason"], "back to version 0: too small");
}

#[tokio::test]
async fn a_spec_is_converted_without_being_stored() {
    let service = Service::start().await;
    let there = service.post("/specs/convert", &json!({"spec": spec("copy")})).await;
    let toml = there.body["toml"].as_str().unwrap();
    assert!(toml.starts_with("name = \"copy\"\ngroup = \"g1\"\n\n[producer]\nhost = \"db1\"\n"), "{toml}");
    let back = service.post("/specs/convert", &json!({"toml": toml})).await;
    assert_eq!((&back.body["spec"], &back.body["errors"]), (&spec("copy"), &json!([])));
    let broken = service.post("/specs/convert", &json!({"toml": "name ="})).await;
    assert!(broken.body["spec"].is_null() && !broken.body["errors"][0]["problem"].is_null(), "{broken:?}");
    assert_problem(&service.post("/specs/convert", &json!({"yaml": ""})).await, 400, "body_invalid");
    assert_eq!(service.get("/tasks").await.body["total"], 0);
}

#[tokio::test]
async fn changes_name_the_version_they_were_made_from() {
    let service = Service::start().await;
    service.post("/tasks", &spec("copy")).await;
    let mut edited = spec("copy");
    edited["producer"]["tables"] = json!(["shop.*"]);
    assert_problem(&service.put("/tasks/copy", None, &edited).await, 428, "precondition_required");
    assert_problem(&service.put("/tasks/copy", Some("0"), &edited).await, 400, "if_match_malformed");
    assert_problem(&service.put("/tasks/copy", Some("\"7\""), &edited).await, 412, "version_stale");
    assert_problem(&service.delete("/tasks/copy", None).await, 428, "precondition_required");
    assert_problem(&service.delete("/tasks/copy", Some("\"7\"")).await, 412, "version_stale");
    let edits = (0..8).map(|number| {
        let mut edited = edited.clone();
        edited["producer"]["port"] = json!(4000 + number);
        let service = &service;
        async move { service.put("/tasks/copy", Some("\"0\""), &edited).await.status.as_u16() }
    });
    let mut answers = futures_util::future::join_all(edits).await;
    answers.sort_unstable();
    assert_eq!(answers, [200, 412, 412, 412, 412, 412, 412, 412], "of racing edits one wins, the others are told");
}

#[tokio::test]
async fn bad_requests_get_clear_problems() {
    let service = Service::start().await;
    service.post("/tasks", &spec("copy")).await;
    assert_problem(&service.post("/tasks", &spec("copy")).await, 409, "task_exists");
    let mut unknown = spec("other");
    unknown["producer"]["hots"] = json!("x");
    let answer = service.post("/tasks", &unknown).await;
    assert_problem(&answer, 400, "spec_syntax");
    assert!(answer.body["detail"].as_str().unwrap().contains("hots"), "{answer:?}");
    let mut unread = spec("other");
    unread["route"] = json!([{"from": "shop.*", "where": "id <"}]);
    for (path, body) in
        [("/tasks", unread.clone()), ("/preview", json!({"spec": unread})), ("/preflight", json!({"spec": unread}))]
    {
        let answer = service.post(path, &body).await;
        assert_problem(&answer, 422, "spec_invalid");
        assert_eq!(answer.body["errors"][0]["key"], "route[0].where", "{answer:?}");
    }
    let mut invalid = spec("other");
    (invalid["producer"]["port"], invalid["producer"]["user"]) = (json!(0), json!(""));
    let answer = service.post("/tasks", &invalid).await;
    assert_problem(&answer, 422, "spec_invalid");
    let keys: Vec<&str> =
        answer.body["errors"].as_array().unwrap().iter().map(|e| e["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["producer.user", "producer.port"]);
    let answer = service.put("/tasks/copy", Some("\"0\""), &spec("other")).await;
    assert_problem(&answer, 422, "name_mismatch");
    let mut redacted = spec("other");
    redacted["producer"]["password"] = json!("********");
    assert_problem(&service.post("/tasks", &redacted).await, 422, "secret_missing");

    assert_problem(&service.get("/tasks/no_such").await, 404, "task_not_found");
    assert_problem(&service.get("/tasks/no_such/status").await, 404, "task_not_found");
    assert_problem(&service.post("/tasks/no_such/start", &Value::Null).await, 404, "task_not_found");
    assert_problem(&service.get("/tasks/-bad").await, 400, "name_invalid");
    assert_problem(&service.get("/tasks/%FF").await, 400, "query_invalid");
    assert_problem(&service.get("/nonsense").await, 404, "no_such_address");
    assert_problem(&service.get("/tasks?limit=0").await, 400, "query_invalid");
    assert_problem(&service.get("/tasks?colour=red").await, 400, "query_invalid");
    assert_problem(&service.delete("/cores", None).await, 405, "method_not_allowed");

    let body = async |text: &str, kind: &str| {
        service.send_raw("POST", "/tasks", text.to_owned(), &[("content-type", kind)]).await
    };
    assert_problem(&body("{", "application/json").await, 400, "spec_syntax");
    assert_problem(&body("{}", "text/plain").await, 415, "media_type");
    assert_problem(&body(&"x".repeat(600 << 10), "application/json").await, 413, "body_too_large");
    let foreign = [("content-type", "application/json"), ("origin", "http://evil.example")];
    assert_problem(
        &service.send_raw("POST", "/tasks", spec("other").to_string(), &foreign).await,
        403,
        "foreign_origin",
    );
    assert_problem(
        &service.send_raw("GET", "/tasks", String::new(), &[("host", "evil.example")]).await,
        403,
        "foreign_origin",
    );
}

#[tokio::test]
async fn orders_are_given_once_and_shown() {
    let service = Service::start().await;
    service.post("/tasks?desired=running", &spec("copy")).await;
    let desired = |state: &str, generation: u64, changed: bool| json!({"desired": {"state": state, "generation": generation}, "changed": changed});
    for (order, expected) in [
        ("start", desired("running", 1, false)),
        ("pause", desired("paused", 2, true)),
        ("pause", desired("paused", 2, false)),
        ("resume", desired("running", 3, true)),
        ("stop", desired("stopped", 4, true)),
        ("stop", desired("stopped", 4, false)),
    ] {
        let answer = service.post(&format!("/tasks/copy/{order}"), &Value::Null).await;
        assert_eq!((answer.status, answer.body), (StatusCode::OK, expected), "{order}");
    }
    assert_problem(&service.post("/tasks/copy/pause", &Value::Null).await, 409, "task_is_stopped");
    assert_problem(&service.post("/tasks/copy/resume", &Value::Null).await, 409, "task_is_stopped");
}

#[tokio::test]
async fn a_wanted_task_without_cores_says_so() {
    let service = Service::start().await;
    service.post("/tasks?desired=running", &spec("copy")).await;
    let status = service.get("/tasks/copy/status").await.body;
    assert_eq!(
        (status["state"].as_str(), status["explanation"]["code"].as_str()),
        (Some("not_running"), Some("no_core"))
    );
    let _core = service.register_core("core1").await;
    let status = service.get("/tasks/copy/status").await.body;
    assert_eq!(status["explanation"]["code"], "not_registered");
    let cores = service.get("/cores").await.body;
    assert_eq!((cores["cores"][0]["core"].as_str(), cores["cores"][0]["group"].as_str()), (Some("core1"), Some("g1")));
    let groups = service.get("/groups").await.body;
    assert_eq!((&groups["groups"][0]["group"], &groups["groups"][0]["tasks"]), (&json!("g1"), &json!(["copy"])));
}

#[tokio::test]
async fn a_running_task_shows_its_instances_and_failure() {
    let service = Service::start().await;
    service.post("/tasks?desired=running", &spec("copy")).await;
    let running = service.run_task("copy", "core1").await;
    running.report(Stage::Streaming, 1, None).await;
    let status = service.get("/tasks/copy/status").await.body;
    assert_eq!((status["state"].as_str(), status["running"]["core"].as_str()), (Some("running"), Some("core1")));
    assert_eq!(
        (status["lag_seconds"].as_f64(), status["checkpoint"]["position"]["file"].as_str()),
        (Some(0.5), Some("bin.000002"))
    );
    assert_problem(&service.delete("/tasks/copy", Some("\"0\"")).await, 409, "task_not_stopped");

    let failure = Failure::definite("access_denied", "db1:3306: user `r` was refused", "check the password");
    running.report(Stage::Failed, 1, Some(failure)).await;
    let status = service.get("/tasks/copy/status").await.body;
    assert_eq!(
        (status["state"].as_str(), &status["explanation"]),
        (
            Some("failed"),
            &json!({
                "code": "access_denied", "reason": "db1:3306: user `r` was refused", "hint": "check the password",
            })
        )
    );
    let list = service.get("/tasks?state=failed").await.body;
    assert_eq!(
        (list["tasks"][0]["name"].as_str(), list["tasks"][0]["running_on"].as_str()),
        (Some("copy"), Some("core1"))
    );
    let again = service.post("/tasks/copy/start", &Value::Null).await.body;
    assert_eq!(
        again,
        json!({"desired": {"state": "running", "generation": 2}, "changed": true}),
        "a failed task is tried again"
    );
    assert_eq!(
        service.get("/tasks/copy/status").await.body["state"],
        "starting",
        "the old failure is not the new order's"
    );

    running.leave().await;
    let instances = service.get("/tasks/copy/instances").await.body;
    assert_eq!(instances, json!({"instances": []}));
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let service = Service::start().await;
    for number in 0..7 {
        service.post("/tasks", &spec(&format!("copy_{number}"))).await;
    }
    service.post("/tasks?desired=running", &spec("other")).await;
    let names = |body: &Value| -> Vec<String> {
        body["tasks"].as_array().unwrap().iter().map(|task| task["name"].as_str().unwrap().to_owned()).collect()
    };
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = service.get(&format!("/tasks?limit=3&after={after}")).await.body;
        seen.push(names(&page));
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, [vec!["copy_0", "copy_1", "copy_2"], vec!["copy_3", "copy_4", "copy_5"], vec!["copy_6", "other"]]);
    assert_eq!(names(&service.get("/tasks?state=not_running").await.body), ["other"]);
    assert_eq!(names(&service.get("/tasks?name=_3").await.body), ["copy_3"]);
    assert_eq!(names(&service.get("/tasks?group=elsewhere").await.body), Vec::<String>::new());
}

#[tokio::test]
async fn several_servers_show_the_same() {
    let first = Service::start().await;
    let second = first.another().await;
    first.post("/tasks", &spec("copy")).await;
    assert_eq!(second.post("/tasks/copy/start", &Value::Null).await.status, StatusCode::OK);
    assert_eq!(first.get("/tasks/copy").await.body, second.get("/tasks/copy").await.body);
}

#[tokio::test]
async fn toml_is_taken_too() {
    let service = Service::start().await;
    let toml =
        "name = \"copy\"\ngroup = \"g1\"\n[producer]\nhost = \"db1\"\nuser = \"r\"\n[consumer]\nkind = \"stdout\"\n";
    let kind = [("content-type", "application/toml")];
    let answer = service.send_raw("POST", "/tasks", toml.to_owned(), &kind).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let answer = service.send_raw("POST", "/tasks", toml.replace("host", "hots"), &kind).await;
    assert_problem(&answer, 400, "spec_syntax");
    assert!(answer.body["detail"].as_str().unwrap().contains("line 4"), "{answer:?}");
}

#[tokio::test]
async fn no_answer_shows_a_secret() {
    let service = Service::start().await;
    let mut secret = spec("copy");
    secret["producer"]["password"] = json!(CANARY);
    let mut answers = vec![service.post("/tasks?desired=running", &secret).await];
    let mut edited = answers[0].body["spec"].clone();
    edited["producer"]["tables"] = json!(["shop.*"]);
    answers.push(service.put("/tasks/copy", Some("\"0\""), &edited).await);
    assert_eq!(answers[1].status, StatusCode::OK, "an edit keeps the secret that it did not see");
    let mut moved = answers[1].body["spec"].clone();
    moved["producer"]["host"] = json!("listener.example");
    let refused = service.put("/tasks/copy", Some("\"1\""), &moved).await;
    assert_problem(&refused, 422, "secret_needed_again");
    answers.push(refused);
    for address in ["/tasks", "/tasks/copy", "/tasks/copy/versions", "/tasks/copy/status", "/groups"] {
        answers.push(service.get(address).await);
    }
    let misplaced =
        format!("name = \"x\"\ngroup = \"g1\"\n[producer]\nhost = \"a\"\nuser = \"r\"\npasword = \"{CANARY}\"\n");
    answers.push(service.send_raw("POST", "/tasks", misplaced, &[("content-type", "application/toml")]).await);
    let mut misplaced = spec("x");
    misplaced["producer"]["pasword"] = json!(CANARY);
    answers.push(service.post("/tasks", &misplaced).await);
    for answer in &answers {
        assert!(!answer.text.contains(CANARY), "{answer:?}");
    }
    assert_eq!(service.stored_password("copy").await, CANARY, "it is kept where the Core finds it");
    for (path, data) in service.tree().await {
        assert!(!data.contains(CANARY), "{path}: {data}");
    }
    for (file, bytes) in service.files() {
        assert!(!bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()), "{file}");
    }
}

#[tokio::test]
async fn without_a_key_a_password_is_not_stored() {
    let service = Service::start_without_keys().await;
    let mut secret = spec("copy");
    secret["producer"]["password"] = json!(CANARY);
    let refused = service.post("/tasks", &secret).await;
    assert_problem(&refused, 422, "secrets_key_missing");
    assert!(refused.text.contains("key_file") && !refused.text.contains(CANARY), "{refused:?}");
    assert_eq!(service.post("/tasks", &spec("copy")).await.status, StatusCode::CREATED, "a reference needs no key");
}

#[tokio::test]
async fn a_coordination_service_that_is_away_is_told() {
    let service = Service::start_without_coordination().await;
    let answer = service.get("/tasks").await;
    assert_problem(&answer, 503, "coordination_unreachable");
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(service.fetch("/healthz").await.0, StatusCode::OK);
    assert_eq!(service.fetch("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_lost_session_is_replaced() {
    let service = Service::start().await;
    service.post("/tasks", &spec("copy")).await;
    service.expire_sessions().await;
    let answer = service.eventually("/tasks/copy", |answer| answer.status == StatusCode::OK).await;
    assert_eq!(answer.body["version"], 0);
}

#[tokio::test]
async fn health_and_metrics_are_there() {
    let service = Service::start().await;
    service.get("/tasks/no_such").await;
    assert_eq!(service.fetch("/readyz").await, (StatusCode::OK, "ok\n".to_owned()));
    let (_, metrics) = service.fetch("/metrics").await;
    let counted =
        "mysql_replicator_server_http_requests_total{method=\"GET\",route=\"/api/v1/tasks/{name}\",status=\"404\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
    assert!(metrics.contains("mysql_replicator_coordination_connected 1"), "{metrics}");
    let document = service.get("/openapi.json").await.body;
    assert_eq!(document["openapi"], "3.1.0");
}
