//! What of the source belongs to the task, and what a statement means for it.

use super::shaped::{self, Obstacle};
use super::statement::{DataStatement, DatabaseAction, Name, Statement, TableAction, TableStatement};
use replicator_model::table_pattern::{TableFilter, TablePattern};
use replicator_model::task::{ProducerSpec, Route, Router};

/// Which tables are replicated, and where they go.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    filter: TableFilter,
    tables: Vec<TablePattern>,
    exclude: Vec<TablePattern>,
    routes: Vec<Route>,
    router: Router,
    /// The source keeps names in lower case (`lower_case_table_names = 1`); statements have them as they were typed.
    lower_case: bool,
}

/// A statement with what it needs to be judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged<'a> {
    pub(super) statement: &'a Statement,
    pub(super) sql: &'a str,
    /// The session's default database.
    pub(super) database: &'a str,
    /// Databases whose rows the statement changes, where the source says so.
    pub(super) updated_databases: Option<&'a [String]>,
}

/// What is to be done with a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It changes nothing that is replicated.
    Ignore,
    /// It is carried, perhaps under other names.
    Carry(Carried),
    /// It can't be carried faithfully: code, what is wrong, what to do.
    Refuse { code: &'static str, problem: String, hint: String },
}

/// A statement as the target is to run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) sql: String,
    /// The database to run it in.
    pub(super) database: String,
    /// The source's tables it changes.
    pub(super) tables: Vec<(String, String)>,
}

fn refuse(code: &'static str, problem: impl Into<String>, hint: impl Into<String>) -> Verdict {
    Verdict::Refuse { code, problem: problem.into(), hint: hint.into() }
}

/// A schema change means something else for what routes make of its tables.
fn stopped(obstacle: Obstacle) -> Verdict {
    let hint = "do at the target by hand what it means there, change the route if need be, and start after it";
    match obstacle {
        Obstacle::Column { problem } => refuse("statement_names_shaped_column", problem, hint),
        Obstacle::Merged { problem } => refuse("statement_on_merged_table", problem, hint),
        Obstacle::Moved { problem } => refuse("statement_not_routed", problem, hint),
    }
}

const HINT_BY_HAND: &str = "apply it to the target by hand and start after it";

impl Scope {
    pub(super) fn new(spec: &ProducerSpec, routes: &[Route]) -> Self {
        Self {
            filter: spec.filter(),
            tables: spec.tables.clone(),
            exclude: spec.exclude.clone(),
            routes: routes.to_vec(),
            router: Router::new(routes),
            lower_case: false,
        }
    }

    pub(super) fn set_lower_case(&mut self, lower_case: bool) {
        self.lower_case = lower_case;
    }

    pub(super) fn has(&self, database: &str, table: &str) -> bool {
        self.filter.matches(database, table)
    }

    pub(super) fn has_database(&self, database: &str) -> bool {
        self.filter.matches_database(database)
    }

    pub(super) fn target(&self, database: &str, table: &str) -> (String, String) {
        self.router.route(database, table)
    }

    /// The route of a table, if it shapes rows.
    pub(super) fn shape(&self, database: &str, table: &str) -> Option<&Route> {
        self.router.of(database, table).filter(|route| route.is_shaped())
    }

    /// Whether one of these tables may become one with others at the target.
    pub(super) fn merges(&self, tables: &[(String, String)]) -> bool {
        tables.iter().any(|(database, table)| self.router.of(database, table).is_some_and(Route::may_merge))
    }

