//! From a column as statements define it to the column that the server makes of it.

use crate::charset::{Charsets, Named};
use crate::column::ColumnSpec;
use crate::data_type::{BlobSize, DataType};
use crate::dialect::{Dialect, Version};
use crate::table::ColumnDefinition;

/// What decides about a column besides its own words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) charsets: &'a Charsets,
    /// The table's collation.
    pub(crate) collation: Option<&'a str>,
    /// What the whole table is being converted to: that overrules what a column names.
    pub(crate) converted: Option<&'a str>,
    /// Whether TIMESTAMP may be NULL unless told otherwise, as other types are.
    pub(crate) explicit_timestamps: Option<bool>,
}

/// Why it can't be said what the server made of a statement.
pub(crate) type Doubt = String;

const CHAR_LENGTH_MAX: u64 = 255;
const VARCHAR_BYTES_MAX: u64 = 65_535;

/// The type's text, its first word, and what is known of values.
struct Typed {
    column_type: String,
    data_type: &'static str,
    collation: Option<String>,
    octets: Option<u64>,
}

/// The column that the server makes. An error says what can't be known.
pub(crate) fn column(spec: &ColumnSpec, around: Around<'_>) -> Result<ColumnDefinition, Doubt> {
    if let Some(doubt) = spec.doubt {
        return Err(doubt.to_owned());
    }
    let mut typed = typed(spec, around).map_err(|doubt| format!("column `{}`: {doubt}", spec.name))?;
    if spec.compressed {
        typed.column_type.push_str(" /*M!100301 COMPRESSED*/");
    }
    let is_timestamp = matches!(spec.data_type, DataType::Time { name: "timestamp", .. });
    let nullable = match (spec.null, around.explicit_timestamps) {
        (Some(null), _) => null,
        (None, explicit) if is_timestamp && !spec.generated => explicit
            .ok_or_else(|| format!("column `{}`: whether this TIMESTAMP may be NULL is a setting", spec.name))?,
        (None, _) => !spec.auto_increment,
    };
    let charset = typed.collation.as_deref().and_then(|collation| around.charsets.charset_of(collation));
    let charset = charset.filter(|charset| *charset != "binary");
    Ok(ColumnDefinition {
        name: spec.name.clone(),
        column_type: typed.column_type,
        data_type: typed.data_type.to_owned(),
        charset: charset.map(str::to_owned),
        collation: typed.collation,
        octet_length: typed.octets,
        nullable: nullable && !spec.primary,
        generated: spec.generated,
        auto_increment: spec.auto_increment,
        invisible: spec.invisible,
    })
}

fn typed(spec: &ColumnSpec, around: Around<'_>) -> Result<Typed, Doubt> {
    use DataType::*;
    let plain =
        |data_type: &'static str, column_type: String| Typed { column_type, data_type, collation: None, octets: None };
    let sign = match (spec.unsigned, spec.zerofill) {
        (_, true) => " unsigned zerofill",
        (true, false) => " unsigned",
        (false, false) => "",
    };
    Ok(match &spec.data_type {
        Integer { name, width } => plain(name, format!("{}{sign}", integer(name, *width, spec, around.dialect))),
        Decimal { precision, scale } => plain("decimal", format!("decimal({precision},{scale}){sign}")),
        Float { is_double, size } => {
            let name = if *is_double { "double" } else { "float" };
            let size = size.map_or_else(String::new, |(width, scale)| format!("({width},{scale})"));
            plain(name, format!("{name}{size}{sign}"))
        }
        Bit(bits) => plain("bit", format!("bit({bits})")),
        Text { varying, length } => text(spec, *varying, *length, around)?,
        Binary { varying, length } => bytes(*varying, *length),
        LongText { size, length: None } | Blob { size, length: None }
            if around.converted.is_some() && *size != BlobSize::Long && !around.dialect.is_mariadb() =>
        {
            return Err("its size may be another, for it was defined while its table was converted".to_owned());
        }
        LongText { size, length } => {
            let (collation, bytes_max) = collation(&spec.named, around)?;
            let size = length.map_or(*size, |length| BlobSize::of(length.saturating_mul(bytes_max)));
            long_text(size, collation)
        }
        Blob { size, length } => long_text(length.map_or(*size, BlobSize::of), None),
        Time { name, fraction: 0 } => plain(name, (*name).to_owned()),
        Time { name, fraction } => plain(name, format!("{name}({fraction})")),
        Year(digits) if around.dialect.shows_widths() => plain("year", format!("year({})", digits.unwrap_or(4))),
        Year(_) => plain("year", "year".to_owned()),
        Enum { is_set, members } => list(*is_set, members, spec, around)?,
        Vector(dimensions) => plain("vector", format!("vector({dimensions})")),
        Geometry(name) | Plain(name) => plain(name, (*name).to_owned()),
        JsonText => {
            let named = Named { collation: Some("utf8mb4_bin".to_owned()), ..Named::default() };
            let named = if spec.named.is_empty() { &named } else { &spec.named };
            long_text(BlobSize::Long, collation(named, around)?.0)
        }
    })
}

