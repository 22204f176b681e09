//! Walks through the words of a statement.

use crate::lexer::{Token, TokenKind, text_value};
use std::ops::Range;

/// A table's name in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// `None`: the session's default database.
    pub database: Option<String>,
    pub table: String,
    /// Where it stands in the statement.
    pub span: Range<usize>,
}

pub struct Reader<'a> {
    sql: &'a str,
    tokens: &'a [Token],
    at: usize,
    sql_mode: u64,
}

impl<'a> Reader<'a> {
    pub fn new(sql: &'a str, tokens: &'a [Token], sql_mode: u64) -> Self {
        Self { sql, tokens, at: 0, sql_mode }
    }

    pub fn sql_mode(&self) -> u64 {
        self.sql_mode
    }

    /// Nothing is left but the `;` that may end a statement.
    pub fn is_empty(&self) -> bool {
        let left = self.tokens.get(self.at..).unwrap_or_default();
        left.iter().all(|token| token.kind == TokenKind::Symbol(';'))
    }

    pub fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn text(&self, token: &Token) -> &'a str {
        self.sql.get(token.span.clone()).unwrap_or_default()
    }

    pub fn skip(&mut self) {
        self.at += 1;
    }

    /// The next word without quotes, in upper case, without taking it.
    pub fn peek_word(&self) -> Option<String> {
        let token = self.peek().filter(|token| token.kind == TokenKind::Word)?;
        Some(self.text(token).to_ascii_uppercase())
    }

    /// Takes the next word without quotes, in upper case.
    pub fn word(&mut self) -> Option<String> {
        let word = self.peek_word()?;
        self.skip();
        Some(word)
    }

    pub fn next_is(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Word && self.text(token).eq_ignore_ascii_case(word))
    }

    /// Takes a word if it comes next.
    pub fn accept(&mut self, word: &str) -> bool {
        let found = self.next_is(word);
        if found {
            self.skip();
        }
        found
    }

    /// Takes one of several words if it comes next.
    pub fn accept_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.accept(word))
    }

    /// Takes several words if all of them come next.
    pub fn accept_all(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        let found = words.iter().all(|word| self.accept(word));
        if !found {
            self.at = start;
        }
        found
    }

    pub fn next_is_symbol(&self, symbol: char) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Symbol(symbol))
    }

    pub fn accept_symbol(&mut self, symbol: char) -> bool {
        let found = self.next_is_symbol(symbol);
        if found {
            self.skip();
        }
        found
    }

    /// Takes a name, with or without quotes.
    pub fn identifier(&mut self) -> Option<String> {
        let token = self.peek()?;
        let name = match &token.kind {
            TokenKind::Word => self.text(token).to_owned(),
            TokenKind::Quoted(name) => name.clone(),
            TokenKind::Number | TokenKind::Bytes | TokenKind::Text | TokenKind::Symbol(_) => return None,
        };
        self.skip();
        Some(name)
    }

    /// Takes `table` or `database.table`.
    pub fn name(&mut self) -> Option<Name> {
        let start = self.peek()?.span.start;
        let first = self.identifier()?;
        let (database, table) = if self.accept_symbol('.') { (Some(first), self.identifier()?) } else { (None, first) };
        let end = self.tokens.get(self.at.checked_sub(1)?)?.span.end;
        Some(Name { database, table, span: start..end })
    }

    /// Takes a list of names with commas between.
    pub fn names(&mut self) -> Option<Vec<Name>> {
        let mut names = vec![self.name()?];
        while self.accept_symbol(',') {
            names.push(self.name()?);
        }
        Some(names)
    }

    /// Takes a column's name, perhaps with its table's before.
    pub fn column_name(&mut self) -> Option<String> {
        let mut name = self.identifier()?;
        for _ in 0..2 {
            if self.accept_symbol('.') {
                name = self.identifier()?;
            }
        }
        Some(name)
    }

    /// Takes a number without sign or fraction.
    pub fn number(&mut self) -> Option<u64> {
        let token = self.peek().filter(|token| token.kind == TokenKind::Number)?;
        let number = self.text(token).parse().ok()?;
        self.skip();
        Some(number)
    }

    pub fn next_is_string(&self) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Text)
    }

    /// Takes a string, without its quotes.
    pub fn string(&mut self) -> Option<String> {
        let token = self.peek().filter(|token| token.kind == TokenKind::Text)?;
        self.skip();
        Some(text_value(self.text(token), self.sql_mode))
    }

    /// Takes a name or a string: what stands for a character set or an engine.
    pub fn identifier_or_string(&mut self) -> Option<String> {
        if self.next_is_string() { self.string() } else { self.identifier() }
    }

    /// Takes everything in parentheses, if they come next. False if they don't, or never close.
    pub fn skip_parentheses(&mut self) -> bool {
        if !self.accept_symbol('(') {
            return false;
        }
        let mut depth = 1usize;
        while depth > 0 {
            match self.peek() {
                Some(token) if token.kind == TokenKind::Symbol('(') => depth += 1,
                Some(token) if token.kind == TokenKind::Symbol(')') => depth -= 1,
                Some(_) => {}
                None => return false,
            }
            self.skip();
        }
        true
    }

    /// Takes `= value`, where the value is one word, name or string; `user@host` and `CURRENT_USER()` count as one.
    pub fn assignment(&mut self) {
        self.accept_symbol('=');
        self.skip();
        if self.accept_symbol('@') {
            self.skip();
        }
        if self.accept_symbol('(') {
            self.accept_symbol(')');
        }
    }

    /// A place to come back to.
    pub fn mark(&self) -> usize {
        self.at
    }

    pub fn back_to(&mut self, mark: usize) {
        self.at = mark;
    }

    /// Where the next word or symbol begins; the end of the statement behind the last.
    pub fn offset(&self) -> usize {
        self.peek().map_or(self.sql.len(), |token| token.span.start)
    }

    /// What is left, as it stands.
    pub fn rest_text(&self) -> String {
        self.sql.get(self.offset()..).unwrap_or_default().trim().to_owned()
    }
}