    /// Decides about a statement other than those that bracket transactions.
    pub(super) fn judge(&self, judged: Judged<'_>) -> Verdict {
        match judged.statement {
            Statement::Ignored => Verdict::Ignore,
            Statement::Table(statement) => self.judge_table(statement, judged),
            Statement::Database(action, name) => {
                let name = name.as_deref().unwrap_or(judged.database);
                self.judge_database(*action, &self.cased(name), judged.sql)
            }
            Statement::Data(statement) => self.judge_data(statement, judged),
            Statement::Unknown(words) if self.is_elsewhere(judged) => {
                tracing::debug!(statement = words, "a statement outside of the replicated databases is passed over");
                Verdict::Ignore
            }
            Statement::Unknown(words) => refuse(
                "statement_not_understood",
                format!("the statement `{words} …` is not understood and may change replicated tables"),
                format!("{HINT_BY_HAND}, or start after it if it does not matter"),
            ),
            Statement::Begin
            | Statement::Commit
            | Statement::Rollback
            | Statement::Savepoint
            | Statement::RollbackToSavepoint
            | Statement::XaBracket
            | Statement::XaCommit(_)
            | Statement::XaRollback(_) => Verdict::Ignore,
        }
    }

    fn cased(&self, name: &str) -> String {
        if self.lower_case { name.to_lowercase() } else { name.to_owned() }
    }

    /// The source's names of a table in a statement; `None` where a database is missing.
    fn resolve(&self, name: &Name, database: &str) -> Option<(String, String)> {
        let database = name.database.as_deref().unwrap_or(database);
        (!database.is_empty()).then(|| (self.cased(database), self.cased(&name.table)))
    }

    /// The source says which databases a statement changed, and none of them is replicated.
    fn is_elsewhere(&self, judged: Judged<'_>) -> bool {
        judged.updated_databases.is_some_and(|databases| {
            !databases.iter().any(|database| self.filter.matches_database(&self.cased(database)))
        })
    }

    fn judge_table(&self, statement: &TableStatement, judged: Judged<'_>) -> Verdict {
        if statement.temporary {
            return Verdict::Ignore;
        }
        let Some(names) =
            statement.names.iter().map(|name| self.resolve(name, judged.database)).collect::<Option<Vec<_>>>()
        else {
            return refuse(
                "statement_not_understood",
                "a statement names a table without a database, and its session had none",
                HINT_BY_HAND,
            );
        };
        let inside: Vec<bool> = names.iter().map(|(database, table)| self.has(database, table)).collect();
        if !inside.contains(&true) {
            return Verdict::Ignore;
        }
        if statement.from_select {
            return refuse(
                "statement_format",
                "CREATE TABLE … SELECT was logged as a statement, so its rows are not in the binary log",
                "set binlog_format = ROW for all sessions of the source; copy the table again",
            );
        }
        if let Some(obstacle) = self.obstacle(statement, &names, judged) {
            return stopped(obstacle);
        }
        if inside.contains(&false) {
            return self.judge_across(statement, &names, &inside);
        }
        match self.routed(statement, judged) {
            Some((sql, database)) => Verdict::Carry(Carried { sql, database, tables: names }),
            None => refuse(
                "statement_not_routed",
                "a view's definition can't be carried to tables under other names",
                "exclude the view from the task",
            ),
        }
    }

    /// What keeps the statement from meaning the same at the target, of those tables that the task replicates.
    fn obstacle(&self, statement: &TableStatement, names: &[(String, String)], judged: Judged<'_>) -> Option<Obstacle> {
        if self.router.is_empty() {
            return None;
        }
        let ours: Vec<_> = names.iter().filter(|(database, table)| self.has(database, table)).cloned().collect();
        let resolved = |name| self.resolve(name, judged.database);
        let mentions: Vec<_> = statement.mentions.iter().filter_map(resolved).collect();
        shaped::obstacle(statement, judged.sql, &ours, &mentions, &self.router)
    }

