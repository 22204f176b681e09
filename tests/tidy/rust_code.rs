//! Just enough of Rust's lexical form to search code without being fooled by comments, strings and tests.

use crate::repository::SourceFile;
use std::ops::Range;

/// A file's code in three forms, all as long as the text, so that a byte is in the same place in each.
pub(crate) struct Code {
    /// Without comments.
    pub(crate) with_strings: String,
    /// Without comments and without what is in string and character literals.
    pub(crate) bare: String,
    /// [`Code::bare`] without test modules.
    pub(crate) shipped: String,
}

/// A function's name, the line it begins on and how many lines it has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

impl Code {
    pub(crate) fn of(file: &SourceFile) -> Self {
        let (with_strings, bare) = blank(&file.text);
        let mut shipped = bare.clone();
        if is_test_file(&file.path) {
            erase(&mut shipped, 0..bare.len());
        }
        for range in test_modules(&bare) {
            erase(&mut shipped, range);
        }
        Self { with_strings, bare, shipped }
    }
}

/// A file that is compiled for tests alone, as far as its name tells.
fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.starts_with("tests/") || path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs")
}

/// Whether `word` is in `code` as a word of its own; `::` may be part of it.
pub(crate) fn names(code: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let (before, after) = (code[..at].chars().next_back(), code[at + word.len()..].chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// The functions of code that is [`Code::bare`].
pub(crate) fn functions(bare: &str) -> Vec<Function> {
    let mut functions = Vec::new();
    for (at, _) in bare.match_indices("fn ") {
        let starts_word = !bare[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let name: String = bare[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(body) = body_of(bare, at).filter(|_| starts_word && !name.is_empty()) else { continue };
        let line_of = |byte: usize| bare[..byte].matches('\n').count() + 1;
        functions.push(Function { name, line: line_of(at), lines: line_of(body.end) - line_of(at) + 1 });
    }
    functions
}

/// From the brace that opens a function's body to the one that closes it; `None` for one without a body.
fn body_of(bare: &str, from: usize) -> Option<Range<usize>> {
    let mut depth = 0_i32;
    for (offset, character) in bare[from..].char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ';' if depth == 0 => return None,
            '{' if depth == 0 => return block(bare, from + offset),
            _ => {}
        }
    }
    None
}

/// The block that begins with the brace at `open`.
fn block(bare: &str, open: usize) -> Option<Range<usize>> {
    let mut depth = 0_i32;
    for (offset, character) in bare[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(open..open + offset + 1);
        }
    }
    None
}

fn test_modules(bare: &str) -> Vec<Range<usize>> {
    const ATTRIBUTE: &str = "#[cfg(test)]";
    bare.match_indices(ATTRIBUTE)
        .filter_map(|(at, _)| {
            let rest = bare[at + ATTRIBUTE.len()..].trim_start();
            let open = bare.len() - rest.len() + rest.find('{')?;
            (rest.starts_with("mod ") && !bare[at..open].contains(';')).then(|| block(bare, open)).flatten()
        })
        .collect()
}

fn erase(code: &mut String, range: Range<usize>) {
    let blank: String = code[range.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    code.replace_range(range, &blank);
}

/// The text without comments, and without literals besides.
fn blank(text: &str) -> (String, String) {
    let (mut with_strings, mut bare) = (text.to_owned(), text.to_owned());
    let mut at = 0;
    while at < text.len() {
        let token = token(text, at);
        match token {
            Token::Comment(end) => {
                erase(&mut with_strings, at..end);
                erase(&mut bare, at..end);
                at = end;
            }
            Token::Literal(end) => {
                erase(&mut bare, at..end);
                at = end;
            }
            Token::Other(end) => at = end,
        }
    }
    (with_strings, bare)
}

/// What begins at a byte, and where it ends.
enum Token {
    Comment(usize),
    Literal(usize),
    Other(usize),
}

fn token(text: &str, at: usize) -> Token {
    let rest = &text[at..];
    if rest.starts_with("//") {
        return Token::Comment(at + rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Token::Comment(at + block_comment_length(rest));
    }
    if rest.starts_with('"') {
        return Token::Literal(at + quoted_length(rest));
    }
    if let Some(length) = character_length(rest) {
        return Token::Literal(at + length);
    }
    let word: usize = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum();
    if matches!(&rest[..word], "r" | "br" | "cr") {
        let hashes = rest[word..].bytes().take_while(|byte| *byte == b'#').count();
        if rest[word + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = word + hashes + 1;
            return Token::Literal(at + rest[start..].find(&end).map_or(rest.len(), |found| start + found + end.len()));
        }
    }
    Token::Other(at + word.max(rest.chars().next().map_or(1, char::len_utf8)))
}

fn block_comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn quoted_length(rest: &str) -> usize {
    let mut escaped = false;
    for (offset, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return offset + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal; `None` for a lifetime.
fn character_length(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let mut characters = inside.char_indices();
    let (_, first) = characters.next()?;
    if first == '\\' {
        let (after_escape, _) = characters.nth(1)?;
        return inside[after_escape..].find('\'').map(|end| 1 + after_escape + end + 1);
    }
    let (second_at, second) = characters.next()?;
    (second == '\'').then_some(1 + second_at + 1)
}

#[test]
fn comments_and_literals_are_left_out() {
    let text =
        "let a = \"x // \\\" {\"; // b\nlet c = '{'; fn f<'a>(d: &'a u8) {} /* /* e */ */ let g = r#\"}\"#; '\\''; h";
    let (with_strings, bare) = blank(text);
    assert_eq!((with_strings.len(), bare.len()), (text.len(), text.len()));
    assert!(with_strings.contains("x //") && !with_strings.contains("// b") && !with_strings.contains("e *"));
    let words: Vec<&str> = bare.split_whitespace().collect();
    assert_eq!(words.join(" "), "let a = ; let c = ; fn f<'a>(d: &'a u8) {} let g = ; ; h");
}

#[test]
fn functions_are_measured() {
    let (_, bare) = blank("trait T { fn a(b: [u8; 4]); }\nfn c() {\n  if d { e() }\n}\ntype F = fn (u8);\n");
    assert_eq!(functions(&bare), [Function { name: "c".into(), line: 2, lines: 3 }]);
}

#[test]
fn test_modules_are_not_shipped() {
    let text = "use a;\n#[cfg(test)]\nmod tests { use b; }\n#[cfg(test)]\nmod more;\nuse c;";
    let code = Code::of(&SourceFile { path: "core/src/x.rs".into(), text: text.into() });
    assert!(names(&code.shipped, "a") && names(&code.shipped, "c") && !names(&code.shipped, "b"));
    assert!(!names("rdkafka_sys", "rdkafka") && names("use rdkafka::x", "rdkafka"));
}
