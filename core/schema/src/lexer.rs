//! Words of a statement, where they stand, and nothing of what they mean.
//!
//! Lexical rules: MySQL Reference Manual, "Language Structure"; MariaDB's `/*M! */` beside `/*! */`. What stands in an
//! executable comment counts only where the server that ran the statement executes it.

use crate::dialect::Dialect;
use std::ops::Range;

/// `sql_mode` bits that change how a statement is cut into words (the same on both families of servers).
pub const ANSI_QUOTES: u64 = 1 << 2;
pub const NO_BACKSLASH_ESCAPES: u64 = 1 << 20;

/// Words of one statement. Beyond that it is rows written as text, which nobody looks into.
const TOKENS_MAX: usize = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKind {
    /// A keyword, or a name without quotes.
    Word,
    /// `1`, `1.5e10`: what begins with a digit and is no name.
    Number,
    /// A name in backquotes (or double quotes under ANSI_QUOTES), with the quotes taken off.
    Quoted(String),
    /// A string; `N'…'` too.
    Text,
    /// `x'4D'`, `0x4D`, `b'01'`, `0b01`: bytes.
    Bytes,
    /// Anything else, one character each.
    Symbol(char),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    /// Where it stands in the statement, quotes included.
    pub span: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LexError {
    #[error("a quote or comment is opened at byte {0} and never closed")]
    Unclosed(usize),
    #[error("it has more than {TOKENS_MAX} words")]
    TooLong,
}

/// Cuts a statement into words. Comments are left out; what stands in a comment that the server executes counts as if
/// the marks were not there.
pub fn tokens(sql: &str, sql_mode: u64, dialect: Dialect) -> Result<Vec<Token>, LexError> {
    let mut lexer = Lexer { sql, at: 0, executable: 0, sql_mode, dialect, tokens: Vec::new() };
    while lexer.step()? {
        if lexer.tokens.len() > TOKENS_MAX {
            return Err(LexError::TooLong);
        }
    }
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
    /// Executable comments that are open.
    executable: usize,
    sql_mode: u64,
    dialect: Dialect,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.sql.get(self.at..).unwrap_or_default()
    }

    /// False at the end.
    fn step(&mut self) -> Result<bool, LexError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(false) };
        if is_space(first) {
            self.at += first.len_utf8();
        } else if first == '#' || is_dash_comment(rest) {
            self.at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            self.comment()?;
        } else if self.executable > 0 && rest.starts_with("*/") {
            self.executable -= 1;
            self.at += 2;
        } else if self.is_text_quote(first) {
            self.text(0, TokenKind::Text)?;
        } else if first == '`' || first == '"' {
            let end = self.closing(0, false)?;
            let inside = self.sql.get(self.at + 1..end - 1).unwrap_or_default();
            let name = inside.replace([first, first].iter().collect::<String>().as_str(), &first.to_string());
            self.push(TokenKind::Quoted(name), end);
        } else if let Some(kind) = prefixed_text(rest) {
            self.text(1, kind)?;
        } else if first.is_ascii_digit() && !self.follows_dot() {
            let (kind, length) = number(rest);
            self.push(kind, self.at + length);
        } else if is_word(first) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            self.push(TokenKind::Word, self.at + length);
        } else {
            self.push(TokenKind::Symbol(first), self.at + first.len_utf8());
        }
        Ok(true)
    }

    fn is_text_quote(&self, quote: char) -> bool {
        quote == '\'' || (quote == '"' && self.sql_mode & ANSI_QUOTES == 0)
    }

    /// A name behind a dot may begin with digits, and be nothing else.
    fn follows_dot(&self) -> bool {
        self.tokens.last().is_some_and(|last| last.kind == TokenKind::Symbol('.') && last.span.end == self.at)
            && self
                .tokens
                .len()
                .checked_sub(2)
                .and_then(|before| self.tokens.get(before))
                .is_some_and(|before| matches!(before.kind, TokenKind::Word | TokenKind::Quoted(_)))
    }

    fn push(&mut self, kind: TokenKind, end: usize) {
        self.tokens.push(Token { kind, span: self.at..end });
        self.at = end;
    }

    /// A string whose quote stands `prefix` bytes on.
    fn text(&mut self, prefix: usize, kind: TokenKind) -> Result<(), LexError> {
        let escapes = kind == TokenKind::Text && self.sql_mode & NO_BACKSLASH_ESCAPES == 0;
        let end = self.closing(prefix, escapes)?;
        self.push(kind, end);
        Ok(())
    }

    /// The byte behind the closing quote. A doubled quote stands for itself.
    fn closing(&self, prefix: usize, escapes: bool) -> Result<usize, LexError> {
        let quoted = self.rest().get(prefix..).unwrap_or_default();
        let quote = quoted.chars().next().unwrap_or_default();
        let mut characters = quoted.char_indices().skip(1).peekable();
        while let Some((offset, character)) = characters.next() {
            if escapes && character == '\\' {
                characters.next();
            } else if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
                return Ok(self.at + prefix + offset + quote.len_utf8());
            }
        }
        Err(LexError::Unclosed(self.at))
    }

    fn comment(&mut self) -> Result<(), LexError> {
        let inside = self.rest().get(2..).unwrap_or_default();
        let (is_mariadbs, code) = match (inside.strip_prefix("M!"), inside.strip_prefix('!')) {
            (Some(code), _) => (true, Some(code)),
            (_, code) => (false, code),
        };
        if let Some(code) = code {
            let digits = code.bytes().take(6).take_while(u8::is_ascii_digit).count();
            let digits = if digits < 5 { 0 } else { digits };
            let since = code.get(..digits).and_then(|digits| digits.parse().ok());
            if self.dialect.executes(is_mariadbs, since) {
                self.at = self.sql.len() - code.len() + digits;
                self.executable += 1;
                return Ok(());
            }
            // Comments inside of one that is not executed end by themselves.
            let mut at = 0;
            while let Some(opened) = code.get(at..).and_then(|rest| rest.find("/*")) {
                let closed = code.get(at..).and_then(|rest| rest.find("*/")).unwrap_or(code.len());
                if closed < opened {
                    break;
                }
                let inner = code.get(at + opened + 2..).and_then(|rest| rest.find("*/"));
                at += opened + 2 + inner.ok_or(LexError::Unclosed(self.at))? + 2;
            }
            let end = code.get(at..).and_then(|rest| rest.find("*/")).ok_or(LexError::Unclosed(self.at))?;
            self.at = self.sql.len() - code.len() + at + end + 2;
            return Ok(());
        }
        let end = inside.find("*/").ok_or(LexError::Unclosed(self.at))?;
        self.at += 2 + end + 2;
        Ok(())
    }
}

