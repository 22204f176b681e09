//! Column types: as the binary log has them, as `COLUMN_TYPE` writes them, and whether the two can be the same.

use replicator_binlog::{BINARY_COLLATION, ColumnDef, ColumnType};
use replicator_mysql::facts::ServerFlavor;
use replicator_mysql::tables::ColumnDefinition;
use replicator_schema::table::members;

/// Whether rows with this column of the log can be of that column of the server. Types have to be the same, and so
/// has what the log says about their size and sign.
pub(super) fn agree(logged: &ColumnDef, defined: &ColumnDefinition, flavor: ServerFlavor) -> bool {
    let same_name = logged.name.as_deref().is_none_or(|name| name == defined.name);
    let same_sign = !logged.kind.is_integer() || logged.unsigned.is_none_or(|sign| sign == defined.is_unsigned());
    same_name && same_sign && logged.nullable == defined.nullable && same_type(logged, defined, flavor)
}

/// How MariaDB marks columns in its format of before MySQL 5.6.
const OLD_FORMAT: &str = "/* mariadb-5.3 */";

/// Digits of fraction of a TIME, DATETIME or TIMESTAMP in the format of before MySQL 5.6, which the log does not say; `None` if
/// the column is in another format.
pub(super) fn old_fraction(defined: &ColumnDefinition, flavor: ServerFlavor) -> Option<u16> {
    let digits = arguments(&defined.column_type).first().copied().unwrap_or(0);
    let is_old = match flavor {
        ServerFlavor::MariaDb => defined.column_type.ends_with(OLD_FORMAT),
        ServerFlavor::MySql => digits == 0,
    };
    u16::try_from(digits).ok().filter(|digits| is_old && *digits <= 6)
}

fn same_type(logged: &ColumnDef, defined: &ColumnDefinition, flavor: ServerFlavor) -> bool {
    use ColumnType::*;
    let meta = u64::from(logged.meta);
    let octets = || defined.octet_length.is_none_or(|octets| octets == meta);
    let fraction = || arguments(&defined.column_type).first().copied().unwrap_or(0) == meta;
    match (defined.data_type.as_str(), logged.kind) {
        ("tinyint", TinyInt) | ("smallint", SmallInt) | ("mediumint", MediumInt) | ("bigint", BigInt) => true,
        ("int" | "integer", Int) | ("float", Float) | ("double" | "real", Double) | ("year", Year) => true,
        ("date", Date) => true,
        ("time", OldTime) | ("datetime", OldDateTime) | ("timestamp", OldTimestamp) => {
            old_fraction(defined, flavor).is_some()
        }
        ("time", Time) | ("datetime", DateTime) | ("timestamp", Timestamp) => fraction(),
        ("decimal" | "numeric", Decimal) => {
            let (precision, scale) = logged.decimal_size().unwrap_or_default();
            arguments(&defined.column_type) == [u64::from(precision), u64::from(scale)]
        }
        ("bit", Bit) => arguments(&defined.column_type).first().copied() == logged.bits().map(u64::from),
        ("char" | "binary", Char) | ("varchar" | "varbinary", Varchar) => octets(),
        ("uuid" | "inet6", Char) => meta == 16,
        ("inet4", Char) => meta == 4,
        ("varchar" | "varbinary", VarcharCompressed) => true,
        ("tinyblob" | "tinytext", Blob | BlobCompressed) => meta == 1,
        ("blob" | "text", Blob | BlobCompressed) => meta == 2,
        ("mediumblob" | "mediumtext", Blob | BlobCompressed) => meta == 3,
        ("longblob" | "longtext", Blob | BlobCompressed) => meta == 4,
        ("json", Json) | ("vector", Vector) => true,
        // MariaDB's.
        ("vector", Varchar) => octets(),
        ("enum", Enum) => meta == if members(&defined.column_type).len() > 255 { 2 } else { 1 },
        ("set", Set) => meta == set_bytes(members(&defined.column_type).len()),
        (name, Geometry) => {
            matches!(
                name,
                "geometry"
                    | "point"
                    | "linestring"
                    | "polygon"
                    | "multipoint"
                    | "multilinestring"
                    | "multipolygon"
                    | "geometrycollection"
                    | "geomcollection"
            )
        }
        _ => false,
    }
}

fn set_bytes(members: usize) -> u64 {
    match members.div_ceil(8) {
        bytes @ 0..=4 => bytes.max(1) as u64,
        _ => 8,
    }
}

/// The numbers in parentheses: `decimal(10,2)` gives 10 and 2.
fn arguments(column_type: &str) -> Vec<u64> {
    let inside =
        column_type.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inside, _)| inside);
    inside.split(',').filter_map(|number| number.trim().parse().ok()).collect()
}

