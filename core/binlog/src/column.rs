//! One column as the table map describes it.

/// Type of a column as it is stored in row images. The code is the servers' `enum_field_types`; ENUM and SET, which
/// are sent as STRING, are told apart already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// DECIMAL of MySQL 4; not carried.
    OldDecimal,
    TinyInt,
    SmallInt,
    MediumInt,
    Int,
    BigInt,
    Float,
    Double,
    Decimal,
    Null,
    /// As before 5.6. MySQL's have no fraction. MariaDB's may have one, and the log does not say so: whoever knows the table
    /// puts the number of its digits into [`ColumnDef::meta`].
    OldTimestamp,
    OldDateTime,
    OldTime,
    Timestamp,
    DateTime,
    Time,
    Date,
    Year,
    Varchar,
    /// CHAR and BINARY.
    Char,
    /// MariaDB's UUID, INET6 and INET4. The log calls them BINARY: whoever knows the table says so, with the column's
    /// [`ColumnDef::meta`] left as it is.
    Uuid,
    Inet6,
    Inet4,
    Bit,
    Enum,
    Set,
    /// TINYBLOB to LONGBLOB and the TEXT types.
    Blob,
    Json,
    Geometry,
    Vector,
    /// Column of a multi-valued index of MySQL.
    TypedArray,
    /// MariaDB `BLOB COMPRESSED`.
    BlobCompressed,
    /// MariaDB `VARCHAR COMPRESSED`.
    VarcharCompressed,
    Unknown(u8),
}

impl ColumnType {
    pub(crate) fn from_code(code: u8) -> Self {
        match code {
            0 => ColumnType::OldDecimal,
            1 => ColumnType::TinyInt,
            2 => ColumnType::SmallInt,
            3 => ColumnType::Int,
            4 => ColumnType::Float,
            5 => ColumnType::Double,
            6 => ColumnType::Null,
            7 => ColumnType::OldTimestamp,
            8 => ColumnType::BigInt,
            9 => ColumnType::MediumInt,
            10 | 14 => ColumnType::Date,
            11 => ColumnType::OldTime,
            12 => ColumnType::OldDateTime,
            13 => ColumnType::Year,
            15 | 253 => ColumnType::Varchar,
            16 => ColumnType::Bit,
            17 => ColumnType::Timestamp,
            18 => ColumnType::DateTime,
            19 => ColumnType::Time,
            20 => ColumnType::TypedArray,
            140 => ColumnType::BlobCompressed,
            141 => ColumnType::VarcharCompressed,
            242 => ColumnType::Vector,
            245 => ColumnType::Json,
            246 => ColumnType::Decimal,
            247 => ColumnType::Enum,
            248 => ColumnType::Set,
            249..=252 => ColumnType::Blob,
            254 => ColumnType::Char,
            255 => ColumnType::Geometry,
            other => ColumnType::Unknown(other),
        }
    }

    /// Types that have a bit in SIGNEDNESS metadata.
    pub(crate) fn is_numeric(self) -> bool {
        self.is_integer()
            || matches!(
                self,
                ColumnType::Float
                    | ColumnType::Double
                    | ColumnType::Decimal
                    | ColumnType::OldDecimal
                    | ColumnType::Year
            )
    }

    /// TINYINT to BIGINT: the types whose bytes mean different things signed and UNSIGNED.
    pub fn is_integer(self) -> bool {
        matches!(
            self,
            ColumnType::TinyInt | ColumnType::SmallInt | ColumnType::MediumInt | ColumnType::Int | ColumnType::BigInt
        )
    }
}

/// A column. What the table map does not say is `None` and may be filled in on an owned [`crate::TableMap`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDef {
    pub kind: ColumnType,
    /// What the type needs to be decoded, see the methods below; two bytes as in the table map, except that ENUM and
    /// SET have their size in bytes and CHAR its whole length here.
    pub meta: u16,
    pub nullable: bool,
    /// Only integers cannot be decoded without.
    pub unsigned: Option<bool>,
    pub name: Option<Box<str>>,
    /// Collation number of character columns, ENUM and SET; 63 is `binary`.
    pub collation: Option<u16>,
    /// Members of ENUM or SET in the column's own character set, in order.
    pub members: Option<Box<[Box<[u8]>]>>,
    /// 0 GEOMETRY, 1 POINT, 2 LINESTRING, … as in WKB.
    pub geometry_type: Option<u8>,
    /// False for INVISIBLE columns.
    pub visible: Option<bool>,
    /// Declared dimensions of VECTOR.
    pub vector_dimensions: Option<u32>,
}

/// Collation number of `binary`.
pub const BINARY_COLLATION: u16 = 63;

impl ColumnDef {
    /// A column of which only that is known which every table map says.
    pub fn new(kind: ColumnType, meta: u16, nullable: bool) -> Self {
        ColumnDef {
            kind,
            meta,
            nullable,
            unsigned: None,
            name: None,
            collation: None,
            members: None,
            geometry_type: None,
            visible: None,
            vector_dimensions: None,
        }
    }

    /// Digits of seconds of TIME, DATETIME and TIMESTAMP, 0 to 6.
    pub fn fraction_digits(&self) -> u8 {
        match self.kind {
            ColumnType::Timestamp
            | ColumnType::DateTime
            | ColumnType::Time
            | ColumnType::OldTimestamp
            | ColumnType::OldDateTime
            | ColumnType::OldTime => self.meta.min(6) as u8,
            _ => 0,
        }
    }

    /// (precision, scale) of DECIMAL.
    pub fn decimal_size(&self) -> Option<(u8, u8)> {
        (self.kind == ColumnType::Decimal).then(|| {
            let [precision, scale] = self.meta.to_be_bytes();
            (precision, scale)
        })
    }

    /// Declared length in bytes of CHAR, BINARY, VARCHAR and VARBINARY.
    pub fn declared_bytes(&self) -> Option<u16> {
        matches!(self.kind, ColumnType::Char | ColumnType::Varchar).then_some(self.meta)
    }

    /// Length in bits of BIT.
    pub fn bits(&self) -> Option<u16> {
        (self.kind == ColumnType::Bit).then(|| {
            let [spare, bytes] = self.meta.to_le_bytes();
            u16::from(bytes) * 8 + u16::from(spare)
        })
    }

    /// True for BINARY(n): stored without its trailing zero bytes, to be padded with them to
    /// [`ColumnDef::declared_bytes`]. CHAR is stored without trailing spaces and is not padded. `None` where the
    /// collation is not known.
    pub fn is_fixed_binary(&self) -> Option<bool> {
        match self.kind {
            ColumnType::Char => self.collation.map(|collation| collation == BINARY_COLLATION),
            _ => Some(false),
        }
    }
}
