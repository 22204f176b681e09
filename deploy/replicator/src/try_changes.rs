//! `replicator try`: a pipe from a server to stdout, with nothing stored anywhere.

use crate::arguments::{Output, Try};
use crate::exit::{Exit, Failed};
use crate::table::screen;
use crate::try_shown::Shown;
use replicator_core::consumer::Consumer;
use replicator_core::consumer::stdout::StdoutConsumer;
use replicator_core::instance::shut_down_on_signals;
use replicator_core::pipe::Pipe;
use replicator_core::pipe::fence::Fence;
use replicator_core::{consumer, producer};
use replicator_model::epoch::Epoch;
use replicator_model::gtid::GtidSet;
use replicator_model::secret::{FileSource, SecretSource};
use replicator_model::task::{SpecError, Start, TaskSpec};
use reqwest::Url;
use serde_json::{Value, json};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Where a password is looked for that is neither in the address nor in a file.
const PASSWORD_VARIABLE: &str = "REPLICATOR_PASSWORD";

/// Runs until SIGTERM, SIGINT, or the first failure. On a terminal changes are shown for people, unless JSON is asked for;
/// whatever else reads them gets canal-json lines.
pub(crate) async fn run(wanted: Try, output: Output) -> Result<(), Failed> {
    let spec = spec(&wanted)?;
    let consumer: Box<dyn Consumer> = match output {
        Output::Table if std::io::stdout().is_terminal() => {
            Box::new(StdoutConsumer::writing_to(Shown::new(std::io::stdout(), screen())))
        }
        _ => consumer::build(&spec.name, &spec.consumer)?,
    };
    let pipe = Pipe {
        producer: producer::build(&spec.name, &spec.producer, &spec.routes, &spec.pipe)?,
        consumer,
        fence: Fence::new(Epoch::NONE.next(), || true),
        spec: spec.pipe.clone(),
        progress: Arc::default(),
        once: None,
    };
    let stop = CancellationToken::new();
    shut_down_on_signals(stop.clone());
    let address = spec.producer.address();
    let running = pipe.run(None, stop, async |start| {
        let after = start.gtid_set.map_or_else(String::new, |set| format!(", after {set}"));
        eprintln!("reading the changes of {address} from {}{after}; end with Ctrl-C", start.position);
        Ok(())
    });
    match Box::pin(running).await {
        // Whoever read the lines has seen enough, as `head` does.
        Err(failure) if failure.code == "stdout_closed" => Ok(()),
        result => Ok(result?),
    }
}

/// The task that `try` is: one that no coordination tree knows. Its name, and with it its replica id at the source, is
/// this process's own, so that two people can try at the same time.
fn spec(wanted: &Try) -> Result<TaskSpec, Failed> {
    let source = Server::parse(&wanted.source)?;
    let spec = json!({
        "name": format!("try-{}-{}", host_number(), std::process::id()),
        "group": "try",
        "producer": {
            "host": source.host, "port": source.port, "user": source.user,
            "start": start(&wanted.start)?, "tables": wanted.tables,
        },
        "consumer": {"kind": "stdout"},
    });
    let mut spec = TaskSpec::from_json(spec.to_string().as_bytes()).map_err(refused)?;
    if let Some(password) = password(&source, wanted.password_file.as_ref()) {
        spec.producer.password = password;
    }
    Ok(spec)
}

/// Where the password is: in a file, in the address, in the environment, or nowhere.
pub(crate) fn password(server: &Server, file: Option<&PathBuf>) -> Option<SecretSource> {
    match file {
        Some(file) => Some(SecretSource::File(FileSource { file: file.clone() })),
        None => server.password.clone().or_else(|| std::env::var(PASSWORD_VARIABLE).ok()).map(SecretSource::literal),
    }
}

/// Tells hosts apart well enough for a replica id.
fn host_number() -> u32 {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    host.bytes().fold(0, |number: u32, byte| number.wrapping_mul(31).wrapping_add(u32::from(byte)))
}

