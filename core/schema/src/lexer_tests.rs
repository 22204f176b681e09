use super::*;
use crate::dialect::{ServerFlavor, Version};
use proptest::prelude::*;

const MYSQL: Dialect = Dialect { flavor: ServerFlavor::MySql, version: Version(8, 0, 36) };
const MARIADB: Dialect = Dialect { flavor: ServerFlavor::MariaDb, version: Version(10, 11, 6) };

fn words_of(sql: &str, sql_mode: u64, dialect: Dialect) -> Vec<String> {
    let word = |token: Token| match token.kind {
        TokenKind::Quoted(name) => format!("<{name}>"),
        TokenKind::Text => format!("'{}'", text_value(&sql[token.span], sql_mode)),
        TokenKind::Number => format!("#{}", &sql[token.span]),
        TokenKind::Bytes => format!("0{}", &sql[token.span]),
        TokenKind::Word | TokenKind::Symbol(_) => sql[token.span].to_owned(),
    };
    tokens(sql, sql_mode, dialect).unwrap().into_iter().map(word).collect()
}

fn words(sql: &str, sql_mode: u64) -> Vec<String> {
    words_of(sql, sql_mode, MYSQL)
}

#[test]
fn comments_are_left_out_and_executable_ones_are_not() {
    assert_eq!(words("DROP /* a */ /*!40005 TEMPORARY */ TABLE `x` -- end", 0), ["DROP", "TEMPORARY", "TABLE", "<x>"]);
    assert_eq!(words("a /*M!100100 b */ c # d\n e", 0), ["a", "c", "e"]);
    assert_eq!(words_of("a /*M!100100 b */ c # d\n e", 0, MARIADB), ["a", "b", "c", "e"]);
    assert_eq!(words("a /*!99999 b /* c */ d */ e /*!*/ f", 0), ["a", "e", "f"]);
    assert_eq!(words("a /*!50001 b /* c */ d */ e", 0), ["a", "b", "d", "e"]);
    assert_eq!(words_of("a /*!80000 b */ /*!999 c*/", 0, MARIADB), ["a", "#999", "c"]);
    assert_eq!(words("a--1 /**/ b", 0), ["a", "-", "-", "#1", "b"]);
}

#[test]
fn quotes_follow_the_sql_mode() {
    assert_eq!(words(r#"a."b""c" '\'' 'it''s'"#, 0), ["a", ".", "'b\"c'", "'''", "'it's'"]);
    assert_eq!(words(r#"a."b""c" '\'"#, ANSI_QUOTES | NO_BACKSLASH_ESCAPES), ["a", ".", "<b\"c>", "'\\'"]);
    assert_eq!(words("`a``b`.ü", 0), ["<a`b>", ".", "ü"]);
    assert_eq!(words(r"'a\nb\%c\\'", 0), ["'a\nb\\%c\\'"]);
}

#[test]
fn numbers_names_and_literals_are_told_apart() {
    assert_eq!(words("1 1.5e10 1e5 .5 1. 1a 1e", 0), ["#1", "#1.5e10", "#1e5", ".", "#5", "#1.", "1a", "1e"]);
    assert_eq!(words("db.2024 `d`.1t (1.2)", 0), ["db", ".", "2024", "<d>", ".", "1t", "(", "#1.2", ")"]);
    assert_eq!(
        words("x'4D' 0x4D b'01' 0b01 N'a' _utf8mb4'b' x b", 0),
        ["0x'4D'", "00x4D", "0b'01'", "00b01", "'a'", "_utf8mb4", "'b'", "x", "b"]
    );
    assert_eq!(words("$a a$b 日本", 0), ["$a", "a$b", "日本"]);
}

#[test]
fn what_is_not_closed_is_an_error() {
    for bad in ["a 'b", "`x", "/* x", "a '\\'", "/*!99999 x", "/*!99999 /* x"] {
        assert!(matches!(tokens(bad, 0, MYSQL), Err(LexError::Unclosed(_))), "{bad}");
    }
    assert_eq!(tokens(&"a ".repeat(TOKENS_MAX + 2), 0, MYSQL), Err(LexError::TooLong));
}

proptest! {
    #[test]
    fn anything_is_cut_in_order_without_a_panic(sql in r#"([ -~\n\\üé]|/\*|\*/|!50000|'|`|"|--){0,80}"#, mode: u64) {
        for dialect in [MYSQL, MARIADB] {
            let Ok(tokens) = tokens(&sql, mode, dialect) else { continue };
            let mut end = 0;
            for token in tokens {
                prop_assert!(token.span.start >= end && token.span.end > token.span.start);
                prop_assert!(sql.get(token.span.clone()).is_some());
                end = token.span.end;
            }
        }
    }
}
