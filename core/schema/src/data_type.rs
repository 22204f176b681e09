//! Column types: as statements write them, in all their forms.

use crate::dialect::{Dialect, Version};
use crate::reader::Reader;

/// A type, without the character set that a text column ends up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DataType {
    Integer {
        name: &'static str,
        width: Option<u64>,
    },
    Decimal {
        precision: u64,
        scale: u64,
    },
    Float {
        is_double: bool,
        size: Option<(u64, u64)>,
    },
    Bit(u64),
    /// CHAR and VARCHAR; of characters.
    Text {
        varying: bool,
        length: u64,
    },
    Binary {
        varying: bool,
        length: u64,
    },
    /// TEXT in its sizes. A length chooses the size.
    LongText {
        size: BlobSize,
        length: Option<u64>,
    },
    Blob {
        size: BlobSize,
        length: Option<u64>,
    },
    /// TIME, DATETIME, TIMESTAMP with digits of a second's fraction.
    Time {
        name: &'static str,
        fraction: u64,
    },
    Year(Option<u64>),
    Enum {
        is_set: bool,
        members: Vec<String>,
    },
    Vector(u64),
    Geometry(&'static str),
    /// MariaDB's name for a LONGTEXT that holds JSON.
    JsonText,
    /// What has no attributes: date, json, uuid, …
    Plain(&'static str),
}

/// The four sizes of TEXT and BLOB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlobSize {
    Tiny,
    Plain,
    Medium,
    Long,
}

impl BlobSize {
    /// The smallest that has room for so many bytes.
    pub(crate) fn of(bytes: u64) -> Self {
        match bytes {
            0..=0xff => Self::Tiny,
            0x100..=0xffff => Self::Plain,
            0x1_0000..=0xff_ffff => Self::Medium,
            _ => Self::Long,
        }
    }

    pub(crate) fn bytes_max(self) -> u64 {
        match self {
            Self::Tiny => 0xff,
            Self::Plain => 0xffff,
            Self::Medium => 0xff_ffff,
            Self::Long => 0xffff_ffff,
        }
    }
}

/// A type with what its own words say about sign and character set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) data_type: DataType,
    /// NATIONAL CHAR and its forms.
    pub(crate) national: bool,
    /// SERIAL: BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE.
    pub(crate) serial: bool,
}

const REAL_AS_FLOAT: u64 = 1;
const VECTOR_DIMENSIONS_DEFAULT: u64 = 2048;
const YEAR_2_NONE: Version = Version(5, 6, 6);

/// Takes a type. `None`: it is none that is known.
pub(crate) fn read(reader: &mut Reader<'_>, dialect: Dialect) -> Option<Written> {
    let word = reader.word()?;
    let national = word.starts_with('N') && matches!(word.as_str(), "NATIONAL" | "NCHAR" | "NVARCHAR");
    let serial = word == "SERIAL";
    let data_type = match word.as_str() {
        "SERIAL" => integer("bigint", None),
        "NATIONAL" => match reader.word()?.as_str() {
            "CHAR" | "CHARACTER" => character(reader)?,
            "VARCHAR" | "VARCHARACTER" => varying(reader)?,
            _ => return None,
        },
        "NCHAR" => {
            if reader.accept("VARCHAR") || reader.accept("VARCHARACTER") {
                varying(reader)?
            } else {
                character(reader)?
            }
        }
        "NVARCHAR" => varying(reader)?,
        other => numeric(other, reader)
            .or_else(|| textual(other, reader, dialect))
            .or_else(|| special(other, reader, dialect))?,
    };
    Some(Written { data_type, national, serial })
}

fn integer(name: &'static str, width: Option<u64>) -> DataType {
    DataType::Integer { name, width }
}

/// `(n)`, if it comes next. Zero is as good as none.
fn length(reader: &mut Reader<'_>) -> Option<u64> {
    let mark = reader.mark();
    let number = if reader.accept_symbol('(') { reader.number() } else { None };
    if number.is_some() && reader.accept_symbol(')') {
        return number;
    }
    reader.back_to(mark);
    None
}

/// `(n,m)`, if it comes next.
fn size(reader: &mut Reader<'_>) -> Option<(u64, u64)> {
    let mark = reader.mark();
    let first = if reader.accept_symbol('(') { reader.number() } else { None };
    let second = if first.is_some() && reader.accept_symbol(',') { reader.number() } else { None };
    if second.is_some() && reader.accept_symbol(')') {
        return first.zip(second);
    }
    reader.back_to(mark);
    None
}

fn numeric(word: &str, reader: &mut Reader<'_>) -> Option<DataType> {
    let name = match word {
        "TINYINT" | "INT1" => "tinyint",
        "SMALLINT" | "INT2" => "smallint",
        "MEDIUMINT" | "INT3" | "MIDDLEINT" => "mediumint",
        "INT" | "INTEGER" | "INT4" => "int",
        "BIGINT" | "INT8" => "bigint",
        _ => "",
    };
    if !name.is_empty() {
        return Some(integer(name, length(reader).filter(|width| *width > 0)));
    }
    Some(match word {
        "BOOL" | "BOOLEAN" => integer("tinyint", Some(1)),
        "DECIMAL" | "DEC" | "NUMERIC" | "FIXED" | "NUMBER" => {
            const PRECISION_DEFAULT: u64 = 10;
            let (precision, scale) = size(reader).or_else(|| Some((length(reader)?, 0))).unwrap_or((0, 0));
            DataType::Decimal { precision: if precision == 0 { PRECISION_DEFAULT } else { precision }, scale }
        }
        "FLOAT" | "FLOAT4" => {
            const FLOAT_PRECISION_MAX: u64 = 24;
            let size = size(reader);
            let is_double = size.is_none() && length(reader).is_some_and(|bits| bits > FLOAT_PRECISION_MAX);
            DataType::Float { is_double, size }
        }
        "DOUBLE" | "FLOAT8" | "REAL" => {
            reader.accept("PRECISION");
            let is_double = word != "REAL" || reader.sql_mode() & REAL_AS_FLOAT == 0;
            DataType::Float { is_double, size: size(reader) }
        }
        "BIT" => DataType::Bit(length(reader).filter(|bits| *bits > 0).unwrap_or(1)),
        _ => return None,
    })
}

