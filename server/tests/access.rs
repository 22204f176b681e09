//! Who may do what, by real HTTP over loopback.
#![expect(clippy::unwrap_used, reason = "a test")]

#[allow(dead_code, reason = "the other tests use the rest")]
mod service;

use reqwest::StatusCode;
use serde_json::{Value, json};
use service::{Answer, PASSWORD, SETUP_TOKEN, Service, spec};

fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (status, Some(code)), "{answer:?}");
}

/// By nobody.
const NOBODY: (&str, &str) = ("authorization", "");

async fn login(service: &Service, user: &str, password: &str) -> Answer {
    service.post("/session", &json!({"user": user, "password": password})).await
}

/// Each operation of the document is called as nobody and as each role. What a caller may not is refused before
/// anything else is looked at; what it may fails for other reasons, if at all.
#[tokio::test]
async fn every_operation_is_for_the_roles_that_the_document_says() {
    let service = Service::start().await;
    let callers = [
        ("none", 0, "Bearer none".to_owned()),
        ("viewer", 1, format!("Bearer {}", service.token_of("vera", "viewer").await)),
        ("operator", 2, format!("Bearer {}", service.token_of("otto", "operator").await)),
        ("admin", 3, format!("Bearer {}", service.token_of("anna", "admin").await)),
    ];
    let rank = |role: &str| ["none", "viewer", "operator", "admin"].iter().position(|known| *known == role);
    let document = service.get("/openapi.json").await.body;
    let mut checked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        // Nothing has these names, so what is allowed changes nothing.
        let address = path.replace("{name}", "no_such").replace("{id}", "no_such");
        let address = address.replace(['{', '}'], "").replace("/api/v1", "");
        for (method, operation) in
            item.as_object().unwrap().iter().filter(|(_, value)| value["operationId"].is_string())
        {
            let needed = operation["x-role"].as_str().and_then(rank);
            let needed = needed.unwrap_or_else(|| panic!("{method} {path} has no x-role"));
            // Streams never end, and are answered all the same.
            for (role, has, authorization) in &callers {
                let headers = [("content-type", "application/json"), ("authorization", authorization.as_str())];
                let status = service.status_of(&method.to_uppercase(), &address, "{}", &headers).await;
                let refused = match needed {
                    0 => false,
                    _ if *has == 0 => status.0 == 401 && status.1 == "not_signed_in",
                    _ => status.0 == 403 && status.1 == "role_missing",
                };
                assert_eq!(refused, *has < needed, "{method} {path} as {role}: {status:?}");
                checked += 1;
            }
        }
    }
    assert!(checked > 80, "{checked}");
}

