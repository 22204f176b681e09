//! A command line as its words.

/// The name of the program, with which its words begin.
const PROGRAM: &str = "replicator";

/// The words behind the program's name, as a shell would pass them; the last is the one at the cursor, and may be empty.
/// Nothing if the program is not in the line.
pub(super) fn words(line: &str) -> Vec<String> {
    let words = split(line);
    match words.iter().position(|word| word.rsplit('/').next() == Some(PROGRAM)) {
        Some(program) => words[program + 1..].to_vec(),
        None => Vec::new(),
    }
}

/// Without quotes and backslashes; a quote that is still open ends with the line.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (String::new(), None);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\\', None | Some('"')) => word.extend(chars.next()),
            ('\'' | '"', None) => quote = Some(c),
            (c, None) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (c, _) => word.push(c),
        }
    }
    words.push(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_a_shell_passes_them() {
        for (line, expected) in [
            ("replicator ", &[""][..]),
            ("replicator task sh", &["task", "sh"]),
            ("replicator task show ", &["task", "show", ""]),
            ("A=1 /usr/bin/replicator -o  json al", &["-o", "json", "al"]),
            (
                "replicator skip --reason 'by hand' \"a \\\" b\" c\\ d",
                &["skip", "--reason", "by hand", "a \" b", "c d"],
            ),
            ("replicator x 'still op", &["x", "still op"]),
            ("ls", &[]),
            ("", &[]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }
}
