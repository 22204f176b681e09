//! A route held against the columns of one table: which columns arrive, and what of.

use super::mask::{hashed, kept};
use super::{BoundCondition, Cast, Cell, Constant, Kind, Mask};
use crate::secret::{Secret, SecretSource};
use crate::task::Route;

/// A column of a source's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableColumn<'a> {
    pub name: &'a str,
    pub kind: Kind,
    /// It belongs to the key that rows are found by.
    pub is_key: bool,
}

impl TableColumn<'_> {
    /// Names of columns are the same in any case, as for the servers.
    pub fn is_named(&self, name: &str) -> bool {
        is_same(self.name, name)
    }
}

pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}

/// What becomes of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapePlan {
    pub columns: Vec<ShapedColumn>,
    pub filter: Option<BoundCondition>,
}

/// A column as it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapedColumn {
    pub name: String,
    pub made: Made,
}

/// What a column is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// The source's column of this number, byte for byte.
    Copied(usize),
    Hashed(usize, Secret),
    Kept(usize, u32),
    Cast(usize, Cast),
    /// A constant, in place of this column of the source or as one more.
    Constant(Option<usize>, Constant),
    /// `database.table` of the source.
    Origin,
}

/// The type of a column that does not have its source's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewType {
    /// `varchar` of so many characters, in utf8mb4.
    Text(u16),
    Signed,
    Unsigned,
}

/// In which way a route does not fit a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    ColumnUnknown,
    /// The condition compares what can't be compared exactly.
    FilterNotExact,
    /// Two columns would have one name.
    ColumnTwice,
    TypeNotTaken,
    /// Different keys could become the same.
    KeyLost,
}

/// Why a route does not fit a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeProblem {
    pub kind: Misfit,
    /// The setting, such as `mask.email`.
    pub setting: String,
    pub problem: String,
    pub hint: &'static str,
}

/// Characters of a hash.
const HASH_LENGTH: u16 = 64;

/// Characters of the longest `database.table`.
const ORIGIN_LENGTH: u16 = 129;

/// Characters of the longest label, number or time.
const PRINTED_LENGTH: u16 = 255;

