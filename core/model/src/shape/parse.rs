//! Reading a condition.

use super::Number;
use super::condition::{Comparison, Condition, Operand};

/// Longest condition, in bytes.
const LENGTH_MAX: usize = 4096;

/// Deepest nesting of parentheses and NOT.
const DEPTH_MAX: usize = 32;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A name or a keyword, and whether it was quoted.
    Name(String, bool),
    Number(Number),
    Text(String),
    Symbol(&'static str),
}

/// Longest first.
const SYMBOLS: [&str; 10] = ["<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ","];

/// Reads a whole condition. The error says where, counted in characters from 1, and what was expected.
pub(super) fn condition(text: &str) -> Result<Condition<Operand>, String> {
    if text.len() > LENGTH_MAX {
        return Err(format!("the condition is longer than {LENGTH_MAX} bytes"));
    }
    let tokens = tokens(text)?;
    let end = text.chars().count() + 1;
    let mut parser = Parser { tokens: &tokens, end, depth: 0 };
    let condition = parser.any()?;
    match parser.tokens {
        [] => Ok(condition),
        _ => Err(parser.expected("AND, OR or the end")),
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let place = text.get(..text.len() - rest.len()).unwrap_or_default().chars().count() + 1;
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if first == '\'' || first == '`' {
            let (inside, length) =
                quoted(rest, first).ok_or_else(|| format!("character {place}: the quote is never closed"))?;
            tokens.push((place, if first == '`' { Token::Name(inside, true) } else { Token::Text(inside) }));
            length
        } else if first.is_ascii_digit() || matches!(first, '-' | '.') {
            let length =
                1 + rest.chars().skip(1).take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_')).count();
            let written = rest.get(..length).unwrap_or_default();
            let number = Number::parse(written).ok_or_else(|| {
                format!("character {place}: `{written}` is no number with digits and at most one point; quote names in backquotes")
            })?;
            tokens.push((place, Token::Number(number)));
            length
        } else if first.is_alphabetic() || matches!(first, '_' | '$') {
            let is_name = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '$');
            let name: String = rest.chars().take_while(is_name).collect();
            let length = name.len();
            tokens.push((place, Token::Name(name, false)));
            length
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            tokens.push((place, Token::Symbol(symbol)));
            symbol.len()
        } else {
            return Err(format!("character {place}: `{first}` has no meaning here"));
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(tokens)
}

/// What stands between two quotes, where a doubled one is one, and its length with them.
fn quoted(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut inside = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((offset, character)) = characters.next() {
        if character != quote {
            inside.push(character);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            inside.push(quote);
        } else {
            return Some((inside, offset + 1));
        }
    }
    None
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    /// The place behind the last character.
    end: usize,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Condition<Operand>, String> {
        let mut parts = vec![self.all()?];
        while self.accept_word("or") {
            parts.push(self.all()?);
        }
        Ok(joined(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition<Operand>, String> {
        let mut parts = vec![self.negated()?];
        while self.accept_word("and") {
            parts.push(self.negated()?);
        }
        Ok(joined(parts, Condition::All))
    }

    fn negated(&mut self) -> Result<Condition<Operand>, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("it is nested more than {DEPTH_MAX} deep"));
        }
        let condition = if self.accept_word("not") {
            Condition::Not(Box::new(self.negated()?))
        } else if self.accept("(") {
            let inner = self.any()?;
            self.require(")")?;
            inner
        } else {
            self.predicate()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn predicate(&mut self) -> Result<Condition<Operand>, String> {
        let left = self.operand()?;
        if self.accept_word("is") {
            let negated = self.accept_word("not");
            if !self.accept_word("null") {
                return Err(self.expected("NULL"));
            }
            return Ok(perhaps_not(negated, Condition::IsNull(left)));
        }
        let negated = self.accept_word("not");
        if self.accept_word("in") {
            return Ok(perhaps_not(negated, Condition::In(left, self.list()?)));
        }
        if self.accept_word("between") {
            let low = self.operand()?;
            if !self.accept_word("and") {
                return Err(self.expected("AND"));
            }
            return Ok(perhaps_not(negated, Condition::Between(left, low, self.operand()?)));
        }
        if self.accept_word("like") {
            return match self.operand()? {
                Operand::Text(pattern) => Ok(perhaps_not(negated, Condition::Like(left, pattern))),
                _ => Err("LIKE needs a text in quotes on its right".to_owned()),
            };
        }
        if negated {
            return Err(self.expected("IN, BETWEEN or LIKE"));
        }
        let comparison = self.comparison()?;
        Ok(Condition::Compared(left, comparison, self.operand()?))
    }

    fn list(&mut self) -> Result<Vec<Operand>, String> {
        self.require("(")?;
        let mut list = vec![self.operand()?];
        while self.accept(",") {
            list.push(self.operand()?);
        }
        self.require(")")?;
        Ok(list)
    }

    fn comparison(&mut self) -> Result<Comparison, String> {
        for (symbol, comparison) in [
            ("=", Comparison::Equal),
            ("<>", Comparison::Unequal),
            ("!=", Comparison::Unequal),
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ] {
            if self.accept(symbol) {
                return Ok(comparison);
            }
        }
        Err(self.expected("=, <>, <, <=, >, >=, IN, LIKE, BETWEEN or IS"))
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let Some(((_, token), rest)) = self.tokens.split_first() else {
            return Err(self.expected("a column or a value"));
        };
        let operand = match token {
            Token::Number(number) => Operand::Number(number.clone()),
            Token::Text(text) => Operand::Text(text.clone()),
            Token::Name(name, false) if name.eq_ignore_ascii_case("null") => Operand::Null,
            Token::Name(name, false) if name.eq_ignore_ascii_case("true") => Operand::Number(1i64.into()),
            Token::Name(name, false) if name.eq_ignore_ascii_case("false") => Operand::Number(0i64.into()),
            Token::Name(name, false) if is_keyword(name) => return Err(self.expected("a column or a value")),
            Token::Name(name, _) => Operand::Column(name.clone()),
            Token::Symbol(_) => return Err(self.expected("a column or a value")),
        };
        self.tokens = rest;
        Ok(operand)
    }

    fn accept_word(&mut self, word: &str) -> bool {
        self.accept_if(|token| matches!(token, Token::Name(name, false) if name.eq_ignore_ascii_case(word)))
    }

    fn accept(&mut self, symbol: &str) -> bool {
        self.accept_if(|token| matches!(token, Token::Symbol(found) if *found == symbol))
    }

    fn accept_if(&mut self, is_it: impl Fn(&Token) -> bool) -> bool {
        match self.tokens.split_first() {
            Some(((_, token), rest)) if is_it(token) => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }

    fn require(&mut self, symbol: &str) -> Result<(), String> {
        if self.accept(symbol) { Ok(()) } else { Err(self.expected(&format!("`{symbol}`"))) }
    }

    fn expected(&self, what: &str) -> String {
        let place = self.tokens.first().map_or(self.end, |(place, _)| *place);
        format!("character {place}: expected {what}")
    }
}

fn is_keyword(name: &str) -> bool {
    ["and", "or", "not", "in", "like", "between", "is"].iter().any(|word| name.eq_ignore_ascii_case(word))
}

fn joined(
    mut parts: Vec<Condition<Operand>>,
    join: impl Fn(Vec<Condition<Operand>>) -> Condition<Operand>,
) -> Condition<Operand> {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => join(parts.into_iter().chain(last).collect()),
    }
}

fn perhaps_not(negated: bool, condition: Condition<Operand>) -> Condition<Operand> {
    if negated { Condition::Not(Box::new(condition)) } else { condition }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_condition_says_where() {
        for (text, expected) in [
            ("", "character 1: expected a column"),
            ("a", "character 2: expected ="),
            ("a = ", "character 5: expected a column"),
            ("a = 1 b = 2", "character 7: expected AND, OR"),
            ("a = 'x", "character 5: the quote"),
            ("(a = 1", "expected `)`"),
            ("a in ()", "character 7"),
            ("a like b", "LIKE needs a text"),
            ("a between 1 or 2", "expected AND"),
            ("a is 1", "expected NULL"),
            ("a = 1e3", "`1e3` is no number"),
            ("a; drop table x", "`;` has no meaning"),
            ("sleep(5)", "expected ="),
            ("a not 1", "expected IN, BETWEEN or LIKE"),
        ] {
            let error = condition(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(condition(&"(".repeat(100)).unwrap_err().contains("nested"));
        assert!(condition(&"not ".repeat(100)).unwrap_err().contains("nested"));
        assert!(condition(&format!("a = '{}'", "x".repeat(5_000))).unwrap_err().contains("longer"));
    }

    #[test]
    fn quotes_are_doubled_inside_of_quotes() {
        let column = |name: &str| Operand::Column(name.into());
        assert_eq!(
            condition("`or``x` = 'it''s'").unwrap(),
            Condition::Compared(column("or`x"), Comparison::Equal, Operand::Text("it's".into()))
        );
    }
}
