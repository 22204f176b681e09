//! The condition of a row filter: a small closed language with SQL's three values.

use super::parse;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// A condition as it was written, and what it says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RowFilter {
    text: String,
    condition: Condition<Operand>,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    Column(String),
    Number(super::Number),
    Text(String),
    Null,
}

/// A condition over operands of some form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition<O> {
    Any(Vec<Condition<O>>),
    All(Vec<Condition<O>>),
    Not(Box<Condition<O>>),
    Compared(O, Comparison, O),
    /// One of a list.
    In(O, Vec<O>),
    Between(O, O, O),
    /// `%` and `_` in the text, `\` before one that is meant.
    Like(O, String),
    IsNull(O),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::Unequal => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl RowFilter {
    /// Reads a condition; what is wrong with it, and where, otherwise.
    pub fn new(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        let condition = parse::condition(&text)?;
        Ok(Self { text, condition })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The columns that it looks at.
    pub fn columns(&self) -> Vec<&str> {
        let mut columns = Vec::new();
        self.condition.each(&mut |operand| {
            if let Operand::Column(name) = operand {
                columns.push(name.as_str());
            }
        });
        columns
    }

    pub(super) fn condition(&self) -> &Condition<Operand> {
        &self.condition
    }
}

impl<O> Condition<O> {
    fn each<'a>(&'a self, see: &mut impl FnMut(&'a O)) {
        match self {
            Condition::Any(parts) | Condition::All(parts) => parts.iter().for_each(|part| part.each(see)),
            Condition::Not(part) => part.each(see),
            Condition::Compared(left, _, right) => [left, right].into_iter().for_each(see),
            Condition::In(one, list) => std::iter::once(one).chain(list).for_each(see),
            Condition::Between(one, low, high) => [one, low, high].into_iter().for_each(see),
            Condition::Like(one, _) | Condition::IsNull(one) => see(one),
        }
    }
}

/// Whether a text is like a pattern.
pub(super) fn is_like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut parts = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        parts.push(match character {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => Part::This(characters.next().unwrap_or('\\')),
            other => Part::This(other),
        });
    }
    matches_parts(&text, &parts)
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Any,
    One,
    This(char),
}

/// Without recursion: what the last `%` stands for grows until the rest fits.
fn matches_parts(text: &[char], parts: &[Part]) -> bool {
    let (mut at, mut part) = (0, 0);
    let mut last_any: Option<(usize, usize)> = None;
    while at < text.len() {
        match (parts.get(part), text.get(at)) {
            (Some(Part::Any), _) => {
                last_any = Some((part, at));
                part += 1;
            }
            (Some(Part::One), _) => (at, part) = (at + 1, part + 1),
            (Some(Part::This(wanted)), Some(found)) if wanted == found => (at, part) = (at + 1, part + 1),
            _ => match last_any {
                Some((any, from)) => {
                    last_any = Some((any, from + 1));
                    (at, part) = (from + 1, any + 1);
                }
                None => return false,
            },
        }
    }
    parts.get(part..).unwrap_or_default().iter().all(|part| *part == Part::Any)
}

impl fmt::Debug for RowFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for RowFilter {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::new(text)
    }
}

impl From<RowFilter> for String {
    fn from(filter: RowFilter) -> String {
        filter.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_is_that_of_sql() {
        for (text, pattern, expected) in [
            ("draft", "dr%", true),
            ("draft", "DR%", false),
            ("draft", "%a%t", true),
            ("draft", "d_aft", true),
            ("draft", "d_ft", false),
            ("10%", "10\\%", true),
            ("100", "10\\%", false),
            ("", "%", true),
            ("", "_", false),
            ("grün", "gr_n", true),
            ("aaaaaaaaab", "%a%a%a%c", false),
        ] {
            assert_eq!(is_like(text, pattern), expected, "{text} like {pattern}");
        }
    }
}
