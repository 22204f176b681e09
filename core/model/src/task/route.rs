//! Where a table goes under another name, and what becomes of its rows on the way.

use crate::secret::{Secret, SecretError, SecretSource};
use crate::shape::{Cast, Constant, Mask, RowFilter};
use crate::table_pattern::TablePattern;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The names stay.
const SAME_NAMES: &str = "{database}.{table}";

/// What happens to the tables that match `from`: their name at the target, their columns, and which of their rows go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub from: TablePattern,
    /// `database.table`, where `{database}` and `{table}` stand for the source's names and `{1}`, `{2}` for what stands in
    /// the parentheses of `from`. Default: the names stay.
    #[serde(default = "same_names", skip_serializing_if = "is_same_names")]
    pub to: String,
    /// A column of the target that gets `database.table` of the source, and belongs to the key. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_column: Option<String>,
    /// Rows for which this is not true don't go. Default: all go.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<RowFilter>,
    /// Columns that don't go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Columns under other names at the target. What the other settings name is the source's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<String, String>,
    /// Columns of the target that get a constant.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, Constant>,
    /// Columns that arrive as another type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cast: BTreeMap<String, Cast>,
    /// Columns whose values must not arrive.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mask: BTreeMap<String, Mask>,
}

fn same_names() -> String {
    SAME_NAMES.to_owned()
}

fn is_same_names(to: &str) -> bool {
    to == SAME_NAMES
}

/// The routes of a task, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Router {
    routes: Vec<Route>,
}

impl Route {
    /// A route that only gives another name.
    pub fn named(from: TablePattern, to: impl Into<String>) -> Self {
        Self {
            from,
            to: to.into(),
            source_column: None,
            filter: None,
            drop: Vec::new(),
            rename: BTreeMap::new(),
            add: BTreeMap::new(),
            cast: BTreeMap::new(),
            mask: BTreeMap::new(),
        }
    }

    pub fn keeps_names(&self) -> bool {
        is_same_names(&self.to)
    }

    /// Whether rows arrive other than they are, or not all of them.
    pub fn is_shaped(&self) -> bool {
        self.filter.is_some() || self.changes_columns() || !self.mask.is_empty()
    }

    /// Whether the target's table has other columns than the source's.
    pub fn changes_columns(&self) -> bool {
        self.source_column.is_some()
            || !(self.drop.is_empty() && self.rename.is_empty() && self.add.is_empty() && self.cast.is_empty())
    }

    /// Columns that a setting names, which the source's table has to have, and the setting.
    pub fn named_columns(&self) -> impl Iterator<Item = (String, &str)> {
        let drop = self.drop.iter().map(|name| (format!("drop: `{name}`"), name.as_str()));
        let rename = self.rename.keys().map(|name| (format!("rename.{name}"), name.as_str()));
        let cast = self.cast.keys().map(|name| (format!("cast.{name}"), name.as_str()));
        let mask = self.mask.keys().map(|name| (format!("mask.{name}"), name.as_str()));
        drop.chain(rename).chain(cast).chain(mask)
    }

    /// Every column that the route is about, under its names at the source and at the target.
    pub fn shaped_columns(&self) -> Vec<&str> {
        let named = self.named_columns().map(|(_, name)| name);
        let new = self.rename.values().chain(self.add.keys()).chain(&self.source_column).map(String::as_str);
        let asked = self.filter.iter().flat_map(RowFilter::columns);
        named.chain(new).chain(asked).collect()
    }

    /// Whether several tables of the source may become one of the target, as far as the patterns show.
    pub fn may_merge(&self) -> bool {
        let parts = self.from.as_str().split_once('.').unwrap_or_default();
        let placeholder = |name: &str| self.to.contains(name);
        let groups_of_database = groups(parts.0).1;
        let told_apart = |part: &str, name: &str, first: usize| {
            let (rest, count) = groups(part);
            is_plain(part)
                || placeholder(name)
                || (is_plain(&rest) && (first..first + count).all(|n| placeholder(&format!("{{{n}}}"))))
        };
        !(told_apart(parts.0, "{database}", 1) && told_apart(parts.1, "{table}", 1 + groups_of_database))
    }