impl Route {
    /// Holds the route against a table.
    pub fn plan(&self, table: &[TableColumn<'_>]) -> Result<ShapePlan, ShapeProblem> {
        for (setting, column) in self.named_columns() {
            if !table.iter().any(|known| known.is_named(column)) {
                return Err(unknown(setting));
            }
        }
        let filter = self.filter.as_ref().map(|filter| filter.bind(table)).transpose().map_err(|refused| {
            let of = refused.column.as_ref().map_or_else(String::new, |column| format!(": `{column}`"));
            ShapeProblem {
                kind: Misfit::FilterNotExact,
                setting: "where".to_owned(),
                problem: format!("the condition does not fit the table{of}: {}", refused.problem),
                hint: "compare columns with values of their own kind; see `where` in the book's page on routes",
            }
        })?;
        let mut columns = Vec::with_capacity(table.len() + self.add.len() + 1);
        for (index, column) in table.iter().enumerate() {
            if !self.drop.iter().any(|name| column.is_named(name)) {
                let made = self.made(index, column)?;
                let renamed = self.rename.iter().find(|(from, _)| column.is_named(from));
                let name = renamed.map_or(column.name, |(_, to)| to.as_str()).to_owned();
                columns.push(ShapedColumn { name, made });
            } else if column.is_key {
                return Err(key(format!("drop: `{}`", column.name)));
            }
        }
        let added = self.add.iter().map(|(name, value)| (name, Made::Constant(None, value.clone())));
        let origin = self.source_column.iter().map(|name| (name, Made::Origin));
        columns.extend(added.chain(origin).map(|(name, made)| ShapedColumn { name: name.clone(), made }));
        for (index, column) in columns.iter().enumerate() {
            if columns.iter().take(index).any(|other| is_same(&other.name, &column.name)) {
                return Err(ShapeProblem {
                    kind: Misfit::ColumnTwice,
                    setting: format!("a column `{}`", column.name),
                    problem: "two columns would arrive under this name".to_owned(),
                    hint: "rename or drop the other one",
                });
            }
        }
        Ok(ShapePlan { columns, filter })
    }

    fn made(&self, index: usize, column: &TableColumn<'_>) -> Result<Made, ShapeProblem> {
        if let Some((name, cast)) = self.cast.iter().find(|(name, _)| column.is_named(name)) {
            if !cast.takes(column.kind) {
                return Err(not_taken(format!("cast.{name}"), column.kind));
            }
            if column.is_key && *cast != Cast::Char {
                return Err(key(format!("cast.{name}")));
            }
            let is_same = matches!((cast, column.kind), (Cast::Char, Kind::Text));
            return Ok(if is_same { Made::Copied(index) } else { Made::Cast(index, *cast) });
        }
        let Some((name, mask)) = self.mask.iter().find(|(name, _)| column.is_named(name)) else {
            return Ok(Made::Copied(index));
        };
        let setting = || format!("mask.{name}");
        Ok(match mask {
            Mask::Hash(_) if column.kind == Kind::Opaque => return Err(not_taken(setting(), column.kind)),
            Mask::Hash(salt) => Made::Hashed(index, salt_of(salt)),
            Mask::Keep(_) | Mask::Constant(_) if column.is_key => return Err(key(setting())),
            Mask::Keep(_) if column.kind != Kind::Text => return Err(not_taken(setting(), column.kind)),
            Mask::Keep(characters) => Made::Kept(index, *characters),
            Mask::Constant(value) => Made::Constant(Some(index), value.clone()),
        })
    }
}

/// Looked up before, see [`Route::resolve_salts`].
fn salt_of(source: &SecretSource) -> Secret {
    match source {
        SecretSource::Literal(salt) => salt.clone(),
        SecretSource::Env(_) | SecretSource::File(_) | SecretSource::Sealed(_) => Secret::default(),
    }
}

fn unknown(setting: String) -> ShapeProblem {
    ShapeProblem {
        kind: Misfit::ColumnUnknown,
        setting,
        problem: "the table has no such column".to_owned(),
        hint: "correct the name, or let the route match only tables that have the column",
    }
}

fn not_taken(setting: String, kind: Kind) -> ShapeProblem {
    ShapeProblem {
        kind: Misfit::TypeNotTaken,
        setting,
        problem: format!("the column is {}, which this can't be made of exactly", kind.words()),
        hint: "drop the column, or put a constant in its place: mask = { … = { constant = \"\" } }",
    }
}

fn key(setting: String) -> ShapeProblem {
    ShapeProblem {
        kind: Misfit::KeyLost,
        setting,
        problem: "the column belongs to the key that rows are found by, and different keys could become the same"
            .to_owned(),
        hint: "keep the column, or mask it by a hash, which keeps different values apart",
    }
}

impl ShapePlan {
    /// The table as it is.
    pub fn unchanged(table: &[TableColumn<'_>]) -> Self {
        let column = |(index, column): (usize, &TableColumn<'_>)| ShapedColumn {
            name: column.name.to_owned(),
            made: Made::Copied(index),
        };
        Self { columns: table.iter().enumerate().map(column).collect(), filter: None }
    }
}

impl Made {
    /// The source's column it is made of.
    pub fn source(&self) -> Option<usize> {
        match self {
            Made::Copied(index) | Made::Hashed(index, _) | Made::Kept(index, _) | Made::Cast(index, _) => Some(*index),
            Made::Constant(place, _) => *place,
            Made::Origin => None,
        }
    }

    /// The type it arrives as, given what its source's column is; `None`: the same as there.
    pub fn new_type(&self) -> Option<NewType> {
        Some(match self {
            Made::Copied(_) => return None,
            Made::Hashed(..) => NewType::Text(HASH_LENGTH),
            Made::Kept(_, characters) => NewType::Text(u16::try_from(*characters).unwrap_or(u16::MAX / 4)),
            Made::Cast(_, Cast::Char) => NewType::Text(PRINTED_LENGTH),
            Made::Cast(_, Cast::Signed) | Made::Constant(_, Constant::Bool(_) | Constant::Integer(_)) => {
                NewType::Signed
            }
            Made::Cast(_, Cast::Unsigned) => NewType::Unsigned,
            Made::Constant(_, Constant::Text(text)) => {
                NewType::Text(u16::try_from(text.chars().count().max(1)).unwrap_or(u16::MAX / 4))
            }
            Made::Origin => NewType::Text(ORIGIN_LENGTH),
        })
    }

    /// The value that arrives for one of the source, which `printed` has as text, whatever the form it is compared in.
    /// `origin` is `database.table` of the source. Errors: what is wrong with the value, which is not named.
    pub fn value(&self, cell: Cell<'_>, printed: &str, origin: &str) -> Result<Cell<'static>, &'static str> {
        Ok(match self {
            Made::Constant(_, value) => value.cell(),
            Made::Origin => Cell::text(origin),
            _ if cell == Cell::Null => Cell::Null,
            Made::Hashed(_, salt) => Cell::text(hashed(salt, printed)),
            Made::Kept(_, characters) => Cell::text(kept(printed, *characters)),
            Made::Cast(_, cast) => cast.apply(cell, printed)?,
            Made::Copied(_) => Cell::text(printed),
        })
    }

