//! QUERY: a statement with the session state it ran under.

use std::borrow::Cow;

use crate::{cursor::Cursor, deflate, error::DecodeError};

/// A statement: BEGIN, COMMIT, DDL, or DML where the session logs statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query<'a> {
    pub thread_id: u32,
    /// Seconds the statement took on the source.
    pub execution_seconds: u32,
    pub error_code: u16,
    pub status: StatusVars<'a>,
    /// The session's default database, in utf8; empty where there was none.
    pub database: &'a [u8],
    /// In the character set `character_set_client` of the status variables; owned where it was compressed.
    pub sql: Cow<'a, [u8]>,
}

impl<'a> Query<'a> {
    pub(crate) fn parse(cursor: &mut Cursor<'a>, compressed: Option<deflate::Limit>) -> Result<Self, DecodeError> {
        let fixed = QueryHead::parse(cursor)?;
        let (status, database) = fixed.variable_part(cursor)?;
        let sql = match compressed {
            Some(limit) => Cow::Owned(deflate::inflate(cursor, limit)?),
            None => Cow::Borrowed(cursor.take_rest()),
        };
        Ok(Query {
            thread_id: fixed.thread_id,
            execution_seconds: fixed.execution_seconds,
            error_code: fixed.error_code,
            status,
            database,
            sql,
        })
    }
}

/// The fixed part shared with EXECUTE_LOAD_QUERY.
pub(crate) struct QueryHead {
    pub(crate) thread_id: u32,
    pub(crate) execution_seconds: u32,
    pub(crate) error_code: u16,
    database_length: usize,
    status_length: usize,
}

impl QueryHead {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let thread_id = cursor.u32("thread id")?;
        let execution_seconds = cursor.u32("execution time")?;
        let database_length = cursor.u8("length of the database name")?.into();
        let error_code = cursor.u16("error code")?;
        let status_length = cursor.u16("length of the status variables")?.into();
        Ok(QueryHead { thread_id, execution_seconds, error_code, database_length, status_length })
    }

    pub(crate) fn variable_part<'a>(&self, cursor: &mut Cursor<'a>) -> Result<(StatusVars<'a>, &'a [u8]), DecodeError> {
        let status = StatusVars(cursor.sub(self.status_length, "status variables")?);
        let database = cursor.take(self.database_length, "database name")?;
        if cursor.u8("end of the database name")? != 0 {
            return Err(cursor.malformed("zero byte after the database name", "another byte"));
        }
        Ok((status, database))
    }
}

/// Session state of a statement, parsed on demand.
#[derive(Clone, Copy)]
pub struct StatusVars<'a>(Cursor<'a>);

impl std::fmt::Debug for StatusVars<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatusVars({} bytes)", self.0.rest().len())
    }
}

impl PartialEq for StatusVars<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.rest() == other.0.rest()
    }
}

impl Eq for StatusVars<'_> {}

/// What a session had set when it ran a statement. `None`: not logged, the server's default applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionContext<'a> {
    pub flags2: Option<u32>,
    pub sql_mode: Option<u64>,
    pub catalog: Option<&'a [u8]>,
    /// (auto_increment_increment, auto_increment_offset)
    pub auto_increment: Option<(u16, u16)>,
    pub charsets: Option<SessionCharsets>,
    pub time_zone: Option<&'a [u8]>,
    /// Number of the locale for day and month names.
    pub lc_time_names: Option<u16>,
    pub collation_database: Option<u16>,
    /// (user, host) the statement runs as where that is not the session's.
    pub invoker: Option<(&'a [u8], &'a [u8])>,
    /// Databases the statement touches; `None` also where they were too many to be logged.
    pub updated_databases: Option<Vec<&'a [u8]>>,
    /// Fraction of the event's timestamp.
    pub microseconds: Option<u32>,
    pub explicit_defaults_for_timestamp: Option<bool>,
    /// The DDL statement is atomic and carries this transaction number.
    pub ddl_xid: Option<u64>,
    pub default_collation_for_utf8mb4: Option<u16>,
    pub sql_require_primary_key: Option<bool>,
    pub default_table_encryption: Option<bool>,
    /// MySQL 9.6 and later: InnoDB instead of the SQL layer carries out foreign keys; cascaded changes are not logged.
    pub innodb_native_foreign_keys: Option<bool>,
    /// MariaDB: (character set's default collation, the collation used in its place) pairs.
    pub character_set_collations: Option<Vec<(u16, u16)>>,
    /// First code this decoder does not know; nothing behind it was read.
    pub unknown: Option<u8>,
}

/// Collation numbers of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCharsets {
    pub client: u16,
    pub connection: u16,
    pub server: u16,
}

