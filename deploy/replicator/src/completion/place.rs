//! What is wanted at the cursor: decided by the commands' own description, so that a new command completes by itself.

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, Command};
use replicator_model::name::{ChannelName, CoreName, GroupName, TaskName, UserName};
use replicator_model::rule::RULES;
use replicator_model::task::Start;
use replicator_server::view::TaskState;
use std::any::TypeId;
use std::collections::BTreeMap;

/// Things that have names at the Server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Tasks,
    Groups,
    Cores,
    Channels,
    Users,
    Alerts,
    Silences,
    Tokens,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Words(Vec<String>),
    Names(Names),
    /// A file, or what nobody can know.
    Nothing,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) wanted: Wanted,
    /// What of the word at the cursor comes before that: `--output=`.
    pub(super) front: String,
    /// The values of options that stand before the cursor, by the option's id.
    pub(super) given: BTreeMap<String, String>,
}

/// Types whose values are names, and which.
fn names_of_type(parser: &ValueParser) -> Option<Names> {
    let named = [
        (TypeId::of::<TaskName>(), Names::Tasks),
        (TypeId::of::<GroupName>(), Names::Groups),
        (TypeId::of::<CoreName>(), Names::Cores),
        (TypeId::of::<ChannelName>(), Names::Channels),
        (TypeId::of::<UserName>(), Names::Users),
    ];
    named.into_iter().find(|(of, _)| parser.type_id() == *of).map(|(_, names)| names)
}

/// What an argument takes.
fn values(arg: &Arg) -> Wanted {
    let parser = arg.get_value_parser();
    let listed: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if !listed.is_empty() {
        return Wanted::Words(listed);
    }
    if let Some(names) = names_of_type(parser) {
        return Wanted::Names(names);
    }
    let words = |words: &[&str]| Wanted::Words(words.iter().map(|word| (*word).to_owned()).collect());
    if parser.type_id() == TypeId::of::<Start>() {
        return words(&["earliest", "latest", "gtid:", "time:"]);
    }
    if parser.type_id() == TypeId::of::<TaskState>() {
        let states = ["running", "paused", "stopped", "failed", "retrying", "not_running"];
        return Wanted::Words(states.map(|state| format!("state={state}")).to_vec());
    }
    match arg.get_value_names().and_then(|names| names.first()).map(clap::builder::Str::as_str) {
        Some("RULE") => words(&RULES.map(|rule| rule.code)),
        Some("ALERT") => Wanted::Names(Names::Alerts),
        Some("SILENCE") => Wanted::Names(Names::Silences),
        Some("TOKEN") => Wanted::Names(Names::Tokens),
        _ => Wanted::Nothing,
    }
}

/// The words before the cursor, and the one at it.
pub(super) fn find(root: &Command, before: &[String], partial: &str) -> Place {
    let mut command = root;
    let mut given = BTreeMap::new();
    let (mut positionals, mut option): (usize, Option<&Arg>) = (0, None);
    for word in before {
        if let Some(arg) = option.take() {
            given.insert(arg.get_id().to_string(), word.clone());
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name) && takes_value(arg));
            match (arg, value) {
                (Some(arg), Some(value)) => drop(given.insert(arg.get_id().to_string(), value.to_owned())),
                (arg, _) => option = arg,
            }
        } else if let Some(short) = word.strip_prefix('-').and_then(|short| short.chars().next()) {
            let arg = command.get_arguments().find(|arg| arg.get_short() == Some(short) && takes_value(arg));
            option = arg.filter(|_| word.chars().count() == 2);
        } else if let Some(sub) = command.find_subcommand(word).filter(|_| positionals == 0) {
            command = sub;
        } else {
            positionals += 1;
        }
    }
    let place = |wanted, front: &str| Place { wanted, front: front.to_owned(), given: given.clone() };
    if let Some(arg) = option {
        return place(values(arg), "");
    }
    if let Some((name, _)) = partial.strip_prefix("--").and_then(|long| long.split_once('=')) {
        let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name) && takes_value(arg));
        return place(arg.map_or(Wanted::Nothing, values), &format!("--{name}="));
    }
    if partial.starts_with('-') {
        return place(options(command), "");
    }
    place(next(command, positionals), "")
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

fn options(command: &Command) -> Wanted {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    Wanted::Words(shown.filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect())
}

/// A command, or what the next argument takes; options where there is neither.
fn next(command: &Command, positionals: usize) -> Wanted {
    let commands: Vec<String> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && positionals == 0)
        .map(|sub| sub.get_name().to_owned())
        .collect();
    if !commands.is_empty() {
        return Wanted::Words(commands);
    }
    match command.get_positionals().nth(positionals) {
        Some(arg) => values(arg),
        None => options(command),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Arguments;
    use clap::CommandFactory;

    fn at(line: &str) -> Place {
        let mut root = Arguments::command();
        root.build();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let (partial, before) = words.split_last().unwrap();
        find(&root, before, partial)
    }

    #[test]
    fn names_are_wanted_where_an_argument_is_one() {
        for (line, names) in [
            ("task show ", Names::Tasks),
            ("task rollback --to 3 ", Names::Tasks),
            ("-o json task diff ", Names::Tasks),
            ("task list --group ", Names::Groups),
            ("task handover copy --to ", Names::Cores),
            ("silence add --core ", Names::Cores),
            ("channels test ", Names::Channels),
            ("user remove ", Names::Users),
            ("alerts acknowledge ", Names::Alerts),
            ("silence end ", Names::Silences),
            ("token revoke ", Names::Tokens),
        ] {
            assert_eq!(at(line).wanted, Wanted::Names(names), "{line}");
        }
        let named = at("--server http://h:1 --output=json task show --watch co");
        assert_eq!(named.wanted, Wanted::Names(Names::Tasks));
        let given = ["server", "output"].map(|id| named.given[id].as_str());
        assert_eq!(given, ["http://h:1", "json"]);
    }

    #[test]
    fn words_are_known_without_a_server() {
        for (line, some) in [
            ("", &["task", "doctor", "alerts"][..]),
            ("task ", &["apply", "rewind"]),
            ("task start --", &["--wait", "--timeout", "--server", "--output"]),
            ("-o ", &["table", "json"]),
            ("task show --output=", &["table", "json"]),
            ("task show copy --wait-for ", &["state=running"]),
            ("task rewind copy --to ", &["earliest"]),
            ("rules set ", &["task_lag_warning"]),
            ("user add bob --role ", &["viewer", "admin"]),
            ("completion ", &["bash", "zsh", "fish"]),
            ("alerts ", &["acknowledge"]),
            ("task show copy ", &["--watch"]),
        ] {
            let Wanted::Words(words) = at(line).wanted else { panic!("{line}: {:?}", at(line)) };
            some.iter().for_each(|word| assert!(words.iter().any(|one| one == word), "{line}: {words:?}"));
            assert!(!words.iter().any(|word| word == "complete" || word == "json-lines"), "{line}: {words:?}");
        }
        assert_eq!(at("task show --output=j").front, "--output=");
        assert_eq!(at("task apply -f ").wanted, Wanted::Nothing, "the shell knows files");
    }
}
