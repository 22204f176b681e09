//! Statements on tables that a route shapes, or makes one of several: carried where they mean the same at the target.

use crate::producer::statement::{TableAction, TableStatement};
use replicator_model::task::{Route, Router};

/// Why a statement can't be carried, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::producer) enum Obstacle {
    /// It names a column that arrives as another, or not at all.
    Column { problem: String },
    /// It would hit the rows of other tables too.
    Merged { problem: String },
    /// It moves a table from one shape to another.
    Moved { problem: String },
}

/// Looks for an obstacle. `names` are the source's tables of the statement, in its order; `mentions` those that it only refers
/// to.
pub(in crate::producer) fn obstacle(
    statement: &TableStatement,
    sql: &str,
    names: &[(String, String)],
    mentions: &[(String, String)],
    router: &Router,
) -> Option<Obstacle> {
    let routes: Vec<Option<&Route>> = names.iter().map(|(database, table)| router.of(database, table)).collect();
    let words = Words::of(sql);
    for ((database, table), route) in names.iter().zip(&routes) {
        let Some(route) = route else { continue };
        let name = format!("{database}.{table}");
        if route.may_merge() && removes(statement) {
            return Some(Obstacle::Merged {
                problem: format!("{name} is one of several tables that become one, and this would hit the rows of all"),
            });
        }
        if statement.action == TableAction::Create && route.changes_columns() {
            return Some(Obstacle::Column {
                problem: format!("{name} is created, and its route gives it other columns at the target"),
            });
        }
        if let Some(column) = named_column(statement, route, &words) {
            return Some(Obstacle::Column {
                problem: format!("a statement on {name} names `{column}`, which its route changes or asks about"),
            });
        }
    }
    let shaped = |route: &Option<&Route>| route.is_some_and(Route::is_shaped);
    let differ = routes.windows(2).any(|pair| matches!(pair, [a, b] if a != b));
    if is_moving(statement) && differ && routes.iter().any(shaped) {
        return Some(Obstacle::Moved {
            problem: "a table is renamed to one that a route shapes in another way".into(),
        });
    }
    let like = words.has("like") && statement.action == TableAction::Create;
    let copied = mentions
        .iter()
        .find(|(database, table)| router.of(database, table).is_some_and(Route::changes_columns) && like);
    copied.map(|(database, table)| Obstacle::Moved {
        problem: format!("a table is created like {database}.{table}, which has other columns at the target"),
    })
}

/// Whether it takes away the rows of a table, or the table under its name.
fn removes(statement: &TableStatement) -> bool {
    matches!(statement.action, TableAction::Drop | TableAction::Truncate) || is_moving(statement)
}

fn is_moving(statement: &TableStatement) -> bool {
    statement.action == TableAction::Rename || (statement.action == TableAction::Alter && statement.names.len() > 1)
}

/// A column that the route is about and that the statement names. CREATE TABLE names all of them, and drop and truncate none.
fn named_column(statement: &TableStatement, route: &Route, words: &Words) -> Option<String> {
    if !matches!(statement.action, TableAction::Alter | TableAction::Index) {
        return None;
    }
    if route.source_column.is_some() && (words.has("primary") || words.has("unique")) {
        return Some("PRIMARY or UNIQUE".to_owned());
    }
    route.shaped_columns().into_iter().find(|column| words.has(column)).map(ToOwned::to_owned)
}

/// A statement's text, to look for words in it. Texts and comments count too: it is stopped rather than guessed.
struct Words(String);

impl Words {
    fn of(sql: &str) -> Self {
        Self(sql.to_lowercase())
    }

    fn has(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        self.0.match_indices(&word).any(|(start, found)| {
            let before = self.0.get(..start).and_then(|text| text.chars().next_back());
            let after = self.0.get(start + found.len()..).and_then(|text| text.chars().next());
            !before.is_some_and(part) && !after.is_some_and(part)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::producer::statement::Statement;
    use replicator_schema::dialect::{Dialect, ServerFlavor, Version};

    const ROUTES: &str = r#"[
        {"from": "shop.order_*", "to": "w.orders", "source_column": "origin"},
        {"from": "shop.log_*", "to": "w.log"},
        {"from": "shop.user", "mask": {"email": {"keep": 1}}, "where": "status <> 'x'"},
        {"from": "shop.item", "drop": ["secret"], "rename": {"name": "title"}, "add": {"my region": "eu"}}]"#;

    fn found(sql: &str) -> Option<Obstacle> {
        let routes: Vec<Route> = serde_json::from_str(ROUTES).unwrap();
        let statement = Statement::read(sql, 0, Dialect::new(ServerFlavor::MySql, Version(8, 0, 36)));
        let Statement::Table(statement) = statement else { panic!("{statement:?}") };
        let full = |names: &[crate::producer::statement::Name]| -> Vec<(String, String)> {
            names.iter().map(|name| ("shop".to_owned(), name.table.clone())).collect()
        };
        let (names, mentions) = (full(&statement.names), full(&statement.mentions));
        obstacle(&statement, sql, &names, &mentions, &Router::new(&routes))
    }

    #[test]
    fn what_means_the_same_at_the_target_is_carried() {
        for sql in [
            "ALTER TABLE item ADD COLUMN x INT, DROP COLUMN names",
            "ALTER TABLE order_1 ADD COLUMN x INT",
            "ALTER TABLE log_1 ADD UNIQUE KEY (x)",
            "CREATE TABLE user (id INT, email VARCHAR(90), status INT)",
            "CREATE TABLE log_3 (id INT)",
            "DROP TABLE item",
            "TRUNCATE TABLE user",
            "ALTER TABLE other ADD COLUMN secret INT",
            "CREATE INDEX i ON user (id)",
        ] {
            assert_eq!(found(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_does_not_is_stopped() {
        for (sql, expected) in [
            ("ALTER TABLE item DROP COLUMN Secret", "`secret`"),
            ("ALTER TABLE item ADD x INT AFTER `name`", "`name`"),
            ("ALTER TABLE item ADD title INT", "`title`"),
            ("ALTER TABLE item ADD `my region` INT", "`my region`"),
            ("ALTER TABLE user MODIFY email TEXT", "`email`"),
            ("CREATE INDEX i ON user (status)", "`status`"),
            ("CREATE TABLE item (id INT)", "other columns at the target"),
            ("CREATE TABLE other LIKE item", "created like shop.item"),
            ("ALTER TABLE order_1 DROP PRIMARY KEY, ADD PRIMARY KEY (id, x)", "PRIMARY"),
            ("DROP TABLE order_1", "rows of all"),
            ("TRUNCATE log_2", "rows of all"),
            ("RENAME TABLE log_2 TO log_3", "rows of all"),
            ("ALTER TABLE log_2 RENAME TO log_4", "rows of all"),
            ("RENAME TABLE item TO item_old", "shapes in another way"),
        ] {
            let obstacle = format!("{:?}", found(sql));
            assert!(obstacle.contains(expected), "{sql}: {obstacle}");
        }
    }
}