/// The bytes of a string as it was meant: quotes and, where they count, escapes taken off.
pub fn text_value(text: &str, sql_mode: u64) -> String {
    let start = text.find(['\'', '"']).unwrap_or(0);
    let mut characters = text.get(start..).unwrap_or_default().chars();
    let quote = characters.next().unwrap_or_default();
    let mut value = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        match character {
            '\\' if sql_mode & NO_BACKSLASH_ESCAPES == 0 => match characters.next() {
                Some('0') => value.push('\0'),
                Some('b') => value.push('\u{8}'),
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some('Z') => value.push('\u{1a}'),
                // They keep their backslash, for LIKE.
                Some(kept @ ('%' | '_')) => value.extend(['\\', kept]),
                Some(other) => value.push(other),
                None => {}
            },
            _ if character == quote => {
                // The closing one, or the first of a doubled one.
                if characters.next() == Some(quote) {
                    value.push(quote);
                }
            }
            _ => value.push(character),
        }
    }
    value
}

/// `--` begins a comment only before white space or at the end.
fn is_dash_comment(rest: &str) -> bool {
    rest.strip_prefix("--").is_some_and(|after| after.chars().next().is_none_or(|c| is_space(c) || c.is_control()))
}

fn is_space(character: char) -> bool {
    character.is_ascii_whitespace() || matches!(character, '\u{b}' | '\0')
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$') || !character.is_ascii()
}

/// `x'…'` and `b'…'` are bytes, `n'…'` is a string.
fn prefixed_text(rest: &str) -> Option<TokenKind> {
    let mut bytes = rest.bytes();
    let kind = match bytes.next()? {
        b'x' | b'X' | b'b' | b'B' => TokenKind::Bytes,
        b'n' | b'N' => TokenKind::Text,
        _ => return None,
    };
    (bytes.next()? == b'\'').then_some(kind)
}

/// What begins with a digit, and its length.
fn number(rest: &str) -> (TokenKind, usize) {
    let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let text = rest.get(..word).unwrap_or_default();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == word {
        let Some(fraction) = rest.get(digits..).and_then(|rest| rest.strip_prefix('.')) else {
            return (TokenKind::Number, word);
        };
        let places = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let end = digits + 1 + places;
        return (TokenKind::Number, end + exponent(rest.get(end..).unwrap_or_default()));
    }
    let (prefix, behind) = (text.get(..2).unwrap_or_default(), text.get(2..).unwrap_or_default());
    let is_hex = prefix == "0x" && !behind.is_empty() && behind.bytes().all(|b| b.is_ascii_hexdigit());
    let is_bits = prefix == "0b" && !behind.is_empty() && behind.bytes().all(|b| matches!(b, b'0' | b'1'));
    if is_hex || is_bits {
        return (TokenKind::Bytes, word);
    }
    match exponent(rest.get(digits..).unwrap_or_default()) {
        0 => (TokenKind::Word, word),
        length if digits + length >= word => (TokenKind::Number, digits + length),
        _ => (TokenKind::Word, word),
    }
}

/// The length of `e10`, `E-3`; 0 if it is none.
fn exponent(rest: &str) -> usize {
    let Some(behind) = rest.strip_prefix(['e', 'E']) else { return 0 };
    let digits = behind.strip_prefix(['+', '-']).unwrap_or(behind);
    match digits.bytes().take_while(u8::is_ascii_digit).count() {
        0 => 0,
        count => 1 + behind.len() - digits.len() + count,
    }
}

#[cfg(test)]
#[path = "lexer_tests.rs"]
mod tests;
