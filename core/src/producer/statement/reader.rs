//! Walks through the words of a statement.

use super::Name;
use super::lexer::{Token, TokenKind};

pub(super) struct Reader<'a> {
    sql: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sql: &'a str, tokens: &'a [Token]) -> Self {
        Self { sql, tokens, at: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn text(&self, token: &Token) -> &'a str {
        self.sql.get(token.span.clone()).unwrap_or_default()
    }

    pub(super) fn skip(&mut self) {
        self.at += 1;
    }

    /// The next word without quotes, in upper case, without taking it.
    pub(super) fn peek_word(&self) -> Option<String> {
        let token = self.peek().filter(|token| token.kind == TokenKind::Word)?;
        Some(self.text(token).to_ascii_uppercase())
    }

    /// Takes the next word without quotes, in upper case.
    pub(super) fn word(&mut self) -> Option<String> {
        let word = self.peek_word()?;
        self.skip();
        Some(word)
    }

    pub(super) fn next_is(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Word && self.text(token).eq_ignore_ascii_case(word))
    }

    /// Takes a word if it comes next.
    pub(super) fn accept(&mut self, word: &str) -> bool {
        let found = self.next_is(word);
        if found {
            self.skip();
        }
        found
    }

    /// Takes several words if all of them come next.
    pub(super) fn accept_all(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        let found = words.iter().all(|word| self.accept(word));
        if !found {
            self.at = start;
        }
        found
    }

    pub(super) fn next_is_symbol(&self, symbol: char) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Symbol(symbol))
    }

    pub(super) fn accept_symbol(&mut self, symbol: char) -> bool {
        let found = self.next_is_symbol(symbol);
        if found {
            self.skip();
        }
        found
    }

    /// Takes a name, with or without quotes.
    pub(super) fn identifier(&mut self) -> Option<String> {
        let token = self.peek()?;
        let name = match &token.kind {
            TokenKind::Word => self.text(token).to_owned(),
            TokenKind::Quoted(name) => name.clone(),
            TokenKind::Text | TokenKind::Symbol(_) => return None,
        };
        self.skip();
        Some(name)
    }

    /// Takes `table` or `database.table`.
    pub(super) fn name(&mut self) -> Option<Name> {
        let start = self.peek()?.span.start;
        let first = self.identifier()?;
        let (database, table) = if self.accept_symbol('.') { (Some(first), self.identifier()?) } else { (None, first) };
        let end = self.tokens.get(self.at.checked_sub(1)?)?.span.end;
        Some(Name { database, table, span: start..end })
    }

    /// Takes a list of names with commas between.
    pub(super) fn names(&mut self) -> Option<Vec<Name>> {
        let mut names = vec![self.name()?];
        while self.accept_symbol(',') {
            names.push(self.name()?);
        }
        Some(names)
    }

    /// Takes `= value`, where the value is one word, name or string; `user@host` and `CURRENT_USER()` count as one.
    pub(super) fn assignment(&mut self) {
        self.accept_symbol('=');
        self.skip();
        if self.accept_symbol('@') {
            self.skip();
        }
        if self.accept_symbol('(') {
            self.accept_symbol(')');
        }
    }

    /// Where the next word or symbol begins; the end of the statement behind the last.
    pub(super) fn offset(&self) -> usize {
        self.peek().map_or(self.sql.len(), |token| token.span.start)
    }

    /// What is left, as it stands.
    pub(super) fn rest_text(&self) -> String {
        self.sql.get(self.offset()..).unwrap_or_default().trim().to_owned()
    }
}