    /// The route with the salts of its masks looked up.
    pub fn resolve_salts(
        &self,
        mut resolve: impl FnMut(&SecretSource) -> Result<Secret, SecretError>,
    ) -> Result<Self, (String, SecretError)> {
        let mut resolved = self.clone();
        for (key, salt) in resolved.secrets_mut() {
            *salt = SecretSource::Literal(resolve(salt).map_err(|error| (key, error))?);
        }
        Ok(resolved)
    }

    /// The salts, under keys that stay when the order of routes changes.
    pub(super) fn secrets_mut(&mut self) -> Vec<(String, &mut SecretSource)> {
        let from = self.from.as_str().to_owned();
        let masks = self.mask.iter_mut().filter_map(|(column, mask)| match mask {
            Mask::Hash(salt) => Some((format!("route[{from}].mask.{column}.hash"), salt)),
            Mask::Keep(_) | Mask::Constant(_) => None,
        });
        masks.collect()
    }

    fn target(&self, database: &str, table: &str) -> (String, String) {
        let captures = self.from.captures(database, table);
        let named = |part: &str| {
            let named = part.replace("{database}", database).replace("{table}", table);
            let numbered = captures.iter().enumerate();
            numbered.fold(named, |named, (index, capture)| named.replace(&format!("{{{}}}", index + 1), capture))
        };
        match self.to.split_once('.') {
            Some((to_database, to_table)) => (named(to_database), named(to_table)),
            None => (database.to_owned(), table.to_owned()),
        }
    }
}

/// A pattern without its groups in parentheses, and how many of those were numbered.
fn groups(part: &str) -> (String, usize) {
    let (mut rest, mut depth, mut count) = (String::new(), 0usize, 0);
    let mut characters = part.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '(' => {
                depth += 1;
                count += usize::from(characters.peek() != Some(&'?'));
            }
            ')' => depth = depth.saturating_sub(1),
            '\\' => {
                let escaped = characters.next();
                if depth == 0 {
                    rest.push('\\');
                    rest.extend(escaped);
                }
            }
            other if depth == 0 => rest.push(other),
            _ => {}
        }
    }
    (rest, count)
}

fn is_plain(part: &str) -> bool {
    part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | ' '))
}

impl Router {
    pub fn new(routes: &[Route]) -> Self {
        Self { routes: routes.to_vec() }
    }

    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// The first route that matches a table of the source, which counts.
    pub fn of(&self, database: &str, table: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.from.matches(database, table))
    }

    /// The target's database and table for a table of the source; without a route, the names stay.
    pub fn route(&self, database: &str, table: &str) -> (String, String) {
        match self.of(database, table) {
            Some(route) => route.target(database, table),
            None => (database.to_owned(), table.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(from: &str, to: &str) -> Route {
        Route::named(TablePattern::new(from).unwrap(), to)
    }

    #[test]
    fn the_first_matching_route_counts() {
        let router = Router::new(&[
            route("shop.order_*", "warehouse.orders"),
            route("shop_([0-9]+).item_([a-z]+)(_new)?", "{2}.i{1}{3}"),
            route("shop.*", "{database}_copy.{table}"),
        ]);
        assert_eq!(router.route("shop", "order_7"), ("warehouse".into(), "orders".into()));
        assert_eq!(router.route("shop_12", "item_x"), ("x".into(), "i12".into()));
        assert_eq!(router.route("shop_12", "item_x_new"), ("x".into(), "i12_new".into()));
        assert_eq!(router.route("shop", "item"), ("shop_copy".into(), "item".into()));
        assert_eq!(router.route("hr", "person"), ("hr".into(), "person".into()));
    }

    #[test]
    fn a_route_that_may_merge_tables_is_known() {
        for (from, to, merges) in [
            ("shop.item", "w.orders", false),
            ("shop.order_*", "w.orders", true),
            ("shop.order_*", "w.{table}", false),
            ("shop_*.item", "w.{table}", true),
            ("shop_*.item", "{database}.x", false),
            ("shop.order_([0-9]+)", "w.orders_{1}", false),
            ("shop_([0-9]+).order_([0-9]+)", "w.orders_{2}", true),
            ("shop_([0-9]+).order_([0-9]+)", "w{1}.orders_{2}", false),
            ("shop.order_[0-9]+_(a|b)", "w.orders_{1}", true),
        ] {
            assert_eq!(route(from, to).may_merge(), merges, "{from} to {to}");
        }
    }
}
