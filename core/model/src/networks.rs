//! Which addresses connection tests and webhooks may reach. Whoever may name an address in a form must not reach with
//! it what only this host can: its own loopback services, or a cloud's metadata with the host's credentials in it.

use ipnet::IpNet;
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `[networks]`: which addresses may be connected to on behalf of users.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Networks {
    /// Only these, as `"10.0.0.0/8"` or one address. Empty: everywhere but where no server of a task can be.
    pub allow: Vec<Network>,
    /// This host's own loopback addresses too. Set where the process itself serves this host alone; elsewhere they are
    /// reached if `allow` names them.
    #[serde(skip)]
    pub loopback: bool,
}

/// A range of addresses, written `10.0.0.0/8`, `fd00::/8`, or as one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let range = text.parse::<IpNet>().ok();
        let range = range.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        range.map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(60).collect();
            format!("`{shown}` is not a network; write it as `10.0.0.0/8`, `fd00::/8`, or as one address")
        })
    }
}

/// Why an address is not connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address} is {what}, which is not connected to; list it under [networks] allow if it is meant")]
pub struct Forbidden {
    pub address: IpAddr,
    pub what: &'static str,
}

/// Where credentials of hosts are handed out without a login: AWS and most clouds, AWS by IPv6, Alibaba, Azure, Oracle.
const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
];

/// Whether an address may be connected to. A name is resolved once, every address of it is asked about here, and the
/// connection goes to an address that was: a second look-up could answer another one.
pub fn allowed(networks: &Networks, address: IpAddr) -> Result<(), Forbidden> {
    let meant = embedded(address);
    let refuse = |what| Err(Forbidden { address, what });
    match special(meant) {
        Some(Special::Never(what)) => refuse(what),
        // A wide range such as 0.0.0.0/0 does not mean these: they have to be named.
        Some(Special::Named(what, range)) if !networks.name(meant, range) => refuse(what),
        Some(Special::Loopback(_)) if networks.loopback => Ok(()),
        Some(Special::Loopback(range)) if !networks.name(meant, range) => refuse("a loopback address of this host"),
        Some(_) => Ok(()),
        None if networks.allow.is_empty() || networks.contain(meant) => Ok(()),
        None => refuse("in none of the networks that are allowed"),
    }
}

impl Networks {
    fn contain(&self, address: IpAddr) -> bool {
        self.allow.iter().any(|Network(range)| range.contains(&address))
    }

    /// Whether a listed range has the address and lies within `least`, so that somebody meant this kind of address.
    fn name(&self, address: IpAddr, least: u8) -> bool {
        self.allow.iter().any(|Network(range)| range.prefix_len() >= least && range.contains(&address))
    }
}

