//! What a Server says, or why nothing is heard of it, in the words of the command line.

use crate::exit::{Exit, Failed};
use replicator_server::view::Problem;

/// A Server's hints name its API; whoever types commands wants one.
pub(crate) fn in_words_of_commands(problem: Problem) -> Problem {
    match hint(&problem.code, problem.setup_needed == Some(true)) {
        Some(hint) => Problem { hint: hint.to_owned(), ..problem },
        None => problem,
    }
}

fn hint(code: &str, setup_needed: bool) -> Option<&'static str> {
    Some(match code {
        "not_signed_in" if setup_needed => "make the first user with `replicator setup --user NAME`",
        "not_signed_in" => {
            "sign in with `replicator login --user NAME`, or give an API token that is still good in REPLICATOR_TOKEN or --token-file"
        }
        "task_not_found" => "see `replicator task list`",
        "version_not_found" => "see `replicator task versions`",
        "user_not_found" => "see `replicator user list`",
        "token_not_found" => "see `replicator token list`",
        "channel_not_found" => "see `replicator channels list`",
        "silence_not_found" => "see `replicator silence list`",
        "alert_not_found" => "see `replicator alerts`, and `replicator alerts --history` for those that are over",
        "silence_invalid" => {
            "say what with --task, --rule, --group, --core or --severity, and how long with --for, at most 30d"
        }
        _ => return None,
    })
}

pub(crate) fn unreachable_server(error: &reqwest::Error) -> Failed {
    let place = error.url().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let problem = if error.is_timeout() { "it did not answer in time".to_owned() } else { innermost.to_string() };
    let hint = hint_of_silence(&problem);
    Failed::new(Exit::Unreachable, "server_unreachable", format!("no answer from {place}: {problem}"), hint)
}

fn hint_of_silence(problem: &str) -> &'static str {
    if problem.contains("invalid peer certificate: NotValidForName") || problem.contains("not valid for name") {
        "call the Server by a name that its certificate has"
    } else if problem.contains("invalid peer certificate") {
        "give the certificate that signed the Server's with --ca FILE or REPLICATOR_CA"
    } else if problem.contains("InvalidContentType") {
        "the Server there does not encrypt: its address begins with http://"
    } else {
        "check that replicator-server runs there, or give its address with --server or REPLICATOR_SERVER"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_name_commands_and_what_to_give_them() {
        for (code, setup_needed, part) in [
            ("not_signed_in", true, Some("replicator setup")),
            ("not_signed_in", false, Some("replicator login")),
            ("token_not_found", false, Some("replicator token list")),
            ("version_conflict", false, None),
        ] {
            let hint = hint(code, setup_needed);
            assert_eq!(hint.is_some(), part.is_some(), "{code}");
            part.iter().for_each(|part| assert!(hint.unwrap().contains(part), "{code}: {hint:?}"));
        }
        for (problem, part) in [
            ("invalid peer certificate: UnknownIssuer", "--ca"),
            ("received corrupt message of type InvalidContentType", "http://"),
            ("Connection refused (os error 111)", "--server"),
        ] {
            assert!(hint_of_silence(problem).contains(part), "{problem}");
        }
    }
}
