//! The words of a statement by their number, how deep they stand in parentheses, and what becomes of them.

use super::Ends;
use crate::lexer::{Token, TokenKind};
use std::ops::Range;

pub(super) struct Words<'a> {
    sql: &'a str,
    tokens: &'a [Token],
    depths: Vec<usize>,
    /// Of the statement's bytes, in no order; they don't overlap.
    edits: Vec<(Range<usize>, String)>,
    /// Parts of lists that are deleted, by their first word.
    dropped: Vec<usize>,
    pub(super) ends: Ends<'a>,
}

impl<'a> Words<'a> {
    pub(super) fn new(sql: &'a str, tokens: &'a [Token], ends: Ends<'a>) -> Self {
        let mut depth = 0usize;
        let depths = tokens.iter().map(|token| match token.kind {
            TokenKind::Symbol('(') => {
                depth += 1;
                depth - 1
            }
            TokenKind::Symbol(')') => {
                depth = depth.saturating_sub(1);
                depth
            }
            _ => depth,
        });
        Self { sql, tokens, depths: depths.collect(), edits: Vec::new(), dropped: Vec::new(), ends }
    }

    /// Behind the last word; the `;` that may end a statement does not count.
    pub(super) fn end(&self) -> usize {
        let end = self.tokens.iter().rposition(|token| token.kind != TokenKind::Symbol(';'));
        end.map_or(0, |last| last + 1)
    }

    fn kind(&self, at: usize) -> Option<&TokenKind> {
        self.tokens.get(at).map(|token| &token.kind)
    }

    /// A word without quotes in upper case; empty for anything else.
    pub(super) fn upper(&self, at: usize) -> String {
        match self.kind(at) {
            Some(TokenKind::Word) => self.raw(at).to_ascii_uppercase(),
            _ => String::new(),
        }
    }

    pub(super) fn is(&self, at: usize, words: &[&str]) -> bool {
        words.contains(&self.upper(at).as_str())
    }

    pub(super) fn raw(&self, at: usize) -> &'a str {
        self.tokens.get(at).and_then(|token| self.sql.get(token.span.clone())).unwrap_or_default()
    }

    pub(super) fn is_symbol(&self, at: usize, symbol: char) -> bool {
        self.kind(at) == Some(&TokenKind::Symbol(symbol))
    }

    pub(super) fn is_number(&self, at: usize) -> bool {
        self.kind(at) == Some(&TokenKind::Number)
    }

    pub(super) fn is_literal(&self, at: usize) -> bool {
        matches!(self.kind(at), Some(TokenKind::Number | TokenKind::Text | TokenKind::Bytes))
    }

    /// A name or a text, without its quotes.
    pub(super) fn value(&self, at: usize) -> String {
        match self.kind(at) {
            Some(TokenKind::Quoted(name)) => name.clone(),
            _ => self.raw(at).trim_matches(['\'', '"']).to_owned(),
        }
    }

    pub(super) fn depth(&self, at: usize) -> usize {
        self.depths.get(at).copied().unwrap_or(0)
    }

    /// The words of the statement as they stand.
    pub(super) fn text(&self, range: Range<usize>) -> &'a str {
        let start = self.tokens.get(range.start).map_or(self.sql.len(), |token| token.span.start);
        let end = range.end.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |last| last.span.end);
        self.sql.get(start..end.max(start)).unwrap_or_default()
    }

    /// Where a table's or column's name stands, with what qualifies it; IF [NOT] EXISTS before it is passed over.
    pub(super) fn name(&self, at: usize) -> Range<usize> {
        let start = self.behind_if_exists(at);
        let mut end = start + 1;
        while self.is_symbol(end, '.') {
            end += 2;
        }
        start..end
    }

    pub(super) fn behind_if_exists(&self, at: usize) -> usize {
        match (self.upper(at).as_str(), self.upper(at + 1).as_str()) {
            ("IF", "EXISTS") => at + 2,
            ("IF", "NOT") => at + 3,
            _ => at,
        }
    }

    /// Behind the parenthesis that closes the one at `at`.
    pub(super) fn behind_parentheses(&self, at: usize) -> usize {
        let depth = self.depth(at);
        let closes = |at: &usize| self.is_symbol(*at, ')') && self.depth(*at) == depth;
        (at + 1..self.tokens.len()).find(closes).map_or(self.tokens.len(), |at| at + 1)
    }

    /// What stands between commas of the depth of the first word.
    pub(super) fn parts(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let depth = self.depth(range.start);
        let mut parts = Vec::new();
        let mut start = range.start;
        for at in range.clone() {
            if self.is_symbol(at, ',') && self.depth(at) == depth {
                parts.push(start..at);
                start = at + 1;
            }
        }
        parts.push(start..range.end);
        parts
    }

    fn span(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.tokens.get(range.start).map_or(self.sql.len(), |token| token.span.start);
        let end = range.end.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |last| last.span.end);
        start..end.max(start)
    }

    pub(super) fn delete(&mut self, range: Range<usize>) {
        let span = self.span(&range);
        self.edits.retain(|(edited, _)| edited.start < span.start || edited.end > span.end);
        self.edits.push((span, String::new()));
    }

    /// Deletes a part of a list; [`Words::close_list`] sees to the commas.
    pub(super) fn delete_part(&mut self, part: Range<usize>) {
        self.dropped.push(part.start);
        self.delete(part);
    }

    /// Leaves commas between the parts that are left.
    pub(super) fn close_list(&mut self, parts: &[Range<usize>]) {
        let mut has_one = false;
        for (part, next) in parts.iter().zip(parts.iter().skip(1)) {
            has_one |= !self.dropped.contains(&part.start);
            if !has_one || self.dropped.contains(&next.start) {
                self.delete(part.end..part.end + 1);
            }
        }
    }

    pub(super) fn replace(&mut self, at: usize, text: impl Into<String>) {
        let span = self.span(&(at..at + 1));
        self.edits.push((span, text.into()));
    }

    pub(super) fn insert_before(&mut self, at: usize, text: &str) {
        let start = self.span(&(at..at + 1)).start;
        self.edits.push((start..start, text.to_owned()));
    }

    pub(super) fn insert_behind(&mut self, at: usize, text: &str) {
        let end = self.span(&(at..at + 1)).end;
        self.edits.push((end..end, text.to_owned()));
    }

    /// The statement with all changes; `None` without any.
    pub(super) fn edited(mut self) -> Option<String> {
        if self.edits.is_empty() {
            return None;
        }
        self.edits.sort_by_key(|(span, _)| (span.start, span.end));
        let mut text = String::with_capacity(self.sql.len());
        let mut at = 0;
        for (span, replacement) in &self.edits {
            text.push_str(self.sql.get(at..span.start).unwrap_or_default());
            text.push_str(replacement);
            at = at.max(span.end);
        }
        text.push_str(self.sql.get(at..).unwrap_or_default());
        Some(text)
    }
}
