//! `replicator binlog`: log files without a server, a line of JSON for each row and statement.
//!
//! ```text
//! FILE or - ─ pieces ─▶ FileSplitter ─ raw events ─▶ reading ─ rows of wanted tables ─▶ row ─ lines ─▶ stdout
//! ```

pub(crate) mod arguments;
mod reading;
mod row;

use crate::exit::{Exit, Failed};
use arguments::Binlog;
use reading::{Reading, Unshown, Wanted};
use replicator_binlog::{DecodeError, FileSplitter};
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::Path;

/// Bytes read at once.
const PIECE_BYTES: usize = 256 << 10;

/// Largest event: what the servers can write at most.
const EVENT_BYTES_MAX: u32 = 1 << 30;

/// Bytes written at once.
const OUTPUT_BYTES: usize = 64 << 10;

pub(crate) fn run(asked: &Binlog) -> Result<(), Failed> {
    let wanted = Wanted::new(asked)?;
    let mut out = BufWriter::with_capacity(OUTPUT_BYTES, std::io::stdout().lock());
    for file in &asked.files {
        match print(file, &wanted, &mut out) {
            Ok(()) => {}
            Err(Stopped::NobodyReads) => return Ok(()),
            Err(Stopped::Failed(failed)) => {
                // What could be read comes first.
                out.flush().ok();
                return Err(failed);
            }
        }
    }
    out.flush().or_else(not_told).map_err(|error| unwritable(&error))
}

/// Why a file was not read to its end.
enum Stopped {
    /// Whoever read the lines has seen enough, as `head` does.
    NobodyReads,
    Failed(Failed),
}

fn not_told(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

fn unwritable(error: &std::io::Error) -> Failed {
    Failed::new(Exit::Failed, "output_unwritable", format!("stdout: {error}"), "see whether the disk is full")
}

fn print(path: &Path, wanted: &Wanted, out: &mut impl Write) -> Result<(), Stopped> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| {
        let hint = "name log files that this user may read, or - for standard input";
        Stopped::Failed(Failed::new(Exit::Failed, "file_unreadable", format!("{name}: {error}"), hint))
    };
    let mut source: Box<dyn Read> = match name.as_str() {
        "-" => Box::new(std::io::stdin().lock()),
        _ => Box::new(File::open(path).map_err(unreadable)?),
    };
    let (mut splitter, mut reading) = (FileSplitter::new(EVENT_BYTES_MAX), Reading::new(&name, wanted, out));
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = match source.read(&mut piece) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        if read == 0 {
            break;
        }
        splitter.push(piece.get(..read).unwrap_or_default());
        loop {
            let event = splitter.next_event().map_err(|error| undecoded(&name, 0, &error))?;
            let Some((offset, raw)) = event else { break };
            if wanted.stop.is_some_and(|stop| offset >= stop) {
                return Ok(());
            }
            reading.take(offset, raw).map_err(|unshown| match unshown {
                Unshown::Undecoded(error) => undecoded(&name, offset, &error),
                Unshown::Unwritten(error) => match not_told(error) {
                    Ok(()) => Stopped::NobodyReads,
                    Err(error) => Stopped::Failed(unwritable(&error)),
                },
            })?;
        }
    }
    match (splitter.unfinished(), splitter.offset()) {
        (0, 1..) => Ok(()),
        (unfinished, offset) => {
            let detail = format!("{name} ends with {unfinished} bytes of an event at offset {offset}");
            let hint = "it is being written, was cut short, or is no log file; what came before was shown";
            Err(Stopped::Failed(Failed::new(Exit::Failed, "file_cut_short", detail, hint)))
        }
    }
}

fn undecoded(name: &str, offset: u64, error: &DecodeError) -> Stopped {
    let (code, hint) = match error {
        DecodeError::Checksum { .. } => ("event_damaged", "the file is damaged: take it from the server again"),
        error if needs_sign(error) => (
            "sign_unknown",
            "the server logs it with binlog_row_metadata = FULL; --signed reads such columns as signed numbers",
        ),
        error if error.is_unsupported() => ("event_not_carried", "see whether mysqlbinlog reads it, and report it"),
        _ => ("event_malformed", "see whether mysqlbinlog reads it; keep the file and report it"),
    };
    Stopped::Failed(Failed::new(Exit::Failed, code, format!("{name}, event at {offset}: {error}"), hint))
}

fn needs_sign(error: &DecodeError) -> bool {
    match error {
        DecodeError::UnknownSignedness { .. } => true,
        DecodeError::Column { source, .. } => needs_sign(source),
        _ => false,
    }
}