/// The collation of a text column and the most bytes of a character; `None` where its text is bytes.
fn collation(named: &Named, around: Around<'_>) -> Result<(Option<String>, u64), Doubt> {
    let collation =
        around.charsets.resolve(named, around.collation).ok_or_else(|| "its character set is not known".to_owned())?;
    let charset =
        around.charsets.charset_of(&collation).ok_or_else(|| format!("collation {collation} is not known"))?;
    if charset == "binary" {
        return Ok((None, 1));
    }
    if let Some(collation) = around.converted {
        // The attribute BINARY of a column that is defined in the same statement stays.
        let named = Named { binary: named.binary, ..Named::default() };
        return self::collation(&named, Around { converted: None, collation: Some(collation), ..around });
    }
    let bytes = around.charsets.bytes_max(charset).ok_or_else(|| format!("character set {charset} is not known"))?;
    Ok((Some(collation), bytes))
}

fn integer(name: &str, width: Option<u64>, spec: &ColumnSpec, dialect: Dialect) -> String {
    let is_boolean = name == "tinyint" && width == Some(1) && !spec.unsigned;
    if !dialect.shows_widths() && !spec.zerofill && !is_boolean {
        return name.to_owned();
    }
    let (signed, unsigned) = match name {
        "tinyint" => (4, 3),
        "smallint" => (6, 5),
        "mediumint" => (9, 8),
        "int" => (11, 10),
        _ => (20, 20),
    };
    format!("{name}({})", width.unwrap_or(if spec.unsigned { unsigned } else { signed }))
}

fn text(spec: &ColumnSpec, varying: bool, length: u64, around: Around<'_>) -> Result<Typed, Doubt> {
    let (collation, bytes_max) = collation(&spec.named, around)?;
    let octets = length.saturating_mul(bytes_max);
    if !varying && length > CHAR_LENGTH_MAX {
        return Err(format!("CHAR({length}) is more than the server takes as such"));
    }
    if varying && octets > VARCHAR_BYTES_MAX {
        // It ran, so the session was not strict, and the server took the smallest type that is large enough.
        return Ok(long_text(BlobSize::of(octets), collation));
    }
    if collation.is_none() {
        return Ok(bytes(varying, length));
    }
    let data_type = if varying { "varchar" } else { "char" };
    Ok(Typed { column_type: format!("{data_type}({length})"), data_type, collation, octets: Some(octets) })
}

fn bytes(varying: bool, length: u64) -> Typed {
    if varying && length > VARCHAR_BYTES_MAX {
        return long_text(BlobSize::of(length), None);
    }
    let data_type = if varying { "varbinary" } else { "binary" };
    Typed { column_type: format!("{data_type}({length})"), data_type, collation: None, octets: Some(length) }
}

