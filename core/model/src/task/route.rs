//! Where a table goes under another name.

use crate::table_pattern::TablePattern;
use serde::{Deserialize, Serialize};

/// Sends the tables that match `from` to `to`: `database.table`, where `{database}` and `{table}` stand for the
/// source's names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub from: TablePattern,
    pub to: String,
}

/// The routes of a task, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Router {
    routes: Vec<Route>,
}

impl Route {
    /// What is wrong with `to`, if anything is.
    pub(super) fn problem(&self) -> Option<&'static str> {
        match self.to.split_once('.') {
            None => Some("there is no dot in it"),
            Some((database, table)) if database.is_empty() || table.is_empty() => {
                Some("the database or the table is missing")
            }
            Some(("mysql" | "information_schema" | "performance_schema" | "sys" | super::REPLICATOR_DATABASE, _)) => {
                Some("this database belongs to the server or to the replicator")
            }
            Some(_) => None,
        }
    }
}

impl Router {
    pub fn new(routes: &[Route]) -> Self {
        Self { routes: routes.to_vec() }
    }

    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// The target's database and table for a table of the source. The first route that matches counts; without one,
    /// the names stay.
    pub fn route(&self, database: &str, table: &str) -> (String, String) {
        let named = |part: &str| part.replace("{database}", database).replace("{table}", table);
        self.routes
            .iter()
            .find(|route| route.from.matches(database, table))
            .and_then(|route| route.to.split_once('.'))
            .map_or_else(
                || (database.to_owned(), table.to_owned()),
                |(to_database, to_table)| (named(to_database), named(to_table)),
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_matching_route_counts() {
        let route = |from: &str, to: &str| Route { from: TablePattern::new(from).unwrap(), to: to.into() };
        let router =
            Router::new(&[route("shop.order_*", "warehouse.orders"), route("shop.*", "{database}_copy.{table}")]);
        assert_eq!(router.route("shop", "order_7"), ("warehouse".into(), "orders".into()));
        assert_eq!(router.route("shop", "item"), ("shop_copy".into(), "item".into()));
        assert_eq!(router.route("hr", "person"), ("hr".into(), "person".into()));
    }
}
