//! What is wrong with a task's routes, as far as it can be told without asking a server.

use super::Route;
use super::read::SpecProblem;
use crate::secret::SecretSource;
use crate::shape::{Constant, KEPT_MAX, Mask, RowFilter};
use crate::table_pattern::TablePattern;
use serde_json::Value;

/// Longest name of a column, in characters, as for the servers.
const NAME_MAX: usize = 64;

/// Longest constant, in characters.
const CONSTANT_MAX: usize = 4_096;

/// Everything wrong with the routes.
pub(super) fn problems(routes: &[Route]) -> Vec<SpecProblem> {
    let mut found = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        let mut problems = RouteProblems { index, found: &mut found };
        if routes.iter().take(index).any(|earlier| earlier.from == route.from) {
            problems.add("from", "an earlier route has the same pattern, so this one never counts", "join the two");
        }
        problems.target(route);
        problems.names(route);
        problems.contradictions(route);
        problems.masks(route);
    }
    found
}

/// The patterns and conditions of a document that can't be read, by their keys: what is read stops at the first, and does not
/// know where it is.
pub(super) fn unread(document: &Value) -> Vec<SpecProblem> {
    let routes = document.get("route").and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    let mut found = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        let mut problems = RouteProblems { index, found: &mut found };
        let text = |key| route.get(key).and_then(Value::as_str);
        if let Some(Err(error)) = text("from").map(TablePattern::new) {
            problems.add("from", error.problem, "write `database.table`, where `*` stands for any characters");
        }
        if let Some(Err(problem)) = text("where").map(RowFilter::new) {
            problems.add("where", problem, "write a condition such as `status <> 'draft' and amount > 0`");
        }
    }
    found
}

struct RouteProblems<'a> {
    index: usize,
    found: &'a mut Vec<SpecProblem>,
}

