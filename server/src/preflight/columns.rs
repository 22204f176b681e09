//! How the columns of a table at the target differ from those at the source. Plain data.

use replicator_mysql::catalogue::ListedColumn;
use replicator_mysql::tables::{ColumnDefinition, quoted};

/// One difference that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// The source sends it, the target does not have it.
    Missing(ColumnDefinition),
    /// The target wants a value that the source does not send.
    Demanding(ColumnDefinition),
    Type {
        wanted: ColumnDefinition,
        is: String,
    },
    Charset {
        wanted: ColumnDefinition,
        is: String,
    },
    /// The target computes what the source sends.
    Generated(ColumnDefinition),
    /// A row that leaves the column out means another value on the target.
    Default {
        wanted: ListedColumn,
        is: Option<String>,
    },
}

/// Types that hold everything that those before them do.
const WIDER: [&[&str]; 3] = [
    &["tinyint", "smallint", "mediumint", "int", "bigint"],
    &["tinytext", "text", "mediumtext", "longtext"],
    &["tinyblob", "blob", "mediumblob", "longblob"],
];

pub(super) fn mismatches(source: &[ListedColumn], target: &[ListedColumn]) -> Vec<Mismatch> {
    let find = |columns: &[ListedColumn], name: &str| {
        columns.iter().find(|column| column.definition.name.eq_ignore_ascii_case(name)).cloned()
    };
    let mut found = Vec::new();
    for ListedColumn { definition: wanted, .. } in source {
        match find(target, &wanted.name) {
            None if wanted.generated => {}
            None => found.push(Mismatch::Missing(wanted.clone())),
            Some(is) if is.definition.generated && !wanted.generated => found.push(Mismatch::Generated(wanted.clone())),
            Some(is) if !holds(&is.definition, wanted) => {
                found.push(Mismatch::Type { wanted: wanted.clone(), is: is.definition.column_type });
            }
            Some(is) if !writes(&is.definition, wanted) => {
                let is = is.definition.charset.unwrap_or_else(|| "binary".to_owned());
                found.push(Mismatch::Charset { wanted: wanted.clone(), is });
            }
            Some(_) => {}
        }
    }
    for wanted in source {
        let is = find(target, &wanted.definition.name).filter(|is| !is.definition.generated);
        if let Some(is) = is.filter(|is| is.default != wanted.default) {
            found.push(Mismatch::Default { wanted: wanted.clone(), is: is.default });
        }
    }
    for ListedColumn { definition, has_default, .. } in target {
        if !has_default && find(source, &definition.name).is_none() {
            found.push(Mismatch::Demanding(definition.clone()));
        }
    }
    found
}

/// Whether a column's type holds all values of another's.
fn holds(is: &ColumnDefinition, wanted: &ColumnDefinition) -> bool {
    if plain(is) == plain(wanted) {
        return true;
    }
    let same_sign = is.is_unsigned() == wanted.is_unsigned();
    let place = |family: &[&str], name: &str| family.iter().position(|member| *member == name);
    let wider = WIDER.iter().any(|family| {
        let places = (place(family, &is.data_type), place(family, &wanted.data_type));
        same_sign && matches!(places, (Some(is), Some(wanted)) if is >= wanted)
    });
    let longer = is.data_type == wanted.data_type
        && matches!(is.data_type.as_str(), "varchar" | "varbinary" | "char" | "binary" | "bit")
        && length(is) >= length(wanted);
    // MariaDB's JSON is a LONGTEXT.
    let json =
        matches!((is.data_type.as_str(), wanted.data_type.as_str()), ("json", "longtext") | ("longtext", "json"));
    wider || longer || json || holds_text_of(is, wanted)
}

/// MariaDB's UUIDs and addresses are written as text, or as bytes where the column is one of bytes.
fn holds_text_of(is: &ColumnDefinition, wanted: &ColumnDefinition) -> bool {
    let (characters, bytes) = match wanted.data_type.as_str() {
        "uuid" => (36, 16),
        "inet6" => (39, 16),
        "inet4" => (15, 4),
        _ => return false,
    };
    let length = length(is).unwrap_or(0);
    match is.data_type.as_str() {
        "char" | "varchar" => length >= characters,
        "binary" => length == bytes,
        "varbinary" => length >= bytes,
        name => name.ends_with("text") || name.ends_with("blob"),
    }
}

fn length(column: &ColumnDefinition) -> Option<u64> {
    let inner = column.column_type.split_once('(')?.1;
    inner.split(')').next()?.trim().parse().ok()
}

/// The type without display widths, which MySQL 8.0.19 dropped and MariaDB shows.
fn plain(column: &ColumnDefinition) -> String {
    let is_integer =
        matches!(column.data_type.as_str(), "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year");
    match is_integer {
        true if column.is_unsigned() => format!("{} unsigned", column.data_type),
        true => column.data_type.clone(),
        false => column.type_alone().to_owned(),
    }
}

/// Whether a column's character set has all characters of another's.
fn writes(is: &ColumnDefinition, wanted: &ColumnDefinition) -> bool {
    let utf8 = |charset: &str| matches!(charset, "utf8" | "utf8mb3");
    match (is.charset.as_deref(), wanted.charset.as_deref()) {
        (Some(is), Some(wanted)) => {
            is == wanted
                || is == "utf8mb4"
                || wanted == "ascii"
                || (utf8(is) && utf8(wanted))
                || (utf8(is) && wanted == "latin1")
        }
        _ => true,
    }
}

fn type_of(column: &ColumnDefinition) -> String {
    let charset = column.charset.as_ref().map(|charset| format!(" CHARACTER SET {charset}")).unwrap_or_default();
    let null = if column.nullable { "NULL" } else { "NOT NULL" };
    format!("{}{charset} {null}", column.column_type)
}