#[tokio::test]
async fn the_first_user_is_made_once_with_the_printed_token() {
    let service = Service::start_without_users().await;
    let second = service.another().await;
    let nobody = service.send_raw("GET", "/session", String::new(), &[NOBODY]).await;
    assert_problem(&nobody, 401, "not_signed_in");
    assert_eq!(nobody.body["setup_needed"], true);
    assert_eq!(service.get("/setup").await.body, json!({"needed": true}));
    let first = |token: &str, password: &str| json!({"token": token, "user": "root", "password": password});
    assert_problem(&service.post("/setup", &first("guess", PASSWORD)).await, 401, "setup_token_refused");
    assert_problem(&service.post("/setup", &first(SETUP_TOKEN, "short")).await, 422, "password_weak");
    second.first_user().await;
    assert_eq!(service.get("/setup").await.body, json!({"needed": false}));
    assert_problem(&service.post("/setup", &first(SETUP_TOKEN, PASSWORD)).await, 409, "already_set_up");
    assert_eq!(login(&service, "root", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn of_racing_setups_one_makes_the_first_user() {
    let service = Service::start_without_users().await;
    let tries = (0..4).map(|number| {
        let first = json!({"token": SETUP_TOKEN, "user": format!("root{number}"), "password": PASSWORD});
        let service = &service;
        async move { service.post("/setup", &first).await.status.as_u16() }
    });
    let mut answers = futures_util::future::join_all(tries).await;
    answers.sort_unstable();
    assert_eq!(answers, [200, 409, 409, 409]);
}

#[tokio::test]
async fn a_session_is_a_cookie_that_changes_nothing_alone() {
    let service = Service::start().await;
    let begun = login(&service, "root", PASSWORD).await;
    assert_eq!(
        (begun.status, &begun.body["user"], &begun.body["role"]),
        (StatusCode::OK, &json!("root"), &json!("admin"))
    );
    let set = begun.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(set.contains(part), "no {part} in {set}");
    }
    let cookie = begun.cookie().to_owned();
    let by = |more: &[(&'static str, &'static str)]| {
        let mut headers = vec![("content-type", "application/json"), ("cookie", cookie.as_str())];
        headers.extend(more);
        headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect::<Vec<_>>()
    };
    let send = async |method: &str, address: &str, body: Value, headers: Vec<(&'static str, String)>| {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        service.send_raw(method, address, body.to_string(), &headers).await
    };
    let session = send("GET", "/session", Value::Null, by(&[])).await;
    assert_eq!((&session.body["user"], &session.body["via"]), (&json!("root"), &json!("session")), "{session:?}");
    assert_problem(&send("POST", "/tasks", spec("copy"), by(&[])).await, 403, "csrf_missing");
    let foreign = by(&[("x-replicator-csrf", "1"), ("origin", "http://evil.example")]);
    assert_problem(&send("POST", "/tasks", spec("copy"), foreign).await, 403, "foreign_origin");
    let made = send("POST", "/tasks", spec("copy"), by(&[("x-replicator-csrf", "1")])).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(service.get("/tasks/copy/versions").await.body["versions"][0]["by"], "root", "who made it is kept");

    let second = service.another().await;
    let headers = [("cookie", cookie.as_str())];
    assert_eq!(
        second.send_raw("GET", "/session", String::new(), &headers).await.status,
        StatusCode::OK,
        "any Server knows it"
    );
    let out = send("DELETE", "/session", Value::Null, by(&[("x-replicator-csrf", "1")])).await;
    assert_eq!((out.status, out.header("set-cookie").contains("Max-Age=0")), (StatusCode::NO_CONTENT, true), "{out:?}");
    assert_problem(&second.send_raw("GET", "/session", String::new(), &headers).await, 401, "not_signed_in");
}

#[tokio::test]
async fn what_changes_a_user_ends_its_sessions() {
    let service = Service::start().await;
    service.post("/users", &json!({"name": "bob", "role": "operator", "password": PASSWORD})).await;
    let alive = async |cookie: &str| {
        service.send_raw("GET", "/tasks", String::new(), &[("cookie", cookie)]).await.status.as_u16()
    };
    for change in [json!({"role": "viewer"}), json!({"password": "another long one"}), json!({"disabled": true})] {
        let password = if change["disabled"] == true { "another long one" } else { PASSWORD };
        let begun = login(&service, "bob", password).await;
        assert_eq!(alive(begun.cookie()).await, 200);
        let changed = service.put("/users/bob", None, &change).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        assert_eq!(alive(begun.cookie()).await, 401, "{change}");
    }
    assert_problem(&login(&service, "bob", "another long one").await, 401, "login_refused");
    service.put("/users/bob", None, &json!({"disabled": false})).await;
    let begun = login(&service, "bob", "another long one").await;
    let headers = [("content-type", "application/json"), ("cookie", begun.cookie()), ("x-replicator-csrf", "1")];
    let change = json!({"old": "another long one", "new": PASSWORD}).to_string();
    let changed = service.send_raw("PUT", "/session/password", change, &headers).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{changed:?}");
    assert_eq!(alive(begun.cookie()).await, 401);
    assert_eq!(login(&service, "bob", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_admin_always_remains() {
    let service = Service::start().await;
    assert_problem(&service.put("/users/root", None, &json!({"role": "viewer"})).await, 409, "last_admin");
    assert_problem(&service.put("/users/root", None, &json!({"disabled": true})).await, 409, "last_admin");
    assert_problem(&service.delete("/users/root", None).await, 409, "last_admin");
    service.post("/users", &json!({"name": "anna", "role": "admin", "password": PASSWORD})).await;
    assert_problem(
        &service.post("/users", &json!({"name": "anna", "role": "admin", "password": PASSWORD})).await,
        409,
        "user_exists",
    );
    assert_eq!(service.delete("/users/anna", None).await.status, StatusCode::NO_CONTENT);
    assert_problem(&service.get("/users/anna").await, 404, "user_not_found");
    assert_problem(&service.put("/users/anna", None, &json!({"disabled": true})).await, 404, "user_not_found");
}

/// Two admins take the role from each other at the same moment, on two Servers.
#[tokio::test(flavor = "multi_thread")]
async fn of_racing_admins_one_remains() {
    let first = Service::start().await;
    let second = first.another().await;
    let [anna, bert] = [first.token_of("anna", "admin").await, first.token_of("bert", "admin").await];
    let root = first.token().to_owned();
    assert_eq!(first.put("/users/root", None, &json!({"role": "viewer"})).await.status, StatusCode::OK);
    let change = async |service: &Service, token: &str, user: &str, role: &str| {
        let headers = [("content-type", "application/json"), ("authorization", &*format!("Bearer {token}"))];
        service.send_raw("PUT", &format!("/users/{user}"), json!({"role": role}).to_string(), &headers).await
    };
    for round in 0..20 {
        let (by_anna, by_bert) =
            tokio::join!(change(&first, &anna, "bert", "viewer"), change(&second, &bert, "anna", "viewer"));
        let done = [&by_anna, &by_bert].map(|answer| answer.status == StatusCode::OK);
        assert!(done[0] != done[1], "round {round}: {by_anna:?} {by_bert:?}");
        let (refused, by, user) = if done[0] { (by_bert, &anna, "bert") } else { (by_anna, &bert, "anna") };
        // It came after the other one: as the last admin's, or by somebody who is none any more.
        assert!(["last_admin", "role_missing"].contains(&refused.body["code"].as_str().unwrap()), "{refused:?}");
        assert_eq!(change(&first, by, user, "admin").await.status, StatusCode::OK, "round {round}");
    }
    assert_problem(&change(&first, &root, "anna", "viewer").await, 403, "role_missing");
}

#[tokio::test]
async fn who_steers_the_host_gets_back_in_without_a_password() {
    let empty = Service::start_without_users().await;
    assert!(empty.reset_setup().await.unwrap_err().to_string().contains("no user yet"));

    let service = Service::start().await;
    let old = login(&service, "root", PASSWORD).await;
    let set_up = async |token: &str, user: &str| {
        service.post("/setup", &json!({"token": token, "user": user, "password": "another long password"})).await
    };
    assert_problem(&set_up(SETUP_TOKEN, "root").await, 409, "already_set_up");
    let token = async || {
        let link = service.reset_setup().await.unwrap().link;
        link.split_once("/setup#token=").unwrap().1.to_owned()
    };
    let (void, good) = (token().await, token().await);
    for refused in [SETUP_TOKEN, &void] {
        assert_problem(&set_up(refused, "root").await, 401, "setup_token_refused");
    }
    let made = set_up(&good, "root").await;
    assert_eq!((made.status, &made.body["role"]), (StatusCode::OK, &json!("admin")), "{made:?}");
    assert_problem(&set_up(&good, "mallory").await, 409, "already_set_up");

    assert_problem(&login(&service, "root", PASSWORD).await, 401, "login_refused");
    assert_eq!(login(&service, "root", "another long password").await.status, StatusCode::OK);
    let headers = [("cookie", old.cookie())];
    let before = service.send_raw("GET", "/session", String::new(), &headers).await;
    assert_problem(&before, 401, "not_signed_in");
    let audit = service.get("/audit?action=resetSetup").await.body;
    let entries = audit["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &entries[0]["outcome"]), (2, &json!("done")), "{audit}");
    assert!(!audit.to_string().contains(&good), "{audit}");

    let fresh = token().await;
    assert_eq!(set_up(&fresh, "rescue").await.status, StatusCode::OK, "a name that nobody has is made");
    assert_eq!(service.get("/users/rescue").await.body["role"], "admin");
}

#[tokio::test]
async fn tokens_may_what_their_user_may_and_are_shown_once() {
    let service = Service::start().await;
    let otto = format!("Bearer {}", service.token_of("otto", "operator").await);
    let by_otto = [("content-type", "application/json"), ("authorization", otto.as_str())];
    let ask = async |method: &str, address: &str, body: &str| {
        service.send_raw(method, address, body.to_owned(), &by_otto).await
    };
    assert_eq!(ask("GET", "/session", "").await.body["via"], "token");
    assert_problem(&ask("POST", "/tokens", r#"{"name": "x", "role": "admin"}"#).await, 403, "role_missing");
    assert_problem(&ask("POST", "/tokens", r#"{"name": "", "role": "viewer"}"#).await, 400, "body_invalid");
    let made = ask("POST", "/tokens", r#"{"name": "reports", "role": "viewer", "expires_in": "90d"}"#).await;
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    assert!(made.body["expires_at"].is_string() && secret.starts_with("mr_"), "{made:?}");
    let list = ask("GET", "/tokens", "").await;
    assert!(!list.text.contains(&secret), "{list:?}");
    assert_eq!(list.body["tokens"].as_array().unwrap().len(), 2, "the own ones alone: {list:?}");
    assert_eq!(service.get("/tokens").await.body["tokens"].as_array().unwrap().len(), 3, "an admin sees all");
    let weak = format!("Bearer {secret}");
    let by_weak = [("content-type", "application/json"), ("authorization", weak.as_str())];
    assert_problem(&service.send_raw("POST", "/tasks", spec("x").to_string(), &by_weak).await, 403, "role_missing");
    assert_eq!(service.send_raw("GET", "/tasks", String::new(), &by_weak).await.status, StatusCode::OK);
    let root = service.get("/tokens").await.body["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .find(|token| token["user"] == "root")
        .unwrap()["id"]
        .clone();
    assert_problem(&ask("DELETE", &format!("/tokens/{}", root.as_str().unwrap()), "").await, 404, "token_not_found");
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(ask("DELETE", &format!("/tokens/{id}"), "").await.status, StatusCode::NO_CONTENT);
    assert_problem(&service.send_raw("GET", "/tasks", String::new(), &by_weak).await, 401, "not_signed_in");
    service.put("/users/otto", None, &json!({"disabled": true})).await;
    assert_problem(&ask("GET", "/tasks", "").await, 401, "not_signed_in");
}

#[tokio::test]
async fn guessing_is_slowed_down_and_tells_nothing() {
    let service = Service::start().await;
    let (known, unknown) =
        (login(&service, "root", "a wrong one").await, login(&service, "nobody", "a wrong one").await);
    assert_problem(&known, 401, "login_refused");
    assert_eq!(known.text, unknown.text);
    let mut locked = None;
    for _ in 0..8 {
        let answer = login(&service, "root", "a wrong one").await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            locked = Some(answer);
            break;
        }
    }
    let locked = locked.expect("eight wrong passwords in a row are too many");
    assert_problem(&locked, 429, "locked_out");
    assert!(locked.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1), "{locked:?}");
}

#[tokio::test]
async fn bodies_are_told_wrong_without_what_they_say() {
    let service = Service::start().await;
    for body in [
        json!({"user": 5, "password": "canary-1f"}),
        json!({"user": "x", "password": "y", "role": "canary-1f"}),
        json!({"name": "x", "role": "canary-1f", "password": "canary-1f"}),
    ] {
        for address in ["/session", "/users"] {
            let answer = service.post(address, &body).await;
            assert_problem(&answer, 400, "body_invalid");
            assert!(!answer.text.contains("canary"), "{answer:?}");
        }
    }
    assert_problem(
        &service.post("/users", &json!({"name": "-x", "role": "viewer", "password": PASSWORD})).await,
        400,
        "name_invalid",
    );
}

#[tokio::test]
async fn what_was_done_and_what_was_refused_is_kept() {
    let service = Service::start().await;
    let vera = format!("Bearer {}", service.token_of("vera", "viewer").await);
    service.post("/tasks", &spec("copy")).await;
    let by_vera = [("authorization", vera.as_str())];
    assert_problem(&service.send_raw("POST", "/tasks/copy/start", String::new(), &by_vera).await, 403, "role_missing");
    service.post("/tasks/copy/start", &Value::Null).await;
    service.post("/tasks/no_such/start", &Value::Null).await;
    login(&service, "vera", "canary-77 wrong").await;
    let audit = service.get("/audit").await;
    let seen: Vec<[&str; 5]> = audit.body["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| ["user", "action", "subject", "outcome", "detail"].map(|key| entry[key].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(
        seen[..5],
        [
            ["root", "signIn", "", "refused", "login_refused"],
            ["root", "startTask", "task no_such", "failed", "task_not_found"],
            ["root", "startTask", "task copy", "done", ""],
            ["vera", "startTask", "task copy", "refused", "role_missing"],
            ["root", "createTask", "task copy", "done", ""],
        ]
    );
    assert!(
        seen.contains(&["root", "setUp", "", "done", ""])
            && seen.contains(&["root", "createUser", "user vera", "done", ""]),
        "{seen:?}"
    );
    assert!(
        !audit.text.contains("canary") && !audit.text.contains(PASSWORD) && !audit.text.contains("mr_"),
        "{audit:?}"
    );
    let page = service.get("/audit?limit=2&task=copy").await.body;
    assert_eq!(page["entries"].as_array().unwrap().len(), 2, "{page}");
    let next = page["next"].as_str().unwrap();
    let rest = service.get(&format!("/audit?task=copy&after={next}")).await.body;
    assert_eq!(
        (rest["entries"].as_array().unwrap().len(), &rest["entries"][0]["action"]),
        (1, &json!("createTask")),
        "{rest}"
    );
    assert_problem(&service.send_raw("GET", "/audit", String::new(), &by_vera).await, 403, "role_missing");
    let shown = service.get("/overview").await;
    assert_eq!((shown.header("cache-control"), shown.header("x-content-type-options")), ("no-store", "nosniff"));
    let changes: Vec<&str> =
        shown.body["changes"].as_array().unwrap().iter().map(|change| change["action"].as_str().unwrap()).collect();
    assert_eq!(changes[..2], ["startTask", "createTask"], "what was refused or failed changed nothing");
    let to_vera = service.send_raw("GET", "/overview", String::new(), &by_vera).await;
    assert_eq!(to_vera.body["changes"], json!([]), "{to_vera:?}");
}

/// Who did it is in the entry; what it changed is beside it, and why, but no secret.
#[tokio::test]
async fn a_change_is_kept_with_what_it_changed_and_why() {
    let service = Service::start().await;
    let mut copy = spec("copy");
    copy["producer"]["password"] = json!("canary-old");
    service.post("/tasks?reason=the+first+one", &copy).await;
    copy["producer"]["port"] = json!(3307);
    copy["producer"]["password"] = json!("canary-new");
    let changed = service.put("/tasks/copy?reason=moved", Some("\"0\""), &copy).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    let back = json!({"version": 0, "reason": "no, back"}).to_string();
    let headers = [("content-type", "application/json"), ("if-match", "\"1\"")];
    service.send_raw("POST", "/tasks/copy/rollback", back, &headers).await;
    service.delete("/tasks/copy", Some("\"2\"")).await;
    let channel = json!({"name": "dba", "kind": "slack", "url": "https://hooks.example/canary-hook"});
    service.post("/channels", &channel).await;
    service.put("/rules", Some("\"0\""), &json!({"defaults": {"task_lag_warning": {"threshold": 60.0}}})).await;
    service.post("/users", &json!({"name": "bob", "role": "viewer", "password": PASSWORD})).await;
    service.put("/users/bob", None, &json!({"role": "operator", "password": "another canary one"})).await;
    service.post("/silences", &json!({"matcher": {"task": "copy"}, "lasts": "2h", "reason": "the target moves"})).await;

    let audit = service.get("/audit").await;
    let entries = audit.body["entries"].as_array().unwrap();
    for (action, detail, changed) in [
        ("createTask", "the first one", "+name = \"copy\""),
        ("updateTask", "moved", "+port = 3307"),
        ("updateTask", "moved", "# `producer.password` is another one"),
        ("rollBackTask", "back to version 0: no, back", "-port = 3307"),
        ("deleteTask", "", "-name = \"copy\""),
        ("createChannel", "", "+url = \"********\""),
        ("updateRules", "", "+      \"threshold\": 60.0"),
        ("createUser", "", "+role = \"viewer\""),
        ("updateUser", "", "-role = \"viewer\"\n+role = \"operator\"\n"),
        ("beginSilence", "the target moves", ""),
    ] {
        let entry =
            entries.iter().find(|entry| entry["action"] == action).unwrap_or_else(|| panic!("{action}: {audit:?}"));
        let diff = entry["diff"].as_str().unwrap_or_default();
        assert!(
            entry["outcome"] == "done" && entry["detail"] == detail && diff.contains(changed),
            "{changed}: {entry}"
        );
    }
    assert!(!audit.text.contains("canary"), "{audit:?}");
    for (path, data) in service.tree().await.into_iter().filter(|(path, _)| path.contains("/audit/")) {
        assert!(!data.contains("canary"), "{path}: {data}");
    }
}
