//! Statements made up from a seed, about the tables that there are.

use replicator_schema::catalogue::{Catalogue, Slot};
use replicator_schema::table::TableSchema;

/// A generator of numbers that replays (xorshift).
pub(crate) struct Random(u64);

const TYPES: [&str; 51] = [
    "INT",
    "INT(5) UNSIGNED ZEROFILL",
    "TINYINT(1)",
    "BOOL",
    "SMALLINT UNSIGNED",
    "MEDIUMINT",
    "BIGINT(7)",
    "BIGINT UNSIGNED",
    "DECIMAL",
    "DECIMAL(8)",
    "NUMERIC(12,4) UNSIGNED",
    "FLOAT",
    "FLOAT(30)",
    "FLOAT(7,3)",
    "DOUBLE PRECISION",
    "REAL",
    "DOUBLE(9,2) UNSIGNED",
    "BIT",
    "BIT(13)",
    "CHAR",
    "CHAR(7)",
    "NATIONAL CHAR(5)",
    "NCHAR VARYING(6)",
    "VARCHAR(20)",
    "VARCHAR(40) CHARACTER SET latin1",
    "VARCHAR(9) COLLATE utf8mb4_bin",
    "CHARACTER VARYING(11) BINARY",
    "CHAR(4) BYTE",
    "BINARY",
    "BINARY(16)",
    "VARBINARY(300)",
    "TINYTEXT",
    "TEXT",
    "TEXT(100)",
    "TEXT(20000) CHARACTER SET utf8mb4",
    "MEDIUMTEXT",
    "LONGTEXT CHARACTER SET latin1",
    "LONG VARCHAR",
    "LONG VARBINARY",
    "BLOB(300)",
    "LONGBLOB",
    "DATE",
    "TIME(3)",
    "DATETIME",
    "DATETIME(6)",
    "TIMESTAMP NULL",
    "YEAR",
    "ENUM('a','it''s','u')",
    "SET('x','y','z') CHARACTER SET latin1",
    "POINT",
    "INT AS (1 + 1) VIRTUAL",
];

