//! What a process has taken of the machine, from `/proc`.

use std::fs;

use crate::{Error, Result};

/// The most memory that process `pid` has had resident so far, in KiB (`VmHWM`). Only while it runs.
pub fn peak_rss_kib(pid: u32) -> Result<u64> {
    let status = proc_file(pid, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok());
    number.ok_or_else(|| Error::new(format!("/proc/{pid}/status has no VmHWM")))
}

/// User and system time that process `pid` has used so far. Only while it runs.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    // proc(5): the kernel shows these in 1/100 s on every Linux that Rust's standard library supports.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = proc_file(pid, "stat")?;
    // The name in parentheses may contain spaces: count the fields behind it; utime and stime are fields 14 and 15.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace().collect::<Vec<_>>());
    let ticks = |index: usize| fields.as_ref().and_then(|fields| fields.get(index)?.parse::<f64>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => Ok((user + system) / TICKS_PER_SECOND),
        _ => Err(Error::new(format!("/proc/{pid}/stat is not understood: {stat}"))),
    }
}

/// Whether process `pid` has ended, and nobody has asked how yet: what it used can still be read.
pub fn has_ended(pid: u32) -> Result<bool> {
    let stat = proc_file(pid, "stat")?;
    Ok(stat.rsplit_once(')').is_some_and(|(_, fields)| fields.trim_start().starts_with('Z')))
}

fn proc_file(pid: u32, name: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{name}");
    fs::read_to_string(&path).map_err(Error::during(path))
}