fn refused(error: SpecError) -> Failed {
    let (detail, hint) = match error {
        SpecError::Syntax(problem) => (problem, "see `replicator try --help`".to_owned()),
        SpecError::Invalid(problems) => {
            let hint = problems.first().map(|problem| problem.hint.clone()).unwrap_or_default();
            (problems.iter().map(|p| format!("{}: {}", p.key, p.problem)).collect::<Vec<_>>().join("; "), hint)
        }
    };
    Failed::new(Exit::Usage, "spec_invalid", detail, hint)
}

/// `latest`, `earliest`, a GTID set, a time, or `FILE:OFFSET`.
fn start(text: &str) -> Result<Value, Failed> {
    Ok(match text.rsplit_once(':').map(|(file, offset)| (file, offset.parse::<u64>())) {
        _ if matches!(text, "latest" | "earliest") => json!(text),
        _ if GtidSet::parse(text).is_ok() => json!({"gtid": text}),
        _ if Start::time_us(text).is_ok() => json!({"time": text}),
        Some((file, Ok(offset))) if !file.is_empty() => json!({"file": file, "offset": offset}),
        _ => {
            let detail = format!("--start {text} is neither a word, a position, a GTID set nor a time");
            let hint = "write latest, earliest, binlog.000042:4, a set as the server shows it in @@gtid_executed or \
                        @@gtid_binlog_pos, or a time such as 2026-11-22T08:00:00Z";
            return Err(Failed::new(Exit::Usage, "start_not_understood", detail, hint));
        }
    })
}

/// A server and who logs in there, as `mysql://user@host/`.
#[derive(PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    password: Option<String>,
}

impl Server {
    pub(crate) fn parse(text: &str) -> Result<Self, Failed> {
        // The address is not repeated in errors: a password may be in it.
        let refuse = |problem: &str| {
            let hint = "write mysql://user@host:3306/, and give the password in REPLICATOR_PASSWORD";
            Failed::new(Exit::Usage, "database_address", format!("the server's address {problem}"), hint)
        };
        let url = Url::parse(text).map_err(|error| refuse(&format!("can't be read: {error}")))?;
        if !matches!(url.scheme(), "mysql" | "mariadb") {
            return Err(refuse("does not begin with mysql://"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("has something after the port; choose tables with --tables"));
        }
        let decode = |part: &str| decoded(part).ok_or_else(|| refuse("has a % that is not followed by two hex digits"));
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(refuse("names no host"));
        }
        if url.username().is_empty() {
            return Err(refuse("names no user"));
        }
        let password = url.password().map(decode).transpose()?;
        Ok(Self { host, port: url.port().unwrap_or(3306), user: decode(url.username())?, password })
    }
}

/// Without percent encoding; `None` if it is none, or not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push(match byte {
            b'%' => u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(String, u16, String, Option<String>), String> {
        Server::parse(text)
            .map(|source| (source.host, source.port, source.user, source.password))
            .map_err(|failed| failed.problem.detail)
    }

    #[test]
    fn addresses_are_taken_apart() {
        let own = |text: &str| text.to_owned();
        assert_eq!(parse("mysql://r@db1/"), Ok((own("db1"), 3306, own("r"), None)));
        assert_eq!(parse("mysql://r:p%40ss%2F@[::1]:3307"), Ok((own("::1"), 3307, own("r"), Some(own("p@ss/")))));
        for bad in ["db1", "http://r@db1/", "mysql://db1/", "mysql://r:canary@db1/shop", "mysql://r:canary@db1:port/"] {
            let error = parse(bad).unwrap_err();
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn starts_are_told_apart() {
        let read = |text: &str| start(text).ok();
        assert_eq!(read("latest"), Some(json!("latest")));
        assert_eq!(read("0-1-7"), Some(json!({"gtid": "0-1-7"})));
        assert_eq!(read("bin.000002:400"), Some(json!({"file": "bin.000002", "offset": 400})));
        assert_eq!(read("2026-11-22T08:00:00Z"), Some(json!({"time": "2026-11-22T08:00:00Z"})));
        assert!(["nonsense", "bin.000002:", ":400"].iter().all(|text| read(text).is_none()));
        let gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:5";
        assert_eq!(read(gtid), Some(json!({"gtid": gtid})));
    }
}
