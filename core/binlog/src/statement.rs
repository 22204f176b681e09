//! Context of logged statements: variables a statement reads, and the files of LOAD DATA.

use crate::{
    cursor::Cursor,
    error::DecodeError,
    query::{QueryHead, StatusVars},
};

/// Value of an integer the next statement uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intvar {
    /// 1: LAST_INSERT_ID(), 2: the AUTO_INCREMENT value to insert.
    pub variable: u8,
    pub value: u64,
}

/// Seeds of RAND() in the next statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rand {
    pub seed1: u64,
    pub seed2: u64,
}

/// A user variable the next statement reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserVar<'a> {
    pub name: &'a [u8],
    pub value: Option<UserVarValue<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserVarValue<'a> {
    /// Item_result of the server: 0 string, 1 real, 2 integer, 4 decimal.
    pub result_type: u8,
    pub collation: u32,
    pub bytes: &'a [u8],
    pub unsigned: bool,
}

/// First (or only) block of a file for LOAD DATA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeginLoadQuery<'a> {
    pub file_id: u32,
    pub block: &'a [u8],
}

/// A LOAD DATA statement over the blocks sent before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecuteLoadQuery<'a> {
    pub thread_id: u32,
    pub error_code: u16,
    pub file_id: u32,
    /// Where the file name stands in `sql`.
    pub file_name: (u32, u32),
    pub duplicate_handling: u8,
    pub status: StatusVars<'a>,
    pub database: &'a [u8],
    pub sql: &'a [u8],
}

impl Intvar {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Intvar { variable: cursor.u8("variable")?, value: cursor.u64("value")? })
    }
}

impl Rand {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Rand { seed1: cursor.u64("seed")?, seed2: cursor.u64("seed")? })
    }
}

impl<'a> UserVar<'a> {
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let length = cursor.u32("length of the name")?;
        let name = cursor.take(length as usize, "name")?;
        if cursor.u8("NULL flag")? != 0 {
            return Ok(UserVar { name, value: None });
        }
        let result_type = cursor.u8("type of the value")?;
        let collation = cursor.u32("collation")?;
        let length = cursor.u32("length of the value")?;
        let bytes = cursor.take(length as usize, "value")?;
        let unsigned = !cursor.is_empty() && cursor.u8("flags")? & 1 != 0;
        Ok(UserVar { name, value: Some(UserVarValue { result_type, collation, bytes, unsigned }) })
    }
}

impl<'a> BeginLoadQuery<'a> {
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        Ok(BeginLoadQuery { file_id: cursor.u32("file id")?, block: cursor.take_rest() })
    }
}

impl<'a> ExecuteLoadQuery<'a> {
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let head = QueryHead::parse(cursor)?;
        let file_id = cursor.u32("file id")?;
        let file_name = (cursor.u32("start of the file name")?, cursor.u32("end of the file name")?);
        let duplicate_handling = cursor.u8("duplicate handling")?;
        let (status, database) = head.variable_part(cursor)?;
        Ok(ExecuteLoadQuery {
            thread_id: head.thread_id,
            error_code: head.error_code,
            file_id,
            file_name,
            duplicate_handling,
            status,
            database,
            sql: cursor.take_rest(),
        })
    }
}