    /// Some of the tables belong to the task and some do not. A list of tables to drop is cut down to those that do.
    fn judge_across(&self, statement: &TableStatement, names: &[(String, String)], inside: &[bool]) -> Verdict {
        let ours: Vec<_> =
            names.iter().zip(inside).filter(|(_, inside)| **inside).map(|(name, _)| name.clone()).collect();
        let object = match statement.action {
            TableAction::Drop => "TABLE",
            TableAction::DropView => "VIEW",
            _ => {
                let outside: Vec<_> = names.iter().zip(inside).filter(|(_, inside)| !**inside).collect();
                let outside: Vec<_> =
                    outside.iter().map(|((database, table), _)| format!("{database}.{table}")).collect();
                return refuse(
                    "statement_leaves_scope",
                    format!(
                        "a statement joins replicated tables with {}, which the task leaves out",
                        outside.join(", ")
                    ),
                    "replicate those tables too (a tool that copies and renames tables needs its own ones), or apply it \
                     to the target by hand and start after it",
                );
            }
        };
        let targets: Vec<String> = ours.iter().map(|(database, table)| self.target_sql(database, table)).collect();
        let database = ours.first().map(|(database, table)| self.target(database, table).0).unwrap_or_default();
        Verdict::Carry(Carried {
            sql: format!("DROP {object} IF EXISTS {}", targets.join(", ")),
            database,
            tables: ours,
        })
    }

    fn target_sql(&self, database: &str, table: &str) -> String {
        let (database, table) = self.target(database, table);
        format!("`{}`.`{}`", database.replace('`', "``"), table.replace('`', "``"))
    }

    /// The statement, and the database to run it in, with the target's names where they differ or where the session's
    /// database need not exist at the target. `None` for a view under another name: its query is not looked into.
    fn routed(&self, statement: &TableStatement, judged: Judged<'_>) -> Option<(String, String)> {
        let is_view = statement.action == TableAction::View;
        let mut edits = Vec::new();
        let mut database = judged.database.to_owned();
        let elsewhere = !judged.database.is_empty() && !self.filter.matches_database(&self.cased(judged.database));
        let mut renamed = elsewhere && !is_view;
        for name in statement.names.iter().chain(&statement.mentions) {
            if let Some((database, table)) = self.resolve(name, judged.database) {
                renamed |= self.target(&database, &table) != (database.clone(), table.clone());
                // The source took the names for lower case; a target may not.
                let is_typed_so = name.table == table && name.database.as_ref().is_none_or(|typed| *typed == database);
                renamed |= !is_typed_so && !is_view;
                edits.push((name.span.clone(), self.target_sql(&database, &table)));
            }
        }
        if !renamed {
            edits.clear();
        } else if is_view {
            return None;
        } else if let Some((own, table)) = statement.names.first().and_then(|name| self.resolve(name, judged.database))
        {
            database = self.target(&own, &table).0;
        }
        // The rows of CREATE TABLE … SELECT follow; the clause only means something inside the source's server.
        edits.extend(statement.start_transaction.clone().map(|span| (span, String::new())));
        edits.sort_by_key(|(span, _)| span.start);
        let mut sql = judged.sql.to_owned();
        for (span, text) in edits.into_iter().rev() {
            sql.replace_range(span, &text);
        }
        Some((sql, database))
    }

    fn judge_database(&self, action: DatabaseAction, name: &str, sql: &str) -> Verdict {
        if !self.filter.matches_database(name) {
            return Verdict::Ignore;
        }
        let routed = self.routes.iter().any(|route| route.from.matches_database(name));
        match action {
            // Its tables live in another database of the target, which is the operator's.
            DatabaseAction::Create | DatabaseAction::Alter if routed => Verdict::Ignore,
            DatabaseAction::Drop if routed || !self.has_whole(name) => refuse(
                "database_dropped",
                format!("the source dropped the database `{name}`, of which the task replicates some tables"),
                format!("drop those tables on the target by hand and start after it, or {HINT_BY_HAND}"),
            ),
            _ => Verdict::Carry(Carried { sql: sql.to_owned(), database: String::new(), tables: Vec::new() }),
        }
    }

    /// Whether every table of a database is replicated, as far as the patterns show.
    fn has_whole(&self, database: &str) -> bool {
        let all = |pattern: &&TablePattern| {
            pattern.matches_database(database)
                && pattern.as_str().split_once('.').is_some_and(|(_, table)| matches!(table, "*" | ".*"))
        };
        self.tables.iter().any(|pattern| all(&pattern))
            && !self.exclude.iter().any(|pattern| pattern.matches_database(database))
    }