impl SessionContext<'_> {
    const AUTO_IS_NULL: u32 = 1 << 14;
    const NOT_AUTOCOMMIT: u32 = 1 << 19;
    const NO_FOREIGN_KEY_CHECKS: u32 = 1 << 26;
    const RELAXED_UNIQUE_CHECKS: u32 = 1 << 27;

    fn flag(&self, bit: u32) -> bool {
        self.flags2.is_some_and(|flags| flags & bit != 0)
    }

    pub fn foreign_key_checks(&self) -> bool {
        !self.flag(Self::NO_FOREIGN_KEY_CHECKS)
    }

    pub fn unique_checks(&self) -> bool {
        !self.flag(Self::RELAXED_UNIQUE_CHECKS)
    }

    pub fn autocommit(&self) -> bool {
        !self.flag(Self::NOT_AUTOCOMMIT)
    }

    pub fn sql_auto_is_null(&self) -> bool {
        self.flag(Self::AUTO_IS_NULL)
    }
}

impl<'a> StatusVars<'a> {
    /// Reads all variables. Codes are those of `Query_log_event` in the servers' sources.
    pub fn parse(&self) -> Result<SessionContext<'a>, DecodeError> {
        let mut cursor = self.0;
        let mut context = SessionContext::default();
        while !cursor.is_empty() {
            let code = cursor.u8("status variable")?;
            if !context.read(code, &mut cursor)? {
                context.unknown = Some(code);
                break;
            }
        }
        Ok(context)
    }
}

impl<'a> SessionContext<'a> {
    /// False when the code is unknown, its length too.
    fn read(&mut self, code: u8, c: &mut Cursor<'a>) -> Result<bool, DecodeError> {
        match code {
            0 => self.flags2 = Some(c.u32("flags2")?),
            1 => self.sql_mode = Some(c.u64("sql_mode")?),
            2 => {
                self.catalog = Some(c.short_bytes("catalog")?);
                c.u8("end of the catalog")?;
            }
            3 => self.auto_increment = Some((c.u16("auto_increment")?, c.u16("auto_increment")?)),
            4 => {
                let (client, connection, server) = (c.u16("charset")?, c.u16("charset")?, c.u16("charset")?);
                self.charsets = Some(SessionCharsets { client, connection, server });
            }
            5 => self.time_zone = Some(c.short_bytes("time_zone")?),
            6 => self.catalog = Some(c.short_bytes("catalog")?),
            7 => self.lc_time_names = Some(c.u16("lc_time_names")?),
            8 => self.collation_database = Some(c.u16("collation_database")?),
            9 => {
                c.u64("table map for update")?;
            }
            10 => {
                c.u32("master data written")?;
            }
            11 => self.invoker = Some((c.short_bytes("invoker")?, c.short_bytes("invoker")?)),
            12 => self.updated_databases = updated_databases(c)?,
            13 => self.microseconds = Some(c.u24("microseconds")?),
            14 | 15 => {
                c.u64("commit timestamp")?;
            }
            16 => self.explicit_defaults_for_timestamp = Some(c.u8("explicit_defaults_for_timestamp")? != 0),
            17 => self.ddl_xid = Some(c.u64("ddl xid")?),
            18 => self.default_collation_for_utf8mb4 = Some(c.u16("default_collation_for_utf8mb4")?),
            19 => self.sql_require_primary_key = Some(c.u8("sql_require_primary_key")? != 0),
            20 => self.default_table_encryption = Some(c.u8("default_table_encryption")? != 0),
            21 => self.innodb_native_foreign_keys = Some(c.u8("innodb_native_foreign_keys")? != 0),
            128..=131 => self.read_mariadb(code, c)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn read_mariadb(&mut self, code: u8, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        match code {
            128 => self.microseconds = Some(c.u24("microseconds")?),
            129 => self.ddl_xid = Some(c.u64("xid")?),
            130 => {
                // Flags of a two-phase ALTER; its COMMIT and ROLLBACK name the ALTER they belong to.
                const COMMIT_OR_ROLLBACK_ALTER: u8 = 4 | 8;
                if c.u8("GTID flags")? & COMMIT_OR_ROLLBACK_ALTER != 0 {
                    c.u64("sequence of the ALTER")?;
                }
            }
            _ => {
                let count = c.u8("character_set_collations")?;
                let pair = |c: &mut Cursor<'_>| Ok((c.u16("collation")?, c.u16("collation")?));
                self.character_set_collations = Some((0..count).map(|_| pair(c)).collect::<Result<_, DecodeError>>()?);
            }
        }
        Ok(())
    }
}

fn updated_databases<'a>(c: &mut Cursor<'a>) -> Result<Option<Vec<&'a [u8]>>, DecodeError> {
    const TOO_MANY: u8 = 254;
    let count = c.u8("number of updated databases")?;
    if count == TOO_MANY {
        return Ok(None);
    }
    let mut names = Vec::new();
    for _ in 0..count {
        let Some(length) = c.rest().iter().position(|b| *b == 0) else {
            return Err(c.malformed("zero byte after a database name", "none"));
        };
        names.push(c.take(length, "database name")?);
        c.u8("end of a database name")?;
    }
    Ok(Some(names))
}