/// A text in a character set's own bytes; `None` where this needs a table of characters.
pub(super) fn encoded(text: &str, charset: Option<&str>) -> Option<Vec<u8>> {
    match charset {
        _ if text.is_ascii() => Some(text.as_bytes().to_vec()),
        Some("utf8" | "utf8mb3" | "utf8mb4") => Some(text.as_bytes().to_vec()),
        Some("latin1") => {
            text.chars().map(|c| u8::try_from(u32::from(c)).ok().filter(|byte| *byte < 0x80 || *byte >= 0xa0)).collect()
        }
        _ => None,
    }
}

/// The type as `COLUMN_TYPE` would write it, from what the log says.
pub(super) fn column_type(column: &ColumnDef, charset: Option<&str>) -> String {
    use ColumnType::*;
    let fraction = |name: &str| match column.fraction_digits() {
        0 => name.to_owned(),
        digits => format!("{name}({digits})"),
    };
    let sized = |text: &str, binary: &str| match is_binary(column) {
        true => format!("{binary}({})", column.meta),
        false => format!("{text}({})", column.meta / bytes_per_character(charset)),
    };
    let name = match column.kind {
        TinyInt => "tinyint".to_owned(),
        SmallInt => "smallint".to_owned(),
        MediumInt => "mediumint".to_owned(),
        Int => "int".to_owned(),
        BigInt => "bigint".to_owned(),
        Float => "float".to_owned(),
        Double => "double".to_owned(),
        OldDecimal => "decimal".to_owned(),
        Decimal => {
            let (precision, scale) = column.decimal_size().unwrap_or_default();
            format!("decimal({precision},{scale})")
        }
        Null => "null".to_owned(),
        OldTimestamp | Timestamp => fraction("timestamp"),
        OldDateTime | DateTime => fraction("datetime"),
        OldTime | Time => fraction("time"),
        Date => "date".to_owned(),
        Year => "year".to_owned(),
        Varchar | VarcharCompressed => sized("varchar", "varbinary"),
        Char => sized("char", "binary"),
        Uuid => "uuid".to_owned(),
        Inet6 => "inet6".to_owned(),
        Inet4 => "inet4".to_owned(),
        Bit => format!("bit({})", column.bits().unwrap_or(1)),
        Enum => list("enum", column),
        Set => list("set", column),
        Blob | BlobCompressed => blob(column).to_owned(),
        Json => "json".to_owned(),
        Geometry => geometry(column.geometry_type).to_owned(),
        Vector => column.vector_dimensions.map_or_else(|| "vector".to_owned(), |count| format!("vector({count})")),
        TypedArray => "array".to_owned(),
        Unknown(code) => format!("type {code}"),
    };
    let numeric = column.kind.is_integer() || matches!(column.kind, Float | Double | Decimal);
    if numeric && column.unsigned == Some(true) { format!("{name} unsigned") } else { name }
}

fn is_binary(column: &ColumnDef) -> bool {
    column.collation.is_none_or(|collation| collation == BINARY_COLLATION)
}

/// Most bytes of a character (`MAXLEN` of `information_schema.CHARACTER_SETS`).
fn bytes_per_character(charset: Option<&str>) -> u16 {
    match charset.unwrap_or_default() {
        "utf8mb4" | "utf16" | "utf16le" | "utf32" | "gb18030" => 4,
        "utf8" | "utf8mb3" | "ujis" | "eucjpms" => 3,
        "ucs2" | "sjis" | "cp932" | "gbk" | "big5" | "euckr" | "gb2312" => 2,
        _ => 1,
    }
}

fn blob(column: &ColumnDef) -> &'static str {
    match (column.meta, is_binary(column)) {
        (1, true) => "tinyblob",
        (1, false) => "tinytext",
        (2, true) => "blob",
        (2, false) => "text",
        (3, true) => "mediumblob",
        (3, false) => "mediumtext",
        (_, true) => "longblob",
        (_, false) => "longtext",
    }
}

fn geometry(number: Option<u8>) -> &'static str {
    match number {
        Some(1) => "point",
        Some(2) => "linestring",
        Some(3) => "polygon",
        Some(4) => "multipoint",
        Some(5) => "multilinestring",
        Some(6) => "multipolygon",
        Some(7) => "geometrycollection",
        _ => "geometry",
    }
}