    fn judge_data(&self, statement: &DataStatement, judged: Judged<'_>) -> Verdict {
        if self.is_elsewhere(judged) {
            return Verdict::Ignore;
        }
        let verb = &statement.verb;
        let table = statement.name.as_ref().and_then(|name| self.resolve(name, judged.database));
        let about = match table {
            // Triggers of that table could still change others, but only in databases that the source names as updated.
            Some((database, table)) if !self.has(&database, &table) && !self.reaches_others(&database, judged) => {
                return Verdict::Ignore;
            }
            Some((database, table)) => format!("{verb} on {database}.{table}"),
            None => format!("{verb} that may change replicated tables"),
        };
        refuse(
            "statement_format",
            format!("a {about} was logged as a statement instead of rows"),
            "set binlog_format = ROW for all sessions of the source; then apply this statement to the target by hand and \
             start after it, or copy the tables again",
        )
    }

    fn reaches_others(&self, own: &str, judged: Judged<'_>) -> bool {
        judged.updated_databases.is_some_and(|databases| {
            databases.iter().any(|name| self.cased(name) != own && self.filter.matches_database(&self.cased(name)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_schema::dialect::{Dialect, ServerFlavor, Version};

    fn scope(tables: &[&str], routes: &[(&str, &str)]) -> Scope {
        let pattern = |text: &str| TablePattern::new(text).unwrap();
        let routes: Vec<Route> = routes.iter().map(|(from, to)| Route::named(pattern(from), *to)).collect();
        let mut spec: ProducerSpec = serde_json::from_str(r#"{"host": "h", "user": "u"}"#).unwrap();
        spec.tables = tables.iter().map(|text| pattern(text)).collect();
        Scope::new(&spec, &routes)
    }

    fn judge_with(scope: &Scope, sql: &str, updated: Option<&[String]>) -> Verdict {
        let statement = Statement::read(sql, 0, Dialect::new(ServerFlavor::MySql, Version(8, 0, 36)));
        scope.judge(Judged { statement: &statement, sql, database: "shop", updated_databases: updated })
    }

    fn judge(scope: &Scope, sql: &str) -> Verdict {
        judge_with(scope, sql, None)
    }

    fn carried(sql: &str, tables: &[(&str, &str)]) -> Verdict {
        carried_in("shop", sql, tables)
    }

    fn carried_in(database: &str, sql: &str, tables: &[(&str, &str)]) -> Verdict {
        let tables = tables.iter().map(|(d, t)| ((*d).to_owned(), (*t).to_owned())).collect();
        Verdict::Carry(Carried { sql: sql.to_owned(), database: database.to_owned(), tables })
    }

    fn refused(verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Refuse { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_belongs_to_the_task_is_carried() {
        let scope = scope(&["shop.item", "shop.order_*"], &[]);
        let alter = "ALTER TABLE item ADD COLUMN x INT";
        assert_eq!(judge(&scope, alter), carried(alter, &[("shop", "item")]));
        assert_eq!(judge(&scope, "ALTER TABLE other ADD COLUMN x INT"), Verdict::Ignore);
        assert_eq!(judge(&scope, "CREATE TABLE hr.item (a INT)"), Verdict::Ignore);
        assert_eq!(judge(&scope, "CREATE TEMPORARY TABLE item (a INT)"), Verdict::Ignore);
        assert_eq!(judge(&scope, "CREATE DATABASE shop"), carried_in("", "CREATE DATABASE shop", &[]));
        assert_eq!(judge(&scope, "CREATE DATABASE hr"), Verdict::Ignore);
        assert_eq!(refused(judge(&scope, "DROP DATABASE shop")), "database_dropped");
        assert_eq!(refused(judge(&scope, "RENAME TABLE item TO item_old")), "statement_leaves_scope");
        assert_eq!(refused(judge(&scope, "CREATE TABLE item AS SELECT 1")), "statement_format");
        assert_eq!(refused(judge(&scope, "FROBNICATE")), "statement_not_understood");
        assert_eq!(
            judge(&scope, "DROP TABLE other, item, order_1"),
            carried("DROP TABLE IF EXISTS `shop`.`item`, `shop`.`order_1`", &[("shop", "item"), ("shop", "order_1")])
        );
    }

    #[test]
    fn a_whole_database_is_dropped_only_where_all_of_it_is_replicated() {
        let drop = "DROP DATABASE shop";
        assert_eq!(judge(&scope(&["shop.*"], &[]), drop), carried_in("", drop, &[]));
        assert_eq!(judge(&scope(&["*.*"], &[]), drop), carried_in("", drop, &[]));
        assert_eq!(judge(&scope(&["*.*"], &[]), "DROP DATABASE mysql_replicator"), Verdict::Ignore);
        assert_eq!(refused(judge(&scope(&["shop.*"], &[("shop.a", "x.a")]), drop)), "database_dropped");
    }

    #[test]
    fn names_are_replaced_where_routes_say_so() {
        let scope = scope(&["shop.*"], &[("shop.*", "copy.{table}_c")]);
        let tables = [("shop", "a")];
        for (sql, target) in [
            ("ALTER TABLE a ADD x INT", "ALTER TABLE `copy`.`a_c` ADD x INT"),
            ("CREATE TABLE `shop`.`a` LIKE shop.b", "CREATE TABLE `copy`.`a_c` LIKE `copy`.`b_c`"),
            (
                "CREATE TABLE a (x INT, FOREIGN KEY (x) REFERENCES b (x))",
                "CREATE TABLE `copy`.`a_c` (x INT, FOREIGN KEY (x) REFERENCES `copy`.`b_c` (x))",
            ),
            ("CREATE INDEX i ON a (x)", "CREATE INDEX i ON `copy`.`a_c` (x)"),
            ("CREATE TABLE a (x INT) START TRANSACTION", "CREATE TABLE `copy`.`a_c` (x INT) "),
        ] {
            assert_eq!(judge(&scope, sql), carried_in("copy", target, &tables), "{sql}");
        }
        assert_eq!(judge(&scope, "CREATE DATABASE shop"), Verdict::Ignore);
        assert_eq!(refused(judge(&scope, "CREATE VIEW a AS SELECT 1")), "statement_not_routed");
    }

    #[test]
    fn a_session_in_a_database_that_is_not_replicated_does_not_matter() {
        let scope = scope(&["hr.*"], &[]);
        assert_eq!(judge(&scope, "TRUNCATE hr.a"), carried_in("hr", "TRUNCATE `hr`.`a`", &[("hr", "a")]));
    }

    #[test]
    fn rows_changed_by_a_statement_stop_the_task() {
        let scope = scope(&["shop.item"], &[]);
        assert_eq!(refused(judge(&scope, "INSERT INTO item VALUES (1)")), "statement_format");
        assert_eq!(refused(judge(&scope, "UPDATE other, item SET a = 1")), "statement_format");
        assert_eq!(judge(&scope, "INSERT INTO other VALUES (1)"), Verdict::Ignore);
        assert_eq!(judge(&scope, "DELETE FROM hr.item"), Verdict::Ignore);
        let (hr, both) = (["hr".to_owned()], ["hr".to_owned(), "shop".to_owned()]);
        assert_eq!(judge_with(&scope, "CALL p()", Some(&hr)), Verdict::Ignore);
        assert_eq!(refused(judge_with(&scope, "CALL p()", Some(&both))), "statement_format");
        assert_eq!(refused(judge_with(&scope, "DELETE FROM hr.item", Some(&both))), "statement_format");
        assert_eq!(judge_with(&scope, "FROBNICATE", Some(&hr)), Verdict::Ignore);
    }

    #[test]
    fn names_of_a_source_without_case_are_compared_in_lower_case() {
        let mut scope = scope(&["shop.item"], &[]);
        assert_eq!(judge(&scope, "TRUNCATE SHOP.Item"), Verdict::Ignore);
        scope.set_lower_case(true);
        assert_eq!(judge(&scope, "TRUNCATE SHOP.Item"), carried("TRUNCATE `shop`.`item`", &[("shop", "item")]));
    }
}