/// Addresses that are no server of a task unless somebody says so; with the shortest prefix that says so.
enum Special {
    Never(&'static str),
    Named(&'static str, u8),
    Loopback(u8),
}

fn special(address: IpAddr) -> Option<Special> {
    if METADATA.contains(&address) {
        let whole = if address.is_ipv4() { 32 } else { 128 };
        return Some(Special::Named("where a cloud hands out credentials", whole));
    }
    match address {
        IpAddr::V4(v4) if v4.octets()[0] == 0 => Some(Special::Never("no address of a host")),
        IpAddr::V4(v4) if v4.is_multicast() => Some(Special::Never("a multicast address")),
        IpAddr::V4(v4) if v4.octets()[0] >= 240 => Some(Special::Never("a broadcast or reserved address")),
        IpAddr::V4(v4) if v4.is_link_local() => Some(Special::Named("a link-local address", 16)),
        IpAddr::V4(v4) if v4.is_loopback() => Some(Special::Loopback(8)),
        IpAddr::V6(v6) if v6.is_unspecified() => Some(Special::Never("no address of a host")),
        IpAddr::V6(v6) if v6.is_multicast() => Some(Special::Never("a multicast address")),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some(Special::Named("a link-local address", 10)),
        // Site-local addresses were withdrawn, and are still routed to some metadata services.
        IpAddr::V6(v6) if v6.segments()[0] & 0xffc0 == 0xfec0 => Some(Special::Named("a site-local address", 10)),
        IpAddr::V6(v6) if v6.is_loopback() => Some(Special::Loopback(128)),
        _ => None,
    }
}

/// The IPv4 address that an IPv6 address carries, where packets to the one reach the other: mapped and compatible
/// forms, NAT64 and 6to4.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let segments = v6.segments();
    let four = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => four(high, low),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => four(high, low),
        [0x2002, high, low, ..] => four(high, low),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(allow: &[&str], loopback: bool) -> Networks {
        Networks { allow: allow.iter().map(|text| Network::try_from((*text).to_owned()).unwrap()).collect(), loopback }
    }

    #[test]
    fn by_default_servers_are_reached_and_what_only_this_host_reaches_is_not() {
        let networks = networks(&[], false);
        for address in [
            "10.0.0.1",
            "10.255.255.255",
            "172.16.0.1",
            "192.168.1.20",
            "100.64.0.1",
            "8.8.8.8",
            "203.0.113.7",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "223.255.255.255",
            "2001:db8::1",
            "fd00::1",
            "fc00::7",
            "2606:4700::1111",
            "::ffff:10.0.0.1",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert_eq!(allowed(&networks, address.parse().unwrap()), Ok(()), "{address}");
        }
        for address in [
            "127.0.0.1",
            "127.0.0.53",
            "127.255.255.255",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.0.1",
            "169.254.169.254",
            "169.254.255.255",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "::ffff:0.0.0.0",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
        ] {
            assert!(allowed(&networks, address.parse().unwrap()).is_err(), "{address}");
        }
    }

    #[test]
    fn a_list_narrows_and_names() {
        for (allow, loopback, address, expected) in [
            (&["10.0.0.0/8"][..], false, "10.1.2.3", true),
            (&["10.0.0.0/8"], false, "192.168.1.1", false),
            (&["10.0.0.0/8"], false, "::ffff:10.1.2.3", true),
            (&["10.0.0.0/8"], true, "127.0.0.1", true),
            (&["0.0.0.0/0"], false, "127.0.0.1", false),
            (&["0.0.0.0/0"], false, "169.254.169.254", false),
            (&["0.0.0.0/0"], false, "169.254.3.4", false),
            (&["127.0.0.0/8"], false, "127.0.0.1", true),
            (&["127.0.0.1"], false, "127.0.0.1", true),
            (&["127.0.0.1"], false, "127.0.0.2", false),
            (&["169.254.0.0/16"], false, "169.254.3.4", true),
            (&["169.254.0.0/16"], false, "169.254.169.254", false),
            (&["169.254.169.254"], false, "169.254.169.254", true),
            (&["::/0"], false, "::1", false),
            (&["::1"], false, "::1", true),
            (&["::/0"], false, "fe80::1", false),
            (&["fd00::/8"], false, "fd00::5", true),
            (&["224.0.0.0/4"], true, "224.0.0.1", false),
            (&["0.0.0.0"], true, "0.0.0.0", false),
            (&[], true, "127.0.0.1", true),
            (&[], true, "::1", true),
            (&[], true, "169.254.169.254", false),
        ] {
            let result = allowed(&networks(allow, loopback), address.parse().unwrap());
            assert_eq!(result.is_ok(), expected, "{allow:?} {loopback} {address}: {result:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_by_name() {
        let error = serde_json::from_str::<Networks>(r#"{"allow":["10.0.0.0/33"]}"#).unwrap_err().to_string();
        assert!(error.contains("10.0.0.0/33") && error.contains("10.0.0.0/8"), "{error}");
        let forbidden = allowed(&networks(&[], false), "::ffff:127.0.0.1".parse().unwrap()).unwrap_err().to_string();
        assert!(forbidden.contains("127.0.0.1") && forbidden.contains("[networks] allow"), "{forbidden}");
    }
}