fn list(name: &str, column: &ColumnDef) -> String {
    let members = column.members.as_deref().unwrap_or_default();
    let texts: Vec<String> = members
        .iter()
        .map(|member| match std::str::from_utf8(member) {
            Ok(text) => format!("'{}'", text.replace('\'', "''")),
            // Most likely latin1, whose bytes are the first characters of Unicode.
            Err(_) => {
                format!("'{}'", member.iter().map(|byte| char::from(*byte)).collect::<String>().replace('\'', "''"))
            }
        })
        .collect();
    format!("{name}({})", texts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(kind: ColumnType, meta: u16) -> ColumnDef {
        ColumnDef::new(kind, meta, false)
    }

    fn defined(column_type: &str, octet_length: Option<u64>) -> ColumnDefinition {
        ColumnDefinition { octet_length, nullable: false, ..ColumnDefinition::new("a", column_type) }
    }

    #[test]
    fn types_agree_only_in_kind_size_and_sign() {
        use ColumnType::*;
        for (kind, meta, column_type, octets, expected) in [
            (Int, 0, "int(10) unsigned", None, true),
            (Int, 0, "bigint", None, false),
            (Decimal, 0x0a02, "decimal(10,2)", None, true),
            (Decimal, 0x0a02, "decimal(10,3) unsigned", None, false),
            (DateTime, 3, "datetime(3)", None, true),
            (DateTime, 0, "datetime", None, true),
            (DateTime, 3, "datetime", None, false),
            (Varchar, 80, "varchar(20)", Some(80), true),
            (Varchar, 80, "varchar(40)", Some(160), false),
            (Bit, 0x0105, "bit(13)", None, true),
            (Blob, 2, "text", Some(65535), true),
            (Blob, 4, "text", Some(65535), false),
            (Enum, 1, "enum('a','b')", Some(1), true),
            (Set, 2, "set('1','2','3','4','5','6','7','8','9')", None, true),
            (Geometry, 4, "point", None, true),
            (Json, 4, "longtext", None, false),
            (Varchar, 12, "vector(3)", Some(12), true),
            (Varchar, 12, "vector(4)", Some(16), false),
            (OldTime, 0, "time", None, true),
            (OldTime, 0, "time(3)", None, false),
            (OldTimestamp, 0, "timestamp /* 5.5 binary format */", None, true),
        ] {
            let (logged, defined) = (logged(kind, meta), defined(column_type, octets));
            assert_eq!(agree(&logged, &defined, ServerFlavor::MySql), expected, "{kind:?} {column_type}");
        }
        let signed = ColumnDef { unsigned: Some(false), ..logged(Int, 0) };
        let agree = |logged: &ColumnDef, defined: &ColumnDefinition| agree(logged, defined, ServerFlavor::MariaDb);
        assert!(agree(&signed, &defined("int", None)) && !agree(&signed, &defined("int unsigned", None)));
        let named = ColumnDef { name: Some("b".into()), ..logged(Int, 0) };
        assert!(!agree(&named, &defined("int", None)));
        // A column that is stored anew since may have had any fraction.
        let old = logged(OldDateTime, 0);
        assert!(agree(&old, &defined("datetime(3) /* mariadb-5.3 */", None)));
        assert!(agree(&old, &defined("datetime /* mariadb-5.3 */", None)));
        assert!(!agree(&old, &defined("datetime", None)) && !agree(&old, &defined("datetime(3)", None)));
    }

    #[test]
    fn members_are_read_with_their_quotes() {
        assert_eq!(encoded("ü", Some("latin1")), Some(vec![0xfc]));
        assert_eq!(encoded("ü", Some("utf8mb4")), Some("ü".as_bytes().to_vec()));
        assert_eq!((encoded("€", Some("latin1")), encoded("ü", Some("cp1251"))), (None, None));
        assert_eq!(encoded("a", None), Some(b"a".to_vec()));
    }

    #[test]
    fn types_are_written_as_the_servers_do() {
        use ColumnType::*;
        let text = |kind, meta| ColumnDef { collation: Some(45), ..logged(kind, meta) };
        let unsigned = |kind, meta| ColumnDef { unsigned: Some(true), ..logged(kind, meta) };
        for (column, charset, expected) in [
            (unsigned(BigInt, 0), None, "bigint unsigned"),
            (unsigned(Decimal, 0x0a02), None, "decimal(10,2) unsigned"),
            (text(Varchar, 80), Some("utf8mb4"), "varchar(20)"),
            (logged(Varchar, 80), None, "varbinary(80)"),
            (text(Char, 20), Some("latin1"), "char(20)"),
            (text(Blob, 3), Some("utf8mb4"), "mediumtext"),
            (logged(Blob, 1), None, "tinyblob"),
            (logged(Timestamp, 6), None, "timestamp(6)"),
            (logged(Bit, 0x0105), None, "bit(13)"),
            (ColumnDef { geometry_type: Some(1), ..logged(Geometry, 4) }, None, "point"),
            (ColumnDef { members: Some([Box::from(*b"a'")].into()), ..logged(Enum, 1) }, None, "enum('a''')"),
        ] {
            assert_eq!(column_type(&column, charset), expected);
        }
    }
}