    /// For people: what happens to the column.
    pub fn words(&self) -> String {
        match self {
            Made::Copied(_) => "copied".to_owned(),
            Made::Hashed(..) => "masked: a hash".to_owned(),
            Made::Kept(_, characters) => format!("masked: the first {characters} characters"),
            Made::Cast(_, cast) => format!("cast to {}", cast.word()),
            Made::Constant(Some(_), _) => "masked: a constant".to_owned(),
            Made::Constant(None, _) => "added: a constant".to_owned(),
            Made::Origin => "added: the source's database and table".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [TableColumn<'static>; 5] = [
        TableColumn { name: "id", kind: Kind::Number, is_key: true },
        TableColumn { name: "name", kind: Kind::Text, is_key: false },
        TableColumn { name: "Email", kind: Kind::Text, is_key: false },
        TableColumn { name: "amount", kind: Kind::Number, is_key: false },
        TableColumn { name: "picture", kind: Kind::Opaque, is_key: false },
    ];

    fn route(json: &str) -> Route {
        serde_json::from_str(&format!(r#"{{"from": "shop.*", {json}}}"#)).unwrap()
    }

    #[test]
    fn a_table_is_cut_and_filled_up() {
        let route = route(
            r#""drop": ["picture"], "rename": {"NAME": "title"}, "mask": {"email": {"hash": "s"}},
               "cast": {"amount": "char"}, "add": {"region": "eu"}, "source_column": "origin""#,
        );
        let plan = route.plan(&TABLE).unwrap();
        let columns: Vec<(&str, String)> =
            plan.columns.iter().map(|column| (column.name.as_str(), column.made.words())).collect();
        let expected = [
            ("id", "copied"),
            ("title", "copied"),
            ("Email", "masked: a hash"),
            ("amount", "cast to char"),
            ("region", "added: a constant"),
            ("origin", "added: the source's database and table"),
        ];
        assert_eq!(columns, expected.map(|(name, words)| (name, words.to_owned())));
    }

    #[test]
    fn what_does_not_fit_the_table_is_refused() {
        for (json, kind, setting) in [
            (r#""drop": ["nothing"]"#, Misfit::ColumnUnknown, "drop"),
            (r#""mask": {"emial": {"keep": 1}}"#, Misfit::ColumnUnknown, "mask.emial"),
            (r#""drop": ["id"]"#, Misfit::KeyLost, "drop"),
            (r#""cast": {"id": "signed"}"#, Misfit::KeyLost, "cast.id"),
            (r#""mask": {"id": {"constant": 1}}"#, Misfit::KeyLost, "mask.id"),
            (r#""mask": {"amount": {"keep": 3}}"#, Misfit::TypeNotTaken, "mask.amount"),
            (r#""mask": {"picture": {"hash": "s"}}"#, Misfit::TypeNotTaken, "mask.picture"),
            (r#""cast": {"picture": "char"}"#, Misfit::TypeNotTaken, "cast.picture"),
            (r#""add": {"NAME": "x"}"#, Misfit::ColumnTwice, "NAME"),
            (r#""rename": {"name": "email"}"#, Misfit::ColumnTwice, "mail"),
            (r#""where": "picture = 1""#, Misfit::FilterNotExact, "where"),
        ] {
            let refused = route(json).plan(&TABLE).unwrap_err();
            assert_eq!(refused.kind, kind, "{json}");
            assert!(refused.setting.contains(setting), "{json}: {refused:?}");
        }
        for json in [r#""mask": {"id": {"hash": "s"}}"#, r#""cast": {"id": "char"}"#, r#""where": "picture is null""#] {
            assert!(route(json).plan(&TABLE).is_ok(), "{json}");
        }
    }

    #[test]
    fn values_are_masked() {
        let value = |made: Made, text: Cell<'static>| made.value(text, "alice@x", "shop.user").unwrap();
        assert_eq!(value(Made::Kept(0, 3), Cell::text("alice@x")), Cell::text("ali"));
        assert_eq!(value(Made::Kept(0, 3), Cell::Null), Cell::Null);
        assert_eq!(value(Made::Constant(Some(0), Constant::Text(String::new())), Cell::Null), Cell::text(""));
        assert_eq!(value(Made::Origin, Cell::Null), Cell::text("shop.user"));
        let Cell::Text(hash) = value(Made::Hashed(0, Secret::new("s")), Cell::text("alice@x")) else { panic!() };
        assert!(hash.len() == 64 && !hash.contains("alice"));
    }
}
