//! Somebody at a terminal: types what `--help` shows as examples, word for word, in a folder with the files that they
//! name. What in them stands for something of one's own is filled in.

use regex::Regex;
use replicator_tests::{Process, Result, eventually};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

const WAIT: Duration = Duration::from_secs(60);

pub(super) struct Terminal {
    pub(super) folder: TempDir,
    server: String,
    /// What examples say, and what is meant by it here.
    meant: RefCell<Vec<(String, String)>>,
    /// The examples of each command.
    help: BTreeMap<String, Vec<String>>,
    typed: RefCell<BTreeSet<String>>,
}

/// What a command said, and its exit code.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) error: String,
}

/// A command that goes on until it is told to end.
pub(super) struct Going {
    child: Child,
    out: std::path::PathBuf,
}

impl Terminal {
    pub(super) async fn new(server: &str) -> Result<Terminal> {
        let folder = tempfile::tempdir()?;
        let server = server.to_owned();
        let terminal =
            Terminal { folder, server, meant: RefCell::default(), help: BTreeMap::new(), typed: RefCell::default() };
        let mut help = BTreeMap::new();
        let mut open = vec![String::new()];
        while let Some(path) = open.pop() {
            let text = terminal.run(&format!("replicator {path} --help"), 0).await.out;
            let commands = commands(&text);
            // `alerts` does something by itself too.
            if commands.is_empty() || text.contains("Example") {
                help.insert(path.trim().to_owned(), examples(&path, &text));
            }
            open.extend(commands.into_iter().map(|command| format!("{path} {command}")));
        }
        Ok(Terminal { help, typed: RefCell::default(), ..terminal })
    }

    pub(super) fn file(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// From now on `example` in a line means `here`.
    pub(super) fn means(&self, example: &str, here: impl Into<String>) {
        self.meant.borrow_mut().push((example.to_owned(), here.into()));
    }

    fn filled_in(&self, line: &str) -> String {
        self.typed.borrow_mut().insert(line.to_owned());
        self.meant.borrow().iter().fold(line.to_owned(), |line, (example, here)| line.replace(example, here))
    }

    fn shell(&self, line: &str) -> Command {
        let program = Process::program("replicator").unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("bash");
        command.args(["-c", line]).current_dir(self.folder.path()).kill_on_drop(true);
        for name in ["REPLICATOR_TOKEN", "REPLICATOR_CA", "REPLICATOR_PASSWORD", "REPLICATOR_SETUP_TOKEN", "RUST_LOG"] {
            command.env_remove(name);
        }
        command.env("PATH", format!("{}:{path}", program.parent().unwrap().display()));
        command.env("HOME", self.folder.path()).env("XDG_CONFIG_HOME", self.folder.path().join(".config"));
        command.env("REPLICATOR_SERVER", &self.server).env("TERM", "xterm").stdin(Stdio::null());
        command
    }

    /// Runs a line, which has to end with this code. Nothing panics, and nothing but text gets into a pipe.
    pub(super) async fn run(&self, line: &str, code: i32) -> Ran {
        let ended = tokio::time::timeout(WAIT, self.shell(&self.filled_in(line)).output()).await;
        let output = ended.unwrap_or_else(|_| panic!("{line}: it does not end")).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran =
            Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), error: text(output.stderr) };
        assert_eq!(ran.code, code, "{line}: {ran:#?}");
        assert!(
            !ran.error.contains("panicked") && !ran.out.contains('\x1b') && !ran.error.contains('\x1b'),
            "{ran:#?}"
        );
        assert!(code == 0 || ran.error.contains("hint") || ran.error.contains("--help"), "{line}: no hint: {ran:#?}");
        ran
    }

    /// The same with `-o json`: stdout holds one JSON value and nothing else.
    pub(super) async fn json(&self, line: &str) -> Value {
        let line = if line.contains("-o json") { line.to_owned() } else { format!("{line} -o json") };
        let ran = self.run(&line, 0).await;
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{line}: {error}: {ran:#?}"))
    }

    /// At a real terminal, with somebody who waits for each question and answers it; what the screen showed.
    pub(super) async fn answered(&self, line: &str, answers: &[(&str, &str)], code: i32) -> String {
        let line = self.filled_in(line);
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir(self.folder.path());
        for (name, value) in self.shell("").as_std().get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("SHELL", "/bin/bash").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let (mut keys, mut shown) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut screen = Vec::new();
        let conversation = async {
            for (question, answer) in answers {
                while !String::from_utf8_lossy(&screen).contains(question) {
                    let read = shown.read_buf(&mut screen).await.unwrap();
                    assert!(read > 0, "{line}: `{question}` is not asked: {}", String::from_utf8_lossy(&screen));
                }
                keys.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
            }
            shown.read_to_end(&mut screen).await.unwrap();
            child.wait().await.unwrap()
        };
        let status = tokio::time::timeout(WAIT, conversation).await;
        let screen = String::from_utf8_lossy(&screen).into_owned();
        assert_eq!(status.ok().and_then(|status| status.code()), Some(code), "{line}: {screen}");
        screen
    }

    /// Begins a line that goes on by itself.
    pub(super) fn begin(&self, line: &str) -> Going {
        let out = self.folder.path().join(format!("out-{}", self.typed.borrow().len()));
        let file = std::fs::File::create(&out).unwrap();
        let line = self.filled_in(line).replacen("replicator ", "exec replicator ", 1);
        let mut command = self.shell(&line);
        command.stdout(file.try_clone().unwrap()).stderr(file);
        Going { child: command.spawn().unwrap(), out }
    }

    /// Every command was typed, and every example of its help.
    pub(super) fn nothing_was_left_out(&self) {
        let typed = self.typed.borrow();
        let mut missing: Vec<&String> = self.help.values().flatten().filter(|line| !typed.contains(*line)).collect();
        let tried =
            |command: &str| typed.iter().any(|line| format!("{line} ").contains(&format!("replicator {command} ")));
        missing.extend(self.help.keys().filter(|command| !tried(command)));
        assert!(missing.is_empty(), "commands and examples of --help that nobody tries: {missing:#?}");
        assert!(self.help.len() > 40, "the commands were not found: {:?}", self.help.keys());
    }
}

