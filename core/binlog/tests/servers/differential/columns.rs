//! Random tables: their columns, and statements that fill and change them.

use super::random::Random;
use replicator_tests::Flavor;

pub(super) struct Table {
    pub(super) name: String,
    flavor: Flavor,
    /// How its rows are logged.
    session: String,
    /// Behind `id`, in order: `c0`, `c1`, …
    pub(super) columns: Vec<Kind>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// The type's name, its bits, whether it is UNSIGNED.
    Integer(&'static str, u32, bool),
    Float,
    Double,
    Decimal(u64, u64),
    Bit(u64),
    Year,
    Date,
    Time(u64),
    DateTime(u64),
    Timestamp(u64),
    /// `char`, `varchar` or a TEXT type, its length, and a character set.
    Text(&'static str, u64, &'static str),
    Binary(u64),
    VarBinary(u64),
    Blob(&'static str),
    Enum(u64),
    Set(u64),
    Json,
    Geometry,
    Vector(u64),
    Uuid,
    Inet6,
    Inet4,
    CompressedText(u64),
    CompressedBlob,
}

const INTEGERS: [(&str, u32); 5] = [("tinyint", 8), ("smallint", 16), ("mediumint", 24), ("int", 32), ("bigint", 64)];
const CHARSETS: [&str; 7] = ["utf8mb4", "latin1", "gbk", "sjis", "ucs2", "utf16", "utf8"];
const TEXTS: [&str; 4] = ["tinytext", "text", "mediumtext", "longtext"];
const BLOBS: [&str; 4] = ["tinyblob", "blob", "mediumblob", "longblob"];

impl Kind {
    fn random(flavor: Flavor, random: &mut Random) -> Self {
        match random.below(if flavor == Flavor::MySql56 { 18 } else { 22 }) {
            0..=2 => {
                let (name, bits) = random.one(&INTEGERS);
                Kind::Integer(name, bits, random.below(2) == 0)
            }
            3 => Kind::Float,
            4 => Kind::Double,
            5 => {
                let precision = 1 + random.below(65);
                Kind::Decimal(precision, random.below(precision.min(30) + 1))
            }
            6 => Kind::Bit(1 + random.below(64)),
            7 => Kind::Year,
            8 => Kind::Date,
            9 => Kind::Time(random.below(7)),
            10 => Kind::DateTime(random.below(7)),
            11 => Kind::Timestamp(random.below(7)),
            12 | 13 => match random.below(6) {
                0 | 1 => Kind::Text("char", 1 + random.below(60), random.one(&CHARSETS)),
                2..=4 => Kind::Text("varchar", 1 + random.below(300), random.one(&CHARSETS)),
                _ => Kind::Text(random.one(&TEXTS), 40, random.one(&CHARSETS)),
            },
            14 => Kind::Binary(1 + random.below(40)),
            15 => Kind::VarBinary(1 + random.below(300)),
            16 => {
                if random.below(2) == 0 {
                    Kind::Blob(random.one(&BLOBS))
                } else {
                    Kind::Geometry
                }
            }
            17 => match random.below(2) {
                0 => Kind::Enum(random.one(&[1, 3, 255, 256, 300])),
                _ => Kind::Set(1 + random.below(64)),
            },
            _ if flavor == Flavor::MySql97 => {
                if random.below(3) == 0 {
                    Kind::Vector(1 + random.below(8))
                } else {
                    Kind::Json
                }
            }
            18 => Kind::Inet6,
            19 => random.one(&[Kind::Uuid, Kind::Inet4]),
            20 if flavor == Flavor::MariaDb118 && random.below(3) == 0 => Kind::Vector(1 + random.below(8)),
            20 => Kind::CompressedText(10 + random.below(400)),
            _ => Kind::CompressedBlob,
        }
    }

    pub(super) fn is_unsigned(&self) -> bool {
        matches!(self, Kind::Integer(_, _, true))
    }

    pub(super) fn fraction(&self) -> Option<u64> {
        match self {
            Kind::Time(digits) | Kind::DateTime(digits) | Kind::Timestamp(digits) => Some(*digits),
            _ => None,
        }
    }

    fn definition(&self) -> String {
        let fraction =
            |name: &str, digits: u64| if digits == 0 { name.to_owned() } else { format!("{name}({digits})") };
        let members = |count: u64| (1..=count).map(|number| format!("'m{number}'")).collect::<Vec<_>>().join(",");
        match *self {
            Kind::Integer(name, _, unsigned) => format!("{name}{}", if unsigned { " unsigned" } else { "" }),
            Kind::Float => "float".into(),
            Kind::Double => "double".into(),
            Kind::Decimal(precision, scale) => format!("decimal({precision},{scale})"),
            Kind::Bit(bits) => format!("bit({bits})"),
            Kind::Year => "year".into(),
            Kind::Date => "date".into(),
            Kind::Time(digits) => fraction("time", digits),
            Kind::DateTime(digits) => fraction("datetime", digits),
            Kind::Timestamp(digits) => fraction("timestamp", digits),
            Kind::Text(name @ ("char" | "varchar"), length, charset) => {
                format!("{name}({length}) CHARACTER SET {charset}")
            }
            Kind::Text(name, _, charset) => format!("{name} CHARACTER SET {charset}"),
            Kind::Binary(length) => format!("binary({length})"),
            Kind::VarBinary(length) => format!("varbinary({length})"),
            Kind::Blob(name) => name.into(),
            Kind::Enum(count) => format!("enum({})", members(count)),
            Kind::Set(count) => format!("set({})", members(count)),
            Kind::Json => "json".into(),
            Kind::Geometry => "geometry".into(),
            Kind::Vector(count) => format!("vector({count})"),
            Kind::Uuid => "uuid".into(),
            Kind::Inet6 => "inet6".into(),
            Kind::Inet4 => "inet4".into(),
            Kind::CompressedText(length) => format!("varchar({length}) COMPRESSED CHARACTER SET utf8mb4"),
            Kind::CompressedBlob => "blob COMPRESSED".into(),
        }
    }

    /// The form that the decoder's dump has, too.
    fn selected(&self, column: &str) -> String {
        match self {
            Kind::Float => format!("{column}+0e0"),
            Kind::Bit(_) | Kind::Enum(_) => format!("{column}+0"),
            // `+` would make a floating-point number of it.
            Kind::Set(_) => format!("{column}|0"),
            Kind::Text(..)
            | Kind::Binary(_)
            | Kind::VarBinary(_)
            | Kind::Blob(_)
            | Kind::Geometry
            | Kind::Vector(_) => {
                format!("HEX({column})")
            }
            Kind::CompressedText(_) | Kind::CompressedBlob => format!("HEX({column})"),
            Kind::Json => format!("CAST({column} AS CHAR)"),
            _ => column.to_owned(),
        }
    }

    fn value(&self, flavor: Flavor, random: &mut Random) -> String {
        if random.below(9) == 0 {
            return "NULL".into();
        }
        match *self {
            Kind::Integer(_, bits, unsigned) => integer(random, bits, unsigned),
            Kind::Float => format!("{:e}", f32::from_bits(finite(random.next() as u32 as u64, 8, 23) as u32)),
            Kind::Double => format!("{:e}", f64::from_bits(finite(random.next(), 11, 52))),
            Kind::Decimal(precision, scale) => {
                let whole = random.below(precision - scale + 1);
                let sign = random.one(&["", "-"]);
                format!("{sign}0{}.{}", random.digits(whole), random.digits(scale))
            }
            Kind::Bit(bits) => (random.next() >> (64 - bits)).to_string(),
            Kind::Year => {
                let any = 1901 + random.below(255);
                random.one(&[0, 1901, 2155, any]).to_string()
            }
            Kind::Date => format!("'{}'", date(random)),
            Kind::Time(digits) => {
                let (sign, hours) = (random.one(&["", "-"]), random.one(&[0, 12, 838, 100]));
                if random.below(8) == 0 {
                    return format!("'{sign}{}'", random.one(&["838:59:59.999999", "00:00:00", "00:00:00.999999"]));
                }
                format!("'{sign}{hours:02}:{:02}:{:02}.{}'", random.below(60), random.below(59), random.digits(digits))
            }
            Kind::DateTime(digits) => format!("'{} {}'", date(random), clock(random, digits)),
            Kind::Timestamp(digits) => {
                let year = 1971 + random.below(66);
                format!("'{year}-{:02}-{:02} {}'", 1 + random.below(12), 1 + random.below(28), clock(random, digits))
            }
            Kind::Text(_, length, charset) => format!("'{}'", random.text(length, characters(charset))),
            Kind::Binary(length) | Kind::VarBinary(length) => format!("x'{}'", random.hex(length)),
            Kind::Blob(_) => format!("x'{}'", random.hex(255)),
            Kind::Enum(count) => (1 + random.below(count)).to_string(),
            Kind::Set(count) => (random.next() >> (64 - count)).to_string(),
            Kind::Json => format!("'{}'", json(random, 3)),
            Kind::Geometry => format!("ST_GeomFromText('{}', {})", geometry(random), random.one(&[0, 3857])),
            Kind::Vector(count) => {
                // MariaDB wants as many as were declared.
                let (function, count) = match flavor.is_mariadb() {
                    true => ("VEC_FromText", count),
                    false => ("STRING_TO_VECTOR", 1 + random.below(count)),
                };
                let numbers: Vec<_> = (0..count).map(|_| format!("{}.5", random.below(1000))).collect();
                format!("{function}('[{}]')", numbers.join(","))
            }
            Kind::Uuid => {
                let mut hex = format!("{:016x}{:016x}", random.next(), random.next());
                // Often one of the versions and variants that servers store in another order; sometimes the first or last.
                match random.below(8) {
                    0 => hex = "0".repeat(32),
                    1 => hex = "f".repeat(32),
                    2 => hex.replace_range(30.., "00"),
                    3 | 4 => {
                        hex.replace_range(12..13, random.one(&["1", "2", "3", "4", "5", "6", "7", "8"]));
                        hex.replace_range(16..17, random.one(&["8", "9", "a", "b"]));
                    }
                    _ => {}
                }
                format!("'{}-{}-{}-{}-{}'", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
            }
            Kind::Inet6 => {
                let any = random.below(65_536);
                let words: Vec<_> = (0..8).map(|_| format!("{:x}", random.one(&[0, 0, 0, 1, 0xffff, any]))).collect();
                format!("'{}'", words.join(":"))
            }
            Kind::Inet4 => format!("'{}.{}.0.{}'", random.below(256), random.below(256), random.below(2)),
            Kind::CompressedText(length) => {
                let (text, times) = (random.text(length / 10, characters("utf8mb4")), random.below(10));
                format!("REPEAT('{text}',{times})")
            }
            Kind::CompressedBlob => format!("REPEAT(x'{}',{})", random.hex(30), random.below(400)),
        }
    }
}

fn integer(random: &mut Random, bits: u32, unsigned: bool) -> String {
    let any = random.next();
    let number = random.one(&[0, 1, u64::MAX, u64::MAX >> 1, 1 << 63, any]);
    let number = number >> (64 - bits);
    if unsigned { number.to_string() } else { (((number << (64 - bits)) as i64) >> (64 - bits)).to_string() }
}

/// Without the exponent that stands for infinities, and without the smallest numbers, which servers read as zero.
fn finite(bits: u64, exponent_bits: u32, mantissa_bits: u32) -> u64 {
    let exponent = (bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
    let kept = exponent.clamp(1, (1 << exponent_bits) - 2);
    bits & !(((1 << exponent_bits) - 1) << mantissa_bits) | kept << mantissa_bits
}

fn date(random: &mut Random) -> String {
    match random.below(8) {
        0 => "0000-00-00".into(),
        1 => format!("{:04}-00-00", random.below(10_000)),
        _ => format!("{:04}-{:02}-{:02}", random.below(10_000), 1 + random.below(12), 1 + random.below(28)),
    }
}

fn clock(random: &mut Random, digits: u64) -> String {
    format!("{:02}:{:02}:{:02}.{}", random.below(24), random.below(60), random.below(59), random.digits(digits))
}

/// What can be written in a character set, and does not end a string.
fn characters(charset: &str) -> &'static str {
    match charset {
        "latin1" => "ab Z9üß€%\t",
        "gbk" => "ab 中文字",
        "sjis" => "ab あカ日本",
        "ucs2" | "utf8" => "ab Zü€中あ\t",
        _ => "ab Zü€中😀\t",
    }
}

fn geometry(random: &mut Random) -> String {
    let mut point = || format!("{} {}.5", random.below(180), random.below(90));
    let (a, b, c) = (point(), point(), point());
    match random.below(3) {
        0 => format!("POINT({a})"),
        1 => format!("LINESTRING({a},{b},{c})"),
        _ => format!("POLYGON(({a},{b},{c},{a}))"),
    }
}

fn json(random: &mut Random, depth: u64) -> String {
    match random.below(if depth == 0 { 8 } else { 11 }) {
        0 => "null".into(),
        1 => "true".into(),
        2 => integer(random, 64, false),
        3 => integer(random, 17, true),
        4 => format!("{:e}", f64::from_bits(finite(random.next(), 11, 52))),
        5 => format!("{}.{}", random.below(100), random.digits(5)),
        6 | 7 => format!("\"{}\"", random.text(200, "ab ü€😀")),
        8 => {
            let elements: Vec<_> = (0..random.below(6)).map(|_| json(random, depth - 1)).collect();
            format!("[{}]", elements.join(","))
        }
        _ => {
            let member = |random: &mut Random| format!("\"{}\":{}", random.text(5, "abcü "), json(random, depth - 1));
            let members: Vec<_> = (0..random.below(6)).map(|_| member(random)).collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

const SESSION: &str = "SET NAMES utf8mb4; SET SESSION sql_mode = '', time_zone = '+00:00'";

/// Row images that hold everything or not, and on MySQL changes inside of JSON values and compressed transactions.
fn session(flavor: Flavor, seed: u64) -> String {
    // The mysqlbinlog of 5.6 crashes over images that lack columns.
    let images = if flavor == Flavor::MySql56 { ["FULL"; 4] } else { ["FULL", "MINIMAL", "FULL", "NOBLOB"] };
    let image = images[(seed % 4) as usize];
    let mut session = format!("{SESSION}, binlog_row_image = '{image}'");
    if flavor == Flavor::MySql97 {
        let options = if image == "FULL" { "PARTIAL_JSON" } else { "" };
        let compression = if seed.is_multiple_of(3) { "ON" } else { "OFF" };
        session.push_str(&format!(
            ", binlog_row_value_options = '{options}', binlog_transaction_compression = {compression}"
        ));
    }
    session
}

/// A change inside of a document, at a path that some documents have.
fn json_change(random: &mut Random, column: &str) -> String {
    let path = random.one(&["$.a", "$.b", "$.c", "$[0]", "$[1]", "$.\"a b\"", "$.a[0]", "$[0].b", "$.\"\""]);
    let value = format!("CAST('{}' AS JSON)", json(random, 1));
    match random.below(4) {
        0 => format!("JSON_REMOVE({column}, '{path}')"),
        1 => format!("JSON_REPLACE({column}, '{path}', {value})"),
        _ => format!("JSON_SET({column}, '{path}', {value})"),
    }
}

impl Table {
    pub(super) fn random(flavor: Flavor, seed: u64, random: &mut Random) -> Self {
        let columns = (0..1 + random.below(16)).map(|_| Kind::random(flavor, random)).collect();
        Table { name: format!("t{seed}"), flavor, session: session(flavor, seed), columns }
    }

    /// Every type with a fraction, with every number of digits, in rows of any and of the outermost values.
    pub(super) fn of_old_temporals(flavor: Flavor, seed: u64) -> Self {
        let columns = (0..=6).flat_map(|digits| [Kind::Time(digits), Kind::DateTime(digits), Kind::Timestamp(digits)]);
        Table { name: format!("old{seed}"), flavor, session: session(flavor, seed), columns: columns.collect() }
    }

    pub(super) fn create(&self) -> String {
        let columns = self.columns.iter().enumerate();
        let columns: Vec<_> = columns.map(|(index, kind)| format!("c{index} {} NULL", kind.definition())).collect();
        format!(
            "{}; CREATE TABLE d.{} (id INT PRIMARY KEY, {}) ENGINE=InnoDB",
            self.session,
            self.name,
            columns.join(", ")
        )
    }

    pub(super) fn select(&self) -> String {
        let columns = self.columns.iter().enumerate();
        let columns: Vec<_> = columns.map(|(index, kind)| kind.selected(&format!("c{index}"))).collect();
        format!("SELECT id, {} FROM d.{}", columns.join(", "), self.name)
    }

    pub(super) fn inserts(&self, random: &mut Random) -> String {
        let mut row = |id: u64| {
            let values: Vec<_> = self.columns.iter().map(|kind| kind.value(self.flavor, random)).collect();
            format!("({id},{})", values.join(","))
        };
        let rows: Vec<_> = (1..=20).map(&mut row).collect();
        format!("{}; INSERT INTO d.{} VALUES {}", self.session, self.name, rows.join(","))
    }

    pub(super) fn updates(&self, random: &mut Random) -> String {
        let mut sql = self.session.clone();
        for _ in 0..6 {
            let index = random.below(self.columns.len() as u64) as usize;
            let (kind, id) = (self.columns[index], random.below(22));
            let value = match kind {
                Kind::Json if random.below(4) > 0 => json_change(random, &format!("c{index}")),
                kind => kind.value(self.flavor, random),
            };
            sql.push_str(&format!(
                "; UPDATE d.{} SET c{index} = {value} WHERE id >= {id} AND id < {id} + 3",
                self.name
            ));
        }
        sql
    }

    pub(super) fn deletes(&self, random: &mut Random) -> String {
        format!("{}; DELETE FROM d.{} WHERE id % 3 = {}", self.session, self.name, random.below(3))
    }
}
