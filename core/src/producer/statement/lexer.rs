//! Words of a statement, where they stand, and nothing of what they mean.
//!
//! Lexical rules: MySQL Reference Manual, "Language Structure"; MariaDB's `/*M! */` beside `/*! */`.

use std::ops::Range;

/// `sql_mode` bits that change how a statement is cut into words (the same on both families of servers).
pub(crate) const ANSI_QUOTES: u64 = 1 << 2;
pub(crate) const NO_BACKSLASH_ESCAPES: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword, a name without quotes, or a number.
    Word,
    /// A name in backquotes (or double quotes under ANSI_QUOTES), with the quotes taken off.
    Quoted(String),
    /// A string.
    Text,
    /// Anything else, one character each.
    Symbol(char),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// Where it stands in the statement, quotes included.
    pub(crate) span: Range<usize>,
}

/// A quote or comment that is opened and never closed, at this byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unclosed(pub(crate) usize);

/// Cuts a statement into words. Comments are left out; what stands in `/*! */` counts as if the marks were not there.
pub(crate) fn tokens(sql: &str, sql_mode: u64) -> Result<Vec<Token>, Unclosed> {
    let mut lexer = Lexer { sql, at: 0, executable: 0, sql_mode, tokens: Vec::new() };
    while lexer.step()? {}
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
    /// Executable comments that are open.
    executable: usize,
    sql_mode: u64,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.sql.get(self.at..).unwrap_or_default()
    }

    /// False at the end.
    fn step(&mut self) -> Result<bool, Unclosed> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(false) };
        if first.is_whitespace() || first == '\0' {
            self.at += first.len_utf8();
        } else if first == '#' || is_dash_comment(rest) {
            self.at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            self.comment()?;
        } else if self.executable > 0 && rest.starts_with("*/") {
            self.executable -= 1;
            self.at += 2;
        } else if first == '\'' || (first == '"' && self.sql_mode & ANSI_QUOTES == 0) {
            let escapes = self.sql_mode & NO_BACKSLASH_ESCAPES == 0;
            let end = self.closing(first, escapes)?;
            self.push(TokenKind::Text, end);
        } else if first == '`' || first == '"' {
            let end = self.closing(first, false)?;
            let inside = self.sql.get(self.at + 1..end - 1).unwrap_or_default();
            let name = inside.replace([first, first].iter().collect::<String>().as_str(), &first.to_string());
            self.push(TokenKind::Quoted(name), end);
        } else if is_word(first) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            self.push(TokenKind::Word, self.at + length);
        } else {
            self.push(TokenKind::Symbol(first), self.at + first.len_utf8());
        }
        Ok(true)
    }

    fn push(&mut self, kind: TokenKind, end: usize) {
        self.tokens.push(Token { kind, span: self.at..end });
        self.at = end;
    }

    /// The byte behind the closing quote. A doubled quote stands for itself.
    fn closing(&self, quote: char, escapes: bool) -> Result<usize, Unclosed> {
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((offset, character)) = characters.next() {
            if escapes && character == '\\' {
                characters.next();
            } else if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
                return Ok(self.at + offset + quote.len_utf8());
            }
        }
        Err(Unclosed(self.at))
    }

    fn comment(&mut self) -> Result<(), Unclosed> {
        let inside = self.rest().get(2..).unwrap_or_default();
        let marked = inside.strip_prefix("M!").or_else(|| inside.strip_prefix('!'));
        match marked {
            Some(code) => {
                let code = code.trim_start_matches(|c: char| c.is_ascii_digit());
                self.at = self.sql.len() - code.len();
                self.executable += 1;
            }
            None => match inside.find("*/") {
                Some(end) => self.at += 2 + end + 2,
                None => return Err(Unclosed(self.at)),
            },
        }
        Ok(())
    }
}

/// `--` begins a comment only before white space or at the end.
fn is_dash_comment(rest: &str) -> bool {
    rest.strip_prefix("--")
        .is_some_and(|after| after.chars().next().is_none_or(|c| c.is_whitespace() || c.is_control()))
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$') || !character.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(sql: &str, sql_mode: u64) -> Vec<String> {
        let word = |token: Token| match token.kind {
            TokenKind::Quoted(name) => format!("<{name}>"),
            TokenKind::Text => "''".to_owned(),
            TokenKind::Word | TokenKind::Symbol(_) => sql[token.span].to_owned(),
        };
        tokens(sql, sql_mode).unwrap().into_iter().map(word).collect()
    }

    #[test]
    fn comments_are_left_out_and_executable_ones_are_not() {
        assert_eq!(
            words("DROP /* a */ /*!40005 TEMPORARY */ TABLE `x` -- end", 0),
            ["DROP", "TEMPORARY", "TABLE", "<x>"]
        );
        assert_eq!(words("a /*M!100100 b */ c # d\n e", 0), ["a", "b", "c", "e"]);
        assert_eq!(words("a--1", 0), ["a", "-", "-", "1"]);
    }

    #[test]
    fn quotes_follow_the_sql_mode() {
        assert_eq!(words(r#"a."b""c" '\'' 'it''s'"#, 0), ["a", ".", "''", "''", "''"]);
        assert_eq!(words(r#"a."b""c" '\'"#, ANSI_QUOTES | NO_BACKSLASH_ESCAPES), ["a", ".", "<b\"c>", "''"]);
        assert_eq!(words("`a``b`.ü", 0), ["<a`b>", ".", "ü"]);
    }

    #[test]
    fn what_is_not_closed_is_an_error() {
        for bad in ["a 'b", "`x", "/* x", "a '\\'"] {
            assert!(tokens(bad, 0).is_err(), "{bad}");
        }
    }
}
