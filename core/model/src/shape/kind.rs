//! What a column's values can be compared as.

/// What a column holds, as far as a route is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Integers, DECIMAL, YEAR and BIT: exact.
    Number,
    /// CHAR, VARCHAR and the TEXT types, in a character set that is known.
    Text,
    /// ENUM: its member's label.
    Member,
    Date,
    /// DATETIME and TIMESTAMP, the latter in UTC.
    DateTime,
    Time,
    /// Bytes, JSON, FLOAT and DOUBLE, SET, geometry and what else has no exact order of its own.
    Opaque,
}

impl Kind {
    /// Of a `COLUMN_TYPE` or `DATA_TYPE` as the servers write them. `is_text`: the column has a character set.
    pub fn of(column_type: &str, is_text: bool) -> Self {
        let word = column_type.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        match word.to_ascii_lowercase().as_str() {
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "year" | "bit" => Kind::Number,
            "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" if is_text => Kind::Text,
            "enum" => Kind::Member,
            "date" => Kind::Date,
            "datetime" | "timestamp" => Kind::DateTime,
            "time" => Kind::Time,
            _ => Kind::Opaque,
        }
    }

    /// For messages.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Number => "a number",
            Kind::Text | Kind::Member => "a text",
            Kind::Date => "a date",
            Kind::DateTime => "a date with a time",
            Kind::Time => "a time",
            Kind::Opaque => "of a type that can't be compared exactly",
        }
    }
}