impl RouteProblems<'_> {
    fn add(&mut self, key: &str, problem: impl Into<String>, hint: impl Into<String>) {
        let key = format!("route[{}].{key}", self.index);
        self.found.push(SpecProblem { key, problem: problem.into(), hint: hint.into() });
    }

    fn target(&mut self, route: &Route) {
        let problem = match route.to.split_once('.') {
            None => Some("there is no dot in it"),
            Some((database, table)) if database.is_empty() || table.is_empty() => {
                Some("the database or the table is missing")
            }
            Some(("mysql" | "information_schema" | "performance_schema" | "sys" | super::REPLICATOR_DATABASE, _)) => {
                Some("this database belongs to the server or to the replicator")
            }
            Some(_) => None,
        };
        if let Some(problem) = problem {
            self.add("to", format!("`{}`: {problem}", route.to), "write `database.table`");
        }
        let count = route.from.captures_count();
        for name in route.to.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default()) {
            let is_capture = name.parse::<usize>().is_ok_and(|number| (1..=count).contains(&number));
            if !matches!(name, "database" | "table") && !is_capture {
                let hint = match count {
                    0 => "use {database} or {table}; `from` has no parentheses that {1} could stand for".to_owned(),
                    _ => format!("use {{database}}, {{table}}, or {{1}} to {{{count}}} for the parentheses of `from`"),
                };
                self.add("to", format!("`{}`: {{{name}}} stands for nothing", route.to), hint);
            }
        }
    }

    fn names(&mut self, route: &Route) {
        let drop = route.drop.iter().map(|name| ("drop".to_owned(), name));
        let rename = route
            .rename
            .iter()
            .flat_map(|(from, to)| [(format!("rename.{from}"), from), (format!("rename.{from}"), to)]);
        let add = route.add.keys().map(|name| (format!("add.{name}"), name));
        let cast = route.cast.keys().map(|name| (format!("cast.{name}"), name));
        let mask = route.mask.keys().map(|name| (format!("mask.{name}"), name));
        let origin = route.source_column.iter().map(|name| ("source_column".to_owned(), name));
        for (key, name) in drop.chain(rename).chain(add).chain(cast).chain(mask).chain(origin) {
            if name.trim().is_empty() || name.chars().count() > NAME_MAX {
                self.add(&key, format!("`{name}` is no name of a column"), format!("use 1 to {NAME_MAX} characters"));
            }
        }
    }

    /// Each column of the source has one thing happen to its value; each name of the target stands for one column.
    fn contradictions(&mut self, route: &Route) {
        let drop = route.drop.iter().map(|name| ("drop", name.to_lowercase()));
        let cast = route.cast.keys().map(|name| ("cast", name.to_lowercase()));
        let mask = route.mask.keys().map(|name| ("mask", name.to_lowercase()));
        let changed: Vec<_> = drop.chain(cast).chain(mask).collect();
        for (index, (setting, name)) in changed.iter().enumerate() {
            if let Some((other, _)) = changed.iter().take(index).find(|(_, other)| other == name) {
                let key = if *setting == "drop" { "drop".to_owned() } else { format!("{setting}.{name}") };
                self.add(&key, format!("`{name}` is in `{other}` too"), "let one thing happen to a column");
            }
        }
        for name in route.rename.keys() {
            if changed.contains(&("drop", name.to_lowercase())) {
                self.add(&format!("rename.{name}"), format!("`{name}` is dropped"), "drop it or rename it");
            }
        }
        let sources: Vec<String> = route.rename.keys().map(|name| name.to_lowercase()).collect();
        for (index, name) in sources.iter().enumerate() {
            if sources.iter().take(index).any(|other| other == name) {
                self.add(&format!("rename.{name}"), "it is renamed twice", "names are the same in any case");
            }
        }
        let renamed = route.rename.iter().map(|(from, to)| (format!("rename.{from}"), to.to_lowercase()));
        let added = route.add.keys().map(|name| (format!("add.{name}"), name.to_lowercase()));
        let origin = route.source_column.iter().map(|name| ("source_column".to_owned(), name.to_lowercase()));
        let targets: Vec<_> = renamed.chain(added).chain(origin).collect();
        for (index, (key, name)) in targets.iter().enumerate() {
            if let Some((other, _)) = targets.iter().take(index).find(|(_, other)| other == name) {
                self.add(key, format!("`{name}` is a column by `{other}` already"), "give each column its own name");
            }
        }
    }

    fn masks(&mut self, route: &Route) {
        for (name, mask) in &route.mask {
            match mask {
                Mask::Hash(SecretSource::Literal(salt)) if salt.expose().is_empty() => self.add(
                    &format!("mask.{name}.hash"),
                    "the salt is empty, and anybody could hash a guess",
                    "give a long random text, { env = \"NAME\" } or { file = \"/path\" }",
                ),
                Mask::Keep(characters) if !(1..=KEPT_MAX).contains(characters) => self.add(
                    &format!("mask.{name}.keep"),
                    format!("{characters} characters can't be kept"),
                    format!("use 1 to {KEPT_MAX}, or {{ constant = \"\" }} to keep nothing"),
                ),
                Mask::Constant(value) => self.constant(&format!("mask.{name}.constant"), value),
                Mask::Hash(_) | Mask::Keep(_) => {}
            }
        }
        for (name, value) in &route.add {
            self.constant(&format!("add.{name}"), value);
        }
    }

    fn constant(&mut self, key: &str, value: &Constant) {
        if let Constant::Text(text) = value
            && text.chars().count() > CONSTANT_MAX
        {
            self.add(key, "the text is too long", format!("use {CONSTANT_MAX} characters or fewer"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(routes: &str) -> Vec<String> {
        let routes: Vec<Route> = serde_json::from_str(routes).unwrap();
        problems(&routes).into_iter().map(|problem| format!("{}: {}", problem.key, problem.problem)).collect()
    }

    #[test]
    fn a_good_route_has_no_problem() {
        let good = r#"[{"from": "shop_*.order_([0-9]+)", "to": "w.orders_{1}", "source_column": "origin",
            "where": "status <> 'draft'", "drop": ["secret"], "rename": {"name": "title", "title": "name"},
            "add": {"region": "eu", "secret": 1}, "cast": {"amount": "char"},
            "mask": {"email": {"hash": {"env": "S"}}, "phone": {"keep": 4}, "note": {"constant": ""}}}]"#;
        assert_eq!(keys(good), [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_key() {
        let document = serde_json::json!({"route": [
            {"from": "shop.*", "where": "id <"}, {"from": "shop", "where": 7}, {"from": "shop.*", "where": "id > 1"}, 3,
        ]});
        let found: Vec<String> = unread(&document).into_iter().map(|problem| problem.key).collect();
        assert_eq!(found, ["route[0].where", "route[1].from"]);
        assert_eq!(unread(&serde_json::json!({"route": "none"})), []);
    }

    #[test]
    fn what_contradicts_itself_is_named_by_its_key() {
        for (json, expected) in [
            (r#""to": "nodot""#, "route[0].to: `nodot`: there is no dot"),
            (r#""to": "mysql.x""#, "belongs to the server"),
            (r#""to": "w.{1}""#, "{1} stands for nothing"),
            (r#""to": "w.{tabel}""#, "{tabel} stands for nothing"),
            (r#""drop": ["a"], "mask": {"A": {"keep": 1}}"#, "route[0].mask.a: `a` is in `drop` too"),
            (r#""drop": ["a"], "rename": {"a": "b"}"#, "route[0].rename.a: `a` is dropped"),
            (r#""cast": {"a": "char"}, "mask": {"a": {"keep": 1}}"#, "route[0].mask.a: `a` is in `cast` too"),
            (r#""rename": {"a": "x", "b": "X"}"#, "`x` is a column by `rename.a` already"),
            (r#""add": {"x": 1}, "source_column": "X""#, "route[0].source_column: `x` is a column by `add.x`"),
            (r#""rename": {"a": "x", "A": "y"}"#, "renamed twice"),
            (r#""drop": [""]"#, "is no name of a column"),
            (r#""mask": {"a": {"hash": ""}}"#, "route[0].mask.a.hash: the salt is empty"),
            (r#""mask": {"a": {"keep": 0}}"#, "route[0].mask.a.keep: 0 characters"),
        ] {
            let found = keys(&format!(r#"[{{"from": "shop.*", {json}}}]"#));
            assert!(found.iter().any(|problem| problem.contains(expected)), "{json}: {found:?}");
        }
        let twice = keys(r#"[{"from": "shop.*"}, {"from": "shop.*"}]"#);
        assert!(twice.iter().any(|problem| problem.starts_with("route[1].from")), "{twice:?}");
    }
}
