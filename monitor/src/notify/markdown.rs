//! The little Markdown that the robots of DingTalk, WeCom and Feishu have in common.

use super::template::{Entry, Text};

/// All of a text, without what does not fit into `bytes_max`.
pub(super) fn markdown(text: &Text, bytes_max: usize, line_break: &str) -> String {
    super::fitting(text, bytes_max, |entries, left_out| {
        let mut parts: Vec<String> = entries.iter().map(|entry| part(entry, text.link_label, line_break)).collect();
        if left_out > 0 {
            parts.push(text.more(left_out));
        }
        parts.join("\n\n")
    })
}

fn part(entry: &Entry, link_label: &str, line_break: &str) -> String {
    let mut lines = vec![format!("**{}**", plain(&entry.headline))];
    lines.extend(entry.facts.iter().map(|(label, value)| format!("**{label}**: {}", plain(value))));
    lines.extend(entry.link.as_ref().map(|link| format!("[{link_label}]({link})")));
    lines.join(line_break)
}

/// So that nothing that was found can mention people, make links, or bend the text: these robots take no escapes, so
/// what they would read as markup is shown by its wide twin.
pub(super) fn plain(text: &str) -> String {
    let twin = |c: char| match c {
        '<' => '\u{ff1c}',
        '>' => '\u{ff1e}',
        '[' => '\u{ff3b}',
        ']' => '\u{ff3d}',
        '*' => '\u{ff0a}',
        '#' => '\u{ff03}',
        '@' => '\u{ff20}',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().map(twin).collect()
}
