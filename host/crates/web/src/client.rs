//! Where a client is: what the connection says, or what proxies say that the operator trusts.

use std::net::{IpAddr, SocketAddr};

use http::HeaderName;
use http::request::Parts;

use crate::config::EdgeConfig;

/// The other end of a request's connection, as an extension of the request. A request without one comes from
/// the host itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Each proxy appends whom it got the request from: only the end of the list is worth anything.
pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The last hop that is none of the trusted proxies; the peer itself if it is none. What was written before
/// that hop was written by it, and could be anything.
pub(crate) fn address(head: &Parts, config: &EdgeConfig) -> Option<IpAddr> {
    let Peer(peer) = *head.extensions.get()?;
    let is_trusted = |hop: IpAddr| is_proxy(hop, config);
    let mut client = peer.to_canonical();
    if config.trusted_proxies.is_empty() || !is_trusted(client) {
        return Some(client);
    }
    let lines = head.headers.get_all(FORWARDED_FOR);
    let lines: Vec<&str> = lines
        .iter()
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for hop in hops {
        match parse(hop.trim()) {
            Some(hop) => client = hop,
            None => break,
        }
        if !is_trusted(client) {
            break;
        }
    }
    Some(client)
}

/// Whether a proxy is there that the operator trusts.
pub(crate) fn is_proxy(address: IpAddr, config: &EdgeConfig) -> bool {
    let mut trusted = config.trusted_proxies.iter();
    trusted.any(|network| network.contains(&address))
}

/// An address; some proxies add the port.
fn parse(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse().ok().map(|socket: SocketAddr| socket.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let plain = hop.parse().ok();
    plain
        .or_else(with_port)
        .or_else(in_brackets)
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn client(peer: &str, lines: &[&str], trusted: &[&str]) -> String {
        let mut request = http::Request::builder();
        for line in lines {
            request = request.header(FORWARDED_FOR, *line);
        }
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        head.extensions.insert(Peer(peer.parse().unwrap()));
        let config = EdgeConfig {
            trusted_proxies: trusted.iter().map(|net| net.parse().unwrap()).collect(),
            ..EdgeConfig::default()
        };
        address(&head, &config).unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies: &[&str] = &["10.0.0.0/8", "fd00::/8"];
        for (peer, lines, expected) in [
            // Nobody in between, or somebody unknown.
            ("198.51.100.9", &[][..], "198.51.100.9"),
            ("198.51.100.9", &["203.0.113.7"][..], "198.51.100.9"),
            // One proxy, and several.
            ("10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7, 10.2.3.4"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7", "10.2.3.4"], "203.0.113.7"),
            ("fd00::1", &["2001:db8::7"], "2001:db8::7"),
            // What the client wrote itself is to the left of what the proxy wrote.
            ("10.0.0.1", &["192.0.2.1, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["192.0.2.1", "203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["10.9.9.9, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["192.0.2.1, nonsense, 10.2.3.4"], "10.2.3.4"),
            ("10.0.0.1", &["192.0.2.1, , 10.2.3.4"], "10.2.3.4"),
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &["\u{e9}"], "10.0.0.1"),
            // A proxy's own request.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // Ports, brackets and mapped addresses are other spellings.
            ("10.0.0.1", &["203.0.113.7:4711"], "203.0.113.7"),
            ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
            ("10.0.0.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
            ("::ffff:10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("::ffff:198.51.100.9", &[], "198.51.100.9"),
        ] {
            assert_eq!(client(peer, lines, proxies), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn without_trusted_proxies_the_connection_alone_counts() {
        assert_eq!(client("10.0.0.1", &["203.0.113.7"], &[]), "10.0.0.1");
    }

    #[test]
    fn the_host_itself_has_no_address() {
        let (head, ()) = http::Request::builder()
            .header(FORWARDED_FOR, "203.0.113.7")
            .body(())
            .unwrap()
            .into_parts();
        assert_eq!(address(&head, &EdgeConfig::default()), None);
    }
}