const NAMES: [&str; 10] = ["a", "b", "c", "dd", "E", "`f g`", "`h``i`", "key_1", "`select`", "ü"];
const TABLES: [&str; 6] = ["t1", "t2", "t3", "`t 4`", "d2.t5", "d2.t6"];
const CHARSETS: [&str; 4] = ["utf8mb4", "latin1", "utf8", "utf8mb4 COLLATE utf8mb4_bin"];

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// A statement that may well be refused.
    pub(crate) fn statement(&mut self, catalogue: &Catalogue, mariadb: bool) -> String {
        let known: Vec<(String, &TableSchema)> = catalogue
            .databases
            .iter()
            .flat_map(|(name, database)| {
                database.tables.iter().filter_map(move |(table, slot)| match slot {
                    Slot::Certain(schema) => Some((format!("{name}.{}", quoted(table)), &**schema)),
                    Slot::Uncertain(_) => None,
                })
            })
            .collect();
        if known.len() < 3 || self.chance(10) {
            return self.create(&known, mariadb);
        }
        let (name, schema) = &known[self.below(known.len())];
        match self.below(22) {
            0 => format!("DROP TABLE IF EXISTS {name}, nothing"),
            1 => format!("RENAME TABLE {name} TO {}", self.of(&TABLES)),
            2 => {
                let other = &known[self.below(known.len())].0;
                format!("RENAME TABLE {name} TO d1.tmp, {other} TO {name}, d1.tmp TO {other}")
            }
            3 => format!(
                "CREATE {} INDEX i{} ON {name} ({})",
                self.of(&["UNIQUE", ""]),
                self.below(3),
                self.key_parts(schema)
            ),
            4 => format!("DROP INDEX {} ON {name}", self.key(schema)),
            5 => format!("ALTER DATABASE {} CHARACTER SET {}", self.of(&["d1", "d2"]), self.of(&CHARSETS)),
            6 => format!("TRUNCATE TABLE {name}"),
            7 => format!("ALTER TABLE {name} {}, RENAME TO {}", self.clause(schema, mariadb), self.of(&TABLES)),
            8 => format!("DROP TABLE {name}"),
            _ => {
                let clauses: Vec<String> = (0..=self.below(3)).map(|_| self.clause(schema, mariadb)).collect();
                format!("ALTER TABLE {name} {}", clauses.join(", "))
            }
        }
    }

    fn create(&mut self, known: &[(String, &TableSchema)], mariadb: bool) -> String {
        let name = self.of(&TABLES);
        if self.chance(20) && !known.is_empty() {
            return format!("CREATE TABLE {name} LIKE {}", known[self.below(known.len())].0);
        }
        let count = 1 + self.below(5);
        let mut elements: Vec<String> = NAMES.iter().take(count).map(|name| self.column(name, mariadb)).collect();
        if self.chance(50) {
            let kind = self.of(&["PRIMARY KEY", "UNIQUE KEY", "KEY k", "CONSTRAINT c UNIQUE", "UNIQUE u"]);
            elements.push(format!("{kind} ({})", self.of(&NAMES[..count])));
        }
        let exists = self.of(&["", "", "IF NOT EXISTS "]);
        let options = if self.chance(40) { format!(" DEFAULT CHARSET={}", self.of(&CHARSETS)) } else { String::new() };
        format!("CREATE TABLE {exists}{name} ({}) ENGINE=InnoDB{options} COMMENT='a, (b'", elements.join(", "))
    }

    fn column(&mut self, name: &str, mariadb: bool) -> String {
        let kind = self.of(&TYPES);
        let kind = if self.chance(4) && mariadb { self.of(&["UUID", "INET6", "JSON"]) } else { kind };
        let null = self.of(&["", "", "NULL", "NOT NULL", "NOT NULL COMMENT 'c, )'", "DEFAULT NULL"]);
        let unique = if self.chance(6) { " UNIQUE" } else { "" };
        format!("{name} {kind} {null}{unique}")
    }

    fn clause(&mut self, schema: &TableSchema, mariadb: bool) -> String {
        let (old, name) = (self.old(schema), self.of(&NAMES));
        let place = match self.below(4) {
            0 => " FIRST".to_owned(),
            1 => format!(" AFTER {}", self.old(schema)),
            _ => String::new(),
        };
        match self.below(22) {
            0..=3 => format!("ADD COLUMN {}{place}", self.column(name, mariadb)),
            4 => format!("ADD ({}, {})", self.column("n1", mariadb), self.column("n2", mariadb)),
            5 | 6 => format!("DROP COLUMN {old}"),
            7 => format!("CHANGE {old} {}{place}", self.column(name, mariadb)),
            8 | 9 => format!("MODIFY COLUMN {}{place}", self.column(&old, mariadb)),
            10 => format!("ADD UNIQUE ({})", self.key_parts(schema)),
            11 => format!("ADD PRIMARY KEY ({old})"),
            12 => format!("DROP KEY {}", self.key(schema)),
            13 => format!("CONVERT TO CHARACTER SET {}", self.of(&CHARSETS)),
            14 => format!("DEFAULT CHARACTER SET = {}", self.of(&CHARSETS)),
            15 => format!("RENAME COLUMN {old} TO {name}"),
            16 => format!("RENAME {} {} TO k9", self.of(&["KEY", "INDEX"]), self.key(schema)),
            17 => format!("ADD COLUMN IF NOT EXISTS {}{place}", self.column(name, mariadb)),
            18 => format!("DROP COLUMN IF EXISTS {old}"),
            19 => format!("CHANGE {old} {}{place}", self.column(&old, mariadb)),
            20 => format!("ALTER COLUMN {old} {}", self.of(&["DROP DEFAULT", "SET DEFAULT 1", "SET DEFAULT 'a'"])),
            _ => self.of(&["DROP PRIMARY KEY", "ENGINE=InnoDB", "FORCE"]).to_owned(),
        }
    }

    fn old(&mut self, schema: &TableSchema) -> String {
        quoted(&schema.columns[self.below(schema.columns.len())].name)
    }

    fn key(&mut self, schema: &TableSchema) -> String {
        if schema.keys.is_empty() {
            "`no`".to_owned()
        } else {
            quoted(&schema.keys[self.below(schema.keys.len())].name)
        }
    }

    fn key_parts(&mut self, schema: &TableSchema) -> String {
        let column = &schema.columns[self.below(schema.columns.len())];
        let is_long = column.data_type.ends_with("text") || column.data_type.ends_with("blob");
        let first = if is_long { format!("{}(5)", quoted(&column.name)) } else { quoted(&column.name) };
        if self.chance(40) { format!("{first}, {}", self.old(schema)) } else { first }
    }
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
