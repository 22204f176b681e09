//! One error for the whole harness: a message for the person who reads the test's output.

use std::fmt;

/// What went wrong, with which server or file, and what to do about it where that is known.
pub struct Error(String);

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(message: impl Into<String>) -> Error {
        Error(message.into())
    }

    /// For `map_err`: puts what was being done before the cause.
    pub(crate) fn during<E: fmt::Display>(doing: impl fmt::Display) -> impl FnOnce(E) -> Error {
        move |cause| Error(format!("{doing}: {cause}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As `Display`: a test that ends with an `Err` prints the `Debug` form, and people should be able to read it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(cause: std::io::Error) -> Error {
        Error(cause.to_string())
    }
}

impl From<mysql_async::Error> for Error {
    fn from(cause: mysql_async::Error) -> Error {
        Error(cause.to_string())
    }
}
