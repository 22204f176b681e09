//! The API as its document tells: schemathesis makes requests of it, good and bad ones. No answer is a 500, and each has
//! the status, the type and the shape that the document promises.

use crate::service::{PASSWORD, Service, spec};
use replicator_model::status::Stage;
use replicator_tests::schemathesis;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::path::PathBuf;
use tokio::process::Command;

/// What is looked at in each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// Left out: streams do not end, and where no Monitor runs a test of a channel is answered with 503 after 15 s, which is
/// as it should be.
const LEFT_OUT: [&str; 3] = ["followEvents", "followTask", "testChannel"];

/// Requests of each operation beside those that the document's limits make: what 2 cores do in a minute.
const EXAMPLES: &str = "20";

fn own(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// What the dictionaries of `schemathesis.toml` name.
async fn furnish(service: &Service) {
    let made = async |address: &str, body: Value| {
        let answer = service.post(address, &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    };
    for name in ["copy_0", "copy_1", "copy_2", "copy_3", "copy_hot_item"] {
        let mut task = spec(name);
        // Nobody listens there: looks at it are answered at once.
        (task["producer"]["host"], task["producer"]["port"]) = (json!("127.0.0.1"), json!(1));
        (task["consumer"]["host"], task["consumer"]["port"]) = (json!("127.0.0.1"), json!(2));
        made("/tasks", task).await;
    }
    for name in ["dba", "ops"] {
        made("/channels", json!({"name": name, "kind": "webhook", "url": "http://127.0.0.1:9/hook"})).await;
    }
    for name in ["alice", "bob", "carol"] {
        made("/users", json!({"name": name, "role": "viewer", "password": PASSWORD})).await;
    }
    made("/silences", json!({"matcher": {"task": "copy_0"}, "lasts": "1h", "reason": "a test"})).await;
    made("/tokens", json!({"name": "another"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_the_document_says() {
    let service = Service::start().await;
    furnish(&service).await;
    let _core = service.register_core("core1").await;
    let running = service.run_task("copy_1", "core1").await;
    running.report(Stage::Streaming, 0, None).await;

    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("python3");
    command.args(["-m", "schemathesis.cli", "--config-file"]).arg(own("tests/servers/schemathesis.toml")).arg("run");
    command.arg(own("openapi.json")).args(["--url", &service.url(), "--checks", CHECKS]);
    command.args(["--header", &format!("Authorization: Bearer {}", service.token())]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", "1"]);
    command.args(["--workers", "2", "--continue-on-failure", "--no-shrink", "--suppress-health-check", "all"]);
    command.args(["--request-timeout", "60", "--generation-database", "none", "--warnings", "off", "--no-color"]);
    command.args(LEFT_OUT.iter().flat_map(|operation| ["--exclude-operation-id", operation]));
    command.env("PYTHONPATH", schemathesis().unwrap()).current_dir(folder.path()).kill_on_drop(true);
    let output = command.output().await.unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).join("");
    assert!(output.status.success(), "{said}");
    let tried = said.lines().find(|line| line.contains("generated")).unwrap_or_default().to_owned();
    println!("{tried}");
    // Without these it would have met nobody and nothing.
    for address in ["/users/root", "/tasks/copy_0", "/users/alice"] {
        assert_eq!(service.get(address).await.status, StatusCode::OK, "{address} is gone, so {tried} say little");
    }
}
