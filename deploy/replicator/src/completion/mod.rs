//! Completion in shells. [`script`] has what a shell is given once; it asks `replicator complete` at each Tab.
//! [`line`] takes the command line apart, [`place`] finds what is wanted at the cursor, [`names`] asks the Server for
//! the names of what there is now.

mod line;
mod names;
mod place;
pub(crate) mod script;

use crate::arguments::Arguments;
use crate::output::write;
use clap::CommandFactory;
use place::{Place, Wanted};

/// Writes how the command line may go on, a word a line; nothing where files are wanted or nothing is known.
pub(crate) async fn answer(text: &str) {
    let mut root = Arguments::command();
    root.build();
    let words = line::words(text);
    let Some((partial, before)) = words.split_last() else { return };
    let Place { wanted, front, given } = place::find(&root, before, partial);
    let typed = partial.strip_prefix(front.as_str()).unwrap_or(partial);
    let found = match wanted {
        Wanted::Words(words) => words,
        Wanted::Names(kind) => names::of(kind, &given).await,
        Wanted::Nothing => Vec::new(),
    };
    let fitting = found.iter().filter(|word| word.starts_with(typed) && !word.contains(char::is_whitespace));
    write(&fitting.map(|word| format!("{front}{word}\n")).collect::<String>());
}
