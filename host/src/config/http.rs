//! `[http]`: the edge.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use stoa_kernel::secret::Secret;

/// The edge.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where the host answers.
    pub listen: SocketAddr,
    /// Where people reach the host: links in letters begin with it.
    #[serde(deserialize_with = "public_url")]
    pub public_url: String,
    /// Bytes of a request's body.
    pub body_bytes_max: usize,
    /// Milliseconds for reading a body, and again for answering.
    pub request_ms_max: u64,
    /// Connections at the same time.
    pub connections_max: u32,
    /// The same of one address.
    pub connections_per_address_max: u32,
    /// Origins whose pages may call.
    #[serde(deserialize_with = "origins")]
    pub cors_origins: Vec<String>,
    /// Whether clients arrive by https.
    pub secure_cookies: bool,
    /// Whoever bears it may see `/metrics`.
    pub metrics_token: Secret,
    /// Networks of the proxies whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
}

/// Reads the beginning of a link, without the last slash.
fn public_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let after = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let plain = |rest: &&str| {
        rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
            && rest
                .chars()
                .all(|c| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '"' | '<' | '>'))
    };
    match after.filter(plain) {
        Some(_) => Ok(text.trim_end_matches('/').to_owned()),
        None => Err(D::Error::custom(format!(
            "{text:?} is no address such as https://shop.example"
        ))),
    }
}

/// Reads networks; an address stands for itself.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let parse = |text: String| {
        let network = text.parse::<IpNet>().ok();
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let found = network.or_else(address);
        found.ok_or_else(|| D::Error::custom(format!("{text:?} is no address and no network")))
    };
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.into_iter().map(parse).collect()
}

/// Reads origins. A browser's spelling is the only one that ever matches: no path, no capitals, no `*`.
fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let origins = Vec::<String>::deserialize(deserializer)?;
    match origins.iter().find(|origin| !is_origin(origin)) {
        None => Ok(origins),
        Some(wrong) => Err(D::Error::custom(format!(
            "{wrong:?} is no origin such as https://shop.example"
        ))),
    }
}

fn is_origin(text: &str) -> bool {
    let is_of = |text: &str, marks: &[u8]| {
        let mut bytes = text.bytes();
        !text.is_empty()
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || marks.contains(&b))
    };
    text.split_once("://")
        .is_some_and(|(scheme, host)| is_of(scheme, b"+-.") && is_of(host, b"-.:[]"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_spelled_as_browsers_do() {
        for right in [
            "https://shop.example",
            "http://localhost:5173",
            "http://[::1]:8080",
            "capacitor://localhost",
        ] {
            assert!(is_origin(right), "{right}");
        }
        for wrong in [
            "",
            "*",
            "null",
            "shop.example",
            "https://",
            "https://shop.example/",
            "https://Shop.example",
            "https://*.shop.example",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let read = |text: serde_json::Value| networks(text).map(|found| format!("{found:?}"));
        let found = read(serde_json::json!(["10.0.0.0/8", "192.0.2.1", "fd00::/8"])).unwrap();
        assert_eq!(found, "[10.0.0.0/8, 192.0.2.1/32, fd00::/8]");
        for wrong in ["10.0.0.0/33", "proxy.internal", ""] {
            assert!(read(serde_json::json!([wrong])).is_err(), "{wrong}");
        }
    }

    #[test]
    fn links_begin_with_an_address() {
        let read = |text: &str| public_url(serde_json::json!(text));
        for (right, read_as) in [
            ("https://shop.example", "https://shop.example"),
            ("https://shop.example/", "https://shop.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/shop/", "http://[::1]:8080/shop"),
        ] {
            assert_eq!(read(right).unwrap(), read_as);
        }
        for wrong in [
            "",
            "shop.example",
            "https://",
            "javascript://x",
            "https://shop.example?x",
            "https://shop.example/#x",
            "https://shop example",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
