//! Checks of what routes make of tables: do they fit, does the target hold what arrives, do merged rows stay apart.

use super::finding::{Finding, known, listed};
use super::ground::{Ground, SourceServer, TargetServer};
use super::tables::{shown, sql};
use replicator_model::shape::{Kind, Made, NewType, ShapePlan, ShapeProblem, ShapedColumn, TableColumn};
use replicator_model::task::{Route, Router};
use replicator_mysql::catalogue::{ListedColumn, TableName};
use replicator_mysql::tables::ColumnDefinition;
use std::collections::BTreeMap;

/// Holds a route against a table's columns.
pub(super) fn plan(route: &Route, columns: &[ListedColumn]) -> Result<ShapePlan, ShapeProblem> {
    let column = |column: &'_ ListedColumn| -> (String, Kind, bool) {
        let ColumnDefinition { name, column_type, charset, .. } = &column.definition;
        (name.clone(), Kind::of(column_type, charset.as_deref().is_some_and(|name| name != "binary")), column.is_key)
    };
    let columns: Vec<_> = columns.iter().map(column).collect();
    let columns: Vec<TableColumn<'_>> =
        columns.iter().map(|(name, kind, is_key)| TableColumn { name, kind: *kind, is_key: *is_key }).collect();
    route.plan(&columns)
}

/// A table's columns as they arrive, to be compared with the target's. What a route makes itself is compared elsewhere, so it
/// has the target's type. A route that does not fit changes nothing here.
pub(super) fn arriving(
    router: &Router,
    name: &TableName,
    from: &[ListedColumn],
    to: &[ListedColumn],
) -> Vec<ListedColumn> {
    let plan = router.of(&name.0, &name.1).and_then(|route| plan(route, from).ok());
    let Some(plan) = plan else { return from.to_vec() };
    let column = |column: &ShapedColumn| -> Option<ListedColumn> {
        let source = column.made.source().and_then(|index| from.get(index)).cloned();
        let Some(new_type) = column.made.new_type() else {
            let mut copied = source?;
            copied.definition.name.clone_from(&column.name);
            return Some(copied);
        };
        let same = |one: &&ListedColumn| one.definition.name.eq_ignore_ascii_case(&column.name);
        Some(to.iter().find(same).cloned().unwrap_or_else(|| made(&column.name, new_type)))
    };
    plan.columns.iter().filter_map(column).collect()
}

/// A column that a route makes.
fn made(name: &str, new_type: NewType) -> ListedColumn {
    let (column_type, charset) = match new_type {
        NewType::Text(characters) => (format!("varchar({characters})"), Some("utf8mb4".to_owned())),
        NewType::Signed => ("bigint".to_owned(), None),
        NewType::Unsigned => ("bigint unsigned".to_owned(), None),
    };
    listed_column(name, &column_type, charset, false)
}

fn listed_column(name: &str, column_type: &str, charset: Option<String>, is_key: bool) -> ListedColumn {
    let definition = ColumnDefinition { charset, ..ColumnDefinition::new(name, column_type) };
    ListedColumn { definition, has_default: true, default: None, is_key }
}

/// A table of the source, its name at the target, its route and its columns.
type ShapedTable<'a> = (TableName, TableName, &'a Route, &'a [ListedColumn]);

/// The tables with a route that changes rows.
fn shaped<'a>(source: &'a SourceServer, ground: &Ground, router: &'a Router) -> Result<Vec<ShapedTable<'a>>, Finding> {
    let columns = known(&source.columns)?;
    let of = |(from, to): (TableName, TableName)| {
        let route = router.of(&from.0, &from.1).filter(|route| route.is_shaped())?;
        let columns = columns.get(&from)?;
        Some((from, to, route, columns.as_slice()))
    };
    Ok(ground.pairs(source).into_iter().filter_map(of).collect())
}

pub(crate) fn fit(source: &SourceServer, ground: &Ground) -> Finding {
    let router = Router::new(&ground.spec.routes);
    let tables = match shaped(source, ground, &router) {
        Ok(tables) => tables,
        Err(finding) => return finding,
    };
    let (mut found, mut fixes) = (Vec::new(), Vec::new());
    for (from, _, route, columns) in &tables {
        if let Err(problem) = plan(route, columns) {
            let ShapeProblem { setting, problem, hint, .. } = problem;
            found.push(format!("{}, `{setting}` of the route from `{}`: {problem}", shown(from), route.from));
            fixes.push(hint.to_owned());
        }
    }
    fixes.sort_unstable();
    fixes.dedup();
    match (found.is_empty(), tables.is_empty()) {
        (true, true) => Finding::passed("no route changes rows"),
        (true, false) => Finding::passed(format!("routes change the rows of {} tables", tables.len())),
        (false, _) => Finding::failed(listed(&found), fixes.join("\n")),
    }
}

