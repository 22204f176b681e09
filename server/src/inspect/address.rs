//! From a host's name to addresses that may be connected to: looked up once, each checked, and the checked ones used.

use super::limits::Limits;
use replicator_model::failure::Failure;
use std::net::{IpAddr, SocketAddr};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The addresses of a host, all of them allowed.
pub(crate) async fn look_up(host: &str, port: u16, limits: &Limits) -> Result<Vec<IpAddr>, Failure> {
    let unknown = |problem: String| {
        Failure::transient(
            "host_unknown",
            format!("`{host}` leads to no address: {problem}"),
            "check the host's name, and that this host can look it up",
        )
    };
    let found = match timeout(limits.timeout, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(found)) => found.map(|address| address.ip()).collect::<Vec<_>>(),
        Ok(Err(error)) => return Err(unknown(error.to_string())),
        Err(_) => return Err(unknown(format!("no answer within {:?}", limits.timeout))),
    };
    if found.is_empty() {
        return Err(unknown("the answer is empty".to_owned()));
    }
    for address in &found {
        limits.permit(*address).map_err(|why| {
            Failure::definite(
                "address_not_allowed",
                format!("`{host}`: {why}"),
                "name another server, or have its network allowed in the Server's settings",
            )
        })?;
    }
    Ok(found)
}

/// Whether something listens at one of the addresses.
pub(crate) async fn knock(addresses: &[IpAddr], port: u16, limits: &Limits) -> Result<(), Failure> {
    let places: Vec<SocketAddr> = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
    let refused = |problem: String| {
        Failure::transient(
            "connection_refused",
            format!("port {port} can't be connected to: {problem}"),
            "check that the server runs, listens on this port for other hosts too, and that no firewall is between",
        )
    };
    match timeout(limits.timeout, TcpStream::connect(&*places)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(refused(error.to_string())),
        Err(_) => Err(refused(format!("no answer within {:?}", limits.timeout))),
    }
}

/// For people: `10.0.0.1, 10.0.0.2`.
pub(crate) fn listed(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
