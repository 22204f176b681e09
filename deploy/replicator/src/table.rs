//! Tables for people: columns as wide as they need to be. On a terminal rows are as wide as it is, and cells that do not
//! fit go on in the next line; elsewhere each row is one line.

use crate::exit::printable;
use std::fmt;
use std::io::IsTerminal;

/// Widest line of a page.
pub(crate) const WIDTH: usize = 100;
/// Narrowest terminal that tables are fitted to.
const WIDTH_MIN: usize = 60;
/// No column is made narrower.
const COLUMN_MIN: usize = 8;
/// Unless others would get too narrow, the last column alone gives way: there is the prose.
const LAST_MIN: usize = 24;
const GAP: &str = "  ";

pub(crate) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// One cell for each column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| printable(&cell).replace('\n', " ")).collect());
    }

    /// The heading and each row, as lines of at most `width` characters.
    pub(crate) fn blocks(&self, width: usize) -> Vec<String> {
        let widths = self.widths(width);
        let head: Vec<String> = self.head.iter().map(|title| (*title).to_owned()).collect();
        [&head].into_iter().chain(&self.rows).map(|row| block(row, &widths)).collect()
    }

    /// What each column needs, made narrower until all fit.
    fn widths(&self, width: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|title| title.chars().count()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        let surplus = |widths: &[usize]| (widths.iter().sum::<usize>() + gaps).saturating_sub(width);
        let over = surplus(&widths);
        if let Some(last) = widths.last_mut().filter(|last| **last > LAST_MIN) {
            *last = last.saturating_sub(over).max(LAST_MIN);
        }
        while surplus(&widths) > 0 {
            match widths.iter_mut().max() {
                Some(widest) if *widest > COLUMN_MIN => *widest -= 1,
                _ => break,
            }
        }
        widths
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.blocks(screen()).iter().try_for_each(|block| f.write_str(block))
    }
}

/// How wide a table may be: nobody looks at a pipe, and what reads from it wants whole words.
pub(crate) fn screen() -> usize {
    if !std::io::stdout().is_terminal() {
        return usize::MAX;
    }
    terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0).max(WIDTH_MIN))
}

/// A row, whose cells go on below themselves.
fn block(row: &[String], widths: &[usize]) -> String {
    let cells: Vec<Vec<String>> = row.iter().zip(widths).map(|(cell, width)| folded(cell, *width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or_default();
    let mut text = String::new();
    for line in 0..height {
        let parts: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{:<width$}", cell.get(line).map_or("", String::as_str)))
            .collect();
        text.push_str(parts.join(GAP).trim_end());
        text.push('\n');
    }
    text
}

/// A cell in lines, broken between words where there are any.
fn folded(cell: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest: Vec<char> = cell.chars().collect();
    while rest.len() > width {
        let space = rest[..=width].iter().rposition(|c| *c == ' ').filter(|at| *at > 0);
        let behind = rest.split_off(space.unwrap_or(width));
        lines.push(rest.into_iter().collect());
        rest = behind.into_iter().skip_while(|c| *c == ' ').collect();
    }
    lines.push(rest.into_iter().collect());
    lines
}

/// A time as people read it: the Server's clock, in UTC, to the second.
pub(crate) fn moment(time: Option<&String>) -> String {
    match time.and_then(|time| time.get(..19)) {
        Some(seconds) => format!("{}Z", seconds.replace('T', " ")),
        None => time.map_or("-", String::as_str).to_owned(),
    }
}

/// At most `width` characters; what was cut off shows as `…`.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// Text in lines of at most [`WIDTH`], each after `indent`, broken between words.
pub(crate) fn wrap(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in printable(text).split_whitespace() {
        let used = indent.chars().count() + line.chars().count();
        if !line.is_empty() && used + 1 + word.chars().count() > WIDTH {
            lines.push_str(&format!("{indent}{line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push_str(&format!("{indent}{line}\n"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(table: &Table, width: usize) -> Vec<String> {
        table.blocks(width).concat().lines().map(str::to_owned).collect()
    }

    #[test]
    fn columns_line_up_and_no_line_is_too_wide() {
        let mut table = Table::new(&["NAME", "WHERE", "LAG"]);
        table.row(["copy".into(), "x".repeat(150), "0 s".into()]);
        table.row(["a_longer_name".into(), "short".into(), "12 s".into()]);
        let text = lines(&table, WIDTH);
        assert!(text.iter().all(|line| line.chars().count() <= WIDTH), "{text:#?}");
        let column = |line: &str, word: &str| line[..line.find(word).unwrap()].chars().count();
        assert_eq!(column(&text[0], "LAG"), column(text.last().unwrap(), "12 s"), "{text:#?}");
        assert_eq!(text.concat().matches('x').count(), 150, "nothing is left out: {text:#?}");
        assert_eq!(lines(&table, usize::MAX).len(), 3);
    }

    #[test]
    fn prose_gives_way_before_names_do() {
        let mut table = Table::new(&["ID", "REASON"]);
        table.row(["e2c8d645-a0a8-4473-8797-66f4b2c1d0a6".into(), "the target is moved to another house".into()]);
        assert_eq!(
            lines(&table, 66),
            [
                "ID                                    REASON",
                "e2c8d645-a0a8-4473-8797-66f4b2c1d0a6  the target is moved to",
                "                                      another house",
            ]
        );
    }

    #[test]
    fn times_are_to_the_second() {
        for (time, text) in [
            (Some("2026-11-22T07:21:36.623113Z"), "2026-11-22 07:21:36Z"),
            (Some("2026-11-22T07:21:36Z"), "2026-11-22 07:21:36Z"),
            (Some("soon"), "soon"),
            (None, "-"),
        ] {
            assert_eq!(moment(time.map(str::to_owned).as_ref()), text);
        }
    }

    #[test]
    fn long_text_is_wrapped_between_words() {
        let text = wrap(&"word ".repeat(60), "    ");
        assert!(text.lines().all(|line| line.len() <= WIDTH && line.starts_with("    word")), "{text}");
        assert_eq!(text.matches("word").count(), 60);
    }
}
