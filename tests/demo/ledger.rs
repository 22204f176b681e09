//! The end: everything is at the target, and nothing else.

use crate::rest::Rest;
use crate::screen::counted;
use crate::servers::Servers;
use crate::shop::TABLES;
use replicator_tests::{Error, Result, eventually};
use std::time::Duration;
use tokio::time::Instant;

/// How long the replicator may take to catch up once nobody writes.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);

/// Waits until the replicator says that it has everything, then compares the contents of all tables.
///
/// # Errors
/// When it does not get there, or when a table differs.
pub(crate) async fn compare(servers: &Servers, rest: &Rest) -> Result<()> {
    let began = Instant::now();
    let wanted = servers.source_gtids().await?;
    eventually("the target to have every transaction of the source", DRAIN_TIMEOUT, async || {
        let status = rest.status().await.map_err(|error| error.to_string())?;
        let applied = status.checkpoint.and_then(|checkpoint| checkpoint.gtid_set).unwrap_or_default();
        let applied: String = applied.split_whitespace().collect();
        if applied == wanted { Ok(()) } else { Err(format!("it has {applied}, the source {wanted}")) }
    })
    .await?;
    println!("The target had everything {:.1} s later.\n", began.elapsed().as_secs_f64());

    let (source, target) =
        tokio::try_join!(servers.source.checksum_tables("shop"), servers.target.checksum_tables("shop"))?;
    let mut differing = Vec::new();
    println!("{:<14} {:>12} {:>12}  contents", "table", "source rows", "target rows");
    for table in TABLES {
        let (ours, theirs) = (source.get(table), target.get(table));
        let equal = ours.is_some() && ours == theirs;
        let rows = [ours, theirs].map(|sum| sum.map_or_else(|| "–".into(), |sum| counted(sum.rows)));
        println!("{table:<14} {:>12} {:>12}  {}", rows[0], rows[1], if equal { "equal" } else { "DIFFERENT" });
        if !equal {
            differing.push(table);
        }
    }
    println!();
    match differing.is_empty() && source.len() == target.len() {
        true => {
            println!("Source and target are equal: no transaction was lost, none was applied twice.");
            Ok(())
        }
        false => Err(Error::new(format!("source and target differ in: {}", differing.join(", ")))),
    }
}