impl Mismatch {
    pub(super) fn sentence(&self) -> String {
        match self {
            Mismatch::Missing(column) => format!("has no column `{}`", column.name),
            Mismatch::Demanding(column) => {
                format!("wants a value for `{}`, which the source does not have", column.name)
            }
            Mismatch::Type { wanted, is } => format!("`{}` is {is}, at the source {}", wanted.name, wanted.column_type),
            Mismatch::Charset { wanted, is } => {
                format!(
                    "`{}` is in {is}, at the source in {}",
                    wanted.name,
                    wanted.charset.as_deref().unwrap_or("binary")
                )
            }
            Mismatch::Generated(column) => format!("computes `{}`, which the source sends", column.name),
            Mismatch::Default { wanted, is } => {
                let shown = |default: &Option<String>| default.as_deref().map_or("NULL".to_owned(), text);
                format!(
                    "`{}` is {} by default, at the source {}",
                    wanted.definition.name,
                    shown(is),
                    shown(&wanted.default)
                )
            }
        }
    }

    /// What follows `ALTER TABLE t`.
    pub(super) fn alteration(&self) -> String {
        match self {
            Mismatch::Missing(column) => format!("ADD COLUMN {} {}", quoted(&column.name), type_of(column)),
            Mismatch::Demanding(column) => {
                let column = ColumnDefinition { nullable: true, ..column.clone() };
                format!("MODIFY COLUMN {} {}", quoted(&column.name), type_of(&column))
            }
            Mismatch::Type { wanted, .. } | Mismatch::Charset { wanted, .. } => {
                format!("MODIFY COLUMN {} {}{}", quoted(&wanted.name), type_of(wanted), increment(wanted))
            }
            // A virtual column does not become a plain one by itself.
            Mismatch::Generated(column) => {
                let name = quoted(&column.name);
                format!("DROP COLUMN {name}, ADD COLUMN {name} {}", type_of(column))
            }
            Mismatch::Default { wanted, .. } => {
                let name = quoted(&wanted.definition.name);
                match &wanted.default {
                    Some(default) => format!("ALTER COLUMN {name} SET DEFAULT {}", text(default)),
                    None if wanted.definition.nullable => format!("ALTER COLUMN {name} SET DEFAULT NULL"),
                    None => format!("ALTER COLUMN {name} DROP DEFAULT"),
                }
            }
        }
    }
}

/// A text as people write it in SQL.
fn text(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

fn increment(column: &ColumnDefinition) -> &'static str {
    if column.auto_increment { " AUTO_INCREMENT" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, column_type: &str) -> ListedColumn {
        let is_text = matches!(column_type.split('(').next().unwrap(), "varchar" | "text" | "char");
        let definition =
            ColumnDefinition { charset: is_text.then(|| "utf8mb4".into()), ..ColumnDefinition::new(name, column_type) };
        ListedColumn { definition, has_default: true, default: None, is_key: false }
    }

    #[test]
    fn types_that_hold_the_sources_are_no_mismatch() {
        for (is, wanted, fits) in [
            ("int(11)", "int", true),
            ("bigint", "int(11)", true),
            ("time(3)", "time(3) /* mariadb-5.3 */", true),
            ("char(36)", "uuid", true),
            ("char(32)", "uuid", false),
            ("binary(16)", "uuid", true),
            ("binary(20)", "inet6", false),
            ("varchar(39)", "inet6", true),
            ("tinyblob", "inet4", true),
            ("int", "inet4", false),
            ("int", "bigint", false),
            ("int unsigned", "int", false),
            ("varchar(40)", "varchar(20)", true),
            ("varchar(10)", "varchar(20)", false),
            ("longtext", "text", true),
            ("longtext", "json", true),
            ("decimal(10,2)", "decimal(12,2)", false),
            ("enum('a','b')", "enum('a')", false),
        ] {
            let found = mismatches(&[column("a", wanted)], &[column("a", is)]);
            assert_eq!(found.is_empty(), fits, "{is} for {wanted}: {found:?}");
        }
    }

    #[test]
    fn each_difference_has_its_alteration() {
        let alteration = |source: ListedColumn, target: Vec<ListedColumn>| {
            mismatches(&[source], &target).iter().map(Mismatch::alteration).collect::<Vec<_>>()
        };
        assert_eq!(alteration(column("a`", "int"), vec![]), ["ADD COLUMN `a``` int NULL"]);
        let mut computed = column("a", "int");
        computed.definition.generated = true;
        assert_eq!(alteration(column("a", "int"), vec![computed]), ["DROP COLUMN `a`, ADD COLUMN `a` int NULL"]);
        let mut latin = column("a", "varchar(9)");
        latin.definition.charset = Some("latin1".into());
        assert_eq!(
            alteration(column("a", "varchar(9)"), vec![latin.clone()]),
            ["MODIFY COLUMN `a` varchar(9) CHARACTER SET utf8mb4 NULL"]
        );
        assert!(alteration(latin, vec![column("a", "varchar(9)")]).is_empty());
        let mut demanding = column("b", "int");
        (demanding.has_default, demanding.definition.nullable) = (false, false);
        assert_eq!(alteration(column("a", "int"), vec![column("A", "int"), demanding]), ["MODIFY COLUMN `b` int NULL"]);
        let mut filled = column("a", "varchar(9)");
        filled.default = Some("it's".into());
        assert_eq!(
            alteration(filled.clone(), vec![column("a", "varchar(9)")]),
            ["ALTER COLUMN `a` SET DEFAULT 'it''s'"]
        );
        assert_eq!(alteration(column("a", "varchar(9)"), vec![filled]), ["ALTER COLUMN `a` SET DEFAULT NULL"]);
    }
}
