//! The program as people run it: real processes, a Server and a Core of `replicator standalone`.
#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// A password that must not come back from anywhere.
const CANARY: &str = "canary-c17b2e";

/// With what the first user is made, and its password.
const SETUP_TOKEN: &str = "canary-c17b2e-setup-token";
const PASSWORD: &str = "canary-c17b2e password";

struct Standalone {
    child: Child,
    server: String,
    folder: TempDir,
}

#[derive(Debug)]
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Standalone {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut child = program()
            .args(["standalone", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            .env("RUST_LOG", "debug")
            .env("REPLICATOR_SETUP_TOKEN", SETUP_TOKEN)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = address(&mut child);
        let standalone = Self { child, server, folder };
        let (token, password) = (standalone.file("setup", SETUP_TOKEN), standalone.file("password", PASSWORD));
        let setup = ["setup", "--user", "root", "--setup-token-file", &token, "--password-file", &password];
        let made = standalone.run(&setup);
        assert_eq!(made.code, 0, "{made:?}");
        standalone
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], stdin: &str) -> Ran {
        ran(
            program().args(arguments).env("REPLICATOR_SERVER", &self.server).env("XDG_CONFIG_HOME", self.folder.path()),
            stdin,
        )
    }

    /// The same with `-o json`, and what stdout holds.
    fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Ends it as systemd would, and answers its exit code.
    fn stop(&mut self) -> Option<i32> {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Standalone {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Where it says that it listens.
fn address(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let word = |line: String| line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned);
    let address = lines.find_map(word).expect("it says where it listens");
    address.strip_suffix("/api/v1").unwrap().to_owned()
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replicator"));
    for name in ["RUST_LOG", "REPLICATOR_SERVER", "REPLICATOR_PASSWORD", "REPLICATOR_TOKEN", "REPLICATOR_SETUP_TOKEN"] {
        command.env_remove(name);
    }
    // Nobody's logins.
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

fn ran(command: &mut Command, stdin: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().unwrap(), stdout: text(stdout), stderr: text(stderr) }
}

/// A task whose source is a port that nobody listens on.
fn task(name: &str) -> String {
    format!(
        "name = \"{name}\"\ngroup = \"group1\"\n\n[producer]\nhost = \"127.0.0.1\"\nport = 1\nuser = \"r\"\n\
         password = \"{CANARY}\"\n\n[consumer]\nkind = \"mysql\"\nhost = \"127.0.0.1\"\nport = 2\nuser = \"r\"\n"
    )
}

fn contains(text: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(text.contains(part), "no `{part}` in:\n{text}"));
}

#[test]
fn a_task_is_applied_seen_ordered_and_deleted() {
    let mut standalone = Standalone::start();
    let file = standalone.file("copy.toml", &task("copy"));
    let dry = standalone.run(&["task", "apply", "-f", &file, "--dry-run"]);
    assert_eq!((dry.code, dry.stdout.as_str()), (0, "task copy would be created\n"), "{dry:?}");
    let created = standalone.run(&["task", "apply", "-f", &file]);
    assert_eq!((created.code, created.stdout.as_str()), (0, "task copy created (version 0)\n"), "{created:?}");
    let same = standalone.run(&["task", "apply", "-f", &file]);
    assert_eq!(same.stdout, "task copy unchanged (version 0)\n", "{same:?}");
    let edited = task("copy").replace("port = 2", "port = 3");
    let updated = standalone.run_with(&["task", "apply", "-f", "-"], &edited);
    assert_eq!(updated.stdout, "task copy updated (version 1)\n  ~ consumer.port: 2 → 3\n", "{updated:?}");
    let secret = standalone.run_with(&["task", "apply", "-f", "-"], &edited.replace(CANARY, "other"));
    assert_eq!(secret.stdout, "task copy updated (version 2)\n  ~ a secret\n", "{secret:?}");

    contains(&standalone.run(&["task", "get", "copy"]).stdout, &["port = 3\n", "password = \"********\"\n"]);
    contains(&standalone.run(&["task", "get", "copy", "--version", "0"]).stdout, &["port = 2\n"]);
    contains(&standalone.run(&["task", "diff", "-f", &file]).stdout, &["--- version 2", "-port = 3", "+port = 2"]);
    contains(&standalone.run(&["task", "diff", "copy", "1"]).stdout, &["~ producer.password (a secret)"]);
    assert_eq!(standalone.run(&["task", "diff", "copy"]).code, 2);
    assert_eq!(standalone.run(&["task", "rollback", "copy", "--to", "0"]).code, 2, "nobody can be asked");
    let back = standalone.run(&["task", "rollback", "copy", "--to", "0", "--yes", "--reason", "smaller"]);
    assert_eq!(back.stdout, "task copy is at version 3, the same as version 0\n", "{back:?}");
    contains(&standalone.run(&["task", "versions", "copy"]).stdout, &["VERSION", "back to version 0: smaller"]);
    assert_eq!(standalone.run(&["task", "rollback", "copy", "--to", "2", "--yes"]).code, 0);
    let shown = standalone.run(&["task", "show", "copy", "--wait-for", "state=stopped"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let waited = standalone.run(&["task", "show", "copy", "--wait-for", "running", "--timeout", "10ms"]);
    assert_eq!(waited.code, 6, "{waited:?}");

    contains(
        &standalone.run(&["task", "list"]).stdout,
        &["NAME", "copy", "STOPPED", "127.0.0.1:1", "mysql 127.0.0.1:3"],
    );
    assert_eq!(standalone.json(&["task", "list"])["tasks"][0]["state"], "stopped");
    let failed = standalone.run(&["task", "start", "copy", "--wait", "--timeout", "3s"]);
    assert!(matches!(failed.code, 1 | 6), "{failed:?}");
    contains(&failed.stderr, &["copy", "127.0.0.1:", "hint"]);
    let shown = standalone.run(&["task", "show", "copy"]);
    contains(
        &shown.stdout,
        &["copy", "127.0.0.1:1 → mysql 127.0.0.1:3", "wanted", "running (order 1)", "hint", "RUNNING"],
    );
    assert!(shown.stdout.lines().all(|line| line.chars().count() <= 100), "{shown:?}");
    assert_eq!(standalone.json(&["task", "show", "copy"])["desired"]["state"], "running");
    let busy = standalone.run(&["task", "delete", "copy", "--yes"]);
    assert_eq!(busy.code, 5, "{busy:?}");
    let stopped = standalone.run(&["task", "stop", "copy", "--wait"]);
    assert_eq!((stopped.code, stopped.stdout.as_str()), (0, "task copy is STOPPED\n"), "{stopped:?}");
    assert_eq!(standalone.run(&["task", "pause", "copy"]).code, 5);
    assert_eq!(standalone.run(&["task", "delete", "copy"]).code, 2, "nobody can be asked");
    let deleted = standalone.run(&["task", "delete", "copy", "--yes"]);
    assert_eq!((deleted.code, deleted.stdout.as_str()), (0, "task copy deleted\n"), "{deleted:?}");
    assert_eq!(standalone.stop(), Some(0), "{}", standalone.log());
}

#[test]
fn errors_say_what_to_do_and_have_their_exit_codes() {
    let standalone = Standalone::start();
    let missing = standalone.run(&["task", "show", "no_such"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (3, ""));
    contains(&missing.stderr, &["no task `no_such`", "task_not_found", "hint: "]);
    let problem: Value =
        serde_json::from_str(&standalone.run(&["task", "show", "no_such", "-o", "json"]).stderr).unwrap();
    assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some("task_not_found"), Some(404)));
    assert_eq!(standalone.run(&["task", "stop", "no_such"]).code, 3);
    assert_eq!(standalone.run(&["task", "delete", "no_such", "--yes"]).code, 3);
    assert_eq!(standalone.run(&["task", "frobnicate"]).code, 2);
    assert_eq!(standalone.run(&["task", "show", "bad name"]).code, 2);

    let broken = standalone.file("broken.toml", &task("copy").replace("password =", "pasword ="));
    let refused = standalone.run(&["task", "apply", "-f", &broken]);
    assert_eq!(refused.code, 1);
    contains(&refused.stderr, &["broken.toml", "line 8", "pasword", "hint"]);
    let invalid =
        standalone.file("invalid.toml", &task("copy").replace("user = \"r\"\npassword", "user = \"\"\npassword"));
    let refused = standalone.run(&["task", "apply", "-f", &invalid]);
    assert_eq!(refused.code, 1);
    contains(&refused.stderr, &["invalid.toml", "producer.user", "empty"]);
    assert_eq!(standalone.run(&["task", "apply", "-f", "/no/such/file"]).code, 1);

    let nobody =
        ran(program().env("REPLICATOR_TOKEN", "mr_x").args(["task", "list", "--server", "http://127.0.0.1:1"]), "");
    assert_eq!(nobody.code, 6);
    contains(&nobody.stderr, &["127.0.0.1:1", "server_unreachable", "--server"]);
    assert_eq!(ran(program().args(["cores", "--server", "nonsense"]), "").code, 2);
    let tried = ran(program().args(["try", "mysql://r@127.0.0.1:1/"]), "");
    assert_eq!(tried.code, 6, "{tried:?}");
    contains(&tried.stderr, &["127.0.0.1:1", "hint"]);
    assert_eq!(ran(program().args(["try", "mysql://127.0.0.1:1/"]), "").code, 2);
}

#[test]
fn tasks_survive_a_kill_and_the_core_is_listed() {
    let mut standalone = Standalone::start();
    let file = standalone.file("copy.toml", &task("copy"));
    assert_eq!(standalone.run(&["task", "apply", "-f", &file, "--start"]).code, 0);
    let core = &standalone.json(&["cores"])["cores"][0];
    assert_eq!(core["group"], "group1", "{core}");
    contains(&standalone.run(&["cores"]).stdout, &["GROUP", "group1"]);
    let made = standalone.json(&["token", "create", "--name", "after the kill"]);
    let token = made["secret"].as_str().unwrap();
    standalone.child.kill().unwrap();
    standalone.child.wait().unwrap();
    let data: PathBuf = standalone.folder.path().join("data");
    let mut again = program()
        .args(["standalone", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = address(&mut again);
    let ran =
        ran(program().args(["task", "list", "-o", "json", "--server", &server]).env("REPLICATOR_TOKEN", token), "");
    again.kill().unwrap();
    again.wait().unwrap();
    let list: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (list["tasks"][0]["name"].as_str(), list["tasks"][0]["desired"]["state"].as_str()),
        (Some("copy"), Some("running"))
    );
}

#[test]
fn no_output_and_no_log_shows_a_secret() {
    let mut standalone = Standalone::start();
    let file = standalone.file("copy.toml", &task("copy"));
    let misplaced = standalone.file("misplaced.toml", &task("copy").replace("password =", "pasword ="));
    let mut all = String::new();
    for arguments in [
        &["task", "apply", "-f", &file, "--start"][..],
        &["task", "apply", "-f", &file, "-o", "json"],
        &["task", "apply", "-f", &misplaced],
        &["task", "start", "copy", "--wait", "--timeout", "2s"],
        &["task", "show", "copy"],
        &["task", "show", "copy", "-o", "json"],
        &["task", "list", "-o", "json"],
        &["task", "stop", "copy", "--wait"],
        &["try", &format!("mysql://r:{CANARY}@127.0.0.1:1/")],
        &["try", &format!("mysql://r:{CANARY}@127.0.0.1:1/shop")],
    ] {
        let ran = standalone.run(arguments);
        all.push_str(&ran.stdout);
        all.push_str(&ran.stderr);
    }
    standalone.stop();
    let log = standalone.log();
    assert!(log.contains("task made"), "{log}");
    assert!(!all.contains(CANARY), "{all}");
    assert!(!log.contains(CANARY), "{log}");
}

#[test]
fn help_completion_and_version_need_no_server() {
    let help = ran(program().arg("--help"), "");
    contains(&help.stdout, &["standalone", "task", "Exit codes", "6  unreachable"]);
    assert!(help.stdout.lines().all(|line| line.chars().count() <= 100), "{}", help.stdout);
    contains(&ran(program().args(["task", "apply", "--help"]), "").stdout, &["Example", "--dry-run"]);
    contains(&ran(program().args(["completion", "bash"]), "").stdout, &["-F _replicator replicator"]);
    assert_eq!(ran(program().args(["complete", "replicator stan"]), "").stdout, "standalone\n");
    assert_eq!(ran(program().arg("version"), "").stdout, format!("replicator {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn two_processes_do_not_share_a_folder() {
    let standalone = Standalone::start();
    let mut second = program()
        .args(["standalone", "--listen", "127.0.0.1:0", "--data"])
        .arg(standalone.folder.path().join("data"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut error = String::new();
    second.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(second.wait().unwrap().code(), Some(1), "{error}");
    contains(&error, &["in use by another process", "hint"]);
}

#[test]
fn users_and_tokens_are_made_used_and_removed() {
    let standalone = Standalone::start();
    assert_eq!(standalone.json(&["whoami"])["user"], "root");
    let password = standalone.file("bob", "a password for bob");
    let added = standalone.run(&["user", "add", "bob", "--role", "viewer", "--password-file", &password]);
    assert_eq!((added.code, added.stdout.as_str()), (0, "user bob added (viewer)\n"), "{added:?}");
    contains(&standalone.run(&["user", "list"]).stdout, &["NAME", "bob", "viewer", "root", "admin", "enabled"]);
    assert_eq!(standalone.run(&["user", "add", "bob", "--role", "viewer", "--password-file", &password]).code, 5);
    assert_eq!(standalone.run(&["user", "add", "eve", "--role", "viewer"]).code, 2, "nobody can be asked");
    let last = standalone.run(&["user", "set", "root", "--role", "viewer"]);
    assert_eq!(last.code, 5, "{last:?}");
    contains(&last.stderr, &["last_admin", "hint"]);

    let elsewhere = standalone.folder.path().join("bob_home");
    let by_bob = |arguments: &[&str]| {
        let mut command = program();
        command.args(arguments).env("REPLICATOR_SERVER", &standalone.server).env("XDG_CONFIG_HOME", &elsewhere);
        ran(&mut command, "a password for bob\n")
    };
    assert_eq!(by_bob(&["task", "list"]).code, 4, "nobody is signed in");
    let in_ = by_bob(&["login", "--user", "bob", "--password-file", "-"]);
    assert_eq!(in_.code, 0, "{in_:?}");
    assert_eq!(by_bob(&["task", "list"]).code, 0);
    let refused = by_bob(&["task", "start", "no_such"]);
    assert_eq!(refused.code, 4, "{refused:?}");
    contains(&refused.stderr, &["role_missing", "operator"]);
    let token = by_bob(&["token", "create", "--name", "reports", "--expires-in", "1d"]).stdout;
    let file = standalone.file("token", &token);
    let with_file = |arguments: &[&str]| by_bob(&[&["--token-file", &file], arguments].concat());
    contains(&with_file(&["whoami"]).stdout, &["bob", "viewer", "until"]);
    let tokens = standalone.json(&["token", "list"]);
    let id =
        tokens["tokens"].as_array().unwrap().iter().find(|token| token["name"] == "reports").unwrap()["id"].clone();
    assert_eq!(standalone.run(&["token", "revoke", id.as_str().unwrap()]).code, 0);
    assert_eq!(with_file(&["whoami"]).code, 4);
    contains(&by_bob(&["logout"]).stdout, &["bob is signed out"]);
    assert_eq!(by_bob(&["whoami"]).code, 4);
    assert_eq!(standalone.run(&["user", "remove", "bob"]).stdout, "user bob removed\n");
    assert_eq!(by_bob(&["login", "--user", "bob", "--password-file", "-"]).code, 4);
}
