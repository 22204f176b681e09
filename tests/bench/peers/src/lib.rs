//! What the readers have in common: where they read, and what they saw.

/// The command line: `HOST PORT USER PASSWORD FILE OFFSET END MODE`; the log is read up to the event that ends at `END`.
pub struct Wanted {
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: String,
    pub file: String,
    pub offset: u32,
    pub end: u32,
    /// Rows are decoded; otherwise events are only received.
    pub decode: bool,
}

/// What was seen, printed as the only line of output.
#[derive(Default)]
pub struct Seen {
    pub events: u64,
    pub rows: u64,
    pub values: u64,
}

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

impl Wanted {
    pub fn parse() -> Result<Wanted> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [host, port, user, password, file, offset, end, mode] = arguments.as_slice() else {
            return Err("usage: HOST PORT USER PASSWORD FILE OFFSET END decode|receive".into());
        };
        Ok(Wanted {
            host: host.clone(),
            port: port.parse()?,
            user: user.clone(),
            password: password.clone(),
            file: file.clone(),
            offset: offset.parse()?,
            end: end.parse()?,
            decode: mode == "decode",
        })
    }
}

impl Seen {
    pub fn print(&self) {
        println!("{{\"events\":{},\"rows\":{},\"values\":{}}}", self.events, self.rows, self.values);
    }
}