pub(crate) fn hold(source: &SourceServer, target: &TargetServer, ground: &Ground) -> Finding {
    let router = Router::new(&ground.spec.routes);
    let (tables, there) = match (shaped(source, ground, &router), known(&target.columns)) {
        (Ok(tables), Ok(there)) => (tables, there),
        (Err(finding), _) | (_, Err(finding)) => return finding,
    };
    let (mut found, mut fixes) = (Vec::new(), Vec::new());
    for (_, to, route, columns) in &tables {
        let (Ok(plan), Some(there)) = (plan(route, columns), there.get(to)) else { continue };
        for column in &plan.columns {
            let same = |one: &&ListedColumn| one.definition.name.eq_ignore_ascii_case(&column.name);
            let (Some(new_type), Some(is)) = (column.made.new_type(), there.iter().find(same)) else { continue };
            if let Some(wanted) = narrow(&column.made, new_type, &is.definition) {
                found.push(format!(
                    "{}.`{}` is {}, and {wanted} arrives ({})",
                    shown(to),
                    column.name,
                    is.definition.column_type,
                    column.made.words()
                ));
                fixes.push(format!("ALTER TABLE {} MODIFY `{}` {wanted};", sql(to), column.name.replace('`', "``")));
            }
        }
    }
    fixes.sort_unstable();
    fixes.dedup();
    match found.is_empty() {
        true => Finding::passed("the target's columns hold what routes make"),
        false => Finding::failed(listed(&found), fixes.join("\n")),
    }
}

/// The type that a column should have, if it can't hold what arrives.
fn narrow(made: &Made, new_type: NewType, is: &ColumnDefinition) -> Option<String> {
    let data_type = is.data_type.as_str();
    let inside = is.column_type.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inside, _)| inside);
    let characters: u64 = match data_type {
        "char" | "varchar" => inside.and_then(|inside| inside.trim().parse().ok()).unwrap_or(1),
        "tinytext" => 63,
        "text" | "mediumtext" | "longtext" => u64::MAX,
        _ => 0,
    };
    let is_number = matches!(data_type, "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal");
    match new_type {
        // How long the text of a number or a time is, the values tell.
        NewType::Text(_) if matches!(made, Made::Cast(..)) => (characters == 0).then(|| "VARCHAR(255)".to_owned()),
        NewType::Text(wanted) => (characters < u64::from(wanted)).then(|| format!("VARCHAR({wanted})")),
        NewType::Signed | NewType::Unsigned if is_number || characters >= 20 => None,
        NewType::Signed => Some("BIGINT".to_owned()),
        NewType::Unsigned => Some("BIGINT UNSIGNED".to_owned()),
    }
}

pub(crate) fn merged(source: &SourceServer, ground: &Ground) -> Finding {
    let router = Router::new(&ground.spec.routes);
    let mut into: BTreeMap<TableName, Vec<TableName>> = BTreeMap::new();
    for (from, to) in ground.pairs(source) {
        into.entry(to).or_default().push(from);
    }
    into.retain(|_, from| from.len() > 1);
    let apart = |from: &TableName| router.of(&from.0, &from.1).is_some_and(|route| route.source_column.is_some());
    let colliding: Vec<String> = into
        .iter()
        .filter(|(_, from)| !from.iter().all(apart))
        .map(|(to, from)| format!("{} of {}", shown(to), listed(&from.iter().map(shown).collect::<Vec<_>>())))
        .collect();
    match (colliding.is_empty(), into.is_empty()) {
        (true, true) => Finding::passed("no two tables become one"),
        (true, false) => Finding::passed("merged tables are told apart by a column"),
        (false, _) => Finding::warning(
            format!("tables become one, and rows with the same key would undo each other: {}", listed(&colliding)),
            "unless no key is in two of them: source_column = \"origin\" in the [[route]], and at the target a column \
             `origin` VARCHAR(129) NOT NULL in the primary key",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, column_type: &str, is_key: bool) -> ListedColumn {
        let charset = column_type.contains("char").then(|| "utf8mb4".to_owned());
        listed_column(name, column_type, charset, is_key)
    }

    #[test]
    fn a_column_that_is_too_narrow_is_told_with_the_type_it_needs() {
        for (mask, is, wanted) in [
            (Made::Hashed(0, Default::default()), "char(64)", None),
            (Made::Hashed(0, Default::default()), "varchar(63)", Some("VARCHAR(64)")),
            (Made::Hashed(0, Default::default()), "int", Some("VARCHAR(64)")),
            (Made::Kept(0, 4), "varchar(4)", None),
            (Made::Origin, "varchar(100)", Some("VARCHAR(129)")),
            (Made::Cast(0, replicator_model::shape::Cast::Char), "varchar(20)", None),
            (Made::Cast(0, replicator_model::shape::Cast::Unsigned), "date", Some("BIGINT UNSIGNED")),
        ] {
            let new_type = mask.new_type().unwrap();
            assert_eq!(narrow(&mask, new_type, &column("x", is, false).definition).as_deref(), wanted, "{mask:?} {is}");
        }
    }

    #[test]
    fn columns_are_compared_as_they_arrive() {
        let route = r#"[{"from": "shop.*", "drop": ["secret"], "rename": {"name": "title"}, "source_column": "origin",
            "mask": {"email": {"hash": "s"}}}]"#;
        let router = Router::new(&serde_json::from_str::<Vec<Route>>(route).unwrap());
        let from = [
            column("id", "int", true),
            column("name", "varchar(20)", false),
            column("secret", "int", false),
            column("email", "varchar(80)", false),
        ];
        let to = [column("Email", "char(64)", false)];
        let arriving = arriving(&router, &("shop".into(), "user".into()), &from, &to);
        let arriving: Vec<(&str, &str)> = arriving
            .iter()
            .map(|column| (column.definition.name.as_str(), column.definition.column_type.as_str()))
            .collect();
        let expected = [("id", "int"), ("title", "varchar(20)"), ("Email", "char(64)"), ("origin", "varchar(129)")];
        assert_eq!(arriving, expected);
    }
}