/// TEXT, or BLOB where there is no collation.
pub(crate) fn long_text_name(size: BlobSize, is_text: bool) -> &'static str {
    match (size, is_text) {
        (BlobSize::Tiny, true) => "tinytext",
        (BlobSize::Plain, true) => "text",
        (BlobSize::Medium, true) => "mediumtext",
        (BlobSize::Long, true) => "longtext",
        (BlobSize::Tiny, false) => "tinyblob",
        (BlobSize::Plain, false) => "blob",
        (BlobSize::Medium, false) => "mediumblob",
        (BlobSize::Long, false) => "longblob",
    }
}

fn long_text(size: BlobSize, collation: Option<String>) -> Typed {
    let data_type = long_text_name(size, collation.is_some());
    Typed { column_type: data_type.to_owned(), data_type, collation, octets: Some(size.bytes_max()) }
}

fn list(is_set: bool, members: &[String], spec: &ColumnSpec, around: Around<'_>) -> Result<Typed, Doubt> {
    let (collation, bytes_max) = collation(&spec.named, around)?;
    let name = if is_set { "set" } else { "enum" };
    // The server shows them escaped in ways of its own.
    if members.iter().any(|member| member.contains(['\\', '\0', '\n', '\r', '\u{1a}'])) {
        return Err("a member has a backslash or a control character".to_owned());
    }
    let written: Vec<String> = members.iter().map(|member| format!("'{}'", member.replace('\'', "''"))).collect();
    let lengths = members.iter().map(|member| member.chars().count() as u64);
    let characters =
        if is_set { lengths.sum::<u64>() + members.len() as u64 - 1 } else { lengths.max().unwrap_or_default() };
    let octets = Some(characters.saturating_mul(bytes_max));
    // Only later servers leave it out for lists as they do for other types.
    let shows_binary = !around.dialect.is_mysql_since(Version(8, 0, 0));
    let collation = collation.or_else(|| shows_binary.then(|| "binary".to_owned()));
    Ok(Typed { column_type: format!("{name}({})", written.join(",")), data_type: name, collation, octets })
}

/// What CONVERT TO CHARACTER SET makes of a column. TEXT grows where its characters might need more room.
pub(crate) fn converted(
    column: &ColumnDefinition,
    collation: &str,
    charsets: &Charsets,
) -> Result<ColumnDefinition, Doubt> {
    let Some(before) = column.charset.as_deref() else { return Ok(column.clone()) };
    let unknown = |charset: &str| format!("character set {charset} is not known");
    let old = charsets.bytes_max(before).ok_or_else(|| unknown(before))?;
    let charset = charsets.charset_of(collation).ok_or_else(|| format!("collation {collation} is not known"))?;
    if charset == "binary" {
        return Err("its text was converted to bytes".to_owned());
    }
    if matches!(column.data_type.as_str(), "enum" | "set") && !column.column_type.is_ascii() {
        // Servers leave the members' bytes as they were, which then mean something else.
        return Err(format!("column `{}`: its members were not converted with it", column.name));
    }
    let new = charsets.bytes_max(charset).ok_or_else(|| unknown(charset))?;
    let characters = column.octet_length.unwrap_or_default() / old.max(1);
    let bytes = characters.saturating_mul(new);
    let mut converted = ColumnDefinition {
        charset: Some(charset.to_owned()),
        collation: Some(collation.to_owned()),
        octet_length: column.octet_length.map(|_| bytes),
        ..column.clone()
    };
    let grown = match column.data_type.as_str() {
        "tinytext" | "text" | "mediumtext" => Some(BlobSize::of(bytes)),
        "varchar" if bytes > VARCHAR_BYTES_MAX => Some(BlobSize::of(bytes)),
        "longtext" => Some(BlobSize::Long),
        _ => None,
    };
    if let Some(size) = grown {
        let name = long_text_name(size, true);
        let attributes =
            column.column_type.split_once(" /*").map_or_else(String::new, |(_, rest)| format!(" /*{rest}"));
        (converted.data_type, converted.column_type) = (name.to_owned(), format!("{name}{attributes}"));
        converted.octet_length = Some(size.bytes_max());
    }
    Ok(converted)
}