fn character(reader: &mut Reader<'_>) -> Option<DataType> {
    if reader.accept("VARYING") {
        return varying(reader);
    }
    Some(DataType::Text { varying: false, length: length(reader).unwrap_or(1) })
}

fn varying(reader: &mut Reader<'_>) -> Option<DataType> {
    Some(DataType::Text { varying: true, length: length(reader)? })
}

fn long_text(size: BlobSize, length: Option<u64>) -> DataType {
    DataType::LongText { size, length: length.filter(|length| *length > 0) }
}

fn textual(word: &str, reader: &mut Reader<'_>, dialect: Dialect) -> Option<DataType> {
    use BlobSize::{Long, Medium, Plain, Tiny};
    let blob = |size, length: Option<u64>| DataType::Blob { size, length: length.filter(|length| *length > 0) };
    Some(match word {
        "CHAR" | "CHARACTER" => character(reader)?,
        "VARCHAR" | "VARCHARACTER" | "VARCHAR2" => varying(reader)?,
        "BINARY" => DataType::Binary { varying: false, length: length(reader).unwrap_or(1) },
        "VARBINARY" => DataType::Binary { varying: true, length: length(reader)? },
        "RAW" if dialect.is_mariadb() => DataType::Binary { varying: true, length: length(reader)? },
        "LONG" => {
            if reader.accept("VARBINARY") {
                blob(Medium, None)
            } else {
                if reader.accept_any(&["CHAR", "CHARACTER"]) {
                    reader.accept("VARYING").then_some(())?;
                } else {
                    reader.accept_any(&["VARCHAR", "VARCHARACTER"]);
                }
                long_text(Medium, None)
            }
        }
        "TINYTEXT" => long_text(Tiny, None),
        "TEXT" => long_text(Plain, length(reader)),
        "MEDIUMTEXT" => long_text(Medium, None),
        "LONGTEXT" => long_text(Long, None),
        "CLOB" if dialect.is_mariadb() => long_text(Long, None),
        "TINYBLOB" => blob(Tiny, None),
        "BLOB" => blob(Plain, length(reader)),
        "MEDIUMBLOB" => blob(Medium, None),
        "LONGBLOB" => blob(Long, None),
        "ENUM" | "SET" => DataType::Enum { is_set: word == "SET", members: members(reader)? },
        _ => return None,
    })
}

/// The strings of `('a','b')`.
fn members(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let mut members = Vec::new();
    if !reader.accept_symbol('(') {
        return None;
    }
    loop {
        let mut member = reader.string()?;
        // The server cuts off what it pads values with.
        member.truncate(member.trim_end_matches(' ').len());
        members.push(member);
        if reader.accept_symbol(')') {
            return Some(members);
        }
        if !reader.accept_symbol(',') {
            return None;
        }
    }
}

fn special(word: &str, reader: &mut Reader<'_>, dialect: Dialect) -> Option<DataType> {
    let time = |name, reader: &mut Reader<'_>| DataType::Time { name, fraction: length(reader).unwrap_or(0) };
    Some(match word {
        "TIME" => time("time", reader),
        "DATETIME" => time("datetime", reader),
        "TIMESTAMP" => time("timestamp", reader),
        "DATE" => DataType::Plain("date"),
        "YEAR" => {
            let digits = length(reader);
            let is_short = digits == Some(2) && (dialect.is_mariadb() || dialect.version < YEAR_2_NONE);
            DataType::Year(is_short.then_some(2))
        }
        "JSON" if dialect.is_mariadb() => DataType::JsonText,
        "JSON" => DataType::Plain("json"),
        "VECTOR" => DataType::Vector(length(reader).unwrap_or(VECTOR_DIMENSIONS_DEFAULT)),
        "UUID" if dialect.is_mariadb() => DataType::Plain("uuid"),
        "INET4" if dialect.is_mariadb() => DataType::Plain("inet4"),
        "INET6" if dialect.is_mariadb() => DataType::Plain("inet6"),
        "GEOMETRY" => DataType::Geometry("geometry"),
        "POINT" => DataType::Geometry("point"),
        "LINESTRING" => DataType::Geometry("linestring"),
        "POLYGON" => DataType::Geometry("polygon"),
        "MULTIPOINT" => DataType::Geometry("multipoint"),
        "MULTILINESTRING" => DataType::Geometry("multilinestring"),
        "MULTIPOLYGON" => DataType::Geometry("multipolygon"),
        "GEOMETRYCOLLECTION" | "GEOMCOLLECTION" => DataType::Geometry(if dialect.is_mysql_since(Version(8, 0, 11)) {
            "geomcollection"
        } else {
            "geometrycollection"
        }),
        _ => return None,
    })
}