impl Going {
    pub(super) fn text(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap_or_default()
    }

    /// Waits until it said something of the kind.
    pub(super) async fn says(&self, part: &str) {
        let said = async || if self.text().contains(part) { Ok(()) } else { Err(self.text()) };
        eventually(&format!("`{part}` is shown"), WAIT, said).await.unwrap();
    }

    /// Ctrl-C ends it, and that is no failure.
    pub(super) async fn ends_by_ctrl_c(mut self) -> String {
        let id = self.child.id().expect("it still goes on");
        let sent = Command::new("kill").args(["-INT", &id.to_string()]).status().await.unwrap();
        assert!(sent.success());
        let status = tokio::time::timeout(WAIT, self.child.wait()).await.expect("it ends").unwrap();
        assert_eq!(status.code(), Some(0), "{}", self.text());
        assert!(!self.text().contains("panicked") && !self.text().contains('\x1b'), "{}", self.text());
        self.text()
    }
}

/// The commands that a help lists, but for `help`.
fn commands(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let name = Regex::new(r"(?m)^  ([a-z]+)(?:\s|$)").unwrap();
    let list = list.split("\n\n").next().unwrap_or_default();
    let names = name.captures_iter(list).map(|found| found[1].to_owned());
    names.filter(|name| name != "help").collect()
}

/// The lines below `Example:`, each a whole command: what is folded can't be copied.
fn examples(path: &str, help: &str) -> Vec<String> {
    let (_, list) = help.split_once("\nExample").unwrap_or_else(|| panic!("`{path}` shows no example"));
    let lines: Vec<String> = list.lines().skip(1).map(|line| line.trim().to_owned()).collect();
    let begins =
        |line: &str| ["replicator ", "REPLICATOR_PASSWORD=", "zcat "].iter().any(|word| line.starts_with(word));
    let lines: Vec<String> = lines.into_iter().take_while(|line| !line.is_empty()).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| begins(line)), "`{path}`: an example is folded: {lines:#?}");
    lines
}

/// A certificate for this host, signed by itself, as `cert.pem` and `key.pem`.
pub(super) fn certificate(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}
